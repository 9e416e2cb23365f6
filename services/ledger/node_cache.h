// Hashes of large subtrees in memory: a complete subtree of the acknowledged log never changes, and every proof needs
// those near the root.
#ifndef HATTAMA_SERVICES_LEDGER_NODE_CACHE_H_
#define HATTAMA_SERVICES_LEDGER_NODE_CACHE_H_

#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "storage/merkle/sha256.h"

namespace hattama::ledger {

// Thread safety: any thread.
class NodeCache {
 public:
  // Subtrees of fewer leaves are read where they are stored: there are too many.
  static constexpr int kLevelMin = 6;

  // Nothing for a node that is not kept.
  std::optional<merkle::Hash> Find(int level, int64_t index) const;
  // Of a node on a level from kLevelMin on that is complete and acknowledged. Begins anew where the cache is full.
  void Keep(int level, int64_t index, const merkle::Hash& hash);

 private:
  // Some 20 MB; the nodes of 8 million leaves.
  static constexpr size_t kCountMax = 1 << 18;

  mutable std::shared_mutex mutex_;
  absl::flat_hash_map<std::pair<int, int64_t>, merkle::Hash> hashes_;
};

}  // namespace hattama::ledger

#endif  // HATTAMA_SERVICES_LEDGER_NODE_CACHE_H_
