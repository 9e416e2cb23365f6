// How a receipt is shown to the one who submitted.
#ifndef HATTAMA_CLIENTS_CLI_RECEIPT_OUTPUT_H_
#define HATTAMA_CLIENTS_CLI_RECEIPT_OUTPUT_H_

#include <string>

#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "hattama/v1/record.pb.h"
#include "hattama/v1/tally.pb.h"

namespace hattama::cli {

// Submits one event and shows its receipt; findings make the exit code. With `validate_only` nothing is recorded.
absl::StatusOr<ExitCode> SubmitAndShow(Session& session, v1::Submission& submission, bool validate_only);

// "H04 (hard): valid votes equal the sum of options: 224 = 225 [art. 43]".
std::string FindingText(const Session& session, const v1::Finding& finding);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_RECEIPT_OUTPUT_H_
