// The one writer: how groups are cut, what a failed append leaves behind, a full queue, an end, a clock that steps
// back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "services/ledger/ledger.h"
#include "services/wire/event_codec.h"
#include "tests/support/trial_ledger.h"

namespace hattama {
namespace {

using ledger::SubmissionResult;
using testing::AppendFault;
using ::testing::HasSubstr;
using testing::TrialLedger;

std::string Protocol(const TrialLedger& trial, int station, v1::Stage stage = v1::STAGE_FINAL, int round = 0,
                     std::optional<int64_t> supersedes = std::nullopt, const std::string& source = "commission") {
  return trial.election().Protocol(station, stage, round, supersedes, source);
}

std::vector<std::string> Protocols(const TrialLedger& trial, int begin, int end) {
  std::vector<std::string> protocols;
  for (int station = begin; station < end; ++station) protocols.push_back(Protocol(trial, station));
  return protocols;
}

std::string Appeal(int station) {
  v1::Submission submission;
  submission.set_submission_id(std::string(15, 'a') + static_cast<char>(station));
  v1::AppealFiled& appeal = *submission.mutable_appeal_filed();
  appeal.set_election_id(testing::SyntheticElection::election_id());
  appeal.set_appeal_id("A-" + std::to_string(station));
  appeal.set_contest_id("president");
  appeal.add_unit_ids(testing::SyntheticElection::StationId(station));
  appeal.set_filed_by("observer");
  appeal.set_grounds("copies differ");
  return submission.SerializeAsString();
}

void ExpectAllOk(const std::vector<SubmissionResult>& results) {
  for (size_t i = 0; i < results.size(); ++i) EXPECT_TRUE(results[i].status.ok()) << i << ": " << results[i].status;
}

bool IsReady(std::future<std::vector<SubmissionResult>>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

// How many appends the submissions of one call take.
int64_t AppendCountOf(TrialLedger& trial, const std::vector<std::string>& submissions) {
  const int64_t before = trial.store().append_count();
  const int64_t first = trial.ledger().head().tree_size;
  const std::vector<SubmissionResult> results = trial.Submit(submissions);
  ExpectAllOk(results);
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].receipt.sequence, first + static_cast<int64_t>(i)) << "order of the call";
  }
  return trial.store().append_count() - before;
}

// ---------------------------------------------------------------------------------------------------------------------
// Groups

TEST(GroupTest, IndependentProtocolsAreOneAppend) {
  TrialLedger trial;
  trial.Define();
  std::vector<std::string> protocols;
  for (int station = 0; station < 10; ++station) {
    for (const char* source : {"commission", "monitor"}) {
      for (const v1::Stage stage : {v1::STAGE_PRELIMINARY, v1::STAGE_FINAL}) {
        protocols.push_back(Protocol(trial, station, stage, 0, std::nullopt, source));
      }
    }
  }
  EXPECT_EQ(AppendCountOf(trial, protocols), 1);
}

TEST(GroupTest, CallsThatWaitShareAnAppend) {
  TrialLedger trial;
  trial.Define();
  trial.store().HoldAppends();
  auto first = trial.Start({Protocol(trial, 0)});
  trial.store().AwaitHeldAppend();
  const int64_t before = trial.store().append_count();
  std::vector<std::future<std::vector<SubmissionResult>>> waiting;
  for (int station = 1; station < 8; ++station) waiting.push_back(trial.Start({Protocol(trial, station)}));
  trial.store().Release();
  ExpectAllOk(first.get());
  for (auto& call : waiting) ExpectAllOk(call.get());
  EXPECT_EQ(trial.store().append_count(), before + 1);
}

TEST(GroupTest, ASuccessorIsCutFromItsPredecessor) {
  TrialLedger trial;
  const int64_t size = trial.Define();
  EXPECT_EQ(AppendCountOf(trial, {Protocol(trial, 0), Protocol(trial, 1), Protocol(trial, 0, v1::STAGE_FINAL, 1, size),
                                  Protocol(trial, 2), Protocol(trial, 0, v1::STAGE_FINAL, 2, size + 2)}),
            3);
}

