// The area tree of an election, numbered in preorder so that a subtree is a range.
#ifndef HATTAMA_SERVICES_DOMAIN_AREA_H_
#define HATTAMA_SERVICES_DOMAIN_AREA_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/election.h"
#include "services/domain/text.h"

namespace hattama::domain {

// Index of a unit in preorder: 0 is the root.
using UnitIndex = int32_t;

struct AreaNode {
  Unit unit;
  UnitIndex parent = -1;  // -1 at the root.
  UnitIndex end = 0;      // The subtree is [own index, end).
  int32_t level = 0;      // Index into the declared levels.
  int32_t station_count = 0;
};

// Immutable once built.
class AreaTree {
 public:
  AreaTree() = default;

  // Builds the tree. `units` passed CheckUnits (definition.h): one root, parents declared, no cycle, known levels.
  // Children keep the order in which they were listed.
  AreaTree(std::vector<Unit> units, const std::vector<Level>& levels);

  int32_t size() const { return static_cast<int32_t>(nodes_.size()); }
  const AreaNode& node(UnitIndex index) const { return nodes_[index]; }
  std::optional<UnitIndex> Find(std::string_view unit_id) const;
  bool IsStation(UnitIndex index) const { return nodes_[index].level == station_level_; }
  // True where `inner` lies in the subtree of `outer`, itself included.
  bool Contains(UnitIndex outer, UnitIndex inner) const { return inner >= outer && inner < nodes_[outer].end; }

 private:
  std::vector<AreaNode> nodes_;
  TextMap<UnitIndex> by_id_;
  int32_t station_level_ = -1;
};

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_AREA_H_
