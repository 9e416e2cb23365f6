// Floors of the ledger below the network: restart, tallies of any version, full diffs, proofs. Each counter `of_floor` is
// the measured time as a share of its floor: below 1 is inside. `of_scan` compares with reading and hashing the same
// records.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "services/domain/diff.h"
#include "services/domain/tally.h"
#include "services/ledger/ledger.h"
#include "storage/rocks/rocks_event_store.h"
#include "tests/support/synthetic_election.h"
#include "tests/support/trial_keys.h"

namespace hattama {
namespace {

constexpr char kOrigin[] = "bench.example/ledger";
constexpr int kStationCount = 34'555;
constexpr uint32_t kSeed = 20191020;

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <typename T>
T OrDie(absl::StatusOr<T> result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s\n", result.status().ToString().c_str());
    std::exit(1);
  }
  return *std::move(result);
}

// A ledger on RocksDB with `event_count` events in a directory of its own.
class Fixture {
 public:
  explicit Fixture(int64_t event_count) : directory_(std::filesystem::temp_directory_path() / "hattama-bench-XXXXXX") {
    std::string path = directory_.string();
    if (::mkdtemp(path.data()) == nullptr) std::exit(1);
    directory_ = path;
    store_ = OrDie(storage::RocksEventStore::Create(directory_ / "data", {}));
    if (!ledger::Ledger::Found(*store_, kOrigin, testing::AuthorityKey().public_key(), clock_).ok()) std::exit(1);
    ledger_ = OrDie(ledger::Ledger::Open(*store_, clock_, {}));
    testing::SyntheticElection election(kStationCount);
    Submit(election.Definition(), true);
    for (const std::string& grant : testing::Grants(election.election_id(), {"commission"}, {"monitor"})) {
      Submit({grant}, false);
    }
    Fill(election, event_count);
  }
  ~Fixture() {
    ledger_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  ledger::Ledger& ledger() { return *ledger_; }
  storage::EventStore& store() { return *store_; }

  // Closes and opens everything again; returns the seconds it took.
  double Restart() {
    ledger_.reset();
    store_.reset();
    const auto start = std::chrono::steady_clock::now();
    store_ = OrDie(storage::RocksEventStore::Open(directory_ / "data", {}));
    if (std::getenv("HATTAMA_BENCH_VERBOSE")) std::fprintf(stderr, "store open %.3f s\n", SecondsSince(start));
    ledger_ = OrDie(ledger::Ledger::Open(*store_, clock_, {}));
    return SecondsSince(start);
  }

 private:
  std::vector<ledger::SubmissionResult> Submit(const std::vector<std::string>& bytes, bool atomic) {
    std::vector<ledger::PreparedSubmission> prepared;
    domain::Refusals faults;
    // One signature for the whole call, as bulk senders do.
    const std::vector<std::string_view> views(bytes.begin(), bytes.end());
    wire::StatementVerifier verifier;
    const std::vector<wire::SubmissionSignature> signatures = wire::SignSubmissions(
        atomic || bytes.size() == 1 ? testing::AuthorityKey() : testing::CommissionKey(),
        {.origin = kOrigin, .election_id = testing::SyntheticElection::election_id()}, views);
    for (size_t i = 0; i < bytes.size(); ++i) {
      prepared.push_back(OrDie(ledger::Prepare(bytes[i], signatures[i], kOrigin, verifier, faults)));
    }
    std::promise<std::vector<ledger::SubmissionResult>> done;
    ledger_->Submit(std::move(prepared), atomic,
                    [&done](std::vector<ledger::SubmissionResult> results) { done.set_value(std::move(results)); });
    std::vector<ledger::SubmissionResult> results = done.get_future().get();
    for (const ledger::SubmissionResult& result : results) {
      if (!result.status.ok()) {
        std::fprintf(stderr, "%s\n", result.status.ToString().c_str());
        std::exit(1);
      }
    }
    return results;
  }

  // Preliminary, then final, then rounds in which each final protocol supersedes the one before.
  void Fill(const testing::SyntheticElection& election, int64_t event_count) {
    std::vector<std::optional<int64_t>> current(kStationCount);
    int64_t made = ledger_->head().tree_size;
    for (int round = 0; made < event_count; ++round) {
      const v1::Stage stage = round == 0 ? v1::STAGE_PRELIMINARY : v1::STAGE_FINAL;
      std::vector<std::string> batch;
      int first = 0;
      for (int station = 0; station < kStationCount && made < event_count; ++station, ++made) {
        batch.push_back(election.Protocol(station, stage, round, current[station]));
        if (batch.size() < 1024 && station + 1 < kStationCount && made + 1 < event_count) continue;
        const std::vector<ledger::SubmissionResult> results = Submit(batch, false);
        for (size_t i = 0; i < results.size(); ++i) {
          if (stage == v1::STAGE_FINAL) current[first + i] = results[i].receipt.sequence;
        }
        first = station + 1;
        batch.clear();
      }
    }
  }

  std::filesystem::path directory_;
  ledger::Clock clock_ = [] {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  std::unique_ptr<storage::RocksEventStore> store_;
  std::unique_ptr<ledger::Ledger> ledger_;
};

Fixture& MillionEvents() {
  static Fixture fixture(1'000'000);
  return fixture;
}

void BM_RestartWithAMillionEvents(benchmark::State& state) {
  constexpr double kFloorSeconds = 3;
  Fixture& fixture = MillionEvents();
  double worst = 0;
  for (auto _ : state) {
    const double restart = fixture.Restart();
    state.SetIterationTime(restart);
    worst = std::max(worst, restart);
  }
  const auto start = std::chrono::steady_clock::now();
  const absl::Status status =
      fixture.store().Scan(0, fixture.store().head().tree_size,
                           [](int64_t, std::string_view, const merkle::Hash&) { return absl::OkStatus(); });
  if (!status.ok()) std::exit(1);
  state.counters["of_floor"] = worst / kFloorSeconds;
  state.counters["of_scan"] = worst / SecondsSince(start);
}
BENCHMARK(BM_RestartWithAMillionEvents)->UseManualTime()->Iterations(3)->Unit(benchmark::kMillisecond);

// Counters in microseconds.
void ReportPercentiles(benchmark::State& state, std::vector<double> seconds, double floor_seconds) {
  std::sort(seconds.begin(), seconds.end());
  state.counters["p50_us"] = seconds[seconds.size() / 2] * 1e6;
  state.counters["p99_us"] = seconds[seconds.size() * 99 / 100] * 1e6;
  state.counters["of_floor"] = seconds[seconds.size() * 99 / 100] / floor_seconds;
}

void BM_NationalTallyAtAnyVersion(benchmark::State& state) {
  constexpr double kFloorSeconds = 0.001;
  Fixture& fixture = MillionEvents();
  const int64_t size = fixture.ledger().head().tree_size;
  domain::ResolvedView view;
  fixture.ledger().KeepViewIndex(0, 0, view);
  std::mt19937_64 random(kSeed);
  std::vector<double> seconds;
  for (auto _ : state) {
    const int64_t tree_size = 40 + static_cast<int64_t>(random() % (size - 40));
    const auto start = std::chrono::steady_clock::now();
    const int64_t votes = fixture.ledger().WithState([&](const domain::History& history, int64_t) {
      const auto place = domain::Locate(history, testing::SyntheticElection::election_id(), "", "", tree_size);
      return place.ok() ? domain::ComputeTally(*place, view).totals.back().value_or(0) : -1;
    });
    const auto root = fixture.ledger().RootAt(tree_size);
    benchmark::DoNotOptimize(votes);
    if (!root.ok() || votes < 0) state.SkipWithError("no tally");
    seconds.push_back(SecondsSince(start));
  }
  ReportPercentiles(state, std::move(seconds), kFloorSeconds);
}
BENCHMARK(BM_NationalTallyAtAnyVersion)->Iterations(20'000)->Unit(benchmark::kMicrosecond);

void BM_FullDiff(benchmark::State& state) {
  constexpr double kFloorSeconds = 0.050;
  Fixture& fixture = MillionEvents();
  domain::ResolvedView left{.policy = domain::Policy::kPreliminaryOnly};
  domain::ResolvedView right{.policy = domain::Policy::kFinalOnly};
  fixture.ledger().KeepViewIndex(0, 0, left);
  fixture.ledger().KeepViewIndex(0, 0, right);
  std::vector<double> seconds;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    const size_t count = fixture.ledger().WithState([&](const domain::History& history, int64_t tree_size) {
      const auto place = domain::Locate(history, testing::SyntheticElection::election_id(), "", "", tree_size);
      return domain::ComputeDiff(*place, left, *place, right)->discrepancies.size();
    });
    benchmark::DoNotOptimize(count);
    seconds.push_back(SecondsSince(start));
  }
  ReportPercentiles(state, std::move(seconds), kFloorSeconds);
}
BENCHMARK(BM_FullDiff)->Iterations(50)->Unit(benchmark::kMillisecond);

// Proofs between random leaves and versions, made from stored nodes and verified before they are given out.
template <typename Prove>
void MeasureProofs(benchmark::State& state, const Prove& prove) {
  constexpr double kFloorSeconds = 0.000'1;
  Fixture& fixture = MillionEvents();
  std::mt19937_64 random(kSeed);
  std::vector<double> seconds;
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    const auto proof = prove(fixture.ledger(), random);
    if (!proof.ok()) state.SkipWithError("no proof");
    benchmark::DoNotOptimize(proof);
    seconds.push_back(SecondsSince(start));
  }
  ReportPercentiles(state, std::move(seconds), kFloorSeconds);
  state.counters["p50_of_floor"] = state.counters["p50_us"] / (kFloorSeconds * 1e6);
}

void BM_InclusionProofAtAMillionLeaves(benchmark::State& state) {
  MeasureProofs(state, [](const ledger::Ledger& ledger, std::mt19937_64& random) {
    const int64_t size = ledger.head().tree_size;
    return ledger.InclusionProof(static_cast<int64_t>(random() % size), size);
  });
}
BENCHMARK(BM_InclusionProofAtAMillionLeaves)->Iterations(20'000)->Unit(benchmark::kMicrosecond);

void BM_ConsistencyProofAtAMillionLeaves(benchmark::State& state) {
  MeasureProofs(state, [](const ledger::Ledger& ledger, std::mt19937_64& random) {
    const int64_t size = ledger.head().tree_size;
    return ledger.ConsistencyProof(1 + static_cast<int64_t>(random() % size), size);
  });
}
BENCHMARK(BM_ConsistencyProofAtAMillionLeaves)->Iterations(20'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hattama
