#include "clients/cli/key_ring.h"

#include <filesystem>
#include <utility>

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

}  // namespace

absl::StatusOr<KeyRing> KeyRing::OfOne(const Session& session) {
  absl::StatusOr<merkle::SigningKey> key = SigningKeyOf(session);
  if (!key.ok()) return key.status();
  KeyRing ring;
  ring.for_all_ = std::make_unique<merkle::SigningKey>(*std::move(key));
  return ring;
}

absl::StatusOr<KeyRing> KeyRing::OfFolder(Session& session, const std::string& election_id,
                                          const std::string& folder) {
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

  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() != kKeySuffix) continue;
    const std::string unit_id = absl::StrReplaceAll(entry.path().stem().string(), {{"%2F", "/"}});
    if (!ring.parent_.contains(unit_id)) {
      return UsageError(absl::StrCat(entry.path().string(), ": election \"", election_id, "\" has no unit \"", unit_id,
                                     "\""));
    }
    absl::StatusOr<merkle::NamedSigningKey> key = storage::LoadPrivateKey(entry.path().string());
    if (!key.ok()) return AsUsage(key.status());
    ring.by_unit_.emplace(unit_id, std::make_unique<merkle::SigningKey>(std::move(key->key)));
  }
  if (error) return UsageError(absl::StrCat(folder, ": ", error.message()));
  if (ring.by_unit_.empty()) return UsageError(absl::StrCat(folder, ": holds no file UNIT", kKeySuffix));
  return ring;
}

const merkle::SigningKey* KeyRing::KeyFor(std::string_view unit_id) const {
  if (for_all_ != nullptr) return for_all_.get();
  std::string unit(unit_id);
  while (!unit.empty()) {
    if (const auto it = by_unit_.find(unit); it != by_unit_.end()) return it->second.get();
    const auto parent = parent_.find(unit);
    if (parent == parent_.end()) return nullptr;
    unit = parent->second;
  }
  return nullptr;
}

}  // namespace hattama::cli
