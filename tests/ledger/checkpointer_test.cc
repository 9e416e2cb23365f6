#include "services/ledger/checkpointer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/merkle/cosignature.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/tlog_proof.h"
#include "tests/storage/notes_support.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/trial_ledger.h"

namespace hattama::ledger {
namespace {

using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::hattama::testing::NoteKeyOf;
using ::hattama::testing::TemporaryDirectory;
using ::hattama::testing::TrialLedger;
using ::testing::HasSubstr;

constexpr uint8_t kLogKey = 11;
constexpr uint8_t kWitnessKey = 12;
constexpr char kWitness[] = "witness.example";
constexpr auto kOrigin = TrialLedger::kOrigin;

merkle::NoteKey LogKey() { return NoteKeyOf(kOrigin, merkle::kNoteEd25519, kLogKey); }

merkle::TlogPolicy PolicyOf(const merkle::NoteKey& log_key) {
  return merkle::TlogPolicy::Parse(
             absl::StrCat("log ", merkle::FormatVerifierKey(log_key), "\nwitness w ",
                          merkle::FormatVerifierKey(NoteKeyOf(kWitness, merkle::kNoteCosignature, kWitnessKey)),
                          "\nquorum w\n"))
      .value();
}

class CheckpointerTest : public ::testing::Test {
 protected:
  CheckpointerTest() : path_(scratch_ / "signed-head") {
    EXPECT_TRUE(SignedHead::Create(path_, {.origin = kOrigin}).ok());
    options_.interval = absl::InfiniteDuration();  // Tests say when.
    trial_.Define();
  }

  absl::Status Open() {
    checkpointer_.reset();
    absl::StatusOr<std::unique_ptr<SignedHead>> head = SignedHead::Take(path_, kOrigin);
    if (!head.ok()) return head.status();
    auto opened = Checkpointer::Open(trial_.ledger(), *std::move(head), KeyOf(kLogKey), options_);
    if (!opened.ok()) return opened.status();
    checkpointer_ = *std::move(opened);
    return absl::OkStatus();
  }

  // A witness that answers or does not.
  void UsePolicy(bool publish_unwitnessed) {
    options_.policy = PolicyOf(LogKey());
    options_.publish_unwitnessed = publish_unwitnessed;
    options_.cosign = [this](const CosignRequest& request) -> std::vector<merkle::NoteSignature> {
      ++asked_count_;
      if (!witness_answers_) return {};
      const merkle::Note note = merkle::ParseNote(request.note).value();
      return {merkle::CosignCheckpoint(note.text, KeyOf(kWitnessKey), kWitness, 1'700'000'000).value()};
    };
  }

  int64_t Record(int station) {
    const SubmissionResult result =
        trial_.SubmitOne(trial_.election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt));
    EXPECT_TRUE(result.status.ok()) << result.status;
    return result.receipt.sequence;
  }

  // Waits for an answer that must come.
  static absl::StatusOr<PublishedPtr> Await(std::future<absl::StatusOr<PublishedPtr>>& future) {
    if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
      return absl::InternalError("no answer within a minute");
    }
    return future.get();
  }
  std::future<absl::StatusOr<PublishedPtr>> Wait(int64_t sequence, Standing standing,
                                                 absl::Duration patience = absl::Minutes(10)) {
    auto answer = std::make_shared<std::promise<absl::StatusOr<PublishedPtr>>>();
    checkpointer_->WaitFor(sequence, standing, absl::Now() + patience,
                           [answer](absl::StatusOr<PublishedPtr> got) { answer->set_value(std::move(got)); });
    return answer->get_future();
  }

  TemporaryDirectory scratch_;
  std::string path_;
  TrialLedger trial_;
  Checkpointer::Options options_;
  bool witness_answers_ = true;
  std::atomic<int> asked_count_ = 0;
  std::unique_ptr<Checkpointer> checkpointer_;
};

TEST_F(CheckpointerTest, SignsTheHead) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(checkpointer_->published(), nullptr);

  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());

  const PublishedPtr published = checkpointer_->published();
  ASSERT_NE(published, nullptr);
  const merkle::NoteKey key = LogKey();
  const auto opened = merkle::OpenCheckpoint(published->note, std::span(&key, 1));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->tree_size, trial_.ledger().head().tree_size);
  EXPECT_EQ(opened->root, trial_.ledger().head().root);
  EXPECT_EQ(SignedHead::Read(path_).value(), *opened);
}

TEST_F(CheckpointerTest, SaysTheSameUntilTheLogMoves) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  const PublishedPtr first = checkpointer_->published();

  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  EXPECT_EQ(checkpointer_->published(), first);
  Record(0);
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  EXPECT_EQ(checkpointer_->published()->checkpoint.tree_size, first->checkpoint.tree_size + 1);
}

