// What a verified station proof shows, for people and programs.
#ifndef HATTAMA_CLIENTS_CLI_STATION_PROOF_OUTPUT_H_
#define HATTAMA_CLIENTS_CLI_STATION_PROOF_OUTPUT_H_

#include "clients/cli/session.h"
#include "services/wire/station_proof.h"

namespace hattama::cli {

void ShowStationFacts(const Session& session, const wire::StationFacts& facts);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_STATION_PROOF_OUTPUT_H_
