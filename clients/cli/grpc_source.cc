#include "clients/cli/grpc_source.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/merkle/tiles.h"

namespace hattama::cli {
namespace {

// What a server answers about the log is a fault of the log; that it does not answer is none.
absl::Status AsFault(const absl::Status& status) {
  const bool about_the_log = absl::IsNotFound(status) || absl::IsOutOfRange(status) || absl::IsDataLoss(status);
  return about_the_log ? status : absl::UnavailableError(status.message());
}

}  // namespace

absl::StatusOr<std::string> GrpcSource::FetchCheckpoint() {
  absl::StatusOr<v1::GetCheckpointResponse> answer =
      session_->Call(session_->audit(), &v1::AuditService::Stub::GetCheckpoint, v1::GetCheckpointRequest());
  if (!answer.ok()) return AsFault(answer.status());
  if (answer->note().size() > audit::kCheckpointBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a checkpoint of ", answer->note().size(), " bytes; at most ", audit::kCheckpointBytesMax));
  }
  return std::move(*answer->mutable_note());
}

absl::StatusOr<std::string> GrpcSource::Fetch(const merkle::TileAddress& address) {
  if (address.level != merkle::kEntriesLevel) return absl::NotFoundError("a server of records has no tiles");
  const int64_t first = address.index * merkle::kTileWidth;
  v1::StreamRecordsRequest request;
  request.set_from_sequence(first);
  request.set_until_sequence(first + address.width);
  grpc::ClientContext context;
  session_->SetDeadline(context);
  const auto stream = session_->audit().StreamRecords(&context, request);
  std::vector<std::string> records;
  v1::StreamRecordsResponse message;
  while (stream->Read(&message)) {
    const int64_t expected = first + static_cast<int64_t>(records.size());
    if (message.first_sequence() != expected ||
        records.size() + static_cast<size_t>(message.records_size()) > static_cast<size_t>(address.width)) {
      context.TryCancel();
      stream->Finish();
      return absl::DataLossError(absl::StrCat("the server streams ", message.records_size(), " records from ",
                                              message.first_sequence(), " on where those from ", expected, " to ",
                                              first + address.width, " were asked for"));
    }
    for (std::string& record : *message.mutable_records()) records.push_back(std::move(record));
  }
  if (grpc::Status status = stream->Finish(); !status.ok()) return AsFault(session_->Told(status));
  if (records.size() != static_cast<size_t>(address.width)) {
    return absl::DataLossError(absl::StrCat("the server streams ", records.size(), " records where ", address.width,
                                            " were asked for, from ", first, " on"));
  }
  return merkle::EncodeEntryBundle(records);
}

}  // namespace hattama::cli
