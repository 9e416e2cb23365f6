// The verbs themselves against a lying server: what they answer, and that nothing is written that does not hold.
#include <filesystem>
#include <string>
#include <vector>

#include "clients/cli/command_line.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/files/small_file.h"
#include "tests/cli/lying_server.h"
#include "tests/cli/scratch_folder.h"

namespace hattama::cli {
namespace {

using ::testing::HasSubstr;
using testing::StoredTree;

class LyingVerbsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const merkle::NoteKey log_key = testing::NoteKeyOf(kLogOrigin, merkle::kNoteEd25519, kLogKeyNumber);
    log_key_ = folder_.Write("log.vkey", merkle::FormatVerifierKey(log_key));
    key_ = folder_.Path("auditor.key");
    ASSERT_TRUE(storage::CreateFile(key_, merkle::FormatPrivateKey(testing::Named("auditor.example/a", 9)), 0600).ok());
  }

  // Runs the command line; what it says on standard error goes to said_.
  ExitCode RunVerb(std::vector<std::string> words) {
    std::vector<std::string> all = {"hattama", "--server", server_.address(), "--key", key_, "--no-progress"};
    all.insert(all.end(), words.begin(), words.end());
    all.insert(all.end(), {"--log-key", log_key_});
    std::vector<const char*> argv;
    for (const std::string& word : all) argv.push_back(word.c_str());
    ::testing::internal::CaptureStderr();
    const ExitCode code = cli::Run(static_cast<int>(argv.size()), argv.data());
    said_ = ::testing::internal::GetCapturedStderr();
    return code;
  }

  bool Exists(const std::string& name) { return std::filesystem::exists(folder_.Path(name)); }

  const StoredTree log_ = LogOf(20);
  const StoredTree fork_ = LogOf(20, /*fork=*/6);
  LyingServer server_{&log_, 9};
  ScratchFolder folder_;
  std::string log_key_, key_, said_;
};

TEST_F(LyingVerbsTest, ReceiptWritesNothingThatDoesNotHold) {
  EXPECT_EQ(RunVerb({"receipt", "--sequence", "5", "--out", folder_.Path("honest")}), ExitCode::kFine) << said_;
  server_.receipt = [this](std::string& proof) { proof = ReceiptOf(log_, 6, 9); };

  EXPECT_EQ(RunVerb({"receipt", "--sequence", "5", "--out", folder_.Path("lie")}), ExitCode::kRefused);

  EXPECT_THAT(said_, HasSubstr("is of event 6; 5 was asked for"));
  EXPECT_TRUE(Exists("honest"));
  EXPECT_FALSE(Exists("lie"));
}

TEST_F(LyingVerbsTest, SubmitKeepsNoReceiptOfAnotherSubmission) {
  server_.submissions.Answer(5, ReceiptOf(log_, 5, 9));
  const std::vector<std::string> grant = {"revoke", std::string(64, '1'), "--reason",
                                          "r",      "--receipt",          folder_.Path("receipt")};

  EXPECT_EQ(RunVerb(grant), ExitCode::kRefused);

  EXPECT_THAT(said_, HasSubstr("event 5 is another submission than the one sent"));
  EXPECT_THAT(said_, HasSubstr("by its own word the server recorded the event as sequence 5"));
  server_.submissions.Answer(5, "");
  EXPECT_EQ(RunVerb(grant), ExitCode::kRefused);
  EXPECT_THAT(said_, HasSubstr("sequence 5 without a receipt"));
  server_.submissions.Answer(5, ReceiptOf(log_, 6, 9));
  EXPECT_EQ(RunVerb(grant), ExitCode::kRefused);
  EXPECT_THAT(said_, HasSubstr("is of event 6; 5 was asked for"));
  EXPECT_FALSE(Exists("receipt"));
  EXPECT_EQ(server_.submissions.submit_count(), 3);
}

TEST_F(LyingVerbsTest, AnAlarmThatStandsSubmitsNothing) {
  const std::string state = folder_.Write("seen", CheckpointOf(log_, 9));
  folder_.Write("seen.alarm", "ALARM: two roots\n\nmore\n");

  EXPECT_EQ(RunVerb({"revoke", std::string(64, '1'), "--reason", "r", "--receipt", folder_.Path("receipt"), "--state",
                     state}),
            ExitCode::kRefused);

  EXPECT_THAT(said_, HasSubstr("ALARM: two roots"));
  EXPECT_EQ(server_.submissions.submit_count(), 0);
}

TEST_F(LyingVerbsTest, PublishWritesNoCheckpointOverRecordsThatAreNotItsOwn) {
  const std::vector<std::function<void(std::vector<std::string>&)>> lies = {
      [](auto& records) { records[6] = SignedRecordAt(6, 1); },
      [](auto& records) { std::swap(records[3], records[4]); },
      [](auto& records) { records.pop_back(); },
      [](auto& records) {
        records.push_back(records.back());
        records.erase(records.begin());
      },
      [](auto& records) { records[2] += "x"; },
  };
  const std::string copy = folder_.Path("copy");
  for (size_t i = 0; i < lies.size(); ++i) {
    SCOPED_TRACE(i);
    server_.records = lies[i];
    EXPECT_EQ(RunVerb({"publish", copy}), ExitCode::kRefused);
    EXPECT_FALSE(Exists("copy/checkpoint"));
  }
  // The same folder takes the truth afterwards, and grows with it.
  server_.records = nullptr;
  EXPECT_EQ(RunVerb({"publish", copy}), ExitCode::kFine) << said_;
  server_.Show(&log_, 20);
  EXPECT_EQ(RunVerb({"publish", copy}), ExitCode::kFine) << said_;
  EXPECT_EQ(storage::ReadSmallFile(copy + "/checkpoint", 10'000).value(), CheckpointOf(log_, 20));
  // A fork does not follow it, with no memory but the folder itself.
  server_.Show(&fork_, 20);
  EXPECT_EQ(RunVerb({"publish", copy}), ExitCode::kRefused);
  EXPECT_EQ(storage::ReadSmallFile(copy + "/checkpoint", 10'000).value(), CheckpointOf(log_, 20));
}

TEST_F(LyingVerbsTest, ExportIsOfTheSignedCheckpointOrIsNotWritten) {
  server_.records = [](auto& records) { records[6] = SignedRecordAt(6, 1); };

  EXPECT_EQ(RunVerb({"export", "--out", folder_.Path("log")}), ExitCode::kRefused);

  EXPECT_THAT(said_, HasSubstr("the log does not verify"));
  EXPECT_FALSE(Exists("log"));
}

TEST_F(LyingVerbsTest, ProveSaysWhatDoesNotHold) {
  EXPECT_EQ(RunVerb({"prove", "--sequence", "5"}), ExitCode::kFine) << said_;
  server_.inclusion = [](auto& hashes) { hashes[0][0] ^= 1; };

  EXPECT_EQ(RunVerb({"prove", "--sequence", "5"}), ExitCode::kRefused);

  EXPECT_THAT(said_, HasSubstr("does not lead to the root of size 9"));
}

}  // namespace
}  // namespace hattama::cli
