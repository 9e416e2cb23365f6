// Why an event is not admitted. A refusal is answered at once and never logged.
#ifndef HATTAMA_SERVICES_DOMAIN_REFUSAL_H_
#define HATTAMA_SERVICES_DOMAIN_REFUSAL_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hattama::domain {

// In order of precedence: where several hold, all are reported and the smallest decides the status code. Names that
// nobody knows come before rights: a slip of the pen is told as one.
enum class RefusalReason {
  kMalformed,             // A required field is missing or out of its range.
  kSignatureMissing,      // Nobody vouches for the submission.
  kSignatureInvalid,      // The signature is not the key's over these bytes in this ledger and election.
  kUnknownElection,       // No such election at this point of the log.
  kElectionExists,        // An election of this id was defined before.
  kElectionNotOpen,       // The definition is not complete.
  kElectionOpen,          // The definition is complete and admits no further part.
  kDefinitionIncomplete,  // Opening found fewer or more parts than stated.
  kDefinitionFault,       // The definition contradicts itself.
  kUnknownContest,
  kUnknownUnit,
  kUnitOutsideContest,  // The unit does not vote in the contest.
  kUnknownSource,
  kKeyNotGranted,         // The key holds nothing in this election at this point of the log.
  kKeyRevoked,            // What the key held was revoked, or went over to another key.
  kRoleNotAdmitted,       // The key's office may not record such an event.
  kSourceOutsideGrant,    // The key speaks for other sources.
  kContestOutsideGrant,   // The key may act in other contests.
  kStageOutsideGrant,     // The key may state protocols of other stages.
  kUnitOutsideGrant,      // The key may act in another part of the area.
  kSourceLevelMismatch,  // The source states protocols of another level.
  kUnknownLine,
  kUnknownOption,
  kDuplicateFigure,
  kMissingOption,  // A ballot option is not on the protocol. Rule H02.
  kCountOutOfRange,
  kNotAStation,
  kAppealExists,
  kUnknownAppeal,
  kAppealDecided,
  kUnitOutsideAppeal,
  kUnknownDecision,   // The sequence names no decision that admits this correction.
  kNotAnnulled,       // Nothing to reinstate.
  kAlreadyAnnulled,   // Nothing to annul.
  kNotQuarantined,    // The sequence names no quarantined protocol of the contest.
  kKeyExists,         // The key is known or retired and cannot be given anew.
  kUnknownKey,        // The key holds nothing that could end.
  kVersionBeyondLog,  // The event speaks of a version that is not there yet.
  kWrongPredecessor,  // supersedes_sequence is not the current protocol.
};

// UPPER_SNAKE_CASE, as in google.rpc.ErrorInfo.
std::string_view RefusalReasonName(RefusalReason reason);

struct Refusal {
  RefusalReason reason = RefusalReason::kMalformed;
  // Path of the field in the event, for example "options[3].count".
  std::string field;
  // What is wrong, with values.
  std::string message;
  // For kWrongPredecessor: the sequence expected, nullopt for none; and what was given.
  std::optional<int64_t> expected_sequence;
  std::optional<int64_t> actual_sequence;
};
using Refusals = std::vector<Refusal>;

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_REFUSAL_H_
