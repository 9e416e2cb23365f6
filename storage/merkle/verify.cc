#include "storage/merkle/verify.h"

#include "absl/strings/str_cat.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::merkle {
namespace {

// Climbs from the node at (position, last) to the root; both name nodes of one level.
struct Climb {
  int64_t position;  // fn of RFC 9162.
  int64_t last;      // sn of RFC 9162.

  bool done() const { return last == 0; }
  bool sibling_is_left() const { return (position & 1) == 1 || position == last; }
  // Skips levels at which the node has no sibling.
  void SkipMissing() {
    while ((position & 1) == 0 && position != 0) Up();
  }
  void Up() {
    position >>= 1;
    last >>= 1;
  }
};

}  // namespace

absl::StatusOr<Hash> RootFromInclusion(const Hash& leaf_hash, int64_t index, int64_t tree_size,
                                       const std::vector<Hash>& proof) {
  if (index < 0 || index >= tree_size) {
    return absl::InvalidArgumentError(absl::StrCat("index ", index, " is not in a tree of ", tree_size));
  }
  Climb climb{index, tree_size - 1};
  Hash hash = leaf_hash;
  for (const Hash& sibling : proof) {
    if (climb.done())
      return absl::InvalidArgumentError(absl::StrCat("the proof of ", proof.size(), " hashes is too long"));
    if (climb.sibling_is_left()) {
      hash = NodeHash(sibling, hash);
      climb.SkipMissing();
    } else {
      hash = NodeHash(hash, sibling);
    }
    climb.Up();
  }
  if (!climb.done())
    return absl::InvalidArgumentError(absl::StrCat("the proof of ", proof.size(), " hashes is too short"));
  return hash;
}

absl::Status VerifyInclusion(const Hash& leaf_hash, int64_t index, int64_t tree_size, const std::vector<Hash>& proof,
                             const Hash& root) {
  const absl::StatusOr<Hash> reached = RootFromInclusion(leaf_hash, index, tree_size, proof);
  if (!reached.ok()) return reached.status();
  if (*reached != root)
    return absl::InvalidArgumentError(absl::StrCat("leaf ", index, " does not lead to the root of size ", tree_size));
  return absl::OkStatus();
}

absl::Status VerifyConsistency(int64_t first, int64_t second, const std::vector<Hash>& proof, const Hash& first_root,
                               const Hash& second_root) {
  if (first < 0 || first > second) {
    return absl::InvalidArgumentError(absl::StrCat("first size ", first, " is not in 0..", second));
  }
  if (first == second || first == 0) {
    if (!proof.empty()) return absl::InvalidArgumentError("the proof should be empty");
    if (first == second && first_root != second_root) {
      return absl::InvalidArgumentError(absl::StrCat("two roots for one size ", first));
    }
    if (first == 0 && first_root != EmptyRoot())
      return absl::InvalidArgumentError("the root of size 0 is not SHA-256(\"\")");
    return absl::OkStatus();
  }
  if (proof.empty()) return absl::InvalidArgumentError("the proof is empty");
  Climb climb{first - 1, second - 1};
  while ((climb.position & 1) == 1) climb.Up();
  // Where the first tree is one complete subtree, its root is where the climb begins, and the proof leaves it out.
  const bool complete = (first & (first - 1)) == 0;
  Hash first_hash = complete ? first_root : proof.front();
  Hash second_hash = first_hash;
  for (size_t i = complete ? 0 : 1; i < proof.size(); ++i) {
    if (climb.done())
      return absl::InvalidArgumentError(absl::StrCat("the proof of ", proof.size(), " hashes is too long"));
    if (climb.sibling_is_left()) {
      first_hash = NodeHash(proof[i], first_hash);
      second_hash = NodeHash(proof[i], second_hash);
      climb.SkipMissing();
    } else {
      second_hash = NodeHash(second_hash, proof[i]);
    }
    climb.Up();
  }
  if (!climb.done())
    return absl::InvalidArgumentError(absl::StrCat("the proof of ", proof.size(), " hashes is too short"));
  if (first_hash != first_root)
    return absl::InvalidArgumentError(absl::StrCat("the proof does not lead to the root of size ", first));
  if (second_hash != second_root)
    return absl::InvalidArgumentError(absl::StrCat("the proof does not lead to the root of size ", second));
  return absl::OkStatus();
}

}  // namespace hattama::merkle
