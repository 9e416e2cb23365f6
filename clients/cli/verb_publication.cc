// hattama publish-tally, attest and prove-station: what is said in public about the log, and proofs of it.
#include <algorithm>
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/log_trust.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/query_flags.h"
#include "clients/cli/receipt_output.h"
#include "clients/cli/station_proof_output.h"
#include "clients/cli/text_file.h"
#include "clients/cli/verbs.h"
#include "services/wire/statement.h"
#include "services/wire/station_proof.h"
#include "storage/files/small_file.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/tlog_proof.h"

namespace hattama::cli {
namespace {

struct Flags {
  std::string election, contest, title;
  ViewFlags view;
  VersionFlag version;
  bool check_only = false;
  std::string report, note;
  int64_t publication = -1;
  std::string station, out;
  LogTrust trust;
  std::string submitter = "hattama";
  Waiting waiting;
};

std::string Bytes(const merkle::Hash& hash) { return std::string(hash.begin(), hash.end()); }

// The words of the only line of a statement with this key; nothing where there is none.
std::vector<std::string> WordsOf(const std::vector<wire::StatementLine>& lines, std::string_view key) {
  for (const wire::StatementLine& line : lines) {
    if (line.key == key) return line.words;
  }
  return {};
}

absl::StatusOr<ExitCode> PublishTally(Session& session, const Flags& flags) {
  const absl::StatusOr<v1::View> view = flags.view.ToView();
  if (!view.ok()) return view.status();
  v1::GetStatementRequest request;
  request.set_election_id(flags.election);
  request.set_contest_id(flags.contest);
  *request.mutable_view() = *view;
  absl::StatusOr<v1::VersionSelector> version = flags.version.ToVersion();
  if (!version.ok()) return version.status();
  *request.mutable_version() = *std::move(version);
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  const absl::StatusOr<v1::GetStatementResponse> answer =
      session.Call(session.audit(), &v1::AuditService::Stub::GetStatement, request);
  if (!answer.ok()) return answer.status();

  // What is signed is what is shown: the event repeats what the text itself says, so it is read from there.
  const std::string& text = answer->statement();
  const absl::StatusOr<std::vector<wire::StatementLine>> lines = wire::ParseStatement(text);
  if (!lines.ok()) return absl::DataLossError(lines.status().message());
  const std::vector<std::string> election = WordsOf(*lines, "election"), contest = WordsOf(*lines, "contest");
  const std::vector<std::string> size = WordsOf(*lines, "tree_size"), words = WordsOf(*lines, "view");
  if (election.size() != 1 || contest.size() != 1 || size.size() != 1 || words.size() != 3 ||
      election[0] != flags.election || (!flags.contest.empty() && contest[0] != flags.contest) ||
      size[0] != absl::StrCat(answer->as_of().tree_size())) {
    return absl::DataLossError("the server's statement is of another election, contest or version than was asked for");
  }
  const std::optional<domain::Policy> policy = wire::ParsePolicyName(words[1]);
  if (!policy.has_value()) {
    return absl::DataLossError(absl::StrCat("the server's statement has the unknown policy \"", words[1], "\""));
  }

  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  v1::TallyPublished& published = *submission.mutable_tally_published();
  published.set_election_id(election[0]);
  published.set_contest_id(contest[0]);
  published.mutable_view()->set_source_id(words[0]);
  published.mutable_view()->set_policy(static_cast<v1::Policy>(*policy));
  published.mutable_view()->set_basis(v1::BASIS_STATIONS);
  published.mutable_view()->set_excluding_contested(words[2] == "without-contested");
  published.set_tree_size(answer->as_of().tree_size());
  published.set_digest(Bytes(merkle::Sha256(text)));
  published.set_statement(text);
  published.set_title(flags.title);
  if (session.globals.format == Format::kTable) Print(absl::StrCat(text, "\n"));
  return SubmitAndShow(session, submission, flags.check_only);
}

// Reads tree_size, root and verdict from the report that hattama audit wrote.
absl::StatusOr<ExitCode> Attest(Session& session, const Flags& flags) {
  const absl::StatusOr<std::string> text = ReadBytes(flags.report);
  if (!text.ok()) return text.status();
  nlohmann::json report;
  if (absl::Status parsed = ParseJson(*text, flags.report, report); !parsed.ok()) return AsUsage(parsed);
  const auto malformed = [&flags](std::string_view what) {
    return UsageError(absl::StrCat(flags.report, ": is no report of hattama audit: ", std::string(what)));
  };
  if (!report.is_object() || !report.contains("tree_size") || !report["tree_size"].is_number_integer()) {
    return malformed("tree_size is missing");
  }
  const auto text_of = [&report](const char* key) {
    return report.contains(key) && report[key].is_string() ? report[key].get<std::string>() : std::string();
  };
  const std::optional<std::string> root = FromHex(text_of("root"));
  if (!root.has_value() || root->size() != merkle::kHashBytes) return malformed("root is no hash");
  const std::string verdict = text_of("verdict");
  if (verdict != "confirmed" && verdict != "rejected") return malformed("verdict is neither confirmed nor rejected");

  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  v1::AuditorAttested& attested = *submission.mutable_auditor_attested();
  attested.set_tree_size(report["tree_size"].get<int64_t>());
  attested.set_root_hash(*root);
  attested.set_verdict(verdict == "confirmed" ? v1::AUDIT_VERDICT_CONFIRMED : v1::AUDIT_VERDICT_REJECTED);
  attested.set_report_digest(Bytes(merkle::Sha256(*text)));
  attested.set_note(flags.note);
  return SubmitAndShow(session, submission, flags.check_only, flags.waiting);
}

absl::StatusOr<merkle::TlogProof> ReceiptOf(VerifiedLog& log, int64_t sequence) {
  const absl::StatusOr<VerifiedReceipt> receipt = log.Receipt(sequence);
  if (!receipt.ok()) return receipt.status();
  return merkle::ParseTlogProof(receipt->bytes);
}

absl::StatusOr<ExitCode> ProveStation(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "prove-station"); !fine.ok()) return fine;
  const absl::StatusOr<wire::LogVerifier> trust = flags.trust.Verifier();
  if (!trust.ok()) return trust.status();
  const absl::StatusOr<std::unique_ptr<VerifiedLog>> log = flags.trust.Open(session);
  if (!log.ok()) return log.status();
  wire::StationProof proof;
  absl::StatusOr<merkle::TlogProof> publication = ReceiptOf(**log, flags.publication);
  if (!publication.ok()) return publication.status();
  proof.published = *std::move(publication);

