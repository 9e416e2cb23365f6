// A definition is one write: all of it or nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/ledger/ledger.h"
#include "tests/support/trial_ledger.h"

namespace hattama {
namespace {

using ledger::SubmissionResult;
using testing::EditedUnder;
using ::testing::HasSubstr;
using testing::TrialLedger;

TEST(AtomicTest, RecordsAWholeDefinitionWithOneAppend) {
  TrialLedger trial;
  const int64_t appends = trial.store().append_count();
  const std::vector<std::string> definition = trial.election().Definition();
  const std::vector<SubmissionResult> results = trial.Submit(definition, /*atomic=*/true);
  ASSERT_EQ(results.size(), definition.size());
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(results[i].status.ok()) << results[i].status;
    EXPECT_EQ(results[i].receipt.sequence, 1 + static_cast<int64_t>(i));
  }
  EXPECT_EQ(trial.store().append_count(), appends + 1);
}

// Whatever is wrong with one member, nothing is recorded, its own answer has the reason and the others name it.
void ExpectNothingRecorded(TrialLedger& trial, const std::vector<std::string>& submissions, size_t wrong,
                           absl::StatusCode code) {
  const storage::Head head = trial.ledger().head();
  const int64_t appends = trial.store().append_count();
  const std::vector<SubmissionResult> results = trial.Submit(submissions, /*atomic=*/true);
  ASSERT_EQ(results.size(), submissions.size());
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].status.code(), i == wrong ? code : absl::StatusCode::kAborted) << i << results[i].status;
    EXPECT_FALSE(results[i].status.message().empty());
  }
  EXPECT_EQ(trial.ledger().head(), head);
  EXPECT_EQ(trial.store().append_count(), appends);
}

TEST(AtomicTest, AFaultInAnyPartRecordsNone) {
  const std::vector<std::string> definition = TrialLedger().election().Definition();
  for (size_t i = 0; i + 1 < definition.size(); ++i) {
    TrialLedger trial;
    std::vector<std::string> faulty = definition;
    faulty[i] = EditedUnder(7, faulty[i], [](v1::Submission& submission) {
      if (submission.has_election_defined()) submission.mutable_election_defined()->clear_levels();
      if (submission.has_contests_listed()) {
        submission.mutable_contests_listed()->mutable_contests(0)->set_share_base_id("none such");
      }
      if (submission.has_units_listed()) {
        *submission.mutable_units_listed()->add_units() = submission.units_listed().units(0);
      }
    });
    const storage::Head head = trial.ledger().head();
    const std::vector<SubmissionResult> results = trial.Submit(faulty, /*atomic=*/true);
    bool explained = false;
    for (const SubmissionResult& result : results) {
      EXPECT_FALSE(result.status.ok()) << "part " << i;
      explained = explained || !result.refusals.empty();
    }
    EXPECT_TRUE(explained) << "part " << i;
    EXPECT_EQ(trial.ledger().head(), head);
    // What failed leaves nothing in the way of the right one, and of the two grants behind it.
    EXPECT_EQ(trial.Define(), head.tree_size + static_cast<int64_t>(definition.size()) + 2);
  }
}

TEST(AtomicTest, APartThatIsLostIsNoticed) {
  TrialLedger trial;
  std::vector<std::string> definition = trial.election().Definition();
  ASSERT_EQ(definition.size(), 4u);  // Header, contests, units, opening.
  definition.erase(definition.begin() + 2);
  ExpectNothingRecorded(trial, definition, 2, absl::StatusCode::kFailedPrecondition);
}

TEST(AtomicTest, RefusesWhatIsNoWholeDefinition) {
  TrialLedger trial;
  std::vector<std::string> definition = trial.election().Definition();
  std::vector<std::string> unopened = definition;
  unopened.pop_back();
  ExpectNothingRecorded(trial, unopened, 0, absl::StatusCode::kInvalidArgument);

  std::vector<std::string> with_protocol = definition;
  with_protocol.insert(with_protocol.begin() + 1, trial.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt));
  ExpectNothingRecorded(trial, with_protocol, 0, absl::StatusCode::kInvalidArgument);

  std::vector<std::string> repeated = definition;
  repeated.insert(repeated.begin() + 1, repeated[1]);
  ExpectNothingRecorded(trial, repeated, 0, absl::StatusCode::kInvalidArgument);
}

