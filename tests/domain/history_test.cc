// The fold: which protocol counts under each policy, now and at every older version.
#include "services/domain/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/domain/tally.h"
#include "tests/domain/trial_history.h"

namespace hattama::domain {
namespace {

using testing::Amendment;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Protocol;
using testing::Trial;

View Of(Policy policy, bool excluding_contested = false, const std::string& source = "pec") {
  return {.source_id = source, .policy = policy, .excluding_contested = excluding_contested};
}
const View kFirst = Of(Policy::kCorrectedFirst);

UnitState StateOf(const Trial& trial, const std::string& unit, std::optional<int64_t> tree_size = std::nullopt,
                  bool excluding_contested = false) {
  return trial.EffectOf(unit, Of(Policy::kCorrectedFirst, excluding_contested), tree_size).state;
}

// What each policy counts for S1: preliminary only, final only, final else preliminary, corrected first.
std::vector<int64_t> CountedByPolicy(const Trial& trial, std::optional<int64_t> tree_size = std::nullopt) {
  std::vector<int64_t> counted;
  for (const Policy policy :
       {Policy::kPreliminaryOnly, Policy::kFinalOnly, Policy::kFinalElsePreliminary, Policy::kCorrectedFirst}) {
    counted.push_back(trial.Counted("S1", Of(policy), tree_size));
  }
  return counted;
}

// ---------------------------------------------------------------------------------------------------------------------
// Policies

TEST(EffectTest, FollowsEachPolicyThroughTheStagesAndAtEveryVersion) {
  Trial trial;
  const int64_t start = trial.tree_size();
  const int64_t preliminary = trial.Record(Protocol({}));
  const int64_t final = trial.Record(Protocol({.stage = Stage::kFinal}));
  const int64_t decision = trial.Record(testing::Decision({.units = {"S1"}}));
  const int64_t corrected = trial.Record(Protocol({.stage = Stage::kCorrected, .decision = decision}));

  EXPECT_THAT(CountedByPolicy(trial), ElementsAre(preliminary, final, final, corrected));
  EXPECT_THAT(CountedByPolicy(trial, corrected), ElementsAre(preliminary, final, final, final));
  EXPECT_THAT(CountedByPolicy(trial, final), ElementsAre(preliminary, -1, preliminary, preliminary));
  EXPECT_THAT(CountedByPolicy(trial, start), ElementsAre(-1, -1, -1, -1));
}

TEST(EffectTest, DoesNotNeedTheStagesInOrder) {
  Trial trial;
  const int64_t final = trial.Record(Protocol({.stage = Stage::kFinal}));
  const int64_t preliminary = trial.Record(Protocol({}));

  EXPECT_THAT(CountedByPolicy(trial), ElementsAre(preliminary, final, final, final));
}

TEST(EffectTest, CountsTheProtocolThatNothingSupersedesYet) {
  Trial trial;
  const int64_t first = trial.Record(Protocol({}));
  const int64_t second = trial.Record(Protocol({.supersedes = first}));
  const int64_t third = trial.Record(Protocol({.supersedes = second}));

  EXPECT_EQ(trial.Counted("S1", kFirst, first), -1);
  EXPECT_EQ(trial.Counted("S1", kFirst, first + 1), first);
  EXPECT_EQ(trial.Counted("S1", kFirst, second + 1), second);
  EXPECT_EQ(trial.Counted("S1", kFirst), third);
  const ContestHistory& contest = *trial.At("S1").contest;
  EXPECT_EQ(contest.protocol(contest.FindProtocol(first)).superseded_sequence, second);
  EXPECT_EQ(contest.protocol(contest.FindProtocol(third)).superseded_sequence, kNever);
}

TEST(EffectTest, KeepsSourcesApart) {
  Trial trial;
  const int64_t official = trial.Record(Protocol({}));
  const int64_t monitored = trial.Record(Protocol({.source = "watch", .votes = {20, 30, 10, 5}}));

  EXPECT_EQ(trial.Counted("S1", Of(Policy::kCorrectedFirst, false, "pec")), official);
  EXPECT_EQ(trial.Counted("S1", Of(Policy::kCorrectedFirst, false, "watch")), monitored);
  EXPECT_EQ(trial.Counted("S1", Of(Policy::kCorrectedFirst, false, "observer")), -1);
}

TEST(EffectTest, KeepsContestsApart) {
  Trial trial;
  trial.Record(Protocol({.contest = "seat", .votes = {1, 2, 3}}));

  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kMissing);
  EXPECT_EQ(trial.TallyOf("R1", kFirst, "seat").coverage.counted, 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// Quarantine

TEST(QuarantineTest, KeepsAProtocolThatBreaksAHardRuleOutOfTallies) {
  Trial trial;
  trial.Record(Protocol({.found_off = 1}));

  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kQuarantined);
  EXPECT_EQ(trial.TallyOf("C").totals, (std::vector<std::optional<int64_t>>(9)));
}

TEST(QuarantineTest, CountsAProtocolThatBreaksASoftRuleAlone) {
  Trial trial;
  trial.Record(Protocol({.issued_off = -1}));

  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kCounted);
  EXPECT_EQ(trial.TallyOf("C").with_findings, 1);
}

TEST(QuarantineTest, LetsNoPolicyFallBackBehindIt) {
  Trial trial;
  const int64_t preliminary = trial.Record(Protocol({}));
  trial.Record(Protocol({.stage = Stage::kFinal, .found_off = 1}));

  EXPECT_THAT(CountedByPolicy(trial), ElementsAre(preliminary, -1, -1, -1));
  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kQuarantined);
}

