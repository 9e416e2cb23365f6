// Checkpoints and receipts over gRPC: GetCheckpoint, GetReceipt, and what a Submit waits for.
#include "storage/merkle/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "services/ledger/checkpointer.h"
#include "storage/merkle/cosignature.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/tlog_proof.h"
#include "tests/storage/notes_support.h"
#include "tests/support/trial_server.h"

namespace hattama::testing {
namespace {

using ::testing::HasSubstr;

constexpr uint8_t kLogKey = 4;  // As TrialServer signs.
constexpr uint8_t kWitnessKey = 12;
constexpr char kWitness[] = "witness.example";

merkle::NoteKey LogKey() { return NoteKeyOf(TrialLedger::kOrigin, merkle::kNoteEd25519, kLogKey); }

class CheckpointTest : public ::testing::Test {
 protected:
  void Start(ledger::Checkpointer::Options options = {.interval = absl::InfiniteDuration()},
             const api::Limits& limits = {}) {
    server_.emplace(20, limits, ledger::Ledger::Options{}, std::move(options));
    server_->Define();
  }

  std::string Protocol(int station) const {
    return server_->election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt);
  }

  grpc::Status GetReceipt(int64_t sequence, v1::WaitFor wait_for, std::string* proof,
                          absl::Duration patience = absl::Seconds(60)) {
    v1::GetReceiptRequest request;
    request.set_sequence(sequence);
    request.set_wait_for(wait_for);
    v1::GetReceiptResponse response;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
    const grpc::Status status = server_->audit().GetReceipt(&context, request, &response);
    if (proof != nullptr) *proof = response.proof();
    return status;
  }

  grpc::Status Submit(int station, v1::WaitFor wait_for, v1::SubmitResponse* response, bool validate_only = false,
                      absl::Duration patience = absl::Seconds(60)) {
    v1::SubmitRequest request = SubmitRequestOf(Protocol(station), validate_only);
    request.set_wait_for(wait_for);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
    return server_->submissions().Submit(&context, request, response);
  }

  // Expects that the proof shows, offline, that the record is at its place in the log.
  void ExpectVerifies(const std::string& text, int64_t sequence) {
    const absl::StatusOr<merkle::TlogProof> proof = merkle::ParseTlogProof(text);
    ASSERT_TRUE(proof.ok()) << proof.status();
    EXPECT_EQ(proof->index, sequence);
    ASSERT_EQ(proof->extra, server_->ledger().ReadRecord(sequence).value());
    const merkle::NoteKey key = LogKey();
    const auto checkpoint =
        merkle::VerifyTlogProof(*proof, merkle::LeafHash(*proof->extra), std::span(&key, 1), TrialLedger::kOrigin);
    EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  }

  std::optional<TrialServer> server_;
};

TEST_F(CheckpointTest, HeadNamesTheKeyOfTheLog) {
  Start();
  v1::GetHeadResponse head;

  ASSERT_TRUE(Call(server_->audit(), &v1::AuditService::Stub::GetHead, v1::GetHeadRequest(), &head).ok());

  EXPECT_EQ(head.verifier_key(), merkle::FormatVerifierKey(LogKey()));
}

TEST_F(CheckpointTest, GetCheckpointAnswersTheLastNote) {
  Start();
  v1::GetCheckpointResponse response;
  const auto get = [&] {
    return Call(server_->audit(), &v1::AuditService::Stub::GetCheckpoint, v1::GetCheckpointRequest(), &response);
  };
  EXPECT_EQ(get().error_code(), grpc::UNAVAILABLE);

  ASSERT_TRUE(server_->checkpointer().CheckpointNow().ok());

  ASSERT_TRUE(get().ok());
  const merkle::NoteKey key = LogKey();
  const auto checkpoint = merkle::OpenCheckpoint(response.note(), std::span(&key, 1));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->tree_size, server_->ledger().head().tree_size);
  EXPECT_EQ(checkpoint->root, server_->ledger().head().root);
}

TEST_F(CheckpointTest, GetReceiptWaitsForTheCheckpoint) {
  Start();
  ASSERT_TRUE(server_->checkpointer().CheckpointNow().ok());
  const int64_t sequence = server_->Record(Protocol(0));
  std::string proof;
  auto waiting =
      std::async(std::launch::async, [&] { return GetReceipt(sequence, v1::WAIT_FOR_CHECKPOINTED, &proof); });
  EXPECT_NE(waiting.wait_for(std::chrono::milliseconds(100)), std::future_status::ready);

  ASSERT_TRUE(server_->checkpointer().CheckpointNow().ok());

  ASSERT_TRUE(waiting.get().ok());
  ExpectVerifies(proof, sequence);
}

TEST_F(CheckpointTest, GetReceiptOfEveryEventVerifies) {
  Start();
  ASSERT_TRUE(server_->checkpointer().CheckpointNow().ok());

  for (int64_t sequence = 0; sequence < server_->ledger().head().tree_size; ++sequence) {
    std::string proof;
    ASSERT_TRUE(GetReceipt(sequence, v1::WAIT_FOR_UNSPECIFIED, &proof).ok());
    ExpectVerifies(proof, sequence);
  }
}

