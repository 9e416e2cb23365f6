// hattama tally and hattama seats: figures and outcomes at any version.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/query_flags.h"
#include "clients/cli/tally_output.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

constexpr int32_t kPageSizeMax = 1'000;

struct Flags {
  SubjectFlags subject;
  ViewFlags view;
  VersionFlag version;
  std::string by;
};

void ShowCsv(const google::protobuf::RepeatedPtrField<v1::Tally>& tallies) {
  PrintCsv({"tree_size", "election_id", "contest_id", "unit_id", "kind", "id", "count", "share_numerator",
            "share_denominator"});
  for (const v1::Tally& tally : tallies) {
    const auto row = [&](const char* kind, const std::string& id, const std::string& count, const v1::Ratio* ratio) {
      PrintCsv({absl::StrCat(tally.as_of().tree_size()), tally.election_id(), tally.contest_id(), tally.unit_id(), kind,
                id, count, ratio == nullptr ? "" : absl::StrCat(ratio->numerator()),
                ratio == nullptr ? "" : absl::StrCat(ratio->denominator())});
    };
    for (const v1::OptionTotal& option : tally.options()) {
      row("option", option.option_id(), CsvCount(option.has_votes(), option.votes()),
          option.has_share() ? &option.share() : nullptr);
    }
    for (const v1::Total& line : tally.lines())
      row("line", line.id(), CsvCount(line.has_count(), line.count()), nullptr);
    for (const v1::TurnoutValue& turnout : tally.turnouts()) {
      row("turnout", turnout.turnout_id(), "", turnout.has_ratio() ? &turnout.ratio() : nullptr);
    }
    const v1::Coverage& coverage = tally.coverage();
    row("stations", "expected", absl::StrCat(coverage.expected_count()), nullptr);
    row("stations", "counted", absl::StrCat(coverage.counted_count()), nullptr);
    row("stations", "quarantined", absl::StrCat(coverage.quarantined_count()), nullptr);
    row("stations", "annulled", absl::StrCat(coverage.annulled_count()), nullptr);
    row("stations", "excluded_contested", absl::StrCat(coverage.excluded_contested_count()), nullptr);
    row("stations", "missing", absl::StrCat(coverage.missing_count()), nullptr);
    row("stations", "contested", absl::StrCat(coverage.contested_count()), nullptr);
  }
}

absl::StatusOr<ExitCode> Tally(Session& session, const Flags& flags) {
  absl::StatusOr<v1::View> view = flags.view.ToView();
  if (!view.ok()) return view.status();
  absl::StatusOr<v1::VersionSelector> version = flags.version.ToVersion();
  if (!version.ok()) return version.status();
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  if (flags.by.empty()) {
    v1::GetTallyRequest request;
    request.set_election_id(flags.subject.election);
    request.set_contest_id(flags.subject.contest);
    request.set_unit_id(flags.subject.unit);
    *request.mutable_view() = *view;
    *request.mutable_version() = *version;
    absl::StatusOr<v1::Tally> tally = session.Call(session.results(), &v1::ResultsService::Stub::GetTally, request);
    if (!tally.ok()) return tally.status();
    if (session.globals.format == Format::kJson) {
      PrintJson(ToJsonDocument(*tally));
    } else if (session.globals.format == Format::kCsv) {
      google::protobuf::RepeatedPtrField<v1::Tally> tallies;
      *tallies.Add() = *tally;
      ShowCsv(tallies);
    } else {
      ShowTally(session, *tally);
    }
    return ExitCode::kFine;
  }
  v1::ListTalliesRequest request;
  request.set_election_id(flags.subject.election);
  request.set_contest_id(flags.subject.contest);
  request.set_unit_id(flags.subject.unit);
  request.set_level_id(flags.by);
  *request.mutable_view() = *view;
  *request.mutable_version() = *version;
  absl::StatusOr<v1::ListTalliesResponse> response = AllPages<v1::ListTalliesRequest, v1::ListTalliesResponse>(
      request, 0, kPageSizeMax,
      [&](const v1::ListTalliesRequest& page) {
        return session.Call(session.results(), &v1::ResultsService::Stub::ListTallies, page);
      },
      [](v1::ListTalliesResponse& answer) { return answer.mutable_tallies(); });
  if (!response.ok()) return response.status();
  if (session.globals.format == Format::kJson) {
    PrintJson(ToJsonDocument(*response));
  } else if (session.globals.format == Format::kCsv) {
    ShowCsv(response->tallies());
  } else {
    ShowTallies(session, response->tallies());
  }
  return ExitCode::kFine;
}

