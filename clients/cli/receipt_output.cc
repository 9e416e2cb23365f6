#include "clients/cli/receipt_output.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/proven_output.h"
#include "clients/cli/sealed_submission.h"
#include "clients/cli/signing.h"
#include "services/wire/event_codec.h"
#include "storage/files/small_file.h"

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

namespace {

// Opens the log whose receipt is waited for: null where none is.
absl::StatusOr<std::unique_ptr<VerifiedLog>> LogWaitedFor(Session& session, const Waiting& waiting) {
  const bool durable = waiting.wait_for.empty() || waiting.wait_for == "durable";
  if (durable && waiting.receipt.empty()) return nullptr;
  if (waiting.wait_for == "durable") {
    return UsageError("a receipt rests on a checkpoint: --receipt goes with --wait-for checkpointed or witnessed");
  }
  absl::StatusOr<std::unique_ptr<VerifiedLog>> log = waiting.trust.Open(session);
  if (log.ok() && waiting.wait_for == "witnessed" && !(*log)->belief().asks_for_witnesses()) {
    return UsageError(
        "--wait-for witnessed: name the witnesses with --policy, else nobody can check that they cosigned");
  }
  return log;
}

// Verifies the receipt in the answer to `request` and keeps it.
absl::StatusOr<VerifiedReceipt> KeepReceipt(VerifiedLog& log, const v1::SubmitRequest& request,
                                            const v1::SubmitResponse& response, const std::string& path) {
  const int64_t sequence = response.receipt().sequence();
  if (response.proof().empty()) {
    return absl::UnimplementedError(absl::StrCat("the server answered sequence ", sequence, " without a receipt"));
  }
  absl::StatusOr<VerifiedReceipt> receipt = log.CheckReceipt(response.proof(), sequence);
  if (!receipt.ok()) return receipt;
  if (receipt->proven.opened.submission != request.submission().submission()) {
    return absl::DataLossError(
        absl::StrCat("the server's receipt holds, but event ", sequence, " is another submission than the one sent"));
  }
  if (path.empty()) return receipt;
  if (absl::Status written = storage::ReplaceFile(path, receipt->bytes); !written.ok()) return AsUsage(written);
  return receipt;
}

}  // namespace

void Waiting::AddTo(CLI::App& verb) {
  verb.add_option("--wait-for", wait_for, "durable, checkpointed or witnessed; else durable, or what --receipt needs")
      ->check(CLI::IsMember({"durable", "checkpointed", "witnessed"}));
  verb.add_option("--receipt", receipt, "File that receives the receipt, a .tlog-proof, once it is verified");
  trust.AddWithStateTo(verb);
}

absl::StatusOr<ExitCode> SubmitAndShow(Session& session, v1::Submission& submission, bool validate_only,
                                       const Waiting& waiting) {
  if (absl::Status fine = RequireNoCsv(session, "a receipt"); !fine.ok()) return fine;
  absl::StatusOr<merkle::SigningKey> key = SigningKeyOf(session);
  if (!key.ok()) return key.status();
  // Before anything is recorded, so that a fault of the flags, or an alarm, records nothing.
  std::unique_ptr<VerifiedLog> log;
  if (!validate_only) {
    absl::StatusOr<std::unique_ptr<VerifiedLog>> opened = LogWaitedFor(session, waiting);
    if (!opened.ok()) return opened.status();
    log = *std::move(opened);
  }
  absl::StatusOr<std::string> origin = OriginOf(session);
  if (!origin.ok()) return origin.status();
  v1::SubmitRequest request;
  *request.mutable_submission() =
      SignOne(Seal(submission, "single"), {.origin = *origin, .election_id = wire::ElectionIdOf(submission)}, *key);
  request.set_validate_only(validate_only);
  if (log != nullptr) {
    if (*origin != log->origin()) {
      return UsageError(absl::StrCat("the server at ", session.globals.server, " holds the ledger \"", *origin,
                                     "\", the key or policy is of \"", log->origin(), "\""));
    }
    request.set_wait_for(log->belief().asks_for_witnesses() ? v1::WAIT_FOR_WITNESSED : v1::WAIT_FOR_CHECKPOINTED);
  }
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
  std::optional<VerifiedReceipt> kept;
  if (log != nullptr) {
    absl::StatusOr<VerifiedReceipt> checked = KeepReceipt(*log, request, *response, waiting.receipt);
    if (!checked.ok()) {
      absl::Status failed(
          checked.status().code(),
          absl::StrCat(checked.status().message(), "\nby its own word the server recorded the event as ", "sequence ",
                       receipt.sequence(), "; hattama receipt --sequence ", receipt.sequence(),
                       " asks for its receipt again"));
      checked.status().ForEachPayload(
          [&failed](absl::string_view type, const absl::Cord& payload) { failed.SetPayload(type, payload); });
      return failed;
    }
    kept = *std::move(checked);
  }
  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json document = ToJsonDocument(receipt);
    if (kept.has_value()) document["checkpoint"] = CheckpointJson(kept->proven.checkpoint);
    PrintJson(document);
  } else {
    if (validate_only) {
      PrintHeading(session, absl::StrCat("would be sequence ", Grouped(receipt.sequence()), "; nothing is recorded"));
    } else {
      PrintHeading(session, absl::StrCat("sequence ", Grouped(receipt.sequence()),
                                         receipt.replayed() ? " (recorded before)" : ""));
      Print(absl::StrCat("submission ", Hex(receipt.submission_id()), "\nleaf       ", Hex(receipt.leaf_hash()), "\n"));
    }
    if (kept.has_value()) Print(CheckpointText(kept->proven.checkpoint));
    for (const v1::Finding& finding : receipt.findings())
      Print(absl::StrCat("finding    ", FindingText(session, finding), "\n"));
    if (receipt.quarantined()) {
      Print("quarantined: it enters no tally until it is superseded or a decision releases it\n");
    }
  }
  return receipt.findings().empty() ? ExitCode::kFine : ExitCode::kFindings;
}

}  // namespace hattama::cli
