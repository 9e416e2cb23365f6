#include "clients/cli/tally_output.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/output.h"
#include "clients/cli/query_flags.h"

namespace hattama::cli {
namespace {

constexpr int kBarCells = 20;

std::string Bar(const v1::Ratio& share) {
  const double part = static_cast<double>(share.numerator()) / static_cast<double>(share.denominator());
  std::string bar;
  for (int i = 0; i < static_cast<int>(part * kBarCells + 0.5) && i < kBarCells; ++i) bar += "█";
  return bar;
}

std::string RatioText(const v1::Ratio& ratio) { return ratio.denominator() > 0 ? Percent(ratio) : "-"; }

std::optional<int64_t> Votes(const v1::OptionTotal& option) {
  return option.has_votes() ? std::optional<int64_t>(option.votes()) : std::nullopt;
}

// How seats are shared, for the heading.
std::string MethodText(v1::AllocationMethod method) {
  switch (method) {
    case v1::ALLOCATION_METHOD_LARGEST_REMAINDER_HARE:
      return "Hare quota and largest remainder";
    case v1::ALLOCATION_METHOD_LARGEST_REMAINDER_HARE_ROUNDED:
      return "rounded Hare quota and largest remainder";
    case v1::ALLOCATION_METHOD_LARGEST_REMAINDER_DROOP:
      return "Droop quota and largest remainder";
    case v1::ALLOCATION_METHOD_LARGEST_REMAINDER_HAGENBACH_BISCHOFF:
      return "Hagenbach-Bischoff quota and largest remainder";
    case v1::ALLOCATION_METHOD_LARGEST_REMAINDER_HAGENBACH_BISCHOFF_CEILING:
      return "Hagenbach-Bischoff quota, rounded up, and largest remainder";
    case v1::ALLOCATION_METHOD_LARGEST_REMAINDER_HAGENBACH_BISCHOFF_ROUNDED:
      return "rounded Hagenbach-Bischoff quota and largest remainder";
    case v1::ALLOCATION_METHOD_LARGEST_REMAINDER_IMPERIALI:
      return "Imperiali quota and largest remainder";
    case v1::ALLOCATION_METHOD_DHONDT:
      return "D'Hondt (divisors 1, 2, 3, ...)";
    case v1::ALLOCATION_METHOD_SAINTE_LAGUE:
      return "Sainte-Lague (divisors 1, 3, 5, ...)";
    case v1::ALLOCATION_METHOD_MODIFIED_SAINTE_LAGUE:
      return "modified Sainte-Lague (divisors 1.4, 3, 5, ...)";
    case v1::ALLOCATION_METHOD_HUNTINGTON_HILL:
      return "Huntington-Hill (divisors 0, sqrt(1 x 2), sqrt(2 x 3), ...)";
    case v1::ALLOCATION_METHOD_ADAMS:
      return "Adams (divisors 0, 1, 2, ...)";
    case v1::ALLOCATION_METHOD_DEAN:
      return "Dean (divisors 0, 4/3, 12/5, ...)";
    case v1::ALLOCATION_METHOD_BALINSKI_YOUNG_QUOTA:
      return "the quota method of Balinski and Young";
    default:
      return "a method that this program does not know";
  }
}

// numerator / denominator with two decimals: as Percent writes a hundredth of it.
std::string TwoDecimals(int64_t numerator, int64_t denominator) {
  v1::Ratio ratio;
  ratio.set_numerator(numerator);
  ratio.set_denominator(denominator * 100);
  const std::string percent = Percent(ratio);
  return percent.substr(0, percent.size() - 2);
}

void ShowAllocation(const Session& session, const v1::Allocation& allocation) {
  const bool by_quota = allocation.has_quota();
  std::string says = absl::StrCat(Grouped(allocation.seat_count()), " seats by ", MethodText(allocation.method()), ": ",
                                  Grouped(allocation.admitted_votes()), " admitted votes");
  if (by_quota) {
    absl::StrAppend(&says, ", ", TwoDecimals(allocation.quota().numerator(), allocation.quota().denominator()),
                    " votes a seat");
  }
  Print("\n");
  PrintHeading(session, says);
  if (allocation.has_threshold()) {
    PrintAside(session,
               absl::StrCat("threshold ", RatioText(allocation.threshold().ratio()), " of ",
                            Grouped(allocation.threshold_base()), " (", allocation.threshold().base_id(), "), ",
                            allocation.threshold().inclusive() ? "reaching it is enough" : "more than it is needed"));
  }
  if (allocation.has_second_list_index()) {
    PrintAside(session, absl::StrCat("one list passes alone: the next is admitted, its quotas times ",
                                     TwoDecimals(allocation.second_list_index().numerator(),
                                                 allocation.second_list_index().denominator())));
  }
  // Columns that say nothing are left out.
  Table table({{"list"},
               {"votes", Align::kRight},
               {"threshold"},
               {"quotas", Align::kRight},
               {"remainder", Align::kRight},
               {"by remainder", Align::kRight},
               {"lot"},
               {"seats", Align::kRight}});
  std::vector<const v1::ListSeats*> lists;
  for (const v1::ListSeats& list : allocation.lists()) lists.push_back(&list);
  std::stable_sort(lists.begin(), lists.end(),
                   [](const v1::ListSeats* a, const v1::ListSeats* b) { return a->votes() > b->votes(); });
  for (const v1::ListSeats* list : lists) {
    if (!list->passes_threshold() && !list->admitted_second() && !list->tied()) {
      table.Add({list->option_id(), Grouped(list->votes()), Cell("below", Tone::kDim)});
      continue;
    }
    std::string quotas, remainder;
    if (by_quota) {
      quotas = Grouped(list->quotient());
      v1::Ratio of_quota;
      of_quota.set_numerator(list->remainder());
      of_quota.set_denominator(allocation.quota().numerator());
      const std::string hundredths = Percent(of_quota);
      remainder = absl::StrCat(hundredths.substr(0, hundredths.size() - 2), "/100");
    }
    table.Add({list->option_id(), Grouped(list->votes()), list->passes_threshold() ? "passed" : "second", quotas,
               remainder, list->remainder_seat() ? "+1" : "", list->tied() ? Cell("tie", Tone::kBad) : Cell(""),
               Cell(Grouped(list->seat_count()), Tone::kBold)});
  }
  PrintTable(session, table);
  if (allocation.exceeds_seats()) Print("whole quotas alone come to more than the seats: the method has no answer\n");
  if (allocation.undecided_seat_count() > 0) {
    Print(absl::StrCat(Grouped(allocation.undecided_seat_count()), " seats wait for a lot\n"));
  }
  constexpr int kLastCount = 3;
  if (allocation.seat_order_size() > 0) {
    std::string last;
    for (int i = std::max(0, allocation.seat_order_size() - kLastCount); i < allocation.seat_order_size(); ++i) {
      absl::StrAppend(&last, last.empty() ? "" : ", ", i + 1, " ", allocation.seat_order(i));
    }
    PrintAside(session, absl::StrCat("the last seats: ", last));
  }
}

void ShowClaims(const Session& session, const v1::Tally& tally) {
  for (const v1::ClaimComparison& claim : tally.claims()) {
    Print("\n");
    PrintHeading(session,
                 absl::StrCat("claim of ", claim.source_id(), " (", EnumText(v1::Stage_Name(claim.stage()), "STAGE_"),
                              ", sequence ", Grouped(claim.sequence()), ") against the sum of stations"));
    Table table({{"figure"}, {"claimed", Align::kRight}, {"summed", Align::kRight}, {"difference", Align::kRight}});
    int64_t claimed = 0;
    int64_t summed = 0;
    int64_t equal = 0;
    for (const v1::ClaimFigure& figure : claim.figures()) {
      if (!figure.has_claimed()) continue;
      ++claimed;
      summed += figure.has_summed() ? 1 : 0;
      if (figure.has_summed() && figure.claimed() == figure.summed()) {
        ++equal;
        continue;
      }
      table.Add({figure.id(), Grouped(figure.claimed()), figure.has_summed() ? Grouped(figure.summed()) : "-",
                 figure.has_summed() ? Cell(Signed(figure.claimed() - figure.summed()), Tone::kBad) : Cell("")});
    }
    if (!table.empty() && summed > 0) PrintTable(session, table);
    if (summed == 0) {
      Print("nothing below it is counted in this view to compare it with\n");
    } else {
      Print(absl::StrCat(Grouped(equal), " of ", Grouped(claimed), " claimed figures equal the sum\n"));
    }
  }
}

}  // namespace

std::string CoverageText(const v1::Coverage& coverage) {
  std::string text =
      absl::StrCat(Grouped(coverage.counted_count()), " of ", Grouped(coverage.expected_count()), " stations counted");
  std::vector<std::string> parts;
  const auto add = [&](int64_t count, absl::string_view what) {
    if (count > 0) parts.push_back(absl::StrCat(Grouped(count), " ", what));
  };
  add(coverage.missing_count(), "missing");
  add(coverage.quarantined_count(), "quarantined");
  add(coverage.annulled_count(), "annulled");
  add(coverage.excluded_contested_count(), "left out as contested");
  add(coverage.contested_count(), "contested");
  add(coverage.awaiting_correction_count(), "waiting for a correction");
  if (!parts.empty()) absl::StrAppend(&text, "; ", absl::StrJoin(parts, ", "));
  return text;
}

void ShowOutcome(const Session& session, const v1::Outcome& outcome) {
  const Cell cell = OutcomeCell(outcome);
  Print(absl::StrCat("\n", Toned(cell.text, cell.tone, session.globals.colour), "\n"));
  if (!outcome.explanation().empty() && !outcome.has_allocation())
    Print(absl::StrCat(OneLine(outcome.explanation()), "\n"));
  for (const v1::ConditionResult& result : outcome.conditions()) {
    const v1::Threshold& threshold = result.condition().share();
    std::string text = absl::StrCat("  ", result.met() ? "met      " : "not met  ", RatioText(threshold.ratio()),
                                    " of ", threshold.base_id(), threshold.inclusive() ? " or more" : " exceeded");
    if (result.condition().has_lead()) {
      absl::StrAppend(&text, " and a lead of ", RatioText(result.condition().lead()));
    }
    absl::StrAppend(&text, ": ", result.option_id(), " has ", RatioText(result.share()));
    if (result.condition().has_lead()) absl::StrAppend(&text, ", lead ", RatioText(result.lead()));
    Print(text + "\n");
  }
  if (outcome.has_regions()) {
    const v1::RegionalResult& regions = outcome.regions();
    Print(absl::StrCat("  ", regions.met() ? "met      " : "not met  ", RatioText(regions.condition().ratio()),
                       " of units of level ", regions.condition().level_id(), ": ", regions.met_count(), " of ",
                       regions.unit_count(), "\n"));
  }
  if (outcome.has_allocation()) ShowAllocation(session, outcome.allocation());
}

void ShowTally(const Session& session, const v1::Tally& tally) {
  const std::string& language = session.globals.language;
  PrintHeading(session, absl::StrCat(NameIn(tally.contest_names(), language, tally.contest_id()), " · ",
                                     NameIn(tally.unit_names(), language, tally.unit_id())));
  PrintAside(session, absl::StrCat(ViewText(tally.view()), " · ", AsOfText(tally.as_of())));
  if (!tally.notice().empty()) PrintAside(session, absl::StrCat("notice: ", tally.notice()));
  Print("\n");

  Table options({{"option"}, {"name"}, {"votes", Align::kRight}, {"share", Align::kRight}, {""}});
  std::vector<const v1::OptionTotal*> sorted;
  for (const v1::OptionTotal& option : tally.options()) sorted.push_back(&option);
  std::stable_sort(sorted.begin(), sorted.end(), [](const v1::OptionTotal* a, const v1::OptionTotal* b) {
    return Votes(*a).value_or(-1) > Votes(*b).value_or(-1);
  });
  for (const v1::OptionTotal* option : sorted) {
    const bool share = option->has_share() && option->share().denominator() > 0;
    options.Add({option->option_id(), NameIn(option->names(), language, ""), GroupedOrDash(Votes(*option)),
                 share ? Percent(option->share()) : "-", share ? Bar(option->share()) : ""});
  }
  PrintTable(session, options);
  PrintAside(session, absl::StrCat("shares of ", tally.has_share_base() ? Grouped(tally.share_base()) : "unknown", ": ",
                                   NameIn(tally.share_base_names(), language, tally.share_base_id())));
  Print("\n");

  Table lines({{"line"}, {"count", Align::kRight}, {"stated by", Align::kRight}});
  for (const v1::Total& line : tally.lines()) {
    lines.Add({line.id(), line.has_count() ? Grouped(line.count()) : "-", Grouped(line.stated_count())});
  }
  if (!lines.empty()) {
    PrintTable(session, lines);
    Print("\n");
  }

  Table turnouts({{"turnout"}, {"", Align::kRight}, {""}, {""}});
  for (const v1::TurnoutValue& turnout : tally.turnouts()) {
    const bool known = turnout.has_ratio() && turnout.ratio().denominator() > 0;
    turnouts.Add(
        {NameIn(turnout.names(), language, turnout.turnout_id()),
         known ? Cell(Percent(turnout.ratio()), Tone::kBold) : Cell("-"),
         known ? absl::StrCat(Grouped(turnout.ratio().numerator()), " / ", Grouped(turnout.ratio().denominator())) : "",
         Cell(turnout.citation(), Tone::kDim)});
  }
  if (!turnouts.empty()) {
    PrintTable(session, turnouts);
    Print("\n");
  }
  Print(absl::StrCat(
      CoverageText(tally.coverage()),
      tally.finding_count() > 0 ? absl::StrCat("; ", Grouped(tally.finding_count()), " with findings") : "", "\n"));
  if (tally.has_outcome()) ShowOutcome(session, tally.outcome());
  ShowClaims(session, tally);
}

void ShowTallies(const Session& session, const google::protobuf::RepeatedPtrField<v1::Tally>& tallies) {
  if (tallies.empty()) {
    Print("no unit of that level\n");
    return;
  }
  const v1::Tally& first = tallies[0];
  PrintHeading(session, NameIn(first.contest_names(), session.globals.language, first.contest_id()));
  PrintAside(session, absl::StrCat(ViewText(first.view()), " · ", AsOfText(first.as_of())));
  if (!first.notice().empty()) PrintAside(session, absl::StrCat("notice: ", first.notice()));
  Print("\n");
  std::vector<Column> columns = {
      {"unit"}, {"name", Align::kLeft, 36}, {"stations", Align::kRight}, {"turnout", Align::kRight}};
  // As many options as a screen holds: the first ones of the whole.
  std::vector<int> order(first.options_size());
  for (int i = 0; i < first.options_size(); ++i) order[i] = i;
  const auto total = [&](int i) {
    int64_t sum = 0;
    for (const v1::Tally& tally : tallies) sum += tally.options(i).votes();
    return sum;
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return total(a) > total(b); });
  order.resize(std::min<size_t>(order.size(), 5));
  for (const int i : order) columns.push_back({first.options(i).option_id(), Align::kRight});
  Table table(columns);
  for (const v1::Tally& tally : tallies) {
    const bool turnout = tally.turnouts_size() > 0 && tally.turnouts(0).ratio().denominator() > 0;
    std::vector<Cell> row = {
        tally.unit_id(), NameIn(tally.unit_names(), session.globals.language, ""),
        absl::StrCat(Grouped(tally.coverage().counted_count()), "/", Grouped(tally.coverage().expected_count())),
        turnout ? Percent(tally.turnouts(0).ratio()) : "-"};
    for (const int i : order) {
      const v1::OptionTotal& option = tally.options(i);
      row.push_back(option.has_share() && option.share().denominator() > 0 ? Percent(option.share()) : "-");
    }
    table.Add(std::move(row));
  }
  PrintTable(session, table);
}

}  // namespace hattama::cli
