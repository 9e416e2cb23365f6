// What every EventStore checks before it touches anything, so that all of them refuse in the same words.
#ifndef HATTAMA_STORAGE_APPEND_CHECK_H_
#define HATTAMA_STORAGE_APPEND_CHECK_H_

#include <cstdint>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "storage/event_store.h"

namespace hattama::storage {

// The faults of an append that need no look into the store.
inline absl::Status CheckAppend(int64_t tree_size, int64_t first_sequence, const std::vector<NewRecord>& records) {
  if (first_sequence != tree_size) {
    return absl::AbortedError(
        absl::StrCat("first sequence ", first_sequence, " is not the stored tree_size ", tree_size));
  }
  if (records.empty()) return absl::InvalidArgumentError("an append has at least one record");
  std::set<SubmissionId> ids;
  for (size_t i = 0; i < records.size(); ++i) {
    const size_t size = records[i].record.size();
    if (size == 0 || size > EventStore::kRecordBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("record ", i, " has ", size, " bytes, not 1..", EventStore::kRecordBytesMax));
    }
    if (!ids.insert(records[i].submission_id).second) {
      return absl::InvalidArgumentError(absl::StrCat("record ", i, " repeats a submission id"));
    }
  }
  return absl::OkStatus();
}

inline absl::Status OutsideLog(int64_t sequence, int64_t tree_size) {
  return absl::OutOfRangeError(absl::StrCat("sequence ", sequence, " is outside [0, ", tree_size, ")"));
}

inline absl::Status CheckScan(int64_t tree_size, int64_t first_sequence, int64_t end_sequence) {
  if (first_sequence >= 0 && first_sequence <= end_sequence && end_sequence <= tree_size) return absl::OkStatus();
  return absl::OutOfRangeError(
      absl::StrCat("sequences [", first_sequence, ", ", end_sequence, ") are outside [0, ", tree_size, ")"));
}

inline absl::Status IncompleteSubtree(int level, int64_t index, int64_t tree_size) {
  return absl::OutOfRangeError(
      absl::StrCat("no complete subtree at level ", level, ", index ", index, " of a tree of ", tree_size));
}

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_APPEND_CHECK_H_
