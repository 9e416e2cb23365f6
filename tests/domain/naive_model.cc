#include "tests/domain/naive_model.h"

#include <variant>

namespace hattama::testing {
namespace {

using domain::DecisionKind;
using domain::Stage;

// The figure of an id, or nullopt where it is blank or left out.
std::optional<int64_t> FigureOf(const std::vector<domain::Figure>& figures, const std::string& id) {
  for (const domain::Figure& figure : figures) {
    if (figure.id == id) return figure.count;
  }
  return std::nullopt;
}

bool InRange(int64_t count) { return 0 <= count && count <= 999'999'999; }

}  // namespace

void PrintTo(const NaiveTally& tally, std::ostream* out) {
  const auto number = [](const std::optional<int64_t>& value) { return value ? std::to_string(*value) : "-"; };
  *out << "totals";
  for (const auto& total : tally.totals) *out << " " << number(total);
  *out << "; stated";
  for (const int64_t stated : tally.stated) *out << " " << stated;
  for (const auto& [name, count] : tally.coverage) *out << "; " << name << " " << count;
  *out << "; roll " << tally.roll << "; with findings " << tally.with_findings << "; claims";
  for (const int64_t claim : tally.claims) *out << " " << claim;
}

NaiveState::NaiveState(const domain::Definition& definition) : definition_(&definition) {
  for (const domain::Unit& unit : definition.units) units_[unit.id] = &unit;
  for (const domain::Contest& contest : definition.contests) contests_[contest.id] = &contest;
  for (const domain::Source& source : definition.election.sources) sources_[source.id] = &source;
  for (const domain::RollEntry& entry : definition.roll) roll_[entry.unit_id] = entry.registered_voters;
}

bool NaiveState::IsBelow(const std::string& unit, const std::string& above) const {
  if (unit == above) return true;
  const std::string& parent = units_.at(unit)->parent_id;
  return !parent.empty() && IsBelow(parent, above);
}

bool NaiveState::IsStation(const std::string& unit) const {
  return units_.at(unit)->level_id == definition_->election.levels.back().id;
}

// The roll of a station; above, the sum over the stations that have one, where there is any voter.
std::optional<int64_t> NaiveState::RollOf(const std::string& unit) const {
  int64_t sum = 0;
  for (const auto& [station, voters] : roll_) {
    if (station == unit) return voters;
    if (IsBelow(station, unit)) sum += voters;
  }
  return sum > 0 ? std::optional<int64_t>(sum) : std::nullopt;
}

const NaiveState::Recorded* NaiveState::Find(const std::string& contest, const std::string& unit,
                                             const std::string& source, Stage stage) const {
  const auto it = protocols_.find({contest, unit, source, stage});
  return it == protocols_.end() ? nullptr : &it->second.back();
}

std::optional<int64_t> NaiveState::Head(const domain::ProtocolSubmitted& protocol) const {
  const Recorded* head = Find(protocol.contest_id, protocol.unit_id, protocol.source_id, protocol.stage);
  return head == nullptr ? std::nullopt : std::optional<int64_t>(head->sequence);
}

std::vector<int64_t> NaiveState::protocol_sequences() const {
  std::vector<int64_t> sequences;
  for (const auto& [key, chain] : protocols_) {
    for (const Recorded& recorded : chain) sequences.push_back(recorded.sequence);
  }
  return sequences;
}

std::vector<int64_t> NaiveState::decision_sequences() const {
  std::vector<int64_t> sequences;
  for (const auto& [sequence, decision] : decisions_) sequences.push_back(sequence);
  return sequences;
}

std::vector<std::string> NaiveState::appeal_ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, appeal] : appeals_) ids.push_back(id);
  return ids;
}

// ---------------------------------------------------------------------------------------------------------------------
// Admission

bool NaiveState::Admits(const domain::Event& event) const {
  if (const auto* protocol = std::get_if<domain::ProtocolSubmitted>(&event)) return AdmitsProtocol(*protocol);
  if (const auto* roll = std::get_if<domain::RollAmended>(&event)) return AdmitsRoll(*roll);
  if (const auto* appeal = std::get_if<domain::AppealFiled>(&event)) return AdmitsAppeal(*appeal);
  return AdmitsDecision(std::get<domain::DecisionRecorded>(event));
}

