// Puts signatures on submissions on their way to the server.
#ifndef HATTAMA_CLIENTS_CLI_SIGNING_H_
#define HATTAMA_CLIENTS_CLI_SIGNING_H_

#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "hattama/v1/record.pb.h"
#include "hattama/v1/submission_service.pb.h"
#include "storage/merkle/ed25519.h"

namespace hattama::cli {

// A serialised submission and the key that vouches for it. Both outlive the sending.
struct Outgoing {
  const std::string* submission = nullptr;
  const merkle::SigningKey* key = nullptr;
};

// To which ledger and election signatures are bound.
struct SigningScope {
  std::string origin;
  std::string election_id;
};

// The ledger's origin as the server says it; UsageError where --origin names another one: a server that lies about its
// name gets signatures that hold nowhere else, and this keeps it from getting any.
absl::StatusOr<std::string> OriginOf(Session& session);

// The key that --key names. UsageError where there is none.
absl::StatusOr<merkle::SigningKey> SigningKeyOf(const Session& session);

// Adds the submissions, signed, to the message: one signature for all of one key, so at most wire::kBatchSizeMax.
void AddSigned(std::span<const Outgoing> outgoing, const SigningScope& scope, v1::SubmitStreamRequest& message);

// Signs one submission by itself.
v1::SignedSubmission SignOne(std::string submission, const SigningScope& scope, const merkle::SigningKey& key);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_SIGNING_H_