TEST_F(CheckpointTest, GetReceiptRefusesWhatIsNotRecorded) {
  Start();
  const int64_t size = server_->ledger().head().tree_size;

  EXPECT_EQ(GetReceipt(size, v1::WAIT_FOR_CHECKPOINTED, nullptr).error_code(), grpc::OUT_OF_RANGE);
  EXPECT_EQ(GetReceipt(-1, v1::WAIT_FOR_CHECKPOINTED, nullptr).error_code(), grpc::OUT_OF_RANGE);
  EXPECT_EQ(GetReceipt(0, v1::WAIT_FOR_DURABLE, nullptr).error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(GetReceipt(0, static_cast<v1::WaitFor>(99), nullptr).error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(CheckpointTest, GetReceiptKeepsToTheDeadline) {
  Start();

  EXPECT_EQ(GetReceipt(0, v1::WAIT_FOR_CHECKPOINTED, nullptr, absl::Milliseconds(50)).error_code(),
            grpc::DEADLINE_EXCEEDED);
}

TEST_F(CheckpointTest, WaitsNoLongerThanTheLimit) {
  api::Limits limits;
  limits.checkpoint_wait_max = absl::Milliseconds(50);
  Start({.interval = absl::InfiniteDuration()}, limits);

  const grpc::Status status = GetReceipt(0, v1::WAIT_FOR_CHECKPOINTED, nullptr);

  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_THAT(status.error_message(), HasSubstr("ask for its receipt later"));
}

TEST_F(CheckpointTest, SubmitAnswersWithAProofOnceACheckpointCoversIt) {
  Start({.interval = absl::Milliseconds(20)});
  v1::SubmitResponse response;

  const grpc::Status status = Submit(0, v1::WAIT_FOR_CHECKPOINTED, &response);

  ASSERT_TRUE(status.ok()) << status.error_message();
  ExpectVerifies(response.proof(), response.receipt().sequence());
}

TEST_F(CheckpointTest, SubmitOfTheSameBytesGetsAProofToo) {
  Start({.interval = absl::Milliseconds(20)});
  v1::SubmitResponse first;
  ASSERT_TRUE(Submit(0, v1::WAIT_FOR_DURABLE, &first).ok());
  EXPECT_TRUE(first.proof().empty());

  v1::SubmitResponse second;
  ASSERT_TRUE(Submit(0, v1::WAIT_FOR_CHECKPOINTED, &second).ok());

  EXPECT_TRUE(second.receipt().replayed());
  ExpectVerifies(second.proof(), first.receipt().sequence());
}

TEST_F(CheckpointTest, SubmitRecordsEvenWhereTheWaitTakesTooLong) {
  Start();
  v1::SubmitResponse response;

  EXPECT_EQ(Submit(0, v1::WAIT_FOR_CHECKPOINTED, &response, false, absl::Milliseconds(300)).error_code(),
            grpc::DEADLINE_EXCEEDED);

  ASSERT_TRUE(Submit(0, v1::WAIT_FOR_DURABLE, &response).ok());
  EXPECT_TRUE(response.receipt().replayed());
}

TEST_F(CheckpointTest, SubmitRecordsNothingWhereWhatItWaitsForCannotCome) {
  Start();
  const int64_t size = server_->ledger().head().tree_size;
  v1::SubmitResponse response;

  const grpc::Status no_policy = Submit(0, v1::WAIT_FOR_WITNESSED, &response);
  EXPECT_EQ(no_policy.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_THAT(no_policy.error_message(), HasSubstr("no policy"));
  EXPECT_EQ(Submit(0, static_cast<v1::WaitFor>(99), &response).error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(Submit(0, v1::WAIT_FOR_CHECKPOINTED, &response, /*validate_only=*/true).error_code(),
            grpc::INVALID_ARGUMENT);

  EXPECT_EQ(server_->ledger().head().tree_size, size);
}

TEST_F(CheckpointTest, WitnessedReceiptsMeetThePolicy) {
  const merkle::TlogPolicy policy =
      merkle::TlogPolicy::Parse(
          absl::StrCat("log ", merkle::FormatVerifierKey(LogKey()), "\nwitness w ",
                       merkle::FormatVerifierKey(NoteKeyOf(kWitness, merkle::kNoteCosignature, kWitnessKey)),
                       "\nquorum w\n"))
          .value();
  ledger::Checkpointer::Options options;
  options.interval = absl::Milliseconds(20);
  options.policy = policy;
  options.cosign = [](const ledger::CosignRequest& request) -> std::vector<merkle::NoteSignature> {
    return {merkle::CosignCheckpoint(merkle::ParseNote(request.note)->text, KeyOf(kWitnessKey), kWitness, 1'700'000'000)
                .value()};
  };
  Start(std::move(options));
  v1::SubmitResponse response;

  ASSERT_TRUE(Submit(0, v1::WAIT_FOR_WITNESSED, &response).ok());

  const merkle::TlogProof proof = merkle::ParseTlogProof(response.proof()).value();
  const auto verdict = merkle::VerifyTlogProof(proof, merkle::LeafHash(*proof.extra), policy);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_TRUE(verdict->quorum_met);
}

TEST_F(CheckpointTest, DrainingAnswersWhoWaits) {
  Start();
  auto waiting = std::async(std::launch::async, [&] { return GetReceipt(0, v1::WAIT_FOR_CHECKPOINTED, nullptr); });
  EXPECT_NE(waiting.wait_for(std::chrono::milliseconds(100)), std::future_status::ready);

  server_->Drain();

  EXPECT_EQ(waiting.get().error_code(), grpc::UNAVAILABLE);
}

}  // namespace
}  // namespace hattama::testing