bool NaiveState::AdmitsProtocol(const domain::ProtocolSubmitted& protocol) const {
  if (!contests_.contains(protocol.contest_id) || !units_.contains(protocol.unit_id) ||
      !sources_.contains(protocol.source_id)) {
    return false;
  }
  const domain::Contest& contest = *contests_.at(protocol.contest_id);
  const domain::Source& source = *sources_.at(protocol.source_id);
  if (!IsBelow(protocol.unit_id, contest.unit_id)) return false;
  if (!source.level_id.empty() && source.level_id != units_.at(protocol.unit_id)->level_id) return false;

  std::set<std::string> lines, options;
  for (const domain::Line& line : definition_->election.lines) lines.insert(line.id);
  for (const domain::Option& option : contest.options) options.insert(option.id);
  for (const domain::Figure& figure : protocol.lines) {
    if (lines.erase(figure.id) == 0 || (figure.count && !InRange(*figure.count))) return false;
  }
  for (const domain::Figure& figure : protocol.options) {
    if (options.erase(figure.id) == 0 || (figure.count && !InRange(*figure.count))) return false;
  }
  if (!options.empty()) return false;

  if (protocol.stage != Stage::kCorrected) {
    if (protocol.decision_sequence) return false;
  } else if (source.kind == domain::SourceKind::kMonitor) {
    return false;
  } else if (IsStation(protocol.unit_id)) {
    if (!protocol.decision_sequence || !decisions_.contains(*protocol.decision_sequence)) return false;
    const DecisionState& decision = decisions_.at(*protocol.decision_sequence);
    if (decision.contest != protocol.contest_id) return false;
    if (decision.kind != DecisionKind::kFiguresCorrected && decision.kind != DecisionKind::kRecountOrdered) {
      return false;
    }
    bool named = false;
    for (const std::string& unit : decision.units) named = named || unit == protocol.unit_id;
    if (!named) return false;
  }
  return protocol.supersedes_sequence == Head(protocol);
}

bool NaiveState::AdmitsRoll(const domain::RollAmended& roll) const {
  std::set<std::string> seen;
  for (const domain::RollEntry& entry : roll.entries) {
    if (!units_.contains(entry.unit_id) || !IsStation(entry.unit_id)) return false;
    if (!seen.insert(entry.unit_id).second || !InRange(entry.registered_voters)) return false;
  }
  return !roll.entries.empty() && !roll.reason.empty();
}

bool NaiveState::AreStationsOf(const std::string& contest, const std::vector<std::string>& units) const {
  std::set<std::string> seen;
  for (const std::string& unit : units) {
    if (!units_.contains(unit) || !IsStation(unit) || !seen.insert(unit).second) return false;
    if (!IsBelow(unit, contests_.at(contest)->unit_id)) return false;
  }
  return true;
}

bool NaiveState::AdmitsAppeal(const domain::AppealFiled& appeal) const {
  return contests_.contains(appeal.contest_id) && !appeal.appeal_id.empty() && !appeals_.contains(appeal.appeal_id) &&
         !appeal.unit_ids.empty() && AreStationsOf(appeal.contest_id, appeal.unit_ids);
}

