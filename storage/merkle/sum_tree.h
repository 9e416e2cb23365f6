// Merkle sum trees: one hash that commits to labelled rows of figures and to their sums, so that whoever knows one row
// can check that it is counted in the total, without the other rows. The format is ours; README.md specifies it with a
// worked example.
//
//   leaf       = SHA-256(0x02 || u32be label bytes || label || u32be width || width x u64be sums)
//   node       = SHA-256(0x03 || left hash || width x u64be left sums || right hash || width x u64be right sums)
//   commitment = SHA-256(0x04 || u64be leaf count || u32be width || root hash || width x u64be root sums)
//
// The shape is that of RFC 6962 section 2.1: the left subtree is the largest power of two below the count. The empty
// tree has the root hash SHA-256("") and sums of zero.
#ifndef HATTAMA_STORAGE_MERKLE_SUM_TREE_H_
#define HATTAMA_STORAGE_MERKLE_SUM_TREE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/merkle/sha256.h"

namespace hattama::merkle {

// Every figure and every sum is in 0..2^62. Both bounds are checked wherever figures are added, so no sum wraps.
inline constexpr int64_t kSumMax = int64_t{1} << 62;

struct SumLeaf {
  std::string label;          // Which row this is, for example a unit's id. Labels may repeat as far as the tree knows.
  std::vector<int64_t> sums;  // `width` figures, in an order that the rows share.
};

struct SumNode {
  Hash hash{};
  std::vector<int64_t> sums;

  friend bool operator==(const SumNode&, const SumNode&) = default;
};

// The leaf's sibling first, then the sibling of their parent, up to the child of the root.
using SumProof = std::vector<SumNode>;

class SumTree {
 public:
  // InvalidArgument names a leaf with another number of figures than `width`, or with one outside 0..2^62; OutOfRange
  // names a column whose sum exceeds 2^62.
  static absl::StatusOr<SumTree> Make(size_t width, const std::vector<SumLeaf>& leaves);

  int64_t leaf_count() const { return static_cast<int64_t>(levels_.front().size()); }
  size_t width() const { return width_; }
  const SumNode& root() const { return root_; }
  Hash Commitment() const;
  // OutOfRange unless 0 <= index < leaf_count().
  absl::StatusOr<SumProof> Prove(int64_t index) const;

 private:
  SumTree() = default;

  size_t width_ = 0;
  SumNode root_;
  // levels_[0] are the leaves; a node without a sibling is its own parent.
  std::vector<std::vector<SumNode>> levels_;
};

// The commitment to a root, for whoever has the total and wants to compare it.
Hash SumCommitment(int64_t leaf_count, const SumNode& root);

// The sums of all `leaf_count` rows, where the row (label, sums) is at `index` of the tree with this commitment.
// InvalidArgument says what does not fit: a proof with a hash more or less, a node with another number of figures, a
// figure outside 0..2^62, a sum beyond 2^62, another commitment.
absl::StatusOr<std::vector<int64_t>> VerifySum(const SumLeaf& leaf, int64_t index, int64_t leaf_count,
                                               const SumProof& proof, const Hash& commitment);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_SUM_TREE_H_
