// Where a server listens: HOST:PORT, what it resolves to, and whether it can be had.
#ifndef HATTAMA_SERVICES_SERVER_LISTEN_ADDRESS_H_
#define HATTAMA_SERVICES_SERVER_LISTEN_ADDRESS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hattama::server {

struct ListenAddress {
  std::string host;  // Without brackets.
  int port = 0;      // 0: any free one.

  // HOST:PORT, with brackets around an IPv6 host.
  std::string ToString() const;
};

// InvalidArgument where `text` is not HOST:PORT with a port of 0..65535.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// True where every address that the host resolves to belongs to this machine alone. NotFound where it resolves to none.
absl::StatusOr<bool> IsLoopback(const ListenAddress& address);

// Binds and lets go, so that the reason can be named where that is not possible: gRPC only says that it is not.
// FailedPrecondition with the address and the reason.
absl::Status CheckBindable(const ListenAddress& address);

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_LISTEN_ADDRESS_H_
