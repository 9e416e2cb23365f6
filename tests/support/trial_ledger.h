// A ledger over a store in memory, with a clock and faults that the test owns.
#ifndef HATTAMA_TESTS_SUPPORT_TRIAL_LEDGER_H_
#define HATTAMA_TESTS_SUPPORT_TRIAL_LEDGER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hattama/v1/record.pb.h"
#include "services/ledger/ledger.h"
#include "storage/memory/memory_event_store.h"
#include "tests/support/faulty_event_store.h"
#include "tests/support/synthetic_election.h"

namespace hattama::testing {

class TrialLedger {
 public:
  static constexpr char kOrigin[] = "test.hattama.example/ledger";
  static constexpr int64_t kStartMicros = 1'700'000'000'000'000;

  // Founds and opens it. Nothing else is recorded yet.
  explicit TrialLedger(int station_count = 20, ledger::Ledger::Options options = {});
  ~TrialLedger();

  const SyntheticElection& election() const { return election_; }
  FaultyEventStore& store() { return store_; }
  ledger::Ledger& ledger() { return *ledger_; }

  // What the clock shows; it stands still otherwise.
  void SetTime(int64_t micros) { time_micros_ = micros; }

  // Records the definition of the synthetic election and grants both of its sources. Returns the tree_size after it.
  int64_t Define();

  // Stops the ledger and opens it again on what the store holds.
  absl::Status Restart();

  // Signs, submits and waits. Bytes that cannot be prepared end the program: their refusal is another test's business.
  std::vector<ledger::SubmissionResult> Submit(std::vector<std::string> submissions, bool atomic = false);
  ledger::SubmissionResult SubmitOne(std::string submission);
  // Submits and does not wait.
  std::future<std::vector<ledger::SubmissionResult>> Start(std::vector<std::string> submissions, bool atomic = false);

  // The tally of the whole country, as serialised for callers; the status where there is none.
  std::string TallyAt(int64_t tree_size, const domain::View& view = {}) const;
  // The tallies at every version of the log by every policy of both sources: what a restart must not change.
  std::vector<std::string> EveryTally() const;

 private:
  ledger::Clock clock();

  SyntheticElection election_;
  ledger::Ledger::Options options_;
  std::atomic<int64_t> time_micros_ = kStartMicros;
  storage::MemoryEventStore memory_;
  FaultyEventStore store_;
  std::unique_ptr<ledger::Ledger> ledger_;
};

// Another submission: `change` edits the message, its id stays.
std::string Edited(std::string_view submission, const std::function<void(v1::Submission&)>& change);
// The same with an id of its own, derived from `seed`.
std::string EditedUnder(uint8_t seed, std::string_view submission, const std::function<void(v1::Submission&)>& change);

ledger::PreparedSubmission PrepareOrDie(std::string submission);

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_TRIAL_LEDGER_H_
