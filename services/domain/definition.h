// Checks a whole election definition and reports every fault with its path.
#ifndef HATTAMA_SERVICES_DOMAIN_DEFINITION_H_
#define HATTAMA_SERVICES_DOMAIN_DEFINITION_H_

#include <string>
#include <vector>

#include "services/domain/event.h"
#include "services/domain/refusal.h"

namespace hattama::domain {

// A whole definition, as people write it.
struct Definition {
  ElectionDefined election;
  std::vector<Contest> contests;
  std::vector<Unit> units;
  std::vector<RollEntry> roll;
};

// Largest numbers of parts, so that sums over any of them stay within 64 bits.
inline constexpr int64_t kUnitCountMax = 1'000'000;
inline constexpr int64_t kCoefficientMax = 1'000;

// Every fault of the definition, in the order of the file; empty where there is none. Paths are those of the protobuf
// JSON file, for example "contests[2].options[0].option_id".
Refusals CheckDefinition(const Definition& definition);

// The part of the same that the header alone can show, with paths below "election".
Refusals CheckHeader(const ElectionDefined& header);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_DEFINITION_H_
