// Slips of the pen and falls of a turnout series, from published_figures.h.
#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/domain/published_figures.h"

namespace hattama::domain {
namespace {

// The number that is left of `digits` without the one at `index`; nullopt where none is left.
std::optional<int64_t> Without(const std::string& digits, size_t index) {
  if (digits.size() == 1) return std::nullopt;
  int64_t value = 0;  // One digit less than an int64 has: no overflow.
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i != index) value = value * 10 + (digits[i] - '0');
  }
  return value;
}

// The leftmost digit of `longer` without which it is `shorter`, or -1.
int32_t DigitTooMany(const std::string& longer, int64_t shorter) {
  for (size_t i = 0; i < longer.size(); ++i) {
    if (Without(longer, i) == shorter) return static_cast<int32_t>(i);
  }
  return -1;
}

// How often 10 has to be multiplied to `smaller` to make `larger`; 0 where never.
int32_t TensBetween(int64_t smaller, int64_t larger) {
  if (smaller == 0) return 0;
  int32_t exponent = 0;
  while (larger % 10 == 0 && larger > smaller) {
    larger /= 10;
    ++exponent;
  }
  return larger == smaller ? exponent : 0;
}

std::array<int32_t, 10> DigitCounts(const std::string& digits) {
  std::array<int32_t, 10> counts{};
  for (const char digit : digits) ++counts[static_cast<size_t>(digit - '0')];
  return counts;
}

// What a report leaves possible for the count, over all four roundings where it has to come from a percentage.
struct PossibleCounts {
  CountRange range;
  bool from_percentage = false;
};

absl::StatusOr<PossibleCounts> Possible(const TurnoutReport& report) {
  if (report.count.has_value()) return PossibleCounts{{*report.count, *report.count}, false};
  if (!report.percentage.has_value() || report.roll.value_or(0) == 0) return PossibleCounts{};
  const absl::StatusOr<CountRange> range = CountsThatGiveAnyhow(*report.percentage, *report.roll);
  if (!range.ok()) return range.status();
  return PossibleCounts{*range, true};
}

// True where every share that prints as `later` is below every share that prints as `earlier`, both under one rounding,
// whichever it is. Cut off, `later` stands for less than itself and one of its units, and `earlier` for itself at
// least; rounded up, `later` for itself at most, and `earlier` for more than itself less one of its units. Both
// together say that one coarser unit lies between, and then the half units of the other two roundings fit as well.
bool PercentageFell(const PrintedNumber& earlier, const PrintedNumber& later) {
  const int32_t places = std::max(earlier.decimal_count, later.decimal_count);
  Wide earlier_unit = 1;
  Wide later_unit = 1;
  for (int32_t i = earlier.decimal_count; i < places; ++i) earlier_unit *= 10;
  for (int32_t i = later.decimal_count; i < places; ++i) later_unit *= 10;
  return later_unit * later.units + std::max(earlier_unit, later_unit) <= earlier_unit * earlier.units;
}

absl::Status CheckReport(const TurnoutReport& report, size_t index) {
  const auto refuse = [&](absl::string_view what, int64_t value, absl::string_view range) {
    return absl::InvalidArgumentError(absl::StrCat("report ", index, ": ", what, " ", value, " is not in ", range));
  };
  for (const auto& [what, value] : {std::pair{"count", report.count}, std::pair{"roll", report.roll}}) {
    if (value.has_value() && (*value < 0 || *value > kPublishedSumMax)) {
      return refuse(what, *value, absl::StrCat("0..", kPublishedSumMax));
    }
  }
  if (!report.percentage.has_value()) return absl::OkStatus();
  const PrintedNumber& percentage = *report.percentage;
  const absl::Status status = CountsThatGive(percentage, 1, Rounding::kHalfUp).status();  // Checks the figure.
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("report ", index, ": ", status.message()));
}

}  // namespace

absl::StatusOr<SlipAnswer> ExplainSlip(int64_t published, int64_t truth) {
  if (published < 0 || truth < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("published ", published, " and true ", truth, ": a count is not below 0"));
  }
  SlipAnswer answer;
  if (published == truth) {
    answer.kind = SlipKind::kEqual;
    return answer;
  }
  const std::string wrong = absl::StrCat(published);
  const std::string right = absl::StrCat(truth);
  const std::array<int32_t, 10> wrong_counts = DigitCounts(wrong);
  const std::array<int32_t, 10> right_counts = DigitCounts(right);
  for (size_t digit = 0; digit < wrong_counts.size(); ++digit) {
    answer.foreign_digit_count += std::max(0, wrong_counts[digit] - right_counts[digit]);
  }

  answer.exponent = TensBetween(truth, published) - TensBetween(published, truth);
  if (answer.exponent != 0) {
    answer.kind = SlipKind::kFactorOfTen;
    return answer;
  }
  if (wrong.size() == right.size()) {
    std::vector<size_t> differing;
    for (size_t i = 0; i < wrong.size(); ++i) {
      if (wrong[i] != right[i]) differing.push_back(i);
    }
    if (differing.size() == 1) {
      answer.kind = SlipKind::kOneDigit;
      answer.digit_index = static_cast<int32_t>(differing[0]);
      return answer;
    }
    if (wrong_counts == right_counts) {
      const bool neighbours = differing.size() == 2 && differing[1] == differing[0] + 1;
      answer.kind = neighbours ? SlipKind::kNeighboursTransposed : SlipKind::kDigitsRearranged;
      if (neighbours) answer.digit_index = static_cast<int32_t>(differing[0]);
      return answer;
    }
  }
  if (published < truth) {
    answer.digit_index = DigitTooMany(right, published);
    if (answer.digit_index >= 0) answer.kind = SlipKind::kDigitDropped;
  } else {
    answer.digit_index = DigitTooMany(wrong, truth);
    if (answer.digit_index >= 0) answer.kind = SlipKind::kDigitAdded;
  }
  return answer;
}

