#include "services/domain/apportionment.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <queue>
#include <utility>

namespace hattama::domain {
namespace {

// Compares a / b with c / d for non-negative a, c and positive b, d of up to 126 bits, by their continued fractions: no
// product is formed, so nothing overflows.
int CompareRatios(Wide a, Wide b, Wide c, Wide d) {
  while (true) {
    const Wide left = a / b, right = c / d;
    if (left != right) return left < right ? -1 : 1;
    a %= b;
    c %= d;
    if (a == 0 || c == 0) return a == c ? 0 : a == 0 ? -1 : 1;
    // a/b < c/d exactly where d/c < b/a.
    const Wide old_a = a, old_b = b;
    a = d;
    b = c;
    c = old_b;
    d = old_a;
  }
}

// What a list claims for its next seat.
struct Claim {
  int32_t list = 0;
  Wide numerator = 0;
  Wide denominator = 1;  // 0: before all that are not.
};

int Compare(const Claim& a, const Claim& b) {
  if ((a.denominator == 0) != (b.denominator == 0)) return a.denominator == 0 ? 1 : -1;
  if (a.denominator == 0) return a.numerator < b.numerator ? -1 : a.numerator > b.numerator ? 1 : 0;
  return CompareRatios(a.numerator, a.denominator, b.numerator, b.denominator);
}

Claim ClaimOf(AllocationMethod method, int32_t list, int64_t votes, int64_t seats) {
  const Wide v = votes, k = seats;
  switch (method) {
    case AllocationMethod::kSainteLague:
      return {list, v, 2 * k + 1};
    case AllocationMethod::kModifiedSainteLague:
      // Five times the divisors 1.4, 3, 5, 7, ...
      return {list, 5 * v, k == 0 ? 7 : 5 * (2 * k + 1)};
    case AllocationMethod::kHuntingtonHill:
      return k == 0 ? Claim{list, v, 0} : Claim{list, v * v, k * (k + 1)};
    case AllocationMethod::kAdams:
      return {list, v, k};
    case AllocationMethod::kDean:
      return k == 0 ? Claim{list, v, 0} : Claim{list, v * (2 * k + 1), 2 * k * (k + 1)};
    default:
      return {list, v, k + 1};  // D'Hondt, and the quota method after it.
  }
}

Fraction QuotaOf(AllocationMethod method, int64_t votes, int64_t seats) {
  const auto rounded = [](int64_t numerator, int64_t denominator) {
    return Fraction{static_cast<int64_t>((2 * static_cast<Wide>(numerator) + denominator) / (2 * denominator)), 1};
  };
  switch (method) {
    case AllocationMethod::kHareRounded:
      return rounded(votes, seats);
    case AllocationMethod::kDroop:
      return {votes / (seats + 1) + 1, 1};
    case AllocationMethod::kHagenbachBischoff:
      return {votes, seats + 1};
    case AllocationMethod::kHagenbachBischoffCeiling:
      return {votes / (seats + 1) + (votes % (seats + 1) > 0 ? 1 : 0), 1};
    case AllocationMethod::kHagenbachBischoffRounded:
      return rounded(votes, seats + 1);
    case AllocationMethod::kImperiali:
      return {votes, seats + 2};
    default:
      return {votes, seats};
  }
}

void ApportionByQuota(Apportionment& result) {
  result.quota = QuotaOf(result.method, result.votes, result.seat_count);
  // A handful of votes for many seats rounds to a quota of nothing.
  if (result.quota.numerator == 0) {
    result.exceeds_seats = true;
    return;
  }
  int64_t given = 0;
  std::vector<int32_t> order;
  for (size_t i = 0; i < result.lists.size(); ++i) {
    ApportionedList& list = result.lists[i];
    if (list.votes == 0) continue;
    // v / (n / d) = v d / n; below 2^62 times 100,002.
    const Wide scaled = static_cast<Wide>(list.votes) * result.quota.denominator;
    list.quotient = static_cast<int64_t>(scaled / result.quota.numerator);
    list.remainder = static_cast<int64_t>(scaled % result.quota.numerator);
    given += list.quotient;
    order.push_back(static_cast<int32_t>(i));
  }
  if (given > result.seat_count) {
    result.exceeds_seats = true;
    return;
  }
  for (const int32_t i : order) result.lists[i].seats = result.lists[i].quotient;
  // Rounded quotas may leave more seats than lists: then each gets one more, again and again.
  int64_t rest = result.seat_count - given;
  const int64_t rounds = rest / static_cast<int64_t>(order.size());
  for (const int32_t i : order) result.lists[i].seats += rounds;
  rest -= rounds * static_cast<int64_t>(order.size());
  if (rest == 0) return;
  std::stable_sort(order.begin(), order.end(),
                   [&](int32_t a, int32_t b) { return result.lists[a].remainder > result.lists[b].remainder; });
  const int64_t last = result.lists[order[rest - 1]].remainder;
  const bool tie = result.lists[order[rest]].remainder == last;
  for (const int32_t i : order) {
    ApportionedList& list = result.lists[i];
    if (list.remainder > last || (list.remainder == last && !tie)) {
      ++list.seats;
      --rest;
    } else if (list.remainder == last) {
      list.tied = true;
    }
  }
  result.undecided_seats = rest;
}

// Gives a seat to each of `equal`, claims of one size, where there are enough; else they are tied, and nothing goes on.
bool GiveAll(const std::vector<Claim>& equal, Apportionment& result, int64_t& given) {
  if (static_cast<int64_t>(equal.size()) > result.seat_count - given) {
    for (const Claim& claim : equal) result.lists[claim.list].tied = true;
    result.undecided_seats = result.seat_count - given;
    return false;
  }
  for (const Claim& claim : equal) {
    result.steps.push_back({claim.list, claim.numerator, claim.denominator});
    ++result.lists[claim.list].seats;
  }
  given += static_cast<int64_t>(equal.size());
  return true;
}

void ApportionByDivisor(Apportionment& result) {
  // Of equal claims the list given first comes first, so that steps have one order.
  const auto later = [](const Claim& a, const Claim& b) {
    const int order = Compare(a, b);
    return order < 0 || (order == 0 && a.list > b.list);
  };
  std::priority_queue<Claim, std::vector<Claim>, decltype(later)> claims(later);
  for (size_t i = 0; i < result.lists.size(); ++i) {
    if (result.lists[i].votes > 0)
      claims.push(ClaimOf(result.method, static_cast<int32_t>(i), result.lists[i].votes, 0));
  }
  int64_t given = 0;
  while (given < result.seat_count) {
    // A list's next claim is smaller than its last, so equal claims are of different lists.
    std::vector<Claim> equal = {claims.top()};
    claims.pop();
    while (!claims.empty() && Compare(claims.top(), equal.front()) == 0) {
      equal.push_back(claims.top());
      claims.pop();
    }
    if (!GiveAll(equal, result, given)) return;
    for (const Claim& claim : equal) {
      const ApportionedList& list = result.lists[claim.list];
      claims.push(ClaimOf(result.method, claim.list, list.votes, list.seats));
    }
  }
}

// Whether a list with `seats` stays within its upper quota when it gets the seat of this number, counted from 1.
bool WithinUpperQuota(const Apportionment& result, const ApportionedList& list, int64_t seats, int64_t number) {
  return list.votes > 0 && static_cast<Wide>(seats) * result.votes < static_cast<Wide>(list.votes) * number;
}

void ApportionByQuotaMethod(Apportionment& result) {
  const int32_t list_count = static_cast<int32_t>(result.lists.size());
  for (int64_t number = 1; number <= result.seat_count; ++number) {
    std::optional<Claim> largest;
    for (int32_t i = 0; i < list_count; ++i) {
      const ApportionedList& list = result.lists[i];
      if (!WithinUpperQuota(result, list, list.seats, number)) continue;
      const Claim claim = ClaimOf(result.method, i, list.votes, list.seats);
      if (!largest.has_value() || Compare(claim, *largest) > 0) largest = claim;
    }
    // Some list is always below its upper quota: their seats are number - 1 together, their quotas come to number.
    ++result.lists[largest->list].seats;
    result.steps.push_back({largest->list, largest->numerator, largest->denominator});
  }
  // A list that waits at the end with a claim equal to one that got a seat, and might have had that seat, is tied with
  // the list that has it; so is whoever might in turn have had the seat of a tied list. Whoever of equal claims comes
  // first changes nothing for the others, and none smaller goes before the last of them, so these are the only ties.
  std::vector<bool> undecided(result.steps.size());
  for (int32_t i = 0; i < list_count; ++i) {
    const ApportionedList& waiting = result.lists[i];
    if (waiting.votes == 0) continue;
    const Claim claim = ClaimOf(result.method, i, waiting.votes, waiting.seats);
    struct Tied {
      int32_t list;
      int64_t seats;  // Before the seat in question.
    };
    std::vector<Tied> tied = {{i, waiting.seats}};
    for (size_t step = result.steps.size(); step-- > 0;) {
      const SeatStep& given = result.steps[step];
      if (given.list == i || Compare(claim, {given.list, given.numerator, given.denominator}) != 0 ||
          std::none_of(tied.begin(), tied.end(), [&](const Tied& other) {
            return WithinUpperQuota(result, result.lists[other.list], other.seats, static_cast<int64_t>(step) + 1);
          })) {
        continue;
      }
      undecided[step] = true;
      tied.push_back({given.list, static_cast<int64_t>(given.denominator) - 1});
    }
    if (tied.size() > 1) {
      for (const Tied& other : tied) result.lists[other.list].tied = true;
    }
  }
  std::vector<SeatStep> decided;
  for (size_t step = 0; step < result.steps.size(); ++step) {
    if (undecided[step]) {
      --result.lists[result.steps[step].list].seats;
      ++result.undecided_seats;
    } else {
      decided.push_back(result.steps[step]);
    }
  }
  result.steps = std::move(decided);
}

}  // namespace

std::string_view AllocationMethodName(AllocationMethod method) {
  switch (method) {
    case AllocationMethod::kHare:
      return "largest remainder, Hare quota";
    case AllocationMethod::kHareRounded:
      return "largest remainder, rounded Hare quota";
    case AllocationMethod::kDroop:
      return "largest remainder, Droop quota";
    case AllocationMethod::kHagenbachBischoff:
      return "largest remainder, Hagenbach-Bischoff quota";
    case AllocationMethod::kHagenbachBischoffCeiling:
      return "largest remainder, Hagenbach-Bischoff quota rounded up";
    case AllocationMethod::kHagenbachBischoffRounded:
      return "largest remainder, rounded Hagenbach-Bischoff quota";
    case AllocationMethod::kImperiali:
      return "largest remainder, Imperiali quota";
    case AllocationMethod::kDHondt:
      return "D'Hondt";
    case AllocationMethod::kSainteLague:
      return "Sainte-Lague";
    case AllocationMethod::kModifiedSainteLague:
      return "modified Sainte-Lague";
    case AllocationMethod::kHuntingtonHill:
      return "Huntington-Hill";
    case AllocationMethod::kAdams:
      return "Adams";
    case AllocationMethod::kDean:
      return "Dean";
    case AllocationMethod::kBalinskiYoungQuota:
      return "quota method of Balinski and Young";
  }
  return "";
}

Apportionment Apportion(AllocationMethod method, std::span<const int64_t> votes, int64_t seat_count) {
  Apportionment result{.method = method,
                       .seat_count = seat_count,
                       .votes = std::accumulate(votes.begin(), votes.end(), int64_t{0}),
                       .quota = {0, 1},
                       .lists = std::vector<ApportionedList>(votes.size()),
                       .steps = {},
                       .undecided_seats = 0,
                       .exceeds_seats = false};
  for (size_t i = 0; i < votes.size(); ++i) result.lists[i].votes = votes[i];
  if (result.votes == 0 || seat_count == 0) return result;
  if (method <= AllocationMethod::kImperiali) {
    ApportionByQuota(result);
  } else if (method == AllocationMethod::kBalinskiYoungQuota) {
    ApportionByQuotaMethod(result);
  } else {
    ApportionByDivisor(result);
  }
  return result;
}

}  // namespace hattama::domain
