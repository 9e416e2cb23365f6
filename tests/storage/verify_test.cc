// The verifier refuses a proof once anything in it or about it is changed. Whoever audits the log relies on this alone.
#include "storage/merkle/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/merkle/rfc6962.h"
#include "tests/storage/naive_merkle.h"
#include "tests/storage/stored_tree.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::ConsistencyOf;
using ::hattama::testing::InclusionOf;
using ::hattama::testing::NaiveSplit;
using ::hattama::testing::StoredTree;
using ::testing::HasSubstr;

constexpr int64_t kSizeMax = 70;
const Hash kForeign = LeafHash("of no tree here");

Hash Flipped(Hash hash, size_t bit) {
  hash[bit / 8] ^= 1 << bit % 8;
  return hash;
}

// Every proof that differs from `proof` in one place, with a word on the change: each hash with one bit flipped, each
// hash dropped, a hash put in at each place, each hash moved behind its neighbour.
std::vector<std::pair<std::string, std::vector<Hash>>> Tampered(const std::vector<Hash>& proof) {
  std::vector<std::pair<std::string, std::vector<Hash>>> changed;
  for (size_t i = 0; i < proof.size(); ++i) {
    std::vector<Hash> flipped = proof;
    const size_t bit = (i * 89 + proof[0][0]) % (8 * kHashBytes);  // Another for nearly every proof.
    flipped[i] = Flipped(flipped[i], bit);
    changed.emplace_back(absl::StrCat("bit ", bit, " of hash ", i, " flipped"), std::move(flipped));
    std::vector<Hash> dropped = proof;
    dropped.erase(dropped.begin() + static_cast<ptrdiff_t>(i));
    changed.emplace_back(absl::StrCat("hash ", i, " dropped"), std::move(dropped));
    if (i + 1 < proof.size()) {
      std::vector<Hash> moved = proof;
      std::swap(moved[i], moved[i + 1]);
      changed.emplace_back(absl::StrCat("hashes ", i, " and ", i + 1, " exchanged"), std::move(moved));
    }
  }
  for (size_t i = 0; i <= proof.size(); ++i) {
    for (const Hash& extra : {kForeign, Hash{}}) {
      std::vector<Hash> longer = proof;
      longer.insert(longer.begin() + static_cast<ptrdiff_t>(i), extra);
      changed.emplace_back(absl::StrCat("a hash put in at ", i), std::move(longer));
    }
    if (i == proof.size()) continue;
    std::vector<Hash> doubled = proof;
    doubled.insert(doubled.begin() + static_cast<ptrdiff_t>(i), proof[i]);
    changed.emplace_back(absl::StrCat("hash ", i, " twice"), std::move(doubled));
  }
  return changed;
}

bool Refuses(const absl::Status& status) { return status.code() == absl::StatusCode::kInvalidArgument; }

// Which side each hash of the path joins from, the leaf's sibling first. Two sizes with the same sides at an index
// take the same proof: it is the pair of size and root, as a checkpoint states it, that a leaf is proved against.
std::string Sides(int64_t index, int64_t size) {
  if (size == 1) return "";
  const int64_t k = static_cast<int64_t>(NaiveSplit(size));
  return index < k ? Sides(index, k) + "r" : Sides(index - k, size - k) + "l";
}

TEST(VerifyInclusionTest, RefusesEveryChangedProof) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (int64_t size = 1; size <= kSizeMax; ++size) {
    for (int64_t index = 0; index < size; ++index) {
      for (const auto& [change, proof] : Tampered(tree.Inclusion(index, size))) {
        const absl::Status status = VerifyInclusion(tree.leaf(index), index, size, proof, tree.root(size));
        ASSERT_TRUE(Refuses(status)) << InclusionOf(index, size) << ", " << change << ": " << status;
      }
    }
  }
}

TEST(VerifyInclusionTest, RefusesEverySingleFlippedBit) {
  const StoredTree tree = StoredTree::OfNumbers(13);
  for (int64_t index = 0; index < 13; ++index) {
    const std::vector<Hash> proof = tree.Inclusion(index, 13);
    const Hash& leaf = tree.leaf(index);
    const Hash& root = tree.root(13);
    for (size_t bit = 0; bit < 8 * kHashBytes; ++bit) {
      EXPECT_TRUE(Refuses(VerifyInclusion(Flipped(leaf, bit), index, 13, proof, root)))
          << InclusionOf(index, 13) << ", bit " << bit << " of the leaf hash";
      EXPECT_TRUE(Refuses(VerifyInclusion(leaf, index, 13, proof, Flipped(root, bit))))
          << InclusionOf(index, 13) << ", bit " << bit << " of the root";
      for (size_t i = 0; i < proof.size(); ++i) {
        std::vector<Hash> changed = proof;
        changed[i] = Flipped(changed[i], bit);
        EXPECT_TRUE(Refuses(VerifyInclusion(leaf, index, 13, changed, root)))
            << InclusionOf(index, 13) << ", bit " << bit << " of hash " << i;
      }
    }
  }
}

