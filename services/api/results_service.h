// hattama.v1.ResultsService on the wire. What it answers is ResultsReader's and WatchSource's.
#ifndef HATTAMA_SERVICES_API_RESULTS_SERVICE_H_
#define HATTAMA_SERVICES_API_RESULTS_SERVICE_H_

#include "grpcpp/support/server_callback.h"
#include "hattama/v1/results_service.grpc.pb.h"
#include "services/api/limits.h"
#include "services/api/response_stream.h"
#include "services/api/results_reader.h"
#include "services/api/versions.h"
#include "services/api/watch.h"
#include "services/api/worker_pool.h"
#include "services/ledger/ledger.h"

namespace hattama::api {

class ResultsService final : public v1::ResultsService::CallbackService {
 public:
  // All must outlive the service.
  ResultsService(ledger::Ledger* ledger, WorkerPool* reads, StreamCount* streams, const Limits& limits);

  grpc::ServerUnaryReactor* ListElections(grpc::CallbackServerContext* context,
                                          const v1::ListElectionsRequest* request,
                                          v1::ListElectionsResponse* response) override;
  grpc::ServerUnaryReactor* GetElection(grpc::CallbackServerContext* context, const v1::GetElectionRequest* request,
                                        v1::GetElectionResponse* response) override;
  grpc::ServerUnaryReactor* ListUnits(grpc::CallbackServerContext* context, const v1::ListUnitsRequest* request,
                                      v1::ListUnitsResponse* response) override;
  grpc::ServerUnaryReactor* GetTally(grpc::CallbackServerContext* context, const v1::GetTallyRequest* request,
                                     v1::Tally* response) override;
  grpc::ServerUnaryReactor* ListTallies(grpc::CallbackServerContext* context, const v1::ListTalliesRequest* request,
                                        v1::ListTalliesResponse* response) override;
  grpc::ServerUnaryReactor* GetSeats(grpc::CallbackServerContext* context, const v1::GetSeatsRequest* request,
                                     v1::GetSeatsResponse* response) override;
  grpc::ServerUnaryReactor* GetDiff(grpc::CallbackServerContext* context, const v1::GetDiffRequest* request,
                                    v1::DiffSummary* response) override;
  grpc::ServerUnaryReactor* ListDiscrepancies(grpc::CallbackServerContext* context,
                                              const v1::ListDiscrepanciesRequest* request,
                                              v1::ListDiscrepanciesResponse* response) override;
  grpc::ServerWriteReactor<v1::ListDiscrepanciesResponse>* StreamDiscrepancies(
      grpc::CallbackServerContext* context, const v1::GetDiffRequest* request) override;
  grpc::ServerUnaryReactor* ListCoverage(grpc::CallbackServerContext* context, const v1::ListCoverageRequest* request,
                                         v1::ListCoverageResponse* response) override;
  grpc::ServerUnaryReactor* ListHistory(grpc::CallbackServerContext* context, const v1::ListHistoryRequest* request,
                                        v1::ListHistoryResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchResponse>* Watch(grpc::CallbackServerContext* context,
                                                     const v1::WatchRequest* request) override;

  // Ends every Watch with UNAVAILABLE, naming the sequence to go on from.
  void Drain() { bell_.Stop(); }

 private:
  ledger::Ledger* ledger_;
  WorkerPool* reads_;
  StreamCount* streams_;
  ResultsReader reader_;
  RootBook roots_;
  WatchBell bell_;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_RESULTS_SERVICE_H_
