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

// One list in an allocation: votes x seats / admitted = quotient + remainder / admitted.
struct ListSeats {
  int32_t option = 0;  // Index in ballot order.
  int64_t votes = 0;
  bool passes_threshold = false;
  int64_t quotient = 0;
  int64_t remainder = 0;
  bool remainder_seat = false;
  bool tied = false;  // Among those between whom a lot decides.
  int64_t seats = 0;  // Without seats that wait for a lot.
};

struct Allocation {
  int64_t seat_count = 0;
  int64_t threshold_base = 0;
  int64_t admitted_votes = 0;
  std::vector<ListSeats> lists;  // In ballot order; against all is left out.
  int64_t undecided_seats = 0;
};

// Hare quota with largest remainders over the lists with passes_threshold set: each gets floor(votes x seats / sum),
// and the remaining seats go to the largest remainders, one each. Equal remainders across the last seat leave those
// seats undecided. Source: method of Hare-Niemeyer; quota = sum / seats, kept as a fraction.
void AllocateLargestRemainderHare(Allocation& allocation);

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
