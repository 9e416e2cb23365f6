#include "services/ledger/checkpointer.h"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/tlog_proof.h"

namespace hattama::ledger {
namespace {

// How long a thread sleeps at most without looking at the clock.
constexpr absl::Duration kSleepMax = absl::Hours(1);

// The frontier of the first `tree_size` events, from stored nodes: one for each set bit, largest first.
absl::StatusOr<merkle::Frontier> FrontierAt(const Ledger& ledger, int64_t tree_size) {
  std::vector<merkle::Hash> roots;
  int64_t begin = 0;
  for (int level = 62; level >= 0; --level) {
    if ((tree_size >> level) % 2 == 0) continue;
    const absl::StatusOr<merkle::Hash> node = ledger.ReadNode(level, begin >> level);
    if (!node.ok()) return node.status();
    roots.push_back(*node);
    begin += int64_t{1} << level;
  }
  return merkle::Frontier(tree_size, std::move(roots));
}

absl::Status CheckPolicy(const merkle::TlogPolicy& policy, const merkle::NoteKey& log_key) {
  for (const merkle::PolicyLog& log : policy.logs()) {
    if (log.key == log_key) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      absl::StrCat("the policy has no line \"log ", merkle::FormatVerifierKey(log_key), "\", which is this log's key"));
}

}  // namespace

Checkpointer::Checkpointer(Ledger& ledger, std::unique_ptr<SignedHead> signed_head, merkle::SigningKey key,
                           merkle::NoteKey log_key, Options options, merkle::Frontier frontier)
    : ledger_(&ledger),
      key_(std::move(key)),
      log_key_(std::move(log_key)),
      options_(std::move(options)),
      signed_head_(std::move(signed_head)),
      frontier_(std::move(frontier)) {}

absl::StatusOr<std::unique_ptr<Checkpointer>> Checkpointer::Open(Ledger& ledger,
                                                                 std::unique_ptr<SignedHead> signed_head,
                                                                 merkle::SigningKey key, Options options) {
  absl::StatusOr<merkle::NoteKey> log_key =
      merkle::MakeNoteKey(ledger.origin(), merkle::kNoteEd25519, key.public_key());
  if (!log_key.ok()) return log_key.status();
  if (options.policy.has_value()) {
    if (absl::Status named = CheckPolicy(*options.policy, *log_key); !named.ok()) return named;
  }
  const merkle::Checkpoint& last = signed_head->last();
  const int64_t held = ledger.head().tree_size;
  if (held < last.tree_size) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the data holds ", held, " events, and ", last.tree_size, " were signed (", signed_head->path(),
        "): it is an older copy, for example a restored backup. Serving it would sign a second history. Put the newest "
        "data back; if that is lost, `hattamad restore` takes events ",
        held, "..", last.tree_size - 1,
        " from the published folder or a mirror of it (deploy/README.md, \"Restored from a backup\")"));
  }
  absl::StatusOr<merkle::Frontier> frontier = FrontierAt(ledger, last.tree_size);
  if (!frontier.ok()) return frontier.status();
  if (frontier->root() != last.root) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the first ", last.tree_size, " events of the data have root ", merkle::EncodeHash(frontier->root()),
        ", and root ", merkle::EncodeHash(last.root), " was signed (", signed_head->path(),
        "): this is another history of the log. Another server has recorded under this key, or the data was replaced. "
        "Keep "
        "both copies and find out which one was published (deploy/README.md, \"Two histories\")"));
  }
  std::unique_ptr<Checkpointer> checkpointer(new Checkpointer(
      ledger, std::move(signed_head), std::move(key), *std::move(log_key), std::move(options), *std::move(frontier)));
  checkpointer->answers_ = std::thread([pointer = checkpointer.get()] { pointer->RunWaiters(); });
  if (checkpointer->options_.interval != absl::InfiniteDuration()) {
    checkpointer->turns_ = std::thread([pointer = checkpointer.get()] { pointer->RunTurns(); });
  }
  return checkpointer;
}

Checkpointer::~Checkpointer() { Drain(); }

PublishedPtr Checkpointer::published() const {
  std::lock_guard lock(mutex_);
  return published_;
}

absl::Status Checkpointer::broken() const {
  std::lock_guard lock(mutex_);
  return broken_;
}

// ---------------------------------------------------------------------------------------------------------------------
// Turns

absl::Status Checkpointer::CheckpointNow() {
  std::lock_guard turn(turn_mutex_);
  const absl::Status status = Turn();
  if (status != reported_ && options_.report) options_.report(status);
  reported_ = status;
  return status;
}

