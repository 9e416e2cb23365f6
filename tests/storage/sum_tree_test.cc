// Merkle sum trees: known answers of a second program, every change refused, and the attack on schemes that hash only
// the total.
#include "storage/merkle/sum_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/storage/naive_merkle.h"
#include "tests/storage/notes_support.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::Bytes;
using ::hattama::testing::Hex;
using ::hattama::testing::MessageOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<SumLeaf> Numbered(int64_t count) {
  std::vector<SumLeaf> leaves;
  for (int64_t i = 0; i < count; ++i) leaves.push_back({absl::StrCat("station ", i), {i, 3 * i + 1, 7}});
  return leaves;
}

SumTree TreeOf(const std::vector<SumLeaf>& leaves, size_t width = 3) { return SumTree::Make(width, leaves).value(); }

TEST(SumTreeTest, GivesTheKnownAnswers) {
  std::ifstream file(HATTAMA_SOURCE_DIR "/tests/vectors/sum_tree.json");
  const nlohmann::json vectors = nlohmann::json::parse(file);
  ASSERT_GE(vectors["cases"].size(), 10u);
  for (const nlohmann::json& one : vectors["cases"]) {
    SCOPED_TRACE(one["name"].get<std::string>());
    std::vector<SumLeaf> leaves;
    for (const nlohmann::json& leaf : one["leaves"]) leaves.push_back({leaf["label"], leaf["sums"]});

    const absl::StatusOr<SumTree> tree = SumTree::Make(one["width"].get<size_t>(), leaves);

    ASSERT_TRUE(tree.ok()) << tree.status();
    EXPECT_EQ(Hex(tree->root().hash), one["root"]["hash"]);
    EXPECT_EQ(tree->root().sums, one["root"]["sums"].get<std::vector<int64_t>>());
    EXPECT_EQ(Hex(tree->Commitment()), one["commitment"]);
    for (const nlohmann::json& expected : one["proofs"]) {
      const int64_t index = expected["index"];
      const absl::StatusOr<SumProof> proof = tree->Prove(index);
      ASSERT_TRUE(proof.ok()) << proof.status();
      ASSERT_EQ(proof->size(), expected["nodes"].size());
      for (size_t i = 0; i < proof->size(); ++i) {
        EXPECT_EQ(Hex((*proof)[i].hash), expected["nodes"][i]["hash"]);
        EXPECT_EQ((*proof)[i].sums, expected["nodes"][i]["sums"].get<std::vector<int64_t>>());
      }
      const auto sums = VerifySum(leaves[index], index, tree->leaf_count(), *proof, tree->Commitment());
      ASSERT_TRUE(sums.ok()) << sums.status();
      EXPECT_EQ(*sums, tree->root().sums);
    }
  }
}

TEST(SumTreeTest, ProvesEveryRowOfEverySize) {
  for (int64_t count = 1; count <= 70; ++count) {
    const std::vector<SumLeaf> leaves = Numbered(count);
    const SumTree tree = TreeOf(leaves);
    for (int64_t index = 0; index < count; ++index) {
      const auto sums = VerifySum(leaves[index], index, count, tree.Prove(index).value(), tree.Commitment());
      ASSERT_TRUE(sums.ok()) << index << " of " << count << ": " << sums.status();
      ASSERT_THAT(*sums, ElementsAre(count * (count - 1) / 2, 3 * count * (count - 1) / 2 + count, 7 * count));
    }
  }
}

