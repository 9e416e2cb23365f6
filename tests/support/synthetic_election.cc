#include "tests/support/synthetic_election.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "storage/merkle/sha256.h"

namespace hattama::testing {
namespace {

constexpr int kOptionCount = 9;
constexpr int kRegionCount = 10;
constexpr int kDistrictCount = 10;  // In each region.

v1::Name English(const std::string& text) {
  v1::Name name;
  name.set_language("en");
  name.set_text(text);
  return name;
}

// The id is the digest of the content, so equal calls make equal bytes.
std::string Finish(v1::Submission submission) {
  submission.set_submitter("synthetic");
  const merkle::Hash digest = merkle::Sha256(submission.SerializeAsString());
  submission.set_submission_id(digest.data(), 16);
  return submission.SerializeAsString();
}

// A well-mixed number from small ones (SplitMix64).
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::string DistrictId(int station) {
  const int district = station % (kRegionCount * kDistrictCount);
  return absl::StrCat("D", district / kDistrictCount, "-", district % kDistrictCount);
}

}  // namespace

std::string SyntheticElection::StationId(int station) { return absl::StrCat("S", station); }

std::vector<std::string> SyntheticElection::Definition() const {
  std::vector<std::string> submissions;
  v1::Submission first;
  v1::ElectionDefined& election = *first.mutable_election_defined();
  election.set_election_id(election_id());
  *election.add_names() = English("Synthetic election");
  for (const char* level : {"country", "region", "district", "station"}) election.add_levels()->set_level_id(level);
  v1::Source& commission = *election.add_sources();
  commission.set_source_id("commission");
  commission.set_kind(v1::SOURCE_KIND_COMMISSION);
  v1::Source& monitor = *election.add_sources();
  monitor.set_source_id("monitor");
  monitor.set_kind(v1::SOURCE_KIND_MONITOR);
  for (const char* line : {"registered", "cast", "blank", "null"}) election.add_lines()->set_line_id(line);
  election.mutable_lines(0)->set_meaning(v1::LINE_MEANING_REGISTERED_VOTERS);
  election.mutable_lines(1)->set_derived(true);
  v1::Base& valid = *election.add_bases();
  valid.set_base_id("valid");
  valid.add_terms()->set_aggregate(v1::AGGREGATE_ALL_OPTIONS);
  v1::Turnout& turnout = *election.add_turnouts();
  turnout.set_turnout_id("cast");
  turnout.add_numerator()->set_line_id("cast");
  turnout.add_denominator()->set_aggregate(v1::AGGREGATE_ROLL);
  v1::Rule& sum = *election.add_rules();
  sum.set_rule_id("cast-is-sum");
  sum.add_left()->set_line_id("cast");
  sum.set_relation(v1::RELATION_EQUAL);
  sum.add_right()->set_aggregate(v1::AGGREGATE_ALL_OPTIONS);
  sum.add_right()->set_line_id("blank");
  sum.add_right()->set_line_id("null");
  sum.set_severity(v1::SEVERITY_HARD);
  v1::Rule& roll = *election.add_rules();
  roll.set_rule_id("cast-within-roll");
  roll.add_left()->set_line_id("cast");
  roll.set_relation(v1::RELATION_AT_MOST);
  roll.add_right()->set_line_id("registered");
  roll.set_severity(v1::SEVERITY_SOFT);
  submissions.push_back(Finish(first));

  v1::Submission contests;
  contests.mutable_contests_listed()->set_election_id(election_id());
  v1::Contest& contest = *contests.mutable_contests_listed()->add_contests();
  contest.set_contest_id("president");
  contest.set_unit_id("C");
  contest.set_share_base_id("valid");
  for (int i = 0; i < kOptionCount; ++i) {
    v1::Option& option = *contest.add_options();
    option.set_option_id(absl::StrCat("O", i));
    option.set_kind(v1::OPTION_KIND_CANDIDATE);
  }
  v1::WinningCondition& majority = *contest.mutable_absolute_majority()->add_conditions();
  majority.mutable_share()->mutable_ratio()->set_numerator(1);
  majority.mutable_share()->mutable_ratio()->set_denominator(2);
  majority.mutable_share()->set_base_id("valid");
  submissions.push_back(Finish(contests));

  int64_t unit_count = 0;
  v1::Submission units;
  const auto add_unit = [&](const std::string& id, const std::string& parent, const char* level) {
    v1::UnitsListed& listed = *units.mutable_units_listed();
    listed.set_election_id(election_id());
    v1::Unit& unit = *listed.add_units();
    unit.set_unit_id(id);
    unit.set_parent_id(parent);
    unit.set_level_id(level);
    ++unit_count;
    if (listed.units_size() == 1000) {
      submissions.push_back(Finish(units));
      units.Clear();
    }
  };
  add_unit("C", "", "country");
  for (int region = 0; region < kRegionCount; ++region) add_unit(absl::StrCat("R", region), "C", "region");
  for (int region = 0; region < kRegionCount; ++region) {
    for (int district = 0; district < kDistrictCount; ++district) {
      add_unit(absl::StrCat("D", region, "-", district), absl::StrCat("R", region), "district");
    }
  }
  for (int station = 0; station < station_count_; ++station)
    add_unit(StationId(station), DistrictId(station), "station");
  if (units.has_units_listed()) submissions.push_back(Finish(units));

  v1::Submission opened;
  opened.mutable_election_opened()->set_election_id(election_id());
  opened.mutable_election_opened()->set_contest_count(1);
  opened.mutable_election_opened()->set_unit_count(unit_count);
  submissions.push_back(Finish(opened));
  return submissions;
}

std::string SyntheticElection::Protocol(int station, v1::Stage stage, int round, std::optional<int64_t> supersedes,
                                        const std::string& source) const {
  v1::Submission submission;
  v1::ProtocolSubmitted& protocol = *submission.mutable_protocol_submitted();
  protocol.set_election_id(election_id());
  protocol.set_contest_id("president");
  protocol.set_unit_id(StationId(station));
  protocol.set_source_id(source);
  protocol.set_stage(stage);
  if (supersedes.has_value()) protocol.set_supersedes_sequence(*supersedes);
  // One figure in fifty stations moves between rounds and stages; the rest repeat.
  const bool moved = Mix(static_cast<uint64_t>(station) * 7919 + round * 3 + stage) % 50 == 0;
  int64_t cast = 0;
  for (int i = 0; i < kOptionCount; ++i) {
    int64_t votes = static_cast<int64_t>(Mix(static_cast<uint64_t>(station) * kOptionCount + i) % 120);
    if (moved && i == station % kOptionCount) votes += 1 + round % 9;
    v1::OptionFigure& option = *protocol.add_options();
    option.set_option_id(absl::StrCat("O", i));
    option.set_count(votes);
    cast += votes;
  }
  const int64_t blank = station % 7;
  const int64_t null = station % 5;
  const auto add_line = [&protocol](const char* id, int64_t count) {
    v1::LineFigure& line = *protocol.add_lines();
    line.set_line_id(id);
    line.set_count(count);
  };
  add_line("registered", 1200);
  add_line("cast", cast + blank + null);
  add_line("blank", blank);
  add_line("null", null);
  return Finish(submission);
}

}  // namespace hattama::testing
