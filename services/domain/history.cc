#include "services/domain/history.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "services/domain/definition.h"

namespace hattama::domain {
namespace {

constexpr int64_t kFormatVersion = 1;
constexpr size_t kOriginBytesMax = 255;

void Refuse(Refusals& refusals, RefusalReason reason, std::string field, std::string message) {
  refusals.push_back(Refusal{reason, std::move(field), std::move(message), {}, {}});
}

std::string SequenceText(std::optional<int64_t> sequence) {
  return sequence.has_value() ? absl::StrCat("sequence ", *sequence) : "none";
}

// Looks a figure's column up; forms are usually filled in their own order, so that place is tried first.
template <typename T>
int32_t ColumnOf(const std::vector<T>& declared, const TextMap<int32_t>& index, size_t place, std::string_view id) {
  if (place < declared.size() && declared[place].id == id) return static_cast<int32_t>(place);
  const auto it = index.find(id);
  return it == index.end() ? -1 : it->second;
}

template <typename T>
TextMap<int32_t> IndexById(const std::vector<T>& elements) {
  TextMap<int32_t> index;
  for (size_t i = 0; i < elements.size(); ++i) index.emplace(elements[i].id, static_cast<int32_t>(i));
  return index;
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------------------
// ContestHistory

ContestHistory::ContestHistory(Contest contest, const std::vector<Line>& lines, const std::vector<Rule>& rules,
                               const AreaTree* area, UnitIndex root)
    : contest_(std::move(contest)),
      area_(area),
      root_(root),
      column_count_(static_cast<int32_t>(lines.size() + contest_.options.size())),
      rules_(rules, lines, contest_),
      option_index_(IndexById(contest_.options)) {
  const size_t unit_count = area_->node(root_).end - root_;
  first_stream_.resize(unit_count, -1);
  last_status_.resize(unit_count, -1);
}

int32_t ContestHistory::FindProtocol(int64_t sequence) const {
  const auto it = std::lower_bound(protocols_.begin(), protocols_.end(), sequence,
                                   [](const ProtocolFacts& facts, int64_t value) { return facts.sequence < value; });
  if (it == protocols_.end() || it->sequence != sequence) return -1;
  return static_cast<int32_t>(it - protocols_.begin());
}

const ContestHistory::Stream* ContestHistory::FindStream(UnitIndex unit, int32_t source) const {
  for (int32_t i = first_stream_[unit - root_]; i >= 0; i = streams_[i].next) {
    if (streams_[i].source == source) return &streams_[i];
  }
  return nullptr;
}

int32_t ContestHistory::HeadOf(int32_t last, int64_t tree_size) const {
  // Each protocol supersedes the one before, so the last one recorded before tree_size is in force.
  while (last >= 0 && protocols_[last].sequence >= tree_size) last = protocols_[last].previous;
  return last;
}

int32_t ContestHistory::Head(UnitIndex unit, int32_t source, Stage stage, int64_t tree_size) const {
  const Stream* stream = FindStream(unit, source);
  return stream == nullptr ? -1 : HeadOf(stream->last[static_cast<size_t>(stage)], tree_size);
}

StatusChange ContestHistory::StatusAt(UnitIndex unit, int64_t tree_size) const {
  for (int32_t i = last_status_[unit - root_]; i >= 0; i = statuses_[i].previous) {
    if (statuses_[i].sequence < tree_size) return statuses_[i];
  }
  return StatusChange{};
}

Effect ContestHistory::EffectAt(UnitIndex unit, const ResolvedView& view, int64_t tree_size) const {
  Effect effect;
  if (const Stream* stream = FindStream(unit, view.source)) {
    const auto head = [&](Stage stage) { return HeadOf(stream->last[static_cast<size_t>(stage)], tree_size); };
    const auto else_head = [&](int32_t first, Stage stage) { return first >= 0 ? first : head(stage); };
    switch (view.policy) {
      case Policy::kPreliminaryOnly:
        effect.protocol = head(Stage::kPreliminary);
        break;
      case Policy::kFinalOnly:
        effect.protocol = head(Stage::kFinal);
        break;
      case Policy::kFinalElsePreliminary:
        effect.protocol = else_head(head(Stage::kFinal), Stage::kPreliminary);
        break;
      case Policy::kCorrectedFirst:
        effect.protocol = else_head(else_head(head(Stage::kCorrected), Stage::kFinal), Stage::kPreliminary);
        break;
    }
  }
  const StatusChange status = StatusAt(unit, tree_size);
  effect.contested = status.open_appeals > 0;
  effect.awaiting_correction = status.awaiting_correction;
  if (status.annulled) {
    effect.state = UnitState::kAnnulled;
  } else if (effect.protocol < 0) {
    effect.state = UnitState::kMissing;
  } else if (protocols_[effect.protocol].hard && protocols_[effect.protocol].released_sequence >= tree_size) {
    effect.state = UnitState::kQuarantined;
  } else if (view.excluding_contested && effect.contested) {
    effect.state = UnitState::kExcludedContested;
  } else {
    effect.state = UnitState::kCounted;
  }
  return effect;
}

std::vector<int64_t> ContestHistory::SequencesOf(UnitIndex unit) const {
  std::vector<int64_t> sequences;
  for (int32_t s = first_stream_[unit - root_]; s >= 0; s = streams_[s].next) {
    for (const int32_t last : streams_[s].last) {
      for (int32_t i = last; i >= 0; i = protocols_[i].previous) sequences.push_back(protocols_[i].sequence);
    }
  }
  for (int32_t i = last_status_[unit - root_]; i >= 0; i = statuses_[i].previous) {
    sequences.push_back(statuses_[i].sequence);
  }
  return sequences;
}

const ViewIndex* ContestHistory::FindViewIndex(const ResolvedView& view) const {
  for (const auto& index : view_indexes_) {
    if (index->view() == view) return index.get();
  }
  return nullptr;
}

void ContestHistory::AppendProtocol(const ProtocolFacts& facts, std::span<const int32_t> figures,
                                    std::span<const Finding> findings) {
  int32_t stream = first_stream_[facts.unit - root_];
  while (stream >= 0 && streams_[stream].source != facts.source) stream = streams_[stream].next;
  if (stream < 0) {
    stream = static_cast<int32_t>(streams_.size());
    streams_.push_back(Stream{.source = facts.source, .next = first_stream_[facts.unit - root_]});
    first_stream_[facts.unit - root_] = stream;
  }
  int32_t& last = streams_[stream].last[static_cast<size_t>(facts.stage)];
  ProtocolFacts stored = facts;
  stored.previous = last;
  stored.finding_begin = static_cast<int32_t>(findings_.size());
  stored.finding_count = static_cast<int32_t>(findings.size());
  last = protocol_count();
  protocols_.push_back(stored);
  figures_.insert(figures_.end(), figures.begin(), figures.end());
  findings_.insert(findings_.end(), findings.begin(), findings.end());
}

void ContestHistory::AppendStatus(UnitIndex unit, StatusChange change) {
  int32_t& last = last_status_[unit - root_];
  change.previous = last;
  last = static_cast<int32_t>(statuses_.size());
  statuses_.push_back(change);
}

void ContestHistory::Refresh(UnitIndex unit, int64_t sequence) {
  if (!area_->IsStation(unit)) return;
  for (const auto& index : view_indexes_) index->Note(unit, sequence, EffectAt(unit, index->view(), sequence + 1));
}

const ViewIndex& ContestHistory::KeepViewIndex(const ResolvedView& view, int64_t tree_size) {
  if (const ViewIndex* kept = FindViewIndex(view)) return *kept;
  auto index = std::make_unique<ViewIndex>(this, area_, view);
  // Every sequence at which some station may have changed, in order.
  std::vector<std::pair<int64_t, UnitIndex>> touched;
  for (const ProtocolFacts& facts : protocols_) {
    if (area_->IsStation(facts.unit)) touched.emplace_back(facts.sequence, facts.unit);
  }
  for (UnitIndex unit = root_; unit < area_->node(root_).end; ++unit) {
    if (!area_->IsStation(unit)) continue;  // A released claim has a status and enters no sum.
    for (int32_t i = last_status_[unit - root_]; i >= 0; i = statuses_[i].previous) {
      touched.emplace_back(statuses_[i].sequence, unit);
    }
  }
  std::sort(touched.begin(), touched.end());
  for (const auto& [sequence, unit] : touched) {
    ABSL_RAW_CHECK(sequence < tree_size, "a contest holds no event beyond the state");
    index->Note(unit, sequence, EffectAt(unit, view, sequence + 1));
  }
  view_indexes_.push_back(std::move(index));
  return *view_indexes_.back();
}

// ---------------------------------------------------------------------------------------------------------------------
// ElectionHistory

std::optional<int32_t> ElectionHistory::FindContest(std::string_view contest_id) const {
  if (contest_count() == 1 && contests_.front()->contest().id == contest_id) return 0;
  const auto it = contest_index_.find(contest_id);
  if (it == contest_index_.end()) return std::nullopt;
  return it->second;
}

std::optional<int32_t> ElectionHistory::FindSource(std::string_view source_id) const {
  if (!header_.sources.empty() && header_.sources.front().id == source_id) return 0;
  const auto it = source_index_.find(source_id);
  if (it == source_index_.end()) return std::nullopt;
  return it->second;
}

std::optional<int32_t> ElectionHistory::FindLevel(std::string_view level_id) const {
  for (size_t i = 0; i < header_.levels.size(); ++i) {
    if (header_.levels[i].id == level_id) return static_cast<int32_t>(i);
  }
  return std::nullopt;
}

std::optional<int32_t> ElectionHistory::FindAppeal(std::string_view appeal_id) const {
  const auto it = appeal_index_.find(appeal_id);
  if (it == appeal_index_.end()) return std::nullopt;
  return it->second;
}

const Decision* ElectionHistory::FindDecision(int64_t sequence) const {
  const auto it = std::lower_bound(decisions_.begin(), decisions_.end(), sequence,
                                   [](const Decision& decision, int64_t value) { return decision.sequence < value; });
  return it == decisions_.end() || it->sequence != sequence ? nullptr : &*it;
}

std::optional<int64_t> ElectionHistory::RollAt(UnitIndex station, int64_t tree_size) const {
  for (int32_t i = last_roll_[station]; i >= 0; i = roll_changes_[i].previous) {
    if (roll_changes_[i].sequence < tree_size) return roll_changes_[i].registered_voters;
  }
  return std::nullopt;
}

int64_t ElectionHistory::RollSumAt(UnitIndex unit, int64_t tree_size) const {
  if (area_.IsStation(unit)) return RollAt(unit, tree_size).value_or(0);
  const std::vector<RollSum>& sums = roll_sums_[unit];
  const auto it = std::partition_point(sums.begin(), sums.end(),
                                       [tree_size](const RollSum& sum) { return sum.sequence < tree_size; });
  return it == sums.begin() ? 0 : std::prev(it)->sum;
}

std::vector<int64_t> ElectionHistory::SequencesOf(int32_t contest, UnitIndex unit, int64_t tree_size) const {
  std::vector<int64_t> sequences = contests_[contest]->SequencesOf(unit);
  for (int32_t i = last_roll_[unit]; i >= 0; i = roll_changes_[i].previous) {
    if (roll_changes_[i].sequence > opened_sequence_) sequences.push_back(roll_changes_[i].sequence);
  }
  std::erase_if(sequences, [tree_size](int64_t sequence) { return sequence >= tree_size; });
  std::sort(sequences.begin(), sequences.end());
  sequences.erase(std::unique(sequences.begin(), sequences.end()), sequences.end());
  return sequences;
}

void ElectionHistory::Open(int64_t sequence) {
  opened_sequence_ = sequence;
  area_ = AreaTree(std::move(listed_units_), header_.levels);
  source_index_ = IndexById(header_.sources);
  line_index_ = IndexById(header_.lines);
  for (Contest& contest : listed_contests_) {
    contest_index_.emplace(contest.id, contest_count());
    const UnitIndex root = *area_.Find(contest.unit_id);
    contests_.push_back(
        std::make_unique<ContestHistory>(std::move(contest), header_.lines, header_.rules, &area_, root));
  }
  last_roll_.assign(area_.size(), -1);
  std::vector<int64_t> sums(area_.size(), 0);
  for (const RollEntry& entry : listed_roll_) {
    const UnitIndex station = *area_.Find(entry.unit_id);
    last_roll_[station] = static_cast<int32_t>(roll_changes_.size());
    roll_changes_.push_back(RollChange{sequence, entry.registered_voters, -1});
    for (UnitIndex unit = station; unit >= 0; unit = area_.node(unit).parent) sums[unit] += entry.registered_voters;
  }
  roll_sums_.resize(area_.size());
  for (UnitIndex unit = 0; unit < area_.size(); ++unit) {
    if (!area_.IsStation(unit)) roll_sums_[unit].push_back(RollSum{sequence, sums[unit]});
  }
  listed_contests_ = {};
  listed_units_ = {};
  listed_roll_ = {};
}

void ElectionHistory::SetRoll(UnitIndex station, int64_t registered_voters, int64_t sequence) {
  const int64_t change = registered_voters - RollAt(station, sequence).value_or(0);
  roll_changes_.push_back(RollChange{sequence, registered_voters, last_roll_[station]});
  last_roll_[station] = static_cast<int32_t>(roll_changes_.size()) - 1;
  for (UnitIndex unit = area_.node(station).parent; unit >= 0; unit = area_.node(unit).parent) {
    std::vector<RollSum>& sums = roll_sums_[unit];
    if (sums.back().sequence != sequence) sums.push_back(RollSum{sequence, sums.back().sum});
    sums.back().sum += change;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Admission

Refusals History::Check(const Event& event) const {
  Refusals refusals;
  if (const bool founding = std::holds_alternative<LedgerFounded>(event); founding != (tree_size() == 0)) {
    Refuse(refusals, RefusalReason::kMalformed, "event",
           founding ? absl::StrCat("the ledger was founded as ", origin_) : "the ledger is not founded");
    return refusals;
  }
  refusals = std::visit([this](const auto& of_type) { return CheckEvent(of_type); }, event);
  std::stable_sort(refusals.begin(), refusals.end(),
                   [](const Refusal& a, const Refusal& b) { return a.reason < b.reason; });
  return refusals;
}

const ElectionHistory* History::FindUnopened(std::string_view id, Refusals& refusals) const {
  const std::optional<int32_t> index = FindElection(id);
  if (!index.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownElection, "election_id",
           absl::StrCat("no election \"", Text(id), "\" is defined"));
    return nullptr;
  }
  if (elections_[*index]->open_at(tree_size())) {
    Refuse(refusals, RefusalReason::kElectionOpen, "election_id",
           absl::StrCat("election \"", Text(id), "\" is open; its definition is complete"));
    return nullptr;
  }
  return elections_[*index].get();
}

const ElectionHistory* History::FindOpen(std::string_view id, Refusals& refusals) const {
  const std::optional<int32_t> index = FindElection(id);
  if (!index.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownElection, "election_id",
           absl::StrCat("no election \"", Text(id), "\" is defined"));
    return nullptr;
  }
  if (!elections_[*index]->open_at(tree_size())) {
    Refuse(refusals, RefusalReason::kElectionNotOpen, "election_id",
           absl::StrCat("the definition of election \"", Text(id), "\" is not complete"));
    return nullptr;
  }
  return elections_[*index].get();
}

const ContestHistory* History::FindContest(const ElectionHistory& election, std::string_view id,
                                           Refusals& refusals) const {
  const std::optional<int32_t> index = election.FindContest(id);
  if (!index.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownContest, "contest_id",
           absl::StrCat("election \"", election.header().election_id, "\" has no contest \"", Text(id), "\""));
    return nullptr;
  }
  return &election.contest(*index);
}

UnitIndex History::FindStation(const ElectionHistory& election, const ContestHistory& contest, const std::string& field,
                               std::string_view id, Refusals& refusals) const {
  const std::optional<UnitIndex> unit = election.area().Find(id);
  if (!unit.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownUnit, field,
           absl::StrCat("election \"", election.header().election_id, "\" has no unit \"", Text(id), "\""));
    return -1;
  }
  if (!election.area().Contains(contest.root(), *unit)) {
    Refuse(refusals, RefusalReason::kUnitOutsideContest, field,
           absl::StrCat("unit \"", Text(id), "\" does not vote in contest \"", contest.contest().id, "\""));
    return -1;
  }
  if (!election.area().IsStation(*unit)) {
    Refuse(refusals, RefusalReason::kNotAStation, field, absl::StrCat("unit \"", Text(id), "\" is not a station"));
    return -1;
  }
  return *unit;
}

Refusals History::CheckEvent(const LedgerFounded& event) const {
  Refusals refusals;
  bool good = !event.origin.empty() && event.origin.size() <= kOriginBytesMax;
  for (const char c : event.origin) good = good && static_cast<unsigned char>(c) > 0x20 && c != '+' && c != 0x7f;
  if (!good) {
    Refuse(refusals, RefusalReason::kMalformed, "ledger_founded.origin",
           absl::StrCat("\"", event.origin, "\" is not 1..", kOriginBytesMax,
                        " bytes without spaces, control characters and plus signs"));
  }
  if (event.format_version != kFormatVersion) {
    Refuse(refusals, RefusalReason::kMalformed, "ledger_founded.format_version",
           absl::StrCat("format version ", event.format_version, " is not ", kFormatVersion));
  }
  return refusals;
}

Refusals History::CheckEvent(const ElectionDefined& event) const {
  Refusals refusals = CheckHeader(event);
  if (FindElection(event.election_id).has_value()) {
    Refuse(refusals, RefusalReason::kElectionExists, "election.election_id",
           absl::StrCat("election \"", event.election_id, "\" is defined already"));
  }
  return refusals;
}

Refusals History::CheckEvent(const ContestsListed& event) const {
  Refusals refusals;
  FindUnopened(event.election_id, refusals);
  return refusals;
}

Refusals History::CheckEvent(const UnitsListed& event) const {
  Refusals refusals;
  const ElectionHistory* election = FindUnopened(event.election_id, refusals);
  if (election != nullptr &&
      static_cast<int64_t>(election->listed_units_.size() + event.units.size()) > kUnitCountMax) {
    Refuse(refusals, RefusalReason::kDefinitionFault, "units", absl::StrCat("more than ", kUnitCountMax, " units"));
  }
  return refusals;
}

Refusals History::CheckEvent(const RollAmended& event) const {
  Refusals refusals;
  if (event.entries.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "roll_amended.entries", "at least one entry is required");
  }
  const std::optional<int32_t> index = FindElection(event.election_id);
  if (!index.has_value()) {
    FindUnopened(event.election_id, refusals);
    return refusals;
  }
  const ElectionHistory& election = *elections_[*index];
  const bool open = election.open_at(tree_size());
  if (open && event.reason.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "roll_amended.reason", "a reason is required");
  }
  TextViewSet seen;
  for (size_t i = 0; i < event.entries.size(); ++i) {
    const RollEntry& entry = event.entries[i];
    const std::string path = absl::StrCat("roll_amended.entries[", i, "]");
    if (!IsCount(entry.registered_voters)) {
      Refuse(refusals, RefusalReason::kCountOutOfRange, absl::StrCat(path, ".registered_voters"),
             absl::StrCat(entry.registered_voters, " is outside 0..", kCountMax));
    }
    if (!seen.insert(entry.unit_id).second) {
      Refuse(refusals, RefusalReason::kDuplicateFigure, absl::StrCat(path, ".unit_id"),
             absl::StrCat("unit \"", entry.unit_id, "\" occurs twice"));
    }
    if (!open) continue;  // Units are checked when the election opens.
    const std::optional<UnitIndex> unit = election.area().Find(entry.unit_id);
    if (!unit.has_value()) {
      Refuse(refusals, RefusalReason::kUnknownUnit, absl::StrCat(path, ".unit_id"),
             absl::StrCat("election \"", event.election_id, "\" has no unit \"", entry.unit_id, "\""));
    } else if (!election.area().IsStation(*unit)) {
      Refuse(refusals, RefusalReason::kNotAStation, absl::StrCat(path, ".unit_id"),
             absl::StrCat("unit \"", entry.unit_id, "\" is not a station"));
    }
  }
  return refusals;
}

