// hattama import: a folder of results in the tidy layout, through the stream.
#include <cstdio>
#include <deque>
#include <filesystem>
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/definition_files.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/key_ring.h"
#include "clients/cli/output.h"
#include "clients/cli/progress_bar.h"
#include "clients/cli/protocol_rows.h"
#include "clients/cli/sealed_submission.h"
#include "clients/cli/signing.h"
#include "clients/cli/stream_sender.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

constexpr size_t kShownRefusalCountMax = 50;
constexpr size_t kListedRefusalCountMax = 1'000;

struct Flags {
  std::string folder;
  std::string mapping;
  std::string keys;
  std::string submitter = "hattama";
  std::string retry = "0s";
  bool dry_run = false;
};

// What became of the rows.
struct Report {
  std::string file;
  int64_t imported = 0;
  int64_t already_recorded = 0;
  int64_t not_answered = 0;
  int64_t quarantined = 0;
  int64_t with_findings = 0;
  int64_t tree_size = 0;
  int64_t reconnects = 0;
  absl::Duration elapsed;
  absl::btree_map<std::string, int64_t> findings;
  std::vector<RefusedRow> refused;
};

// What the server said of a row.
struct Answer {
  std::optional<int64_t> sequence;  // Nothing: refused or not answered.
};

std::string SealRow(const ProtocolRow& row, std::optional<int64_t> supersedes, const std::string& submitter) {
  v1::Submission submission;
  submission.set_submitter(submitter);
  submission.mutable_protocol_submitted()->ParseFromString(row.protocol);
  if (supersedes) submission.mutable_protocol_submitted()->set_supersedes_sequence(*supersedes);
  return Seal(submission, "import");
}

void Take(const v1::SubmissionResult& result, const ProtocolRow& row, Answer& answer, Report& report) {
  if (!result.has_receipt()) {
    report.refused.push_back({row.line, ReasonOf(result.refusal()), std::string(FromRpc(result.refusal()).message())});
    return;
  }
  const v1::Receipt& receipt = result.receipt();
  answer.sequence = receipt.sequence();
  ++(receipt.replayed() ? report.already_recorded : report.imported);
  report.tree_size = std::max(report.tree_size, receipt.tree_size());
  report.quarantined += receipt.quarantined();
  report.with_findings += receipt.findings_size() > 0;
  for (const v1::Finding& finding : receipt.findings()) ++report.findings[finding.rule_id()];
}

// Sends generation after generation: a protocol goes out once the sequence of the one that it supersedes is known.
absl::Status SendRows(Session& session, const ProtocolRows& planned, const KeyRing& keys, const SigningScope& scope,
                      const Flags& flags, absl::Duration retry, Report& report) {
  const std::vector<ProtocolRow>& rows = planned.rows();
  std::vector<Answer> answers(rows.size());
  std::vector<std::vector<size_t>> generations;
  for (size_t i = 0; i < rows.size(); ++i) {
    generations.resize(std::max<size_t>(generations.size(), rows[i].generation + 1));
    generations[rows[i].generation].push_back(i);
  }
  StreamSender sender(session, scope, retry);
  ProgressBar bar("importing", static_cast<int64_t>(rows.size()), session.globals.progress);
  int64_t answered_count = 0;
  absl::Status sent;
  for (const std::vector<size_t>& generation : generations) {
    std::deque<std::string> submissions;  // Keeps its elements in place.
    std::vector<Outgoing> outgoing;
    std::vector<size_t> indices;
    for (const size_t i : generation) {
      std::optional<int64_t> supersedes;
      if (rows[i].predecessor) {
        supersedes = answers[*rows[i].predecessor].sequence;
        if (!supersedes) {
          report.refused.push_back(
              {rows[i].line, "PREDECESSOR_REFUSED",
               absl::StrCat("line ", rows[*rows[i].predecessor].line, ", which it supersedes, was refused")});
          ++answered_count;
          continue;
        }
      }
      const merkle::SigningKey* key = keys.KeyFor(rows[i].source_id, rows[i].unit_id);
      if (key == nullptr) {
        report.refused.push_back(
            {rows[i].line, "NO_KEY",
             absl::StrCat("no key of \"", rows[i].source_id, "\" for station \"", rows[i].unit_id,
                          "\" or a unit above it in ", flags.keys)});
        ++answered_count;
        continue;
      }
      submissions.push_back(SealRow(rows[i], supersedes, flags.submitter));
      outgoing.push_back({.submission = &submissions.back(), .key = key});
      indices.push_back(i);
    }
    sent = sender.Send(outgoing, [&](size_t index, const v1::SubmissionResult& result) {
      Take(result, rows[indices[index]], answers[indices[index]], report);
      bar.Update(++answered_count);
    });
    if (!sent.ok()) break;
  }
  report.reconnects = sender.reconnect_count();
  report.not_answered = static_cast<int64_t>(rows.size()) - answered_count;
  return sent;
}

