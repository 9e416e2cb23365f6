#include "services/api/statement_reader.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "services/domain/tally.h"
#include "services/domain/text.h"

namespace hattama::api {
namespace {

std::string ToBytes(const merkle::Hash& hash) { return std::string(hash.begin(), hash.end()); }

// A contest at its own unit, by a view.
struct Target {
  domain::Place place;
  domain::ResolvedView view;
};

// Where the station stands among the contest's stations in tree order.
absl::StatusOr<int64_t> StationIndex(const domain::Place& place, std::string_view station_id) {
  const domain::AreaTree& area = place.election->area();
  const std::optional<domain::UnitIndex> station = area.Find(station_id);
  if (!station.has_value() || !area.Contains(place.unit, *station) || !area.IsStation(*station)) {
    return absl::NotFoundError(absl::StrCat("unit_id: contest \"", place.contest->contest().id, "\" has no station \"",
                                            domain::Text(station_id), "\""));
  }
  int64_t index = 0;
  for (domain::UnitIndex unit = place.unit; unit < *station; ++unit) index += area.IsStation(unit) ? 1 : 0;
  return index;
}

// The protocols that count or would count, whose leaf hashes a statement names.
std::vector<int64_t> SequencesNamed(const Target& target) {
  const domain::Place& place = target.place;
  std::vector<int64_t> sequences;
  for (domain::UnitIndex unit = place.unit; unit < place.election->area().node(place.unit).end; ++unit) {
    if (!place.election->area().IsStation(unit)) continue;
    const domain::Effect effect = place.contest->EffectAt(unit, target.view, place.tree_size);
    if (effect.protocol >= 0) sequences.push_back(place.contest->protocol(effect.protocol).sequence);
  }
  return sequences;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const StatementReader::Made>> StatementReader::Make(
    std::string_view election_id, std::string_view contest_id, std::string_view station_id, const v1::View& asked,
    const v1::VersionSelector& version, int64_t* station_index) {
  // First what is meant, under the lock; then leaf hashes from the store, without it; then figures and sums, under it
  // again; then the tree over them, which is long to hash and needs the lock no more. What a version holds never
  // changes in between.
  v1::AsOf as_of;
  std::string key;
  std::vector<int64_t> sequences;
  const auto find = [&](const domain::History& history, int64_t published) -> absl::StatusOr<Target> {
    const absl::StatusOr<domain::View> view = ToView(asked, "view");
    if (!view.ok()) return view.status();
    if (view->basis != domain::Basis::kStations) {
      return absl::InvalidArgumentError("view.basis: a statement is a sum of stations");
    }
    const absl::StatusOr<int64_t> tree_size = SelectVersion(version, "version", history, published);
    if (!tree_size.ok()) return tree_size.status();
    const absl::StatusOr<domain::Place> place = domain::Locate(history, election_id, contest_id, {}, *tree_size);
    if (!place.ok()) return place.status();
    const absl::StatusOr<domain::ResolvedView> resolved = domain::ResolveView(*place->election, *view);
    if (!resolved.ok()) return resolved.status();
    if (station_index != nullptr) {
      const absl::StatusOr<int64_t> index = StationIndex(*place, station_id);
      if (!index.ok()) return index.status();
      *station_index = *index;
    }
    as_of = StampVersion(history, *tree_size);
    key = absl::StrCat(place->election_index, " ", place->contest_index, " ", resolved->source, " ",
                       static_cast<int>(resolved->policy), " ", resolved->excluding_contested, " ", *tree_size);
    return Target{*place, *resolved};
  };
  const absl::StatusOr<Target> target =
      ledger_->WithState([&](const domain::History& history, int64_t published) { return find(history, published); });
  if (!target.ok()) return target.status();
  {
    std::lock_guard lock(mutex_);
    const auto known = std::find_if(made_.begin(), made_.end(), [&key](const auto& made) { return made->key == key; });
    if (known != made_.end()) {
      made_.splice(made_.begin(), made_, known);
      return made_.front();
    }
  }

  sequences = ledger_->WithState([&](const domain::History&, int64_t) { return SequencesNamed(*target); });
  absl::flat_hash_map<int64_t, merkle::Hash> hashes;
  for (const int64_t sequence : sequences) {
    const absl::StatusOr<merkle::Hash> hash = ledger_->LeafHash(sequence);
    if (!hash.ok()) return hash.status();
    hashes.emplace(sequence, *hash);
  }
  if (absl::Status status = roots_.Complete(as_of); !status.ok()) return status;
  merkle::Hash root;
  std::copy(as_of.root_hash().begin(), as_of.root_hash().end(), root.begin());
  domain::Tally tally;
  absl::StatusOr<std::vector<merkle::SumLeaf>> leaves = ledger_->WithState([&](const domain::History&, int64_t) {
    tally = domain::ComputeTally(target->place, target->view);
    return wire::StationLeaves(
        target->place, target->view,
        [&hashes](int64_t sequence) -> absl::StatusOr<merkle::Hash> { return hashes.at(sequence); });
  });
  if (!leaves.ok()) return leaves.status();
  absl::StatusOr<wire::Statement> statement =
      wire::CompleteStatement(tally, *std::move(leaves), ledger_->origin(), root);
  if (!statement.ok()) return statement.status();
  const auto made = std::make_shared<const Made>(
      Made{.key = std::move(key), .as_of = std::move(as_of), .statement = *std::move(statement)});
  std::lock_guard lock(mutex_);
  made_.push_front(made);
  if (made_.size() > kMadeCountMax) made_.pop_back();
  return made;
}

absl::Status StatementReader::GetStatement(const v1::GetStatementRequest& request, v1::GetStatementResponse& response) {
  const absl::StatusOr<std::shared_ptr<const Made>> made =
      Make(request.election_id(), request.contest_id(), {}, request.view(), request.version(), nullptr);
  if (!made.ok()) return made.status();
  *response.mutable_as_of() = (*made)->as_of;
  response.set_statement((*made)->statement.text);
  return absl::OkStatus();
}

absl::Status StatementReader::GetStationPath(const v1::GetStationPathRequest& request,
                                             v1::GetStationPathResponse& response) {
  int64_t index = 0;
  const absl::StatusOr<std::shared_ptr<const Made>> made =
      Make(request.election_id(), request.contest_id(), request.unit_id(), request.view(), request.version(), &index);
  if (!made.ok()) return made.status();
  const absl::StatusOr<merkle::SumProof> path = (*made)->statement.tree.Prove(index);
  if (!path.ok()) return path.status();
  *response.mutable_as_of() = (*made)->as_of;
  response.set_index(index);
  response.set_count((*made)->statement.tree.leaf_count());
  const merkle::SumLeaf& leaf = (*made)->statement.leaves[index];
  response.set_label(leaf.label);
  response.mutable_sums()->Add(leaf.sums.begin(), leaf.sums.end());
  for (const merkle::SumNode& node : *path) {
    v1::SumNode& out = *response.add_path();
    out.set_hash(ToBytes(node.hash));
    out.mutable_sums()->Add(node.sums.begin(), node.sums.end());
  }
  response.set_commitment(ToBytes((*made)->statement.tree.Commitment()));
  return absl::OkStatus();
}

}  // namespace hattama::api
