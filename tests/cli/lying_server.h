// A server of an audited log that lies on demand: honest answers, and a place for each where a test changes them. Over
// gRPC in this process, as a client meets it.
#ifndef HATTAMA_TESTS_CLI_LYING_SERVER_H_
#define HATTAMA_TESTS_CLI_LYING_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
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
    const auto channel = grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
    // Now and then gRPC 1.51 takes a connection that is being made for a failed one; this tries until there is one.
    (void)channel->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Seconds(30)));
    stub_ = v1::AuditService::NewStub(channel);
  }
  ~LyingServer() override { server_->Shutdown(); }

  v1::AuditService::Stub& stub() { return *stub_; }
  const std::string& address() const { return address_; }
  // From now on another log, or another size of it.
  void Show(const testing::StoredTree* log, int64_t size) {
    const std::lock_guard hold(mutex_);
    log_ = log;
    size_ = size;
  }

  // Answers every submission with one receipt, whatever was sent.
  class Submissions final : public v1::SubmissionService::Service {
   public:
    void Answer(int64_t sequence, const std::string& proof) {
      const std::lock_guard hold(mutex_);
      answer_.mutable_receipt()->set_sequence(sequence);
      answer_.set_proof(proof);
    }
    int64_t submit_count() {
      const std::lock_guard hold(mutex_);
      return submit_count_;
    }

    grpc::Status Submit(grpc::ServerContext*, const v1::SubmitRequest*, v1::SubmitResponse* response) override {
      const std::lock_guard hold(mutex_);
      ++submit_count_;
      *response = answer_;
      return grpc::Status::OK;
    }

   private:
    std::mutex mutex_;
    v1::SubmitResponse answer_;
    int64_t submit_count_ = 0;
  };
  Submissions submissions;

  // A lie about one kind of answer: given the honest one, it may change it.
  template <class T>
  class Lie {
   public:
    Lie& operator=(std::function<void(T& honest)> change) {
      const std::lock_guard hold(mutex_);
      change_ = std::move(change);
      return *this;
    }
    void Tell(T& honest) {
      const std::lock_guard hold(mutex_);
      if (change_) change_(honest);
    }

   private:
    std::mutex mutex_;
    std::function<void(T& honest)> change_;
  };
  Lie<std::string> checkpoint;                // The note.
  Lie<std::vector<std::string>> records;      // Of one stream.
  Lie<std::vector<std::string>> inclusion;    // The hashes.
  Lie<std::vector<std::string>> consistency;  // The hashes.
  Lie<std::string> receipt;                   // The tlog-proof.

  grpc::Status GetHead(grpc::ServerContext*, const v1::GetHeadRequest*, v1::GetHeadResponse* response) override {
    response->set_origin(kLogOrigin);
    const auto [log, size] = shown();
    response->mutable_as_of()->set_tree_size(size);
    const merkle::Hash& root = log->root(size);
    response->mutable_as_of()->set_root_hash(root.data(), root.size());
    return grpc::Status::OK;
  }

  grpc::Status GetCheckpoint(grpc::ServerContext*, const v1::GetCheckpointRequest*,
                             v1::GetCheckpointResponse* response) override {
    const auto [log, size] = shown();
    std::string note = CheckpointOf(*log, size);
    checkpoint.Tell(note);
    response->set_note(note);
    return grpc::Status::OK;
  }

  grpc::Status StreamRecords(grpc::ServerContext*, const v1::StreamRecordsRequest* request,
                             grpc::ServerWriter<v1::StreamRecordsResponse>* writer) override {
    const testing::StoredTree* const log = shown().first;
    std::vector<std::string> sent(log->entries().begin() + request->from_sequence(),
                                  log->entries().begin() + request->until_sequence());
    records.Tell(sent);
    v1::StreamRecordsResponse message;
    message.set_first_sequence(request->from_sequence());
    for (std::string& record : sent) message.add_records(std::move(record));
    writer->Write(message);
    return grpc::Status::OK;
  }

  grpc::Status GetInclusionProof(grpc::ServerContext*, const v1::GetInclusionProofRequest* request,
                                 v1::GetInclusionProofResponse* response) override {
    std::vector<std::string> hashes = Bytes(shown().first->Inclusion(request->sequence(), request->tree_size()));
    inclusion.Tell(hashes);
    for (const std::string& hash : hashes) response->add_hashes(hash);
    return grpc::Status::OK;
  }

  grpc::Status GetConsistencyProof(grpc::ServerContext*, const v1::GetConsistencyProofRequest* request,
                                   v1::GetConsistencyProofResponse* response) override {
    std::vector<std::string> hashes =
        Bytes(shown().first->Consistency(request->first_tree_size(), request->second_tree_size()));
    consistency.Tell(hashes);
    for (const std::string& hash : hashes) response->add_hashes(hash);
    return grpc::Status::OK;
  }

  grpc::Status GetReceipt(grpc::ServerContext*, const v1::GetReceiptRequest* request,
                          v1::GetReceiptResponse* response) override {
    const auto [log, size] = shown();
    std::string proof = ReceiptOf(*log, request->sequence(), size);
    receipt.Tell(proof);
    response->set_proof(proof);
    return grpc::Status::OK;
  }

  static std::vector<std::string> Bytes(const std::vector<merkle::Hash>& hashes) {
    std::vector<std::string> bytes;
    for (const merkle::Hash& hash : hashes) bytes.emplace_back(hash.begin(), hash.end());
    return bytes;
  }

 private:
  std::pair<const testing::StoredTree*, int64_t> shown() {
    const std::lock_guard hold(mutex_);
    return {log_, size_};
  }

  std::mutex mutex_;
  const testing::StoredTree* log_;
  int64_t size_;
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::AuditService::Stub> stub_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_TESTS_CLI_LYING_SERVER_H_
