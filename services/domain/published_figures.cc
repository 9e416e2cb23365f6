#include "services/domain/published_figures.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/domain/text.h"

namespace hattama::domain {
namespace {

Wide PowerOfTen(int32_t exponent) {
  Wide power = 1;
  for (int32_t i = 0; i < exponent; ++i) power *= 10;
  return power;
}

Wide Magnitude(Wide value) { return value < 0 ? -value : value; }

// Towards minus and plus infinity; the divisor is positive.
Wide FloorDivide(Wide value, Wide divisor) {
  const Wide quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}
Wide CeilDivide(Wide value, Wide divisor) { return -FloorDivide(-value, divisor); }

// numerator / denominator to a whole number, a negative one by its magnitude; the denominator is positive.
Wide Rounded(Wide numerator, Wide denominator, Rounding rounding) {
  const Wide size = Magnitude(numerator);
  Wide quotient = size / denominator;
  const Wide rest = size % denominator;
  bool more = false;
  switch (rounding) {
    case Rounding::kHalfUp:
      more = 2 * rest >= denominator;
      break;
    case Rounding::kHalfToEven:
      more = 2 * rest > denominator || (2 * rest == denominator && quotient % 2 == 1);
      break;
    case Rounding::kDown:
      break;
    case Rounding::kUp:
      more = rest > 0;
      break;
  }
  if (more) ++quotient;
  return numerator < 0 ? -quotient : quotient;
}

// The exact values that print as one figure, in halves of the unit of its last place.
struct Interval {
  Wide low = 0;
  Wide high = 0;
  bool low_closed = false;
  bool high_closed = false;
};

// `units` is not negative. Values below zero are in no share, so that the interval of 0 may begin below it.
Interval ValuesThatPrint(Wide units, Rounding rounding) {
  const Wide twice = 2 * units;
  switch (rounding) {
    case Rounding::kHalfUp:
      return {twice - 1, twice + 1, true, false};
    case Rounding::kHalfToEven:
      return {twice - 1, twice + 1, units % 2 == 0, units % 2 == 0};
    case Rounding::kDown:
      return {twice, twice + 2, true, false};
    case Rounding::kUp:
      break;
  }
  return {twice - 2, twice, false, true};
}

absl::Status CheckPrinted(const PrintedNumber& number, bool may_be_negative, absl::string_view what) {
  if (number.decimal_count < 0 || number.decimal_count > kDecimalCountMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": ", number.decimal_count, " decimals, and 0 to ", kDecimalCountMax, " are possible"));
  }
  if (number.units < 0 && !may_be_negative) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": ", FormatPrinted(number), " is below 0"));
  }
  if (Magnitude(number.units) >= PowerOfTen(kWholeDigitCountMax + number.decimal_count)) {
    return absl::InvalidArgumentError(absl::StrCat(what, ": ", FormatPrinted(number), " is not below 10000"));
  }
  return absl::OkStatus();
}

absl::Status CheckSum(int64_t value, int64_t least, absl::string_view what) {
  if (value >= least && value <= kPublishedSumMax) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", value, " is not in ", least, "..", kPublishedSumMax));
}

absl::Status CheckShare(const PublishedShare& share, absl::string_view what) {
  absl::Status status = CheckSum(share.share.numerator, 0, absl::StrCat(what, ".numerator"));
  if (!status.ok()) return status;
  status = CheckSum(share.share.denominator, 1, absl::StrCat(what, ".denominator"));
  if (!status.ok() || !share.printed.has_value()) return status;
  return CheckPrinted(*share.printed, false, absl::StrCat(what, ".printed"));
}

