// Which log a verifier believes: its key, or a C2SP tlog-policy with witnesses.
#ifndef HATTAMA_CLIENTS_CLI_LOG_TRUST_H_
#define HATTAMA_CLIENTS_CLI_LOG_TRUST_H_

#include <string>

#include "CLI/App.hpp"
#include "absl/status/statusor.h"
#include "services/wire/station_proof.h"

namespace hattama::cli {

struct LogTrust {
  std::string log_key;  // Verifier key, or file of one.
  std::string policy;   // File.

  void AddTo(CLI::App& verb);
  // UsageError where neither is named, or a file cannot be read.
  absl::StatusOr<wire::LogVerifier> Verifier() const;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_LOG_TRUST_H_
