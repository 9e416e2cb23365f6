#include "storage/merkle/ed25519.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace hattama::merkle {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using OwnedContext = std::unique_ptr<EVP_MD_CTX, FreeContext>;

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using OwnedBio = std::unique_ptr<BIO, FreeBio>;

const unsigned char* Bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Never asks a person: a key that needs a passphrase is an error, not a prompt on a server's terminal.
int NoPassphrase(char*, int, int, void*) { return 0; }

OwnedBio ReadOnly(std::string_view text) {
  return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string TakeText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, size);
}

// PEM files are a few hundred bytes; a larger text is not one.
constexpr size_t kPemBytesMax = 65'536;

absl::Status NoKey(std::string_view pem, const char* label) {
  ERR_clear_error();
  if (pem.find("ENCRYPTED") != std::string_view::npos) {
    return absl::InvalidArgumentError("the PEM key is encrypted with a passphrase; it must be stored without one");
  }
  return absl::InvalidArgumentError(absl::StrCat("no \"BEGIN ", label, "\" in PEM that can be read"));
}

absl::Status OtherKind(const EVP_PKEY* key) {
  const char* name = EVP_PKEY_get0_type_name(key);
  return absl::InvalidArgumentError(
      absl::StrCat("the PEM holds a key of type ", name ? name : "unknown", ", not ED25519"));
}

// All encodings of the eight points of small order, the sign bit of the last byte taken off: x and -x are both of small
// order, and of the coordinates 0 and 1 there is a second encoding, beyond the field's prime 2^255 - 19.
constexpr uint8_t kSmallOrder[][32] = {
    {0x00},
    {0x01},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
     0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
     0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

OwnedKey PublicKeyOf(const PublicKey& public_key) {
  return OwnedKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, public_key.data(), public_key.size()));
}

}  // namespace

void FreeKey::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

SigningKey::SigningKey(const Seed& seed, OwnedKey key) : seed_(seed), key_(std::move(key)) {
  size_t size = public_key_.size();
  ABSL_RAW_CHECK(EVP_PKEY_get_raw_public_key(key_.get(), public_key_.data(), &size) == 1 && size == public_key_.size(),
                 "an Ed25519 private key has a public key of 32 bytes");
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : seed_(other.seed_), public_key_(other.public_key_), key_(std::move(other.key_)) {
  OPENSSL_cleanse(other.seed_.data(), other.seed_.size());
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this == &other) return *this;
  seed_ = other.seed_;
  public_key_ = other.public_key_;
  key_ = std::move(other.key_);
  OPENSSL_cleanse(other.seed_.data(), other.seed_.size());
  return *this;
}

SigningKey::~SigningKey() { OPENSSL_cleanse(seed_.data(), seed_.size()); }

absl::StatusOr<SigningKey> SigningKey::Generate() {
  Seed seed;
  if (RAND_priv_bytes(seed.data(), static_cast<int>(seed.size())) != 1) {
    ERR_clear_error();
    return absl::UnavailableError("the system gives no random numbers for a key");
  }
  SigningKey key = FromSeed(seed);
  OPENSSL_cleanse(seed.data(), seed.size());
  return key;
}

SigningKey SigningKey::FromSeed(const Seed& seed) {
  OwnedKey key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()));
  ABSL_RAW_CHECK(key != nullptr, "every 32 bytes are an Ed25519 private key");
  return SigningKey(seed, std::move(key));
}

absl::StatusOr<SigningKey> SigningKey::FromPem(std::string_view pem) {
  if (pem.size() > kPemBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("a PEM key of ", pem.size(), " bytes; at most ", kPemBytesMax));
  }
  const OwnedBio bio = ReadOnly(pem);
  OwnedKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassphrase, nullptr));
  if (key == nullptr) return NoKey(pem, "PRIVATE KEY");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) return OtherKind(key.get());
  Seed seed;
  size_t size = seed.size();
  ABSL_RAW_CHECK(EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &size) == 1 && size == seed.size(),
                 "an Ed25519 private key has a seed of 32 bytes");
  SigningKey signing_key(seed, std::move(key));
  OPENSSL_cleanse(seed.data(), seed.size());
  return signing_key;
}

std::string SigningKey::ToPem() const {
  const OwnedBio bio(BIO_new(BIO_s_secmem()));
  ABSL_RAW_CHECK(PEM_write_bio_PKCS8PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
                 "an Ed25519 private key can be written as PKCS#8");
  return TakeText(bio.get());
}

Signature SigningKey::Sign(std::string_view message) const {
  Signature signature;
  size_t size = signature.size();
  const OwnedContext context(EVP_MD_CTX_new());
  const bool signed_well = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                           EVP_DigestSign(context.get(), signature.data(), &size, Bytes(message), message.size()) == 1;
  ABSL_RAW_CHECK(signed_well && size == signature.size(), "an Ed25519 key signs any message with 64 bytes");
  return signature;
}

Verifier::Verifier(const PublicKey& public_key) : public_key_(public_key) {
  if (!IsSmallOrder(public_key)) key_ = PublicKeyOf(public_key);
}

bool Verifier::Verify(std::string_view message, const Signature& signature) const {
  if (key_ == nullptr) return false;
  const OwnedContext context(EVP_MD_CTX_new());
  const bool good =
      EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature.data(), signature.size(), Bytes(message), message.size()) == 1;
  // What libcrypto noted of a bad signature would be found by whoever next asks it for an error on this thread.
  if (!good) ERR_clear_error();
  return good;
}

bool VerifySignature(const PublicKey& public_key, std::string_view message, const Signature& signature) {
  return Verifier(public_key).Verify(message, signature);
}

bool IsSmallOrder(const PublicKey& public_key) {
  PublicKey y = public_key;
  y.back() &= 0x7f;
  return std::any_of(std::begin(kSmallOrder), std::end(kSmallOrder),
                     [&](const uint8_t(&other)[32]) { return std::equal(y.begin(), y.end(), std::begin(other)); });
}

std::string PublicKeyToPem(const PublicKey& public_key) {
  const OwnedKey key = PublicKeyOf(public_key);
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  ABSL_RAW_CHECK(key != nullptr && PEM_write_bio_PUBKEY(bio.get(), key.get()) == 1,
                 "any 32 bytes can be written as an Ed25519 public key");
  return TakeText(bio.get());
}

absl::StatusOr<PublicKey> PublicKeyFromPem(std::string_view pem) {
  if (pem.size() > kPemBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("a PEM key of ", pem.size(), " bytes; at most ", kPemBytesMax));
  }
  const OwnedBio bio = ReadOnly(pem);
  const OwnedKey key(PEM_read_bio_PUBKEY(bio.get(), nullptr, &NoPassphrase, nullptr));
  if (key == nullptr) return NoKey(pem, "PUBLIC KEY");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) return OtherKind(key.get());
  PublicKey public_key;
  size_t size = public_key.size();
  ABSL_RAW_CHECK(EVP_PKEY_get_raw_public_key(key.get(), public_key.data(), &size) == 1 && size == public_key.size(),
                 "an Ed25519 public key has 32 bytes");
  if (IsSmallOrder(public_key)) {
    return absl::InvalidArgumentError("the public key is of small order: anybody can sign in its name");
  }
  return public_key;
}

}  // namespace hattama::merkle
