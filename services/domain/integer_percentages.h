// Screening: do shares and turnouts fall on whole per cents more often than they should? The expectation is exact, so
// the same figures give the same answer everywhere; the published method draws it at random.
#ifndef HATTAMA_SERVICES_DOMAIN_INTEGER_PERCENTAGES_H_
#define HATTAMA_SERVICES_DOMAIN_INTEGER_PERCENTAGES_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "services/domain/screening.h"

namespace hattama::domain {

inline constexpr ScreeningNote kIntegerPercentagesNote = {
    .method = "integer percentages",
    .source =
        "Kobak, Shpilkin, Pshenichnikov: Integer percentages as electoral falsification fingerprints, Annals of "
        "Applied "
        "Statistics 10(1), 2016; the expectation computed in place of their Monte Carlo runs.",
    .conditions =
        "Stations with registered >= 100, some ballot cast, turnout <= 99 % and leader's share <= 99 %. Many "
        "thousands of stations are needed: compare the anomaly with its deviation. Stations of few voters hit "
        "simple fractions, which the expectation takes into account; figures that were rounded honestly, such "
        "as a roll of a round number, it does not.",
};

// Smallest roll that is looked at, and the largest turnout and share in per cent.
inline constexpr int64_t kIntegerRegisteredMin = 100;
inline constexpr int64_t kIntegerPercentMax = 99;

// True where 100 part / whole lies within 0.05 of a whole number, 0.05 included. 0 <= part, 0 < whole, both within
// 2 x kCountMax. Compared as whole numbers: 20 |100 part - m whole| <= whole for some integer m.
bool IsIntegerPercentage(int64_t part, int64_t whole);

// The probability that IsIntegerPercentage(K, whole) for K ~ Bin(whole, part / whole); 1 where part is 0 or whole.
// 0 <= part <= whole, 0 < whole.
//
// Symbols: w(k) = P(K = k) / P(K = part), by w(k+1) = w(k) (whole - k) part / ((k + 1) (whole - part)) and likewise
// down from the mode, which is `part`; the answer is the sum of w over the window by the sum of all w. Each side is cut
// at the first w below 2^-60 (for large deviations sd, 9.1 sd from the mode). As w is log-concave, what is cut off is
// below 2^-60 of the whole on either side. Rounding adds less than 8 j 2^-53 where j terms are summed on a side: 3e-13
// for a roll of 3,000. Only + - x / are used and no function of a mathematical library, so that every machine with IEEE
// 754 doubles gives the same bits, as long as the compiler joins no product and sum into one operation. Cost: about 18
// sd steps.
double IntegerProbability(int64_t part, int64_t whole);

// One way of being "integer".
struct IntegerCount {
  int64_t observed = 0;  // Stations.
  double expected = 0;   // Sum of the stations' probabilities.
  double anomaly = 0;    // observed - expected.
  double deviation = 0;  // Standard deviation of `observed` under the same model: root of the sum of q (1 - q).
};

struct IntegerPercentages {
  ScreeningNote note = kIntegerPercentagesNote;
  int64_t station_count = 0;     // All that were handed in; the sum of the three below.
  int64_t not_stated_count = 0;  // A figure is missing that the method needs.
  int64_t left_out_count = 0;    // Outside the conditions.
  int64_t included_count = 0;
  IntegerCount share;    // Of the leader: votes / (valid + invalid).
  IntegerCount turnout;  // issued / registered.
  IntegerCount either;   // q = q_share + q_turnout - q_share q_turnout, as if the two were independent.
};

// `leader` is an index in ballot order. The answer is the same for every order of the stations.
IntegerPercentages ScreenIntegerPercentages(std::span<const StationFigures> stations, size_t leader);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_INTEGER_PERCENTAGES_H_
