// Integer percentages: the window as whole numbers, the probability against the whole distribution, the sums over
// stations.
#include "services/domain/integer_percentages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

StationFigures Station(int64_t registered, int64_t issued, int64_t cast, int64_t leader) {
  return {.registered = registered, .issued = issued, .valid = cast, .invalid = 0, .votes = {leader}};
}

// The definition again: some whole number m of per cents is within a twentieth.
bool WithinOfSome(int64_t part, int64_t whole) {
  for (int64_t m = 0; m <= 100; ++m) {
    if (20 * std::abs(100 * part - m * whole) <= whole) return true;
  }
  return false;
}

// The probability again: every k from 0 to whole, by the gamma function.
double ProbabilityOverAll(int64_t part, int64_t whole) {
  const long double p = static_cast<long double>(part) / static_cast<long double>(whole);
  long double inside = 0;
  for (int64_t k = 0; k <= whole; ++k) {
    if (!WithinOfSome(k, whole)) continue;
    inside += std::exp(std::lgamma(static_cast<long double>(whole + 1)) - std::lgamma(static_cast<long double>(k + 1)) -
                       std::lgamma(static_cast<long double>(whole - k + 1)) + k * std::log(p) +
                       (whole - k) * std::log(1 - p));
  }
  return static_cast<double>(inside);
}

