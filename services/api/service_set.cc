#include "services/api/service_set.h"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>

namespace hattama::api {
namespace {

// Two at least, so that one long diff does not hold up everything else; few, because reads compute and do not wait.
int ReadThreadCount() { return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 2u, 8u)); }

}  // namespace

ServiceSet::ServiceSet(ledger::Ledger* ledger, ledger::Checkpointer* checkpointer, ServerFacts facts,
                       const Limits& limits)
    : limits_(limits),
      reads_(std::make_unique<WorkerPool>(ReadThreadCount(), limits.waiting_read_count_max)),
      answers_(std::make_unique<WorkerPool>(1, SIZE_MAX)),
      streams_(limits.open_stream_count_max),
      submission_service_(ledger, checkpointer, reads_.get(), answers_.get(), limits),
      results_service_(ledger, reads_.get(), &streams_, limits),
      audit_service_(ledger, checkpointer, reads_.get(), &streams_, std::move(facts), limits) {}

ServiceSet::~ServiceSet() {
  // Nothing may be queued on a pool that is gone: first whoever queues falls silent, then the pools end, then the
  // services that their last tasks use.
  Drain();
  submission_service_.AwaitIdle();
  reads_.reset();
  answers_.reset();
}

void ServiceSet::Register(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(limits_.message_bytes_max);
  builder.RegisterService(&submission_service_);
  builder.RegisterService(&results_service_);
  builder.RegisterService(&audit_service_);
}

void ServiceSet::Drain() {
  submission_service_.Drain();
  results_service_.Drain();
}

}  // namespace hattama::api