void ShowJson(const ProtocolRows& planned, const Flags& flags, const Mapping& mapping, const Report& report) {
  nlohmann::ordered_json refused = nlohmann::ordered_json::object();
  nlohmann::ordered_json refusals = nlohmann::ordered_json::array();
  for (const RefusedRow& row : report.refused) {
    refused[row.reason] = refused.value(row.reason, 0) + 1;
    if (refusals.size() < kListedRefusalCountMax) {
      refusals.push_back(
          {{"row", absl::StrCat(report.file, ":", row.line)}, {"reason", row.reason}, {"message", row.message}});
    }
  }
  nlohmann::ordered_json skipped = nlohmann::ordered_json::object();
  for (const auto& [reason, count] : planned.skipped()) skipped[reason] = count;
  nlohmann::ordered_json findings = nlohmann::ordered_json::object();
  for (const auto& [rule, count] : report.findings) findings[rule] = count;
  PrintJson({{"election_id", mapping.election},
             {"file", report.file},
             {"dry_run", flags.dry_run},
             {"rows", planned.row_count()},
             {"to_send", planned.rows().size()},
             {"imported", report.imported},
             {"already_recorded", report.already_recorded},
             {"not_answered", report.not_answered},
             {"skipped", skipped},
             {"refused", refused},
             {"refusals", refusals},
             {"quarantined", report.quarantined},
             {"with_findings", report.with_findings},
             {"findings", findings},
             {"reconnects", report.reconnects},
             {"tree_size", report.tree_size},
             {"milliseconds", absl::ToInt64Milliseconds(report.elapsed)}});
}

void ShowTable(const Session& session, const ProtocolRows& planned, const Flags& flags, const Mapping& mapping,
               const Report& report) {
  PrintHeading(session, absl::StrCat(mapping.election, ": ", Grouped(planned.row_count()), " rows of ", report.file));
  Table table({{""}, {"", Align::kRight}, {""}});
  for (const auto& [reason, count] : planned.skipped()) table.Add({"skipped", Grouped(count), reason});
  absl::btree_map<std::string, int64_t> refused;
  for (const RefusedRow& row : report.refused) ++refused[row.reason];
  for (const auto& [reason, count] : refused) table.Add({Cell("refused", Tone::kBad), Grouped(count), reason});
  if (flags.dry_run) {
    table.Add({"to send", Grouped(static_cast<int64_t>(planned.rows().size())), "nothing was sent"});
    PrintTable(session, table);
    return;
  }
  const double seconds = absl::ToDoubleSeconds(report.elapsed);
  table.Add(
      {"imported", Grouped(report.imported),
       report.imported == 0 || seconds <= 0
           ? ""
           : absl::StrCat(Grouped(static_cast<int64_t>(static_cast<double>(report.imported) / seconds)), " a second")});
  if (report.already_recorded > 0) table.Add({"already recorded", Grouped(report.already_recorded)});
  if (report.not_answered > 0) table.Add({Cell("not answered", Tone::kBad), Grouped(report.not_answered)});
  if (report.reconnects > 0) table.Add({"reconnects", Grouped(report.reconnects)});
  if (report.quarantined > 0)
    table.Add({Cell("quarantined", Tone::kBad), Grouped(report.quarantined), "by a hard rule"});
  for (const auto& [rule, count] : report.findings) table.Add({"findings", Grouped(count), rule});
  PrintTable(session, table);
}

