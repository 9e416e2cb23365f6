// hattamad: the service. Exit codes: 0 done, 2 misuse, 1 anything else; one line on stderr says what.
#include <cstdio>
#include <string>

#include "absl/status/status.h"
#include "services/server/config.h"
#include "services/server/ledger_directory.h"
#include "services/server/serve.h"

namespace hattama::server {
namespace {

constexpr int kMisuse = 2;

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
    status = founding.ok() ? InitLedger(config.data_directory, **founding) : founding.status();
    if (status.ok()) std::printf("hattamad: created %s in %s\n", config.origin.c_str(), config.data_directory.c_str());
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
