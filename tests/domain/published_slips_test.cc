// Slips of the pen and falls of a turnout series: printed examples, boundaries, and models that try everything.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/domain/published_figures.h"
#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SlipAnswer Slip(int64_t published, int64_t truth) {
  const absl::StatusOr<SlipAnswer> answer = ExplainSlip(published, truth);
  EXPECT_TRUE(answer.ok()) << answer.status();
  return answer.ok() ? *answer : SlipAnswer{};
}

std::string SlipSentence(int64_t published, int64_t truth) {
  return SlipText(published, truth, Slip(published, truth));
}

PrintedNumber Printed(std::string_view text) {
  const absl::StatusOr<PrintedNumber> number = ParsePercentage(text);
  EXPECT_TRUE(number.ok()) << number.status();
  return number.ok() ? *number : PrintedNumber{};
}

// ---------------------------------------------------------------------------------------------------------------------
// Slips

// Referendum of 5 June 2022: 206,096 invalid ballots (inform.kz a3941224, preliminary), 20,696 in the press.
TEST(ExplainSlipTest, FindsTheZeroThatTheReferendumLost) {
  const SlipAnswer answer = Slip(20'696, 206'096);

  EXPECT_EQ(answer.kind, SlipKind::kDigitDropped);
  EXPECT_EQ(answer.digit_index, 3);
  EXPECT_EQ(SlipText(20'696, 206'096, answer), "20696 for 206096: digit 4, a 0, is dropped");
  EXPECT_EQ(SlipSentence(206'096, 20'696), "206096 for 20696: digit 4, a 0, is added");
}

// The roll of 19 March 2023 was 12,032,550 (inform.kz a4047446). One article (kznews.kz) prints 12 320 550 in its text,
// the same digits in another order, and 12 320 052 in its headline. The headline's are not the same digits: a 5 became
// a 2, so that no single slip makes it of the roll, nor of the text.
TEST(ExplainSlipTest, PartsTheTwoSlipsOfTheRollOf2023) {
  EXPECT_EQ(Slip(12'320'550, 12'032'550).kind, SlipKind::kDigitsRearranged);
  EXPECT_EQ(SlipSentence(12'320'550, 12'032'550), "12320550 for 12032550: the same digits in another order");

  const SlipAnswer headline = Slip(12'320'052, 12'032'550);
  EXPECT_EQ(headline.kind, SlipKind::kOther);
  EXPECT_EQ(headline.foreign_digit_count, 1);
  EXPECT_EQ(SlipText(12'320'052, 12'032'550, headline),
            "12320052 for 12032550: no single slip; 1 of 8 digits are not the true count's");
  EXPECT_EQ(Slip(12'320'052, 12'320'550).kind, SlipKind::kOther);
}

// Turnout of 2016: 7,966,000 printed where 77.12 % of the roll needs about 7,566,000 (inform.kz a2884113).
TEST(ExplainSlipTest, FindsTheDigitOfTheTurnoutOf2016) {
  EXPECT_EQ(SlipSentence(7'966'000, 7'566'000), "7966000 for 7566000: digit 2 is 9 instead of 5");
}

