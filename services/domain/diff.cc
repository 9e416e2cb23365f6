#include "services/domain/diff.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hattama::domain {
namespace {

bool DigitsTransposed(int32_t left, int32_t right) {
  if (left < 0 || right < 0 || left == right) return false;
  std::string a = absl::StrCat(left);
  std::string b = absl::StrCat(right);
  if (a.size() != b.size()) return false;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b;
}

// True where the figures between the first and the last changed option are the other side's figures moved by one row.
// The row that the run left may keep a small figure of its own, because a clerk who finds the slip refills it.
bool Shifted(FigureRow left, FigureRow right, const std::vector<int32_t>& changed) {
  const int32_t first = changed.front();
  const int32_t last = changed.back();
  if (last - first < 2) return false;
  bool down = true;  // right[i + 1] == left[i]
  bool up = true;    // right[i] == left[i + 1]
  for (int32_t i = first; i < last; ++i) {
    down = down && right[i + 1] == left[i];
    up = up && right[i] == left[i + 1];
  }
  return down || up;
}

std::optional<int64_t> Plus(std::optional<int64_t> sum, int32_t figure) {
  if (figure == kBlank) return sum;
  return sum.value_or(0) + figure;
}

std::string OutcomeStatusText(OutcomeStatus status) {
  switch (status) {
    case OutcomeStatus::kUndetermined:
      return "undetermined";
    case OutcomeStatus::kDecided:
      return "decided";
    case OutcomeStatus::kTie:
      return "tie";
    case OutcomeStatus::kRunoff:
      return "runoff";
    case OutcomeStatus::kAdopted:
      return "adopted";
    case OutcomeStatus::kRejected:
      return "rejected";
  }
  return "";
}

std::vector<std::string> OutcomeChanges(const Contest& contest, const Outcome& left, const Outcome& right) {
  std::vector<std::string> changes;
  const auto names = [&contest](const std::vector<int32_t>& options) {
    return absl::StrJoin(options, ", ", [&contest](std::string* out, int32_t option) {
      absl::StrAppend(out, contest.options[option].id);
    });
  };
  if (left.status != right.status) {
    changes.push_back(
        absl::StrCat("outcome: ", OutcomeStatusText(left.status), " -> ", OutcomeStatusText(right.status)));
  }
  const bool lists = left.allocation.has_value() || right.allocation.has_value();
  if (left.options != right.options) {
    changes.push_back(
        absl::StrCat(lists ? "with seats: " : "options: ", names(left.options), " -> ", names(right.options)));
  }
  if (!left.allocation.has_value() || !right.allocation.has_value()) return changes;
  const auto find = [](const Allocation& allocation, int32_t option) -> ListSeats {
    for (const ListSeats& list : allocation.lists) {
      if (list.option == option) return list;
    }
    return ListSeats{.option = option};
  };
  for (int32_t option = 0; option < static_cast<int32_t>(contest.options.size()); ++option) {
    const ListSeats a = find(*left.allocation, option);
    const ListSeats b = find(*right.allocation, option);
    if (a.passes_threshold != b.passes_threshold) {
      changes.push_back(absl::StrCat("threshold: ", contest.options[option].id,
                                     b.passes_threshold ? " passes only on the right" : " passes only on the left"));
    }
    if (a.seats != b.seats) {
      changes.push_back(absl::StrCat("seats of ", contest.options[option].id, ": ", a.seats, " -> ", b.seats));
    }
  }
  return changes;
}

// What is compared goes before what is missing: a missing station weighs all its votes and would hide every slip.
int Rank(DiscrepancyKind kind) {
  switch (kind) {
    case DiscrepancyKind::kOnlyLeft:
    case DiscrepancyKind::kOnlyRight:
      return 1;
    case DiscrepancyKind::kBlankOnOneSide:
      return 2;
    default:
      return 0;
  }
}

// Walks both sides unit by unit.
class Comparison {
 public:
  Comparison(const Place& left, const ResolvedView& left_view, const Place& right, const ResolvedView& right_view)
      : contest_(*left.contest), option_begin_(static_cast<int32_t>(left.election->header().lines.size())) {
    diff_.left = left;
    diff_.right = right;
    diff_.left_view = left_view;
    diff_.right_view = right_view;
    diff_.columns.resize(contest_.column_count());
    for (const Line& line : left.election->header().lines) {
      primary_.push_back(!line.derived && line.meaning != LineMeaning::kRegisteredVoters);
    }
    primary_.resize(contest_.column_count(), true);
  }

  void Visit(UnitIndex unit) {
    const Effect left = contest_.EffectAt(unit, diff_.left_view, diff_.left.tree_size);
    const Effect right = contest_.EffectAt(unit, diff_.right_view, diff_.right.tree_size);
    const int32_t left_protocol = left.counted() ? left.protocol : -1;
    const int32_t right_protocol = right.counted() ? right.protocol : -1;
    diff_.left_count += left_protocol >= 0 ? 1 : 0;
    diff_.right_count += right_protocol >= 0 ? 1 : 0;
    if (left_protocol >= 0 && right_protocol >= 0) {
      ++diff_.common_count;
      Compare(unit, left_protocol, right_protocol);
    } else if (left_protocol >= 0) {
      ++diff_.only_left_count;
      OneSided(unit, DiscrepancyKind::kOnlyLeft, left_protocol);
    } else if (right_protocol >= 0) {
      ++diff_.only_right_count;
      OneSided(unit, DiscrepancyKind::kOnlyRight, right_protocol);
    }
  }