TEST(VerifySumTest, RefusesEveryChange) {
  for (const int64_t count : {1, 2, 3, 5, 8, 13}) {
    const std::vector<SumLeaf> leaves = Numbered(count);
    const SumTree tree = TreeOf(leaves);
    const Hash commitment = tree.Commitment();
    for (int64_t index = 0; index < count; ++index) {
      const SumProof proof = tree.Prove(index).value();
      const auto refused = [&](const SumLeaf& leaf, int64_t at, int64_t of, const SumProof& with, const Hash& under) {
        return VerifySum(leaf, at, of, with, under).status().code() == absl::StatusCode::kInvalidArgument;
      };
      const std::string where = absl::StrCat(index, " of ", count);
      for (size_t column = 0; column < 3; ++column) {
        for (const int64_t by : {-1, 1, 1'000'000}) {
          SumLeaf leaf = leaves[index];
          leaf.sums[column] += by;
          EXPECT_TRUE(refused(leaf, index, count, proof, commitment)) << where;
          for (size_t i = 0; i < proof.size(); ++i) {
            SumProof changed = proof;
            changed[i].sums[column] += by;
            EXPECT_TRUE(refused(leaves[index], index, count, changed, commitment)) << where << ", node " << i;
            // Taken from a neighbour, so that the total stays: the most that a cheat could hope for.
            EXPECT_TRUE(refused(leaf, index, count, changed, commitment)) << where << ", node " << i;
            changed = proof;
            changed[i].sums[column] -= by;
            EXPECT_TRUE(refused(leaf, index, count, changed, commitment)) << where << ", node " << i;
          }
        }
      }
      for (size_t i = 0; i < proof.size(); ++i) {
        for (size_t byte = 0; byte < kHashBytes; ++byte) {
          SumProof changed = proof;
          changed[i].hash[byte] ^= 1;
          EXPECT_TRUE(refused(leaves[index], index, count, changed, commitment)) << where;
        }
        SumProof missing = proof;
        missing.erase(missing.begin() + i);
        EXPECT_TRUE(refused(leaves[index], index, count, missing, commitment)) << where;
        SumProof twice = proof;
        twice.insert(twice.begin() + i, proof[i]);
        EXPECT_TRUE(refused(leaves[index], index, count, twice, commitment)) << where;
      }
      SumProof extra = proof;
      extra.push_back({Hash{}, {0, 0, 0}});
      EXPECT_TRUE(refused(leaves[index], index, count, extra, commitment)) << where;
      for (int64_t other = -1; other <= count + 1; ++other) {
        EXPECT_TRUE(other == index || refused(leaves[index], other, count, proof, commitment)) << where;
        EXPECT_TRUE(other == count || refused(leaves[index], index, other, proof, commitment)) << where;
      }
      SumLeaf renamed = leaves[index];
      renamed.label += "x";
      EXPECT_TRUE(refused(renamed, index, count, proof, commitment)) << where;
      for (size_t byte = 0; byte < kHashBytes; ++byte) {
        Hash changed = commitment;
        changed[byte] ^= 0x80;
        EXPECT_TRUE(refused(leaves[index], index, count, proof, changed)) << where;
      }
    }
  }
}

// Where a figure ends and a label begins is in the hash, so no bytes can be moved from one to the other.
TEST(SumTreeTest, ALabelCannotPassForFigures) {
  const std::string eight(8, 'A');
  const int64_t as_figure = 0x4141414141414141 & kSumMax;
  const auto commitment = [](const SumLeaf& leaf) {
    return Hex(SumTree::Make(leaf.sums.size(), {leaf}).value().Commitment());
  };

  EXPECT_NE(commitment({"x" + eight, {1}}), commitment({"x", {as_figure, 1}}));
  EXPECT_NE(commitment({"", {0, 0}}), commitment({std::string(8, '\0'), {0}}));
}

// A scheme like Maxwell's first one: a node hashes only the total of its children. Its prover may tell the left child
// that the right one has less, and the right child that the left one has less, and commit to the larger of two rows
// where the sum is due. Hu, Zhang and Guo (2019) and Ji and Chalkias, Generalized Proof of Liabilities (CCS 2021),
// describe it.
class TotalOnly {
 public:
  struct Node {
    Hash hash;
    int64_t sum;
  };
  static Node Leaf(const std::string& label, int64_t sum) {
    return {Sha256(absl::StrCat("leaf ", label, " ", sum)), sum};
  }
  static Hash Parent(const Hash& left, const Hash& right, int64_t total) {
    return Sha256(absl::StrCat("node ", total, " ", Bytes(left), Bytes(right)));
  }
  // Whether the row and its sibling lead to this root and total, as that scheme checks it.
  static bool Verifies(const Node& left, const Node& right, const Hash& root, int64_t total) {
    return left.sum >= 0 && right.sum >= 0 && left.sum + right.sum == total &&
           Parent(left.hash, right.hash, total) == root;
  }
};

