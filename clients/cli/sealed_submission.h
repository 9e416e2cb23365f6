// Submissions as they go to the server: with an id, serialised once.
#ifndef HATTAMA_CLIENTS_CLI_SEALED_SUBMISSION_H_
#define HATTAMA_CLIENTS_CLI_SEALED_SUBMISSION_H_

#include <string>
#include <string_view>

#include "hattama/v1/record.pb.h"

namespace hattama::cli {

// Gives `submission` an id and serialises it. The id is the first 16 bytes of SHA-256(context, a zero byte, the
// submission without id): the same content in the same context is the same submission, so that a command which is run
// again records nothing twice.
std::string Seal(v1::Submission& submission, std::string_view context);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_SEALED_SUBMISSION_H_
