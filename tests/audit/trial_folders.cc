// Writes published logs for other programs to audit, each a folder: one that is honest, and lies of every kind under
// the log's good signature.
//
//   trial_folders DIR      DIR/log.vkey, DIR/authority.vkey, DIR/<name>/..., and DIR/expected.txt with a line
//                          "<name> <step>..." for each: the steps at which it is to be found at fault
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "storage/merkle/signed_note.h"
#include "tests/audit/trial_log.h"
#include "tests/support/trial_keys.h"

namespace hattama::testing {
namespace {

struct Lie {
  std::string name;
  std::string steps;  // Empty: an honest log.
  LogFiles files;
};

v1::Submission North(const std::string& station) {
  return ToSubmission({.contest = "north", .unit = station, .votes = {50, 40}});
}

// A log of the definition and what `change` adds to it.
Lie After(const std::string& name, const std::string& steps, const std::function<void(PublishedLedger&)>& change) {
  PublishedLedger ledger = DefinedLedger();
  change(ledger);
  return {name, steps, ledger.Publish()};
}

// The whole story with its records changed, and signed again.
Lie Changed(const std::string& name, const std::string& steps,
            const std::function<void(std::vector<std::string>&)>& change) {
  std::vector<std::string> records = WholeStory().records();
  change(records);
  return {name, steps, PublishRecords(records, PublishedLedger::kOrigin, PublishedLedger::LogKey())};
}

std::vector<Lie> Lies() {
  const domain::View view{.source_id = "commission"};
  std::vector<Lie> lies;
  lies.push_back({"honest", "", WholeStory().Publish()});
  lies.push_back(After("key-never-granted", "rights", [](auto& log) { log.Force(North("S1"), KeyOf(50)); }));
  lies.push_back(After("key-of-another-unit", "rights", [](auto& log) {
    log.Force(ToSubmission({.contest = "head", .unit = "S4", .votes = {1, 2, 3, 0}}), RegionKey());
  }));
  lies.push_back(
      After("unit-outside-contest", "admission", [](auto& log) { log.Force(North("S4"), CommissionKey()); }));
  lies.push_back(After("wrong-predecessor", "admission", [](auto& log) {
    log.Force(ToSubmission({.contest = "north", .unit = "S1", .votes = {5, 4}, .supersedes = 3}), CommissionKey());
  }));
  lies.push_back(After("replayed-from-another-log", "signatures", [](auto& log) {
    log.ForceRecord(DefinedLedger("elsewhere.example/log").MakeRecord(North("S1"), CommissionKey()));
  }));
  lies.push_back(After("no-record", "records", [](auto& log) { log.ForceRecord("no record at all"); }));
  lies.push_back(After("false-attestation", "attestations", [](auto& log) {
    v1::Submission attested;
    attested.mutable_auditor_attested()->set_tree_size(7);
    attested.mutable_auditor_attested()->set_root_hash(std::string(32, 'r'));
    attested.mutable_auditor_attested()->set_verdict(v1::AUDIT_VERDICT_CONFIRMED);
    log.Record(attested, AuditorKey());
  }));
  lies.push_back(After("false-tally", "tallies", [&view](auto& log) {
    log.Record(North("S1"), CommissionKey());
    const std::string right = log.StatementAt(kElection, "north", view, log.size());
    log.Record(log.Publication(kElection, "north", view, log.size(),
                               absl::StrReplaceAll(right, {{"option X 50 1", "option X 51 1"}})),
               CommissionKey());
  }));
  lies.push_back(Changed("signature-of-another-event", "signatures", [](std::vector<std::string>& records) {
    v1::Record from, to;
    if (!from.ParseFromString(records[12]) || !to.ParseFromString(records[13])) std::abort();
    *to.mutable_signature() = from.signature();
    records[13] = to.SerializeAsString();
  }));
  lies.push_back(Changed("unsigned", "records", [](std::vector<std::string>& records) {
    v1::Record record;
    if (!record.ParseFromString(records.back())) std::abort();
    record.clear_signature();
    records.back() = record.SerializeAsString();
  }));
  lies.push_back(
      Changed("swapped", "records", [](std::vector<std::string>& records) { std::swap(records[12], records[13]); }));
  lies.push_back(
      Changed("repeated", "records", [](std::vector<std::string>& records) { records.push_back(records.back()); }));
  lies.push_back({"another-founding", "records", DefinedLedger("elsewhere.example/log").Publish()});
  lies.back().files["checkpoint"] = PublishRecords(DefinedLedger("elsewhere.example/log").records(),
                                                   PublishedLedger::kOrigin, PublishedLedger::LogKey())["checkpoint"];
  lies.push_back(
      {"another-log-key", "note", PublishRecords(WholeStory().records(), PublishedLedger::kOrigin, KeyOf(99))});
  lies.push_back({"damaged-bundle", "tiles", WholeStory().Publish()});
  for (auto& [path, bytes] : lies.back().files) {
    if (path.starts_with("tile/entries/")) bytes[5'000] ^= 1;
  }
  lies.push_back({"damaged-tile", "tiles", WholeStory().Publish()});
  for (auto& [path, bytes] : lies.back().files) {
    if (path.starts_with("tile/0/")) bytes[500] ^= 1;
  }
  return lies;
}

void WriteAll(const std::string& folder) {
  LogFiles own;
  own["log.vkey"] = merkle::FormatVerifierKey(PublishedLedger().log_key()) + "\n";
  own["authority.vkey"] = merkle::FormatVerifierKey(*merkle::MakeNoteKey("authority.example", merkle::kNoteEd25519,
                                                                         AuthorityKey().public_key())) +
                          "\n";
  for (const Lie& lie : Lies()) {
    WriteFiles(lie.files, absl::StrCat(folder, "/", lie.name));
    absl::StrAppend(&own["expected.txt"], lie.name, lie.steps.empty() ? "" : " ", lie.steps, "\n");
  }
  WriteFiles(own, folder);
}

}  // namespace
}  // namespace hattama::testing

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: trial_folders DIR" << std::endl;
    return 2;
  }
  hattama::testing::WriteAll(argv[1]);
}
