#include "services/domain/refusal.h"

namespace hattama::domain {

std::string_view RefusalReasonName(RefusalReason reason) {
  switch (reason) {
    case RefusalReason::kMalformed:
      return "MALFORMED";
    case RefusalReason::kSignatureMissing:
      return "SIGNATURE_MISSING";
    case RefusalReason::kSignatureInvalid:
      return "SIGNATURE_INVALID";
    case RefusalReason::kKeyNotGranted:
      return "KEY_NOT_GRANTED";
    case RefusalReason::kKeyRevoked:
      return "KEY_REVOKED";
    case RefusalReason::kRoleNotAdmitted:
      return "ROLE_NOT_ADMITTED";
    case RefusalReason::kSourceOutsideGrant:
      return "SOURCE_OUTSIDE_GRANT";
    case RefusalReason::kContestOutsideGrant:
      return "CONTEST_OUTSIDE_GRANT";
    case RefusalReason::kStageOutsideGrant:
      return "STAGE_OUTSIDE_GRANT";
    case RefusalReason::kUnitOutsideGrant:
      return "UNIT_OUTSIDE_GRANT";
    case RefusalReason::kUnknownElection:
      return "UNKNOWN_ELECTION";
    case RefusalReason::kElectionExists:
      return "ELECTION_EXISTS";
    case RefusalReason::kElectionNotOpen:
      return "ELECTION_NOT_OPEN";
    case RefusalReason::kElectionOpen:
      return "ELECTION_OPEN";
    case RefusalReason::kDefinitionIncomplete:
      return "DEFINITION_INCOMPLETE";
    case RefusalReason::kDefinitionFault:
      return "DEFINITION_FAULT";
    case RefusalReason::kUnknownContest:
      return "UNKNOWN_CONTEST";
    case RefusalReason::kUnknownUnit:
      return "UNKNOWN_UNIT";
    case RefusalReason::kUnitOutsideContest:
      return "UNIT_OUTSIDE_CONTEST";
    case RefusalReason::kUnknownSource:
      return "UNKNOWN_SOURCE";
    case RefusalReason::kSourceLevelMismatch:
      return "SOURCE_LEVEL_MISMATCH";
    case RefusalReason::kUnknownLine:
      return "UNKNOWN_LINE";
    case RefusalReason::kUnknownOption:
      return "UNKNOWN_OPTION";
    case RefusalReason::kDuplicateFigure:
      return "DUPLICATE_FIGURE";
    case RefusalReason::kMissingOption:
      return "MISSING_OPTION";
    case RefusalReason::kCountOutOfRange:
      return "COUNT_OUT_OF_RANGE";
    case RefusalReason::kNotAStation:
      return "NOT_A_STATION";
    case RefusalReason::kAppealExists:
      return "APPEAL_EXISTS";
    case RefusalReason::kUnknownAppeal:
      return "UNKNOWN_APPEAL";
    case RefusalReason::kAppealDecided:
      return "APPEAL_DECIDED";
    case RefusalReason::kUnitOutsideAppeal:
      return "UNIT_OUTSIDE_APPEAL";
    case RefusalReason::kUnknownDecision:
      return "UNKNOWN_DECISION";
    case RefusalReason::kNotAnnulled:
      return "NOT_ANNULLED";
    case RefusalReason::kAlreadyAnnulled:
      return "ALREADY_ANNULLED";
    case RefusalReason::kNotQuarantined:
      return "NOT_QUARANTINED";
    case RefusalReason::kKeyExists:
      return "KEY_EXISTS";
    case RefusalReason::kUnknownKey:
      return "UNKNOWN_KEY";
    case RefusalReason::kVersionBeyondLog:
      return "VERSION_BEYOND_LOG";
    case RefusalReason::kWrongPredecessor:
      return "WRONG_PREDECESSOR";
  }
  return "UNKNOWN";
}

}  // namespace hattama::domain