absl::StatusOr<ExitCode> Import(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "import"); !fine.ok()) return fine;
  absl::Duration retry;
  if (!absl::ParseDuration(flags.retry, &retry) || retry < absl::ZeroDuration()) {
    return UsageError(absl::StrCat("--retry ", flags.retry, ": is no duration like 30s"));
  }
  absl::StatusOr<Mapping> mapping = LoadMapping(flags.mapping);
  if (!mapping.ok()) return mapping.status();
  if (!mapping->protocols) return UsageError(absl::StrCat(flags.mapping, ": has no \"protocols\""));
  std::filesystem::path path = std::filesystem::path(flags.folder) / "protocols.csv.gz";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) path.replace_filename("protocols.csv");
  if (!std::filesystem::exists(path, ignored)) {
    return UsageError(absl::StrCat(flags.folder, ": holds neither protocols.csv.gz nor protocols.csv"));
  }

  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  v1::GetElectionRequest request;
  request.set_election_id(mapping->election);
  absl::StatusOr<v1::GetElectionResponse> election =
      session.Call(session.results(), &v1::ResultsService::Stub::GetElection, request);
  if (!election.ok()) return election.status();
  ProtocolRows planned(*mapping, *election);
  if (absl::Status read = planned.Read(path.string()); !read.ok()) return read;

  Report report;
  report.file = path.filename().string();
  report.refused = planned.refused();
  report.tree_size = election->as_of().tree_size();
  absl::Status sent;
  if (!flags.dry_run) {
    const absl::StatusOr<KeyRing> keys = flags.keys.empty()
                                             ? KeyRing::OfOne(session)
                                             : KeyRing::OfFolder(session, *election, flags.keys);
    if (!keys.ok()) return keys.status();
    absl::StatusOr<std::string> origin = OriginOf(session);
    if (!origin.ok()) return origin.status();
    const absl::Time start = absl::Now();
    sent = SendRows(session, planned, *keys, {.origin = *std::move(origin), .election_id = mapping->election}, flags,
                    retry, report);
    report.elapsed = absl::Now() - start;
  }
  for (size_t i = 0; i < report.refused.size() && i < kShownRefusalCountMax; ++i) {
    const RefusedRow& row = report.refused[i];
    std::fprintf(stderr, "%s:%lld: %s\n", report.file.c_str(), static_cast<long long>(row.line), row.message.c_str());
  }
  if (report.refused.size() > kShownRefusalCountMax) {
    std::fprintf(stderr, "and %zu rows more\n", report.refused.size() - kShownRefusalCountMax);
  }
  if (session.globals.format == Format::kJson) {
    ShowJson(planned, flags, *mapping, report);
  } else {
    ShowTable(session, planned, flags, *mapping, report);
  }
  if (!sent.ok()) {
    return absl::Status(
        sent.code(),
        absl::StrCat(sent.message(), "\nwhat was answered is recorded; the same command again sends the rest"));
  }
  if (!report.refused.empty()) return ExitCode::kRefused;
  return report.with_findings > 0 ? ExitCode::kFindings : ExitCode::kFine;
}

}  // namespace

void AddImport(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("import", "Imports a folder of protocols; may be run again safely");
  verb->add_option("DIR", flags->folder, "Folder with protocols.csv or protocols.csv.gz")->required();
  verb->add_option("--mapping", flags->mapping, "JSON that says which column is what")->required();
  verb->add_option("--keys", flags->keys,
                   "Folder with a key UNIT.key for each office, or SOURCE/UNIT.key: a row is signed by that of its "
                   "station, or of the nearest unit above");
  verb->add_option("--submitter", flags->submitter, "Who submits")->capture_default_str();
  verb->add_option("--retry", flags->retry, "How long to wait for a server that went away, like 30s")
      ->capture_default_str();
  verb->add_flag("--dry-run", flags->dry_run, "Reads and checks the rows, says what would be sent, sends nothing");
  verb->footer(
      "Rows of one contest, station, source and stage are chained in the order of their version.\n"
      "Examples:\n"
      "  hattama import results --mapping mapping.json --dry-run\n"
      "  hattama import results --mapping mapping.json --retry 2m");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Import(session, *flags); }; });
}

}  // namespace hattama::cli