TEST_F(CheckpointerTest, SignsTheSameBytesAfterARestart) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  const std::string note = checkpointer_->published()->note;

  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());

  EXPECT_EQ(checkpointer_->published()->note, note);
}

TEST_F(CheckpointerTest, ComesByItselfAtItsInterval) {
  options_.interval = absl::Milliseconds(20);
  ASSERT_TRUE(Open().ok());

  for (int station = 0; station < 3; ++station) {
    const int64_t sequence = Record(station);
    auto waiting = Wait(sequence, Standing::kCheckpointed);
    const absl::StatusOr<PublishedPtr> answer = Await(waiting);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_GT((*answer)->checkpoint.tree_size, sequence);
  }
}

TEST_F(CheckpointerTest, MakesReceiptsThatVerifyOffline) {
  const int64_t sequence = Record(0);
  Record(1);
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());

  const absl::StatusOr<std::string> receipt = MakeReceipt(trial_.ledger(), sequence, *checkpointer_->published());

  ASSERT_TRUE(receipt.ok()) << receipt.status();
  const absl::StatusOr<merkle::TlogProof> proof = merkle::ParseTlogProof(*receipt);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(proof->index, sequence);
  EXPECT_EQ(proof->extra, trial_.ledger().ReadRecord(sequence).value());
  const merkle::NoteKey key = LogKey();
  EXPECT_TRUE(merkle::VerifyTlogProof(*proof, merkle::LeafHash(*proof->extra), std::span(&key, 1), kOrigin).ok());
}

TEST_F(CheckpointerTest, MakesNoReceiptBeyondItsCheckpoint) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  const int64_t sequence = Record(0);

  EXPECT_EQ(MakeReceipt(trial_.ledger(), sequence, *checkpointer_->published()).status().code(),
            absl::StatusCode::kOutOfRange);
}

// ---------------------------------------------------------------------------------------------------------------------
// What must not be signed

TEST_F(CheckpointerTest, RefusesDataThatIsBehindTheSignedHead) {
  ASSERT_TRUE(Open().ok());
  Record(0);
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  checkpointer_.reset();
  TrialLedger backup;  // The same log before the last event.
  backup.Define();
  ASSERT_EQ(backup.ledger().head().tree_size + 1, trial_.ledger().head().tree_size);

  const auto opened =
      Checkpointer::Open(backup.ledger(), SignedHead::Take(path_, kOrigin).value(), KeyOf(kLogKey), options_);

  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(opened), HasSubstr("restored backup"));
  EXPECT_THAT(MessageOf(opened), HasSubstr(path_));
  EXPECT_THAT(MessageOf(opened), HasSubstr(absl::StrCat(trial_.ledger().head().tree_size, " were signed")));
}

TEST_F(CheckpointerTest, RefusesAnotherHistoryOfTheSameSize) {
  Record(0);
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  checkpointer_.reset();
  TrialLedger other;
  other.Define();
  for (int station = 1; station < 4; ++station) {
    ASSERT_TRUE(other.SubmitOne(other.election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt)).status.ok());
  }

  const auto opened =
      Checkpointer::Open(other.ledger(), SignedHead::Take(path_, kOrigin).value(), KeyOf(kLogKey), options_);

  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(opened), HasSubstr("another history"));
}