bool NaiveState::AdmitsDecision(const domain::DecisionRecorded& decision) const {
  if (!contests_.contains(decision.contest_id) || !AreStationsOf(decision.contest_id, decision.unit_ids)) return false;
  const bool releases = decision.kind == DecisionKind::kQuarantineReleased;
  if (releases == decision.released_sequences.empty()) return false;
  if (decision.kind == DecisionKind::kDismissed && decision.appeal_id.empty()) return false;
  if (!releases && decision.appeal_id.empty() && decision.unit_ids.empty()) return false;

  std::vector<std::string> units = decision.unit_ids;
  if (!decision.appeal_id.empty()) {
    if (!appeals_.contains(decision.appeal_id)) return false;
    const AppealState& appeal = appeals_.at(decision.appeal_id);
    if (appeal.contest != decision.contest_id || !appeal.open) return false;
    const std::set<std::string> appealed(appeal.units.begin(), appeal.units.end());
    for (const std::string& unit : decision.unit_ids) {
      if (!appealed.contains(unit)) return false;
    }
    if (units.empty()) units = appeal.units;
  }
  for (const std::string& unit : units) {
    const bool annulled = annulled_.contains({decision.contest_id, unit});
    if (decision.kind == DecisionKind::kResultsAnnulled && annulled) return false;
    if (decision.kind == DecisionKind::kResultsReinstated && !annulled) return false;
  }
  for (const int64_t released : decision.released_sequences) {
    bool quarantined = false;
    for (const auto& [key, chain] : protocols_) {
      const Recorded& head = chain.back();
      quarantined = quarantined || (head.sequence == released && std::get<0>(key) == decision.contest_id && head.hard &&
                                    !released_.contains(released));
    }
    if (!quarantined) return false;
  }
  return true;
}

// ---------------------------------------------------------------------------------------------------------------------
// The fold

void NaiveState::Apply(int64_t sequence, const domain::Event& event) {
  if (const auto* protocol = std::get_if<domain::ProtocolSubmitted>(&event)) {
    const auto line = [&](const char* id) { return FigureOf(protocol->lines, id); };
    const auto valid = line("valid"), invalid = line("invalid"), found = line("found"), issued = line("issued");
    Recorded recorded{.sequence = sequence, .protocol = *protocol};
    // A required line or an option that is blank.
    bool soft = !issued;
    std::optional<int64_t> all = 0;
    for (const domain::Figure& option : protocol->options) {
      soft = soft || !option.count;
      all = all && option.count ? std::optional<int64_t>(*all + *option.count) : std::nullopt;
    }
    if (valid && all && *valid != *all) recorded.hard = true;                            // "sum"
    if (found && valid && invalid && *found != *valid + *invalid) recorded.hard = true;  // "balance"
    if (found && issued && *found > *issued) soft = true;                                // "carried"
    const auto roll = RollOf(protocol->unit_id);
    if (issued && roll && *issued > *roll) soft = true;  // "roll"
    recorded.has_findings = recorded.hard || soft;
    if (protocol->stage == Stage::kCorrected) awaiting_.erase({protocol->contest_id, protocol->unit_id});
    protocols_[{protocol->contest_id, protocol->unit_id, protocol->source_id, protocol->stage}].push_back(recorded);
  } else if (const auto* amended = std::get_if<domain::RollAmended>(&event)) {
    for (const domain::RollEntry& entry : amended->entries) roll_[entry.unit_id] = entry.registered_voters;
  } else if (const auto* appeal = std::get_if<domain::AppealFiled>(&event)) {
    appeals_[appeal->appeal_id] = AppealState{appeal->contest_id, appeal->unit_ids, true};
  } else if (const auto* decision = std::get_if<domain::DecisionRecorded>(&event)) {
    std::vector<std::string> units = decision->unit_ids;
    if (!decision->appeal_id.empty()) {
      appeals_[decision->appeal_id].open = false;
      if (units.empty()) units = appeals_[decision->appeal_id].units;
    }
    decisions_[sequence] = DecisionState{decision->contest_id, decision->kind, units};
    released_.insert(decision->released_sequences.begin(), decision->released_sequences.end());
    for (const std::string& unit : units) {
      const Place place{decision->contest_id, unit};
      if (decision->kind == DecisionKind::kResultsAnnulled) annulled_.insert(place);
      if (decision->kind == DecisionKind::kResultsReinstated) annulled_.erase(place);
      if (decision->kind == DecisionKind::kFiguresCorrected || decision->kind == DecisionKind::kRecountOrdered) {
        awaiting_.insert(place);
      }
    }
  }
}

NaiveState NaiveModel::At(int64_t tree_size) const {
  NaiveState state(*definition_);
  for (int64_t sequence = first_sequence_; sequence < tree_size; ++sequence) {
    state.Apply(sequence, events_[sequence - first_sequence_]);
  }
  return state;
}

