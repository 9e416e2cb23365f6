// The ledger: one writer that sequences submissions, and readers of every version beside it.
//
// Open() replays the store into a domain::History. The writer takes what waits, checks it against the state, appends a
// group with one synced write, folds it, and only then answers. A group holds either protocols of which no two speak of
// the same (election, contest, unit, source, stage), so that none depends on another of the group; or one other event;
// or one whole election definition. Nothing is folded before it is durable, so a failed append leaves nothing to undo.
#ifndef HATTAMA_SERVICES_LEDGER_LEDGER_H_
#define HATTAMA_SERVICES_LEDGER_LEDGER_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/history.h"
#include "services/domain/tally.h"
#include "services/ledger/node_cache.h"
#include "services/wire/event_codec.h"
#include "storage/event_store.h"
#include "storage/merkle/sha256.h"

namespace hattama::ledger {

// Microseconds since the Unix epoch. Injected, so that tests own time.
using Clock = std::function<int64_t()>;

// What a submitter keeps.
struct Receipt {
  wire::SubmissionId submission_id{};
  int64_t sequence = 0;
  int64_t tree_size = 0;  // A size that includes the event.
  merkle::Hash leaf_hash{};
  bool replayed = false;
  bool quarantined = false;
  std::vector<domain::Finding> findings;
  // Where the findings belong; -1 for events other than protocols.
  int32_t election = -1;
  int32_t contest = -1;
};

// One submission's answer: a receipt, or a status with every reason.
struct SubmissionResult {
  absl::Status status;
  domain::Refusals refusals;
  Receipt receipt;
};

// A submission parsed on the calling thread, never on the writer.
struct PreparedSubmission {
  std::string bytes;  // As the client sent them.
  merkle::Hash digest{};
  wire::DecodedSubmission decoded;
  wire::SubmissionSignature signature;  // Verified.
};

// Parses and hashes, and verifies the signature for the ledger of this origin. With the faults in `faults`:
// InvalidArgument where the bytes are no well-formed submission, Unauthenticated where the signature is absent,
// malformed or not good. Whether the key may do this is decided by the writer, at the submission's place in the log.
absl::StatusOr<PreparedSubmission> Prepare(std::string bytes, const std::optional<wire::SubmissionSignature>& signature,
                                           std::string_view origin, wire::StatementVerifier& verifier,
                                           domain::Refusals& faults);

// The status code that a refusal calls for, by the first reason in precedence; its message joins all of them.
absl::Status StatusOf(const domain::Refusals& refusals);

class Ledger {
 public:
  struct Options {
    int batch_count_max = 1024;  // Submissions in one synced write.
    int64_t batch_bytes_max = 8 << 20;
    int64_t queue_count_max = 65'536;  // Beyond it Submit answers ResourceExhausted.
  };

  // Appends the genesis event to an empty store: the log's name and the key that grants all others. FailedPrecondition
  // if it is not empty, InvalidArgument for a bad origin or key.
  static absl::Status Found(storage::EventStore& store, std::string_view origin, const merkle::PublicKey& authority,
                            const Clock& clock);

  // Replays the store and starts the writer. DataLoss where the log contradicts itself, naming the sequence.
  // FailedPrecondition for an empty store. `store` must outlive the ledger.
  static absl::StatusOr<std::unique_ptr<Ledger>> Open(storage::EventStore& store, Clock clock, Options options);

  ~Ledger();  // Drains.

  using Done = std::function<void(std::vector<SubmissionResult>)>;

  // Queues submissions in order; `done` is called once, from the writer thread, when each is durable or refused. With
  // `atomic` either all are recorded or none (the others are then answered Aborted, naming the refused one). Must not
  // block in `done`. Where the queue is full or the ledger is draining, `done` is called at once on the caller's
  // thread.
  void Submit(std::vector<PreparedSubmission> submissions, bool atomic, Done done);

  // What Submit would answer at the head, recording nothing.
  SubmissionResult Validate(const PreparedSubmission& submission) const;

  // Takes no submissions until it is opened again, for a reason that lies outside of it; writable() says `why`. What
  // was refused before stays refused for its own reason.
  void StopRecording(absl::Status why);

  // Stops taking submissions and waits until what is queued is answered.
  void Drain();

