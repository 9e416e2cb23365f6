// hattama witness: cosigns what a log shows, where it extends what it showed before.
#include <cstdio>
#include <memory>
#include <utility>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/failure.h"
#include "clients/cli/verbs.h"
#include "clients/cli/witness.h"
#include "clients/cli/witness_http.h"
#include "storage/files/small_file.h"
#include "storage/keys/key_file.h"

namespace hattama::cli {
namespace {

struct Flags {
  std::string state, listen = "127.0.0.1:8080", port_file;
  std::vector<std::string> logs;
};

void Say(const std::string& line) {
  std::fprintf(stderr, "%s witness: %s\n",
               absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone()).c_str(), line.c_str());
}

absl::StatusOr<ExitCode> Serve(Session& session, const Flags& flags) {
  if (session.globals.key.empty()) {
    return UsageError("a witness signs: name its key with --key (hattama keygen NAME --witness --out FILE makes one)");
  }
  absl::StatusOr<merkle::NamedSigningKey> key = storage::LoadPrivateKey(session.globals.key);
  if (!key.ok()) return AsUsage(key.status());
  std::vector<merkle::NoteKey> logs;
  for (const std::string& log : flags.logs) {
    absl::StatusOr<merkle::NoteKey> log_key = storage::LoadVerifierKey(log);
    if (!log_key.ok()) return AsUsage(log_key.status());
    logs.push_back(*std::move(log_key));
  }
  const absl::StatusOr<HttpAddress> address = ParseHttpAddress(flags.listen);
  if (!address.ok()) return address.status();
  const absl::StatusOr<std::unique_ptr<Witness>> witness =
      Witness::Open(flags.state, *std::move(key), logs, absl::Now, Say);
  if (!witness.ok()) return absl::IsInvalidArgument(witness.status()) ? AsUsage(witness.status()) : witness.status();
  const absl::Status served = ServeWitness(**witness, *address, [&](const std::string& listening) {
    Say(absl::StrCat("listening on ", listening, " as ", merkle::FormatVerifierKey((*witness)->note_key())));
    return flags.port_file.empty() ? absl::OkStatus() : storage::ReplaceFile(flags.port_file, listening);
  });
  if (!served.ok()) return served;
  Say("ended");
  return ExitCode::kFine;
}

}  // namespace

void AddWitness(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand(
      "witness", "Runs a witness: cosigns a log's checkpoint where it extends the one cosigned before");
  verb->add_option("--state", flags->state, "Directory of what it has cosigned; losing it is losing the witness")
      ->required();
  verb->add_option("--listen", flags->listen, "HOST:PORT; port 0 is any")->capture_default_str();
  verb->add_option("--port-file", flags->port_file, "File that receives HOST:PORT once it listens");
  verb->add_option("--log", flags->logs, "Verifier key of a log to watch over, or a file of it; any number of times")
      ->required();
  verb->footer(
      "Examples:\n"
      "  hattama keygen watchdog.example/witness --witness --out witness\n"
      "  hattama witness --key witness.key --state witness-state --listen 127.0.0.1:8080 --log log.vkey");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Serve(session, *flags); }; });
}

}  // namespace hattama::cli
