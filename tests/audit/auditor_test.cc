// Honest logs: what an audit counts and names, and that it needs nothing but the bytes.
#include "services/audit/auditor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "absl/strings/str_cat.h"
#include "services/audit/directory_source.h"
#include "tests/audit/trial_log.h"
#include "tests/support/trial_keys.h"

namespace hattama::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> FaultTexts(const audit::Report& report) {
  std::vector<std::string> texts;
  for (const audit::Fault& fault : report.faults) texts.push_back(audit::FaultText(fault));
  return texts;
}

const PublishedLedger& Story() {
  static const PublishedLedger ledger = WholeStory();
  return ledger;
}

TEST(AuditorTest, ConfirmsALogOfEveryKindOfEvent) {
  const audit::Report report = AuditFiles(Story().Publish(), {.authority = AuthorityKey().public_key()});

  EXPECT_THAT(FaultTexts(report), IsEmpty());
  EXPECT_TRUE(report.confirmed);
  EXPECT_EQ(report.checkpoint.root, RootOf(Story().records()));
  EXPECT_EQ(report.folded_count, Story().size());
  EXPECT_EQ(report.count(audit::Step::kRecords).checked, Story().size());
  EXPECT_EQ(report.count(audit::Step::kSignatures).checked, Story().size() - 1);
  EXPECT_EQ(report.count(audit::Step::kRights).checked, Story().size() - 1);
  EXPECT_EQ(report.count(audit::Step::kAttestations).checked, 1);
}

TEST(AuditorTest, RecomputesTalliesOfEveryOutcome) {
  const audit::Report report = AuditFiles(Story().Publish());

  std::set<std::string> outcomes;
  for (const audit::TallyReport& tally : report.tallies) {
    EXPECT_TRUE(tally.confirmed()) << tally.sequence;
    outcomes.insert(tally.outcome);
  }
  EXPECT_THAT(outcomes, UnorderedElementsAre("undetermined", "runoff", "decided", "tie", "adopted", "rejected"));
}

TEST(AuditorTest, VerifiesABatchOnce) {
  const PublishedLedger& ledger = Story();

  const audit::Report report = AuditFiles(ledger.Publish(), {.thread_count = 1});

  // Batches of 5, 3, 6, 6 and 6 submissions are one verification each.
  EXPECT_EQ(report.verification_count, ledger.size() - 1 - (4 + 2 + 5 + 5 + 5));
}

TEST(AuditorTest, ReadsAFolderAsItReadsMemory) {
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "audit-folder";
  std::filesystem::remove_all(folder);
  WriteFiles(Story().Publish(), folder.string());
  audit::DirectorySource source(folder.string());

  const absl::StatusOr<audit::Report> report =
      audit::Audit(source, {.verify_checkpoint = audit::BelieveKey(Story().log_key())});

  ASSERT_TRUE(report.ok());
  EXPECT_EQ(*report, AuditFiles(Story().Publish()));
  std::filesystem::remove_all(folder);
}

// 66,000 records would be the smallest with three levels; two are seen here, on both sides of the edges of tiles.
TEST(AuditorTest, ConfirmsLogsOnBothSidesOfATilesEdge) {
  PublishedLedger ledger = DefinedLedger();
  std::optional<int64_t> last;
  std::set<int64_t> sizes = {255, 256, 257, 511, 512, 513, 769};
  for (int64_t round = 0; ledger.size() < 769; ++round) {
    last = ledger.Record(ToSubmission({.contest = "head", .unit = "S1", .votes = {round, 0, 0, 0}, .supersedes = last}),
                         CommissionKey());
  }
  for (const int64_t size : sizes) {
    const std::vector<std::string> records(ledger.records().begin(), ledger.records().begin() + size);
    const audit::Report report = AuditFiles(PublishRecords(records, ledger.origin(), PublishedLedger::LogKey()));
    EXPECT_TRUE(report.confirmed) << size << ": " << ::testing::PrintToString(FaultTexts(report));
    EXPECT_EQ(report.count(audit::Step::kBundles).checked, (size + 255) / 256);
  }
}

TEST(AuditorTest, TakesTheBeginningOfAFullTileWhereThePartialOneIsGone) {
  PublishedLedger ledger = DefinedLedger();
  std::optional<int64_t> last;
  for (int64_t round = 0; ledger.size() < 300; ++round) {
    last = ledger.Record(ToSubmission({.contest = "head", .unit = "S1", .votes = {round, 0, 0, 0}, .supersedes = last}),
                         CommissionKey());
  }
  LogFiles files = ledger.Publish();
  const std::vector<std::string> first(ledger.records().begin(), ledger.records().begin() + 200);
  // The log went on to 300 and threw the partial files of 200 away; the copy has the checkpoint of 200.
  files["checkpoint"] = PublishRecords(first, ledger.origin(), PublishedLedger::LogKey())["checkpoint"];

  const audit::Report report = AuditFiles(files);

  EXPECT_TRUE(report.confirmed) << ::testing::PrintToString(FaultTexts(report));
  EXPECT_EQ(report.folded_count, 200);
}

TEST(AuditorTest, AcceptsALogThatExtendsTheCheckpointKept) {
  const PublishedLedger& ledger = Story();
  for (int64_t size = 0; size <= ledger.size(); ++size) {
    const merkle::Checkpoint kept{ledger.origin(), size,
                                  RootOf({ledger.records().begin(), ledger.records().begin() + size})};
    const audit::Report report = AuditFiles(ledger.Publish(), {.kept = kept, .thread_count = 1});
    EXPECT_TRUE(report.confirmed) << size;
    EXPECT_EQ(report.count(audit::Step::kConsistency).checked, 1);
  }
}

TEST(AuditorTest, ReportsProgressUpToTheEnd) {
  std::vector<int64_t> seen;
  AuditFiles(Story().Publish(), {.progress = [&seen](int64_t done, int64_t) { seen.push_back(done); }});

  ASSERT_FALSE(seen.empty());
  EXPECT_EQ(seen.back(), Story().size());
}

class DeadSource : public audit::LogSource {
 public:
  explicit DeadSource(const LogFiles* files) : files_(files) {}
  absl::StatusOr<std::string> FetchCheckpoint() override { return files_.FetchCheckpoint(); }
  absl::StatusOr<std::string> Fetch(const merkle::TileAddress&) override {
    return absl::UnavailableError("the cable is cut");
  }

 private:
  FilesSource files_;
};

TEST(AuditorTest, HasNoVerdictWhereTheSourceCannotBeReached) {
  const LogFiles files = Story().Publish();
  DeadSource source(&files);

  const absl::StatusOr<audit::Report> report =
      audit::Audit(source, {.verify_checkpoint = audit::BelieveKey(Story().log_key())});

  EXPECT_EQ(report.status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace hattama::testing
