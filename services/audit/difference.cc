#include "services/audit/difference.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "services/domain/text.h"
#include "services/domain/view_index.h"
#include "services/wire/statement.h"

namespace hattama::audit {
namespace {

constexpr size_t kSentencesMax = 8;
// Beyond this many candidates a commitment is not tried on each: it costs a hash for every station.
constexpr size_t kCommitmentsTriedMax = 64;
// Pairs looked at: a statement made to have many that nearly fit ends the search, not the audit.
constexpr int64_t kPairsTriedMax = 10'000'000;

using wire::kUnitStates;

const char* NameOf(domain::UnitState state) {
  switch (state) {
    case domain::UnitState::kCounted:
      return "counted";
    case domain::UnitState::kQuarantined:
      return "quarantined";
    case domain::UnitState::kAnnulled:
      return "annulled";
    case domain::UnitState::kExcludedContested:
      return "excluded as contested";
    case domain::UnitState::kMissing:
      return "missing";
  }
  return "unknown";
}

const char* NameOf(domain::Stage stage) {
  switch (stage) {
    case domain::Stage::kPreliminary:
      return "preliminary";
    case domain::Stage::kFinal:
      return "final";
    case domain::Stage::kCorrected:
      return "corrected";
  }
  return "unknown";
}

// Well-mixed numbers out of small ones (SplitMix64). Nothing rests on them but speed.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void AddTo(FigureSums& sums, std::span<const int64_t> figures, int64_t times) {
  for (size_t i = 0; i < sums.size(); ++i) sums[i] += times * figures[i];
}

FigureSums Flat(const domain::Sums& sums) {
  FigureSums flat = sums.value;
  flat.insert(flat.end(), sums.stated.begin(), sums.stated.end());
  for (const domain::UnitState state : kUnitStates) flat.push_back(sums.by_state[static_cast<size_t>(state)]);
  return flat;
}

}  // namespace

StationSearch::StationSearch(const domain::Place& place, const domain::ResolvedView& view, const LogTree& tree,
                             const std::vector<merkle::SumLeaf>& leaves)
    : place_(place), view_(view), tree_(tree), leaves_(leaves) {
  const domain::AreaTree& area = place.election->area();
  const domain::ContestHistory& contest = *place.contest;
  for (size_t i = 0; i < wire::StationLeafWidth(contest.column_count()); ++i) weights_.push_back(Mix(i) | 1);
  std::vector<domain::Effect> present;
  std::vector<int32_t> station_of(static_cast<size_t>(area.size()), -1);
  for (domain::UnitIndex unit = place.unit; unit < area.node(place.unit).end; ++unit) {
    if (!area.IsStation(unit)) continue;
    station_of[static_cast<size_t>(unit)] = static_cast<int32_t>(units_.size());
    units_.push_back(unit);
    present.push_back(contest.EffectAt(unit, view, place.tree_size));
  }
  const auto add = [this](Change change) {
    change.print = Fingerprint(Added(change));
    changes_.push_back(change);
  };
  for (int32_t protocol = 0; protocol < contest.protocol_count(); ++protocol) {
    const int32_t station = station_of[static_cast<size_t>(contest.protocol(protocol).unit)];
    if (station < 0) continue;
    const domain::Effect& effect = present[static_cast<size_t>(station)];
    if (effect.counted() && effect.protocol == protocol) continue;
    add({.station = station, .kind = Kind::kProtocol, .protocol = protocol});
  }
  for (int32_t station = 0; station < static_cast<int32_t>(units_.size()); ++station) {
    for (const domain::UnitState state : kUnitStates) {
      if (state == domain::UnitState::kCounted || state == present[static_cast<size_t>(station)].state) continue;
      add({.station = station, .kind = Kind::kState, .state = state});
    }
    add({.station = station, .kind = Kind::kLeftOut});
    add({.station = station, .kind = Kind::kTwice});
  }
  std::stable_sort(changes_.begin(), changes_.end(),
                   [](const Change& a, const Change& b) { return a.station < b.station; });
}

FigureSums StationSearch::RowOf(int32_t protocol) const {
  FigureSums row(width(), 0);
  const domain::FigureRow figures = place_.contest->figures(protocol);
  for (size_t i = 0; i < figures.size(); ++i) {
    if (figures[i] == domain::kBlank) continue;
    row[i] = figures[i];
    row[figures.size() + i] = 1;
  }
  row[2 * figures.size()] = 1;
  return row;
}