TEST(IsIntegerPercentageTest, IncludesTheTwentiethItself) {
  struct Case {
    int64_t part;
    int64_t whole;
    bool integer;
  };
  const Case cases[] = {
      {500, 1'000'000, true},       // 0.05 %: at.
      {501, 1'000'000, false},      // Just above.
      {499, 1'000'000, true},       // Just below.
      {999'500, 1'000'000, true},   // 99.95 %.
      {999'499, 1'000'000, false},  //
      {500, 999'999, false},        // 0.05000005 %.
      {0, 7, true},                 //
      {7, 7, true},                 //
      {1, 3, false},                // 33.33 %.
      {1, 1, true},                 //
      {1, 1'999'999'998, true},     // The largest base there can be.
      {1'999'999'997, 1'999'999'998, true},
  };
  for (const Case& c : cases) EXPECT_EQ(IsIntegerPercentage(c.part, c.whole), c.integer) << c.part << " / " << c.whole;
}

// 19 / 2000 is 0.95 %, a twentieth from 1 %. In doubles it is further away than 0.05, which would leave it out.
TEST(IsIntegerPercentageTest, IsNotMisledByRounding) {
  EXPECT_GT(std::abs(100.0 * 19 / 2000 - 1), 0.05);
  EXPECT_TRUE(IsIntegerPercentage(19, 2000));
}

TEST(IsIntegerPercentageTest, AgreesWithTheDefinitionForEveryShareOfSmallStations) {
  for (int64_t whole = 1; whole <= 260; ++whole) {
    for (int64_t part = 0; part <= whole; ++part) {
      ASSERT_EQ(IsIntegerPercentage(part, whole), WithinOfSome(part, whole)) << part << " / " << whole;
    }
  }
}

// Bin(3, 1/3): only 0 and 3 of 3 are whole per cents, 8/27 + 1/27. Bin(8, 1/2): 12.5 % and its like are none, so the
// even k remain, half of all. Bin(2, 1/2): 0, 50 and 100 %, all there is.
TEST(IntegerProbabilityTest, IsWhatAHandComputes) {
  EXPECT_NEAR(IntegerProbability(1, 3), 1.0 / 3, 1e-15);
  EXPECT_NEAR(IntegerProbability(4, 8), 0.5, 1e-15);
  EXPECT_EQ(IntegerProbability(1, 2), 1);
}

TEST(IntegerProbabilityTest, IsOneWhereNothingVaries) {
  EXPECT_EQ(IntegerProbability(0, 17), 1);
  EXPECT_EQ(IntegerProbability(17, 17), 1);
}

TEST(IntegerProbabilityTest, AgreesWithTheSumOverTheWholeDistribution) {
  for (int64_t whole = 1; whole <= 60; ++whole) {
    for (int64_t part = 1; part < whole; ++part) {
      ASSERT_NEAR(IntegerProbability(part, whole), ProbabilityOverAll(part, whole), 1e-13) << part << " / " << whole;
    }
  }
  struct Case {
    int64_t part;
    int64_t whole;
  };
  // One voter among many, where the distribution is far from normal; usual stations; one of all but one.
  for (const Case& c :
       {Case{1, 3000}, {2, 999}, {1642, 2609}, {1242, 1796}, {1500, 3000}, {2970, 3000}, {2999, 3000}}) {
    EXPECT_NEAR(IntegerProbability(c.part, c.whole), ProbabilityOverAll(c.part, c.whole), 3e-13)
        << c.part << " / " << c.whole;
  }
}

// A roll as large as paper carries: sd is 15,600 voters, a per cent 10 million. What is not within the window stays
// out.
TEST(IntegerProbabilityTest, IsAllOrNothingForAWholeCountry) {
  EXPECT_EQ(IntegerProbability(423'456'789, kCountMax), 0);
  EXPECT_EQ(IntegerProbability(420'000'000, kCountMax), 1);
}

TEST(IntegerProbabilityTest, IsTheSameForThoseForAndThoseAgainst) {
  for (int64_t part = 1; part < 1234; part += 7) {
    ASSERT_NEAR(IntegerProbability(part, 1234), IntegerProbability(1234 - part, 1234), 1e-13) << part;
  }
}

TEST(ScreenIntegerPercentagesTest, AddsOneStationUp) {
  // Turnout 150 of 300 is 50 %; the leader's 1 of 3 is 33.33 %.
  const std::vector<StationFigures> stations = {Station(300, 150, 3, 1)};

  const IntegerPercentages result = ScreenIntegerPercentages(stations, 0);

  EXPECT_EQ(result.included_count, 1);
  EXPECT_EQ(result.share.observed, 0);
  EXPECT_EQ(result.turnout.observed, 1);
  EXPECT_EQ(result.either.observed, 1);
  const double turnout = ProbabilityOverAll(150, 300);
  EXPECT_NEAR(result.share.expected, 1.0 / 3, 1e-14);
  EXPECT_NEAR(result.turnout.expected, turnout, 1e-13);
  const double either = 1.0 / 3 + turnout - turnout / 3;
  EXPECT_NEAR(result.either.expected, either, 1e-13);
  EXPECT_NEAR(result.either.anomaly, 1 - either, 1e-13);
  EXPECT_NEAR(result.either.deviation, std::sqrt(either * (1 - either)), 1e-13);
}

TEST(ScreenIntegerPercentagesTest, KeepsToItsConditions) {
  struct Case {
    StationFigures station;
    int64_t not_stated;
    int64_t left_out;
    int64_t included;
  };
  StationFigures no_roll = Station(0, 60, 60, 20);
  no_roll.registered.reset();
  StationFigures no_invalid = Station(100, 60, 60, 20);
  no_invalid.invalid.reset();
  StationFigures no_votes = Station(100, 60, 60, 20);
  no_votes.votes = {std::nullopt};
  const Case cases[] = {
      {Station(99, 60, 60, 20), 0, 1, 0},       // The roll: below,
      {Station(100, 60, 60, 20), 0, 0, 1},      // at.
      {Station(100, 99, 60, 20), 0, 0, 1},      // Turnout of 99 %: at,
      {Station(1000, 991, 60, 20), 0, 1, 0},    // above.
      {Station(1000, 900, 100, 99), 0, 0, 1},   // Share of 99 %: at,
      {Station(1000, 900, 900, 892), 0, 1, 0},  // above.
      {Station(1000, 900, 0, 0), 0, 1, 0},      // No ballot.
      {Station(1000, 0, 10, 0), 0, 0, 1},       // Nothing issued is a turnout of 0.
      {Station(1000, 900, 90, 91), 0, 1, 0},    // More votes than ballots: a finding of the rules, none of this.
      {no_roll, 1, 0, 0},
      {no_invalid, 1, 0, 0},
      {no_votes, 1, 0, 0},
      {Station(1000, -1, 10, 0), 1, 0, 0},
      {Station(kCountMax + 1, 10, 10, 0), 1, 0, 0},
  };
  int number = 0;
  for (const Case& c : cases) {
    const IntegerPercentages result = ScreenIntegerPercentages({&c.station, 1}, 0);
    EXPECT_EQ(result.not_stated_count, c.not_stated) << number;
    EXPECT_EQ(result.left_out_count, c.left_out) << number;
    EXPECT_EQ(result.included_count, c.included) << number;
    ++number;
  }
  EXPECT_EQ(ScreenIntegerPercentages({&cases[1].station, 1}, 1).not_stated_count, 1);
}

TEST(ScreenIntegerPercentagesTest, SaysWhatItIsEvenOfNothing) {
  const IntegerPercentages result = ScreenIntegerPercentages({}, 0);

  EXPECT_EQ(result.included_count, 0);
  EXPECT_EQ(result.either.expected, 0);
  EXPECT_EQ(result.either.deviation, 0);
  EXPECT_EQ(result.note.notice, kScreeningNotice);
  EXPECT_FALSE(result.note.conditions.empty());
}

// Stations whose voters are drawn one figure at a time: no anomaly beyond chance. The same with a fifth of the leader's
// results moved to the next whole per cent: these are anomalous, less the tenth that are there by chance. Stations have
// more than 1,000 ballots, so that one vote is less than a tenth of a per cent and every move can reach the window.
TEST(ScreenIntegerPercentagesTest, FindsResultsThatWereMovedToWholePerCents) {
  std::mt19937_64 random(testing::Seed());
  std::vector<StationFigures> honest;
  std::vector<StationFigures> moved;
  for (int i = 0; i < 2000; ++i) {
    const int64_t registered = 3000 + static_cast<int64_t>(random() % 2000);
    int64_t issued = 0;
    int64_t leader = 0;
    const uint64_t turnout = 400 + random() % 300;
    const uint64_t share = 300 + random() % 400;
    for (int64_t voter = 0; voter < registered; ++voter) {
      if (random() % 1000 >= turnout) continue;
      ++issued;
      if (random() % 1000 < share) ++leader;
    }
    honest.push_back(Station(registered, issued, issued, leader));
    if (i % 5 == 0) leader = ((100 * leader / issued + 1) * issued + 50) / 100;
    moved.push_back(Station(registered, issued, issued, leader));
  }

  const IntegerPercentages nothing = ScreenIntegerPercentages(honest, 0);
  const IntegerPercentages something = ScreenIntegerPercentages(moved, 0);

  EXPECT_EQ(nothing.included_count, 2000);
  EXPECT_LT(std::abs(nothing.share.anomaly), 5 * nothing.share.deviation);
  EXPECT_LT(std::abs(nothing.turnout.anomaly), 5 * nothing.turnout.deviation);
  EXPECT_LT(std::abs(nothing.either.anomaly), 5 * nothing.either.deviation);
  EXPECT_GE(something.share.observed, 400);
  EXPECT_NEAR(something.share.anomaly, 400 * 0.9, 5 * something.share.deviation);
  EXPECT_EQ(something.turnout.anomaly, nothing.turnout.anomaly);
}

// Doubles added in another order give other last bits; these sums do not.
TEST(ScreenIntegerPercentagesTest, GivesTheSameBitsForEveryOrder) {
  std::mt19937_64 random(testing::Seed());
  std::vector<StationFigures> stations;
  for (int i = 0; i < 500; ++i) {
    const int64_t registered = 100 + static_cast<int64_t>(random() % 900);
    const int64_t issued = 1 + static_cast<int64_t>(random() % registered);
    stations.push_back(Station(registered, issued, issued, static_cast<int64_t>(random() % (issued + 1))));
  }
  const IntegerPercentages first = ScreenIntegerPercentages(stations, 0);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(stations.begin(), stations.end(), random);
    const IntegerPercentages again = ScreenIntegerPercentages(stations, 0);
    EXPECT_EQ(again.either.observed, first.either.observed);
    EXPECT_EQ(again.share.expected, first.share.expected);
    EXPECT_EQ(again.turnout.expected, first.turnout.expected);
    EXPECT_EQ(again.either.expected, first.either.expected);
    EXPECT_EQ(again.either.deviation, first.either.deviation);
  }
}

TEST(FixedSumTest, IsExactWhereDoublesForget) {
  FixedSum sum;
  sum.Add(1e15);
  sum.Add(0.1);
  sum.Add(-1e15);
  EXPECT_EQ(sum.Value(), 0.1);

  FixedSum thirds;
  for (int i = 0; i < 3; ++i) thirds.AddFraction(-1, 3);
  EXPECT_NEAR(thirds.Value(), -1, 3 * std::ldexp(1, -60));

  // Cross products of the largest figures of a country.
  FixedSum large;
  const int64_t whole = int64_t{1} << 40;
  large.AddFraction(static_cast<Wide>(whole) * whole + 1, whole);
  large.AddFraction(-static_cast<Wide>(whole) * whole, whole);
  EXPECT_EQ(large.Value(), std::ldexp(1, -40));
}

}  // namespace
}  // namespace hattama::domain