absl::StatusOr<PrintedNumber> ParseNumber(std::string_view text, bool may_have_sign, absl::string_view what) {
  const auto refuse = [&](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(what, " \"", Text(text), "\": ", why));
  };
  std::string_view rest = text;
  bool negative = false;
  if (may_have_sign) {
    constexpr std::string_view kMinusSign = "\xE2\x88\x92";  // U+2212 in UTF-8.
    if (rest.starts_with('-') || rest.starts_with(kMinusSign)) {
      negative = true;
      rest.remove_prefix(rest.front() == '-' ? 1 : kMinusSign.size());
    } else if (rest.starts_with('+')) {
      rest.remove_prefix(1);
    }
  }
  const auto count_digits = [](std::string_view digits) {
    const size_t end = digits.find_first_not_of("0123456789");
    return end == std::string_view::npos ? digits.size() : end;
  };
  PrintedNumber number;
  const auto take = [&number](std::string_view digits) {
    for (const char digit : digits) number.units = number.units * 10 + (digit - '0');
  };
  const size_t whole = count_digits(rest);
  if (whole == 0) return refuse("begins with no digit");
  if (whole > 1 && rest.front() == '0') return refuse("begins with a zero that says nothing");
  if (whole > static_cast<size_t>(kWholeDigitCountMax)) {
    return refuse(absl::StrCat(whole, " digits before the point, at most ", kWholeDigitCountMax, " are possible"));
  }
  take(rest.substr(0, whole));
  rest.remove_prefix(whole);
  if (!rest.empty()) {
    if (rest.front() != '.' && rest.front() != ',') return refuse("has something else than digits and one point");
    rest.remove_prefix(1);
    const size_t decimals = count_digits(rest);
    if (decimals < rest.size()) return refuse("has something else than digits after the point");
    if (decimals == 0) return refuse("ends with a point");
    if (decimals > static_cast<size_t>(kDecimalCountMax)) {
      return refuse(absl::StrCat(decimals, " digits after the point, at most ", kDecimalCountMax, " are possible"));
    }
    take(rest);
    number.decimal_count = static_cast<int32_t>(decimals);
  }
  if (negative) number.units = -number.units;
  return number;
}

// The bases by id, or why they are none.
absl::StatusOr<std::vector<BaseAnswer>> SortedBases(std::span<const CandidateBase> bases) {
  std::vector<BaseAnswer> sorted;
  sorted.reserve(bases.size());
  for (const CandidateBase& base : bases) {
    if (base.value.has_value()) {
      const absl::Status status = CheckSum(*base.value, 0, absl::StrCat("base \"", base.id, "\""));
      if (!status.ok()) return status;
    }
    BaseAnswer answer;
    answer.id = base.id;
    answer.value = base.value;
    answer.state = !base.value.has_value() ? BaseState::kUnknown
                   : *base.value == 0      ? BaseState::kZero
                                           : BaseState::kMisses;
    sorted.push_back(std::move(answer));
  }
  std::sort(sorted.begin(), sorted.end(), [](const BaseAnswer& a, const BaseAnswer& b) { return a.id < b.id; });
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i].id == sorted[i - 1].id) {
      return absl::InvalidArgumentError(absl::StrCat("base \"", sorted[i].id, "\" is given twice"));
    }
  }
  return sorted;
}

// True where distance / value of a is less than that of b. A distance is below 10^26 (10^13 units of a base of 10^12,
// and 10^11 of a numerator of 10^12), so the products stay below 10^38.
bool Nearer(const BaseAnswer& a, const BaseAnswer& b) { return a.distance * *b.value < b.distance * *a.value; }

}  // namespace

absl::StatusOr<PrintedNumber> ParsePercentage(std::string_view text) { return ParseNumber(text, false, "percentage"); }

absl::StatusOr<PrintedNumber> ParsePoints(std::string_view text) { return ParseNumber(text, true, "points"); }

std::string FormatPrinted(const PrintedNumber& number) { return FormatUnits(number.units, number.decimal_count); }

