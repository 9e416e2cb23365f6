// Differences: the kind of each, its effect, and what the whole adds up to.
#include "services/domain/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "tests/domain/trial_history.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Protocol;
using testing::Sheet;
using testing::Trial;

// ---------------------------------------------------------------------------------------------------------------------
// Classify

// Columns: 0 a line, 1 a derived line, then five options.
DiscrepancyKind Kind(const std::vector<int32_t>& left, const std::vector<int32_t>& right) {
  return Classify(left, right, {true, false, true, true, true, true, true}, 2);
}

TEST(ClassifyTest, NamesTwoFiguresThatChangedPlaces) {
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 10, 40, 30, 20, 50}), DiscrepancyKind::kRowsSwapped);
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {10, 9, 9, 20, 30, 40, 50}), DiscrepancyKind::kRowsSwapped);
}

TEST(ClassifyTest, PutsASwapBeforeATransfer) {
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 20, 10, 30, 40, 50}), DiscrepancyKind::kRowsSwapped);
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 19, 11, 30, 40, 50}), DiscrepancyKind::kTransfer);
}

TEST(ClassifyTest, NamesARunThatMovedDownOrUp) {
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 10, 0, 20, 30, 40}), DiscrepancyKind::kRowsShifted);
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 20, 30, 40, 50, 3}), DiscrepancyKind::kRowsShifted);
}

TEST(ClassifyTest, PutsAShiftBeforeATransfer) {
  // A run of three moved down one row, and the row below kept what left it: the sum is equal too.
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 0, 50}, {9, 9, 0, 10, 20, 30, 50}), DiscrepancyKind::kRowsShifted);
}

TEST(ClassifyTest, NeedsThreeRowsForAShift) {
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 3, 10, 30, 40, 50}), DiscrepancyKind::kSeveralChanged);
}

TEST(ClassifyTest, SeesNoShiftAcrossLines) {
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {3, 9, 9, 10, 20, 30, 40}), DiscrepancyKind::kSeveralChanged);
}

TEST(ClassifyTest, NamesTransposedDigits) {
  EXPECT_EQ(Kind({9, 9, 12, 20, 30, 40, 50}, {9, 9, 21, 20, 30, 40, 50}), DiscrepancyKind::kDigitsTransposed);
  EXPECT_EQ(Kind({12'032'550, 9, 1, 2, 3, 4, 5}, {12'320'052, 9, 1, 2, 3, 4, 5}), DiscrepancyKind::kOneChanged);
  EXPECT_EQ(Kind({12'032'550, 9, 1, 2, 3, 4, 5}, {12'320'550, 9, 1, 2, 3, 4, 5}), DiscrepancyKind::kDigitsTransposed);
  // A digit more or less is no transposition.
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 100, 20, 30, 40, 50}), DiscrepancyKind::kOneChanged);
}

TEST(ClassifyTest, NamesOneFigureThatChangedWithItsDependentTotals) {
  EXPECT_EQ(Kind({9, 150, 10, 20, 30, 40, 50}, {9, 157, 17, 20, 30, 40, 50}), DiscrepancyKind::kOneChanged);
  EXPECT_EQ(Kind({9, 150, 10, 20, 30, 40, 50}, {13, 150, 10, 20, 30, 40, 50}), DiscrepancyKind::kOneChanged);
  EXPECT_EQ(Kind({9, 150, 10, 20, 30, 40, 50}, {9, 153, 10, 20, 30, 40, 50}), DiscrepancyKind::kOneChanged);
}

TEST(ClassifyTest, NamesATransferBetweenOptionsAlone) {
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 13, 18, 29, 40, 50}), DiscrepancyKind::kTransfer);
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {8, 9, 11, 20, 30, 40, 50}), DiscrepancyKind::kSeveralChanged);
  EXPECT_EQ(Kind({9, 9, 10, 20, 30, 40, 50}, {9, 9, 13, 18, 30, 40, 50}), DiscrepancyKind::kSeveralChanged);
}

