#include "services/api/audit_service.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "services/api/call.h"
#include "services/api/receipt_wait.h"
#include "services/domain/history.h"
#include "services/wire/answer_codec.h"
#include "storage/merkle/sha256.h"
#include "storage/merkle/signed_note.h"

namespace hattama::api {
namespace {

std::string ToBytes(const merkle::Hash& hash) { return std::string(hash.begin(), hash.end()); }

void SetHashes(const std::vector<merkle::Hash>& hashes, google::protobuf::RepeatedPtrField<std::string>& out) {
  for (const merkle::Hash& hash : hashes) *out.Add() = ToBytes(hash);
}

// Records [from, until) in batches.
class RecordSource final : public ResponseSource<v1::StreamRecordsResponse> {
 public:
  RecordSource(const ledger::Ledger* ledger, const v1::StreamRecordsRequest& request)
      : ledger_(ledger), next_(request.from_sequence()), until_(request.until_sequence()) {}

  absl::StatusOr<AfterFill> Fill(std::deque<v1::StreamRecordsResponse>& out) override {
    if (!checked_) {
      if (absl::Status status = Check(); !status.ok()) return status;
      checked_ = true;
    }
    if (next_ == until_) return AfterFill::kEnd;
    v1::StreamRecordsResponse& response = out.emplace_back();
    response.set_first_sequence(next_);
    size_t bytes = 0;
    const absl::Status full = absl::CancelledError("full");
    const absl::Status status = ledger_->ScanRecords(
        next_, until_, [&](int64_t sequence, std::string_view record, const merkle::Hash&) -> absl::Status {
          if (bytes >= kBatchBytes) return full;
          response.add_records(record.data(), record.size());
          bytes += record.size();
          next_ = sequence + 1;
          return absl::OkStatus();
        });
    if (!status.ok() && status != full) {
      if (response.records().empty()) out.pop_back();
      return status;
    }
    return next_ == until_ ? AfterFill::kEnd : AfterFill::kMore;
  }

 private:
  // A record is far smaller, so that a batch stays below what clients take.
  static constexpr size_t kBatchBytes = 1 << 20;

  absl::Status Check() {
    const int64_t head = ledger_->head().tree_size;
    if (until_ == 0) until_ = head;
    if (absl::Status status = CheckVersion(until_, "until_sequence", head); !status.ok()) return status;
    if (absl::Status status = CheckVersion(next_, "from_sequence", head); !status.ok()) return status;
    if (next_ > until_) {
      return absl::InvalidArgumentError(absl::StrCat("from_sequence: ", next_, " is beyond until_sequence ", until_));
    }
    return absl::OkStatus();
  }