Refusals History::CheckEvent(const ElectionOpened& event) const {
  Refusals refusals;
  const ElectionHistory* election = FindUnopened(event.election_id, refusals);
  if (election == nullptr) return refusals;
  const auto check_count = [&refusals](std::string_view what, int64_t stated, size_t listed) {
    if (stated == static_cast<int64_t>(listed)) return;
    Refuse(refusals, RefusalReason::kDefinitionIncomplete, absl::StrCat("election_opened.", Text(what), "_count"),
           absl::StrCat(stated, " stated, ", listed, " listed"));
  };
  check_count("contest", event.contest_count, election->listed_contests_.size());
  check_count("unit", event.unit_count, election->listed_units_.size());
  check_count("roll", event.roll_count, election->listed_roll_.size());
  if (!refusals.empty()) return refusals;
  return CheckDefinition(
      Definition{election->header_, election->listed_contests_, election->listed_units_, election->listed_roll_});
}

void History::CheckFigures(const ElectionHistory& election, const ContestHistory& contest,
                           const ProtocolSubmitted& event, Refusals& refusals) const {
  const std::vector<Line>& lines = election.header().lines;
  const std::vector<Option>& options = contest.contest().options;
  absl::InlinedVector<bool, 64> seen(contest.column_count(), false);
  const auto check = [&](const char* list, size_t i, const Figure& figure, int32_t column) {
    if (figure.count.has_value() && !IsCount(*figure.count)) {
      Refuse(refusals, RefusalReason::kCountOutOfRange, absl::StrCat("protocol_submitted.", list, "[", i, "].count"),
             absl::StrCat("\"", figure.id, "\": ", *figure.count, " is outside 0..", kCountMax));
    }
    if (column < 0) return;
    if (seen[column]) {
      Refuse(refusals, RefusalReason::kDuplicateFigure, absl::StrCat("protocol_submitted.", list, "[", i, "]"),
             absl::StrCat("\"", figure.id, "\" is stated twice"));
    }
    seen[column] = true;
  };
  for (size_t i = 0; i < event.lines.size(); ++i) {
    const int32_t column = ColumnOf(lines, election.line_index_, i, event.lines[i].id);
    if (column < 0) {
      Refuse(refusals, RefusalReason::kUnknownLine, absl::StrCat("protocol_submitted.lines[", i, "].line_id"),
             absl::StrCat("the form has no line \"", event.lines[i].id, "\""));
    }
    check("lines", i, event.lines[i], column);
  }
  for (size_t i = 0; i < event.options.size(); ++i) {
    const int32_t option = ColumnOf(options, contest.option_index_, i, event.options[i].id);
    if (option < 0) {
      Refuse(refusals, RefusalReason::kUnknownOption, absl::StrCat("protocol_submitted.options[", i, "].option_id"),
             absl::StrCat("contest \"", contest.contest().id, "\" has no option \"", event.options[i].id, "\""));
    }
    check("options", i, event.options[i], option < 0 ? -1 : static_cast<int32_t>(lines.size()) + option);
  }
  for (size_t i = 0; i < options.size(); ++i) {
    if (seen[lines.size() + i]) continue;
    Refuse(refusals, RefusalReason::kMissingOption, "protocol_submitted.options",
           absl::StrCat("option \"", options[i].id, "\" is not on the protocol"));
  }
}

