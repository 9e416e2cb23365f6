// hattama diff: where two views or two versions differ.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/failure.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/query_flags.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

constexpr int32_t kPageSizeMax = 5'000;
constexpr int kShownFigureCountMax = 6;

struct Flags {
  SubjectFlags subject;
  std::string left = "preliminary";
  std::string right = "final";
  int64_t limit = 20;
  std::vector<std::string> kinds;
};

bool IsOneSided(v1::DiscrepancyKind kind) {
  return kind == v1::DISCREPANCY_KIND_ONLY_LEFT || kind == v1::DISCREPANCY_KIND_ONLY_RIGHT;
}

std::string KindText(v1::DiscrepancyKind kind) { return EnumText(v1::DiscrepancyKind_Name(kind), "DISCREPANCY_KIND_"); }

// "rows swapped" or "rows-swapped", as KindText writes them.
absl::StatusOr<std::vector<v1::DiscrepancyKind>> ParseKinds(const std::vector<std::string>& names) {
  std::vector<v1::DiscrepancyKind> kinds;
  for (const std::string& name : names) {
    std::vector<std::string> known;
    const size_t before = kinds.size();
    for (int value = 1; v1::DiscrepancyKind_IsValid(value); ++value) {
      const auto kind = static_cast<v1::DiscrepancyKind>(value);
      known.push_back(absl::StrReplaceAll(KindText(kind), {{" ", "-"}}));
      if (absl::StrReplaceAll(name, {{" ", "-"}}) == known.back()) kinds.push_back(kind);
    }
    if (kinds.size() == before) {
      return UsageError(absl::StrCat("--kind: \"", name, "\" is none of ", absl::StrJoin(known, ", ")));
    }
  }
  return kinds;
}

std::string PairText(const v1::FigurePair& pair) {
  return absl::StrCat(pair.id(), " ", pair.has_left() ? Grouped(pair.left()) : "-", "→",
                      pair.has_right() ? Grouped(pair.right()) : "-");
}

void AddFigureRows(const google::protobuf::RepeatedPtrField<v1::FigureDiff>& figures, Table& table) {
  const auto count = [](bool has, int64_t value) { return has ? Grouped(value) : std::string("-"); };
  for (const v1::FigureDiff& figure : figures) {
    const Tone tone = figure.net_change() == 0 ? Tone::kPlain : Tone::kBold;
    table.Add({figure.id(), count(figure.has_left_common(), figure.left_common()),
               count(figure.has_right_common(), figure.right_common()), Cell(Signed(figure.net_change()), tone),
               figure.unit_count() == 0 ? "" : Grouped(figure.unit_count()),
               figure.has_left_only() ? Grouped(figure.left_only()) : "",
               figure.has_right_only() ? Grouped(figure.right_only()) : ""});
  }
}

void ShowSummary(const Session& session, const v1::DiffSummary& summary) {
  PrintHeading(session, absl::StrCat(summary.election_id(), " · ", summary.contest_id(), " · ", summary.unit_id()));
  PrintAside(session, absl::StrCat("left   ", ViewText(summary.left_view()), " · ", AsOfText(summary.left_as_of())));
  PrintAside(session, absl::StrCat("right  ", ViewText(summary.right_view()), " · ", AsOfText(summary.right_as_of())));
  Print(absl::StrCat("\n", Grouped(summary.common_count()), " units on both sides, ",
                     Grouped(summary.only_left_count()), " only left, ", Grouped(summary.only_right_count()),
                     " only right\n", Grouped(summary.option_difference_count()), " differ in votes by ",
                     Grouped(summary.option_effect()), " in all; ", Grouped(summary.difference_count()),
                     " differ in any figure by ", Grouped(summary.effect()), "\n\n"));
  Table figures({{"figure"},
                 {"left", Align::kRight},
                 {"right", Align::kRight},
                 {"change", Align::kRight},
                 {"units", Align::kRight},
                 {"only left", Align::kRight},
                 {"only right", Align::kRight}});
  AddFigureRows(summary.options(), figures);
  AddFigureRows(summary.lines(), figures);
  PrintTable(session, figures);
  Table kinds({{"kind"}, {"units", Align::kRight}});
  for (const v1::KindCount& kind : summary.kinds()) {
    if (kind.count() > 0) kinds.Add({KindText(kind.kind()), Grouped(kind.count())});
  }
  if (!kinds.empty()) {
    Print("\n");
    PrintTable(session, kinds);
  }
  if (summary.has_left_outcome() || summary.has_right_outcome()) {
    Print(absl::StrCat("\noutcome left   ", OutcomeCell(summary.left_outcome()).text, "\noutcome right  ",
                       OutcomeCell(summary.right_outcome()).text, "\n"));
    for (const std::string& change : summary.outcome_changes()) {
      Print(Toned(absl::StrCat("changes: ", OneLine(change)), Tone::kBad, session.globals.colour) + "\n");
    }
    if (summary.outcome_changes().empty()) Print("neither winner, threshold nor seats differ\n");
  }
}

