#include "services/api/submission_service.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "services/api/call.h"
#include "services/api/grpc_status.h"
#include "services/api/receipt_wait.h"
#include "services/domain/history.h"
#include "services/domain/refusal.h"
#include "services/wire/answer_codec.h"
#include "services/wire/event_codec.h"

namespace hattama::api {

using ledger::PreparedSubmission;
using ledger::SubmissionResult;

namespace {

// One response of a stream ends early once it holds so many bytes or results.
constexpr size_t kResponseBytesMax = 1 << 20;
constexpr int kResponseResultCountMax = 4'096;

absl::Status ShuttingDown() {
  return absl::UnavailableError("the server shuts down; submit again what was not acknowledged");
}

// A status that says nothing about the submission: the service cannot record, now or at all.
bool IsFailure(const SubmissionResult& result) {
  switch (result.status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kUnknown:
      return true;
    default:
      return false;
  }
}

// Parses one submission and verifies its signature. What is wrong comes back as a result that holds the refusal.
std::optional<SubmissionResult> PrepareOne(v1::SignedSubmission& submission, const ledger::Ledger& ledger,
                                           wire::StatementVerifier& verifier, PreparedSubmission& prepared) {
  SubmissionResult refused;
  const size_t size = submission.submission().size();
  if (size == 0 || size > wire::kSubmissionBytesMax) {
    refused.status = absl::InvalidArgumentError(
        absl::StrCat("submission: has ", size, " bytes, expected 1..", wire::kSubmissionBytesMax));
    return refused;
  }
  std::optional<wire::SubmissionSignature> signature;
  if (submission.has_signature()) {
    absl::StatusOr<wire::SubmissionSignature> read = wire::ToSignature(submission.signature());
    if (!read.ok()) {
      refused.status = absl::UnauthenticatedError(absl::StrCat("signature.", read.status().message()));
      refused.refusals.push_back(domain::Refusal{
          domain::RefusalReason::kSignatureInvalid, "signature", std::string(read.status().message()), {}, {}});
      return refused;
    }
    signature = *std::move(read);
  }
  absl::StatusOr<PreparedSubmission> parsed = ledger::Prepare(std::move(*submission.mutable_submission()), signature,
                                                              ledger.origin(), verifier, refused.refusals);
  if (!parsed.ok()) {
    refused.status = parsed.status();
    return refused;
  }
  prepared = *std::move(parsed);
  return std::nullopt;
}

// What the submissions of a message weigh together.
int64_t BytesOf(const v1::SubmitStreamRequest& request) {
  int64_t bytes = 0;
  for (const v1::SignedSubmission& submission : request.submissions()) {
    bytes += static_cast<int64_t>(submission.submission().size());
  }
  return bytes;
}

v1::Receipt ToReceipt(const ledger::Receipt& receipt, const ledger::Ledger& ledger) {
  v1::Receipt out;
  out.set_submission_id(reinterpret_cast<const char*>(receipt.submission_id.data()), receipt.submission_id.size());
  out.set_sequence(receipt.sequence);
  out.set_tree_size(receipt.tree_size);
  out.set_leaf_hash(reinterpret_cast<const char*>(receipt.leaf_hash.data()), receipt.leaf_hash.size());
  out.set_quarantined(receipt.quarantined);
  out.set_replayed(receipt.replayed);
  if (!receipt.findings.empty() && receipt.election >= 0 && receipt.contest >= 0) {
    ledger.WithState([&](const domain::History& history, int64_t) {
      const domain::ElectionHistory& election = history.election(receipt.election);
      for (const domain::Finding& finding : receipt.findings) {
        *out.add_findings() = wire::ToAnswer(finding, election.header(), election.contest(receipt.contest));
      }
      return 0;
    });
  }
  return out;
}

}  // namespace

// One SubmitStream.
//
// Every operation on the stream is started by Pump, which runs on one thread at a time, so that none can follow Finish.
// Whatever happens (a read, a write or a ledger's answer done, the caller gone) notes it under the lock and pumps.
class SubmitStreamCall final : public grpc::ServerBidiReactor<v1::SubmitStreamRequest, v1::SubmitStreamResponse>,
                               public std::enable_shared_from_this<SubmitStreamCall> {
 public:
  explicit SubmitStreamCall(SubmissionService* service) : service_(service) {}

  // Owns itself from here until OnDone. An `end` ends the stream at once.
  void Start(std::optional<absl::Status> end) {
    self_ = shared_from_this();
    end_ = std::move(end);
    Pump();
  }

  void Drain() {
    {
      std::lock_guard lock(mutex_);
      if (!end_) end_ = ShuttingDown();
    }
    Pump();
  }

  void OnReadDone(bool ok) override {
    if (ok) TakeMessage();
    {
      std::lock_guard lock(mutex_);
      reading_ = false;
      if (!ok) read_closed_ = true;
    }
    Pump();
  }

  void OnWriteDone(bool ok) override {
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok) cancelled_ = true;
    }
    Pump();
  }

  void OnCancel() override {
    {
      std::lock_guard lock(mutex_);
      cancelled_ = true;
    }
    Pump();
  }

  void OnDone() override {
    {
      std::lock_guard lock(service_->mutex_);
      service_->streams_.erase(this);
    }
    const auto self = std::move(self_);
  }

 private:
  // The submissions of one message and their answers, in order.
  struct Message {
    std::vector<SubmissionResult> results;
    // For each submission that was queued, its place in `results`.
    std::vector<int32_t> queued_places;
    std::vector<SubmissionResult> queued_results;
    int64_t queued_bytes = 0;
    size_t next_answer = 0;
    bool complete = false;
  };
  // Outlives the stream where the ledger still works on it.
  using MessagePtr = std::shared_ptr<Message>;

  enum class Op { kNone, kRead, kWrite, kFinish };

  // Takes what was read: parses it, and queues it or waits for its turn. Reads do not overlap, so neither does this.
  void TakeMessage() {
    const Limits& limits = service_->limits_;
    const int count = request_.submissions_size();
    const int64_t bytes = BytesOf(request_);
    if (count > limits.message_submission_count_max || bytes > limits.message_submission_bytes_max) {
      std::lock_guard lock(mutex_);
      if (!end_) {
        end_ = absl::InvalidArgumentError(absl::StrCat(
            "submissions: a message holds ", count, " submissions and ", bytes, " bytes, expected at most ",
            limits.message_submission_count_max, " and ", limits.message_submission_bytes_max));
      }
      return;
    }
    if (count == 0) return;

    const MessagePtr message = std::make_shared<Message>();
    message->results.resize(count);
    std::vector<PreparedSubmission> prepared;
    prepared.reserve(count);
    for (int i = 0; i < count; ++i) {
      PreparedSubmission one;
      std::optional<SubmissionResult> refused =
          PrepareOne(*request_.mutable_submissions(i), *service_->ledger_, verifier_, one);
      if (refused) {
        message->results[i] = *std::move(refused);
        continue;
      }
      message->queued_places.push_back(i);
      message->queued_bytes += static_cast<int64_t>(one.bytes.size());
      prepared.push_back(std::move(one));
    }
    request_.clear_submissions();
    {
      std::lock_guard lock(mutex_);
      if (end_ || cancelled_) return;  // Never queued, so never acknowledged.
      messages_.push_back(message);
      unanswered_count_ += count;
      if (prepared.empty()) {
        message->complete = true;
        return;
      }
      holding_ = true;
    }
    const int64_t queued_count = static_cast<int64_t>(prepared.size());
    auto held = std::make_shared<std::vector<PreparedSubmission>>(std::move(prepared));
    const auto queue = [self = shared_from_this(), message, held] { self->Queue(message, std::move(*held)); };
    // A grant comes on a thread that gives back: the ledger's writer.
    const auto granted = [queue, answers = service_->answers_] { answers->Run(queue); };
    if (service_->queued_.TakeOrWait(queued_count, message->queued_bytes, granted)) queue();
  }

  // Hands the message to the ledger; its share of the budget has been taken.
  void Queue(const MessagePtr& message, std::vector<PreparedSubmission> prepared) {
    const int64_t count = static_cast<int64_t>(prepared.size());
    bool wanted = true;
    {
      std::lock_guard lock(mutex_);
      holding_ = false;
      wanted = !cancelled_ && !finished_ && !end_;
      if (!wanted) std::erase(messages_, message);
    }
    if (!wanted) {
      service_->queued_.Give(count, message->queued_bytes);
      Pump();
      return;
    }
    service_->ledger_->Submit(std::move(prepared), /*atomic=*/false,
                              [self = shared_from_this(), message, count](std::vector<SubmissionResult> results) {
                                SubmissionService* service = self->service_;
                                message->queued_results = std::move(results);
                                service->answers_->Run([self, message] { self->Complete(message); });
                                service->queued_.Give(count, message->queued_bytes);
                              });
    Pump();
  }

  void Complete(const MessagePtr& message) {
    for (size_t i = 0; i < message->queued_results.size(); ++i) {
      message->results[message->queued_places[i]] = std::move(message->queued_results[i]);
    }
    message->queued_results.clear();
    {
      std::lock_guard lock(mutex_);
      message->complete = true;
    }
    Pump();
  }

  void Pump() {
    std::unique_lock lock(mutex_);
    pump_again_ = true;
    if (pumping_) return;
    pumping_ = true;
    while (pump_again_) {
      pump_again_ = false;
      const Op op = NextOp();
      if (op == Op::kNone) continue;
      pump_again_ = op != Op::kFinish;
      const absl::Status end = end_.value_or(absl::OkStatus());
      lock.unlock();
      switch (op) {
        case Op::kRead:
          StartRead(&request_);
          break;
        case Op::kWrite:
          StartWrite(&response_);
          break;
        case Op::kFinish:
          Finish(ToGrpcStatus(end));
          break;
        case Op::kNone:
          break;
      }
      lock.lock();
    }
    pumping_ = false;
  }

  // What the stream should do next; the state already says that it does. Under the lock.
  Op NextOp() {
    if (finished_) return Op::kNone;
    if (cancelled_) {
      if (writing_) return Op::kNone;
      end_ = absl::CancelledError("the caller has gone");
      finished_ = true;
      return Op::kFinish;
    }
    if (!writing_) {
      if (FillResponse()) {
        writing_ = true;
        return Op::kWrite;
      }
      if (messages_.empty() && !holding_ && (end_ || (read_closed_ && !reading_))) {
        finished_ = true;
        return Op::kFinish;
      }
    }
    const Limits& limits = service_->limits_;
    if (!reading_ && !read_closed_ && !end_ && !holding_ &&
        messages_.size() < static_cast<size_t>(limits.stream_message_count_max) &&
        unanswered_count_ < limits.stream_submission_count_max) {
      reading_ = true;
      return Op::kRead;
    }
    return Op::kNone;
  }

  // Puts answers that are complete into one response; false where there are none. Under the lock.
  bool FillResponse() {
    if (messages_.empty() || !messages_.front()->complete) return false;
    response_.clear_results();
    size_t bytes = 0;
    while (!messages_.empty() && messages_.front()->complete) {
      Message& message = *messages_.front();
      while (message.next_answer < message.results.size()) {
        if (bytes >= kResponseBytesMax || response_.results_size() >= kResponseResultCountMax) return true;
        const SubmissionResult& result = message.results[message.next_answer];
        if (IsFailure(result)) {
          // The order of the stream is kept: nothing after this one is answered, and the caller submits it again. What
          // was recorded nevertheless is then a replay.
          end_ = result.status;
          messages_.clear();
          return response_.results_size() > 0;
        }
        v1::SubmissionResult& answer = *response_.add_results();
        answer.set_index(next_index_++);
        if (result.status.ok()) {
          *answer.mutable_receipt() = ToReceipt(result.receipt, *service_->ledger_);
        } else {
          *answer.mutable_refusal() = ToRpcStatus(result.status, result.refusals);
        }
        bytes += answer.ByteSizeLong();
        ++message.next_answer;
        --unanswered_count_;
      }
      messages_.pop_front();
    }
    return response_.results_size() > 0;
  }

  SubmissionService* service_;
  std::shared_ptr<SubmitStreamCall> self_;  // gRPC holds a plain pointer.
  v1::SubmitStreamRequest request_;         // Of the read under way, then of TakeMessage.
  wire::StatementVerifier verifier_;        // Of TakeMessage.
  v1::SubmitStreamResponse response_;       // Of the write under way, else of FillResponse.

  std::mutex mutex_;
  std::deque<MessagePtr> messages_;
  int64_t unanswered_count_ = 0;
  int64_t next_index_ = 0;
  std::optional<absl::Status> end_;  // How the stream ends once everything queued is answered.
  bool reading_ = false;
  bool read_closed_ = false;
  bool holding_ = false;  // A message waits for its share of the budget.
  bool writing_ = false;
  bool cancelled_ = false;
  bool finished_ = false;
  bool pumping_ = false;
  bool pump_again_ = false;
};

