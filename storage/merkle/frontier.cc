#include "storage/merkle/frontier.h"

#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::merkle {

Frontier::Frontier(int64_t size, std::vector<Hash> roots) : size_(size), roots_(std::move(roots)) {
  ABSL_RAW_CHECK(__builtin_popcountll(size_) == static_cast<int>(roots_.size()), "one root per set bit of the size");
}

void Frontier::Append(const Hash& leaf_hash, const std::function<void(const Node&)>& completed) {
  Node node{0, size_, leaf_hash};
  if (completed) completed(node);
  // Each trailing one bit of the size is a left sibling of equal level that waits at the end of roots_.
  for (int64_t left = size_; left & 1; left >>= 1) {
    node = {node.level + 1, node.index >> 1, NodeHash(roots_.back(), node.hash)};
    roots_.pop_back();
    if (completed) completed(node);
  }
  roots_.push_back(node.hash);
  ++size_;
}

Hash Frontier::root() const {
  if (roots_.empty()) return EmptyRoot();
  Hash hash = roots_.back();
  for (size_t i = roots_.size() - 1; i > 0; --i) hash = NodeHash(roots_[i - 1], hash);
  return hash;
}

}  // namespace hattama::merkle
