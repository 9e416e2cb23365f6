// The history in step with a naive model over random events: every event is admitted by both or by neither, and every
// tally of every version is the same, with and without kept indexes.
//
// HATTAMA_SEED runs one seed alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/domain/history.h"
#include "services/domain/tally.h"
#include "tests/domain/naive_model.h"
#include "tests/domain/trial_history.h"

namespace hattama::domain {
namespace {

using testing::NaiveModel;
using testing::NaiveState;
using testing::NaiveTally;
using testing::Sheet;
using testing::Trial;
using testing::TrialDefinition;

constexpr int kEventCount = 400;
constexpr Policy kPolicies[] = {Policy::kPreliminaryOnly, Policy::kFinalOnly, Policy::kFinalElsePreliminary,
                                Policy::kCorrectedFirst};

// Makes events that mostly fit the state, and sometimes do not.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Event Next(const NaiveState& state) {
    const int what = Below(100);
    if (what < 60) return Protocol(state);
    if (what < 67) return Roll();
    if (what < 79) return Appeal(state);
    return Decision(state);
  }

  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint64_t>(bound)); }
  bool OneIn(int count) { return Below(count) == 0; }
  template <typename T>
  T Pick(const std::vector<T>& choices) {
    return choices[Below(static_cast<int>(choices.size()))];
  }

 private:
  std::string Contest() { return OneIn(4) ? "seat" : "list"; }

  // Mostly a station that votes in the contest.
  std::string Station(const std::string& contest) {
    if (OneIn(40)) return Pick<std::string>({"S9", "R1", "C", "R2"});
    if (contest == "seat" && !OneIn(20)) return absl::StrCat("S", 1 + Below(3));
    return absl::StrCat("S", 1 + Below(6));
  }

  std::vector<std::string> Stations(const std::string& contest) {
    std::vector<std::string> stations;
    const int count = 1 + Below(3);
    for (int i = 0; i < count; ++i) {
      const std::string station = Station(contest);
      if (std::find(stations.begin(), stations.end(), station) == stations.end() || OneIn(10)) {
        stations.push_back(station);
      }
    }
    return stations;
  }

  Event Protocol(const NaiveState& state) {
    Sheet sheet;
    sheet.contest = Contest();
    sheet.unit = Station(sheet.contest);
    sheet.source = OneIn(3) ? Pick<std::string>({"watch", "observer", "cec"}) : "pec";
    if (OneIn(8)) {  // A claim.
      sheet.unit = Pick<std::string>({"R1", "R1", "R2", "C"});
      sheet.source = Pick<std::string>({"tec", "cec", "observer"});
    }
    if (OneIn(60)) sheet.source = "tv";
    sheet.stage =
        Pick<Stage>({Stage::kPreliminary, Stage::kPreliminary, Stage::kFinal, Stage::kFinal, Stage::kCorrected});
    sheet.votes.resize(sheet.contest == "seat" ? 3 : 4);
    for (int64_t& votes : sheet.votes) votes = Below(OneIn(10) ? 999'999'999 : 50);
    sheet.invalid = Below(9);
    if (OneIn(4)) sheet.found_off = Below(5) - 2;
    if (OneIn(4)) sheet.issued_off = Below(9) - 4;
    if (sheet.stage == Stage::kCorrected && !OneIn(10) && !state.decision_sequences().empty()) {
      sheet.decision = Pick(state.decision_sequences());
    } else if (OneIn(40)) {
      sheet.decision = Below(100);
    }
    ProtocolSubmitted protocol = testing::Protocol(sheet);
    for (Figure& figure : protocol.lines) {
      if (figure.count.value_or(0) > 999'999'999) figure.count = 999'999'999;
      if (OneIn(12)) figure.count = std::nullopt;
    }
    for (Figure& figure : protocol.options) {
      if (OneIn(25)) figure.count = std::nullopt;
    }
    protocol.supersedes_sequence = state.Head(protocol);
    if (OneIn(15)) protocol.supersedes_sequence = OneIn(2) ? std::nullopt : std::optional<int64_t>(Below(kEventCount));
    switch (Below(60)) {
      case 0:
        protocol.options.pop_back();
        break;
      case 1:
        protocol.options.push_back(protocol.options.front());
        break;
      case 2:
        protocol.lines.push_back({"stolen", 1});
        break;
      case 3:
        protocol.lines.push_back(protocol.lines.front());
        break;
      case 4:
        protocol.options.front().count = 1'000'000'000;
        break;
      case 5:
        protocol.lines.back().count = -1;
        break;
      case 6:
        protocol.lines.pop_back();  // A line left out is blank.
        break;
      case 7:
        std::swap(protocol.options.front(), protocol.options.back());
        break;
      default:
        break;
    }
    return protocol;
  }

  Event Roll() {
    std::vector<RollEntry> entries;
    const int count = OneIn(15) ? 0 : 1 + Below(3);
    for (int i = 0; i < count; ++i) entries.push_back({Station("list"), OneIn(20) ? -1 : Below(200)});
    return testing::Amendment(std::move(entries));
  }

  Event Appeal(const NaiveState& state) {
    const std::string contest = Contest();
    const bool again = OneIn(12) && !state.appeal_ids().empty();
    return testing::Appeal({.id = again ? Pick(state.appeal_ids()) : absl::StrCat("appeal-", ++appeal_count_),
                            .contest = contest,
                            .units = Stations(contest)});
  }

  Event Decision(const NaiveState& state) {
    testing::Act act;
    act.contest = Contest();
    act.kind = static_cast<DecisionKind>(1 + Below(6));
    const std::vector<std::string> appeals = state.appeal_ids();
    const bool by_appeal = !appeals.empty() && (act.kind == DecisionKind::kDismissed || OneIn(3));
    if (by_appeal) act.appeal = Pick(appeals);
    if (act.kind == DecisionKind::kQuarantineReleased) {
      // Any of the protocols: those in quarantine are found often enough.
      const std::vector<int64_t> protocols = state.protocol_sequences();
      for (int i = 0; i < 40 && !protocols.empty() && act.released.empty(); ++i) {
        act.released = {Pick(protocols)};
        if (!OneIn(30) && !state.Admits(testing::Decision(act))) act.released.clear();
      }
      return testing::Decision(act);
    }
    if (!by_appeal || OneIn(3)) act.units = Stations(act.contest);
    return testing::Decision(act);
  }

  std::mt19937_64 random_;
  int appeal_count_ = 0;
};

