#include "services/domain/view_index.h"

#include <algorithm>

#include "services/domain/history.h"

namespace hattama::domain {

void Sums::Add(const ContestHistory& contest, const Effect& effect, int64_t times) {
  by_state[static_cast<size_t>(effect.state)] += times;
  contested += effect.contested ? times : 0;
  awaiting_correction += effect.awaiting_correction ? times : 0;
  if (!effect.counted()) return;
  const ProtocolFacts& facts = contest.protocol(effect.protocol);
  by_stage[static_cast<size_t>(facts.stage)] += times;
  with_findings += facts.finding_count > 0 ? times : 0;
  const FigureRow row = contest.figures(effect.protocol);
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] == kBlank) continue;
    value[i] += times * row[i];
    stated[i] += times;
  }
}

ViewIndex::ViewIndex(const ContestHistory* contest, const AreaTree* area, ResolvedView view)
    : contest_(contest), area_(area), view_(view) {
  const UnitIndex root = contest_->root();
  const UnitIndex end = area_->node(root).end;
  current_.resize(end - root);
  slot_.resize(end - root, -1);
  for (UnitIndex unit = root; unit < end; ++unit) {
    if (area_->IsStation(unit)) continue;
    slot_[unit - root] = static_cast<int32_t>(by_unit_.size());
    UnitChanges changes;
    changes.running = Sums(contest_->column_count());
    changes.running.by_state[static_cast<size_t>(UnitState::kMissing)] = area_->node(unit).station_count;
    changes.snapshots.push_back(changes.running);
    by_unit_.push_back(std::move(changes));
  }
}

const Effect& ViewIndex::current(UnitIndex station) const { return current_[station - contest_->root()]; }

void ViewIndex::Note(UnitIndex station, int64_t sequence, const Effect& effect) {
  const UnitIndex root = contest_->root();
  const Effect before = current_[station - root];
  if (before == effect) return;
  current_[station - root] = effect;
  const int32_t change = static_cast<int32_t>(changes_.size());
  changes_.push_back(Change{sequence, before, effect});
  UnitIndex unit = area_->node(station).parent;
  while (unit >= root) {
    UnitChanges& above = by_unit_[slot_[unit - root]];
    above.changes.push_back(change);
    above.running.Add(*contest_, before, -1);
    above.running.Add(*contest_, effect, 1);
    if (above.changes.size() % kSnapshotEvery == 0) above.snapshots.push_back(above.running);
    unit = area_->node(unit).parent;
  }
}

Sums ViewIndex::At(UnitIndex unit, int64_t tree_size) const {
  const UnitChanges& at = by_unit_[slot_[unit - contest_->root()]];
  const auto end = std::partition_point(at.changes.begin(), at.changes.end(), [this, tree_size](int32_t change) {
    return changes_[change].sequence < tree_size;
  });
  const int64_t count = end - at.changes.begin();
  const int64_t snapshot = count / kSnapshotEvery;
  Sums sums = at.snapshots[snapshot];
  for (int64_t i = snapshot * kSnapshotEvery; i < count; ++i) {
    const Change& change = changes_[at.changes[i]];
    sums.Add(*contest_, change.before, -1);
    sums.Add(*contest_, change.after, 1);
  }
  return sums;
}

}  // namespace hattama::domain
