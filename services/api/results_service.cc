#include "services/api/results_service.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/api/call.h"

namespace hattama::api {
namespace {

// The rows of one diff, page by page.
class DiscrepancySource final : public ResponseSource<v1::ListDiscrepanciesResponse> {
 public:
  DiscrepancySource(ResultsReader* reader, const v1::GetDiffRequest& request, StillWanted wanted)
      : reader_(reader), request_(request), wanted_(std::move(wanted)) {}

  absl::StatusOr<AfterFill> Fill(std::deque<v1::ListDiscrepanciesResponse>& out) override {
    if (!comparison_) {
      absl::StatusOr<Comparison> compared = reader_->Compare(request_, "", std::nullopt, wanted_);
      if (!compared.ok()) return compared.status();
      comparison_ = *std::move(compared);
    }
    // Without any rows there is one page still, for its versions.
    offset_ = reader_->AppendDiscrepancies(*comparison_, {}, offset_, kRowCount, out.emplace_back());
    return offset_ < static_cast<int64_t>(comparison_->diff->discrepancies.size()) ? AfterFill::kMore : AfterFill::kEnd;
  }

 private:
  static constexpr int64_t kRowCount = 500;

  ResultsReader* reader_;
  const v1::GetDiffRequest request_;
  const StillWanted wanted_;
  std::optional<Comparison> comparison_;
  int64_t offset_ = 0;
};

}  // namespace

ResultsService::ResultsService(ledger::Ledger* ledger, WorkerPool* reads, StreamCount* streams, const Limits& limits)
    : ledger_(ledger),
      reads_(reads),
      streams_(streams),
      reader_(ledger, limits),
      roots_(ledger),
      bell_(ledger, reads) {}

grpc::ServerUnaryReactor* ResultsService::ListElections(grpc::CallbackServerContext* context,
                                                        const v1::ListElectionsRequest* request,
                                                        v1::ListElectionsResponse* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted&) { return reader_.ListElections(*request, *response); });
}

grpc::ServerUnaryReactor* ResultsService::GetElection(grpc::CallbackServerContext* context,
                                                      const v1::GetElectionRequest* request,
                                                      v1::GetElectionResponse* response) {
  return RunRead(context, *reads_, [=, this](const StillWanted&) { return reader_.GetElection(*request, *response); });
}

grpc::ServerUnaryReactor* ResultsService::ListUnits(grpc::CallbackServerContext* context,
                                                    const v1::ListUnitsRequest* request,
                                                    v1::ListUnitsResponse* response) {
  return RunRead(context, *reads_, [=, this](const StillWanted&) { return reader_.ListUnits(*request, *response); });
}

grpc::ServerUnaryReactor* ResultsService::GetTally(grpc::CallbackServerContext* context,
                                                   const v1::GetTallyRequest* request, v1::Tally* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted& wanted) { return reader_.GetTally(*request, wanted, *response); });
}

grpc::ServerUnaryReactor* ResultsService::ListTallies(grpc::CallbackServerContext* context,
                                                      const v1::ListTalliesRequest* request,
                                                      v1::ListTalliesResponse* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted& wanted) { return reader_.ListTallies(*request, wanted, *response); });
}

grpc::ServerUnaryReactor* ResultsService::GetSeats(grpc::CallbackServerContext* context,
                                                   const v1::GetSeatsRequest* request, v1::GetSeatsResponse* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted& wanted) { return reader_.GetSeats(*request, wanted, *response); });
}

grpc::ServerUnaryReactor* ResultsService::GetDiff(grpc::CallbackServerContext* context,
                                                  const v1::GetDiffRequest* request, v1::DiffSummary* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted& wanted) { return reader_.GetDiff(*request, wanted, *response); });
}

grpc::ServerUnaryReactor* ResultsService::ListDiscrepancies(grpc::CallbackServerContext* context,
                                                            const v1::ListDiscrepanciesRequest* request,
                                                            v1::ListDiscrepanciesResponse* response) {
  return RunRead(context, *reads_, [=, this](const StillWanted& wanted) {
    return reader_.ListDiscrepancies(*request, wanted, *response);
  });
}

grpc::ServerWriteReactor<v1::ListDiscrepanciesResponse>* ResultsService::StreamDiscrepancies(
    grpc::CallbackServerContext* context, const v1::GetDiffRequest* request) {
  const auto stream = std::make_shared<ResponseStream<v1::ListDiscrepanciesResponse>>(context, reads_, streams_);
  stream->Start(
      std::make_unique<DiscrepancySource>(&reader_, *request, [context] { return CheckStillWanted(*context); }));
  return stream.get();
}

grpc::ServerUnaryReactor* ResultsService::ListCoverage(grpc::CallbackServerContext* context,
                                                       const v1::ListCoverageRequest* request,
                                                       v1::ListCoverageResponse* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted& wanted) { return reader_.ListCoverage(*request, wanted, *response); });
}

grpc::ServerUnaryReactor* ResultsService::ListHistory(grpc::CallbackServerContext* context,
                                                      const v1::ListHistoryRequest* request,
                                                      v1::ListHistoryResponse* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted& wanted) { return reader_.ListHistory(*request, wanted, *response); });
}

grpc::ServerWriteReactor<v1::WatchResponse>* ResultsService::Watch(grpc::CallbackServerContext* context,
                                                                   const v1::WatchRequest* request) {
  const auto stream = std::make_shared<ResponseStream<v1::WatchResponse>>(context, reads_, streams_);
  const int64_t follower = bell_.Add([stream] { stream->Wake(); });
  stream->Start(std::make_unique<WatchSource>(ledger_, &roots_, &bell_, *request),
                [this, follower] { bell_.Remove(follower); });
  return stream.get();
}

}  // namespace hattama::api
