// A small election whose log has every kind of event and whose published tallies have every kind of outcome.
#ifndef HATTAMA_TESTS_AUDIT_TRIAL_LOG_H_
#define HATTAMA_TESTS_AUDIT_TRIAL_LOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "services/audit/auditor.h"
#include "services/audit/log_source.h"
#include "tests/support/published_ledger.h"

namespace hattama::testing {

// A published log in memory.
class FilesSource : public audit::LogSource {
 public:
  // `files` must outlive the source.
  explicit FilesSource(const LogFiles* files) : files_(files) {}

  absl::StatusOr<std::string> FetchCheckpoint() override { return Get("checkpoint", audit::kCheckpointBytesMax); }
  absl::StatusOr<std::string> Fetch(const merkle::TileAddress& address) override {
    return Get(merkle::PathOf(address), audit::BytesMax(address));
  }
  absl::StatusOr<std::vector<merkle::TileAddress>> List() override;

 private:
  absl::StatusOr<std::string> Get(const std::string& path, size_t bytes_max) const;

  const LogFiles* files_;
};

// Audits files under the key of PublishedLedger; there is always a verdict.
audit::Report AuditFiles(const LogFiles& files, const audit::AuditOptions& options = {},
                         const std::string& origin = PublishedLedger::kOrigin);

inline constexpr char kElection[] = "trial";

// Keys and what they may do.
const merkle::SigningKey& RegionKey();   // Commission of region N.
const merkle::SigningKey& CourtKey();    // Court registry.
const merkle::SigningKey& AuditorKey();  // Auditor of the whole ledger.

// Definition and grants: stations S1..S3 in region N, S4..S6 in region Z; contests head (absolute majority), list (five
// seats), north (plurality in N), south (plurality in Z), law (referendum with a condition on regions).
PublishedLedger DefinedLedger(const std::string& origin = PublishedLedger::kOrigin);

// A protocol of the trial election. Votes by option in ballot order.
struct TrialProtocol {
  std::string contest, unit;
  std::vector<int64_t> votes;
  std::string source = "commission";
  v1::Stage stage = v1::STAGE_PRELIMINARY;
  std::optional<int64_t> supersedes = {}, decision = {};
  int64_t missing_ballots = 0;  // By which the sum is wrong: not zero breaks the hard rule.
};
v1::Submission ToSubmission(const TrialProtocol& protocol);

// What happens after the definition: protocols alone and in batches, corrections, a quarantine and its release, appeals
// and decisions, an amended roll, rotated and revoked keys, six published tallies, an attestation.
PublishedLedger WholeStory();

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_AUDIT_TRIAL_LOG_H_