TEST(ClassifyTest, SeesNoTransferFromABlankFigure) {
  EXPECT_EQ(Kind({9, 9, kBlank, 20, 30, 40, 50}, {9, 9, 1, 21, 27, 40, 50}), DiscrepancyKind::kSeveralChanged);
}

// ---------------------------------------------------------------------------------------------------------------------
// ComputeDiff

// Official figures on the left, the monitor's on the right; both sheets of each station, then the differences.
struct Sides {
  Trial trial;
  View left{.source_id = "pec"};
  View right{.source_id = "watch"};

  void Official(Sheet sheet) { trial.Record(Protocol(sheet)); }
  void Monitored(Sheet sheet) {
    sheet.source = "watch";
    trial.Record(Protocol(sheet));
  }
  Diff Compute(const std::string& unit = "C") const {
    const auto diff = ComputeDiff(trial.At(unit), trial.Resolve(left), trial.At(unit), trial.Resolve(right));
    EXPECT_TRUE(diff.ok()) << diff.status();
    return *diff;
  }
  std::vector<std::string> Units(const Diff& diff) const {
    std::vector<std::string> units;
    for (const Discrepancy& discrepancy : diff.discrepancies) {
      units.push_back(trial.election().area().node(discrepancy.unit).unit.id);
    }
    return units;
  }
};

TEST(ComputeDiffTest, FindsEveryKind) {
  Sides sides;
  const auto both = [&sides](const std::string& unit, std::vector<int64_t> left, std::vector<int64_t> right) {
    // The line issued, which no other figure determines, is the same on both sheets.
    const int64_t off =
        std::accumulate(left.begin(), left.end(), int64_t{0}) - std::accumulate(right.begin(), right.end(), int64_t{0});
    sides.Official({.unit = unit, .votes = std::move(left)});
    sides.Monitored({.unit = unit, .votes = std::move(right), .issued_off = off});
  };
  const auto kind = [&sides](const std::string& unit) {
    const Diff diff = sides.Compute(unit);
    EXPECT_EQ(diff.discrepancies.size(), 1u) << unit;
    EXPECT_EQ(diff.by_kind[static_cast<size_t>(diff.discrepancies.at(0).kind)], 1) << unit;
    return diff.discrepancies.at(0).kind;
  };
  both("S1", {30, 20, 10, 5}, {20, 30, 10, 5});
  both("S2", {30, 20, 10, 5}, {2, 30, 20, 10});
  both("S3", {31, 20, 10, 5}, {13, 20, 10, 5});
  both("S4", {30, 20, 10, 5}, {37, 20, 10, 5});
  both("S5", {30, 20, 10, 5}, {33, 19, 8, 5});
  both("S6", {30, 20, 10, 5}, {35, 25, 10, 5});

  EXPECT_EQ(kind("S1"), DiscrepancyKind::kRowsSwapped);
  EXPECT_EQ(kind("S2"), DiscrepancyKind::kRowsShifted);
  EXPECT_EQ(kind("S3"), DiscrepancyKind::kDigitsTransposed);
  EXPECT_EQ(kind("S4"), DiscrepancyKind::kOneChanged);
  EXPECT_EQ(kind("S5"), DiscrepancyKind::kTransfer);
  EXPECT_EQ(kind("S6"), DiscrepancyKind::kSeveralChanged);
}