Refusals History::CheckEvent(const ProtocolSubmitted& event) const {
  Refusals refusals;
  if (event.stage != Stage::kCorrected && event.decision_sequence.has_value()) {
    Refuse(refusals, RefusalReason::kMalformed, "protocol_submitted.decision_sequence",
           "only a corrected protocol names a decision");
  }
  const ElectionHistory* election = FindOpen(event.election_id, refusals);
  if (election == nullptr) return refusals;
  const std::optional<int32_t> source = election->FindSource(event.source_id);
  const bool by_monitor = source.has_value() && election->header().sources[*source].kind == SourceKind::kMonitor;
  if (!source.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownSource, "protocol_submitted.source_id",
           absl::StrCat("election \"", event.election_id, "\" has no source \"", event.source_id, "\""));
  } else if (by_monitor && event.stage == Stage::kCorrected) {
    Refuse(
        refusals, RefusalReason::kMalformed, "protocol_submitted.stage",
        absl::StrCat("monitor \"", event.source_id, "\" corrects its own copy by superseding it, not by a decision"));
  }
  const AreaTree& area = election->area();
  const std::optional<UnitIndex> unit = area.Find(event.unit_id);
  if (!unit.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownUnit, "protocol_submitted.unit_id",
           absl::StrCat("election \"", event.election_id, "\" has no unit \"", event.unit_id, "\""));
  }
  const ContestHistory* contest = FindContest(*election, event.contest_id, refusals);
  if (contest == nullptr) return refusals;
  CheckFigures(*election, *contest, event, refusals);
  if (!unit.has_value()) return refusals;
  if (!area.Contains(contest->root(), *unit)) {
    Refuse(refusals, RefusalReason::kUnitOutsideContest, "protocol_submitted.unit_id",
           absl::StrCat("unit \"", event.unit_id, "\" does not vote in contest \"", event.contest_id, "\""));
    return refusals;
  }
  if (!source.has_value()) return refusals;
  const Source& by = election->header().sources[*source];
  if (const std::string& level = election->header().levels[area.node(*unit).level].id;
      !by.level_id.empty() && by.level_id != level) {
    Refuse(refusals, RefusalReason::kSourceLevelMismatch, "protocol_submitted.source_id",
           absl::StrCat("source \"", by.id, "\" states protocols of level \"", by.level_id, "\", and unit \"",
                        event.unit_id, "\" is of level \"", level, "\""));
  }

  if (event.stage == Stage::kCorrected && !by_monitor && area.IsStation(*unit)) {
    const Decision* decision =
        event.decision_sequence.has_value() ? election->FindDecision(*event.decision_sequence) : nullptr;
    const bool admits =
        decision != nullptr && &election->contest(decision->contest) == contest &&
        (decision->kind == DecisionKind::kFiguresCorrected || decision->kind == DecisionKind::kRecountOrdered) &&
        std::find(decision->units.begin(), decision->units.end(), *unit) != decision->units.end();
    if (!admits) {
      Refuse(refusals, RefusalReason::kUnknownDecision, "protocol_submitted.decision_sequence",
             absl::StrCat("a corrected protocol names the decision that corrects the figures of unit \"", event.unit_id,
                          "\" or orders its recount; given: ", SequenceText(event.decision_sequence)));
    }
  }

  const int32_t head = contest->Head(*unit, *source, event.stage, kNever);
  const std::optional<int64_t> expected =
      head < 0 ? std::nullopt : std::optional<int64_t>(contest->protocol(head).sequence);
  if (event.supersedes_sequence != expected) {
    refusals.push_back(Refusal{
        RefusalReason::kWrongPredecessor, "protocol_submitted.supersedes_sequence",
        absl::StrCat("unit \"", event.unit_id, "\", source \"", by.id, "\": the current protocol of this stage is ",
                     SequenceText(expected), ", the submission supersedes ", SequenceText(event.supersedes_sequence)),
        expected, event.supersedes_sequence});
  }
  return refusals;
}

