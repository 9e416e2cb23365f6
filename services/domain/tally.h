// Tallies: the figures of one unit in one contest, by a view, at a version.
#ifndef HATTAMA_SERVICES_DOMAIN_TALLY_H_
#define HATTAMA_SERVICES_DOMAIN_TALLY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/history.h"
#include "services/domain/seat.h"
#include "services/domain/view.h"

namespace hattama::domain {

// A (contest, unit, view, version) whose parts are known to exist.
struct Place {
  const ElectionHistory* election = nullptr;
  const ContestHistory* contest = nullptr;
  int32_t election_index = 0;
  int32_t contest_index = 0;
  UnitIndex unit = 0;
  int64_t tree_size = 0;
};

// Finds the place. `contest_id` may be empty where the election has one contest, `unit_id` empty for the contest's
// unit.
//   NotFound         no such election at the version, or no such contest or unit; the message names it.
//   InvalidArgument  contest_id is empty and there are several, or the unit does not vote in the contest.
//   OutOfRange       tree_size is negative or beyond the state.
absl::StatusOr<Place> Locate(const History& history, std::string_view election_id, std::string_view contest_id,
                             std::string_view unit_id, int64_t tree_size);

// Finds the source of a view; an empty source_id means the first commission that may state protocols on the view's
// basis (of stations, or of units above them).
//   NotFound         the election has no such source; the message names it.
//   InvalidArgument  source_id is empty and no commission states protocols on that basis; the message names those
//                    there are.
absl::StatusOr<ResolvedView> ResolveView(const ElectionHistory& election, const View& view);
// The view as people name it.
View NameView(const ElectionHistory& election, const ResolvedView& view);

struct Coverage {
  int64_t expected = 0;
  int64_t counted = 0;
  int64_t quarantined = 0;
  int64_t annulled = 0;
  int64_t excluded_contested = 0;
  int64_t missing = 0;
  int64_t contested = 0;
  int64_t awaiting_correction = 0;
  int64_t counted_preliminary = 0;
  int64_t counted_final = 0;
  int64_t counted_corrected = 0;
};

struct TurnoutValue {
  int32_t turnout = 0;  // Index into the election's turnouts.
  std::optional<Fraction> ratio;
};

struct ClaimFigure {
  int32_t column = 0;
  std::optional<int64_t> claimed;
  std::optional<int64_t> summed;
};

// A claim of any source for the unit, beside the sum of its stations in the same view and version.
struct ClaimComparison {
  int32_t protocol = 0;
  std::vector<ClaimFigure> figures;
};

struct Tally {
  Place place;
  ResolvedView view;
  std::vector<std::optional<int64_t>> totals;  // By column; nullopt where no counted protocol states it.
  std::vector<int64_t> stated;                 // By column.
  std::optional<int64_t> share_base;
  std::vector<std::optional<Fraction>> shares;  // By option.
  std::vector<TurnoutValue> turnouts;
  int64_t roll = 0;
  Coverage coverage;
  std::optional<Outcome> outcome;  // At the contest's unit alone.
  std::vector<ClaimComparison> claims;
  int64_t with_findings = 0;
};

// The tally at the place. Uses the contest's kept index for the view where there is one, else sums the stations.
Tally ComputeTally(const Place& place, const ResolvedView& view);

// The sums alone: what ComputeTally starts from.
Sums SumStations(const Place& place, const ResolvedView& view);

// Seats of one party over all contests.
struct PartySeats {
  int32_t party = -1;  // Index into the election's parties; -1 for options without one.
  int64_t list_seats = 0;
  int64_t district_seats = 0;
};

struct SeatTable {
  std::vector<Tally> contests;      // Every contest at its own unit, in order of definition.
  std::vector<PartySeats> parties;  // Those with seats: most first, then by declaration.
  int64_t seats = 0;                // Of party lists and districts; a head of state takes no seat.
  int64_t undecided_seats = 0;      // Seats that no figures or no lot decide yet.
};

// Every contest's outcome and the seats they give. `place` names any contest of the election.
SeatTable ComputeSeats(const Place& place, const ResolvedView& view);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_TALLY_H_