TEST(VerifyInclusionTest, RefusesEveryOtherIndexLeafAndRoot) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (int64_t size = 1; size <= kSizeMax; ++size) {
    for (int64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = tree.Inclusion(index, size);
      for (int64_t other = 0; other < size; ++other) {
        if (other == index) continue;
        ASSERT_TRUE(Refuses(VerifyInclusion(tree.leaf(index), other, size, proof, tree.root(size))))
            << InclusionOf(index, size) << " passes at index " << other;
        ASSERT_TRUE(Refuses(VerifyInclusion(tree.leaf(other), index, size, proof, tree.root(size))))
            << InclusionOf(index, size) << " passes with leaf " << other;
      }
      for (int64_t other = 0; other <= kSizeMax; ++other) {
        if (other == size) continue;
        ASSERT_TRUE(Refuses(VerifyInclusion(tree.leaf(index), index, size, proof, tree.root(other))))
            << InclusionOf(index, size) << " passes with the root of size " << other;
      }
    }
  }
}

TEST(VerifyInclusionTest, RefusesEveryOtherSize) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  int64_t with_other_sides = 0;
  for (int64_t size = 1; size <= kSizeMax; ++size) {
    for (int64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = tree.Inclusion(index, size);
      for (int64_t other = 0; other <= kSizeMax; ++other) {
        if (other == size) continue;
        ASSERT_TRUE(Refuses(VerifyInclusion(tree.leaf(index), index, other, proof, tree.root(other))))
            << InclusionOf(index, size) << " passes in the tree of " << other;
        if (other > index && Sides(index, other) == Sides(index, size)) continue;
        ++with_other_sides;
        ASSERT_TRUE(Refuses(VerifyInclusion(tree.leaf(index), index, other, proof, tree.root(size))))
            << InclusionOf(index, size) << " passes under its own root as of size " << other;
      }
    }
  }
  EXPECT_GT(with_other_sides, 100'000) << "of 173,950 pairs of sizes at an index, few had different sides";
}

// An empty proof and a root that equals the leaf must not talk the verifier into a tree without that leaf.
TEST(VerifyInclusionTest, RefusesAnIndexThatIsNotInTheTree) {
  const Hash leaf = LeafHash("entry 0");
  for (const auto& [index, size] : {std::pair<int64_t, int64_t>{0, 0}, {1, 1}, {2, 1}, {-1, 1}, {-1, 0}, {0, -1}}) {
    for (const std::vector<Hash>& proof : {std::vector<Hash>{}, std::vector<Hash>{leaf}}) {
      for (const Hash& root : {leaf, EmptyRoot()}) {
        const absl::Status status = VerifyInclusion(leaf, index, size, proof, root);
        EXPECT_TRUE(Refuses(status)) << InclusionOf(index, size) << ": " << status;
        EXPECT_THAT(std::string(status.message()),
                    HasSubstr(absl::StrCat("index ", index, " is not in a tree of ", size)));
      }
    }
  }
}

TEST(VerifyConsistencyTest, RefusesEveryChangedProof) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (int64_t second = 0; second <= kSizeMax; ++second) {
    for (int64_t first = 0; first <= second; ++first) {
      for (const auto& [change, proof] : Tampered(tree.Consistency(first, second))) {
        const absl::Status status = VerifyConsistency(first, second, proof, tree.root(first), tree.root(second));
        ASSERT_TRUE(Refuses(status)) << ConsistencyOf(first, second) << ", " << change << ": " << status;
      }
    }
  }
}

TEST(VerifyConsistencyTest, RefusesEverySingleFlippedBit) {
  const StoredTree tree = StoredTree::OfNumbers(13);
  for (int64_t first = 1; first <= 13; ++first) {
    const std::vector<Hash> proof = tree.Consistency(first, 13);
    const Hash& first_root = tree.root(first);
    const Hash& second_root = tree.root(13);
    for (size_t bit = 0; bit < 8 * kHashBytes; ++bit) {
      EXPECT_TRUE(Refuses(VerifyConsistency(first, 13, proof, Flipped(first_root, bit), second_root)))
          << ConsistencyOf(first, 13) << ", bit " << bit << " of the first root";
      EXPECT_TRUE(Refuses(VerifyConsistency(first, 13, proof, first_root, Flipped(second_root, bit))))
          << ConsistencyOf(first, 13) << ", bit " << bit << " of the second root";
      for (size_t i = 0; i < proof.size(); ++i) {
        std::vector<Hash> changed = proof;
        changed[i] = Flipped(changed[i], bit);
        EXPECT_TRUE(Refuses(VerifyConsistency(first, 13, changed, first_root, second_root)))
            << ConsistencyOf(first, 13) << ", bit " << bit << " of hash " << i;
      }
    }
  }
}

