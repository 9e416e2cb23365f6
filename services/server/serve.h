// The life of `hattamad serve`: open, listen, be ready, drain.
#ifndef HATTAMA_SERVICES_SERVER_SERVE_H_
#define HATTAMA_SERVICES_SERVER_SERVE_H_

#include "absl/status/status.h"
#include "services/server/config.h"

namespace hattama::server {

// Blocks SIGTERM and SIGINT for this thread and those it starts, so that Serve alone takes them. Call it before any
// thread is started.
void BlockStopSignals();

// Serves until SIGTERM or SIGINT, then takes no more submissions, answers what was taken, and returns ok. Everything
// that was acknowledged is in the store by then, as it is at any other moment. A second signal ends the process at
// once.
absl::Status Serve(const Config& config);

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_SERVE_H_