  const ledger::Ledger* ledger_;
  int64_t next_;
  int64_t until_;
  bool checked_ = false;
};

}  // namespace

AuditService::AuditService(ledger::Ledger* ledger, ledger::Checkpointer* checkpointer, WorkerPool* reads,
                           StreamCount* streams, ServerFacts facts, const Limits& limits)
    : ledger_(ledger),
      checkpointer_(checkpointer),
      reads_(reads),
      streams_(streams),
      facts_(std::move(facts)),
      checkpoint_wait_max_(limits.checkpoint_wait_max),
      roots_(ledger),
      statements_(ledger) {}

grpc::ServerUnaryReactor* AuditService::GetHead(grpc::CallbackServerContext* context, const v1::GetHeadRequest*,
                                                v1::GetHeadResponse* response) {
  return RunRead(context, *reads_, [=, this](const StillWanted&) { return AnswerHead(*response); });
}

absl::Status AuditService::AnswerHead(v1::GetHeadResponse& response) {
  absl::StatusOr<v1::AsOf> as_of = roots_.Head();
  if (!as_of.ok()) return as_of.status();
  *response.mutable_as_of() = *std::move(as_of);
  response.set_origin(ledger_->origin());
  response.set_server_version(facts_.version);
  response.set_verifier_key(merkle::FormatVerifierKey(checkpointer_->log_key()));
  *response.mutable_start_time() = wire::ToTimestamp(absl::ToUnixMicros(facts_.start_time));
  if (const absl::Status writable = ledger_->writable(); !writable.ok()) {
    response.set_read_only(true);
    response.set_read_only_reason(std::string(writable.message()));
  }
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::StreamRecordsResponse>* AuditService::StreamRecords(
    grpc::CallbackServerContext* context, const v1::StreamRecordsRequest* request) {
  const auto stream = std::make_shared<ResponseStream<v1::StreamRecordsResponse>>(context, reads_, streams_);
  stream->Start(std::make_unique<RecordSource>(ledger_, *request));
  return stream.get();
}

absl::Status AuditService::StampComplete(int64_t tree_size, v1::AsOf& as_of) {
  as_of = ledger_->WithState([&](const domain::History& history, int64_t) { return StampVersion(history, tree_size); });
  return roots_.Complete(as_of);
}

grpc::ServerUnaryReactor* AuditService::GetInclusionProof(grpc::CallbackServerContext* context,
                                                          const v1::GetInclusionProofRequest* request,
                                                          v1::GetInclusionProofResponse* response) {
  return RunRead(context, *reads_, [=, this](const StillWanted&) { return ProveInclusion(*request, *response); });
}

absl::Status AuditService::ProveInclusion(const v1::GetInclusionProofRequest& request,
                                          v1::GetInclusionProofResponse& response) {
  const int64_t head = ledger_->head().tree_size;
  if (absl::Status status = CheckVersion(request.tree_size(), "tree_size", head); !status.ok()) return status;
  const int64_t tree_size = request.tree_size() == 0 ? head : request.tree_size();
  const int64_t sequence = request.sequence();
  if (sequence < 0 || sequence >= tree_size) {
    return absl::OutOfRangeError(
        absl::StrCat("sequence: ", sequence, " is outside 0..", tree_size - 1, " of tree_size ", tree_size));
  }
  const absl::StatusOr<std::vector<merkle::Hash>> proof = ledger_->InclusionProof(sequence, tree_size);
  if (!proof.ok()) return proof.status();
  SetHashes(*proof, *response.mutable_hashes());
  const absl::Status scanned =
      ledger_->ScanRecords(sequence, sequence + 1, [&](int64_t, std::string_view, const merkle::Hash& leaf_hash) {
        response.set_leaf_hash(ToBytes(leaf_hash));
        return absl::OkStatus();
      });
  if (!scanned.ok()) return scanned;
  response.set_sequence(sequence);
  return StampComplete(tree_size, *response.mutable_as_of());
}

grpc::ServerUnaryReactor* AuditService::GetConsistencyProof(grpc::CallbackServerContext* context,
                                                            const v1::GetConsistencyProofRequest* request,
                                                            v1::GetConsistencyProofResponse* response) {
  return RunRead(context, *reads_, [=, this](const StillWanted&) { return ProveConsistency(*request, *response); });
}

absl::Status AuditService::ProveConsistency(const v1::GetConsistencyProofRequest& request,
                                            v1::GetConsistencyProofResponse& response) {
  const int64_t head = ledger_->head().tree_size;
  if (absl::Status status = CheckVersion(request.second_tree_size(), "second_tree_size", head); !status.ok()) {
    return status;
  }
  const int64_t first = request.first_tree_size();
  const int64_t second = request.second_tree_size() == 0 ? head : request.second_tree_size();
  if (first < 0 || first > second) {
    return absl::OutOfRangeError(absl::StrCat("first_tree_size: ", first, " is outside 0..", second));
  }
  // Everything is consistent with the empty tree, and RFC 6962 defines no proof of it.
  if (first > 0) {
    const absl::StatusOr<std::vector<merkle::Hash>> proof = ledger_->ConsistencyProof(first, second);
    if (!proof.ok()) return proof.status();
    SetHashes(*proof, *response.mutable_hashes());
  }
  if (absl::Status status = StampComplete(first, *response.mutable_first()); !status.ok()) return status;
  return StampComplete(second, *response.mutable_second());
}

grpc::ServerUnaryReactor* AuditService::GetCheckpoint(grpc::CallbackServerContext* context,
                                                      const v1::GetCheckpointRequest*,
                                                      v1::GetCheckpointResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpcStatus(AnswerCheckpoint(*response)));  // From memory.
  return reactor;
}

absl::Status AuditService::AnswerCheckpoint(v1::GetCheckpointResponse& response) {
  if (const ledger::PublishedPtr published = checkpointer_->published()) {
    response.set_note(published->note);
    return absl::OkStatus();
  }
  if (absl::Status broken = checkpointer_->broken(); !broken.ok()) return broken;
  return absl::UnavailableError("no checkpoint is published yet; try again");
}

grpc::ServerUnaryReactor* AuditService::GetReceipt(grpc::CallbackServerContext* context,
                                                   const v1::GetReceiptRequest* request,
                                                   v1::GetReceiptResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const int64_t sequence = request->sequence();
  absl::StatusOr<std::optional<ledger::Standing>> standing = ToStanding(request->wait_for());
  if (standing.ok() && !standing->has_value()) {
    if (request->wait_for() == v1::WAIT_FOR_UNSPECIFIED) {
      standing = ledger::Standing::kCheckpointed;
    } else {
      standing = absl::InvalidArgumentError("wait_for: a receipt rests on a checkpoint: CHECKPOINTED or WITNESSED");
    }
  }
  const int64_t head = ledger_->head().tree_size;
  absl::Status refused = standing.status();
  if (refused.ok() && (sequence < 0 || sequence >= head)) {
    refused = absl::OutOfRangeError(absl::StrCat("sequence: ", sequence, " is outside 0..", head - 1));
  }
  if (!refused.ok()) {
    reactor->Finish(ToGrpcStatus(refused));
    return reactor;
  }
  FinishWithReceipt(
      {.sequence = sequence, .standing = **standing, .deadline = WaitDeadline(*context, checkpoint_wait_max_)},
      *ledger_, *checkpointer_, *reads_, response->mutable_proof(), reactor);
  return reactor;
}

grpc::ServerUnaryReactor* AuditService::GetStatement(grpc::CallbackServerContext* context,
                                                     const v1::GetStatementRequest* request,
                                                     v1::GetStatementResponse* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted&) { return statements_.GetStatement(*request, *response); });
}

grpc::ServerUnaryReactor* AuditService::GetStationPath(grpc::CallbackServerContext* context,
                                                       const v1::GetStationPathRequest* request,
                                                       v1::GetStationPathResponse* response) {
  return RunRead(context, *reads_,
                 [=, this](const StillWanted&) { return statements_.GetStationPath(*request, *response); });
}

}  // namespace hattama::api
