// An EventStore around another that fails where a test says so: an append with each outcome of the contract, bytes that
// changed on the disk, and calls that are held so that a test decides what happens meanwhile.
#ifndef HATTAMA_TESTS_SUPPORT_FAULTY_EVENT_STORE_H_
#define HATTAMA_TESTS_SUPPORT_FAULTY_EVENT_STORE_H_

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "storage/event_store.h"

namespace hattama::testing {

// How an append fails.
enum class AppendFault {
  kOutOfRoom,         // ResourceExhausted; nothing is written.
  kRefused,           // InvalidArgument; nothing is written.
  kOvertaken,         // Aborted; nothing is written.
  kUnknownUnwritten,  // Unavailable; nothing is written, which nobody can know before Reopen.
  kUnknownWritten,    // Unavailable; everything is written, which nobody can know before Reopen.
};

// Thread safety: as EventStore; the controls may be called from any thread.
class FaultyEventStore : public storage::EventStore {
 public:
  // `base` must outlive the store.
  explicit FaultyEventStore(storage::EventStore* base) : base_(base) {}

  // The next append fails so. After an unknown outcome each later one does, until Reopen, as the contract says.
  void FailNextAppend(AppendFault fault);
  // As when the process starts again: the head is that of the base, and appends work.
  void Reopen();

  // From now on record `sequence` reads as `bytes`. With `noticed` the store compares leaf hashes, as the contract
  // says, and answers DataLoss; without, it is a store that trusts its disk.
  void ChangeRecord(int64_t sequence, std::string bytes, bool noticed);

  // Holds appends, or reads of nodes, until Release.
  void HoldAppends();
  void HoldNodeReads();
  void Release();
  // Waits until an append, or `count` reads of nodes, are held.
  void AwaitHeldAppend();
  void AwaitHeldNodeReads(int64_t count);

  // How often they were called, held or not.
  int64_t append_count() const;
  int64_t node_read_count() const;

  absl::StatusOr<storage::Head> Append(int64_t first_sequence, const std::vector<storage::NewRecord>& records) override;
  storage::Head head() const override;
  absl::StatusOr<std::string> Read(int64_t sequence) const override;
  absl::Status Scan(int64_t first_sequence, int64_t end_sequence, const Visitor& visit) const override;
  absl::StatusOr<std::optional<storage::SubmissionEntry>> FindSubmission(
      const storage::SubmissionId& id) const override;
  absl::StatusOr<merkle::Hash> ReadNode(int level, int64_t index) const override;

 private:
  struct Change {
    std::string bytes;
    bool noticed = false;
  };
  std::optional<Change> FindChange(int64_t sequence) const;

  storage::EventStore* base_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::optional<AppendFault> fault_;
  // The head before an append of unknown outcome.
  std::optional<storage::Head> head_before_;
  std::map<int64_t, Change> changes_;
  bool holding_appends_ = false;
  bool holding_node_reads_ = false;
  int64_t held_append_count_ = 0;
  mutable int64_t held_node_read_count_ = 0;
  int64_t append_count_ = 0;
  mutable int64_t node_read_count_ = 0;
};

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_FAULTY_EVENT_STORE_H_