FigureSums StationSearch::Added(const Change& change) const {
  const std::vector<int64_t>& present = leaves_[static_cast<size_t>(change.station)].sums;
  if (change.kind == Kind::kTwice) return present;
  FigureSums added(width(), 0);
  if (change.kind == Kind::kProtocol) added = RowOf(change.protocol);
  if (change.kind == Kind::kState) {
    const auto state = std::find(kUnitStates.begin(), kUnitStates.end(), change.state);
    added[width() - kUnitStates.size() + static_cast<size_t>(state - kUnitStates.begin())] = 1;
  }
  AddTo(added, present, -1);
  return added;
}

uint64_t StationSearch::Fingerprint(std::span<const int64_t> figures) const {
  uint64_t print = 0;
  for (size_t i = 0; i < figures.size(); ++i) print += weights_[i] * static_cast<uint64_t>(figures[i]);
  return print;
}

std::vector<std::string> StationSearch::Explain(const FigureSums& published, const FigureSums& recomputed,
                                                const std::optional<merkle::Hash>& commitment) const {
  FigureSums wanted = published;
  if (wanted.size() != width()) return {};
  AddTo(wanted, recomputed, -1);
  const uint64_t print = Fingerprint(wanted);

  std::vector<Change> single;
  for (const Change& change : changes_) {
    if (change.print == print && Added(change) == wanted) single.push_back(change);
  }
  // Where the sums are the same, only the commitment tells that a station was taken otherwise.
  const bool same_sums = std::all_of(wanted.begin(), wanted.end(), [](int64_t figure) { return figure == 0; });
  if (commitment.has_value()) {
    std::vector<Change> committed;
    size_t tried = 0;
    for (const Change& change : single) {
      if (++tried > kCommitmentsTriedMax) break;
      if (Commits(change, *commitment)) committed.push_back(change);
    }
    if (!committed.empty() || same_sums) single = std::move(committed);
  } else if (same_sums) {
    return {};
  }
  std::vector<std::string> sentences;
  for (const Change& change : single) {
    if (sentences.size() == kSentencesMax) break;
    sentences.push_back(Sentence(change));
  }
  if (!sentences.empty() || same_sums) return sentences;

  // Two stations: for each change, is there one that adds the rest?
  absl::flat_hash_map<uint64_t, std::vector<int32_t>> by_print;
  for (size_t i = 0; i < changes_.size(); ++i) {
    if (changes_[i].print != 0) by_print[changes_[i].print].push_back(static_cast<int32_t>(i));
  }
  int64_t tried = 0;
  for (size_t i = 0; i < changes_.size(); ++i) {
    const auto rest = changes_[i].print == 0 ? by_print.end() : by_print.find(print - changes_[i].print);
    if (rest == by_print.end()) continue;
    for (const int32_t j : rest->second) {
      if (++tried > kPairsTriedMax) return sentences;
      if (static_cast<size_t>(j) <= i || changes_[i].station == changes_[static_cast<size_t>(j)].station) continue;
      const Change& other = changes_[static_cast<size_t>(j)];
      FigureSums both = Added(changes_[i]);
      AddTo(both, Added(other), 1);
      if (both != wanted) continue;
      sentences.push_back(absl::StrCat(Sentence(changes_[i]), "; and ", Sentence(other)));
      if (sentences.size() == kSentencesMax) return sentences;
    }
  }
  return sentences;
}

bool StationSearch::Commits(const Change& change, const merkle::Hash& commitment) const {
  if (change.kind == Kind::kTwice) return false;  // Where the copy would stand is anybody's guess.
  std::vector<merkle::SumLeaf> leaves = leaves_;
  const auto commits = [&] {
    const absl::StatusOr<merkle::SumTree> tree = merkle::SumTree::Make(width(), leaves);
    return tree.ok() && tree->Commitment() == commitment;
  };
  const auto at = leaves.begin() + change.station;
  if (change.kind == Kind::kLeftOut) {
    leaves.erase(at);
    return commits();
  }
  AddTo(at->sums, Added(change), 1);
  absl::StatusOr<wire::StationLeaf> label = wire::ParseStationLabel(at->label);
  if (!label.ok()) return false;
  label->state = change.kind == Kind::kState ? change.state : domain::UnitState::kCounted;
  if (change.kind == Kind::kProtocol) {
    label->sequence = place_.contest->protocol(change.protocol).sequence;
    label->leaf_hash = tree_.leaf(*label->sequence);
  }
  at->label = wire::FormatStationLabel(*label);
  if (commits()) return true;
  if (change.kind != Kind::kState) return false;
  label->sequence.reset();
  label->leaf_hash.reset();
  at->label = wire::FormatStationLabel(*label);
  return commits();
}

