// Checkpoints (c2sp.org/tlog-checkpoint@v1.0.0): what a log signs about itself at one size.
//
//   checkpoint = origin "\n" decimal tree_size "\n" base64(root) "\n" *(extension "\n")
//
// We write no extension lines: a monitor cannot audit them. We read them, because others may write them.
#ifndef HATTAMA_STORAGE_MERKLE_CHECKPOINT_H_
#define HATTAMA_STORAGE_MERKLE_CHECKPOINT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/sha256.h"
#include "storage/merkle/signed_note.h"

namespace hattama::merkle {

struct Checkpoint {
  std::string origin;  // The log's name for ever, and the name of its key. For example "results.example/kz2026".
  int64_t tree_size = 0;
  Hash root = EmptyRoot();

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// Ok for an origin that a log of ours may have: what CheckKeyName allows, because the key bears the same name.
absl::Status CheckOrigin(std::string_view origin);

// InvalidArgument says which line is malformed. Extension lines are left out of the answer and appended to `extensions`
// where it is given. Whether root and size go together (a size of 0 has one root) is for proofs to show.
absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text, std::vector<std::string>* extensions = nullptr);

// The text of a note. The origin must be one that CheckOrigin allows.
std::string FormatCheckpoint(const Checkpoint& checkpoint);

// The whole note, signed with type 0x01 under the name of the origin. InvalidArgument for an origin that may not be.
// Whoever calls it has made sure that the log never signed a checkpoint that is inconsistent with this one.
absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& key);

// A checkpoint in its note. Parsed, not verified.
struct SignedCheckpoint {
  Checkpoint checkpoint;
  Note note;
};
absl::StatusOr<SignedCheckpoint> ParseSignedCheckpoint(std::string_view note_bytes);

// The checkpoint of a note that one of `log_keys` signed. The key's name must be the origin. InvalidArgument for what
// is malformed or a bad signature of a known key; Unauthenticated where no known key signed.
absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note_bytes, std::span<const NoteKey> log_keys);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_CHECKPOINT_H_
