// Answers: blank stays absent, zero stays zero, and definitions come back as they went in.
#include "services/wire/answer_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "google/protobuf/util/message_differencer.h"
#include "services/domain/diff.h"
#include "services/domain/history.h"
#include "services/domain/tally.h"
#include "services/wire/event_codec.h"
#include "tests/support/random_submission.h"
#include "tests/support/seed.h"
#include "tests/support/synthetic_election.h"

namespace hattama {
namespace {

using google::protobuf::util::MessageDifferencer;
using testing::SyntheticElection;

// A fold of one synthetic election: lines registered, cast, blank, null; options O0..O8.
class Fold {
 public:
  Fold() {
    history_.Apply(0, domain::LedgerFounded{"test.hattama.example/wire", 1});
    for (const std::string& part : election_.Definition()) Apply(part);
  }

  // Records the submission, which the state must admit. Returns its sequence.
  int64_t Apply(const std::string& submission) {
    domain::Refusals faults;
    const domain::Event event = wire::DecodeSubmission(submission, faults).event;
    EXPECT_TRUE(faults.empty());
    const domain::Refusals refusals = history_.Check(event);
    EXPECT_TRUE(refusals.empty()) << refusals[0].field << ": " << refusals[0].message;
    history_.Apply(history_.tree_size(), event);
    return history_.tree_size() - 1;
  }

  // The protocol of the station after `change`.
  int64_t ApplyProtocol(int station, const std::string& source,
                        const std::function<void(v1::ProtocolSubmitted&)>& change) {
    v1::Submission submission;
    EXPECT_TRUE(submission.ParseFromString(election_.Protocol(station, v1::STAGE_FINAL, 0, std::nullopt, source)));
    change(*submission.mutable_protocol_submitted());
    return Apply(submission.SerializeAsString());
  }

  domain::Place Place(const std::string& unit_id = "") const {
    const auto place = domain::Locate(history_, SyntheticElection::election_id(), "", unit_id, history_.tree_size());
    EXPECT_TRUE(place.ok()) << place.status();
    return *place;
  }
  domain::ResolvedView View(const std::string& source = "commission") const {
    return *domain::ResolveView(*Place().election, domain::View{.source_id = source});
  }
  v1::Tally Tally(const std::string& unit_id = "") const {
    return wire::ToAnswer(domain::ComputeTally(Place(unit_id), View()));
  }