absl::Status Checkpointer::Turn() {
  if (absl::Status stopped = broken(); !stopped.ok()) return stopped;
  const storage::Head head = ledger_->head();
  PublishedPtr published;
  PublishedPtr witnessed;
  {
    std::lock_guard lock(mutex_);
    published = published_;
    witnessed = witnessed_;
  }
  const auto is_head = [&head](const PublishedPtr& pointer) {
    return pointer != nullptr && pointer->checkpoint.tree_size == head.tree_size;
  };
  if (is_head(published) && (!has_policy() || is_head(witnessed))) return PublishBeyond(published);

  if (absl::Status advanced = AdvanceTo(head); !advanced.ok()) return advanced;
  const merkle::Checkpoint& checkpoint = signed_head_->last();
  const absl::StatusOr<std::string> signed_note = merkle::SignCheckpoint(checkpoint, key_);
  if (!signed_note.ok()) return signed_note.status();
  absl::StatusOr<merkle::Note> note = merkle::ParseNote(*signed_note);
  if (!note.ok()) return note.status();
  const absl::Status quorum = Cosign(checkpoint, *note);
  const bool is_witnessed = has_policy() && quorum.ok();
  if (!quorum.ok() && !options_.publish_unwitnessed) return quorum;

  const auto next = std::make_shared<const PublishedCheckpoint>(
      PublishedCheckpoint{.checkpoint = checkpoint, .note = merkle::FormatNote(*note)});
  {
    std::lock_guard lock(mutex_);
    published_ = next;
    if (is_witnessed) witnessed_ = next;
  }
  changed_.notify_all();
  const absl::Status beyond = PublishBeyond(next);
  return quorum.ok() ? beyond : quorum;
}

absl::Status Checkpointer::AdvanceTo(const storage::Head& head) {
  const merkle::Checkpoint& last = signed_head_->last();
  merkle::Frontier grown = frontier_;
  // What is signed was read again: a bit that flipped since is not vouched for.
  const absl::Status scanned = ledger_->ScanRecords(last.tree_size, head.tree_size,
                                                    [&grown](int64_t, std::string_view, const merkle::Hash& leaf) {
                                                      grown.Append(leaf);
                                                      return absl::OkStatus();
                                                    });
  if (scanned.code() == absl::StatusCode::kDataLoss) return Break(scanned);
  if (!scanned.ok()) return scanned;
  if (grown.root() != head.root) {
    return Break(absl::DataLossError(absl::StrCat("records below ", head.tree_size, " have root ",
                                                  merkle::EncodeHash(grown.root()), ", the head says ",
                                                  merkle::EncodeHash(head.root))));
  }
  const absl::StatusOr<std::vector<merkle::Hash>> proof = ledger_->ConsistencyProof(last.tree_size, head.tree_size);
  if (proof.status().code() == absl::StatusCode::kDataLoss) return Break(proof.status());
  if (!proof.ok()) return proof.status();
  const absl::Status advanced =
      signed_head_->Advance({.origin = last.origin, .tree_size = head.tree_size, .root = head.root}, *proof);
  switch (advanced.code()) {
    case absl::StatusCode::kOk:
      frontier_ = std::move(grown);
      return advanced;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kFailedPrecondition:
      return Break(advanced);
    default:
      return advanced;
  }
}

absl::Status Checkpointer::Break(absl::Status status) {
  const absl::Status told = absl::FailedPreconditionError(
      absl::StrCat("nothing is signed until a person has looked and the server is restarted: ", status.message()));
  {
    std::lock_guard lock(mutex_);
    broken_ = told;
  }
  // An event that nobody will ever be able to prove is better refused.
  ledger_->StopRecording(absl::UnavailableError(told.message()));
  changed_.notify_all();
  return told;
}

absl::Status Checkpointer::Cosign(const merkle::Checkpoint& checkpoint, merkle::Note& note) {
  if (cosigned_text_ != note.text) {
    cosigned_text_ = note.text;
    cosignatures_.clear();
  }
  if (options_.cosign) {
    const auto prove = [ledger = ledger_, size = checkpoint.tree_size](int64_t first) {
      return ledger->ConsistencyProof(first, size);
    };
    for (merkle::NoteSignature& signature :
         options_.cosign({.checkpoint = checkpoint, .note = merkle::FormatNote(note), .prove = prove})) {
      // A witness that was asked again says the same with a later time.
      const auto earlier = std::find_if(cosignatures_.begin(), cosignatures_.end(), [&](const auto& other) {
        return other.name == signature.name && other.key_id == signature.key_id;
      });
      if (earlier == cosignatures_.end()) {
        cosignatures_.push_back(std::move(signature));
      } else {
        *earlier = std::move(signature);
      }
    }
  }
  note.signatures.insert(note.signatures.end(), cosignatures_.begin(), cosignatures_.end());
  if (!has_policy()) return absl::OkStatus();
  return options_.policy->Require(merkle::FormatNote(note)).status();
}