TEST(ExplainSlipTest, NamesTheFirstThatFits) {
  struct Row {
    int64_t published, truth;
    SlipKind kind;
    int32_t digit_index, exponent;
  };
  for (const Row& row :
       {Row{0, 0, SlipKind::kEqual, -1, 0}, Row{913, 913, SlipKind::kEqual, -1, 0},
        Row{9130, 913, SlipKind::kFactorOfTen, -1, 1}, Row{913, 91'300, SlipKind::kFactorOfTen, -1, -2},
        Row{20, 200, SlipKind::kFactorOfTen, -1, -1},  // Not a dropped zero.
        Row{931, 913, SlipKind::kNeighboursTransposed, 1, 0}, Row{193, 913, SlipKind::kNeighboursTransposed, 0, 0},
        Row{319, 913, SlipKind::kDigitsRearranged, -1, 0}, Row{93, 913, SlipKind::kDigitDropped, 1, 0},
        Row{12, 1012, SlipKind::kDigitDropped, 0, 0},
        Row{1, 11, SlipKind::kDigitDropped, 0, 0},  // The leftmost of two that explain it.
        Row{9113, 913, SlipKind::kDigitAdded, 1, 0}, Row{1012, 12, SlipKind::kDigitAdded, 0, 0},
        Row{918, 913, SlipKind::kOneDigit, 2, 0}, Row{0, 5, SlipKind::kOneDigit, 0, 0},
        Row{928, 913, SlipKind::kOther, -1, 0}, Row{0, 913, SlipKind::kOther, -1, 0},
        Row{9, 913, SlipKind::kOther, -1, 0}}) {
    const SlipAnswer answer = Slip(row.published, row.truth);
    EXPECT_EQ(answer.kind, row.kind) << row.published << " for " << row.truth;
    EXPECT_EQ(answer.digit_index, row.digit_index) << row.published << " for " << row.truth;
    EXPECT_EQ(answer.exponent, row.exponent) << row.published << " for " << row.truth;
  }
}

TEST(ExplainSlipTest, SaysEachKindInASentence) {
  EXPECT_EQ(SlipSentence(913, 913), "913 for 913: equal");
  EXPECT_EQ(SlipSentence(9130, 913), "9130 for 913: 1 zero at the end too many");
  EXPECT_EQ(SlipSentence(913, 91'300), "913 for 91300: 2 zeros at the end too few");
  EXPECT_EQ(SlipSentence(931, 913), "931 for 913: digits 2 and 3, 1 and 3, changed places");
}

TEST(ExplainSlipTest, RefusesCountsBelowZero) {
  const absl::StatusOr<SlipAnswer> answer = ExplainSlip(5, -5);

  EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(answer.status().message()), HasSubstr("published 5 and true -5"));
  EXPECT_EQ(ExplainSlip(-1, 5).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ExplainSlipTest, TakesTheLargestNumbers) {
  const int64_t max = std::numeric_limits<int64_t>::max();  // 9223372036854775807

  EXPECT_EQ(Slip(max, max).kind, SlipKind::kEqual);
  EXPECT_EQ(Slip(max / 10, max).kind, SlipKind::kDigitDropped);
  EXPECT_EQ(Slip(max, max / 10).kind, SlipKind::kDigitAdded);
  EXPECT_EQ(Slip(1'000'000'000'000'000'000, 1).exponent, 18);
}

// Every number that a slip makes of a true count, written down kind by kind.
std::set<int64_t> Results(SlipKind kind, int64_t truth) {
  const std::string digits = absl::StrCat(truth);
  std::set<int64_t> results;
  const auto add = [&results](const std::string& text) {
    if (text.size() == 1 || (!text.empty() && text[0] != '0')) results.insert(std::stoll(text));
  };
  switch (kind) {
    case SlipKind::kEqual:
      add(digits);
      break;
    case SlipKind::kFactorOfTen: {
      for (std::string more = digits + "0"; truth != 0 && more.size() < 12; more += "0") add(more);
      for (std::string less = digits; truth != 0 && less.back() == '0';) {
        less.pop_back();
        add(less);
      }
      break;
    }
    case SlipKind::kNeighboursTransposed:
      for (size_t i = 0; i + 1 < digits.size(); ++i) {
        std::string swapped = digits;
        std::swap(swapped[i], swapped[i + 1]);
        add(swapped);
      }
      break;
    case SlipKind::kDigitsRearranged: {
      std::string order = digits;
      std::sort(order.begin(), order.end());
      do {
        add(order);
      } while (std::next_permutation(order.begin(), order.end()));
      break;
    }
    case SlipKind::kDigitDropped:
      for (size_t i = 0; i < digits.size() && digits.size() > 1; ++i) {
        results.insert(std::stoll(digits.substr(0, i) + digits.substr(i + 1)));
      }
      break;
    case SlipKind::kDigitAdded:
      for (char digit = '0'; digit <= '9'; ++digit) {
        for (size_t i = 0; i <= digits.size(); ++i) add(digits.substr(0, i) + digit + digits.substr(i));
        // Zeros that led the true count unseen come to light behind the digit.
        for (size_t zeros = 1; zeros < 6; ++zeros) add(digit + std::string(zeros, '0') + digits);
      }
      break;
    case SlipKind::kOneDigit:
      for (size_t i = 0; i < digits.size(); ++i) {
        for (char digit = '0'; digit <= '9'; ++digit) {
          std::string changed = digits;
          changed[i] = digit;
          add(changed);
        }
      }
      break;
    case SlipKind::kOther:
      break;
  }
  return results;
}

TEST(ExplainSlipPropertyTest, IsTheFirstKindThatMakesTheNumber) {
  std::mt19937_64 random(hattama::testing::Seed());
  constexpr SlipKind kOrder[] = {SlipKind::kEqual,
                                 SlipKind::kFactorOfTen,
                                 SlipKind::kNeighboursTransposed,
                                 SlipKind::kDigitsRearranged,
                                 SlipKind::kDigitDropped,
                                 SlipKind::kDigitAdded,
                                 SlipKind::kOneDigit};
  for (int trial = 0; trial < 40; ++trial) {
    int64_t truth = static_cast<int64_t>(random() % (trial < 20 ? 100 : 3000));
    if (trial % 4 == 3) truth *= 10;
    if (trial == 0) truth = 0;
    std::vector<std::set<int64_t>> results;
    for (const SlipKind kind : kOrder) results.push_back(Results(kind, truth));
    for (int64_t published = 0; published < 32'000; ++published) {
      SlipKind expected = SlipKind::kOther;
      for (size_t i = results.size(); i-- > 0;) {
        if (results[i].contains(published)) expected = kOrder[i];
      }
      const SlipAnswer answer = Slip(published, truth);
      ASSERT_EQ(answer.kind, expected) << published << " for " << truth;
      // Whatever the kind, the sentence can be made.
      if (published % 64 == 0) {
        ASSERT_FALSE(SlipText(published, truth, answer).empty());
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Turnout series

std::vector<TurnoutFall> Falls(const std::vector<TurnoutReport>& reports) {
  absl::StatusOr<std::vector<TurnoutFall>> falls = ExplainTurnoutSeries(reports);
  EXPECT_TRUE(falls.ok()) << falls.status();
  return falls.ok() ? *std::move(falls) : std::vector<TurnoutFall>{};
}

TurnoutReport Percentage(int64_t moment, std::string_view text) {
  return {.moment = moment, .percentage = Printed(text), .count = {}, .roll = {}};
}

// 19 March 2023, the whole country: 12:00, 16:10, 18:10 (rt.com 1125037, el.kz 68547, inform.kz a4047815), 20:10 and
// 22:10 with counts and rolls (a4047881, a4047921).
TEST(ExplainTurnoutSeriesTest, FindsNoFallInTheCountryOf2023) {
  EXPECT_THAT(Falls({Percentage(1200, "30.65"),
                     Percentage(1610, "51.98"),
                     Percentage(1810, "53.11"),
                     {2010, Printed("54.09"), 6'509'695, 12'035'004},
                     {2210, Printed("54.19"), 6'521'860, 12'035'578}}),
              IsEmpty());
}

// The same day in two regions at 16:10 (arbatmedia.kz 8839), 18:10 (informburo.kz) and 22:10 (inform.kz a4047921). For
// 18:10 one newspaper gives Ulytau the figure of East Kazakhstan, 63.63, and Turkistan 41.07, which is below that of
// 16:10.
TEST(ExplainTurnoutSeriesTest, FindsTheFallsOfTwoRegionsOf2023) {
  const std::vector<TurnoutReport> ulytau = {Percentage(1610, "58.26"), Percentage(1810, "63.63"),
                                             Percentage(2210, "58.99")};
  const std::vector<TurnoutReport> turkistan = {Percentage(1610, "49.14"), Percentage(1810, "41.07"),
                                                Percentage(2210, "53.01")};

  EXPECT_THAT(Falls(ulytau), ElementsAre(TurnoutFall{FallKind::kPercentage, 1, 2, false}));
  EXPECT_THAT(Falls(turkistan), ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, false}));
}

TEST(ExplainTurnoutSeriesTest, SortsByMoment) {
  EXPECT_THAT(Falls({Percentage(3, "30"), Percentage(1, "10"), Percentage(4, "25"), Percentage(2, "20")}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 2, false}));
}

TEST(ExplainTurnoutSeriesTest, ComparesWithTheLatestThatStatesTheSame) {
  EXPECT_THAT(Falls({Percentage(1, "30"), {2, {}, 500, {}}, {3, {}, {}, 1000}, Percentage(4, "29"), {5, {}, 499, {}}}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 3, false}, TurnoutFall{FallKind::kCount, 1, 4, false}));
  // After a spike only the way down is a fall.
  EXPECT_THAT(Falls({Percentage(1, "30"), Percentage(2, "90"), Percentage(3, "31"), Percentage(4, "32")}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 1, 2, false}));
}

// 54.1 and then 54.09 may be 54.092 both times; 54.1 and then 53.9 are a fall under every rounding.
TEST(ExplainTurnoutSeriesTest, AllowsForTheCoarserFigure) {
  EXPECT_THAT(Falls({Percentage(1, "54.1"), Percentage(2, "54.09")}), IsEmpty());
  EXPECT_THAT(Falls({Percentage(1, "54.09"), Percentage(2, "54.0")}), IsEmpty());
  EXPECT_THAT(Falls({Percentage(1, "54.1"), Percentage(2, "54.10")}), IsEmpty());
  EXPECT_THAT(Falls({Percentage(1, "54.1"), Percentage(2, "53.9")}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, false}));
  EXPECT_THAT(Falls({Percentage(1, "54.1"), Percentage(2, "53.90")}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, false}));
}

