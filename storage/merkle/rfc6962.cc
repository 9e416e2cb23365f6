#define OPENSSL_SUPPRESS_DEPRECATED
#include "storage/merkle/rfc6962.h"

#include <openssl/sha.h>

#include <cstring>

namespace hattama::merkle {

Hash LeafHash(std::string_view data) {
  static constexpr unsigned char kPrefix = 0x00;
  Hash hash;
  SHA256_CTX context;
  SHA256_Init(&context);
  SHA256_Update(&context, &kPrefix, 1);
  SHA256_Update(&context, data.data(), data.size());
  SHA256_Final(hash.data(), &context);
  return hash;
}

Hash NodeHash(const Hash& left, const Hash& right) {
  unsigned char block[1 + 2 * kHashBytes];
  block[0] = 0x01;
  std::memcpy(block + 1, left.data(), kHashBytes);
  std::memcpy(block + 1 + kHashBytes, right.data(), kHashBytes);
  Hash hash;
  SHA256(block, sizeof(block), hash.data());
  return hash;
}

}  // namespace hattama::merkle
