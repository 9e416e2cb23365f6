// The contract in the middle: an append-only store of opaque records with their Merkle tree.
// What a record means is the business of the rooms above; how bytes reach a disk, of the rooms beside.
#ifndef HATTAMA_STORAGE_EVENT_STORE_H_
#define HATTAMA_STORAGE_EVENT_STORE_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/sha256.h"

namespace hattama::storage {

// A client's 128-bit name for a submission, so that a retry is recognised.
using SubmissionId = std::array<uint8_t, 16>;

// How far the log reaches. The root covers records [0, tree_size).
struct Head {
  int64_t tree_size = 0;
  merkle::Hash root = merkle::EmptyRoot();

  friend bool operator==(const Head&, const Head&) = default;
};

// One record to append. The bytes must stay alive during the call only.
struct NewRecord {
  std::string_view record;
  SubmissionId submission_id;
  // SHA-256 of the submission's bytes: tells a retry from another submission under the same id.
  merkle::Hash submission_digest;
};

// Where a submission id was recorded.
struct SubmissionEntry {
  int64_t sequence = 0;
  merkle::Hash submission_digest;
};

// Stores records [0, tree_size), the RFC 6962 hashes over them and their submission ids.
//
// Thread safety: one writer calls Append; any number of readers run beside it. A reader sees an append whole or not at
// all.
class EventStore {
 public:
  // Largest record in bytes: the length field of a C2SP tlog-tiles entry bundle has 16 bits.
  static constexpr size_t kRecordBytesMax = 65'535;

  virtual ~EventStore() = default;

  // Appends `records` as sequences first_sequence, first_sequence + 1, ... in one atomic write, with every Merkle node
  // they complete, and returns the new head. On return they are durable: they survive a crash of the machine.
  //   InvalidArgument    no records, a record empty or above kRecordBytesMax, or a submission id twice or already
  //   stored;
  //                      nothing was written.
  //   Aborted            first_sequence is not the stored tree_size; nothing was written.
  //   ResourceExhausted  the disk has not enough room; nothing was written.
  //   Unavailable        the outcome is unknown; every later Append answers the same until the store is opened again.
  virtual absl::StatusOr<Head> Append(int64_t first_sequence, const std::vector<NewRecord>& records) = 0;

  // The head as of the last completed Append.
  virtual Head head() const = 0;

  // The bytes of record `sequence`. OutOfRange at or beyond the head; DataLoss if they do not match their leaf hash.
  virtual absl::StatusOr<std::string> Read(int64_t sequence) const = 0;

  // Calls `visit` for records [first_sequence, end_sequence) in order, with each record's leaf hash recomputed from its
  // bytes and equal to the stored one. Views are valid during the call. Stops at the first status that is not ok and
  // returns it. OutOfRange if end_sequence is beyond the head; DataLoss names the record that does not match.
  using Visitor = std::function<absl::Status(int64_t sequence, std::string_view record, const merkle::Hash& leaf_hash)>;
  virtual absl::Status Scan(int64_t first_sequence, int64_t end_sequence, const Visitor& visit) const = 0;

  // Where the submission was recorded, or nullopt.
  virtual absl::StatusOr<std::optional<SubmissionEntry>> FindSubmission(const SubmissionId& id) const = 0;

  // The hash of the complete subtree over leaves [index << level, (index + 1) << level). Level 0 is leaf hashes.
  // OutOfRange if the subtree is not complete at the head.
  virtual absl::StatusOr<merkle::Hash> ReadNode(int level, int64_t index) const = 0;
};

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_EVENT_STORE_H_