std::string FormatUnits(Wide units, int32_t decimal_count) {
  std::string text;  // From the last digit to the first.
  Wide rest = Magnitude(units);
  for (int32_t place = 0; rest > 0 || place <= decimal_count; ++place) {
    if (place > 0 && place == decimal_count) text.push_back('.');
    text.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  if (units < 0) text.push_back('-');
  std::reverse(text.begin(), text.end());
  return text;
}

std::string_view RoundingText(Rounding rounding) {
  switch (rounding) {
    case Rounding::kHalfUp:
      return "half up";
    case Rounding::kHalfToEven:
      return "half to even";
    case Rounding::kDown:
      return "down";
    case Rounding::kUp:
      return "up";
  }
  return "";
}

Wide RoundPercentage(const Fraction& share, int32_t decimal_count, Rounding rounding) {
  return Rounded(100 * PowerOfTen(decimal_count) * share.numerator, share.denominator, rounding);
}

absl::StatusOr<PercentageAnswer> ExplainPercentage(const PrintedNumber& published, int64_t numerator,
                                                   std::span<const CandidateBase> bases) {
  absl::Status status = CheckPrinted(published, false, "published");
  if (!status.ok()) return status;
  status = CheckSum(numerator, 0, "numerator");
  if (!status.ok()) return status;
  absl::StatusOr<std::vector<BaseAnswer>> sorted = SortedBases(bases);
  if (!sorted.ok()) return sorted.status();

  PercentageAnswer answer;
  answer.bases = *std::move(sorted);
  const Wide scaled = 100 * PowerOfTen(published.decimal_count) * numerator;
  for (size_t i = 0; i < answer.bases.size(); ++i) {
    BaseAnswer& base = answer.bases[i];
    if (base.state != BaseState::kMisses) continue;
    base.distance = Magnitude(static_cast<Wide>(published.units) * *base.value - scaled);
    base.unit_count = published.units - Rounded(scaled, *base.value, Rounding::kHalfUp);
    for (const Rounding rounding : kRoundings) {
      if (Rounded(scaled, *base.value, rounding) != published.units) continue;
      base.state = BaseState::kFits;
      answer.fits.push_back({static_cast<int32_t>(i), rounding});
    }
  }
  if (!answer.fits.empty()) return answer;
  for (size_t i = 0; i < answer.bases.size(); ++i) {
    const BaseAnswer& base = answer.bases[i];
    if (base.state != BaseState::kMisses) continue;
    if (!answer.nearest.empty()) {
      const BaseAnswer& best = answer.bases[answer.nearest.front()];
      if (Nearer(best, base)) continue;
      if (Nearer(base, best)) answer.nearest.clear();
    }
    answer.nearest.push_back(static_cast<int32_t>(i));
  }
  return answer;
}

absl::StatusOr<std::vector<BaseFit>> ExplainTable(std::span<const TableLine> lines,
                                                  std::span<const CandidateBase> bases) {
  std::vector<BaseFit> fits;
  for (size_t i = 0; i < lines.size(); ++i) {
    absl::StatusOr<PercentageAnswer> line = ExplainPercentage(lines[i].published, lines[i].numerator, bases);
    if (!line.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("line ", i, ": ", line.status().message()));
    }
    if (i == 0) {
      fits = std::move(line->fits);
      continue;
    }
    std::erase_if(fits, [&line](const BaseFit& fit) {
      return std::find(line->fits.begin(), line->fits.end(), fit) == line->fits.end();
    });
  }
  return fits;
}

absl::StatusOr<CountRange> CountsThatGive(const PrintedNumber& published, int64_t base, Rounding rounding) {
  absl::Status status = CheckPrinted(published, false, "published");
  if (!status.ok()) return status;
  status = CheckSum(base, 1, "base");
  if (!status.ok()) return status;
  // A count prints as 2 x 100 x 10^decimals x count / base halves of a unit.
  const Interval values = ValuesThatPrint(published.units, rounding);
  const Wide scale = 200 * PowerOfTen(published.decimal_count);
  const Wide low = values.low * base;
  const Wide high = values.high * base;
  const Wide first = values.low_closed ? CeilDivide(low, scale) : FloorDivide(low, scale) + 1;
  const Wide last = values.high_closed ? FloorDivide(high, scale) : CeilDivide(high, scale) - 1;
  // Both fit: 10^13 units of a base of 10^12, over at least 200, and the more decimals the larger the divisor.
  return CountRange{static_cast<int64_t>(std::max<Wide>(first, 0)), static_cast<int64_t>(last)};
}

absl::StatusOr<CountRange> CountsThatGiveAnyhow(const PrintedNumber& published, int64_t base) {
  CountRange hull;
  for (const Rounding rounding : kRoundings) {
    const absl::StatusOr<CountRange> range = CountsThatGive(published, base, rounding);
    if (!range.ok()) return range.status();
    if (range->empty()) continue;
    hull = hull.empty() ? *range : CountRange{std::min(hull.first, range->first), std::max(hull.last, range->last)};
  }
  return hull;
}

