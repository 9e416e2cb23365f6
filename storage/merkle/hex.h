// Keys and digests for people: lower-case hex digits.
#ifndef HATTAMA_STORAGE_MERKLE_HEX_H_
#define HATTAMA_STORAGE_MERKLE_HEX_H_

#include <cstdint>
#include <span>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace hattama::merkle {

inline std::string HexOf(std::span<const uint8_t> bytes) {
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_HEX_H_