Refusals History::CheckEvent(const AppealFiled& event) const {
  Refusals refusals;
  const auto require = [&refusals](const char* field, const std::string& value) {
    if (value.empty()) Refuse(refusals, RefusalReason::kMalformed, absl::StrCat("appeal_filed.", field), "is required");
  };
  require("appeal_id", event.appeal_id);
  require("filed_by", event.filed_by);
  require("grounds", event.grounds);
  if (event.unit_ids.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "appeal_filed.unit_ids", "at least one station is required");
  }
  const ElectionHistory* election = FindOpen(event.election_id, refusals);
  if (election == nullptr) return refusals;
  if (election->FindAppeal(event.appeal_id).has_value()) {
    Refuse(refusals, RefusalReason::kAppealExists, "appeal_filed.appeal_id",
           absl::StrCat("appeal \"", event.appeal_id, "\" is filed already"));
  }
  const ContestHistory* contest = FindContest(*election, event.contest_id, refusals);
  if (contest == nullptr) return refusals;
  TextViewSet seen;
  for (size_t i = 0; i < event.unit_ids.size(); ++i) {
    const std::string field = absl::StrCat("appeal_filed.unit_ids[", i, "]");
    FindStation(*election, *contest, field, event.unit_ids[i], refusals);
    if (!seen.insert(event.unit_ids[i]).second) {
      Refuse(refusals, RefusalReason::kDuplicateFigure, field,
             absl::StrCat("station \"", event.unit_ids[i], "\" is named twice"));
    }
  }
  return refusals;
}

