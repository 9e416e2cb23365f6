// Checks RFC 9162 proofs. Takes nothing on trust but its arguments, and no hash more or less than the proof needs.
#ifndef HATTAMA_STORAGE_MERKLE_VERIFY_H_
#define HATTAMA_STORAGE_MERKLE_VERIFY_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/sha256.h"

namespace hattama::merkle {

// The root to which the leaf at `index` of a tree of `tree_size` leads by this path (RFC 9162 section 2.1.3.2).
// InvalidArgument where the index is outside the tree or the path has a hash too many or too few.
absl::StatusOr<Hash> RootFromInclusion(const Hash& leaf_hash, int64_t index, int64_t tree_size,
                                       const std::vector<Hash>& proof);

// RFC 9162 section 2.1.3.2: ok where the leaf is at `index` of the tree of `tree_size` with this root. InvalidArgument
// says what does not fit.
absl::Status VerifyInclusion(const Hash& leaf_hash, int64_t index, int64_t tree_size, const std::vector<Hash>& proof,
                             const Hash& root);

// RFC 9162 section 2.1.4.2: ok where the tree of `second` leaves only appends to that of `first`. A first size of 0 is
// always consistent, and equal sizes need equal roots; both with an empty proof. InvalidArgument says what does not
// fit.
absl::Status VerifyConsistency(int64_t first, int64_t second, const std::vector<Hash>& proof, const Hash& first_root,
                               const Hash& second_root);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_VERIFY_H_