 private:
  SyntheticElection election_{20};
  domain::History history_;
};

TEST(TallyAnswerTest, LeavesOutWhatNobodyStatedAndStatesZero) {
  Fold fold;
  fold.ApplyProtocol(0, "commission", [](v1::ProtocolSubmitted& protocol) {
    for (v1::LineFigure& line : *protocol.mutable_lines()) line.clear_count();
    for (v1::OptionFigure& option : *protocol.mutable_options()) option.set_count(0);
    protocol.mutable_lines(2)->set_count(0);
    protocol.mutable_options(4)->clear_count();
    protocol.mutable_options(5)->set_count(3);
  });
  const v1::Tally tally = fold.Tally();
  ASSERT_EQ(tally.lines_size(), 4);
  EXPECT_FALSE(tally.lines(1).has_count());
  EXPECT_EQ(tally.lines(1).stated_count(), 0);
  EXPECT_TRUE(tally.lines(2).has_count());
  EXPECT_EQ(tally.lines(2).count(), 0);
  EXPECT_EQ(tally.lines(2).stated_count(), 1);
  ASSERT_EQ(tally.options_size(), 9);
  EXPECT_TRUE(tally.options(3).has_votes());
  EXPECT_EQ(tally.options(3).votes(), 0);
  EXPECT_FALSE(tally.options(4).has_votes());
  // The base is the sum of all options, one of which nobody knows.
  EXPECT_FALSE(tally.has_share_base());
  EXPECT_FALSE(tally.options(3).has_share());
}

TEST(TallyAnswerTest, StatesAShareOfZeroOverItsBase) {
  Fold fold;
  fold.ApplyProtocol(0, "commission", [](v1::ProtocolSubmitted& protocol) {
    for (v1::OptionFigure& option : *protocol.mutable_options()) option.set_count(0);
    protocol.mutable_options(5)->set_count(3);
    protocol.mutable_lines(1)->set_count(3);
    protocol.mutable_lines(2)->set_count(0);
    protocol.mutable_lines(3)->set_count(0);
  });
  const v1::Tally tally = fold.Tally();
  EXPECT_EQ(tally.share_base(), 3);
  ASSERT_TRUE(tally.options(3).has_share());
  EXPECT_EQ(tally.options(3).share().numerator(), 0);
  EXPECT_EQ(tally.options(3).share().denominator(), 3);
  EXPECT_EQ(tally.options(5).share().numerator(), 3);
}

TEST(TallyAnswerTest, OfNothingStatesNothing) {
  const v1::Tally tally = Fold().Tally();
  for (const v1::Total& line : tally.lines()) EXPECT_FALSE(line.has_count()) << line.id();
  for (const v1::OptionTotal& option : tally.options()) {
    EXPECT_FALSE(option.has_votes()) << option.option_id();
    EXPECT_FALSE(option.has_share()) << option.option_id();
  }
  EXPECT_FALSE(tally.has_share_base());
  EXPECT_EQ(tally.coverage().expected_count(), 20);
  EXPECT_EQ(tally.coverage().missing_count(), 20);
  EXPECT_EQ(tally.outcome().status(), v1::OUTCOME_STATUS_UNDETERMINED);
}

TEST(TallyAnswerTest, WithoutVotesHasABaseOfZeroAndNoShares) {
  Fold fold;
  fold.ApplyProtocol(0, "commission", [](v1::ProtocolSubmitted& protocol) {
    for (v1::LineFigure& line : *protocol.mutable_lines()) line.set_count(0);
    for (v1::OptionFigure& option : *protocol.mutable_options()) option.set_count(0);
  });
  const v1::Tally tally = fold.Tally();
  EXPECT_TRUE(tally.has_share_base());
  EXPECT_EQ(tally.share_base(), 0);
  for (const v1::OptionTotal& option : tally.options()) {
    EXPECT_EQ(option.votes(), 0);
    EXPECT_FALSE(option.has_share()) << option.option_id();
  }
}

TEST(TallyAnswerTest, NamesItsViewInFull) {
  const v1::View view = Fold().Tally().view();
  EXPECT_EQ(view.source_id(), "commission");
  EXPECT_EQ(view.policy(), v1::POLICY_CORRECTED_FIRST);
  EXPECT_EQ(view.basis(), v1::BASIS_STATIONS);
}

TEST(TallyAnswerTest, ShowsAnOutcomeAtTheUnitOfTheContestAlone) {
  Fold fold;
  fold.ApplyProtocol(0, "commission", [](v1::ProtocolSubmitted&) {});
  EXPECT_TRUE(fold.Tally().has_outcome());
  EXPECT_FALSE(fold.Tally("R0").has_outcome());
}

TEST(ClaimAnswerTest, TellsABlankClaimFromAClaimOfZero) {
  Fold fold;
  fold.ApplyProtocol(0, "commission", [](v1::ProtocolSubmitted& protocol) {
    protocol.set_unit_id("R0");
    for (v1::LineFigure& line : *protocol.mutable_lines()) line.clear_count();
    for (v1::OptionFigure& option : *protocol.mutable_options()) option.set_count(0);
    protocol.mutable_options(1)->clear_count();
  });
  const v1::Tally tally = fold.Tally("R0");
  ASSERT_EQ(tally.claims_size(), 1);
  for (const v1::ClaimFigure& figure : tally.claims(0).figures()) {
    if (figure.id() == "O0") {
      EXPECT_TRUE(figure.has_claimed());
      EXPECT_EQ(figure.claimed(), 0);
      EXPECT_FALSE(figure.has_summed());
    }
    if (figure.id() == "O1") {
      EXPECT_FALSE(figure.has_claimed());
    }
  }
}

TEST(FindingAnswerTest, OfABrokenRuleCarriesBothSidesAndItsColumns) {
  Fold fold;
  int64_t cast = 0;
  fold.ApplyProtocol(0, "commission", [&](v1::ProtocolSubmitted& protocol) {
    cast = protocol.lines(1).count();
    protocol.mutable_lines(1)->set_count(cast + 5);
  });
  const domain::Place place = fold.Place();
  ASSERT_EQ(place.contest->findings(0).size(), 1u);
  const v1::Finding finding = wire::ToAnswer(place.contest->findings(0)[0], place.election->header(), *place.contest);
  EXPECT_EQ(finding.rule_id(), "cast-is-sum");
  EXPECT_EQ(finding.severity(), v1::SEVERITY_HARD);
  EXPECT_EQ(finding.left(), cast + 5);
  EXPECT_EQ(finding.right(), cast);
  EXPECT_EQ(finding.ids_size(), 12);  // cast, blank, null and nine options.
}

TEST(CoverageAnswerTest, TellsARollOfZeroFromNoRoll) {
  Fold fold;
  v1::Submission amendment;
  amendment.set_submission_id(std::string(16, 'r'));
  amendment.mutable_roll_amended()->set_election_id(SyntheticElection::election_id());
  amendment.mutable_roll_amended()->set_reason("a station without voters");
  v1::RollEntry& entry = *amendment.mutable_roll_amended()->add_entries();
  entry.set_unit_id("S3");
  entry.set_registered_voters(0);
  fold.Apply(amendment.SerializeAsString());
  const auto coverage_of = [&](const std::string& unit_id) {
    const domain::Place place = fold.Place(unit_id);
    return wire::ToStationCoverage(*place.election, *place.contest, place.unit,
                                   place.contest->EffectAt(place.unit, fold.View(), place.tree_size), place.tree_size);
  };
  EXPECT_TRUE(coverage_of("S3").has_registered_voters());
  EXPECT_EQ(coverage_of("S3").registered_voters(), 0);
  EXPECT_FALSE(coverage_of("S4").has_registered_voters());
  EXPECT_FALSE(coverage_of("S3").has_sequence());
  EXPECT_EQ(coverage_of("S3").state(), v1::STATION_STATE_MISSING);
}

TEST(DiffAnswerTest, ShowsBlankAgainstZeroAsAbsentAgainstZero) {
  Fold fold;
  const auto with_blank_line = [](std::optional<int64_t> count, int64_t votes) {
    return [=](v1::ProtocolSubmitted& protocol) {
      for (v1::LineFigure& line : *protocol.mutable_lines()) line.clear_count();
      if (count.has_value()) protocol.mutable_lines(2)->set_count(*count);
      protocol.mutable_options(0)->set_count(votes);
    };
  };
  const int64_t left = fold.ApplyProtocol(0, "commission", with_blank_line(std::nullopt, 10));
  const int64_t right = fold.ApplyProtocol(0, "monitor", with_blank_line(0, 17));
  const auto diff = domain::ComputeDiff(fold.Place(), fold.View("commission"), fold.Place(), fold.View("monitor"));
  ASSERT_TRUE(diff.ok()) << diff.status();
  ASSERT_EQ(diff->discrepancies.size(), 1u);
  const v1::Discrepancy row = wire::ToAnswer(diff->discrepancies[0], *diff);
  EXPECT_EQ(row.unit_id(), "S0");
  EXPECT_EQ(row.left_sequence(), left);
  EXPECT_EQ(row.right_sequence(), right);
  ASSERT_EQ(row.figures_size(), 2);
  EXPECT_EQ(row.figures(0).id(), "blank");
  EXPECT_FALSE(row.figures(0).has_left());
  EXPECT_TRUE(row.figures(0).has_right());
  EXPECT_EQ(row.figures(0).right(), 0);
  EXPECT_EQ(row.figures(1).id(), "O0");
  EXPECT_EQ(row.figures(1).left(), 10);
  EXPECT_EQ(row.figures(1).right(), 17);

  const v1::DiffSummary summary = wire::ToAnswer(*diff);
  EXPECT_FALSE(summary.lines(2).has_left_common());
  EXPECT_TRUE(summary.lines(2).has_right_common());
  EXPECT_EQ(summary.options(0).net_change(), 7);
}

TEST(DiffAnswerTest, OfAUnitOnOneSideAloneHasOneSequence) {
  Fold fold;
  const int64_t right = fold.ApplyProtocol(7, "monitor", [](v1::ProtocolSubmitted&) {});
  const auto diff = domain::ComputeDiff(fold.Place(), fold.View("commission"), fold.Place(), fold.View("monitor"));
  ASSERT_TRUE(diff.ok()) << diff.status();
  ASSERT_EQ(diff->discrepancies.size(), 1u);
  const v1::Discrepancy row = wire::ToAnswer(diff->discrepancies[0], *diff);
  EXPECT_EQ(row.kind(), v1::DISCREPANCY_KIND_ONLY_RIGHT);
  EXPECT_FALSE(row.has_left_sequence());
  EXPECT_EQ(row.right_sequence(), right);
  for (const v1::FigurePair& pair : row.figures()) EXPECT_FALSE(pair.has_left()) << pair.id();
}

TEST(TimestampAnswerTest, KeepsMicrosecondsOnBothSidesOfTheEpoch) {
  struct Case {
    int64_t micros;
    int64_t seconds;
    int32_t nanos;
  };
  for (const Case& c : {Case{0, 0, 0}, Case{1, 0, 1'000}, Case{-1, -1, 999'999'000}, Case{-1'000'000, -1, 0},
                        Case{1'999'999, 1, 999'999'000}}) {
    EXPECT_EQ(wire::ToTimestamp(c.micros).seconds(), c.seconds) << c.micros;
    EXPECT_EQ(wire::ToTimestamp(c.micros).nanos(), c.nanos) << c.micros;
  }
}

TEST(ContestAnswerTest, IsTheContestAsListed) {
  std::mt19937_64 random(testing::Seed(31));
  for (int round = 0; round < 200; ++round) {
    const v1::Submission listed = testing::RandomSubmissionOf(v1::Submission::kContestsListed, random);
    domain::Refusals faults;
    const auto event = std::get<domain::ContestsListed>(wire::ToEvent(listed, faults));
    for (size_t i = 0; i < event.contests.size(); ++i) {
      EXPECT_TRUE(MessageDifferencer::Equals(wire::ToAnswer(event.contests[i]),
                                             listed.contests_listed().contests(static_cast<int>(i))));
    }
  }
}

TEST(SummaryAnswerTest, CountsContestsAndStations) {
  Fold fold;
  const v1::ElectionSummary summary = wire::ToSummary(*fold.Place().election);
  EXPECT_EQ(summary.election_id(), "synthetic");
  EXPECT_EQ(summary.contest_count(), 1);
  EXPECT_EQ(summary.station_count(), 20);
}

}  // namespace
}  // namespace hattama
