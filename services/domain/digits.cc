#include "services/domain/digits.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace hattama::domain {
namespace {

constexpr std::array<double, 10> kUniform = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1};

int LastDigit(int64_t votes) { return static_cast<int>(votes % 10); }

// The second from the left; `votes` has two or more.
int SecondDigit(int64_t votes) {
  while (votes >= 100) votes /= 10;
  return static_cast<int>(votes % 10);
}

DigitTest Screen(std::span<const StationFigures> stations, size_t option, const ScreeningNote& note, int64_t votes_min,
                 int (*digit_of)(int64_t), const std::array<double, 10>& probabilities) {
  DigitTest test;
  test.note = note;
  test.station_count = static_cast<int64_t>(stations.size());
  for (const StationFigures& station : stations) {
    const std::optional<int64_t> votes = StatedVotes(station, option);
    if (!votes.has_value()) {
      ++test.not_stated_count;
    } else if (*votes < votes_min) {
      ++test.left_out_count;
    } else {
      const int digit = digit_of(*votes);
      ++test.included_count;
      ++test.observed[digit];
      test.digit_sum += digit;
    }
  }
  if (test.included_count == 0) return test;
  const double included = static_cast<double>(test.included_count);
  for (int digit = 0; digit < 10; ++digit) {
    const double expected = included * probabilities[digit];
    const double difference = static_cast<double>(test.observed[digit]) - expected;
    test.expected[digit] = expected;
    test.chi_square += difference * difference / expected;
    test.largest_relative_deviation = std::max(test.largest_relative_deviation, std::abs(difference) / expected);
    test.expected_mean += digit * probabilities[digit];
  }
  test.cramers_v = std::sqrt(test.chi_square / (included * kDigitDegreesOfFreedom));
  test.mean = static_cast<double>(test.digit_sum) / included;
  return test;
}

}  // namespace

DigitTest ScreenLastDigits(std::span<const StationFigures> stations, size_t option) {
  return Screen(stations, option, kLastDigitsNote, kLastDigitVotesMin, LastDigit, kUniform);
}

DigitTest ScreenSecondDigits(std::span<const StationFigures> stations, size_t option) {
  return Screen(stations, option, kSecondDigitsNote, kSecondDigitVotesMin, SecondDigit, kSecondDigitProbabilities);
}

}  // namespace hattama::domain
