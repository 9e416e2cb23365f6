// Proofs to keep (c2sp.org/tlog-proof): one file, by convention *.tlog-proof, from which anybody can check without a
// network that a record is in a log. It is our receipt.
//
//   proof = "c2sp.org/tlog-proof@v1\n"
//           ["extra " base64 "\n"]
//           "index " decimal "\n"
//           *(base64(hash) "\n")            the leaf's sibling first
//           "\n"
//           checkpoint note, byte for byte
#ifndef HATTAMA_STORAGE_MERKLE_TLOG_PROOF_H_
#define HATTAMA_STORAGE_MERKLE_TLOG_PROOF_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/sha256.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tlog_policy.h"

namespace hattama::merkle {

struct TlogProof {
  // Anything, for example the record itself. Not authenticated: a verifier hashes it anew or does not believe it.
  std::optional<std::string> extra;
  int64_t index = 0;
  std::vector<Hash> hashes;     // The inclusion proof of RFC 6962 section 2.1.1; at most 63.
  std::string checkpoint_note;  // As it was served, with all its signatures.

  friend bool operator==(const TlogProof&, const TlogProof&) = default;
};

std::string FormatTlogProof(const TlogProof& proof);
// InvalidArgument says which line is malformed; the note must be a well-formed checkpoint. Nothing is verified.
// FormatTlogProof(*ParseTlogProof(bytes)) == bytes.
absl::StatusOr<TlogProof> ParseTlogProof(std::string_view bytes);

// The checkpoint under which the record with `leaf_hash` (LeafHash of its bytes) is at `proof.index`. One of `log_keys`
// must have signed it, and its origin must be `origin`. InvalidArgument for what is malformed or does not fit together,
// Unauthenticated where no known log signed.
absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, const Hash& leaf_hash,
                                           std::span<const NoteKey> log_keys, std::string_view origin);

// The same under a policy, whose quorum must be met: FailedPrecondition names the witnesses that are missing.
absl::StatusOr<PolicyVerdict> VerifyTlogProof(const TlogProof& proof, const Hash& leaf_hash, const TlogPolicy& policy);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_TLOG_PROOF_H_
