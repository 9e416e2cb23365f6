// The area tree: preorder, subtrees as ranges, counts of stations.
#include "services/domain/area.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;

std::vector<Level> Levels(int count) {
  std::vector<Level> levels;
  for (int i = 0; i < count; ++i) levels.push_back({absl::StrCat("level-", i), {}});
  return levels;
}

std::vector<std::string> IdsInOrder(const AreaTree& tree) {
  std::vector<std::string> ids;
  for (UnitIndex i = 0; i < tree.size(); ++i) ids.push_back(tree.node(i).unit.id);
  return ids;
}

// Children stand before their parents, and siblings apart from one another.
AreaTree ShuffledTree() {
  return AreaTree({{"S2", "R1", "level-2", {}},
                   {"R2", "C", "level-1", {}},
                   {"S1", "R1", "level-2", {}},
                   {"R1", "C", "level-1", {}},
                   {"C", "", "level-0", {}},
                   {"S3", "R2", "level-2", {}}},
                  Levels(3));
}

TEST(AreaTreeTest, NumbersUnitsInPreorderAndKeepsTheListedOrderOfChildren) {
  EXPECT_THAT(IdsInOrder(ShuffledTree()), ElementsAre("C", "R2", "S3", "R1", "S2", "S1"));
}

TEST(AreaTreeTest, MakesASubtreeARange) {
  const AreaTree tree = ShuffledTree();

  const UnitIndex region = *tree.Find("R1");

  EXPECT_EQ(tree.node(region).end, 6);
  EXPECT_TRUE(tree.Contains(region, region));
  EXPECT_TRUE(tree.Contains(region, *tree.Find("S1")));
  EXPECT_FALSE(tree.Contains(region, *tree.Find("S3")));
  EXPECT_FALSE(tree.Contains(region, *tree.Find("C")));
}

TEST(AreaTreeTest, CountsTheStationsBelowEachUnit) {
  const AreaTree tree = ShuffledTree();

  EXPECT_EQ(tree.node(*tree.Find("C")).station_count, 3);
  EXPECT_EQ(tree.node(*tree.Find("R1")).station_count, 2);
  EXPECT_EQ(tree.node(*tree.Find("S1")).station_count, 1);
  EXPECT_TRUE(tree.IsStation(*tree.Find("S1")));
  EXPECT_FALSE(tree.IsStation(*tree.Find("R1")));
}

TEST(AreaTreeTest, CountsAUnitWithoutStationsAsNone) {
  const AreaTree tree({{"C", "", "level-0", {}}, {"R1", "C", "level-1", {}}}, Levels(3));

  EXPECT_EQ(tree.node(*tree.Find("R1")).station_count, 0);
  EXPECT_EQ(tree.node(*tree.Find("C")).station_count, 0);
}

TEST(AreaTreeTest, AllowsStationsAtDifferentDepths) {
  const AreaTree tree({{"C", "", "level-0", {}},
                       {"embassy", "C", "level-2", {}},
                       {"R1", "C", "level-1", {}},
                       {"S1", "R1", "level-2", {}}},
                      Levels(3));

  EXPECT_TRUE(tree.IsStation(*tree.Find("embassy")));
  EXPECT_EQ(tree.node(*tree.Find("C")).station_count, 2);
}

TEST(AreaTreeTest, MayBeOneStationAlone) {
  const AreaTree tree({{"S", "", "level-0", {}}}, Levels(1));

  EXPECT_TRUE(tree.IsStation(0));
  EXPECT_EQ(tree.node(0).parent, -1);
  EXPECT_EQ(tree.node(0).end, 1);
  EXPECT_EQ(tree.node(0).station_count, 1);
}

TEST(AreaTreeTest, FindsNoUnitThatIsNotThere) {
  EXPECT_EQ(ShuffledTree().Find("S9"), std::nullopt);
  EXPECT_EQ(ShuffledTree().Find(""), std::nullopt);
}

TEST(AreaTreeTest, GoesAsDeepAsItsLevels) {
  constexpr int kDepth = 20'000;
  std::vector<Unit> units;
  for (int i = kDepth - 1; i >= 0; --i) {
    units.push_back({absl::StrCat("U", i), i == 0 ? "" : absl::StrCat("U", i - 1), absl::StrCat("level-", i), {}});
  }

  const AreaTree tree(units, Levels(kDepth));

  EXPECT_EQ(tree.size(), kDepth);
  EXPECT_EQ(tree.node(0).station_count, 1);
  EXPECT_EQ(tree.Find(absl::StrCat("U", kDepth - 1)), kDepth - 1);
  EXPECT_TRUE(tree.Contains(0, kDepth - 1));
}

// Every random tree agrees with walking up parent by parent.
TEST(AreaTreeTest, ContainsExactlyWhatHangsBelow) {
  std::mt19937_64 random(testing::Seed());
  for (int round = 0; round < 50; ++round) {
    constexpr int kLevels = 6;
    const int size = 2 + static_cast<int>(random() % 60);
    std::vector<Unit> units = {{"U0", "", "level-0", {}}};
    std::vector<int> level = {0};
    std::vector<int> parent = {-1};
    for (int i = 1; i < size; ++i) {
      int above = static_cast<int>(random() % i);
      while (level[above] == kLevels - 1) above = parent[above];
      parent.push_back(above);
      level.push_back(level[above] + 1 + static_cast<int>(random() % (kLevels - 1 - level[above])));
      units.push_back({absl::StrCat("U", i), absl::StrCat("U", above), absl::StrCat("level-", level[i]), {}});
    }
    std::vector<Unit> shuffled = units;
    std::shuffle(shuffled.begin(), shuffled.end(), random);

    const AreaTree tree(shuffled, Levels(kLevels));

    for (int outer = 0; outer < size; ++outer) {
      int stations = 0;
      for (int inner = 0; inner < size; ++inner) {
        int at = inner;
        while (at >= 0 && at != outer) at = parent[at];
        const bool below = at == outer;
        stations += below && level[inner] == kLevels - 1 ? 1 : 0;
        ASSERT_EQ(tree.Contains(*tree.Find(units[outer].id), *tree.Find(units[inner].id)), below)
            << "round " << round << ": " << units[outer].id << " and " << units[inner].id;
      }
      ASSERT_EQ(tree.node(*tree.Find(units[outer].id)).station_count, stations) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace hattama::domain
