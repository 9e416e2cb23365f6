// Sizes and indexes as the text formats of the log write them: ASCII decimal, in one spelling only.
#ifndef HATTAMA_STORAGE_MERKLE_DECIMAL_H_
#define HATTAMA_STORAGE_MERKLE_DECIMAL_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace hattama::merkle {

// A number of 0..2^63-1 written without sign, spaces or leading zeros ("0" is zero), or nothing.
std::optional<int64_t> ParseDecimal(std::string_view text);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_DECIMAL_H_
