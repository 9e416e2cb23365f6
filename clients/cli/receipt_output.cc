#include "clients/cli/receipt_output.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/sealed_submission.h"
#include "clients/cli/signing.h"

namespace hattama::cli {

std::string FindingText(const Session& session, const v1::Finding& finding) {
  std::string text = absl::StrCat(finding.rule_id(), finding.severity() == v1::SEVERITY_HARD ? " (hard)" : "");
  const std::string says = NameIn(finding.texts(), session.globals.language, "");
  if (!says.empty()) absl::StrAppend(&text, ": ", says);
  if (finding.has_left() && finding.has_right()) {
    absl::StrAppend(&text, " [", Grouped(finding.left()), " against ", Grouped(finding.right()), "]");
  } else if (finding.ids_size() > 0) {
    absl::StrAppend(&text, " [", absl::StrJoin(finding.ids(), ", "), "]");
  }
  if (!finding.citation().empty()) absl::StrAppend(&text, " (", finding.citation(), ")");
  return text;
}

absl::StatusOr<ExitCode> SubmitAndShow(Session& session, v1::Submission& submission, bool validate_only) {
  if (absl::Status fine = RequireNoCsv(session, "a receipt"); !fine.ok()) return fine;
  absl::StatusOr<merkle::SigningKey> key = SigningKeyOf(session);
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> origin = OriginOf(session);
  if (!origin.ok()) return origin.status();
  v1::SubmitRequest request;
  *request.mutable_submission() =
      SignOne(Seal(submission, "single"), {.origin = *origin, .election_id = ElectionIdOf(submission)}, *key);
  request.set_validate_only(validate_only);
  absl::StatusOr<v1::SubmitResponse> response =
      session.Call(session.submissions(), &v1::SubmissionService::Stub::Submit, request);
  if (!response.ok()) {
    if (validate_only || ExitCodeOf(response.status()) != ExitCode::kUnreachable) return response.status();
    return absl::Status(
        response.status().code(),
        absl::StrCat(response.status().message(),
                     "\nit is not known whether it was recorded; the same command again records it once"));
  }
  const v1::Receipt& receipt = response->receipt();
  if (session.globals.format == Format::kJson) {
    PrintJson(ToJsonDocument(receipt));
  } else {
    if (validate_only) {
      PrintHeading(session, absl::StrCat("would be sequence ", Grouped(receipt.sequence()), "; nothing is recorded"));
    } else {
      PrintHeading(session, absl::StrCat("sequence ", Grouped(receipt.sequence()),
                                         receipt.replayed() ? " (recorded before)" : ""));
      Print(absl::StrCat("submission ", Hex(receipt.submission_id()), "\nleaf       ", Hex(receipt.leaf_hash()), "\n"));
    }
    for (const v1::Finding& finding : receipt.findings())
      Print(absl::StrCat("finding    ", FindingText(session, finding), "\n"));
    if (receipt.quarantined()) {
      Print("quarantined: it enters no tally until it is superseded or a decision releases it\n");
    }
  }
  return receipt.findings().empty() ? ExitCode::kFine : ExitCode::kFindings;
}

}  // namespace hattama::cli
