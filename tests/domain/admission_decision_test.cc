// What History::Check refuses of rolls, appeals and decisions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "services/domain/history.h"
#include "tests/domain/trial_history.h"

namespace hattama::domain {
namespace {

using testing::Amendment;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kElection;
using testing::Protocol;
using testing::Refused;
using testing::Trial;
using testing::TrialDefinition;

// ---------------------------------------------------------------------------------------------------------------------
// Rolls

TEST(CheckRollTest, WantsEntriesAndAReason) {
  EXPECT_THAT(Trial().Check(RollAmended{kElection, {}, ""}),
              ElementsAre(Refused(RefusalReason::kMalformed, "roll_amended.entries"),
                          Refused(RefusalReason::kMalformed, "roll_amended.reason")));
}

TEST(CheckRollTest, SaysThatEntriesAreMissingWhereTheElectionIsUnknownToo) {
  EXPECT_THAT(Trial().Check(RollAmended{"f", {}, ""}),
              ElementsAre(Refused(RefusalReason::kMalformed, "roll_amended.entries"),
                          Refused(RefusalReason::kUnknownElection, "election_id")));
}

TEST(CheckRollTest, WantsNoReasonBeforeTheOpening) {
  const std::vector<Event> events = testing::Founding(TrialDefinition());
  History history;
  for (size_t i = 0; i < 4; ++i) history.Apply(0, events[i]);

  EXPECT_THAT(history.Check(RollAmended{kElection, {{"S1", 5}}, ""}), IsEmpty());
  // Units are known when the election opens; counts and repetitions are seen at once.
  EXPECT_THAT(history.Check(RollAmended{kElection, {{"S9", -1}, {"S9", 5}}, ""}),
              ElementsAre(Refused(RefusalReason::kDuplicateFigure, "roll_amended.entries[1].unit_id"),
                          Refused(RefusalReason::kCountOutOfRange, "roll_amended.entries[0].registered_voters")));
}

TEST(CheckRollTest, NamesEveryBadEntry) {
  EXPECT_THAT(Trial().Check(
                  Amendment({{"S1", 0}, {"S2", 999'999'999}, {"S3", 1'000'000'000}, {"S9", 5}, {"R1", 5}, {"S1", -1}})),
              ElementsAre(Refused(RefusalReason::kUnknownUnit, "roll_amended.entries[3].unit_id"),
                          Refused(RefusalReason::kDuplicateFigure, "roll_amended.entries[5].unit_id"),
                          Refused(RefusalReason::kCountOutOfRange, "roll_amended.entries[2].registered_voters"),
                          Refused(RefusalReason::kCountOutOfRange, "roll_amended.entries[5].registered_voters"),
                          Refused(RefusalReason::kNotAStation, "roll_amended.entries[4].unit_id")));
}

// ---------------------------------------------------------------------------------------------------------------------
// Appeals

TEST(CheckAppealTest, WantsEveryField) {
  AppealFiled appeal = testing::Appeal({});
  appeal.appeal_id = appeal.filed_by = appeal.grounds = "";
  appeal.unit_ids.clear();

  EXPECT_THAT(Trial().Check(appeal), ElementsAre(Refused(RefusalReason::kMalformed, "appeal_filed.appeal_id"),
                                                 Refused(RefusalReason::kMalformed, "appeal_filed.filed_by"),
                                                 Refused(RefusalReason::kMalformed, "appeal_filed.grounds"),
                                                 Refused(RefusalReason::kMalformed, "appeal_filed.unit_ids")));
}

TEST(CheckAppealTest, SaysWhatIsMalformedWhereTheElectionIsUnknownToo) {
  AppealFiled appeal = testing::Appeal({});
  appeal.election_id = "f";
  appeal.grounds = "";

  EXPECT_THAT(Trial().Check(appeal), ElementsAre(Refused(RefusalReason::kMalformed, "appeal_filed.grounds"),
                                                 Refused(RefusalReason::kUnknownElection, "election_id")));
}

TEST(CheckAppealTest, RefusesAnIdFiledBeforeEvenInAnotherContest) {
  Trial trial;
  trial.Record(testing::Appeal({}));

  EXPECT_THAT(trial.Check(testing::Appeal({.contest = "seat"})),
              ElementsAre(Refused(RefusalReason::kAppealExists, "appeal_filed.appeal_id")));
}

TEST(CheckAppealTest, WantsStationsOfTheContest) {
  EXPECT_THAT(Trial().Check(testing::Appeal({.contest = "seat", .units = {"S9", "S4", "R1", "S1", "S1"}})),
              ElementsAre(Refused(RefusalReason::kUnknownUnit, "appeal_filed.unit_ids[0]"),
                          Refused(RefusalReason::kUnitOutsideContest, "appeal_filed.unit_ids[1]"),
                          Refused(RefusalReason::kDuplicateFigure, "appeal_filed.unit_ids[4]"),
                          Refused(RefusalReason::kNotAStation, "appeal_filed.unit_ids[2]")));
}

TEST(CheckAppealTest, RefusesAnUnknownContest) {
  EXPECT_THAT(Trial().Check(testing::Appeal({.contest = "mayor"})),
              ElementsAre(Refused(RefusalReason::kUnknownContest, "contest_id")));
}

TEST(CheckAppealTest, AdmitsASecondAppealAgainstTheSameStationBeforeAnyProtocol) {
  Trial trial;
  trial.Record(testing::Appeal({}));

  EXPECT_THAT(trial.Check(testing::Appeal({.id = "appeal-2"})), IsEmpty());
}

// ---------------------------------------------------------------------------------------------------------------------
// Decisions

TEST(CheckDecisionTest, WantsABodyAnActAndStations) {
  DecisionRecorded decision = testing::Decision({});
  decision.body = decision.act_number = "";

  EXPECT_THAT(Trial().Check(decision), ElementsAre(Refused(RefusalReason::kMalformed, "decision_recorded.body"),
                                                   Refused(RefusalReason::kMalformed, "decision_recorded.act_number"),
                                                   Refused(RefusalReason::kMalformed, "decision_recorded.unit_ids")));
}

TEST(CheckDecisionTest, SaysWhatIsMalformedWhereTheElectionIsUnknownToo) {
  DecisionRecorded decision = testing::Decision({.units = {"S1"}});
  decision.election_id = "f";
  decision.body = "";

  EXPECT_THAT(Trial().Check(decision), ElementsAre(Refused(RefusalReason::kMalformed, "decision_recorded.body"),
                                                   Refused(RefusalReason::kUnknownElection, "election_id")));
}

TEST(CheckDecisionTest, WantsTheAppealThatIsDismissed) {
  EXPECT_THAT(Trial().Check(testing::Decision({.kind = DecisionKind::kDismissed, .units = {"S1"}})),
              ElementsAre(Refused(RefusalReason::kMalformed, "decision_recorded.appeal_id")));
}

TEST(CheckDecisionTest, NamesProtocolsInAReleaseAndNowhereElse) {
  const Trial trial;
  EXPECT_THAT(trial.Check(testing::Decision({.kind = DecisionKind::kQuarantineReleased})),
              ElementsAre(Refused(RefusalReason::kMalformed, "decision_recorded.released_sequences")));
  EXPECT_THAT(trial.Check(testing::Decision({.units = {"S1"}, .released = {3}})),
              ElementsAre(Refused(RefusalReason::kMalformed, "decision_recorded.released_sequences"),
                          Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[0]")));
}

TEST(CheckDecisionTest, RefusesAnUnknownContest) {
  EXPECT_THAT(Trial().Check(testing::Decision({.contest = "mayor", .units = {"S1"}})),
              ElementsAre(Refused(RefusalReason::kUnknownContest, "contest_id")));
}

TEST(CheckDecisionTest, RefusesAnUnknownAppealAndOneOfAnotherContest) {
  Trial trial;
  trial.Record(testing::Appeal({}));

  EXPECT_THAT(trial.Check(testing::Decision({.appeal = "appeal-9"})),
              ElementsAre(Refused(RefusalReason::kUnknownAppeal, "decision_recorded.appeal_id")));
  EXPECT_THAT(trial.Check(testing::Decision({.contest = "seat", .appeal = "appeal-1"})),
              ElementsAre(Refused(RefusalReason::kUnknownAppeal, "decision_recorded.appeal_id")));
}

TEST(CheckDecisionTest, DecidesAnAppealOnce) {
  Trial trial;
  trial.Record(testing::Appeal({}));
  const DecisionRecorded dismissal = testing::Decision({.kind = DecisionKind::kDismissed, .appeal = "appeal-1"});
  const int64_t decided = trial.Record(dismissal);

  const Refusals refusals = trial.Check(dismissal);

  ASSERT_THAT(refusals, ElementsAre(Refused(RefusalReason::kAppealDecided, "decision_recorded.appeal_id")));
  EXPECT_THAT(refusals[0].message, HasSubstr("decided at sequence " + std::to_string(decided)));
}

TEST(CheckDecisionTest, RefusesAStationThatTheAppealDoesNotName) {
  Trial trial;
  trial.Record(testing::Appeal({.units = {"S1", "S2"}}));

  EXPECT_THAT(trial.Check(testing::Decision({.appeal = "appeal-1", .units = {"S2", "S3"}})),
              ElementsAre(Refused(RefusalReason::kUnitOutsideAppeal, "decision_recorded.unit_ids[1]")));
}

TEST(CheckDecisionTest, WantsStationsOfTheContest) {
  EXPECT_THAT(Trial().Check(testing::Decision({.contest = "seat", .units = {"S9", "S4", "R1", "S1", "S1"}})),
              ElementsAre(Refused(RefusalReason::kUnknownUnit, "decision_recorded.unit_ids[0]"),
                          Refused(RefusalReason::kUnitOutsideContest, "decision_recorded.unit_ids[1]"),
                          Refused(RefusalReason::kDuplicateFigure, "decision_recorded.unit_ids[4]"),
                          Refused(RefusalReason::kNotAStation, "decision_recorded.unit_ids[2]")));
}

TEST(CheckDecisionTest, AnnulsAndReinstatesInTurn) {
  Trial trial;
  const DecisionRecorded annul = testing::Decision({.kind = DecisionKind::kResultsAnnulled, .units = {"S2", "S1"}});
  const DecisionRecorded reinstate = testing::Decision({.kind = DecisionKind::kResultsReinstated, .units = {"S1"}});

  EXPECT_THAT(trial.Check(reinstate),
              ElementsAre(Refused(RefusalReason::kNotAnnulled, "decision_recorded.unit_ids[0]")));
  trial.Record(annul);
  EXPECT_THAT(trial.Check(annul),
              ElementsAre(Refused(RefusalReason::kAlreadyAnnulled, "decision_recorded.unit_ids[0]"),
                          Refused(RefusalReason::kAlreadyAnnulled, "decision_recorded.unit_ids[1]")));
  trial.Record(reinstate);
  EXPECT_THAT(trial.Check(annul),
              ElementsAre(Refused(RefusalReason::kAlreadyAnnulled, "decision_recorded.unit_ids[0]")));
}

TEST(CheckDecisionTest, KeepsAnnulmentsOfContestsApart) {
  Trial trial;
  trial.Record(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .units = {"S1"}}));

  EXPECT_THAT(
      trial.Check(testing::Decision({.contest = "seat", .kind = DecisionKind::kResultsReinstated, .units = {"S1"}})),
      ElementsAre(Refused(RefusalReason::kNotAnnulled, "decision_recorded.unit_ids[0]")));
}

TEST(CheckDecisionTest, ChecksAnnulmentOfTheStationsOfAnAppeal) {
  Trial trial;
  trial.Record(testing::Appeal({.units = {"S1", "S2"}}));
  trial.Record(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .units = {"S1"}}));

  EXPECT_THAT(trial.Check(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .appeal = "appeal-1"})),
              ElementsAre(Refused(RefusalReason::kAlreadyAnnulled, "decision_recorded.appeal_id")));
  EXPECT_THAT(trial.Check(testing::Decision({.kind = DecisionKind::kResultsReinstated, .appeal = "appeal-1"})),
              ElementsAre(Refused(RefusalReason::kNotAnnulled, "decision_recorded.appeal_id")));
}

TEST(CheckDecisionTest, ReleasesOnlyWhatIsInQuarantineNow) {
  Trial trial;
  const int64_t sound = trial.Record(Protocol({.unit = "S2"}));
  const int64_t superseded = trial.Record(Protocol({.found_off = 1}));
  const int64_t quarantined = trial.Record(Protocol({.found_off = 2, .supersedes = superseded}));
  const int64_t elsewhere = trial.Record(Protocol({.contest = "seat", .votes = {1, 2, 3}, .found_off = 1}));
  const auto release = [](std::vector<int64_t> sequences) {
    return testing::Decision({.kind = DecisionKind::kQuarantineReleased, .released = std::move(sequences)});
  };

  EXPECT_THAT(trial.Check(release({quarantined})), IsEmpty());
  EXPECT_THAT(trial.Check(release({sound, superseded, quarantined, elsewhere, 0, -1, 999})),
              ElementsAre(Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[0]"),
                          Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[1]"),
                          Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[3]"),
                          Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[4]"),
                          Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[5]"),
                          Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[6]")));
  trial.Record(release({quarantined}));
  EXPECT_THAT(trial.Check(release({quarantined})),
              ElementsAre(Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[0]")));
}

TEST(CheckDecisionTest, ReportsAllReasonsInOrderOfPrecedence) {
  Trial trial;
  trial.Record(testing::Appeal({.units = {"S1", "S2"}}));
  trial.Record(testing::Decision({.kind = DecisionKind::kDismissed, .appeal = "appeal-1"}));
  trial.Record(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .units = {"S3"}}));
  DecisionRecorded decision = testing::Decision(
      {.kind = DecisionKind::kResultsAnnulled, .appeal = "appeal-1", .units = {"S3", "R1", "S9"}, .released = {0}});
  decision.act_number = "";

  EXPECT_THAT(trial.Check(decision),
              ElementsAre(Refused(RefusalReason::kMalformed, "decision_recorded.act_number"),
                          Refused(RefusalReason::kMalformed, "decision_recorded.released_sequences"),
                          Refused(RefusalReason::kUnknownUnit, "decision_recorded.unit_ids[2]"),
                          Refused(RefusalReason::kNotAStation, "decision_recorded.unit_ids[1]"),
                          Refused(RefusalReason::kAppealDecided, "decision_recorded.appeal_id"),
                          Refused(RefusalReason::kUnitOutsideAppeal, "decision_recorded.unit_ids[0]"),
                          Refused(RefusalReason::kAlreadyAnnulled, "decision_recorded.unit_ids[0]"),
                          Refused(RefusalReason::kNotQuarantined, "decision_recorded.released_sequences[0]")));
}

}  // namespace
}  // namespace hattama::domain