TEST(ComputeDiffTest, FindsUnitsOfOneSideAndFiguresOfOneSide) {
  Sides sides;
  sides.Official({.unit = "S1"});
  sides.Monitored({.unit = "S2"});
  sides.Official({.unit = "S3"});
  ProtocolSubmitted partial = Protocol({.unit = "S3", .source = "watch"});
  partial.lines.clear();
  partial.options[2].count = std::nullopt;
  sides.trial.Record(partial);

  const Diff diff = sides.Compute();

  EXPECT_EQ(diff.by_kind[static_cast<size_t>(DiscrepancyKind::kOnlyLeft)], 1);
  EXPECT_EQ(diff.by_kind[static_cast<size_t>(DiscrepancyKind::kOnlyRight)], 1);
  EXPECT_EQ(diff.by_kind[static_cast<size_t>(DiscrepancyKind::kBlankOnOneSide)], 1);
  EXPECT_THAT(sides.Units(diff), ElementsAre("S1", "S2", "S3"));
  EXPECT_EQ(diff.discrepancies[0].right_protocol, -1);
  EXPECT_EQ(diff.discrepancies[1].left_protocol, -1);
  EXPECT_EQ(diff.discrepancies[2].effect, 0);
  EXPECT_EQ(diff.difference_count, 0);
}

TEST(ComputeDiffTest, ReportsNothingWhereBothSidesAgree) {
  Sides sides;
  sides.Official({.unit = "S1"});
  sides.Monitored({.unit = "S1"});

  const Diff diff = sides.Compute();

  EXPECT_THAT(diff.discrepancies, IsEmpty());
  EXPECT_EQ(diff.common_count, 1);
  EXPECT_EQ(diff.effect, 0);
  EXPECT_THAT(diff.outcome_changes, IsEmpty());
}

