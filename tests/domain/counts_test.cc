// Counts and exact fractions at their boundaries.
#include "services/domain/counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <random>

#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

constexpr int64_t kMax = INT64_MAX;

TEST(IsCountTest, HoldsFromZeroToNineNines) {
  EXPECT_FALSE(IsCount(INT64_MIN));
  EXPECT_FALSE(IsCount(-1));
  EXPECT_TRUE(IsCount(0));
  EXPECT_TRUE(IsCount(999'999'999));
  EXPECT_FALSE(IsCount(1'000'000'000));
  EXPECT_FALSE(IsCount(INT64_MAX));
}

TEST(NarrowTest, KeepsWhatFitsSixtyFourBits) {
  EXPECT_EQ(Narrow(0), 0);
  EXPECT_EQ(Narrow(static_cast<Wide>(INT64_MAX)), INT64_MAX);
  EXPECT_EQ(Narrow(static_cast<Wide>(INT64_MIN)), INT64_MIN);
}

TEST(NarrowTest, RefusesTheFirstValuesThatDoNotFit) {
  EXPECT_EQ(Narrow(static_cast<Wide>(INT64_MAX) + 1), std::nullopt);
  EXPECT_EQ(Narrow(static_cast<Wide>(INT64_MIN) - 1), std::nullopt);
  EXPECT_EQ(Narrow(static_cast<Wide>(INT64_MAX) * INT64_MAX), std::nullopt);
}

TEST(CompareTest, ComparesByValueNotByForm) {
  EXPECT_EQ(Compare({1, 3}, {1, 2}), -1);
  EXPECT_EQ(Compare({1, 2}, {1, 3}), 1);
  EXPECT_EQ(Compare({2, 4}, {1, 2}), 0);
  EXPECT_EQ(Compare({0, 7}, {0, 1}), 0);
  EXPECT_EQ(Compare({-1, 2}, {0, 5}), -1);
}

TEST(CompareTest, SeparatesNeighboursThatNoDoubleCouldTellApart) {
  EXPECT_EQ(Compare({kMax - 1, kMax}, {kMax, kMax}), -1);
  EXPECT_EQ(Compare({kMax - 1, kMax}, {kMax - 2, kMax - 1}), 1);
  EXPECT_EQ(Compare({kMax, 1}, {kMax, kMax}), 1);
  EXPECT_EQ(Compare({-kMax, 1}, {kMax, 1}), -1);
}

TEST(ReachesTest, IsDecidedByInclusiveExactlyAtTheBarAlone) {
  const Fraction bar{5, 100};
  for (const bool inclusive : {true, false}) {
    EXPECT_FALSE(Reaches({49'999, 1'000'000}, bar, inclusive));
    EXPECT_EQ(Reaches({50'000, 1'000'000}, bar, inclusive), inclusive);
    EXPECT_TRUE(Reaches({50'001, 1'000'000}, bar, inclusive));
  }
}

TEST(CompareTest, IsAnOrderOnRandomFractions) {
  std::mt19937_64 random(testing::Seed());
  // Small numbers make equal values likely, huge ones would overflow a product of 64 bits.
  const auto number = [&random] {
    return static_cast<int64_t>(random() % 2 == 0 ? random() % 6 + 1 : random() >> 1 | int64_t{1});
  };
  for (int i = 0; i < 20'000; ++i) {
    const Fraction a{number() - 3, number()};
    const Fraction b{number() - 3, number()};
    const Fraction c{number() - 3, number()};
    ASSERT_EQ(Compare(a, a), 0);
    ASSERT_EQ(Compare(a, b), -Compare(b, a));
    if (Compare(a, b) <= 0 && Compare(b, c) <= 0) {
      ASSERT_LE(Compare(a, c), 0);
    }
    ASSERT_EQ(Reaches(a, b, true), !Reaches(b, a, false));
  }
}

}  // namespace
}  // namespace hattama::domain