NaiveTally Answer(const Trial& trial, const std::string& contest, const std::string& unit, const View& view,
                  int64_t tree_size) {
  const Tally tally = trial.TallyOf(unit, view, contest, tree_size);
  const Coverage& coverage = tally.coverage;
  NaiveTally answer{.totals = tally.totals,
                    .stated = tally.stated,
                    .coverage = {{"expected", coverage.expected},
                                 {"counted", coverage.counted},
                                 {"quarantined", coverage.quarantined},
                                 {"annulled", coverage.annulled},
                                 {"excluded", coverage.excluded_contested},
                                 {"missing", coverage.missing},
                                 {"contested", coverage.contested},
                                 {"awaiting", coverage.awaiting_correction},
                                 {"preliminary", coverage.counted_preliminary},
                                 {"final", coverage.counted_final},
                                 {"corrected", coverage.counted_corrected}},
                    .roll = tally.roll,
                    .with_findings = tally.with_findings,
                    .claims = {}};
  for (const ClaimComparison& claim : tally.claims) {
    answer.claims.push_back(tally.place.contest->protocol(claim.protocol).sequence);
  }
  return answer;
}

struct Counts {
  int admitted = 0;
  int refused = 0;
};

// One seed: a plain history, one with indexes kept from some moment on, and the model.
class ModelTest : public ::testing::TestWithParam<uint64_t> {
 protected:
  void SetUp() override { std::printf("HATTAMA_SEED=%llu\n", static_cast<unsigned long long>(GetParam())); }

