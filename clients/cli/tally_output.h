// How tallies and outcomes are shown to people.
#ifndef HATTAMA_CLIENTS_CLI_TALLY_OUTPUT_H_
#define HATTAMA_CLIENTS_CLI_TALLY_OUTPUT_H_

#include "clients/cli/session.h"
#include "hattama/v1/tally.pb.h"

namespace hattama::cli {

// Votes, lines, turnout, coverage, outcome with its steps, claims.
void ShowTally(const Session& session, const v1::Tally& tally);

// One row a unit.
void ShowTallies(const Session& session, const google::protobuf::RepeatedPtrField<v1::Tally>& tallies);

// What decided, step by step.
void ShowOutcome(const Session& session, const v1::Outcome& outcome);

// "10,223 of 10,223 stations counted", and why the others are not.
std::string CoverageText(const v1::Coverage& coverage);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_TALLY_OUTPUT_H_
