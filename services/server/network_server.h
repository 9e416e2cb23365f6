// The gRPC server around a ServiceSet: port, credentials, health, reflection.
#ifndef HATTAMA_SERVICES_SERVER_NETWORK_SERVER_H_
#define HATTAMA_SERVICES_SERVER_NETWORK_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "services/api/service_set.h"
#include "services/server/config.h"
#include "services/server/listen_address.h"

namespace hattama::server {

// Credentials from the files, or none without. FailedPrecondition names the file that cannot be read or holds no PEM.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const std::optional<TlsFiles>& tls);

class NetworkServer {
 public:
  // Starts serving `services`, which must outlive the server. FailedPrecondition with the reason where that is not
  // possible.
  static absl::StatusOr<std::unique_ptr<NetworkServer>> Start(api::ServiceSet& services, const ListenAddress& address,
                                                              std::shared_ptr<grpc::ServerCredentials> credentials);
  // Shuts down at once where Shutdown was not called.
  ~NetworkServer();

  // With the port that was found.
  const ListenAddress& address() const { return address_; }

  // What grpc.health.v1 says. The server as a whole serves as long as it answers reads.
  void SetHealth(bool takes_submissions, bool answers_reads);

  // Takes no more calls, and cancels those that have not ended after `patience`.
  void Shutdown(absl::Duration patience);

 private:
  NetworkServer() = default;

  ListenAddress address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_NETWORK_SERVER_H_
