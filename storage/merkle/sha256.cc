// The one-shot SHA256() takes the processor's SHA extensions and skips the per-call cost of EVP.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "storage/merkle/sha256.h"

#include <openssl/sha.h>

namespace hattama::merkle {

Hash Sha256(std::string_view data) {
  Hash hash;
  SHA256(reinterpret_cast<const unsigned char*>(data.data()), data.size(), hash.data());
  return hash;
}

Hash EmptyRoot() { return Sha256({}); }

}  // namespace hattama::merkle