Refusals History::CheckEvent(const DecisionRecorded& event) const {
  Refusals refusals;
  const auto require = [&refusals](const char* field, bool present) {
    if (!present) Refuse(refusals, RefusalReason::kMalformed, absl::StrCat("decision_recorded.", field), "is required");
  };
  const bool releases = event.kind == DecisionKind::kQuarantineReleased;
  require("body", !event.body.empty());
  require("act_number", !event.act_number.empty());
  require("appeal_id", event.kind != DecisionKind::kDismissed || !event.appeal_id.empty());
  require("unit_ids", releases || !event.appeal_id.empty() || !event.unit_ids.empty());
  require("released_sequences", !releases || !event.released_sequences.empty());
  if (!releases && !event.released_sequences.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "decision_recorded.released_sequences",
           "only a release from quarantine names protocols");
  }
  const ElectionHistory* election = FindOpen(event.election_id, refusals);
  if (election == nullptr) return refusals;
  const ContestHistory* contest = FindContest(*election, event.contest_id, refusals);
  if (contest == nullptr) return refusals;

  const Appeal* appeal = nullptr;
  if (!event.appeal_id.empty()) {
    const std::optional<int32_t> index = election->FindAppeal(event.appeal_id);
    if (!index.has_value() || &election->contest(election->appeals_[*index].contest) != contest) {
      Refuse(refusals, RefusalReason::kUnknownAppeal, "decision_recorded.appeal_id",
             absl::StrCat("contest \"", event.contest_id, "\" has no appeal \"", event.appeal_id, "\""));
    } else if (appeal = &election->appeals_[*index]; appeal->decided_sequence != kNever) {
      Refuse(refusals, RefusalReason::kAppealDecided, "decision_recorded.appeal_id",
             absl::StrCat("appeal \"", event.appeal_id, "\" was decided at sequence ", appeal->decided_sequence));
    }
  }
  const auto check_annulment = [&](const std::string& field, UnitIndex unit) {
    const bool annulled = contest->StatusAt(unit, kNever).annulled;
    const std::string& id = election->area().node(unit).unit.id;
    if (event.kind == DecisionKind::kResultsReinstated && !annulled) {
      Refuse(refusals, RefusalReason::kNotAnnulled, field,
             absl::StrCat("results of station \"", id, "\" are not annulled"));
    }
    if (event.kind == DecisionKind::kResultsAnnulled && annulled) {
      Refuse(refusals, RefusalReason::kAlreadyAnnulled, field,
             absl::StrCat("results of station \"", id, "\" are annulled already"));
    }
  };
  TextViewSet seen;
  for (size_t i = 0; i < event.unit_ids.size(); ++i) {
    const std::string field = absl::StrCat("decision_recorded.unit_ids[", i, "]");
    const UnitIndex unit = FindStation(*election, *contest, field, event.unit_ids[i], refusals);
    if (!seen.insert(event.unit_ids[i]).second) {
      Refuse(refusals, RefusalReason::kDuplicateFigure, field,
             absl::StrCat("station \"", event.unit_ids[i], "\" is named twice"));
    }
    if (unit < 0) continue;
    if (appeal != nullptr && std::find(appeal->units.begin(), appeal->units.end(), unit) == appeal->units.end()) {
      Refuse(refusals, RefusalReason::kUnitOutsideAppeal, field,
             absl::StrCat("appeal \"", event.appeal_id, "\" does not name station \"", event.unit_ids[i], "\""));
    }
    check_annulment(field, unit);
  }
  if (appeal != nullptr && event.unit_ids.empty()) {
    for (const UnitIndex unit : appeal->units) check_annulment("decision_recorded.appeal_id", unit);
  }
  for (size_t i = 0; i < event.released_sequences.size(); ++i) {
    const int32_t protocol = contest->FindProtocol(event.released_sequences[i]);
    const bool quarantined = protocol >= 0 && contest->protocol(protocol).hard &&
                             contest->protocol(protocol).released_sequence == kNever &&
                             contest->protocol(protocol).superseded_sequence == kNever;
    if (!quarantined) {
      Refuse(refusals, RefusalReason::kNotQuarantined, absl::StrCat("decision_recorded.released_sequences[", i, "]"),
             absl::StrCat("sequence ", event.released_sequences[i], " is no quarantined protocol of contest \"",
                          event.contest_id, "\""));
    }
  }
  return refusals;
}

