// Keys and what they may do: the fold of grants, revocations and rotations. Nothing is overwritten, so every past
// version can be asked. Who may submit what, given this, is History::Authorize.
#ifndef HATTAMA_SERVICES_DOMAIN_KEY_BOOK_H_
#define HATTAMA_SERVICES_DOMAIN_KEY_BOOK_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "services/domain/event.h"

namespace hattama::domain {

// Lower-case hex of the first 4 bytes: enough for people to tell keys of one ledger apart.
std::string ShortKey(const PublicKey& key);

// One grant as it came to hold for one key: by a KeyGranted, or by a rotation that carried it over.
struct Grant {
  PublicKey key{};
  int64_t sequence = 0;              // Holds from the event after this one.
  int64_t ended_sequence = INT64_MAX;  // Up to and including this one: a revocation or rotation.
  KeyGranted terms;
};

class KeyBook {
 public:
  // The authority's key that holds now.
  const PublicKey& authority() const { return authorities_.back().key; }

  // Every grant ever, in the order of the log.
  const std::vector<Grant>& grants() const { return grants_; }
  // Indexes into grants() of all that a key ever held.
  std::span<const int32_t> GrantsOf(const PublicKey& key) const;

  // True where the key was ever granted anything or was ever the authority's.
  bool Knows(const PublicKey& key) const;
  // True where the key was revoked everywhere or rotated away, and so holds nothing ever again.
  bool IsRetired(const PublicKey& key) const { return retired_.contains(key); }
  // True where the key holds a grant now: in the election, or anywhere for an empty id.
  bool Holds(const PublicKey& key, std::string_view election_id) const;

  void Found(const PublicKey& authority);
  void Apply(int64_t sequence, const KeyGranted& event);
  void Apply(int64_t sequence, const KeyRevoked& event);
  void Apply(int64_t sequence, const KeyRotated& event);

 private:
  struct AuthorityKey {
    PublicKey key{};
    int64_t sequence = 0;
  };
  void Add(const PublicKey& key, int64_t sequence, KeyGranted terms);

  std::vector<AuthorityKey> authorities_;
  std::vector<Grant> grants_;
  absl::flat_hash_map<PublicKey, std::vector<int32_t>> by_key_;
  std::map<PublicKey, int64_t> retired_;  // With the sequence that retired it.
};

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_KEY_BOOK_H_
