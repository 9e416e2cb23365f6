// A start is a replay of the whole log: what contradicts itself is found, and its sequence named.
#include "services/ledger/replayer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "services/ledger/ledger.h"
#include "services/wire/event_codec.h"
#include "storage/memory/memory_event_store.h"
#include "tests/support/random_log.h"
#include "tests/support/seed.h"
#include "tests/support/trial_keys.h"
#include "tests/support/trial_ledger.h"

namespace hattama {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::TrialLedger;

constexpr int64_t kLongLogSize = 2'300;  // More than two batches of the replay.

// The records of a lively log of `size` events.
std::vector<std::string> RecordsOf(int64_t size) {
  TrialLedger trial(40);
  testing::RandomLog log(&trial.election(), 5);
  for (int64_t sequence = trial.Define(); sequence < size; ++sequence) {
    trial.SetTime(TrialLedger::kStartMicros + sequence * 1'000);
    const ledger::SubmissionResult result = trial.SubmitOne(log.Next(sequence));
    EXPECT_TRUE(result.status.ok()) << result.status;
  }
  std::vector<std::string> records;
  for (int64_t sequence = 0; sequence < size; ++sequence) records.push_back(*trial.ledger().ReadRecord(sequence));
  return records;
}

const std::vector<std::string>& LongLog() {
  static const std::vector<std::string>* const records = new std::vector<std::string>(RecordsOf(kLongLogSize));
  return *records;
}

// Stores the records as they are: hashes and root are those of these bytes, so only their content can be at fault.
void Store(const std::vector<std::string>& records, storage::EventStore& store) {
  std::vector<storage::NewRecord> batch;
  for (size_t i = 0; i < records.size(); ++i) {
    storage::SubmissionId id{};
    std::memcpy(id.data(), &i, sizeof(i));
    batch.push_back({records[i], id, merkle::Sha256(records[i])});
  }
  const auto head = store.Append(0, batch);
  ASSERT_TRUE(head.ok()) << head.status();
}

absl::Status StatusOfReplay(const std::vector<std::string>& records) {
  storage::MemoryEventStore store;
  Store(records, store);
  return ledger::Ledger::Open(store, [] { return TrialLedger::kStartMicros; }, {}).status();
}

void ExpectDataLossAt(int64_t sequence, const std::string& words, const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("record " + std::to_string(sequence) + ":"), HasSubstr(words)));
}

// The record with another envelope or another submission.
std::string Rewritten(const std::string& record,
                      const std::function<void(int64_t& sequence, int64_t& time, std::string& submission)>& change) {
  const auto decoded = wire::DecodeRecord(record);
  EXPECT_TRUE(decoded.ok());
  int64_t sequence = decoded->sequence;
  int64_t time = decoded->time_micros;
  std::string submission(decoded->submission);
  change(sequence, time, submission);
  // A replay holds records to their leaves and their signers to their rights; signatures are an audit's business.
  std::optional<wire::SubmissionSignature> signature;
  if (!decoded->signature.empty()) signature = *wire::ParseSignature(decoded->signature);
  return wire::EncodeRecord(sequence, time, submission, signature);
}

// The places of faults: the beginning, within the first batch, on both sides of its end, and the last record.
const std::array<int64_t, 6> kPlaces = {0, 5, 1'023, 1'024, 2'000, kLongLogSize - 1};

TEST(ReplayTest, OfAnIntactLogGivesTheStateOfTheWriter) {
  TrialLedger trial(40);
  testing::RandomLog log(&trial.election(), testing::Seed(41));
  for (int64_t sequence = trial.Define(); sequence < 300; ++sequence) {
    const ledger::SubmissionResult result = trial.SubmitOne(log.Next(sequence));
    ASSERT_TRUE(result.status.ok()) << result.status;
  }
  const std::vector<std::string> before = trial.EveryTally();
  const storage::Head head = trial.ledger().head();

  ASSERT_TRUE(trial.Restart().ok());

  EXPECT_EQ(trial.ledger().head(), head);
  EXPECT_EQ(trial.EveryTally(), before);
}

TEST(ReplayTest, TakesTheLongLogAsItIs) { EXPECT_TRUE(StatusOfReplay(LongLog()).ok()); }

TEST(ReplayTest, NamesTheRecordThatDoesNotMatchItsHash) {
  for (const int64_t place : kPlaces) {
    storage::MemoryEventStore memory;
    Store(LongLog(), memory);
    testing::FaultyEventStore store(&memory);
    store.ChangeRecord(place, "anything", /*noticed=*/true);
    const absl::Status status = ledger::Ledger::Open(store, [] { return int64_t{0}; }, {}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("record " + std::to_string(place)));
  }
}

TEST(ReplayTest, OfAChangedFigureThatTheStoreOverlookedMissesTheRoot) {
  // The figure is a legal one: nothing but the root tells.
  storage::MemoryEventStore memory;
  Store(LongLog(), memory);
  testing::FaultyEventStore store(&memory);
  int64_t place = kLongLogSize / 2;
  std::string changed;
  while (changed.empty()) {
    changed = Rewritten(LongLog()[++place], [](int64_t&, int64_t&, std::string& submission) {
      v1::Submission message;
      ASSERT_TRUE(message.ParseFromString(submission));
      if (!message.has_protocol_submitted()) return submission.clear();
      v1::OptionFigure& figure = *message.mutable_protocol_submitted()->mutable_options(0);
      figure.set_count(figure.count() + 1);
      submission = message.SerializeAsString();
    });
    if (wire::DecodeRecord(changed)->submission.empty()) changed.clear();
  }
  store.ChangeRecord(place, changed, /*noticed=*/false);
  const absl::Status status = ledger::Ledger::Open(store, [] { return int64_t{0}; }, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("root over " + std::to_string(kLongLogSize)), HasSubstr("not the root stored")));
}