void ShowRows(const Session& session, const v1::ListDiscrepanciesResponse& rows) {
  Table table({{"unit"},
               {"name", Align::kLeft, 30},
               {"kind"},
               {"votes", Align::kRight},
               {"all", Align::kRight},
               {"figures", Align::kLeft, 90}});
  for (const v1::Discrepancy& row : rows.discrepancies()) {
    std::string figures;
    for (int i = 0; i < row.figures_size() && i < kShownFigureCountMax && !IsOneSided(row.kind()); ++i) {
      absl::StrAppend(&figures, i == 0 ? "" : "  ", PairText(row.figures(i)));
    }
    if (!IsOneSided(row.kind()) && row.figures_size() > kShownFigureCountMax) absl::StrAppend(&figures, "  …");
    table.Add({row.unit_id(), NameIn(row.names(), session.globals.language, ""), KindText(row.kind()),
               Grouped(row.option_effect()), Grouped(row.effect()), figures});
  }
  Print("\n");
  PrintTable(session, table);
  if (!rows.next_page_token().empty()) PrintAside(session, "there are more: --limit 0 shows all of them");
}

absl::StatusOr<ExitCode> Diff(Session& session, const Flags& flags) {
  absl::StatusOr<v1::DiffSide> left = ParseSide(flags.left);
  if (!left.ok()) return left.status();
  absl::StatusOr<v1::DiffSide> right = ParseSide(flags.right);
  if (!right.ok()) return right.status();
  const absl::StatusOr<std::vector<v1::DiscrepancyKind>> kinds = ParseKinds(flags.kinds);
  if (!kinds.ok()) return kinds.status();
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  v1::GetDiffRequest request;
  request.set_election_id(flags.subject.election);
  request.set_contest_id(flags.subject.contest);
  request.set_unit_id(flags.subject.unit);
  *request.mutable_left() = *left;
  *request.mutable_right() = *right;
  absl::StatusOr<v1::DiffSummary> summary =
      session.Call(session.results(), &v1::ResultsService::Stub::GetDiff, request);
  if (!summary.ok()) return summary.status();
  // The rows are of the versions that the summary was made of, whatever was recorded in between.
  request.mutable_left()->mutable_version()->set_tree_size(summary->left_as_of().tree_size());
  request.mutable_right()->mutable_version()->set_tree_size(summary->right_as_of().tree_size());
  v1::ListDiscrepanciesRequest list;
  *list.mutable_diff() = request;
  for (const v1::DiscrepancyKind kind : *kinds) list.add_kinds(kind);
  absl::StatusOr<v1::ListDiscrepanciesResponse> rows =
      AllPages<v1::ListDiscrepanciesRequest, v1::ListDiscrepanciesResponse>(
          list, flags.limit, kPageSizeMax,
          [&](const v1::ListDiscrepanciesRequest& page) {
            return session.Call(session.results(), &v1::ResultsService::Stub::ListDiscrepancies, page);
          },
          [](v1::ListDiscrepanciesResponse& answer) { return answer.mutable_discrepancies(); });
  if (!rows.ok()) return rows.status();

  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json list_document = ToJsonDocument(*rows);
    PrintJson({{"summary", ToJsonDocument(*summary)},
               {"discrepancies", list_document["discrepancies"]},
               {"more", !rows->next_page_token().empty()}});
  } else if (session.globals.format == Format::kCsv) {
    PrintCsv({"unit_id", "kind", "option_effect", "effect", "figure", "left", "right"});
    for (const v1::Discrepancy& row : rows->discrepancies()) {
      for (const v1::FigurePair& pair : row.figures()) {
        PrintCsv({row.unit_id(), KindText(row.kind()), absl::StrCat(row.option_effect()), absl::StrCat(row.effect()),
                  pair.id(), CsvCount(pair.has_left(), pair.left()), CsvCount(pair.has_right(), pair.right())});
      }
    }
  } else {
    ShowSummary(session, *summary);
    if (!rows->discrepancies().empty()) ShowRows(session, *rows);
  }
  int64_t unequal = 0;
  for (const v1::KindCount& kind : summary->kinds()) unequal += kind.count();
  return unequal == 0 ? ExitCode::kFine : ExitCode::kFindings;
}

}  // namespace

void AddDiff(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb =
      app.add_subcommand("diff", "Shows where two views or versions differ, by effect; exit 1 where they do");
  flags->subject.AddTo(*verb);
  verb->add_option("--left", flags->left, "[SOURCE:]POLICY[/claims][/uncontested][@VERSION]")->capture_default_str();
  verb->add_option("--right", flags->right, "The other side, written the same way")->capture_default_str();
  verb->add_option("--limit", flags->limit, "How many units to list; 0 lists all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--kind", flags->kinds,
                   "List only units of this kind, for example transfer; may be given more than once");
  verb->footer(
      "Examples:\n"
      "  hattama diff bo-2019 --left preliminary --right final\n"
      "  hattama diff kz-maslikhat-2023 --left monitor:final --right precinct:final\n"
      "  hattama diff bo-2019 --left final@40000 --right final --kind rows-swapped --limit 0");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Diff(session, *flags); }; });
}

}  // namespace hattama::cli
