#include "services/api/results_reader.h"

#include <array>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "hattama/v1/record.pb.h"
#include "services/domain/area.h"
#include "services/domain/history.h"
#include "services/domain/text.h"
#include "services/wire/answer_codec.h"
#include "services/wire/event_codec.h"

namespace hattama::api {
namespace {

using domain::AreaTree;
using domain::ContestHistory;
using domain::ElectionHistory;
using domain::History;
using domain::Place;
using domain::ResolvedView;
using domain::Text;
using domain::UnitIndex;

// How many steps of a long loop go by between looks at the caller.
constexpr int64_t kStepsBetweenLooks = 1'024;

absl::Status RequireText(const std::string& value, std::string_view field) {
  if (value.empty()) return absl::InvalidArgumentError(absl::StrCat(Text(field), ": is required"));
  return absl::OkStatus();
}

// The page asked for; nullopt for the first. OutOfRange where the token's versions are beyond the head: it is of
// another ledger, or of a time that this one has lost.
template <typename Request>
absl::StatusOr<std::optional<PageToken>> ReadPageToken(uint64_t fingerprint, const Request& request,
                                                       const ledger::Ledger& ledger) {
  if (request.page_token().empty()) return std::optional<PageToken>();
  const absl::StatusOr<PageToken> token = DecodePageToken(fingerprint, request.page_token());
  if (!token.ok()) return token.status();
  const int64_t head = ledger.head().tree_size;
  for (const int64_t tree_size : {token->tree_size, token->right_tree_size}) {
    if (absl::Status status = CheckVersion(tree_size, "page_token", head); !status.ok()) return status;
  }
  return std::optional<PageToken>(*token);
}

// An election that is open at the version.
struct OpenElection {
  const ElectionHistory* election = nullptr;
  int64_t tree_size = 0;
};

template <typename Request>
absl::StatusOr<int64_t> TreeSizeOf(const History& history, int64_t published, const Request& request,
                                   const std::optional<PageToken>& page) {
  if (page) return page->tree_size;
  return SelectVersion(request.version(), "version", history, published);
}

template <typename Request>
absl::StatusOr<OpenElection> FindElection(const History& history, int64_t published, const Request& request,
                                          const std::optional<PageToken>& page) {
  if (absl::Status status = RequireText(request.election_id(), "election_id"); !status.ok()) return status;
  const absl::StatusOr<int64_t> tree_size = TreeSizeOf(history, published, request, page);
  if (!tree_size.ok()) return tree_size.status();
  const std::optional<int32_t> index = history.FindElection(request.election_id());
  if (!index || !history.election(*index).open_at(*tree_size)) {
    return absl::NotFoundError(
        absl::StrCat("no election \"", request.election_id(), "\" is open at tree_size ", *tree_size));
  }
  return OpenElection{&history.election(*index), *tree_size};
}

// Where and by which view a tally is made. Places point into the history, whose elections and contests stay where they
// are; what they hold is read under the lock only.
struct Target {
  Place place;
  ResolvedView view;
};

template <typename Request>
absl::StatusOr<Place> FindPlace(const History& history, int64_t published, const Request& request,
                                const std::optional<PageToken>& page) {
  if (absl::Status status = RequireText(request.election_id(), "election_id"); !status.ok()) return status;
  const absl::StatusOr<int64_t> tree_size = TreeSizeOf(history, published, request, page);
  if (!tree_size.ok()) return tree_size.status();
  return domain::Locate(history, request.election_id(), request.contest_id(), request.unit_id(), *tree_size);
}

template <typename Request>
absl::StatusOr<Target> FindTarget(const History& history, int64_t published, const Request& request,
                                  const std::optional<PageToken>& page) {
  const absl::StatusOr<domain::View> asked = ToView(request.view(), "view");
  if (!asked.ok()) return asked.status();
  const absl::StatusOr<Place> place = FindPlace(history, published, request, page);
  if (!place.ok()) return place.status();
  const absl::StatusOr<ResolvedView> view = domain::ResolveView(*place->election, *asked);
  if (!view.ok()) return view.status();
  return Target{*place, *view};
}

absl::StatusOr<int32_t> FindLevel(const ElectionHistory& election, const std::string& level_id) {
  const std::optional<int32_t> level = election.FindLevel(level_id);
  if (!level) {
    return absl::NotFoundError(
        absl::StrCat("election \"", election.header().election_id, "\" has no level \"", level_id, "\""));
  }
  return *level;
}

const std::string& LevelId(const ElectionHistory& election, int32_t level) {
  return election.header().levels[level].id;
}

}  // namespace

ResultsReader::ResultsReader(ledger::Ledger* ledger, const Limits& limits)
    : ledger_(ledger), limits_(limits), roots_(ledger) {}

absl::Status ResultsReader::ListElections(const v1::ListElectionsRequest& request,
                                          v1::ListElectionsResponse& response) {
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size(), 100, 1'000);
  if (!page_size.ok()) return page_size.status();
  const uint64_t query = QueryFingerprint("ListElections", request);
  const auto page = ReadPageToken(query, request, *ledger_);
  if (!page.ok()) return page.status();

  const absl::Status status = ledger_->WithState([&](const History& history, int64_t published) -> absl::Status {
    const absl::StatusOr<int64_t> tree_size = TreeSizeOf(history, published, request, *page);
    if (!tree_size.ok()) return tree_size.status();
    *response.mutable_as_of() = StampVersion(history, *tree_size);
    size_t bytes = 0;
    for (int64_t i = *page ? (*page)->offset : 0; i < history.election_count(); ++i) {
      const ElectionHistory& election = history.election(static_cast<int32_t>(i));
      if (!election.open_at(*tree_size)) continue;
      if (response.elections_size() == *page_size || bytes >= limits_.page_bytes_max) {
        response.set_next_page_token(EncodePageToken(query, {.tree_size = *tree_size, .offset = i}));
        break;
      }
      *response.add_elections() = wire::ToSummary(election);
      bytes += response.elections().rbegin()->ByteSizeLong();
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return roots_.Complete(*response.mutable_as_of());
}

absl::Status ResultsReader::GetElection(const v1::GetElectionRequest& request, v1::GetElectionResponse& response) {
  const absl::Status status = ledger_->WithState([&](const History& history, int64_t published) -> absl::Status {
    const absl::StatusOr<OpenElection> found = FindElection(history, published, request, std::nullopt);
    if (!found.ok()) return found.status();
    const ElectionHistory& election = *found->election;
    *response.mutable_as_of() = StampVersion(history, found->tree_size);
    *response.mutable_election() = wire::ToAnswer(election.header());
    for (int32_t i = 0; i < election.contest_count(); ++i) {
      *response.add_contests() = wire::ToAnswer(election.contest(i).contest());
    }
    response.set_unit_count(election.area().size());
    response.set_station_count(election.area().node(0).station_count);
    response.set_root_unit_id(election.area().node(0).unit.id);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return roots_.Complete(*response.mutable_as_of());
}

absl::Status ResultsReader::ListUnits(const v1::ListUnitsRequest& request, v1::ListUnitsResponse& response) {
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size(), 1'000, 5'000);
  if (!page_size.ok()) return page_size.status();
  const uint64_t query = QueryFingerprint("ListUnits", request);
  const auto page = ReadPageToken(query, request, *ledger_);
  if (!page.ok()) return page.status();

  const absl::Status status = ledger_->WithState([&](const History& history, int64_t published) -> absl::Status {
    const absl::StatusOr<OpenElection> found = FindElection(history, published, request, *page);
    if (!found.ok()) return found.status();
    const ElectionHistory& election = *found->election;
    const AreaTree& area = election.area();
    UnitIndex root = 0;
    if (!request.unit_id().empty()) {
      const std::optional<UnitIndex> unit = area.Find(request.unit_id());
      if (!unit) {
        return absl::NotFoundError(
            absl::StrCat("election \"", request.election_id(), "\" has no unit \"", request.unit_id(), "\""));
      }
      root = *unit;
    }
    int32_t level = -1;
    if (!request.level_id().empty()) {
      const absl::StatusOr<int32_t> named = FindLevel(election, request.level_id());
      if (!named.ok()) return named.status();
      level = *named;
    }
    *response.mutable_as_of() = StampVersion(history, found->tree_size);
    size_t bytes = 0;
    for (int64_t i = *page ? std::max<int64_t>((*page)->offset, root) : root; i < area.node(root).end; ++i) {
      const domain::AreaNode& node = area.node(static_cast<UnitIndex>(i));
      if (level >= 0 && node.level != level) continue;
      if (response.units_size() == *page_size || bytes >= limits_.page_bytes_max) {
        response.set_next_page_token(EncodePageToken(query, {.tree_size = found->tree_size, .offset = i}));
        break;
      }
      *response.add_units() = wire::ToAnswer(node.unit);
      bytes += response.units().rbegin()->ByteSizeLong();
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return roots_.Complete(*response.mutable_as_of());
}

void ResultsReader::KeepViews(const Place& place, const ResolvedView& view, bool all_contests) {
  if (view.basis != domain::Basis::kStations) return;
  struct Candidate {
    int32_t contest = 0;
    int64_t protocol_count = 0;
  };
  std::vector<Candidate> candidates;
  ledger_->WithState([&](const History&, int64_t) {
    const ElectionHistory& election = *place.election;
    const int32_t begin = all_contests ? 0 : place.contest_index;
    const int32_t end = all_contests ? election.contest_count() : place.contest_index + 1;
    for (int32_t i = begin; i < end; ++i) {
      const ContestHistory& contest = election.contest(i);
      const UnitIndex unit = all_contests ? contest.root() : place.unit;
      if (election.area().node(unit).station_count < kStationCountWorthKeeping) continue;
      if (contest.FindViewIndex(view) == nullptr) candidates.push_back({i, contest.protocol_count()});
    }
    return 0;
  });
  for (const Candidate& candidate : candidates) {
    {
      std::lock_guard lock(kept_mutex_);
      const KeptView kept{place.election_index, candidate.contest, view};
      if (kept_.contains(kept)) continue;
      if (kept_.size() >= kKeptViewCountMax) return;
      if (kept_protocol_count_ + candidate.protocol_count > kKeptProtocolCountMax) continue;
      kept_protocol_count_ += candidate.protocol_count;
      kept_.insert(kept);
    }
    ledger_->KeepViewIndex(place.election_index, candidate.contest, view);
  }
}

absl::Status ResultsReader::GetTally(const v1::GetTallyRequest& request, const StillWanted& wanted,
                                     v1::Tally& response) {
  const absl::StatusOr<Target> target = ledger_->WithState(
      [&](const History& history, int64_t published) { return FindTarget(history, published, request, std::nullopt); });
  if (!target.ok()) return target.status();
  KeepViews(target->place, target->view, /*all_contests=*/false);
  if (absl::Status status = wanted(); !status.ok()) return status;
  ledger_->WithState([&](const History& history, int64_t) {
    response = wire::ToAnswer(domain::ComputeTally(target->place, target->view));
    *response.mutable_as_of() = StampVersion(history, target->place.tree_size);
    return 0;
  });
  return roots_.Complete(*response.mutable_as_of());
}

absl::Status ResultsReader::ListTallies(const v1::ListTalliesRequest& request, const StillWanted& wanted,
                                        v1::ListTalliesResponse& response) {
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size(), 100, 1'000);
  if (!page_size.ok()) return page_size.status();
  if (absl::Status status = RequireText(request.level_id(), "level_id"); !status.ok()) return status;
  const uint64_t query = QueryFingerprint("ListTallies", request);
  const auto page = ReadPageToken(query, request, *ledger_);
  if (!page.ok()) return page.status();

  const absl::StatusOr<Target> target = ledger_->WithState(
      [&](const History& history, int64_t published) { return FindTarget(history, published, request, *page); });
  if (!target.ok()) return target.status();
  KeepViews(target->place, target->view, /*all_contests=*/false);

  const absl::Status status = ledger_->WithState([&](const History& history, int64_t) -> absl::Status {
    const Place& place = target->place;
    const ElectionHistory& election = *place.election;
    const AreaTree& area = election.area();
    const absl::StatusOr<int32_t> level = FindLevel(election, request.level_id());
    if (!level.ok()) return level.status();
    const domain::AreaNode& root = area.node(place.unit);
    if (*level < root.level) {
      return absl::InvalidArgumentError(absl::StrCat("level_id: level \"", request.level_id(), "\" is above unit \"",
                                                     root.unit.id, "\" of level \"", LevelId(election, root.level),
                                                     "\""));
    }
    *response.mutable_as_of() = StampVersion(history, place.tree_size);
    size_t bytes = 0;
    for (int64_t i = *page ? std::max<int64_t>((*page)->offset, place.unit) : place.unit; i < root.end; ++i) {
      if (area.node(static_cast<UnitIndex>(i)).level != *level) continue;
      if (response.tallies_size() == *page_size || bytes >= limits_.page_bytes_max) {
        response.set_next_page_token(EncodePageToken(query, {.tree_size = place.tree_size, .offset = i}));
        break;
      }
      if (absl::Status gone = wanted(); !gone.ok()) return gone;
      Place at = place;
      at.unit = static_cast<UnitIndex>(i);
      v1::Tally& tally = *response.add_tallies();
      tally = wire::ToAnswer(domain::ComputeTally(at, target->view));
      bytes += tally.ByteSizeLong();
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  if (absl::Status root = roots_.Complete(*response.mutable_as_of()); !root.ok()) return root;
  for (v1::Tally& tally : *response.mutable_tallies()) *tally.mutable_as_of() = response.as_of();
  return absl::OkStatus();
}

absl::Status ResultsReader::GetSeats(const v1::GetSeatsRequest& request, const StillWanted& wanted,
                                     v1::GetSeatsResponse& response) {
  const absl::StatusOr<Target> target =
      ledger_->WithState([&](const History& history, int64_t published) -> absl::StatusOr<Target> {
        const absl::StatusOr<domain::View> asked = ToView(request.view(), "view");
        if (!asked.ok()) return asked.status();
        const absl::StatusOr<OpenElection> found = FindElection(history, published, request, std::nullopt);
        if (!found.ok()) return found.status();
        // Seats are of all contests; any of them names the place.
        const absl::StatusOr<Place> place = domain::Locate(
            history, request.election_id(), found->election->contest(0).contest().id, "", found->tree_size);
        if (!place.ok()) return place.status();
        const absl::StatusOr<ResolvedView> view = domain::ResolveView(*place->election, *asked);
        if (!view.ok()) return view.status();
        return Target{*place, *view};
      });
  if (!target.ok()) return target.status();
  KeepViews(target->place, target->view, /*all_contests=*/true);
  if (absl::Status status = wanted(); !status.ok()) return status;

  ledger_->WithState([&](const History& history, int64_t) {
    const ElectionHistory& election = *target->place.election;
    const domain::SeatTable table = domain::ComputeSeats(target->place, target->view);
    *response.mutable_as_of() = StampVersion(history, target->place.tree_size);
    *response.mutable_view() = wire::ToAnswer(domain::NameView(election, target->view));
    for (const domain::Tally& tally : table.contests) *response.add_contests() = wire::ToContestOutcome(tally);
    for (const domain::PartySeats& party : table.parties) {
      *response.add_parties() = wire::ToAnswer(party, election.header());
    }
    response.set_seat_count(table.seats);
    response.set_undecided_seat_count(table.undecided_seats);
    response.set_notice(election.header().notice);
    return 0;
  });
  return roots_.Complete(*response.mutable_as_of());
}

std::shared_ptr<const domain::Diff> ResultsReader::FindDiff(const std::string& key) {
  std::lock_guard lock(diffs_mutex_);
  for (auto cached = diffs_.begin(); cached != diffs_.end(); ++cached) {
    if (cached->key != key) continue;
    diffs_.splice(diffs_.begin(), diffs_, cached);
    return diffs_.front().diff;
  }
  return nullptr;
}

void ResultsReader::RememberDiff(const std::string& key, const std::shared_ptr<const domain::Diff>& diff) {
  std::lock_guard lock(diffs_mutex_);
  diffs_.push_front({key, diff});
  size_t row_count = 0;
  size_t kept = 0;
  for (auto cached = diffs_.begin(); cached != diffs_.end();) {
    row_count += cached->diff->discrepancies.size();
    ++kept;
    cached = kept > 1 && (kept > kCachedDiffCountMax || row_count > kCachedRowCountMax) ? diffs_.erase(cached)
                                                                                        : std::next(cached);
  }
}

absl::StatusOr<Comparison> ResultsReader::Compare(const v1::GetDiffRequest& request, std::string_view prefix,
                                                  const std::optional<PageToken>& page, const StillWanted& wanted) {
  const auto path = [&](const char* field) { return absl::StrCat(Text(prefix), field); };
  if (!request.has_left()) return absl::InvalidArgumentError(absl::StrCat(path("left"), ": is required"));
  if (!request.has_right()) return absl::InvalidArgumentError(absl::StrCat(path("right"), ": is required"));
  if (absl::Status status = RequireText(request.election_id(), path("election_id")); !status.ok()) return status;
  const absl::StatusOr<domain::View> left_asked = ToView(request.left().view(), path("left.view"));
  if (!left_asked.ok()) return left_asked.status();
  const absl::StatusOr<domain::View> right_asked = ToView(request.right().view(), path("right.view"));
  if (!right_asked.ok()) return right_asked.status();

  struct Sides {
    Target left;
    Target right;
  };
  Comparison comparison;
  // Both versions are chosen under one lock, so that two sides that name none compare the same head.
  const absl::StatusOr<Sides> sides =
      ledger_->WithState([&](const History& history, int64_t published) -> absl::StatusOr<Sides> {
        Sides found;
        absl::StatusOr<int64_t> left_size =
            page ? page->tree_size : SelectVersion(request.left().version(), path("left.version"), history, published);
        if (!left_size.ok()) return left_size.status();
        absl::StatusOr<int64_t> right_size =
            page ? page->right_tree_size
                 : SelectVersion(request.right().version(), path("right.version"), history, published);
        if (!right_size.ok()) return right_size.status();
        const auto locate = [&](int64_t tree_size) {
          return domain::Locate(history, request.election_id(), request.contest_id(), request.unit_id(), tree_size);
        };
        const absl::StatusOr<Place> left_place = locate(*left_size);
        if (!left_place.ok()) return left_place.status();
        const absl::StatusOr<Place> right_place = locate(*right_size);
        if (!right_place.ok()) return right_place.status();
        const absl::StatusOr<ResolvedView> left_view = domain::ResolveView(*left_place->election, *left_asked);
        if (!left_view.ok()) return left_view.status();
        const absl::StatusOr<ResolvedView> right_view = domain::ResolveView(*right_place->election, *right_asked);
        if (!right_view.ok()) return right_view.status();
        comparison.left_as_of = StampVersion(history, *left_size);
        comparison.right_as_of = StampVersion(history, *right_size);
        return Sides{{*left_place, *left_view}, {*right_place, *right_view}};
      });
  if (!sides.ok()) return sides.status();
  if (absl::Status status = roots_.Complete(comparison.left_as_of); !status.ok()) return status;
  if (absl::Status status = roots_.Complete(comparison.right_as_of); !status.ok()) return status;

  const auto name = [](const Target& side) {
    return absl::StrCat(side.place.tree_size, "/", side.view.source, "/", static_cast<int>(side.view.policy), "/",
                        static_cast<int>(side.view.basis), "/", side.view.excluding_contested);
  };
  const Place& place = sides->left.place;
  const std::string key = absl::StrCat(place.election_index, "/", place.contest_index, "/", place.unit, " ",
                                       name(sides->left), " ", name(sides->right));
  comparison.diff = FindDiff(key);
  if (comparison.diff != nullptr) return comparison;

  if (absl::Status status = wanted(); !status.ok()) return status;
  absl::StatusOr<domain::Diff> diff = ledger_->WithState([&](const History&, int64_t) {
    return domain::ComputeDiff(sides->left.place, sides->left.view, sides->right.place, sides->right.view);
  });
  if (!diff.ok()) return diff.status();
  comparison.diff = std::make_shared<const domain::Diff>(*std::move(diff));
  RememberDiff(key, comparison.diff);
  return comparison;
}

int64_t ResultsReader::AppendDiscrepancies(const Comparison& comparison, absl::Span<const int> kinds, int64_t offset,
                                           int64_t count_max, v1::ListDiscrepanciesResponse& response) {
  const std::vector<domain::Discrepancy>& rows = comparison.diff->discrepancies;
  *response.mutable_left_as_of() = comparison.left_as_of;
  *response.mutable_right_as_of() = comparison.right_as_of;
  ledger_->WithState([&](const History&, int64_t) {
    size_t bytes = 0;
    for (; offset < static_cast<int64_t>(rows.size()); ++offset) {
      if (!kinds.empty() && !absl::c_linear_search(kinds, static_cast<int>(rows[offset].kind))) continue;
      if (response.discrepancies_size() >= count_max || bytes >= limits_.page_bytes_max) break;
      v1::Discrepancy& row = *response.add_discrepancies();
      row = wire::ToAnswer(rows[offset], *comparison.diff);
      bytes += row.ByteSizeLong();
    }
    return 0;
  });
  return offset;
}

absl::Status ResultsReader::GetDiff(const v1::GetDiffRequest& request, const StillWanted& wanted,
                                    v1::DiffSummary& response) {
  const absl::StatusOr<Comparison> comparison = Compare(request, "", std::nullopt, wanted);
  if (!comparison.ok()) return comparison.status();
  ledger_->WithState([&](const History&, int64_t) {
    response = wire::ToAnswer(*comparison->diff);
    return 0;
  });
  *response.mutable_left_as_of() = comparison->left_as_of;
  *response.mutable_right_as_of() = comparison->right_as_of;
  return absl::OkStatus();
}

absl::Status ResultsReader::ListDiscrepancies(const v1::ListDiscrepanciesRequest& request, const StillWanted& wanted,
                                              v1::ListDiscrepanciesResponse& response) {
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size(), 100, 5'000);
  if (!page_size.ok()) return page_size.status();
  if (!request.has_diff()) return absl::InvalidArgumentError("diff: is required");
  for (int i = 0; i < request.kinds_size(); ++i) {
    const int kind = request.kinds(i);
    if (kind <= 0 || kind > domain::kDiscrepancyKindCount) {
      return absl::InvalidArgumentError(absl::StrCat("kinds[", i, "]: has unknown value ", kind));
    }
  }
  const uint64_t query = QueryFingerprint("ListDiscrepancies", request);
  const auto page = ReadPageToken(query, request, *ledger_);
  if (!page.ok()) return page.status();

  const absl::StatusOr<Comparison> comparison = Compare(request.diff(), "diff.", *page, wanted);
  if (!comparison.ok()) return comparison.status();
  const int64_t offset =
      AppendDiscrepancies(*comparison, request.kinds(), *page ? (*page)->offset : 0, *page_size, response);
  if (offset < static_cast<int64_t>(comparison->diff->discrepancies.size())) {
    response.set_next_page_token(EncodePageToken(query, {.tree_size = comparison->left_as_of.tree_size(),
                                                         .right_tree_size = comparison->right_as_of.tree_size(),
                                                         .offset = offset}));
  }
  return absl::OkStatus();
}

absl::Status ResultsReader::ListCoverage(const v1::ListCoverageRequest& request, const StillWanted& wanted,
                                         v1::ListCoverageResponse& response) {
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size(), 100, 5'000);
  if (!page_size.ok()) return page_size.status();
  const int state = static_cast<int>(request.state());
  if (state < 0 || state > v1::STATION_STATE_MISSING) {
    return absl::InvalidArgumentError(absl::StrCat("state: has unknown value ", state));
  }
  if (request.view().basis() == v1::BASIS_CLAIMS) {
    return absl::InvalidArgumentError("view.basis: coverage is of stations; claims are compared by GetTally");
  }
  const uint64_t query = QueryFingerprint("ListCoverage", request);
  const auto page = ReadPageToken(query, request, *ledger_);
  if (!page.ok()) return page.status();

  const absl::StatusOr<Target> target = ledger_->WithState(
      [&](const History& history, int64_t published) { return FindTarget(history, published, request, *page); });
  if (!target.ok()) return target.status();
  KeepViews(target->place, target->view, /*all_contests=*/false);

  const absl::Status status = ledger_->WithState([&](const History& history, int64_t) -> absl::Status {
    const Place& place = target->place;
    const ElectionHistory& election = *place.election;
    const ContestHistory& contest = *place.contest;
    const AreaTree& area = election.area();
    *response.mutable_as_of() = StampVersion(history, place.tree_size);
    *response.mutable_view() = wire::ToAnswer(domain::NameView(election, target->view));
    const int64_t station_count = area.IsStation(place.unit) ? 1 : area.node(place.unit).station_count;
    *response.mutable_coverage() = wire::ToAnswer(domain::SumStations(place, target->view), station_count);
    size_t bytes = 0;
    int64_t steps = 0;
    const UnitIndex end = area.node(place.unit).end;
    for (int64_t i = *page ? std::max<int64_t>((*page)->offset, place.unit) : place.unit; i < end; ++i) {
      if (++steps % kStepsBetweenLooks == 0) {
        if (absl::Status gone = wanted(); !gone.ok()) return gone;
      }
      const UnitIndex unit = static_cast<UnitIndex>(i);
      if (!area.IsStation(unit)) continue;
      const domain::Effect effect = contest.EffectAt(unit, target->view, place.tree_size);
      if (state != v1::STATION_STATE_UNSPECIFIED && static_cast<int>(effect.state) != state) continue;
      if (request.contested_only() && !effect.contested) continue;
      if (request.with_findings_only() &&
          (effect.protocol < 0 || contest.protocol(effect.protocol).finding_count == 0)) {
        continue;
      }
      if (response.stations_size() == *page_size || bytes >= limits_.page_bytes_max) {
        response.set_next_page_token(EncodePageToken(query, {.tree_size = place.tree_size, .offset = i}));
        break;
      }
      v1::StationCoverage& station = *response.add_stations();
      station = wire::ToStationCoverage(election, contest, unit, effect, place.tree_size);
      bytes += station.ByteSizeLong();
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return roots_.Complete(*response.mutable_as_of());
}

absl::Status ResultsReader::ListHistory(const v1::ListHistoryRequest& request, const StillWanted& wanted,
                                        v1::ListHistoryResponse& response) {
  const absl::StatusOr<int32_t> page_size = PageSize(request.page_size(), 100, 1'000);
  if (!page_size.ok()) return page_size.status();
  if (absl::Status status = RequireText(request.unit_id(), "unit_id"); !status.ok()) return status;
  const uint64_t query = QueryFingerprint("ListHistory", request);
  const auto page = ReadPageToken(query, request, *ledger_);
  if (!page.ok()) return page.status();

  // What the state knows of each entry; what the record says follows from the store, outside the lock.
  bool more = false;
  const absl::StatusOr<Place> place =
      ledger_->WithState([&](const History& history, int64_t published) -> absl::StatusOr<Place> {
        const absl::StatusOr<Place> found = FindPlace(history, published, request, *page);
        if (!found.ok()) return found.status();
        *response.mutable_as_of() = StampVersion(history, found->tree_size);
        const std::vector<int64_t> sequences =
            found->election->SequencesOf(found->contest_index, found->unit, found->tree_size);
        const size_t begin = *page ? static_cast<size_t>((*page)->offset) : 0;
        for (size_t i = begin; i < sequences.size(); ++i) {
          if (response.entries_size() == *page_size) {
            more = true;
            break;
          }
          v1::HistoryEntry& entry = *response.add_entries();
          entry.set_sequence(sequences[i]);
          const int32_t protocol = found->contest->FindProtocol(sequences[i]);
          if (protocol < 0) continue;
          const domain::ProtocolFacts& facts = found->contest->protocol(protocol);
          for (const domain::Finding& finding : found->contest->findings(protocol)) {
            *entry.add_findings() = wire::ToAnswer(finding, found->election->header(), *found->contest);
          }
          entry.set_quarantined(facts.hard && facts.released_sequence >= found->tree_size);
          if (facts.superseded_sequence < found->tree_size) {
            entry.set_superseded_by_sequence(facts.superseded_sequence);
          }
        }
        return *found;
      });
  if (!place.ok()) return place.status();

  size_t bytes = 0;
  int kept = 0;
  for (; kept < response.entries_size(); ++kept) {
    if (bytes >= limits_.page_bytes_max) {
      more = true;
      break;
    }
    if (absl::Status status = wanted(); !status.ok()) return status;
    v1::HistoryEntry& entry = *response.mutable_entries(kept);
    const absl::StatusOr<std::string> record = ledger_->ReadRecord(entry.sequence());
    if (!record.ok()) return record.status();
    const absl::StatusOr<wire::DecodedRecord> decoded = wire::DecodeRecord(*record);
    if (!decoded.ok()) return decoded.status();
    v1::Submission submission;
    if (!submission.ParseFromArray(decoded->submission.data(), static_cast<int>(decoded->submission.size()))) {
      return absl::DataLossError(absl::StrCat("record ", entry.sequence(), " holds no submission"));
    }
    *entry.mutable_record_time() = wire::ToTimestamp(decoded->time_micros);
    entry.set_submitter(submission.submitter());
    switch (submission.event_case()) {
      case v1::Submission::kProtocolSubmitted:
        *entry.mutable_protocol_submitted() = std::move(*submission.mutable_protocol_submitted());
        break;
      case v1::Submission::kAppealFiled:
        *entry.mutable_appeal_filed() = std::move(*submission.mutable_appeal_filed());
        break;
      case v1::Submission::kDecisionRecorded:
        *entry.mutable_decision_recorded() = std::move(*submission.mutable_decision_recorded());
        break;
      case v1::Submission::kRollAmended:
        for (const v1::RollEntry& roll : submission.roll_amended().entries()) {
          if (roll.unit_id() == request.unit_id()) *entry.mutable_roll_amended() = roll;
        }
        break;
      default:
        return absl::DataLossError(absl::StrCat("record ", entry.sequence(), " is no event of unit \"",
                                                request.unit_id(), "\", but the state says so"));
    }
    bytes += entry.ByteSizeLong();
  }
  response.mutable_entries()->DeleteSubrange(kept, response.entries_size() - kept);
  if (more) {
    const int64_t offset = (*page ? (*page)->offset : 0) + kept;
    response.set_next_page_token(EncodePageToken(query, {.tree_size = place->tree_size, .offset = offset}));
  }
  return roots_.Complete(*response.mutable_as_of());
}

}  // namespace hattama::api
