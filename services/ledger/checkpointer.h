// Signs the log's head on a steady interval, collects cosignatures, publishes, and answers who waits for it.
//
// One turn: read the head; read the new records again and hash them; verify the root by them and by a consistency proof
// against the last signed head; move the signed head on, on the disk; sign; ask the witnesses; publish. The order is
// the safety of it: a crash after any step leaves a signed head that the next start signs again, byte for byte the
// same.
#ifndef HATTAMA_SERVICES_LEDGER_CHECKPOINTER_H_
#define HATTAMA_SERVICES_LEDGER_CHECKPOINTER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/ledger/ledger.h"
#include "services/ledger/signed_head.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/ed25519.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tlog_policy.h"

namespace hattama::ledger {

// What witnesses are asked to cosign.
struct CosignRequest {
  merkle::Checkpoint checkpoint;
  std::string note;  // Signed by the log.
  // The consistency proof from a smaller size to the checkpoint. May be called from any thread while the ledger lives.
  std::function<absl::StatusOr<std::vector<merkle::Hash>>(int64_t first)> prove;
};

// Cosignatures that are good, of keys of the policy; as many as came in time. May block for as long as the log may
// wait.
using Cosigner = std::function<std::vector<merkle::NoteSignature>(const CosignRequest& request)>;

// What a receipt may rest on beyond the disk.
enum class Standing {
  kCheckpointed,
  kWitnessed,  // By the quorum of the log's policy.
};

struct PublishedCheckpoint {
  merkle::Checkpoint checkpoint;
  std::string note;  // With the cosignatures.
};
using PublishedPtr = std::shared_ptr<const PublishedCheckpoint>;

class Checkpointer {
 public:
  struct Options {
    // Between turns. InfiniteDuration: none but those of CheckpointNow.
    absl::Duration interval = absl::Seconds(1);
    // Who must have cosigned. Without it nothing is witnessed.
    std::optional<merkle::TlogPolicy> policy = std::nullopt;
    // Whether a checkpoint without the quorum is published nevertheless, as one that is not witnessed.
    bool publish_unwitnessed = false;
    Cosigner cosign = nullptr;  // May be empty.
    // Publishes a note beyond this object, for example to a folder. May be empty. Called in the order of sizes.
    std::function<absl::Status(const PublishedCheckpoint& published)> publish = nullptr;
    // Told what went wrong in a turn when that changes; ok once it is over. May be empty.
    std::function<void(const absl::Status& status)> report = nullptr;
    size_t waiting_count_max = 65'536;
  };

  // FailedPrecondition where the ledger is behind the signed head or has another root at its size: the message says
  // what has probably happened and what to do. InvalidArgument where the policy does not name this log. `ledger` must
  // outlive the checkpointer.
  static absl::StatusOr<std::unique_ptr<Checkpointer>> Open(Ledger& ledger, std::unique_ptr<SignedHead> signed_head,
                                                            merkle::SigningKey key, Options options);
  ~Checkpointer();  // Drains.

  const merkle::NoteKey& log_key() const { return log_key_; }
  bool has_policy() const { return options_.policy.has_value(); }

  // What is published last, with any standing; null where nothing is yet.
  PublishedPtr published() const;
  // Why nothing more is signed until a restart; ok while checkpoints are made.
  absl::Status broken() const;

  using Waited = std::function<void(absl::StatusOr<PublishedPtr>)>;

  // Calls `done` once, on this thread or another, with the first checkpoint of that standing that covers `sequence`. It
  // must not block.
  //   DeadlineExceeded    none came by `deadline`.
  //   FailedPrecondition  kWitnessed without a policy; or nothing is signed any more.
  //   ResourceExhausted   too many wait.
  //   Unavailable         the server stops.
  void WaitFor(int64_t sequence, Standing standing, absl::Time deadline, Waited done);

  // One turn now. What it answers has been reported too.
  absl::Status CheckpointNow();

  // Makes a last checkpoint where turns are made by themselves, then answers all who wait. No turns follow.
  void Drain();

 private:
  struct Waiter {
    int64_t sequence = 0;
    Standing standing = Standing::kCheckpointed;
    absl::Time deadline;
    Waited done;
  };

  Checkpointer(Ledger& ledger, std::unique_ptr<SignedHead> signed_head, merkle::SigningKey key, merkle::NoteKey log_key,
               Options options, merkle::Frontier frontier);

  absl::Status Turn();
  // Moves the signed head to the ledger's.
  absl::Status AdvanceTo(const storage::Head& head);
  // From here on nothing is signed and nothing recorded.
  absl::Status Break(absl::Status status);
  absl::Status Cosign(const merkle::Checkpoint& checkpoint, merkle::Note& note);
  absl::Status PublishBeyond(const PublishedPtr& published);
  void RunTurns();
  void RunWaiters();
  // What answers a waiter of that kind, or null. Under the lock.
  PublishedPtr Covering(int64_t sequence, Standing standing) const;

  Ledger* ledger_;
  const merkle::SigningKey key_;
  const merkle::NoteKey log_key_;
  const Options options_;

  // Of the turn under way.
  std::mutex turn_mutex_;
  std::unique_ptr<SignedHead> signed_head_;
  merkle::Frontier frontier_;  // Of the signed head.
  std::string cosigned_text_;  // Of which text `cosignatures_` are.
  std::vector<merkle::NoteSignature> cosignatures_;
  std::string published_beyond_;  // The note that options_.publish took last.
  absl::Status reported_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  PublishedPtr published_;
  PublishedPtr witnessed_;  // The last one with the quorum.
  absl::Status broken_;
  std::vector<Waiter> waiters_;
  bool draining_ = false;
  bool drained_ = false;

  std::thread turns_;
  std::thread answers_;
};

// The receipt of an event under a checkpoint that covers it: a C2SP tlog-proof whose extra data is the record.
// OutOfRange where the checkpoint does not cover it.
absl::StatusOr<std::string> MakeReceipt(const Ledger& ledger, int64_t sequence, const PublishedCheckpoint& published);

}  // namespace hattama::ledger

#endif  // HATTAMA_SERVICES_LEDGER_CHECKPOINTER_H_
