// Differences between two (view, version) of one contest, unit by unit and in sum.
#ifndef HATTAMA_SERVICES_DOMAIN_DIFF_H_
#define HATTAMA_SERVICES_DOMAIN_DIFF_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "services/domain/tally.h"

namespace hattama::domain {

// In order of precedence: the first that fits names the discrepancy.
enum class DiscrepancyKind {
  kOnlyLeft = 1,
  kOnlyRight = 2,
  kRowsSwapped = 3,       // Two figures changed places.
  kRowsShifted = 4,       // A run of figures moved by one row; the row left or entered may keep small change.
  kDigitsTransposed = 5,  // One figure, and its digits are the same in another order.
  kOneChanged = 6,        // One figure, its dependent totals aside.
  kTransfer = 7,          // Several options, and their sum is equal.
  kSeveralChanged = 8,
  kBlankOnOneSide = 9,  // Whatever both sides state is equal; some figures one side alone states.
};
inline constexpr int kDiscrepancyKindCount = 9;

struct Discrepancy {
  UnitIndex unit = 0;
  DiscrepancyKind kind = DiscrepancyKind::kSeveralChanged;
  int64_t option_effect = 0;  // Sum of |right - left| over options that both sides state.
  int64_t effect = 0;         // The same with lines that are neither derived nor registered voters.
  int32_t left_protocol = -1;
  int32_t right_protocol = -1;
};

// One column summed over units that both sides have, and over the rest.
struct ColumnDiff {
  std::optional<int64_t> left_common;
  std::optional<int64_t> right_common;
  std::optional<int64_t> left_only;
  std::optional<int64_t> right_only;
  int64_t net_change = 0;  // right - left over cells that both sides state.
  int64_t unit_count = 0;  // Units in which both sides state it and it differs.
};

struct Diff {
  Place left;
  Place right;
  ResolvedView left_view;
  ResolvedView right_view;
  int64_t left_count = 0;
  int64_t right_count = 0;
  int64_t common_count = 0;
  int64_t only_left_count = 0;
  int64_t only_right_count = 0;
  int64_t option_difference_count = 0;  // Common units in which an option differs.
  int64_t option_effect = 0;            // Over common units, as are the next two.
  int64_t difference_count = 0;         // Common units in which an option or a line that counts into `effect` differs.
  int64_t effect = 0;
  std::vector<ColumnDiff> columns;
  std::array<int64_t, kDiscrepancyKindCount + 1> by_kind{};  // By DiscrepancyKind; index 0 is unused.
  // Units in which a figure differs that both sides state, then units that one side alone has, then kBlankOnOneSide;
  // within each by effect, largest first, then by unit id.
  std::vector<Discrepancy> discrepancies;
  std::optional<Outcome> left_outcome;
  std::optional<Outcome> right_outcome;
  std::vector<std::string> outcome_changes;
};

// Compares the two sides. Both places name the same election, contest and unit; versions may differ. On claims it
// compares every unit below the place for which either side has a claim; on stations, every station.
// InvalidArgument where the bases differ: a claim is compared with the sum of its stations by ComputeTally.
absl::StatusOr<Diff> ComputeDiff(const Place& left, const ResolvedView& left_view, const Place& right,
                                 const ResolvedView& right_view);

// Names the kind from the figures of both sides. `primary` marks the columns that are neither derived nor registered
// voters; `option_begin` is the first option's column.
DiscrepancyKind Classify(FigureRow left, FigureRow right, const std::vector<bool>& primary, int32_t option_begin);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_DIFF_H_