TEST(QuarantineTest, EndsWhereASoundProtocolSupersedes) {
  Trial trial;
  const int64_t broken = trial.Record(Protocol({.found_off = 1}));
  const int64_t sound = trial.Record(Protocol({.supersedes = broken}));

  EXPECT_EQ(trial.Counted("S1", kFirst), sound);
  EXPECT_EQ(StateOf(trial, "S1", sound), UnitState::kQuarantined);
}

TEST(QuarantineTest, BeginsWhereABrokenProtocolSupersedes) {
  Trial trial;
  const int64_t sound = trial.Record(Protocol({}));
  const int64_t broken = trial.Record(Protocol({.found_off = 1, .supersedes = sound}));

  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kQuarantined);
  EXPECT_EQ(trial.Counted("S1", kFirst, broken), sound);
}

TEST(QuarantineTest, EndsByReleaseFromTheReleaseOn) {
  Trial trial;
  const int64_t broken = trial.Record(Protocol({.found_off = 1}));
  const int64_t release =
      trial.Record(testing::Decision({.kind = DecisionKind::kQuarantineReleased, .released = {broken}}));

  EXPECT_EQ(trial.Counted("S1", kFirst), broken);
  EXPECT_EQ(StateOf(trial, "S1", release), UnitState::kQuarantined);
  EXPECT_EQ(StateOf(trial, "S1", release + 1), UnitState::kCounted);
  EXPECT_EQ(trial.TallyOf("C").with_findings, 1);
}

TEST(QuarantineTest, ReleasesOneProtocolAndNotTheNext) {
  Trial trial;
  const int64_t broken = trial.Record(Protocol({.found_off = 1}));
  trial.Record(testing::Decision({.kind = DecisionKind::kQuarantineReleased, .released = {broken}}));
  trial.Record(Protocol({.found_off = 1, .supersedes = broken}));

  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kQuarantined);
}

