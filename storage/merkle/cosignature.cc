#include "storage/merkle/cosignature.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/checkpoint.h"

namespace hattama::merkle {
namespace {

constexpr size_t kTimeBytes = 8;

std::string SignedBytes(std::string_view checkpoint_text, int64_t time_seconds) {
  return absl::StrCat("cosignature/v1\ntime ", time_seconds, "\n", std::string(checkpoint_text));
}

absl::Status NotGood(const NoteKey& key, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the cosignature of ", key.name, " (key ",
                                                 absl::Hex(key.key_id, absl::kZeroPad8), ") ", std::string(why)));
}

}  // namespace

absl::StatusOr<NoteSignature> CosignCheckpoint(std::string_view checkpoint_text, const SigningKey& key,
                                               std::string_view name, int64_t time_seconds) {
  if (time_seconds <= 0) {
    return absl::InvalidArgumentError(absl::StrCat("the time ", time_seconds, " of a cosignature is not positive"));
  }
  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(checkpoint_text);
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<NoteKey> note_key = MakeNoteKey(name, kNoteCosignature, key.public_key());
  if (!note_key.ok()) return note_key.status();
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(time_seconds >> shift & 0xff));
  const Signature signature = key.Sign(SignedBytes(checkpoint_text, time_seconds));
  bytes.append(signature.begin(), signature.end());
  return NoteSignature{std::move(note_key->name), note_key->key_id, std::move(bytes)};
}

absl::StatusOr<int64_t> VerifyCosignature(std::string_view checkpoint_text, const NoteKey& key,
                                          const NoteSignature& signature) {
  if (key.type != kNoteCosignature) return NotGood(key, "is checked with a key of another type than 0x04");
  if (signature.name != key.name || signature.key_id != key.key_id) {
    return NotGood(key, absl::StrCat("is signed by ", signature.name, " (key ",
                                     absl::Hex(signature.key_id, absl::kZeroPad8), ")"));
  }
  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(checkpoint_text);
  if (!checkpoint.ok()) return checkpoint.status();
  Signature bytes;
  if (signature.bytes.size() != kTimeBytes + bytes.size()) {
    return NotGood(key, absl::StrCat("has ", signature.bytes.size(), " bytes; it should have 72"));
  }
  uint64_t time = 0;
  for (size_t i = 0; i < kTimeBytes; ++i) time = time << 8 | static_cast<uint8_t>(signature.bytes[i]);
  const int64_t time_seconds = static_cast<int64_t>(time);
  if (time_seconds <= 0) return NotGood(key, absl::StrCat("has the time ", time, ", which is not in 1..2^63-1"));
  std::copy(signature.bytes.begin() + kTimeBytes, signature.bytes.end(), bytes.begin());
  if (!VerifySignature(key.public_key, SignedBytes(checkpoint_text, time_seconds), bytes)) {
    return NotGood(key, "is not good");
  }
  return time_seconds;
}

}  // namespace hattama::merkle
