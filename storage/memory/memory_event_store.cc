#include "storage/memory/memory_event_store.h"

#include <mutex>

#include "absl/strings/str_cat.h"
#include "storage/append_check.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::storage {

absl::StatusOr<Head> MemoryEventStore::Append(int64_t first_sequence, const std::vector<NewRecord>& records) {
  std::unique_lock lock(mutex_);
  if (absl::Status status = CheckAppend(frontier_.size(), first_sequence, records); !status.ok()) return status;
  for (const NewRecord& record : records) {
    if (const auto it = submissions_.find(record.submission_id); it != submissions_.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("a submission id is stored already, at sequence ", it->second.sequence));
    }
  }
  for (const NewRecord& record : records) {
    submissions_.emplace(record.submission_id, SubmissionEntry{frontier_.size(), record.submission_digest});
    records_.emplace_back(record.record);
    frontier_.Append(merkle::LeafHash(record.record), [this](const merkle::Node& node) {
      if (nodes_.size() <= static_cast<size_t>(node.level)) nodes_.emplace_back();
      nodes_[node.level].push_back(node.hash);
    });
  }
  return Head{frontier_.size(), frontier_.root()};
}

Head MemoryEventStore::head() const {
  std::shared_lock lock(mutex_);
  return Head{frontier_.size(), frontier_.root()};
}

absl::StatusOr<std::string> MemoryEventStore::Read(int64_t sequence) const {
  std::shared_lock lock(mutex_);
  if (sequence < 0 || sequence >= frontier_.size()) return OutsideLog(sequence, frontier_.size());
  return records_[sequence];
}

absl::Status MemoryEventStore::Scan(int64_t first_sequence, int64_t end_sequence, const Visitor& visit) const {
  if (absl::Status status = CheckScan(head().tree_size, first_sequence, end_sequence); !status.ok()) return status;
  for (int64_t sequence = first_sequence; sequence < end_sequence; ++sequence) {
    const absl::StatusOr<std::string> record = Read(sequence);
    if (!record.ok()) return record.status();
    if (absl::Status status = visit(sequence, *record, merkle::LeafHash(*record)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SubmissionEntry>> MemoryEventStore::FindSubmission(const SubmissionId& id) const {
  std::shared_lock lock(mutex_);
  const auto it = submissions_.find(id);
  if (it == submissions_.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<merkle::Hash> MemoryEventStore::ReadNode(int level, int64_t index) const {
  std::shared_lock lock(mutex_);
  if (level < 0 || index < 0 || static_cast<size_t>(level) >= nodes_.size() ||
      static_cast<size_t>(index) >= nodes_[level].size()) {
    return IncompleteSubtree(level, index, frontier_.size());
  }
  return nodes_[level][index];
}

}  // namespace hattama::storage
