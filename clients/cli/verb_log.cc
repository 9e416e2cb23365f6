// hattama status, watch, export and prove: the log itself.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/progress_bar.h"
#include "clients/cli/verbs.h"
#include "hattama/v1/record.pb.h"
#include "services/wire/event_codec.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/verify.h"

namespace hattama::cli {
namespace {

constexpr int32_t kElectionPageSizeMax = 1'000;

struct Flags {
  int64_t from = 0;
  std::string election;
  bool until_caught_up = false;
  std::string out;
  std::optional<int64_t> sequence;
  std::string consistency;
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

absl::StatusOr<std::vector<merkle::Hash>> ToHashes(const google::protobuf::RepeatedPtrField<std::string>& all) {
  std::vector<merkle::Hash> hashes;
  for (const std::string& bytes : all) {
    absl::StatusOr<merkle::Hash> hash = ToHash(bytes);
    if (!hash.ok()) return hash.status();
    hashes.push_back(*hash);
  }
  return hashes;
}

absl::StatusOr<ExitCode> Status(Session& session) {
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

// One line about an event of the log.
std::string EventText(const v1::Submission& submission) {
  switch (submission.event_case()) {
    case v1::Submission::kLedgerFounded:
      return absl::StrCat("ledger founded: ", submission.ledger_founded().origin());
    case v1::Submission::kElectionDefined:
      return absl::StrCat("election defined: ", submission.election_defined().election_id());
    case v1::Submission::kContestsListed:
      return absl::StrCat(submission.contests_listed().contests_size(), " contests of ",
                          submission.contests_listed().election_id());
    case v1::Submission::kUnitsListed:
      return absl::StrCat(submission.units_listed().units_size(), " units of ",
                          submission.units_listed().election_id());
    case v1::Submission::kRollAmended:
      return absl::StrCat("roll of ", submission.roll_amended().entries_size(), " stations of ",
                          submission.roll_amended().election_id());
    case v1::Submission::kElectionOpened:
      return absl::StrCat("election opened: ", submission.election_opened().election_id());
    case v1::Submission::kProtocolSubmitted: {
      const v1::ProtocolSubmitted& protocol = submission.protocol_submitted();
      int64_t votes = 0;
      for (const v1::OptionFigure& figure : protocol.options()) votes += figure.count();
      return absl::StrCat(EnumText(v1::Stage_Name(protocol.stage()), "STAGE_"), " protocol of ", protocol.source_id(),
                          ": ", protocol.election_id(), " ", protocol.contest_id(), " ", protocol.unit_id(), ", ",
                          Grouped(votes), " votes");
    }
    case v1::Submission::kAppealFiled:
      return absl::StrCat("appeal ", submission.appeal_filed().appeal_id(), " against ",
                          submission.appeal_filed().unit_ids_size(), " stations of ",
                          submission.appeal_filed().election_id());
    case v1::Submission::kDecisionRecorded:
      return absl::StrCat("decision ", submission.decision_recorded().act_number(), " of ",
                          submission.decision_recorded().body(), ": ",
                          EnumText(v1::DecisionKind_Name(submission.decision_recorded().kind()), "DECISION_KIND_"));
    case v1::Submission::EVENT_NOT_SET:
      break;
  }
  return "event of a later version of this program";
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
  absl::StatusOr<v1::GetHeadResponse> head = Head(session);
  if (!head.ok()) return head.status();
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

absl::StatusOr<ExitCode> ProveInclusion(Session& session, int64_t sequence) {
  v1::GetInclusionProofRequest request;
  request.set_sequence(sequence);
  absl::StatusOr<v1::GetInclusionProofResponse> proof =
      session.Call(session.audit(), &v1::AuditService::Stub::GetInclusionProof, request);
  if (!proof.ok()) return proof.status();
  // The leaf is hashed here, from the bytes of the record.
  v1::StreamRecordsRequest range;
  range.set_from_sequence(sequence);
  range.set_until_sequence(sequence + 1);
  grpc::ClientContext context;
  session.SetDeadline(context);
  const auto stream = session.audit().StreamRecords(&context, range);
  v1::StreamRecordsResponse message;
  std::string record;
  while (stream->Read(&message)) {
    for (const std::string& bytes : message.records()) record = bytes;
  }
  if (grpc::Status finished = stream->Finish(); !finished.ok()) return session.Told(finished);
  absl::StatusOr<std::vector<merkle::Hash>> hashes = ToHashes(proof->hashes());
  if (!hashes.ok()) return hashes.status();
  absl::StatusOr<merkle::Hash> root = ToHash(proof->as_of().root_hash());
  if (!root.ok()) return root.status();
  if (absl::Status verified =
          merkle::VerifyInclusion(merkle::LeafHash(record), sequence, proof->as_of().tree_size(), *hashes, *root);
      !verified.ok()) {
    return absl::DataLossError(
        absl::StrCat("the proof of sequence ", sequence, " does not verify: ", verified.message()));
  }
  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json document = ToJsonDocument(*proof);
    document["verified"] = true;
    PrintJson(document);
    return ExitCode::kFine;
  }
  Print(absl::StrCat("sequence ", Grouped(sequence), " is in the log of ", AsOfText(proof->as_of()), "\nleaf  ",
                     Hex(proof->leaf_hash()), "\n"));
  for (const std::string& hash : proof->hashes()) Print(absl::StrCat("path  ", Hex(hash), "\n"));
  Print(absl::StrCat("root  ", Hex(proof->as_of().root_hash()), "\n"));
  return ExitCode::kFine;
}

absl::StatusOr<ExitCode> ProveConsistency(Session& session, const std::string& sizes) {
  const size_t colon = sizes.find(':');
  v1::GetConsistencyProofRequest request;
  int64_t first = 0, second = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(sizes.substr(0, colon), &first) ||
      !absl::SimpleAtoi(sizes.substr(colon + 1), &second)) {
    return UsageError(absl::StrCat("--consistency ", sizes, ": write it as SMALLER:LARGER"));
  }
  request.set_first_tree_size(first);
  request.set_second_tree_size(second);
  absl::StatusOr<v1::GetConsistencyProofResponse> proof =
      session.Call(session.audit(), &v1::AuditService::Stub::GetConsistencyProof, request);
  if (!proof.ok()) return proof.status();
  absl::StatusOr<std::vector<merkle::Hash>> hashes = ToHashes(proof->hashes());
  if (!hashes.ok()) return hashes.status();
  absl::StatusOr<merkle::Hash> first_root = ToHash(proof->first().root_hash());
  if (!first_root.ok()) return first_root.status();
  absl::StatusOr<merkle::Hash> second_root = ToHash(proof->second().root_hash());
  if (!second_root.ok()) return second_root.status();
  if (absl::Status verified = merkle::VerifyConsistency(proof->first().tree_size(), proof->second().tree_size(),
                                                        *hashes, *first_root, *second_root);
      !verified.ok()) {
    return absl::DataLossError(absl::StrCat("the proof of ", sizes, " does not verify: ", verified.message()));
  }
  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json document = ToJsonDocument(*proof);
    document["verified"] = true;
    PrintJson(document);
    return ExitCode::kFine;
  }
  Print(absl::StrCat("the larger log begins with the smaller one\nfirst   ", AsOfText(proof->first()), "\nsecond  ",
                     AsOfText(proof->second()), "\n"));
  return ExitCode::kFine;
}

absl::StatusOr<ExitCode> Prove(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "prove"); !fine.ok()) return fine;
  if (flags.sequence.has_value() == !flags.consistency.empty())
    return UsageError("prove wants either --sequence or --consistency");
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  return flags.sequence ? ProveInclusion(session, *flags.sequence) : ProveConsistency(session, flags.consistency);
}

}  // namespace

void AddStatus(CLI::App& app, Session& session) {
  CLI::App* verb = app.add_subcommand("status", "Shows the head of the log and the elections in it");
  verb->footer("Example:\n  hattama --server ledger.example.org:7878 --tls status");
  verb->callback([&session] { session.run = [&session] { return Status(session); }; });
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
  verb->footer("Examples:\n  hattama export --out log.raw\n  hattama --format=json export --out log.jsonl");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Export(session, *flags); }; });
}

void AddProve(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("prove", "Fetches a proof and verifies it here");
  verb->add_option("--sequence", flags->sequence, "Proves that this event is in the log");
  verb->add_option("--consistency", flags->consistency,
                   "SMALLER:LARGER; proves that one version only appends to the other");
  verb->footer("Examples:\n  hattama prove --sequence 1017\n  hattama prove --consistency 1000:67000");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Prove(session, *flags); }; });
}

}  // namespace hattama::cli
