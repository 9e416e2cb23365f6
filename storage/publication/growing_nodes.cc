#include "storage/publication/growing_nodes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::storage {

GrowingNodes::GrowingNodes(int64_t stored_size, merkle::NodeReader stored)
    : stored_size_(stored_size), stored_(std::move(stored)), size_(stored_size) {}

absl::Status GrowingNodes::Append(const merkle::Hash& leaf_hash) {
  int64_t index = size_;
  merkle::Hash hash = leaf_hash;
  for (int level = 0;; ++level, index >>= 1) {
    if (grown_.size() <= static_cast<size_t>(level)) grown_.emplace_back();
    grown_[level].push_back(hash);
    if (index % 2 == 0) break;
    const absl::StatusOr<merkle::Hash> left = Read(level, index - 1);
    if (!left.ok()) return left.status();
    hash = merkle::NodeHash(*left, hash);
  }
  ++size_;
  return absl::OkStatus();
}

absl::StatusOr<merkle::Hash> GrowingNodes::Read(int level, int64_t index) const {
  if (level < 0 || level > 62 || index < 0) {
    return absl::OutOfRangeError(absl::StrCat("no node at level ", level, ", index ", index));
  }
  const int64_t stored_count = stored_size_ >> level;
  if (index < stored_count) return stored_(level, index);
  const size_t place = static_cast<size_t>(index - stored_count);
  if (static_cast<size_t>(level) >= grown_.size() || place >= grown_[level].size()) {
    return absl::OutOfRangeError(
        absl::StrCat("a tree of ", size_, " has no complete subtree at level ", level, ", index ", index));
  }
  return grown_[level][place];
}

}  // namespace hattama::storage
