// What an election is: area tree, sources, form, rules, contests. Plain values; proto/hattama/v1/election.proto says
// the same for the wire, and the numbers of the enums are the same.
#ifndef HATTAMA_SERVICES_DOMAIN_ELECTION_H_
#define HATTAMA_SERVICES_DOMAIN_ELECTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "services/domain/apportionment.h"
#include "services/domain/counts.h"

namespace hattama::domain {

struct Name {
  std::string language;  // BCP 47.
  std::string text;

  friend bool operator==(const Name&, const Name&) = default;
};
using Names = std::vector<Name>;

struct Level {
  std::string id;
  Names names;
};

// A node of the area tree. NIST SP 1500-100: GpUnit.
struct Unit {
  std::string id;
  std::string parent_id;  // Empty at the root alone.
  std::string level_id;
  Names names;
};

struct RollEntry {
  std::string unit_id;
  int64_t registered_voters = 0;
};

enum class SourceKind { kCommission = 1, kMonitor = 2 };

struct Source {
  std::string id;
  SourceKind kind = SourceKind::kCommission;
  std::string level_id;  // Empty: any level.
  Names names;
};

struct Party {
  std::string id;
  Names names;
};

enum class LineMeaning {
  kNone = 0,
  kRegisteredVoters = 1,
  kBallotsReceived = 2,
  kBallotsIssued = 3,
  kBallotsIssuedOutside = 4,
  kBallotsUnused = 5,
  kBallotsSpoiled = 6,
  kBallotsFound = 7,
  kBallotsValid = 8,
  kBallotsInvalid = 9,
  kBallotsBlank = 10,
  kBallotsValidNotCounted = 11,
};

struct Line {
  std::string id;
  Names names;
  LineMeaning meaning = LineMeaning::kNone;
  bool required = false;
  bool derived = false;  // Restates a sum of other figures.
};

enum class Aggregate { kAllOptions = 1, kAllOptionsExceptAgainstAll = 2, kRoll = 3, kOne = 4 };

struct LineOperand {
  std::string id;
};
struct OptionOperand {
  std::string id;
};

// coefficient x operand.
struct Term {
  int64_t coefficient = 1;
  std::variant<LineOperand, OptionOperand, Aggregate> operand = Aggregate::kOne;
};
using Terms = std::vector<Term>;

// The denominator of a share.
struct Base {
  std::string id;
  Names names;
  Terms terms;
};

struct Turnout {
  std::string id;
  Names names;
  Terms numerator;
  Terms denominator;
  std::string citation;
};

enum class Relation { kEqual = 1, kAtMost = 2, kAtLeast = 3, kLessThan = 4, kGreaterThan = 5 };
enum class Severity { kSoft = 1, kHard = 2 };
enum class Stage : uint8_t { kPreliminary = 1, kFinal = 2, kCorrected = 3 };

// left (relation) right, missed by no more than the larger tolerance.
struct Rule {
  std::string id;
  Names texts;
  Terms left;
  Relation relation = Relation::kEqual;
  Terms right;
  int64_t tolerance_count = 0;
  std::optional<Fraction> tolerance_ratio;  // Of the right side.
  Severity severity = Severity::kSoft;
  std::vector<Stage> stages;             // Empty: all.
  std::vector<std::string> contest_ids;  // Empty: all.
  std::string citation;
  std::vector<std::string> hides;
};

enum class OptionKind { kParty = 1, kCandidate = 2, kYes = 3, kNo = 4, kAgainstAll = 5 };

struct Option {
  std::string id;
  OptionKind kind = OptionKind::kCandidate;
  Names names;
  std::string party_id;
};

// The share of base `base_id` that must be reached.
struct Threshold {
  Fraction ratio;
  std::string base_id;
  bool inclusive = false;
};

struct PartyList {
  int64_t seat_count = 0;
  std::optional<Threshold> threshold;
  AllocationMethod method = AllocationMethod::kHare;
  // Where one list alone passes the threshold, the next is admitted too, and its seats are multiplied by this. Absent: the
  // one list takes all seats. With the Hare quota alone.
  std::optional<Fraction> second_list_index = std::nullopt;
};

struct Plurality {};

struct WinningCondition {
  Threshold share;
  std::optional<Fraction> lead;
  bool lead_inclusive = false;
};

struct AbsoluteMajority {
  std::vector<WinningCondition> conditions;
};

struct RegionalCondition {
  std::string level_id;
  Fraction ratio;
  bool inclusive = false;
};

struct Referendum {
  Threshold condition;
  std::optional<RegionalCondition> regions;
};

using ContestRule = std::variant<PartyList, Plurality, AbsoluteMajority, Referendum>;

struct Contest {
  std::string id;
  Names names;
  std::string unit_id;
  std::vector<Option> options;  // In ballot order.
  std::string share_base_id;
  ContestRule rule;
};

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_ELECTION_H_
