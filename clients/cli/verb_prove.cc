// hattama prove, receipt and verify: evidence that an event is in the log, asked for, kept, and checked by itself.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/log_trust.h"
#include "clients/cli/message_json.h"
#include "clients/cli/output.h"
#include "clients/cli/proven_output.h"
#include "clients/cli/station_proof_output.h"
#include "clients/cli/verbs.h"
#include "services/wire/station_proof.h"
#include "storage/files/small_file.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/verify.h"

namespace hattama::cli {
namespace {

// A station proof of a country is some kilobytes, a receipt at most a record and a note.
constexpr size_t kEvidenceBytesMax = 16 << 20;
constexpr std::string_view kUnsigned =
    "the root is the server's word; with --log-key it is that of a signed checkpoint";
constexpr std::string_view kTlogProofFirstLine = "c2sp.org/tlog-proof@v1";

struct Flags {
  std::optional<int64_t> sequence;
  std::string consistency, out, file;
  LogTrust trust;
};

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
  PrintAside(session, kUnsigned);
  return ExitCode::kFine;
}

absl::StatusOr<ExitCode> ProveConsistency(Session& session, const std::string& sizes, const LogTrust& trust) {
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
  if (trust.named()) {
    // The larger one is tied to what is signed, and the smaller one is tied to it.
    const absl::StatusOr<std::unique_ptr<VerifiedLog>> log = trust.Open(session);
    if (!log.ok()) return log.status();
    if (absl::Status newest = (*log)->Refresh().status(); !newest.ok()) return newest;
    if (absl::Status prefix = (*log)->RequirePrefix(proof->second().tree_size(), *second_root); !prefix.ok()) {
      return prefix;
    }
  }
  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json document = ToJsonDocument(*proof);
    document["verified"] = true;
    PrintJson(document);
    return ExitCode::kFine;
  }
  Print(absl::StrCat("the larger log begins with the smaller one\nfirst   ", AsOfText(proof->first()), "\nsecond  ",
                     AsOfText(proof->second()), "\n",
                     trust.named() ? "both are in the log's signed checkpoint\n" : ""));
  if (!trust.named()) PrintAside(session, kUnsigned);
  return ExitCode::kFine;
}

absl::StatusOr<ExitCode> ProveUnderCheckpoint(Session& session, int64_t sequence, const LogTrust& trust) {
  const absl::StatusOr<std::unique_ptr<VerifiedLog>> log = trust.Open(session);
  if (!log.ok()) return log.status();
  if (absl::Status newest = (*log)->Refresh().status(); !newest.ok()) return newest;
  const absl::StatusOr<ProvenRecord> proven = (*log)->Record(sequence);
  if (!proven.ok()) return proven.status();
  ShowProven(session, *proven);
  return ExitCode::kFine;
}

absl::StatusOr<ExitCode> Prove(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "prove"); !fine.ok()) return fine;
  if (flags.sequence.has_value() == !flags.consistency.empty())
    return UsageError("prove wants either --sequence or --consistency");
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  if (!flags.sequence) return ProveConsistency(session, flags.consistency, flags.trust);
  return flags.trust.named() ? ProveUnderCheckpoint(session, *flags.sequence, flags.trust)
                             : ProveInclusion(session, *flags.sequence);
}

absl::StatusOr<ExitCode> Receipt(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "receipt"); !fine.ok()) return fine;
  const absl::StatusOr<std::unique_ptr<VerifiedLog>> log = flags.trust.Open(session);
  if (!log.ok()) return log.status();
  const absl::StatusOr<VerifiedReceipt> receipt = (*log)->Receipt(*flags.sequence);
  if (!receipt.ok()) return receipt.status();
  if (absl::Status written = storage::ReplaceFile(flags.out, receipt->bytes); !written.ok()) return AsUsage(written);
  ShowProven(session, receipt->proven);
  return ExitCode::kFine;
}

