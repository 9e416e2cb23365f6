// Published percentages, differences and counts, and what they follow from. Everything is exact: a printed figure is a
// whole number of units of its last place, and every answer is computed in Wide. A base is always named.
// What a finding makes of an answer (S13, S14, S15, S24 of the warnings) is not decided here.
#ifndef HATTAMA_SERVICES_DOMAIN_PUBLISHED_FIGURES_H_
#define HATTAMA_SERVICES_DOMAIN_PUBLISHED_FIGURES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/domain/counts.h"

namespace hattama::domain {

// Limits that keep every cross product within 2^126. A sum of counts here is at most kPublishedSumMax; a printed figure
// is below 10,000 and has at most kDecimalCountMax digits after the point.
inline constexpr int64_t kPublishedSumMax = 1'000'000'000'000;
inline constexpr int32_t kDecimalCountMax = 9;
inline constexpr int32_t kWholeDigitCountMax = 4;

// A decimal as printed, units / 10^decimal_count: 54.1 is {541, 1} and 54.10 is {5410, 2}, which claims more.
struct PrintedNumber {
  int64_t units = 0;
  int32_t decimal_count = 0;

  friend bool operator==(const PrintedNumber&, const PrintedNumber&) = default;
};

// Reads digits, and then a point or a comma with digits where there is a fraction: "54.19", "54,19", "54". A comma
// never separates thousands. InvalidArgument for anything else: sign, space, percent sign, "05", ".5", "5.", too many
// digits.
absl::StatusOr<PrintedNumber> ParsePercentage(std::string_view text);

// The same, after an optional "+", "-" or U+2212: points may be lost.
absl::StatusOr<PrintedNumber> ParsePoints(std::string_view text);

// With a point, and a "-" where it is negative: ParsePoints reads it back.
std::string FormatPrinted(const PrintedNumber& number);

// The same for units of any size, as answers have them.
std::string FormatUnits(Wide units, int32_t decimal_count);

// How a share becomes a printed figure. Negative differences round by magnitude, so that A - B and B - A print alike.
enum class Rounding {
  kHalfUp = 1,      // To the nearest, a half away from zero.
  kHalfToEven = 2,  // To the nearest, a half to the even digit.
  kDown = 3,        // Digits cut off.
  kUp = 4,          // Any rest makes one more.
};
inline constexpr std::array<Rounding, 4> kRoundings = {Rounding::kHalfUp, Rounding::kHalfToEven, Rounding::kDown,
                                                       Rounding::kUp};

// "half up", "half to even", "down", "up".
std::string_view RoundingText(Rounding rounding);

// 100 x share in units of 10^-decimal_count. 0 <= numerator <= kPublishedSumMax, 1 <= denominator <= kPublishedSumMax,
// 0 <= decimal_count <= kDecimalCountMax.
Wide RoundPercentage(const Fraction& share, int32_t decimal_count, Rounding rounding);

// ---------------------------------------------------------------------------------------------------------------------
// Which base a percentage has

struct CandidateBase {
  std::string id;                // Names it in the answer: "roll at 22:10", "voted for lists".
  std::optional<int64_t> value;  // Absent where nobody stated it.
};

enum class BaseState {
  kFits = 1,
  kMisses = 2,
  kZero = 3,     // Of nothing there is no percentage.
  kUnknown = 4,  // Not stated.
};

struct BaseAnswer {
  std::string id;
  std::optional<int64_t> value;
  BaseState state = BaseState::kUnknown;
  // Of kFits and kMisses. |printed - exact| in units of the last place is distance / value, exactly. unit_count is how
  // many such units the printed figure is above (negative: below) what rounding half up gives.
  Wide distance = 0;
  Wide unit_count = 0;
};

struct BaseFit {
  int32_t base = 0;  // Index in PercentageAnswer::bases.
  Rounding rounding = Rounding::kHalfUp;

