#include "services/domain/tally.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hattama::domain {
namespace {

// The figures of the unit's own protocol in a view of claims.
Sums ClaimSums(const Place& place, const ResolvedView& view) {
  Sums sums(place.contest->column_count());
  sums.Add(*place.contest, place.contest->EffectAt(place.unit, view, place.tree_size), 1);
  return sums;
}

Sums SumsOf(const Place& place, const ResolvedView& view) {
  return view.basis == Basis::kClaims ? ClaimSums(place, view) : SumStations(place, view);
}

std::vector<std::optional<int64_t>> Totals(const Sums& sums) {
  std::vector<std::optional<int64_t>> totals(sums.value.size());
  for (size_t i = 0; i < totals.size(); ++i) {
    if (sums.stated[i] > 0) totals[i] = sums.value[i];
  }
  return totals;
}

Coverage CoverageOf(const Sums& sums) {
  const auto state = [&sums](UnitState of) { return sums.by_state[static_cast<size_t>(of)]; };
  const auto stage = [&sums](Stage of) { return sums.by_stage[static_cast<size_t>(of)]; };
  Coverage coverage;
  coverage.counted = state(UnitState::kCounted);
  coverage.quarantined = state(UnitState::kQuarantined);
  coverage.annulled = state(UnitState::kAnnulled);
  coverage.excluded_contested = state(UnitState::kExcludedContested);
  coverage.missing = state(UnitState::kMissing);
  coverage.expected =
      coverage.counted + coverage.quarantined + coverage.annulled + coverage.excluded_contested + coverage.missing;
  coverage.contested = sums.contested;
  coverage.awaiting_correction = sums.awaiting_correction;
  coverage.counted_preliminary = stage(Stage::kPreliminary);
  coverage.counted_final = stage(Stage::kFinal);
  coverage.counted_corrected = stage(Stage::kCorrected);
  return coverage;
}

// Evaluates terms of the election over the totals of one place.
class Evaluator {
 public:
  Evaluator(const Place& place, const std::vector<std::optional<int64_t>>& totals)
      : header_(place.election->header()), options_(place.contest->contest().options), totals_(totals) {
    roll_ = place.election->RollSumAt(place.unit, place.tree_size);
  }

  int64_t roll() const { return roll_; }

  std::optional<int64_t> Value(const Terms& terms) const {
    return Expression(terms, header_.lines, options_)
        .Evaluate(std::span<const std::optional<int64_t>>(totals_),
                  roll_ > 0 ? std::optional<int64_t>(roll_) : std::nullopt);
  }

  std::optional<int64_t> Base(std::string_view base_id) const {
    for (const domain::Base& base : header_.bases) {
      if (base.id == base_id) return Value(base.terms);
    }
    return std::nullopt;
  }

 private:
  const ElectionDefined& header_;
  const std::vector<Option>& options_;
  const std::vector<std::optional<int64_t>>& totals_;
  int64_t roll_ = 0;
};

std::vector<std::optional<int64_t>> OptionVotes(const Place& place, const std::vector<std::optional<int64_t>>& totals) {
  return {totals.begin() + static_cast<int64_t>(place.election->header().lines.size()), totals.end()};
}

// The figures a referendum's regional condition needs.
std::vector<OutcomeInput::Region> Regions(const Place& place, const ResolvedView& view, const Referendum& rule) {
  std::vector<OutcomeInput::Region> regions;
  const AreaTree& area = place.election->area();
  const std::optional<int32_t> level = place.election->FindLevel(rule.regions->level_id);
  const auto& options = place.contest->contest().options;
  const auto yes =
      std::find_if(options.begin(), options.end(), [](const Option& o) { return o.kind == OptionKind::kYes; });
  const size_t column = place.election->header().lines.size() + static_cast<size_t>(yes - options.begin());
  for (UnitIndex unit = place.unit; unit < area.node(place.unit).end; ++unit) {
    if (area.node(unit).level != *level) continue;
    Place at = place;
    at.unit = unit;
    const std::vector<std::optional<int64_t>> totals = Totals(SumsOf(at, view));
    regions.push_back({area.node(unit).unit.id, totals[column], Evaluator(at, totals).Base(rule.condition.base_id)});
  }
  return regions;
}

Outcome DecideAt(const Place& place, const ResolvedView& view, const std::vector<std::optional<int64_t>>& totals) {
  OutcomeInput input;
  input.contest = &place.contest->contest();
  input.votes = OptionVotes(place, totals);
  const Evaluator evaluator(place, totals);
  input.base = [&evaluator](std::string_view base_id) { return evaluator.Base(base_id); };
  if (const auto* referendum = std::get_if<Referendum>(&input.contest->rule); referendum && referendum->regions) {
    input.regions = Regions(place, view, *referendum);
  }
  return Decide(input);
}

// Every source's current claims for the unit, beside `totals`.
std::vector<ClaimComparison> CompareClaims(const Place& place, const std::vector<std::optional<int64_t>>& totals) {
  std::vector<ClaimComparison> claims;
  if (place.election->area().IsStation(place.unit)) return claims;
  const int32_t source_count = static_cast<int32_t>(place.election->header().sources.size());
  for (int32_t source = 0; source < source_count; ++source) {
    for (const Stage stage : {Stage::kPreliminary, Stage::kFinal, Stage::kCorrected}) {
      const int32_t protocol = place.contest->Head(place.unit, source, stage, place.tree_size);
      if (protocol < 0) continue;
      ClaimComparison claim{.protocol = protocol, .figures = {}};
      const FigureRow row = place.contest->figures(protocol);
      for (size_t i = 0; i < row.size(); ++i) {
        claim.figures.push_back(
            {static_cast<int32_t>(i), row[i] == kBlank ? std::nullopt : std::optional<int64_t>(row[i]), totals[i]});
      }
      claims.push_back(std::move(claim));
    }
  }
  return claims;
}

}  // namespace