TEST(GroupTest, AnEventThatIsNoProtocolStandsAlone) {
  TrialLedger trial;
  trial.Define();
  EXPECT_EQ(AppendCountOf(trial, {Protocol(trial, 0), Protocol(trial, 1), Appeal(0), Appeal(1), Protocol(trial, 2)}),
            4);
}

TEST(GroupTest, IsCutAtItsLargestCount) {
  for (const auto& [count, appends] : std::vector<std::pair<int, int64_t>>{{3, 1}, {4, 2}, {6, 2}, {7, 3}}) {
    TrialLedger trial(20, {.batch_count_max = 3});
    trial.Define();
    EXPECT_EQ(AppendCountOf(trial, Protocols(trial, 0, count)), appends) << count;
  }
}

TEST(GroupTest, IsCutOnceItHoldsItsLargestSize) {
  TrialLedger trial(20, {.batch_bytes_max = 1});
  trial.Define();
  EXPECT_EQ(AppendCountOf(trial, Protocols(trial, 0, 5)), 5);
}

TEST(GroupTest, OfSuccessorsInSeparateCallsIsCutToo) {
  TrialLedger trial;
  const int64_t size = trial.Define();
  trial.store().HoldAppends();
  auto first = trial.Start({Protocol(trial, 5)});
  trial.store().AwaitHeldAppend();
  auto second = trial.Start({Protocol(trial, 0)});
  auto third = trial.Start({Protocol(trial, 0, v1::STAGE_FINAL, 1, size + 1)});
  auto fourth =
      trial.Start({testing::EditedUnder(4, Protocol(trial, 0, v1::STAGE_FINAL, 1, size + 1), [](v1::Submission&) {})});
  trial.store().Release();
  ExpectAllOk(first.get());
  ExpectAllOk(second.get());
  ExpectAllOk(third.get());
  EXPECT_EQ(fourth.get().front().status.code(), absl::StatusCode::kAborted);
}

// ---------------------------------------------------------------------------------------------------------------------
// Failed appends