  void RecordInAll(const Event& event) {
    for (Trial* trial : {&plain_, &kept_}) trial->Record(event);
    model_.Record(event);
  }

  // Keeps the index of one random view.
  void KeepSomeView() {
    const View view{.source_id = generator_.Pick<std::string>({"pec", "pec", "pec", "watch", "cec", "observer"}),
                    .policy = kPolicies[generator_.Below(4)],
                    .excluding_contested = generator_.OneIn(2)};
    kept_.history().KeepViewIndex(0, generator_.Below(2), kept_.Resolve(view));
  }

  // Compares every unit of both contests in the view at the version.
  void Compare(const NaiveState& state, const View& view, int64_t tree_size) {
    for (const auto& [contest, units] :
         {std::pair<std::string, std::vector<std::string>>{"list", {"C", "R1", "R2", "R3", "S1", "S4", "S6"}},
          std::pair<std::string, std::vector<std::string>>{"seat", {"R1", "S2"}}}) {
      for (const std::string& unit : units) {
        const NaiveTally expected = state.Tally(contest, unit, view);
        const auto where = [&] {
          return absl::StrCat("contest ", contest, ", unit ", unit, ", source ", view.source_id, ", policy ",
                              static_cast<int>(view.policy), ", basis ", static_cast<int>(view.basis),
                              view.excluding_contested ? ", excluding contested" : "", ", tree_size ", tree_size);
        };
        ASSERT_EQ(Answer(plain_, contest, unit, view, tree_size), expected) << where();
        ASSERT_EQ(Answer(kept_, contest, unit, view, tree_size), expected) << "kept index, " << where();
      }
    }
  }

  Definition definition_ = TrialDefinition();
  Trial plain_;
  Trial kept_;
  NaiveModel model_{&definition_, plain_.tree_size()};
  Generator generator_{GetParam()};
};

TEST_P(ModelTest, AgreesWithTheHistoryOnEveryEventAndEveryVersion) {
  Counts counts;
  for (int i = 0; i < kEventCount; ++i) {
    const NaiveState state = model_.At(model_.tree_size());
    const Event event = generator_.Next(state);
    const bool admitted = state.Admits(event);
    const Refusals refusals = plain_.Check(event);
    ASSERT_EQ(refusals.empty(), admitted)
        << "event " << i << " of type " << event.index() << ": " << ::testing::PrintToString(refusals);
    if (admitted) RecordInAll(event);
    ++(admitted ? counts.admitted : counts.refused);
    ASSERT_EQ(plain_.tree_size(), model_.tree_size());
    if (generator_.OneIn(10)) KeepSomeView();
  }
  EXPECT_GT(counts.admitted, kEventCount / 2);
  EXPECT_GT(counts.refused, kEventCount / 20);

  for (int64_t tree_size = model_.first_sequence(); tree_size <= model_.tree_size(); ++tree_size) {
    const NaiveState state = model_.At(tree_size);
    for (const Policy policy : kPolicies) {
      for (const bool excluding : {false, true}) {
        ASSERT_NO_FATAL_FAILURE(
            Compare(state, {.source_id = "pec", .policy = policy, .excluding_contested = excluding}, tree_size));
      }
    }
    for (const Basis basis : {Basis::kStations, Basis::kClaims}) {
      ASSERT_NO_FATAL_FAILURE(Compare(state,
                                      {.source_id = generator_.Pick<std::string>({"tec", "cec", "watch", "observer"}),
                                       .policy = kPolicies[generator_.Below(4)],
                                       .basis = basis,
                                       .excluding_contested = generator_.OneIn(2)},
                                      tree_size));
    }
  }
}

std::vector<uint64_t> Seeds() {
  if (const char* given = std::getenv("HATTAMA_SEED")) return {std::strtoull(given, nullptr, 10)};
  return {1, 2, 3, 4, 5, 6};
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelTest, ::testing::ValuesIn(Seeds()),
                         [](const auto& info) { return absl::StrCat("Seed", info.param); });

}  // namespace
}  // namespace hattama::domain
