#include "storage/merkle/signed_note.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/cosignature.h"
#include "storage/merkle/line_reader.h"
#include "storage/merkle/sha256.h"

namespace hattama::merkle {
namespace {

constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";  // U+2014, space.
constexpr std::string_view kPrivateKeyPrefix = "PRIVATE+KEY+";

// Takes one code point off the front of `text`; nothing where the bytes are not UTF-8 (RFC 3629 section 4: no overlong
// forms, no surrogates, nothing above U+10FFFF).
std::optional<uint32_t> TakeCodePoint(std::string_view& text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) {
    text.remove_prefix(1);
    return first;
  }
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return std::nullopt;
  uint32_t point = first & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return std::nullopt;
    point = point << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[length] || (point >= 0xd800 && point <= 0xdfff) || point > 0x10ffff) return std::nullopt;
  text.remove_prefix(length);
  return point;
}

// The property White_Space of Unicode 15.
bool IsSpace(uint32_t point) {
  return (point >= 0x09 && point <= 0x0d) || point == 0x20 || point == 0x85 || point == 0xa0 || point == 0x1680 ||
         (point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 || point == 0x202f ||
         point == 0x205f || point == 0x3000;
}

std::string Hex8(uint32_t value) { return absl::StrCat(absl::Hex(value, absl::kZeroPad8)); }

std::string KeyIdBytes(uint32_t key_id) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(key_id >> shift & 0xff));
  return bytes;
}

uint32_t KeyIdOf(std::string_view bytes) {
  uint32_t key_id = 0;
  for (size_t i = 0; i < 4; ++i) key_id = key_id << 8 | static_cast<uint8_t>(bytes[i]);
  return key_id;
}

uint32_t ComputeKeyId(std::string_view name, uint8_t type, const PublicKey& public_key) {
  std::string bytes(name);
  bytes.push_back('\n');
  bytes.push_back(static_cast<char>(type));
  bytes.append(public_key.begin(), public_key.end());
  const Hash hash = Sha256(bytes);
  return KeyIdOf({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

// name "+" hex8 "+" base64(type || 32 bytes), of public and private keys alike.
struct KeyText {
  std::string_view name;
  uint32_t key_id;
  uint8_t type;
  std::array<uint8_t, 32> material;
};

absl::StatusOr<KeyText> ParseKeyText(std::string_view text) {
  // A name has no '+', so the first two divide; base64 may have more.
  const size_t first = text.find('+');
  const size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return absl::InvalidArgumentError("wants name+keyid+base64");
  KeyText key;
  key.name = text.substr(0, first);
  if (absl::Status status = CheckKeyName(key.name); !status.ok()) return status;
  const std::string_view hex = text.substr(first + 1, second - first - 1);
  const bool hex_digits =
      std::all_of(hex.begin(), hex.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (hex.size() != 8 || !hex_digits) {
    return absl::InvalidArgumentError(absl::StrCat("the key id ", Quoted(hex), " is not 8 lower-case hex digits"));
  }
  const std::string id_bytes = absl::HexStringToBytes(absl::string_view(hex.data(), hex.size()));
  key.key_id = KeyIdOf(id_bytes);
  const std::optional<std::string> bytes = DecodeBase64(text.substr(second + 1));
  if (!bytes || bytes->empty()) return absl::InvalidArgumentError("the key material is not base64");
  key.type = static_cast<uint8_t>(bytes->front());
  if (key.type != kNoteEd25519 && key.type != kNoteCosignature) {
    return absl::InvalidArgumentError(absl::StrCat("a key of type 0x", absl::Hex(key.type, absl::kZeroPad2),
                                                   "; read are Ed25519 (0x01) and Ed25519 cosignatures (0x04)"));
  }
  if (bytes->size() != 1 + key.material.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("key material of ", bytes->size() - 1, " bytes; Ed25519 has ", key.material.size()));
  }
  std::copy(bytes->begin() + 1, bytes->end(), key.material.begin());
  return key;
}

std::string FormatKeyText(std::string_view name, uint32_t key_id, uint8_t type,
                          const std::array<uint8_t, 32>& material) {
  std::string bytes(1, static_cast<char>(type));
  bytes.append(material.begin(), material.end());
  return absl::StrCat(std::string(name), "+", Hex8(key_id), "+", EncodeBase64(bytes));
}

// One line without its newline.
absl::StatusOr<NoteSignature> ParseSignatureLine(std::string_view line) {
  if (!line.starts_with(kSignaturePrefix)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(line), " does not begin with an em dash and a space"));
  }
  line.remove_prefix(kSignaturePrefix.size());
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return absl::InvalidArgumentError("a name and no signature");
  NoteSignature signature;
  signature.name = std::string(line.substr(0, space));
  if (absl::Status status = CheckKeyName(signature.name); !status.ok()) return status;
  const std::optional<std::string> bytes = DecodeBase64(line.substr(space + 1));
  if (!bytes) return absl::InvalidArgumentError(absl::StrCat(Quoted(line.substr(space + 1)), " is not base64"));
  if (bytes->size() < 5) {
    return absl::InvalidArgumentError(absl::StrCat("a signature of ", bytes->size(), " bytes with its key id"));
  }
  signature.key_id = KeyIdOf(*bytes);
  signature.bytes = bytes->substr(4);
  return signature;
}

absl::Status At(int line, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat("signature line ", line, ": ", status.message()));
}

}  // namespace

