#include "services/domain/integer_percentages.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace hattama::domain {
namespace {

// 2^-60: where the sums are cut.
constexpr double kSmallestWeight = 1.0 / (int64_t{1} << 60);

// 100 k mod whole, kept up while k moves by one: cheaper than a division a term.
class Remainder {
 public:
  Remainder(int64_t part, int64_t whole) : whole_(whole), step_(100 % whole), value_(100 * part % whole) {}

  void Up() {
    value_ += step_;
    if (value_ >= whole_) value_ -= whole_;
  }
  void Down() {
    value_ -= step_;
    if (value_ < 0) value_ += whole_;
  }
  bool InWindow() const { return 20 * std::min(value_, whole_ - value_) <= whole_; }

 private:
  int64_t whole_;
  int64_t step_;
  int64_t value_;
};

// Observed and expected of one way, over the stations so far.
class Count {
 public:
  void Add(bool observed, double probability) {
    observed_ += observed ? 1 : 0;
    expected_.Add(probability);
    variance_.Add(probability * (1 - probability));
  }

  IntegerCount Value() const {
    const double expected = expected_.Value();
    return {.observed = observed_,
            .expected = expected,
            .anomaly = static_cast<double>(observed_) - expected,
            .deviation = std::sqrt(variance_.Value())};
  }

 private:
  int64_t observed_ = 0;
  FixedSum expected_;
  FixedSum variance_;
};

}  // namespace

bool IsIntegerPercentage(int64_t part, int64_t whole) { return Remainder(part, whole).InWindow(); }

double IntegerProbability(int64_t part, int64_t whole) {
  if (part == 0 || part == whole) return 1;
  const double odds_for = static_cast<double>(part);
  const double odds_against = static_cast<double>(whole - part);
  double all = 0;
  double inside = 0;

  Remainder remainder(part, whole);
  double weight = 1;
  for (int64_t k = part; weight >= kSmallestWeight; ++k) {
    all += weight;
    if (remainder.InWindow()) inside += weight;
    // Becomes 0 at k = whole, which ends the loop.
    weight *= (static_cast<double>(whole - k) * odds_for) / (static_cast<double>(k + 1) * odds_against);
    remainder.Up();
  }

  remainder = Remainder(part, whole);
  weight = 1;
  for (int64_t k = part;; --k) {
    // From k to k - 1; 0 at k = 0.
    weight *= (static_cast<double>(k) * odds_against) / (static_cast<double>(whole - k + 1) * odds_for);
    remainder.Down();
    if (weight < kSmallestWeight) break;
    all += weight;
    if (remainder.InWindow()) inside += weight;
  }
  return inside / all;
}

IntegerPercentages ScreenIntegerPercentages(std::span<const StationFigures> stations, size_t leader) {
  IntegerPercentages result;
  result.station_count = static_cast<int64_t>(stations.size());
  Count share;
  Count turnout;
  Count either;
  for (const StationFigures& station : stations) {
    const std::optional<int64_t> registered = StatedCount(station.registered);
    const std::optional<int64_t> issued = StatedCount(station.issued);
    const std::optional<int64_t> cast = StatedCast(station);
    const std::optional<int64_t> votes = StatedVotes(station, leader);
    if (!registered.has_value() || !issued.has_value() || !cast.has_value() || !votes.has_value()) {
      ++result.not_stated_count;
      continue;
    }
    if (*cast == 0 || *registered < kIntegerRegisteredMin || 100 * *issued > kIntegerPercentMax * *registered ||
        100 * *votes > kIntegerPercentMax * *cast) {
      ++result.left_out_count;
      continue;
    }
    ++result.included_count;
    const bool share_observed = IsIntegerPercentage(*votes, *cast);
    const bool turnout_observed = IsIntegerPercentage(*issued, *registered);
    const double share_probability = IntegerProbability(*votes, *cast);
    const double turnout_probability = IntegerProbability(*issued, *registered);
    share.Add(share_observed, share_probability);
    turnout.Add(turnout_observed, turnout_probability);
    either.Add(share_observed || turnout_observed,
               share_probability + turnout_probability - share_probability * turnout_probability);
  }
  result.share = share.Value();
  result.turnout = turnout.Value();
  result.either = either.Value();
  return result;
}

}  // namespace hattama::domain
