#include "clients/cli/log_trust.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"
#include "clients/cli/text_file.h"
#include "storage/keys/key_file.h"
#include "storage/merkle/tlog_policy.h"
#include "storage/merkle/tlog_proof.h"

namespace hattama::cli {

void LogTrust::AddTo(CLI::App& verb) {
  verb.add_option("--log-key", log_key, "The log's verifier key, or a file of it")->envname("HATTAMA_LOG_KEY");
  verb.add_option("--policy", policy, "File of a tlog-policy: the log's key and the witnesses that must have cosigned");
}

absl::StatusOr<wire::LogVerifier> LogTrust::Verifier() const {
  if (!policy.empty()) {
    const absl::StatusOr<std::string> text = ReadTextFile(policy);
    if (!text.ok()) return text.status();
    absl::StatusOr<merkle::TlogPolicy> parsed = merkle::TlogPolicy::Parse(*text);
    if (!parsed.ok()) return UsageError(absl::StrCat(policy, ": ", parsed.status().message()));
    const auto shared = std::make_shared<const merkle::TlogPolicy>(*std::move(parsed));
    return [shared](const merkle::TlogProof& proof,
                    const merkle::Hash& leaf_hash) -> absl::StatusOr<merkle::Checkpoint> {
      const absl::StatusOr<merkle::PolicyVerdict> verdict = merkle::VerifyTlogProof(proof, leaf_hash, *shared);
      if (!verdict.ok()) return verdict.status();
      return verdict->checkpoint;
    };
  }
  if (log_key.empty()) {
    return UsageError("name the log's key with --log-key or HATTAMA_LOG_KEY, or a policy with --policy");
  }
  const absl::StatusOr<merkle::NoteKey> key = storage::LoadVerifierKey(log_key);
  if (!key.ok()) return AsUsage(key.status());
  return [key = *key](const merkle::TlogProof& proof, const merkle::Hash& leaf_hash) {
    return merkle::VerifyTlogProof(proof, leaf_hash, std::span(&key, 1), key.name);
  };
}

}  // namespace hattama::cli
