// Base64 as the text formats of the log write it: RFC 4648 section 4, with padding, in one spelling only.
#ifndef HATTAMA_STORAGE_MERKLE_BASE64_H_
#define HATTAMA_STORAGE_MERKLE_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

#include "storage/merkle/sha256.h"

namespace hattama::merkle {

std::string EncodeBase64(std::string_view bytes);

// The bytes that EncodeBase64 writes as `text`, or nothing: no byte outside the alphabet, no missing or extra padding,
// no bits behind the last byte that are not zero. So two texts never mean the same bytes.
std::optional<std::string> DecodeBase64(std::string_view text);

// The 44 characters of one hash.
std::string EncodeHash(const Hash& hash);
std::optional<Hash> DecodeHash(std::string_view text);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_BASE64_H_
