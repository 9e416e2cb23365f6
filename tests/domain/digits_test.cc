// Last and second digits: the published digits of a real election, and small cases.
#include "services/domain/digits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace hattama::domain {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<StationFigures> WithVotes(const std::vector<int64_t>& votes) {
  std::vector<StationFigures> stations;
  for (int64_t figure : votes) stations.push_back({.votes = {7, figure}});
  return stations;
}

// `times[d]` stations whose votes have the last and the second digit d: 1d0d.
std::vector<StationFigures> WithDigits(const std::vector<int>& times) {
  std::vector<int64_t> votes;
  for (int digit = 0; digit < 10; ++digit) {
    for (int i = 0; i < times[digit]; ++i) votes.push_back(1000 + 100 * digit + digit);
  }
  return WithVotes(votes);
}

// Digits of the leader's votes, State Duma 2011, as published; the same from the protocols is a test of clients/cli.
const std::vector<int> kLastOf2011 = {7939, 7798, 7803, 7595, 7731, 7711, 7636, 7681, 7531, 7462};
const std::vector<int> kSecondOf2011 = {10986, 10615, 10090, 9815, 9620, 9107, 8947, 8825, 8402, 8225};

TEST(ScreenLastDigitsTest, GivesTheChiSquareOf2011) {
  const DigitTest test = ScreenLastDigits(WithDigits(kLastOf2011), 1);

  EXPECT_EQ(test.included_count, 76'887);
  EXPECT_NEAR(test.chi_square, 23.13, 0.005);
  // Above what chance gives once in twenty, and yet next to nothing: this is why the effect size is read.
  EXPECT_GT(test.chi_square, kDigitChiSquareFivePercent);
  EXPECT_NEAR(test.cramers_v, std::sqrt(23.12824 / (9 * 76'887.0)), 1e-8);
  EXPECT_LT(test.cramers_v, 0.006);
  EXPECT_NEAR(test.largest_relative_deviation, 7939 / 7688.7 - 1, 1e-12);
}

TEST(ScreenSecondDigitsTest, GivesTheMeanOf2011) {
  const DigitTest test = ScreenSecondDigits(WithDigits(kSecondOf2011), 1);

  EXPECT_EQ(test.included_count, 94'632);
  EXPECT_NEAR(test.mean, 4.2370, 0.00005);
  EXPECT_NEAR(test.expected_mean, 4.187, 0.0005);
  // Computed with 40 decimal digits.
  EXPECT_NEAR(test.chi_square, 34.99431757551062, 1e-9);
}

TEST(ScreenLastDigitsTest, TakesStationsFromAHundredVotes) {
  std::vector<StationFigures> stations = WithVotes({99, 100, 101, 0, 1009});
  stations.push_back({.votes = {1000}});
  stations.push_back({.votes = {1000, std::nullopt}});
  stations.push_back({.votes = {1000, -5}});

  const DigitTest test = ScreenLastDigits(stations, 1);

  EXPECT_EQ(test.station_count, 8);
  EXPECT_EQ(test.not_stated_count, 3);
  EXPECT_EQ(test.left_out_count, 2);
  EXPECT_EQ(test.included_count, 3);
  EXPECT_THAT(test.observed, ElementsAre(1, 1, 0, 0, 0, 0, 0, 0, 0, 1));
  EXPECT_THAT(test.expected, Each(0.1 * 3));
  EXPECT_EQ(test.digit_sum, 10);
}

TEST(ScreenSecondDigitsTest, TakesStationsFromTenVotes) {
  const DigitTest test = ScreenSecondDigits(WithVotes({9, 10, 99, 100, 199, 2345, 999'999'999}), 1);

  EXPECT_EQ(test.left_out_count, 1);
  EXPECT_THAT(test.observed, ElementsAre(2, 0, 0, 1, 0, 0, 0, 0, 0, 3));
}

TEST(ScreenSecondDigitsTest, ExpectsBenfordsLaw) {
  double sum = 0;
  for (int digit = 0; digit < 10; ++digit) {
    double probability = 0;
    for (int first = 1; first <= 9; ++first) probability += std::log10(1 + 1.0 / (10 * first + digit));
    EXPECT_NEAR(kSecondDigitProbabilities[digit], probability, 1e-15) << digit;
    sum += kSecondDigitProbabilities[digit];
  }
  EXPECT_NEAR(sum, 1, 1e-15);
}

TEST(ScreenLastDigitsTest, SeesNothingWhereDigitsAreEven) {
  const DigitTest test = ScreenLastDigits(WithDigits(std::vector<int>(10, 12)), 1);

  EXPECT_EQ(test.chi_square, 0);
  EXPECT_EQ(test.cramers_v, 0);
  EXPECT_EQ(test.largest_relative_deviation, 0);
  EXPECT_EQ(test.mean, 4.5);
}

// One digit alone: chi-square 9 n and an effect of 1, the largest there is.
TEST(ScreenLastDigitsTest, ReachesOneWhereAllEndInTheSameDigit) {
  const DigitTest test = ScreenLastDigits(WithDigits({0, 0, 0, 0, 0, 50, 0, 0, 0, 0}), 1);

  EXPECT_NEAR(test.chi_square, 450, 1e-9);
  EXPECT_NEAR(test.cramers_v, 1, 1e-12);
  EXPECT_NEAR(test.largest_relative_deviation, 9, 1e-12);
}

// A digit that never occurs is further from its expectation than the others are above theirs.
TEST(ScreenLastDigitsTest, TakesTheLargestDeviationFromBothSides) {
  const DigitTest test = ScreenLastDigits(WithDigits({10, 10, 10, 0, 10, 10, 10, 10, 10, 10}), 1);

  EXPECT_EQ(test.largest_relative_deviation, 1);
  EXPECT_NEAR(test.chi_square, 9.0 + 9 * 1.0 / 9, 1e-12);
}

TEST(ScreenLastDigitsTest, IsAllZeroOfNothing) {
  const DigitTest test = ScreenLastDigits({}, 0);

  EXPECT_EQ(test.included_count, 0);
  EXPECT_EQ(test.chi_square, 0);
  EXPECT_EQ(test.mean, 0);
  EXPECT_EQ(test.note.notice, kScreeningNotice);
  EXPECT_NE(test.note.method, ScreenSecondDigits({}, 0).note.method);
}

}  // namespace
}  // namespace hattama::domain
