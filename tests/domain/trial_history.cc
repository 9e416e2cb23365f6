#include "tests/domain/trial_history.h"

#include <gtest/gtest.h>

#include <numeric>
#include <utility>

namespace hattama::domain {

void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << RefusalReasonName(refusal.reason) << " at " << refusal.field << ": " << refusal.message;
}

void PrintTo(const Fraction& fraction, std::ostream* out) { *out << fraction.numerator << "/" << fraction.denominator; }

}  // namespace hattama::domain

namespace hattama::testing {
namespace {

using domain::Aggregate;
using domain::LineOperand;
using domain::OptionKind;
using domain::Terms;

Terms Line(const std::string& id) {
  domain::Term term;
  term.operand = LineOperand{id};
  return Terms(1, term);
}
Terms All(Aggregate aggregate) {
  domain::Term term;
  term.operand = aggregate;
  return Terms(1, term);
}

std::vector<std::string> OptionIds(const std::string& contest) {
  if (contest == "seat") return {"x", "y", "z"};
  if (contest == "question") return {"yes", "no"};
  return {"a", "b", "c", "d"};
}

}  // namespace

domain::Definition TrialDefinition() {
  domain::Definition definition;
  domain::ElectionDefined& election = definition.election;
  election.election_id = kElection;
  election.poll_date = "2023-03-19";
  election.levels = {{"country", {}}, {"region", {}}, {"station", {}}};
  election.sources = {{"pec", domain::SourceKind::kCommission, "station", {}},
                      {"tec", domain::SourceKind::kCommission, "region", {}},
                      {"cec", domain::SourceKind::kCommission, "", {}},
                      {"watch", domain::SourceKind::kMonitor, "station", {}},
                      {"observer", domain::SourceKind::kMonitor, "", {}}};
  election.parties = {{"A", {}}, {"B", {}}, {"C", {}}};
  election.lines = {{.id = "registered", .names = {}, .meaning = domain::LineMeaning::kRegisteredVoters},
                    {.id = "issued", .names = {}, .meaning = domain::LineMeaning::kBallotsIssued, .required = true},
                    {.id = "found", .names = {}, .meaning = domain::LineMeaning::kBallotsFound, .derived = true},
                    {.id = "valid", .names = {}, .meaning = domain::LineMeaning::kBallotsValid, .derived = true},
                    {.id = "invalid", .names = {}, .meaning = domain::LineMeaning::kBallotsInvalid}};
  election.bases = {{"valid", {}, All(Aggregate::kAllOptions)}, {"found", {}, Line("found")}};
  election.turnouts = {{"issued", {}, Line("issued"), All(Aggregate::kRoll), ""},
                       {"found", {}, Line("found"), Line("registered"), ""}};
  Terms parts = Line("valid");
  parts.push_back(Line("invalid").front());
  const auto rule = [&election](const std::string& id, Terms left, domain::Relation relation, Terms right,
                                domain::Severity severity) {
    domain::Rule made;
    made.id = id;
    made.left = std::move(left);
    made.relation = relation;
    made.right = std::move(right);
    made.severity = severity;
    election.rules.push_back(std::move(made));
  };
  rule("sum", Line("valid"), domain::Relation::kEqual, All(Aggregate::kAllOptions), domain::Severity::kHard);
  rule("balance", Line("found"), domain::Relation::kEqual, parts, domain::Severity::kHard);
  rule("carried", Line("found"), domain::Relation::kAtMost, Line("issued"), domain::Severity::kSoft);
  rule("roll", Line("issued"), domain::Relation::kAtMost, All(Aggregate::kRoll), domain::Severity::kSoft);

  domain::Contest list{.id = "list", .names = {}, .unit_id = "C", .options = {}, .share_base_id = "valid", .rule = {}};
  list.options = {{"a", OptionKind::kParty, {}, "A"},
                  {"b", OptionKind::kParty, {}, "B"},
                  {"c", OptionKind::kParty, {}, "C"},
                  {"d", OptionKind::kAgainstAll, {}, ""}};
  list.rule = domain::PartyList{
      .seat_count = 10, .threshold = domain::Threshold{.ratio = {5, 100}, .base_id = "valid", .inclusive = true}};
  domain::Contest seat{.id = "seat", .names = {}, .unit_id = "R1", .options = {}, .share_base_id = "valid", .rule = {}};
  seat.options = {{"x", OptionKind::kCandidate, {}, "A"},
                  {"y", OptionKind::kCandidate, {}, "B"},
                  {"z", OptionKind::kCandidate, {}, ""}};
  seat.rule = domain::Plurality{};
  domain::Contest question{
      .id = "question", .names = {}, .unit_id = "C", .options = {}, .share_base_id = "valid", .rule = {}};
  question.options = {{"yes", OptionKind::kYes, {}, ""}, {"no", OptionKind::kNo, {}, ""}};
  question.rule = domain::Referendum{
      .condition = {.ratio = {1, 2}, .base_id = "valid", .inclusive = false},
      .regions = domain::RegionalCondition{.level_id = "region", .ratio = {2, 3}, .inclusive = true}};
  definition.contests = {list, seat, question};

  definition.units = {{"C", "", "country", {}},    {"R1", "C", "region", {}},   {"S1", "R1", "station", {}},
                      {"S2", "R1", "station", {}}, {"S3", "R1", "station", {}}, {"R2", "C", "region", {}},
                      {"S4", "R2", "station", {}}, {"S5", "R2", "station", {}}, {"R3", "C", "region", {}},
                      {"S6", "R3", "station", {}}};
  definition.roll = {{"S1", 100}, {"S2", 200}, {"S3", 300}, {"S4", 400}, {"S5", 500}};
  return definition;
}

std::vector<domain::Event> Defining(const domain::Definition& definition) {
  const std::string& id = definition.election.election_id;
  std::vector<domain::Event> events;
  events.push_back(definition.election);
  events.push_back(domain::ContestsListed{id, definition.contests});
  events.push_back(domain::UnitsListed{id, definition.units});
  if (!definition.roll.empty()) events.push_back(domain::RollAmended{id, definition.roll, ""});
  events.push_back(domain::ElectionOpened{id, static_cast<int64_t>(definition.contests.size()),
                                          static_cast<int64_t>(definition.units.size()),
                                          static_cast<int64_t>(definition.roll.size())});
  return events;
}

std::vector<domain::Event> Founding(const domain::Definition& definition) {
  std::vector<domain::Event> events = Defining(definition);
  events.insert(events.begin(), domain::LedgerFounded{"test.hattama.example/ledger", 1, kAuthority});
  return events;
}

domain::ProtocolSubmitted Protocol(const Sheet& sheet) {
  domain::ProtocolSubmitted protocol;
  protocol.election_id = kElection;
  protocol.contest_id = sheet.contest;
  protocol.unit_id = sheet.unit;
  protocol.source_id = sheet.source;
  protocol.stage = sheet.stage;
  const int64_t valid = std::accumulate(sheet.votes.begin(), sheet.votes.end(), int64_t{0});
  const int64_t found = valid + sheet.invalid + sheet.found_off;
  protocol.lines = {{"registered", 1000},
                    {"issued", found + sheet.issued_off},
                    {"found", found},
                    {"valid", valid},
                    {"invalid", sheet.invalid}};
  const std::vector<std::string> options = OptionIds(sheet.contest);
  for (size_t i = 0; i < sheet.votes.size(); ++i) protocol.options.push_back({options[i], sheet.votes[i]});
  protocol.supersedes_sequence = sheet.supersedes;
  protocol.decision_sequence = sheet.decision;
  return protocol;
}

domain::AppealFiled Appeal(const Filing& filing) {
  return {.election_id = kElection,
          .appeal_id = filing.id,
          .contest_id = filing.contest,
          .unit_ids = filing.units,
          .filed_by = "party A",
          .grounds = "figures differ from the copy"};
}

domain::DecisionRecorded Decision(const Act& act) {
  return {.election_id = kElection,
          .contest_id = act.contest,
          .kind = act.kind,
          .appeal_id = act.appeal,
          .unit_ids = act.units,
          .body = "district court",
          .act_number = "17",
          .released_sequences = act.released};
}

domain::RollAmended Amendment(std::vector<domain::RollEntry> entries) {
  return {.election_id = kElection, .entries = std::move(entries), .reason = "additions on the day"};
}

Trial::Trial(const domain::Definition& definition) {
  for (const domain::Event& event : Founding(definition)) Record(event);
}

int64_t Trial::Record(const domain::Event& event) {
  const domain::Refusals refusals = history_.Check(event);
  EXPECT_THAT(refusals, ::testing::IsEmpty());
  if (!refusals.empty()) return -1;
  const int64_t sequence = history_.tree_size();
  history_.Apply(1'000'000 * sequence, event);
  return sequence;
}

domain::Place Trial::At(const std::string& unit, const std::string& contest, std::optional<int64_t> tree_size) const {
  absl::StatusOr<domain::Place> place =
      domain::Locate(history_, kElection, contest, unit, tree_size.value_or(history_.tree_size()));
  EXPECT_TRUE(place.ok()) << place.status();
  return *std::move(place);
}

domain::ResolvedView Trial::Resolve(const domain::View& view) const {
  absl::StatusOr<domain::ResolvedView> resolved = domain::ResolveView(election(), view);
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  return *resolved;
}

domain::Effect Trial::EffectOf(const std::string& unit, const domain::View& view,
                               std::optional<int64_t> tree_size) const {
  const domain::Place place = At(unit, "list", tree_size);
  return place.contest->EffectAt(place.unit, Resolve(view), place.tree_size);
}

domain::Tally Trial::TallyOf(const std::string& unit, const domain::View& view, const std::string& contest,
                             std::optional<int64_t> tree_size) const {
  return domain::ComputeTally(At(unit, contest, tree_size), Resolve(view));
}

int64_t Trial::Counted(const std::string& unit, const domain::View& view, std::optional<int64_t> tree_size) const {
  const domain::Effect effect = EffectOf(unit, view, tree_size);
  return effect.counted() ? At(unit).contest->protocol(effect.protocol).sequence : -1;
}

}  // namespace hattama::testing
