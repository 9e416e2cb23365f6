// Files named on the command line. "-" is standard input.
#ifndef HATTAMA_CLIENTS_CLI_TEXT_FILE_H_
#define HATTAMA_CLIENTS_CLI_TEXT_FILE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hattama::cli {

// Largest file read whole.
inline constexpr int64_t kTextFileBytesMax = 256 << 20;

// The whole file. UsageError names the path and why it cannot be read.
absl::StatusOr<std::string> ReadBytes(const std::string& path);

// The same without a byte order mark.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_TEXT_FILE_H_
