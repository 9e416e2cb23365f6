// Signed notes (c2sp.org/signed-note@v1.0.0): a text, and lines of signatures over it by named keys. What the text
// means is checkpoint.h's office.
//
//   note      = text "\n" 1*signature          text ends in "\n"; the last empty line of the note divides the two
//   signature = U+2014 " " name " " base64(u32be key_id || bytes) "\n"
//   key_id    = first four bytes of SHA-256(name || "\n" || type || public key)
//   vkey      = name "+" 8 lower-case hex digits of key_id "+" base64(type || public key)
//
// For example, the key of the specification and of its example note:
//
//   example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
#ifndef HATTAMA_STORAGE_MERKLE_SIGNED_NOTE_H_
#define HATTAMA_STORAGE_MERKLE_SIGNED_NOTE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/ed25519.h"

namespace hattama::merkle {

// The kinds of signature that are made and checked here; signatures of other kinds are carried and ignored.
inline constexpr uint8_t kNoteEd25519 = 0x01;      // Over the text itself.
inline constexpr uint8_t kNoteCosignature = 0x04;  // With a time: see cosignature.h.

// A note larger than this, or with more signatures, is refused: both are far beyond any log in use (the specification
// asks for at least 16 signatures).
inline constexpr size_t kNoteBytesMax = 1'000'000;
inline constexpr size_t kNoteSignatureCountMax = 100;

// A public key under a name. Name and key_id together say which key made a signature.
struct NoteKey {
  std::string name;
  uint32_t key_id = 0;
  uint8_t type = kNoteEd25519;
  PublicKey public_key{};

  friend bool operator==(const NoteKey&, const NoteKey&) = default;
};

// A private key under a name. The same key may sign texts as type 0x01 and cosign as type 0x04; nobody should.
struct NamedSigningKey {
  std::string name;
  SigningKey key;
};

// Ok for a name that a key may have: not empty, UTF-8, without spaces of any kind, control characters or '+'.
absl::Status CheckKeyName(std::string_view name);

// InvalidArgument for a name that CheckKeyName refuses, another type than the two, or a public key of small order.
absl::StatusOr<NoteKey> MakeNoteKey(std::string_view name, uint8_t type, const PublicKey& public_key);

// InvalidArgument says which part of the text is not as the grammar above has it. The key_id must be the one that
// MakeNoteKey computes.
absl::StatusOr<NoteKey> ParseVerifierKey(std::string_view vkey);
std::string FormatVerifierKey(const NoteKey& key);

// "PRIVATE+KEY+" name "+" hex key_id "+" base64(0x01 || seed), the form of golang.org/x/mod/sumdb/note. Secret.
absl::StatusOr<NamedSigningKey> ParsePrivateKey(std::string_view text);
std::string FormatPrivateKey(const NamedSigningKey& key);

struct NoteSignature {
  std::string name;
  uint32_t key_id = 0;
  std::string bytes;  // What follows the key_id; 64 bytes for type 0x01, 72 for type 0x04.

  friend bool operator==(const NoteSignature&, const NoteSignature&) = default;
};

struct Note {
  std::string text;  // With its final newline.
  std::vector<NoteSignature> signatures;

  friend bool operator==(const Note&, const Note&) = default;
};

// InvalidArgument says what is malformed and where. FormatNote(*ParseNote(bytes)) == bytes. Nothing is verified.
absl::StatusOr<Note> ParseNote(std::string_view bytes);
std::string FormatNote(const Note& note);

// Signature lines alone, each with its newline, as a witness answers them. InvalidArgument for no line at all.
absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines);
std::string FormatSignatureLine(const NoteSignature& signature);

// Ok for a text that may be signed: it ends in a newline, is UTF-8 and has no control characters but newlines.
absl::Status CheckNoteText(std::string_view text);

// A signature of type 0x01. InvalidArgument for a text or a name that may not be in a note.
absl::StatusOr<NoteSignature> SignText(std::string_view text, std::string_view name, const SigningKey& key);

// A known key whose signature is good.
struct VerifiedSignature {
  NoteKey key;
  int64_t time_seconds = 0;  // Of a cosignature, in POSIX seconds; the latest where the key signed more than once. 0
                             // for type 0x01.

  friend bool operator==(const VerifiedSignature&, const VerifiedSignature&) = default;
};

// Which of `keys` signed the note, in the order of `keys`. Signatures of others are ignored. InvalidArgument where a
// signature that names a known key is not good, however many others are; Unauthenticated where no known key signed.
absl::StatusOr<std::vector<VerifiedSignature>> VerifyNote(const Note& note, std::span<const NoteKey> keys);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_SIGNED_NOTE_H_
