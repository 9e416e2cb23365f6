#include "services/domain/history.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/base/internal/raw_logging.h"
#include "services/domain/figure_columns.h"

namespace hattama::domain {
namespace {

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
// The fold

ApplyResult History::Apply(int64_t time_micros, const Event& event) {
  ABSL_RAW_CHECK(times_.empty() || time_micros >= times_.back(), "record times never fall");
  const int64_t sequence = tree_size();
  times_.push_back(time_micros);
  return std::visit([this, sequence](const auto& of_type) { return ApplyEvent(sequence, of_type); }, event);
}

ApplyResult History::ApplyEvent(int64_t, const LedgerFounded& event) {
  origin_ = event.origin;
  keys_.Found(event.authority);
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

ApplyResult History::ApplyEvent(int64_t sequence, const KeyGranted& event) {
  keys_.Apply(sequence, event);
  return {};
}

ApplyResult History::ApplyEvent(int64_t sequence, const KeyRevoked& event) {
  keys_.Apply(sequence, event);
  return {};
}

ApplyResult History::ApplyEvent(int64_t sequence, const KeyRotated& event) {
  keys_.Apply(sequence, event);
  return {};
}

ApplyResult History::ApplyEvent(int64_t sequence, const TallyPublished& event) {
  publications_.push_back(Publication{sequence, event});
  return {};
}

// An attestation changes no result; it stands in the log for whoever reads it.
ApplyResult History::ApplyEvent(int64_t, const AuditorAttested&) { return {}; }

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
