// Cells and edges of the histogram of turnout and share, and the curve of shares by turnout.
#include "services/domain/turnout_share.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;

StationFigures Station(int64_t registered, int64_t issued, int64_t valid, std::vector<std::optional<int64_t>> votes) {
  return {.registered = registered, .issued = issued, .valid = valid, .invalid = 0, .votes = std::move(votes)};
}

int64_t Sum(const std::vector<int64_t>& cells) { return std::accumulate(cells.begin(), cells.end(), int64_t{0}); }

TEST(ScreenTurnoutShareTest, PlacesEdgesInTheHigherCellAndAllInTheLast) {
  struct Case {
    int64_t part;
    int64_t whole;
    int bin;
  };
  // 29 / 100 times 100 is 28.999999999999996 in doubles; the whole numbers know better.
  const Case cases[] = {{0, 100, 0},        {1, 100, 1},   {29, 100, 29},  {1999, 200'000, 0},
                        {2000, 200'000, 1}, {99, 100, 99}, {100, 100, 99}, {1, 3, 33},
                        {2, 3, 66},         {1, 1, 99},    {57, 100, 57},  {999'999'998, 999'999'999, 99}};
  for (const Case& c : cases) {
    const std::vector<StationFigures> by_turnout = {Station(c.whole, c.part, 100, {50})};
    EXPECT_EQ(ScreenTurnoutShare(by_turnout, 0, ShareBase::kValid).At(c.bin, 50), 1) << c.part << " / " << c.whole;
    const std::vector<StationFigures> by_share = {Station(100, 70, c.whole, {c.part})};
    EXPECT_EQ(ScreenTurnoutShare(by_share, 0, ShareBase::kValid).At(70, c.bin), 1) << c.part << " / " << c.whole;
  }
}

TEST(ScreenTurnoutShareTest, NamesItsBase) {
  std::vector<StationFigures> stations = {Station(100, 60, 40, {20})};
  stations[0].invalid = 10;

  EXPECT_EQ(ScreenTurnoutShare(stations, 0, ShareBase::kValid).At(60, 50), 1);
  EXPECT_EQ(ScreenTurnoutShare(stations, 0, ShareBase::kCast).At(60, 40), 1);
  stations[0].invalid.reset();
  EXPECT_EQ(ScreenTurnoutShare(stations, 0, ShareBase::kValid).included_count, 1);
  EXPECT_EQ(ScreenTurnoutShare(stations, 0, ShareBase::kCast).not_stated_count, 1);
}

TEST(ScreenTurnoutShareTest, CountsWhatItCannotPlace) {
  const std::vector<StationFigures> stations = {
      Station(100, 60, 50, {20}), Station(0, 0, 50, {20}),   Station(100, 60, 0, {0}), Station(100, 101, 50, {20}),
      Station(100, 60, 50, {51}), Station(100, -1, 50, {5}), Station(100, 60, 50, {})};

  const TurnoutShareHistogram histogram = ScreenTurnoutShare(stations, 0, ShareBase::kValid);

  EXPECT_EQ(histogram.station_count, 7);
  EXPECT_EQ(histogram.included_count, 1);
  EXPECT_EQ(histogram.left_out_count, 2);
  EXPECT_EQ(histogram.above_one_count, 2);
  EXPECT_EQ(histogram.not_stated_count, 2);
  EXPECT_EQ(Sum(histogram.cells), 1);
}

TEST(ScreenTurnoutShareTest, IsEmptyOfNothing) {
  const TurnoutShareHistogram histogram = ScreenTurnoutShare({}, 0, ShareBase::kValid);

  EXPECT_EQ(histogram.cells.size(), 10'000u);
  EXPECT_EQ(Sum(histogram.cells), 0);
  EXPECT_EQ(histogram.note.notice, kScreeningNotice);
}

TEST(ScreenTurnoutCurveTest, AddsStationsInTheOrderOfTheirTurnout) {
  const std::vector<StationFigures> stations = {
      Station(200, 200, 200, {150, 50}),  // 100 %
      Station(200, 100, 100, {40, 60}),   // 50 %, the edge
      Station(200, 101, 100, {50, 50}),   // 50.5 %
      Station(100, 0, 1, {1, 0}),         // 0 %
  };

  const TurnoutCurve curve = ScreenTurnoutCurve(stations, 2, ShareBase::kValid);

  ASSERT_EQ(curve.points.size(), 101u);
  EXPECT_EQ(curve.included_count, 4);
  EXPECT_THAT(curve.points[0].votes, ElementsAre(1, 0));
  EXPECT_EQ(curve.points[49].station_count, 1);
  EXPECT_EQ(curve.points[50].station_count, 2);
  EXPECT_THAT(curve.points[50].votes, ElementsAre(41, 60));
  EXPECT_EQ(curve.points[50].base, 101);
  EXPECT_EQ(curve.points[51].station_count, 3);
  EXPECT_EQ(curve.points[51].issued, 201);
  EXPECT_EQ(curve.points[99].station_count, 3);
  EXPECT_EQ(curve.points[100].station_count, 4);
  EXPECT_EQ(curve.points[100].registered, 700);
  EXPECT_THAT(curve.points[100].votes, ElementsAre(241, 160));
  EXPECT_EQ(curve.points[100].percent, 100);
}

TEST(ScreenTurnoutCurveTest, TakesStationsThatStateEveryOption) {
  const std::vector<StationFigures> stations = {
      Station(100, 60, 50, {20, 30}),  Station(100, 60, 50, {20, std::nullopt}),
      Station(100, 60, 50, {20}),      Station(100, 160, 50, {20, 30}),
      Station(0, 0, 50, {20, 30}),     Station(100, 60, 0, {0, 0}),
      Station(100, 60, 50, {20, -30}),
  };

  const TurnoutCurve curve = ScreenTurnoutCurve(stations, 2, ShareBase::kValid);

  EXPECT_EQ(curve.station_count, 7);
  EXPECT_EQ(curve.included_count, 1);
  EXPECT_EQ(curve.not_stated_count, 3);
  EXPECT_EQ(curve.above_one_count, 1);
  EXPECT_EQ(curve.left_out_count, 2);
  EXPECT_THAT(curve.points[100].votes, ElementsAre(20, 30));
}

TEST(ScreenTurnoutCurveTest, IsEmptyOfNothing) {
  const TurnoutCurve curve = ScreenTurnoutCurve({}, 3, ShareBase::kCast);

  ASSERT_EQ(curve.points.size(), 101u);
  EXPECT_THAT(curve.points[100].votes, ElementsAre(0, 0, 0));
  EXPECT_EQ(curve.points[100].station_count, 0);
}

// Each point again from its definition, over random stations.
TEST(ScreenTurnoutCurveTest, AgreesWithItsDefinition) {
  std::mt19937_64 random(testing::Seed());
  std::vector<StationFigures> stations;
  for (int i = 0; i < 300; ++i) {
    const int64_t registered = 1 + static_cast<int64_t>(random() % 400);
    const int64_t issued = static_cast<int64_t>(random() % (registered + 1));
    stations.push_back(Station(registered, issued, issued + 1, {static_cast<int64_t>(random() % 50)}));
  }

  const TurnoutCurve curve = ScreenTurnoutCurve(stations, 1, ShareBase::kValid);

  for (const TurnoutCurvePoint& point : curve.points) {
    int64_t count = 0;
    int64_t votes = 0;
    for (const StationFigures& station : stations) {
      if (100 * *station.issued > point.percent * *station.registered) continue;
      ++count;
      votes += *station.votes[0];
    }
    EXPECT_EQ(point.station_count, count) << point.percent;
    EXPECT_THAT(point.votes, ElementsAre(votes)) << point.percent;
  }
}

}  // namespace
}  // namespace hattama::domain
