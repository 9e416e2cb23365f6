// The keys with which one command signs: one for all, or one for each office of a folder.
#ifndef HATTAMA_CLIENTS_CLI_KEY_RING_H_
#define HATTAMA_CLIENTS_CLI_KEY_RING_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "hattama/v1/results_service.pb.h"
#include "storage/merkle/ed25519.h"

namespace hattama::cli {

class KeyRing {
 public:
  // The key of --key, for every unit.
  static absl::StatusOr<KeyRing> OfOne(const Session& session);

  // The files of a folder, each the key of an office, for its unit and all below it that have none of their own: UNIT.key
  // for any source, SOURCE/UNIT.key for that source, which then uses no others. '/' in an id is "%2F" in the name of a
  // file or folder. Asks the server for the area tree of the election. UsageError where a folder cannot be read or holds
  // no key, or a name is that of no unit or source.
  static absl::StatusOr<KeyRing> OfFolder(Session& session, const v1::GetElectionResponse& election,
                                          const std::string& folder);

  // nullptr where neither the unit nor any above it has one.
  const merkle::SigningKey* KeyFor(std::string_view source_id, std::string_view unit_id) const;

 private:
  using KeysByUnit = absl::flat_hash_map<std::string, std::unique_ptr<merkle::SigningKey>>;

  absl::StatusOr<KeysByUnit> ReadFolder(const std::string& election_id, const std::string& folder) const;

  std::unique_ptr<merkle::SigningKey> for_all_;
  KeysByUnit of_any_source_;
  absl::flat_hash_map<std::string, KeysByUnit> by_source_;
  absl::flat_hash_map<std::string, std::string> parent_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_KEY_RING_H_