void ShowSeats(const Session& session, const v1::GetSeatsResponse& response) {
  const std::string& language = session.globals.language;
  PrintAside(session, absl::StrCat(ViewText(response.view()), " · ", AsOfText(response.as_of())));
  if (!response.notice().empty()) PrintAside(session, absl::StrCat("notice: ", response.notice()));
  for (const v1::ContestOutcome& contest : response.contests()) {
    if (!contest.outcome().has_allocation()) continue;
    Print("\n");
    PrintHeading(session, NameIn(contest.names(), language, contest.contest_id()));
    Print(absl::StrCat(CoverageText(contest.coverage()), "\n"));
    ShowOutcome(session, contest.outcome());
  }
  Print("\n");
  Table contests({{"contest"}, {"name", Align::kLeft, 40}, {"stations", Align::kRight}, {"outcome"}});
  for (const v1::ContestOutcome& contest : response.contests()) {
    if (contest.outcome().has_allocation()) continue;
    contests.Add(
        {contest.contest_id(), NameIn(contest.names(), language, ""),
         absl::StrCat(Grouped(contest.coverage().counted_count()), "/", Grouped(contest.coverage().expected_count())),
         OutcomeCell(contest.outcome())});
  }
  if (!contests.empty()) {
    PrintTable(session, contests);
    Print("\n");
  }
  if (response.seat_count() == 0) return;
  Table parties({{"party"}, {"name"}, {"list", Align::kRight}, {"districts", Align::kRight}, {"seats", Align::kRight}});
  for (const v1::PartySeats& party : response.parties()) {
    const int64_t seats = party.list_seat_count() + party.district_seat_count();
    if (seats == 0) continue;
    parties.Add({party.party_id().empty() ? "-" : party.party_id(),
                 party.party_id().empty() ? "without a party" : NameIn(party.names(), language, ""),
                 Grouped(party.list_seat_count()), Grouped(party.district_seat_count()),
                 Cell(Grouped(seats), Tone::kBold)});
  }
  PrintTable(session, parties);
  Print(absl::StrCat(Grouped(response.seat_count()), " seats in all",
                     response.undecided_seat_count() > 0
                         ? absl::StrCat(", ", Grouped(response.undecided_seat_count()), " of them undecided")
                         : "",
                     "\n"));
}

absl::StatusOr<ExitCode> Seats(Session& session, const Flags& flags) {
  absl::StatusOr<v1::View> view = flags.view.ToView();
  if (!view.ok()) return view.status();
  absl::StatusOr<v1::VersionSelector> version = flags.version.ToVersion();
  if (!version.ok()) return version.status();
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  v1::GetSeatsRequest request;
  request.set_election_id(flags.subject.election);
  *request.mutable_view() = *view;
  *request.mutable_version() = *version;
  absl::StatusOr<v1::GetSeatsResponse> response =
      session.Call(session.results(), &v1::ResultsService::Stub::GetSeats, request);
  if (!response.ok()) return response.status();
  if (session.globals.format == Format::kJson) {
    PrintJson(ToJsonDocument(*response));
  } else if (session.globals.format == Format::kCsv) {
    PrintCsv({"tree_size", "party_id", "list_seat_count", "district_seat_count"});
    for (const v1::PartySeats& party : response->parties()) {
      PrintCsv({absl::StrCat(response->as_of().tree_size()), party.party_id(), absl::StrCat(party.list_seat_count()),
                absl::StrCat(party.district_seat_count())});
    }
  } else {
    ShowSeats(session, *response);
  }
  return ExitCode::kFine;
}

}  // namespace

void AddTally(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb =
      app.add_subcommand("tally", "Shows votes, shares, turnout and coverage of a contest for any area at any version");
  flags->subject.AddTo(*verb);
  flags->view.AddTo(*verb);
  flags->version.AddTo(*verb);
  verb->add_option("--by", flags->by, "One row for each unit of this level, for example region");
  verb->footer(
      "Examples:\n"
      "  hattama tally bo-2019\n"
      "  hattama tally bo-2019 --policy preliminary --at 2019-10-20T19:40:00-04:00\n"
      "  hattama tally kz-mazhilis-2023 --contest party-list --by region");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Tally(session, *flags); }; });
}

void AddSeats(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("seats", "Shows every outcome of an election and the seats of every party");
  verb->add_option("ELECTION", flags->subject.election, "Id of the election")->required();
  flags->view.AddTo(*verb);
  flags->version.AddTo(*verb);
  verb->footer("Example:\n  hattama seats kz-mazhilis-2023 --policy final");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Seats(session, *flags); }; });
}

}  // namespace hattama::cli