absl::Status Checkpointer::PublishBeyond(const PublishedPtr& published) {
  if (!options_.publish || published->note == published_beyond_) return absl::OkStatus();
  if (absl::Status status = options_.publish(*published); !status.ok()) return status;
  published_beyond_ = published->note;
  return absl::OkStatus();
}

void Checkpointer::RunTurns() {
  absl::Time next = absl::Now();
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_until(lock, absl::ToChronoTime(next), [this] { return draining_; });
      if (draining_) return;
    }
    (void)CheckpointNow();  // Reported there.
    // A turn that took long skips those it ran into, so that the interval stays steady.
    const absl::Time now = absl::Now();
    do {
      next += options_.interval;
    } while (next <= now);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Waiting

PublishedPtr Checkpointer::Covering(int64_t sequence, Standing standing) const {
  const PublishedPtr& last = standing == Standing::kWitnessed ? witnessed_ : published_;
  return last != nullptr && last->checkpoint.tree_size > sequence ? last : nullptr;
}

void Checkpointer::WaitFor(int64_t sequence, Standing standing, absl::Time deadline, Waited done) {
  absl::StatusOr<PublishedPtr> answer = PublishedPtr();
  if (standing == Standing::kWitnessed && !has_policy()) {
    answer = absl::FailedPreconditionError("wait_for: this log has no policy, so no quorum of witnesses is defined");
  } else {
    std::lock_guard lock(mutex_);
    if (PublishedPtr covering = Covering(sequence, standing)) {
      answer = std::move(covering);
    } else if (!broken_.ok()) {
      answer = broken_;
    } else if (drained_) {
      answer = absl::UnavailableError("the server shuts down; ask for the receipt later");
    } else if (waiters_.size() >= options_.waiting_count_max) {
      answer = absl::ResourceExhaustedError(
          absl::StrCat(waiters_.size(), " calls wait for a checkpoint; ask for the receipt later"));
    } else {
      waiters_.push_back({sequence, standing, deadline, std::move(done)});
      changed_.notify_all();
      return;
    }
  }
  done(std::move(answer));
}

void Checkpointer::RunWaiters() {
  std::unique_lock lock(mutex_);
  while (true) {
    std::vector<std::pair<Waited, absl::StatusOr<PublishedPtr>>> answers;
    const absl::Time now = absl::Now();
    absl::Time wake = now + kSleepMax;
    const auto answered = [&](Waiter& waiter) {
      absl::StatusOr<PublishedPtr> answer = Covering(waiter.sequence, waiter.standing);
      if (*answer == nullptr) {
        if (!broken_.ok()) {
          answer = broken_;
        } else if (drained_) {
          answer = absl::UnavailableError("the server shuts down; the event is recorded, ask for its receipt later");
        } else if (waiter.deadline <= now) {
          answer = absl::DeadlineExceededError(absl::StrCat("no checkpoint covers sequence ", waiter.sequence,
                                                            " yet; the event is recorded, ask for its receipt later"));
        } else {
          wake = std::min(wake, waiter.deadline);
          return false;
        }
      }
      answers.emplace_back(std::move(waiter.done), std::move(answer));
      return true;
    };
    std::erase_if(waiters_, answered);
    if (!answers.empty()) {
      lock.unlock();
      for (auto& [done, answer] : answers) done(std::move(answer));
      lock.lock();
      continue;
    }
    if (drained_) return;
    changed_.wait_until(lock, absl::ToChronoTime(wake));
  }
}

void Checkpointer::Drain() {
  {
    std::lock_guard lock(mutex_);
    if (draining_) return;
    draining_ = true;
  }
  changed_.notify_all();
  if (turns_.joinable()) {
    turns_.join();
    (void)CheckpointNow();  // Reported there.
  }
  {
    std::lock_guard lock(mutex_);
    drained_ = true;
  }
  changed_.notify_all();
  answers_.join();
}

absl::StatusOr<std::string> MakeReceipt(const Ledger& ledger, int64_t sequence, const PublishedCheckpoint& published) {
  absl::StatusOr<std::string> record = ledger.ReadRecord(sequence);
  if (!record.ok()) return record.status();
  absl::StatusOr<std::vector<merkle::Hash>> hashes = ledger.InclusionProof(sequence, published.checkpoint.tree_size);
  if (!hashes.ok()) return hashes.status();
  return merkle::FormatTlogProof({.extra = *std::move(record),
                                  .index = sequence,
                                  .hashes = *std::move(hashes),
                                  .checkpoint_note = published.note});
}

}  // namespace hattama::ledger
