#include "clients/cli/session.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "clients/cli/text_file.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"

namespace hattama::cli {
namespace {

constexpr int kMessageBytesMax = 16 << 20;

absl::StatusOr<std::string> PemOf(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadTextFile(path);
}

}  // namespace

absl::Status Session::Connect() {
  if (channel_ != nullptr) return absl::OkStatus();
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (globals.tls || !globals.tls_ca.empty() || !globals.tls_cert.empty()) {
    absl::StatusOr<std::string> ca = PemOf(globals.tls_ca);
    if (!ca.ok()) return ca.status();
    absl::StatusOr<std::string> certificate = PemOf(globals.tls_cert);
    if (!certificate.ok()) return certificate.status();
    absl::StatusOr<std::string> key = PemOf(globals.tls_key);
    if (!key.ok()) return key.status();
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = *ca;
    options.pem_private_key = *key;
    options.pem_cert_chain = *certificate;
    credentials = grpc::SslCredentials(options);
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMessageBytesMax);
  // Servers restart within a second or two; the default back-off would wait minutes.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2'000);
  channel_ = grpc::CreateCustomChannel(globals.server, credentials, arguments);
  submissions_ = v1::SubmissionService::NewStub(channel_);
  results_ = v1::ResultsService::NewStub(channel_);
  audit_ = v1::AuditService::NewStub(channel_);
  return absl::OkStatus();
}

void Session::SetDeadline(grpc::ClientContext& context) const {
  context.set_deadline(absl::ToChronoTime(absl::Now() + globals.timeout));
}

absl::Status Session::Told(const grpc::Status& status) const {
  const absl::Status told = FromGrpc(status);
  if (ExitCodeOf(told) != ExitCode::kUnreachable) return told;
  return absl::Status(told.code(), absl::StrCat("no answer from ", globals.server, ": ", told.message()));
}

}  // namespace hattama::cli
