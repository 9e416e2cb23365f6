#include "services/server/serve.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "services/api/service_set.h"
#include "services/server/checkpoint_wiring.h"
#include "services/server/ledger_directory.h"
#include "services/server/log_line.h"
#include "services/server/network_server.h"
#include "storage/merkle/hex.h"
#include "storage/merkle/signed_note.h"

namespace hattama::server {
namespace {

// How long calls that are under way at a stop may take to end by themselves.
constexpr absl::Duration kDrainPatience = absl::Seconds(10);
// How often a change of the ledger's state reaches the health service.
constexpr absl::Duration kHealthPeriod = absl::Milliseconds(250);

sigset_t StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// Waits for a stop signal; 0 where none came within `period`.
int AwaitStopSignal(absl::Duration period) {
  const sigset_t signals = StopSignals();
  const timespec timeout = absl::ToTimespec(period);
  const int signal = sigtimedwait(&signals, nullptr, &timeout);
  return signal > 0 ? signal : 0;
}

// By rename, so that whoever waits for the file never reads half of it.
absl::Status WritePortFile(const std::string& path, const std::string& text) {
  const std::string draft = absl::StrCat(path, ".", getpid(), ".new");
  std::FILE* file = std::fopen(draft.c_str(), "we");
  bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  if (!written || std::rename(draft.c_str(), path.c_str()) != 0) {
    const int error = errno;
    std::remove(draft.c_str());
    return absl::FailedPreconditionError(absl::StrCat("--port-file: cannot write ", path, ": ", std::strerror(error)));
  }
  return absl::OkStatus();
}

}  // namespace

void BlockStopSignals() {
  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

absl::Status Serve(const Config& config) {
  RouteGrpcLog();
  if (!config.tls && !config.allow_insecure_remote) {
    const absl::StatusOr<bool> loopback = IsLoopback(config.listen);
    if (!loopback.ok()) return absl::FailedPreconditionError(absl::StrCat("--listen: ", loopback.status().message()));
    if (!*loopback) {
      return absl::InvalidArgumentError(
          absl::StrCat("--listen: ", config.listen.ToString(),
                       " is open to other machines; give --tls-cert and --tls-key, or --allow-insecure-remote"));
    }
  }
  absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> credentials = MakeCredentials(config.tls);
  if (!credentials.ok()) return credentials.status();
  // Before the replay, which may take long: a mistake shows at once.
  if (absl::Status status = CheckBindable(config.listen); !status.ok()) return status;
  if (absl::Status status = CheckCheckpointFiles(config); !status.ok()) return status;

  const absl::Time start_time = absl::Now();
  absl::StatusOr<std::optional<Founding>> founding = FoundingOf(config);
  if (!founding.ok()) return founding.status();
  absl::StatusOr<OpenLedger> open = OpenLedgerIn(PlacesOf(config), *founding);
  if (!open.ok()) return open.status();
  ledger::Ledger& ledger = *open->ledger;
  LogLine(LogLevel::kInfo, "replayed",
          {{"tree_size", absl::StrCat(ledger.head().tree_size)},
           {"duration", absl::FormatDuration(absl::Now() - start_time)}});

  absl::StatusOr<Checkpoints> checkpoints = StartCheckpoints(config, ledger);
  if (!checkpoints.ok()) return checkpoints.status();
  ledger::Checkpointer& checkpointer = *checkpoints->checkpointer;

  api::ServiceSet services(&ledger, &checkpointer, {.version = HATTAMA_VERSION, .start_time = start_time});
  absl::StatusOr<std::unique_ptr<NetworkServer>> server =
      NetworkServer::Start(services, config.listen, *std::move(credentials));
  if (!server.ok()) {
    checkpointer.Drain();
    return server.status();
  }
  SetGrpcLogOn(true);
  const std::string address = (*server)->address().ToString();
  if (!config.port_file.empty()) {
    if (absl::Status status = WritePortFile(config.port_file, address + "\n"); !status.ok()) {
      checkpointer.Drain();  // Before the services whose calls may wait for it.
      return status;
    }
  }
  const storage::Head head = ledger.head();
  std::printf("hattamad: ready on %s, origin %s, tree_size %lld, root %s…\n", address.c_str(), ledger.origin().c_str(),
              static_cast<long long>(head.tree_size), merkle::HexOf(head.root).substr(0, 8).c_str());
  std::fflush(stdout);
  LogLine(LogLevel::kInfo, "serving",
          {{"version", HATTAMA_VERSION},
           {"address", address},
           {"tls", !config.tls                     ? "none"
                   : config.tls->client_ca.empty() ? "server"
                                                   : "mutual"},
           {"origin", ledger.origin()},
           {"verifier_key", merkle::FormatVerifierKey(checkpointer.log_key())},
           {"tree_size", absl::StrCat(head.tree_size)},
           {"root", merkle::HexOf(head.root)}});

  bool writable = true;
  int stop_signal = 0;
  while (stop_signal == 0) {
    stop_signal = AwaitStopSignal(kHealthPeriod);
    const absl::Status now = ledger.writable();
    if (now.ok() != writable) {
      writable = now.ok();
      (*server)->SetHealth(writable, /*answers_reads=*/true);
      LogLine(LogLevel::kError, "read_only", {{"reason", std::string(now.message())}});
    }
  }

  const sigset_t signals = StopSignals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // A second one ends us at once.
  LogLine(LogLevel::kInfo, "draining", {{"signal", stop_signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
  (*server)->SetHealth(/*takes_submissions=*/false, /*answers_reads=*/false);
  services.Drain();
  ledger.Drain();
  checkpointer.Drain();
  (*server)->Shutdown(kDrainPatience);
  server->reset();
  LogLine(LogLevel::kInfo, "stopped",
          {{"tree_size", absl::StrCat(ledger.head().tree_size)}, {"root", merkle::HexOf(ledger.head().root)}});
  return absl::OkStatus();
}

}  // namespace hattama::server
