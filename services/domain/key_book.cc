#include "services/domain/key_book.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"

namespace hattama::domain {

std::string ShortKey(const PublicKey& key) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(key.data()), 4));
}

std::span<const int32_t> KeyBook::GrantsOf(const PublicKey& key) const {
  const auto it = by_key_.find(key);
  if (it == by_key_.end()) return {};
  return it->second;
}

bool KeyBook::Knows(const PublicKey& key) const {
  return by_key_.contains(key) || std::any_of(authorities_.begin(), authorities_.end(),
                                              [&key](const AuthorityKey& known) { return known.key == key; });
}

bool KeyBook::Holds(const PublicKey& key, std::string_view election_id) const {
  const std::span<const int32_t> held = GrantsOf(key);
  return std::any_of(held.begin(), held.end(), [&](int32_t index) {
    const Grant& grant = grants_[index];
    return grant.ended_sequence == INT64_MAX && (election_id.empty() || grant.terms.election_id == election_id);
  });
}

void KeyBook::Found(const PublicKey& authority) { authorities_.push_back({authority, 0}); }

void KeyBook::Add(const PublicKey& key, int64_t sequence, KeyGranted terms) {
  by_key_[key].push_back(static_cast<int32_t>(grants_.size()));
  grants_.push_back(Grant{.key = key, .sequence = sequence, .terms = std::move(terms)});
}

void KeyBook::Apply(int64_t sequence, const KeyGranted& event) { Add(event.public_key, sequence, event); }

void KeyBook::Apply(int64_t sequence, const KeyRevoked& event) {
  for (const int32_t index : GrantsOf(event.public_key)) {
    Grant& grant = grants_[index];
    if (grant.ended_sequence != INT64_MAX) continue;
    if (event.election_id.empty() || grant.terms.election_id == event.election_id) grant.ended_sequence = sequence;
  }
  if (event.election_id.empty()) retired_.emplace(event.public_key, sequence);
}

void KeyBook::Apply(int64_t sequence, const KeyRotated& event) {
  retired_.emplace(event.old_public_key, sequence);
  if (event.old_public_key == authority()) {
    authorities_.push_back({event.new_public_key, sequence});
    return;
  }
  const std::span<const int32_t> held = GrantsOf(event.old_public_key);
  for (const int32_t index : std::vector<int32_t>(held.begin(), held.end())) {
    if (grants_[index].ended_sequence != INT64_MAX) continue;
    grants_[index].ended_sequence = sequence;
    Add(event.new_public_key, sequence, grants_[index].terms);
  }
}

}  // namespace hattama::domain