TEST(SumTreeTest, HasNotTheFlawOfSchemesThatHashOnlyTheTotal) {
  // Two stations counted 300 and 500 votes; the cheat publishes a total of 500.
  const TotalOnly::Node left = TotalOnly::Leaf("left", 300);
  const TotalOnly::Node right = TotalOnly::Leaf("right", 500);
  const Hash forged = TotalOnly::Parent(left.hash, right.hash, 500);
  ASSERT_TRUE(TotalOnly::Verifies(left, {right.hash, 200}, forged, 500))
      << "the left station is told that 200 are right";
  ASSERT_TRUE(TotalOnly::Verifies({left.hash, 0}, right, forged, 500)) << "the right station is told that 0 are left";

  const std::vector<SumLeaf> leaves = {{"left", {300}}, {"right", {500}}};
  const SumTree tree = TreeOf(leaves, 1);
  const SumNode left_node = tree.Prove(1).value()[0];
  const SumNode right_node = tree.Prove(0).value()[0];
  const SumProof told_left = {{right_node.hash, {200}}};
  const SumProof told_right = {{left_node.hash, {0}}};

  // Whatever root the cheat commits to, it has one figure for each side: of the two stations one at least says no. Each
  // lie has its own root here, made from that lie as the cheat would make it.
  const auto root_of = [&](int64_t left_sum, int64_t right_sum) {
    std::string bytes(1, '\x03');
    const auto append = [&](const SumNode& node, int64_t sum) {
      bytes += Bytes(node.hash);
      for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(sum >> shift));
    };
    append(left_node, left_sum);
    append(right_node, right_sum);
    return SumNode{Sha256(bytes), {left_sum + right_sum}};
  };
  ASSERT_EQ(root_of(300, 500), tree.root());
  const Hash for_left = SumCommitment(2, root_of(300, 200));
  const Hash for_right = SumCommitment(2, root_of(0, 500));
  EXPECT_TRUE(VerifySum(leaves[0], 0, 2, told_left, for_left).ok());
  EXPECT_FALSE(VerifySum(leaves[1], 1, 2, told_right, for_left).ok());
  EXPECT_TRUE(VerifySum(leaves[1], 1, 2, told_right, for_right).ok());
  EXPECT_FALSE(VerifySum(leaves[0], 0, 2, told_left, for_right).ok());
  EXPECT_NE(for_left, for_right);
}

// A negative row would take votes out of the total where nobody looks.
TEST(VerifySumTest, RefusesNegativeRowsThatALeafsOwnTreeWouldCarry) {
  SumProof proof = TreeOf(Numbered(2)).Prove(0).value();
  proof[0].sums[1] = -5;

  const absl::Status status = VerifySum(Numbered(2)[0], 0, 2, proof, Hash{}).status();

  EXPECT_THAT(MessageOf(status), HasSubstr("figure 1 of node 0 of the proof is -5, which is not in 0..2^62"));
  EXPECT_THAT(MessageOf(VerifySum({"x", {1, -1}}, 0, 1, {}, Hash{})), HasSubstr("figure 1 of the leaf \"x\" is -1"));
}

TEST(VerifySumTest, NamesWhatDoesNotFit) {
  const std::vector<SumLeaf> leaves = Numbered(5);
  const SumTree tree = TreeOf(leaves);
  const SumProof proof = tree.Prove(2).value();
  const auto message = [&](const SumLeaf& leaf, int64_t index, const SumProof& with) {
    return MessageOf(VerifySum(leaf, index, 5, with, tree.Commitment()));
  };

  EXPECT_THAT(message(leaves[2], 5, proof), HasSubstr("index 5 is not in a tree of 5"));
  EXPECT_THAT(message(leaves[2], 2, {proof[0]}), HasSubstr("the proof of 1 nodes is too short"));
  EXPECT_THAT(message(leaves[4], 4, proof), HasSubstr("the proof of 3 nodes is too long; leaf 4 of 5 has 1"));
  EXPECT_THAT(message({"station 2", {2, 7}}, 2, proof), HasSubstr("node 0 of the proof has 3 figures; 2 are expected"));
  EXPECT_THAT(message({"station 2", {2, 8, 7}}, 2, proof), HasSubstr("the row \"station 2\" at 2 of 5 does not lead"));
  SumProof large = proof;
  large[1].sums = {kSumMax, 0, 0};
  EXPECT_THAT(message(leaves[2], 2, large), HasSubstr("node 1 of the proof: figure 0: the sum of"));
}

