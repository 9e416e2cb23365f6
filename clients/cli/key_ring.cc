#include "clients/cli/key_ring.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "clients/cli/failure.h"
#include "clients/cli/output.h"
#include "clients/cli/signing.h"
#include "storage/keys/key_file.h"

namespace hattama::cli {
namespace {

constexpr int32_t kUnitPageSizeMax = 5'000;
constexpr char kKeySuffix[] = ".key";

std::string IdOf(const std::filesystem::path& name) { return absl::StrReplaceAll(name.string(), {{"%2F", "/"}}); }

// What a folder holds, sorted, so that the first fault is always the same.
absl::StatusOr<std::vector<std::filesystem::path>> EntriesOf(const std::string& folder) {
  std::vector<std::filesystem::path> entries;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) entries.push_back(entry.path());
  if (error) return UsageError(absl::StrCat(folder, ": ", error.message()));
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace

absl::StatusOr<KeyRing> KeyRing::OfOne(const Session& session) {
  absl::StatusOr<merkle::SigningKey> key = SigningKeyOf(session);
  if (!key.ok()) return key.status();
  KeyRing ring;
  ring.for_all_ = std::make_unique<merkle::SigningKey>(*std::move(key));
  return ring;
}

absl::StatusOr<KeyRing> KeyRing::OfFolder(Session& session, const v1::GetElectionResponse& election,
                                          const std::string& folder) {
  const std::string& election_id = election.election().election_id();
  v1::ListUnitsRequest request;
  request.set_election_id(election_id);
  absl::StatusOr<v1::ListUnitsResponse> units = AllPages<v1::ListUnitsRequest, v1::ListUnitsResponse>(
      request, 0, kUnitPageSizeMax,
      [&](const v1::ListUnitsRequest& page) {
        return session.Call(session.results(), &v1::ResultsService::Stub::ListUnits, page);
      },
      [](v1::ListUnitsResponse& answer) { return answer.mutable_units(); });
  if (!units.ok()) return units.status();
  KeyRing ring;
  for (const v1::Unit& unit : units->units()) ring.parent_.emplace(unit.unit_id(), unit.parent_id());

  absl::StatusOr<KeysByUnit> keys = ring.ReadFolder(election_id, folder);
  if (!keys.ok()) return keys.status();
  ring.of_any_source_ = *std::move(keys);
  const absl::StatusOr<std::vector<std::filesystem::path>> entries = EntriesOf(folder);
  if (!entries.ok()) return entries.status();
  for (const std::filesystem::path& path : *entries) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) continue;
    const std::string source_id = IdOf(path.filename());
    const auto& sources = election.election().sources();
    if (std::none_of(sources.begin(), sources.end(),
                     [&](const v1::Source& source) { return source.source_id() == source_id; })) {
      return UsageError(
          absl::StrCat(path.string(), ": election \"", election_id, "\" has no source \"", source_id, "\""));
    }
    keys = ring.ReadFolder(election_id, path.string());
    if (!keys.ok()) return keys.status();
    if (keys->empty()) return UsageError(absl::StrCat(path.string(), ": holds no file UNIT", kKeySuffix));
    ring.by_source_.emplace(source_id, *std::move(keys));
  }
  if (ring.of_any_source_.empty() && ring.by_source_.empty()) {
    return UsageError(absl::StrCat(folder, ": holds no file UNIT", kKeySuffix, " and no folder SOURCE"));
  }
  return ring;
}

absl::StatusOr<KeyRing::KeysByUnit> KeyRing::ReadFolder(const std::string& election_id,
                                                        const std::string& folder) const {
  const absl::StatusOr<std::vector<std::filesystem::path>> entries = EntriesOf(folder);
  if (!entries.ok()) return entries.status();
  KeysByUnit keys;
  for (const std::filesystem::path& path : *entries) {
    if (path.extension() != kKeySuffix) continue;
    const std::string unit_id = IdOf(path.stem());
    if (!parent_.contains(unit_id)) {
      return UsageError(absl::StrCat(path.string(), ": election \"", election_id, "\" has no unit \"", unit_id, "\""));
    }
    absl::StatusOr<merkle::NamedSigningKey> key = storage::LoadPrivateKey(path.string());
    if (!key.ok()) return AsUsage(key.status());
    keys.emplace(unit_id, std::make_unique<merkle::SigningKey>(std::move(key->key)));
  }
  return keys;
}

const merkle::SigningKey* KeyRing::KeyFor(std::string_view source_id, std::string_view unit_id) const {
  if (for_all_ != nullptr) return for_all_.get();
  const auto of_source = by_source_.find(std::string(source_id));
  const KeysByUnit& keys = of_source == by_source_.end() ? of_any_source_ : of_source->second;
  std::string unit(unit_id);
  while (!unit.empty()) {
    if (const auto it = keys.find(unit); it != keys.end()) return it->second.get();
    const auto parent = parent_.find(unit);
    if (parent == parent_.end()) return nullptr;
    unit = parent->second;
  }
  return nullptr;
}

}  // namespace hattama::cli