TEST(ComputeDiffTest, MeasuresTheEffectWithoutDerivedLinesAndRegisteredVoters) {
  Sides sides;
  sides.Official({.votes = {30, 20, 10, 5}, .invalid = 2});
  ProtocolSubmitted other = Protocol({.source = "watch", .votes = {33, 20, 8, 5}, .invalid = 6});
  other.lines[0].count = 5'000;
  sides.trial.Record(other);

  const Diff diff = sides.Compute();

  ASSERT_EQ(diff.discrepancies.size(), 1u);
  // Options 3 + 2; issued 67 -> 72 is 5 and invalid 2 -> 6 is 4; found and valid are derived, registered is left out.
  EXPECT_EQ(diff.discrepancies[0].option_effect, 5);
  EXPECT_EQ(diff.discrepancies[0].effect, 5 + 5 + 4);
  EXPECT_EQ(diff.option_effect, 5);
  EXPECT_EQ(diff.effect, 14);
  EXPECT_EQ(diff.columns[0].net_change, 4'000);
}

TEST(ComputeDiffTest, CountsAUnitThatDiffersInDerivedLinesAloneAsADiscrepancyWithoutEffect) {
  Sides sides;
  sides.Official({});
  ProtocolSubmitted other = Protocol({.source = "watch"});
  other.lines[0].count = 999;
  sides.trial.Record(other);

  const Diff diff = sides.Compute();

  EXPECT_EQ(diff.discrepancies.size(), 1u);
  EXPECT_EQ(diff.difference_count, 0);
  EXPECT_EQ(diff.option_difference_count, 0);
}

// A monitor with partial coverage is compared where both sides are, and the rest is shown apart.
TEST(ComputeDiffTest, SumsTheIntersectionAndTheRestApart) {
  Sides sides;
  sides.Official({.unit = "S1", .votes = {30, 20, 10, 5}});
  sides.Official({.unit = "S2", .votes = {100, 0, 0, 0}});
  sides.Official({.unit = "S3", .votes = {1, 1, 1, 1}});
  sides.Monitored({.unit = "S1", .votes = {27, 23, 10, 5}});
  sides.Monitored({.unit = "S3", .votes = {2, 1, 1, 1}});
  sides.Monitored({.unit = "S4", .votes = {7, 0, 0, 0}});

  const Diff diff = sides.Compute();

  EXPECT_EQ(diff.left_count, 3);
  EXPECT_EQ(diff.right_count, 3);
  EXPECT_EQ(diff.common_count, 2);
  EXPECT_EQ(diff.only_left_count, 1);
  EXPECT_EQ(diff.only_right_count, 1);
  EXPECT_EQ(diff.option_difference_count, 2);
  EXPECT_EQ(diff.option_effect, 7);
  const ColumnDiff& a = diff.columns[5];
  EXPECT_EQ(a.left_common, 31);
  EXPECT_EQ(a.right_common, 29);
  EXPECT_EQ(a.left_only, 100);
  EXPECT_EQ(a.right_only, 7);
  EXPECT_EQ(a.net_change, -2);
  EXPECT_EQ(a.unit_count, 2);
  const Tally left = sides.trial.TallyOf("C", sides.left);
  const Tally right = sides.trial.TallyOf("C", sides.right);
  for (size_t i = 0; i < diff.columns.size(); ++i) {
    EXPECT_EQ(diff.columns[i].left_common.value_or(0) + diff.columns[i].left_only.value_or(0), left.totals[i]) << i;
    EXPECT_EQ(diff.columns[i].right_common.value_or(0) + diff.columns[i].right_only.value_or(0), right.totals[i]) << i;
  }
}

TEST(ComputeDiffTest, TellsUnstatedColumnsFromZero) {
  Sides sides;
  for (const char* source : {"pec", "watch"}) {
    ProtocolSubmitted protocol = Protocol({.source = source, .votes = {0, 0, 0, 0}, .invalid = 0});
    protocol.lines.clear();
    sides.trial.Record(protocol);
  }

  const Diff diff = sides.Compute();

  EXPECT_EQ(diff.columns[4].left_common, std::nullopt);
  EXPECT_EQ(diff.columns[5].left_common, 0);
  EXPECT_EQ(diff.columns[5].left_only, std::nullopt);
}

TEST(ComputeDiffTest, OrdersByEffectThenUnitAndPutsOneSidedUnitsAfterAll) {
  Sides sides;
  for (const char* unit : {"S5", "S2", "S3", "S4"}) sides.Official({.unit = unit, .votes = {30, 20, 10, 5}});
  sides.Monitored({.unit = "S5", .votes = {31, 20, 10, 5}});
  sides.Monitored({.unit = "S2", .votes = {31, 20, 10, 5}});
  sides.Monitored({.unit = "S3", .votes = {70, 20, 10, 5}});
  sides.Official({.unit = "S1", .votes = {9'000, 0, 0, 0}});
  ProtocolSubmitted partial = Protocol({.unit = "S4", .source = "watch"});
  partial.options[0].count = std::nullopt;
  sides.trial.Record(partial);

  EXPECT_THAT(sides.Units(sides.Compute()), ElementsAre("S3", "S2", "S5", "S1", "S4"));
}

TEST(ComputeDiffTest, ComparesStationsBelowTheUnitAlone) {
  Sides sides;
  sides.Official({.unit = "S1"});
  sides.Official({.unit = "S4"});

  const Diff diff = sides.Compute("R1");

  EXPECT_THAT(sides.Units(diff), ElementsAre("S1"));
  EXPECT_FALSE(diff.left_outcome.has_value());
}

TEST(ComputeDiffTest, LeavesOutWhatIsNotCounted) {
  Sides sides;
  sides.Official({.unit = "S1", .found_off = 1});
  sides.Monitored({.unit = "S1"});

  EXPECT_EQ(sides.Compute().discrepancies.at(0).kind, DiscrepancyKind::kOnlyRight);
}

TEST(ComputeDiffTest, ComparesTwoVersionsOfOneView) {
  Trial trial;
  const int64_t first = trial.Record(Protocol({.votes = {30, 20, 10, 5}}));
  trial.Record(Protocol({.votes = {30, 21, 10, 5}, .supersedes = first}));
  const ResolvedView view = trial.Resolve({.source_id = "pec"});

  const auto diff = ComputeDiff(trial.At("C", "list", first + 1), view, trial.At("C"), view);

  ASSERT_TRUE(diff.ok()) << diff.status();
  ASSERT_EQ(diff->discrepancies.size(), 1u);
  EXPECT_EQ(diff->discrepancies[0].left_protocol, 0);
  EXPECT_EQ(diff->discrepancies[0].right_protocol, 1);
  EXPECT_EQ(diff->columns[6].net_change, 1);
}

TEST(ComputeDiffTest, ComparesStagesOfOneSource) {
  Trial trial;
  trial.Record(Protocol({.votes = {30, 20, 10, 5}}));
  trial.Record(Protocol({.stage = Stage::kFinal, .votes = {30, 20, 12, 5}}));

  const auto diff = ComputeDiff(trial.At("C"), trial.Resolve({.source_id = "pec", .policy = Policy::kPreliminaryOnly}),
                                trial.At("C"), trial.Resolve({.source_id = "pec", .policy = Policy::kFinalOnly}));

  ASSERT_TRUE(diff.ok()) << diff.status();
  EXPECT_EQ(diff->option_effect, 2);
}

TEST(ComputeDiffTest, ComparesClaimsOfEveryUnitAboveTheStations) {
  Trial trial;
  trial.Record(Protocol({.unit = "S1", .source = "cec", .votes = {1, 1, 1, 1}}));
  trial.Record(Protocol({.unit = "C", .source = "cec", .votes = {30, 20, 10, 5}}));
  trial.Record(Protocol({.unit = "C", .source = "observer", .votes = {31, 20, 10, 5}, .issued_off = -1}));
  trial.Record(Protocol({.unit = "R2", .source = "observer", .votes = {7, 7, 7, 7}}));

  const auto diff = ComputeDiff(trial.At("C"), trial.Resolve({.source_id = "cec", .basis = Basis::kClaims}),
                                trial.At("C"), trial.Resolve({.source_id = "observer", .basis = Basis::kClaims}));

  ASSERT_TRUE(diff.ok()) << diff.status();
  ASSERT_EQ(diff->discrepancies.size(), 2u);
  EXPECT_EQ(diff->discrepancies[0].kind, DiscrepancyKind::kOneChanged);
  EXPECT_EQ(diff->discrepancies[1].kind, DiscrepancyKind::kOnlyRight);
}

TEST(ComputeDiffTest, RefusesStationsOnOneSideAndClaimsOnTheOther) {
  const Trial trial;
  const auto diff = ComputeDiff(trial.At("C"), trial.Resolve({.source_id = "cec", .basis = Basis::kClaims}),
                                trial.At("C"), trial.Resolve({.source_id = "cec"}));

  EXPECT_EQ(diff.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ComputeDiffTest, SaysHowTheOutcomeChanges) {
  Sides sides;
  sides.Official({.votes = {60, 20, 5, 15}});
  sides.Monitored({.votes = {61, 20, 4, 15}});

  EXPECT_THAT(sides.Compute().outcome_changes,
              ElementsAre("with seats: a, b, c -> a, b", "seats of a: 7 -> 8", "threshold: c passes only on the left",
                          "seats of c: 1 -> 0"));
}

TEST(ComputeDiffTest, SaysThatAnOutcomeBecameATie) {
  Trial trial;
  trial.Record(Protocol({.contest = "seat", .votes = {5, 4, 1}}));
  trial.Record(Protocol({.contest = "seat", .source = "watch", .votes = {5, 5, 1}}));

  const auto diff = ComputeDiff(trial.At("R1", "seat"), trial.Resolve({.source_id = "pec"}), trial.At("R1", "seat"),
                                trial.Resolve({.source_id = "watch"}));

  ASSERT_TRUE(diff.ok()) << diff.status();
  EXPECT_THAT(diff->outcome_changes, ElementsAre("outcome: decided -> tie", "options: x -> x, y"));
}

}  // namespace
}  // namespace hattama::domain
