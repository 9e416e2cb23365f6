// hattama history and hattama coverage: what happened to a station, and which stations are in which state.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/query_flags.h"
#include "clients/cli/receipt_output.h"
#include "clients/cli/tally_output.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

constexpr int32_t kHistoryPageSizeMax = 1'000;
constexpr int32_t kCoveragePageSizeMax = 5'000;

struct Flags {
  SubjectFlags subject;
  ViewFlags view;
  VersionFlag version;
  std::string state;
  bool contested = false;
  bool with_findings = false;
  int64_t limit = 100;
};

std::string FiguresText(const v1::ProtocolSubmitted& protocol) {
  std::vector<std::string> parts;
  for (const v1::OptionFigure& figure : protocol.options()) {
    parts.push_back(absl::StrCat(figure.option_id(), "=", figure.has_count() ? absl::StrCat(figure.count()) : "blank"));
  }
  for (const v1::LineFigure& figure : protocol.lines()) {
    parts.push_back(absl::StrCat(figure.line_id(), "=", figure.has_count() ? absl::StrCat(figure.count()) : "blank"));
  }
  return absl::StrJoin(parts, " ");
}

std::string EventTitle(const v1::HistoryEntry& entry) {
  if (entry.has_protocol_submitted()) {
    const v1::ProtocolSubmitted& protocol = entry.protocol_submitted();
    return absl::StrCat(EnumText(v1::Stage_Name(protocol.stage()), "STAGE_"), " protocol of ", protocol.source_id());
  }
  if (entry.has_appeal_filed())
    return absl::StrCat("appeal ", entry.appeal_filed().appeal_id(), " by ", entry.appeal_filed().filed_by());
  if (entry.has_decision_recorded()) {
    const v1::DecisionRecorded& decision = entry.decision_recorded();
    return absl::StrCat("decision ", decision.act_number(), " of ", decision.body(), ": ",
                        EnumText(v1::DecisionKind_Name(decision.kind()), "DECISION_KIND_"));
  }
  return absl::StrCat("roll amended to ", Grouped(entry.roll_amended().registered_voters()));
}

void ShowEntry(const Session& session, const v1::HistoryEntry& entry) {
  PrintHeading(session, absl::StrCat("#", entry.sequence(), "  ", EventTitle(entry)));
  PrintAside(session, absl::StrCat("  recorded ", Moment(entry.record_time()), ", submitted by ", entry.submitter()));
  if (entry.has_protocol_submitted()) {
    const v1::ProtocolSubmitted& protocol = entry.protocol_submitted();
    Print(absl::StrCat("  ", OneLine(FiguresText(protocol)), "\n"));
    if (protocol.has_signed_time()) Print(absl::StrCat("  signed ", Moment(protocol.signed_time()), "\n"));
    if (protocol.has_reported_time())
      Print(absl::StrCat("  published by its source ", Moment(protocol.reported_time()), "\n"));
    if (!protocol.note().empty()) Print(absl::StrCat("  note: ", OneLine(protocol.note()), "\n"));
    if (protocol.has_supersedes_sequence()) Print(absl::StrCat("  supersedes #", protocol.supersedes_sequence(), "\n"));
    if (protocol.has_decision_sequence()) Print(absl::StrCat("  by decision #", protocol.decision_sequence(), "\n"));
    for (const v1::EvidenceDigest& evidence : protocol.evidence()) {
      Print(absl::StrCat("  evidence ", Hex(evidence.sha256()), " ", OneLine(evidence.label()), "\n"));
    }
  } else if (entry.has_appeal_filed()) {
    Print(absl::StrCat("  grounds: ", OneLine(entry.appeal_filed().grounds()), "\n"));
  } else if (entry.has_decision_recorded() && !entry.decision_recorded().reason().empty()) {
    Print(absl::StrCat("  reason: ", OneLine(entry.decision_recorded().reason()), "\n"));
  }
  for (const v1::Finding& finding : entry.findings()) {
    Print(absl::StrCat("  finding ", Toned(OneLine(FindingText(session, finding)), Tone::kBad, session.globals.colour),
                       "\n"));
  }
  if (entry.quarantined()) Print(Toned("  quarantined", Tone::kBad, session.globals.colour) + "\n");
  if (entry.has_superseded_by_sequence())
    Print(absl::StrCat("  superseded by #", entry.superseded_by_sequence(), "\n"));
}

