#include "services/domain/equal_votes.h"

#include <algorithm>
#include <optional>

namespace hattama::domain {
namespace {

bool StatesAll(const StationFigures& station, size_t option_count) {
  if (station.votes.size() != option_count) return false;
  return std::all_of(station.votes.begin(), station.votes.end(),
                     [](const std::optional<int64_t>& votes) { return StatedCount(votes).has_value(); });
}

bool OneLocality(std::span<const StationFigures> stations, const std::vector<size_t>& indices) {
  const std::optional<int32_t>& first = stations[indices.front()].locality;
  return first.has_value() &&
         std::all_of(indices.begin(), indices.end(), [&](size_t index) { return stations[index].locality == first; });
}

}  // namespace

EqualVotes ScreenEqualVotes(std::span<const StationFigures> stations, size_t option_count) {
  EqualVotes result;
  result.station_count = static_cast<int64_t>(stations.size());
  std::vector<size_t> order;
  for (size_t index = 0; index < stations.size(); ++index) {
    if (!StatesAll(stations[index], option_count)) {
      ++result.not_stated_count;
      continue;
    }
    const auto above_zero = std::count_if(stations[index].votes.begin(), stations[index].votes.end(),
                                          [](const std::optional<int64_t>& votes) { return *votes > 0; });
    if (above_zero < kEqualVotesNonZeroMin) {
      ++result.left_out_count;
      continue;
    }
    order.push_back(index);
  }
  result.included_count = static_cast<int64_t>(order.size());
  // Indices ascend already, and a stable sort keeps them so among equals.
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return stations[a].votes < stations[b].votes; });

  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const StationFigures& first = stations[order[begin]];
    for (end = begin + 1; end < order.size() && stations[order[end]].votes == first.votes;) ++end;
    if (end - begin < 2) continue;
    EqualVotesGroup& group = result.groups.emplace_back();
    for (const std::optional<int64_t>& votes : first.votes) {
      group.votes.push_back(*votes);
      group.vote_sum += *votes;
    }
    group.stations.assign(order.begin() + static_cast<std::ptrdiff_t>(begin),
                          order.begin() + static_cast<std::ptrdiff_t>(end));
    group.one_locality = OneLocality(stations, group.stations);
  }
  std::stable_sort(result.groups.begin(), result.groups.end(),
                   [](const EqualVotesGroup& a, const EqualVotesGroup& b) { return a.vote_sum > b.vote_sum; });
  return result;
}

}  // namespace hattama::domain
