#include "services/wire/signature_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "services/wire/event_codec.h"
#include "services/wire/signed_record.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/rfc6962.h"
#include "tests/support/synthetic_election.h"
#include "tests/support/trial_keys.h"

namespace hattama {
namespace {

using ::testing::HasSubstr;

constexpr wire::SigningContext kContext{.origin = "test.example/log", .election_id = "e-1"};

std::vector<std::string> Texts(int count) {
  std::vector<std::string> texts;
  for (int i = 0; i < count; ++i) texts.push_back("submission " + std::to_string(i));
  return texts;
}

std::vector<wire::SubmissionSignature> SignAll(const std::vector<std::string>& texts) {
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return wire::SignSubmissions(testing::CommissionKey(), kContext, views);
}

// Whether the signature vouches for the bytes there.
bool Holds(const wire::SubmissionSignature& signature, const wire::SigningContext& context, std::string_view bytes) {
  const absl::StatusOr<wire::SignedStatement> statement = wire::StatementOf(signature, context, bytes);
  wire::StatementVerifier verifier;
  return statement.ok() && verifier.Verify(*statement);
}

TEST(SubmissionMessageTest, IsLabelOriginElectionAndTheExactBytes) {
  EXPECT_EQ(wire::SubmissionMessage(kContext, std::string_view("a\0b\n", 4)),
            std::string("hattama/submission/v1\ntest.example/log\ne-1\na\0b\n", 47));
  EXPECT_EQ(wire::SubmissionMessage({.origin = "o", .election_id = ""}, "x"), "hattama/submission/v1\no\n\nx");
}

TEST(BatchMessageTest, IsLabelOriginElectionSizeAndRoot) {
  EXPECT_EQ(wire::BatchMessage(kContext, 2, merkle::EmptyRoot()),
            "hattama/batch/v1\ntest.example/log\ne-1\n2\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
}

TEST(SignSubmissionsTest, OneIsSignedByItself) {
  const std::vector<wire::SubmissionSignature> signatures = SignAll(Texts(1));
  ASSERT_EQ(signatures.size(), 1u);
  EXPECT_FALSE(signatures[0].batch.has_value());
  EXPECT_TRUE(Holds(signatures[0], kContext, "submission 0"));
  EXPECT_FALSE(Holds(signatures[0], kContext, "submission 1"));
}

TEST(SignSubmissionsTest, EachMemberOfABatchCanBeCheckedAlone) {
  for (const int count : {2, 3, 4, 5, 7, 8, 9, 64, 100, 1'023, 1'024}) {
    const std::vector<std::string> texts = Texts(count);
    const std::vector<wire::SubmissionSignature> signatures = SignAll(texts);
    ASSERT_EQ(signatures.size(), texts.size());
    for (const int i : {0, 1, count / 2, count - 1}) {
      ASSERT_TRUE(signatures[i].batch.has_value());
      EXPECT_EQ(signatures[i].batch->index, i);
      EXPECT_EQ(signatures[i].batch->size, count);
      EXPECT_TRUE(Holds(signatures[i], kContext, texts[i])) << i << " of " << count;
      EXPECT_FALSE(Holds(signatures[i], kContext, texts[(i + 1) % count])) << i << " of " << count;
    }
  }
}

TEST(SignSubmissionsTest, HoldsInOneLedgerAndOneElectionAlone) {
  for (const int count : {1, 4}) {
    const std::vector<std::string> texts = Texts(count);
    const wire::SubmissionSignature signature = SignAll(texts).front();
    EXPECT_TRUE(Holds(signature, kContext, texts.front()));
    EXPECT_FALSE(Holds(signature, {.origin = "test.example/other", .election_id = "e-1"}, texts.front()));
    EXPECT_FALSE(Holds(signature, {.origin = "test.example/log", .election_id = "e-2"}, texts.front()));
    // Names that run together at another place.
    EXPECT_FALSE(Holds(signature, {.origin = "test.example/log\ne-1", .election_id = ""}, texts.front()));
  }
}

TEST(StatementOfTest, RefusesAPathWithAHashMoreOrLessOrElsewhere) {
  const std::vector<std::string> texts = Texts(5);
  const wire::SubmissionSignature good = SignAll(texts)[1];
  const auto code = [&](auto change) {
    wire::SubmissionSignature bad = good;
    change(bad);
    return wire::StatementOf(bad, kContext, texts[1]).status().code();
  };
  const auto holds = [&](auto change) {
    wire::SubmissionSignature bad = good;
    change(bad);
    return Holds(bad, kContext, texts[1]);
  };

  EXPECT_EQ(code([](auto& bad) { bad.batch->path.resize(bad.batch->path.size() - 1); }),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code([](auto& bad) { bad.batch->path.push_back(merkle::EmptyRoot()); }),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(holds([](auto&) {}));
  EXPECT_FALSE(holds([](auto& bad) { bad.batch->index = 2; }));
  EXPECT_FALSE(holds([](auto& bad) { bad.batch->size = 6; }));
  EXPECT_FALSE(holds([](auto& bad) { bad.batch->path[0][7] ^= 1; }));
  EXPECT_FALSE(holds([](auto& bad) { bad.batch.reset(); }));
}

TEST(StatementVerifierTest, AGoodBatchVouchesForNoOther) {
  const std::vector<std::string> texts = Texts(3);
  const std::vector<wire::SubmissionSignature> signatures = SignAll(texts);
  wire::StatementVerifier verifier;
  ASSERT_TRUE(verifier.Verify(*wire::StatementOf(signatures[0], kContext, texts[0])));
  ASSERT_TRUE(verifier.Verify(*wire::StatementOf(signatures[1], kContext, texts[1])));

  wire::SignedStatement other = *wire::StatementOf(signatures[2], kContext, texts[2]);
  other.signature[5] ^= 1;
  EXPECT_FALSE(verifier.Verify(other));
  other = *wire::StatementOf(signatures[2], kContext, texts[2]);
  other.public_key = testing::MonitorKey().public_key();
  EXPECT_FALSE(verifier.Verify(other));
  EXPECT_FALSE(verifier.Verify(*wire::StatementOf(signatures[0], kContext, "another")));
  EXPECT_TRUE(verifier.Verify(*wire::StatementOf(signatures[2], kContext, texts[2])));
}

TEST(ToSignatureTest, GoesThereAndBack) {
  for (const wire::SubmissionSignature& signature : {SignAll(Texts(1)).front(), SignAll(Texts(6)).back()}) {
    v1::SubmissionSignature message;
    wire::FromSignature(signature, message);
    const absl::StatusOr<wire::SubmissionSignature> back = wire::ToSignature(message);
    ASSERT_TRUE(back.ok()) << back.status();
    v1::SubmissionSignature again;
    wire::FromSignature(*back, again);
    EXPECT_EQ(again.SerializeAsString(), message.SerializeAsString());
  }
}

TEST(ToSignatureTest, NamesTheFieldThatIsWrong) {
  v1::SubmissionSignature good;
  wire::FromSignature(SignAll(Texts(3)).front(), good);
  const auto fault = [&good](auto change) {
    v1::SubmissionSignature message = good;
    change(message);
    return std::string(wire::ToSignature(message).status().message());
  };
  EXPECT_EQ(fault([](auto&) {}), "");
  EXPECT_EQ(fault([](auto& m) { m.set_public_key("short"); }), "public_key: has 5 bytes, not 32");
  EXPECT_EQ(fault([](auto& m) { m.set_signature(""); }), "signature: has 0 bytes, not 64");
  EXPECT_EQ(fault([](auto& m) { m.mutable_batch()->set_size(0); }),
            "batch: index 0 of 0 is outside a batch of 1..1024");
  EXPECT_EQ(fault([](auto& m) { m.mutable_batch()->set_size(1'025); }),
            "batch: index 0 of 1025 is outside a batch of 1..1024");
  EXPECT_EQ(fault([](auto& m) { m.mutable_batch()->set_index(3); }),
            "batch: index 3 of 3 is outside a batch of 1..1024");
  EXPECT_EQ(fault([](auto& m) { m.mutable_batch()->set_index(-1); }),
            "batch: index -1 of 3 is outside a batch of 1..1024");
  EXPECT_EQ(fault([](auto& m) { m.mutable_batch()->set_hashes(1, "x"); }), "batch.hashes[1]: has 1 bytes, not 32");
}

// A protocol's record with the commission's signature, as a ledger stores it.
class OpenSignedRecordTest : public ::testing::Test {
 protected:
  static constexpr char kOrigin[] = "test.example/log";

  static std::string Protocol() { return testing::SyntheticElection(4).Protocol(2, v1::STAGE_FINAL, 0, std::nullopt); }
  static std::string Record(const std::string& submission, const wire::SubmissionSignature& signature) {
    return wire::EncodeRecord(7, 1'700'000'000'000'000, submission, signature);
  }
  static absl::StatusOr<wire::SignedRecord> Open(const std::string& record, std::string_view origin = kOrigin) {
    wire::StatementVerifier verifier;
    return wire::OpenSignedRecord(record, origin, verifier);
  }
};

TEST_F(OpenSignedRecordTest, GivesWhatWasSigned) {
  const std::string submission = Protocol();
  const absl::StatusOr<wire::SignedRecord> opened = Open(Record(submission, testing::Sign(submission, kOrigin)));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->sequence, 7);
  EXPECT_EQ(opened->submission, submission);
  ASSERT_TRUE(opened->signature.has_value());
  EXPECT_EQ(opened->signature->public_key, testing::CommissionKey().public_key());
}

TEST_F(OpenSignedRecordTest, RefusesOtherBytesAnotherLedgerAndNoSignature) {
  const std::string submission = Protocol();
  const wire::SubmissionSignature signature = testing::Sign(submission, kOrigin);
  const std::string other = testing::SyntheticElection(4).Protocol(3, v1::STAGE_FINAL, 0, std::nullopt);

  EXPECT_EQ(Open(Record(other, signature)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Open(Record(submission, signature), "other.example/log").status().code(),
            absl::StatusCode::kInvalidArgument);
  const absl::Status missing = Open(wire::EncodeRecord(7, 1'700'000'000'000'000, submission, std::nullopt)).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("sign"));
}

TEST_F(OpenSignedRecordTest, RefusesEveryBitThatIsTurned) {
  const std::string submission = Protocol();
  const std::string good = Record(submission, testing::Sign(submission, kOrigin));
  const absl::StatusOr<wire::SignedRecord> before = Open(good);
  ASSERT_TRUE(before.ok()) << before.status();
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] ^= 1 << (at % 8);
    const absl::StatusOr<wire::SignedRecord> after = Open(bad);
    // Sequence and time are the log's word, not the signer's: the leaf hash protects them.
    if (!after.ok()) continue;
    EXPECT_EQ(after->submission, before->submission) << "byte " << at;
    EXPECT_TRUE(after->sequence != before->sequence || after->time_micros != before->time_micros) << "byte " << at;
  }
}

}  // namespace
}  // namespace hattama