TEST(QuarantineTest, IsSaidByTheAnswerToTheSubmission) {
  Trial trial;
  const ProtocolSubmitted broken = Protocol({.found_off = 3, .issued_off = -1});

  const ApplyResult examined = trial.history().Examine(broken);
  const ApplyResult applied = trial.history().Apply(int64_t{1} << 40, broken);

  for (const ApplyResult& result : {examined, applied}) {
    EXPECT_TRUE(result.quarantined);
    EXPECT_EQ(result.election, 0);
    EXPECT_EQ(result.contest, 0);
    ASSERT_EQ(result.findings.size(), 2u);
    EXPECT_EQ(result.findings[0].rule_index, 1);
    EXPECT_EQ(result.findings[0].left, 70);
    EXPECT_EQ(result.findings[0].right, 67);
    EXPECT_EQ(result.findings[1].rule_index, 2);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Appeals

TEST(AppealTest, MakesItsStationsContestedUntilItIsDecided) {
  Trial trial;
  trial.Record(Protocol({}));
  const int64_t appeal = trial.Record(testing::Appeal({.units = {"S1", "S4"}}));
  const int64_t dismissal = trial.Record(testing::Decision({.kind = DecisionKind::kDismissed, .appeal = "appeal-1"}));

  EXPECT_FALSE(trial.EffectOf("S1", kFirst, appeal).contested);
  EXPECT_TRUE(trial.EffectOf("S1", kFirst, appeal + 1).contested);
  EXPECT_TRUE(trial.EffectOf("S4", kFirst, appeal + 1).contested);
  EXPECT_FALSE(trial.EffectOf("S2", kFirst, appeal + 1).contested);
  EXPECT_FALSE(trial.EffectOf("S1", kFirst, dismissal + 1).contested);
}

TEST(AppealTest, LeavesItsStationsInTalliesThatDoNotExcludeThem) {
  Trial trial;
  trial.Record(Protocol({}));
  trial.Record(Protocol({.unit = "S2"}));
  trial.Record(testing::Appeal({}));

  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kCounted);
  EXPECT_EQ(StateOf(trial, "S1", std::nullopt, true), UnitState::kExcludedContested);
  EXPECT_EQ(StateOf(trial, "S2", std::nullopt, true), UnitState::kCounted);
}

TEST(AppealTest, KeepsAStationContestedWhileAnotherAppealIsOpen) {
  Trial trial;
  trial.Record(testing::Appeal({.id = "one", .units = {"S1", "S2"}}));
  trial.Record(testing::Appeal({.id = "two", .units = {"S1"}}));
  trial.Record(testing::Decision({.kind = DecisionKind::kDismissed, .appeal = "one"}));

  EXPECT_TRUE(trial.EffectOf("S1", kFirst).contested);
  EXPECT_FALSE(trial.EffectOf("S2", kFirst).contested);
  trial.Record(testing::Decision({.kind = DecisionKind::kDismissed, .appeal = "two"}));
  EXPECT_FALSE(trial.EffectOf("S1", kFirst).contested);
}

TEST(AppealTest, IsClosedAsAWholeByADecisionThatNamesSomeOfItsStations) {
  Trial trial;
  trial.Record(testing::Appeal({.units = {"S1", "S2"}}));
  trial.Record(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .appeal = "appeal-1", .units = {"S1"}}));

  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kAnnulled);
  EXPECT_EQ(StateOf(trial, "S2"), UnitState::kMissing);
  EXPECT_FALSE(trial.EffectOf("S1", kFirst).contested);
  EXPECT_FALSE(trial.EffectOf("S2", kFirst).contested);
}

TEST(AppealTest, StaysOpenWhereADecisionDoesNotNameIt) {
  Trial trial;
  trial.Record(testing::Appeal({}));
  trial.Record(testing::Decision({.kind = DecisionKind::kRecountOrdered, .units = {"S1"}}));

  EXPECT_TRUE(trial.EffectOf("S1", kFirst).contested);
  EXPECT_TRUE(trial.EffectOf("S1", kFirst).awaiting_correction);
}

// ---------------------------------------------------------------------------------------------------------------------
// Decisions

TEST(DecisionTest, AnnulsAndReinstatesAtTheirVersions) {
  Trial trial;
  const int64_t protocol = trial.Record(Protocol({}));
  const int64_t annulment = trial.Record(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .units = {"S1"}}));
  const int64_t reinstatement =
      trial.Record(testing::Decision({.kind = DecisionKind::kResultsReinstated, .units = {"S1"}}));

  EXPECT_EQ(StateOf(trial, "S1", annulment), UnitState::kCounted);
  EXPECT_EQ(StateOf(trial, "S1", annulment + 1), UnitState::kAnnulled);
  EXPECT_EQ(trial.Counted("S1", kFirst, annulment + 1), -1);
  EXPECT_EQ(trial.Counted("S1", kFirst, reinstatement + 1), protocol);
}

TEST(DecisionTest, AnnulsBeforeQuarantineContestAndAbsence) {
  Trial trial;
  trial.Record(Protocol({.found_off = 1}));
  trial.Record(testing::Appeal({.units = {"S1", "S2"}}));
  trial.Record(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .units = {"S1", "S2"}}));

  for (const bool excluding : {false, true}) {
    EXPECT_EQ(StateOf(trial, "S1", std::nullopt, excluding), UnitState::kAnnulled);
    EXPECT_EQ(StateOf(trial, "S2", std::nullopt, excluding), UnitState::kAnnulled);
  }
  EXPECT_TRUE(trial.EffectOf("S1", kFirst).contested);
}

