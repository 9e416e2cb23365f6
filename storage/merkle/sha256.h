// SHA-256, the only hash of the log. Nothing about trees: see rfc6962.h.
#ifndef HATTAMA_STORAGE_MERKLE_SHA256_H_
#define HATTAMA_STORAGE_MERKLE_SHA256_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hattama::merkle {

inline constexpr size_t kHashBytes = 32;

// A SHA-256 digest, leaf hash or node hash.
using Hash = std::array<uint8_t, kHashBytes>;

// SHA-256 of `data`.
Hash Sha256(std::string_view data);

// The root of the empty tree: SHA-256 of no bytes (RFC 6962 section 2.1).
Hash EmptyRoot();

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_SHA256_H_
