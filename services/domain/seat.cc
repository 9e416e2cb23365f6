#include "services/domain/seat.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace hattama::domain {
namespace {

// Option indexes that can win, with votes stated, in ballot order.
std::vector<int32_t> Electable(const OutcomeInput& input) {
  std::vector<int32_t> options;
  for (size_t i = 0; i < input.contest->options.size(); ++i) {
    if (input.contest->options[i].kind != OptionKind::kAgainstAll && input.votes[i].has_value()) {
      options.push_back(static_cast<int32_t>(i));
    }
  }
  return options;
}

std::string Ids(const OutcomeInput& input, const std::vector<int32_t>& options) {
  return absl::StrJoin(options, ", ", [&input](std::string* out, int32_t option) {
    absl::StrAppend(out, input.contest->options[option].id);
  });
}

// Electable options with the most votes, and the votes; the next lower votes beside them.
struct Leaders {
  std::vector<int32_t> first;
  int64_t first_votes = 0;
  std::vector<int32_t> second;
  int64_t second_votes = 0;
};

Leaders FindLeaders(const OutcomeInput& input) {
  Leaders leaders;
  const std::vector<int32_t> options = Electable(input);
  for (const int32_t option : options) leaders.first_votes = std::max(leaders.first_votes, *input.votes[option]);
  int64_t second = -1;
  for (const int32_t option : options) {
    if (*input.votes[option] == leaders.first_votes) {
      leaders.first.push_back(option);
    } else {
      second = std::max(second, *input.votes[option]);
    }
  }
  for (const int32_t option : options) {
    if (*input.votes[option] == second) leaders.second.push_back(option);
  }
  leaders.second_votes = std::max<int64_t>(second, 0);
  return leaders;
}

Outcome Undetermined(std::string why) {
  Outcome outcome;
  outcome.explanation = std::move(why);
  return outcome;
}

Outcome DecidePartyList(const OutcomeInput& input, const PartyList& rule) {
  Allocation allocation;
  allocation.seat_count = rule.seat_count;
  std::optional<int64_t> base;
  if (rule.threshold) {
    base = input.base(rule.threshold->base_id);
    if (!base.has_value() || *base <= 0) {
      return Undetermined(absl::StrCat("the threshold's base ", rule.threshold->base_id, " is not known"));
    }
    allocation.threshold_base = *base;
  }
  for (const int32_t option : Electable(input)) {
    ListSeats list{.option = option, .votes = *input.votes[option]};
    list.passes_threshold = list.votes > 0 && (!rule.threshold || Reaches({list.votes, *base}, rule.threshold->ratio,
                                                                          rule.threshold->inclusive));
    allocation.lists.push_back(list);
  }
  const auto passed = std::count_if(allocation.lists.begin(), allocation.lists.end(),
                                    [](const ListSeats& list) { return list.passes_threshold; });
  if (passed == 1 && rule.second_list_index) {
    AllocateWithSecondList(*rule.second_list_index, allocation);
  } else {
    Allocate(rule.method, allocation);
  }

  Outcome outcome;
  std::vector<int32_t> tied;
  for (const ListSeats& list : allocation.lists) {
    if (list.seats > 0) outcome.options.push_back(list.option);
    if (list.tied) tied.push_back(list.option);
  }
  if (passed == 0) {
    outcome.explanation = "no list with votes passes the threshold";
  } else if (allocation.exceeds_seats) {
    outcome.explanation =
        absl::StrCat("whole quotas of ", allocation.quota.numerator, "/", allocation.quota.denominator,
                     " come to more than ", rule.seat_count, " seats: the method has no answer");
  } else if (allocation.undecided_seats > 0) {
    outcome.status = OutcomeStatus::kTie;
    outcome.explanation = absl::StrCat("equal claims: a lot must be drawn between ", Ids(input, tied), " for ",
                                       allocation.undecided_seats, " seat(s)");
  } else {
    outcome.status = OutcomeStatus::kDecided;
    const std::string_view method = AllocationMethodName(rule.method);
    outcome.explanation = absl::StrCat(rule.seat_count, " seats by ", absl::string_view(method.data(), method.size()));
    if (allocation.quota.numerator > 0) {
      absl::StrAppend(&outcome.explanation, " ", allocation.quota.numerator, "/", allocation.quota.denominator);
    }
  }
  outcome.allocation = std::move(allocation);
  return outcome;
}

Outcome DecidePlurality(const OutcomeInput& input) {
  const Leaders leaders = FindLeaders(input);
  if (leaders.first_votes == 0) return Undetermined("no votes are counted");
  Outcome outcome;
  outcome.options = leaders.first;
  if (leaders.first.size() > 1) {
    outcome.status = OutcomeStatus::kTie;
    outcome.explanation = absl::StrCat("a lot must be drawn between ", Ids(input, leaders.first), ": ",
                                       leaders.first_votes, " votes each");
  } else {
    outcome.status = OutcomeStatus::kDecided;
    outcome.explanation = absl::StrCat(Ids(input, leaders.first), " has the most votes: ", leaders.first_votes,
                                       ", the next ", leaders.second_votes);
  }
  return outcome;
}

Outcome DecideMajority(const OutcomeInput& input, const AbsoluteMajority& rule) {
  const Leaders leaders = FindLeaders(input);
  if (leaders.first_votes == 0) return Undetermined("no votes are counted");
  Outcome outcome;
  for (size_t i = 0; i < rule.conditions.size(); ++i) {
    const WinningCondition& condition = rule.conditions[i];
    const std::optional<int64_t> base = input.base(condition.share.base_id);
    if (!base.has_value() || *base <= 0) {
      return Undetermined(absl::StrCat("the base ", condition.share.base_id, " is not known"));
    }
    ConditionResult result{
        .condition = static_cast<int32_t>(i), .share = {leaders.first_votes, *base}, .lead = {}, .met = false};
    result.met = leaders.first.size() == 1 && Reaches(result.share, condition.share.ratio, condition.share.inclusive);
    if (condition.lead) {
      const int64_t next = leaders.first.size() > 1 ? leaders.first_votes : leaders.second_votes;
      result.lead = Fraction{leaders.first_votes - next, *base};
      result.met = result.met && Reaches(*result.lead, *condition.lead, condition.lead_inclusive);
    }
    outcome.conditions.push_back(result);
  }
  const auto met = std::find_if(outcome.conditions.begin(), outcome.conditions.end(),
                                [](const ConditionResult& result) { return result.met; });
  if (met != outcome.conditions.end()) {
    outcome.status = OutcomeStatus::kDecided;
    outcome.options = leaders.first;
    outcome.explanation =
        absl::StrCat(Ids(input, leaders.first), " is elected outright by condition ", met->condition + 1);
    return outcome;
  }
  // Two go to the runoff. More than one candidate for a place is a tie for it.
  outcome.options = leaders.first;
  if (leaders.first.size() == 1)
    outcome.options.insert(outcome.options.end(), leaders.second.begin(), leaders.second.end());
  std::sort(outcome.options.begin(), outcome.options.end());
  const bool tied = outcome.options.size() > 2;
  outcome.status = outcome.options.size() < 2 ? OutcomeStatus::kRejected
                   : tied                     ? OutcomeStatus::kTie
                                              : OutcomeStatus::kRunoff;
  switch (outcome.status) {
    case OutcomeStatus::kTie:
      outcome.explanation = absl::StrCat("no condition is met, and equal votes leave open who is in the runoff: ",
                                         Ids(input, outcome.options));
      break;
    case OutcomeStatus::kRejected:
      outcome.explanation = absl::StrCat("the only candidate, ", Ids(input, outcome.options), ", meets no condition");
      break;
    default:
      outcome.explanation = absl::StrCat("no condition is met: runoff between ", Ids(input, outcome.options));
  }
  return outcome;
}

Outcome DecideReferendum(const OutcomeInput& input, const Referendum& rule) {
  const auto& options = input.contest->options;
  const auto yes = std::find_if(options.begin(), options.end(),
                                [](const Option& option) { return option.kind == OptionKind::kYes; });
  const std::optional<int64_t> votes = input.votes[yes - options.begin()];
  const std::optional<int64_t> base = input.base(rule.condition.base_id);
  if (!votes.has_value() || !base.has_value() || *base <= 0) {
    return Undetermined(absl::StrCat("votes for ", yes->id, " or the base ", rule.condition.base_id, " are not known"));
  }
  Outcome outcome;
  const bool met = Reaches({*votes, *base}, rule.condition.ratio, rule.condition.inclusive);
  outcome.conditions.push_back(ConditionResult{.condition = 0, .share = {*votes, *base}, .lead = {}, .met = met});
  std::string regions_text;
  bool adopted = met;
  if (rule.regions) {
    RegionalResult regions;
    regions.unit_count = static_cast<int64_t>(input.regions.size());
    int64_t known = 0;
    for (const OutcomeInput::Region& region : input.regions) {
      if (!region.yes.has_value() || !region.base.has_value() || *region.base <= 0) continue;
      ++known;
      if (Reaches({*region.yes, *region.base}, rule.condition.ratio, rule.condition.inclusive)) {
        regions.met_unit_ids.push_back(region.unit_id);
      }
    }
    const int64_t met_count = static_cast<int64_t>(regions.met_unit_ids.size());
    regions.met = regions.unit_count > 0 &&
                  Reaches({met_count, regions.unit_count}, rule.regions->ratio, rule.regions->inclusive);
    // Units without figures could still decide it.
    const bool open = !regions.met && regions.unit_count > 0 &&
                      Reaches({met_count + regions.unit_count - known, regions.unit_count}, rule.regions->ratio,
                              rule.regions->inclusive);
    regions_text =
        absl::StrCat("; in ", met_count, " of ", regions.unit_count, " units of level ", rule.regions->level_id);
    const bool undetermined = met && (open || regions.unit_count == 0);
    adopted = met && regions.met;
    outcome.regions = std::move(regions);
    if (undetermined) {
      outcome.explanation =
          absl::StrCat(yes->id, " has ", *votes, " of ", *base, regions_text, ", and ", input.regions.size() - known,
                       " are not known: the regional condition is open");
      return outcome;
    }
  }
  outcome.status = adopted ? OutcomeStatus::kAdopted : OutcomeStatus::kRejected;
  if (adopted) outcome.options.push_back(static_cast<int32_t>(yes - options.begin()));
  outcome.explanation = absl::StrCat(yes->id, " has ", *votes, " of ", *base, regions_text);
  return outcome;
}

}  // namespace