// One SubmitAtomically. It finishes in one place only: where reading ends, or where the ledger has answered.
class SubmitAtomicallyCall final : public grpc::ServerReadReactor<v1::SubmitStreamRequest> {
 public:
  SubmitAtomicallyCall(SubmissionService* service, grpc::CallbackServerContext* context,
                       v1::SubmitAtomicallyResponse* response)
      : service_(service), context_(context), response_(response) {
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      // The ledger checks a whole definition on the thread that submits it.
      service_->reads_->Run([this] { SubmitAll(); });
      return;
    }
    if (absl::Status status = TakeMessage(); !status.ok()) {
      End(ToGrpcStatus(status, refusals_, prefix_));
      return;
    }
    StartRead(&request_);
  }

  void OnDone() override { delete this; }

 private:
  // Gives back what was taken, so that whoever has the answer finds room, and finishes.
  void End(const grpc::Status& status) {
    if (taken_bytes_ > 0) service_->atomic_.Give(0, taken_bytes_);
    Finish(status);
  }

  absl::Status TakeMessage() {
    const Limits& limits = service_->limits_;
    const int count = request_.submissions_size();
    const int64_t bytes = BytesOf(request_);
    if (count > limits.message_submission_count_max || bytes > limits.message_submission_bytes_max) {
      return absl::InvalidArgumentError(absl::StrCat("submissions: a message holds ", count, " submissions and ", bytes,
                                                     " bytes, expected at most ", limits.message_submission_count_max,
                                                     " and ", limits.message_submission_bytes_max));
    }
    const int64_t total_count = static_cast<int64_t>(prepared_.size()) + count;
    if (total_count > limits.atomic_submission_count_max || bytes_ + bytes > limits.atomic_submission_bytes_max) {
      return absl::InvalidArgumentError(absl::StrCat("submissions: the stream holds ", total_count, " submissions and ",
                                                     bytes_ + bytes, " bytes, expected at most ",
                                                     limits.atomic_submission_count_max, " and ",
                                                     limits.atomic_submission_bytes_max));
    }
    if (bytes > 0) {
      if (!service_->atomic_.TryTake(0, bytes)) {
        return absl::ResourceExhaustedError(absl::StrCat("atomic submissions under way hold ",
                                                         limits.atomic_total_bytes_max, " bytes; try again later"));
      }
      taken_bytes_ += bytes;
    }
    bytes_ += bytes;
    for (v1::SignedSubmission& submission : *request_.mutable_submissions()) {
      PreparedSubmission one;
      if (std::optional<SubmissionResult> refused = PrepareOne(submission, *service_->ledger_, verifier_, one)) {
        return Refused(prepared_.size(), *refused);
      }
      prepared_.push_back(std::move(one));
    }
    request_.clear_submissions();
    return absl::OkStatus();
  }

  // The status of the whole for what is wrong with one.
  absl::Status Refused(size_t index, const SubmissionResult& result) {
    prefix_ = absl::StrCat("submissions[", index, "]");
    refusals_ = result.refusals;
    return absl::Status(result.status.code(), absl::StrCat(prefix_, ": ", result.status.message()));
  }

  void SubmitAll() {
    absl::Status status = CheckStillWanted(*context_);
    if (status.ok() && prepared_.empty()) status = absl::InvalidArgumentError("submissions: the stream holds none");
    if (!status.ok()) {
      End(ToGrpcStatus(status));
      return;
    }
    // Held by gRPC until Finish, whatever becomes of the caller.
    service_->ledger_->Submit(std::move(prepared_), /*atomic=*/true, [this](std::vector<SubmissionResult> results) {
      service_->answers_->Run([this, results = std::move(results)] { Answer(results); });
    });
  }

  void Answer(const std::vector<SubmissionResult>& results) {
    // One is refused for reasons of its own and the others are Aborted because of it; or all are, for one that is of
    // the whole.
    size_t refused = results.size();
    for (size_t i = 0; i < results.size(); ++i) {
      if (results[i].status.ok()) continue;
      const bool better = refused == results.size() ||
                          (results[refused].refusals.empty() && !results[i].refusals.empty()) ||
                          (results[refused].status.code() == absl::StatusCode::kAborted &&
                           results[i].status.code() != absl::StatusCode::kAborted);
      if (better) refused = i;
    }
    if (refused < results.size()) {
      const SubmissionResult& result = results[refused];
      const bool of_the_whole = result.refusals.empty() && refused == 0;
      const absl::Status status = of_the_whole || IsFailure(result) ? result.status : Refused(refused, result);
      End(ToGrpcStatus(status, refusals_, prefix_));
      return;
    }
    response_->mutable_receipts()->Reserve(static_cast<int>(results.size()));
    for (const SubmissionResult& result : results) {
      *response_->add_receipts() = ToReceipt(result.receipt, *service_->ledger_);
    }
    End(grpc::Status::OK);
  }

  SubmissionService* service_;
  grpc::CallbackServerContext* context_;
  v1::SubmitAtomicallyResponse* response_;
  v1::SubmitStreamRequest request_;
  wire::StatementVerifier verifier_;
  std::vector<PreparedSubmission> prepared_;
  int64_t bytes_ = 0;
  int64_t taken_bytes_ = 0;
  domain::Refusals refusals_;
  std::string prefix_;
};

