// Running sums of one view over the area tree, kept so that any version of any unit is found in O(log n).
//
// For each unit above the stations: the list of changes to stations below it, and the sums after every 64th change. A
// tally looks up the last snapshot before its version and adds at most 63 changes.
#ifndef HATTAMA_SERVICES_DOMAIN_VIEW_INDEX_H_
#define HATTAMA_SERVICES_DOMAIN_VIEW_INDEX_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "services/domain/area.h"
#include "services/domain/view.h"

namespace hattama::domain {

class ContestHistory;

// Sums over the stations of a unit. Columns are lines in form order, then options in ballot order.
struct Sums {
  std::vector<int64_t> value;         // By column.
  std::vector<int64_t> stated;        // By column: how many counted protocols state it.
  std::array<int64_t, 6> by_state{};  // By UnitState; index 0 is unused.
  std::array<int64_t, 4> by_stage{};  // Counted ones by Stage; index 0 is unused.
  int64_t contested = 0;
  int64_t awaiting_correction = 0;
  int64_t with_findings = 0;  // Counted protocols that carry findings.

  explicit Sums(int32_t column_count) : value(column_count), stated(column_count) {}
  Sums() = default;

  // Adds the effect of one station `times` times: 1 to put it in, -1 to take it out.
  void Add(const ContestHistory& contest, const Effect& effect, int64_t times);

  friend bool operator==(const Sums&, const Sums&) = default;
};

class ViewIndex {
 public:
  // `contest` and `area` must outlive the index.
  ViewIndex(const ContestHistory* contest, const AreaTree* area, ResolvedView view);

  const ResolvedView& view() const { return view_; }

  // Notes that at `sequence` the effect of a station became `effect`. Sequences never fall.
  void Note(UnitIndex station, int64_t sequence, const Effect& effect);
  const Effect& current(UnitIndex station) const;

  // Sums over the stations of `unit`, which lies in the contest and is above the station level, at tree_size.
  Sums At(UnitIndex unit, int64_t tree_size) const;

 private:
  static constexpr int32_t kSnapshotEvery = 64;

  struct Change {
    int64_t sequence = 0;
    Effect before;
    Effect after;
  };
  struct UnitChanges {
    std::vector<int32_t> changes;  // Indexes into changes_.
    Sums running;
    std::vector<Sums>
        snapshots;  // [k] holds after the first k * kSnapshotEvery changes; in [0] every station is missing.
  };

  const ContestHistory* contest_;
  const AreaTree* area_;
  ResolvedView view_;
  std::vector<Change> changes_;
  std::vector<Effect> current_;  // By unit - root.
  std::vector<int32_t> slot_;    // By unit - root: index into by_unit_, -1 for stations.
  std::vector<UnitChanges> by_unit_;
};

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_VIEW_INDEX_H_
