#include "services/ledger/signed_head.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <fstream>
#include <string>
#include <vector>

#include "tests/storage/stored_tree.h"
#include "tests/storage/temporary_directory.h"

namespace hattama::ledger {
namespace {

using ::hattama::testing::Entries;
using ::hattama::testing::StoredTree;
using ::hattama::testing::TemporaryDirectory;
using ::testing::HasSubstr;

constexpr char kOrigin[] = "test.example/log";

class SignedHeadTest : public ::testing::Test {
 protected:
  SignedHeadTest() : tree_(StoredTree::OfNumbers(40)), path_(scratch_ / "signed-head") {
    EXPECT_TRUE(SignedHead::Create(path_, At(0)).ok());
  }

  merkle::Checkpoint At(int64_t size) const { return {kOrigin, size, tree_.root(size)}; }

  std::unique_ptr<SignedHead> TakeOrDie() {
    absl::StatusOr<std::unique_ptr<SignedHead>> head = SignedHead::Take(path_, kOrigin);
    if (!head.ok()) {
      std::cerr << head.status() << std::endl;
      std::abort();
    }
    return *std::move(head);
  }

  absl::Status AdvanceTo(SignedHead& head, int64_t size) {
    return head.Advance(At(size), tree_.Consistency(head.last().tree_size, size));
  }

  std::string Text() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void SetText(const std::string& text) const { std::ofstream(path_, std::ios::trunc) << text; }

  TemporaryDirectory scratch_;
  StoredTree tree_;
  std::string path_;
};

// While it lives, writing a byte to any file of this process fails.
class FullDisk {
 public:
  FullDisk() {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit none = before_;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(SignedHeadTest, MovesOnAndRemembers) {
  ASSERT_TRUE(AdvanceTo(*TakeOrDie(), 7).ok());
  ASSERT_TRUE(AdvanceTo(*TakeOrDie(), 40).ok());

  EXPECT_EQ(TakeOrDie()->last(), At(40));
  EXPECT_EQ(Text(), merkle::FormatCheckpoint(At(40)));
}

TEST_F(SignedHeadTest, StaysWhereItIsAtTheSameHead) {
  const auto head = TakeOrDie();
  ASSERT_TRUE(AdvanceTo(*head, 7).ok());

  EXPECT_TRUE(AdvanceTo(*head, 7).ok());
  EXPECT_EQ(head->last(), At(7));
}

TEST_F(SignedHeadTest, NeverTakesTwoRootsOfOneSize) {
  const auto head = TakeOrDie();
  ASSERT_TRUE(AdvanceTo(*head, 7).ok());

  const absl::Status refused = head->Advance({kOrigin, 7, tree_.root(8)}, {});

  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Text(), merkle::FormatCheckpoint(At(7)));
}

TEST_F(SignedHeadTest, NeverGoesBack) {
  const auto head = TakeOrDie();
  ASSERT_TRUE(AdvanceTo(*head, 7).ok());

  EXPECT_EQ(head->Advance(At(6), {}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Text(), merkle::FormatCheckpoint(At(7)));
}

TEST_F(SignedHeadTest, WantsTheProofThatTheLogOnlyGrew) {
  const auto head = TakeOrDie();
  ASSERT_TRUE(AdvanceTo(*head, 7).ok());
  const StoredTree other(Entries(40, "other"));

  EXPECT_EQ(head->Advance({kOrigin, 40, other.root(40)}, other.Consistency(7, 40)).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(head->Advance(At(40), {}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(head->Advance({"other.example/log", 40, tree_.root(40)}, tree_.Consistency(7, 40)).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Text(), merkle::FormatCheckpoint(At(7)));
}

TEST_F(SignedHeadTest, HasOneHolder) {
  const auto first = TakeOrDie();

  const auto second = SignedHead::Take(path_, kOrigin);

  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("another server signs for this log"));
}

// A lock does not reach across machines that share a folder; comparing the file does.
TEST_F(SignedHeadTest, NoticesThatSomebodyElseSigned) {
  const auto head = TakeOrDie();
  ASSERT_TRUE(AdvanceTo(*head, 7).ok());
  SetText(merkle::FormatCheckpoint(At(9)));

  const absl::Status refused = AdvanceTo(*head, 12);

  EXPECT_EQ(refused.code(), absl::StatusCode::kAborted);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("another server signs"));
  EXPECT_EQ(Text(), merkle::FormatCheckpoint(At(9)));
}

TEST_F(SignedHeadTest, NoticesThatTheFileIsGoneOrEmptied) {
  const auto head = TakeOrDie();
  SetText("");
  EXPECT_EQ(AdvanceTo(*head, 12).code(), absl::StatusCode::kAborted);
  std::remove(path_.c_str());
  EXPECT_EQ(AdvanceTo(*head, 12).code(), absl::StatusCode::kAborted);
}

TEST_F(SignedHeadTest, StaysAtTheLastHeadWhereTheDiskIsFull) {
  const auto head = TakeOrDie();
  ASSERT_TRUE(AdvanceTo(*head, 7).ok());
  {
    FullDisk full;
    ASSERT_FALSE(AdvanceTo(*head, 12).ok());
  }

  EXPECT_EQ(head->last(), At(7));
  EXPECT_EQ(Text(), merkle::FormatCheckpoint(At(7)));
  EXPECT_TRUE(AdvanceTo(*head, 13).ok());
  EXPECT_EQ(Text(), merkle::FormatCheckpoint(At(13)));
}

// The file was replaced, and then its name could not be synced: nobody knows which of the two a crash would leave.
TEST_F(SignedHeadTest, GoesOnFromAWriteOfUnknownOutcome) {
  const auto head = TakeOrDie();
  {
    FullDisk full;
    ASSERT_FALSE(AdvanceTo(*head, 12).ok());
  }
  SetText(merkle::FormatCheckpoint(At(12)));

  EXPECT_EQ(head->last(), At(0));
  EXPECT_TRUE(AdvanceTo(*head, 13).ok());
  EXPECT_EQ(Text(), merkle::FormatCheckpoint(At(13)));
}

TEST_F(SignedHeadTest, IsNotMadeTwice) {
  EXPECT_EQ(SignedHead::Create(path_, At(0)).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(SignedHeadTest, SaysThatTheFileIsMissing) {
  const auto head = SignedHead::Take(scratch_ / "nowhere", kOrigin);

  EXPECT_EQ(head.status().code(), absl::StatusCode::kNotFound);
  std::ifstream lock(scratch_ / "nowhere.lock");
  EXPECT_FALSE(lock.is_open()) << "a mistyped path left a file behind";
}

TEST_F(SignedHeadTest, RefusesTheFileOfAnotherLog) {
  const auto head = SignedHead::Take(path_, "other.example/log");

  EXPECT_EQ(head.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(head.status().message()), HasSubstr("test.example/log"));
}

TEST_F(SignedHeadTest, RefusesAFileThatIsDamaged) {
  const std::string good = Text();
  for (const std::string& bad : {std::string(), good + "more\n", good.substr(0, good.size() - 1), std::string("x\n")}) {
    SetText(bad);
    EXPECT_EQ(SignedHead::Take(path_, kOrigin).status().code(), absl::StatusCode::kDataLoss) << bad;
  }
}

}  // namespace
}  // namespace hattama::ledger
