// The Merkle tree of a whole log in memory, kept as the levels of its tiles: 32 bytes a record and 1/255 more. Every
// root and every tile of every size follows from it.
#ifndef HATTAMA_SERVICES_AUDIT_LOG_TREE_H_
#define HATTAMA_SERVICES_AUDIT_LOG_TREE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/merkle/sha256.h"

namespace hattama::audit {

// Thread safety: as a standard container.
class LogTree {
 public:
  void Append(const merkle::Hash& leaf_hash);
  // Puts another hash in the place of a leaf's. Costs some 255 hashes a level of tiles.
  void Replace(int64_t index, const merkle::Hash& leaf_hash);

  int64_t size() const { return static_cast<int64_t>(levels_.front().size()); }
  // 0 <= index < size().
  const merkle::Hash& leaf(int64_t index) const { return levels_.front()[static_cast<size_t>(index)]; }

  // The hashes of a level of tiles: of complete subtrees of 256^level leaves. Empty beyond the highest.
  std::span<const merkle::Hash> Level(int level) const;

  // The RFC 6962 root over the first tree_size leaves. OutOfRange beyond the size. Costs some 255 hashes a level of
  // tiles.
  absl::StatusOr<merkle::Hash> RootAt(int64_t tree_size) const;

 private:
  merkle::Hash SubtreeRoot(int level, int64_t index) const;

  std::vector<std::vector<merkle::Hash>> levels_{1};
};

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_LOG_TREE_H_
