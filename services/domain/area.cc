#include "services/domain/area.h"

#include <utility>

#include "absl/base/internal/raw_logging.h"

namespace hattama::domain {

AreaTree::AreaTree(std::vector<Unit> units, const std::vector<Level>& levels) {
  TextViewMap<int32_t> level_index;
  for (size_t i = 0; i < levels.size(); ++i) level_index.emplace(levels[i].id, static_cast<int32_t>(i));
  station_level_ = static_cast<int32_t>(levels.size()) - 1;

  TextViewMap<int32_t> listed;
  listed.reserve(units.size());
  for (size_t i = 0; i < units.size(); ++i) listed.emplace(units[i].id, static_cast<int32_t>(i));

  // Children as linked lists in listing order, so that no unit owns a vector.
  std::vector<int32_t> first_child(units.size(), -1);
  std::vector<int32_t> next_sibling(units.size(), -1);
  int32_t root = -1;
  for (int32_t i = static_cast<int32_t>(units.size()) - 1; i >= 0; --i) {
    if (units[i].parent_id.empty()) {
      root = i;
      continue;
    }
    const int32_t parent = listed.at(units[i].parent_id);
    next_sibling[i] = first_child[parent];
    first_child[parent] = i;
  }
  ABSL_RAW_CHECK(root >= 0, "an area tree has a root");

  nodes_.reserve(units.size());
  by_id_.reserve(units.size());
  struct Frame {
    UnitIndex index;
    int32_t next;  // The listed child to descend into next, or -1.
  };
  const auto enter = [&](int32_t listed_index, UnitIndex parent) {
    AreaNode node;
    node.parent = parent;
    node.level = level_index.at(units[listed_index].level_id);
    const UnitIndex index = size();
    nodes_.push_back(std::move(node));
    return Frame{index, first_child[listed_index]};
  };
  std::vector<int32_t> order;  // Listed index by preorder index.
  order.reserve(units.size());
  std::vector<Frame> path;
  path.push_back(enter(root, -1));
  order.push_back(root);
  while (!path.empty()) {
    if (path.back().next >= 0) {
      const int32_t child = path.back().next;
      path.back().next = next_sibling[child];
      path.push_back(enter(child, path.back().index));
      order.push_back(child);
      continue;
    }
    AreaNode& done = nodes_[path.back().index];
    done.end = size();
    if (done.level == station_level_) ++done.station_count;
    if (done.parent >= 0) nodes_[done.parent].station_count += done.station_count;
    path.pop_back();
  }
  ABSL_RAW_CHECK(nodes_.size() == units.size(), "every unit hangs below the root");
  for (UnitIndex i = 0; i < size(); ++i) {
    nodes_[i].unit = std::move(units[order[i]]);
    by_id_.emplace(nodes_[i].unit.id, i);
  }
}

std::optional<UnitIndex> AreaTree::Find(std::string_view unit_id) const {
  const auto it = by_id_.find(unit_id);
  if (it == by_id_.end()) return std::nullopt;
  return it->second;
}

}  // namespace hattama::domain