SubmissionService::SubmissionService(ledger::Ledger* ledger, ledger::Checkpointer* checkpointer, WorkerPool* reads,
                                     WorkerPool* answers, const Limits& limits)
    : ledger_(ledger),
      checkpointer_(checkpointer),
      reads_(reads),
      answers_(answers),
      limits_(limits),
      queued_(limits.queued_submission_count_max, limits.queued_submission_bytes_max),
      atomic_(INT64_MAX, limits.atomic_total_bytes_max) {}

SubmissionService::~SubmissionService() = default;

absl::StatusOr<std::optional<ledger::Standing>> SubmissionService::CheckWait(const v1::SubmitRequest& request) const {
  absl::StatusOr<std::optional<ledger::Standing>> standing = ToStanding(request.wait_for());
  if (!standing.ok() || !standing->has_value()) return standing;
  if (request.validate_only()) {
    return absl::InvalidArgumentError("wait_for: with validate_only nothing is recorded and no checkpoint covers it");
  }
  if (**standing == ledger::Standing::kWitnessed && !checkpointer_->has_policy()) {
    return absl::FailedPreconditionError(
        "wait_for: this log has no policy, so no quorum of witnesses is defined; nothing was recorded");
  }
  return standing;
}

grpc::ServerUnaryReactor* SubmissionService::Submit(grpc::CallbackServerContext* context,
                                                    const v1::SubmitRequest* request, v1::SubmitResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  // Before anything is recorded: whether what is to be waited for can come.
  const absl::StatusOr<std::optional<ledger::Standing>> wait_for = CheckWait(*request);
  if (!wait_for.ok()) {
    reactor->Finish(ToGrpcStatus(wait_for.status()));
    return reactor;
  }
  const auto finish = [this, context, reactor, response, standing = *wait_for](const SubmissionResult& result) {
    if (result.status.ok()) *response->mutable_receipt() = ToReceipt(result.receipt, *ledger_);
    if (!result.status.ok() || !standing.has_value()) {
      reactor->Finish(ToGrpcStatus(result.status, result.refusals));
      return;
    }
    FinishWithReceipt({.sequence = result.receipt.sequence,
                       .standing = *standing,
                       .deadline = WaitDeadline(*context, limits_.checkpoint_wait_max)},
                      *ledger_, *checkpointer_, *reads_, response->mutable_proof(), reactor);
  };
  PreparedSubmission prepared;
  wire::StatementVerifier verifier;
  v1::SignedSubmission submission = request->submission();
  if (const std::optional<SubmissionResult> refused = PrepareOne(submission, *ledger_, verifier, prepared)) {
    finish(*refused);
    return reactor;
  }

  if (request->validate_only()) {
    auto held = std::make_shared<const PreparedSubmission>(std::move(prepared));
    const bool queued = reads_->TryRun([this, context, reactor, response, held] {
      if (absl::Status gone = CheckStillWanted(*context); !gone.ok()) {
        reactor->Finish(ToGrpcStatus(gone));
        return;
      }
      const SubmissionResult result = ledger_->Validate(*held);
      if (result.status.ok()) {
        *response->mutable_receipt() = ToReceipt(result.receipt, *ledger_);
        if (!result.receipt.replayed) response->mutable_receipt()->clear_leaf_hash();
      }
      reactor->Finish(ToGrpcStatus(result.status, result.refusals));
    });
    if (!queued) reactor->Finish(ToGrpcStatus(TooManyWaiting()));
    return reactor;
  }

  const int64_t bytes = static_cast<int64_t>(prepared.bytes.size());
  if (!queued_.TryTake(1, bytes)) {
    reactor->Finish(ToGrpcStatus(absl::ResourceExhaustedError("too many submissions wait to be recorded; try again")));
    return reactor;
  }
  std::vector<PreparedSubmission> one;
  one.push_back(std::move(prepared));
  ledger_->Submit(std::move(one), /*atomic=*/false, [this, finish, bytes](std::vector<SubmissionResult> results) {
    answers_->Run([finish, results = std::move(results)] { finish(results.front()); });
    queued_.Give(1, bytes);
  });
  return reactor;
}

grpc::ServerBidiReactor<v1::SubmitStreamRequest, v1::SubmitStreamResponse>* SubmissionService::SubmitStream(
    grpc::CallbackServerContext*) {
  const auto call = std::make_shared<SubmitStreamCall>(this);
  std::optional<absl::Status> end;
  {
    std::lock_guard lock(mutex_);
    if (draining_) end = ShuttingDown();
    streams_.emplace(call.get(), call);
  }
  call->Start(std::move(end));
  return call.get();
}

grpc::ServerReadReactor<v1::SubmitStreamRequest>* SubmissionService::SubmitAtomically(
    grpc::CallbackServerContext* context, v1::SubmitAtomicallyResponse* response) {
  return new SubmitAtomicallyCall(this, context, response);
}

void SubmissionService::Drain() {
  std::vector<std::shared_ptr<SubmitStreamCall>> open;
  {
    std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& [pointer, weak] : streams_) {
      if (auto call = weak.lock()) open.push_back(std::move(call));
    }
  }
  for (const auto& call : open) call->Drain();
}

void SubmissionService::AwaitIdle() { queued_.AwaitIdle(); }

}  // namespace hattama::api
