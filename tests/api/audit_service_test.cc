// The log itself over gRPC: head, records, proofs; and what every server has: health and reflection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "grpcpp/generic/generic_stub.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/verify.h"
#include "tests/support/trial_server.h"

namespace hattama {
namespace {

using testing::AppendFault;
using testing::Call;
using testing::DetailsOf;
using ::testing::HasSubstr;
using testing::TrialServer;
using Stub = v1::AuditService::Stub;

merkle::Hash HashOf(const std::string& bytes) {
  merkle::Hash hash{};
  EXPECT_EQ(bytes.size(), hash.size());
  std::memcpy(hash.data(), bytes.data(), std::min(bytes.size(), hash.size()));
  return hash;
}

std::vector<merkle::Hash> HashesOf(const google::protobuf::RepeatedPtrField<std::string>& list) {
  std::vector<merkle::Hash> hashes;
  for (const std::string& bytes : list) hashes.push_back(HashOf(bytes));
  return hashes;
}

void Grow(TrialServer& server, int count) {
  server.Define();
  for (int station = 0; station < count; ++station) {
    server.Record(server.election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt));
  }
}

v1::GetHeadResponse HeadOf(TrialServer& server) {
  v1::GetHeadResponse response;
  const grpc::Status status = Call(server.audit(), &Stub::GetHead, v1::GetHeadRequest(), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response;
}

TEST(HeadTest, IsTheHeadOfTheLedgerAndItsName) {
  TrialServer server;
  Grow(server, 3);
  const v1::GetHeadResponse response = HeadOf(server);
  EXPECT_EQ(response.as_of().tree_size(), server.ledger().head().tree_size);
  EXPECT_EQ(HashOf(response.as_of().root_hash()), server.ledger().head().root);
  EXPECT_EQ(response.origin(), testing::TrialLedger::kOrigin);
  EXPECT_EQ(response.server_version(), "test");
  EXPECT_FALSE(response.read_only());
  EXPECT_TRUE(response.read_only_reason().empty());
}

TEST(HeadTest, SaysThatAndWhyNothingIsTakenAnyMore) {
  TrialServer server;
  server.Define();
  server.trial().store().FailNextAppend(AppendFault::kUnknownUnwritten);
  EXPECT_EQ(server.SubmitOne(server.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt)).error_code(),
            grpc::UNAVAILABLE);
  const v1::GetHeadResponse response = HeadOf(server);
  EXPECT_TRUE(response.read_only());
  EXPECT_THAT(response.read_only_reason(), HasSubstr("until it is restarted"));
}

TEST(InclusionProofTest, OfEveryRecordInEveryVersionHolds) {
  TrialServer server;
  Grow(server, 8);
  const int64_t head = server.ledger().head().tree_size;
  for (int64_t tree_size = 1; tree_size <= head; ++tree_size) {
    for (int64_t sequence = 0; sequence < tree_size; ++sequence) {
      v1::GetInclusionProofRequest request;
      request.set_sequence(sequence);
      request.set_tree_size(tree_size);
      v1::GetInclusionProofResponse response;
      ASSERT_TRUE(Call(server.audit(), &Stub::GetInclusionProof, request, &response).ok());
      EXPECT_EQ(HashOf(response.leaf_hash()), merkle::LeafHash(*server.ledger().ReadRecord(sequence)));
      EXPECT_EQ(response.as_of().tree_size(), tree_size);
      EXPECT_TRUE(merkle::VerifyInclusion(HashOf(response.leaf_hash()), sequence, tree_size,
                                          HashesOf(response.hashes()), HashOf(response.as_of().root_hash()))
                      .ok());
    }
  }
}

TEST(InclusionProofTest, OutsideTheLogIsOutOfRange) {
  TrialServer server;
  Grow(server, 1);
  const int64_t head = server.ledger().head().tree_size;
  for (const auto& [sequence, tree_size] : std::vector<std::pair<int64_t, int64_t>>{
           {head, 0}, {-1, 0}, {0, head + 1}, {0, -1}, {3, 3}, {INT64_MAX, INT64_MAX}}) {
    v1::GetInclusionProofRequest request;
    request.set_sequence(sequence);
    request.set_tree_size(tree_size);
    v1::GetInclusionProofResponse response;
    const grpc::Status status = Call(server.audit(), &Stub::GetInclusionProof, request, &response);
    EXPECT_EQ(status.error_code(), grpc::OUT_OF_RANGE) << sequence << " in " << tree_size;
  }
}

TEST(ConsistencyProofTest, OfEveryTwoVersionsHolds) {
  TrialServer server;
  Grow(server, 5);
  const int64_t head = server.ledger().head().tree_size;
  for (int64_t second = 1; second <= head; ++second) {
    for (int64_t first = 0; first <= second; ++first) {
      v1::GetConsistencyProofRequest request;
      request.set_first_tree_size(first);
      request.set_second_tree_size(second);
      v1::GetConsistencyProofResponse response;
      ASSERT_TRUE(Call(server.audit(), &Stub::GetConsistencyProof, request, &response).ok());
      EXPECT_EQ(response.first().tree_size(), first);
      EXPECT_EQ(response.second().tree_size(), second);
      if (first == 0) {
        EXPECT_EQ(HashOf(response.first().root_hash()), merkle::EmptyRoot());
        continue;
      }
      EXPECT_TRUE(merkle::VerifyConsistency(first, second, HashesOf(response.hashes()),
                                            HashOf(response.first().root_hash()), HashOf(response.second().root_hash()))
                      .ok())
          << first << " to " << second;
    }
  }
  v1::GetConsistencyProofRequest request;
  v1::GetConsistencyProofResponse response;
  request.set_first_tree_size(5);
  request.set_second_tree_size(4);
  EXPECT_EQ(Call(server.audit(), &Stub::GetConsistencyProof, request, &response).error_code(), grpc::OUT_OF_RANGE);
  request.set_second_tree_size(head + 1);
  EXPECT_EQ(Call(server.audit(), &Stub::GetConsistencyProof, request, &response).error_code(), grpc::OUT_OF_RANGE);
}

// The records of one StreamRecords, and how it ended.
grpc::Status Stream(TrialServer& server, int64_t from, int64_t until, std::vector<std::string>* records) {
  v1::StreamRecordsRequest request;
  request.set_from_sequence(from);
  request.set_until_sequence(until);
  grpc::ClientContext context;
  const auto stream = server.audit().StreamRecords(&context, request);
  for (v1::StreamRecordsResponse response; stream->Read(&response);) {
    EXPECT_EQ(response.first_sequence(), from + static_cast<int64_t>(records->size()));
    records->insert(records->end(), response.records().begin(), response.records().end());
  }
  return stream->Finish();
}

TEST(StreamRecordsTest, GivesTheBytesAsStoredForAnyRange) {
  TrialServer server;
  Grow(server, 8);
  const int64_t head = server.ledger().head().tree_size;
  for (int64_t from = 0; from <= head; ++from) {
    for (const int64_t until : {int64_t{0}, head, from + (head - from) / 2}) {
      if (until != 0 && until < from) continue;
      std::vector<std::string> records;
      const grpc::Status status = Stream(server, from, until, &records);
      ASSERT_TRUE(status.ok()) << status.error_message();
      const int64_t end = until == 0 ? head : until;
      ASSERT_EQ(records.size(), static_cast<size_t>(end - from));
      for (int64_t sequence = from; sequence < end; ++sequence) {
        EXPECT_EQ(records[sequence - from], *server.ledger().ReadRecord(sequence));
      }
    }
  }
}

TEST(StreamRecordsTest, CutsALongLogIntoMessagesThatClientsTake) {
  TrialServer server(200);
  server.Define();
  for (int station = 0; station < 60; ++station) {
    server.Record(testing::EditedUnder(static_cast<uint8_t>(station),
                                       server.election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt),
                                       [](v1::Submission& submission) {
                                         submission.mutable_protocol_submitted()->set_note(std::string(60'000, 'n'));
                                       }));
  }
  v1::StreamRecordsRequest request;
  grpc::ClientContext context;
  const auto stream = server.audit().StreamRecords(&context, request);
  int64_t next = 0;
  int message_count = 0;
  for (v1::StreamRecordsResponse response; stream->Read(&response); ++message_count) {
    EXPECT_EQ(response.first_sequence(), next);
    EXPECT_LT(response.ByteSizeLong(), size_t{4} << 20);
    next += response.records_size();
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(next, server.ledger().head().tree_size);
  EXPECT_GT(message_count, 2);
}

TEST(StreamRecordsTest, OutsideTheLogIsOutOfRange) {
  TrialServer server;
  Grow(server, 1);
  const int64_t head = server.ledger().head().tree_size;
  std::vector<std::string> records;
  EXPECT_EQ(Stream(server, 0, head + 1, &records).error_code(), grpc::OUT_OF_RANGE);
  EXPECT_EQ(Stream(server, head + 1, 0, &records).error_code(), grpc::OUT_OF_RANGE);
  EXPECT_EQ(Stream(server, -1, 0, &records).error_code(), grpc::OUT_OF_RANGE);
  const grpc::Status reversed = Stream(server, 4, 3, &records);
  EXPECT_EQ(reversed.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf(reversed).Violations().size(), 1u);
}

TEST(StreamRecordsTest, OfADamagedRecordEndsWithDataLossAfterTheOnesBefore) {
  TrialServer server;
  Grow(server, 5);
  server.trial().store().ChangeRecord(6, "anything", /*noticed=*/true);
  std::vector<std::string> records;
  const grpc::Status status = Stream(server, 0, 0, &records);
  EXPECT_EQ(status.error_code(), grpc::DATA_LOSS);
  EXPECT_THAT(status.error_message(), HasSubstr("record 6"));
  EXPECT_EQ(records.size(), 6u);
}

// ---------------------------------------------------------------------------------------------------------------------
// Health and reflection. Their messages are written by hand, because Debian ships no stubs of them.

grpc::ByteBuffer BufferOf(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (buffer.Dump(&slices).ok()) {
    for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

// grpc.health.v1: HealthCheckRequest.service = 1, HealthCheckResponse.status = 1 (SERVING 1, NOT_SERVING 2).
std::string HealthOf(TrialServer& server, const std::string& service) {
  grpc::GenericStub stub(server.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareUnaryCall(&context, "/grpc.health.v1.Health/Check",
                            BufferOf("\x0a" + std::string(1, static_cast<char>(service.size())) + service), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, &response);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status.ok() ? BytesOf(response) : "status " + std::to_string(status.error_code());
}

TEST(HealthTest, SaysServingUntilTheDrain) {
  TrialServer server;
  const std::vector<std::string> services = {"", api::kSubmissionServiceName, api::kResultsServiceName,
                                             api::kAuditServiceName};
  for (const std::string& service : services) EXPECT_EQ(HealthOf(server, service), "\x08\x01") << service;
  EXPECT_EQ(HealthOf(server, "no.such.Service"), "status 5");
  server.Drain();
  for (const std::string& service : services) EXPECT_EQ(HealthOf(server, service), "\x08\x02") << service;
}

TEST(ReflectionTest, ListsTheServices) {
  TrialServer server;
  grpc::GenericStub stub(server.channel());
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  const auto call =
      stub.PrepareCall(&context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  const auto await = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  ASSERT_TRUE(await());
  // ServerReflectionRequest.list_services = 7.
  call->Write(BufferOf(std::string("\x3a\x00", 2)), nullptr);
  ASSERT_TRUE(await());
  grpc::ByteBuffer response;
  call->Read(&response, nullptr);
  ASSERT_TRUE(await());
  const std::string listed = BytesOf(response);
  for (const char* service :
       {api::kSubmissionServiceName, api::kResultsServiceName, api::kAuditServiceName, "grpc.health.v1.Health"}) {
    EXPECT_THAT(listed, HasSubstr(service));
  }
  call->WritesDone(nullptr);
  ASSERT_TRUE(await());
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(await());
  EXPECT_TRUE(status.ok()) << status.error_message();
}

}  // namespace
}  // namespace hattama