// ---------------------------------------------------------------------------------------------------------------------
// The fold

ApplyResult History::Apply(int64_t time_micros, const Event& event) {
  ABSL_RAW_CHECK(times_.empty() || time_micros >= times_.back(), "record times never fall");
  const int64_t sequence = tree_size();
  times_.push_back(time_micros);
  return std::visit([this, sequence](const auto& of_type) { return ApplyEvent(sequence, of_type); }, event);
}

ApplyResult History::ApplyEvent(int64_t, const LedgerFounded& event) {
  origin_ = event.origin;
  return {};
}

ApplyResult History::ApplyEvent(int64_t sequence, const ElectionDefined& event) {
  election_index_.emplace(event.election_id, election_count());
  elections_.push_back(std::make_unique<ElectionHistory>(event, sequence));
  return {};
}

ApplyResult History::ApplyEvent(int64_t, const ContestsListed& event) {
  auto& listed = mutable_election(event.election_id).listed_contests_;
  listed.insert(listed.end(), event.contests.begin(), event.contests.end());
  return {};
}

ApplyResult History::ApplyEvent(int64_t, const UnitsListed& event) {
  auto& listed = mutable_election(event.election_id).listed_units_;
  listed.insert(listed.end(), event.units.begin(), event.units.end());
  return {};
}