TEST(SumTreeTest, RefusesFiguresOutOfBounds) {
  const auto status = [](const std::vector<SumLeaf>& leaves) { return SumTree::Make(2, leaves).status(); };
  EXPECT_THAT(MessageOf(status({{"a", {1, 2}}, {"b", {1}}})),
              HasSubstr("leaf 1 (\"b\") has 1 figures; 2 are expected"));
  EXPECT_THAT(MessageOf(status({{"a", {1, -2}}})), HasSubstr("figure 1 of leaf 0 (\"a\") is -2"));
  EXPECT_THAT(MessageOf(status({{"a", {1, kSumMax + 1}}})),
              HasSubstr("is 4611686018427387905, which is not in 0..2^62"));
  EXPECT_TRUE(status({{"a", {kSumMax, 0}}}).ok());
  EXPECT_TRUE(status({{"a", {kSumMax, 0}}, {"b", {0, kSumMax}}}).ok());
  const absl::Status overflow = status({{"a", {0, kSumMax}}, {"b", {0, 1}}});
  EXPECT_EQ(overflow.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(MessageOf(overflow), HasSubstr("figure 1: the sum of 4611686018427387904 and 1 exceeds 2^62"));
  EXPECT_EQ(status({{"a", {0, std::numeric_limits<int64_t>::max()}}}).code(), absl::StatusCode::kInvalidArgument);
}

TEST(SumTreeTest, TheEmptyTreeHasSumsOfZeroAndNoRowToProve) {
  const SumTree tree = TreeOf({}, 2);

  EXPECT_EQ(tree.leaf_count(), 0);
  EXPECT_THAT(tree.root().sums, ElementsAre(0, 0));
  EXPECT_EQ(tree.root().hash, EmptyRoot());
  EXPECT_EQ(tree.Prove(0).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_FALSE(VerifySum({"", {0, 0}}, 0, 0, {}, tree.Commitment()).ok());
}

TEST(VerifySumTest, RandomTreesProveTheirRowsAndRefuseChangedOnes) {
  testing::SeededRandom random;
  for (int run = 0; run < 200; ++run) {
    const size_t width = random.Below(6);
    std::vector<SumLeaf> leaves(1 + random.Below(200));
    std::vector<int64_t> totals(width, 0);
    for (SumLeaf& leaf : leaves) {
      leaf.label = std::string(random.Below(20), static_cast<char>(random.Below(256)));
      for (size_t column = 0; column < width; ++column) {
        leaf.sums.push_back(static_cast<int64_t>(random.Below(size_t{1} << (1 + random.Below(50)))));
        totals[column] += leaf.sums.back();
      }
    }
    const SumTree tree = TreeOf(leaves, width);
    const auto index = static_cast<int64_t>(random.Below(leaves.size()));
    const SumProof proof = tree.Prove(index).value();

    const auto sums = VerifySum(leaves[index], index, tree.leaf_count(), proof, tree.Commitment());
    ASSERT_TRUE(sums.ok()) << sums.status();
    ASSERT_EQ(*sums, totals);

    if (width == 0 || proof.empty()) continue;
    SumProof changed = proof;
    changed[random.Below(changed.size())].sums[random.Below(width)] ^= int64_t{1} << random.Below(62);
    ASSERT_FALSE(VerifySum(leaves[index], index, tree.leaf_count(), changed, tree.Commitment()).ok());
  }
}

}  // namespace
}  // namespace hattama::merkle