TEST(VerifyConsistencyTest, RefusesEveryOtherSizeAndRoot) {
  const StoredTree tree = StoredTree::OfNumbers(kSizeMax);
  for (int64_t second = 1; second <= kSizeMax; ++second) {
    for (int64_t first = 1; first <= second; ++first) {
      const std::vector<Hash> proof = tree.Consistency(first, second);
      for (int64_t other = 1; other <= kSizeMax; ++other) {
        if (other != first) {
          ASSERT_TRUE(Refuses(VerifyConsistency(first, second, proof, tree.root(other), tree.root(second))))
              << ConsistencyOf(first, second) << " passes with the first root of size " << other;
          if (other != second) {  // Equal sizes take the empty proof and equal roots.
            ASSERT_TRUE(Refuses(VerifyConsistency(other, second, proof, tree.root(other), tree.root(second))))
                << ConsistencyOf(first, second) << " passes for the first size " << other;
            ASSERT_TRUE(Refuses(VerifyConsistency(other, second, proof, tree.root(first), tree.root(second))))
                << ConsistencyOf(first, second) << " passes under its own roots for the first size " << other;
          }
        }
        if (other != second && other != first) {
          ASSERT_TRUE(Refuses(VerifyConsistency(first, second, proof, tree.root(first), tree.root(other))))
              << ConsistencyOf(first, second) << " passes with the second root of size " << other;
          ASSERT_TRUE(Refuses(VerifyConsistency(first, other, proof, tree.root(first), tree.root(other))))
              << ConsistencyOf(first, second) << " passes for the second size " << other;
        }
      }
    }
  }
}

TEST(VerifyConsistencyTest, RefusesAHistoryRewritten) {
  const StoredTree tree = StoredTree::OfNumbers(20);
  testing::Entries entries = tree.entries();
  entries[4] = "entry 4, as somebody would have liked it";
  const StoredTree forged{std::move(entries)};
  for (int64_t first = 5; first < 20; ++first) {
    const absl::Status status =
        VerifyConsistency(first, 20, forged.Consistency(first, 20), tree.root(first), forged.root(20));
    EXPECT_TRUE(Refuses(status)) << ConsistencyOf(first, 20) << ": " << status;
  }
  for (int64_t first = 1; first < 5; ++first) {  // Before the change both are one history.
    const absl::Status status =
        VerifyConsistency(first, 20, forged.Consistency(first, 20), tree.root(first), forged.root(20));
    EXPECT_TRUE(status.ok()) << ConsistencyOf(first, 20) << ": " << status;
  }
}

TEST(VerifyConsistencyTest, RefusesSizesThatShrinkOrAreNegative) {
  const StoredTree tree = StoredTree::OfNumbers(8);
  for (const auto& [first, second] : {std::pair<int64_t, int64_t>{8, 6}, {1, 0}, {-1, 3}, {-2, -1}}) {
    const absl::Status status = VerifyConsistency(first, second, {}, EmptyRoot(), EmptyRoot());
    EXPECT_TRUE(Refuses(status)) << ConsistencyOf(first, second) << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("first size ", first, " is not in 0..", second)));
  }
  EXPECT_TRUE(Refuses(VerifyConsistency(8, 6, tree.Consistency(6, 8), tree.root(8), tree.root(6))));
}

TEST(VerifyConsistencyTest, TakesNothingForGrantedBetweenEqualSizes) {
  const StoredTree tree = StoredTree::OfNumbers(5);
  EXPECT_TRUE(VerifyConsistency(5, 5, {}, tree.root(5), tree.root(5)).ok());
  EXPECT_TRUE(Refuses(VerifyConsistency(5, 5, {}, tree.root(5), tree.root(4))));
  EXPECT_TRUE(Refuses(VerifyConsistency(5, 5, {kForeign}, tree.root(5), tree.root(5))));
  EXPECT_TRUE(Refuses(VerifyConsistency(4, 5, {}, tree.root(4), tree.root(5))));
}

TEST(VerifyConsistencyTest, TheEmptyTreeIsConsistentWithAllUnderItsOneRoot) {
  const StoredTree tree = StoredTree::OfNumbers(5);
  EXPECT_TRUE(VerifyConsistency(0, 0, {}, EmptyRoot(), EmptyRoot()).ok());
  EXPECT_TRUE(VerifyConsistency(0, 5, {}, EmptyRoot(), tree.root(5)).ok());
  EXPECT_TRUE(Refuses(VerifyConsistency(0, 5, {}, kForeign, tree.root(5))));
  EXPECT_TRUE(Refuses(VerifyConsistency(0, 0, {}, kForeign, kForeign)));
  EXPECT_TRUE(Refuses(VerifyConsistency(0, 5, {tree.root(5)}, EmptyRoot(), tree.root(5))));
}

}  // namespace
}  // namespace hattama::merkle
