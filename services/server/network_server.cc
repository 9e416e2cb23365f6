#include "services/server/network_server.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"

namespace hattama::server {
namespace {

absl::StatusOr<std::string> ReadPem(const std::string& flag, const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.str().empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(flag, ": cannot read ", path, ": ", errno != 0 ? std::strerror(errno) : "it is empty"));
  }
  if (text.str().find("-----BEGIN ") == std::string::npos) {
    return absl::FailedPreconditionError(absl::StrCat(flag, ": ", path, " holds no PEM"));
  }
  return text.str();
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeCredentials(const std::optional<TlsFiles>& tls) {
  if (!tls) return grpc::InsecureServerCredentials();
  absl::StatusOr<std::string> certificate = ReadPem("--tls-cert", tls->certificate);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<std::string> key = ReadPem("--tls-key", tls->key);
  if (!key.ok()) return key.status();
  grpc::SslServerCredentialsOptions options(tls->client_ca.empty()
                                                ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                                : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_key_cert_pairs.push_back({*std::move(key), *std::move(certificate)});
  if (!tls->client_ca.empty()) {
    absl::StatusOr<std::string> client_ca = ReadPem("--tls-client-ca", tls->client_ca);
    if (!client_ca.ok()) return client_ca.status();
    options.pem_root_certs = *std::move(client_ca);
  }
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::SslServerCredentials(options);
  if (credentials == nullptr) return absl::FailedPreconditionError("the TLS files are not accepted");
  return credentials;
}

absl::StatusOr<std::unique_ptr<NetworkServer>> NetworkServer::Start(
    api::ServiceSet& services, const ListenAddress& address, std::shared_ptr<grpc::ServerCredentials> credentials) {
  if (absl::Status status = CheckBindable(address); !status.ok()) return status;

  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address.ToString(), std::move(credentials), &port);
  // Without this a second server would share the port in silence, and half of the calls would miss the ledger.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1'000);
  // Finds followers whose machine went away without a word.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  services.Register(builder);

  std::unique_ptr<NetworkServer> server(new NetworkServer());
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || port == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot serve on ", address.ToString(),
                     ": the address is taken, or certificate and key are no PEM that belongs together"));
  }
  server->address_ = address;
  server->address_.port = port;
  server->SetHealth(/*takes_submissions=*/true, /*answers_reads=*/true);
  return server;
}

NetworkServer::~NetworkServer() {
  if (server_ != nullptr) Shutdown(absl::ZeroDuration());
}

void NetworkServer::SetHealth(bool takes_submissions, bool answers_reads) {
  grpc::HealthCheckServiceInterface* health = server_->GetHealthCheckService();
  if (health == nullptr) return;
  health->SetServingStatus(api::kSubmissionServiceName, takes_submissions);
  health->SetServingStatus(api::kResultsServiceName, answers_reads);
  health->SetServingStatus(api::kAuditServiceName, answers_reads);
  health->SetServingStatus("", answers_reads);
}

void NetworkServer::Shutdown(absl::Duration patience) {
  server_->Shutdown(absl::ToChronoTime(absl::Now() + patience));
  server_->Wait();
}

}  // namespace hattama::server
