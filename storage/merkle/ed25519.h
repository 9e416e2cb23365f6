// Ed25519 signatures (RFC 8032, the pure variant). What is signed, and under which name, is signed_note.h's office.
#ifndef HATTAMA_STORAGE_MERKLE_ED25519_H_
#define HATTAMA_STORAGE_MERKLE_ED25519_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

struct evp_pkey_st;  // EVP_PKEY of libcrypto.

namespace hattama::merkle {

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;
// The private key of RFC 8032 section 5.1.5, from which everything else is derived.
using Seed = std::array<uint8_t, 32>;

struct FreeKey {
  void operator()(evp_pkey_st* key) const;
};
using OwnedKey = std::unique_ptr<evp_pkey_st, FreeKey>;

// A private key. Its seed is wiped from memory with it. Const methods may be called by several threads at once.
class SigningKey {
 public:
  // From the system's random numbers. Unavailable where there are none.
  static absl::StatusOr<SigningKey> Generate();
  static SigningKey FromSeed(const Seed& seed);
  // PKCS#8 ("BEGIN PRIVATE KEY"), as `openssl genpkey -algorithm ed25519` writes it. InvalidArgument where the text
  // holds no such key, another kind of key, or one that needs a passphrase.
  static absl::StatusOr<SigningKey> FromPem(std::string_view pem);

  SigningKey(SigningKey&& other) noexcept;
  SigningKey& operator=(SigningKey&& other) noexcept;
  ~SigningKey();

  // Secret: whoever reads it signs in this key's name.
  std::string ToPem() const;
  const Seed& seed() const { return seed_; }

  const PublicKey& public_key() const { return public_key_; }
  // The one signature of these bytes: Ed25519 is deterministic.
  Signature Sign(std::string_view message) const;

 private:
  SigningKey(const Seed& seed, OwnedKey key);

  Seed seed_;
  PublicKey public_key_{};
  OwnedKey key_;
};

// A public key that is used often. Keeping it decoded saves one or two hundredths of a verification, which takes some
// 80 microseconds of one core, all of them in libcrypto. Const methods may be called by several threads at once.
class Verifier {
 public:
  explicit Verifier(const PublicKey& public_key);

  const PublicKey& public_key() const { return public_key_; }
  bool Verify(std::string_view message, const Signature& signature) const;

 private:
  PublicKey public_key_;
  OwnedKey key_;
};

// One verification with a key that is not kept.
bool VerifySignature(const PublicKey& public_key, std::string_view message, const Signature& signature);

// True for the encodings of points of order 1, 2, 4 or 8. Under such a key anybody can sign, so nobody should be
// granted one; VerifySignature refuses them too.
bool IsSmallOrder(const PublicKey& public_key);

// SubjectPublicKeyInfo ("BEGIN PUBLIC KEY"), as `openssl pkey -pubout` writes it.
std::string PublicKeyToPem(const PublicKey& public_key);
absl::StatusOr<PublicKey> PublicKeyFromPem(std::string_view pem);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_ED25519_H_
