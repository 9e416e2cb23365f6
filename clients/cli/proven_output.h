// What verified evidence shows, for people and programs.
#ifndef HATTAMA_CLIENTS_CLI_PROVEN_OUTPUT_H_
#define HATTAMA_CLIENTS_CLI_PROVEN_OUTPUT_H_

#include <string>

#include "clients/cli/session.h"
#include "clients/cli/verified_log.h"
#include "nlohmann/json.hpp"

namespace hattama::cli {

// The checkpoint as lines of status, each with its newline.
std::string CheckpointText(const SeenCheckpoint& seen);
nlohmann::ordered_json CheckpointJson(const SeenCheckpoint& seen);

// The event, who signed it, its figures, and what it was proven under.
void ShowProven(const Session& session, const ProvenRecord& proven);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_PROVEN_OUTPUT_H_
