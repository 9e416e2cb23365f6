#include "clients/cli/output.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/figures_text.h"

namespace hattama::cli {
namespace {

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  return absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

}  // namespace

void Print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void PrintJson(const nlohmann::ordered_json& document) {
  Print(document.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

void PrintTable(const Session& session, const Table& table) { Print(table.Render(session.globals.colour)); }

void PrintHeading(const Session& session, std::string_view text) {
  Print(Toned(OneLine(text), Tone::kBold, session.globals.colour) + "\n");
}

void PrintAside(const Session& session, std::string_view text) {
  Print(Toned(OneLine(text), Tone::kDim, session.globals.colour) + "\n");
}

void PrintCsv(const std::vector<std::string>& cells) {
  Print(absl::StrJoin(cells, ",", [](std::string* out, const std::string& cell) { out->append(CsvCell(cell)); }) +
        "\n");
}

std::string CsvCount(bool has, int64_t count) { return has ? absl::StrCat(count) : ""; }

std::string AsOfText(const v1::AsOf& as_of) {
  const std::string moment = Moment(as_of.record_time());
  return absl::StrCat("version ", Grouped(as_of.tree_size()), moment.empty() ? "" : " of ", moment, ", root ",
                      Hex(as_of.root_hash()).substr(0, 16), "…");
}

Cell OutcomeCell(const v1::Outcome& outcome) {
  const std::string ids = absl::StrJoin(outcome.option_ids(), ", ");
  const std::string text =
      absl::StrCat(EnumText(v1::OutcomeStatus_Name(outcome.status()), "OUTCOME_STATUS_"), ids.empty() ? "" : ": ", ids);
  switch (outcome.status()) {
    case v1::OUTCOME_STATUS_DECIDED:
    case v1::OUTCOME_STATUS_ADOPTED:
      return {text, Tone::kGood};
    case v1::OUTCOME_STATUS_TIE:
    case v1::OUTCOME_STATUS_UNDETERMINED:
      return {text, Tone::kBad};
    default:
      return text;
  }
}

absl::Status RequireNoCsv(const Session& session, std::string_view verb) {
  if (session.globals.format != Format::kCsv) return absl::OkStatus();
  return UsageError(
      absl::StrCat(absl::string_view(verb.data(), verb.size()), " has no rows: use --format=table or --format=json"));
}

}  // namespace hattama::cli
