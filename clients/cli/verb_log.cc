// hattama status, watch and export: the log itself.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/event_text.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/log_trust.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/progress_bar.h"
#include "clients/cli/proven_output.h"
#include "clients/cli/verbs.h"
#include "hattama/v1/record.pb.h"
#include "services/wire/event_codec.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::cli {
namespace {

constexpr int32_t kElectionPageSizeMax = 1'000;

struct Flags {
  int64_t from = 0;
  std::string election;
  bool until_caught_up = false;
  std::string out;
  LogTrust trust;
};

absl::StatusOr<v1::GetHeadResponse> Head(Session& session) {
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  return session.Call(session.audit(), &v1::AuditService::Stub::GetHead, v1::GetHeadRequest());
}

absl::StatusOr<merkle::Hash> ToHash(const std::string& bytes) {
  merkle::Hash hash;
  if (bytes.size() != hash.size()) {
    return absl::DataLossError(absl::StrCat("the server sent a hash of ", bytes.size(), " bytes"));
  }
  std::copy(bytes.begin(), bytes.end(), hash.begin());
  return hash;
}

// The checkpoint that covers the head or some of it, verified; nothing where no key was named.
absl::StatusOr<std::optional<SeenCheckpoint>> VerifiedCheckpoint(Session& session, const LogTrust& trust) {
  if (!trust.named()) return std::nullopt;
  const absl::StatusOr<std::unique_ptr<VerifiedLog>> log = trust.Open(session);
  if (!log.ok()) return log.status();
  absl::StatusOr<SeenCheckpoint> seen = (*log)->Refresh();
  if (!seen.ok()) return seen.status();
  return *std::move(seen);
}

absl::StatusOr<ExitCode> Status(Session& session, const Flags& flags) {
  const absl::StatusOr<std::optional<SeenCheckpoint>> checkpoint = VerifiedCheckpoint(session, flags.trust);
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<v1::GetHeadResponse> head = Head(session);
  if (!head.ok()) return head.status();
  v1::ListElectionsRequest request;
  request.mutable_version()->set_tree_size(head->as_of().tree_size());
  absl::StatusOr<v1::ListElectionsResponse> elections = AllPages<v1::ListElectionsRequest, v1::ListElectionsResponse>(
      request, 0, kElectionPageSizeMax,
      [&](const v1::ListElectionsRequest& page) {
        return session.Call(session.results(), &v1::ResultsService::Stub::ListElections, page);
      },
      [](v1::ListElectionsResponse& answer) { return answer.mutable_elections(); });
  if (!elections.ok()) return elections.status();
  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json document = ToJsonDocument(*head);
    document["elections"] = ToJsonDocument(*elections)["elections"];
    if (checkpoint->has_value()) document["checkpoint"] = CheckpointJson(**checkpoint);
    PrintJson(document);
    return ExitCode::kFine;
  }
  if (session.globals.format == Format::kCsv) {
    PrintCsv({"election_id", "poll_date", "contest_count", "station_count"});
    for (const v1::ElectionSummary& election : elections->elections()) {
      PrintCsv({election.election_id(), election.poll_date(), absl::StrCat(election.contest_count()),
                absl::StrCat(election.station_count())});
    }
    return ExitCode::kFine;
  }
  PrintHeading(session, head->origin());
  Print(absl::StrCat("events    ", Grouped(head->as_of().tree_size()), "\nroot      ", Hex(head->as_of().root_hash()),
                     "\nlast      ", Moment(head->as_of().record_time()), "\nserver    hattamad ",
                     head->server_version(), ", up since ", Moment(head->start_time()), "\n"));
  if (checkpoint->has_value()) Print(CheckpointText(**checkpoint));
  if (head->read_only())
    Print(Toned(absl::StrCat("read only: ", head->read_only_reason()), Tone::kBad, session.globals.colour) + "\n");
  Table table({{"election"}, {"name"}, {"poll"}, {"contests", Align::kRight}, {"stations", Align::kRight}});
  for (const v1::ElectionSummary& election : elections->elections()) {
    table.Add({election.election_id(), NameIn(election.names(), session.globals.language, ""), election.poll_date(),
               Grouped(election.contest_count()), Grouped(election.station_count())});
  }
  if (!table.empty()) {
    Print("\n");
    PrintTable(session, table);
  }
  return ExitCode::kFine;
}

