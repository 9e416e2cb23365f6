// Tallies: sums, shares, turnout, coverage, claims, and seats over all contests.
#include "services/domain/tally.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/domain/trial_history.h"

namespace hattama::domain {
namespace {

using testing::Amendment;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kElection;
using testing::Protocol;
using testing::Trial;
using testing::TrialDefinition;

using Maybe = std::optional<int64_t>;
const View kPec{.source_id = "pec"};

void ExpectCoverageAddsUp(const Coverage& coverage, int64_t expected) {
  EXPECT_EQ(coverage.expected, expected);
  EXPECT_EQ(
      coverage.counted + coverage.quarantined + coverage.annulled + coverage.excluded_contested + coverage.missing,
      expected);
  EXPECT_EQ(coverage.counted_preliminary + coverage.counted_final + coverage.counted_corrected, coverage.counted);
}

// ---------------------------------------------------------------------------------------------------------------------
// Sums

TEST(TallyTest, SumsTheStationsBelowEachUnit) {
  Trial trial;
  trial.Record(Protocol({.unit = "S1", .votes = {30, 20, 10, 5}}));
  trial.Record(Protocol({.unit = "S2", .votes = {1, 2, 3, 4}}));
  trial.Record(Protocol({.unit = "S4", .votes = {100, 0, 0, 0}}));

  EXPECT_THAT(trial.TallyOf("R1").totals, ElementsAre(2000, 79, 79, 75, 4, 31, 22, 13, 9));
  EXPECT_THAT(trial.TallyOf("C").totals, ElementsAre(3000, 181, 181, 175, 6, 131, 22, 13, 9));
  EXPECT_THAT(trial.TallyOf("S2").totals, ElementsAre(1000, 12, 12, 10, 2, 1, 2, 3, 4));
}

TEST(TallyTest, TellsWhatNobodyStatesFromZero) {
  Trial trial;
  ProtocolSubmitted blank = Protocol({.unit = "S1", .votes = {0, 20, 10, 5}});
  blank.lines[4].count = std::nullopt;
  blank.options[1].count = std::nullopt;
  trial.Record(blank);

  const Tally one = trial.TallyOf("C");
  EXPECT_THAT(one.totals, ElementsAre(1000, 37, 37, 35, Maybe(), 0, Maybe(), 10, 5));
  EXPECT_THAT(one.stated, ElementsAre(1, 1, 1, 1, 0, 1, 0, 1, 1));

  trial.Record(Protocol({.unit = "S2", .votes = {1, 2, 3, 4}}));
  const Tally two = trial.TallyOf("C");
  EXPECT_THAT(two.totals, ElementsAre(2000, 49, 49, 45, 2, 1, 2, 13, 9));
  EXPECT_THAT(two.stated, ElementsAre(2, 2, 2, 2, 1, 2, 1, 2, 2));
}

TEST(TallyTest, HoldsSumsBeyondThirtyTwoBits) {
  Trial trial;
  for (const char* unit : {"S1", "S2", "S3", "S4", "S5", "S6"}) {
    ProtocolSubmitted protocol = Protocol({.unit = unit});
    protocol.lines = {{"registered", 999'999'999}};
    for (Figure& option : protocol.options) option.count = 999'999'999;
    trial.Record(protocol);
  }

  const Tally tally = trial.TallyOf("C");

  EXPECT_EQ(tally.totals[0], 5'999'999'994);
  EXPECT_EQ(tally.share_base, 4 * int64_t{5'999'999'994});
  EXPECT_EQ(tally.shares[0], (Fraction{5'999'999'994, 4 * int64_t{5'999'999'994}}));
}

TEST(TallyTest, IsOfItsVersion) {
  Trial trial;
  const int64_t first = trial.Record(Protocol({.votes = {1, 0, 0, 0}}));
  trial.Record(Protocol({.votes = {2, 0, 0, 0}, .supersedes = first}));

  EXPECT_EQ(trial.TallyOf("C", kPec, "list", first).totals[5], std::nullopt);
  EXPECT_EQ(trial.TallyOf("C", kPec, "list", first + 1).totals[5], 1);
  EXPECT_EQ(trial.TallyOf("C", kPec, "list", first + 2).totals[5], 2);
}

// ---------------------------------------------------------------------------------------------------------------------
// Shares and turnout

TEST(TallyTest, StatesSharesOfTheNamedBaseUnreduced) {
  Trial trial;
  trial.Record(Protocol({.votes = {30, 20, 10, 5}, .invalid = 35}));

  EXPECT_EQ(trial.TallyOf("C").share_base, 65);
  EXPECT_EQ(trial.TallyOf("C").shares[0], (Fraction{30, 65}));

  Definition definition = TrialDefinition();
  definition.contests[0].share_base_id = "found";
  Trial other(definition);
  other.Record(Protocol({.votes = {30, 20, 10, 5}, .invalid = 35}));
  EXPECT_EQ(other.TallyOf("C").share_base, 100);
  EXPECT_EQ(other.TallyOf("C").shares[0], (Fraction{30, 100}));
}

// The list vote of 19 March 2023: 53.90 % of those who voted for lists or against all. A base that leaves against all
// out would say 56.09 %.
TEST(TallyTest, CountsAgainstAllIntoABaseOfAllOptions) {
  Trial trial;
  trial.Record(Protocol({.votes = {3'431'510, 693'938, 1'992'702, 248'291}}));

  const Tally tally = trial.TallyOf("C");

  EXPECT_EQ(tally.share_base, 6'366'441);
  EXPECT_EQ(tally.shares[0], (Fraction{3'431'510, 6'366'441}));
  EXPECT_EQ(tally.shares[3], (Fraction{248'291, 6'366'441}));
}

TEST(TallyTest, HasNoShareWithoutABase) {
  Trial trial;
  EXPECT_THAT(trial.TallyOf("C").shares, ElementsAre(std::nullopt, std::nullopt, std::nullopt, std::nullopt));
  trial.Record(Protocol({.votes = {0, 0, 0, 0}}));
  EXPECT_EQ(trial.TallyOf("C").share_base, 0);
  EXPECT_THAT(trial.TallyOf("C").shares, ElementsAre(std::nullopt, std::nullopt, std::nullopt, std::nullopt));
}

TEST(TallyTest, AnswersTurnoutByEachDefinition) {
  Trial trial;
  trial.Record(Protocol({.unit = "S1", .issued_off = 10}));
  trial.Record(Protocol({.unit = "S6"}));

  const Tally tally = trial.TallyOf("C");
  ASSERT_EQ(tally.turnouts.size(), 2u);
  EXPECT_EQ(tally.roll, 1'500);
  EXPECT_EQ(tally.turnouts[0].ratio, (Fraction{77 + 67, 1'500}));
  EXPECT_EQ(tally.turnouts[1].ratio, (Fraction{67 + 67, 2'000}));
  EXPECT_EQ(trial.TallyOf("R3").turnouts[0].ratio, std::nullopt) << "no station of R3 has a roll";
  EXPECT_EQ(trial.TallyOf("R2").turnouts[1].ratio, std::nullopt) << "nobody states registered voters there";
}

TEST(TallyTest, TakesTheRollOfItsVersion) {
  Trial trial;
  trial.Record(Protocol({}));
  const int64_t amended = trial.Record(Amendment({{"S1", 1'000}}));

  EXPECT_EQ(trial.TallyOf("C", kPec, "list", amended).turnouts[0].ratio, (Fraction{67, 1'500}));
  EXPECT_EQ(trial.TallyOf("C", kPec, "list", amended + 1).turnouts[0].ratio, (Fraction{67, 2'400}));
}

// ---------------------------------------------------------------------------------------------------------------------
// Coverage

TEST(TallyTest, CoversEveryStationInExactlyOneState) {
  Trial trial;
  trial.Record(Protocol({.unit = "S1"}));
  trial.Record(Protocol({.unit = "S2", .found_off = 1}));
  trial.Record(Protocol({.unit = "S3", .stage = Stage::kFinal}));
  trial.Record(Protocol({.unit = "S4"}));
  trial.Record(testing::Appeal({.units = {"S1", "S2", "S6"}}));
  trial.Record(testing::Decision({.kind = DecisionKind::kResultsAnnulled, .units = {"S4"}}));
  const int64_t decision = trial.Record(testing::Decision({.units = {"S3", "S5"}}));
  trial.Record(Protocol({.unit = "S5", .stage = Stage::kCorrected, .decision = decision}));

  const Coverage all = trial.TallyOf("C").coverage;
  ExpectCoverageAddsUp(all, 6);
  EXPECT_EQ(all.counted, 3);
  EXPECT_EQ(all.counted_preliminary, 1);
  EXPECT_EQ(all.counted_final, 1);
  EXPECT_EQ(all.counted_corrected, 1);
  EXPECT_EQ(all.quarantined, 1);
  EXPECT_EQ(all.annulled, 1);
  EXPECT_EQ(all.excluded_contested, 0);
  EXPECT_EQ(all.missing, 1);
  EXPECT_EQ(all.contested, 3);
  EXPECT_EQ(all.awaiting_correction, 1);

  const Coverage excluding = trial.TallyOf("C", {.source_id = "pec", .excluding_contested = true}).coverage;
  ExpectCoverageAddsUp(excluding, 6);
  EXPECT_EQ(excluding.counted, 2);
  EXPECT_EQ(excluding.excluded_contested, 1);
  EXPECT_EQ(excluding.quarantined, 1);
  EXPECT_EQ(excluding.missing, 1);

  ExpectCoverageAddsUp(trial.TallyOf("R1").coverage, 3);
  ExpectCoverageAddsUp(trial.TallyOf("S2").coverage, 1);
  EXPECT_EQ(trial.TallyOf("S2").coverage.quarantined, 1);
}

TEST(TallyTest, ExpectsTheStationsOfTheContestAlone) {
  EXPECT_EQ(Trial().TallyOf("R1", kPec, "seat").coverage.missing, 3);
}

// ---------------------------------------------------------------------------------------------------------------------
// Claims

TEST(TallyTest, ComparesClaimsWithTheSumAndAddsThemToNone) {
  Trial trial;
  trial.Record(Protocol({.unit = "S1", .votes = {30, 20, 10, 5}}));
  trial.Record(Protocol({.unit = "S2", .votes = {1, 2, 3, 4}}));
  ProtocolSubmitted claim = Protocol({.unit = "R1", .source = "tec", .votes = {41, 22, 13, 9}, .invalid = 4});
  claim.lines[0].count = std::nullopt;
  trial.Record(claim);

  const Tally tally = trial.TallyOf("R1");

  EXPECT_EQ(tally.totals[5], 31);
  EXPECT_EQ(tally.coverage.counted, 2);
  ASSERT_EQ(tally.claims.size(), 1u);
  EXPECT_EQ(tally.claims[0].protocol, 2);
  EXPECT_EQ(tally.claims[0].figures[5].claimed, 41);
  EXPECT_EQ(tally.claims[0].figures[5].summed, 31);
  EXPECT_EQ(tally.claims[0].figures[0].claimed, std::nullopt);
  EXPECT_EQ(tally.claims[0].figures[0].summed, 2'000);
  EXPECT_THAT(trial.TallyOf("C").claims, IsEmpty());
  EXPECT_THAT(trial.TallyOf("S1").claims, IsEmpty());
}

TEST(TallyTest, ShowsClaimsOfEverySourceAndStageInForceAtItsVersion) {
  Trial trial;
  const int64_t first = trial.Record(Protocol({.unit = "R1", .source = "tec"}));
  trial.Record(Protocol({.unit = "R1", .source = "observer"}));
  trial.Record(Protocol({.unit = "R1", .source = "tec", .stage = Stage::kFinal}));
  const int64_t later = trial.Record(Protocol({.unit = "R1", .source = "tec", .supersedes = first}));
  const auto protocols = [&trial](int64_t tree_size) {
    std::vector<int32_t> found;
    for (const ClaimComparison& claim : trial.TallyOf("R1", kPec, "list", tree_size).claims) {
      found.push_back(claim.protocol);
    }
    return found;
  };

  EXPECT_THAT(protocols(first), IsEmpty());
  EXPECT_THAT(protocols(later), ElementsAre(0, 2, 1));
  EXPECT_THAT(protocols(later + 1), ElementsAre(3, 2, 1));
}

TEST(TallyTest, AnswersTheClaimOfASourceOnTheBasisOfClaims) {
  Trial trial;
  trial.Record(Protocol({.unit = "S1", .votes = {30, 20, 10, 5}}));
  trial.Record(Protocol({.unit = "C", .source = "cec", .votes = {900, 80, 15, 5}, .invalid = 0}));

  const Tally tally = trial.TallyOf("C", {.source_id = "cec", .basis = Basis::kClaims});

  EXPECT_EQ(tally.totals[5], 900);
  EXPECT_EQ(tally.coverage.expected, 1);
  EXPECT_EQ(tally.coverage.counted, 1);
  EXPECT_EQ(tally.outcome->status, OutcomeStatus::kDecided);
  ASSERT_EQ(tally.claims.size(), 1u);
  EXPECT_EQ(tally.claims[0].figures[5].summed, std::nullopt) << "cec states no station";
}

// ---------------------------------------------------------------------------------------------------------------------
// Outcomes

TEST(TallyTest, DecidesAtTheUnitOfTheContestAlone) {
  Trial trial;
  trial.Record(Protocol({.votes = {50, 30, 10, 10}}));
  trial.Record(Protocol({.contest = "seat", .votes = {3, 7, 1}}));

  EXPECT_EQ(trial.TallyOf("C").outcome->status, OutcomeStatus::kDecided);
  EXPECT_FALSE(trial.TallyOf("R1").outcome.has_value());
  EXPECT_THAT(trial.TallyOf("R1", kPec, "seat").outcome->options, ElementsAre(1));
}

TEST(TallyTest, MeasuresTheThresholdAgainstItsBaseExactlyAtTheBar) {
  Trial trial;
  // 5 of 100 valid votes is the bar of 5 %, inclusive; of the 10 seats each 9.5 votes take one.
  const int64_t first = trial.Record(Protocol({.votes = {60, 20, 5, 15}, .invalid = 900}));
  EXPECT_TRUE(trial.TallyOf("C").outcome->allocation->lists[2].passes_threshold);
  trial.Record(Protocol({.votes = {61, 20, 4, 15}, .supersedes = first}));
  EXPECT_FALSE(trial.TallyOf("C").outcome->allocation->lists[2].passes_threshold);
}

TEST(TallyTest, AdoptsAQuestionInExactlyTwoOfThreeRegions) {
  Trial trial;
  const auto answer = [&trial](const std::string& unit, int64_t yes, int64_t no) {
    trial.Record(Protocol({.contest = "question", .unit = unit, .votes = {yes, no}}));
  };
  const auto status = [&trial] { return trial.TallyOf("C", kPec, "question").outcome->status; };

  answer("S1", 60, 40);
  EXPECT_EQ(status(), OutcomeStatus::kUndetermined) << "one of three, and two are not known";
  answer("S4", 50, 50);
  EXPECT_EQ(status(), OutcomeStatus::kUndetermined) << "exactly half in R2 is not more than half";
  answer("S5", 1, 0);
  EXPECT_EQ(status(), OutcomeStatus::kAdopted);
  answer("S6", 0, 3);
  const Outcome outcome = *trial.TallyOf("C", kPec, "question").outcome;
  EXPECT_EQ(outcome.status, OutcomeStatus::kAdopted);
  EXPECT_THAT(outcome.regions->met_unit_ids, ElementsAre("R1", "R2"));
  EXPECT_EQ(outcome.regions->unit_count, 3);
}

TEST(TallyTest, TalliesAlikeWithAndWithoutAKeptIndex) {
  Trial trial;
  const ResolvedView view = trial.Resolve(kPec);
  trial.Record(Protocol({.unit = "S1"}));
  trial.history().KeepViewIndex(0, 0, view);
  trial.history().KeepViewIndex(0, 0, view);  // A second call keeps the first index.
  int64_t previous = trial.Record(Protocol({.unit = "S2", .votes = {0, 1, 1, 1}}));
  // More than two snapshots' worth of changes.
  for (int64_t i = 1; i <= 150; ++i) {
    previous = trial.Record(Protocol({.unit = "S2", .votes = {i, 1, 1, 1}, .supersedes = previous}));
  }

  ASSERT_NE(trial.At("C").contest->FindViewIndex(view), nullptr);
  for (int64_t i = 0; i <= 150; ++i) {
    const int64_t tree_size = previous - 150 + i + 1;
    ASSERT_EQ(trial.TallyOf("C", kPec, "list", tree_size).totals[5], 30 + i) << i;
    ASSERT_EQ(trial.TallyOf("R1", kPec, "list", tree_size).totals[5], 30 + i) << i;
  }
  EXPECT_EQ(trial.TallyOf("R2").totals[5], std::nullopt);
}

// A release from quarantine touches the unit of a claim as well, and an index kept after it added the claim to the
// stations: found by model_test.cc.
TEST(TallyTest, AddsNoReleasedClaimToAnIndexKeptLater) {
  Trial trial;
  trial.Record(Protocol({.unit = "S1", .source = "cec", .votes = {30, 20, 10, 5}}));
  const int64_t claim =
      trial.Record(Protocol({.unit = "R1", .source = "cec", .votes = {900, 0, 0, 0}, .found_off = 1}));
  trial.Record(testing::Decision({.kind = DecisionKind::kQuarantineReleased, .released = {claim}}));
  const View view{.source_id = "cec"};

  trial.history().KeepViewIndex(0, 0, trial.Resolve(view));

  EXPECT_EQ(trial.TallyOf("C", view).totals[5], 30);
  EXPECT_EQ(trial.TallyOf("C", view).coverage.counted, 1);
}

// ---------------------------------------------------------------------------------------------------------------------
// Seats over all contests

TEST(SeatTableTest, AddsListsAndDistrictsByParty) {
  Trial trial;
  trial.Record(Protocol({.votes = {20, 70, 10, 0}}));
  trial.Record(Protocol({.contest = "seat", .votes = {7, 3, 1}}));

  const SeatTable table = ComputeSeats(trial.At("C"), trial.Resolve(kPec));

  ASSERT_EQ(table.contests.size(), 3u);
  ASSERT_EQ(table.parties.size(), 3u);
  EXPECT_EQ(table.parties[0].party, 1);
  EXPECT_EQ(table.parties[0].list_seats, 7);
  EXPECT_EQ(table.parties[1].party, 0);
  EXPECT_EQ(table.parties[1].list_seats, 2);
  EXPECT_EQ(table.parties[1].district_seats, 1);
  EXPECT_EQ(table.parties[2].list_seats, 1);
  EXPECT_EQ(table.seats, 11);
  EXPECT_EQ(table.undecided_seats, 0);
}

TEST(SeatTableTest, CountsAWinnerWithoutAPartyApart) {
  Trial trial;
  trial.Record(Protocol({.contest = "seat", .votes = {1, 2, 3}}));

  const SeatTable table = ComputeSeats(trial.At("C"), trial.Resolve(kPec));

  ASSERT_EQ(table.parties.size(), 1u);
  EXPECT_EQ(table.parties[0].party, -1);
  EXPECT_EQ(table.parties[0].district_seats, 1);
  EXPECT_EQ(table.seats, 1);
  EXPECT_EQ(table.undecided_seats, 10) << "no list has votes";
}

TEST(SeatTableTest, LeavesTiedSeatsUndecided) {
  Trial trial;
  trial.Record(Protocol({.contest = "seat", .votes = {3, 3, 1}}));
  trial.Record(Protocol({.votes = {10, 10, 10, 0}}));

  const SeatTable table = ComputeSeats(trial.At("C"), trial.Resolve(kPec));

  EXPECT_EQ(table.seats, 9);
  EXPECT_EQ(table.undecided_seats, 2);
  EXPECT_EQ(table.contests[1].outcome->status, OutcomeStatus::kTie);
}

// ---------------------------------------------------------------------------------------------------------------------
// Finding places and views

TEST(LocateTest, FindsTheContestAndItsUnitByDefault) {
  const Trial trial;
  const auto place = Locate(trial.history(), kElection, "seat", "", trial.tree_size());

  ASSERT_TRUE(place.ok()) << place.status();
  EXPECT_EQ(place->contest->contest().id, "seat");
  EXPECT_EQ(place->election->area().node(place->unit).unit.id, "R1");
}

TEST(LocateTest, WantsTheContestNamedWhereThereAreSeveral) {
  Definition one = TrialDefinition();
  one.contests.resize(1);
  const Trial several;
  const Trial single(one);

  EXPECT_EQ(Locate(several.history(), kElection, "", "", several.tree_size()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Locate(single.history(), kElection, "", "", single.tree_size()).ok());
}

TEST(LocateTest, NamesWhatIsNotThere) {
  const Trial trial;
  const auto locate = [&trial](const char* election, const char* contest, const char* unit, int64_t tree_size) {
    return Locate(trial.history(), election, contest, unit, tree_size).status();
  };
  const int64_t head = trial.tree_size();

  EXPECT_EQ(locate("f", "list", "", head).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(locate("e", "mayor", "", head).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(locate("e", "list", "S9", head).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(locate("e", "seat", "S4", head).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(locate("e", "list", "", head - 1).code(), absl::StatusCode::kNotFound) << "not open yet";
  EXPECT_EQ(locate("e", "list", "", head + 1).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(locate("e", "list", "", -1).code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(std::string(locate("e", "list", "S9", head).message()), HasSubstr("\"S9\""));
}

TEST(ResolveViewTest, TakesTheFirstCommissionThatStatesSuchProtocols) {
  const Trial trial;
  const auto source = [&trial](Basis basis) { return trial.Resolve({.source_id = "", .basis = basis}).source; };

  EXPECT_EQ(source(Basis::kStations), 0);
  EXPECT_EQ(source(Basis::kClaims), 1);
}

TEST(ResolveViewTest, AsksForASourceWhereNoCommissionStatesSuchProtocols) {
  Definition definition = TrialDefinition();
  definition.election.sources = {{"watch", SourceKind::kMonitor, "", {}},
                                 {"tec", SourceKind::kCommission, "region", {}}};
  const Trial trial(definition);

  const auto resolved = ResolveView(trial.election(), {.source_id = "", .basis = Basis::kStations});

  EXPECT_EQ(resolved.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(resolved.status().message()), HasSubstr("watch, tec"));
}

TEST(ResolveViewTest, RefusesAnUnknownSource) {
  EXPECT_EQ(ResolveView(Trial().election(), {.source_id = "tv"}).status().code(), absl::StatusCode::kNotFound);
}

TEST(ResolveViewTest, IsUndoneByNamingTheView) {
  const Trial trial;
  const View view{.source_id = "watch",
                  .policy = Policy::kFinalElsePreliminary,
                  .basis = Basis::kClaims,
                  .excluding_contested = true};

  EXPECT_EQ(NameView(trial.election(), trial.Resolve(view)), view);
}

}  // namespace
}  // namespace hattama::domain
