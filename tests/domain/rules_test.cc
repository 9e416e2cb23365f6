// Linear expressions and the rules made of them.
#include "services/domain/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/domain/definition.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Operand = std::variant<LineOperand, OptionOperand, Aggregate>;

Terms Sum(std::vector<std::pair<int64_t, Operand>> parts) {
  Terms terms;
  for (auto& [coefficient, operand] : parts) {
    Term term;
    term.coefficient = coefficient;
    term.operand = std::move(operand);
    terms.push_back(std::move(term));
  }
  return terms;
}
Terms One(Operand operand) { return Sum({{1, std::move(operand)}}); }
Terms Constant(int64_t value) { return Sum({{value, Aggregate::kOne}}); }

// Columns: 0 left, 1 right, 2 spare; options 3 a, 4 b, 5 against.
std::vector<Line> Lines() {
  std::vector<Line> lines(3);
  lines[0].id = "left";
  lines[1].id = "right";
  lines[2].id = "spare";
  return lines;
}

Contest TheContest() {
  Contest contest;
  contest.id = "mayor";
  contest.options = {{"a", OptionKind::kCandidate, {}, ""},
                     {"b", OptionKind::kCandidate, {}, ""},
                     {"against", OptionKind::kAgainstAll, {}, ""}};
  return contest;
}

Rule LeftToRight(Relation relation, Severity severity = Severity::kHard) {
  Rule rule;
  rule.id = "left-right";
  rule.left = One(LineOperand{"left"});
  rule.relation = relation;
  rule.right = One(LineOperand{"right"});
  rule.severity = severity;
  return rule;
}

std::vector<Finding> CheckRules(const std::vector<Rule>& rules, const std::vector<int32_t>& row,
                                Stage stage = Stage::kFinal, std::optional<int64_t> roll = std::nullopt) {
  return RuleSet(rules, Lines(), TheContest()).Check(row, stage, roll);
}

bool Fires(const Rule& rule, int32_t left, int32_t right) {
  return !CheckRules({rule}, {left, right, 0, 0, 0, 0}).empty();
}

std::vector<int32_t> RuleIndexes(const std::vector<Finding>& findings) {
  std::vector<int32_t> indexes;
  for (const Finding& finding : findings) indexes.push_back(finding.rule_index);
  return indexes;
}

// ---------------------------------------------------------------------------------------------------------------------
// Expressions

std::optional<int64_t> Value(const Terms& terms, const std::vector<int32_t>& row,
                             std::optional<int64_t> roll = std::nullopt) {
  return Expression(terms, Lines(), TheContest().options).Evaluate(FigureRow(row), roll);
}

