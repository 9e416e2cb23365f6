// Which log a verifier believes: its key, or a C2SP tlog-policy with witnesses; and what it remembers of that log.
#ifndef HATTAMA_CLIENTS_CLI_LOG_TRUST_H_
#define HATTAMA_CLIENTS_CLI_LOG_TRUST_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "CLI/App.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "clients/cli/verified_log.h"
#include "services/wire/station_proof.h"
#include "storage/merkle/tlog_policy.h"

namespace hattama::cli {

// The flags of every verb that verifies. The whole of what is believed comes from them, nothing from the server.
struct LogTrust {
  std::string log_key;  // Verifier key, or file of one.
  std::string policy;   // File.
  std::string state;    // File of a CheckpointMemory.

  // --log-key and --policy.
  void AddTo(CLI::App& verb);
  // --state too, for verbs that ask a server.
  void AddWithStateTo(CLI::App& verb);

  bool named() const { return !log_key.empty() || !policy.empty(); }
  // UsageError where neither is named, or a file cannot be read.
  absl::StatusOr<LogBelief> Load() const;
  // For proofs in files.
  absl::StatusOr<wire::LogVerifier> Verifier() const;
  // Connects. UsageError too where a policy names several logs and --origin none of them. FailedPrecondition where an
  // alarm stands beside the state file.
  absl::StatusOr<std::unique_ptr<VerifiedLog>> Open(Session& session) const;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_LOG_TRUST_H_