absl::StatusOr<ExitCode> Watch(Session& session, const Flags& flags) {
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  v1::WatchRequest request;
  request.set_from_sequence(flags.from);
  request.set_election_id(flags.election);
  grpc::ClientContext context;
  const auto stream = session.results().Watch(&context, request);
  const bool csv = session.globals.format == Format::kCsv;
  const bool json = session.globals.format == Format::kJson;
  if (csv) PrintCsv({"sequence", "record_time", "submitter", "event"});
  v1::WatchResponse message;
  bool caught_up = false;
  while (stream->Read(&message)) {
    if (json) {
      PrintJson(ToJsonDocument(message));
    } else if (message.has_entry()) {
      const v1::LogEntry& entry = message.entry();
      const std::string text = OneLine(EventText(entry.submission()));
      if (csv) {
        PrintCsv({absl::StrCat(entry.sequence()), Moment(entry.record_time()), entry.submission().submitter(), text});
      } else {
        Print(absl::StrCat("#", entry.sequence(), "  ", Moment(entry.record_time()), "  ", text, "\n"));
      }
    } else if (!csv) {
      PrintAside(session, absl::StrCat("-- caught up at ", AsOfText(message.caught_up().as_of())));
    }
    if (message.has_caught_up()) {
      caught_up = true;
      if (flags.until_caught_up) {
        context.TryCancel();
        break;
      }
    }
    // Who follows a log wants each line when it happens; who replays one wants it fast.
    if (caught_up) std::fflush(stdout);
  }
  std::fflush(stdout);
  const grpc::Status finished = stream->Finish();
  if (flags.until_caught_up && caught_up) return ExitCode::kFine;
  if (!finished.ok()) return session.Told(finished);
  return ExitCode::kFine;
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Streams records [0, head), checks every leaf into the root, and hands each record to `take`.
absl::Status ReadVerifiedLog(Session& session, const v1::AsOf& head,
                             const std::function<absl::Status(const wire::DecodedRecord&, const std::string&)>& take) {
  grpc::ClientContext context;
  v1::StreamRecordsRequest request;
  request.set_until_sequence(head.tree_size());
  const auto stream = session.audit().StreamRecords(&context, request);
  ProgressBar bar("exporting", head.tree_size(), session.globals.progress);
  merkle::Frontier frontier;
  v1::StreamRecordsResponse message;
  absl::Status fault;
  while (fault.ok() && stream->Read(&message)) {
    for (const std::string& record : message.records()) {
      absl::StatusOr<wire::DecodedRecord> decoded = wire::DecodeRecord(record);
      if (!decoded.ok()) {
        fault = decoded.status();
      } else if (decoded->sequence != frontier.size()) {
        fault = absl::DataLossError(
            absl::StrCat("the server sent sequence ", decoded->sequence, " in the place of ", frontier.size()));
      } else {
        frontier.Append(merkle::LeafHash(record));
        fault = take(*decoded, record);
      }
      if (!fault.ok()) break;
    }
    bar.Update(frontier.size());
  }
  if (!fault.ok()) context.TryCancel();
  const grpc::Status finished = stream->Finish();
  if (!fault.ok()) return fault;
  if (!finished.ok()) return session.Told(finished);
  absl::StatusOr<merkle::Hash> root = ToHash(head.root_hash());
  if (!root.ok()) return root.status();
  if (frontier.size() != head.tree_size() || frontier.root() != *root) {
    const merkle::Hash found = frontier.root();
    return absl::DataLossError(absl::StrCat("the log does not verify: ", frontier.size(), " records give root ",
                                            Hex({reinterpret_cast<const char*>(found.data()), found.size()}),
                                            ", the server says ", Hex(head.root_hash()), " of ", head.tree_size()));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Export(Session& session, const Flags& flags) {
  if (session.globals.format == Format::kCsv)
    return UsageError("export writes raw records, or lines of JSON with --format=json");
  const bool json = session.globals.format == Format::kJson;
  const absl::StatusOr<std::optional<SeenCheckpoint>> checkpoint = VerifiedCheckpoint(session, flags.trust);
  if (!checkpoint.ok()) return checkpoint.status();
  absl::StatusOr<v1::GetHeadResponse> head = Head(session);
  if (!head.ok()) return head.status();
  if (checkpoint->has_value()) {
    // What is signed counts, and not what the server calls its head.
    const merkle::Checkpoint& signed_head = (*checkpoint)->checkpoint;
    head->mutable_as_of()->set_tree_size(signed_head.tree_size);
    head->mutable_as_of()->set_root_hash(signed_head.root.data(), signed_head.root.size());
  }
  // Under its name only once it is whole and verified.
  const std::string part = flags.out + ".part";
  std::unique_ptr<std::FILE, FileCloser> file(std::fopen(part.c_str(), "wb"));
  if (file == nullptr) return UsageError(absl::StrCat(part, ": ", std::strerror(errno)));
  const auto write = [&](std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size()) return absl::OkStatus();
    return absl::ResourceExhaustedError(absl::StrCat(part, ": ", std::strerror(errno)));
  };
  absl::Status read =
      ReadVerifiedLog(session, head->as_of(), [&](const wire::DecodedRecord& decoded, const std::string& record) {
        if (!json) {
          // An entry of a C2SP tlog-tiles bundle: length in two bytes, most significant first, then the bytes.
          const char length[2] = {static_cast<char>(record.size() >> 8), static_cast<char>(record.size() & 0xff)};
          if (absl::Status written = write({length, 2}); !written.ok()) return written;
          return write(record);
        }
        v1::Record whole;
        v1::LogEntry entry;
        whole.ParseFromString(record);
        entry.set_sequence(decoded.sequence);
        *entry.mutable_record_time() = whole.record_time();
        entry.mutable_submission()->ParseFromString(whole.submission());
        return write(ToJson(entry) + "\n");
      });
  if (read.ok() && std::fflush(file.get()) != 0)
    read = absl::ResourceExhaustedError(absl::StrCat(part, ": ", std::strerror(errno)));
  file.reset();
  if (read.ok() && std::rename(part.c_str(), flags.out.c_str()) != 0) {
    read = absl::UnknownError(absl::StrCat(flags.out, ": ", std::strerror(errno)));
  }
  if (!read.ok()) {
    std::remove(part.c_str());
    return read;
  }
  std::fprintf(stderr, "%s: %s records, verified against root %s\n", flags.out.c_str(),
               Grouped(head->as_of().tree_size()).c_str(), Hex(head->as_of().root_hash()).c_str());
  return ExitCode::kFine;
}

}  // namespace

void AddStatus(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand(
      "status", "Shows the head of the log and the elections in it; with the log's key, verifies its checkpoint");
  flags->trust.AddWithStateTo(*verb);
  verb->footer(
      "Examples:\n  hattama --server ledger.example.org:7878 --tls status\n"
      "  hattama status --log-key log.vkey --state log.seen");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Status(session, *flags); }; });
}

void AddWatch(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb =
      app.add_subcommand("watch", "Replays events from a sequence, says when it has caught up, then follows");
  verb->add_option("--from", flags->from, "First sequence wanted")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--election", flags->election, "Only events of this election");
  verb->add_flag("--until-caught-up", flags->until_caught_up, "Ends where it would begin to follow");
  verb->footer("Example:\n  hattama watch --election bo-2019 --from 1000");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Watch(session, *flags); }; });
}

void AddExport(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("export", "Writes every record to a file and verifies them against the root");
  verb->add_option("--out", flags->out, "The file; raw records, or a JSON document a line with --format=json")
      ->required();
  flags->trust.AddWithStateTo(*verb);
  verb->footer("Examples:\n  hattama export --out log.raw\n  hattama --format=json export --out log.jsonl");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Export(session, *flags); }; });
}

}  // namespace hattama::cli