TEST(ExpressionTest, AddsLinesOptionsAndConstantsByCoefficient) {
  const Terms terms =
      Sum({{2, LineOperand{"left"}}, {-3, OptionOperand{"b"}}, {100, Aggregate::kOne}, {1, Aggregate::kRoll}});

  EXPECT_EQ(Value(terms, {7, 0, 0, 0, 5, 0}, 1'000), 2 * 7 - 3 * 5 + 100 + 1'000);
}

TEST(ExpressionTest, SumsOptionsWithAndWithoutAgainstAll) {
  const std::vector<int32_t> row = {0, 0, 0, 10, 20, 40};

  EXPECT_EQ(Value(One(Aggregate::kAllOptions), row), 70);
  EXPECT_EQ(Value(One(Aggregate::kAllOptionsExceptAgainstAll), row), 30);
}

TEST(ExpressionTest, HasNoValueWhereAFigureItNeedsIsBlank) {
  const std::vector<int32_t> row = {kBlank, 0, 0, 10, kBlank, kBlank};

  EXPECT_EQ(Value(One(LineOperand{"left"}), row), std::nullopt);
  EXPECT_EQ(Value(One(LineOperand{"right"}), row), 0);
  EXPECT_EQ(Value(One(Aggregate::kAllOptionsExceptAgainstAll), row), std::nullopt);
  EXPECT_EQ(Value(One(OptionOperand{"a"}), row), 10);
}

TEST(ExpressionTest, TakesABlankAgainstAllWhereItIsNotAsked) {
  EXPECT_EQ(Value(One(Aggregate::kAllOptionsExceptAgainstAll), {0, 0, 0, 10, 20, kBlank}), 30);
  EXPECT_EQ(Value(One(Aggregate::kAllOptions), {0, 0, 0, 10, 20, kBlank}), std::nullopt);
}

TEST(ExpressionTest, HasNoValueWithoutTheRollItNeeds) {
  EXPECT_EQ(Value(One(Aggregate::kRoll), {0, 0, 0, 0, 0, 0}), std::nullopt);
  EXPECT_EQ(Value(One(Aggregate::kRoll), {0, 0, 0, 0, 0, 0}, 0), 0);
}

TEST(ExpressionTest, HasNoValueForAnOptionOfAnotherContest) {
  EXPECT_EQ(Value(One(OptionOperand{"elsewhere"}), {0, 0, 0, 0, 0, 0}), std::nullopt);
}

TEST(ExpressionTest, NamesTheColumnsItReads) {
  const Terms terms = Sum({{1, OptionOperand{"elsewhere"}}, {1, LineOperand{"spare"}}, {1, Aggregate::kAllOptions}});

  EXPECT_THAT(Expression(terms, Lines(), TheContest().options).Columns(), ElementsAre(2, 3, 4, 5));
}

TEST(ExpressionTest, HoldsIntermediateSumsBeyondSixtyFourBits) {
  const std::vector<std::optional<int64_t>> totals = {INT64_MAX, INT64_MAX, 0, 0, 0, 0};
  const auto value = [&totals](const Terms& terms) {
    return Expression(terms, Lines(), TheContest().options)
        .Evaluate(std::span<const std::optional<int64_t>>(totals), std::nullopt);
  };

  EXPECT_EQ(value(Sum({{1'000, LineOperand{"left"}}, {-999, LineOperand{"right"}}})), INT64_MAX);
  EXPECT_EQ(value(Sum({{1, LineOperand{"left"}}, {1, Aggregate::kOne}})), std::nullopt);
  EXPECT_EQ(value(Sum({{-1, LineOperand{"left"}}, {-1, Aggregate::kOne}})), INT64_MIN);
  EXPECT_EQ(value(Sum({{-1, LineOperand{"left"}}, {-2, Aggregate::kOne}})), std::nullopt);
}

// ---------------------------------------------------------------------------------------------------------------------
// Relations and tolerances

TEST(RuleSetTest, HoldsEachRelationExactly) {
  struct Case {
    Relation relation;
    bool below, at, above;  // Whether it fires where the left side is 9, 10, 11 beside 10.
  };
  for (const Case& c : {Case{Relation::kEqual, true, false, true}, Case{Relation::kAtMost, false, false, true},
                        Case{Relation::kAtLeast, true, false, false}, Case{Relation::kLessThan, false, true, true},
                        Case{Relation::kGreaterThan, true, true, false}}) {
    const Rule rule = LeftToRight(c.relation);
    EXPECT_EQ(Fires(rule, 9, 10), c.below) << static_cast<int>(c.relation);
    EXPECT_EQ(Fires(rule, 10, 10), c.at) << static_cast<int>(c.relation);
    EXPECT_EQ(Fires(rule, 11, 10), c.above) << static_cast<int>(c.relation);
  }
}

// A relation may be missed by the tolerance and no more. What a strict relation misses is counted from the last count
// that keeps it: 10 < 10 is missed by one.
TEST(RuleSetTest, AllowsARelationToBeMissedByTheToleranceCount) {
  struct Case {
    Relation relation;
    int32_t lowest, highest;  // The left sides that pass beside 100, -1 or INT32_MAX where there is no bound.
  };
  for (const Case& c :
       {Case{Relation::kEqual, 97, 103}, Case{Relation::kAtMost, -1, 103}, Case{Relation::kAtLeast, 97, INT32_MAX},
        Case{Relation::kLessThan, -1, 102}, Case{Relation::kGreaterThan, 98, INT32_MAX}}) {
    Rule rule = LeftToRight(c.relation);
    rule.tolerance_count = 3;
    if (c.lowest >= 0) {
      EXPECT_TRUE(Fires(rule, c.lowest - 1, 100)) << static_cast<int>(c.relation);
      EXPECT_FALSE(Fires(rule, c.lowest, 100)) << static_cast<int>(c.relation);
    } else {
      EXPECT_FALSE(Fires(rule, 0, 100)) << static_cast<int>(c.relation);
    }
    if (c.highest < INT32_MAX) {
      EXPECT_FALSE(Fires(rule, c.highest, 100)) << static_cast<int>(c.relation);
      EXPECT_TRUE(Fires(rule, c.highest + 1, 100)) << static_cast<int>(c.relation);
    } else {
      EXPECT_FALSE(Fires(rule, 999'999'999, 100)) << static_cast<int>(c.relation);
    }
  }
}

TEST(RuleSetTest, MeasuresTheToleranceRatioAgainstTheRightSide) {
  Rule rule = LeftToRight(Relation::kEqual);
  rule.tolerance_ratio = Fraction{3, 100};

  EXPECT_FALSE(Fires(rule, 1'030, 1'000));
  EXPECT_TRUE(Fires(rule, 1'031, 1'000));
  EXPECT_FALSE(Fires(rule, 970, 1'000));
  EXPECT_TRUE(Fires(rule, 969, 1'000));
  // 3 % of 999 is 29.97: thirty too many is more.
  EXPECT_FALSE(Fires(rule, 999 + 29, 999));
  EXPECT_TRUE(Fires(rule, 999 + 30, 999));
  EXPECT_TRUE(Fires(rule, 1, 0));
}

TEST(RuleSetTest, UsesTheLargerTolerance) {
  Rule rule = LeftToRight(Relation::kEqual);
  rule.tolerance_count = 15;
  rule.tolerance_ratio = Fraction{2, 100};

  EXPECT_FALSE(Fires(rule, 115, 100));
  EXPECT_TRUE(Fires(rule, 116, 100));
  EXPECT_FALSE(Fires(rule, 1'020, 1'000));
  EXPECT_TRUE(Fires(rule, 1'021, 1'000));
}

TEST(RuleSetTest, MeasuresTheToleranceRatioBesideANegativeRightSide) {
  Rule rule = LeftToRight(Relation::kEqual);
  rule.left = Sum({{-1, LineOperand{"left"}}});
  rule.right = Sum({{-1, LineOperand{"right"}}});
  rule.tolerance_ratio = Fraction{1, 10};

  EXPECT_FALSE(Fires(rule, 110, 100));
  EXPECT_TRUE(Fires(rule, 111, 100));
}

TEST(RuleSetTest, ReportsBothSidesOfWhatItFound) {
  const std::vector<Finding> findings = CheckRules({LeftToRight(Relation::kEqual)}, {913, 897, 0, 0, 0, 0});

  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].rule_index, 0);
  EXPECT_EQ(findings[0].left, 913);
  EXPECT_EQ(findings[0].right, 897);
}

TEST(RuleSetTest, ComparesWithConstants) {
  Rule rule = LeftToRight(Relation::kGreaterThan);
  rule.right = Constant(0);

  EXPECT_TRUE(Fires(rule, 0, 0));
  EXPECT_FALSE(Fires(rule, 1, 0));
}

TEST(RuleSetTest, ComparesTheFarthestSidesThatADefinitionCanState) {
  Rule rule = LeftToRight(Relation::kAtMost);
  rule.left = Sum(std::vector<std::pair<int64_t, Operand>>(64, {kCoefficientMax, LineOperand{"left"}}));
  rule.right = Sum(std::vector<std::pair<int64_t, Operand>>(64, {-kCoefficientMax, LineOperand{"right"}}));
  rule.tolerance_count = kCountMax;
  rule.tolerance_ratio = Fraction{INT64_MAX - 1, INT64_MAX};

  const std::vector<Finding> findings = CheckRules({rule}, {999'999'999, 999'999'999, 0, 0, 0, 0});

  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].left, 64 * kCoefficientMax * kCountMax);
  EXPECT_EQ(findings[0].right, -64 * kCoefficientMax * kCountMax);
}

TEST(RuleSetTest, LeavesOutARuleWhoseSideDoesNotFitSixtyFourBits) {
  Rule rule = LeftToRight(Relation::kEqual);
  rule.left = Sum({{2, Aggregate::kRoll}});

  EXPECT_THAT(CheckRules({rule}, {0, 1, 0, 0, 0, 0}, Stage::kFinal, INT64_MAX), IsEmpty());
  EXPECT_THAT(RuleIndexes(CheckRules({rule}, {0, 1, 0, 0, 0, 0}, Stage::kFinal, INT64_MAX / 2)), ElementsAre(0));
}

// ---------------------------------------------------------------------------------------------------------------------
// What is evaluated

TEST(RuleSetTest, DoesNotEvaluateARuleOverABlankFigure) {
  EXPECT_FALSE(Fires(LeftToRight(Relation::kEqual), kBlank, 10));
  EXPECT_FALSE(Fires(LeftToRight(Relation::kEqual), 10, kBlank));
  EXPECT_TRUE(Fires(LeftToRight(Relation::kEqual), 10, 0));
}

TEST(RuleSetTest, ComparesWithTheRollWhereThereIsOne) {
  Rule rule = LeftToRight(Relation::kAtMost);
  rule.right = One(Aggregate::kRoll);
  const std::vector<int32_t> row = {101, 0, 0, 0, 0, 0};

  EXPECT_THAT(RuleIndexes(CheckRules({rule}, row, Stage::kFinal, 100)), ElementsAre(0));
  EXPECT_THAT(CheckRules({rule}, row, Stage::kFinal, 101), IsEmpty());
  EXPECT_THAT(CheckRules({rule}, row, Stage::kFinal, std::nullopt), IsEmpty());
}

TEST(RuleSetTest, ReportsBlankRequiredLinesAndOptionsBeforeRules) {
  std::vector<Line> lines = Lines();
  lines[2].required = true;
  const RuleSet rules({LeftToRight(Relation::kEqual)}, lines, TheContest());

  const std::vector<Finding> findings =
      rules.Check(std::vector<int32_t>{1, 2, kBlank, 5, kBlank, kBlank}, Stage::kFinal, std::nullopt);

  EXPECT_THAT(RuleIndexes(findings), ElementsAre(-1, -1, -1, 0));
  EXPECT_EQ(findings[0].column, 2);
  EXPECT_EQ(findings[1].column, 4);
  EXPECT_EQ(findings[2].column, 5);
}

TEST(RuleSetTest, TakesZeroForARequiredFigure) {
  std::vector<Line> lines = Lines();
  lines[2].required = true;

  EXPECT_THAT(RuleSet({}, lines, TheContest()).Check(std::vector<int32_t>(6, 0), Stage::kFinal, std::nullopt),
              IsEmpty());
}

TEST(RuleSetTest, AppliesARuleToItsStagesAlone) {
  Rule rule = LeftToRight(Relation::kEqual);
  rule.stages = {Stage::kPreliminary, Stage::kCorrected};
  const std::vector<int32_t> row = {1, 2, 0, 0, 0, 0};

  EXPECT_THAT(RuleIndexes(CheckRules({rule}, row, Stage::kPreliminary)), ElementsAre(0));
  EXPECT_THAT(CheckRules({rule}, row, Stage::kFinal), IsEmpty());
  EXPECT_THAT(RuleIndexes(CheckRules({rule}, row, Stage::kCorrected)), ElementsAre(0));
}

TEST(RuleSetTest, AppliesARuleWithoutStagesToAllOfThem) {
  for (const Stage stage : {Stage::kPreliminary, Stage::kFinal, Stage::kCorrected}) {
    EXPECT_THAT(RuleIndexes(CheckRules({LeftToRight(Relation::kEqual)}, {1, 2, 0, 0, 0, 0}, stage)), ElementsAre(0));
  }
}

TEST(RuleSetTest, AppliesARuleToItsContestsAlone) {
  Rule elsewhere = LeftToRight(Relation::kEqual);
  elsewhere.contest_ids = {"council"};
  Rule here = LeftToRight(Relation::kEqual);
  here.contest_ids = {"council", "mayor"};

  EXPECT_THAT(RuleIndexes(CheckRules({elsewhere, here}, {1, 2, 0, 0, 0, 0})), ElementsAre(1));
}

TEST(RuleSetTest, LeavesOutWhatAFiredRuleHides) {
  Rule first = LeftToRight(Relation::kEqual);
  first.id = "first";
  first.hides = {"second"};
  Rule second = LeftToRight(Relation::kAtLeast);
  second.id = "second";
  Rule third = LeftToRight(Relation::kAtLeast);
  third.id = "third";

  // All three fire; then `first` alone does not.
  EXPECT_THAT(RuleIndexes(CheckRules({first, second, third}, {1, 2, 0, 0, 0, 0})), ElementsAre(0, 2));
  first.relation = Relation::kLessThan;
  EXPECT_THAT(RuleIndexes(CheckRules({first, second, third}, {1, 2, 0, 0, 0, 0})), ElementsAre(1, 2));
}

TEST(RuleSetTest, HidesARuleThatStandsBeforeTheHidingOne) {
  Rule first = LeftToRight(Relation::kEqual);
  first.id = "first";
  Rule second = LeftToRight(Relation::kEqual);
  second.id = "second";
  second.hides = {"first"};

  EXPECT_THAT(RuleIndexes(CheckRules({first, second}, {1, 2, 0, 0, 0, 0})), ElementsAre(1));
}

TEST(RuleSetTest, TellsHardFindingsFromSoftAndBlankOnes) {
  const RuleSet rules({LeftToRight(Relation::kEqual, Severity::kSoft), LeftToRight(Relation::kAtMost, Severity::kHard)},
                      Lines(), TheContest());
  const auto hard = [&rules](std::vector<int32_t> row) {
    return rules.AnyHard(rules.Check(row, Stage::kFinal, std::nullopt));
  };

  EXPECT_FALSE(hard({1, 1, 0, 0, 0, 0}));
  EXPECT_FALSE(hard({1, 2, 0, 0, 0, 0}));
  EXPECT_TRUE(hard({2, 1, 0, 0, 0, 0}));
  EXPECT_FALSE(hard({1, 1, 0, kBlank, 0, 0}));
}

TEST(RuleSetTest, MarksTheColumnsOfARule) {
  Rule rule = LeftToRight(Relation::kEqual);
  rule.right = One(Aggregate::kAllOptionsExceptAgainstAll);
  const RuleSet rules({rule}, Lines(), TheContest());

  EXPECT_THAT(rules.RuleColumns(0), ElementsAre(0, 3, 4));
  EXPECT_THAT(rules.RuleColumns(1), IsEmpty());
}

}  // namespace
}  // namespace hattama::domain
