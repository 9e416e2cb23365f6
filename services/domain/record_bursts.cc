#include "services/domain/record_bursts.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace hattama::domain {

absl::StatusOr<RecordBursts> ScreenRecordBursts(std::span<const StationFigures> stations, int64_t window_micros,
                                                int64_t count_max) {
  if (window_micros < 1 || count_max < 1) {
    return absl::InvalidArgumentError(absl::StrCat("bursts of records: window of ", window_micros,
                                                   " microseconds and bound of ", count_max,
                                                   " records; either must be 1 or more"));
  }
  RecordBursts result;
  result.window_micros = window_micros;
  result.count_max = count_max;
  result.station_count = static_cast<int64_t>(stations.size());
  std::vector<int64_t> times;
  for (const StationFigures& station : stations) {
    if (station.recorded_at_micros.has_value()) times.push_back(*station.recorded_at_micros);
  }
  std::sort(times.begin(), times.end());
  result.included_count = static_cast<int64_t>(times.size());
  result.not_stated_count = result.station_count - result.included_count;

  // Window of record `begin`: [begin, end) of `times`. Both only move on.
  size_t end = 0;
  size_t burst_end = 0;
  for (size_t begin = 0; begin < times.size(); ++begin) {
    while (end < times.size() && static_cast<Wide>(times[end]) - times[begin] < window_micros) ++end;
    const int64_t count = static_cast<int64_t>(end - begin);
    if (count <= count_max) continue;
    if (begin >= burst_end) result.bursts.push_back({.first_micros = times[begin]});
    RecordBurst& burst = result.bursts.back();
    burst.record_count += static_cast<int64_t>(end - std::max(begin, burst_end));
    burst.last_micros = times[end - 1];
    if (count > burst.peak_count) {
      burst.peak_count = count;
      burst.peak_begin_micros = times[begin];
    }
    burst_end = end;
  }
  return result;
}

}  // namespace hattama::domain