TEST_F(CheckpointerTest, StopsForGoodWhereSomebodyElseSigned) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  const PublishedPtr before = checkpointer_->published();
  const std::string mine = merkle::FormatCheckpoint(SignedHead::Read(path_).value());
  std::ofstream(path_, std::ios::trunc) << kOrigin << "\n99\n" << mine.substr(mine.size() - 45);
  Record(0);

  EXPECT_EQ(checkpointer_->CheckpointNow().code(), absl::StatusCode::kFailedPrecondition);

  std::ofstream(path_, std::ios::trunc) << mine;
  EXPECT_EQ(checkpointer_->CheckpointNow().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(checkpointer_->published(), before);
  EXPECT_THAT(MessageOf(checkpointer_->broken()), HasSubstr("until a person has looked"));
  // Nothing is taken that could never be proved.
  EXPECT_EQ(trial_.SubmitOne(trial_.election().Protocol(1, v1::STAGE_FINAL, 0, std::nullopt)).status.code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(CheckpointerTest, SignsNothingThatItCannotReadAgain) {
  ASSERT_TRUE(Open().ok());
  const int64_t sequence = Record(0);
  trial_.store().ChangeRecord(sequence, "a record that the disk has changed", /*noticed=*/true);

  EXPECT_EQ(checkpointer_->CheckpointNow().code(), absl::StatusCode::kFailedPrecondition);

  EXPECT_EQ(checkpointer_->published(), nullptr);
  EXPECT_EQ(SignedHead::Read(path_)->tree_size, 0);
}

TEST_F(CheckpointerTest, SignsNothingThatDoesNotHashToTheRoot) {
  ASSERT_TRUE(Open().ok());
  const int64_t sequence = Record(0);
  trial_.store().ChangeRecord(sequence, "a record that the disk has changed", /*noticed=*/false);

  EXPECT_EQ(checkpointer_->CheckpointNow().code(), absl::StatusCode::kFailedPrecondition);

  EXPECT_EQ(checkpointer_->published(), nullptr);
  EXPECT_EQ(SignedHead::Read(path_)->tree_size, 0);
}

// Whoever takes over after a crash between two steps finds the head signed and signs it again.
TEST_F(CheckpointerTest, GoesOnFromAHeadThatWasSignedAndNeverPublished) {
  {
    const auto head = SignedHead::Take(path_, kOrigin).value();
    const storage::Head now = trial_.ledger().head();
    ASSERT_TRUE(head->Advance({kOrigin, now.tree_size, now.root}, {}).ok());
  }
  Record(0);
  ASSERT_TRUE(Open().ok());

  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());

  EXPECT_EQ(checkpointer_->published()->checkpoint.tree_size, trial_.ledger().head().tree_size);
}

TEST_F(CheckpointerTest, NeverSignsTwoRootsOfOneSizeWhileTheLogGrows) {
  options_.interval = absl::Milliseconds(1);
  std::mutex mutex;
  std::map<int64_t, std::set<std::string>> notes;
  options_.publish = [&](const PublishedCheckpoint& published) {
    std::lock_guard lock(mutex);
    notes[published.checkpoint.tree_size].insert(published.note);
    return absl::OkStatus();
  };
  ASSERT_TRUE(Open().ok());
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) (void)checkpointer_->CheckpointNow();
  });
  for (int station = 0; station < 20; ++station) Record(station);
  other.join();
  checkpointer_->Drain();

  EXPECT_GT(notes.size(), 1u);
  EXPECT_EQ(notes.rbegin()->first, trial_.ledger().head().tree_size);
  for (const auto& [size, texts] : notes) {
    EXPECT_EQ(texts.size(), 1u) << "at " << size;
    const auto parsed = merkle::ParseSignedCheckpoint(*texts.begin());
    EXPECT_EQ(parsed->checkpoint.root, trial_.ledger().RootAt(size).value()) << "at " << size;
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Witnesses and publishing

TEST_F(CheckpointerTest, PublishesNothingWithoutTheQuorumWhereItFailsClosed) {
  UsePolicy(/*publish_unwitnessed=*/false);
  witness_answers_ = false;
  ASSERT_TRUE(Open().ok());

  const absl::Status refused = checkpointer_->CheckpointNow();

  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(refused), HasSubstr("not cosigned by w"));
  EXPECT_EQ(checkpointer_->published(), nullptr);
  witness_answers_ = true;
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  EXPECT_TRUE(PolicyOf(LogKey()).Require(checkpointer_->published()->note).ok());
}

TEST_F(CheckpointerTest, PublishesWithoutTheQuorumWhereItFailsOpen) {
  UsePolicy(/*publish_unwitnessed=*/true);
  witness_answers_ = false;
  ASSERT_TRUE(Open().ok());
  const int64_t sequence = trial_.ledger().head().tree_size - 1;
  auto checkpointed = Wait(sequence, Standing::kCheckpointed);
  auto witnessed = Wait(sequence, Standing::kWitnessed);

  EXPECT_EQ(checkpointer_->CheckpointNow().code(), absl::StatusCode::kFailedPrecondition);

  EXPECT_TRUE(Await(checkpointed).ok());
  EXPECT_NE(witnessed.wait_for(std::chrono::milliseconds(50)), std::future_status::ready);
  witness_answers_ = true;
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok()) << "the log did not move, and the witness is back";
  const absl::StatusOr<PublishedPtr> answer = Await(witnessed);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(PolicyOf(LogKey()).Require((*answer)->note).ok());
}

TEST_F(CheckpointerTest, AsksNoWitnessTwiceForACheckpointThatHasItsQuorum) {
  UsePolicy(/*publish_unwitnessed=*/false);
  ASSERT_TRUE(Open().ok());

  for (int i = 0; i < 3; ++i) ASSERT_TRUE(checkpointer_->CheckpointNow().ok());

  EXPECT_EQ(asked_count_, 1);
}