std::string SlipText(int64_t published, int64_t truth, const SlipAnswer& answer) {
  const std::string wrong = absl::StrCat(published);
  const std::string right = absl::StrCat(truth);
  const std::string head = absl::StrCat(published, " for ", truth, ": ");
  const auto digit = [&answer](const std::string& digits, int32_t offset) {
    return digits.substr(static_cast<size_t>(answer.digit_index + offset), 1);
  };
  switch (answer.kind) {
    case SlipKind::kEqual:
      return absl::StrCat(head, "equal");
    case SlipKind::kFactorOfTen: {
      const int32_t zeros = answer.exponent < 0 ? -answer.exponent : answer.exponent;
      return absl::StrCat(head, zeros, zeros == 1 ? " zero" : " zeros", " at the end too ",
                          answer.exponent < 0 ? "few" : "many");
    }
    case SlipKind::kNeighboursTransposed:
      return absl::StrCat(head, "digits ", answer.digit_index + 1, " and ", answer.digit_index + 2, ", ",
                          digit(right, 0), " and ", digit(right, 1), ", changed places");
    case SlipKind::kDigitsRearranged:
      return absl::StrCat(head, "the same digits in another order");
    case SlipKind::kDigitDropped:
      return absl::StrCat(head, "digit ", answer.digit_index + 1, ", a ", digit(right, 0), ", is dropped");
    case SlipKind::kDigitAdded:
      return absl::StrCat(head, "digit ", answer.digit_index + 1, ", a ", digit(wrong, 0), ", is added");
    case SlipKind::kOneDigit:
      return absl::StrCat(head, "digit ", answer.digit_index + 1, " is ", digit(wrong, 0), " instead of ",
                          digit(right, 0));
    case SlipKind::kOther:
      break;
  }
  return absl::StrCat(head, "no single slip; ", answer.foreign_digit_count, " of ", wrong.size(),
                      " digits are not the true count's");
}

absl::StatusOr<std::vector<TurnoutFall>> ExplainTurnoutSeries(std::span<const TurnoutReport> reports) {
  std::vector<PossibleCounts> possible;
  for (size_t i = 0; i < reports.size(); ++i) {
    const absl::Status status = CheckReport(reports[i], i);
    if (!status.ok()) return status;
    const absl::StatusOr<PossibleCounts> counts = Possible(reports[i]);
    if (!counts.ok()) return counts.status();
    possible.push_back(*counts);
  }
  std::vector<int32_t> order(reports.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&reports](int32_t a, int32_t b) { return reports[a].moment < reports[b].moment; });
  for (size_t i = 1; i < order.size(); ++i) {
    if (reports[order[i]].moment != reports[order[i - 1]].moment) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("reports ", order[i - 1], " and ", order[i], " are both of moment ", reports[order[i]].moment));
  }

  std::vector<TurnoutFall> falls;
  int32_t last_percentage = -1;
  int32_t last_count = -1;
  int32_t last_share = -1;
  const auto count_fell = [&possible](int32_t earlier, int32_t later) {
    return possible[later].range.last < possible[earlier].range.first;
  };
  for (const int32_t i : order) {
    const TurnoutReport& report = reports[i];
    bool percentage_fell = false;
    if (report.percentage.has_value()) {
      const int32_t earlier = last_percentage;
      if (earlier >= 0 && PercentageFell(*reports[earlier].percentage, *report.percentage)) {
        percentage_fell = true;
        const bool grew =
            report.roll.has_value() && reports[earlier].roll.has_value() && *report.roll > *reports[earlier].roll;
        const bool known = !possible[i].range.empty() && !possible[earlier].range.empty();
        falls.push_back({FallKind::kPercentage, earlier, i, grew && known && !count_fell(earlier, i)});
      }
    }
    if (!possible[i].range.empty()) {
      const int32_t earlier = last_count;
      if (earlier >= 0 && count_fell(earlier, i)) {
        const bool follows = percentage_fell && earlier == last_percentage && possible[i].from_percentage &&
                             possible[earlier].from_percentage;
        if (!follows) falls.push_back({FallKind::kCount, earlier, i, false});
      }
    }
    const bool has_share = report.count.has_value() && report.roll.value_or(0) > 0;
    if (has_share) {
      const int32_t earlier = last_share;
      if (earlier >= 0 && *report.count >= *reports[earlier].count &&
          !(percentage_fell && earlier == last_percentage) &&
          Compare(Fraction{*report.count, *report.roll}, Fraction{*reports[earlier].count, *reports[earlier].roll}) <
              0) {
        falls.push_back({FallKind::kShare, earlier, i, true});
      }
    }
    if (report.percentage.has_value()) last_percentage = i;
    if (!possible[i].range.empty()) last_count = i;
    if (has_share) last_share = i;
  }
  return falls;
}

}  // namespace hattama::domain
