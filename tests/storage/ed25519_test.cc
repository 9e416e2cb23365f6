// Ed25519 against RFC 8032 and the edge cases of C2SP/CCTV; keys as PEM against RFC 8410 and openssl.
#include "storage/merkle/ed25519.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/storage/notes_support.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::testing::HasSubstr;

template <typename Bytes>
Bytes FromHex(const std::string& hex) {
  const std::string text = absl::HexStringToBytes(hex);
  Bytes bytes;
  EXPECT_EQ(text.size(), bytes.size()) << hex;
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  return bytes;
}

template <typename Bytes>
std::string ToHex(const Bytes& bytes) {
  return absl::BytesToHexString(std::string(bytes.begin(), bytes.end()));
}

struct Vector {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1: TEST 1, TEST 2, TEST 3 and TEST SHA(abc).
constexpr Vector kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
     "655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
     "b00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
     "c027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e"
     "2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17a"
     "d9bef1177331a704"},
};

TEST(SigningKeyTest, SignsAsRfc8032Does) {
  for (const Vector& vector : kRfc8032) {
    const SigningKey key = SigningKey::FromSeed(FromHex<Seed>(vector.seed));
    const std::string message = absl::HexStringToBytes(vector.message);

    EXPECT_EQ(ToHex(key.public_key()), vector.public_key);
    EXPECT_EQ(ToHex(key.Sign(message)), vector.signature);
    EXPECT_TRUE(VerifySignature(key.public_key(), message, FromHex<Signature>(vector.signature)));
  }
}