TEST(AppendFaultTest, OfAFullDiskIsToldAndTheNextAttemptGoesOn) {
  TrialLedger trial;
  trial.Define();
  const storage::Head head = trial.ledger().head();
  const std::vector<std::string> before = trial.EveryTally();
  trial.store().FailNextAppend(AppendFault::kOutOfRoom);
  for (const SubmissionResult& result : trial.Submit(Protocols(trial, 0, 3))) {
    EXPECT_EQ(result.status.code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_TRUE(trial.ledger().writable().ok());
  EXPECT_EQ(trial.ledger().head(), head);
  EXPECT_EQ(trial.EveryTally(), before);

  const std::vector<SubmissionResult> again = trial.Submit(Protocols(trial, 0, 3));
  ExpectAllOk(again);
  EXPECT_EQ(again[0].receipt.sequence, head.tree_size);
  EXPECT_FALSE(again[0].receipt.replayed);
}

TEST(AppendFaultTest, OfAFullDiskFailsItsOwnGroupAlone) {
  TrialLedger trial(20, {.batch_count_max = 2});
  const int64_t size = trial.Define();
  trial.store().FailNextAppend(AppendFault::kOutOfRoom);
  const std::vector<SubmissionResult> results = trial.Submit(Protocols(trial, 0, 4));
  EXPECT_EQ(results[0].status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(results[1].status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(results[2].status.ok()) << results[2].status;
  EXPECT_EQ(results[2].receipt.sequence, size);
  EXPECT_EQ(results[3].receipt.sequence, size + 1);
}

// Whatever happened to the append, its callers are told that nobody knows, and nothing is taken until a restart.
void ExpectStopped(TrialLedger& trial, AppendFault fault) {
  trial.Define();
  const int64_t recorded = trial.SubmitOne(Protocol(trial, 9)).receipt.sequence;
  const storage::Head head = trial.ledger().head();
  const std::vector<std::string> before = trial.EveryTally();
  trial.store().FailNextAppend(fault);
  trial.store().HoldAppends();
  auto failed = trial.Start({Protocol(trial, 0)});
  trial.store().AwaitHeldAppend();
  auto queued = trial.Start({Protocol(trial, 1), Protocol(trial, 0)});
  trial.store().Release();
  for (auto* call : {&failed, &queued}) {
    for (const SubmissionResult& result : call->get()) {
      EXPECT_EQ(result.status.code(), absl::StatusCode::kUnavailable) << result.status;
    }
  }

  EXPECT_EQ(trial.ledger().writable().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(trial.ledger().writable().message()), HasSubstr("restarted"));
  EXPECT_EQ(trial.SubmitOne(Protocol(trial, 2)).status.code(), absl::StatusCode::kUnavailable);
  // A check of the event that may or may not be there answers neither way.
  EXPECT_FALSE(trial.ledger().Validate(testing::PrepareOrDie(Protocol(trial, 0))).receipt.replayed);

  // Readers go on at the last head.
  EXPECT_EQ(trial.ledger().head(), head);
  EXPECT_EQ(trial.EveryTally(), before);
  EXPECT_TRUE(trial.ledger().ReadRecord(recorded).ok());
  EXPECT_TRUE(trial.ledger().InclusionProof(recorded, head.tree_size).ok());
  EXPECT_EQ(trial.ledger().ReadRecord(head.tree_size).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(AppendFaultTest, OfUnknownOutcomeStopsTheWriterAndARestartFindsTheEventUnwritten) {
  TrialLedger trial;
  ExpectStopped(trial, AppendFault::kUnknownUnwritten);
  const int64_t size = trial.ledger().head().tree_size;
  ASSERT_TRUE(trial.Restart().ok());
  const SubmissionResult again = trial.SubmitOne(Protocol(trial, 0));
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_FALSE(again.receipt.replayed);
  EXPECT_EQ(again.receipt.sequence, size);
}

TEST(AppendFaultTest, OfUnknownOutcomeStopsTheWriterAndARestartFindsTheEventWritten) {
  TrialLedger trial;
  ExpectStopped(trial, AppendFault::kUnknownWritten);
  const int64_t size = trial.ledger().head().tree_size;
  ASSERT_TRUE(trial.Restart().ok());
  EXPECT_EQ(trial.ledger().head().tree_size, size + 1);
  const SubmissionResult again = trial.SubmitOne(Protocol(trial, 0));
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_TRUE(again.receipt.replayed);
  EXPECT_EQ(again.receipt.sequence, size);
}

TEST(AppendFaultTest, OfAStoreThatDisagreesIsNoRefusalOfTheSubmission) {
  // ABORTED and INVALID_ARGUMENT of a submission mean that its sender should change it; here nobody can but an
  // operator.
  for (const AppendFault fault : {AppendFault::kOvertaken, AppendFault::kRefused}) {
    TrialLedger trial;
    trial.Define();
    trial.store().FailNextAppend(fault);
    const SubmissionResult result = trial.SubmitOne(Protocol(trial, 0));
    EXPECT_EQ(result.status.code(), absl::StatusCode::kUnavailable) << result.status;
    EXPECT_EQ(trial.SubmitOne(Protocol(trial, 1)).status.code(), absl::StatusCode::kUnavailable);
    ASSERT_TRUE(trial.Restart().ok());
    EXPECT_TRUE(trial.SubmitOne(Protocol(trial, 0)).status.ok());
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The queue and its end

TEST(QueueTest, FullIsResourceExhaustedAndSaysHowManyWait) {
  TrialLedger trial(20, {.queue_count_max = 4});
  trial.Define();
  trial.store().HoldAppends();
  auto first = trial.Start({Protocol(trial, 0)});
  trial.store().AwaitHeldAppend();
  auto second = trial.Start(Protocols(trial, 1, 4));

  auto refused = trial.Start({Protocol(trial, 4)});
  ASSERT_TRUE(IsReady(refused));
  const absl::Status status = refused.get().front().status;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("4 submissions are waiting, at most 4 may"));

  trial.store().Release();
  ExpectAllOk(first.get());
  ExpectAllOk(second.get());
}

TEST(QueueTest, TakesOnceThereIsRoomAgain) {
  TrialLedger trial(20, {.queue_count_max = 4});
  trial.Define();
  for (int round = 0; round < 5; ++round) {
    // Room is given back before the answer.
    const std::vector<SubmissionResult> results = trial.Submit(Protocols(trial, round * 4, round * 4 + 4));
    ExpectAllOk(results);
  }
  EXPECT_EQ(trial.Submit(Protocols(trial, 0, 5))[0].status.code(), absl::StatusCode::kResourceExhausted);
}

TEST(DrainTest, AnswersEverythingThatIsQueuedAndTakesNothingMore) {
  TrialLedger trial;
  trial.Define();
  trial.store().HoldAppends();
  std::vector<std::future<std::vector<SubmissionResult>>> calls;
  calls.push_back(trial.Start({Protocol(trial, 0)}));
  trial.store().AwaitHeldAppend();
  for (int station = 1; station < 10; ++station) calls.push_back(trial.Start({Protocol(trial, station)}));
  std::thread drain([&] { trial.ledger().Drain(); });
  // Once the drain has begun, and it cannot end, submissions are refused at once.
  absl::Status late;
  for (int station = 10; station < 20 && late.ok(); ++station) {
    auto call = trial.Start({Protocol(trial, station)});
    if (IsReady(call)) {
      late = call.get().front().status;
    } else {
      calls.push_back(std::move(call));
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  trial.store().Release();
  drain.join();

  EXPECT_EQ(late.code(), absl::StatusCode::kUnavailable);
  for (auto& call : calls) {
    ASSERT_TRUE(IsReady(call));
    ExpectAllOk(call.get());
  }
  EXPECT_EQ(trial.SubmitOne(Protocol(trial, 19)).status.code(), absl::StatusCode::kUnavailable);
  // Readers are not drained.
  EXPECT_TRUE(trial.ledger().RootAt(1).ok());
}

TEST(SubmitTest, OfNothingIsAnsweredWithNothing) {
  TrialLedger trial;
  EXPECT_TRUE(trial.Submit({}).empty());
  EXPECT_TRUE(trial.Submit({}, /*atomic=*/true).empty());
}

TEST(SubmitTest, AnswersCallsInTheOrderSubmitted) {
  TrialLedger trial;
  trial.Define();
  std::mutex mutex;
  std::vector<int> answered;
  std::promise<void> all;
  trial.store().HoldAppends();
  for (int station = 0; station < 10; ++station) {
    std::vector<ledger::PreparedSubmission> one;
    one.push_back(testing::PrepareOrDie(Protocol(trial, station)));
    trial.ledger().Submit(std::move(one), /*atomic=*/false, [&, station](std::vector<SubmissionResult>) {
      std::lock_guard lock(mutex);
      answered.push_back(station);
      if (answered.size() == 10) all.set_value();
    });
  }
  trial.store().Release();
  all.get_future().wait();
  EXPECT_THAT(answered, ::testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

// ---------------------------------------------------------------------------------------------------------------------
// Time

int64_t TimeOf(TrialLedger& trial, int64_t sequence) {
  const auto record = trial.ledger().ReadRecord(sequence);
  EXPECT_TRUE(record.ok()) << record.status();
  return wire::DecodeRecord(*record)->time_micros;
}

TEST(ClockTest, ThatStepsBackNeverMakesARecordTimeFall) {
  TrialLedger trial;
  int64_t sequence = trial.Define();
  const int64_t start = TrialLedger::kStartMicros;
  const std::vector<std::pair<int64_t, int64_t>> shown_and_recorded = {{start + 10, start + 10},
                                                                       {start - 3'600'000'000, start + 10},
                                                                       {0, start + 10},
                                                                       {start + 9, start + 10},
                                                                       {start + 11, start + 11}};
  int station = 0;
  for (const auto& [shown, recorded] : shown_and_recorded) {
    trial.SetTime(shown);
    ASSERT_TRUE(trial.SubmitOne(Protocol(trial, station++)).status.ok());
    EXPECT_EQ(TimeOf(trial, sequence++), recorded) << shown;
  }
  // A start on a machine whose clock is wrong.
  trial.SetTime(5);
  ASSERT_TRUE(trial.Restart().ok());
  ASSERT_TRUE(trial.SubmitOne(Protocol(trial, station)).status.ok());
  EXPECT_EQ(TimeOf(trial, sequence), start + 11);
  ASSERT_TRUE(trial.Restart().ok());
}

}  // namespace
}  // namespace hattama
