// What all screening of station figures has in common: the figures, what every result says of itself, and a sum that
// does not depend on the order of its terms. The methods are in headers of their own; none of them decides, gates or
// marks anything.
#ifndef HATTAMA_SERVICES_DOMAIN_SCREENING_H_
#define HATTAMA_SERVICES_DOMAIN_SCREENING_H_

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "services/domain/counts.h"

namespace hattama::domain {

// Stands beside every result of screening, wherever it is shown.
inline constexpr std::string_view kScreeningNotice =
    "This is a screening aid: it says where to look first. By itself it is no evidence of error or of fraud, and no "
    "result "
    "of it changes a tally.";

// What a result says of itself. The text is static.
struct ScreeningNote {
  std::string_view method;
  std::string_view source;
  std::string_view conditions;  // When the result may be read at all, and what else makes it large.
  std::string_view notice = kScreeningNotice;
};

// The figures of one station in one contest, of one source. A figure outside 0..kCountMax counts as not stated.
struct StationFigures {
  std::optional<int64_t> registered = std::nullopt;  // Voters on the roll of the station.
  std::optional<int64_t> issued = std::nullopt;      // Ballots handed out; those cast, where the form has no such line.
  std::optional<int64_t> valid = std::nullopt;
  std::optional<int64_t> invalid =
      std::nullopt;  // All cast that are not valid: blank and null where the form parts them.
  std::vector<std::optional<int64_t>> votes = {};  // By option, in ballot order.
  std::optional<int32_t> locality = std::nullopt;  // Whatever the caller takes for one place: same number, same place.
  std::optional<int64_t> recorded_at_micros = std::nullopt;  // Since 1970-01-01 UTC.
};

// What a share is taken of.
enum class ShareBase { kValid = 1, kCast = 2 };  // Valid ballots; valid and invalid ones.

// `figure` where it is stated and may stand on paper.
inline std::optional<int64_t> StatedCount(const std::optional<int64_t>& figure) {
  return figure.has_value() && IsCount(*figure) ? figure : std::nullopt;
}

// The votes of `option`, an index in ballot order; nullopt too where the station has no such option.
inline std::optional<int64_t> StatedVotes(const StationFigures& station, size_t option) {
  return option < station.votes.size() ? StatedCount(station.votes[option]) : std::nullopt;
}

// Valid and invalid ballots; nullopt where either is not stated.
inline std::optional<int64_t> StatedCast(const StationFigures& station) {
  const std::optional<int64_t> valid = StatedCount(station.valid);
  const std::optional<int64_t> invalid = StatedCount(station.invalid);
  if (!valid.has_value() || !invalid.has_value()) return std::nullopt;
  return *valid + *invalid;
}

inline std::optional<int64_t> StatedBase(const StationFigures& station, ShareBase base) {
  return base == ShareBase::kValid ? StatedCount(station.valid) : StatedCast(station);
}

// A sum of real numbers that is the same for every order of its terms: each is cut once to a whole number of 2^-60, and
// these are added as integers. So the error is below 2^-60 a term. The sum of all |terms| must stay below 2^66.
class FixedSum {
 public:
  // A double of 2^-7 or more is a multiple of 2^-60 already, and is added as it is.
  void Add(double term) { units_ += static_cast<Wide>(std::ldexp(term, kFractionBits)); }
  // Adds numerator / denominator; denominator > 0.
  void AddFraction(Wide numerator, int64_t denominator) {
    constexpr Wide kOne = Wide{1} << kFractionBits;
    units_ += numerator / denominator * kOne + numerator % denominator * kOne / denominator;
  }
  // The nearest double.
  double Value() const { return std::ldexp(static_cast<double>(units_), -kFractionBits); }

 private:
  static constexpr int kFractionBits = 60;
  Wide units_ = 0;
};

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_SCREENING_H_
