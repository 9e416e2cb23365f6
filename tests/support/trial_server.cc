#include "tests/support/trial_server.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/time/clock.h"
#include "services/wire/signature_codec.h"
#include "tests/support/trial_keys.h"

namespace hattama::testing {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "trial server: %s\n", what.c_str());
  std::abort();
}

merkle::Seed LogSeed() {
  merkle::Seed seed;
  seed.fill(4);
  return seed;
}

v1::SignedSubmission SignedOf(const std::string& submission) {
  v1::SignedSubmission signed_submission;
  signed_submission.set_submission(submission);
  wire::FromSignature(Sign(submission, TrialLedger::kOrigin), *signed_submission.mutable_signature());
  return signed_submission;
}

}  // namespace

v1::SubmitRequest SubmitRequestOf(const std::string& submission, bool validate_only) {
  v1::SubmitRequest request;
  *request.mutable_submission() = SignedOf(submission);
  request.set_validate_only(validate_only);
  return request;
}

v1::SubmitStreamRequest StreamRequestOf(const std::vector<std::string>& submissions) {
  v1::SubmitStreamRequest request;
  for (const std::string& submission : submissions) *request.add_submissions() = SignedOf(submission);
  return request;
}

TrialStream::TrialStream(v1::SubmissionService::Stub* stub) : stream_(stub->SubmitStream(&context_)) {}

TrialStream::~TrialStream() {
  if (finished_) return;
  Vanish();
  Finish();
}

bool TrialStream::Send(const std::vector<std::string>& submissions) {
  return stream_->Write(StreamRequestOf(submissions));
}

std::vector<v1::SubmissionResult> TrialStream::Receive(size_t count) {
  v1::SubmitStreamResponse response;
  while (received_.size() < count && stream_->Read(&response)) {
    received_.insert(received_.end(), response.results().begin(), response.results().end());
  }
  const auto end = received_.begin() + static_cast<int64_t>(std::min(count, received_.size()));
  std::vector<v1::SubmissionResult> results(received_.begin(), end);
  received_.erase(received_.begin(), end);
  return results;
}

grpc::Status TrialStream::Finish(std::vector<v1::SubmissionResult>* rest) {
  std::vector<v1::SubmissionResult> results = Receive(SIZE_MAX);
  if (rest != nullptr) *rest = std::move(results);
  finished_ = true;
  return stream_->Finish();
}

TrialServer::TrialServer(int station_count, const api::Limits& limits, ledger::Ledger::Options options,
                         ledger::Checkpointer::Options checkpoints)
    : trial_(station_count, options) {
  const std::string path = scratch_ / "signed-head";
  if (!ledger::SignedHead::Create(path, {.origin = TrialLedger::kOrigin}).ok()) Die("no signed head");
  auto signed_head = ledger::SignedHead::Take(path, TrialLedger::kOrigin);
  if (!signed_head.ok()) Die(signed_head.status().ToString());
  auto checkpointer = ledger::Checkpointer::Open(trial_.ledger(), *std::move(signed_head),
                                                 merkle::SigningKey::FromSeed(LogSeed()), std::move(checkpoints));
  if (!checkpointer.ok()) Die(checkpointer.status().ToString());
  checkpointer_ = *std::move(checkpointer);
  services_ =
      std::make_unique<api::ServiceSet>(&trial_.ledger(), checkpointer_.get(),
                                        api::ServerFacts{.version = "test", .start_time = absl::UnixEpoch()}, limits);
  absl::StatusOr<std::unique_ptr<server::NetworkServer>> server =
      server::NetworkServer::Start(*services_, {.host = "127.0.0.1", .port = 0}, grpc::InsecureServerCredentials());
  if (!server.ok()) Die(server.status().ToString());
  server_ = *std::move(server);
  address_ = server_->address().ToString();
  channel_ = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  // Now and then gRPC 1.51 takes a connection that is being made for a failed one; this tries until there is one.
  if (!channel_->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Seconds(30)))) Die("no connection to itself");
  submissions_ = v1::SubmissionService::NewStub(channel_);
  results_ = v1::ResultsService::NewStub(channel_);
  audit_ = v1::AuditService::NewStub(channel_);
}

TrialServer::~TrialServer() {
  trial_.store().Release();
  checkpointer_->Drain();
  server_.reset();
  services_.reset();
}

grpc::Status TrialServer::SubmitOne(const std::string& submission, v1::SubmitResponse* response, bool validate_only) {
  v1::SubmitResponse ignored;
  grpc::ClientContext context;
  return submissions_->Submit(&context, SubmitRequestOf(submission, validate_only),
                              response == nullptr ? &ignored : response);
}

int64_t TrialServer::Record(const std::string& submission) {
  v1::SubmitResponse response;
  if (const grpc::Status status = SubmitOne(submission, &response); !status.ok()) Die(status.error_message());
  return response.receipt().sequence();
}

grpc::Status TrialServer::SubmitAtomically(const std::vector<std::vector<std::string>>& messages,
                                           v1::SubmitAtomicallyResponse* response) {
  v1::SubmitAtomicallyResponse ignored;
  grpc::ClientContext context;
  const auto writer = submissions_->SubmitAtomically(&context, response == nullptr ? &ignored : response);
  for (const std::vector<std::string>& message : messages) {
    if (!writer->Write(StreamRequestOf(message))) break;
  }
  writer->WritesDone();
  return writer->Finish();
}

void TrialServer::Drain() {
  server_->SetHealth(/*takes_submissions=*/false, /*answers_reads=*/false);
  services_->Drain();
  trial_.ledger().Drain();
  checkpointer_->Drain();
}

std::vector<std::string> Details::Violations() const {
  std::vector<std::string> violations;
  if (!bad_request.has_value()) return violations;
  for (const auto& violation : bad_request->field_violations()) {
    violations.push_back(violation.field() + ": " + violation.description());
  }
  return violations;
}

Details DetailsOf(const google::rpc::Status& status) {
  Details details;
  details.status = status;
  for (const google::protobuf::Any& any : status.details()) {
    if (google::rpc::ErrorInfo error; any.UnpackTo(&error)) details.error = std::move(error);
    if (google::rpc::BadRequest bad; any.UnpackTo(&bad)) details.bad_request = std::move(bad);
    if (google::rpc::RetryInfo retry; any.UnpackTo(&retry)) details.retry = std::move(retry);
  }
  return details;
}

Details DetailsOf(const grpc::Status& status) {
  google::rpc::Status decoded;
  if (!decoded.ParseFromString(status.error_details())) Die("details that are no google.rpc.Status");
  return DetailsOf(decoded);
}

}  // namespace hattama::testing
