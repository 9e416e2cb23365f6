// Our statuses -> gRPC's, with google.rpc error details that standard clients decode. The only place where a grpc::Status
// that is not ok begins.
#ifndef HATTAMA_SERVICES_API_GRPC_STATUS_H_
#define HATTAMA_SERVICES_API_GRPC_STATUS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/status.h"
#include "services/domain/refusal.h"

namespace hattama::api {

// The domain of every ErrorInfo.
inline constexpr char kErrorDomain[] = "hattama";

// What is wrong, with details:
//   ErrorInfo   reason: that of the first refusal, else the name of the code; metadata: expected_sequence and
//               actual_sequence ("none" where there is none) of the first refusal that has them, violations_left_out
//               where not all fit.
//   BadRequest  one violation for each refusal. Without refusals an INVALID_ARGUMENT whose message begins with a field's
//               path and ": " is one violation.
//   RetryInfo   for RESOURCE_EXHAUSTED and UNAVAILABLE.
// A message above 1,024 bytes is cut, and violations that do not fit beside it in the 8 KiB that peers allow for metadata
// are left out and counted. `field_prefix` is put before the paths of refusals. `status` is not ok.
google::rpc::Status ToRpcStatus(const absl::Status& status, const domain::Refusals& refusals = {},
                                std::string_view field_prefix = "");

// The same as gRPC sends it: the google.rpc.Status goes to grpc-status-details-bin. OK for an ok status.
grpc::Status ToGrpcStatus(const absl::Status& status, const domain::Refusals& refusals = {},
                          std::string_view field_prefix = "");

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_GRPC_STATUS_H_