void Allocate(AllocationMethod method, Allocation& allocation) {
  std::vector<ListSeats*> admitted;
  std::vector<int64_t> votes;
  for (ListSeats& list : allocation.lists) {
    if (!list.passes_threshold) continue;
    admitted.push_back(&list);
    votes.push_back(list.votes);
  }
  const Apportionment result = Apportion(method, votes, allocation.seat_count);
  allocation.admitted_votes = result.votes;
  allocation.quota = result.quota;
  allocation.undecided_seats = result.undecided_seats;
  allocation.exceeds_seats = result.exceeds_seats;
  for (size_t i = 0; i < admitted.size(); ++i) {
    const ApportionedList& from = result.lists[i];
    admitted[i]->quotient = from.quotient;
    admitted[i]->remainder = from.remainder;
    admitted[i]->remainder_seat = result.quota.numerator > 0 && from.seats > from.quotient;
    admitted[i]->tied = from.tied;
    admitted[i]->seats = from.seats;
  }
  for (const SeatStep& step : result.steps) allocation.seat_order.push_back(admitted[step.list]->option);
}

void AllocateWithSecondList(const Fraction& index, Allocation& allocation) {
  const auto first = std::find_if(allocation.lists.begin(), allocation.lists.end(),
                                  [](const ListSeats& list) { return list.passes_threshold; });
  int64_t most = 0;
  std::vector<ListSeats*> second;
  for (ListSeats& list : allocation.lists) {
    if (&list == &*first || list.votes == 0 || list.votes < most) continue;
    if (list.votes > most) second.clear();
    most = list.votes;
    second.push_back(&list);
  }
  if (second.size() > 1) {
    for (ListSeats* list : second) list->tied = true;
    allocation.admitted_votes = first->votes;
    allocation.undecided_seats = allocation.seat_count;
    return;
  }
  allocation.admitted_votes = first->votes + most;
  allocation.quota = {allocation.admitted_votes, allocation.seat_count};
  const auto divide = [&allocation](ListSeats& list) {
    const Wide scaled = static_cast<Wide>(list.votes) * allocation.seat_count;
    list.quotient = static_cast<int64_t>(scaled / allocation.admitted_votes);
    list.remainder = static_cast<int64_t>(scaled % allocation.admitted_votes);
  };
  divide(*first);
  first->seats = allocation.seat_count;
  if (second.empty()) return;
  ListSeats& next = *second.front();
  divide(next);
  next.admitted_second = true;
  // Votes below 2^50, seats and index below 2^17 and 2^20: far within a Wide.
  next.seats = static_cast<int64_t>(static_cast<Wide>(index.numerator) * next.votes * allocation.seat_count /
                                    (static_cast<Wide>(index.denominator) * allocation.admitted_votes));
  first->seats -= next.seats;
}

Outcome Decide(const OutcomeInput& input) {
  struct Visitor {
    const OutcomeInput& input;
    Outcome operator()(const PartyList& rule) const { return DecidePartyList(input, rule); }
    Outcome operator()(const Plurality&) const { return DecidePlurality(input); }
    Outcome operator()(const AbsoluteMajority& rule) const { return DecideMajority(input, rule); }
    Outcome operator()(const Referendum& rule) const { return DecideReferendum(input, rule); }
  };
  return std::visit(Visitor{input}, input.contest->rule);
}

}  // namespace hattama::domain
