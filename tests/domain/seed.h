// The seed of a random test: printed, and given back by HATTAMA_SEED.
#ifndef HATTAMA_TESTS_DOMAIN_SEED_H_
#define HATTAMA_TESTS_DOMAIN_SEED_H_

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace hattama::testing {

// $HATTAMA_SEED, or `otherwise`; either is printed.
inline uint64_t Seed(uint64_t otherwise = 20230319) {
  const char* given = std::getenv("HATTAMA_SEED");
  const uint64_t seed = given == nullptr ? otherwise : std::strtoull(given, nullptr, 10);
  std::printf("HATTAMA_SEED=%llu\n", static_cast<unsigned long long>(seed));
  return seed;
}

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_DOMAIN_SEED_H_
