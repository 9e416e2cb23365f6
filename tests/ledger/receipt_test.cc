// What a submitter is told: receipts, replays, conflicts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "services/ledger/ledger.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/verify.h"
#include "tests/support/trial_ledger.h"

namespace hattama {
namespace {

using ledger::SubmissionResult;
using testing::Edited;
using testing::EditedUnder;
using ::testing::HasSubstr;
using testing::SyntheticElection;
using testing::TrialLedger;

// A receipt's leaf is what it says: the hash of the stored record, provable in the tree of the receipt and of the head.
void ExpectProvable(const ledger::Ledger& ledger, const ledger::Receipt& receipt) {
  const auto record = ledger.ReadRecord(receipt.sequence);
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(merkle::LeafHash(*record), receipt.leaf_hash);
  for (const int64_t tree_size : {receipt.tree_size, ledger.head().tree_size}) {
    const auto proof = ledger.InclusionProof(receipt.sequence, tree_size);
    ASSERT_TRUE(proof.ok()) << proof.status();
    const auto root = ledger.RootAt(tree_size);
    ASSERT_TRUE(root.ok()) << root.status();
    const absl::Status verified =
        merkle::VerifyInclusion(receipt.leaf_hash, receipt.sequence, tree_size, *proof, *root);
    EXPECT_TRUE(verified.ok()) << verified;
  }
}

TEST(ReceiptTest, NamesSequenceAndProvableLeafOfEachSubmissionInOrder) {
  TrialLedger trial;
  const int64_t first = trial.Define();
  std::vector<std::string> protocols;
  for (int station = 0; station < 7; ++station) {
    protocols.push_back(trial.election().Protocol(station, v1::STAGE_PRELIMINARY, 0, std::nullopt));
  }
  const std::vector<SubmissionResult> results = trial.Submit(protocols);
  ASSERT_EQ(results.size(), protocols.size());
  for (size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(results[i].status.ok()) << results[i].status;
    const ledger::Receipt& receipt = results[i].receipt;
    EXPECT_EQ(receipt.submission_id, testing::PrepareOrDie(protocols[i]).decoded.submission_id);
    EXPECT_EQ(receipt.sequence, first + static_cast<int64_t>(i));
    EXPECT_GT(receipt.tree_size, receipt.sequence);
    EXPECT_LE(receipt.tree_size, trial.ledger().head().tree_size);
    EXPECT_FALSE(receipt.replayed);
    EXPECT_FALSE(receipt.quarantined);
    ExpectProvable(trial.ledger(), receipt);
  }
}

TEST(ReceiptTest, TheStoredRecordHoldsTheBytesAsSubmitted) {
  TrialLedger trial;
  trial.Define();
  // Fields out of order and one that this version does not know: a second serialisation would not give these bytes.
  const std::string protocol = trial.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt);
  const std::string odd = std::string("\xa2\x06\x03new", 6) + protocol;
  const SubmissionResult result = trial.SubmitOne(odd);
  ASSERT_TRUE(result.status.ok()) << result.status;
  const auto record = trial.ledger().ReadRecord(result.receipt.sequence);
  ASSERT_TRUE(record.ok());
  const auto decoded = wire::DecodeRecord(*record);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(decoded->submission, odd);
  EXPECT_EQ(decoded->sequence, result.receipt.sequence);
}

TEST(ReceiptTest, CarriesFindingsAndQuarantineOfABrokenSum) {
  TrialLedger trial;
  trial.Define();
  const std::string broken =
      EditedUnder(1, trial.election().Protocol(3, v1::STAGE_FINAL, 0, std::nullopt), [](v1::Submission& submission) {
        v1::LineFigure& cast = *submission.mutable_protocol_submitted()->mutable_lines(1);
        cast.set_count(cast.count() + 1);
      });
  const SubmissionResult first = trial.SubmitOne(broken);
  ASSERT_TRUE(first.status.ok()) << first.status;
  EXPECT_TRUE(first.receipt.quarantined);
  ASSERT_EQ(first.receipt.findings.size(), 1u);

  const SubmissionResult again = trial.SubmitOne(broken);
  ASSERT_TRUE(again.status.ok()) << again.status;
  EXPECT_TRUE(again.receipt.replayed);
  EXPECT_TRUE(again.receipt.quarantined);
  EXPECT_EQ(again.receipt.findings.size(), 1u);
}

TEST(RetryTest, SameBytesGetTheFirstReceiptAgainAndNoNewEvent) {
  TrialLedger trial;
  trial.Define();
  const std::string protocol = trial.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt);
  const ledger::Receipt first = trial.SubmitOne(protocol).receipt;
  // Others in between, one of which supersedes it: a check of the retry against the state would refuse it.
  ASSERT_TRUE(trial.SubmitOne(trial.election().Protocol(0, v1::STAGE_FINAL, 1, first.sequence)).status.ok());
  const storage::Head head = trial.ledger().head();

