// The floor of an audit: records a second, of a log in which each is signed by itself, as a share of what this machine
// verifies in Ed25519 signatures on all cores. Both are measured in turns, so that a busy machine slows both. Counters:
// `of_machine` is the share (the median of the rounds), `of_floor` that share as one of the floor: above 1 is inside.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "services/audit/auditor.h"
#include "services/wire/event_codec.h"
#include "storage/merkle/ed25519.h"
#include "tests/support/published_ledger.h"
#include "tests/support/synthetic_election.h"
#include "tests/support/trial_keys.h"

namespace hattama {
namespace {

constexpr double kFloor = 0.80;
constexpr int kStationCount = 20'000;

class MemorySource : public audit::LogSource {
 public:
  explicit MemorySource(const testing::LogFiles* files) : files_(files) {}
  absl::StatusOr<std::string> FetchCheckpoint() override { return files_->at("checkpoint"); }
  absl::StatusOr<std::string> Fetch(const merkle::TileAddress& address) override {
    const auto found = files_->find(merkle::PathOf(address));
    if (found == files_->end()) return absl::NotFoundError("the file is not there");
    return found->second;
  }

 private:
  const testing::LogFiles* files_;
};

v1::Submission Parsed(const std::string& bytes) {
  v1::Submission submission;
  if (!submission.ParseFromString(bytes)) std::exit(1);
  return submission;
}

struct Signed {
  std::string message;
  merkle::PublicKey key{};
  merkle::Signature signature{};
};

// A log of one protocol for each station, each signed by itself, and what was signed.
struct Fixture {
  Fixture() {
    const testing::SyntheticElection election(kStationCount);
    testing::PublishedLedger ledger;
    std::vector<v1::Submission> definition;
    for (const std::string& bytes : election.Definition()) definition.push_back(Parsed(bytes));
    ledger.RecordBatch(std::move(definition), testing::AuthorityKey());
    for (const std::string& grant : testing::Grants(election.election_id(), {"commission"}, {})) {
      ledger.Record(Parsed(grant), testing::AuthorityKey());
    }
    for (int station = 0; station < kStationCount; ++station) {
      ledger.Record(Parsed(election.Protocol(station, v1::STAGE_FINAL, 0, {})), testing::CommissionKey());
    }
    files = ledger.Publish();
    log_key = ledger.log_key();
    size = ledger.size();
    for (int64_t i = size - kStationCount; i < size; ++i) {
      const auto record = wire::DecodeRecord(ledger.records()[static_cast<size_t>(i)]);
      const auto signature = wire::ParseSignature(record->signature);
      statements.push_back({wire::SubmissionMessage({.origin = ledger.origin(), .election_id = election.election_id()},
                                                    record->submission),
                            signature->public_key, signature->signature});
    }
  }

  testing::LogFiles files;
  merkle::NoteKey log_key;
  int64_t size = 0;
  std::vector<Signed> statements;
};

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Verifications a second on all cores.
double MachineRate(const std::vector<Signed>& statements) {
  std::atomic<size_t> next = 0;
  std::atomic<int64_t> good = 0;
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back([&] {
      constexpr size_t kStep = 64;
      for (size_t begin = next.fetch_add(kStep); begin < statements.size(); begin = next.fetch_add(kStep)) {
        for (size_t j = begin; j < std::min(begin + kStep, statements.size()); ++j) {
          good += merkle::VerifySignature(statements[j].key, statements[j].message, statements[j].signature) ? 1 : 0;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (good != static_cast<int64_t>(statements.size())) std::exit(1);
  return static_cast<double>(statements.size()) / SecondsSince(start);
}

void BM_AuditOfSinglySignedRecords(benchmark::State& state) {
  static const Fixture fixture;
  std::vector<double> shares;
  double records_per_second = 0;
  for (auto _ : state) {
    const double before = MachineRate(fixture.statements);
    MemorySource source(&fixture.files);
    const auto start = std::chrono::steady_clock::now();
    const absl::StatusOr<audit::Report> report =
        audit::Audit(source, {.verify_checkpoint = audit::BelieveKey(fixture.log_key)});
    const double seconds = SecondsSince(start);
    const double after = MachineRate(fixture.statements);
    if (!report.ok() || !report->confirmed) {
      state.SkipWithError("the audit does not confirm the log");
      return;
    }
    records_per_second = static_cast<double>(fixture.size) / seconds;
    shares.push_back(records_per_second / ((before + after) / 2));
    state.SetIterationTime(seconds);
  }
  std::sort(shares.begin(), shares.end());
  const double share = shares[shares.size() / 2];
  state.counters["records_per_second"] = records_per_second;
  state.counters["of_machine"] = share;
  state.counters["of_floor"] = share / kFloor;
}
BENCHMARK(BM_AuditOfSinglySignedRecords)->UseManualTime()->Iterations(7)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hattama
