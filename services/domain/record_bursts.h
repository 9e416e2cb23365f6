// Screening: many protocols recorded within a short window.
#ifndef HATTAMA_SERVICES_DOMAIN_RECORD_BURSTS_H_
#define HATTAMA_SERVICES_DOMAIN_RECORD_BURSTS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "services/domain/screening.h"

namespace hattama::domain {

inline constexpr ScreeningNote kRecordBurstsNote = {
    .method = "bursts of records",
    .source = "A count of times within a sliding window; no model is behind it.",
    .conditions =
        "Times at which single protocols were recorded. Imports, exports and connections that come back make "
        "bursts; choose the bound from what the people at work can enter, and ask how a burst was entered.",
};

inline constexpr int64_t kMicrosPerMinute = 60'000'000;

// Records of which each lies, with some other, in a window that is over the bound: neighbouring windows that share a
// record are one burst. Its records are those with first_micros <= recorded_at <= last_micros.
struct RecordBurst {
  int64_t first_micros = 0;
  int64_t last_micros = 0;
  int64_t record_count = 0;
  int64_t peak_count = 0;         // The most in one window ...
  int64_t peak_begin_micros = 0;  // ... and where the first such window begins.
};

struct RecordBursts {
  ScreeningNote note = kRecordBurstsNote;
  int64_t window_micros = 0;
  int64_t count_max = 0;
  int64_t station_count = 0;  // All that were handed in; the sum of the two below.
  int64_t not_stated_count = 0;
  int64_t included_count = 0;
  std::vector<RecordBurst> bursts;  // By time. They share no record.
};

// Bursts of more than `count_max` records in [t, t + window_micros), t being the time of a record: windows slide, so
// that a burst over a full minute's edge is not cut in two. InvalidArgument where window_micros or count_max is
// below 1. The answer is the same for every order of the stations.
absl::StatusOr<RecordBursts> ScreenRecordBursts(std::span<const StationFigures> stations, int64_t window_micros,
                                                int64_t count_max);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_RECORD_BURSTS_H_
