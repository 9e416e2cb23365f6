#include "clients/cli/event_text.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"

namespace hattama::cli {
namespace {

// As domain::ShortKey has it, of bytes that may be of any length.
std::string ShortKeyText(const std::string& public_key) { return Hex(public_key).substr(0, 8); }

}  // namespace

std::string EventText(const v1::Submission& submission) {
  switch (submission.event_case()) {
    case v1::Submission::kLedgerFounded:
      return absl::StrCat("ledger founded: ", submission.ledger_founded().origin());
    case v1::Submission::kElectionDefined:
      return absl::StrCat("election defined: ", submission.election_defined().election_id());
    case v1::Submission::kContestsListed:
      return absl::StrCat(submission.contests_listed().contests_size(), " contests of ",
                          submission.contests_listed().election_id());
    case v1::Submission::kUnitsListed:
      return absl::StrCat(submission.units_listed().units_size(), " units of ",
                          submission.units_listed().election_id());
    case v1::Submission::kRollAmended:
      return absl::StrCat("roll of ", submission.roll_amended().entries_size(), " stations of ",
                          submission.roll_amended().election_id());
    case v1::Submission::kElectionOpened:
      return absl::StrCat("election opened: ", submission.election_opened().election_id());
    case v1::Submission::kProtocolSubmitted: {
      const v1::ProtocolSubmitted& protocol = submission.protocol_submitted();
      int64_t votes = 0;
      for (const v1::OptionFigure& figure : protocol.options()) votes += figure.count();
      return absl::StrCat(EnumText(v1::Stage_Name(protocol.stage()), "STAGE_"), " protocol of ", protocol.source_id(),
                          ": ", protocol.election_id(), " ", protocol.contest_id(), " ", protocol.unit_id(), ", ",
                          Grouped(votes), " votes");
    }
    case v1::Submission::kAppealFiled:
      return absl::StrCat("appeal ", submission.appeal_filed().appeal_id(), " against ",
                          submission.appeal_filed().unit_ids_size(), " stations of ",
                          submission.appeal_filed().election_id());
    case v1::Submission::kDecisionRecorded:
      return absl::StrCat("decision ", submission.decision_recorded().act_number(), " of ",
                          submission.decision_recorded().body(), ": ",
                          EnumText(v1::DecisionKind_Name(submission.decision_recorded().kind()), "DECISION_KIND_"));
    case v1::Submission::kKeyGranted: {
      const v1::KeyGranted& granted = submission.key_granted();
      return absl::StrCat("key ", ShortKeyText(granted.public_key()), " of ", granted.holder(), " granted as ",
                          EnumText(v1::Role_Name(granted.role()), "ROLE_"), granted.election_id().empty() ? "" : " in ",
                          granted.election_id());
    }
    case v1::Submission::kKeyRevoked:
      return absl::StrCat("key ", ShortKeyText(submission.key_revoked().public_key()), " revoked",
                          submission.key_revoked().election_id().empty() ? "" : " in ",
                          submission.key_revoked().election_id(), ": ", submission.key_revoked().reason());
    case v1::Submission::kKeyRotated:
      return absl::StrCat("key ", ShortKeyText(submission.key_rotated().old_public_key()), " replaced by ",
                          ShortKeyText(submission.key_rotated().new_public_key()), ": ",
                          submission.key_rotated().reason());
    case v1::Submission::kTallyPublished: {
      const v1::TallyPublished& published = submission.tally_published();
      return absl::StrCat("tally published: ", published.election_id(), " ", published.contest_id(), " at version ",
                          Grouped(published.tree_size()), published.title().empty() ? "" : ", ", published.title());
    }
    case v1::Submission::kAuditorAttested:
      return absl::StrCat("audit of version ", Grouped(submission.auditor_attested().tree_size()), ": ",
                          EnumText(v1::AuditVerdict_Name(submission.auditor_attested().verdict()), "AUDIT_VERDICT_"));
    case v1::Submission::EVENT_NOT_SET:
      break;
  }
  return "event of a later version of this program";
}

}  // namespace hattama::cli
