// Seats and winners on exact arithmetic. A tie is an outcome: a lot must be drawn, never here.
#ifndef HATTAMA_SERVICES_DOMAIN_SEAT_H_
#define HATTAMA_SERVICES_DOMAIN_SEAT_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/election.h"

namespace hattama::domain {

enum class OutcomeStatus { kUndetermined = 1, kDecided = 2, kTie = 3, kRunoff = 4, kAdopted = 5, kRejected = 6 };

// One list in an allocation. Of a quota method: votes x quota.denominator = quotient x quota.numerator + remainder.
struct ListSeats {
  int32_t option = 0;  // Index in ballot order.
  int64_t votes = 0;
  bool passes_threshold = false;
  bool admitted_second = false;  // Below the threshold, beside a list that passed alone.
  int64_t quotient = 0;
  int64_t remainder = 0;
  bool remainder_seat = false;
  bool tied = false;  // Among those between whom a lot decides.
  int64_t seats = 0;  // Without seats that wait for a lot.
};

struct Allocation {
  int64_t seat_count = 0;
  int64_t threshold_base = 0;
  int64_t admitted_votes = 0;       // Of the lists that share the seats.
  Fraction quota{0, 1};             // Of a quota method.
  std::vector<ListSeats> lists;     // In ballot order; against all is left out.
  std::vector<int32_t> seat_order;  // Of a divisor method: the option that gets each seat, in the order given.
  int64_t undecided_seats = 0;
  bool exceeds_seats = false;  // As in Apportionment.
};

// Shares the seats between the lists with passes_threshold set (apportionment.h).
void Allocate(AllocationMethod method, Allocation& allocation);

// Where one list passes alone, the next by votes is admitted beside it: its quotas of the votes of both, multiplied by
// `index`, are cut to whole seats, and the first list takes the others. Lists with equal votes in the second place are
// tied, and all seats wait for a lot. Without a second list with votes the first takes all seats. Source:
// Constitutional Law of Kazakhstan on Elections, article 97-1 in the editions from 2009, with the index 0.7; the law
// does not say what becomes of the part of a seat that multiplying leaves, and here it goes to the first list.
// Precondition: exactly one list has passes_threshold set; 0 < index <= 1, its denominator at most 1,000,000.
void AllocateWithSecondList(const Fraction& index, Allocation& allocation);

struct ConditionResult {
  int32_t condition = 0;  // Index into AbsoluteMajority::conditions.
  Fraction share;
  std::optional<Fraction> lead;
  bool met = false;
};

struct RegionalResult {
  int64_t unit_count = 0;
  std::vector<std::string> met_unit_ids;
  bool met = false;
};

struct Outcome {
  OutcomeStatus status = OutcomeStatus::kUndetermined;
  std::vector<int32_t> options;  // Elected, tied or in the runoff, in ballot order.
  std::optional<Allocation> allocation;
  std::vector<ConditionResult> conditions;  // Of the leading option.
  std::optional<RegionalResult> regions;
  std::string explanation;
};

// What deciding a contest needs to know.
struct OutcomeInput {
  const Contest* contest = nullptr;
  // By option, in ballot order; nullopt where no protocol states it.
  std::vector<std::optional<int64_t>> votes;
  // The value of a base of the election over the same totals; nullopt where unknown.
  std::function<std::optional<int64_t>(std::string_view base_id)> base;
  // For a regional condition: units of its level with the YES votes and the value of the condition's base.
  struct Region {
    std::string unit_id;
    std::optional<int64_t> yes;
    std::optional<int64_t> base;
  };
  std::vector<Region> regions;
};

// Decides the contest on these figures, and says how in `explanation`.
Outcome Decide(const OutcomeInput& input);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_SEAT_H_
