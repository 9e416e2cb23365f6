#include "storage/merkle/proofs.h"

#include "absl/strings/str_cat.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::merkle {
namespace {

// The largest power of two below n, for n > 1.
int64_t SplitOf(int64_t n) { return int64_t{1} << (63 - __builtin_clzll(static_cast<uint64_t>(n - 1))); }

// MTH(D[begin:end]) where begin is a multiple of the subtree's full width, as it always is in a proof.
absl::StatusOr<Hash> Subtree(int64_t begin, int64_t end, const NodeReader& read) {
  const int64_t size = end - begin;
  if ((size & (size - 1)) == 0) {
    const int level = __builtin_ctzll(static_cast<uint64_t>(size));
    return read(level, begin >> level);
  }
  const int64_t split = SplitOf(size);
  const absl::StatusOr<Hash> left = Subtree(begin, begin + split, read);
  if (!left.ok()) return left;
  const absl::StatusOr<Hash> right = Subtree(begin + split, end, read);
  if (!right.ok()) return right;
  return NodeHash(*left, *right);
}

}  // namespace

absl::StatusOr<Hash> RootAt(int64_t tree_size, const NodeReader& read) {
  if (tree_size < 0) return absl::OutOfRangeError(absl::StrCat("tree_size ", tree_size, " is negative"));
  if (tree_size == 0) return EmptyRoot();
  return Subtree(0, tree_size, read);
}

absl::StatusOr<std::vector<Hash>> InclusionProof(int64_t index, int64_t tree_size, const NodeReader& read) {
  if (index < 0 || index >= tree_size) {
    return absl::OutOfRangeError(absl::StrCat("index ", index, " is not in a tree of ", tree_size));
  }
  // Descends from the root, so the proof comes out in reverse.
  std::vector<Hash> proof;
  int64_t begin = 0;
  int64_t end = tree_size;
  while (end - begin > 1) {
    const int64_t middle = begin + SplitOf(end - begin);
    const bool left = index < middle;
    const absl::StatusOr<Hash> sibling = left ? Subtree(middle, end, read) : Subtree(begin, middle, read);
    if (!sibling.ok()) return sibling.status();
    proof.push_back(*sibling);
    (left ? end : begin) = middle;
  }
  return std::vector<Hash>(proof.rbegin(), proof.rend());
}

absl::StatusOr<std::vector<Hash>> ConsistencyProof(int64_t first, int64_t second, const NodeReader& read) {
  if (first < 0 || first > second) {
    return absl::OutOfRangeError(absl::StrCat("first size ", first, " is not in 0..", second));
  }
  std::vector<Hash> proof;
  if (first == 0 || first == second) return proof;
  int64_t begin = 0;
  int64_t end = second;
  while (first != end) {  // SUBPROOF descends until the old tree's edge is the edge of the subtree.
    const int64_t middle = begin + SplitOf(end - begin);
    const bool left = first <= middle;
    const absl::StatusOr<Hash> sibling = left ? Subtree(middle, end, read) : Subtree(begin, middle, read);
    if (!sibling.ok()) return sibling.status();
    proof.push_back(*sibling);
    (left ? end : begin) = middle;
  }
  if (begin != 0) {  // The old root is known to the verifier only where the subtree is the whole old tree.
    const absl::StatusOr<Hash> edge = Subtree(begin, end, read);
    if (!edge.ok()) return edge.status();
    proof.push_back(*edge);
  }
  return std::vector<Hash>(proof.rbegin(), proof.rend());
}

}  // namespace hattama::merkle
