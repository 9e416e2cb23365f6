#include "services/domain/event.h"

namespace hattama::domain {

std::string_view ElectionOf(const Event& event) {
  return std::visit(
      [](const auto& of_type) -> std::string_view {
        if constexpr (requires { of_type.election_id; }) {
          return of_type.election_id;
        } else {
          return {};
        }
      },
      event);
}

}  // namespace hattama::domain
