#include "tests/support/trial_ledger.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "services/domain/tally.h"
#include "services/wire/answer_codec.h"
#include "tests/support/trial_keys.h"

namespace hattama::testing {
namespace {

void RequireOk(const absl::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
  std::abort();
}

}  // namespace

TrialLedger::TrialLedger(int station_count, ledger::Ledger::Options options)
    : election_(station_count), options_(options), store_(&memory_) {
  RequireOk(ledger::Ledger::Found(store_, kOrigin, AuthorityKey().public_key(), clock()), "founding");
  RequireOk(Restart(), "opening");
}

TrialLedger::~TrialLedger() {
  store_.Release();
  ledger_.reset();
}

ledger::Clock TrialLedger::clock() {
  return [this] { return time_micros_.load(); };
}

int64_t TrialLedger::Define() {
  for (const ledger::SubmissionResult& result : Submit(election_.Definition(), /*atomic=*/true)) {
    RequireOk(result.status, "defining");
  }
  for (const std::string& grant : Grants(SyntheticElection::election_id(), {"commission"}, {"monitor"})) {
    RequireOk(SubmitOne(grant).status, "granting");
  }
  return ledger_->head().tree_size;
}

absl::Status TrialLedger::Restart() {
  ledger_.reset();
  store_.Reopen();
  absl::StatusOr<std::unique_ptr<ledger::Ledger>> opened = ledger::Ledger::Open(store_, clock(), options_);
  if (!opened.ok()) return opened.status();
  ledger_ = *std::move(opened);
  return absl::OkStatus();
}

std::future<std::vector<ledger::SubmissionResult>> TrialLedger::Start(std::vector<std::string> submissions,
                                                                      bool atomic) {
  std::vector<ledger::PreparedSubmission> prepared;
  for (std::string& submission : submissions) prepared.push_back(PrepareOrDie(std::move(submission)));
  auto done = std::make_shared<std::promise<std::vector<ledger::SubmissionResult>>>();
  ledger_->Submit(std::move(prepared), atomic,
                  [done](std::vector<ledger::SubmissionResult> results) { done->set_value(std::move(results)); });
  return done->get_future();
}

std::vector<ledger::SubmissionResult> TrialLedger::Submit(std::vector<std::string> submissions, bool atomic) {
  return Start(std::move(submissions), atomic).get();
}

ledger::SubmissionResult TrialLedger::SubmitOne(std::string submission) {
  return Submit({std::move(submission)}).front();
}

std::string TrialLedger::TallyAt(int64_t tree_size, const domain::View& view) const {
  return ledger_->WithState([&](const domain::History& history, int64_t) -> std::string {
    const absl::StatusOr<domain::Place> place =
        domain::Locate(history, SyntheticElection::election_id(), "", "", tree_size);
    if (!place.ok()) return place.status().ToString();
    const absl::StatusOr<domain::ResolvedView> resolved = domain::ResolveView(*place->election, view);
    if (!resolved.ok()) return resolved.status().ToString();
    return wire::ToAnswer(domain::ComputeTally(*place, *resolved)).SerializeAsString();
  });
}

std::vector<std::string> TrialLedger::EveryTally() const {
  std::vector<std::string> tallies;
  for (int64_t tree_size = 0; tree_size <= ledger_->head().tree_size; ++tree_size) {
    for (const char* source : {"commission", "monitor"}) {
      for (const domain::Policy policy : {domain::Policy::kPreliminaryOnly, domain::Policy::kFinalOnly,
                                          domain::Policy::kFinalElsePreliminary, domain::Policy::kCorrectedFirst}) {
        for (const bool excluding : {false, true}) {
          tallies.push_back(
              TallyAt(tree_size, {.source_id = source, .policy = policy, .excluding_contested = excluding}));
        }
      }
    }
  }
  return tallies;
}

std::string Edited(std::string_view submission, const std::function<void(v1::Submission&)>& change) {
  v1::Submission message;
  if (!message.ParseFromArray(submission.data(), static_cast<int>(submission.size()))) std::abort();
  change(message);
  return message.SerializeAsString();
}

std::string EditedUnder(uint8_t seed, std::string_view submission, const std::function<void(v1::Submission&)>& change) {
  return Edited(submission, [&](v1::Submission& message) {
    message.set_submission_id(std::string(16, static_cast<char>(seed)));
    change(message);
  });
}

ledger::PreparedSubmission PrepareOrDie(std::string submission) {
  domain::Refusals faults;
  wire::StatementVerifier verifier;
  const wire::SubmissionSignature signature = Sign(submission, TrialLedger::kOrigin);
  absl::StatusOr<ledger::PreparedSubmission> prepared =
      ledger::Prepare(std::move(submission), signature, TrialLedger::kOrigin, verifier, faults);
  RequireOk(prepared.status(), "preparing");
  return *std::move(prepared);
}

}  // namespace hattama::testing