  friend bool operator==(const BaseFit&, const BaseFit&) = default;
};

struct PercentageAnswer {
  std::vector<BaseAnswer> bases;  // By id.
  std::vector<BaseFit> fits;      // Every one, by base and then by Rounding.
  // Where nothing fits: the bases with the least exact distance, by id; several where it is the same. Empty where no
  // base is both known and above zero.
  std::vector<int32_t> nearest;
};

// Says from which (base, rounding) the printed percentage of `numerator` follows. The order of `bases` does not matter.
// InvalidArgument where a number is outside its limits, or two bases have one id.
absl::StatusOr<PercentageAnswer> ExplainPercentage(const PrintedNumber& published, int64_t numerator,
                                                   std::span<const CandidateBase> bases);

// One sentence: "54.19 % of 6521860 follows from \"roll 22:10\" (12035578) rounded half up, half to even or up", every
// base in its order. Where nothing fits it says of the nearest what would be printed, how far that is, and which counts
// would do: "77.12 % of 7966000 follows from no base; nearest is \"roll\" (9810000), of which it is 81.20 %, 408 units
// of the last place higher, and of which 77.12 % needs 7564492..7566452". The arguments are those that gave `answer`.
std::string PercentageText(const PrintedNumber& published, int64_t numerator, const PercentageAnswer& answer);

// One line of a published table of percentages.
struct TableLine {
  PrintedNumber published;
  int64_t numerator = 0;
};

// The (base, rounding) from which every line follows, by base id and then by Rounding; `base` is an index in `bases` as
// sorted by id. One line rarely names the rounding, a table does. Empty for an empty table. InvalidArgument as above,
// with the line's 0-based index.
absl::StatusOr<std::vector<BaseFit>> ExplainTable(std::span<const TableLine> lines,
                                                  std::span<const CandidateBase> bases);

// ---------------------------------------------------------------------------------------------------------------------
// Which counts a percentage allows

// first..last, both inclusive. Where no count gives the percentage, last is below first.
struct CountRange {
  int64_t first = 0;
  int64_t last = -1;

