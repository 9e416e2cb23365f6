// Which protocol counts for a unit: source x policy x basis.
#ifndef HATTAMA_SERVICES_DOMAIN_VIEW_H_
#define HATTAMA_SERVICES_DOMAIN_VIEW_H_

#include <cstdint>
#include <string>

#include "services/domain/election.h"

namespace hattama::domain {

// Within a source and stage, the protocol that nothing supersedes counts. Policies choose the stage. A quarantined
// protocol counts nothing and no policy falls back behind it: the station shows as quarantined.
enum class Policy : uint8_t {
  kPreliminaryOnly = 1,
  kFinalOnly = 2,             // Corrected protocols are left out.
  kFinalElsePreliminary = 3,  // Corrected protocols are left out.
  kCorrectedFirst = 4,        // Corrected, else final, else preliminary.
};

enum class Basis : uint8_t {
  kStations = 1,  // The sum of the stations below the unit.
  kClaims = 2,    // What the source states for the unit itself.
};

// A view as people name it.
struct View {
  std::string source_id;
  Policy policy = Policy::kCorrectedFirst;
  Basis basis = Basis::kStations;
  bool excluding_contested = false;

  friend bool operator==(const View&, const View&) = default;
};

// A view with its source found in the election.
struct ResolvedView {
  int32_t source = 0;
  Policy policy = Policy::kCorrectedFirst;
  Basis basis = Basis::kStations;
  bool excluding_contested = false;

  friend bool operator==(const ResolvedView&, const ResolvedView&) = default;
};

enum class UnitState : uint8_t { kCounted = 1, kQuarantined = 2, kAnnulled = 3, kExcludedContested = 4, kMissing = 5 };

// What one unit contributes to a view at a version.
struct Effect {
  int32_t protocol = -1;  // The protocol that counts or would count; -1 where none does.
  UnitState state = UnitState::kMissing;
  bool contested = false;
  bool awaiting_correction = false;

  bool counted() const { return state == UnitState::kCounted; }
  friend bool operator==(const Effect&, const Effect&) = default;
};

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_VIEW_H_
