#include "clients/cli/proven_output.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "clients/cli/event_text.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "services/wire/answer_codec.h"
#include "storage/merkle/hex.h"

namespace hattama::cli {
namespace {

using merkle::HexOf;

std::string MomentOf(int64_t unix_seconds) { return Moment(wire::ToTimestamp(unix_seconds * 1'000'000)); }

std::string SignerOf(const ProvenRecord& proven) {
  return proven.opened.signature.has_value() ? HexOf(proven.opened.signature->public_key) : std::string();
}

void ShowFigures(const Session& session, const v1::ProtocolSubmitted& protocol) {
  Table table({{"figure"}, {"stated", Align::kRight}});
  for (const v1::LineFigure& line : protocol.lines()) {
    table.Add({line.line_id(), line.has_count() ? Grouped(line.count()) : "-"});
  }
  for (const v1::OptionFigure& option : protocol.options()) {
    table.Add({option.option_id(), option.has_count() ? Grouped(option.count()) : "-"});
  }
  Print("\n");
  PrintTable(session, table);
}

}  // namespace

std::string CheckpointText(const SeenCheckpoint& seen) {
  std::string text = absl::StrCat("verified  checkpoint of version ", Grouped(seen.checkpoint.tree_size), ", root ",
                                  HexOf(seen.checkpoint.root), "\n          signed by ", seen.log_key.name, "\n");
  for (const merkle::PolicyVerdict::Cosigned& witness : seen.witnesses) {
    absl::StrAppend(&text, "          witnessed by ", witness.witness, " at ", MomentOf(witness.time_seconds), "\n");
  }
  return text;
}

nlohmann::ordered_json CheckpointJson(const SeenCheckpoint& seen) {
  nlohmann::ordered_json witnesses = nlohmann::ordered_json::array();
  for (const merkle::PolicyVerdict::Cosigned& witness : seen.witnesses) {
    witnesses.push_back({{"name", witness.witness}, {"time", MomentOf(witness.time_seconds)}});
  }
  return {{"verified", true},
          {"origin", seen.checkpoint.origin},
          {"tree_size", seen.checkpoint.tree_size},
          {"root", HexOf(seen.checkpoint.root)},
          {"witnesses", witnesses}};
}

void ShowProven(const Session& session, const ProvenRecord& proven) {
  // OpenSignedRecord parsed the same bytes.
  v1::Submission submission;
  submission.ParseFromString(proven.opened.submission);
  const std::string moment = Moment(wire::ToTimestamp(proven.opened.time_micros));
  const std::string signer = SignerOf(proven);
  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json path = nlohmann::ordered_json::array();
    for (const merkle::Hash& hash : proven.path) path.push_back(HexOf(hash));
    PrintJson({{"verified", true},
               {"sequence", proven.opened.sequence},
               {"record_time", moment},
               {"event", EventText(submission)},
               {"signer", signer.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(signer)},
               {"submission", ToJsonDocument(submission)},
               {"path", path},
               {"checkpoint", CheckpointJson(proven.checkpoint)}});
    return;
  }
  PrintHeading(session,
               absl::StrCat("event ", Grouped(proven.opened.sequence), " of ", proven.checkpoint.checkpoint.origin));
  Print(absl::StrCat(CheckpointText(proven.checkpoint), "recorded  ", moment, "\nevent     ",
                     OneLine(EventText(submission)), "\n",
                     signer.empty() ? "founding  the event that everything begins with is not signed"
                                    : absl::StrCat("signer    key ", signer),
                     "\n"));
  if (submission.has_ledger_founded()) {
    Print(absl::StrCat("authority key ", Hex(submission.ledger_founded().authority_public_key()), "\n"));
  }
  if (submission.has_protocol_submitted()) ShowFigures(session, submission.protocol_submitted());
  if (submission.has_tally_published()) Print("\n" + submission.tally_published().statement());
}

}  // namespace hattama::cli
