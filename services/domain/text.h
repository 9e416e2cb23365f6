// Strings between abseil and the standard library: the packaged abseil has a string_view of its own.
#ifndef HATTAMA_SERVICES_DOMAIN_TEXT_H_
#define HATTAMA_SERVICES_DOMAIN_TEXT_H_

#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"

namespace hattama::domain {

// The same bytes for abseil's functions.
inline absl::string_view Text(std::string_view text) { return {text.data(), text.size()}; }

struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
struct TextEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};

// A map by text that is searched by string_view without a copy.
template <typename Value>
using TextMap = absl::flat_hash_map<std::string, Value, TextHash, TextEqual>;
// The same over views whose bytes live elsewhere, at least as long.
template <typename Value>
using TextViewMap = absl::flat_hash_map<std::string_view, Value, TextHash, TextEqual>;
using TextViewSet = absl::flat_hash_set<std::string_view, TextHash, TextEqual>;

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_TEXT_H_
