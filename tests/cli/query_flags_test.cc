#include "clients/cli/query_flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/cli/failure.h"

namespace hattama::cli {
namespace {

using ::testing::HasSubstr;

TEST(ParseSideTest, ReadsSourcePolicyBasisAndVersion) {
  const auto side = ParseSide("monitor-a:final/claims/uncontested@40000");
  ASSERT_TRUE(side.ok()) << side.status();
  EXPECT_EQ(side->view().source_id(), "monitor-a");
  EXPECT_EQ(side->view().policy(), v1::POLICY_FINAL_ONLY);
  EXPECT_EQ(side->view().basis(), v1::BASIS_CLAIMS);
  EXPECT_TRUE(side->view().excluding_contested());
  EXPECT_EQ(side->version().tree_size(), 40'000);
}

TEST(ParseSideTest, LeavesOpenWhatIsNotSaid) {
  const auto side = ParseSide("preliminary");
  ASSERT_TRUE(side.ok()) << side.status();
  EXPECT_EQ(side->view().source_id(), "");
  EXPECT_EQ(side->view().basis(), v1::BASIS_UNSPECIFIED);
  EXPECT_EQ(side->version().version_case(), v1::VersionSelector::VERSION_NOT_SET);
}

TEST(ParseSideTest, TakesASourceWithColonsInIt) {
  EXPECT_EQ(ParseSide("monitor:almaty:final")->view().source_id(), "monitor:almaty");
}

TEST(ParseSideTest, TakesAMomentForAVersion) {
  EXPECT_EQ(ParseSide("final@2023-03-20T06:00:00+06:00")->version().time().seconds(), 1679270400);
}

TEST(ParseSideTest, SaysWhatItDoesNotKnow) {
  EXPECT_THAT(ParseSide("finals").status().message(), HasSubstr("\"finals\" is none of preliminary, final"));
  EXPECT_THAT(ParseSide("final/sums").status().message(), HasSubstr("\"/sums\""));
  EXPECT_THAT(ParseSide("final@-1").status().message(), HasSubstr("-1 is negative"));
  EXPECT_THAT(ParseSide("final@now").status().message(), HasSubstr("\"now\""));
  EXPECT_EQ(ExitCodeOf(ParseSide("finals").status()), ExitCode::kUsage);
}

}  // namespace
}  // namespace hattama::cli
