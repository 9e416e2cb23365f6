// Screening: stations by turnout and by an option's share. A picture for a reader and no test: nothing is expected
// here.
#ifndef HATTAMA_SERVICES_DOMAIN_TURNOUT_SHARE_H_
#define HATTAMA_SERVICES_DOMAIN_TURNOUT_SHARE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "services/domain/screening.h"

namespace hattama::domain {

inline constexpr ScreeningNote kTurnoutShareNote = {
    .method = "turnout and share",
    .source =
        "Klimek, Yegorov, Hanel, Thurner: Statistical detection of systematic election irregularities, PNAS 109(41), "
        "2012.",
    .conditions =
        "Stations with a roll and with ballots. Turnout and share go together for honest reasons as well: town "
        "and country, regions, small and closed stations (hospitals, ships, barracks). A smear towards 100 % is a "
        "question to ask of those stations.",
};

// Cells on each side of the histogram: one per cent each.
inline constexpr int kHistogramBins = 100;

// Cell (t, s) counts the stations with t <= 100 issued / registered < t + 1 and s <= 100 votes / base < s + 1; exactly
// 100 % belongs to the last cell. Placed by whole numbers, so no station moves by a rounding.
struct TurnoutShareHistogram {
  ScreeningNote note = kTurnoutShareNote;
  ShareBase base = ShareBase::kValid;
  int64_t station_count = 0;  // All that were handed in; the sum of the four below.
  int64_t not_stated_count = 0;
  int64_t left_out_count = 0;   // Roll or base of 0: there is no ratio.
  int64_t above_one_count = 0;  // More issued than registered, or more votes than the base.
  int64_t included_count = 0;
  std::vector<int64_t> cells;  // kHistogramBins rows by turnout of kHistogramBins columns by share.

  int64_t At(int turnout, int share) const { return cells[turnout * kHistogramBins + share]; }
};

// `option` is an index in ballot order.
TurnoutShareHistogram ScreenTurnoutShare(std::span<const StationFigures> stations, size_t option, ShareBase base);

// Sums over the stations with 100 issued <= percent x registered: the edge is included.
struct TurnoutCurvePoint {
  int percent = 0;
  int64_t station_count = 0;
  int64_t registered = 0;
  int64_t issued = 0;
  int64_t base = 0;
  std::vector<int64_t> votes;  // By option; the share of one is votes / base, where base > 0.
};

struct TurnoutCurve {
  ScreeningNote note = kTurnoutShareNote;
  ShareBase base = ShareBase::kValid;
  int64_t station_count = 0;     // All that were handed in; the sum of the four below.
  int64_t not_stated_count = 0;  // Votes for any option included, so that shares of one point are of the same stations.
  int64_t left_out_count = 0;    // Roll or base of 0.
  int64_t above_one_count = 0;   // More issued than registered.
  int64_t included_count = 0;
  std::vector<TurnoutCurvePoint> points;  // 0..100 per cent, 101 of them.
};

// Shares as they stand when stations are added in the order of their turnout. `option_count` is that of the contest.
TurnoutCurve ScreenTurnoutCurve(std::span<const StationFigures> stations, size_t option_count, ShareBase base);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_TURNOUT_SHARE_H_
