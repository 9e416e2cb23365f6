// The envelope of a record, read by hand: protobuf's own parser is the judge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "hattama/v1/record.pb.h"
#include "services/wire/event_codec.h"
#include "tests/support/seed.h"

namespace hattama {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMicros = 1'700'000'000'123'456;

TEST(RecordTest, IsReadAsItWasWritten) {
  for (const int64_t sequence : {int64_t{0}, int64_t{1}, int64_t{127}, int64_t{128}, INT64_MAX}) {
    for (const int64_t micros : {int64_t{0}, int64_t{1}, kMicros, int64_t{253'402'300'799'999'999}}) {
      for (const std::string& submission : {std::string(), std::string("x"), std::string(65'000, '\xff')}) {
        const std::string record = wire::EncodeRecord(sequence, micros, submission, std::nullopt);
        const auto decoded = wire::DecodeRecord(record);
        ASSERT_TRUE(decoded.ok()) << decoded.status();
        EXPECT_EQ(decoded->sequence, sequence);
        EXPECT_EQ(decoded->time_micros, micros);
        EXPECT_EQ(decoded->submission, submission);
      }
    }
  }
}

TEST(RecordTest, IsAProtobufRecord) {
  v1::Record record;
  ASSERT_TRUE(record.ParseFromString(wire::EncodeRecord(7, kMicros, "bytes", std::nullopt)));
  EXPECT_EQ(record.sequence(), 7);
  EXPECT_EQ(record.record_time().seconds(), 1'700'000'000);
  EXPECT_EQ(record.record_time().nanos(), 123'456'000);
  EXPECT_EQ(record.submission(), "bytes");
}

TEST(RecordTest, OfTheLargestSubmissionFitsAnEntryBundle) {
  EXPECT_LE(wire::EncodeRecord(INT64_MAX, 253'402'300'799'999'999, std::string(wire::kSubmissionBytesMax, 's'), std::nullopt).size(),
            65'535u);
}

TEST(RecordTest, KeepsSubmissionBytesThatNoSerialiserWouldWrite) {
  // The submitter twice, a field that this version does not know, and the id at the end.
  v1::Submission tail;
  tail.set_submission_id(std::string(16, '\x01'));
  v1::Submission head;
  head.set_submitter("first");
  head.mutable_ledger_founded()->set_authority_public_key(std::string(32, '\x02'));
  const std::string odd =
      head.SerializeAsString() + std::string("\xa2\x06\x03new\x12\x04last", 12) + tail.SerializeAsString();
  domain::Refusals faults;
  EXPECT_EQ(wire::DecodeSubmission(odd, faults).submitter, "last");
  EXPECT_TRUE(faults.empty());
  v1::Submission parsed;
  ASSERT_TRUE(parsed.ParseFromString(odd));
  ASSERT_NE(parsed.SerializeAsString(), odd);
  EXPECT_EQ(wire::DecodeRecord(wire::EncodeRecord(3, kMicros, odd, std::nullopt))->submission, odd);
}

void ExpectDataLoss(const std::string& bytes, const std::string& words) {
  const auto decoded = wire::DecodeRecord(bytes);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr(words));
}

TEST(RecordTest, CutShortWithinAFieldIsDataLoss) {
  const std::string record = wire::EncodeRecord(300, kMicros, std::string(200, 's'), std::nullopt);
  for (size_t size = 1; size < record.size(); ++size) {
    const std::string cut = record.substr(0, size);
    if (v1::Record().ParseFromString(cut)) continue;  // Between two fields; the Merkle leaf tells.
    ExpectDataLoss(cut, "the " + std::to_string(size) + " bytes are no Record");
  }
}

TEST(RecordTest, WithBytesBehindItIsDataLoss) {
  const std::string record = wire::EncodeRecord(300, kMicros, "submission", std::nullopt);
  // A byte of zero is no field: a reader that took it for the end would call two different leaves one record.
  ExpectDataLoss(record + std::string(1, '\0'), "are no Record");
  ExpectDataLoss(record + std::string(8, '\0'), "are no Record");
  ExpectDataLoss(record + "\xff", "are no Record");
}

TEST(RecordTest, WithAFieldThatIsNotKnownIsDataLoss) {
  ExpectDataLoss(wire::EncodeRecord(1, kMicros, "s", std::nullopt) + "\x7a\x01x", "unknown field");
  // The sequence with the wire type of a text.
  ExpectDataLoss("\x0a\x01x", "unknown field");
}

TEST(RecordTest, WithATimeOutsideTheCalendarIsDataLoss) {
  for (const int64_t seconds : {INT64_MAX, INT64_MIN, int64_t{253'402'300'800}, int64_t{-62'135'596'801}}) {
    v1::Record record;
    record.mutable_record_time()->set_seconds(seconds);
    record.set_submission("s");
    ExpectDataLoss(record.SerializeAsString(), "no valid time");
  }
  for (const int32_t nanos : {-1, 1'000'000'000}) {
    v1::Record record;
    record.mutable_record_time()->set_nanos(nanos);
    record.set_submission("s");
    ExpectDataLoss(record.SerializeAsString(), "no valid time");
  }
}

TEST(RecordTest, WithALengthAboveThirtyTwoBitsIsDataLoss) {
  // Field 3, length 2^32 + 1: taken modulo 2^32 it would look whole.
  ExpectDataLoss(std::string("\x1a\x81\x80\x80\x80\x10s", 7), "are no Record");
}

TEST(RecordTest, AlteredIsReadAsProtobufReadsItOrNotAtAll) {
  std::mt19937_64 random(testing::Seed(22));
  int accepted = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes = wire::EncodeRecord(static_cast<int64_t>(random() >> (random() % 64)) & INT64_MAX, kMicros,
                                           std::string(random() % 40, 's'), std::nullopt);
    for (uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      const size_t at = random() % bytes.size();
      random() % 2 == 0 ? void(bytes[at] = static_cast<char>(random()))
                        : void(bytes.insert(at, 1, static_cast<char>(random())));
    }
    const auto decoded = wire::DecodeRecord(bytes);
    if (!decoded.ok()) {
      EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss);
      continue;
    }
    // What a signature holds is read apart, and only where it is needed.
    if (!decoded->signature.empty() && !wire::ParseSignature(decoded->signature).ok()) continue;
    ++accepted;
    v1::Record record;
    ASSERT_TRUE(record.ParseFromString(bytes)) << "round " << round;
    EXPECT_EQ(decoded->sequence, record.sequence()) << "round " << round;
    EXPECT_EQ(decoded->submission, record.submission()) << "round " << round;
  }
  EXPECT_GT(accepted, 1000);
}

}  // namespace
}  // namespace hattama
