// The EventStore contract on RocksDB: one synced WriteBatch per append, and a file that remembers what was
// acknowledged. README.md has the layout of the directory and its keys.
#ifndef HATTAMA_STORAGE_ROCKS_ROCKS_EVENT_STORE_H_
#define HATTAMA_STORAGE_ROCKS_ROCKS_EVENT_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/event_store.h"
#include "storage/merkle/frontier.h"
#include "storage/rocks/acknowledged_head.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
}  // namespace rocksdb

namespace hattama::storage {

class RocksEventStore : public EventStore {
 public:
  struct Options {
    // An append that would leave fewer bytes than this on the disk is refused with ResourceExhausted.
    int64_t free_bytes_min = int64_t{64} << 20;
    // Free bytes on the disk of the directory; tests replace it. Negative: not known, and the append goes on.
    std::function<int64_t(const std::string& directory)> free_bytes;
  };

  // Makes an empty store in `directory`, which must not exist or be empty. FailedPrecondition otherwise.
  static absl::StatusOr<std::unique_ptr<RocksEventStore>> Create(const std::string& directory, Options options);

  // Opens a store.
  //   NotFound            no store is there.
  //   FailedPrecondition  another process holds it, it cannot be written, or it has another format version.
  //   ResourceExhausted   the disk has not enough room for what opening writes.
  //   DataLoss            the store recovered to a point before an acknowledged append, or contradicts itself.
  static absl::StatusOr<std::unique_ptr<RocksEventStore>> Open(const std::string& directory, Options options);

  ~RocksEventStore() override;

  absl::StatusOr<Head> Append(int64_t first_sequence, const std::vector<NewRecord>& records) override;
  Head head() const override;
  absl::StatusOr<std::string> Read(int64_t sequence) const override;
  absl::Status Scan(int64_t first_sequence, int64_t end_sequence, const Visitor& visit) const override;
  absl::StatusOr<std::optional<SubmissionEntry>> FindSubmission(const SubmissionId& id) const override;
  absl::StatusOr<merkle::Hash> ReadNode(int level, int64_t index) const override;

 private:
  RocksEventStore(std::string directory, Options options);
  absl::Status OpenDatabase(bool create);
  absl::Status LoadHead();
  absl::Status CheckRoom(int64_t bytes) const;
  absl::Status CheckRoomToOpen() const;

  std::string directory_;
  Options options_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> families_;  // By Family; owned, closed before db_.
  std::unique_ptr<AcknowledgedHead> acknowledged_;

  // The writer's own.
  merkle::Frontier frontier_;
  absl::Status poisoned_;  // Not ok once an outcome is unknown.

  mutable std::shared_mutex head_mutex_;
  Head head_;
};

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_ROCKS_ROCKS_EVENT_STORE_H_