ApplyResult History::ApplyEvent(int64_t sequence, const RollAmended& event) {
  ElectionHistory& election = mutable_election(event.election_id);
  if (!election.open_at(sequence)) {
    election.listed_roll_.insert(election.listed_roll_.end(), event.entries.begin(), event.entries.end());
    return {};
  }
  for (const RollEntry& entry : event.entries) {
    election.SetRoll(*election.area_.Find(entry.unit_id), entry.registered_voters, sequence);
  }
  return {};
}

ApplyResult History::ApplyEvent(int64_t sequence, const ElectionOpened& event) {
  mutable_election(event.election_id).Open(sequence);
  return {};
}

History::Draft History::MakeDraft(const ProtocolSubmitted& event) const {
  Draft draft;
  draft.result.election = election_index_.find(event.election_id)->second;
  const ElectionHistory& election = *elections_[draft.result.election];
  draft.result.contest = *election.FindContest(event.contest_id);
  const ContestHistory& contest = *election.contests_[draft.result.contest];
  const std::vector<Line>& lines = election.header_.lines;

  draft.row.assign(contest.column_count(), kBlank);
  for (size_t i = 0; i < event.lines.size(); ++i) {
    if (!event.lines[i].count.has_value()) continue;
    draft.row[ColumnOf(lines, election.line_index_, i, event.lines[i].id)] =
        static_cast<int32_t>(*event.lines[i].count);
  }
  for (size_t i = 0; i < event.options.size(); ++i) {
    if (!event.options[i].count.has_value()) continue;
    const int32_t option = ColumnOf(contest.contest().options, contest.option_index_, i, event.options[i].id);
    draft.row[lines.size() + option] = static_cast<int32_t>(*event.options[i].count);
  }

  ProtocolFacts& facts = draft.facts;
  facts.unit = *election.area_.Find(event.unit_id);
  facts.source = *election.FindSource(event.source_id);
  facts.stage = event.stage;
  std::optional<int64_t> roll;
  if (election.area_.IsStation(facts.unit)) {
    roll = election.RollAt(facts.unit, kNever);
  } else if (const int64_t sum = election.RollSumAt(facts.unit, kNever); sum > 0) {
    roll = sum;
  }
  draft.result.findings = contest.rules_.Check(draft.row, facts.stage, roll);
  draft.result.quarantined = facts.hard = contest.rules_.AnyHard(draft.result.findings);
  return draft;
}