absl::StatusOr<Place> Locate(const History& history, std::string_view election_id, std::string_view contest_id,
                             std::string_view unit_id, int64_t tree_size) {
  if (tree_size < 0 || tree_size > history.tree_size()) {
    return absl::OutOfRangeError(absl::StrCat("tree_size ", tree_size, " is outside 0..", history.tree_size()));
  }
  const std::optional<int32_t> election = history.FindElection(election_id);
  if (!election.has_value() || !history.election(*election).open_at(tree_size)) {
    return absl::NotFoundError(
        absl::StrCat("no election \"", Text(election_id), "\" is open at tree_size ", tree_size));
  }
  Place place;
  place.election_index = *election;
  place.election = &history.election(*election);
  place.tree_size = tree_size;
  if (contest_id.empty()) {
    if (place.election->contest_count() != 1) {
      return absl::InvalidArgumentError(absl::StrCat("contest_id: election \"", Text(election_id), "\" has ",
                                                     place.election->contest_count(), " contests; name one"));
    }
    place.contest_index = 0;
  } else {
    const std::optional<int32_t> contest = place.election->FindContest(contest_id);
    if (!contest.has_value()) {
      return absl::NotFoundError(
          absl::StrCat("election \"", Text(election_id), "\" has no contest \"", Text(contest_id), "\""));
    }
    place.contest_index = *contest;
  }
  place.contest = &place.election->contest(place.contest_index);
  place.unit = place.contest->root();
  if (!unit_id.empty()) {
    const std::optional<UnitIndex> unit = place.election->area().Find(unit_id);
    if (!unit.has_value()) {
      return absl::NotFoundError(
          absl::StrCat("election \"", Text(election_id), "\" has no unit \"", Text(unit_id), "\""));
    }
    if (!place.election->area().Contains(place.unit, *unit)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "unit_id: unit \"", Text(unit_id), "\" does not vote in contest \"", place.contest->contest().id, "\""));
    }
    place.unit = *unit;
  }
  return place;
}

absl::StatusOr<ResolvedView> ResolveView(const ElectionHistory& election, const View& view) {
  ResolvedView resolved{.policy = view.policy, .basis = view.basis, .excluding_contested = view.excluding_contested};
  if (!view.source_id.empty()) {
    const std::optional<int32_t> source = election.FindSource(view.source_id);
    if (!source.has_value()) {
      return absl::NotFoundError(
          absl::StrCat("election \"", election.header().election_id, "\" has no source \"", view.source_id, "\""));
    }
    resolved.source = *source;
    return resolved;
  }
  // The first commission that states protocols on this basis.
  const auto& sources = election.header().sources;
  const std::string& station_level = election.header().levels.back().id;
  for (size_t i = 0; i < sources.size(); ++i) {
    const bool stations = sources[i].level_id.empty() || sources[i].level_id == station_level;
    const bool claims = sources[i].level_id.empty() || sources[i].level_id != station_level;
    if (sources[i].kind == SourceKind::kCommission && (view.basis == Basis::kClaims ? claims : stations)) {
      resolved.source = static_cast<int32_t>(i);
      return resolved;
    }
  }
  const auto id = [](std::string* out, const Source& source) { absl::StrAppend(out, source.id); };
  return absl::InvalidArgumentError(absl::StrCat("view.source_id: is required, because election \"",
                                                 election.header().election_id, "\" has no commission that states ",
                                                 view.basis == Basis::kClaims ? "claims" : "protocols of stations",
                                                 "; its sources are ", absl::StrJoin(sources, ", ", id)));
}

