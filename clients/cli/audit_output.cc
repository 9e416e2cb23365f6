#include "clients/cli/audit_output.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/output.h"
#include "services/domain/key_book.h"
#include "services/wire/statement.h"
#include "storage/merkle/hex.h"

namespace hattama::cli {
namespace {

using merkle::HexOf;

// Text of a log may be any bytes, and a document holds UTF-8 alone: what is not is left out in writing, so it is not
// read back as it was.
std::string Safe(const std::string& text) {
  const std::string written = nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::ignore);
  const nlohmann::json read = nlohmann::json::parse(written, nullptr, /*allow_exceptions=*/false);
  return read.is_string() && read.get_ref<const std::string&>() == text ? text : absl::Utf8SafeCHexEscape(text);
}

nlohmann::ordered_json ToDocument(const audit::TallyReport& tally) {
  nlohmann::ordered_json document = {{"sequence", tally.sequence},
                                     {"election", Safe(tally.election_id)},
                                     {"contest", Safe(tally.contest_id)},
                                     {"source", Safe(tally.view.source_id)},
                                     {"policy", wire::PolicyName(tally.view.policy)},
                                     {"stations", tally.view.excluding_contested ? "without-contested" : "all"},
                                     {"tree_size", tally.tree_size},
                                     {"ok", tally.confirmed()},
                                     {"digest", HexOf(tally.published)},
                                     {"recomputed", nullptr},
                                     {"outcome", tally.outcome},
                                     {"lines", nlohmann::ordered_json::array()},
                                     {"explanations", nlohmann::ordered_json::array()}};
  if (tally.recomputed.has_value()) document["recomputed"] = HexOf(*tally.recomputed);
  for (const std::string& line : tally.differences) document["lines"].push_back(Safe(line));
  for (const std::string& line : tally.explanations) document["explanations"].push_back(Safe(line));
  return document;
}

}  // namespace

nlohmann::ordered_json ToAuditDocument(const audit::Report& report) {
  nlohmann::ordered_json document = {{"verdict", report.confirmed ? "confirmed" : "rejected"},
                                     {"origin", Safe(report.checkpoint.origin)},
                                     {"tree_size", report.checkpoint.tree_size},
                                     {"root", HexOf(report.checkpoint.root)},
                                     {"folded", report.folded_count},
                                     {"verified_signatures", report.verification_count},
                                     {"other_history", report.other_history}};
  nlohmann::ordered_json& counts = document["counts"] = nlohmann::ordered_json::object();
  for (int i = 1; i <= audit::kStepCount; ++i) {
    const audit::Step step = static_cast<audit::Step>(i);
    counts[std::string(audit::StepName(step))] = {{"checked", report.count(step).checked},
                                                  {"faults", report.count(step).faults}};
  }
  nlohmann::ordered_json& faults = document["faults"] = nlohmann::ordered_json::array();
  for (const audit::Fault& fault : report.faults) {
    nlohmann::ordered_json entry = {{"step", std::string(audit::StepName(fault.step))},
                                    {"number", static_cast<int>(fault.step)}};
    entry["place"] =
        fault.path.empty() && fault.sequence.has_value() ? absl::StrCat("record ", *fault.sequence) : fault.path;
    if (fault.sequence.has_value()) entry["sequence"] = *fault.sequence;
    entry["message"] = Safe(fault.message);
    faults.push_back(std::move(entry));
  }
  nlohmann::ordered_json& tallies = document["tallies"] = nlohmann::ordered_json::array();
  for (const audit::TallyReport& tally : report.tallies) tallies.push_back(ToDocument(tally));
  nlohmann::ordered_json& attestations = document["attestations"] = nlohmann::ordered_json::array();
  for (const audit::AttestationReport& attestation : report.attestations) {
    attestations.push_back(
        {{"sequence", attestation.sequence},
         {"auditor", HexOf(attestation.auditor)},
         {"tree_size", attestation.tree_size},
         {"verdict", attestation.verdict == domain::AuditVerdict::kConfirmed ? "confirmed" : "rejected"},
         {"root_holds", attestation.root_holds}});
  }
  return document;
}

void ShowAudit(const Session& session, const audit::Report& report) {
  const merkle::Checkpoint& checkpoint = report.checkpoint;
  if (report.confirmed) {
    Print(Toned("confirmed", Tone::kGood, session.globals.colour) +
          OneLine(absl::StrCat(": ", Grouped(checkpoint.tree_size), " records of ", checkpoint.origin, ", root ",
                               HexOf(checkpoint.root), ", ", Grouped(report.verification_count),
                               " signatures verified, ", report.tallies.size(), " published tallies and ",
                               report.attestations.size(), " attestations hold")) +
          "\n");
    return;
  }
  int64_t count = 0;
  for (int i = 1; i <= audit::kStepCount; ++i) count += report.count(static_cast<audit::Step>(i)).faults;
  for (const audit::Fault& fault : report.faults) Print(OneLine(audit::FaultText(fault)) + "\n");
  const int64_t unlisted = count - static_cast<int64_t>(report.faults.size());
  if (unlisted > 0) PrintAside(session, absl::StrCat("and ", Grouped(unlisted), " more faults"));
  Print(Toned("rejected", Tone::kBad, session.globals.colour) +
        OneLine(absl::StrCat(": ", Grouped(count), count == 1 ? " fault in " : " faults in ",
                             Grouped(checkpoint.tree_size), " records of ", checkpoint.origin,
                             ", the first: ", report.faults.empty() ? "" : audit::FaultText(report.faults.front()))) +
        "\n");
}

}  // namespace hattama::cli
