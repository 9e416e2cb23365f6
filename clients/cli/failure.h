// How a failed call or a faulty file is told to a person, and which exit code it earns.
#ifndef HATTAMA_CLIENTS_CLI_FAILURE_H_
#define HATTAMA_CLIENTS_CLI_FAILURE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "clients/cli/exit_code.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"

namespace hattama::cli {

// A fault of the command line or of a file it names: exit code 2.
absl::Status UsageError(std::string_view message);

// The same for what a room that reads files said.
absl::Status AsUsage(const absl::Status& status);

// What the server answered. The message is followed by one line for each further field violation.
absl::Status FromGrpc(const grpc::Status& status);

// A refusal inside an answer, told in the same way.
absl::Status FromRpc(const google::rpc::Status& status);

// The reason of a refusal as the server names it, for example "UNKNOWN_UNIT"; the name of the code where it names none.
std::string ReasonOf(const google::rpc::Status& status);

// Unreachable for Unavailable and DeadlineExceeded, usage for UsageError, refused for everything else.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_FAILURE_H_