TEST(ExplainTurnoutSeriesTest, TellsARollThatGrewFromVotersThatVanished) {
  const TurnoutReport morning{1, Printed("50.00"), 500, 1000};
  const TurnoutReport longer_roll{2, Printed("49.50"), 500, 1010};
  const TurnoutReport fewer_voters{2, Printed("49.41"), 499, 1010};

  EXPECT_THAT(Falls({morning, longer_roll}), ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, true}));
  EXPECT_THAT(Falls({morning, fewer_voters}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, false}, TurnoutFall{FallKind::kCount, 0, 1, false}));
  // No count prints as 50.00 % of 3, so that nothing is known of the voters and nothing is explained.
  EXPECT_THAT(Falls({{1, Printed("50.00"), {}, 3}, {2, Printed("49.00"), {}, 100}}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, false}));
  // The same voters of the same roll, or of a shorter one, are no lower percentage.
  EXPECT_THAT(Falls({morning, {2, Printed("49.00"), 500, 1000}}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, false}));
  EXPECT_THAT(Falls({morning, {2, Printed("49.00"), 500, 990}}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, false}));
  // Without printed percentages the share is found from the counts; a lower count is told as that alone.
  EXPECT_THAT(Falls({{1, {}, 500, 1000}, {2, {}, 499, 1010}}), ElementsAre(TurnoutFall{FallKind::kCount, 0, 1, false}));
  EXPECT_THAT(Falls({{1, {}, 500, 1000}, {2, {}, 500, 1010}}), ElementsAre(TurnoutFall{FallKind::kShare, 0, 1, true}));
  // Percentages of two rolls: 500 of 1010 prints as 49.50, so the voters may all be there; with 49.3 they are not.
  EXPECT_THAT(Falls({{1, Printed("50.00"), {}, 1000}, {2, Printed("49.50"), {}, 1010}}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, true}));
  EXPECT_THAT(Falls({{1, Printed("50.00"), {}, 1000}, {2, Printed("49.31"), {}, 1010}}),
              ElementsAre(TurnoutFall{FallKind::kPercentage, 0, 1, false}));
}

