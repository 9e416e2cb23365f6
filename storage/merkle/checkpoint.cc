#include "storage/merkle/checkpoint.h"

#include <optional>
#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/decimal.h"
#include "storage/merkle/line_reader.h"

namespace hattama::merkle {

absl::Status CheckOrigin(std::string_view origin) {
  if (absl::Status status = CheckKeyName(origin); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the origin of a log names its key: ", status.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> ParseCheckpoint(std::string_view text, std::vector<std::string>* extensions) {
  if (absl::Status status = CheckNoteText(text); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the checkpoint: ", status.message()));
  }
  LineReader reader(text);
  Checkpoint checkpoint;
  const std::optional<std::string_view> origin = reader.Next();
  if (!origin || origin->empty()) return absl::InvalidArgumentError("checkpoint line 1: the origin is empty");
  checkpoint.origin = std::string(*origin);
  const std::optional<std::string_view> size = reader.Next();
  if (!size) return absl::InvalidArgumentError("checkpoint line 2: the tree size is missing");
  const std::optional<int64_t> tree_size = ParseDecimal(*size);
  if (!tree_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("checkpoint line 2: ", Quoted(*size), " is no decimal size of 0..2^63-1 without leading zeros"));
  }
  checkpoint.tree_size = *tree_size;
  const std::optional<std::string_view> hash = reader.Next();
  if (!hash) return absl::InvalidArgumentError("checkpoint line 3: the root hash is missing");
  const std::optional<Hash> root = DecodeHash(*hash);
  if (!root) {
    return absl::InvalidArgumentError(
        absl::StrCat("checkpoint line 3: ", Quoted(*hash), " is not the base64 of 32 bytes"));
  }
  checkpoint.root = *root;
  while (!reader.done()) {
    const std::optional<std::string_view> extension = reader.Next();
    if (!extension || extension->empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("checkpoint line ", reader.number(), ": an extension line is empty"));
    }
    if (extensions != nullptr) extensions->emplace_back(*extension);
  }
  return checkpoint;
}

std::string FormatCheckpoint(const Checkpoint& checkpoint) {
  ABSL_RAW_CHECK(CheckOrigin(checkpoint.origin).ok() && checkpoint.tree_size >= 0,
                 "a checkpoint of ours is well-formed");
  return absl::StrCat(checkpoint.origin, "\n", checkpoint.tree_size, "\n", EncodeHash(checkpoint.root), "\n");
}

absl::StatusOr<std::string> SignCheckpoint(const Checkpoint& checkpoint, const SigningKey& key) {
  if (absl::Status status = CheckOrigin(checkpoint.origin); !status.ok()) return status;
  if (checkpoint.tree_size < 0) {
    return absl::InvalidArgumentError(absl::StrCat("tree_size ", checkpoint.tree_size, " is negative"));
  }
  Note note{FormatCheckpoint(checkpoint), {}};
  absl::StatusOr<NoteSignature> signature = SignText(note.text, checkpoint.origin, key);
  if (!signature.ok()) return signature.status();
  note.signatures.push_back(*std::move(signature));
  return FormatNote(note);
}

absl::StatusOr<SignedCheckpoint> ParseSignedCheckpoint(std::string_view note_bytes) {
  absl::StatusOr<Note> note = ParseNote(note_bytes);
  if (!note.ok()) return note.status();
  absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(note->text);
  if (!checkpoint.ok()) return checkpoint.status();
  return SignedCheckpoint{*std::move(checkpoint), *std::move(note)};
}

absl::StatusOr<Checkpoint> OpenCheckpoint(std::string_view note_bytes, std::span<const NoteKey> log_keys) {
  absl::StatusOr<SignedCheckpoint> parsed = ParseSignedCheckpoint(note_bytes);
  if (!parsed.ok()) return parsed.status();
  const absl::StatusOr<std::vector<VerifiedSignature>> verified = VerifyNote(parsed->note, log_keys);
  if (!verified.ok()) return verified.status();
  for (const VerifiedSignature& signature : *verified) {
    // A cosignature says what a witness saw; only the log speaks for itself.
    if (signature.key.type == kNoteEd25519 && signature.key.name == parsed->checkpoint.origin) {
      return std::move(parsed->checkpoint);
    }
  }
  return absl::UnauthenticatedError(absl::StrCat("the checkpoint of ", parsed->checkpoint.origin, " is signed by ",
                                                 verified->front().key.name, " and not by a log of that name"));
}

}  // namespace hattama::merkle