absl::StatusOr<CountRange> BasesThatGive(const PrintedNumber& published, int64_t numerator, Rounding rounding) {
  absl::Status status = CheckPrinted(published, false, "published");
  if (!status.ok()) return status;
  status = CheckSum(numerator, 0, "numerator");
  if (!status.ok()) return status;
  // Of a base, the numerator prints as scaled / base halves of a unit.
  const Interval values = ValuesThatPrint(published.units, rounding);
  const Wide scaled = 200 * PowerOfTen(published.decimal_count) * numerator;
  if (scaled == 0) return published.units == 0 ? CountRange{1, kPublishedSumMax} : CountRange{};
  if (values.high == 0) return CountRange{};  // Only zero rounds up to zero.
  const Wide first = values.high_closed ? CeilDivide(scaled, values.high) : FloorDivide(scaled, values.high) + 1;
  Wide last = kPublishedSumMax;
  if (values.low > 0) {
    last = values.low_closed ? FloorDivide(scaled, values.low) : CeilDivide(scaled, values.low) - 1;
  }
  last = std::min<Wide>(last, kPublishedSumMax);
  if (first > last) return CountRange{};
  return CountRange{static_cast<int64_t>(std::max<Wide>(first, 1)), static_cast<int64_t>(last)};
}

absl::StatusOr<DifferenceAnswer> ExplainDifference(const PrintedNumber& published, const PublishedShare& a,
                                                   const PublishedShare& b) {
  absl::Status status = CheckPrinted(published, true, "published");
  if (!status.ok()) return status;
  status = CheckShare(a, "a");
  if (!status.ok()) return status;
  status = CheckShare(b, "b");
  if (!status.ok()) return status;

  DifferenceAnswer answer;
  std::vector<Rounding> roundings;
  for (const Rounding rounding : kRoundings) {
    const auto follows = [rounding](const PublishedShare& share) {
      return !share.printed.has_value() ||
             RoundPercentage(share.share, share.printed->decimal_count, rounding) == share.printed->units;
    };
    if (follows(a) && follows(b)) roundings.push_back(rounding);
  }
  if (roundings.empty()) {
    answer.shares_follow = false;
    roundings.assign(kRoundings.begin(), kRoundings.end());
  }

  // 100 x 10^9 x 10^12 x 10^12 = 10^35 for a numerator, and twice a rest is below 10^26.
  const int32_t decimals = published.decimal_count;
  const Wide scale = 100 * PowerOfTen(decimals);
  const Wide exact = scale * (static_cast<Wide>(a.share.numerator) * b.share.denominator -
                              static_cast<Wide>(b.share.numerator) * a.share.denominator);
  const Wide base = static_cast<Wide>(a.share.denominator) * b.share.denominator;
  const bool printed = a.printed.has_value() && b.printed.has_value();
  bool follows_exactly = false;
  bool follows_subtracted = false;
  for (const Rounding rounding : roundings) {
    DifferenceStep step;
    step.rounding = rounding;
    step.exact_units = Rounded(exact, base, rounding);
    if (printed) {
      const int32_t places = std::max({a.printed->decimal_count, b.printed->decimal_count, decimals});
      const Wide difference = a.printed->units * PowerOfTen(places - a.printed->decimal_count) -
                              b.printed->units * PowerOfTen(places - b.printed->decimal_count);
      step.subtracted_units = Rounded(difference, PowerOfTen(places - decimals), rounding);
    } else {
      step.subtracted_units =
          RoundPercentage(a.share, decimals, rounding) - RoundPercentage(b.share, decimals, rounding);
    }
    follows_exactly = follows_exactly || step.exact_units == published.units;
    follows_subtracted = follows_subtracted || step.subtracted_units == published.units;
    answer.steps.push_back(step);
  }
  answer.kind = follows_exactly && follows_subtracted ? DifferenceKind::kEither
                : follows_exactly                     ? DifferenceKind::kExact
                : follows_subtracted                  ? DifferenceKind::kSubtracted
                                                      : DifferenceKind::kNeither;
  return answer;
}

}  // namespace hattama::domain