ApplyResult History::Examine(const ProtocolSubmitted& event) const { return MakeDraft(event).result; }

ApplyResult History::ApplyEvent(int64_t sequence, const ProtocolSubmitted& event) {
  Draft draft = MakeDraft(event);
  ProtocolFacts& facts = draft.facts;
  facts.sequence = sequence;
  ContestHistory& contest = *elections_[draft.result.election]->contests_[draft.result.contest];
  if (const int32_t head = contest.Head(facts.unit, facts.source, facts.stage, kNever); head >= 0) {
    contest.protocols_[head].superseded_sequence = sequence;
  }
  contest.AppendProtocol(facts, draft.row, draft.result.findings);
  if (event.stage == Stage::kCorrected) {
    StatusChange status = contest.StatusAt(facts.unit, kNever);
    if (status.awaiting_correction) {
      status.sequence = sequence;
      status.awaiting_correction = false;
      contest.AppendStatus(facts.unit, status);
    }
  }
  contest.Refresh(facts.unit, sequence);
  return std::move(draft.result);
}

ApplyResult History::ApplyEvent(int64_t sequence, const AppealFiled& event) {
  ElectionHistory& election = mutable_election(event.election_id);
  Appeal appeal;
  appeal.id = event.appeal_id;
  appeal.contest = *election.FindContest(event.contest_id);
  appeal.filed_sequence = sequence;
  ContestHistory& contest = *election.contests_[appeal.contest];
  for (const std::string& id : event.unit_ids) {
    const UnitIndex unit = *election.area_.Find(id);
    appeal.units.push_back(unit);
    StatusChange status = contest.StatusAt(unit, kNever);
    status.sequence = sequence;
    ++status.open_appeals;
    contest.AppendStatus(unit, status);
    contest.Refresh(unit, sequence);
  }
  election.appeal_index_.emplace(appeal.id, static_cast<int32_t>(election.appeals_.size()));
  election.appeals_.push_back(std::move(appeal));
  return {};
}

ApplyResult History::ApplyEvent(int64_t sequence, const DecisionRecorded& event) {
  ElectionHistory& election = mutable_election(event.election_id);
  Decision decision;
  decision.sequence = sequence;
  decision.contest = *election.FindContest(event.contest_id);
  decision.kind = event.kind;
  ContestHistory& contest = *election.contests_[decision.contest];
  for (const std::string& id : event.unit_ids) decision.units.push_back(*election.area_.Find(id));

  // Units whose state changes: those of the appeal, which is closed as a whole, and those the decision names.
  std::vector<UnitIndex> touched = decision.units;
  std::vector<UnitIndex> appealed;
  if (!event.appeal_id.empty()) {
    Appeal& appeal = election.appeals_[*election.FindAppeal(event.appeal_id)];
    appeal.decided_sequence = sequence;
    appealed = appeal.units;
    if (decision.units.empty()) decision.units = appealed;
    touched.insert(touched.end(), appealed.begin(), appealed.end());
  }
  for (const int64_t released : event.released_sequences) {
    ProtocolFacts& facts = contest.protocols_[contest.FindProtocol(released)];
    facts.released_sequence = sequence;
    touched.push_back(facts.unit);
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());

  for (const UnitIndex unit : touched) {
    StatusChange status = contest.StatusAt(unit, kNever);
    status.sequence = sequence;
    if (std::find(appealed.begin(), appealed.end(), unit) != appealed.end()) --status.open_appeals;
    if (std::find(decision.units.begin(), decision.units.end(), unit) != decision.units.end()) {
      switch (event.kind) {
        case DecisionKind::kDismissed:
        case DecisionKind::kQuarantineReleased:
          break;
        case DecisionKind::kFiguresCorrected:
        case DecisionKind::kRecountOrdered:
          status.awaiting_correction = true;
          break;
        case DecisionKind::kResultsAnnulled:
          status.annulled = true;
          break;
        case DecisionKind::kResultsReinstated:
          status.annulled = false;
          break;
      }
    }
    contest.AppendStatus(unit, status);
    contest.Refresh(unit, sequence);
  }
  election.decisions_.push_back(std::move(decision));
  return {};
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading

int64_t History::TreeSizeAt(int64_t time_micros) const {
  return std::upper_bound(times_.begin(), times_.end(), time_micros) - times_.begin();
}

std::optional<int32_t> History::FindElection(std::string_view election_id) const {
  // Submissions come in runs of one election, mostly the newest.
  if (!elections_.empty() && elections_.back()->header().election_id == election_id) return election_count() - 1;
  const auto it = election_index_.find(election_id);
  if (it == election_index_.end()) return std::nullopt;
  return it->second;
}

void History::KeepViewIndex(int32_t election, int32_t contest, const ResolvedView& view) {
  elections_[election]->contests_[contest]->KeepViewIndex(view, tree_size());
}

}  // namespace hattama::domain
