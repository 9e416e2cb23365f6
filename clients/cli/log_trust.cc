#include "clients/cli/log_trust.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"
#include "clients/cli/text_file.h"
#include "storage/keys/key_file.h"
#include "storage/merkle/verify.h"

namespace hattama::cli {

void LogTrust::AddTo(CLI::App& verb) {
  verb.add_option("--log-key", log_key, "The log's verifier key, or a file of it")->envname("HATTAMA_LOG_KEY");
  verb.add_option("--policy", policy, "File of a tlog-policy: the log's key and the witnesses that must have cosigned");
}

void LogTrust::AddWithStateTo(CLI::App& verb) {
  AddTo(verb);
  verb.add_option("--state", state, "File that remembers the checkpoint seen last; the log must extend it")
      ->envname("HATTAMA_LOG_STATE");
}

absl::StatusOr<LogBelief> LogTrust::Load() const {
  if (!policy.empty()) {
    const absl::StatusOr<std::string> text = ReadTextFile(policy);
    if (!text.ok()) return text.status();
    absl::StatusOr<merkle::TlogPolicy> parsed = merkle::TlogPolicy::Parse(*text);
    if (!parsed.ok()) return UsageError(absl::StrCat(policy, ": ", parsed.status().message()));
    return LogBelief(*std::move(parsed));
  }
  if (log_key.empty()) {
    return UsageError("name the log's key with --log-key or HATTAMA_LOG_KEY, or a policy with --policy");
  }
  const absl::StatusOr<merkle::NoteKey> key = storage::LoadVerifierKey(log_key);
  if (!key.ok()) return AsUsage(key.status());
  if (key->type != merkle::kNoteEd25519) {
    return UsageError(absl::StrCat("--log-key ", log_key, ": is the key of a witness, not of a log"));
  }
  return LogBelief(*key);
}

absl::StatusOr<wire::LogVerifier> LogTrust::Verifier() const {
  absl::StatusOr<LogBelief> belief = Load();
  if (!belief.ok()) return belief.status();
  const auto shared = std::make_shared<const LogBelief>(*std::move(belief));
  return [shared](const merkle::TlogProof& proof, const merkle::Hash& leaf_hash) -> absl::StatusOr<merkle::Checkpoint> {
    absl::StatusOr<SeenCheckpoint> seen = shared->Open(proof.checkpoint_note);
    if (!seen.ok()) return seen.status();
    const absl::Status included = merkle::VerifyInclusion(leaf_hash, proof.index, seen->checkpoint.tree_size,
                                                          proof.hashes, seen->checkpoint.root);
    if (!included.ok()) return included;
    return std::move(seen->checkpoint);
  };
}

absl::StatusOr<std::unique_ptr<VerifiedLog>> LogTrust::Open(Session& session) const {
  absl::StatusOr<LogBelief> belief = Load();
  if (!belief.ok()) return belief.status();
  const absl::StatusOr<std::string> origin = belief->OriginFor(session.globals.origin);
  if (!origin.ok()) return AsUsage(origin.status());
  absl::StatusOr<CheckpointMemory> memory = CheckpointMemory::Open(state, *belief, *origin);
  if (!memory.ok()) {
    return absl::IsInvalidArgument(memory.status()) || absl::IsPermissionDenied(memory.status())
               ? AsUsage(memory.status())
               : memory.status();
  }
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  return std::make_unique<VerifiedLog>(session.audit(), *std::move(belief), *std::move(memory), session.globals.timeout,
                                       [&session](const grpc::Status& status) { return session.Told(status); });
}

}  // namespace hattama::cli
