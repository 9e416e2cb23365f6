#include "services/domain/late_shift.h"

#include <cmath>
#include <map>
#include <optional>

namespace hattama::domain {
namespace {

void Add(const CountedPart& part, CountedPart& sum) {
  sum.station_count += part.station_count;
  sum.leader_votes += part.leader_votes;
  sum.second_votes += part.second_votes;
  sum.base += part.base;
}

}  // namespace

LateShift ScreenLateShift(std::span<const StationFigures> stations, size_t leader, size_t second, ShareBase base,
                          int64_t cut_micros) {
  LateShift result;
  result.cut_micros = cut_micros;
  result.base = base;
  result.station_count = static_cast<int64_t>(stations.size());
  std::map<int32_t, LocalityShift> by_locality;
  for (const StationFigures& station : stations) {
    const std::optional<int64_t> leader_votes = StatedVotes(station, leader);
    const std::optional<int64_t> second_votes = StatedVotes(station, second);
    const std::optional<int64_t> whole = StatedBase(station, base);
    if (!leader_votes.has_value() || !second_votes.has_value() || !whole.has_value() || !station.locality.has_value() ||
        !station.recorded_at_micros.has_value()) {
      ++result.not_stated_count;
      continue;
    }
    ++result.included_count;
    LocalityShift& locality = by_locality[*station.locality];
    locality.locality = *station.locality;
    Add({.station_count = 1, .leader_votes = *leader_votes, .second_votes = *second_votes, .base = *whole},
        *station.recorded_at_micros <= cut_micros ? locality.early : locality.late);
  }

  FixedSum excess;
  for (const auto& [number, locality] : by_locality) {
    Add(locality.early, result.early);
    Add(locality.late, result.late);
    if (locality.early.base == 0 || locality.late.base == 0) {
      Add(locality.late, result.unpaired_late);
      continue;
    }
    Add(locality.early, result.paired_early);
    Add(locality.late, result.paired_late);
    result.localities.push_back(locality);
    const Fraction early = locality.early.Margin();
    const Fraction late = locality.late.Margin();
    excess.AddFraction(
        static_cast<Wide>(late.numerator) * early.denominator - static_cast<Wide>(early.numerator) * late.denominator,
        early.denominator);
  }
  if (result.localities.empty()) return result;

  result.excess = excess.Value();
  const double late_base = static_cast<double>(result.paired_late.base);
  result.shift = result.excess / late_base;
  const double count = static_cast<double>(result.localities.size());
  if (result.localities.size() < 2) return result;
  double squares = 0;
  for (const LocalityShift& locality : result.localities) {
    const Fraction early = locality.early.Margin();
    const Fraction late = locality.late.Margin();
    const double base_of_late = static_cast<double>(late.denominator);
    const double expected =
        static_cast<double>(early.numerator) * base_of_late / static_cast<double>(early.denominator);
    const double residual = static_cast<double>(late.numerator) - expected - result.shift * base_of_late;
    squares += residual * residual;
  }
  result.standard_error = std::sqrt(count / (count - 1) * squares) / late_base;
  return result;
}

}  // namespace hattama::domain
