// Makes RFC 6962 proofs from stored nodes. Checking them is verify.h's office.
#ifndef HATTAMA_STORAGE_MERKLE_PROOFS_H_
#define HATTAMA_STORAGE_MERKLE_PROOFS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/sha256.h"

namespace hattama::merkle {

// The hash of the complete subtree over leaves [index << level, (index + 1) << level).
using NodeReader = std::function<absl::StatusOr<Hash>(int level, int64_t index)>;

// MTH(D[0:tree_size]). The reader must have every complete subtree below tree_size. Reads O(log n) nodes.
absl::StatusOr<Hash> RootAt(int64_t tree_size, const NodeReader& read);

// PATH(index, D[tree_size]) of RFC 6962 section 2.1.1: the leaf's sibling first. OutOfRange unless
// 0 <= index < tree_size.
absl::StatusOr<std::vector<Hash>> InclusionProof(int64_t index, int64_t tree_size, const NodeReader& read);

// PROOF(first, D[second]) of RFC 6962 section 2.1.2. Empty where first is 0 or equals second. OutOfRange unless
// 0 <= first <= second.
absl::StatusOr<std::vector<Hash>> ConsistencyProof(int64_t first, int64_t second, const NodeReader& read);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_PROOFS_H_
