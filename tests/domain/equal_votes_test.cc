// Stations with equal votes: what counts as equal, how groups are sorted.
#include "services/domain/equal_votes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

StationFigures Station(std::vector<std::optional<int64_t>> votes, std::optional<int32_t> locality = std::nullopt) {
  return {.votes = std::move(votes), .locality = locality};
}

TEST(ScreenEqualVotesTest, GroupsAndSortsByTheSumOfVotes) {
  const std::vector<StationFigures> stations = {
      Station({1, 2, 3, 5}, 4),     Station({10, 20, 30, 41}), Station({1, 2, 3, 4}, 4),
      Station({10, 20, 30, 40}, 1), Station({1, 2, 3, 4}, 4),  Station({10, 20, 30, 40}, 2),
      Station({5, 3, 1, 1}),        Station({5, 3, 1, 1}),     Station({1, 2, 3, 4}, 4),
  };

  const EqualVotes result = ScreenEqualVotes(stations, 4);

  EXPECT_EQ(result.included_count, 9);
  ASSERT_EQ(result.groups.size(), 3u);
  EXPECT_THAT(result.groups[0].votes, ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(result.groups[0].stations, ElementsAre(3, 5));
  EXPECT_EQ(result.groups[0].vote_sum, 100);
  EXPECT_FALSE(result.groups[0].one_locality);
  // Of equal sums the row that is smaller in its first difference stands first.
  EXPECT_THAT(result.groups[1].votes, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(result.groups[1].stations, ElementsAre(2, 4, 8));
  EXPECT_TRUE(result.groups[1].one_locality);
  EXPECT_THAT(result.groups[2].votes, ElementsAre(5, 3, 1, 1));
  EXPECT_FALSE(result.groups[2].one_locality);
}

TEST(ScreenEqualVotesTest, AsksForFourOptionsAboveZero) {
  const std::vector<StationFigures> three = {Station({9, 9, 9, 0, 0}), Station({9, 9, 9, 0, 0})};
  const std::vector<StationFigures> four = {Station({9, 9, 9, 0, 1}), Station({9, 9, 9, 0, 1})};

  EXPECT_THAT(ScreenEqualVotes(three, 5).groups, IsEmpty());
  EXPECT_EQ(ScreenEqualVotes(three, 5).left_out_count, 2);
  EXPECT_EQ(ScreenEqualVotes(four, 5).groups.size(), 1u);
}

// A blank is no zero: two sheets that leave an option blank say nothing equal of it.
TEST(ScreenEqualVotesTest, LeavesOutStationsWithAFigureMissing) {
  const std::vector<StationFigures> stations = {
      Station({1, 2, 3, 4, std::nullopt}),
      Station({1, 2, 3, 4, std::nullopt}),
      Station({1, 2, 3, 4}),
      Station({1, 2, 3, 4}),
      Station({1, 2, 3, 4, 0}),
      Station({1, 2, 3, 4, -1}),
      Station({1, 2, 3, 4, -1}),
  };

  const EqualVotes result = ScreenEqualVotes(stations, 5);

  EXPECT_THAT(result.groups, IsEmpty());
  EXPECT_EQ(result.not_stated_count, 6);
  EXPECT_EQ(result.included_count, 1);
}

TEST(ScreenEqualVotesTest, IsEmptyOfNothing) {
  const EqualVotes result = ScreenEqualVotes({}, 4);

  EXPECT_THAT(result.groups, IsEmpty());
  EXPECT_EQ(result.note.notice, kScreeningNotice);
}

// Small random rows agree often; a map of rows finds the same groups.
TEST(ScreenEqualVotesTest, AgreesWithAMapOfRows) {
  std::mt19937_64 random(testing::Seed());
  std::vector<StationFigures> stations;
  std::map<std::vector<std::optional<int64_t>>, std::vector<size_t>> rows;
  for (size_t i = 0; i < 400; ++i) {
    std::vector<std::optional<int64_t>> votes;
    for (int option = 0; option < 5; ++option) votes.push_back(static_cast<int64_t>(random() % 4));
    if (std::count(votes.begin(), votes.end(), 0) <= 1) rows[votes].push_back(i);
    stations.push_back(Station(votes));
  }

  const EqualVotes result = ScreenEqualVotes(stations, 5);

  size_t expected = 0;
  for (const auto& [votes, indices] : rows) expected += indices.size() > 1 ? 1 : 0;
  EXPECT_EQ(result.groups.size(), expected);
  EXPECT_GT(expected, 5u);
  for (const EqualVotesGroup& group : result.groups) {
    EXPECT_EQ(rows[std::vector<std::optional<int64_t>>(group.votes.begin(), group.votes.end())], group.stations);
  }
}

}  // namespace
}  // namespace hattama::domain
