// The HTTP face of a witness (c2sp.org/tlog-witness):
//
//   POST /add-checkpoint          the request of storage/merkle/witness.h; at most kAddCheckpointBytesMax
//   GET  /HEX/checkpoint          the note cosigned last for the origin with this SHA-256, or 404
//
// Plain HTTP: what is signed needs no secrecy, and a proxy in front adds TLS where it is wanted. Each connection takes
// one request.
#ifndef HATTAMA_CLIENTS_CLI_WITNESS_HTTP_H_
#define HATTAMA_CLIENTS_CLI_WITNESS_HTTP_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "clients/cli/witness.h"

namespace hattama::cli {

// Far above a checkpoint with a hundred cosignatures; more is answered with 413.
inline constexpr size_t kAddCheckpointBytesMax = 256 << 10;

struct HttpAddress {
  std::string host;
  int port = 0;  // 0: any.
};

// "127.0.0.1:8080" or "[::1]:8080". UsageError for anything else.
absl::StatusOr<HttpAddress> ParseHttpAddress(const std::string& text);

// Serves until SIGTERM or SIGINT, which it takes over; then answers what has begun and returns ok. `ready` is called
// with the address once connections are taken. UsageError where the address cannot be listened on.
absl::Status ServeWitness(Witness& witness, const HttpAddress& address,
                          const std::function<absl::Status(const std::string& address)>& ready);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_WITNESS_HTTP_H_