absl::StatusOr<ExitCode> History(Session& session, const Flags& flags) {
  if (flags.subject.unit.empty()) return UsageError("history wants --station or --unit");
  absl::StatusOr<v1::VersionSelector> version = flags.version.ToVersion();
  if (!version.ok()) return version.status();
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  v1::ListHistoryRequest request;
  request.set_election_id(flags.subject.election);
  request.set_contest_id(flags.subject.contest);
  request.set_unit_id(flags.subject.unit);
  *request.mutable_version() = *version;
  absl::StatusOr<v1::ListHistoryResponse> response = AllPages<v1::ListHistoryRequest, v1::ListHistoryResponse>(
      request, 0, kHistoryPageSizeMax,
      [&](const v1::ListHistoryRequest& page) {
        return session.Call(session.results(), &v1::ResultsService::Stub::ListHistory, page);
      },
      [](v1::ListHistoryResponse& answer) { return answer.mutable_entries(); });
  if (!response.ok()) return response.status();
  if (session.globals.format == Format::kJson) {
    PrintJson(ToJsonDocument(*response));
  } else if (session.globals.format == Format::kCsv) {
    PrintCsv({"sequence", "record_time", "submitter", "event", "findings", "quarantined", "superseded_by_sequence"});
    for (const v1::HistoryEntry& entry : response->entries()) {
      PrintCsv({absl::StrCat(entry.sequence()), Moment(entry.record_time()), entry.submitter(), EventTitle(entry),
                absl::StrJoin(entry.findings(), " ",
                              [](std::string* out, const v1::Finding& finding) { out->append(finding.rule_id()); }),
                entry.quarantined() ? "true" : "false",
                CsvCount(entry.has_superseded_by_sequence(), entry.superseded_by_sequence())});
    }
  } else {
    PrintAside(session, AsOfText(response->as_of()));
    for (const v1::HistoryEntry& entry : response->entries()) ShowEntry(session, entry);
    if (response->entries().empty()) Print("nothing happened to it\n");
  }
  return ExitCode::kFine;
}

absl::StatusOr<v1::StationState> StateNamed(const std::string& name) {
  if (name.empty()) return v1::STATION_STATE_UNSPECIFIED;
  for (int state = v1::STATION_STATE_COUNTED; state <= v1::STATION_STATE_MISSING; ++state) {
    const auto value = static_cast<v1::StationState>(state);
    if (EnumText(v1::StationState_Name(value), "STATION_STATE_") == name) return value;
  }
  if (name == "excluded-contested") return v1::STATION_STATE_EXCLUDED_CONTESTED;
  return UsageError(
      absl::StrCat("--state ", name, ": is none of counted, quarantined, annulled, excluded-contested, missing"));
}

void ShowCoverage(const Session& session, const v1::ListCoverageResponse& response) {
  PrintAside(session, absl::StrCat(ViewText(response.view()), " · ", AsOfText(response.as_of())));
  Print(absl::StrCat(CoverageText(response.coverage()), "\n\n"));
  Table table({{"station"},
               {"name", Align::kLeft, 40},
               {"state"},
               {"stage"},
               {"sequence", Align::kRight},
               {"roll", Align::kRight},
               {"findings", Align::kRight},
               {""}});
  for (const v1::StationCoverage& station : response.stations()) {
    const bool fine = station.state() == v1::STATION_STATE_COUNTED;
    std::vector<std::string> marks;
    if (station.contested()) marks.push_back("contested");
    if (station.awaiting_correction()) marks.push_back("waiting for a correction");
    table.Add(
        {station.unit_id(), NameIn(station.names(), session.globals.language, ""),
         Cell(EnumText(v1::StationState_Name(station.state()), "STATION_STATE_"), fine ? Tone::kPlain : Tone::kBad),
         station.stage() == v1::STAGE_UNSPECIFIED ? "" : EnumText(v1::Stage_Name(station.stage()), "STAGE_"),
         station.has_sequence() ? Grouped(station.sequence()) : "",
         station.has_registered_voters() ? Grouped(station.registered_voters()) : "",
         station.finding_count() > 0 ? Grouped(station.finding_count()) : "", absl::StrJoin(marks, ", ")});
  }
  if (!table.empty()) PrintTable(session, table);
  if (!response.next_page_token().empty()) PrintAside(session, "there are more: --limit 0 shows all of them");
}

