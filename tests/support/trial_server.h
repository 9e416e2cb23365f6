// The services over gRPC in this process: a port that the system picks, a ledger in memory whose clock and faults the
// test owns, and the calls that tests make over and over. How a submission goes into a request is said here alone.
#ifndef HATTAMA_TESTS_SUPPORT_TRIAL_SERVER_H_
#define HATTAMA_TESTS_SUPPORT_TRIAL_SERVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"
#include "hattama/v1/audit_service.grpc.pb.h"
#include "hattama/v1/results_service.grpc.pb.h"
#include "hattama/v1/submission_service.grpc.pb.h"
#include "services/api/limits.h"
#include "services/api/service_set.h"
#include "services/ledger/checkpointer.h"
#include "services/server/network_server.h"
#include "tests/storage/temporary_directory.h"
#include "tests/support/trial_ledger.h"

namespace hattama::testing {

v1::SubmitRequest SubmitRequestOf(const std::string& submission, bool validate_only = false);
v1::SubmitStreamRequest StreamRequestOf(const std::vector<std::string>& submissions);

// A SubmitStream of one client.
class TrialStream {
 public:
  explicit TrialStream(v1::SubmissionService::Stub* stub);
  // Cancels what has not ended.
  ~TrialStream();

  // One message. False once the server has ended the stream.
  bool Send(const std::vector<std::string>& submissions);
  void SendNoMore() { stream_->WritesDone(); }
  // The next `count` answers, fewer where the stream ends before.
  std::vector<v1::SubmissionResult> Receive(size_t count);
  // The rest of the answers go to `rest`.
  grpc::Status Finish(std::vector<v1::SubmissionResult>* rest = nullptr);
  // As a client does whose machine is gone.
  void Vanish() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SubmitStreamRequest, v1::SubmitStreamResponse>> stream_;
  std::vector<v1::SubmissionResult> received_;  // Not asked for yet.
  bool finished_ = false;
};

class TrialServer {
 public:
  // Checkpoints come when a test says so (CheckpointNow), unless `checkpoints` has an interval.
  explicit TrialServer(int station_count = 20, const api::Limits& limits = {}, ledger::Ledger::Options options = {},
                       ledger::Checkpointer::Options checkpoints = {.interval = absl::InfiniteDuration()});
  ~TrialServer();

  TrialLedger& trial() { return trial_; }
  ledger::Ledger& ledger() { return trial_.ledger(); }
  ledger::Checkpointer& checkpointer() { return *checkpointer_; }
  const SyntheticElection& election() const { return trial_.election(); }
  const std::string& address() const { return address_; }

  v1::SubmissionService::Stub& submissions() { return *submissions_; }
  v1::ResultsService::Stub& results() { return *results_; }
  v1::AuditService::Stub& audit() { return *audit_; }
  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }

  // Records the definition, past gRPC. Returns the tree_size after it.
  int64_t Define() { return trial_.Define(); }

  // One Submit. `response` may be null.
  grpc::Status SubmitOne(const std::string& submission, v1::SubmitResponse* response = nullptr,
                         bool validate_only = false);
  // The sequence of a submission that must be recorded.
  int64_t Record(const std::string& submission);
  std::unique_ptr<TrialStream> OpenStream() { return std::make_unique<TrialStream>(submissions_.get()); }
  // One SubmitAtomically, a message for each of `messages`.
  grpc::Status SubmitAtomically(const std::vector<std::vector<std::string>>& messages,
                                v1::SubmitAtomicallyResponse* response = nullptr);

  // As the program does at SIGTERM, short of the shutdown of the port.
  void Drain();

 private:
  TrialLedger trial_;
  TemporaryDirectory scratch_;
  std::unique_ptr<ledger::Checkpointer> checkpointer_;
  std::unique_ptr<api::ServiceSet> services_;
  std::unique_ptr<server::NetworkServer> server_;
  std::string address_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::SubmissionService::Stub> submissions_;
  std::unique_ptr<v1::ResultsService::Stub> results_;
  std::unique_ptr<v1::AuditService::Stub> audit_;
};

// The details of a status as a standard client finds them; nothing where it carries none of a kind.
struct Details {
  google::rpc::Status status;
  std::optional<google::rpc::ErrorInfo> error;
  std::optional<google::rpc::BadRequest> bad_request;
  std::optional<google::rpc::RetryInfo> retry;

  // "field: description" of each violation.
  std::vector<std::string> Violations() const;
};
Details DetailsOf(const grpc::Status& status);
Details DetailsOf(const google::rpc::Status& status);

// One unary call: the status of `method` on `stub`.
template <typename Stub, typename Request, typename Response>
grpc::Status Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request, Response* response) {
  grpc::ClientContext context;
  return (stub.*method)(&context, request, response);
}

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_TRIAL_SERVER_H_
