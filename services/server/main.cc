// hattamad: the service. Exit codes: 0 done, 2 misuse, 1 anything else; one line on stderr says what.
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/server/config.h"
#include "services/server/ledger_directory.h"
#include "services/server/restore.h"
#include "services/server/serve.h"
#include "storage/merkle/ed25519.h"
#include "storage/merkle/signed_note.h"

namespace hattama::server {
namespace {

constexpr int kMisuse = 2;

absl::Status SayCreated(const Config& config) {
  const absl::StatusOr<merkle::SigningKey> key = LoadLogKey(config.log_key, config.origin);
  if (!key.ok()) return key.status();
  const absl::StatusOr<merkle::NoteKey> log_key =
      merkle::MakeNoteKey(config.origin, merkle::kNoteEd25519, key->public_key());
  if (!log_key.ok()) return log_key.status();
  std::printf("hattamad: created %s in %s\n%s\n", config.origin.c_str(), config.data_directory.c_str(),
              merkle::FormatVerifierKey(*log_key).c_str());
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  const CommandLine command = ParseCommandLine(argc, argv);
  if (!command.config) {
    if (command.exit_code == 0) {
      std::fputs(command.text.c_str(), stdout);
    } else {
      std::fprintf(stderr, "hattamad: %s\n", command.text.c_str());
    }
    return command.exit_code;
  }

  const Config& config = *command.config;
  absl::Status status;
  if (config.verb == Config::Verb::kInit) {
    const absl::StatusOr<std::optional<Founding>> founding = FoundingOf(config);
    status = founding.ok() ? InitLedger(PlacesOf(config), **founding) : founding.status();
    if (status.ok()) status = SayCreated(config);
  } else if (config.verb == Config::Verb::kRestore) {
    const absl::StatusOr<Restored> restored = RestoreFrom(PlacesOf(config), config.restore_from);
    status = restored.status();
    if (status.ok()) {
      std::printf("hattamad: %s held %lld events and holds %lld\n", config.data_directory.c_str(),
                  static_cast<long long>(restored->held), static_cast<long long>(restored->tree_size));
    }
  } else if (config.verb == Config::Verb::kAdoptHead) {
    status = AdoptHead(PlacesOf(config), config.checkpoint);
    if (status.ok()) std::printf("hattamad: made %s\n", config.signed_head.c_str());
  } else {
    BlockStopSignals();
    status = Serve(config);
  }
  if (status.ok()) return 0;
  std::string message(status.message());
  for (char& c : message) {
    if (c == '\n') c = ' ';
  }
  std::fprintf(stderr, "hattamad: %s\n", message.c_str());
  return status.code() == absl::StatusCode::kInvalidArgument ? kMisuse : 1;
}

}  // namespace
}  // namespace hattama::server

int main(int argc, char** argv) { return hattama::server::Main(argc, argv); }