// ---------------------------------------------------------------------------------------------------------------------
// Answers

const NaiveState::Recorded* NaiveState::Chosen(const std::string& contest, const std::string& unit,
                                               const domain::View& view) const {
  const Recorded* preliminary = Find(contest, unit, view.source_id, Stage::kPreliminary);
  const Recorded* final = Find(contest, unit, view.source_id, Stage::kFinal);
  const Recorded* corrected = Find(contest, unit, view.source_id, Stage::kCorrected);
  switch (view.policy) {
    case domain::Policy::kPreliminaryOnly:
      return preliminary;
    case domain::Policy::kFinalOnly:
      return final;
    case domain::Policy::kFinalElsePreliminary:
      return final != nullptr ? final : preliminary;
    case domain::Policy::kCorrectedFirst:
      return corrected != nullptr ? corrected : final != nullptr ? final : preliminary;
  }
  return nullptr;
}

bool NaiveState::IsContested(const Place& place) const {
  for (const auto& [id, appeal] : appeals_) {
    if (!appeal.open || appeal.contest != place.first) continue;
    for (const std::string& unit : appeal.units) {
      if (unit == place.second) return true;
    }
  }
  return false;
}

NaiveTally NaiveState::Tally(const std::string& contest, const std::string& unit, const domain::View& view) const {
  NaiveTally tally;
  const size_t line_count = definition_->election.lines.size();
  const domain::Contest& defined = *contests_.at(contest);
  tally.totals.resize(line_count + defined.options.size());
  tally.stated.resize(tally.totals.size());
  const auto add = [&tally](size_t column, std::optional<int64_t> count) {
    if (!count) return;
    tally.totals[column] = tally.totals[column].value_or(0) + *count;
    ++tally.stated[column];
  };
  for (const char* name : {"expected", "counted", "quarantined", "annulled", "excluded", "missing", "contested",
                           "awaiting", "preliminary", "final", "corrected"}) {
    tally.coverage[name] = 0;
  }
  for (const domain::Unit& candidate : definition_->units) {
    const bool counts_here = view.basis == domain::Basis::kClaims
                                 ? candidate.id == unit
                                 : IsStation(candidate.id) && IsBelow(candidate.id, unit);
    if (!counts_here) continue;
    const Place place{contest, candidate.id};
    const Recorded* chosen = Chosen(contest, candidate.id, view);
    ++tally.coverage["expected"];
    tally.coverage["contested"] += IsContested(place) ? 1 : 0;
    tally.coverage["awaiting"] += awaiting_.contains(place) ? 1 : 0;
    if (annulled_.contains(place)) {
      ++tally.coverage["annulled"];
    } else if (chosen == nullptr) {
      ++tally.coverage["missing"];
    } else if (chosen->hard && !released_.contains(chosen->sequence)) {
      ++tally.coverage["quarantined"];
    } else if (view.excluding_contested && IsContested(place)) {
      ++tally.coverage["excluded"];
    } else {
      ++tally.coverage["counted"];
      const Stage stage = chosen->protocol.stage;
      ++tally.coverage[stage == Stage::kPreliminary ? "preliminary" : stage == Stage::kFinal ? "final" : "corrected"];
      tally.with_findings += chosen->has_findings ? 1 : 0;
      for (size_t i = 0; i < line_count; ++i) {
        add(i, FigureOf(chosen->protocol.lines, definition_->election.lines[i].id));
      }
      for (size_t i = 0; i < defined.options.size(); ++i) {
        add(line_count + i, FigureOf(chosen->protocol.options, defined.options[i].id));
      }
    }
  }
  tally.roll = RollOf(unit).value_or(0);
  if (!IsStation(unit)) {
    for (const domain::Source& source : definition_->election.sources) {
      for (const Stage stage : {Stage::kPreliminary, Stage::kFinal, Stage::kCorrected}) {
        if (const Recorded* claim = Find(contest, unit, source.id, stage)) tally.claims.push_back(claim->sequence);
      }
    }
  }
  return tally;
}

}  // namespace hattama::testing
