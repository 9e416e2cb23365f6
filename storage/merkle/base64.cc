#include "storage/merkle/base64.h"

#include <algorithm>

#include "absl/strings/escaping.h"

namespace hattama::merkle {

std::string EncodeBase64(std::string_view bytes) {
  return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::optional<std::string> DecodeBase64(std::string_view text) {
  // Abseil reads more spellings than it writes (spaces, missing padding, stray bits): what it would not write is
  // refused.
  std::string bytes;
  if (!absl::Base64Unescape(absl::string_view(text.data(), text.size()), &bytes)) return std::nullopt;
  if (EncodeBase64(bytes) != text) return std::nullopt;
  return bytes;
}

std::string EncodeHash(const Hash& hash) {
  return EncodeBase64({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::optional<Hash> DecodeHash(std::string_view text) {
  const std::optional<std::string> bytes = DecodeBase64(text);
  if (!bytes || bytes->size() != kHashBytes) return std::nullopt;
  Hash hash;
  std::copy(bytes->begin(), bytes->end(), hash.begin());
  return hash;
}

}  // namespace hattama::merkle
