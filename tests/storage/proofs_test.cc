// Proofs as RFC 6962 defines them, against published ones and against the definition.
#include "storage/merkle/proofs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/merkle/verify.h"
#include "tests/storage/naive_merkle.h"
#include "tests/storage/stored_tree.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::ConsistencyOf;
using ::hattama::testing::Entries;
using ::hattama::testing::Hex;
using ::hattama::testing::InclusionOf;
using ::hattama::testing::NaivePath;
using ::hattama::testing::NaiveRoot;
using ::hattama::testing::NaiveSubproof;
using ::hattama::testing::Part;
using ::hattama::testing::StoredTree;
using ::testing::HasSubstr;

constexpr int64_t kSizeMax = 70;  // Beyond 64, so that there are complete trees of every height up to 6, and one above.

// The eight entries of the Certificate Transparency reference tests.
StoredTree PublishedTree() {
  Entries entries;
  for (const char* hex :
       {"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"}) {
    entries.push_back(absl::HexStringToBytes(hex));
  }
  return StoredTree(std::move(entries));
}

// log_verifier_test.go of transparency-dev/merkle, as (index, size) counted from 0.
TEST(InclusionProofTest, IsThePublishedOne) {
  using Texts = std::vector<std::string>;
  const StoredTree tree = PublishedTree();
  EXPECT_EQ(Hex(tree.Inclusion(0, 1)), Texts{});
  EXPECT_EQ(Hex(tree.Inclusion(0, 8)), (Texts{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                              "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                              "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  EXPECT_EQ(Hex(tree.Inclusion(5, 8)), (Texts{"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                              "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                              "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(Hex(tree.Inclusion(2, 3)), Texts{"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"});
  EXPECT_EQ(Hex(tree.Inclusion(1, 5)), (Texts{"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                              "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                              "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
}

TEST(ConsistencyProofTest, IsThePublishedOne) {
  using Texts = std::vector<std::string>;
  const StoredTree tree = PublishedTree();
  EXPECT_EQ(Hex(tree.Consistency(1, 1)), Texts{});
  EXPECT_EQ(Hex(tree.Consistency(1, 8)), (Texts{"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                                                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}));
  EXPECT_EQ(Hex(tree.Consistency(6, 8)), (Texts{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
  EXPECT_EQ(Hex(tree.Consistency(2, 5)), (Texts{"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                                                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}));
  EXPECT_EQ(Hex(tree.Consistency(6, 7)), (Texts{"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                                "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
                                                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}));
}

TEST(RootAtTest, IsTheRootOfTheDefinitionAtEverySize) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (int64_t size = 0; size <= kSizeMax; ++size) {
    const absl::StatusOr<Hash> root = RootAt(size, tree.reader());
    ASSERT_TRUE(root.ok()) << "size " << size << ": " << root.status();
    EXPECT_EQ(Hex(*root), Hex(NaiveRoot(Part(tree.entries(), 0, size)))) << "size " << size;
  }
  EXPECT_EQ(RootAt(-1, tree.reader()).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(InclusionProofTest, IsThePathOfTheDefinitionAndVerifies) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (int64_t size = 1; size <= kSizeMax; ++size) {
    const Entries entries = Part(tree.entries(), 0, size);
    for (int64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = tree.Inclusion(index, size);
      ASSERT_EQ(Hex(proof), Hex(NaivePath(index, entries))) << InclusionOf(index, size);
      const absl::Status status = VerifyInclusion(tree.leaf(index), index, size, proof, tree.root(size));
      ASSERT_TRUE(status.ok()) << InclusionOf(index, size) << ": " << status;
    }
  }
}

TEST(ConsistencyProofTest, IsTheProofOfTheDefinitionAndVerifies) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (int64_t second = 0; second <= kSizeMax; ++second) {
    const Entries entries = Part(tree.entries(), 0, second);
    for (int64_t first = 0; first <= second; ++first) {
      const std::vector<Hash> proof = tree.Consistency(first, second);
      if (first > 0) {
        ASSERT_EQ(Hex(proof), Hex(NaiveSubproof(first, entries))) << ConsistencyOf(first, second);
      } else {
        ASSERT_EQ(Hex(proof), std::vector<std::string>{}) << ConsistencyOf(first, second);
      }
      const absl::Status status = VerifyConsistency(first, second, proof, tree.root(first), tree.root(second));
      ASSERT_TRUE(status.ok()) << ConsistencyOf(first, second) << ": " << status;
    }
  }
}

TEST(InclusionProofTest, IsOutOfRangeOutsideTheTree) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (const auto& [index, size] : {std::pair<int64_t, int64_t>{0, 0}, {-1, 5}, {5, 5}, {6, 5}, {0, -1}}) {
    const absl::Status status = InclusionProof(index, size, tree.reader()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << InclusionOf(index, size) << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("index ", index))) << InclusionOf(index, size);
  }
}

TEST(ConsistencyProofTest, IsOutOfRangeForSizesThatShrink) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (const auto& [first, second] : {std::pair<int64_t, int64_t>{-1, 5}, {6, 5}, {1, 0}, {0, -1}}) {
    const absl::Status status = ConsistencyProof(first, second, tree.reader()).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << ConsistencyOf(first, second) << ": " << status;
  }
}

// A store answers from disk, and a proof with a guess in it would be worse than none.
TEST(ProofTest, PassesOnWhateverTheReaderCouldNotRead) {
  const StoredTree tree = StoredTree::OfNumbers(23);
  const std::vector<std::pair<std::string, std::function<absl::Status(const NodeReader&)>>> makers = {
      {"RootAt(23)", [](const NodeReader& read) { return RootAt(23, read).status(); }},
      {"InclusionProof(20, 23)", [](const NodeReader& read) { return InclusionProof(20, 23, read).status(); }},
      {"ConsistencyProof(11, 23)", [](const NodeReader& read) { return ConsistencyProof(11, 23, read).status(); }}};
  for (const auto& [name, make] : makers) {
    int count = 0;
    const absl::Status whole = make([&](int level, int64_t index) {
      ++count;
      return tree.reader()(level, index);
    });
    ASSERT_TRUE(whole.ok()) << name << ": " << whole;
    ASSERT_GT(count, 3) << name << " read fewer nodes than 23 = 16 + 4 + 2 + 1 leaves have";
    for (int failing = 0; failing < count; ++failing) {
      int reads = 0;
      const absl::Status status = make([&](int level, int64_t index) -> absl::StatusOr<Hash> {
        if (reads++ == failing) return absl::DataLossError("that node is gone");
        return tree.reader()(level, index);
      });
      EXPECT_EQ(status, absl::DataLossError("that node is gone")) << name << ", read " << failing << " of " << count;
    }
  }
}

// Every entry of this tree is the same, so a node is known by its level alone and no tree is too large to try.
TEST(ProofTest, ReadsFewNodesAndVerifiesAtSizesNoMemoryHolds) {
  std::vector<Hash> by_level = {testing::NaiveLeaf("the same")};
  while (by_level.size() < 63) by_level.push_back(testing::NaiveNode(by_level.back(), by_level.back()));
  int reads = 0;
  const NodeReader read = [&](int level, int64_t index) -> absl::StatusOr<Hash> {
    ++reads;
    if (level < 0 || level > 62 || index < 0) return absl::InternalError(absl::StrCat(level, ", ", index));
    return by_level[level];
  };
  const int64_t power = int64_t{1} << 62;
  for (const int64_t size :
       {(int64_t{1} << 40) + 5, power - 1, power, power + 1, std::numeric_limits<int64_t>::max()}) {
    const absl::StatusOr<Hash> root = RootAt(size, read);
    ASSERT_TRUE(root.ok()) << size << ": " << root.status();
    for (const int64_t index : {int64_t{0}, int64_t{1}, size / 2, size - 2, size - 1}) {
      reads = 0;
      const absl::StatusOr<std::vector<Hash>> path = InclusionProof(index, size, read);
      ASSERT_TRUE(path.ok()) << InclusionOf(index, size) << ": " << path.status();
      EXPECT_LE(reads, 2 * 63) << InclusionOf(index, size);
      const absl::Status included = VerifyInclusion(by_level[0], index, size, *path, *root);
      EXPECT_TRUE(included.ok()) << InclusionOf(index, size) << ": " << included;

      const int64_t first = index + 1;
      const absl::StatusOr<Hash> first_root = RootAt(first, read);
      ASSERT_TRUE(first_root.ok()) << first << ": " << first_root.status();
      reads = 0;
      const absl::StatusOr<std::vector<Hash>> proof = ConsistencyProof(first, size, read);
      ASSERT_TRUE(proof.ok()) << ConsistencyOf(first, size) << ": " << proof.status();
      EXPECT_LE(reads, 2 * 63) << ConsistencyOf(first, size);
      const absl::Status consistent = VerifyConsistency(first, size, *proof, *first_root, *root);
      EXPECT_TRUE(consistent.ok()) << ConsistencyOf(first, size) << ": " << consistent;
    }
  }
}

}  // namespace
}  // namespace hattama::merkle
