#include "storage/keys/key_file.h"

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "storage/files/small_file.h"

namespace hattama::storage {
namespace {

constexpr size_t kKeyFileBytesMax = 64 << 10;
constexpr char kPemBegin[] = "-----BEGIN";
constexpr size_t kHexKeySize = 64;

absl::Status About(const std::string& path, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
}

// What the argument says: the text of a file where it names one, else itself.
absl::StatusOr<std::string> TextOf(const std::string& text_or_path) {
  std::error_code ignored;
  if (!std::filesystem::exists(text_or_path, ignored)) return text_or_path;
  absl::StatusOr<std::string> text = ReadSmallFile(text_or_path, kKeyFileBytesMax);
  if (!text.ok()) return text.status();
  return text;
}

// The verifier key that the argument says or, where it names a file, that the file holds as `text`.
absl::StatusOr<merkle::NoteKey> VerifierKeyIn(std::string_view text, const std::string& text_or_path) {
  absl::StatusOr<merkle::NoteKey> key = merkle::ParseVerifierKey(text);
  if (key.ok()) return key;
  std::error_code ignored;
  if (std::filesystem::exists(text_or_path, ignored)) return About(text_or_path, key.status());
  // The argument itself is not repeated: it may be a secret that was taken for its public half.
  return absl::InvalidArgumentError(absl::StrCat("no file, and no verifier key: ", key.status().message()));
}

}  // namespace

absl::StatusOr<merkle::NamedSigningKey> LoadPrivateKey(const std::string& path) {
  absl::StatusOr<std::string> text = ReadSecretFile(path, kKeyFileBytesMax);
  if (!text.ok()) return text.status();
  if (absl::StartsWith(*text, kPemBegin)) {
    absl::StatusOr<merkle::SigningKey> key = merkle::SigningKey::FromPem(*text);
    if (!key.ok()) return About(path, key.status());
    return merkle::NamedSigningKey{.name = {}, .key = *std::move(key)};
  }
  absl::StatusOr<merkle::NamedSigningKey> key =
      merkle::ParsePrivateKey(std::string(absl::StripTrailingAsciiWhitespace(*text)));
  if (!key.ok()) return About(path, key.status());
  return key;
}

absl::StatusOr<merkle::PublicKey> LoadPublicKey(const std::string& text_or_path, std::string* name) {
  const absl::StatusOr<std::string> read = TextOf(text_or_path);
  if (!read.ok()) return read.status();
  const std::string text(absl::StripAsciiWhitespace(*read));
  if (absl::StartsWith(text, kPemBegin)) {
    absl::StatusOr<merkle::PublicKey> key = merkle::PublicKeyFromPem(*read);
    if (!key.ok()) return About(text_or_path, key.status());
    return key;
  }
  if (text.size() == kHexKeySize && std::all_of(text.begin(), text.end(), absl::ascii_isxdigit)) {
    const std::string bytes = absl::HexStringToBytes(text);
    merkle::PublicKey key;
    std::copy(bytes.begin(), bytes.end(), key.begin());
    return key;
  }
  const absl::StatusOr<merkle::NoteKey> key = VerifierKeyIn(text, text_or_path);
  if (!key.ok()) return key.status();
  if (name != nullptr) *name = key->name;
  return key->public_key;
}

absl::StatusOr<merkle::NoteKey> LoadVerifierKey(const std::string& text_or_path) {
  const absl::StatusOr<std::string> text = TextOf(text_or_path);
  if (!text.ok()) return text.status();
  return VerifierKeyIn(std::string(absl::StripAsciiWhitespace(*text)), text_or_path);
}

}  // namespace hattama::storage