View NameView(const ElectionHistory& election, const ResolvedView& view) {
  return View{.source_id = election.header().sources[view.source].id,
              .policy = view.policy,
              .basis = view.basis,
              .excluding_contested = view.excluding_contested};
}

Sums SumStations(const Place& place, const ResolvedView& view) {
  const AreaTree& area = place.election->area();
  if (!area.IsStation(place.unit)) {
    if (const ViewIndex* index = place.contest->FindViewIndex(view)) return index->At(place.unit, place.tree_size);
  }
  Sums sums(place.contest->column_count());
  for (UnitIndex unit = place.unit; unit < area.node(place.unit).end; ++unit) {
    if (area.IsStation(unit)) sums.Add(*place.contest, place.contest->EffectAt(unit, view, place.tree_size), 1);
  }
  return sums;
}

Tally ComputeTally(const Place& place, const ResolvedView& view) {
  Tally tally;
  tally.place = place;
  tally.view = view;
  Sums sums = SumsOf(place, view);
  tally.totals = Totals(sums);
  tally.coverage = CoverageOf(sums);
  tally.with_findings = sums.with_findings;
  tally.stated = std::move(sums.stated);

  const Evaluator evaluator(place, tally.totals);
  tally.roll = evaluator.roll();
  tally.share_base = evaluator.Base(place.contest->contest().share_base_id);
  for (const std::optional<int64_t>& votes : OptionVotes(place, tally.totals)) {
    tally.shares.push_back(votes.has_value() && tally.share_base.value_or(0) > 0
                               ? std::optional<Fraction>({*votes, *tally.share_base})
                               : std::nullopt);
  }
  const std::vector<Turnout>& turnouts = place.election->header().turnouts;
  for (size_t i = 0; i < turnouts.size(); ++i) {
    TurnoutValue value{.turnout = static_cast<int32_t>(i), .ratio = {}};
    const std::optional<int64_t> numerator = evaluator.Value(turnouts[i].numerator);
    const std::optional<int64_t> denominator = evaluator.Value(turnouts[i].denominator);
    if (numerator.has_value() && denominator.value_or(0) > 0) value.ratio = Fraction{*numerator, *denominator};
    tally.turnouts.push_back(value);
  }
  if (place.unit == place.contest->root()) tally.outcome = DecideAt(place, view, tally.totals);

  ResolvedView summed = view;
  summed.basis = Basis::kStations;
  tally.claims =
      CompareClaims(place, view.basis == Basis::kStations ? tally.totals : Totals(SumStations(place, summed)));
  return tally;
}

SeatTable ComputeSeats(const Place& any, const ResolvedView& view) {
  SeatTable table;
  const std::vector<Party>& parties = any.election->header().parties;
  table.parties.resize(parties.size() + 1);
  for (size_t i = 0; i < parties.size(); ++i) table.parties[i].party = static_cast<int32_t>(i);
  const auto row = [&](const Option& option) -> PartySeats& {
    for (size_t i = 0; i < parties.size(); ++i) {
      if (parties[i].id == option.party_id) return table.parties[i];
    }
    return table.parties.back();
  };

  for (int32_t i = 0; i < any.election->contest_count(); ++i) {
    Place place = any;
    place.contest_index = i;
    place.contest = &any.election->contest(i);
    place.unit = place.contest->root();
    Tally tally = ComputeTally(place, view);
    const Outcome& outcome = *tally.outcome;
    const Contest& contest = place.contest->contest();
    if (const auto* list = std::get_if<PartyList>(&contest.rule)) {
      int64_t given = 0;
      if (outcome.allocation.has_value()) {
        for (const ListSeats& seats : outcome.allocation->lists) {
          row(contest.options[seats.option]).list_seats += seats.seats;
          given += seats.seats;
        }
      }
      table.seats += given;
      table.undecided_seats += list->seat_count - given;
    } else if (std::holds_alternative<Plurality>(contest.rule)) {
      if (outcome.status == OutcomeStatus::kDecided) {
        ++row(contest.options[outcome.options.front()]).district_seats;
        ++table.seats;
      } else {
        ++table.undecided_seats;
      }
    }
    table.contests.push_back(std::move(tally));
  }
  std::erase_if(table.parties, [](const PartySeats& seats) { return seats.list_seats + seats.district_seats == 0; });
  std::stable_sort(table.parties.begin(), table.parties.end(), [](const PartySeats& a, const PartySeats& b) {
    return a.list_seats + a.district_seats > b.list_seats + b.district_seats;
  });
  return table;
}

}  // namespace hattama::domain