// Says what evidence shows where it holds; else the status says why it does not.
absl::Status ShowEvidence(const Session& session, const std::string& bytes, const LogTrust& trust,
                          const LogBelief& belief) {
  const std::string_view first_line = std::string_view(bytes).substr(0, bytes.find('\n'));
  if (first_line == kTlogProofFirstLine) {
    const absl::StatusOr<VerifiedReceipt> receipt = OpenReceipt(bytes, belief);
    if (!receipt.ok()) return receipt.status();
    ShowProven(session, receipt->proven);
    return absl::OkStatus();
  }
  if (first_line == wire::kStationProofFirstLine) {
    const absl::StatusOr<wire::StationProof> proof = wire::ParseStationProof(bytes);
    if (!proof.ok()) return proof.status();
    const absl::StatusOr<wire::LogVerifier> verifier = trust.Verifier();
    if (!verifier.ok()) return verifier.status();
    const absl::StatusOr<wire::StationFacts> facts = wire::VerifyStationProof(*proof, *verifier);
    if (!facts.ok()) return facts.status();
    ShowStationFacts(session, *facts);
    return absl::OkStatus();
  }
  // Whatever else may be a checkpoint as it is published.
  const absl::StatusOr<SeenCheckpoint> seen = belief.Open(bytes);
  if (!seen.ok()) {
    return absl::Status(
        seen.status().code(),
        absl::StrCat("it is neither a receipt nor a station proof, and as a checkpoint: ", seen.status().message()));
  }
  if (session.globals.format == Format::kJson) {
    PrintJson(CheckpointJson(*seen));
  } else {
    PrintHeading(session, seen->checkpoint.origin);
    Print(CheckpointText(*seen));
  }
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Verify(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "verify"); !fine.ok()) return fine;
  const absl::StatusOr<LogBelief> belief = flags.trust.Load();
  if (!belief.ok()) return belief.status();
  const absl::StatusOr<std::string> bytes = storage::ReadSmallFile(flags.file, kEvidenceBytesMax);
  if (!bytes.ok()) return AsUsage(bytes.status());
  const absl::Status shown = ShowEvidence(session, *bytes, flags.trust, *belief);
  if (shown.ok()) return ExitCode::kFine;
  const std::string why(shown.message());
  if (session.globals.format == Format::kJson) {
    PrintJson({{"verified", false}, {"why", why}});
  } else {
    const std::string verdict = absl::StrCat(flags.file, " does not hold: ", why);
    Print(Toned(OneLine(verdict), Tone::kBad, session.globals.colour) + "\n");
  }
  return ExitCode::kFindings;
}

}  // namespace

void AddProve(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("prove", "Fetches a proof and verifies it here");
  verb->add_option("--sequence", flags->sequence, "Proves that this event is in the log");
  verb->add_option("--consistency", flags->consistency,
                   "SMALLER:LARGER; proves that one version only appends to the other");
  flags->trust.AddWithStateTo(*verb);
  verb->footer(
      "Examples:\n  hattama prove --sequence 1017\n  hattama prove --consistency 1000:67000\n"
      "  hattama prove --sequence 1017 --log-key log.vkey --state log.seen");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Prove(session, *flags); }; });
}

void AddReceipt(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand(
      "receipt",
      "Writes a file that proves, offline, that an event is in the log; under a policy, waits for witnesses");
  verb->add_option("--sequence", flags->sequence, "Sequence of the event")->required()->check(CLI::NonNegativeNumber);
  verb->add_option("--out", flags->out, "The file, by custom NAME.tlog-proof; written once it is verified")->required();
  flags->trust.AddWithStateTo(*verb);
  verb->footer(
      "Examples:\n  hattama receipt --sequence 41690 --log-key log.vkey --out protocol.tlog-proof\n"
      "  hattama verify protocol.tlog-proof --log-key log.vkey");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Receipt(session, *flags); }; });
}

void AddVerify(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand(
      "verify",
      "Checks a receipt, a station proof or a checkpoint, without a network; exit code 1 where it does not hold");
  verb->add_option("FILE", flags->file, "The file")->required();
  flags->trust.AddTo(*verb);
  verb->footer(
      "Examples:\n  hattama verify protocol.tlog-proof --log-key log.vkey\n"
      "  hattama verify M-05.station-proof --policy policy.txt");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Verify(session, *flags); }; });
}

}  // namespace hattama::cli
