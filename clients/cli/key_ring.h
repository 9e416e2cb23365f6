// The keys with which one command signs: one for all, or one for each office of a folder.
#ifndef HATTAMA_CLIENTS_CLI_KEY_RING_H_
#define HATTAMA_CLIENTS_CLI_KEY_RING_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "storage/merkle/ed25519.h"

namespace hattama::cli {

class KeyRing {
 public:
  // The key of --key, for every unit.
  static absl::StatusOr<KeyRing> OfOne(const Session& session);

  // The files UNIT.key of a folder: the key of an office, for its unit and all below it that have none of their own.
  // '/' in a unit's id is "%2F" in the file's name. Asks the server for the area tree of the election. UsageError where
  // the folder cannot be read, holds no key, or one that names no unit.
  static absl::StatusOr<KeyRing> OfFolder(Session& session, const std::string& election_id, const std::string& folder);

  // nullptr where neither the unit nor any above it has one.
  const merkle::SigningKey* KeyFor(std::string_view unit_id) const;

 private:
  std::unique_ptr<merkle::SigningKey> for_all_;
  absl::flat_hash_map<std::string, std::unique_ptr<merkle::SigningKey>> by_unit_;
  absl::flat_hash_map<std::string, std::string> parent_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_KEY_RING_H_