  const absl::StatusOr<wire::DecodedRecord> record = wire::DecodeRecord(*proof.published.extra);
  v1::Submission submission;
  if (!record.ok() ||
      !submission.ParseFromArray(record->submission.data(), static_cast<int>(record->submission.size())) ||
      !submission.has_tally_published()) {
    return UsageError(absl::StrCat("--publication ", flags.publication, ": the event there publishes no tally"));
  }
  const v1::TallyPublished& published = submission.tally_published();
  v1::GetStationPathRequest request;
  request.set_election_id(published.election_id());
  request.set_contest_id(published.contest_id());
  request.set_unit_id(flags.station);
  *request.mutable_view() = published.view();
  request.mutable_version()->set_tree_size(published.tree_size());
  const absl::StatusOr<v1::GetStationPathResponse> path =
      session.Call(session.audit(), &v1::AuditService::Stub::GetStationPath, request);
  if (!path.ok()) return path.status();
  proof.index = path->index();
  proof.count = path->count();
  proof.leaf = {.label = path->label(), .sums = {path->sums().begin(), path->sums().end()}};
  for (const v1::SumNode& node : path->path()) {
    merkle::SumNode& into = proof.path.emplace_back();
    if (node.hash().size() != into.hash.size()) return absl::DataLossError("the server sent a hash of another length");
    std::copy(node.hash().begin(), node.hash().end(), into.hash.begin());
    into.sums.assign(node.sums().begin(), node.sums().end());
  }
  const absl::StatusOr<wire::StationLeaf> leaf = wire::ParseStationLabel(proof.leaf.label);
  if (!leaf.ok()) return absl::DataLossError(leaf.status().message());
  if (leaf->sequence.has_value()) {
    absl::StatusOr<merkle::TlogProof> protocol = ReceiptOf(**log, *leaf->sequence);
    if (!protocol.ok()) return protocol.status();
    proof.protocol = *std::move(protocol);
  }
  // Nothing is written that does not hold.
  const absl::StatusOr<wire::StationFacts> facts = wire::VerifyStationProof(proof, *trust);
  if (!facts.ok()) {
    return absl::Status(facts.status().code(),
                        absl::StrCat("the server's proof does not verify: ", facts.status().message()));
  }
  if (absl::Status written = storage::ReplaceFile(flags.out, wire::FormatStationProof(proof)); !written.ok()) {
    return AsUsage(written);
  }
  ShowStationFacts(session, *facts);
  return ExitCode::kFine;
}

void AddSubmitter(CLI::App* verb, const std::shared_ptr<Flags>& flags) {
  verb->add_option("--submitter", flags->submitter, "Who submits")->capture_default_str();
}

}  // namespace

void AddPublishTally(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand(
      "publish-tally", "Publishes a tally as a signed event, so that every audit holds it against its own");
  verb->add_option("ELECTION", flags->election, "Id of the election")->required();
  verb->add_option("--contest", flags->contest, "Id of the contest; may be left out where there is one");
  flags->view.AddTo(*verb);
  flags->version.AddTo(*verb);
  verb->add_option("--title", flags->title, "For people, like \"preliminary results of 20 March\"");
  verb->add_flag("--check-only", flags->check_only, "Shows what would be published, and publishes nothing");
  AddSubmitter(verb, flags);
  verb->footer(
      "Example:\n  hattama publish-tally kz-mazhilis-2023 --contest party-list --policy final --key cec.key --title "
      "\"final results\"");
  verb->callback([flags, &session] { session.run = [flags, &session] { return PublishTally(session, *flags); }; });
}

void AddAttest(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("attest", "Signs what an audit found, as an event of the log");
  verb->add_option("--report", flags->report, "JSON report of hattama audit")->required();
  verb->add_option("--note", flags->note, "For people");
  verb->add_flag("--check-only", flags->check_only, "Asks whether it would be admitted, and records nothing");
  AddSubmitter(verb, flags);
  flags->waiting.AddTo(*verb);
  verb->footer("Example:\n  hattama attest --report report.json --key auditor.key");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Attest(session, *flags); }; });
}

void AddProveStation(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand(
      "prove-station", "Writes a file that shows, offline, that a station's figures are inside a published total");
  verb->add_option("STATION", flags->station, "Id of the station")->required();
  verb->add_option("--publication", flags->publication, "Sequence of the published tally")
      ->required()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--out", flags->out, "The file")->required();
  flags->trust.AddWithStateTo(*verb);
  verb->footer(
      "Examples:\n  hattama prove-station M-05 --publication 41690 --log-key log.vkey --out M-05.station-proof\n"
      "  hattama verify M-05.station-proof --log-key log.vkey");
  verb->callback([flags, &session] { session.run = [flags, &session] { return ProveStation(session, *flags); }; });
}

}  // namespace hattama::cli
