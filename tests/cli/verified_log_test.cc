#include "clients/cli/verified_log.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "clients/cli/checkpoint_memory.h"
#include "clients/cli/failure.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/cosignature.h"
#include "tests/cli/lying_server.h"
#include "tests/cli/scratch_folder.h"

namespace hattama::cli {
namespace {

using ::testing::HasSubstr;
using testing::KeyOf;
using testing::NoteKeyOf;
using testing::StoredTree;

constexpr int64_t kSize = 9;

LogBelief TheLogsKey() { return LogBelief(NoteKeyOf(kLogOrigin, merkle::kNoteEd25519, kLogKeyNumber)); }

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class VerifiedLogTest : public ::testing::Test {
 protected:
  // A client that remembers in `path`, or in this process alone.
  std::unique_ptr<VerifiedLog> Client(const std::string& path = "", LogBelief belief = TheLogsKey()) {
    absl::StatusOr<CheckpointMemory> memory = CheckpointMemory::Open(path, belief, kLogOrigin);
    EXPECT_TRUE(memory.ok()) << memory.status();
    if (!memory.ok()) return nullptr;
    return std::make_unique<VerifiedLog>(server_.stub(), std::move(belief), *std::move(memory), absl::Seconds(20),
                                         [](const grpc::Status& status) { return FromGrpc(status); });
  }

  void ExpectLie(const absl::Status& status, const std::string& message) {
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }

  const StoredTree log_ = LogOf(20);
  const StoredTree fork_ = LogOf(20, /*fork=*/6);
  LyingServer server_{&log_, kSize};
  ScratchFolder folder_;
};

TEST_F(VerifiedLogTest, TakesAnHonestLog) {
  const auto client = Client();

  for (const int64_t size : {int64_t{1}, int64_t{8}, kSize, int64_t{20}}) {
    server_.Show(&log_, size);
    const absl::StatusOr<SeenCheckpoint> seen = client->Refresh();
    ASSERT_TRUE(seen.ok()) << seen.status();
    EXPECT_EQ(seen->checkpoint.root, log_.root(size));
    for (int64_t i = 0; i < size; ++i) {
      const absl::StatusOr<ProvenRecord> proven = client->Record(i);
      ASSERT_TRUE(proven.ok()) << proven.status();
      EXPECT_EQ(proven->record, log_.entries()[i]);
      const absl::StatusOr<VerifiedReceipt> receipt = client->Receipt(i);
      ASSERT_TRUE(receipt.ok()) << receipt.status();
      EXPECT_EQ(receipt->bytes, ReceiptOf(log_, i, size));
    }
    EXPECT_EQ(client->Record(size).status().code(), absl::StatusCode::kOutOfRange);
    EXPECT_EQ(client->Record(-1).status().code(), absl::StatusCode::kOutOfRange);
  }
}

TEST_F(VerifiedLogTest, RejectsCheckpointsThatTheLogDidNotSign) {
  struct Lie {
    std::string note;
    std::string message;
  };
  std::string spoilt = CheckpointOf(log_, kSize);
  spoilt.replace(spoilt.find("\n9\n"), 3, "\n8\n");
  const Lie lies[] = {
      {CheckpointOf(log_, kSize, /*key=*/2), "known keys signed the note"},
      {spoilt, "is not good"},
      {CheckpointOf(log_, kSize, kLogKeyNumber, "other.example/log"), "known keys signed the note"},
      {"", "the server's checkpoint does not hold"},
      {std::string(merkle::kNoteBytesMax + 1, 'x'), "the server's checkpoint does not hold"},
  };
  for (const Lie& lie : lies) {
    server_.checkpoint = [&](std::string& note) { note = lie.note; };
    ExpectLie(Client()->Refresh().status(), "the server's checkpoint does not hold");
    ExpectLie(Client()->Record(3).status(), lie.message);
  }
}

TEST_F(VerifiedLogTest, RejectsAnEmptyLogWithARoot) {
  server_.checkpoint = [&](std::string& note) {
    note = merkle::SignCheckpoint({.origin = kLogOrigin, .tree_size = 0, .root = log_.root(1)}, KeyOf(kLogKeyNumber))
               .value();
  };
  ExpectLie(Client()->Refresh().status(), "checkpoint of size 0 has the root");
}

TEST_F(VerifiedLogTest, RejectsEveryWrongProofOfARecord) {
  struct Lie {
    std::string name;
    std::function<void(std::vector<std::string>&)> change;
    std::string message;
  };
  const std::vector<Lie> lies = {
      {"a wrong hash", [](auto& hashes) { hashes[1][7] ^= 1; }, "does not lead to the root of size 9"},
      {"the right proof of another leaf",
       [this](auto& hashes) { hashes = LyingServer::Bytes(log_.Inclusion(6, kSize)); },
       "does not lead to the root of size 9"},
      {"the right proof in another tree",
       [this](auto& hashes) { hashes = LyingServer::Bytes(fork_.Inclusion(5, kSize)); },
       "does not lead to the root of size 9"},
      {"a hash too many", [](auto& hashes) { hashes.push_back(hashes.back()); }, "does not lead to the root of size 9"},
      {"a hash too few", [](auto& hashes) { hashes.pop_back(); }, "does not lead to the root of size 9"},
      {"no hash", [](auto& hashes) { hashes.clear(); }, "does not lead to the root of size 9"},
      {"hashes in another order", [](auto& hashes) { std::swap(hashes[0], hashes[1]); },
       "does not lead to the root of size 9"},
      {"a short hash", [](auto& hashes) { hashes[0].pop_back(); }, "a hash of 31 bytes"},
      {"a flood", [](auto& hashes) { hashes.assign(100'000, std::string(32, 'x')); }, "100000 hashes; none needs more"},
  };
  for (const Lie& lie : lies) {
    SCOPED_TRACE(lie.name);
    server_.inclusion = lie.change;
    ExpectLie(Client()->Record(5).status(), lie.message);
  }
}

TEST_F(VerifiedLogTest, RejectsEveryRecordThatIsNotTheOneAskedFor) {
  struct Lie {
    std::string name;
    std::function<void(std::vector<std::string>&)> change;
    std::string message;
  };
  const std::vector<Lie> lies = {
      {"the record of another sequence", [this](auto& records) { records[0] = log_.entries()[6]; },
       "says that it is event 6, not 5"},
      {"another event of the same sequence", [](auto& records) { records[0] = SignedRecordAt(5, 1); },
       "does not lead to the root of size 9"},
      {"an event signed for another log", [](auto& records) { records[0] = SignedRecordAt(5, 0, "other.example/log"); },
       "the signature is not that of key"},
      {"no record", [](auto& records) { records.clear(); }, "a message without records"},
      {"a record too many", [this](auto& records) { records.push_back(log_.entries()[6]); },
       "more records than the 1 from 5"},
      {"a record too large", [](auto& records) { records[0] = std::string(65'536, 'x'); },
       "65536 bytes as event 5; no record has more than 65535"},
      {"rubbish", [](auto& records) { records[0] = "rubbish"; }, "the record of event 5"},
      {"nothing", [](auto& records) { records[0].clear(); }, "the record of event 5"},
  };
  for (const Lie& lie : lies) {
    SCOPED_TRACE(lie.name);
    server_.records = lie.change;
    ExpectLie(Client()->Record(5).status(), lie.message);
  }
}

TEST_F(VerifiedLogTest, RejectsAnotherRecordWithItsOwnRightProof) {
  server_.records = [this](auto& records) { records[0] = log_.entries()[6]; };
  server_.inclusion = [this](auto& hashes) { hashes = LyingServer::Bytes(log_.Inclusion(6, kSize)); };

  ExpectLie(Client()->Record(5).status(), "says that it is event 6, not 5");
}

TEST_F(VerifiedLogTest, RejectsAStaleCheckpointEachTimeAndRaisesNoAlarm) {
  const std::string state = folder_.Path("seen");
  ASSERT_TRUE(Client(state)->Refresh().ok());
  server_.Show(&log_, 5);

  for (int i = 0; i < 2; ++i) {
    const absl::Status stale = Client(state)->Refresh().status();
    EXPECT_EQ(stale.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(stale.message()), HasSubstr("stale: the server shows the checkpoint of size 5"));
    EXPECT_THAT(std::string(stale.message()), HasSubstr("size 9 was seen before"));
  }

  EXPECT_FALSE(std::filesystem::exists(state + ".alarm"));
  server_.Show(&log_, 12);
  EXPECT_TRUE(Client(state)->Refresh().ok());
}

// Two clients that each see one head are both content; the first memory that sees both is not, ever again.
TEST_F(VerifiedLogTest, TwoHeadsOfOneSizeRaiseAnAlarmThatAPersonMustRemove) {
  const std::string state = folder_.Path("seen");
  ASSERT_TRUE(Client(state)->Refresh().ok());
  server_.Show(&fork_, kSize);
  ASSERT_TRUE(Client()->Refresh().ok());

  ExpectLie(Client(state)->Refresh().status(), "two roots of size 9");

  server_.Show(&log_, kSize);
  const absl::Status sticky = CheckpointMemory::Open(state, TheLogsKey(), kLogOrigin).status();
  EXPECT_EQ(sticky.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(sticky.message()), HasSubstr("two roots of size 9"));
  EXPECT_THAT(std::string(sticky.message()), HasSubstr("seen.alarm and removed it"));
  const std::string alarm = TextOf(state + ".alarm");
  EXPECT_THAT(alarm, HasSubstr(CheckpointOf(log_, kSize)));
  EXPECT_THAT(alarm, HasSubstr(CheckpointOf(fork_, kSize)));
  std::filesystem::remove(state + ".alarm");
  EXPECT_TRUE(Client(state)->Refresh().ok());
}

TEST_F(VerifiedLogTest, ALargerCheckpointOfAnotherHistoryRaisesAnAlarm) {
  const std::string state = folder_.Path("seen");
  ASSERT_TRUE(Client(state)->Refresh().ok());
  server_.Show(&fork_, 12);

  ExpectLie(Client(state)->Refresh().status(), "size 12 was not shown to extend size 9");

  EXPECT_TRUE(std::filesystem::exists(state + ".alarm"));
}

TEST_F(VerifiedLogTest, RejectsEveryWrongProofOfConsistency) {
  const std::vector<std::function<void(std::vector<std::string>&)>> lies = {
      [](auto& hashes) { hashes[0][0] ^= 1; },
      [](auto& hashes) { hashes.push_back(hashes[0]); },
      [](auto& hashes) { hashes.pop_back(); },
      [](auto& hashes) { hashes.clear(); },
      [](auto& hashes) { hashes[0] += "x"; },
      [](auto& hashes) { hashes.assign(100'000, hashes[0]); },
      [this](auto& hashes) { hashes = LyingServer::Bytes(log_.Consistency(8, 12)); },
  };
  for (size_t i = 0; i < lies.size(); ++i) {
    SCOPED_TRACE(i);
    const auto client = Client();
    server_.consistency = nullptr;
    server_.Show(&log_, kSize);
    ASSERT_TRUE(client->Refresh().ok());
    server_.Show(&log_, 12);
    server_.consistency = lies[i];
    ExpectLie(client->Refresh().status(), "size 12 was not shown to extend size 9");
  }
}

TEST_F(VerifiedLogTest, RejectsEveryWrongReceipt) {
  struct Lie {
    std::string name;
    std::string receipt;
    std::string message;
  };
  const auto changed = [this](const std::function<void(merkle::TlogProof&)>& change) {
    merkle::TlogProof proof = merkle::ParseTlogProof(ReceiptOf(log_, 5, kSize)).value();
    change(proof);
    return merkle::FormatTlogProof(proof);
  };
  const std::vector<Lie> lies = {
      {"a receipt of another event", ReceiptOf(log_, 6, kSize), "is of event 6; 5 was asked for"},
      {"another record inside", changed([this](auto& proof) { proof.extra = log_.entries()[6]; }),
       "the record is not at 5"},
      {"another index", changed([](auto& proof) { proof.index = 4; }), "the record is not at 4"},
      {"a hash too many", changed([](auto& proof) { proof.hashes.push_back(proof.hashes[0]); }),
       "the record is not at 5"},
      {"a hash too few", changed([](auto& proof) { proof.hashes.pop_back(); }), "the record is not at 5"},
      {"no record", changed([](auto& proof) { proof.extra.reset(); }), "does not carry its record"},
      {"a record too large", changed([](auto& proof) { proof.extra = std::string(65'536, 'x'); }),
       "a record of 65536 bytes"},
      {"another key's checkpoint",
       changed([this](auto& proof) { proof.checkpoint_note = CheckpointOf(log_, kSize, 2); }),
       "known keys signed the note"},
      {"an older checkpoint than its proof",
       changed([this](auto& proof) { proof.checkpoint_note = CheckpointOf(log_, 8); }), "the record is not at 5"},
      {"rubbish", "rubbish", "the server's receipt does not hold"},
      {"nothing", "", "the server's receipt does not hold"},
  };
  for (const Lie& lie : lies) {
    SCOPED_TRACE(lie.name);
    server_.receipt = [&](std::string& proof) { proof = lie.receipt; };
    ExpectLie(Client()->Receipt(5).status(), lie.message);
  }
}

TEST_F(VerifiedLogTest, AReceiptOfAForkRaisesAnAlarm) {
  const std::string state = folder_.Path("seen");
  ASSERT_TRUE(Client(state)->Refresh().ok());
  server_.receipt = [this](std::string& proof) { proof = ReceiptOf(fork_, 7, kSize); };

  ExpectLie(Client(state)->Receipt(7).status(), "two roots of size 9");

  EXPECT_TRUE(std::filesystem::exists(state + ".alarm"));
}

TEST_F(VerifiedLogTest, AReceiptUnderAnOlderCheckpointMustBeOfTheSameHistory) {
  server_.Show(&log_, 12);
  const auto client = Client();
  ASSERT_TRUE(client->Refresh().ok());
  server_.receipt = [this](std::string& proof) { proof = ReceiptOf(log_, 7, kSize); };
  EXPECT_TRUE(client->Receipt(7).ok());
  server_.receipt = [this](std::string& proof) { proof = ReceiptOf(fork_, 7, kSize); };

  ExpectLie(client->Receipt(7).status(), "size 12 was not shown to extend size 9");
}

TEST_F(VerifiedLogTest, APolicyAsksForItsWitnesses) {
  const merkle::NoteKey log_key = NoteKeyOf(kLogOrigin, merkle::kNoteEd25519, kLogKeyNumber);
  const merkle::NoteKey witness_key = NoteKeyOf("w.example/w", merkle::kNoteCosignature, 3);
  const std::string text = absl::StrCat("log ", merkle::FormatVerifierKey(log_key), "\nwitness observer ",
                                        merkle::FormatVerifierKey(witness_key), "\nquorum observer\n");
  const auto belief = [&] { return LogBelief(merkle::TlogPolicy::Parse(text).value()); };
  const auto cosigned_by = [](uint8_t key, int64_t time) {
    return [key, time](std::string& note) {
      const merkle::Note parsed = merkle::ParseNote(note).value();
      note +=
          merkle::FormatSignatureLine(merkle::CosignCheckpoint(parsed.text, KeyOf(key), "w.example/w", time).value());
    };
  };

  ExpectLie(Client("", belief())->Refresh().status(), "observer");
  server_.checkpoint = cosigned_by(4, 1'700'000'000);
  ExpectLie(Client("", belief())->Refresh().status(), "observer");
  server_.checkpoint = cosigned_by(3, 1'700'000'000);

  const absl::StatusOr<SeenCheckpoint> seen = Client("", belief())->Refresh();

  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->witnesses.size(), 1u);
  EXPECT_EQ(seen->witnesses[0].witness, "observer");
  EXPECT_EQ(seen->witnesses[0].time_seconds, 1'700'000'000);
}

TEST_F(VerifiedLogTest, APrefixIsOneOfTheCheckpointAlone) {
  const auto client = Client();
  ASSERT_TRUE(client->Refresh().ok());

  for (int64_t size = 0; size <= kSize; ++size) EXPECT_TRUE(client->RequirePrefix(size, log_.root(size)).ok()) << size;
  for (int64_t size = 7; size <= kSize; ++size) {
    ExpectLie(client->RequirePrefix(size, fork_.root(size)), "are not those of the checkpoint of size 9");
  }
  ExpectLie(client->RequirePrefix(0, log_.root(1)), "the tree of no records does not have the root");
  EXPECT_EQ(client->RequirePrefix(10, log_.root(10)).code(), absl::StatusCode::kOutOfRange);
}

TEST_F(VerifiedLogTest, AStreamHasAsManyRecordsAsWereAskedFor) {
  const auto client = Client();
  const auto count = [&] {
    const auto stream = client->Stream(2, 7);
    int64_t taken = 0;
    while (true) {
      const absl::StatusOr<std::string> record = stream->Next();
      if (!record.ok()) return std::pair(taken, record.status());
      ++taken;
    }
  };

  EXPECT_EQ(count().first, 5);
  EXPECT_EQ(count().second.code(), absl::StatusCode::kOutOfRange);
  server_.records = [](auto& records) { records.pop_back(); };
  ExpectLie(count().second, "the server sent 4 of 5 records");
  server_.records = [](auto& records) { records.push_back(records[0]); };
  ExpectLie(count().second, "more records than the 5 from 2");
}

TEST(OpenReceiptTest, NoticesEveryChangeOfABitAndEveryCut) {
  const std::string receipt = ReceiptOf(LogOf(9), 5, 9);
  ASSERT_TRUE(OpenReceipt(receipt, TheLogsKey()).ok());

  for (size_t at = 0; at < receipt.size(); ++at) {
    EXPECT_FALSE(OpenReceipt(receipt.substr(0, at), TheLogsKey()).ok()) << "cut at " << at;
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = receipt;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_FALSE(OpenReceipt(changed, TheLogsKey()).ok()) << "byte " << at << ", bit " << bit;
    }
  }
  EXPECT_FALSE(OpenReceipt(receipt + receipt, TheLogsKey()).ok());
}

TEST(CheckpointMemoryTest, IsOfOneLogAndOneProcess) {
  const ScratchFolder folder;
  const StoredTree log = LogOf(3);
  const std::string state = folder.Write("seen", CheckpointOf(log, 3));
  const LogBelief other(NoteKeyOf("other.example/log", merkle::kNoteEd25519, 2));

  EXPECT_EQ(CheckpointMemory::Open(state, other, "other.example/log").status().code(),
            absl::StatusCode::kInvalidArgument);
  const absl::StatusOr<CheckpointMemory> held = CheckpointMemory::Open(state, TheLogsKey(), kLogOrigin);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_EQ(held->last()->checkpoint.tree_size, 3);
  const absl::Status second = CheckpointMemory::Open(state, TheLogsKey(), kLogOrigin).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr("another process holds it"));
}

TEST(CheckpointMemoryTest, RefusesAFileThatTheLogDidNotSign) {
  const ScratchFolder folder;
  const std::string state = folder.Write("seen", CheckpointOf(LogOf(3), 3, /*key=*/2));

  EXPECT_EQ(CheckpointMemory::Open(state, TheLogsKey(), kLogOrigin).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(LogBeliefTest, SaysWhichOriginIsMeant) {
  const std::string log_a = merkle::FormatVerifierKey(NoteKeyOf("a.example", merkle::kNoteEd25519, 1));
  const std::string log_b = merkle::FormatVerifierKey(NoteKeyOf("b.example", merkle::kNoteEd25519, 2));
  const LogBelief both(merkle::TlogPolicy::Parse("log " + log_a + "\nlog " + log_b + "\nquorum none\n").value());

  EXPECT_EQ(TheLogsKey().OriginFor("").value(), kLogOrigin);
  EXPECT_EQ(both.OriginFor("b.example").value(), "b.example");
  EXPECT_THAT(std::string(both.OriginFor("").status().message()), HasSubstr("names 2 logs"));
  EXPECT_THAT(std::string(both.OriginFor("c.example").status().message()), HasSubstr("a.example, b.example"));
  EXPECT_FALSE(both.asks_for_witnesses());
}

}  // namespace
}  // namespace hattama::cli
