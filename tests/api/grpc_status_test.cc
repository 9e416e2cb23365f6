// Statuses and their details, as they go into the metadata of a response.
#include "services/api/grpc_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "tests/support/trial_server.h"

namespace hattama {
namespace {

using testing::Details;
using testing::DetailsOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::IsEmpty;

domain::Refusal RefusalOf(domain::RefusalReason reason, std::string field, std::string message) {
  return {reason, std::move(field), std::move(message), std::nullopt, std::nullopt};
}

TEST(GrpcStatusTest, KeepsEveryCode) {
  const std::vector<std::pair<absl::StatusCode, grpc::StatusCode>> codes = {
      {absl::StatusCode::kCancelled, grpc::CANCELLED},
      {absl::StatusCode::kUnknown, grpc::UNKNOWN},
      {absl::StatusCode::kInvalidArgument, grpc::INVALID_ARGUMENT},
      {absl::StatusCode::kDeadlineExceeded, grpc::DEADLINE_EXCEEDED},
      {absl::StatusCode::kNotFound, grpc::NOT_FOUND},
      {absl::StatusCode::kAlreadyExists, grpc::ALREADY_EXISTS},
      {absl::StatusCode::kPermissionDenied, grpc::PERMISSION_DENIED},
      {absl::StatusCode::kResourceExhausted, grpc::RESOURCE_EXHAUSTED},
      {absl::StatusCode::kFailedPrecondition, grpc::FAILED_PRECONDITION},
      {absl::StatusCode::kAborted, grpc::ABORTED},
      {absl::StatusCode::kOutOfRange, grpc::OUT_OF_RANGE},
      {absl::StatusCode::kUnimplemented, grpc::UNIMPLEMENTED},
      {absl::StatusCode::kInternal, grpc::INTERNAL},
      {absl::StatusCode::kUnavailable, grpc::UNAVAILABLE},
      {absl::StatusCode::kDataLoss, grpc::DATA_LOSS},
      {absl::StatusCode::kUnauthenticated, grpc::UNAUTHENTICATED},
  };
  for (const auto& [code, expected] : codes) {
    const grpc::Status status = api::ToGrpcStatus(absl::Status(code, "why"));
    EXPECT_EQ(status.error_code(), expected);
    EXPECT_EQ(status.error_message(), "why");
    const Details details = DetailsOf(status);
    EXPECT_EQ(details.status.code(), expected);
    EXPECT_EQ(details.error->reason(), absl::StatusCodeToString(code));
    EXPECT_EQ(details.retry.has_value(), expected == grpc::RESOURCE_EXHAUSTED || expected == grpc::UNAVAILABLE);
  }
  EXPECT_TRUE(api::ToGrpcStatus(absl::OkStatus()).ok());
}

TEST(GrpcStatusTest, TakesTheReasonOfFirstPrecedence) {
  const Details details = DetailsOf(api::ToRpcStatus(
      absl::NotFoundError("why"), {RefusalOf(domain::RefusalReason::kUnknownOption, "options[1]", "no such option"),
                                   RefusalOf(domain::RefusalReason::kUnknownUnit, "unit_id", "no such unit")}));
  EXPECT_EQ(details.error->reason(), "UNKNOWN_UNIT");
  EXPECT_EQ(details.error->domain(), "hattama");
  EXPECT_THAT(details.Violations(), ElementsAre("options[1]: no such option", "unit_id: no such unit"));
}

TEST(GrpcStatusTest, PutsThePrefixBeforeTheFields) {
  EXPECT_THAT(DetailsOf(api::ToRpcStatus(absl::InvalidArgumentError("why"),
                                         {RefusalOf(domain::RefusalReason::kMalformed, "event", "is required"),
                                          RefusalOf(domain::RefusalReason::kMalformed, "", "of the whole")},
                                         "submissions[7]"))
                  .Violations(),
              ElementsAre("submissions[7].event: is required", "submissions[7]: of the whole"));
}

TEST(GrpcStatusTest, MakesAViolationOfAMessageThatBeginsWithAPath) {
  const auto violations = [](const std::string& message) {
    return DetailsOf(api::ToRpcStatus(absl::InvalidArgumentError(message))).Violations();
  };
  EXPECT_THAT(violations("view.policy: has unknown value 77"), ElementsAre("view.policy: has unknown value 77"));
  EXPECT_THAT(violations("kinds[1]: has unknown value 9"), ElementsAre("kinds[1]: has unknown value 9"));
  EXPECT_THAT(violations("The view: is odd"), IsEmpty());
  EXPECT_THAT(violations("no path at all"), IsEmpty());
  EXPECT_THAT(violations(": nothing before"), IsEmpty());
  EXPECT_THAT(DetailsOf(api::ToRpcStatus(absl::NotFoundError("unit_id: S1"))).Violations(), IsEmpty());
}

TEST(GrpcStatusTest, CutsLongMessagesBetweenCharacters) {
  std::string text;
  while (text.size() < 5'000) text += "ә";
  for (const std::string& lead : {std::string(), std::string("a")}) {
    const google::rpc::Status status = api::ToRpcStatus(absl::NotFoundError(lead + text));
    EXPECT_LE(status.message().size(), 1'024u);
    EXPECT_GT(status.message().size(), 1'000u);
    EXPECT_THAT(status.message(), EndsWith("ә..."));
  }
}

TEST(GrpcStatusTest, ReplacesWhatIsNoUtf8) {
  // Overlong, a surrogate, beyond U+10FFFF, a lone continuation, and a sequence cut short.
  for (const char* bad : {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80", "\xe2\x82"}) {
    const google::rpc::Status status = api::ToRpcStatus(absl::NotFoundError(std::string("a") + bad + "z"));
    EXPECT_EQ(status.message(), "a" + std::string(std::string(bad).size(), '?') + "z") << absl::CHexEscape(bad);
  }
  EXPECT_EQ(api::ToRpcStatus(absl::NotFoundError("Қ€𝟘")).message(), "Қ€𝟘");
}

TEST(GrpcStatusTest, LeavesOutViolationsThatDoNotFitAndCountsThem) {
  domain::Refusals refusals;
  for (int i = 0; i < 1'000; ++i) {
    refusals.push_back(RefusalOf(domain::RefusalReason::kDefinitionFault, "contests[" + std::to_string(i) + "].unit_id",
                                 std::string(100, 'x')));
  }
  std::string long_text;
  while (long_text.size() < 2'000) long_text += "қ";
  for (const std::string& message : {std::string("short"), std::string(2'000, 'm'), long_text}) {
    const grpc::Status status = api::ToGrpcStatus(absl::InvalidArgumentError(message), refusals);
    const Details details = DetailsOf(status);
    const size_t kept = details.bad_request.has_value() ? details.Violations().size() : 0;
    EXPECT_EQ(details.error->metadata().at("violations_left_out"), std::to_string(1'000 - kept));
    // grpc-message is percent-encoded, grpc-status-details-bin is base64.
    size_t message_bytes = 0;
    for (const char c : status.error_message()) message_bytes += c >= 0x20 && c <= 0x7e && c != '%' ? 1 : 3;
    EXPECT_LE(message_bytes + (status.error_details().size() + 2) / 3 * 4, 8'192u);
  }
}

TEST(GrpcStatusTest, CutsLongFieldsAndDescriptions) {
  const Details details = DetailsOf(api::ToRpcStatus(
      absl::InvalidArgumentError("why"),
      {RefusalOf(domain::RefusalReason::kMalformed, std::string(1'000, 'f'), std::string(5'000, 'd'))}));
  ASSERT_EQ(details.bad_request->field_violations_size(), 1);
  EXPECT_EQ(details.bad_request->field_violations(0).field().size(), 256u);
  EXPECT_EQ(details.bad_request->field_violations(0).description().size(), 512u);
}

TEST(GrpcStatusTest, StatesTheFirstWrongPredecessor) {
  domain::Refusal refusal =
      RefusalOf(domain::RefusalReason::kWrongPredecessor, "supersedes_sequence", "is not current");
  refusal.expected_sequence = 12;
  const Details details = DetailsOf(api::ToRpcStatus(absl::AbortedError("why"), {refusal}));
  EXPECT_EQ(details.error->metadata().at("expected_sequence"), "12");
  EXPECT_EQ(details.error->metadata().at("actual_sequence"), "none");
}

}  // namespace
}  // namespace hattama
