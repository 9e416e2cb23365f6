#include "tests/support/faulty_event_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::testing {

void FaultyEventStore::FailNextAppend(AppendFault fault) {
  std::lock_guard lock(mutex_);
  fault_ = fault;
}

void FaultyEventStore::Reopen() {
  std::lock_guard lock(mutex_);
  fault_.reset();
  head_before_.reset();
}

void FaultyEventStore::ChangeRecord(int64_t sequence, std::string bytes, bool noticed) {
  std::lock_guard lock(mutex_);
  changes_[sequence] = {std::move(bytes), noticed};
}

void FaultyEventStore::HoldAppends() {
  std::lock_guard lock(mutex_);
  holding_appends_ = true;
}

void FaultyEventStore::HoldNodeReads() {
  std::lock_guard lock(mutex_);
  holding_node_reads_ = true;
}

void FaultyEventStore::Release() {
  std::lock_guard lock(mutex_);
  holding_appends_ = false;
  holding_node_reads_ = false;
  changed_.notify_all();
}

void FaultyEventStore::AwaitHeldAppend() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return held_append_count_ > 0; });
}

void FaultyEventStore::AwaitHeldNodeReads(int64_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return held_node_read_count_ >= count; });
}

int64_t FaultyEventStore::append_count() const {
  std::lock_guard lock(mutex_);
  return append_count_;
}

int64_t FaultyEventStore::node_read_count() const {
  std::lock_guard lock(mutex_);
  return node_read_count_;
}

absl::StatusOr<storage::Head> FaultyEventStore::Append(int64_t first_sequence,
                                                       const std::vector<storage::NewRecord>& records) {
  std::optional<AppendFault> fault;
  {
    std::unique_lock lock(mutex_);
    ++append_count_;
    ++held_append_count_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !holding_appends_; });
    --held_append_count_;
    if (head_before_.has_value()) return absl::UnavailableError("an earlier append has an unknown outcome");
    fault = std::exchange(fault_, std::nullopt);
    if (fault == AppendFault::kUnknownUnwritten || fault == AppendFault::kUnknownWritten) head_before_ = base_->head();
  }
  if (!fault.has_value()) return base_->Append(first_sequence, records);
  switch (*fault) {
    case AppendFault::kOutOfRoom:
      return absl::ResourceExhaustedError("the disk is full");
    case AppendFault::kRefused:
      return absl::InvalidArgumentError("the store refuses the records");
    case AppendFault::kOvertaken:
      return absl::AbortedError(absl::StrCat("first sequence ", first_sequence, " is not the stored tree_size"));
    case AppendFault::kUnknownWritten:
      if (const auto head = base_->Append(first_sequence, records); !head.ok()) return head.status();
      break;
    case AppendFault::kUnknownUnwritten:
      break;
  }
  return absl::UnavailableError(
      absl::StrCat("whether the append at sequence ", first_sequence, " is durable is unknown"));
}

storage::Head FaultyEventStore::head() const {
  std::lock_guard lock(mutex_);
  return head_before_.has_value() ? *head_before_ : base_->head();
}

std::optional<FaultyEventStore::Change> FaultyEventStore::FindChange(int64_t sequence) const {
  std::lock_guard lock(mutex_);
  const auto found = changes_.find(sequence);
  if (found == changes_.end()) return std::nullopt;
  return found->second;
}

absl::StatusOr<std::string> FaultyEventStore::Read(int64_t sequence) const {
  if (const std::optional<Change> change = FindChange(sequence)) {
    if (change->noticed) return absl::DataLossError(absl::StrCat("record ", sequence, " does not match its leaf hash"));
    return change->bytes;
  }
  return base_->Read(sequence);
}

absl::Status FaultyEventStore::Scan(int64_t first_sequence, int64_t end_sequence, const Visitor& visit) const {
  return base_->Scan(first_sequence, end_sequence,
                     [&](int64_t sequence, std::string_view record, const merkle::Hash& leaf_hash) -> absl::Status {
                       if (!FindChange(sequence).has_value()) return visit(sequence, record, leaf_hash);
                       const absl::StatusOr<std::string> changed = Read(sequence);
                       if (!changed.ok()) return changed.status();
                       return visit(sequence, *changed, merkle::LeafHash(*changed));
                     });
}

absl::StatusOr<std::optional<storage::SubmissionEntry>> FaultyEventStore::FindSubmission(
    const storage::SubmissionId& id) const {
  return base_->FindSubmission(id);
}

absl::StatusOr<merkle::Hash> FaultyEventStore::ReadNode(int level, int64_t index) const {
  {
    std::unique_lock lock(mutex_);
    ++node_read_count_;
    ++held_node_read_count_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !holding_node_reads_; });
    --held_node_read_count_;
  }
  return base_->ReadNode(level, index);
}

}  // namespace hattama::testing