TEST(VerifySignatureTest, RefusesEveryFlippedBit) {
  const SigningKey key = KeyOf(7);
  const std::string message = "station 0412: ballots 897";
  const Signature signature = key.Sign(message);
  const Verifier verifier(key.public_key());

  ASSERT_TRUE(verifier.Verify(message, signature));
  for (size_t bit = 0; bit < 8 * message.size(); ++bit) {
    std::string changed = message;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(verifier.Verify(changed, signature)) << "bit " << bit << " of the message";
  }
  for (size_t bit = 0; bit < 8 * signature.size(); ++bit) {
    Signature changed = signature;
    changed[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(verifier.Verify(message, changed)) << "bit " << bit << " of the signature";
  }
  for (size_t bit = 0; bit < 8 * key.public_key().size(); ++bit) {
    PublicKey changed = key.public_key();
    changed[bit / 8] ^= 1 << bit % 8;
    EXPECT_FALSE(VerifySignature(changed, message, signature)) << "bit " << bit << " of the public key";
  }
  EXPECT_FALSE(verifier.Verify(message + '\0', signature));
  EXPECT_FALSE(verifier.Verify("", signature));
}

// RFC 8032 section 5.1.7: the second half of a signature is below the order of the group, so that nobody makes a second
// signature from one.
TEST(VerifySignatureTest, RefusesASecondSpellingOfASignature) {
  const SigningKey key = KeyOf(7);
  Signature signature = key.Sign("message");
  const PublicKey order = FromHex<PublicKey>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

  int carry = 0;
  for (size_t i = 0; i < 32; ++i) {
    const int sum = signature[32 + i] + order[i] + carry;
    signature[32 + i] = static_cast<uint8_t>(sum);
    carry = sum >> 8;
  }

  ASSERT_EQ(carry, 0);
  EXPECT_FALSE(VerifySignature(key.public_key(), "message", signature));
}

// The 14 encodings that C2SP/CCTV ed25519/README.md lists.
TEST(IsSmallOrderTest, KnowsEveryEncoding) {
  std::vector<std::string> encodings;
  for (const char* first : {"00", "01"}) {
    encodings.push_back(first + std::string(60, '0') + "00");
    encodings.push_back(first + std::string(60, '0') + "80");
  }
  for (const char* first : {"ec", "ed", "ee"}) {
    encodings.push_back(first + std::string(60, 'f') + "7f");
    encodings.push_back(first + std::string(60, 'f') + "ff");
  }
  for (const char* start : {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc",
                            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03"}) {
    const bool first = start[0] == '2';
    encodings.push_back(std::string(start) + (first ? "05" : "7a"));
    encodings.push_back(std::string(start) + (first ? "85" : "fa"));
  }

  ASSERT_EQ(encodings.size(), 14u);
  for (const std::string& encoding : encodings) EXPECT_TRUE(IsSmallOrder(FromHex<PublicKey>(encoding))) << encoding;
  for (const Vector& vector : kRfc8032) EXPECT_FALSE(IsSmallOrder(FromHex<PublicKey>(vector.public_key)));
}

// C2SP/CCTV ed25519vectors.json, by number. All satisfy the equation that libcrypto checks; under the first three keys
// anybody could have made them.
TEST(VerifySignatureTest, RefusesKeysUnderWhichAnybodyCanSign) {
  const std::string zeros(64, '0');
  const std::vector<std::array<std::string, 3>> vectors = {
      {zeros, zeros + zeros, "ed25519vectors 11"},  // 1
      {zeros,
       "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56b05ba9a796274d80437afa36f1236563f2f3b0aa84cecddc"
       "3"
       "d20914615ba4fe02",
       "ed25519vectors 3"},                                                     // 3
      {"ed" + std::string(60, 'f') + "7f", zeros + zeros, "ed25519vectors 6"},  // 9
  };
  for (const auto& [key, signature, message] : vectors) {
    EXPECT_FALSE(VerifySignature(FromHex<PublicKey>(key), message, FromHex<Signature>(signature))) << message;
  }
}

TEST(VerifySignatureTest, AgreesWithOtherImplementationsOnEdgeCases) {
  const PublicKey key = FromHex<PublicKey>("10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f");
  const auto verify = [&](const char* signature, const char* message) {
    return VerifySignature(key, message, FromHex<Signature>(signature));
  };
  // 7: components of small order in both points that cancel out; accepted by Go and OpenSSL alike.
  EXPECT_TRUE(verify(
      "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56bbbfd00bd9c259d8d222d15e67a3d8228585050dbb9"
      "b9585be20d8fadc721da03",
      "ed25519vectors"));
  // 6: components that do not cancel out.
  EXPECT_FALSE(verify(
      "36684ea91032ba5b1dbab2d02f4debc74c3327f2b3802e2e4d371aa42b12b56bc02e2b9e63e385c058bf62b14b3a2b29ccefe8e38d"
      "db536bc3f9865320a3d801",
      "ed25519vectors 10"));
  // 17: a first half that is not in its one canonical form.
  EXPECT_FALSE(verify(
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7fad7a355469b5c87e550469f6b2de409ee723acd584"
      "bf35f86b80c384e8ceb702",
      "ed25519vectors 3"));
}

TEST(VerifierTest, ServesSeveralThreadsAtOnce) {
  const SigningKey key = KeyOf(9);
  const Verifier verifier(key.public_key());
  std::atomic<int> wrong = 0;

  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 100; ++i) {
        const std::string message = std::to_string(thread) + "/" + std::to_string(i);
        const Signature signature = key.Sign(message);
        if (!verifier.Verify(message, signature) || verifier.Verify(message + "!", signature)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(wrong, 0);
}

TEST(SigningKeyTest, GeneratesAnotherKeyEachTime) {
  const absl::StatusOr<SigningKey> first = SigningKey::Generate();
  const absl::StatusOr<SigningKey> second = SigningKey::Generate();

  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->seed(), second->seed());
  EXPECT_NE(first->public_key(), second->public_key());
  EXPECT_TRUE(VerifySignature(first->public_key(), "m", first->Sign("m")));
}

TEST(SigningKeyTest, LeavesNoSeedBehindWhereItIsMovedFrom) {
  SigningKey key = KeyOf(5);
  const PublicKey public_key = key.public_key();

  SigningKey moved = std::move(key);
  SigningKey assigned = KeyOf(6);
  assigned = std::move(moved);

  EXPECT_EQ(key.seed(), Seed{});    // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(moved.seed(), Seed{});  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(assigned.public_key(), public_key);
  EXPECT_TRUE(VerifySignature(public_key, "m", assigned.Sign("m")));
}

// RFC 8410 section 10.
constexpr char kPrivatePem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";
constexpr char kPublicPem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";

TEST(SigningKeyTest, ReadsAndWritesThePublishedPem) {
  const absl::StatusOr<SigningKey> key = SigningKey::FromPem(kPrivatePem);

  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(ToHex(key->seed()), "d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842");
  EXPECT_EQ(ToHex(key->public_key()), "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  EXPECT_EQ(key->ToPem(), kPrivatePem);
  EXPECT_EQ(PublicKeyToPem(key->public_key()), kPublicPem);
  const absl::StatusOr<PublicKey> public_key = PublicKeyFromPem(kPublicPem);
  ASSERT_TRUE(public_key.ok()) << public_key.status();
  EXPECT_EQ(*public_key, key->public_key());
}

// Keys made for this test by openssl genpkey and ecparam.
constexpr char kEncryptedPem[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiTlSxPHMERJQICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEP33jtjOJYlhwOVofDHe7UAEQNCO\n"
    "J6EUc1wH1iUjgrVmWc9a2Fi4RwNPTByBGLL5kG1KFBWq66WRqKfJDjgEYmkLgHu1\n"
    "WLicn4fG9Gw5+gi5imA=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
constexpr char kEcPem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9rb36iJQjYuGOzZU\n"
    "jbs+Isc0+fmVxHBztyzNQg5QJaahRANCAASRrZJwoZm6wtq71E6foOeuGzloOUuh\n"
    "1k7xq5YvExtVYOvfiSf5jdMTbffIkEFhA+2lJbwbOfpxSrhBtUO/5NcS\n"
    "-----END PRIVATE KEY-----\n";
constexpr char kEcPublicPem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEka2ScKGZusLau9ROn6Dnrhs5aDlL\n"
    "odZO8auWLxMbVWDr34kn+Y3TE233yJBBYQPtpSW8Gzn6cUq4QbVDv+TXEg==\n"
    "-----END PUBLIC KEY-----\n";

TEST(SigningKeyTest, SaysWhatIsWrongWithAPem) {
  const auto message = [](std::string_view pem) {
    const absl::StatusOr<SigningKey> key = SigningKey::FromPem(pem);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument);
    return MessageOf(key);
  };
  EXPECT_THAT(message(""), HasSubstr("no \"BEGIN PRIVATE KEY\""));
  EXPECT_THAT(message(kPublicPem), HasSubstr("no \"BEGIN PRIVATE KEY\""));
  EXPECT_THAT(message(std::string(kPrivatePem).substr(0, 60)), HasSubstr("no \"BEGIN PRIVATE KEY\""));
  EXPECT_THAT(message(kEncryptedPem), HasSubstr("passphrase"));
  EXPECT_THAT(message(kEcPem), HasSubstr("type EC, not ED25519"));
  EXPECT_THAT(message(std::string(100'000, '\n')), HasSubstr("100000 bytes"));
}

TEST(PublicKeyFromPemTest, SaysWhatIsWrongWithAPem) {
  const auto message = [](std::string_view pem) {
    const absl::StatusOr<PublicKey> key = PublicKeyFromPem(pem);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument);
    return MessageOf(key);
  };
  EXPECT_THAT(message(kPrivatePem), HasSubstr("no \"BEGIN PUBLIC KEY\""));
  EXPECT_THAT(message(kEcPublicPem), HasSubstr("type EC, not ED25519"));
  EXPECT_THAT(message(PublicKeyToPem(PublicKey{})), HasSubstr("small order"));
}

}  // namespace
}  // namespace hattama::merkle