  for (const bool restarted : {false, true}) {
    if (restarted) {
      ASSERT_TRUE(trial.Restart().ok());
    }
    const SubmissionResult again = trial.SubmitOne(protocol);
    ASSERT_TRUE(again.status.ok()) << again.status;
    EXPECT_TRUE(again.receipt.replayed);
    EXPECT_EQ(again.receipt.sequence, first.sequence);
    EXPECT_EQ(again.receipt.leaf_hash, first.leaf_hash);
    EXPECT_EQ(again.receipt.submission_id, first.submission_id);
    ExpectProvable(trial.ledger(), again.receipt);
    EXPECT_EQ(trial.ledger().head(), head);
  }
}

TEST(RetryTest, ARetryWhileTheFirstIsInFlightWaitsForItsReceipt) {
  TrialLedger trial;
  trial.Define();
  const int64_t appends = trial.store().append_count();
  const std::string protocol = trial.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt);
  trial.store().HoldAppends();
  auto first = trial.Start({protocol});
  trial.store().AwaitHeldAppend();
  // One retry while the append runs, and two in one call, which the writer meets in one group.
  auto second = trial.Start({protocol, protocol});
  trial.store().Release();

  const std::vector<SubmissionResult> answers = first.get();
  ASSERT_TRUE(answers.front().status.ok()) << answers.front().status;
  EXPECT_FALSE(answers.front().receipt.replayed);
  for (const SubmissionResult& retry : second.get()) {
    ASSERT_TRUE(retry.status.ok()) << retry.status;
    EXPECT_TRUE(retry.receipt.replayed);
    EXPECT_EQ(retry.receipt.sequence, answers.front().receipt.sequence);
    EXPECT_EQ(retry.receipt.leaf_hash, answers.front().receipt.leaf_hash);
  }
  EXPECT_EQ(trial.store().append_count(), appends + 1);
}

TEST(RetryTest, TwoCopiesInOneCallAreOneEvent) {
  TrialLedger trial;
  const int64_t size = trial.Define();
  const std::string protocol = trial.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt);
  const std::vector<SubmissionResult> results = trial.Submit({protocol, protocol});
  ASSERT_TRUE(results[0].status.ok() && results[1].status.ok());
  EXPECT_FALSE(results[0].receipt.replayed);
  EXPECT_TRUE(results[1].receipt.replayed);
  EXPECT_EQ(results[1].receipt.sequence, results[0].receipt.sequence);
  EXPECT_EQ(trial.ledger().head().tree_size, size + 1);
}

TEST(ConflictTest, SameIdWithOtherBytesIsAlreadyExistsAndNamesTheSequence) {
  TrialLedger trial;
  trial.Define();
  const std::string protocol = trial.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt);
  const int64_t sequence = trial.SubmitOne(protocol).receipt.sequence;
  const std::string other =
      Edited(protocol, [](v1::Submission& submission) { submission.set_submitter("somebody else"); });
  for (const bool restarted : {false, true}) {
    if (restarted) {
      ASSERT_TRUE(trial.Restart().ok());
    }
    const SubmissionResult refused = trial.SubmitOne(other);
    EXPECT_EQ(refused.status.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_THAT(std::string(refused.status.message()), HasSubstr(std::to_string(sequence)));
    EXPECT_EQ(trial.ledger().head().tree_size, sequence + 1);
  }
}

