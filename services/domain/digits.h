// Screening: the last and the second digits of an option's votes over the stations.
#ifndef HATTAMA_SERVICES_DOMAIN_DIGITS_H_
#define HATTAMA_SERVICES_DOMAIN_DIGITS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "services/domain/screening.h"

namespace hattama::domain {

inline constexpr ScreeningNote kLastDigitsNote = {
    .method = "last digits",
    .source = "Beber, Scacco: What the numbers say, Political Analysis 20(2), 2012.",
    .conditions =
        "Stations where the option has 100 votes or more. Read the effect size, not the chi-square, which grows with "
        "the number of stations: a distribution of sizes that falls already favours small digits a little. "
        "Invented figures leave a trace here only where people invented them by hand.",
};

inline constexpr ScreeningNote kSecondDigitsNote = {
    .method = "second digits",
    .source =
        "Mebane: Election forensics, the second-digit Benford's law test, 2006; objections in Deckert, Myagkov, "
        "Ordeshook: Benford's law and the detection of election fraud, Political Analysis 19(3), 2011.",
    .conditions =
        "Stations where the option has 10 votes or more. Second digits follow the law only where sizes spread over "
        "powers of ten; stations drawn to be of one size break it, and so do strategic voting and coalitions. Compare "
        "elections of the same stations with each other, never with the law alone.",
};

inline constexpr int64_t kLastDigitVotesMin = 100;
inline constexpr int64_t kSecondDigitVotesMin = 10;

// Degrees of freedom of either chi-square, and the value that one in twenty exceeds by chance.
inline constexpr int kDigitDegreesOfFreedom = 9;
inline constexpr double kDigitChiSquareFivePercent = 16.919;

// P(d) = sum over i = 1..9 of log10(1 + 1 / (10 i + d)): Benford's law for the second digit. Constants, because a
// logarithm may differ between mathematical libraries in its last bit.
inline constexpr std::array<double, 10> kSecondDigitProbabilities = {
    0.11967926859688076667, 0.11389010340755643889, 0.10882149900550836859, 0.10432956023095946693,
    0.10030820226757934031, 0.09667723580232252836, 0.09337473578303612157, 0.09035198926960336960,
    0.08757005357886139917, 0.08499735205769219990};

// n stations, o(d) observed, e(d) = n P(d) expected. Without any station all that is computed is 0.
struct DigitTest {
  ScreeningNote note;
  int64_t station_count = 0;  // All that were handed in; the sum of the three below.
  int64_t not_stated_count = 0;
  int64_t left_out_count = 0;  // Fewer votes than the test asks for.
  int64_t included_count = 0;  // n
  std::array<int64_t, 10> observed = {};
  std::array<double, 10> expected = {};
  double chi_square = 0;  // Sum over d of (o - e)^2 / e.
  // Effect size: root of chi_square / (9 n), 0 where observed equals expected. Cramer's V of a goodness of fit.
  double cramers_v = 0;
  double largest_relative_deviation = 0;  // Largest |o - e| / e.
  int64_t digit_sum = 0;                  // The mean digit is digit_sum / n.
  double mean = 0;
  double expected_mean = 0;  // 4.5 for last digits, 4.1874 for second ones.
};

// Digits of the votes of `option`, an index in ballot order. The answer is the same for every order of the stations.
DigitTest ScreenLastDigits(std::span<const StationFigures> stations, size_t option);
DigitTest ScreenSecondDigits(std::span<const StationFigures> stations, size_t option);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_DIGITS_H_
