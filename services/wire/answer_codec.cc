#include "services/wire/answer_codec.h"

#include <algorithm>
#include <variant>

#include "google/protobuf/repeated_ptr_field.h"

namespace hattama::wire {
namespace {

using google::protobuf::RepeatedPtrField;

template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

// The enums of domain/election.h, view.h, seat.h and diff.h have the numbers of the wire.
static_assert(static_cast<int>(domain::SourceKind::kMonitor) == v1::SOURCE_KIND_MONITOR);
static_assert(static_cast<int>(domain::LineMeaning::kBallotsValidNotCounted) ==
              v1::LINE_MEANING_BALLOTS_VALID_NOT_COUNTED);
static_assert(static_cast<int>(domain::Aggregate::kOne) == v1::AGGREGATE_ONE);
static_assert(static_cast<int>(domain::Relation::kGreaterThan) == v1::RELATION_GREATER_THAN);
static_assert(static_cast<int>(domain::Severity::kHard) == v1::SEVERITY_HARD);
static_assert(static_cast<int>(domain::Stage::kCorrected) == v1::STAGE_CORRECTED);
static_assert(static_cast<int>(domain::OptionKind::kAgainstAll) == v1::OPTION_KIND_AGAINST_ALL);
static_assert(static_cast<int>(domain::AllocationMethod::kHare) == v1::ALLOCATION_METHOD_LARGEST_REMAINDER_HARE);
static_assert(static_cast<int>(domain::AllocationMethod::kDHondt) == v1::ALLOCATION_METHOD_DHONDT);
static_assert(static_cast<int>(domain::AllocationMethod::kBalinskiYoungQuota) ==
              v1::ALLOCATION_METHOD_BALINSKI_YOUNG_QUOTA);
static_assert(static_cast<int>(domain::Policy::kCorrectedFirst) == v1::POLICY_CORRECTED_FIRST);
static_assert(static_cast<int>(domain::Basis::kClaims) == v1::BASIS_CLAIMS);
static_assert(static_cast<int>(domain::UnitState::kMissing) == v1::STATION_STATE_MISSING);
static_assert(static_cast<int>(domain::OutcomeStatus::kRejected) == v1::OUTCOME_STATUS_REJECTED);
static_assert(static_cast<int>(domain::DiscrepancyKind::kSeveralChanged) == v1::DISCREPANCY_KIND_SEVERAL_CHANGED);

void SetNames(const domain::Names& names, RepeatedPtrField<v1::Name>& out) {
  out.Reserve(static_cast<int>(names.size()));
  for (const domain::Name& name : names) {
    v1::Name& added = *out.Add();
    added.set_language(name.language);
    added.set_text(name.text);
  }
}

void SetTerms(const domain::Terms& terms, RepeatedPtrField<v1::Term>& out) {
  for (const domain::Term& term : terms) {
    v1::Term& added = *out.Add();
    if (term.coefficient != 1) added.set_coefficient(term.coefficient);
    std::visit(Overloaded{
                   [&](const domain::LineOperand& line) { added.set_line_id(line.id); },
                   [&](const domain::OptionOperand& option) { added.set_option_id(option.id); },
                   [&](domain::Aggregate aggregate) { added.set_aggregate(static_cast<v1::Aggregate>(aggregate)); },
               },
               term.operand);
  }
}

v1::Threshold ToThreshold(const domain::Threshold& threshold) {
  v1::Threshold out;
  *out.mutable_ratio() = ToAnswer(threshold.ratio);
  out.set_base_id(threshold.base_id);
  out.set_inclusive(threshold.inclusive);
  return out;
}

v1::WinningCondition ToWinningCondition(const domain::WinningCondition& condition) {
  v1::WinningCondition out;
  *out.mutable_share() = ToThreshold(condition.share);
  if (condition.lead) *out.mutable_lead() = ToAnswer(*condition.lead);
  out.set_lead_inclusive(condition.lead_inclusive);
  return out;
}

v1::RegionalCondition ToRegionalCondition(const domain::RegionalCondition& condition) {
  v1::RegionalCondition out;
  out.set_level_id(condition.level_id);
  *out.mutable_ratio() = ToAnswer(condition.ratio);
  out.set_inclusive(condition.inclusive);
  return out;
}

v1::Rule ToRule(const domain::Rule& rule) {
  v1::Rule out;
  out.set_rule_id(rule.id);
  SetNames(rule.texts, *out.mutable_texts());
  SetTerms(rule.left, *out.mutable_left());
  out.set_relation(static_cast<v1::Relation>(rule.relation));
  SetTerms(rule.right, *out.mutable_right());
  out.set_tolerance_count(rule.tolerance_count);
  if (rule.tolerance_ratio) *out.mutable_tolerance_ratio() = ToAnswer(*rule.tolerance_ratio);
  out.set_severity(static_cast<v1::Severity>(rule.severity));
  for (const domain::Stage stage : rule.stages) out.add_stages(ToAnswer(stage));
  for (const std::string& contest_id : rule.contest_ids) out.add_contest_ids(contest_id);
  out.set_citation(rule.citation);
  for (const std::string& hidden : rule.hides) out.add_hides(hidden);
  return out;
}

// Beyond it an answer leaves out the order of seats.
constexpr size_t kSeatOrderCountMax = 1'000;

v1::Allocation ToAllocation(const domain::Allocation& allocation, const domain::Contest& contest) {
  v1::Allocation out;
  if (const auto* list = std::get_if<domain::PartyList>(&contest.rule)) {
    out.set_method(static_cast<v1::AllocationMethod>(list->method));
    if (list->threshold) *out.mutable_threshold() = ToThreshold(*list->threshold);
    if (std::any_of(allocation.lists.begin(), allocation.lists.end(),
                    [](const domain::ListSeats& seats) { return seats.admitted_second; })) {
      *out.mutable_second_list_index() = ToAnswer(*list->second_list_index);
    }
  }
  out.set_seat_count(allocation.seat_count);
  out.set_threshold_base(allocation.threshold_base);
  out.set_admitted_votes(allocation.admitted_votes);
  for (const domain::ListSeats& list : allocation.lists) {
    v1::ListSeats& added = *out.add_lists();
    const domain::Option& option = contest.options[list.option];
    added.set_option_id(option.id);
    added.set_party_id(option.party_id);
    added.set_votes(list.votes);
    added.set_passes_threshold(list.passes_threshold);
    added.set_quotient(list.quotient);
    added.set_remainder(list.remainder);
    added.set_remainder_seat(list.remainder_seat);
    added.set_tied(list.tied);
    added.set_seat_count(list.seats);
    added.set_admitted_second(list.admitted_second);
  }
  out.set_undecided_seat_count(allocation.undecided_seats);
  out.set_exceeds_seats(allocation.exceeds_seats);
  if (allocation.quota.numerator > 0) *out.mutable_quota() = ToAnswer(allocation.quota);
  if (allocation.seat_order.size() <= kSeatOrderCountMax) {
    for (const int32_t option : allocation.seat_order) out.add_seat_order(contest.options[option].id);
  }
  return out;
}

// The option on which a condition was tried, or -1 where nothing tells. Conditions are tried on the leading option, and
// `options` of an outcome stand in ballot order, which does not say who leads.
int32_t TriedOption(const domain::ConditionResult& result, const domain::Outcome& outcome,
                    const domain::Contest& contest, std::span<const std::optional<int64_t>> votes) {
  if (std::holds_alternative<domain::Referendum>(contest.rule)) {
    for (size_t i = 0; i < contest.options.size(); ++i) {
      if (contest.options[i].kind == domain::OptionKind::kYes) return static_cast<int32_t>(i);
    }
  }
  if (outcome.options.size() == 1) return outcome.options.front();
  int32_t leading = -1;
  for (const int32_t option : outcome.options) {
    if (static_cast<size_t>(option) >= votes.size() || votes[option] != result.share.numerator) continue;
    if (leading >= 0) return -1;
    leading = option;
  }
  return leading;
}

v1::FigureDiff ToFigureDiff(const std::string& id, const domain::ColumnDiff& column) {
  v1::FigureDiff out;
  out.set_id(id);
  if (column.left_common) out.set_left_common(*column.left_common);
  if (column.right_common) out.set_right_common(*column.right_common);
  if (column.left_only) out.set_left_only(*column.left_only);
  if (column.right_only) out.set_right_only(*column.right_only);
  out.set_net_change(column.net_change);
  out.set_unit_count(column.unit_count);
  return out;
}

}  // namespace

google::protobuf::Timestamp ToTimestamp(int64_t micros) {
  constexpr int64_t kMicrosPerSecond = 1'000'000;
  int64_t seconds = micros / kMicrosPerSecond;
  int64_t rest = micros % kMicrosPerSecond;
  if (rest < 0) {
    rest += kMicrosPerSecond;
    --seconds;
  }
  google::protobuf::Timestamp out;
  out.set_seconds(seconds);
  out.set_nanos(static_cast<int32_t>(rest) * 1000);
  return out;
}

v1::Ratio ToAnswer(const domain::Fraction& fraction) {
  v1::Ratio out;
  out.set_numerator(fraction.numerator);
  out.set_denominator(fraction.denominator);
  return out;
}

v1::Stage ToAnswer(domain::Stage stage) { return static_cast<v1::Stage>(stage); }

v1::StationState ToAnswer(domain::UnitState state) { return static_cast<v1::StationState>(state); }

v1::ElectionDefined ToAnswer(const domain::ElectionDefined& election) {
  v1::ElectionDefined out;
  out.set_election_id(election.election_id);
  SetNames(election.names, *out.mutable_names());
  out.set_poll_date(election.poll_date);
  out.set_law_edition(election.law_edition);
  for (const domain::Level& level : election.levels) {
    v1::Level& added = *out.add_levels();
    added.set_level_id(level.id);
    SetNames(level.names, *added.mutable_names());
  }
  for (const domain::Source& source : election.sources) {
    v1::Source& added = *out.add_sources();
    added.set_source_id(source.id);
    added.set_kind(static_cast<v1::SourceKind>(source.kind));
    added.set_level_id(source.level_id);
    SetNames(source.names, *added.mutable_names());
  }
  for (const domain::Party& party : election.parties) {
    v1::Party& added = *out.add_parties();
    added.set_party_id(party.id);
    SetNames(party.names, *added.mutable_names());
  }
  for (const domain::Line& line : election.lines) {
    v1::Line& added = *out.add_lines();
    added.set_line_id(line.id);
    SetNames(line.names, *added.mutable_names());
    added.set_meaning(static_cast<v1::LineMeaning>(line.meaning));
    added.set_required(line.required);
    added.set_derived(line.derived);
  }
  for (const domain::Base& base : election.bases) {
    v1::Base& added = *out.add_bases();
    added.set_base_id(base.id);
    SetNames(base.names, *added.mutable_names());
    SetTerms(base.terms, *added.mutable_terms());
  }
  for (const domain::Turnout& turnout : election.turnouts) {
    v1::Turnout& added = *out.add_turnouts();
    added.set_turnout_id(turnout.id);
    SetNames(turnout.names, *added.mutable_names());
    SetTerms(turnout.numerator, *added.mutable_numerator());
    SetTerms(turnout.denominator, *added.mutable_denominator());
    added.set_citation(turnout.citation);
  }
  for (const domain::Rule& rule : election.rules) *out.add_rules() = ToRule(rule);
  out.set_notice(election.notice);
  return out;
}

v1::Contest ToAnswer(const domain::Contest& contest) {
  v1::Contest out;
  out.set_contest_id(contest.id);
  SetNames(contest.names, *out.mutable_names());
  out.set_unit_id(contest.unit_id);
  for (const domain::Option& option : contest.options) {
    v1::Option& added = *out.add_options();
    added.set_option_id(option.id);
    added.set_kind(static_cast<v1::OptionKind>(option.kind));
    SetNames(option.names, *added.mutable_names());
    added.set_party_id(option.party_id);
  }
  out.set_share_base_id(contest.share_base_id);
  std::visit(Overloaded{
                 [&](const domain::PartyList& list) {
                   v1::PartyList& rule = *out.mutable_party_list();
                   rule.set_seat_count(list.seat_count);
                   if (list.threshold) *rule.mutable_threshold() = ToThreshold(*list.threshold);
                   rule.set_method(static_cast<v1::AllocationMethod>(list.method));
                   if (list.second_list_index) *rule.mutable_second_list_index() = ToAnswer(*list.second_list_index);
                 },
                 [&](const domain::Plurality&) { out.mutable_plurality(); },
                 [&](const domain::AbsoluteMajority& majority) {
                   v1::AbsoluteMajority& rule = *out.mutable_absolute_majority();
                   for (const domain::WinningCondition& condition : majority.conditions) {
                     *rule.add_conditions() = ToWinningCondition(condition);
                   }
                 },
                 [&](const domain::Referendum& referendum) {
                   v1::Referendum& rule = *out.mutable_referendum();
                   *rule.mutable_condition() = ToThreshold(referendum.condition);
                   if (referendum.regions) *rule.mutable_regions() = ToRegionalCondition(*referendum.regions);
                 },
             },
             contest.rule);
  return out;
}

v1::Unit ToAnswer(const domain::Unit& unit) {
  v1::Unit out;
  out.set_unit_id(unit.id);
  out.set_parent_id(unit.parent_id);
  out.set_level_id(unit.level_id);
  SetNames(unit.names, *out.mutable_names());
  return out;
}

v1::ElectionSummary ToSummary(const domain::ElectionHistory& election) {
  v1::ElectionSummary out;
  out.set_election_id(election.header().election_id);
  SetNames(election.header().names, *out.mutable_names());
  out.set_poll_date(election.header().poll_date);
  out.set_contest_count(election.contest_count());
  if (election.area().size() > 0) out.set_station_count(election.area().node(0).station_count);
  out.set_notice(election.header().notice);
  return out;
}

v1::View ToAnswer(const domain::View& view) {
  v1::View out;
  out.set_source_id(view.source_id);
  out.set_policy(static_cast<v1::Policy>(view.policy));
  out.set_basis(static_cast<v1::Basis>(view.basis));
  out.set_excluding_contested(view.excluding_contested);
  return out;
}

v1::Coverage ToAnswer(const domain::Coverage& coverage) {
  v1::Coverage out;
  out.set_expected_count(coverage.expected);
  out.set_counted_count(coverage.counted);
  out.set_quarantined_count(coverage.quarantined);
  out.set_annulled_count(coverage.annulled);
  out.set_excluded_contested_count(coverage.excluded_contested);
  out.set_missing_count(coverage.missing);
  out.set_contested_count(coverage.contested);
  out.set_awaiting_correction_count(coverage.awaiting_correction);
  out.set_counted_preliminary_count(coverage.counted_preliminary);
  out.set_counted_final_count(coverage.counted_final);
  out.set_counted_corrected_count(coverage.counted_corrected);
  return out;
}

v1::Coverage ToAnswer(const domain::Sums& sums, int64_t station_count) {
  using domain::Stage;
  using domain::UnitState;
  const auto in_state = [&](UnitState state) { return sums.by_state[static_cast<size_t>(state)]; };
  const auto in_stage = [&](Stage stage) { return sums.by_stage[static_cast<size_t>(stage)]; };
  domain::Coverage coverage;
  coverage.expected = station_count;
  coverage.counted = in_state(UnitState::kCounted);
  coverage.quarantined = in_state(UnitState::kQuarantined);
  coverage.annulled = in_state(UnitState::kAnnulled);
  coverage.excluded_contested = in_state(UnitState::kExcludedContested);
  coverage.missing =
      station_count - coverage.counted - coverage.quarantined - coverage.annulled - coverage.excluded_contested;
  coverage.contested = sums.contested;
  coverage.awaiting_correction = sums.awaiting_correction;
  coverage.counted_preliminary = in_stage(Stage::kPreliminary);
  coverage.counted_final = in_stage(Stage::kFinal);
  coverage.counted_corrected = in_stage(Stage::kCorrected);
  return ToAnswer(coverage);
}

v1::Outcome ToAnswer(const domain::Outcome& outcome, const domain::Contest& contest,
                     std::span<const std::optional<int64_t>> votes) {
  v1::Outcome out;
  out.set_status(static_cast<v1::OutcomeStatus>(outcome.status));
  for (const int32_t option : outcome.options) out.add_option_ids(contest.options[option].id);
  if (outcome.allocation) *out.mutable_allocation() = ToAllocation(*outcome.allocation, contest);
  const auto* majority = std::get_if<domain::AbsoluteMajority>(&contest.rule);
  for (const domain::ConditionResult& result : outcome.conditions) {
    v1::ConditionResult& added = *out.add_conditions();
    if (majority != nullptr && result.condition >= 0 &&
        result.condition < static_cast<int32_t>(majority->conditions.size())) {
      *added.mutable_condition() = ToWinningCondition(majority->conditions[result.condition]);
    }
    if (const int32_t option = TriedOption(result, outcome, contest, votes); option >= 0) {
      added.set_option_id(contest.options[option].id);
    }
    *added.mutable_share() = ToAnswer(result.share);
    if (result.lead) *added.mutable_lead() = ToAnswer(*result.lead);
    added.set_met(result.met);
  }
  if (outcome.regions) {
    v1::RegionalResult& regions = *out.mutable_regions();
    if (const auto* referendum = std::get_if<domain::Referendum>(&contest.rule);
        referendum != nullptr && referendum->regions) {
      *regions.mutable_condition() = ToRegionalCondition(*referendum->regions);
    }
    regions.set_unit_count(outcome.regions->unit_count);
    regions.set_met_count(static_cast<int64_t>(outcome.regions->met_unit_ids.size()));
    for (const std::string& unit_id : outcome.regions->met_unit_ids) regions.add_met_unit_ids(unit_id);
    regions.set_met(outcome.regions->met);
  }
  out.set_explanation(outcome.explanation);
  return out;
}

const std::string& ColumnId(int32_t column, const domain::ElectionDefined& election, const domain::Contest& contest) {
  const size_t line_count = election.lines.size();
  const size_t index = static_cast<size_t>(column);
  return index < line_count ? election.lines[index].id : contest.options[index - line_count].id;
}

v1::Tally ToAnswer(const domain::Tally& tally) {
  const domain::ElectionHistory& election_history = *tally.place.election;
  const domain::ElectionDefined& election = election_history.header();
  const domain::ContestHistory& contest_history = *tally.place.contest;
  const domain::Contest& contest = contest_history.contest();
  const domain::Unit& unit = election_history.area().node(tally.place.unit).unit;

  v1::Tally out;
  out.set_election_id(election.election_id);
  out.set_contest_id(contest.id);
  SetNames(contest.names, *out.mutable_contest_names());
  out.set_unit_id(unit.id);
  SetNames(unit.names, *out.mutable_unit_names());
  *out.mutable_view() = ToAnswer(domain::NameView(election_history, tally.view));

  const size_t line_count = election.lines.size();
  for (size_t i = 0; i < line_count; ++i) {
    v1::Total& line = *out.add_lines();
    line.set_id(election.lines[i].id);
    if (tally.totals[i]) line.set_count(*tally.totals[i]);
    line.set_stated_count(tally.stated[i]);
  }
  for (size_t i = 0; i < contest.options.size(); ++i) {
    const domain::Option& declared = contest.options[i];
    const size_t column = line_count + i;
    v1::OptionTotal& option = *out.add_options();
    option.set_option_id(declared.id);
    SetNames(declared.names, *option.mutable_names());
    if (tally.totals[column]) option.set_votes(*tally.totals[column]);
    option.set_stated_count(tally.stated[column]);
    if (tally.shares[i]) *option.mutable_share() = ToAnswer(*tally.shares[i]);
    option.set_kind(static_cast<v1::OptionKind>(declared.kind));
    option.set_party_id(declared.party_id);
  }
  out.set_share_base_id(contest.share_base_id);
  for (const domain::Base& base : election.bases) {
    if (base.id == contest.share_base_id) SetNames(base.names, *out.mutable_share_base_names());
  }
  if (tally.share_base) out.set_share_base(*tally.share_base);
  for (const domain::TurnoutValue& value : tally.turnouts) {
    const domain::Turnout& declared = election.turnouts[value.turnout];
    v1::TurnoutValue& turnout = *out.add_turnouts();
    turnout.set_turnout_id(declared.id);
    SetNames(declared.names, *turnout.mutable_names());
    if (value.ratio) *turnout.mutable_ratio() = ToAnswer(*value.ratio);
    turnout.set_citation(declared.citation);
  }
  out.set_roll(tally.roll);
  *out.mutable_coverage() = ToAnswer(tally.coverage);
  if (tally.outcome) {
    *out.mutable_outcome() = ToAnswer(*tally.outcome, contest, std::span(tally.totals).subspan(line_count));
  }
  for (const domain::ClaimComparison& comparison : tally.claims) {
    const domain::ProtocolFacts& facts = contest_history.protocol(comparison.protocol);
    v1::ClaimComparison& claim = *out.add_claims();
    claim.set_sequence(facts.sequence);
    claim.set_source_id(election.sources[facts.source].id);
    claim.set_stage(ToAnswer(facts.stage));
    for (const domain::ClaimFigure& compared : comparison.figures) {
      v1::ClaimFigure& figure = *claim.add_figures();
      figure.set_id(ColumnId(compared.column, election, contest));
      if (compared.claimed) figure.set_claimed(*compared.claimed);
      if (compared.summed) figure.set_summed(*compared.summed);
    }
  }
  out.set_finding_count(tally.with_findings);
  out.set_notice(election.notice);
  return out;
}

v1::ContestOutcome ToContestOutcome(const domain::Tally& tally) {
  const domain::Contest& contest = tally.place.contest->contest();
  const size_t line_count = tally.place.election->header().lines.size();
  v1::ContestOutcome out;
  out.set_contest_id(contest.id);
  SetNames(contest.names, *out.mutable_names());
  if (tally.outcome) {
    *out.mutable_outcome() = ToAnswer(*tally.outcome, contest, std::span(tally.totals).subspan(line_count));
  }
  *out.mutable_coverage() = ToAnswer(tally.coverage);
  return out;
}

v1::PartySeats ToAnswer(const domain::PartySeats& seats, const domain::ElectionDefined& election) {
  v1::PartySeats out;
  if (seats.party >= 0) {
    out.set_party_id(election.parties[seats.party].id);
    SetNames(election.parties[seats.party].names, *out.mutable_names());
  }
  out.set_list_seat_count(seats.list_seats);
  out.set_district_seat_count(seats.district_seats);
  return out;
}

v1::Finding ToAnswer(const domain::Finding& finding, const domain::ElectionDefined& election,
                     const domain::ContestHistory& contest) {
  v1::Finding out;
  if (finding.rule_index < 0) {
    out.set_rule_id(kBlankFigureRuleId);
    out.set_severity(v1::SEVERITY_SOFT);
    if (finding.column >= 0) out.add_ids(ColumnId(finding.column, election, contest.contest()));
    return out;
  }
  const domain::Rule& rule = election.rules[finding.rule_index];
  out.set_rule_id(rule.id);
  out.set_severity(static_cast<v1::Severity>(rule.severity));
  SetNames(rule.texts, *out.mutable_texts());
  out.set_citation(rule.citation);
  out.set_left(finding.left);
  out.set_right(finding.right);
  for (const int32_t column : contest.rules().RuleColumns(finding.rule_index)) {
    out.add_ids(ColumnId(column, election, contest.contest()));
  }
  return out;
}

v1::StationCoverage ToStationCoverage(const domain::ElectionHistory& election, const domain::ContestHistory& contest,
                                      domain::UnitIndex station, const domain::Effect& effect, int64_t tree_size) {
  const domain::Unit& unit = election.area().node(station).unit;
  v1::StationCoverage out;
  out.set_unit_id(unit.id);
  SetNames(unit.names, *out.mutable_names());
  out.set_state(ToAnswer(effect.state));
  out.set_contested(effect.contested);
  out.set_awaiting_correction(effect.awaiting_correction);
  if (effect.protocol >= 0) {
    const domain::ProtocolFacts& facts = contest.protocol(effect.protocol);
    out.set_sequence(facts.sequence);
    out.set_stage(ToAnswer(facts.stage));
    out.set_finding_count(facts.finding_count);
  }
  if (const std::optional<int64_t> roll = election.RollAt(station, tree_size)) out.set_registered_voters(*roll);
  return out;
}

v1::DiffSummary ToAnswer(const domain::Diff& diff) {
  const domain::ElectionHistory& election_history = *diff.left.election;
  const domain::ElectionDefined& election = election_history.header();
  const domain::Contest& contest = diff.left.contest->contest();

  v1::DiffSummary out;
  *out.mutable_left_view() = ToAnswer(domain::NameView(election_history, diff.left_view));
  *out.mutable_right_view() = ToAnswer(domain::NameView(election_history, diff.right_view));
  out.set_election_id(election.election_id);
  out.set_contest_id(contest.id);
  out.set_unit_id(election_history.area().node(diff.left.unit).unit.id);
  out.set_left_count(diff.left_count);
  out.set_right_count(diff.right_count);
  out.set_common_count(diff.common_count);
  out.set_only_left_count(diff.only_left_count);
  out.set_only_right_count(diff.only_right_count);
  out.set_option_difference_count(diff.option_difference_count);
  out.set_option_effect(diff.option_effect);
  out.set_difference_count(diff.difference_count);
  out.set_effect(diff.effect);
  const size_t line_count = election.lines.size();
  for (size_t column = 0; column < diff.columns.size(); ++column) {
    const std::string& id = ColumnId(static_cast<int32_t>(column), election, contest);
    *(column < line_count ? out.add_lines() : out.add_options()) = ToFigureDiff(id, diff.columns[column]);
  }
  for (int kind = 1; kind <= domain::kDiscrepancyKindCount; ++kind) {
    if (diff.by_kind[kind] == 0) continue;
    v1::KindCount& count = *out.add_kinds();
    count.set_kind(static_cast<v1::DiscrepancyKind>(kind));
    count.set_count(diff.by_kind[kind]);
  }
  if (diff.left_outcome) *out.mutable_left_outcome() = ToAnswer(*diff.left_outcome, contest);
  if (diff.right_outcome) *out.mutable_right_outcome() = ToAnswer(*diff.right_outcome, contest);
  for (const std::string& change : diff.outcome_changes) out.add_outcome_changes(change);
  return out;
}

v1::Discrepancy ToAnswer(const domain::Discrepancy& discrepancy, const domain::Diff& diff) {
  const domain::ElectionHistory& election_history = *diff.left.election;
  const domain::ElectionDefined& election = election_history.header();
  const domain::ContestHistory& contest = *diff.left.contest;
  const domain::Unit& unit = election_history.area().node(discrepancy.unit).unit;

  v1::Discrepancy out;
  out.set_unit_id(unit.id);
  SetNames(unit.names, *out.mutable_names());
  out.set_kind(static_cast<v1::DiscrepancyKind>(discrepancy.kind));
  out.set_option_effect(discrepancy.option_effect);
  out.set_effect(discrepancy.effect);
  const bool has_left = discrepancy.left_protocol >= 0;
  const bool has_right = discrepancy.right_protocol >= 0;
  domain::FigureRow left;
  domain::FigureRow right;
  if (has_left) {
    left = contest.figures(discrepancy.left_protocol);
    out.set_left_sequence(contest.protocol(discrepancy.left_protocol).sequence);
  }
  if (has_right) {
    right = contest.figures(discrepancy.right_protocol);
    out.set_right_sequence(contest.protocol(discrepancy.right_protocol).sequence);
  }
  for (int32_t column = 0; column < contest.column_count(); ++column) {
    const int32_t left_count = has_left ? left[column] : domain::kBlank;
    const int32_t right_count = has_right ? right[column] : domain::kBlank;
    if (has_left && has_right && left_count == right_count) continue;
    v1::FigurePair& pair = *out.add_figures();
    pair.set_id(ColumnId(column, election, contest.contest()));
    if (left_count != domain::kBlank) pair.set_left(left_count);
    if (right_count != domain::kBlank) pair.set_right(right_count);
  }
  return out;
}

}  // namespace hattama::wire
