#include "services/domain/turnout_share.h"

#include <algorithm>
#include <optional>

namespace hattama::domain {
namespace {

// 0 <= part <= whole, 0 < whole.
int BinOf(int64_t part, int64_t whole) {
  return std::min(static_cast<int>(kHistogramBins * part / whole), kHistogramBins - 1);
}

// The least percent with 100 part <= percent x whole.
int PercentReached(int64_t part, int64_t whole) { return static_cast<int>((100 * part + whole - 1) / whole); }

}  // namespace

TurnoutShareHistogram ScreenTurnoutShare(std::span<const StationFigures> stations, size_t option, ShareBase base) {
  TurnoutShareHistogram histogram;
  histogram.base = base;
  histogram.station_count = static_cast<int64_t>(stations.size());
  histogram.cells.assign(kHistogramBins * kHistogramBins, 0);
  for (const StationFigures& station : stations) {
    const std::optional<int64_t> registered = StatedCount(station.registered);
    const std::optional<int64_t> issued = StatedCount(station.issued);
    const std::optional<int64_t> whole = StatedBase(station, base);
    const std::optional<int64_t> votes = StatedVotes(station, option);
    if (!registered.has_value() || !issued.has_value() || !whole.has_value() || !votes.has_value()) {
      ++histogram.not_stated_count;
    } else if (*registered == 0 || *whole == 0) {
      ++histogram.left_out_count;
    } else if (*issued > *registered || *votes > *whole) {
      ++histogram.above_one_count;
    } else {
      ++histogram.included_count;
      ++histogram.cells[BinOf(*issued, *registered) * kHistogramBins + BinOf(*votes, *whole)];
    }
  }
  return histogram;
}

TurnoutCurve ScreenTurnoutCurve(std::span<const StationFigures> stations, size_t option_count, ShareBase base) {
  TurnoutCurve curve;
  curve.base = base;
  curve.station_count = static_cast<int64_t>(stations.size());
  curve.points.resize(101);
  for (int percent = 0; percent <= 100; ++percent) {
    curve.points[percent].percent = percent;
    curve.points[percent].votes.assign(option_count, 0);
  }
  for (const StationFigures& station : stations) {
    const std::optional<int64_t> registered = StatedCount(station.registered);
    const std::optional<int64_t> issued = StatedCount(station.issued);
    const std::optional<int64_t> whole = StatedBase(station, base);
    bool all_votes = true;
    for (size_t option = 0; option < option_count; ++option) all_votes &= StatedVotes(station, option).has_value();
    if (!registered.has_value() || !issued.has_value() || !whole.has_value() || !all_votes) {
      ++curve.not_stated_count;
    } else if (*registered == 0 || *whole == 0) {
      ++curve.left_out_count;
    } else if (*issued > *registered) {
      ++curve.above_one_count;
    } else {
      ++curve.included_count;
      TurnoutCurvePoint& point = curve.points[PercentReached(*issued, *registered)];
      ++point.station_count;
      point.registered += *registered;
      point.issued += *issued;
      point.base += *whole;
      for (size_t option = 0; option < option_count; ++option) point.votes[option] += *station.votes[option];
    }
  }
  for (int percent = 1; percent <= 100; ++percent) {
    const TurnoutCurvePoint& before = curve.points[percent - 1];
    TurnoutCurvePoint& point = curve.points[percent];
    point.station_count += before.station_count;
    point.registered += before.registered;
    point.issued += before.issued;
    point.base += before.base;
    for (size_t option = 0; option < option_count; ++option) point.votes[option] += before.votes[option];
  }
  return curve;
}

}  // namespace hattama::domain
