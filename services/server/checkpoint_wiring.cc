#include "services/server/checkpoint_wiring.h"

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/ledger/signed_head.h"
#include "services/server/ledger_directory.h"
#include "services/server/log_line.h"
#include "services/wire/descriptor_set.h"
#include "storage/files/small_file.h"
#include "storage/keys/key_file.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tlog_policy.h"

namespace hattama::server {
namespace {

constexpr size_t kPolicyBytesMax = 1 << 20;

absl::StatusOr<std::unique_ptr<ledger::SignedHead>> TakeSignedHead(const Config& config, const ledger::Ledger& ledger) {
  absl::StatusOr<std::unique_ptr<ledger::SignedHead>> head =
      ledger::SignedHead::Take(config.signed_head, ledger.origin());
  if (head.status().code() != absl::StatusCode::kNotFound) return head;
  return absl::FailedPreconditionError(
      absl::StrCat(config.signed_head,
                   ": there is no signed head, so nobody can say what this log signed last. Give the right "
                   "--signed-head, or make it anew by `hattamad adopt-head` from the newest checkpoint that mirrors or "
                   "witnesses hold "
                   "(deploy/README.md, \"Lost signed head\")"));
}

absl::StatusOr<std::optional<merkle::TlogPolicy>> ReadPolicy(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const absl::StatusOr<std::string> text = storage::ReadSmallFile(path, kPolicyBytesMax);
  if (!text.ok()) return absl::Status(text.status().code(), absl::StrCat("--policy: ", text.status().message()));
  absl::StatusOr<merkle::TlogPolicy> policy = merkle::TlogPolicy::Parse(*text);
  if (!policy.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--policy: ", path, ": ", policy.status().message()));
  }
  return *std::move(policy);
}

void TellOfWitness(const WitnessNews& news) {
  switch (news.kind) {
    case WitnessNews::Kind::kCosigns:
      return LogLine(LogLevel::kInfo, "witness_cosigns", {{"witness", news.witness}});
    case WitnessNews::Kind::kSilent:
      return LogLine(LogLevel::kWarning, "witness_silent", {{"witness", news.witness}, {"reason", news.detail}});
    case WitnessNews::Kind::kAlarm:
      return LogLine(LogLevel::kError, "witness_alarm", {{"witness", news.witness}, {"reason", news.detail}});
  }
}

void TellOfTurn(const absl::Status& status) {
  if (status.ok()) return LogLine(LogLevel::kInfo, "checkpoints_resumed");
  LogLine(LogLevel::kError, "no_checkpoint", {{"reason", std::string(status.message())}});
}

}  // namespace

absl::Status CheckCheckpointFiles(const Config& config) {
  const absl::Status key = storage::LoadPrivateKey(config.log_key).status();
  if (!key.ok() && key.code() != absl::StatusCode::kNotFound) {
    return absl::Status(key.code(), absl::StrCat("the log's key: ", key.message()));
  }
  return ReadPolicy(config.policy).status();
}

absl::StatusOr<Checkpoints> StartCheckpoints(const Config& config, ledger::Ledger& ledger) {
  absl::StatusOr<merkle::SigningKey> key = LoadLogKey(config.log_key, ledger.origin());
  if (!key.ok()) return key.status();
  absl::StatusOr<merkle::NoteKey> log_key =
      merkle::MakeNoteKey(ledger.origin(), merkle::kNoteEd25519, key->public_key());
  if (!log_key.ok()) return log_key.status();
  absl::StatusOr<std::unique_ptr<ledger::SignedHead>> signed_head = TakeSignedHead(config, ledger);
  if (!signed_head.ok()) return signed_head.status();
  absl::StatusOr<std::optional<merkle::TlogPolicy>> policy = ReadPolicy(config.policy);
  if (!policy.ok()) return policy.status();

  Checkpoints checkpoints;
  ledger::Checkpointer::Options options;
  options.interval = config.checkpoint_interval;
  options.publish_unwitnessed = config.publish_unwitnessed;
  options.report = TellOfTurn;
  if (policy->has_value()) {
    absl::StatusOr<std::unique_ptr<WitnessClient>> witnesses =
        WitnessClient::Start(**policy, {.timeout = config.witness_timeout, .tell = TellOfWitness});
    if (!witnesses.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--policy: ", config.policy, ": ", witnesses.status().message()));
    }
    checkpoints.witnesses = *std::move(witnesses);
    options.cosign = [client = checkpoints.witnesses.get()](const ledger::CosignRequest& request) {
      return client->Cosign(request);
    };
    options.policy = **std::move(policy);
  }
  if (!config.publish_folder.empty()) {
    absl::StatusOr<std::unique_ptr<storage::Publication>> publication =
        storage::Publication::Open(config.publish_folder, *log_key, wire::StoredDescriptorSet());
    if (!publication.ok()) {
      return absl::Status(publication.status().code(), absl::StrCat("--publish: ", publication.status().message()));
    }
    checkpoints.publication = *std::move(publication);
    options.publish = [publication = checkpoints.publication.get(),
                       &ledger](const ledger::PublishedCheckpoint& published) {
      return publication->Publish(
          published.note, [&ledger](int level, int64_t index) { return ledger.ReadNode(level, index); },
          [&ledger](int64_t sequence) { return ledger.ReadRecord(sequence); });
    };
  }
  absl::StatusOr<std::unique_ptr<ledger::Checkpointer>> checkpointer =
      ledger::Checkpointer::Open(ledger, *std::move(signed_head), *std::move(key), std::move(options));
  if (!checkpointer.ok()) {
    return absl::Status(checkpointer.status().code(),
                        absl::StrCat(config.data_directory, ": ", checkpointer.status().message()));
  }
  checkpoints.checkpointer = *std::move(checkpointer);
  return checkpoints;
}

}  // namespace hattama::server