TEST(AtomicTest, TheWholeAgainGetsTheFirstReceiptsAlsoAfterARestart) {
  TrialLedger trial;
  trial.Define();
  const storage::Head head = trial.ledger().head();
  for (const bool restarted : {false, true}) {
    if (restarted) {
      ASSERT_TRUE(trial.Restart().ok());
    }
    const std::vector<SubmissionResult> results = trial.Submit(trial.election().Definition(), /*atomic=*/true);
    for (size_t i = 0; i < results.size(); ++i) {
      ASSERT_TRUE(results[i].status.ok()) << results[i].status;
      EXPECT_TRUE(results[i].receipt.replayed);
      EXPECT_EQ(results[i].receipt.sequence, 1 + static_cast<int64_t>(i));
    }
    EXPECT_EQ(trial.ledger().head(), head);
  }
}

TEST(AtomicTest, AnotherDefinitionOfTheSameElectionIsAlreadyExists) {
  TrialLedger trial;
  trial.Define();
  std::vector<std::string> other = trial.election().Definition();
  for (size_t i = 0; i < other.size(); ++i) {
    other[i] = EditedUnder(static_cast<uint8_t>(100 + i), other[i], [](v1::Submission&) {});
  }
  ExpectNothingRecorded(trial, other, 0, absl::StatusCode::kAlreadyExists);
}

TEST(AtomicTest, ADefinitionOfWhichAPartIsRecordedAlreadyRecordsNone) {
  TrialLedger trial;
  const std::vector<std::string> definition = trial.election().Definition();
  // The header alone, not atomically, is a legal beginning; the whole would then repeat it.
  ASSERT_TRUE(trial.SubmitOne(definition[0]).status.ok());
  const storage::Head head = trial.ledger().head();
  for (const SubmissionResult& result : trial.Submit(definition, /*atomic=*/true)) {
    EXPECT_EQ(result.status.code(), absl::StatusCode::kAborted);
    EXPECT_THAT(std::string(result.status.message()), HasSubstr("1 of 4"));
  }
  EXPECT_EQ(trial.ledger().head(), head);
}

TEST(AtomicTest, AnIdUsedBeforeForOtherBytesRecordsNone) {
  TrialLedger trial;
  trial.Define();
  const std::string protocol =
      EditedUnder(42, trial.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt), [](v1::Submission&) {});
  ASSERT_TRUE(trial.SubmitOne(protocol).status.ok());

  std::vector<std::string> other = trial.election().Definition();
  for (size_t i = 0; i < other.size(); ++i) {
    other[i] = EditedUnder(static_cast<uint8_t>(i == 2 ? 42 : 100 + i), other[i], [](v1::Submission& submission) {
      if (submission.has_election_defined()) submission.mutable_election_defined()->set_election_id("second");
      if (submission.has_contests_listed()) submission.mutable_contests_listed()->set_election_id("second");
      if (submission.has_units_listed()) submission.mutable_units_listed()->set_election_id("second");
      if (submission.has_election_opened()) submission.mutable_election_opened()->set_election_id("second");
    });
  }
  ExpectNothingRecorded(trial, other, 2, absl::StatusCode::kAlreadyExists);
}

TEST(AtomicTest, AFullDiskRecordsNoneAndTheNextAttemptAll) {
  TrialLedger trial;
  trial.store().FailNextAppend(testing::AppendFault::kOutOfRoom);
  const storage::Head head = trial.ledger().head();
  for (const SubmissionResult& result : trial.Submit(trial.election().Definition(), /*atomic=*/true)) {
    EXPECT_EQ(result.status.code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(trial.ledger().head(), head);
  for (const SubmissionResult& result : trial.Submit(trial.election().Definition(), /*atomic=*/true)) {
    EXPECT_TRUE(result.status.ok()) << result.status;
    EXPECT_FALSE(result.receipt.replayed);
  }
}

}  // namespace
}  // namespace hattama