TEST(ExplainTurnoutSeriesTest, ComparesACountWithAPercentageOfItsRoll) {
  // 77.12 % of 9,810,000 is 7,564,492 at least, whatever the rounding.
  const TurnoutReport percentage{1, Printed("77.12"), {}, 9'810'000};

  EXPECT_THAT(Falls({percentage, {2, {}, 7'564'492, {}}}), IsEmpty());
  EXPECT_THAT(Falls({percentage, {2, {}, 7'564'491, {}}}), ElementsAre(TurnoutFall{FallKind::kCount, 0, 1, false}));
  // A percentage of an unknown or an empty roll says nothing of the count.
  EXPECT_THAT(Falls({Percentage(1, "77.12"), {2, {}, 0, {}}}), IsEmpty());
  EXPECT_THAT(Falls({{1, Printed("77.12"), {}, 0}, {2, {}, 0, 0}}), IsEmpty());
}

TEST(FallTextTest, QuotesWhatWasStated) {
  const auto texts = [](const std::vector<TurnoutReport>& reports) {
    std::vector<std::string> result;
    for (const TurnoutFall& fall : Falls(reports)) result.push_back(FallText(reports, fall));
    return result;
  };
  EXPECT_THAT(texts({Percentage(1610, "58.26"), Percentage(1810, "63.63"), Percentage(2210, "58.99")}),
              ElementsAre("report 2 of moment 2210: 58.99 % after 63.63 % of moment 1810"));
  EXPECT_THAT(texts({{1, Printed("50.00"), 500, 1000}, {2, Printed("49.50"), 500, 1010}}),
              ElementsAre("report 1 of moment 2: 49.50 % after 50.00 % of moment 1; the roll grew from 1000 to 1010"));
  EXPECT_THAT(texts({{1, {}, 500, 1000}, {2, {}, 500, 1010}}),
              ElementsAre("report 1 of moment 2: 500 of 1010 after 500 of 1000 of moment 1; "
                          "the roll grew from 1000 to 1010"));
  EXPECT_THAT(texts({{1, Printed("77.12"), {}, 9'810'000}, {2, {}, 7'000'000, {}}}),
              ElementsAre("report 1 of moment 2: 7000000 after 77.12 % of 9810000 of moment 1"));
}

