// What a submission must bring before the writer sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "services/ledger/ledger.h"
#include "tests/support/trial_keys.h"
#include "tests/support/trial_ledger.h"

namespace hattama {
namespace {

using domain::RefusalReason;
using ::testing::HasSubstr;
using testing::TrialLedger;

struct Prepared {
  absl::Status status;
  domain::Refusals faults;
};

Prepared Prepare(const std::string& submission, const std::optional<wire::SubmissionSignature>& signature,
                 std::string_view origin = TrialLedger::kOrigin) {
  Prepared prepared;
  wire::StatementVerifier verifier;
  prepared.status = ledger::Prepare(submission, signature, origin, verifier, prepared.faults).status();
  return prepared;
}

std::string Protocol(int station = 0) {
  return testing::SyntheticElection(4).Protocol(station, v1::STAGE_FINAL, 0, std::nullopt);
}

TEST(PrepareTest, TakesWhatIsSignedOverItsExactBytes) {
  const std::string submission = Protocol();
  EXPECT_TRUE(Prepare(submission, testing::Sign(submission, TrialLedger::kOrigin)).status.ok());
}

TEST(PrepareTest, RefusesWhatNobodySigned) {
  const Prepared prepared = Prepare(Protocol(), std::nullopt);
  EXPECT_EQ(prepared.status.code(), absl::StatusCode::kUnauthenticated);
  ASSERT_EQ(prepared.faults.size(), 1u);
  EXPECT_EQ(prepared.faults[0].reason, RefusalReason::kSignatureMissing);
  EXPECT_EQ(prepared.faults[0].field, "signature");
}

TEST(PrepareTest, RefusesASignatureOverOtherBytesOfAnotherKeyOrForAnotherLedger) {
  const std::string submission = Protocol(0);
  const wire::SubmissionSignature good = testing::Sign(submission, TrialLedger::kOrigin);
  wire::SubmissionSignature of_another_key = good;
  of_another_key.public_key = testing::MonitorKey().public_key();
  wire::SubmissionSignature turned = good;
  turned.signature[10] ^= 1;
  const Prepared refused[] = {Prepare(Protocol(1), good), Prepare(submission, of_another_key),
                              Prepare(submission, turned), Prepare(submission, good, "other.example/log")};
  for (const Prepared& prepared : refused) {
    EXPECT_EQ(prepared.status.code(), absl::StatusCode::kUnauthenticated);
    ASSERT_EQ(prepared.faults.size(), 1u);
    EXPECT_EQ(prepared.faults[0].reason, RefusalReason::kSignatureInvalid);
  }
}

TEST(PrepareTest, NamesFaultsOfTheBytesBeforeThoseOfTheSignature) {
  const Prepared prepared = Prepare("no submission at all", std::nullopt);
  EXPECT_EQ(prepared.status.code(), absl::StatusCode::kInvalidArgument);
  ASSERT_FALSE(prepared.faults.empty());
  EXPECT_EQ(prepared.faults[0].reason, RefusalReason::kMalformed);
}

}  // namespace
}  // namespace hattama
