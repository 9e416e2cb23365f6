// Answers to questions at any version, without gRPC: results_service.h puts them on the wire.
//
// Every answer is made in three steps: find the place and fix the version under the state's lock, compute under the
// same lock, then complete the version's root from the store outside of it.
#ifndef HATTAMA_SERVICES_API_RESULTS_READER_H_
#define HATTAMA_SERVICES_API_RESULTS_READER_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hattama/v1/results_service.pb.h"
#include "hattama/v1/tally.pb.h"
#include "services/api/call.h"
#include "services/api/limits.h"
#include "services/api/page_token.h"
#include "services/api/versions.h"
#include "services/domain/diff.h"
#include "services/domain/tally.h"
#include "services/ledger/ledger.h"

namespace hattama::api {

// A diff with the versions of both sides, complete.
struct Comparison {
  std::shared_ptr<const domain::Diff> diff;  // Shared with the cache and with calls that page through it.
  v1::AsOf left_as_of;
  v1::AsOf right_as_of;
};

// Thread-safe. Statuses are those of domain::Locate, ResolveView, SelectVersion and DecodePageToken.
class ResultsReader {
 public:
  // `ledger` must outlive the reader.
  ResultsReader(ledger::Ledger* ledger, const Limits& limits);

  absl::Status ListElections(const v1::ListElectionsRequest& request, v1::ListElectionsResponse& response);
  absl::Status GetElection(const v1::GetElectionRequest& request, v1::GetElectionResponse& response);
  absl::Status ListUnits(const v1::ListUnitsRequest& request, v1::ListUnitsResponse& response);
  absl::Status GetTally(const v1::GetTallyRequest& request, const StillWanted& wanted, v1::Tally& response);
  absl::Status ListTallies(const v1::ListTalliesRequest& request, const StillWanted& wanted,
                           v1::ListTalliesResponse& response);
  absl::Status GetSeats(const v1::GetSeatsRequest& request, const StillWanted& wanted, v1::GetSeatsResponse& response);
  absl::Status GetDiff(const v1::GetDiffRequest& request, const StillWanted& wanted, v1::DiffSummary& response);
  absl::Status ListDiscrepancies(const v1::ListDiscrepanciesRequest& request, const StillWanted& wanted,
                                 v1::ListDiscrepanciesResponse& response);
  absl::Status ListCoverage(const v1::ListCoverageRequest& request, const StillWanted& wanted,
                            v1::ListCoverageResponse& response);
  absl::Status ListHistory(const v1::ListHistoryRequest& request, const StillWanted& wanted,
                           v1::ListHistoryResponse& response);

  // Compares the two sides. `page` fixes the versions of a later page; field paths in statuses begin with `prefix`.
  absl::StatusOr<Comparison> Compare(const v1::GetDiffRequest& request, std::string_view prefix,
                                     const std::optional<PageToken>& page, const StillWanted& wanted);
  // Appends rows of `kinds` (none named: of all) from `offset`, at most `count_max` and until the page is full; returns
  // the offset of the next such row, or the end.
  int64_t AppendDiscrepancies(const Comparison& comparison, absl::Span<const int> kinds, int64_t offset,
                              int64_t count_max, v1::ListDiscrepanciesResponse& response);

 private:
  // A running-sums index that the ledger keeps for us.
  struct KeptView {
    int32_t election = 0;
    int32_t contest = 0;
    domain::ResolvedView view;

    friend bool operator==(const KeptView&, const KeptView&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const KeptView& kept) {
      return H::combine(std::move(state), kept.election, kept.contest, kept.view.source, kept.view.policy,
                        kept.view.basis, kept.view.excluding_contested);
    }
  };
  // An index is worth its memory where a tally would otherwise visit at least so many stations.
  static constexpr int32_t kStationCountWorthKeeping = 64;
  // Bounds what callers can make us keep: each view of a contest costs about 200 bytes for each protocol recorded.
  static constexpr size_t kKeptViewCountMax = 1'024;
  static constexpr int64_t kKeptProtocolCountMax = 4'000'000;
  // Bounds the cache of diffs: 40 bytes for each row.
  static constexpr size_t kCachedDiffCountMax = 8;
  static constexpr size_t kCachedRowCountMax = 2'000'000;

  // Asks the ledger to keep an index for what tallies at `place` sum, where that is worth it and there is room. With
  // `all_contests` the same for every contest of the election.
  void KeepViews(const domain::Place& place, const domain::ResolvedView& view, bool all_contests);

  std::shared_ptr<const domain::Diff> FindDiff(const std::string& key);
  void RememberDiff(const std::string& key, const std::shared_ptr<const domain::Diff>& diff);

  ledger::Ledger* ledger_;
  Limits limits_;
  RootBook roots_;

  std::mutex kept_mutex_;
  absl::flat_hash_set<KeptView> kept_;
  int64_t kept_protocol_count_ = 0;

  struct CachedDiff {
    std::string key;
    std::shared_ptr<const domain::Diff> diff;
  };
  std::mutex diffs_mutex_;
  std::list<CachedDiff> diffs_;  // The last used first.
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_RESULTS_READER_H_
