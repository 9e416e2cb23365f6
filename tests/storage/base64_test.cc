// Base64 and decimals in one spelling only.
#include "storage/merkle/base64.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/merkle/decimal.h"
#include "storage/merkle/rfc6962.h"
#include "tests/storage/notes_support.h"

namespace hattama::merkle {
namespace {

// RFC 4648 section 10.
TEST(Base64Test, GivesThePublishedTexts) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(EncodeBase64(bytes), text);
    EXPECT_EQ(DecodeBase64(text), bytes);
  }
}

TEST(Base64Test, RefusesEveryOtherSpelling) {
  const std::vector<std::string> texts = {"Zg",        // Without its padding.
                                          "Zg=",       // With half of it.
                                          "Zg===",     // With more.
                                          "Zm9v====",  // Padding that nothing needs.
                                          "Zh==",      // A stray bit behind the last byte.
                                          "Zm9=",      // The same with one byte more.
                                          "Zm 8=",     // A space.
                                          " Zm8=",    "Zm8= ", "Zm8=\n", "Zm\n8=",
                                          "_-8=",      // The alphabet for URLs.
                                          "Zg==Zg==",  // Two texts.
                                          "Zm.v",     "=",     "====",   "Z",      "Zm9vZ"};
  for (const std::string& text : texts) EXPECT_EQ(DecodeBase64(text), std::nullopt) << text;
}

TEST(Base64Test, NoTwoTextsMeanTheSameBytes) {
  testing::SeededRandom random;
  int accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text;
    const size_t length = random.Below(13);
    for (size_t j = 0; j < length; ++j) text.push_back("ABZagz059+/=="[random.Below(13)]);
    const std::optional<std::string> bytes = DecodeBase64(text);
    if (!bytes) continue;
    ++accepted;
    ASSERT_EQ(EncodeBase64(*bytes), text);
  }
  EXPECT_GT(accepted, 1000);
}

TEST(Base64Test, AHashIsFortyFourCharacters) {
  const Hash hash = LeafHash("record");

  EXPECT_EQ(EncodeHash(hash).size(), 44u);
  EXPECT_EQ(DecodeHash(EncodeHash(hash)), hash);
  EXPECT_EQ(DecodeHash(EncodeBase64(std::string(31, 'x'))), std::nullopt);
  EXPECT_EQ(DecodeHash(EncodeBase64(std::string(33, 'x'))), std::nullopt);
  EXPECT_EQ(DecodeHash(""), std::nullopt);
}

TEST(ParseDecimalTest, ReadsNumbersUpToTheLargest) {
  EXPECT_EQ(ParseDecimal("0"), 0);
  EXPECT_EQ(ParseDecimal("20852163"), 20852163);
  EXPECT_EQ(ParseDecimal("9223372036854775807"), std::numeric_limits<int64_t>::max());
}

TEST(ParseDecimalTest, RefusesEveryOtherSpelling) {
  for (const char* text : {"", "00", "01", "-1", "+1", " 1", "1 ", "1\n", "0x1", "1e3", "1.0", "a", "-0",
                           "9223372036854775808", "99999999999999999999999", "\xd9\xa1"}) {
    EXPECT_EQ(ParseDecimal(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace hattama::merkle
