// The sentences of published_figures.h.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/domain/published_figures.h"
#include "services/domain/text.h"

namespace hattama::domain {
namespace {

// "a", "a or b", "a, b or c".
std::string Alternatives(const std::vector<std::string>& texts) {
  std::string result;
  for (size_t i = 0; i < texts.size(); ++i) {
    absl::StrAppend(&result, i == 0 ? "" : i + 1 == texts.size() ? " or " : ", ", texts[i]);
  }
  return result;
}

std::string Named(const BaseAnswer& base) {
  return absl::StrCat("\"", base.id, "\" (", base.value.has_value() ? absl::StrCat(*base.value) : "not stated", ")");
}

}  // namespace

std::string PercentageText(const PrintedNumber& published, int64_t numerator, const PercentageAnswer& answer) {
  const std::string figure = absl::StrCat(FormatPrinted(published), " %");
  std::string text = absl::StrCat(figure, " of ", numerator, " follows from ");
  if (!answer.fits.empty()) {
    for (size_t i = 0; i < answer.fits.size();) {
      const int32_t base = answer.fits[i].base;
      std::vector<std::string> roundings;
      for (; i < answer.fits.size() && answer.fits[i].base == base; ++i) {
        roundings.emplace_back(RoundingText(answer.fits[i].rounding));
      }
      absl::StrAppend(&text, base == answer.fits.front().base ? "" : ", and from ",
                      Named(answer.bases[static_cast<size_t>(base)]), " rounded ", Alternatives(roundings));
    }
    return text;
  }
  absl::StrAppend(&text, "no base");
  if (answer.nearest.empty()) return absl::StrCat(text, "; none is both stated and above 0");
  for (size_t i = 0; i < answer.nearest.size(); ++i) {
    const BaseAnswer& base = answer.bases[static_cast<size_t>(answer.nearest[i])];
    const Wide size = base.unit_count < 0 ? -base.unit_count : base.unit_count;
    absl::StrAppend(&text, i == 0 ? "; nearest is " : ", and ", Named(base), ", of which it is ",
                    FormatUnits(published.units - base.unit_count, published.decimal_count), " %");
    // Rounded half up it would have fitted, so that a miss is never of 0 units.
    absl::StrAppend(&text, ", ", FormatUnits(size, 0), size == 1 ? " unit" : " units", " of the last place ",
                    base.unit_count < 0 ? "higher" : "lower");
    const absl::StatusOr<CountRange> counts = CountsThatGiveAnyhow(published, *base.value);
    if (!counts.ok()) continue;  // Only for arguments that did not give `answer`.
    if (counts->empty()) {
      absl::StrAppend(&text, ", and of which no count is ", figure);
    } else {
      absl::StrAppend(&text, ", and of which ", figure, " needs ", counts->first, "..", counts->last);
    }
  }
  return text;
}

std::string DifferenceText(const PrintedNumber& published, const DifferenceAnswer& answer) {
  std::string text = absl::StrCat(FormatPrinted(published), " points ");
  const auto add_steps = [&](absl::string_view what, Wide DifferenceStep::*units) {
    absl::StrAppend(&text, what);
    for (size_t i = 0; i < answer.steps.size(); ++i) {
      absl::StrAppend(&text, i == 0 ? " " : ", ", FormatUnits(answer.steps[i].*units, published.decimal_count), " ",
                      Text(RoundingText(answer.steps[i].rounding)));
    }
  };
  switch (answer.kind) {
    case DifferenceKind::kExact:
      add_steps("follow from the exact shares; rounded percentages subtract to", &DifferenceStep::subtracted_units);
      break;
    case DifferenceKind::kSubtracted:
      add_steps("follow from subtracting rounded percentages; the exact difference rounds to",
                &DifferenceStep::exact_units);
      break;
    case DifferenceKind::kEither:
      absl::StrAppend(&text, "follow from the exact shares and from subtracting rounded percentages");
      break;
    case DifferenceKind::kNeither:
      add_steps("do not follow; the exact difference rounds to", &DifferenceStep::exact_units);
      add_steps("; rounded percentages subtract to", &DifferenceStep::subtracted_units);
      break;
  }
  if (!answer.shares_follow) absl::StrAppend(&text, "; no one rounding gives the printed percentages");
  return text;
}

std::string FallText(std::span<const TurnoutReport> reports, const TurnoutFall& fall) {
  const TurnoutReport& earlier = reports[static_cast<size_t>(fall.earlier)];
  const TurnoutReport& later = reports[static_cast<size_t>(fall.later)];
  const auto stated = [&fall](const TurnoutReport& report) {
    switch (fall.kind) {
      case FallKind::kPercentage:
        return absl::StrCat(FormatPrinted(*report.percentage), " %");
      case FallKind::kCount:
        if (report.count.has_value()) break;
        return absl::StrCat(FormatPrinted(*report.percentage), " % of ", *report.roll);
      case FallKind::kShare:
        return absl::StrCat(*report.count, " of ", *report.roll);
    }
    return absl::StrCat(*report.count);
  };
  return absl::StrCat(
      "report ", fall.later, " of moment ", later.moment, ": ", stated(later), " after ", stated(earlier),
      " of moment ", earlier.moment,
      fall.roll_explains ? absl::StrCat("; the roll grew from ", *earlier.roll, " to ", *later.roll) : "");
}

}  // namespace hattama::domain