absl::StatusOr<ExitCode> Coverage(Session& session, const Flags& flags) {
  absl::StatusOr<v1::View> view = flags.view.ToView();
  if (!view.ok()) return view.status();
  absl::StatusOr<v1::VersionSelector> version = flags.version.ToVersion();
  if (!version.ok()) return version.status();
  absl::StatusOr<v1::StationState> state = StateNamed(flags.state);
  if (!state.ok()) return state.status();
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  v1::ListCoverageRequest request;
  request.set_election_id(flags.subject.election);
  request.set_contest_id(flags.subject.contest);
  request.set_unit_id(flags.subject.unit);
  *request.mutable_view() = *view;
  *request.mutable_version() = *version;
  request.set_state(*state);
  request.set_contested_only(flags.contested);
  request.set_with_findings_only(flags.with_findings);
  absl::StatusOr<v1::ListCoverageResponse> response = AllPages<v1::ListCoverageRequest, v1::ListCoverageResponse>(
      request, flags.limit, kCoveragePageSizeMax,
      [&](const v1::ListCoverageRequest& page) {
        return session.Call(session.results(), &v1::ResultsService::Stub::ListCoverage, page);
      },
      [](v1::ListCoverageResponse& answer) { return answer.mutable_stations(); });
  if (!response.ok()) return response.status();
  if (session.globals.format == Format::kJson) {
    PrintJson(ToJsonDocument(*response));
  } else if (session.globals.format == Format::kCsv) {
    PrintCsv({"unit_id", "state", "contested", "awaiting_correction", "stage", "sequence", "registered_voters",
              "finding_count"});
    for (const v1::StationCoverage& station : response->stations()) {
      PrintCsv({station.unit_id(), EnumText(v1::StationState_Name(station.state()), "STATION_STATE_"),
                station.contested() ? "true" : "false", station.awaiting_correction() ? "true" : "false",
                station.stage() == v1::STAGE_UNSPECIFIED ? "" : EnumText(v1::Stage_Name(station.stage()), "STAGE_"),
                CsvCount(station.has_sequence(), station.sequence()),
                CsvCount(station.has_registered_voters(), station.registered_voters()),
                absl::StrCat(station.finding_count())});
    }
  } else {
    ShowCoverage(session, *response);
  }
  return ExitCode::kFine;
}

}  // namespace

void AddHistory(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("history", "Shows all that happened to a station or area, oldest first");
  flags->subject.AddTo(*verb);
  flags->version.AddTo(*verb);
  verb->footer("Example:\n  hattama history bo-2019 --station 36127");
  verb->callback([flags, &session] { session.run = [flags, &session] { return History(session, *flags); }; });
}

void AddCoverage(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("coverage", "Lists stations by what the view does with them");
  flags->subject.AddTo(*verb);
  flags->view.AddTo(*verb);
  flags->version.AddTo(*verb);
  verb->add_option("--state", flags->state, "Only: counted, quarantined, annulled, excluded-contested or missing");
  verb->add_flag("--contested", flags->contested, "Only stations with an open appeal");
  verb->add_flag("--with-findings", flags->with_findings, "Only stations whose protocol carries findings");
  verb->add_option("--limit", flags->limit, "How many stations to list; 0 lists all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->footer("Example:\n  hattama coverage bo-2019 --policy preliminary --state missing --limit 0");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Coverage(session, *flags); }; });
}

}  // namespace hattama::cli
