// Late-count shift: what a difference between localities must not do, and what one within them does.
#include "services/domain/late_shift.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <vector>

#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::IsEmpty;

constexpr int64_t kCut = 1'000'000;
constexpr int64_t kEarly = kCut;
constexpr int64_t kLate = kCut + 1;

StationFigures Station(int32_t locality, int64_t recorded_at, int64_t leader, int64_t second, int64_t valid) {
  return {
      .valid = valid, .invalid = 0, .votes = {second, leader}, .locality = locality, .recorded_at_micros = recorded_at};
}

LateShift Screen(const std::vector<StationFigures>& stations) {
  return ScreenLateShift(stations, 1, 0, ShareBase::kValid, kCut);
}

// Two towns that vote alike early and late; the leader's town is late as a whole. Raw, the margin moves by 48 points.
TEST(ScreenLateShiftTest, IsZeroWhereOnlyTheMixOfLocalitiesChanges) {
  const LateShift result = Screen({
      Station(1, kEarly, 30, 70, 100),
      Station(1, kEarly, 60, 140, 200),
      Station(1, kLate, 3, 7, 10),
      Station(2, kEarly, 9, 1, 10),
      Station(2, kLate, 90, 10, 100),
  });

  EXPECT_EQ(result.excess, 0);
  EXPECT_EQ(result.shift, 0);
  EXPECT_EQ(result.standard_error, 0);
  EXPECT_EQ(Compare(result.early.Margin(), {-112, 310}), 0);
  EXPECT_EQ(Compare(result.late.Margin(), {76, 110}), 0);
}

// Locality 1: early margin 0 of 100, late 10 of 50, so 10 votes more. Locality 2: early -20 of 200, late 10 of 150
// where early shares give -15, so 25 more. 35 votes of 200 late ballots; terms of the error: 10 - 8.75 and 25 - 26.25.
TEST(ScreenLateShiftTest, WeighsLocalitiesByTheirLateBallots) {
  const LateShift result = Screen({
      Station(2, kLate, 80, 70, 150),
      Station(1, kEarly, 50, 50, 100),
      Station(2, kEarly, 90, 110, 200),
      Station(1, kLate, 30, 20, 50),
  });

  EXPECT_EQ(result.excess, 35);
  EXPECT_EQ(result.shift, 0.175);
  EXPECT_NEAR(result.standard_error, std::sqrt(2.0 * 2 * 1.25 * 1.25) / 200, 1e-15);
  ASSERT_EQ(result.localities.size(), 2u);
  EXPECT_EQ(result.localities[0].locality, 1);
  EXPECT_EQ(result.localities[1].late.leader_votes, 80);
  EXPECT_EQ(result.paired_late.base, 200);
  EXPECT_EQ(result.paired_early.station_count, 2);
}

TEST(ScreenLateShiftTest, CountsTheCutItselfAsEarly) {
  const LateShift result =
      Screen({Station(1, kCut - 1, 1, 0, 1), Station(1, kCut, 1, 0, 1), Station(1, kCut + 1, 1, 0, 1)});

  EXPECT_EQ(result.early.station_count, 2);
  EXPECT_EQ(result.late.station_count, 1);
}

TEST(ScreenLateShiftTest, ComparesNothingThatHasNoOtherPart) {
  const LateShift result = Screen({
      Station(1, kEarly, 50, 50, 100), Station(2, kLate, 90, 10, 100), Station(3, kEarly, 0, 0, 0),
      Station(3, kLate, 7, 3, 10),  // An early station without a ballot is no base.
  });

  EXPECT_THAT(result.localities, IsEmpty());
  EXPECT_EQ(result.shift, 0);
  EXPECT_EQ(result.unpaired_late.station_count, 2);
  EXPECT_EQ(result.unpaired_late.leader_votes, 97);
  EXPECT_EQ(result.late.base, 110);
}

TEST(ScreenLateShiftTest, LeavesOutWhatIsNotStated) {
  std::vector<StationFigures> stations(7, Station(1, kEarly, 5, 4, 10));
  stations[0].locality.reset();
  stations[1].recorded_at_micros.reset();
  stations[2].valid.reset();
  stations[3].votes[1].reset();
  stations[4].votes.pop_back();
  stations[5].votes[0].reset();

  const LateShift result = Screen(stations);

  EXPECT_EQ(result.station_count, 7);
  EXPECT_EQ(result.not_stated_count, 6);
  EXPECT_EQ(result.included_count, 1);
}

TEST(ScreenLateShiftTest, HasNoErrorToStateOfOneLocality) {
  const LateShift result = Screen({Station(1, kEarly, 50, 50, 100), Station(1, kLate, 60, 40, 100)});

  EXPECT_EQ(result.shift, 0.2);
  EXPECT_EQ(result.standard_error, 0);
}

TEST(ScreenLateShiftTest, IsEmptyOfNothing) {
  const LateShift result = Screen({});

  EXPECT_EQ(result.included_count, 0);
  EXPECT_EQ(result.shift, 0);
  EXPECT_EQ(result.note.notice, kScreeningNotice);
}

// Cross products of margins and bases leave 64 bits; the whole numbers are wide enough.
TEST(ScreenLateShiftTest, CarriesTheLargestFigures) {
  std::vector<StationFigures> stations;
  for (int i = 0; i < 1000; ++i) {
    stations.push_back(Station(1, std::numeric_limits<int64_t>::min(), kCountMax, 0, kCountMax));
    stations.push_back(Station(1, std::numeric_limits<int64_t>::max(), 0, kCountMax, kCountMax));
  }

  const LateShift result = Screen(stations);

  EXPECT_EQ(result.excess, -2.0 * 1000 * kCountMax);
  EXPECT_EQ(result.shift, -2);
}

TEST(ScreenLateShiftTest, GivesTheSameBitsForEveryOrder) {
  std::mt19937_64 random(testing::Seed());
  std::vector<StationFigures> stations;
  for (int i = 0; i < 600; ++i) {
    const int64_t leader = static_cast<int64_t>(random() % 100);
    const int64_t second = static_cast<int64_t>(random() % 100);
    stations.push_back(Station(static_cast<int32_t>(random() % 90), random() % 3 == 0 ? kLate : kEarly, leader, second,
                               leader + second + static_cast<int64_t>(random() % 30)));
  }
  const LateShift first = Screen(stations);
  ASSERT_GT(first.localities.size(), 60u);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(stations.begin(), stations.end(), random);
    const LateShift again = Screen(stations);
    EXPECT_EQ(again.excess, first.excess);
    EXPECT_EQ(again.shift, first.shift);
    EXPECT_EQ(again.standard_error, first.standard_error);
    EXPECT_EQ(again.unpaired_late.base, first.unpaired_late.base);
  }
}

}  // namespace
}  // namespace hattama::domain
