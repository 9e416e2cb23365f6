// Published tallies that the log does not give: found, and explained by the station, the view or the version that makes
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/audit/auditor.h"
#include "services/audit/tally_check.h"
#include "tests/audit/trial_log.h"
#include "tests/support/trial_keys.h"

namespace hattama::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const domain::View kView{.source_id = "commission"};

// The lines of `text` that name the version are taken from `claimed`, so that the figures of one version or view pass
// for those of another.
std::string Passing(const std::string& text, const std::string& claimed) {
  std::string passing;
  size_t at_text = 0, at_claimed = 0;
  while (at_text < text.size()) {
    const size_t end_text = text.find('\n', at_text), end_claimed = claimed.find('\n', at_claimed);
    const std::string line = text.substr(at_text, end_text - at_text);
    const std::string other =
        end_claimed == std::string::npos ? "" : claimed.substr(at_claimed, end_claimed - at_claimed);
    const bool header = line.starts_with("tree_size ") || line.starts_with("root ") || line.starts_with("view ");
    absl::StrAppend(&passing, header ? other : line, "\n");
    at_text = end_text + 1;
    at_claimed = end_claimed == std::string::npos ? claimed.size() : end_claimed + 1;
  }
  return passing;
}

class FalseTallyTest : public ::testing::Test {
 protected:
  FalseTallyTest() : ledger_(DefinedLedger()) {}

  int64_t Record(const TrialProtocol& protocol) { return ledger_.Record(ToSubmission(protocol), CommissionKey()); }
  // Six stations of the list; S5 and S6 state the same.
  void RecordLists(int count) {
    for (int station = 1; station <= count; ++station) {
      const int64_t votes = station == 6 ? 5 : station;
      Record({.contest = "list", .unit = absl::StrCat("S", station), .votes = {100 + 7 * votes, 60 + votes, 3}});
    }
  }
  // Publishes `text` as the tally of the head.
  audit::TallyReport Publish(const std::string& contest, const std::string& text, const domain::View& view = kView,
                             std::optional<int64_t> tree_size = {}) {
    const int64_t sequence = ledger_.Record(
        ledger_.Publication(kElection, contest, view, tree_size.value_or(ledger_.size()), text), CommissionKey());
    const audit::Report report = AuditFiles(ledger_.Publish());
    EXPECT_FALSE(report.confirmed);
    EXPECT_EQ(report.faults.size(), 1u);
    if (!report.faults.empty()) {
      EXPECT_EQ(report.faults[0].step, audit::Step::kTallies);
      EXPECT_EQ(report.faults[0].sequence, sequence);
      message_ = report.faults[0].message;
    }
    return report.tallies.empty() ? audit::TallyReport{} : report.tallies.back();
  }
  std::string At(const std::string& contest, int64_t tree_size, const domain::View& view = kView) {
    return ledger_.StatementAt(kElection, contest, view, tree_size);
  }

  PublishedLedger ledger_;
  std::string message_;
};

TEST_F(FalseTallyTest, IsExplainedByAProtocolThatWasSuperseded) {
  const int64_t first = Record({.contest = "north", .unit = "S1", .votes = {50, 40}});
  const int64_t other = Record({.contest = "north", .unit = "S2", .votes = {30, 60}});
  const int64_t second = Record({.contest = "north", .unit = "S1", .votes = {40, 50}, .supersedes = first});

  const audit::TallyReport tally = Publish("north", Passing(At("north", other + 1), At("north", ledger_.size())));

  EXPECT_THAT(tally.explanations,
              ElementsAre(AllOf(HasSubstr("station S1"), HasSubstr(absl::StrCat("in record ", first, " counted")),
                                HasSubstr(absl::StrCat("by the log it is counted with the preliminary protocol of "
                                                       "commission in record ",
                                                       second)))));
  EXPECT_THAT(tally.differences, Contains("published \"option X 80 2\", the log gives \"option X 70 2\""));
  EXPECT_THAT(message_, HasSubstr("station S1"));
}

TEST_F(FalseTallyTest, IsExplainedByAProtocolThatCameLater) {
  const int64_t first = Record({.contest = "north", .unit = "S1", .votes = {50, 40}});
  const int64_t second = Record({.contest = "north", .unit = "S1", .votes = {40, 50}, .supersedes = first});

  const audit::TallyReport tally =
      Publish("north", Passing(At("north", second + 1), At("north", second)), kView, second);

  EXPECT_THAT(tally.explanations, ElementsAre(AllOf(HasSubstr(absl::StrCat("in record ", second)),
                                                    HasSubstr("recorded after the version"))));
}

TEST_F(FalseTallyTest, IsExplainedByAStationThatIsLeftOut) {
  RecordLists(6);

  const audit::TallyReport tally = Publish("list", Passing(At("list", ledger_.size() - 1), At("list", ledger_.size())));

  // S5 states the same figures; the commitment in the published statement says that it is S6.
  EXPECT_THAT(tally.explanations, ElementsAre(AllOf(HasSubstr("station S6"), HasSubstr("with the station missing"))));
}

TEST_F(FalseTallyTest, NamesEachStationThatFitsWhereNoCommitmentDecides) {
  RecordLists(6);
  std::string text = Passing(At("list", ledger_.size() - 1), At("list", ledger_.size()));
  text = text.substr(0, text.rfind("sums ")) +
         At("list", ledger_.size() - 2).substr(At("list", ledger_.size() - 2).rfind("sums "));

  const audit::TallyReport tally = Publish("list", text);

  EXPECT_THAT(tally.explanations, ElementsAre(HasSubstr("station S5"), HasSubstr("station S6")));
}