TEST_F(CheckpointerTest, RefusesAPolicyOfAnotherLog) {
  options_.policy = PolicyOf(NoteKeyOf(kOrigin, merkle::kNoteEd25519, 99));

  const absl::Status refused = Open();

  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(MessageOf(refused), HasSubstr(merkle::FormatVerifierKey(LogKey())));
}

TEST_F(CheckpointerTest, PublishesAgainWhereThatFailed) {
  std::vector<int64_t> published;
  bool disk_full = true;
  options_.publish = [&](const PublishedCheckpoint& checkpoint) -> absl::Status {
    if (disk_full) return absl::ResourceExhaustedError("published/checkpoint: no space");
    published.push_back(checkpoint.checkpoint.tree_size);
    return absl::OkStatus();
  };
  std::vector<absl::Status> reports;
  options_.report = [&](const absl::Status& status) { reports.push_back(status); };
  ASSERT_TRUE(Open().ok());

  EXPECT_EQ(checkpointer_->CheckpointNow().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(checkpointer_->CheckpointNow().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(checkpointer_->published(), nullptr) << "who asks the server gets it nevertheless";
  disk_full = false;
  EXPECT_TRUE(checkpointer_->CheckpointNow().ok());
  EXPECT_TRUE(checkpointer_->CheckpointNow().ok());

  EXPECT_EQ(published, std::vector<int64_t>({trial_.ledger().head().tree_size}));
  ASSERT_EQ(reports.size(), 2u) << "what does not change is reported once";
  EXPECT_EQ(reports[0].code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(reports[1].ok());
}

// ---------------------------------------------------------------------------------------------------------------------
// Waiting

TEST_F(CheckpointerTest, AnswersAtOnceWhatIsCovered) {
  ASSERT_TRUE(Open().ok());
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());

  bool answered = false;
  checkpointer_->WaitFor(0, Standing::kCheckpointed, absl::InfinitePast(),
                         [&](absl::StatusOr<PublishedPtr> answer) { answered = answer.ok(); });

  EXPECT_TRUE(answered);
}

TEST_F(CheckpointerTest, KeepsToTheDeadline) {
  ASSERT_TRUE(Open().ok());
  const absl::Time start = absl::Now();

  auto late = Wait(5, Standing::kCheckpointed, absl::Milliseconds(30));

  EXPECT_EQ(Await(late).status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(30));
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST_F(CheckpointerTest, RefusesToWaitForWitnessesWithoutAPolicy) {
  ASSERT_TRUE(Open().ok());

  auto refused = Wait(0, Standing::kWitnessed);

  EXPECT_EQ(Await(refused).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(CheckpointerTest, BoundsHowManyWait) {
  options_.waiting_count_max = 2;
  ASSERT_TRUE(Open().ok());
  auto first = Wait(0, Standing::kCheckpointed);
  auto second = Wait(0, Standing::kCheckpointed);

  auto third = Wait(0, Standing::kCheckpointed);

  EXPECT_EQ(Await(third).status().code(), absl::StatusCode::kResourceExhausted);
  ASSERT_TRUE(checkpointer_->CheckpointNow().ok());
  EXPECT_TRUE(Await(first).ok());
  EXPECT_TRUE(Await(second).ok());
}

TEST_F(CheckpointerTest, AnswersThoseWhoWaitWhenItDrains) {
  ASSERT_TRUE(Open().ok());
  auto beyond = Wait(1'000, Standing::kCheckpointed);

  checkpointer_->Drain();

  EXPECT_EQ(Await(beyond).status().code(), absl::StatusCode::kUnavailable);
  auto after = Wait(1'000, Standing::kCheckpointed);
  EXPECT_EQ(Await(after).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(CheckpointerTest, MakesALastCheckpointWhenItDrains) {
  options_.interval = absl::Hours(1);
  ASSERT_TRUE(Open().ok());
  // The first turn comes at once; what follows would have to wait for an hour.
  auto first = Wait(0, Standing::kCheckpointed);
  ASSERT_TRUE(Await(first).ok());
  auto waiting = Wait(Record(0), Standing::kCheckpointed);

  checkpointer_->Drain();

  EXPECT_TRUE(Await(waiting).ok());
}

TEST_F(CheckpointerTest, TellsThoseWhoWaitThatNothingIsSignedAnyMore) {
  ASSERT_TRUE(Open().ok());
  auto waiting = Wait(0, Standing::kCheckpointed);
  std::remove(path_.c_str());

  ASSERT_FALSE(checkpointer_->CheckpointNow().ok());

  EXPECT_EQ(Await(waiting).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace hattama::ledger
