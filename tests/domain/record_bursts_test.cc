// Bursts of records: the edges of a sliding window, and every burst against a slow search.
#include "services/domain/record_bursts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<StationFigures> RecordedAt(const std::vector<int64_t>& times) {
  std::vector<StationFigures> stations;
  for (int64_t time : times) stations.push_back({.recorded_at_micros = time});
  return stations;
}

RecordBursts Screen(const std::vector<int64_t>& times, int64_t window_micros, int64_t count_max) {
  absl::StatusOr<RecordBursts> bursts = ScreenRecordBursts(RecordedAt(times), window_micros, count_max);
  EXPECT_TRUE(bursts.ok()) << bursts.status();
  return *std::move(bursts);
}

TEST(ScreenRecordBurstsTest, BeginsAboveTheBoundAndNotAtIt) {
  EXPECT_THAT(Screen({0, 1, 2}, kMicrosPerMinute, 3).bursts, IsEmpty());

  const RecordBursts result = Screen({0, 1, 2}, kMicrosPerMinute, 2);

  ASSERT_EQ(result.bursts.size(), 1u);
  EXPECT_EQ(result.bursts[0].record_count, 3);
  EXPECT_EQ(result.bursts[0].peak_count, 3);
  EXPECT_EQ(result.bursts[0].first_micros, 0);
  EXPECT_EQ(result.bursts[0].last_micros, 2);
}

TEST(ScreenRecordBurstsTest, LeavesTheEndOfTheWindowOutOfIt) {
  EXPECT_THAT(Screen({0, 60'000'000}, kMicrosPerMinute, 1).bursts, IsEmpty());
  EXPECT_EQ(Screen({0, 59'999'999}, kMicrosPerMinute, 1).bursts.size(), 1u);
}

// Half of them before a full minute, half after it: counted by minutes of a clock there would be nothing to see.
TEST(ScreenRecordBurstsTest, SeesABurstAcrossAFullMinute) {
  const RecordBursts result = Screen({59'000'000, 59'500'000, 60'500'000, 61'000'000}, kMicrosPerMinute, 3);

  ASSERT_EQ(result.bursts.size(), 1u);
  EXPECT_EQ(result.bursts[0].peak_begin_micros, 59'000'000);
}

TEST(ScreenRecordBurstsTest, JoinsWindowsThatShareARecordAndNoOthers) {
  // 0 5 9 and 9 14 share 9; 30 31 32 stand apart; 50 is alone.
  const RecordBursts result = Screen({31, 14, 9, 30, 5, 0, 50, 32}, 10, 1);

  ASSERT_EQ(result.bursts.size(), 2u);
  EXPECT_EQ(result.bursts[0].first_micros, 0);
  EXPECT_EQ(result.bursts[0].last_micros, 14);
  EXPECT_EQ(result.bursts[0].record_count, 4);
  EXPECT_EQ(result.bursts[0].peak_count, 3);
  EXPECT_EQ(result.bursts[0].peak_begin_micros, 0);
  EXPECT_EQ(result.bursts[1].record_count, 3);
  EXPECT_EQ(result.bursts[1].peak_begin_micros, 30);
}

TEST(ScreenRecordBurstsTest, CountsRecordsOfOneMoment) {
  const RecordBursts result = Screen({7, 7, 7, 7, 7}, 1, 4);

  ASSERT_EQ(result.bursts.size(), 1u);
  EXPECT_EQ(result.bursts[0].peak_count, 5);
  EXPECT_EQ(result.bursts[0].first_micros, result.bursts[0].last_micros);
}

TEST(ScreenRecordBurstsTest, CountsStationsWithoutATime) {
  std::vector<StationFigures> stations = RecordedAt({1, 2});
  stations.emplace_back();

  const absl::StatusOr<RecordBursts> result = ScreenRecordBursts(stations, 10, 1);

  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->station_count, 3);
  EXPECT_EQ(result->not_stated_count, 1);
  EXPECT_EQ(result->included_count, 2);
}

TEST(ScreenRecordBurstsTest, CarriesTheFarthestMoments) {
  const int64_t first = std::numeric_limits<int64_t>::min();
  const int64_t last = std::numeric_limits<int64_t>::max();

  EXPECT_EQ(Screen({last, first, last, first}, last, 1).bursts.size(), 2u);
}

TEST(ScreenRecordBurstsTest, RefusesAWindowOrBoundThatSaysNothing) {
  for (const auto& [window, bound] : {std::pair<int64_t, int64_t>{0, 5}, {-1, 5}, {10, 0}}) {
    const absl::StatusOr<RecordBursts> result = ScreenRecordBursts({}, window, bound);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument) << window << " " << bound;
    EXPECT_THAT(std::string(result.status().message()), HasSubstr("must be 1 or more"));
  }
}

TEST(ScreenRecordBurstsTest, IsEmptyOfNothing) {
  const RecordBursts result = Screen({}, kMicrosPerMinute, 1);

  EXPECT_THAT(result.bursts, IsEmpty());
  EXPECT_EQ(result.note.notice, kScreeningNotice);
}

// A record belongs to a burst where some window of the definition that is over the bound holds it, and to no other.
TEST(ScreenRecordBurstsTest, AgreesWithASlowSearch) {
  std::mt19937_64 random(testing::Seed());
  for (int round = 0; round < 200; ++round) {
    std::vector<int64_t> times;
    for (int i = 0; i < 60; ++i) times.push_back(static_cast<int64_t>(random() % 400));
    const int64_t window = 1 + static_cast<int64_t>(random() % 40);
    const int64_t bound = 1 + static_cast<int64_t>(random() % 6);

    const RecordBursts result = Screen(times, window, bound);

    int64_t in_bursts = 0;
    int64_t peak = 0;
    for (int64_t time : times) {
      bool expected = false;
      for (int64_t begin : times) {
        const int64_t count = std::count_if(times.begin(), times.end(),
                                            [&](int64_t other) { return other >= begin && other < begin + window; });
        if (count <= bound) continue;
        peak = std::max(peak, count);
        expected |= time >= begin && time < begin + window;
      }
      const auto holders = std::count_if(result.bursts.begin(), result.bursts.end(), [&](const RecordBurst& burst) {
        return burst.first_micros <= time && time <= burst.last_micros;
      });
      ASSERT_EQ(holders, expected ? 1 : 0) << time;
      in_bursts += expected ? 1 : 0;
    }
    int64_t record_count = 0;
    int64_t largest = 0;
    for (const RecordBurst& burst : result.bursts) {
      record_count += burst.record_count;
      largest = std::max(largest, burst.peak_count);
    }
    EXPECT_EQ(record_count, in_bursts);
    EXPECT_EQ(largest, peak);
  }
}

}  // namespace
}  // namespace hattama::domain