TEST_F(FalseTallyTest, IsExplainedByTwoStations) {
  RecordLists(4);

  const audit::TallyReport tally = Publish("list", Passing(At("list", ledger_.size() - 2), At("list", ledger_.size())));

  EXPECT_THAT(tally.explanations, Contains(AllOf(HasSubstr("station S3"), HasSubstr("; and station S4"))));
}

TEST_F(FalseTallyTest, IsExplainedByAQuarantineThatWasIgnored) {
  Record({.contest = "north", .unit = "S1", .votes = {50, 40}});
  const int64_t broken = Record({.contest = "north", .unit = "S2", .votes = {50, 45}, .missing_ballots = 3});
  std::string text = At("north", ledger_.size());
  // As if the quarantined protocol counted: 52 + 40 + ... by hand.
  text = absl::StrReplaceAll(text, {{"stations 1 1 0 0 1", "stations 2 0 0 0 1"},
                                    {"line cast 92 1", "line cast 192 2"},
                                    {"line spoiled 2 1", "line spoiled 4 2"},
                                    {"option X 50 1", "option X 100 2"},
                                    {"option Y 40 1", "option Y 85 2"}});

  const audit::TallyReport tally = Publish("north", text);

  EXPECT_THAT(tally.explanations, ElementsAre(AllOf(HasSubstr("station S2"), HasSubstr(absl::StrCat("record ", broken)),
                                                    HasSubstr("by the log it is quarantined"))));
}

TEST_F(FalseTallyTest, IsExplainedByAnotherView) {
  RecordLists(6);
  for (int station = 1; station <= 6; ++station) {
    Record({.contest = "list",
            .unit = absl::StrCat("S", station),
            .votes = {90 + station, 10 * station, 3},
            .stage = v1::STAGE_FINAL});
  }
  const domain::View preliminary{.source_id = "commission", .policy = domain::Policy::kPreliminaryOnly};

  const audit::TallyReport tally =
      Publish("list", Passing(At("list", ledger_.size(), preliminary), At("list", ledger_.size())));

  EXPECT_THAT(tally.explanations, ElementsAre(HasSubstr("those of the view commission preliminary-only all")));
}

TEST_F(FalseTallyTest, IsExplainedByAnotherVersion) {
  RecordLists(6);
  const int64_t version = ledger_.size() - 3;

  const audit::TallyReport tally = Publish("list", Passing(At("list", version), At("list", ledger_.size())));

  EXPECT_THAT(tally.explanations, ElementsAre(HasSubstr(absl::StrCat("those of version ", version, ","))));
}

TEST_F(FalseTallyTest, IsShownWhereNothingExplainsIt) {
  RecordLists(6);
  const std::string text = absl::StrReplaceAll(At("list", ledger_.size()), {{"option P 740 6", "option P 741 6"}});

  const audit::TallyReport tally = Publish("list", text);

  EXPECT_THAT(tally.explanations, IsEmpty());
  EXPECT_THAT(tally.differences, ElementsAre("published \"option P 741 6\", the log gives \"option P 740 6\""));
  EXPECT_THAT(message_, HasSubstr("no one or two stations explain it"));
}

TEST_F(FalseTallyTest, IsShownWhereOnlyTheOutcomeIsFalse) {
  RecordLists(6);
  const std::string right = At("list", ledger_.size());
  const std::string text = absl::StrReplaceAll(right, {{"outcome decided", "outcome tie"}});
  ASSERT_NE(text, right);

  const audit::TallyReport tally = Publish("list", text);

  EXPECT_THAT(tally.differences, ElementsAre("published \"outcome tie\", the log gives \"outcome decided\""));
}

// The same figures from another protocol: only the commitment of the stations differs, and it is found out too.
TEST_F(FalseTallyTest, IsExplainedWhereOnlyTheProvenanceIsFalse) {
  const int64_t first = Record({.contest = "north", .unit = "S1", .votes = {50, 40}});
  Record({.contest = "north", .unit = "S1", .votes = {50, 40}, .supersedes = first});

  const audit::TallyReport tally = Publish("north", Passing(At("north", first + 1), At("north", ledger_.size())));

  EXPECT_THAT(tally.differences, ElementsAre(HasSubstr("published \"sums ")));
  EXPECT_THAT(tally.explanations,
              ElementsAre(AllOf(HasSubstr("station S1"), HasSubstr(absl::StrCat("record ", first)))));
}

TEST_F(FalseTallyTest, MayBeAnyText) {
  Record({.contest = "north", .unit = "S1", .votes = {50, 40}});
  const std::string right = At("north", ledger_.size());
  for (const std::string& text :
       {std::string("\n"), std::string("hattama-statement/v1\n"), right + "\n", right.substr(0, right.size() - 1),
        absl::StrCat(right, right), std::string(60'000, 'x'),
        absl::StrReplaceAll(right, {{" 50 ", " 99999999999999999999 "}}),
        absl::StrReplaceAll(right, {{" 50 ", " 9223372036854775807 "}}),
        absl::StrReplaceAll(right, {{" 50 ", " -50 "}})}) {
    const audit::TallyReport tally = Publish("north", text);
    EXPECT_FALSE(tally.confirmed());
    EXPECT_THAT(tally.differences, Not(IsEmpty()));
    ledger_ = DefinedLedger();
    Record({.contest = "north", .unit = "S1", .votes = {50, 40}});
  }
}

}  // namespace
}  // namespace hattama::testing
