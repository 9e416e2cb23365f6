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

// A channel that is connected, or one that failed as often as we try. gRPC 1.51 now and then takes a connection that is
// still being made for one that failed, because errno is overwritten before it looks at it
// (github.com/grpc/grpc/pull/35064); so one that fails is tried again at once. Where nobody listens all tries fail
// within milliseconds.
std::shared_ptr<grpc::Channel> OpenChannel(const std::string& address,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                           const grpc::ChannelArguments& arguments, absl::Time deadline) {
  constexpr int kTries = 3;
  std::shared_ptr<grpc::Channel> channel;
  for (int i = 0; i < kTries; ++i) {
    channel = grpc::CreateCustomChannel(address, credentials, arguments);
    grpc_connectivity_state state = channel->GetState(/*try_to_connect=*/true);
    while (state == GRPC_CHANNEL_IDLE || state == GRPC_CHANNEL_CONNECTING) {
      if (!channel->WaitForStateChange(state, absl::ToChronoTime(deadline))) return channel;
      state = channel->GetState(/*try_to_connect=*/true);
    }
    if (state == GRPC_CHANNEL_READY) break;
  }
  return channel;
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
  // Each channel has connections of its own: another try is not held up by the back-off of the one before.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  channel_ = OpenChannel(globals.server, credentials, arguments, absl::Now() + globals.timeout);
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
