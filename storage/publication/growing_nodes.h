// Hashes of a tree that grows by leaves, over those that are stored already.
#ifndef HATTAMA_STORAGE_PUBLICATION_GROWING_NODES_H_
#define HATTAMA_STORAGE_PUBLICATION_GROWING_NODES_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/sha256.h"

namespace hattama::storage {

class GrowingNodes {
 public:
  // `stored` has every complete subtree of `stored_size` leaves and is kept.
  GrowingNodes(int64_t stored_size, merkle::NodeReader stored);

  int64_t size() const { return size_; }
  // Appends a leaf and the subtrees that it completes. Passes on what the stored nodes answer.
  absl::Status Append(const merkle::Hash& leaf_hash);
  // OutOfRange for a subtree that is not complete.
  absl::StatusOr<merkle::Hash> Read(int level, int64_t index) const;

 private:
  const int64_t stored_size_;
  const merkle::NodeReader stored_;
  int64_t size_;
  // By level: nodes from index stored_size >> level on.
  std::vector<std::vector<merkle::Hash>> grown_;
};

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_PUBLICATION_GROWING_NODES_H_