absl::Status CheckKeyName(std::string_view name) {
  if (name.empty()) return absl::InvalidArgumentError("the key name is empty");
  for (std::string_view rest = name; !rest.empty();) {
    const std::optional<uint32_t> point = TakeCodePoint(rest);
    if (!point) return absl::InvalidArgumentError(absl::StrCat("the key name ", Quoted(name), " is not UTF-8"));
    if (IsSpace(*point)) {
      return absl::InvalidArgumentError(absl::StrCat("the key name ", Quoted(name), " has a space in it"));
    }
    if (*point == '+')
      return absl::InvalidArgumentError(absl::StrCat("the key name ", Quoted(name), " has a '+' in it"));
    if (*point < 0x20) {
      return absl::InvalidArgumentError(absl::StrCat("the key name ", Quoted(name), " has a control character in it"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<NoteKey> MakeNoteKey(std::string_view name, uint8_t type, const PublicKey& public_key) {
  if (absl::Status status = CheckKeyName(name); !status.ok()) return status;
  if (type != kNoteEd25519 && type != kNoteCosignature) {
    return absl::InvalidArgumentError(absl::StrCat("a key of type 0x", absl::Hex(type, absl::kZeroPad2)));
  }
  if (IsSmallOrder(public_key)) {
    return absl::InvalidArgumentError(
        absl::StrCat("the public key of ", std::string(name), " is of small order: anybody can sign in its name"));
  }
  return NoteKey{std::string(name), ComputeKeyId(name, type, public_key), type, public_key};
}

absl::StatusOr<NoteKey> ParseVerifierKey(std::string_view vkey) {
  // The two are easily taken for each other, and this one is secret: no message quotes it.
  if (vkey.starts_with(kPrivateKeyPrefix)) {
    return absl::InvalidArgumentError("this is a private key, where its public half is wanted: a verifier key");
  }
  absl::StatusOr<KeyText> text = ParseKeyText(vkey);
  if (!text.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("verifier key ", Quoted(vkey), ": ", text.status().message()));
  }
  absl::StatusOr<NoteKey> key = MakeNoteKey(text->name, text->type, text->material);
  if (!key.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("verifier key ", Quoted(vkey), ": ", key.status().message()));
  }
  if (key->key_id != text->key_id) {
    return absl::InvalidArgumentError(absl::StrCat("verifier key ", Quoted(vkey), ": its key id is ",
                                                   Hex8(text->key_id), ", and that of its name and key is ",
                                                   Hex8(key->key_id)));
  }
  return key;
}

std::string FormatVerifierKey(const NoteKey& key) {
  return FormatKeyText(key.name, key.key_id, key.type, key.public_key);
}

absl::StatusOr<NamedSigningKey> ParsePrivateKey(std::string_view text) {
  // The text is secret, so no message quotes it.
  if (!text.starts_with(kPrivateKeyPrefix)) {
    return absl::InvalidArgumentError(absl::StrCat("a private key begins with ", std::string(kPrivateKeyPrefix)));
  }
  absl::StatusOr<KeyText> parsed = ParseKeyText(text.substr(kPrivateKeyPrefix.size()));
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the private key is malformed: ", parsed.status().message()));
  }
  if (parsed->type != kNoteEd25519) {
    return absl::InvalidArgumentError(absl::StrCat("a private key of type 0x", absl::Hex(parsed->type, absl::kZeroPad2),
                                                   "; known is Ed25519 (0x01)"));
  }
  SigningKey key = SigningKey::FromSeed(parsed->material);
  const uint32_t key_id = ComputeKeyId(parsed->name, kNoteEd25519, key.public_key());
  if (key_id != parsed->key_id) {
    return absl::InvalidArgumentError(absl::StrCat("the key id of private key ", std::string(parsed->name), " is ",
                                                   Hex8(parsed->key_id), ", and that of its name and key is ",
                                                   Hex8(key_id)));
  }
  return NamedSigningKey{std::string(parsed->name), std::move(key)};
}

std::string FormatPrivateKey(const NamedSigningKey& key) {
  const uint32_t key_id = ComputeKeyId(key.name, kNoteEd25519, key.key.public_key());
  return absl::StrCat(std::string(kPrivateKeyPrefix), FormatKeyText(key.name, key_id, kNoteEd25519, key.key.seed()));
}

absl::Status CheckNoteText(std::string_view text) {
  if (!text.ends_with('\n')) return absl::InvalidArgumentError("the text of a note ends in a newline");
  int line = 1;
  for (std::string_view rest = text; !rest.empty();) {
    const std::optional<uint32_t> point = TakeCodePoint(rest);
    if (!point) return absl::InvalidArgumentError(absl::StrCat("line ", line, " is not UTF-8"));
    if (*point == '\n') {
      ++line;
    } else if (*point < 0x20) {
      return absl::InvalidArgumentError(
          absl::StrCat("line ", line, " has the control character 0x", absl::Hex(*point, absl::kZeroPad2)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Note> ParseNote(std::string_view bytes) {
  if (bytes.size() > kNoteBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("a note of ", bytes.size(), " bytes; at most ", kNoteBytesMax));
  }
  if (absl::Status status = CheckNoteText(bytes); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the note: ", status.message()));
  }
  const size_t blank = bytes.rfind("\n\n");
  if (blank == std::string_view::npos) {
    return absl::InvalidArgumentError("the note has no empty line between its text and its signatures");
  }
  absl::StatusOr<std::vector<NoteSignature>> signatures = ParseSignatureLines(bytes.substr(blank + 2));
  if (!signatures.ok()) return signatures.status();
  return Note{std::string(bytes.substr(0, blank + 1)), *std::move(signatures)};
}

std::string FormatNote(const Note& note) {
  std::string bytes = absl::StrCat(note.text, "\n");
  for (const NoteSignature& signature : note.signatures) bytes += FormatSignatureLine(signature);
  return bytes;
}

absl::StatusOr<std::vector<NoteSignature>> ParseSignatureLines(std::string_view lines) {
  std::vector<NoteSignature> signatures;
  LineReader reader(lines);
  while (!reader.done()) {
    const std::optional<std::string_view> line = reader.Next();
    if (!line) return absl::InvalidArgumentError("the last signature line has no newline");
    if (signatures.size() == kNoteSignatureCountMax) {
      return absl::InvalidArgumentError(absl::StrCat("a note of more than ", kNoteSignatureCountMax, " signatures"));
    }
    absl::StatusOr<NoteSignature> signature = ParseSignatureLine(*line);
    if (!signature.ok()) return At(reader.number(), signature.status());
    signatures.push_back(*std::move(signature));
  }
  if (signatures.empty()) return absl::InvalidArgumentError("there is no signature line");
  return signatures;
}

std::string FormatSignatureLine(const NoteSignature& signature) {
  return absl::StrCat(std::string(kSignaturePrefix), signature.name, " ",
                      EncodeBase64(KeyIdBytes(signature.key_id) + signature.bytes), "\n");
}

absl::StatusOr<NoteSignature> SignText(std::string_view text, std::string_view name, const SigningKey& key) {
  if (absl::Status status = CheckNoteText(text); !status.ok()) return status;
  absl::StatusOr<NoteKey> note_key = MakeNoteKey(name, kNoteEd25519, key.public_key());
  if (!note_key.ok()) return note_key.status();
  const Signature signature = key.Sign(text);
  return NoteSignature{std::move(note_key->name), note_key->key_id, std::string(signature.begin(), signature.end())};
}

absl::StatusOr<std::vector<VerifiedSignature>> VerifyNote(const Note& note, std::span<const NoteKey> keys) {
  std::vector<VerifiedSignature> verified;
  for (const NoteKey& key : keys) {
    std::optional<VerifiedSignature> found;
    for (const NoteSignature& signature : note.signatures) {
      if (signature.name != key.name || signature.key_id != key.key_id) continue;
      int64_t time_seconds = 0;
      if (key.type == kNoteCosignature) {
        absl::StatusOr<int64_t> time = VerifyCosignature(note.text, key, signature);
        if (!time.ok()) return time.status();
        time_seconds = *time;
      } else {
        Signature bytes;
        bool good = signature.bytes.size() == bytes.size();
        if (good) {
          std::copy(signature.bytes.begin(), signature.bytes.end(), bytes.begin());
          good = VerifySignature(key.public_key, note.text, bytes);
        }
        if (!good) {
          return absl::InvalidArgumentError(
              absl::StrCat("the signature of ", key.name, " (key ", Hex8(key.key_id), ") is not good"));
        }
      }
      if (!found) found = VerifiedSignature{key, time_seconds};
      found->time_seconds = std::max(found->time_seconds, time_seconds);
    }
    if (found) verified.push_back(*std::move(found));
  }
  if (verified.empty()) {
    std::string signers;
    for (const NoteSignature& signature : note.signatures) {
      absl::StrAppend(&signers, signers.empty() ? "" : ", ", signature.name, "+", Hex8(signature.key_id));
    }
    return absl::UnauthenticatedError(
        absl::StrCat("none of ", keys.size(), " known keys signed the note; signed it have ", signers));
  }
  return verified;
}

}  // namespace hattama::merkle
