// Integers as RocksDB sorts them: big-endian, so that byte order is number order. Values are not negative.
#ifndef HATTAMA_STORAGE_ROCKS_BIG_ENDIAN_H_
#define HATTAMA_STORAGE_ROCKS_BIG_ENDIAN_H_

#include <cstdint>
#include <string>

namespace hattama::storage {

inline void AppendBigEndian64(std::string& out, int64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

// Reads 8 bytes at `bytes`.
inline int64_t ReadBigEndian64(const char* bytes) {
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<int64_t>(value);
}

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_ROCKS_BIG_ENDIAN_H_
