// A server of an audited log that lies on demand: honest answers, and a place for each where a test changes them. Over
// gRPC in this process, as a client meets it.
#ifndef HATTAMA_TESTS_CLI_LYING_SERVER_H_
#define HATTAMA_TESTS_CLI_LYING_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "hattama/v1/audit_service.grpc.pb.h"
#include "hattama/v1/record.pb.h"
#include "hattama/v1/submission_service.grpc.pb.h"
#include "services/wire/event_codec.h"
#include "services/wire/signature_codec.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/tlog_proof.h"
#include "tests/storage/notes_support.h"
#include "tests/storage/stored_tree.h"

namespace hattama::cli {

inline constexpr char kLogOrigin[] = "lies.example/log";
inline constexpr uint8_t kLogKeyNumber = 1;

// The record of an event that somebody signed; of the founding at 0. `variant` makes another event of the same
// sequence.
inline std::string SignedRecordAt(int64_t sequence, int variant = 0, std::string_view origin = kLogOrigin) {
  v1::Submission submission;
  submission.set_submission_id(absl::StrCat("submission ", absl::Dec(sequence * 100 + variant, absl::kZeroPad5)));
  if (sequence == 0) {
    v1::LedgerFounded& founded = *submission.mutable_ledger_founded();
    founded.set_origin(kLogOrigin);
    founded.set_format_version(1);
    founded.set_authority_public_key(std::string(32, 'a'));
    return wire::EncodeRecord(0, 1'700'000'000'000'000, submission.SerializeAsString(), std::nullopt);
  }
  v1::AuditorAttested& attested = *submission.mutable_auditor_attested();
  attested.set_tree_size(1);
  attested.set_root_hash(std::string(32, 'r'));
  attested.set_verdict(v1::AUDIT_VERDICT_CONFIRMED);
  attested.set_note(absl::StrCat("variant ", variant));
  const std::string bytes = submission.SerializeAsString();
  const std::string_view view = bytes;
  const auto signatures =
      wire::SignSubmissions(testing::KeyOf(9), {.origin = origin, .election_id = ""}, std::span(&view, 1));
  return wire::EncodeRecord(sequence, 1'700'000'000'000'000 + sequence, bytes, signatures.front());
}

// A log of `size` events, of which those from `fork` on are of another variant.
inline testing::StoredTree LogOf(int64_t size, int64_t fork = INT64_MAX) {
  testing::Entries records;
  for (int64_t i = 0; i < size; ++i) records.push_back(SignedRecordAt(i, i >= fork ? 1 : 0));
  return testing::StoredTree(std::move(records));
}

inline std::string CheckpointOf(const testing::StoredTree& log, int64_t size, uint8_t key = kLogKeyNumber,
                                const std::string& origin = kLogOrigin) {
  return merkle::SignCheckpoint({.origin = origin, .tree_size = size, .root = log.root(size)}, testing::KeyOf(key))
      .value();
}

inline std::string ReceiptOf(const testing::StoredTree& log, int64_t index, int64_t size) {
  return merkle::FormatTlogProof({.extra = log.entries()[index],
                                  .index = index,
                                  .hashes = log.Inclusion(index, size),
                                  .checkpoint_note = CheckpointOf(log, size)});
}

class LyingServer final : public v1::AuditService::Service {
 public:
  // Shows `log` up to `size`; `log` outlives the server.
  LyingServer(const testing::StoredTree* log, int64_t size) : log_(log), size_(size) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    builder.RegisterService(&submissions);
    server_ = builder.BuildAndStart();
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(16 << 20);
    address_ = absl::StrCat("127.0.0.1:", port);
    stub_ =
        v1::AuditService::NewStub(grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments));
  }
  ~LyingServer() override { server_->Shutdown(); }

  v1::AuditService::Stub& stub() { return *stub_; }
  const std::string& address() const { return address_; }
  // From now on another log, or another size of it.
  void Show(const testing::StoredTree* log, int64_t size) {
    log_ = log;
    size_ = size;
  }

  // Answers every submission with one receipt, whatever was sent.
  class Submissions final : public v1::SubmissionService::Service {
   public:
    v1::SubmitResponse answer;
    int64_t submit_count = 0;

    grpc::Status Submit(grpc::ServerContext*, const v1::SubmitRequest*, v1::SubmitResponse* response) override {
      ++submit_count;
      *response = answer;
      return grpc::Status::OK;
    }
  };
  Submissions submissions;

  // The lies: each is given the honest answer.
  std::function<void(std::string& note)> checkpoint;
  std::function<void(std::vector<std::string>& records)> records;
  std::function<void(std::vector<std::string>& hashes)> inclusion;
  std::function<void(std::vector<std::string>& hashes)> consistency;
  std::function<void(std::string& proof)> receipt;

  grpc::Status GetHead(grpc::ServerContext*, const v1::GetHeadRequest*, v1::GetHeadResponse* response) override {
    response->set_origin(kLogOrigin);
    response->mutable_as_of()->set_tree_size(size_);
    const merkle::Hash& root = log_->root(size_);
    response->mutable_as_of()->set_root_hash(root.data(), root.size());
    return grpc::Status::OK;
  }

  grpc::Status GetCheckpoint(grpc::ServerContext*, const v1::GetCheckpointRequest*,
                             v1::GetCheckpointResponse* response) override {
    std::string note = CheckpointOf(*log_, size_);
    if (checkpoint) checkpoint(note);
    response->set_note(note);
    return grpc::Status::OK;
  }

  grpc::Status StreamRecords(grpc::ServerContext*, const v1::StreamRecordsRequest* request,
                             grpc::ServerWriter<v1::StreamRecordsResponse>* writer) override {
    std::vector<std::string> sent(log_->entries().begin() + request->from_sequence(),
                                  log_->entries().begin() + request->until_sequence());
    if (records) records(sent);
    v1::StreamRecordsResponse message;
    message.set_first_sequence(request->from_sequence());
    for (std::string& record : sent) message.add_records(std::move(record));
    writer->Write(message);
    return grpc::Status::OK;
  }

  grpc::Status GetInclusionProof(grpc::ServerContext*, const v1::GetInclusionProofRequest* request,
                                 v1::GetInclusionProofResponse* response) override {
    std::vector<std::string> hashes = Bytes(log_->Inclusion(request->sequence(), request->tree_size()));
    if (inclusion) inclusion(hashes);
    for (const std::string& hash : hashes) response->add_hashes(hash);
    return grpc::Status::OK;
  }

  grpc::Status GetConsistencyProof(grpc::ServerContext*, const v1::GetConsistencyProofRequest* request,
                                   v1::GetConsistencyProofResponse* response) override {
    std::vector<std::string> hashes = Bytes(log_->Consistency(request->first_tree_size(), request->second_tree_size()));
    if (consistency) consistency(hashes);
    for (const std::string& hash : hashes) response->add_hashes(hash);
    return grpc::Status::OK;
  }

  grpc::Status GetReceipt(grpc::ServerContext*, const v1::GetReceiptRequest* request,
                          v1::GetReceiptResponse* response) override {
    std::string proof = ReceiptOf(*log_, request->sequence(), size_);
    if (receipt) receipt(proof);
    response->set_proof(proof);
    return grpc::Status::OK;
  }

  static std::vector<std::string> Bytes(const std::vector<merkle::Hash>& hashes) {
    std::vector<std::string> bytes;
    for (const merkle::Hash& hash : hashes) bytes.emplace_back(hash.begin(), hash.end());
    return bytes;
  }

 private:
  const testing::StoredTree* log_;
  int64_t size_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::AuditService::Stub> stub_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_TESTS_CLI_LYING_SERVER_H_
