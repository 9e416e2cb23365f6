#include "services/api/call.h"

#include <algorithm>
#include <chrono>

#include "absl/time/clock.h"

namespace hattama::api {

absl::Status CheckStillWanted(const grpc::CallbackServerContext& context) {
  // gRPC cancels a call whose deadline has passed, a little later; the clock tells which of the two it was.
  if (std::chrono::system_clock::now() >= context.deadline()) {
    return absl::DeadlineExceededError("the deadline passed before the answer was made");
  }
  if (context.IsCancelled()) return absl::CancelledError("the caller has gone");
  return absl::OkStatus();
}

absl::Time WaitDeadline(const grpc::CallbackServerContext& context, absl::Duration patience) {
  return std::min(absl::Now() + patience, absl::FromChrono(context.deadline()));
}

absl::Status TooManyWaiting() {
  return absl::ResourceExhaustedError("too many calls wait to be answered; try again later");
}

}  // namespace hattama::api
