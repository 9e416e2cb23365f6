// hattama.v1.SubmissionService: what arrives is parsed on gRPC's threads, queued at the ledger, and answered once
// durable.
#ifndef HATTAMA_SERVICES_API_SUBMISSION_SERVICE_H_
#define HATTAMA_SERVICES_API_SUBMISSION_SERVICE_H_

#include <memory>
#include <mutex>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "grpcpp/support/server_callback.h"
#include "hattama/v1/submission_service.grpc.pb.h"
#include "services/api/limits.h"
#include "services/api/queue_budget.h"
#include "services/api/worker_pool.h"
#include "services/ledger/checkpointer.h"
#include "services/ledger/ledger.h"

namespace hattama::api {

class SubmitStreamCall;

class SubmissionService final : public v1::SubmissionService::CallbackService {
 public:
  // All must outlive the service. `reads` checks what is only to be validated and makes proofs; `answers` sends
  // acknowledgements, so that the ledger's writer does not.
  SubmissionService(ledger::Ledger* ledger, ledger::Checkpointer* checkpointer, WorkerPool* reads, WorkerPool* answers,
                    const Limits& limits);
  ~SubmissionService() override;

  grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context, const v1::SubmitRequest* request,
                                   v1::SubmitResponse* response) override;
  grpc::ServerBidiReactor<v1::SubmitStreamRequest, v1::SubmitStreamResponse>* SubmitStream(
      grpc::CallbackServerContext* context) override;
  grpc::ServerReadReactor<v1::SubmitStreamRequest>* SubmitAtomically(grpc::CallbackServerContext* context,
                                                                     v1::SubmitAtomicallyResponse* response) override;

  // Streams read no further, answer what they have queued and end with UNAVAILABLE; new calls are refused the same way.
  void Drain();

  // Waits until the ledger has answered everything that was queued here, whether or not anybody still waits for it.
  void AwaitIdle();

 private:
  friend class SubmitStreamCall;
  friend class SubmitAtomicallyCall;

  // What a Submit waits for beyond the disk, nullopt for nothing; or why it cannot.
  absl::StatusOr<std::optional<ledger::Standing>> CheckWait(const v1::SubmitRequest& request) const;

  ledger::Ledger* ledger_;
  ledger::Checkpointer* checkpointer_;
  WorkerPool* reads_;
  WorkerPool* answers_;
  const Limits limits_;
  QueueBudget queued_;
  QueueBudget atomic_;

  std::mutex mutex_;
  bool draining_ = false;
  absl::flat_hash_map<const SubmitStreamCall*, std::weak_ptr<SubmitStreamCall>> streams_;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_SUBMISSION_SERVICE_H_
