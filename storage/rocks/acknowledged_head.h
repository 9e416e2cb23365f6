// A small file beside RocksDB that remembers how far the store has promised to reach.
//
// RocksDB may recover to a point before a synced write when a log record in front of it is damaged, and says nothing.
// This file is written after each synced batch and before the batch is acknowledged, so a store that comes back shorter
// is found out. Layout: two slots of 512 bytes; write k goes to slot k mod 2, so a torn write leaves the other whole.
//
//   slot = "hattama-head-1\n" pad(1) generation(8) tree_size(8) root(32) SHA-256 of the 64 bytes before(32) zeros
//
// Integers are big-endian. The slot with the higher generation whose checksum fits is the acknowledged head.
#ifndef HATTAMA_STORAGE_ROCKS_ACKNOWLEDGED_HEAD_H_
#define HATTAMA_STORAGE_ROCKS_ACKNOWLEDGED_HEAD_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/event_store.h"

namespace hattama::storage {

class AcknowledgedHead {
 public:
  // Makes the file with an empty head. FailedPrecondition if it exists.
  static absl::StatusOr<std::unique_ptr<AcknowledgedHead>> Create(const std::string& path);
  // Opens it. NotFound if there is none, DataLoss if neither slot is whole.
  static absl::StatusOr<std::unique_ptr<AcknowledgedHead>> Open(const std::string& path);

  ~AcknowledgedHead();
  AcknowledgedHead(const AcknowledgedHead&) = delete;
  AcknowledgedHead& operator=(const AcknowledgedHead&) = delete;

  const Head& head() const { return head_; }
  // Returns once the head is on the disk. Unavailable where that is not known.
  absl::Status Store(const Head& head);

 private:
  AcknowledgedHead(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}

  std::string path_;
  int fd_;
  int64_t generation_ = 0;
  Head head_;
};

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_ROCKS_ACKNOWLEDGED_HEAD_H_