  Diff Finish() {
    const AreaTree& area = diff_.left.election->area();
    std::sort(diff_.discrepancies.begin(), diff_.discrepancies.end(),
              [&area](const Discrepancy& a, const Discrepancy& b) {
                if (Rank(a.kind) != Rank(b.kind)) return Rank(a.kind) < Rank(b.kind);
                if (a.effect != b.effect) return a.effect > b.effect;
                return area.node(a.unit).unit.id < area.node(b.unit).unit.id;
              });
    if (diff_.left.unit == contest_.root()) {
      diff_.left_outcome = ComputeTally(diff_.left, diff_.left_view).outcome;
      diff_.right_outcome = ComputeTally(diff_.right, diff_.right_view).outcome;
      diff_.outcome_changes = OutcomeChanges(contest_.contest(), *diff_.left_outcome, *diff_.right_outcome);
    }
    return std::move(diff_);
  }

 private:
  void Compare(UnitIndex unit, int32_t left_protocol, int32_t right_protocol) {
    const FigureRow left = contest_.figures(left_protocol);
    const FigureRow right = contest_.figures(right_protocol);
    int64_t option_effect = 0;
    int64_t effect = 0;
    bool differs = false;  // In a figure that both sides state.
    bool blank = false;    // In what is stated at all.
    for (size_t i = 0; i < left.size(); ++i) {
      ColumnDiff& column = diff_.columns[i];
      column.left_common = Plus(column.left_common, left[i]);
      column.right_common = Plus(column.right_common, right[i]);
      if (left[i] == right[i]) continue;
      if (left[i] == kBlank || right[i] == kBlank) {
        blank = true;
        continue;
      }
      differs = true;
      const int64_t change = static_cast<int64_t>(right[i]) - left[i];
      column.net_change += change;
      ++column.unit_count;
      const int64_t size = change < 0 ? -change : change;
      if (static_cast<int32_t>(i) >= option_begin_) option_effect += size;
      if (primary_[i]) effect += size;
    }
    if (!differs && !blank) return;
    diff_.option_difference_count += option_effect > 0 ? 1 : 0;
    diff_.option_effect += option_effect;
    diff_.difference_count += effect > 0 ? 1 : 0;
    diff_.effect += effect;
    const DiscrepancyKind kind =
        differs ? Classify(left, right, primary_, option_begin_) : DiscrepancyKind::kBlankOnOneSide;
    Note({unit, kind, option_effect, effect, left_protocol, right_protocol});
  }

  void OneSided(UnitIndex unit, DiscrepancyKind kind, int32_t protocol) {
    const FigureRow row = contest_.figures(protocol);
    int64_t option_effect = 0;
    int64_t effect = 0;
    for (size_t i = 0; i < row.size(); ++i) {
      ColumnDiff& column = diff_.columns[i];
      std::optional<int64_t>& only = kind == DiscrepancyKind::kOnlyLeft ? column.left_only : column.right_only;
      only = Plus(only, row[i]);
      if (row[i] == kBlank) continue;
      if (static_cast<int32_t>(i) >= option_begin_) option_effect += row[i];
      if (primary_[i]) effect += row[i];
    }
    const bool left = kind == DiscrepancyKind::kOnlyLeft;
    Note({unit, kind, option_effect, effect, left ? protocol : -1, left ? -1 : protocol});
  }

  void Note(const Discrepancy& discrepancy) {
    ++diff_.by_kind[static_cast<size_t>(discrepancy.kind)];
    diff_.discrepancies.push_back(discrepancy);
  }

  const ContestHistory& contest_;
  int32_t option_begin_;
  std::vector<bool> primary_;
  Diff diff_;
};

}  // namespace

DiscrepancyKind Classify(FigureRow left, FigureRow right, const std::vector<bool>& primary, int32_t option_begin) {
  std::vector<int32_t> changed;  // Primary columns; where none changed, the others.
  for (const bool wanted : {true, false}) {
    for (size_t i = 0; i < left.size(); ++i) {
      if (primary[i] == wanted && left[i] != right[i]) changed.push_back(static_cast<int32_t>(i));
    }
    if (!changed.empty()) break;
  }
  if (changed.size() == 1) {
    return DigitsTransposed(left[changed[0]], right[changed[0]]) ? DiscrepancyKind::kDigitsTransposed
                                                                 : DiscrepancyKind::kOneChanged;
  }
  if (changed.size() == 2 && left[changed[0]] == right[changed[1]] && left[changed[1]] == right[changed[0]]) {
    return DiscrepancyKind::kRowsSwapped;
  }
  const bool options_only = std::all_of(changed.begin(), changed.end(), [&](int32_t i) { return i >= option_begin; });
  if (options_only && Shifted(left, right, changed)) return DiscrepancyKind::kRowsShifted;
  int64_t option_change = 0;
  bool stated = true;
  for (const int32_t i : changed) {
    stated = stated && left[i] != kBlank && right[i] != kBlank;
    if (i >= option_begin) option_change += static_cast<int64_t>(right[i]) - left[i];
  }
  return options_only && stated && option_change == 0 ? DiscrepancyKind::kTransfer : DiscrepancyKind::kSeveralChanged;
}

absl::StatusOr<Diff> ComputeDiff(const Place& left, const ResolvedView& left_view, const Place& right,
                                 const ResolvedView& right_view) {
  if (left_view.basis != right_view.basis) {
    return absl::InvalidArgumentError(
        "view.basis: stations on one side and claims on the other have no units in common");
  }
  Comparison comparison(left, left_view, right, right_view);
  const AreaTree& area = left.election->area();
  const bool stations = left_view.basis == Basis::kStations;
  for (UnitIndex unit = left.unit; unit < area.node(left.unit).end; ++unit) {
    if (area.IsStation(unit) == stations) comparison.Visit(unit);
  }
  return comparison.Finish();
}

}  // namespace hattama::domain
