// Published percentages and differences: known elections, boundaries, and properties against a model on digit strings.
#include "services/domain/published_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What is printed, read: the test fails where it cannot be.
PrintedNumber Printed(std::string_view text) {
  const absl::StatusOr<PrintedNumber> number = ParsePoints(text);
  EXPECT_TRUE(number.ok()) << number.status();
  return number.ok() ? *number : PrintedNumber{};
}

// "base id: rounding, rounding" for each base from which the figure follows.
std::vector<std::string> Fits(const std::vector<BaseFit>& fits, const std::vector<std::string>& ids) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < fits.size(); ++i) {
    const std::string rounding(RoundingText(fits[i].rounding));
    if (i > 0 && fits[i].base == fits[i - 1].base) {
      absl::StrAppend(&texts.back(), ", ", rounding);
    } else {
      texts.push_back(absl::StrCat(ids[static_cast<size_t>(fits[i].base)], ": ", rounding));
    }
  }
  return texts;
}

PercentageAnswer Explain(std::string_view published, int64_t numerator, const std::vector<CandidateBase>& bases) {
  absl::StatusOr<PercentageAnswer> answer = ExplainPercentage(Printed(published), numerator, bases);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? *std::move(answer) : PercentageAnswer{};
}

std::vector<std::string> ExplainedBy(std::string_view published, int64_t numerator,
                                     const std::vector<CandidateBase>& bases) {
  const PercentageAnswer answer = Explain(published, numerator, bases);
  std::vector<std::string> ids;
  for (const BaseAnswer& base : answer.bases) ids.push_back(base.id);
  return Fits(answer.fits, ids);
}

// ---------------------------------------------------------------------------------------------------------------------
// The model: long division digit by digit, rounding on the string of digits.

struct LongDivision {
  std::string digits;  // Of 100 x numerator / base with `decimal_count` places, without the point.
  int next = 0;        // The digit after them.
  bool rest = false;   // Anything after that one.
};

LongDivision Divide(int64_t numerator, int64_t base, int32_t decimal_count) {
  LongDivision result;
  const std::string dividend = absl::StrCat(numerator, "00");
  int64_t remainder = 0;
  const auto step = [&](int64_t digit) {
    remainder = remainder * 10 + digit;
    int quotient = 0;
    for (; remainder >= base; remainder -= base) ++quotient;
    return quotient;
  };
  for (const char digit : dividend) absl::StrAppend(&result.digits, step(digit - '0'));
  for (int32_t i = 0; i < decimal_count; ++i) absl::StrAppend(&result.digits, step(0));
  result.next = step(0);
  result.rest = remainder != 0;
  return result;
}

// As printed, with the point.
std::string ModelText(int64_t numerator, int64_t base, int32_t decimal_count, Rounding rounding) {
  const LongDivision division = Divide(numerator, base, decimal_count);
  std::string digits = "0" + division.digits;
  const bool half = division.next == 5 && !division.rest;
  const bool above_half = division.next > 5 || (division.next == 5 && division.rest);
  const bool odd = (digits.back() - '0') % 2 == 1;
  const bool more = rounding == Rounding::kHalfUp       ? half || above_half
                    : rounding == Rounding::kHalfToEven ? above_half || (half && odd)
                    : rounding == Rounding::kUp         ? division.next > 0 || division.rest
                                                        : false;
  for (size_t i = digits.size(); more && i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      break;
    }
    digits[i] = '0';
  }
  const size_t whole = digits.size() - static_cast<size_t>(decimal_count);
  std::string before = digits.substr(0, whole);
  before.erase(0, std::min(before.find_first_not_of('0'), before.size() - 1));
  return decimal_count == 0 ? before : absl::StrCat(before, ".", digits.substr(whole));
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

TEST(ParsePercentageTest, KeepsThePlacesThatArePrinted) {
  EXPECT_EQ(Printed("54.19"), (PrintedNumber{5419, 2}));
  EXPECT_EQ(Printed("54,19"), (PrintedNumber{5419, 2}));
  EXPECT_EQ(Printed("54.190"), (PrintedNumber{54190, 3}));
  EXPECT_EQ(Printed("54"), (PrintedNumber{54, 0}));
  EXPECT_EQ(Printed("0.07"), (PrintedNumber{7, 2}));
  EXPECT_EQ(Printed("0"), (PrintedNumber{0, 0}));
  EXPECT_EQ(Printed("9999.999999999"), (PrintedNumber{9'999'999'999'999, 9}));
}

