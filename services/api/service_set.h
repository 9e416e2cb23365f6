// All services over one ledger, with the threads they share. Where to start: a server registers this, and a test too.
#ifndef HATTAMA_SERVICES_API_SERVICE_SET_H_
#define HATTAMA_SERVICES_API_SERVICE_SET_H_

#include <memory>
#include <vector>

#include "grpcpp/server_builder.h"
#include "services/api/audit_service.h"
#include "services/api/limits.h"
#include "services/api/response_stream.h"
#include "services/api/results_service.h"
#include "services/api/submission_service.h"
#include "services/api/worker_pool.h"
#include "services/ledger/checkpointer.h"
#include "services/ledger/ledger.h"

namespace hattama::api {

// Names as in grpc.health.v1.
inline constexpr char kSubmissionServiceName[] = "hattama.v1.SubmissionService";
inline constexpr char kResultsServiceName[] = "hattama.v1.ResultsService";
inline constexpr char kAuditServiceName[] = "hattama.v1.AuditService";

class ServiceSet {
 public:
  // Both must outlive the set.
  ServiceSet(ledger::Ledger* ledger, ledger::Checkpointer* checkpointer, ServerFacts facts, const Limits& limits = {});
  // The checkpointer has been drained, and the server that runs the set has been shut down. Waits for what the ledger
  // still has to answer.
  ~ServiceSet();

  // Registers the services, and the limits on messages.
  void Register(grpc::ServerBuilder& builder);

  // Ends streams that would otherwise stay open, each with UNAVAILABLE and after what it had queued was answered. The
  // ledger is drained next, then the checkpointer, then the server shut down.
  void Drain();

 private:
  const Limits limits_;
  std::unique_ptr<WorkerPool> reads_;
  std::unique_ptr<WorkerPool> answers_;
  StreamCount streams_;
  SubmissionService submission_service_;
  ResultsService results_service_;
  AuditService audit_service_;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_SERVICE_SET_H_
