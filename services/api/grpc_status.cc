#include "services/api/grpc_status.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/any.pb.h"
#include "google/rpc/error_details.pb.h"
#include "services/api/limits.h"
#include "services/domain/text.h"

namespace hattama::api {
namespace {

// Peers refuse metadata above 8 KiB unless told otherwise. What is left of it serves headers that gRPC and proxies add.
constexpr size_t kMetadataBytesMax = 7'168;
constexpr size_t kMessageBytesMax = 1'024;
constexpr size_t kDescriptionBytesMax = 512;
constexpr size_t kFieldBytesMax = 256;

struct Code {
  grpc::StatusCode code;
  const char* name;
};

Code CodeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return {grpc::StatusCode::OK, "OK"};
    case absl::StatusCode::kCancelled:
      return {grpc::StatusCode::CANCELLED, "CANCELLED"};
    case absl::StatusCode::kUnknown:
      return {grpc::StatusCode::UNKNOWN, "UNKNOWN"};
    case absl::StatusCode::kInvalidArgument:
      return {grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"};
    case absl::StatusCode::kDeadlineExceeded:
      return {grpc::StatusCode::DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED"};
    case absl::StatusCode::kNotFound:
      return {grpc::StatusCode::NOT_FOUND, "NOT_FOUND"};
    case absl::StatusCode::kAlreadyExists:
      return {grpc::StatusCode::ALREADY_EXISTS, "ALREADY_EXISTS"};
    case absl::StatusCode::kPermissionDenied:
      return {grpc::StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED"};
    case absl::StatusCode::kResourceExhausted:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"};
    case absl::StatusCode::kFailedPrecondition:
      return {grpc::StatusCode::FAILED_PRECONDITION, "FAILED_PRECONDITION"};
    case absl::StatusCode::kAborted:
      return {grpc::StatusCode::ABORTED, "ABORTED"};
    case absl::StatusCode::kOutOfRange:
      return {grpc::StatusCode::OUT_OF_RANGE, "OUT_OF_RANGE"};
    case absl::StatusCode::kUnimplemented:
      return {grpc::StatusCode::UNIMPLEMENTED, "UNIMPLEMENTED"};
    case absl::StatusCode::kInternal:
      return {grpc::StatusCode::INTERNAL, "INTERNAL"};
    case absl::StatusCode::kUnavailable:
      return {grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE"};
    case absl::StatusCode::kDataLoss:
      return {grpc::StatusCode::DATA_LOSS, "DATA_LOSS"};
    case absl::StatusCode::kUnauthenticated:
      return {grpc::StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"};
    case absl::StatusCode::kDoNotUseReservedForFutureExpansionUseDefaultInSwitchInstead_:
      break;
  }
  return {grpc::StatusCode::UNKNOWN, "UNKNOWN"};
}

// How many bytes the UTF-8 sequence at the start of `text` has, or 0 where there is none.
size_t SequenceBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xC2 && lead <= 0xDF ? 2 : (lead & 0xF0) == 0xE0 ? 3 : lead >= 0xF0 && lead <= 0xF4 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
  return length;
}

// `text` as valid UTF-8 of at most `bytes_max` bytes; what is no UTF-8 becomes '?', what is cut off becomes "...".
std::string Clean(std::string_view text, size_t bytes_max) {
  std::string out;
  out.reserve(std::min(text.size(), bytes_max));
  while (!text.empty()) {
    const size_t length = SequenceBytes(text);
    const size_t added = length == 0 ? 1 : length;
    if (out.size() + added > bytes_max) {
      while (out.size() + 3 > bytes_max) {
        while ((static_cast<unsigned char>(out.back()) & 0xC0) == 0x80) out.pop_back();
        out.pop_back();
      }
      return out + "...";
    }
    if (length == 0) {
      out += '?';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(added);
  }
  return out;
}

// Bytes of `message` as gRPC writes it to grpc-message: everything but printable ASCII takes three.
size_t PercentEncodedBytes(std::string_view message) {
  size_t bytes = 0;
  for (const char c : message) bytes += c >= 0x20 && c <= 0x7E && c != '%' ? 1 : 3;
  return bytes;
}

// The path before ": " where `message` begins with one, for example "view.policy: 77 is no policy"; else empty.
std::string_view FieldOf(std::string_view message) {
  const size_t end = message.find(": ");
  if (end == std::string_view::npos || end == 0 || end > kFieldBytesMax) return {};
  const std::string_view field = message.substr(0, end);
  const bool is_path = std::all_of(field.begin(), field.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '[' || c == ']';
  });
  return is_path ? field : std::string_view();
}

std::string SequenceText(const std::optional<int64_t>& sequence) {
  return sequence ? absl::StrCat(*sequence) : "none";
}

google::rpc::ErrorInfo ErrorInfoOf(const absl::Status& status, const domain::Refusals& refusals) {
  google::rpc::ErrorInfo error;
  error.set_domain(kErrorDomain);
  error.set_reason(CodeOf(status.code()).name);
  const domain::Refusal* first = nullptr;
  for (const domain::Refusal& refusal : refusals) {
    if (first == nullptr || refusal.reason < first->reason) first = &refusal;
  }
  if (first != nullptr) error.set_reason(std::string(domain::RefusalReasonName(first->reason)));
  for (const domain::Refusal& refusal : refusals) {
    if (refusal.reason != domain::RefusalReason::kWrongPredecessor) continue;
    (*error.mutable_metadata())["expected_sequence"] = SequenceText(refusal.expected_sequence);
    (*error.mutable_metadata())["actual_sequence"] = SequenceText(refusal.actual_sequence);
    break;
  }
  return error;
}

google::rpc::BadRequest BadRequestOf(const absl::Status& status, std::string_view message,
                                     const domain::Refusals& refusals, std::string_view field_prefix) {
  google::rpc::BadRequest bad;
  for (const domain::Refusal& refusal : refusals) {
    google::rpc::BadRequest::FieldViolation& violation = *bad.add_field_violations();
    violation.set_field(
        Clean(absl::StrCat(domain::Text(field_prefix), !field_prefix.empty() && !refusal.field.empty() ? "." : "",
                           refusal.field),
              kFieldBytesMax));
    violation.set_description(Clean(refusal.message, kDescriptionBytesMax));
  }
  if (refusals.empty() && status.code() == absl::StatusCode::kInvalidArgument) {
    if (const std::string_view field = FieldOf(message); !field.empty()) {
      google::rpc::BadRequest::FieldViolation& violation = *bad.add_field_violations();
      violation.set_field(std::string(field));
      violation.set_description(Clean(message.substr(field.size() + 2), kDescriptionBytesMax));
    }
  }
  return bad;
}

void Attach(const google::protobuf::Message& detail, google::rpc::Status& status) {
  status.add_details()->PackFrom(detail);
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status, const domain::Refusals& refusals,
                                std::string_view field_prefix) {
  google::rpc::Status out;
  out.set_code(static_cast<int32_t>(CodeOf(status.code()).code));
  out.set_message(Clean(std::string_view(status.message().data(), status.message().size()), kMessageBytesMax));

  google::rpc::ErrorInfo error = ErrorInfoOf(status, refusals);
  google::rpc::BadRequest all = BadRequestOf(status, out.message(), refusals, field_prefix);

  google::rpc::Status rest;
  const bool retriable =
      status.code() == absl::StatusCode::kResourceExhausted || status.code() == absl::StatusCode::kUnavailable;
  if (retriable) {
    google::rpc::RetryInfo retry;
    const absl::Duration delay = Limits().retry_delay;
    retry.mutable_retry_delay()->set_seconds(absl::ToInt64Seconds(delay));
    retry.mutable_retry_delay()->set_nanos(
        static_cast<int32_t>(absl::ToInt64Nanoseconds(delay - absl::Trunc(delay, absl::Seconds(1)))));
    Attach(retry, rest);
  }

  // What violations may take: the metadata less the message, which goes twice, and the other details. 256 bytes serve
  // the type names and the counter of what is left out.
  const size_t message_bytes = PercentEncodedBytes(out.message());
  const size_t details_bytes_max = (kMetadataBytesMax - std::min(message_bytes, kMetadataBytesMax)) / 4 * 3;
  const size_t taken = out.ByteSizeLong() + rest.ByteSizeLong() + error.ByteSizeLong() + 256;
  size_t room = details_bytes_max > taken ? details_bytes_max - taken : 0;
  google::rpc::BadRequest fitting;
  for (google::rpc::BadRequest::FieldViolation& violation : *all.mutable_field_violations()) {
    const size_t bytes = violation.ByteSizeLong() + 4;
    if (bytes > room) break;
    room -= bytes;
    *fitting.add_field_violations() = std::move(violation);
  }
  if (const int left_out = all.field_violations_size() - fitting.field_violations_size(); left_out > 0) {
    (*error.mutable_metadata())["violations_left_out"] = absl::StrCat(left_out);
  }
  Attach(error, out);
  if (fitting.field_violations_size() > 0) Attach(fitting, out);
  for (google::protobuf::Any& detail : *rest.mutable_details()) *out.add_details() = std::move(detail);
  return out;
}

grpc::Status ToGrpcStatus(const absl::Status& status, const domain::Refusals& refusals, std::string_view field_prefix) {
  if (status.ok()) return grpc::Status::OK;
  const google::rpc::Status rpc_status = ToRpcStatus(status, refusals, field_prefix);
  return grpc::Status(CodeOf(status.code()).code, rpc_status.message(), rpc_status.SerializeAsString());
}

}  // namespace hattama::api
