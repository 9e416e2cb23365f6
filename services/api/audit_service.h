// hattama.v1.AuditService: the head, raw records, RFC 6962 proofs, checkpoints and receipts.
#ifndef HATTAMA_SERVICES_API_AUDIT_SERVICE_H_
#define HATTAMA_SERVICES_API_AUDIT_SERVICE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/server_callback.h"
#include "hattama/v1/audit_service.grpc.pb.h"
#include "services/api/limits.h"
#include "services/api/response_stream.h"
#include "services/api/statement_reader.h"
#include "services/api/versions.h"
#include "services/api/worker_pool.h"
#include "services/ledger/checkpointer.h"
#include "services/ledger/ledger.h"

namespace hattama::api {

// What a server says of itself.
struct ServerFacts {
  std::string version;
  absl::Time start_time;
};

class AuditService final : public v1::AuditService::CallbackService {
 public:
  // All must outlive the service.
  AuditService(ledger::Ledger* ledger, ledger::Checkpointer* checkpointer, WorkerPool* reads, StreamCount* streams,
               ServerFacts facts, const Limits& limits);

  grpc::ServerUnaryReactor* GetHead(grpc::CallbackServerContext* context, const v1::GetHeadRequest* request,
                                    v1::GetHeadResponse* response) override;
  grpc::ServerWriteReactor<v1::StreamRecordsResponse>* StreamRecords(grpc::CallbackServerContext* context,
                                                                     const v1::StreamRecordsRequest* request) override;
  grpc::ServerUnaryReactor* GetInclusionProof(grpc::CallbackServerContext* context,
                                              const v1::GetInclusionProofRequest* request,
                                              v1::GetInclusionProofResponse* response) override;
  grpc::ServerUnaryReactor* GetConsistencyProof(grpc::CallbackServerContext* context,
                                                const v1::GetConsistencyProofRequest* request,
                                                v1::GetConsistencyProofResponse* response) override;
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context, const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* GetReceipt(grpc::CallbackServerContext* context, const v1::GetReceiptRequest* request,
                                       v1::GetReceiptResponse* response) override;
  grpc::ServerUnaryReactor* GetStatement(grpc::CallbackServerContext* context, const v1::GetStatementRequest* request,
                                         v1::GetStatementResponse* response) override;
  grpc::ServerUnaryReactor* GetStationPath(grpc::CallbackServerContext* context,
                                           const v1::GetStationPathRequest* request,
                                           v1::GetStationPathResponse* response) override;

 private:
  absl::Status AnswerHead(v1::GetHeadResponse& response);
  absl::Status ProveInclusion(const v1::GetInclusionProofRequest& request, v1::GetInclusionProofResponse& response);
  absl::Status ProveConsistency(const v1::GetConsistencyProofRequest& request,
                                v1::GetConsistencyProofResponse& response);
  // A complete stamp of a version that exists.
  absl::Status StampComplete(int64_t tree_size, v1::AsOf& as_of);

  absl::Status AnswerCheckpoint(v1::GetCheckpointResponse& response);

  ledger::Ledger* ledger_;
  ledger::Checkpointer* checkpointer_;
  WorkerPool* reads_;
  StreamCount* streams_;
  const ServerFacts facts_;
  const absl::Duration checkpoint_wait_max_;
  RootBook roots_;
  StatementReader statements_;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_AUDIT_SERVICE_H_
