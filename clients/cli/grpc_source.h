// The log of a running server by its records, for an audit: bundles are made of what it streams, and there are no
// tiles.
#ifndef HATTAMA_CLIENTS_CLI_GRPC_SOURCE_H_
#define HATTAMA_CLIENTS_CLI_GRPC_SOURCE_H_

#include <string>

#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "services/audit/log_source.h"

namespace hattama::cli {

class GrpcSource : public audit::LogSource {
 public:
  // `session` is connected, and must outlive the source.
  explicit GrpcSource(Session* session) : session_(session) {}

  absl::StatusOr<std::string> FetchCheckpoint() override;
  // NotFound for tiles.
  absl::StatusOr<std::string> Fetch(const merkle::TileAddress& address) override;
  bool has_tiles() const override { return false; }

 private:
  Session* session_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_GRPC_SOURCE_H_
