// Where a named figure stands in a row of figures.
#ifndef HATTAMA_SERVICES_DOMAIN_FIGURE_COLUMNS_H_
#define HATTAMA_SERVICES_DOMAIN_FIGURE_COLUMNS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "services/domain/text.h"

namespace hattama::domain {

// The index of `id` among `declared` lines or options, or -1. Forms are usually filled in their own order, so `place`,
// the figure's position on the form, is tried first.
template <typename T>
int32_t ColumnOf(const std::vector<T>& declared, const TextMap<int32_t>& index, size_t place, std::string_view id) {
  if (place < declared.size() && declared[place].id == id) return static_cast<int32_t>(place);
  const auto it = index.find(id);
  return it == index.end() ? -1 : it->second;
}

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_FIGURE_COLUMNS_H_
