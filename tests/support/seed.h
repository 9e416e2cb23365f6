// Seeds of random tests. Each is printed; HATTAMA_SEED in the environment gives one back.
#ifndef HATTAMA_TESTS_SUPPORT_SEED_H_
#define HATTAMA_TESTS_SUPPORT_SEED_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace hattama::testing {

// HATTAMA_SEED where it is set, else `otherwise`.
inline uint64_t Seed(uint64_t otherwise) {
  const char* given = std::getenv("HATTAMA_SEED");
  const uint64_t seed = given != nullptr && *given != '\0' ? std::strtoull(given, nullptr, 10) : otherwise;
  std::printf("HATTAMA_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_SEED_H_
