#include "services/audit/log_tree.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/tiles.h"

namespace hattama::audit {
namespace {

constexpr int kTileHeight = 8;

// The root of a complete subtree; the number of hashes is a power of two.
merkle::Hash Fold(std::vector<merkle::Hash> hashes) {
  for (; hashes.size() > 1; hashes.resize(hashes.size() / 2)) {
    for (size_t i = 0; i < hashes.size() / 2; ++i) hashes[i] = merkle::NodeHash(hashes[2 * i], hashes[2 * i + 1]);
  }
  return hashes.front();
}

}  // namespace

void LogTree::Append(const merkle::Hash& leaf_hash) {
  levels_.front().push_back(leaf_hash);
  for (size_t level = 0; levels_[level].size() % merkle::kTileWidth == 0; ++level) {
    if (level + 1 == levels_.size()) levels_.emplace_back();
    const std::vector<merkle::Hash>& below = levels_[level];
    levels_[level + 1].push_back(Fold({below.end() - merkle::kTileWidth, below.end()}));
  }
}

void LogTree::Replace(int64_t index, const merkle::Hash& leaf_hash) {
  std::vector<merkle::Hash>& leaves = levels_.front();
  leaves[static_cast<size_t>(index)] = leaf_hash;
  size_t at = static_cast<size_t>(index);
  for (size_t level = 0; level + 1 < levels_.size(); ++level) {
    at /= merkle::kTileWidth;
    if (at >= levels_[level + 1].size()) return;
    const auto begin = levels_[level].begin() + static_cast<int64_t>(at) * merkle::kTileWidth;
    levels_[level + 1][at] = Fold({begin, begin + merkle::kTileWidth});
  }
}

std::span<const merkle::Hash> LogTree::Level(int level) const {
  if (static_cast<size_t>(level) >= levels_.size()) return {};
  return levels_[static_cast<size_t>(level)];
}

merkle::Hash LogTree::SubtreeRoot(int level, int64_t index) const {
  const int within = level % kTileHeight;
  const std::vector<merkle::Hash>& hashes = levels_[static_cast<size_t>(level / kTileHeight)];
  const auto begin = hashes.begin() + (index << within);
  return Fold({begin, begin + (int64_t{1} << within)});
}

absl::StatusOr<merkle::Hash> LogTree::RootAt(int64_t tree_size) const {
  if (tree_size < 0 || tree_size > size()) {
    return absl::OutOfRangeError(absl::StrCat("tree_size ", tree_size, " is outside 0..", size()));
  }
  return merkle::RootAt(tree_size, [this](int level, int64_t index) -> absl::StatusOr<merkle::Hash> {
    return SubtreeRoot(level, index);
  });
}

}  // namespace hattama::audit
