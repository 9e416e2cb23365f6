// What every handler needs of its call: whether anybody still waits, and a thread to be answered from.
#ifndef HATTAMA_SERVICES_API_CALL_H_
#define HATTAMA_SERVICES_API_CALL_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/server_callback.h"
#include "services/api/grpc_status.h"
#include "services/api/worker_pool.h"

namespace hattama::api {

// Ok while the caller waits; Cancelled once it has gone, DeadlineExceeded once its deadline has passed.
using StillWanted = std::function<absl::Status()>;

// StillWanted of a gRPC call.
absl::Status CheckStillWanted(const grpc::CallbackServerContext& context);

// When a call that may wait for `patience` stops waiting: then, or at its own deadline where that is earlier.
absl::Time WaitDeadline(const grpc::CallbackServerContext& context, absl::Duration patience);

// What a caller is told where `pool` has too much waiting.
absl::Status TooManyWaiting();

// Answers a unary call from `pool`: `work` gets a StillWanted, and its status ends the call. The context, request and
// response stay valid until then.
template <typename Work>
grpc::ServerUnaryReactor* RunRead(grpc::CallbackServerContext* context, WorkerPool& pool, Work work) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const bool queued = pool.TryRun([context, reactor, work = std::move(work)]() mutable {
    const StillWanted wanted = [context] { return CheckStillWanted(*context); };
    absl::Status status = wanted();
    if (status.ok()) status = work(wanted);
    reactor->Finish(ToGrpcStatus(status));
  });
  if (!queued) reactor->Finish(ToGrpcStatus(TooManyWaiting()));
  return reactor;
}

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_CALL_H_