  bool empty() const { return last < first; }
  friend bool operator==(const CountRange&, const CountRange&) = default;
};

// The counts that print as `published` of `base` under `rounding`. Counts above `base` are not excluded: a misprinted
// turnout may exceed 100 %. InvalidArgument where the base is not in 1..kPublishedSumMax or the figure is negative.
absl::StatusOr<CountRange> CountsThatGive(const PrintedNumber& published, int64_t base, Rounding rounding);

// From the least to the greatest count over all four roundings: outside of it a count is a slip, whatever the rounding.
// Empty where each of the four is.
absl::StatusOr<CountRange> CountsThatGiveAnyhow(const PrintedNumber& published, int64_t base);

// The bases of which `numerator` prints as `published`, within 1..kPublishedSumMax: what the roll must have been.
absl::StatusOr<CountRange> BasesThatGive(const PrintedNumber& published, int64_t numerator, Rounding rounding);

// ---------------------------------------------------------------------------------------------------------------------
// Differences between percentages

struct PublishedShare {
  Fraction share;                        // Of one election's base or of two; limits as for RoundPercentage.
  std::optional<PrintedNumber> printed;  // As published beside the difference, where it was.
};

enum class DifferenceKind {
  kExact = 1,       // Follows from the exact shares alone.
  kSubtracted = 2,  // Follows from subtracting rounded percentages alone: S15.
  kEither = 3,
  kNeither = 4,
};

struct DifferenceStep {
  Rounding rounding = Rounding::kHalfUp;
  Wide exact_units = 0;  // The exact difference, rounded.
  // Shares rounded, then subtracted: of the printed percentages where both are given, else of the shares rounded to as
  // many places as the difference has. Rounded again where the printed percentages have more places.
  Wide subtracted_units = 0;
};

struct DifferenceAnswer {
  DifferenceKind kind = DifferenceKind::kNeither;
  // True where some rounding gives every printed share from its counts. The steps are then of such roundings alone,
  // else of all four; in the order of Rounding.
  bool shares_follow = true;
  std::vector<DifferenceStep> steps;  // Units of the published difference's last place.
};

// Says how `published` points follow from a - b. Without printed shares most differences follow somehow (0.18 for
// 0.1887 does by cutting off); the printed shares tell which rounding the author used. InvalidArgument beyond limits.
absl::StatusOr<DifferenceAnswer> ExplainDifference(const PrintedNumber& published, const PublishedShare& a,
                                                   const PublishedShare& b);

// One sentence: "0.18 points follow from subtracting rounded percentages; the exact difference rounds to 0.19 half up,
// 0.19 half to even". The arguments are those that gave `answer`.
std::string DifferenceText(const PrintedNumber& published, const DifferenceAnswer& answer);

// ---------------------------------------------------------------------------------------------------------------------
// Slips of the pen

// In order of precedence: the first that fits names the slip.
enum class SlipKind {
  kEqual = 1,
  kFactorOfTen = 2,           // Zeros at the end too many or too few.
  kNeighboursTransposed = 3,  // Two digits side by side changed places.
  kDigitsRearranged = 4,      // The same digits in another order.
  kDigitDropped = 5,          // The true count less one digit, zeros that then lead falling away with it.
  kDigitAdded = 6,
  kOneDigit = 7,  // As long, and one digit differs.
  kOther = 8,
};

struct SlipAnswer {
  SlipKind kind = SlipKind::kOther;
  // The first digit concerned, 0-based from the left; of the published count for kDigitAdded, else of the true one. In
  // a run of equal digits it is the leftmost that explains the slip. -1 for the kinds that have no single place.
  int32_t digit_index = -1;
  int32_t exponent = 0;             // published = true x 10^exponent, for kFactorOfTen.
  int32_t foreign_digit_count = 0;  // Digits of the published count that the true one does not have, as multisets.
};

// Names the slip that would turn `truth` into `published`. It is a reading aid: another cause may do the same.
// InvalidArgument where either is negative.
absl::StatusOr<SlipAnswer> ExplainSlip(int64_t published, int64_t truth);

// One sentence: "20696 for 206096: digit 4, a 0, is dropped". Digits are numbered from 1 for the reader.
std::string SlipText(int64_t published, int64_t truth, const SlipAnswer& answer);

// ---------------------------------------------------------------------------------------------------------------------
// Turnout through the day

// What one source said of one unit at one moment, in any unit of time. Whatever it did not state is absent.
struct TurnoutReport {
  int64_t moment = 0;
  std::optional<PrintedNumber> percentage;
  std::optional<int64_t> count;
  std::optional<int64_t> roll;
};

enum class FallKind {
  kPercentage = 1,  // Lower under every rounding, even where the two have different places.
  kCount = 2,       // Lower even where one has to be found from a percentage of its roll, under any rounding.
  kShare = 3,       // count / roll is lower, and the count is not: the roll grew.
};

struct TurnoutFall {
  FallKind kind = FallKind::kPercentage;
  int32_t earlier = 0;  // Indexes in the series as given.
  int32_t later = 0;
  // The roll grew between the two, and the later count may be as high as the earlier: a fall without a contradiction.
  bool roll_explains = false;

  friend bool operator==(const TurnoutFall&, const TurnoutFall&) = default;
};

// Lists where a later report is lower than the latest one before it that states the same; by moment and then by kind. A
// fall of the percentage is not told again as a count that follows from it. Reports may come in any order.
// InvalidArgument where two have one moment, or a number is outside its limits.
absl::StatusOr<std::vector<TurnoutFall>> ExplainTurnoutSeries(std::span<const TurnoutReport> reports);

// One sentence: "report 2 of moment 2210: 58.99 % after 63.63 % of moment 1810". `reports` are those that gave `fall`.
std::string FallText(std::span<const TurnoutReport> reports, const TurnoutFall& fall);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_PUBLISHED_FIGURES_H_