  // Runs `read(history, tree_size)` with the state locked against the writer; tree_size is that of the head.
  template <typename Read>
  auto WithState(Read read) const {
    std::shared_lock lock(state_mutex_);
    return read(static_cast<const domain::History&>(history_), published_.tree_size);
  }

  // As domain::History::KeepViewIndex, under the write lock; does nothing where the index is kept already.
  void KeepViewIndex(int32_t election, int32_t contest, const domain::ResolvedView& view);

  storage::Head head() const;
  const std::string& origin() const { return origin_; }
  // Why the ledger takes no submissions until it is opened again; ok while it does.
  absl::Status writable() const;

  // RFC 6962 root over the first tree_size events. OutOfRange beyond the head.
  absl::StatusOr<merkle::Hash> RootAt(int64_t tree_size) const;
  // The hash of the complete subtree over events [index << level, (index + 1) << level). OutOfRange where it is not
  // complete.
  absl::StatusOr<merkle::Hash> ReadNode(int level, int64_t index) const { return store_->ReadNode(level, index); }
  // The leaf hash of a record. OutOfRange beyond the published head.
  absl::StatusOr<merkle::Hash> LeafHash(int64_t sequence) const;
  // PATH(sequence, D[tree_size]), verified against the root before it is returned.
  absl::StatusOr<std::vector<merkle::Hash>> InclusionProof(int64_t sequence, int64_t tree_size) const;
  // PROOF(first, D[second]), verified likewise.
  absl::StatusOr<std::vector<merkle::Hash>> ConsistencyProof(int64_t first, int64_t second) const;
  // The stored record. OutOfRange beyond the published head.
  absl::StatusOr<std::string> ReadRecord(int64_t sequence) const;
  absl::Status ScanRecords(int64_t first, int64_t end, const storage::EventStore::Visitor& visit) const;

  // Calls `advanced(tree_size)` after each publication, from the writer thread, until Unsubscribe returns. Must not
  // block.
  int64_t Subscribe(std::function<void(int64_t)> advanced);
  void Unsubscribe(int64_t subscription);

 private:
  // What one call of Submit queued, answered once all of it is.
  struct Call {
    std::vector<PreparedSubmission> submissions;
    bool atomic = false;
    Done done;
    std::vector<SubmissionResult> results;
    size_t next = 0;  // The first submission not answered yet.
  };
  // Submissions to append with one write.
  struct Group;

  Ledger(storage::EventStore& store, Clock clock, Options options);
  void Run();
  void Process(std::deque<std::unique_ptr<Call>>& calls);
  // The answer to a submission that needs no append: a replay or a refusal; nullopt where it is to be recorded. A
  // replay needs no authority any more: what was recorded stays recorded.
  std::optional<SubmissionResult> AnswerWithoutAppend(const PreparedSubmission& submission) const;
  Receipt FirstReceipt(const PreparedSubmission& submission, int64_t sequence) const;
  // Answers the submission or makes it a member of the group.
  void AddToGroup(Group& group, Call& call, size_t index);
  void AddMember(Group& group, Call& call, size_t index) const;
  void Commit(Group& group);
  void ProcessDefinition(Call& call);
  // ReadNode, for proofs: from memory where it was read before.
  absl::StatusOr<merkle::Hash> FindNode(int level, int64_t index) const;

  storage::EventStore* store_;
  mutable NodeCache nodes_;
  Clock clock_;
  Options options_;
  std::string origin_;

  // The folded state and the head it belongs to. The writer alone changes them.
  mutable std::shared_mutex state_mutex_;
  domain::History history_;
  storage::Head published_;

  // The queue.
  mutable std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::deque<std::unique_ptr<Call>> queue_;
  int64_t queued_count_ = 0;  // Submissions.
  int64_t unanswered_call_count_ = 0;
  bool draining_ = false;
  absl::Status writable_;

  std::mutex subscribers_mutex_;
  absl::flat_hash_map<int64_t, std::function<void(int64_t)>> subscribers_;
  int64_t next_subscription_ = 1;

  std::thread writer_;
};

}  // namespace hattama::ledger

#endif  // HATTAMA_SERVICES_LEDGER_LEDGER_H_