TEST(ReplayTest, OfAnotherRootThanTheHeadsIsDataLoss) {
  storage::MemoryEventStore store;
  Store(LongLog(), store);
  storage::Head head = store.head();
  head.root[31] ^= 1;
  domain::History history;
  const absl::Status status = ledger::Replay(store, head, history);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("root over " + std::to_string(kLongLogSize)));
}

TEST(ReplayTest, NamesTheFirstOfTwoRecordsThatChangedPlaces) {
  for (const int64_t place : kPlaces) {
    if (place + 1 == kLongLogSize) continue;
    std::vector<std::string> records = LongLog();
    std::swap(records[place], records[place + 1]);
    ExpectDataLossAt(place, "carries sequence " + std::to_string(place + 1), StatusOfReplay(records));
  }
}

TEST(ReplayTest, NamesTheRecordAfterOneThatIsGone) {
  std::vector<std::string> records = LongLog();
  records.erase(records.begin() + 1'500);
  ExpectDataLossAt(1'500, "carries sequence 1501", StatusOfReplay(records));
}

TEST(ReplayTest, NamesARecordWithAWrongSequenceInside) {
  for (const int64_t place : kPlaces) {
    std::vector<std::string> records = LongLog();
    records[place] = Rewritten(records[place], [](int64_t& sequence, int64_t&, std::string&) { sequence += 7; });
    ExpectDataLossAt(place, "carries sequence " + std::to_string(place + 7), StatusOfReplay(records));
  }
}

TEST(ReplayTest, NamesTheRecordWhoseTimeFalls) {
  for (const int64_t place : kPlaces) {
    if (place == 0) continue;
    std::vector<std::string> records = LongLog();
    records[place] = Rewritten(records[place], [](int64_t&, int64_t& time, std::string&) { time = 1; });
    ExpectDataLossAt(place, "time is before", StatusOfReplay(records));
  }
}

TEST(ReplayTest, TakesEqualTimes) {
  std::vector<std::string> records = LongLog();
  for (std::string& record : records) {
    record = Rewritten(record, [](int64_t&, int64_t& time, std::string&) { time = 77; });
  }
  EXPECT_TRUE(StatusOfReplay(records).ok());
}

TEST(ReplayTest, NamesTheRecordThatTheStateBeforeItWouldNotAdmit) {
  for (const int64_t place : kPlaces) {
    if (place < 10) continue;
    std::vector<std::string> records = LongLog();
    records[place] = Rewritten(records[place], [](int64_t&, int64_t&, std::string& submission) {
      submission = testing::Edited(
          testing::SyntheticElection(40).Protocol(0, v1::STAGE_FINAL, 0, std::nullopt),
          [](v1::Submission& message) { message.mutable_protocol_submitted()->set_unit_id("nowhere"); });
    });
    ExpectDataLossAt(place, "nowhere", StatusOfReplay(records));
  }
}

TEST(ReplayTest, NamesTheRecordThatIsNone) {
  for (const int64_t place : kPlaces) {
    std::vector<std::string> records = LongLog();
    records[place].pop_back();
    ExpectDataLossAt(place, "are no Record", StatusOfReplay(records));
  }
}

TEST(ReplayTest, NamesTheRecordWithoutASubmission) {
  for (const int64_t place : kPlaces) {
    std::vector<std::string> records = LongLog();
    records[place] = Rewritten(records[place], [](int64_t&, int64_t&, std::string& submission) { submission = "x"; });
    ExpectDataLossAt(place, "submission", StatusOfReplay(records));
  }
}

TEST(ReplayTest, OfALogThatBeginsWithAnotherEventIsDataLoss) {
  std::vector<std::string> records = LongLog();
  records[0] = Rewritten(records[1], [](int64_t& sequence, int64_t&, std::string&) { sequence = 0; });
  ExpectDataLossAt(0, "the founding event is signed", StatusOfReplay(records));
}

TEST(ReplayTest, OfALogThatIsFoundedTwiceIsDataLoss) {
  std::vector<std::string> records = LongLog();
  records[9] = Rewritten(records[9], [&](int64_t&, int64_t&, std::string& submission) {
    submission = std::string(wire::DecodeRecord(records[0])->submission);
  });
  ExpectDataLossAt(9, "founded as", StatusOfReplay(records));
}

TEST(OpenTest, OfAnEmptyStoreIsFailedPrecondition) {
  storage::MemoryEventStore store;
  const absl::Status status = ledger::Ledger::Open(store, [] { return int64_t{0}; }, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(FoundTest, RefusesAStoreThatHoldsEvents) {
  TrialLedger trial;
  const absl::Status status = ledger::Ledger::Found(trial.store(), "other.example/log", testing::AuthorityKey().public_key(),
                                                     [] { return int64_t{0}; });
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("1 events"));
}

TEST(FoundTest, RefusesOriginsThatNoCheckpointCouldCarry) {
  for (const std::string& origin :
       {std::string(), std::string("with space"), std::string("a+b"), std::string("a\nb"), std::string(300, 'a')}) {
    storage::MemoryEventStore store;
    const absl::Status status = ledger::Ledger::Found(store, origin, testing::AuthorityKey().public_key(), [] { return int64_t{0}; });
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << origin << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("origin"));
    EXPECT_EQ(store.head().tree_size, 0);
  }
}

}  // namespace
}  // namespace hattama
