// The two hashes of RFC 6962 section 2.1. Their first byte keeps a leaf from passing as a node.
#ifndef HATTAMA_STORAGE_MERKLE_RFC6962_H_
#define HATTAMA_STORAGE_MERKLE_RFC6962_H_

#include <string_view>

#include "storage/merkle/sha256.h"

namespace hattama::merkle {

// SHA-256(0x00 || data).
Hash LeafHash(std::string_view data);

// SHA-256(0x01 || left || right).
Hash NodeHash(const Hash& left, const Hash& right);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_RFC6962_H_
