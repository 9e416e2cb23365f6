// What History::Check refuses of foundings, definitions and protocols: every reason, its field, and the order of
// reasons where several hold. Appeals, decisions and rolls are in admission_decision_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/domain/history.h"
#include "tests/domain/trial_history.h"

namespace hattama::domain {
namespace {


using testing::Act;
using ::testing::AllOf;
using testing::Defining;
using ::testing::ElementsAre;
using testing::Filing;
using testing::Founding;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kAuthority;
using testing::kElection;
using testing::Protocol;
using testing::Refused;
using testing::Sheet;
using testing::Trial;
using testing::TrialDefinition;

// A history that took the first `count` events of a founding.
History HistoryAfter(const std::vector<Event>& events, size_t count) {
  History history;
  for (size_t i = 0; i < count; ++i) {
    EXPECT_THAT(history.Check(events[i]), IsEmpty());
    history.Apply(0, events[i]);
  }
  return history;
}

TEST(RefusalReasonNameTest, IsUpperSnakeCaseAndUniqueForEachReason) {
  std::set<std::string_view> names;
  int reason = 0;
  for (; RefusalReasonName(static_cast<RefusalReason>(reason)) != "UNKNOWN"; ++reason) {
    const std::string_view name = RefusalReasonName(static_cast<RefusalReason>(reason));
    EXPECT_TRUE(names.insert(name).second) << name;
    for (const char c : name) EXPECT_TRUE(c == '_' || std::isupper(static_cast<unsigned char>(c))) << name;
  }
  EXPECT_GT(reason, static_cast<int>(RefusalReason::kWrongPredecessor));
}

// ---------------------------------------------------------------------------------------------------------------------
// Founding and definition

TEST(CheckFoundingTest, WantsTheFoundingFirstAndOnce) {
  const std::vector<Event> events = Founding(TrialDefinition());

  EXPECT_THAT(History().Check(events[1]), ElementsAre(Refused(RefusalReason::kMalformed, "event")));
  EXPECT_THAT(HistoryAfter(events, 1).Check(events[0]), ElementsAre(Refused(RefusalReason::kMalformed, "event")));
}

TEST(CheckFoundingTest, WantsAnOriginThatACheckpointCanCarry) {
  for (const std::string& origin : {std::string(), std::string("a b"), std::string("a+b"), std::string("a\n"),
                                    std::string("a\x7f"), std::string(256, 'o')}) {
    EXPECT_THAT(History().Check(LedgerFounded{origin, 1, kAuthority}),
                ElementsAre(Refused(RefusalReason::kMalformed, "ledger_founded.origin")))
        << origin;
  }
  EXPECT_THAT(History().Check(LedgerFounded{std::string(255, 'o'), 1, kAuthority}), IsEmpty());
}

TEST(CheckFoundingTest, NamesEveryFaultAtOnce) {
  EXPECT_THAT(History().Check(LedgerFounded{"", 2, kAuthority}),
              ElementsAre(Refused(RefusalReason::kMalformed, "ledger_founded.origin"),
                          Refused(RefusalReason::kMalformed, "ledger_founded.format_version")));
}

TEST(CheckFoundingTest, WantsTheKeyOfAnAuthority) {
  EXPECT_THAT(History().Check(LedgerFounded{"o", 1, {}}),
              ElementsAre(Refused(RefusalReason::kMalformed, "ledger_founded.authority_public_key")));
}

TEST(CheckDefiningTest, RefusesAnElectionThatIsThereAlreadyBeforeItsFaults) {
  const Trial trial;
  ElectionDefined again = TrialDefinition().election;
  again.poll_date = "soon";

  EXPECT_THAT(trial.Check(again), ElementsAre(Refused(RefusalReason::kElectionExists, "election.election_id"),
                                              Refused(RefusalReason::kDefinitionFault, "election.poll_date")));
}

TEST(CheckDefiningTest, RefusesPartsOfAnUnknownElection) {
  const History history = HistoryAfter(Founding(TrialDefinition()), 1);

  for (const Event& event :
       {Event(ContestsListed{"e", {}}), Event(UnitsListed{"e", {}}), Event(RollAmended{"e", {{"S1", 1}}, ""}),
        Event(ElectionOpened{"e", 0, 0, 0}), Event(Protocol({})), Event(testing::Appeal({})),
        Event(testing::Decision({.units = {"S1"}}))}) {
    EXPECT_THAT(history.Check(event), ElementsAre(Refused(RefusalReason::kUnknownElection, "election_id")))
        << event.index();
  }
}

TEST(CheckDefiningTest, RefusesPartsOfAnOpenElection) {
  const Trial trial;
  for (const Event& event : {Event(ContestsListed{kElection, {}}), Event(UnitsListed{kElection, {}}),
                             Event(ElectionOpened{kElection, 3, 10, 5})}) {
    EXPECT_THAT(trial.Check(event), ElementsAre(Refused(RefusalReason::kElectionOpen, "election_id"))) << event.index();
  }
}

TEST(CheckDefiningTest, RefusesProtocolsAppealsAndDecisionsBeforeTheOpening) {
  const std::vector<Event> events = Founding(TrialDefinition());
  const History history = HistoryAfter(events, events.size() - 1);

  for (const Event& event :
       {Event(Protocol({})), Event(testing::Appeal({})), Event(testing::Decision({.units = {"S1"}}))}) {
    EXPECT_THAT(history.Check(event), ElementsAre(Refused(RefusalReason::kElectionNotOpen, "election_id")))
        << event.index();
  }
}

TEST(CheckDefiningTest, OpensOnlyWithAsManyPartsAsStated) {
  const std::vector<Event> events = Founding(TrialDefinition());
  const History history = HistoryAfter(events, events.size() - 1);

  const Refusals refusals = history.Check(ElectionOpened{kElection, 2, 11, 4});

  EXPECT_THAT(refusals, ElementsAre(Refused(RefusalReason::kDefinitionIncomplete, "election_opened.contest_count"),
                                    Refused(RefusalReason::kDefinitionIncomplete, "election_opened.unit_count"),
                                    Refused(RefusalReason::kDefinitionIncomplete, "election_opened.roll_count")));
  EXPECT_EQ(refusals[0].message, "2 stated, 3 listed");
  EXPECT_THAT(history.Check(events.back()), IsEmpty());
}

TEST(CheckDefiningTest, RefusesToOpenAWholeThatContradictsItself) {
  Definition definition = TrialDefinition();
  definition.units[2].parent_id = "R9";
  definition.roll[0].unit_id = "S9";
  const std::vector<Event> events = Founding(definition);

  EXPECT_THAT(HistoryAfter(events, events.size() - 1).Check(events.back()),
              ElementsAre(Refused(RefusalReason::kDefinitionFault, "units[2].parent_id"),
                          Refused(RefusalReason::kDefinitionFault, "roll[0].unit_id")));
}

TEST(CheckDefiningTest, BoundsTheUnitsListedInAll) {
  const std::vector<Event> events = Founding(TrialDefinition());
  const History history = HistoryAfter(events, 4);  // Ten units are listed.
  Event listed = UnitsListed{kElection, {}};
  std::vector<Unit>& units = std::get<UnitsListed>(listed).units;

  units.resize(kUnitCountMax - 9);
  EXPECT_THAT(history.Check(listed), ElementsAre(Refused(RefusalReason::kDefinitionFault, "units")));
  units.pop_back();
  EXPECT_THAT(history.Check(listed), IsEmpty());
}

// ---------------------------------------------------------------------------------------------------------------------
// Who, what, where

TEST(CheckProtocolTest, AdmitsAWholeProtocolOfEveryContest) {
  const Trial trial;
  EXPECT_THAT(trial.Check(Protocol({})), IsEmpty());
  EXPECT_THAT(trial.Check(Protocol({.contest = "seat", .votes = {1, 2, 3}})), IsEmpty());
  EXPECT_THAT(trial.Check(Protocol({.contest = "question", .unit = "S6", .votes = {1, 2}})), IsEmpty());
}

TEST(CheckProtocolTest, AdmitsFiguresThatDoNotAddUp) {
  EXPECT_THAT(Trial().Check(Protocol({.found_off = 100, .issued_off = -50})), IsEmpty());
}

TEST(CheckProtocolTest, RefusesAnUnknownContest) {
  ProtocolSubmitted protocol = Protocol({});
  protocol.contest_id = "mayor";

  EXPECT_THAT(Trial().Check(protocol), ElementsAre(Refused(RefusalReason::kUnknownContest, "contest_id")));
}

TEST(CheckProtocolTest, RefusesAnUnknownUnit) {
  const Refusals refusals = Trial().Check(Protocol({.unit = "S9"}));

  ASSERT_THAT(refusals, ElementsAre(Refused(RefusalReason::kUnknownUnit, "protocol_submitted.unit_id")));
  EXPECT_EQ(refusals[0].message, "election \"e\" has no unit \"S9\"");
}

TEST(CheckProtocolTest, RefusesAUnitThatDoesNotVoteInTheContest) {
  for (const char* unit : {"S4", "R2", "C"}) {
    EXPECT_THAT(Trial().Check(Protocol({.contest = "seat", .unit = unit, .source = "cec", .votes = {1, 2, 3}})),
                ElementsAre(Refused(RefusalReason::kUnitOutsideContest, "protocol_submitted.unit_id")))
        << unit;
  }
}

TEST(CheckProtocolTest, RefusesAnUnknownSource) {
  EXPECT_THAT(Trial().Check(Protocol({.source = "tv"})),
              ElementsAre(Refused(RefusalReason::kUnknownSource, "protocol_submitted.source_id")));
}

TEST(CheckProtocolTest, RefusesASourceOfAnotherLevel) {
  const Trial trial;
  EXPECT_THAT(trial.Check(Protocol({.unit = "R1"})),
              ElementsAre(Refused(RefusalReason::kSourceLevelMismatch, "protocol_submitted.source_id")));
  EXPECT_THAT(trial.Check(Protocol({.source = "tec"})),
              ElementsAre(Refused(RefusalReason::kSourceLevelMismatch, "protocol_submitted.source_id")));
}

TEST(CheckProtocolTest, AdmitsClaimsAboveTheStationsOfASourceOfThatLevelOrOfAny) {
  const Trial trial;
  EXPECT_THAT(trial.Check(Protocol({.unit = "R1", .source = "tec"})), IsEmpty());
  for (const char* unit : {"C", "R1", "S1"}) {
    EXPECT_THAT(trial.Check(Protocol({.unit = unit, .source = "cec"})), IsEmpty()) << unit;
    EXPECT_THAT(trial.Check(Protocol({.unit = unit, .source = "observer"})), IsEmpty()) << unit;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Figures

TEST(CheckProtocolTest, TakesCountsFromZeroToNineNinesAndBlanks) {
  const Trial trial;
  const auto with_option = [&trial](std::optional<int64_t> count) {
    ProtocolSubmitted protocol = Protocol({});
    protocol.options[1].count = count;
    return trial.Check(protocol);
  };
  const auto with_line = [&trial](std::optional<int64_t> count) {
    ProtocolSubmitted protocol = Protocol({});
    protocol.lines[4].count = count;
    return trial.Check(protocol);
  };
  for (const std::optional<int64_t> count : {std::optional<int64_t>(), {0}, {999'999'999}}) {
    EXPECT_THAT(with_option(count), IsEmpty()) << count.value_or(-9);
    EXPECT_THAT(with_line(count), IsEmpty()) << count.value_or(-9);
  }
  for (const int64_t count : {int64_t{-1}, int64_t{1'000'000'000}, INT64_MIN, INT64_MAX}) {
    EXPECT_THAT(with_option(count),
                ElementsAre(Refused(RefusalReason::kCountOutOfRange, "protocol_submitted.options[1].count")));
    EXPECT_THAT(with_line(count),
                ElementsAre(Refused(RefusalReason::kCountOutOfRange, "protocol_submitted.lines[4].count")));
  }
  EXPECT_EQ(with_option(-1)[0].message, "\"b\": -1 is outside 0..999999999");
}

TEST(CheckProtocolTest, AdmitsAProtocolWithoutLines) {
  ProtocolSubmitted protocol = Protocol({});
  protocol.lines.clear();

  EXPECT_THAT(Trial().Check(protocol), IsEmpty());
}

TEST(CheckProtocolTest, AdmitsFiguresInAnyOrder) {
  ProtocolSubmitted protocol = Protocol({});
  std::swap(protocol.lines[0], protocol.lines[3]);
  std::swap(protocol.options[0], protocol.options[3]);
  Trial trial;

  const int64_t sequence = trial.Record(protocol);

  const ContestHistory& contest = *trial.At("S1").contest;
  EXPECT_THAT(contest.figures(contest.FindProtocol(sequence)), ElementsAre(1000, 67, 67, 65, 2, 30, 20, 10, 5));
}

TEST(CheckProtocolTest, RefusesAnUnknownLine) {
  ProtocolSubmitted protocol = Protocol({});
  protocol.lines[1].id = "stolen";

  const Refusals refusals = Trial().Check(protocol);

  ASSERT_THAT(refusals, ElementsAre(Refused(RefusalReason::kUnknownLine, "protocol_submitted.lines[1].line_id")));
  EXPECT_THAT(refusals[0].message, HasSubstr("\"stolen\""));
}

TEST(CheckProtocolTest, RefusesAnUnknownOptionAndMissesTheOneItStandsFor) {
  ProtocolSubmitted protocol = Protocol({});
  protocol.options[2].id = "x";  // An option of another contest.

  const Refusals refusals = Trial().Check(protocol);

  ASSERT_THAT(refusals, ElementsAre(Refused(RefusalReason::kUnknownOption, "protocol_submitted.options[2].option_id"),
                                    Refused(RefusalReason::kMissingOption, "protocol_submitted.options")));
  EXPECT_EQ(refusals[1].message, "option \"c\" is not on the protocol");
}

TEST(CheckProtocolTest, NamesEveryMissingOption) {
  ProtocolSubmitted protocol = Protocol({});
  protocol.options = {{"c", 1}};

  EXPECT_THAT(Trial().Check(protocol),
              ElementsAre(AllOf(Refused(RefusalReason::kMissingOption, "protocol_submitted.options"),
                                ::testing::Field(&Refusal::message, HasSubstr("\"a\""))),
                          ::testing::Field(&Refusal::message, HasSubstr("\"b\"")),
                          ::testing::Field(&Refusal::message, HasSubstr("\"d\""))));
}

TEST(CheckProtocolTest, RefusesALineOrAnOptionStatedTwiceEvenWithTheSameCount) {
  ProtocolSubmitted protocol = Protocol({});
  protocol.lines.push_back(protocol.lines[2]);
  protocol.options.push_back(protocol.options[0]);

  EXPECT_THAT(Trial().Check(protocol),
              ElementsAre(Refused(RefusalReason::kDuplicateFigure, "protocol_submitted.lines[5]"),
                          Refused(RefusalReason::kDuplicateFigure, "protocol_submitted.options[4]")));
}

TEST(CheckProtocolTest, RefusesASecondStatementOfABlankFigure) {
  ProtocolSubmitted protocol = Protocol({});
  protocol.lines[4].count = std::nullopt;
  protocol.lines.push_back({"invalid", 3});

  EXPECT_THAT(Trial().Check(protocol),
              ElementsAre(Refused(RefusalReason::kDuplicateFigure, "protocol_submitted.lines[5]")));
}

// ---------------------------------------------------------------------------------------------------------------------
// Predecessors

TEST(CheckProtocolTest, ExpectsNoPredecessorOfTheFirst) {
  const Refusals refusals = Trial().Check(Protocol({.supersedes = 3}));

  ASSERT_THAT(refusals,
              ElementsAre(Refused(RefusalReason::kWrongPredecessor, "protocol_submitted.supersedes_sequence")));
  EXPECT_EQ(refusals[0].expected_sequence, std::nullopt);
  EXPECT_EQ(refusals[0].actual_sequence, 3);
  EXPECT_THAT(refusals[0].message,
              HasSubstr("the current protocol of this stage is none, the submission supersedes sequence 3"));
}

TEST(CheckProtocolTest, SaysWhichPredecessorItExpectsAndWhichWasGiven) {
  Trial trial;
  const int64_t first = trial.Record(Protocol({}));
  const int64_t second = trial.Record(Protocol({.supersedes = first}));

  const Refusals none = trial.Check(Protocol({}));
  const Refusals stale = trial.Check(Protocol({.supersedes = first}));

  ASSERT_EQ(none.size(), 1u);
  EXPECT_EQ(none[0].reason, RefusalReason::kWrongPredecessor);
  EXPECT_EQ(none[0].expected_sequence, second);
  EXPECT_EQ(none[0].actual_sequence, std::nullopt);
  ASSERT_EQ(stale.size(), 1u);
  EXPECT_EQ(stale[0].expected_sequence, second);
  EXPECT_EQ(stale[0].actual_sequence, first);
  EXPECT_THAT(trial.Check(Protocol({.supersedes = second})), IsEmpty());
}

TEST(CheckProtocolTest, KeepsUnitsSourcesStagesAndContestsApart) {
  Trial trial;
  trial.Record(Protocol({}));

  EXPECT_THAT(trial.Check(Protocol({.unit = "S2"})), IsEmpty());
  EXPECT_THAT(trial.Check(Protocol({.source = "watch"})), IsEmpty());
  EXPECT_THAT(trial.Check(Protocol({.stage = Stage::kFinal})), IsEmpty());
  EXPECT_THAT(trial.Check(Protocol({.contest = "seat", .votes = {1, 2, 3}})), IsEmpty());
}

// ---------------------------------------------------------------------------------------------------------------------
// Corrected protocols

TEST(CheckProtocolTest, WantsTheDecisionThatCorrectsOrRecountsTheStation) {
  Trial trial;
  const int64_t corrected = trial.Record(testing::Decision({.units = {"S1"}}));
  const int64_t recount = trial.Record(testing::Decision({.kind = DecisionKind::kRecountOrdered, .units = {"S2"}}));
  const auto check = [&trial](const std::string& unit, std::optional<int64_t> decision) {
    return trial.Check(Protocol({.unit = unit, .stage = Stage::kCorrected, .decision = decision}));
  };
  const auto refused = ElementsAre(Refused(RefusalReason::kUnknownDecision, "protocol_submitted.decision_sequence"));

  EXPECT_THAT(check("S1", corrected), IsEmpty());
  EXPECT_THAT(check("S2", recount), IsEmpty());
  EXPECT_THAT(check("S1", recount), refused);
  EXPECT_THAT(check("S1", std::nullopt), refused);
  EXPECT_THAT(check("S1", 0), refused);
  EXPECT_THAT(check("S1", -1), refused);
  EXPECT_THAT(check("S1", INT64_MAX), refused);
}

TEST(CheckProtocolTest, TakesNoOtherKindOfDecisionForACorrection) {
  Trial trial;
  trial.Record(testing::Appeal({}));
  const int64_t dismissed = trial.Record(testing::Decision({.kind = DecisionKind::kDismissed, .appeal = "appeal-1"}));
  const int64_t annulled = trial.Record(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .units = {"S1"}}));
  const int64_t reinstated =
      trial.Record(testing::Decision({.kind = DecisionKind::kResultsReinstated, .units = {"S1"}}));

  for (const int64_t decision : {dismissed, annulled, reinstated}) {
    EXPECT_THAT(trial.Check(Protocol({.stage = Stage::kCorrected, .decision = decision})),
                ElementsAre(Refused(RefusalReason::kUnknownDecision, "protocol_submitted.decision_sequence")))
        << decision;
  }
}

TEST(CheckProtocolTest, TakesNoDecisionOfAnotherContest) {
  Trial trial;
  const int64_t decision = trial.Record(testing::Decision({.contest = "seat", .units = {"S1"}}));

  EXPECT_THAT(trial.Check(Protocol({.stage = Stage::kCorrected, .decision = decision})),
              ElementsAre(Refused(RefusalReason::kUnknownDecision, "protocol_submitted.decision_sequence")));
}

TEST(CheckProtocolTest, TakesADecisionThatSpeaksOfTheWholeAppeal) {
  Trial trial;
  trial.Record(testing::Appeal({.units = {"S1", "S4"}}));
  const int64_t decision = trial.Record(testing::Decision({.appeal = "appeal-1"}));

  EXPECT_THAT(trial.Check(Protocol({.unit = "S4", .stage = Stage::kCorrected, .decision = decision})), IsEmpty());
}

TEST(CheckProtocolTest, WantsNoDecisionForACorrectedClaim) {
  EXPECT_THAT(Trial().Check(Protocol({.unit = "R1", .source = "tec", .stage = Stage::kCorrected})), IsEmpty());
}

TEST(CheckProtocolTest, RefusesACorrectedProtocolOfAMonitor) {
  Trial trial;
  const int64_t decision = trial.Record(testing::Decision({.units = {"S1"}}));

  EXPECT_THAT(trial.Check(Protocol({.source = "watch", .stage = Stage::kCorrected, .decision = decision})),
              ElementsAre(Refused(RefusalReason::kMalformed, "protocol_submitted.stage")));
}

TEST(CheckProtocolTest, RefusesADecisionOnAnUncorrectedProtocol) {
  Trial trial;
  const int64_t decision = trial.Record(testing::Decision({.units = {"S1"}}));

  for (const Stage stage : {Stage::kPreliminary, Stage::kFinal}) {
    EXPECT_THAT(trial.Check(Protocol({.stage = stage, .decision = decision})),
                ElementsAre(Refused(RefusalReason::kMalformed, "protocol_submitted.decision_sequence")));
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Several reasons at once

TEST(CheckProtocolTest, ReportsAllReasonsInOrderOfPrecedence) {
  Trial trial;
  ProtocolSubmitted protocol = Protocol({.unit = "R2", .supersedes = 3, .decision = 4});
  protocol.lines[0].id = "stolen";
  protocol.lines[1].count = -1;
  protocol.options[1].id = "a";
  protocol.options[2].id = "x";

  EXPECT_THAT(trial.Check(protocol),
              ElementsAre(Refused(RefusalReason::kMalformed, "protocol_submitted.decision_sequence"),
                          Refused(RefusalReason::kSourceLevelMismatch, "protocol_submitted.source_id"),
                          Refused(RefusalReason::kUnknownLine, "protocol_submitted.lines[0].line_id"),
                          Refused(RefusalReason::kUnknownOption, "protocol_submitted.options[2].option_id"),
                          Refused(RefusalReason::kDuplicateFigure, "protocol_submitted.options[1]"),
                          Refused(RefusalReason::kMissingOption, "protocol_submitted.options"),
                          Refused(RefusalReason::kMissingOption, "protocol_submitted.options"),
                          Refused(RefusalReason::kCountOutOfRange, "protocol_submitted.lines[1].count"),
                          Refused(RefusalReason::kWrongPredecessor, "protocol_submitted.supersedes_sequence")));
}

// A protocol that was malformed and named an unknown contest was answered by the contest alone, and with it by the
// wrong status code: what a look at the event alone can tell is said whatever else is unknown.
TEST(CheckProtocolTest, SaysWhatIsMalformedWhateverElseIsUnknown) {
  const Trial trial;
  ProtocolSubmitted protocol = Protocol({.unit = "S9", .source = "tv", .decision = 4});
  protocol.contest_id = "mayor";

  EXPECT_THAT(trial.Check(protocol),
              ElementsAre(Refused(RefusalReason::kMalformed, "protocol_submitted.decision_sequence"),
                          Refused(RefusalReason::kUnknownContest, "contest_id"),
                          Refused(RefusalReason::kUnknownUnit, "protocol_submitted.unit_id"),
                          Refused(RefusalReason::kUnknownSource, "protocol_submitted.source_id")));
  protocol.election_id = "f";
  EXPECT_THAT(trial.Check(protocol),
              ElementsAre(Refused(RefusalReason::kMalformed, "protocol_submitted.decision_sequence"),
                          Refused(RefusalReason::kUnknownElection, "election_id")));
}

TEST(CheckProtocolTest, SaysThatAMonitorMayNotCorrectWhateverElseIsUnknown) {
  EXPECT_THAT(Trial().Check(Protocol({.unit = "S9", .source = "watch", .stage = Stage::kCorrected})),
              ElementsAre(Refused(RefusalReason::kMalformed, "protocol_submitted.stage"),
                          Refused(RefusalReason::kUnknownUnit, "protocol_submitted.unit_id")));
}

TEST(CheckProtocolTest, ChangesNothing) {
  Trial trial;
  trial.Record(Protocol({}));
  const int64_t tree_size = trial.tree_size();

  trial.Check(Protocol({}));
  trial.Check(Protocol({.unit = "S2"}));
  const ApplyResult examined = trial.history().Examine(Protocol({.unit = "S2", .found_off = 1}));

  EXPECT_TRUE(examined.quarantined);
  EXPECT_EQ(trial.tree_size(), tree_size);
  EXPECT_EQ(trial.At("S2").contest->protocol_count(), 1);
  EXPECT_EQ(trial.TallyOf("C").coverage.counted, 1);
}

}  // namespace
}  // namespace hattama::domain
