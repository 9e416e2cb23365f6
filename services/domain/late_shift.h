// Screening: did stations that were recorded late vote otherwise than early ones of the same locality?
#ifndef HATTAMA_SERVICES_DOMAIN_LATE_SHIFT_H_
#define HATTAMA_SERVICES_DOMAIN_LATE_SHIFT_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "services/domain/counts.h"
#include "services/domain/screening.h"

namespace hattama::domain {

inline constexpr ScreeningNote kLateShiftNote = {
    .method = "late-count shift within localities",
    .source =
        "Post-stratification by locality, after the dispute on Bolivia 2019: Curiel, Williams (2020); Idrobo, Kronick, "
        "Rodriguez: Do shifts in late-counted votes signal fraud?, Journal of Politics 84(4), 2022.",
    .conditions =
        "Localities with stations on both sides of the cut, and times that say when a station was counted and not "
        "when a file was written. The raw difference of late and early says nothing: late stations lie elsewhere. "
        "What is left within a locality may still be honest: its villages come later than its town, its large "
        "stations later than its small ones, and a trend that began long before the cut goes on after it. Try "
        "earlier cuts and narrower localities.",
};

// Stations of one side of the cut.
struct CountedPart {
  int64_t station_count = 0;
  int64_t leader_votes = 0;
  int64_t second_votes = 0;
  int64_t base = 0;

  // (leader - second) / base: the margin as a share. Only where base > 0.
  Fraction Margin() const { return {leader_votes - second_votes, base}; }
};

struct LocalityShift {
  int32_t locality = 0;
  CountedPart early;
  CountedPart late;
};

// For locality i with margin votes d and base b of its late (L) and early (E) part:
//   excess  = sum of (dL - dE bL / bE): late margin votes beyond what the early shares of the same locality give;
//   shift   = excess / sum of bL: the mean of (dL / bL - dE / bE), weighted by late base;
//   standard error = root of (m / (m - 1) sum of (x - shift bL)^2) / sum of bL, x the term of `excess`, over m
//   localities as if they were drawn independently (linearised ratio estimator); 0 where m < 2.
struct LateShift {
  ScreeningNote note = kLateShiftNote;
  int64_t cut_micros = 0;
  ShareBase base = ShareBase::kValid;
  int64_t station_count = 0;     // All that were handed in; the sum of the two below.
  int64_t not_stated_count = 0;  // Votes, base, locality or time missing.
  int64_t included_count = 0;
  CountedPart early;         // All included, whatever their locality.
  CountedPart late;          // The raw difference of these two is what the method replaces.
  CountedPart paired_early;  // In localities with both parts, each of base > 0.
  CountedPart paired_late;
  CountedPart unpaired_late;              // late - paired_late: no early station of their locality to compare with.
  std::vector<LocalityShift> localities;  // With both parts, ascending by number.
  double excess = 0;
  double shift = 0;
  double standard_error = 0;
};

// Early is recorded_at <= cut_micros, late is after it. `leader` and `second` are indices in ballot order. The answer
// is the same for every order of the stations: all is whole numbers up to `excess`, whose error is below 2^-60 a
// locality; the standard error adds doubles in the order of localities.
LateShift ScreenLateShift(std::span<const StationFigures> stations, size_t leader, size_t second, ShareBase base,
                          int64_t cut_micros);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_LATE_SHIFT_H_
