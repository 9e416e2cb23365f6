#include "clients/cli/witness.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "clients/cli/witness_http.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/merkle/sha256.h"
#include "storage/merkle/witness.h"
#include "tests/cli/lying_server.h"
#include "tests/cli/scratch_folder.h"

namespace hattama::cli {
namespace {

using ::testing::HasSubstr;
using testing::KeyOf;
using testing::Named;
using testing::NoteKeyOf;
using testing::StoredTree;

constexpr uint8_t kWitnessKeyNumber = 3;

class WitnessTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Witness>> TryOpen(uint8_t key = kWitnessKeyNumber) {
    return Witness::Open(
        folder_.Path("state"), Named("w.example/w", key), {NoteKeyOf(kLogOrigin, merkle::kNoteEd25519, kLogKeyNumber)},
        [] { return absl::FromUnixSeconds(1'700'000'000); },
        [this](const std::string& line) {
          const std::lock_guard hold(mutex_);
          said_.push_back(line);
        });
  }
  std::unique_ptr<Witness> Open() {
    absl::StatusOr<std::unique_ptr<Witness>> witness = TryOpen();
    EXPECT_TRUE(witness.ok()) << witness.status();
    return *std::move(witness);
  }

  static std::string Request(const StoredTree& log, int64_t old_size, int64_t size) {
    const std::vector<merkle::Hash> proof =
        old_size == 0 || old_size >= size ? std::vector<merkle::Hash>() : log.Consistency(old_size, size);
    return merkle::FormatAddCheckpoint(old_size, proof, CheckpointOf(log, size)).value();
  }

  static std::string OriginHex() {
    const merkle::Hash digest = merkle::Sha256(kLogOrigin);
    std::string hex;
    for (const uint8_t byte : digest) absl::StrAppend(&hex, absl::Hex(byte, absl::kZeroPad2));
    return hex;
  }
  std::string StateFile(const std::string& ending) { return folder_.Path("state/" + OriginHex() + ending); }

  const StoredTree log_ = LogOf(20);
  const StoredTree fork_ = LogOf(20, /*fork=*/6);
  ScratchFolder folder_;
  std::mutex mutex_;
  std::vector<std::string> said_;
};

TEST_F(WitnessTest, CosignsALogThatGrowsAndRemembersItAcrossARestart) {
  {
    const auto witness = Open();
    EXPECT_EQ(witness->LastCheckpoint(OriginHex()), std::nullopt);
    EXPECT_EQ(witness->AddCheckpoint(Request(log_, 0, 5)).http_status, 200);
    EXPECT_EQ(witness->AddCheckpoint(Request(log_, 5, 9)).http_status, 200);
  }

  const auto witness = Open();
  const merkle::WitnessAnswer behind = witness->AddCheckpoint(Request(log_, 5, 12));

  EXPECT_EQ(behind.http_status, 409);
  EXPECT_EQ(behind.body, "9\n");
  EXPECT_EQ(behind.content_type, "text/x.tlog.size");
  const absl::StatusOr<merkle::SignedCheckpoint> last =
      merkle::ParseSignedCheckpoint(witness->LastCheckpoint(OriginHex()).value());
  ASSERT_TRUE(last.ok());
  EXPECT_EQ(last->checkpoint.tree_size, 9);
  const std::vector<merkle::NoteKey> keys = {NoteKeyOf(kLogOrigin, merkle::kNoteEd25519, kLogKeyNumber),
                                             witness->note_key()};
  EXPECT_EQ(merkle::VerifyNote(last->note, keys)->size(), 2u);
  EXPECT_EQ(witness->AddCheckpoint(Request(log_, 9, 12)).http_status, 200);
}

TEST_F(WitnessTest, RefusesARollback) {
  const auto witness = Open();
  ASSERT_EQ(witness->AddCheckpoint(Request(log_, 0, 9)).http_status, 200);

  // An honest log of a smaller size, as a restored backup would show it.
  EXPECT_EQ(witness->AddCheckpoint(Request(log_, 0, 5)).http_status, 409);
  EXPECT_EQ(witness->AddCheckpoint(merkle::FormatAddCheckpoint(9, {}, CheckpointOf(log_, 5)).value()).http_status, 400);
  EXPECT_EQ(witness->AddCheckpoint(Request(log_, 5, 5)).http_status, 409);
}

TEST_F(WitnessTest, KeepsBothNotesOfAFork) {
  const auto witness = Open();
  ASSERT_EQ(witness->AddCheckpoint(Request(log_, 0, 9)).http_status, 200);
  const std::string before = witness->LastCheckpoint(OriginHex()).value();

  EXPECT_EQ(witness->AddCheckpoint(Request(fork_, 9, 9)).http_status, 422);

  EXPECT_EQ(witness->LastCheckpoint(OriginHex()), before);
  const auto text = [&](const std::string& ending) {
    std::ifstream file(StateFile(ending), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  EXPECT_EQ(text(".fork-cosigned.checkpoint"), before);
  EXPECT_EQ(text(".fork-presented.checkpoint"), CheckpointOf(fork_, 9));
  ASSERT_EQ(said_.size(), 3u);
  EXPECT_THAT(said_[0], HasSubstr("kept as evidence"));
  EXPECT_THAT(said_[2], HasSubstr("ALARM lies.example/log: the log signed two roots of size 9"));
  // A second one changes nothing: the first pair stays.
  EXPECT_EQ(
      witness->AddCheckpoint(merkle::FormatAddCheckpoint(9, {}, CheckpointOf(LogOf(9, 3), 9)).value()).http_status,
      422);
  EXPECT_EQ(text(".fork-presented.checkpoint"), CheckpointOf(fork_, 9));
  EXPECT_EQ(witness->AddCheckpoint(Request(log_, 9, 12)).http_status, 200);
}

TEST_F(WitnessTest, RefusesAnotherHistory) {
  const auto witness = Open();
  ASSERT_EQ(witness->AddCheckpoint(Request(log_, 0, 9)).http_status, 200);

  EXPECT_EQ(witness->AddCheckpoint(Request(fork_, 9, 12)).http_status, 422);
}

// A checkpoint is public, and a proof is not signed: anybody can send the one with a wrong other. That is no alarm, and
// fills no log of the operator.
TEST_F(WitnessTest, AWrongProofIsNoAlarmAndDoesNotHideOne) {
  const auto witness = Open();
  ASSERT_EQ(witness->AddCheckpoint(Request(log_, 0, 9)).http_status, 200);
  const std::string wrong = merkle::FormatAddCheckpoint(9, {}, CheckpointOf(log_, 12)).value();

  for (int i = 0; i < 100; ++i) EXPECT_EQ(witness->AddCheckpoint(wrong).http_status, 422);

  ASSERT_EQ(said_.size(), 1u);
  EXPECT_THAT(said_[0], HasSubstr("refused lies.example/log: size 12 was not shown to extend size 9"));
  EXPECT_EQ(witness->AddCheckpoint(Request(fork_, 9, 9)).http_status, 422);
  EXPECT_THAT(said_.back(), HasSubstr("ALARM"));
  EXPECT_EQ(witness->AddCheckpoint(Request(log_, 9, 12)).http_status, 200);
}

TEST_F(WitnessTest, OnlyTheLogsKeyMovesIt) {
  const auto witness = Open();

  EXPECT_EQ(witness->AddCheckpoint("old 0\n\n" + CheckpointOf(log_, 5, /*key=*/2)).http_status, 403);
  EXPECT_EQ(witness->AddCheckpoint("old 0\n\n" + CheckpointOf(log_, 5, 2, "other.example/log")).http_status, 404);
  EXPECT_EQ(witness->AddCheckpoint("rubbish").http_status, 400);
  EXPECT_EQ(witness->LastCheckpoint(OriginHex()), std::nullopt);
}

// Of racing requests that all rest on one size, one is cosigned; the others are told where the witness stands.
TEST_F(WitnessTest, RacingRequestsAreCosignedInOneOrder) {
  const auto witness = Open();
  ASSERT_EQ(witness->AddCheckpoint(Request(log_, 0, 5)).http_status, 200);
  std::atomic<int> cosigned = 0, conflicts = 0, inconsistent = 0;
  std::vector<std::thread> racers;

  for (int i = 0; i < 8; ++i) {
    racers.emplace_back([&, i] {
      const int64_t size = 6 + i;
      const merkle::WitnessAnswer answer = witness->AddCheckpoint(Request(log_, 5, size));
      if (answer.http_status == 200) ++cosigned;
      if (answer.http_status == 409) ++conflicts;
      if (answer.http_status == 422) ++inconsistent;
    });
  }
  for (std::thread& racer : racers) racer.join();

  EXPECT_EQ(cosigned, 1);
  EXPECT_EQ(conflicts, 7);
  EXPECT_EQ(inconsistent, 0);
}

// Two heads of one size, presented at once to a witness that knows nothing: one is cosigned, whichever it is.
TEST_F(WitnessTest, NeverCosignsTwoHeadsOfOneSize) {
  for (int round = 0; round < 20; ++round) {
    std::filesystem::remove_all(folder_.Path("state"));
    const auto witness = Open();
    std::atomic<int> cosigned = 0;
    std::thread one([&] { cosigned += witness->AddCheckpoint(Request(log_, 0, 9)).http_status == 200; });
    std::thread two([&] { cosigned += witness->AddCheckpoint(Request(fork_, 0, 9)).http_status == 200; });
    one.join();
    two.join();
    EXPECT_EQ(cosigned, 1);
  }
}

TEST_F(WitnessTest, DoesNotCosignWhatItCouldNotStore) {
  const auto witness = Open();
  ASSERT_EQ(witness->AddCheckpoint(Request(log_, 0, 5)).http_status, 200);
  const std::string before = witness->LastCheckpoint(OriginHex()).value();
  // A folder stands where the file has to go.
  std::filesystem::rename(StateFile(".checkpoint"), StateFile(".aside"));
  std::filesystem::create_directories(StateFile(".checkpoint") + "/x");

  const merkle::WitnessAnswer answer = witness->AddCheckpoint(Request(log_, 5, 9));

  EXPECT_EQ(answer.http_status, 500);
  EXPECT_THAT(answer.body, ::testing::Not(HasSubstr("\xE2\x80\x94")));
  EXPECT_EQ(witness->LastCheckpoint(OriginHex()), before);
}

TEST_F(WitnessTest, DoesNotStartOnAMemoryThatIsNotItsOwnOrDamaged) {
  { ASSERT_EQ(Open()->AddCheckpoint(Request(log_, 0, 5)).http_status, 200); }

  EXPECT_EQ(TryOpen(/*key=*/4).status().code(), absl::StatusCode::kFailedPrecondition);
  {
    const auto witness = Open();
    EXPECT_EQ(TryOpen().status().code(), absl::StatusCode::kFailedPrecondition);
  }
  // A smaller checkpoint that the log did sign, put in the place of what was cosigned.
  std::ofstream(StateFile(".checkpoint"), std::ios::binary) << CheckpointOf(log_, 3);
  const absl::Status forged = TryOpen().status();
  EXPECT_EQ(forged.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(forged.message()), HasSubstr("could cosign a second history"));
}

TEST(HttpAddressTest, IsAHostAndAPort) {
  EXPECT_EQ(ParseHttpAddress("127.0.0.1:8080")->port, 8080);
  EXPECT_EQ(ParseHttpAddress("[::1]:0")->host, "::1");
  for (const char* text : {"", "8080", ":8080", "host:", "host:x", "host:65536", "host:-1"}) {
    EXPECT_FALSE(ParseHttpAddress(text).ok()) << text;
  }
}

}  // namespace
}  // namespace hattama::cli