TEST(ConflictTest, AWrongPredecessorIsAbortedWithExpectedAndActual) {
  TrialLedger trial;
  trial.Define();
  const SyntheticElection& election = trial.election();
  // There is none yet, and one is named.
  const SubmissionResult none = trial.SubmitOne(election.Protocol(0, v1::STAGE_FINAL, 1, 2));
  EXPECT_EQ(none.status.code(), absl::StatusCode::kAborted);
  ASSERT_EQ(none.refusals.size(), 1u);
  EXPECT_EQ(none.refusals[0].reason, domain::RefusalReason::kWrongPredecessor);
  EXPECT_EQ(none.refusals[0].expected_sequence, std::nullopt);
  EXPECT_EQ(none.refusals[0].actual_sequence, 2);

  const int64_t current = trial.SubmitOne(election.Protocol(0, v1::STAGE_FINAL, 0, std::nullopt)).receipt.sequence;
  // There is one, and none is named.
  const SubmissionResult missing =
      trial.SubmitOne(EditedUnder(3, election.Protocol(0, v1::STAGE_FINAL, 1, std::nullopt), [](v1::Submission&) {}));
  EXPECT_EQ(missing.status.code(), absl::StatusCode::kAborted);
  ASSERT_EQ(missing.refusals.size(), 1u);
  EXPECT_EQ(missing.refusals[0].expected_sequence, current);
  EXPECT_EQ(missing.refusals[0].actual_sequence, std::nullopt);
  EXPECT_EQ(trial.ledger().head().tree_size, current + 1);

  EXPECT_TRUE(trial.SubmitOne(election.Protocol(0, v1::STAGE_FINAL, 1, current)).status.ok());
}

TEST(ConflictTest, OfTwoSuccessorsInOneCallTheSecondIsRefused) {
  // Both name the same predecessor, so the second must be checked against the state after the first.
  TrialLedger trial;
  trial.Define();
  const SyntheticElection& election = trial.election();
  const int64_t current = trial.SubmitOne(election.Protocol(0, v1::STAGE_FINAL, 0, std::nullopt)).receipt.sequence;
  const std::string one = election.Protocol(0, v1::STAGE_FINAL, 1, current);
  const std::string other = EditedUnder(9, one, [](v1::Submission&) {});
  const std::vector<SubmissionResult> results = trial.Submit({one, other});
  EXPECT_TRUE(results[0].status.ok()) << results[0].status;
  EXPECT_EQ(results[1].status.code(), absl::StatusCode::kAborted);
  ASSERT_FALSE(results[1].refusals.empty());
  EXPECT_EQ(results[1].refusals[0].expected_sequence, results[0].receipt.sequence);
}

TEST(ConflictTest, ARefusalLeavesTheOthersOfItsCallAlone) {
  TrialLedger trial;
  const int64_t size = trial.Define();
  const SyntheticElection& election = trial.election();
  const std::string stray =
      EditedUnder(5, election.Protocol(1, v1::STAGE_FINAL, 0, std::nullopt),
                  [](v1::Submission& submission) { submission.mutable_protocol_submitted()->set_unit_id("nowhere"); });
  const std::vector<SubmissionResult> results =
      trial.Submit({election.Protocol(0, v1::STAGE_FINAL, 0, std::nullopt), stray,
                    election.Protocol(2, v1::STAGE_FINAL, 0, std::nullopt)});
  EXPECT_TRUE(results[0].status.ok());
  EXPECT_EQ(results[1].status.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(results[2].status.ok());
  EXPECT_EQ(results[2].receipt.sequence, size + 1);
}

TEST(ValidateTest, SaysWhatSubmitWouldAndRecordsNothing) {
  TrialLedger trial;
  trial.Define();
  const storage::Head head = trial.ledger().head();
  const std::string protocol = trial.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt);
  const std::string broken = EditedUnder(1, protocol, [](v1::Submission& submission) {
    submission.mutable_protocol_submitted()->mutable_lines(1)->set_count(0);
  });
  const SubmissionResult good = trial.ledger().Validate(testing::PrepareOrDie(protocol));
  EXPECT_TRUE(good.status.ok());
  EXPECT_EQ(good.receipt.sequence, head.tree_size);
  EXPECT_FALSE(good.receipt.quarantined);
  EXPECT_TRUE(trial.ledger().Validate(testing::PrepareOrDie(broken)).receipt.quarantined);
  const SubmissionResult refused =
      trial.ledger().Validate(testing::PrepareOrDie(trial.election().Protocol(0, v1::STAGE_FINAL, 0, 1)));
  EXPECT_EQ(refused.status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(trial.ledger().head(), head);

  ASSERT_TRUE(trial.SubmitOne(protocol).status.ok());
  EXPECT_TRUE(trial.ledger().Validate(testing::PrepareOrDie(protocol)).receipt.replayed);
}

}  // namespace
}  // namespace hattama
