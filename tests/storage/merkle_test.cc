// The hashes of RFC 6962 and the growing edge of its tree, against published answers and against the definition.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/sha256.h"
#include "tests/storage/naive_merkle.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::Entries;
using ::hattama::testing::Hex;
using ::hattama::testing::NaiveRoot;
using ::hattama::testing::Part;
using ::testing::ElementsAre;

Entries NumberedEntries(size_t count) {
  Entries entries;
  for (size_t i = 0; i < count; ++i) entries.push_back(absl::StrCat("entry ", i));
  return entries;
}

// FIPS 180-4's examples: no bytes, one block, two blocks.
TEST(Sha256Test, GivesThePublishedDigests) {
  EXPECT_EQ(Hex(Sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Hex(Sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Hex(Sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Rfc6962Test, TheEmptyRootIsTheDigestOfNoBytes) {
  EXPECT_EQ(Hex(EmptyRoot()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// Known answers of transparency-dev/merkle, rfc6962/rfc6962_test.go.
TEST(Rfc6962Test, LeafHashesAreThePublishedOnes) {
  EXPECT_EQ(Hex(LeafHash("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(Hex(LeafHash("L123456")), "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
}

// The root of the published tree of two, from its two published leaf hashes.
TEST(Rfc6962Test, TheHashOfANodeIsThePublishedOne) {
  EXPECT_EQ(Hex(NodeHash(LeafHash(""), LeafHash(std::string(1, '\0')))),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
}

TEST(Rfc6962Test, BytesAfterANulAreHashedToo) {
  EXPECT_NE(Hex(LeafHash(std::string("a\0b", 3))), Hex(LeafHash(std::string("a\0c", 3))));
  EXPECT_NE(Hex(LeafHash(std::string("a\0", 2))), Hex(LeafHash("a")));
}

// Without the prefix bytes, whoever submits two hashes as an entry could pass a node off as a leaf.
TEST(Rfc6962Test, NoEntryHashesToANode) {
  const Hash left = LeafHash("left");
  const Hash right = LeafHash("right");
  const std::string children = testing::Bytes(left) + testing::Bytes(right);
  EXPECT_NE(Hex(LeafHash(children)), Hex(NodeHash(left, right)));
  EXPECT_NE(Hex(LeafHash('\x01' + children)), Hex(NodeHash(left, right)));
}

TEST(Rfc6962Test, ANodeTellsItsLeftChildFromItsRight) {
  EXPECT_NE(Hex(NodeHash(LeafHash("a"), LeafHash("b"))), Hex(NodeHash(LeafHash("b"), LeafHash("a"))));
}

// The eight entries of the Certificate Transparency reference tests and the roots of their trees of 0..8.
TEST(FrontierTest, HasThePublishedRoots) {
  const std::vector<std::pair<std::string, std::string>> entry_and_root = {
      {"", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
      {"00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
      {"10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
      {"2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
      {"3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
      {"40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
      {"5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
      {"606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"}};
  Frontier frontier;
  EXPECT_EQ(Hex(frontier.root()), Hex(EmptyRoot()));
  for (const auto& [entry, root] : entry_and_root) {
    frontier.Append(LeafHash(absl::HexStringToBytes(entry)));
    EXPECT_EQ(Hex(frontier.root()), root) << "at size " << frontier.size();
  }
}

// The log that comes with Tessera (testdata/log), whose last checkpoint has 15 entries.
TEST(FrontierTest, HasTheRootOfTheTesseraLog) {
  Frontier frontier;
  for (const char* entry : {"one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven",
                            "twelf", "threeten", "fourten", "fivten"}) {
    frontier.Append(LeafHash(entry));
  }
  EXPECT_EQ(absl::Base64Escape(testing::Bytes(frontier.root())), "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=");
}

TEST(FrontierTest, GrowsToTheRootOfTheDefinition) {
  const Entries entries = NumberedEntries(130);
  Frontier frontier;
  for (size_t size = 0; size <= entries.size(); ++size) {
    ASSERT_EQ(frontier.size(), static_cast<int64_t>(size));
    ASSERT_EQ(Hex(frontier.root()), Hex(NaiveRoot(Part(entries, 0, size)))) << "at size " << size;
    if (size < entries.size()) frontier.Append(LeafHash(entries[size]));
  }
}

TEST(FrontierTest, NamesEverySubtreeOnceWhenItIsComplete) {
  const Entries entries = NumberedEntries(70);
  Frontier frontier;
  for (size_t size = 1; size <= entries.size(); ++size) {
    std::vector<Node> completed;
    frontier.Append(LeafHash(entries[size - 1]), [&](const Node& node) { completed.push_back(node); });
    // Subtrees that end at the new leaf: one for each power of two that divides the new size, the leaf first.
    size_t level = 0;
    for (; size % (size_t{1} << level) == 0; ++level) {
      const size_t width = size_t{1} << level;
      ASSERT_LT(level, completed.size()) << "no subtree of width " << width << " at size " << size;
      EXPECT_EQ(completed[level].level, static_cast<int>(level)) << "at size " << size;
      EXPECT_EQ(completed[level].index, static_cast<int64_t>(size / width - 1)) << "at size " << size;
      EXPECT_EQ(Hex(completed[level].hash), Hex(NaiveRoot(Part(entries, size - width, size))))
          << "level " << level << " at size " << size;
    }
    EXPECT_EQ(completed.size(), level) << "more subtrees than end at size " << size;
  }
}

// What a store does at each start: it has no frontier, only the roots of complete subtrees.
TEST(FrontierTest, GoesOnFromItsSubtreeRoots) {
  const Entries entries = NumberedEntries(40);
  for (size_t size = 0; size < entries.size(); ++size) {
    std::vector<Hash> roots;
    size_t begin = 0;
    for (size_t width = 64; width > 0; width /= 2) {
      if ((size & width) == 0) continue;
      roots.push_back(NaiveRoot(Part(entries, begin, begin + width)));
      begin += width;
    }
    Frontier frontier(static_cast<int64_t>(size), roots);
    EXPECT_EQ(Hex(frontier.root()), Hex(NaiveRoot(Part(entries, 0, size)))) << "restored at size " << size;
    for (size_t i = size; i < entries.size(); ++i) frontier.Append(LeafHash(entries[i]));
    EXPECT_EQ(Hex(frontier.root()), Hex(NaiveRoot(entries))) << "restored at size " << size << ", grown to 40";
  }
}

// An append that fails is forgotten by dropping the copy it was tried on.
TEST(FrontierTest, ACopyGrowsByItself) {
  Frontier original;
  for (int i = 0; i < 5; ++i) original.Append(LeafHash(absl::StrCat("entry ", i)));
  Frontier copy = original;
  for (int i = 5; i < 9; ++i) copy.Append(LeafHash(absl::StrCat("entry ", i)));
  EXPECT_EQ(original.size(), 5);
  EXPECT_EQ(Hex(original.root()), Hex(NaiveRoot(NumberedEntries(5))));
  EXPECT_EQ(Hex(copy.root()), Hex(NaiveRoot(NumberedEntries(9))));
}

TEST(FrontierDeathTest, RefusesRootsThatDoNotFitItsSize) {
  EXPECT_DEATH(Frontier(3, {LeafHash("only one")}), "one root per set bit of the size");
}

}  // namespace
}  // namespace hattama::merkle
