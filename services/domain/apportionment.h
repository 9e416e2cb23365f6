// Seats from votes: quota methods with largest remainders, divisor methods, and the quota method of Balinski and Young.
// Exact on integers; equal claims to the last seats are a tie, which a lot decides elsewhere. Who is admitted
// (threshold, coalition) is decided before.
//
// Sources: Balinski and Young, "Fair Representation" (2nd ed. 2001), chapters 3, 8 and appendix A; Pukelsheim,
// "Proportional Representation" (2nd ed. 2017), chapters 3 to 5, for the names and formulas of quotas and signposts.
#ifndef HATTAMA_SERVICES_DOMAIN_APPORTIONMENT_H_
#define HATTAMA_SERVICES_DOMAIN_APPORTIONMENT_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/counts.h"

namespace hattama::domain {

// V are the votes of all lists together, S the seats, v the votes of one list, k the seats that it has already.
enum class AllocationMethod {
  // Largest remainders: floor(v / quota) seats each, and one more for the largest remainders v mod quota.
  kHare = 1,                      // quota = V / S, a fraction.
  kHareRounded = 2,               // V / S, rounded half up.
  kDroop = 3,                     // floor(V / (S + 1)) + 1.
  kHagenbachBischoff = 4,         // V / (S + 1), a fraction.
  kHagenbachBischoffCeiling = 5,  // The same, rounded up.
  kHagenbachBischoffRounded = 6,  // The same, rounded half up.
  kImperiali = 7,                 // V / (S + 2), a fraction.
  // Divisors: seats one by one to the list with the largest v / divisor(k).
  kDHondt = 8,                // k + 1.
  kSainteLague = 9,           // 2 k + 1.
  kModifiedSainteLague = 10,  // The same, but 1.4 for the first seat.
  kHuntingtonHill = 11,       // sqrt(k (k + 1)), so every list has a first seat before any has a second.
  kAdams = 12,                // k; likewise.
  kDean = 13,                 // 2 k (k + 1) / (2 k + 1); likewise.
  // D'Hondt, but only among lists that stay within their upper quota: k < v h / V for the h-th seat.
  kBalinskiYoungQuota = 14,
};

std::string_view AllocationMethodName(AllocationMethod method);

// One list in an apportionment.
struct ApportionedList {
  int64_t votes = 0;
  // Quota methods: whole quotas, and what remains of the votes, as a numerator over quota.denominator.
  int64_t quotient = 0;
  int64_t remainder = 0;
  int64_t seats = 0;  // Without seats that wait for a lot.
  bool tied = false;  // Among those between whom a lot decides.
};

// One seat of a divisor method: the claim of the list that gets it is numerator / denominator; a denominator of 0 is a
// first seat that every list has before others (its numerator orders lists where seats are fewer). Huntington-Hill
// compares squares, and the claim is one.
struct SeatStep {
  int32_t list = 0;
  Wide numerator = 0;
  Wide denominator = 1;
};

struct Apportionment {
  AllocationMethod method = AllocationMethod::kHare;
  int64_t seat_count = 0;
  int64_t votes = 0;                   // V.
  Fraction quota{0, 1};                // Of a quota method.
  std::vector<ApportionedList> lists;  // As the votes were given.
  std::vector<SeatStep> steps;         // Of a divisor method, in the order of seats.
  // Seats between the tied lists, at most one each.
  int64_t undecided_seats = 0;
  // Whole quotas alone come to more than the seats, which quotas below V / S allow: the method has no answer, and no
  // list has a seat.
  bool exceeds_seats = false;
};

inline constexpr int64_t kSeatCountMax = 100'000;

// Preconditions: 0 <= seat_count <= kSeatCountMax, votes are not negative and their sum is below 2^62. Lists without
// votes get no seat; without any votes nobody does. Seats of all lists and undecided_seats together make seat_count,
// unless there are no votes or exceeds_seats is set.
Apportionment Apportion(AllocationMethod method, std::span<const int64_t> votes, int64_t seat_count);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_APPORTIONMENT_H_
