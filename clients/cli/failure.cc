#include "clients/cli/failure.h"

#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/rpc/error_details.pb.h"

namespace hattama::cli {
namespace {

constexpr char kUsagePayload[] = "hattama/usage";

struct Details {
  google::rpc::ErrorInfo info;
  google::rpc::BadRequest request;
};

Details DetailsOf(const google::rpc::Status& status) {
  Details details;
  for (const auto& detail : status.details()) {
    if (detail.Is<google::rpc::ErrorInfo>()) detail.UnpackTo(&details.info);
    if (detail.Is<google::rpc::BadRequest>()) detail.UnpackTo(&details.request);
  }
  return details;
}

}  // namespace

absl::Status UsageError(std::string_view message) {
  absl::Status status = absl::InvalidArgumentError(absl::string_view(message.data(), message.size()));
  status.SetPayload(kUsagePayload, absl::Cord());
  return status;
}

absl::Status AsUsage(const absl::Status& status) {
  return UsageError({status.message().data(), status.message().size()});
}

absl::Status FromRpc(const google::rpc::Status& status) {
  const Details details = DetailsOf(status);
  std::string text = status.message();
  // The first violation is the message itself; the others stand below it.
  for (int i = 0; i < details.request.field_violations_size(); ++i) {
    const auto& violation = details.request.field_violations(i);
    if (i == 0 && details.request.field_violations_size() == 1 &&
        (violation.field().empty() || text.find(violation.field()) != std::string::npos)) {
      break;
    }
    absl::StrAppend(&text, "\n  ", violation.field(), violation.field().empty() ? "" : ": ", violation.description());
  }
  const auto left_out = details.info.metadata().find("violations_left_out");
  if (left_out != details.info.metadata().end()) absl::StrAppend(&text, "\n  and ", left_out->second, " more");
  return absl::Status(static_cast<absl::StatusCode>(status.code()), text);
}

std::string ReasonOf(const google::rpc::Status& status) {
  const Details details = DetailsOf(status);
  if (!details.info.reason().empty()) return details.info.reason();
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(status.code()));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  if (!status.error_details().empty() && details.ParseFromString(status.error_details())) {
    details.set_code(status.error_code());
    return FromRpc(details);
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

ExitCode ExitCodeOf(const absl::Status& status) {
  if (status.ok()) return ExitCode::kFine;
  if (status.GetPayload(kUsagePayload)) return ExitCode::kUsage;
  if (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) return ExitCode::kUnreachable;
  return ExitCode::kRefused;
}

}  // namespace hattama::cli