TEST(ParsePercentageTest, RefusesWhatIsNoPlainDecimal) {
  for (const std::string_view text : {"",
                                      ".",
                                      ",",
                                      ".5",
                                      "5.",
                                      "05",
                                      "00",
                                      "00.5",
                                      " 54.19",
                                      "54.19 ",
                                      "54.19%",
                                      "54.19 %",
                                      "54..19",
                                      "54.1.9",
                                      "54.1,9",
                                      "1 000",
                                      "5e1",
                                      "0x5",
                                      "nan",
                                      "-1",
                                      "+1",
                                      "\xE2\x88\x92"
                                      "1",
                                      "10000",
                                      "1.0123456789",
                                      "54.\xD9\xA1"}) {
    const absl::StatusOr<PrintedNumber> number = ParsePercentage(text);
    EXPECT_EQ(number.status().code(), absl::StatusCode::kInvalidArgument) << '"' << text << '"';
    EXPECT_THAT(std::string(number.status().message()), HasSubstr(absl::StrCat("\"", std::string(text), "\"")));
  }
  EXPECT_EQ(ParsePercentage(std::string_view("5\0", 2)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ParsePointsTest, ReadsOneSign) {
  EXPECT_EQ(Printed("-0.18"), (PrintedNumber{-18, 2}));
  EXPECT_EQ(Printed("\xE2\x88\x92"
                    "0,18"),
            (PrintedNumber{-18, 2}));
  EXPECT_EQ(Printed("+0.18"), (PrintedNumber{18, 2}));
  for (const std::string_view text : {"--1", "+-1", "-", "+", "- 1", "1-"}) {
    EXPECT_EQ(ParsePoints(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(FormatPrintedTest, IsReadBack) {
  for (const std::string text : {"0", "0.0", "0.07", "54.10", "-0.01", "-12", "9999.999999999"}) {
    EXPECT_EQ(FormatPrinted(Printed(text)), text);
  }
}

TEST(FormatUnitsTest, PrintsWhatNo64BitsHold) {
  const Wide huge = static_cast<Wide>(kPublishedSumMax) * 100 * 1'000'000'000;
  EXPECT_EQ(FormatUnits(huge, 9), "100000000000000.000000000");
  EXPECT_EQ(FormatUnits(-huge, 0), "-100000000000000000000000");
  EXPECT_EQ(FormatUnits(-1, 3), "-0.001");
}

// ---------------------------------------------------------------------------------------------------------------------
// Rounding

TEST(RoundPercentageTest, PartsTheRoundingsAtTheHalf) {
  // Of 800, one is 0.125 %.
  struct Row {
    int64_t numerator;
    int64_t half_up, half_to_even, down, up;
  };
  for (const Row& row : {Row{0, 0, 0, 0, 0}, Row{1, 13, 12, 12, 13}, Row{2, 25, 25, 25, 25}, Row{3, 38, 38, 37, 38},
                         Row{799, 9988, 9988, 9987, 9988}, Row{800, 10000, 10000, 10000, 10000}}) {
    const Fraction share{row.numerator, 800};
    EXPECT_EQ(RoundPercentage(share, 2, Rounding::kHalfUp), row.half_up) << row.numerator;
    EXPECT_EQ(RoundPercentage(share, 2, Rounding::kHalfToEven), row.half_to_even) << row.numerator;
    EXPECT_EQ(RoundPercentage(share, 2, Rounding::kDown), row.down) << row.numerator;
    EXPECT_EQ(RoundPercentage(share, 2, Rounding::kUp), row.up) << row.numerator;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Published percentages

// The roll of 19 March 2023 in three versions: 08:15 (inform.kz a4047446), 20:10 (a4047881), 22:10 (a4047921).
const std::vector<CandidateBase> kRolls2023 = {
    {"roll 08:15", 12'032'550}, {"roll 20:10", 12'035'004}, {"roll 22:10", 12'035'578}};

// "54.19 %" with 6,521,860 ballots received (inform.kz a4047921, Interfax). The nearest-digit roundings cannot tell the
// last two rolls apart (54.1882 and 54.1908); the roll of the morning is excluded (54.2018). That the figure is rounded
// and not cut off follows for the roll it was published with, and for that one only.
TEST(ExplainPercentageTest, TellsOfWhichRollTheTurnoutOf2023Is) {
  EXPECT_THAT(ExplainedBy("54.19", 6'521'860, kRolls2023),
              ElementsAre("roll 20:10: half up, half to even, down", "roll 22:10: half up, half to even, up"));
}

// "54.09 %" at 20:10, 6,509,695 received (inform.kz a4047881): 54.0897 of the roll of that moment.
TEST(ExplainPercentageTest, TellsOfWhichRollTheTurnoutAtClosingIs) {
  EXPECT_THAT(ExplainedBy("54.09", 6'509'695, kRolls2023),
              ElementsAre("roll 20:10: half up, half to even, up", "roll 22:10: half up, half to even, up"));
}

// "52.90 %" (an encyclopedia's turnout of 2023) is of those who voted for lists, not of the ballots received.
TEST(ExplainPercentageTest, TellsWhichTurnoutIsMeant) {
  EXPECT_THAT(ExplainedBy("52.90", 6'366'441, kRolls2023),
              ElementsAre("roll 20:10: half up, half to even, up", "roll 22:10: half up, half to even, up"));
  EXPECT_THAT(ExplainedBy("52.90", 6'521'860, kRolls2023), IsEmpty());
  EXPECT_THAT(ExplainedBy("54.19", 6'366'441, kRolls2023), IsEmpty());
}

// List vote of the Mazhilis, Central Election Commission 27 March 2023 (newtimes.kz 166548, vlast.kz 54446).
const std::vector<CandidateBase> kBases2023 = {{"ballots received", 6'521'860}, {"voted for lists", 6'366'441}};
struct PublishedLine {
  std::string_view name;
  std::string_view published;
  int64_t votes;
};
const std::vector<PublishedLine> kMazhilis2023 = {{"Amanat", "53.90", 3'431'510},   {"Auyl", "10.90", 693'938},
                                                  {"Respublica", "8.59", 547'154},  {"Aq Jol", "8.41", 535'139},
                                                  {"PPK", "6.80", 432'920},         {"NSDP", "5.20", 331'058},
                                                  {"against all", "3.90", 248'291}, {"Baytaq", "2.30", 146'431}};

TEST(ExplainPercentageTest, FindsTheBaseOfEveryListOf2023) {
  for (const PublishedLine& line : kMazhilis2023) {
    const PercentageAnswer answer = Explain(line.published, line.votes, kBases2023);

    ASSERT_EQ(answer.bases.size(), 2u);
    EXPECT_EQ(answer.bases[0].state, BaseState::kMisses) << line.name;
    EXPECT_EQ(answer.bases[1].state, BaseState::kFits) << line.name;
    EXPECT_THAT(answer.fits, ::testing::Contains(BaseFit{1, Rounding::kHalfUp})) << line.name;
  }
}

// One line alone leaves other roundings open (PPK is 6.80003 %); the eight together leave rounding to the nearest.
TEST(ExplainTableTest, NamesTheRoundingOfTheTableOf2023) {
  std::vector<TableLine> lines;
  for (const PublishedLine& line : kMazhilis2023) lines.push_back({Printed(line.published), line.votes});

  const absl::StatusOr<std::vector<BaseFit>> fits = ExplainTable(lines, kBases2023);

  ASSERT_TRUE(fits.ok()) << fits.status();
  EXPECT_THAT(Fits(*fits, {"ballots received", "voted for lists"}),
              ElementsAre("voted for lists: half up, half to even"));
}

// An interview of 25 March 2023 (kisi.kz) gives 8.41 % to PPK: of no base.
TEST(ExplainTableTest, IsEmptyWhereOneLineIsAnothersPercentage) {
  std::vector<TableLine> lines;
  for (const PublishedLine& line : kMazhilis2023) {
    lines.push_back({Printed(line.name == "PPK" ? "8.41" : line.published), line.votes});
  }

  const absl::StatusOr<std::vector<BaseFit>> fits = ExplainTable(lines, kBases2023);

  ASSERT_TRUE(fits.ok()) << fits.status();
  EXPECT_THAT(*fits, IsEmpty());
}

TEST(ExplainTableTest, NamesTheLineThatIsBeyondTheLimits) {
  const std::vector<TableLine> lines = {{Printed("1.00"), 1}, {Printed("1.00"), -1}};

  const absl::StatusOr<std::vector<BaseFit>> fits = ExplainTable(lines, kBases2023);

  EXPECT_EQ(fits.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(fits.status().message()), HasSubstr("line 1: numerator: -1"));
  EXPECT_THAT(*ExplainTable({}, kBases2023), IsEmpty());
}

// Referendum of 5 June 2022, preliminary (inform.kz a3941224) and final (interfax 79937), roll 11,734,642.
TEST(ExplainPercentageTest, FollowsTheReferendumThroughItsVersions) {
  const std::vector<CandidateBase> roll = {{"roll", 11'734'642}};

  EXPECT_THAT(ExplainedBy("68.06", 7'986'293, roll), ElementsAre("roll: half up, half to even, up"));
  EXPECT_THAT(ExplainedBy("68.05", 7'985'769, roll), ElementsAre("roll: half up, half to even, down"));
  EXPECT_THAT(ExplainedBy("68.06", 7'985'769, roll), ElementsAre("roll: up"));
  EXPECT_THAT(ExplainedBy("77.18", 6'163'516, {{"roll", 11'734'642}, {"took part", 7'985'769}}),
              ElementsAre("took part: half up, half to even, down"));
  // The evening's "68.44 %" (astanatimes) is a version of its own.
  EXPECT_THAT(ExplainedBy("68.44", 7'986'293, roll), IsEmpty());
}

// Mazhilis 2007: 88.05 % preliminary, the sum of the seven lists being the base; 88.41 % final. The final base of
// 5,935,625 is the sum of seven figures of which five have no source that could be opened; Nur Otan's own is published.
TEST(ExplainPercentageTest, FollowsTheMazhilisOf2007ThroughItsVersions) {
  const std::vector<CandidateBase> bases = {{"preliminary", 5'876'629}, {"final", 5'935'625}};

  EXPECT_THAT(ExplainedBy("88.05", 5'174'169, bases), ElementsAre("preliminary: half up, half to even, up"));
  EXPECT_THAT(ExplainedBy("3.27", 192'155, bases), ElementsAre("preliminary: half up, half to even, up"));
  EXPECT_THAT(ExplainedBy("88.41", 5'247'720, bases), ElementsAre("final: half up, half to even, down"));
  EXPECT_THAT(ExplainedBy("3.09", 183'346, bases), ElementsAre("final: half up, half to even, up"));
}

// Mazhilis 2021, final (zonakz.net, 12 January 2021): 7,539,280 of 11,919,241 received ballots, 63.25 %.
TEST(ExplainPercentageTest, FollowsTheTurnoutOf2021) {
  EXPECT_THAT(ExplainedBy("63.25", 7'539'280, {{"roll", 11'919'241}}),
              ElementsAre("roll: half up, half to even, down"));
}

TEST(ExplainPercentageTest, NamesTheNearestWhereNothingFits) {
  // 61.9 % of 100 candidates for a base: 1/2 = 50 %, 2/3 = 66.7 %, 5/8 = 62.5 %.
  const PercentageAnswer answer = Explain("61.9", 10, {{"c", 20}, {"b", 15}, {"a", 16}, {"nobody", 0}, {"lost", {}}});

  EXPECT_THAT(answer.fits, IsEmpty());
  ASSERT_EQ(answer.bases.size(), 5u);
  EXPECT_EQ(answer.bases[0].id, "a");
  EXPECT_EQ(answer.bases[0].unit_count, -6);
  EXPECT_EQ(answer.bases[0].distance, 6 * 16);
  EXPECT_EQ(answer.bases[1].unit_count, -48);
  EXPECT_EQ(answer.bases[1].distance, 10'000 - 619 * 15);
  EXPECT_EQ(answer.bases[2].unit_count, 119);
  EXPECT_EQ(answer.bases[3].state, BaseState::kUnknown);
  EXPECT_EQ(answer.bases[4].state, BaseState::kZero);
  EXPECT_THAT(answer.nearest, ElementsAre(0));
}

TEST(ExplainPercentageTest, NamesAllThatAreEquallyNear) {
  // 50 % and 40 % of 4 are as far from 45 %; so is the first base under another name.
  const PercentageAnswer answer = Explain("45", 4, {{"z", 8}, {"m", 10}, {"a", 8}, {"far", 100}});

  EXPECT_THAT(answer.nearest, ElementsAre(0, 2, 3));
}

TEST(ExplainPercentageTest, HasNothingNearWithoutABase) {
  EXPECT_THAT(Explain("45", 4, {{"zero", 0}, {"unknown", {}}}).nearest, IsEmpty());
  EXPECT_THAT(Explain("45", 4, {}).nearest, IsEmpty());
  // Nothing is no part of nothing either.
  EXPECT_THAT(Explain("0", 0, {{"zero", 0}}).fits, IsEmpty());
}

TEST(ExplainPercentageTest, RefusesWhatIsBeyondItsLimits) {
  const std::vector<CandidateBase> one = {{"roll", 1}};
  const std::vector<CandidateBase> negative = {{"roll", -1}};
  const std::vector<CandidateBase> large = {{"roll", kPublishedSumMax + 1}};
  const std::vector<CandidateBase> twice = {{"roll", 1}, {"box", 2}, {"roll", 3}};

  const auto message = [](const PrintedNumber& published, int64_t numerator, const std::vector<CandidateBase>& bases) {
    const absl::StatusOr<PercentageAnswer> answer = ExplainPercentage(published, numerator, bases);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(answer.status().message());
  };
  EXPECT_EQ(message({-1, 2}, 1, one), "published: -0.01 is below 0");
  EXPECT_EQ(message({1'000'000, 2}, 1, one), "published: 10000.00 is not below 10000");
  EXPECT_EQ(message({1, 10}, 1, one), "published: 10 decimals, and 0 to 9 are possible");
  EXPECT_EQ(message({1, 2}, -1, one), "numerator: -1 is not in 0..1000000000000");
  EXPECT_EQ(message({1, 2}, kPublishedSumMax + 1, one), "numerator: 1000000000001 is not in 0..1000000000000");
  EXPECT_EQ(message({1, 2}, 1, negative), "base \"roll\": -1 is not in 0..1000000000000");
  EXPECT_EQ(message({1, 2}, 1, large), "base \"roll\": 1000000000001 is not in 0..1000000000000");
  EXPECT_EQ(message({1, 2}, 1, twice), "base \"roll\" is given twice");
}

TEST(ExplainPercentageTest, StaysExactAtItsLimits) {
  const int64_t max = kPublishedSumMax;

  EXPECT_THAT(ExplainedBy("100.000000000", max, {{"all", max}}), ElementsAre("all: half up, half to even, down, up"));
  // One less of 10^12 is 99.9999999999: only cutting off shows it.
  EXPECT_THAT(ExplainedBy("99.999999999", max - 1, {{"all", max}}), ElementsAre("all: down"));
  // The nearest of two huge bases that differ by one.
  EXPECT_THAT(Explain("9999.999999999", 0, {{"a", max}, {"b", max - 1}}).nearest, ElementsAre(0, 1));
  EXPECT_THAT(Explain("9999.999999999", max, {{"a", max}, {"b", max - 1}}).nearest, ElementsAre(1));
}

TEST(PercentageTextTest, NamesEveryBaseThatFits) {
  EXPECT_EQ(PercentageText(Printed("54.19"), 6'521'860, Explain("54.19", 6'521'860, kRolls2023)),
            "54.19 % of 6521860 follows from \"roll 20:10\" (12035004) rounded half up, half to even or down, and from "
            "\"roll 22:10\" (12035578) rounded half up, half to even or up");
  EXPECT_EQ(PercentageText(Printed("77.12"), 7'566'000, Explain("77.12", 7'566'000, {{"roll", 9'810'000}})),
            "77.12 % of 7566000 follows from \"roll\" (9810000) rounded down");
}

TEST(PercentageTextTest, SaysWhatWouldDoWhereNothingFits) {
  EXPECT_EQ(
      PercentageText(Printed("77.12"), 7'966'000, Explain("77.12", 7'966'000, {{"roll", 9'810'000}})),
      "77.12 % of 7966000 follows from no base; nearest is \"roll\" (9810000), of which it is 81.20 %, 408 units of "
      "the last place higher, and of which 77.12 % needs 7564492..7566452");
  EXPECT_EQ(
      PercentageText(Printed("50"), 1, Explain("50", 1, {{"b", 3}, {"a", 3}})),
      "50 % of 1 follows from no base; nearest is \"a\" (3), of which it is 33 %, 17 units of the last place lower, "
      "and of which no count is 50 %, and \"b\" (3), of which it is 33 %, 17 units of the last place lower, and of "
      "which no count is 50 %");
  EXPECT_EQ(PercentageText(Printed("50"), 1, Explain("50", 1, {{"roll", {}}})),
            "50 % of 1 follows from no base; none is both stated and above 0");
}

// ---------------------------------------------------------------------------------------------------------------------
// Counts and bases that a percentage allows

// "7,966,000 or 77.12 %" of 9,810,000 (inform.kz a2884113, 2016). 77.12 % allows 7,564,492..7,566,452 of that roll, so
// the 9 is a slip; 7,566,000 is itself a rounded figure and follows by cutting off only.
TEST(CountsThatGiveTest, ShowsThatTheTurnoutOf2016IsMisprinted) {
  const PrintedNumber published = Printed("77.12");

  EXPECT_EQ(*CountsThatGive(published, 9'810'000, Rounding::kHalfUp), (CountRange{7'564'982, 7'565'962}));
  EXPECT_EQ(*CountsThatGive(published, 9'810'000, Rounding::kDown), (CountRange{7'565'472, 7'566'452}));
  EXPECT_EQ(*CountsThatGive(published, 9'810'000, Rounding::kUp), (CountRange{7'564'492, 7'565'472}));
  EXPECT_EQ(*CountsThatGiveAnyhow(published, 9'810'000), (CountRange{7'564'492, 7'566'452}));
  EXPECT_THAT(ExplainedBy("77.12", 7'966'000, {{"roll", 9'810'000}}), IsEmpty());
  EXPECT_THAT(ExplainedBy("77.12", 7'566'000, {{"roll", 9'810'000}}), ElementsAre("roll: down"));
}

TEST(CountsThatGiveTest, IsEmptyWhereThePercentageIsBetweenTwoCounts) {
  EXPECT_TRUE(CountsThatGive(Printed("50.00"), 3, Rounding::kHalfUp)->empty());
  EXPECT_TRUE(CountsThatGiveAnyhow(Printed("50.00"), 3)->empty());
  EXPECT_EQ(*CountsThatGive(Printed("33.33"), 3, Rounding::kHalfUp), (CountRange{1, 1}));
  EXPECT_EQ(*CountsThatGive(Printed("33.34"), 3, Rounding::kUp), (CountRange{1, 1}));
  // Only nothing rounds up to nothing.
  EXPECT_EQ(*CountsThatGive(Printed("0.00"), 1'000'000, Rounding::kUp), (CountRange{0, 0}));
  EXPECT_EQ(*CountsThatGive(Printed("0.00"), 1'000'000, Rounding::kDown), (CountRange{0, 99}));
  // A half of an even unit belongs to it, of an odd one to its neighbours.
  EXPECT_EQ(*CountsThatGive(Printed("0.12"), 800, Rounding::kHalfToEven), (CountRange{1, 1}));
  EXPECT_TRUE(CountsThatGive(Printed("0.13"), 800, Rounding::kHalfToEven)->empty());
}

TEST(CountsThatGiveTest, RefusesABaseOfNothing) {
  const absl::StatusOr<CountRange> range = CountsThatGive(Printed("50"), 0, Rounding::kHalfUp);

  EXPECT_EQ(range.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(range.status().message()), "base: 0 is not in 1..1000000000000");
  EXPECT_EQ(CountsThatGiveAnyhow(Printed("50"), 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CountsThatGive({-1, 0}, 5, Rounding::kUp).status().code(), absl::StatusCode::kInvalidArgument);
}

// What the roll must have been for 6,521,860 to be 54.19 %: both evening rolls of 2023, not the morning's.
TEST(BasesThatGiveTest, BoundsTheRollOf2023) {
  EXPECT_EQ(*BasesThatGive(Printed("54.19"), 6'521'860, Rounding::kHalfUp), (CountRange{12'034'063, 12'036'283}));
}

TEST(BasesThatGiveTest, KnowsTheEnds) {
  const CountRange all{1, kPublishedSumMax};
  EXPECT_EQ(*BasesThatGive(Printed("0.0"), 0, Rounding::kUp), all);
  EXPECT_TRUE(BasesThatGive(Printed("0.1"), 0, Rounding::kHalfUp)->empty());
  EXPECT_TRUE(BasesThatGive(Printed("0.0"), 1, Rounding::kUp)->empty());
  EXPECT_EQ(*BasesThatGive(Printed("0.0"), 1, Rounding::kDown), (CountRange{1001, kPublishedSumMax}));
  EXPECT_EQ(*BasesThatGive(Printed("0.1"), 1, Rounding::kUp), (CountRange{1000, kPublishedSumMax}));
  EXPECT_EQ(BasesThatGive(Printed("0.1"), -1, Rounding::kUp).status().code(), absl::StatusCode::kInvalidArgument);
}

// ---------------------------------------------------------------------------------------------------------------------
// Differences

DifferenceAnswer Difference(std::string_view published, const PublishedShare& a, const PublishedShare& b) {
  absl::StatusOr<DifferenceAnswer> answer = ExplainDifference(Printed(published), a, b);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? *std::move(answer) : DifferenceAnswer{};
}

// Respublica 547,154 (8.59 %) and Aq Jol 535,139 (8.41 %) of 6,366,441: 12,015 votes are 0.1887 points. An analysis of
// 22 March 2023 (toppress.kz) prints 0.18, the difference of the rounded percentages.
TEST(ExplainDifferenceTest, TellsTheSubtractionOfRoundedPercentages) {
  const PublishedShare respublica{{547'154, 6'366'441}, Printed("8.59")};
  const PublishedShare aq_jol{{535'139, 6'366'441}, Printed("8.41")};

  const DifferenceAnswer subtracted = Difference("0.18", respublica, aq_jol);
  EXPECT_EQ(subtracted.kind, DifferenceKind::kSubtracted);
  EXPECT_TRUE(subtracted.shares_follow);
  ASSERT_EQ(subtracted.steps.size(), 2u);  // Half up and half to even give both shares.
  EXPECT_EQ(subtracted.steps[0].exact_units, 19);
  EXPECT_EQ(subtracted.steps[0].subtracted_units, 18);
  EXPECT_EQ(Difference("0.19", respublica, aq_jol).kind, DifferenceKind::kExact);
  EXPECT_EQ(Difference("0.20", respublica, aq_jol).kind, DifferenceKind::kNeither);
  EXPECT_EQ(Difference("-0.18", aq_jol, respublica).kind, DifferenceKind::kSubtracted);
  EXPECT_EQ(Difference("-0.19", aq_jol, respublica).kind, DifferenceKind::kExact);
  EXPECT_EQ(Difference("0.19", aq_jol, respublica).kind, DifferenceKind::kNeither);
}

// Without the printed shares 0.18 may also be 0.1887 cut off: it proves no slip.
TEST(ExplainDifferenceTest, LeavesItOpenWithoutThePrintedShares) {
  EXPECT_EQ(Difference("0.18", {{547'154, 6'366'441}, {}}, {{535'139, 6'366'441}, {}}).kind, DifferenceKind::kEither);
}

TEST(DifferenceTextTest, SaysBothDifferences) {
  const PublishedShare respublica{{547'154, 6'366'441}, Printed("8.59")};
  const PublishedShare aq_jol{{535'139, 6'366'441}, Printed("8.41")};
  const auto text = [&](std::string_view published) {
    return DifferenceText(Printed(published), Difference(published, respublica, aq_jol));
  };
  EXPECT_EQ(
      text("0.18"),
      "0.18 points follow from subtracting rounded percentages; the exact difference rounds to 0.19 half up, 0.19 "
      "half to even");
  EXPECT_EQ(
      text("0.19"),
      "0.19 points follow from the exact shares; rounded percentages subtract to 0.18 half up, 0.18 half to even");
  EXPECT_EQ(text("0.2"), "0.2 points follow from the exact shares and from subtracting rounded percentages");
  EXPECT_EQ(
      text("0.20"),
      "0.20 points do not follow; the exact difference rounds to 0.19 half up, 0.19 half to even; rounded percentages "
      "subtract to 0.18 half up, 0.18 half to even");
  const PublishedShare half{{50, 100}, Printed("50")};
  EXPECT_EQ(
      DifferenceText(Printed("-1"), Difference("-1", half, {{50, 100}, Printed("51")})),
      "-1 points follow from subtracting rounded percentages; the exact difference rounds to 0 half up, 0 half to "
      "even, 0 down, 0 up; no one rounding gives the printed percentages");
}

// Two bases: Nur Otan 2007, 88.05 % preliminary and 88.41 % final (see above), 0.3640 points apart either way.
TEST(ExplainDifferenceTest, ComparesSharesOfTwoBases) {
  const PublishedShare final{{5'247'720, 5'935'625}, Printed("88.41")};
  const PublishedShare preliminary{{5'174'169, 5'876'629}, Printed("88.05")};

  EXPECT_EQ(Difference("0.36", final, preliminary).kind, DifferenceKind::kEither);
  EXPECT_EQ(Difference("0.364", final, preliminary).kind, DifferenceKind::kExact);
}

TEST(ExplainDifferenceTest, SaysWhereThePrintedSharesDoNotFollow) {
  const DifferenceAnswer answer = Difference("1", {{50, 100}, Printed("51")}, {{50, 100}, Printed("50")});

  EXPECT_FALSE(answer.shares_follow);
  EXPECT_EQ(answer.kind, DifferenceKind::kSubtracted);
  EXPECT_EQ(answer.steps.size(), 4u);
}

TEST(ExplainDifferenceTest, RoundsAgainWherePrintedSharesHaveMorePlaces) {
  // 12.46 - 12.21 = 0.25, and 0.3 of it; exactly 0.2450.
  const PublishedShare a{{12'457, 100'000}, Printed("12.46")};
  const PublishedShare b{{12'212, 100'000}, Printed("12.21")};

  const DifferenceAnswer answer = Difference("0.3", a, b);

  EXPECT_EQ(answer.kind, DifferenceKind::kSubtracted);
  ASSERT_EQ(answer.steps.size(), 2u);  // Half up and half to even, which makes 0.2 of 0.25.
  EXPECT_EQ(answer.steps[0].subtracted_units, 3);
  EXPECT_EQ(answer.steps[1].subtracted_units, 2);
}

TEST(ExplainDifferenceTest, SubtractsPercentagesOfUnequalPlaces) {
  const PublishedShare a{{125, 1000}, Printed("12.5")};
  const PublishedShare b{{49, 400}, Printed("12.25")};

  EXPECT_EQ(Difference("0.25", a, b).kind, DifferenceKind::kEither);
  EXPECT_EQ(Difference("-0.25", b, a).kind, DifferenceKind::kEither);
  EXPECT_EQ(Difference("0.3", a, b).kind, DifferenceKind::kEither);
  EXPECT_EQ(Difference("0.2", a, b).kind, DifferenceKind::kEither);  // Half to even, or cut off.
  EXPECT_EQ(Difference("0", b, a).kind, DifferenceKind::kEither);
  EXPECT_EQ(Difference("0.4", a, b).kind, DifferenceKind::kNeither);
}

TEST(ExplainDifferenceTest, RefusesWhatIsBeyondItsLimits) {
  const PublishedShare half{{1, 2}, {}};

  const auto message = [](const PrintedNumber& published, const PublishedShare& a, const PublishedShare& b) {
    const absl::StatusOr<DifferenceAnswer> answer = ExplainDifference(published, a, b);
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(answer.status().message());
  };
  EXPECT_EQ(message({-10'000, 0}, half, half), "published: -10000 is not below 10000");
  EXPECT_EQ(message({1, 0}, {{1, 0}, {}}, half), "a.denominator: 0 is not in 1..1000000000000");
  EXPECT_EQ(message({1, 0}, half, {{-1, 2}, {}}), "b.numerator: -1 is not in 0..1000000000000");
  EXPECT_EQ(message({1, 0}, half, {{1, 2}, PrintedNumber{-5, 1}}), "b.printed: -0.5 is below 0");
}

// ---------------------------------------------------------------------------------------------------------------------
// Properties

// Random text of the characters that figures are written with, against the grammar as a regular expression.
TEST(PublishedFiguresPropertyTest, ReadsTheGrammarAndNothingElse) {
  std::mt19937_64 random(hattama::testing::Seed());
  const std::regex grammar("[-+]?(0|[1-9][0-9]{0,3})([.,][0-9]{1,9})?");
  constexpr std::string_view kCharacters = "00112345.,9-+ %";
  int64_t accepted_count = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    std::string text;
    for (size_t length = random() % 8; text.size() < length;) text += kCharacters[random() % kCharacters.size()];
    const bool is_number = std::regex_match(text, grammar);
    const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+');

    const absl::StatusOr<PrintedNumber> points = ParsePoints(text);

    ASSERT_EQ(points.ok(), is_number) << '"' << text << '"';
    ASSERT_EQ(ParsePercentage(text).ok(), is_number && !has_sign) << '"' << text << '"';
    if (!is_number) continue;
    ++accepted_count;
    std::replace(text.begin(), text.end(), ',', '.');
    if (text[0] == '+' || (text[0] == '-' && points->units == 0)) text.erase(0, 1);
    ASSERT_EQ(FormatPrinted(*points), text);
  }
  EXPECT_GT(accepted_count, 1'000);
}

TEST(PublishedFiguresPropertyTest, AgreesWithLongDivision) {
  std::mt19937_64 random(hattama::testing::Seed());
  int64_t fit_count = 0;
  for (int trial = 0; trial < 20'000; ++trial) {
    const int64_t magnitude = trial % 3 == 0 ? 40 : trial % 3 == 1 ? 4'000 : 12'000'000;
    const int32_t decimals = static_cast<int32_t>(random() % 5);
    const int64_t numerator = static_cast<int64_t>(random() % magnitude);
    std::vector<CandidateBase> bases;
    for (char id = 'a'; id < 'd'; ++id) {
      // At most a thousand times as many: the printed figure stays below 100,000, and below 10,000 after the filter.
      bases.push_back({std::string(1, id), 1 + numerator / 50 + static_cast<int64_t>(random() % magnitude)});
    }
    const Rounding used = kRoundings[random() % 4];
    PrintedNumber published = Printed(ModelText(numerator, *bases[1].value, decimals, used));
    if (random() % 2 == 0) published.units += static_cast<int64_t>(random() % 3) - 1;
    if (published.units < 0) continue;
    const std::string text = FormatPrinted(published);

    const absl::StatusOr<PercentageAnswer> answer = ExplainPercentage(published, numerator, bases);

    ASSERT_TRUE(answer.ok()) << answer.status();
    std::vector<BaseFit> expected;
    double least = std::numeric_limits<double>::infinity();
    for (size_t i = 0; i < bases.size(); ++i) {
      const double exact = 100.0 * static_cast<double>(numerator) / static_cast<double>(*bases[i].value);
      least = std::min(least, std::abs(exact - std::stod(text)));
      for (const Rounding rounding : kRoundings) {
        if (ModelText(numerator, *bases[i].value, decimals, rounding) == text) {
          expected.push_back({static_cast<int32_t>(i), rounding});
        }
      }
    }
    ASSERT_THAT(answer->fits, ElementsAreArray(expected)) << text << " of " << numerator;
    ASSERT_EQ(answer->nearest.empty(), !expected.empty());
    for (const int32_t i : answer->nearest) {
      const double exact = 100.0 * static_cast<double>(numerator) / static_cast<double>(*bases[i].value);
      ASSERT_NEAR(std::abs(exact - std::stod(text)), least, 1e-9);
    }
    fit_count += expected.empty() ? 0 : 1;
  }
  EXPECT_GT(fit_count, 8'000);
}

TEST(PublishedFiguresPropertyTest, CountsThatGiveIsWhatTryingEveryCountFinds) {
  std::mt19937_64 random(hattama::testing::Seed());
  int64_t empty_count = 0;
  for (int trial = 0; trial < 400; ++trial) {
    const int64_t base = 1 + static_cast<int64_t>(random() % (trial % 2 == 0 ? 30 : 900));
    const int32_t decimals = static_cast<int32_t>(random() % 4);
    const Rounding rounding = kRoundings[random() % 4];
    int64_t hundred = 100;
    for (int32_t i = 0; i < decimals; ++i) hundred *= 10;
    PrintedNumber published{static_cast<int64_t>(random() % (hundred + 2)), decimals};
    if (random() % 2 == 0) {
      const int64_t count = static_cast<int64_t>(random() % (base + 1));
      published = Printed(ModelText(count, base, decimals, rounding));
    }
    const std::string text = FormatPrinted(published);

    const absl::StatusOr<CountRange> range = CountsThatGive(published, base, rounding);

    ASSERT_TRUE(range.ok()) << range.status();
    empty_count += range->empty() ? 1 : 0;
    for (int64_t count = 0; count <= 2 * base + 2; ++count) {
      const bool inside = range->first <= count && count <= range->last;
      ASSERT_EQ(inside, ModelText(count, base, decimals, rounding) == text)
          << text << " of " << base << ", " << RoundingText(rounding) << ": " << count;
    }
  }
  EXPECT_GT(empty_count, 20);
  EXPECT_LT(empty_count, 300);
}

TEST(PublishedFiguresPropertyTest, LargeRangesEndWhereTheFigureChanges) {
  std::mt19937_64 random(hattama::testing::Seed());
  for (int trial = 0; trial < 5'000; ++trial) {
    const int64_t base = 1 + static_cast<int64_t>(random() % kPublishedSumMax);
    const Rounding rounding = kRoundings[random() % 4];
    const int32_t decimals = static_cast<int32_t>(random() % 10);
    const int64_t count = static_cast<int64_t>(random() % (base + 1));
    const PrintedNumber published{static_cast<int64_t>(RoundPercentage({count, base}, decimals, rounding)), decimals};

    const absl::StatusOr<CountRange> range = CountsThatGive(published, base, rounding);

    ASSERT_TRUE(range.ok()) << range.status();
    ASSERT_LE(range->first, count);
    ASSERT_GE(range->last, count);
    ASSERT_EQ(RoundPercentage({range->first, base}, decimals, rounding), published.units);
    ASSERT_EQ(RoundPercentage({range->last, base}, decimals, rounding), published.units);
    ASSERT_GT(RoundPercentage({range->last + 1, base}, decimals, rounding), published.units);
    if (range->first > 0) {
      ASSERT_LT(RoundPercentage({range->first - 1, base}, decimals, rounding), published.units);
    }
  }
}

TEST(PublishedFiguresPropertyTest, BasesThatGiveIsWhatTryingEveryBaseFinds) {
  std::mt19937_64 random(hattama::testing::Seed());
  for (int trial = 0; trial < 300; ++trial) {
    const int64_t numerator = static_cast<int64_t>(random() % 60);
    const int32_t decimals = static_cast<int32_t>(random() % 3);
    const Rounding rounding = kRoundings[random() % 4];
    const int64_t some_base = numerator / 20 + 1 + static_cast<int64_t>(random() % 600);
    const PrintedNumber published = Printed(ModelText(numerator, some_base, decimals, rounding));
    const std::string text = FormatPrinted(published);

    const absl::StatusOr<CountRange> range = BasesThatGive(published, numerator, rounding);

    ASSERT_TRUE(range.ok()) << range.status();
    for (int64_t base = 1; base <= 900; ++base) {
      const bool inside = range->first <= base && base <= range->last;
      ASSERT_EQ(inside, ModelText(numerator, base, decimals, rounding) == text)
          << text << " for " << numerator << ", " << RoundingText(rounding) << ": " << base;
    }
  }
}

TEST(PublishedFiguresPropertyTest, ADifferenceOnOneBaseIsTheShareOfTheDifference) {
  std::mt19937_64 random(hattama::testing::Seed());
  int64_t subtracted_count = 0;
  for (int trial = 0; trial < 5'000; ++trial) {
    const int64_t base = 1 + static_cast<int64_t>(random() % 5'000);
    int64_t more = static_cast<int64_t>(random() % (base + 1));
    int64_t less = static_cast<int64_t>(random() % (base + 1));
    if (more < less) std::swap(more, less);
    const int32_t decimals = static_cast<int32_t>(random() % 3);
    const Rounding rounding = kRoundings[random() % 2];
    const PublishedShare a{{more, base}, Printed(ModelText(more, base, decimals, rounding))};
    const PublishedShare b{{less, base}, Printed(ModelText(less, base, decimals, rounding))};
    const PrintedNumber exact = Printed(ModelText(more - less, base, decimals, rounding));
    const PrintedNumber subtracted{a.printed->units - b.printed->units, decimals};

    const absl::StatusOr<DifferenceAnswer> of_exact = ExplainDifference(exact, a, b);
    const absl::StatusOr<DifferenceAnswer> of_subtracted = ExplainDifference(subtracted, a, b);
    const absl::StatusOr<DifferenceAnswer> reversed = ExplainDifference({-subtracted.units, decimals}, b, a);

    ASSERT_TRUE(of_exact.ok() && of_subtracted.ok() && reversed.ok());
    ASSERT_TRUE(of_exact->shares_follow);
    ASSERT_TRUE(of_exact->kind == DifferenceKind::kExact || of_exact->kind == DifferenceKind::kEither);
    ASSERT_TRUE(of_subtracted->kind == DifferenceKind::kSubtracted || of_subtracted->kind == DifferenceKind::kEither);
    ASSERT_EQ(of_subtracted->kind, reversed->kind);
    if (of_subtracted->kind == DifferenceKind::kSubtracted) {
      ASSERT_NE(exact.units, subtracted.units);
      ++subtracted_count;
    }
  }
  EXPECT_GT(subtracted_count, 300);
}

}  // namespace
}  // namespace hattama::domain
