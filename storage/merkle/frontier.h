// The right edge of a growing tree: enough to append leaves and know the root, in O(log n) space.
#ifndef HATTAMA_STORAGE_MERKLE_FRONTIER_H_
#define HATTAMA_STORAGE_MERKLE_FRONTIER_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "storage/merkle/sha256.h"

namespace hattama::merkle {

// A complete subtree over leaves [index << level, (index + 1) << level).
struct Node {
  int level = 0;
  int64_t index = 0;
  Hash hash{};

  friend bool operator==(const Node&, const Node&) = default;
};

// Roots of the complete subtrees into which [0, size) decomposes. Cheap to copy: at most 63 hashes.
class Frontier {
 public:
  Frontier() = default;
  // A frontier of `size` leaves from its subtree roots, largest first. There is one root per set bit of `size`.
  Frontier(int64_t size, std::vector<Hash> roots);

  // Appends a leaf and calls `completed` for each subtree that it completes, the leaf itself first.
  void Append(const Hash& leaf_hash, const std::function<void(const Node&)>& completed = nullptr);

  int64_t size() const { return size_; }
  // MTH(D[0:size]) of RFC 6962; EmptyRoot() for no leaves.
  Hash root() const;

 private:
  int64_t size_ = 0;
  std::vector<Hash> roots_;  // Largest subtree first.
};

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_FRONTIER_H_
