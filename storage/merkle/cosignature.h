// Cosignatures with a time (c2sp.org/tlog-cosignature@v1.0.1, Ed25519, type 0x04): a witness says that at this time
// this was the largest consistent checkpoint of the origin it had seen.
//
//   signed bytes   = "cosignature/v1\n" "time " decimal POSIX seconds "\n" checkpoint text
//   in the note    = base64(u32be key_id || u64be POSIX seconds || 64 bytes of signature)
//
// The signed bytes do not name the witness, so each witness needs a key of its own.
#ifndef HATTAMA_STORAGE_MERKLE_COSIGNATURE_H_
#define HATTAMA_STORAGE_MERKLE_COSIGNATURE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "storage/merkle/signed_note.h"

namespace hattama::merkle {

// `checkpoint_text` is the text of a note, without signatures, extension lines included. InvalidArgument where it is no
// checkpoint, the name may not be a key's, or the time is not positive.
absl::StatusOr<NoteSignature> CosignCheckpoint(std::string_view checkpoint_text, const SigningKey& key,
                                               std::string_view name, int64_t time_seconds);

// The time of a good cosignature, in POSIX seconds. InvalidArgument where the signature is of another key, malformed or
// not good.
absl::StatusOr<int64_t> VerifyCosignature(std::string_view checkpoint_text, const NoteKey& key,
                                          const NoteSignature& signature);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_COSIGNATURE_H_
