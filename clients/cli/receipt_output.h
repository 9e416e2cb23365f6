// How a receipt is shown to the one who submitted.
#ifndef HATTAMA_CLIENTS_CLI_RECEIPT_OUTPUT_H_
#define HATTAMA_CLIENTS_CLI_RECEIPT_OUTPUT_H_

#include <string>

#include "CLI/App.hpp"
#include "absl/status/statusor.h"
#include "clients/cli/log_trust.h"
#include "clients/cli/session.h"
#include "hattama/v1/record.pb.h"
#include "hattama/v1/tally.pb.h"

namespace hattama::cli {

// What a submitter waits for, and where the receipt goes.
struct Waiting {
  std::string wait_for;  // durable, checkpointed or witnessed; empty: what the receipt needs.
  std::string receipt;   // File; empty: none.
  LogTrust trust;

  void AddTo(CLI::App& verb);
};

// Submits one event and shows its receipt; findings make the exit code. With `validate_only` nothing is recorded. Where
// a checkpoint is waited for, the receipt is verified under `waiting.trust`, must be of these very bytes, and is
// written after that.
absl::StatusOr<ExitCode> SubmitAndShow(Session& session, v1::Submission& submission, bool validate_only,
                                       const Waiting& waiting = {});

// "H04 (hard): valid votes equal the sum of options: 224 = 225 [art. 43]".
std::string FindingText(const Session& session, const v1::Finding& finding);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_RECEIPT_OUTPUT_H_