TEST(ExplainTurnoutSeriesTest, RefusesASeriesThatIsNone) {
  const auto message = [](const std::vector<TurnoutReport>& reports) {
    const absl::StatusOr<std::vector<TurnoutFall>> falls = ExplainTurnoutSeries(reports);
    EXPECT_EQ(falls.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(falls.status().message());
  };
  EXPECT_EQ(message({Percentage(7, "1"), Percentage(8, "2"), Percentage(7, "3")}),
            "reports 0 and 2 are both of moment 7");
  EXPECT_EQ(message({Percentage(7, "1"), {8, {}, -3, {}}}), "report 1: count -3 is not in 0..1000000000000");
  EXPECT_EQ(message({{8, {}, 1, kPublishedSumMax + 1}}), "report 0: roll 1000000000001 is not in 0..1000000000000");
  EXPECT_EQ(message({{8, PrintedNumber{-1, 1}, {}, {}}}), "report 0: published: -0.1 is below 0");
  EXPECT_THAT(Falls({}), IsEmpty());
}

// Two printed percentages against every pair of shares on a grid that holds the borders and the insides of all figures.
TEST(ExplainTurnoutSeriesPropertyTest, APercentageFellWhereNoSharesCouldRise) {
  std::mt19937_64 random(hattama::testing::Seed());
  constexpr int64_t kBase = 8'000;  // One is an eighth of a tenth of a percent.
  int64_t fall_count = 0;
  for (int trial = 0; trial < 1'500; ++trial) {
    const PrintedNumber earlier{0, static_cast<int32_t>(random() % 2)};
    const PrintedNumber later{0, static_cast<int32_t>(random() % 2)};
    const int64_t start = static_cast<int64_t>(random() % 300);
    PrintedNumber figures[2] = {earlier, later};
    for (PrintedNumber& figure : figures) {
      const int64_t share = start + static_cast<int64_t>(random() % 160);
      figure.units =
          static_cast<int64_t>(RoundPercentage({share, kBase}, figure.decimal_count, kRoundings[random() % 4]));
    }
    bool expected = true;
    for (const Rounding rounding : kRoundings) {
      int64_t least_earlier = kBase;
      int64_t greatest_later = -1;
      for (int64_t share = 0; share < 800; ++share) {
        const Fraction exact{share, kBase};
        if (RoundPercentage(exact, figures[0].decimal_count, rounding) == figures[0].units) {
          least_earlier = std::min(least_earlier, share);
        }
        if (RoundPercentage(exact, figures[1].decimal_count, rounding) == figures[1].units) greatest_later = share;
      }
      if (greatest_later >= least_earlier) expected = false;
    }

    const std::vector<TurnoutFall> falls = Falls({{1, figures[0], {}, {}}, {2, figures[1], {}, {}}});

    ASSERT_EQ(!falls.empty(), expected) << FormatPrinted(figures[0]) << " and then " << FormatPrinted(figures[1]);
    fall_count += falls.empty() ? 0 : 1;
  }
  EXPECT_GT(fall_count, 100);
  EXPECT_LT(fall_count, 1'400);
}

// A day of random arrivals on one roll, printed under any one rounding, never falls; with one count lowered it does.
TEST(ExplainTurnoutSeriesPropertyTest, AnHonestDayHasNoFall) {
  std::mt19937_64 random(hattama::testing::Seed());
  for (int trial = 0; trial < 500; ++trial) {
    const int64_t roll = 100 + static_cast<int64_t>(random() % 5'000);
    const Rounding rounding = kRoundings[random() % 4];
    std::vector<TurnoutReport> day;
    int64_t count = 1;
    for (int64_t moment = 0; moment < 12; ++moment) {
      count = std::min(roll, count + static_cast<int64_t>(random() % (roll / 8)));
      TurnoutReport report{.moment = moment, .percentage = {}, .count = {}, .roll = {}};
      if (random() % 2 == 0) report.roll = roll;
      if (random() % 2 == 0) report.count = count;
      if (random() % 3 != 0) {
        const int32_t decimals = static_cast<int32_t>(random() % 3);
        report.percentage =
            PrintedNumber{static_cast<int64_t>(RoundPercentage({count, roll}, decimals, rounding)), decimals};
      }
      day.push_back(report);
    }
    ASSERT_THAT(Falls(day), IsEmpty()) << "trial " << trial;

    day.push_back({100, {}, count, {}});
    day.push_back({101, {}, count - 1, {}});
    ASSERT_THAT(Falls(day), ElementsAre(TurnoutFall{FallKind::kCount, 12, 13, false})) << "trial " << trial;
  }
}

}  // namespace
}  // namespace hattama::domain
