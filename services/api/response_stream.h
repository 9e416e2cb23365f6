// A server stream fed by a source: the next responses are made only when the last ones have been taken by the
// transport, so a slow client costs one filling of memory and holds up nobody.
//
//   StartWriting -> Fill on the pool -> write, write, ... -> Fill -> ... -> wait -> Wake -> Fill -> ... -> Finish
//
// At each moment one of these owns the stream: a task on the pool, a write under way, or nobody while it waits. So no
// lock is needed but the one that decides who ends the wait.
#ifndef HATTAMA_SERVICES_API_RESPONSE_STREAM_H_
#define HATTAMA_SERVICES_API_RESPONSE_STREAM_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "grpcpp/support/server_callback.h"
#include "services/api/call.h"
#include "services/api/grpc_status.h"
#include "services/api/worker_pool.h"

namespace hattama::api {

// Counts open streams of all kinds, so that their number is bounded.
class StreamCount {
 public:
  explicit StreamCount(int64_t max) : max_(max) {}

  // False where as many are open as may be.
  bool TryEnter() {
    if (open_.fetch_add(1) < max_) return true;
    open_.fetch_sub(1);
    return false;
  }
  void Leave() { open_.fetch_sub(1); }

 private:
  const int64_t max_;
  std::atomic<int64_t> open_ = 0;
};

enum class AfterFill {
  kMore,  // Fill again once these are written.
  kWait,  // Fill again once these are written and Wake was called since this filling began.
  kEnd,   // The stream ends well once these are written.
};

template <typename Response>
class ResponseSource {
 public:
  virtual ~ResponseSource() = default;

  // Appends the next responses, none where it has none. A status that is not ok ends the stream once they are written.
  // Runs on the pool, never twice at a time.
  virtual absl::StatusOr<AfterFill> Fill(std::deque<Response>& out) = 0;
};

template <typename Response>
class ResponseStream final : public grpc::ServerWriteReactor<Response>,
                             public std::enable_shared_from_this<ResponseStream<Response>> {
 public:
  // `context`, `pool` and `count` must outlive the call.
  ResponseStream(grpc::CallbackServerContext* context, WorkerPool* pool, StreamCount* count)
      : context_(context), pool_(pool), count_(count) {}

  // Streams what `source` gives. `ended` is called when the call is over. Owns itself from here on.
  void Start(std::unique_ptr<ResponseSource<Response>> source, std::function<void()> ended = nullptr) {
    self_ = this->shared_from_this();
    ended_ = std::move(ended);
    source_ = std::move(source);
    counted_ = count_->TryEnter();
    if (!counted_) {
      this->Finish(ToGrpcStatus(absl::ResourceExhaustedError("too many streams are open; try again later")));
      return;
    }
    Schedule();
  }

  // Ends the wait, or the next one before it begins. From any thread.
  void Wake() {
    {
      std::lock_guard lock(mutex_);
      if (!waiting_) {
        woken_ = true;
        return;
      }
      waiting_ = false;
    }
    Schedule();
  }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      this->Finish(ToGrpcStatus(absl::CancelledError("the caller has gone")));
      return;
    }
    WriteNext();
  }

  void OnCancel() override { Wake(); }

  void OnDone() override {
    if (counted_) count_->Leave();
    if (ended_) ended_();
    const auto self = std::move(self_);
  }

 private:
  void Schedule() {
    pool_->Run([self = this->shared_from_this()] { self->Fill(); });
  }

  void Fill() {
    {
      // Before the look at the call and at the source: whatever changes after them wakes us again.
      std::lock_guard lock(mutex_);
      woken_ = false;
    }
    absl::Status status = CheckStillWanted(*context_);
    if (status.ok()) {
      after_ = source_->Fill(ready_);
    } else {
      after_ = std::move(status);
    }
    WriteNext();
  }

  void WriteNext() {
    if (!ready_.empty()) {
      writing_ = std::move(ready_.front());
      ready_.pop_front();
      grpc::WriteOptions options;
      // Not for the first message: gRPC would keep the headers back with it, and a write whose headers have not gone
      // out is not done, so that the next one would never begin.
      if (headers_sent_ && !ready_.empty()) options.set_buffer_hint();
      headers_sent_ = true;
      this->StartWrite(&writing_, options);
      return;
    }
    if (!after_.ok()) {
      this->Finish(ToGrpcStatus(after_.status()));
      return;
    }
    switch (*after_) {
      case AfterFill::kMore:
        Schedule();
        return;
      case AfterFill::kEnd:
        this->Finish(grpc::Status::OK);
        return;
      case AfterFill::kWait:
        break;
    }
    {
      std::lock_guard lock(mutex_);
      if (!woken_) {
        waiting_ = true;
        return;
      }
    }
    Schedule();
  }

  grpc::CallbackServerContext* context_;
  WorkerPool* pool_;
  StreamCount* count_;
  bool counted_ = false;
  std::unique_ptr<ResponseSource<Response>> source_;
  std::function<void()> ended_;
  std::shared_ptr<ResponseStream> self_;  // Until OnDone: gRPC holds a plain pointer.

  // Of whoever owns the stream at the moment.
  std::deque<Response> ready_;
  Response writing_;
  bool headers_sent_ = false;
  absl::StatusOr<AfterFill> after_ = AfterFill::kMore;

  std::mutex mutex_;
  bool waiting_ = false;
  bool woken_ = false;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_RESPONSE_STREAM_H_