TEST(DecisionTest, QuarantinesBeforeItExcludesAsContested) {
  Trial trial;
  trial.Record(Protocol({.found_off = 1}));
  trial.Record(testing::Appeal({.units = {"S1", "S2"}}));

  EXPECT_EQ(StateOf(trial, "S1", std::nullopt, true), UnitState::kQuarantined);
  EXPECT_EQ(StateOf(trial, "S2", std::nullopt, true), UnitState::kMissing);
}

TEST(DecisionTest, AwaitsTheCorrectionOfARecountUntilItArrives) {
  Trial trial;
  const int64_t final = trial.Record(Protocol({.stage = Stage::kFinal}));
  const int64_t decision = trial.Record(testing::Decision({.kind = DecisionKind::kRecountOrdered, .units = {"S1"}}));
  trial.Record(Protocol({.stage = Stage::kFinal, .supersedes = final}));

  EXPECT_TRUE(trial.EffectOf("S1", kFirst).awaiting_correction);
  EXPECT_EQ(StateOf(trial, "S1"), UnitState::kCounted);
  const int64_t corrected = trial.Record(Protocol({.stage = Stage::kCorrected, .decision = decision}));
  EXPECT_FALSE(trial.EffectOf("S1", kFirst).awaiting_correction);
  EXPECT_TRUE(trial.EffectOf("S1", kFirst, corrected).awaiting_correction);
  EXPECT_EQ(trial.Counted("S1", kFirst), corrected);
}

TEST(DecisionTest, AwaitsACorrectionInTheContestAlone) {
  Trial trial;
  trial.Record(testing::Decision({.units = {"S1"}}));

  EXPECT_TRUE(trial.EffectOf("S1", kFirst).awaiting_correction);
  EXPECT_EQ(trial.TallyOf("R1", kFirst, "seat").coverage.awaiting_correction, 0);
}

// ---------------------------------------------------------------------------------------------------------------------
// Rolls