std::string StationSearch::Sentence(const Change& change) const {
  const domain::UnitIndex unit = units_[static_cast<size_t>(change.station)];
  const domain::Effect effect = place_.contest->EffectAt(unit, view_, place_.tree_size);
  std::string text = absl::StrCat("station ", place_.election->area().node(unit).unit.id, ": ");
  const auto protocol_text = [this](int32_t protocol) {
    const domain::ProtocolFacts& facts = place_.contest->protocol(protocol);
    return absl::StrCat("the ", NameOf(facts.stage), " protocol of ",
                        place_.election->header().sources[static_cast<size_t>(facts.source)].id, " in record ",
                        facts.sequence);
  };
  switch (change.kind) {
    case Kind::kProtocol:
      absl::StrAppend(&text, "the published figures are those with ", protocol_text(change.protocol), " counted",
                      place_.contest->protocol(change.protocol).sequence >= place_.tree_size
                          ? ", which was recorded after the version"
                          : "");
      break;
    case Kind::kState:
      absl::StrAppend(&text, "the published figures are those with the station ", NameOf(change.state));
      break;
    case Kind::kLeftOut:
      absl::StrAppend(&text, "the published figures are those without the station");
      break;
    case Kind::kTwice:
      absl::StrAppend(&text, "the published figures are those with the station taken twice");
      break;
  }
  absl::StrAppend(&text, "; by the log it is ", NameOf(effect.state));
  if (effect.protocol >= 0) absl::StrAppend(&text, " with ", protocol_text(effect.protocol));
  return text;
}

std::optional<std::string> ExplainByView(const domain::Place& place, const domain::ResolvedView& view,
                                         const FigureSums& published) {
  for (size_t source = 0; source < place.election->header().sources.size(); ++source) {
    for (const domain::Policy policy : {domain::Policy::kPreliminaryOnly, domain::Policy::kFinalOnly,
                                        domain::Policy::kFinalElsePreliminary, domain::Policy::kCorrectedFirst}) {
      for (const bool excluding : {false, true}) {
        const domain::ResolvedView other{.source = static_cast<int32_t>(source),
                                         .policy = policy,
                                         .basis = domain::Basis::kStations,
                                         .excluding_contested = excluding};
        if (other == view || Flat(domain::SumStations(place, other)) != published) continue;
        return absl::StrCat("the published figures are those of the view ", place.election->header().sources[source].id,
                            " ", wire::PolicyName(policy), " ", excluding ? "without-contested" : "all",
                            " at the same version");
      }
    }
  }
  return std::nullopt;
}

std::optional<std::string> ExplainByVersion(const domain::Place& place, const domain::ResolvedView& view,
                                            const FigureSums& published) {
  const domain::AreaTree& area = place.election->area();
  const domain::ContestHistory& contest = *place.contest;
  std::vector<std::pair<int64_t, domain::UnitIndex>> touched;
  domain::Sums sums(contest.column_count());
  std::vector<domain::Effect> current(static_cast<size_t>(area.size()));
  for (domain::UnitIndex unit = place.unit; unit < area.node(place.unit).end; ++unit) {
    if (!area.IsStation(unit)) continue;
    sums.Add(contest, domain::Effect{}, 1);
    for (const int64_t sequence : contest.SequencesOf(unit)) touched.emplace_back(sequence, unit);
  }
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  for (size_t i = 0; i < touched.size(); ++i) {
    const auto [sequence, unit] = touched[i];
    const domain::Effect effect = contest.EffectAt(unit, view, sequence + 1);
    domain::Effect& before = current[static_cast<size_t>(unit)];
    if (effect != before) {
      sums.Add(contest, before, -1);
      sums.Add(contest, effect, 1);
      before = effect;
    }
    const bool last = i + 1 == touched.size() || touched[i + 1].first != sequence;
    if (last && Flat(sums) == published) {
      return absl::StrCat("the published figures are those of version ", sequence + 1, ", not of ", place.tree_size);
    }
  }
  return std::nullopt;
}

}  // namespace hattama::audit
