#include "services/ledger/node_cache.h"

#include <mutex>

namespace hattama::ledger {

std::optional<merkle::Hash> NodeCache::Find(int level, int64_t index) const {
  if (level < kLevelMin) return std::nullopt;
  std::shared_lock lock(mutex_);
  const auto found = hashes_.find({level, index});
  return found == hashes_.end() ? std::nullopt : std::optional<merkle::Hash>(found->second);
}

void NodeCache::Keep(int level, int64_t index, const merkle::Hash& hash) {
  std::unique_lock lock(mutex_);
  if (hashes_.size() >= kCountMax) hashes_.clear();
  hashes_.emplace(std::pair(level, index), hash);
}

}  // namespace hattama::ledger