TEST(RollTest, KeepsTheOldRollAtOlderVersions) {
  Trial trial;
  const auto roll = [&trial](const std::string& unit, int64_t tree_size) {
    return trial.election().RollSumAt(*trial.election().area().Find(unit), tree_size);
  };
  const int64_t opened = trial.tree_size();
  const int64_t first = trial.Record(Amendment({{"S1", 150}, {"S6", 10}}));
  const int64_t second = trial.Record(Amendment({{"S1", 0}}));

  EXPECT_EQ(roll("S1", opened), 100);
  EXPECT_EQ(roll("R1", opened), 600);
  EXPECT_EQ(roll("C", opened), 1'500);
  EXPECT_EQ(roll("S1", first + 1), 150);
  EXPECT_EQ(roll("R1", first + 1), 650);
  EXPECT_EQ(roll("R3", first + 1), 10);
  EXPECT_EQ(roll("C", first + 1), 1'560);
  EXPECT_EQ(roll("S1", second + 1), 0);
  EXPECT_EQ(roll("C", second + 1), 1'410);
  EXPECT_EQ(roll("C", 0), 0);
}

TEST(RollTest, TellsAnEmptyRollFromNone) {
  Trial trial;
  const UnitIndex station = *trial.election().area().Find("S6");
  const int64_t before = trial.tree_size();

  EXPECT_EQ(trial.election().RollAt(station, before), std::nullopt);
  trial.Record(Amendment({{"S6", 0}}));
  EXPECT_EQ(trial.election().RollAt(station, trial.tree_size()), 0);
  EXPECT_EQ(trial.election().RollAt(station, before), std::nullopt);
}

// A finding is what the rule said when the protocol was recorded: a later roll does not change it.
TEST(RollTest, JudgesAProtocolByTheRollInForceWhenItIsRecorded) {
  Trial trial;
  const std::vector<int64_t> votes = {80, 20, 10, 5};  // 117 issued, and 100 on the roll.
  const int64_t before = trial.Record(Protocol({.votes = votes}));
  trial.Record(Amendment({{"S1", 117}}));
  const int64_t after = trial.Record(Protocol({.votes = votes, .supersedes = before}));

  const ContestHistory& contest = *trial.At("S1").contest;
  ASSERT_EQ(contest.findings(contest.FindProtocol(before)).size(), 1u);
  EXPECT_EQ(contest.findings(contest.FindProtocol(before))[0].rule_index, 3);
  EXPECT_THAT(contest.findings(contest.FindProtocol(after)), IsEmpty());
}

TEST(RollTest, JudgesAClaimByTheSumOfTheRollsBelow) {
  Trial trial;
  const auto findings = [&trial](const std::string& unit, int64_t votes) {
    return trial.history().Examine(Protocol({.unit = unit, .source = "cec", .votes = {votes, 0, 0, 0}})).findings;
  };

  EXPECT_THAT(findings("R1", 598), IsEmpty());  // 600 with the invalid ones, and 600 on the rolls.
  EXPECT_EQ(findings("R1", 599).size(), 1u);
  EXPECT_THAT(findings("R3", 5'000), IsEmpty()) << "no station of R3 has a roll";
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

TEST(HistoryTest, TellsTreeSizesByMoment) {
  History history;
  const std::vector<Event> events = testing::Founding(testing::TrialDefinition());
  const std::vector<int64_t> times = {10, 20, 20, 30, 30, 30};
  for (size_t i = 0; i < events.size(); ++i) history.Apply(times[i], events[i]);

  EXPECT_EQ(history.TreeSizeAt(9), 0);
  EXPECT_EQ(history.TreeSizeAt(10), 1);
  EXPECT_EQ(history.TreeSizeAt(19), 1);
  EXPECT_EQ(history.TreeSizeAt(20), 3);
  EXPECT_EQ(history.TreeSizeAt(30), 6);
  EXPECT_EQ(history.TreeSizeAt(INT64_MAX), 6);
  EXPECT_EQ(history.TimeMicros(3), 30);
}

TEST(HistoryTest, ListsWhatHappenedToAUnitOnceAndInOrder) {
  Trial trial;
  const int64_t first = trial.Record(Protocol({}));
  trial.Record(Protocol({.unit = "S2"}));
  const int64_t roll = trial.Record(Amendment({{"S1", 101}, {"S2", 201}}));
  const int64_t monitor = trial.Record(Protocol({.source = "watch"}));
  const int64_t appeal = trial.Record(testing::Appeal({}));
  const int64_t decision =
      trial.Record(testing::Decision({.kind = DecisionKind::kRecountOrdered, .appeal = "appeal-1"}));
  const int64_t corrected = trial.Record(Protocol({.stage = Stage::kCorrected, .decision = decision}));
  trial.Record(Protocol({.contest = "seat", .votes = {1, 2, 3}}));
  const UnitIndex station = *trial.election().area().Find("S1");

  EXPECT_THAT(trial.election().SequencesOf(0, station, trial.tree_size()),
              ElementsAre(first, roll, monitor, appeal, decision, corrected));
  EXPECT_THAT(trial.election().SequencesOf(0, station, appeal), ElementsAre(first, roll, monitor));
  EXPECT_THAT(trial.election().SequencesOf(0, station, first), IsEmpty());
}

TEST(HistoryTest, HoldsSeveralElectionsApart) {
  Trial trial;
  Definition other = testing::TrialDefinition();
  other.election.election_id = "f";
  for (const Event& event : testing::Defining(other)) trial.Record(event);
  ProtocolSubmitted protocol = Protocol({});
  protocol.election_id = "f";
  trial.Record(protocol);

  EXPECT_EQ(trial.history().election_count(), 2);
  EXPECT_EQ(trial.history().FindElection("e"), 0);
  EXPECT_EQ(trial.history().FindElection("f"), 1);
  EXPECT_EQ(trial.history().FindElection("g"), std::nullopt);
  EXPECT_EQ(trial.TallyOf("C").coverage.counted, 0);
  EXPECT_EQ(trial.history().election(1).contest(0).protocol_count(), 1);
  EXPECT_THAT(trial.Check(Protocol({})), IsEmpty());
}

TEST(HistoryTest, OpensAnElectionAtItsVersion) {
  const Trial trial;
  const int64_t opened = trial.tree_size();

  EXPECT_TRUE(trial.election().open_at(opened));
  EXPECT_FALSE(trial.election().open_at(opened - 1));
}

}  // namespace
}  // namespace hattama::domain
