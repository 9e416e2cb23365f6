// What a caller waits for, from the wire.
#ifndef HATTAMA_SERVICES_API_WAIT_LEVEL_H_
#define HATTAMA_SERVICES_API_WAIT_LEVEL_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "hattama/v1/submission_service.pb.h"
#include "services/ledger/checkpointer.h"

namespace hattama::api {

// Nullopt where the disk is enough. InvalidArgument for a value that this version does not know.
inline absl::StatusOr<std::optional<ledger::Standing>> ToStanding(v1::WaitFor wait_for) {
  switch (wait_for) {
    case v1::WAIT_FOR_UNSPECIFIED:
    case v1::WAIT_FOR_DURABLE:
      return std::nullopt;
    case v1::WAIT_FOR_CHECKPOINTED:
      return ledger::Standing::kCheckpointed;
    case v1::WAIT_FOR_WITNESSED:
      return ledger::Standing::kWitnessed;
    default:
      return absl::InvalidArgumentError(absl::StrCat("wait_for: ", static_cast<int>(wait_for), " is no known level"));
  }
}

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_WAIT_LEVEL_H_
