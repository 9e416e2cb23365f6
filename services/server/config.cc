#include "services/server/config.h"

#include <algorithm>
#include <utility>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace hattama::server {
namespace {

constexpr absl::Duration kIntervalMin = absl::Milliseconds(10);
constexpr absl::Duration kIntervalMax = absl::Hours(1);

CommandLine Misuse(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return {.config = std::nullopt, .exit_code = 2, .text = std::move(text)};
}

}  // namespace

// Text of a duration such as "1s" or "200ms", within bounds.
absl::StatusOr<absl::Duration> ParseInterval(const std::string& flag, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration < kIntervalMin || duration > kIntervalMax) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": \"", text, "\" is no duration of ",
                                                   absl::FormatDuration(kIntervalMin), " to ",
                                                   absl::FormatDuration(kIntervalMax), ", for example 1s"));
  }
  return duration;
}

// What stands beside the data directory rather than in it: a copy of the data does not carry it along.
std::string Beside(std::string directory, const char* ending) {
  while (directory.size() > 1 && directory.back() == '/') directory.pop_back();
  return absl::StrCat(directory, ending);
}

void AddLogFiles(CLI::App& verb, Config& config) {
  verb.add_option("--data", config.data_directory, "Directory of the ledger")->required();
  verb.add_option("--log-key", config.log_key, "File of the log's private key; DATA.log-key where it is not given");
  verb.add_option(
      "--signed-head", config.signed_head,
      "File of the last head that was signed; DATA.signed-head where it is not given. Never restore it from "
      "a backup");
}

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  Config config;
  std::string listen = "127.0.0.1:7878";
  TlsFiles tls;
  std::string interval = "1s";
  std::string witness_timeout = "2s";
  std::string unwitnessed = "refuse";

  CLI::App app("Records polling-station protocols in a ledger that anybody can recompute.", "hattamad");
  app.set_version_flag("--version", "hattamad " HATTAMA_VERSION);
  app.require_subcommand(1);

  CLI::App* init = app.add_subcommand(
      "init", "Creates a ledger once, with its key where there is none; refuses a directory that holds one");
  AddLogFiles(*init, config);
  init->add_option("--origin", config.origin, "The log's name in checkpoints: a schema-less URL, for ever")->required();
  init->add_option("--authority", config.authority,
                   "The public key that grants all others: verifier key, file of one, PEM file, or 64 hex digits")
      ->required();

  CLI::App* serve = app.add_subcommand("serve", "Serves a ledger until SIGTERM or SIGINT");
  AddLogFiles(*serve, config);
  CLI::Option* init_origin =
      serve->add_option("--init-origin", config.origin, "Creates the ledger under this name where there is none yet");
  CLI::Option* init_authority =
      serve->add_option("--init-authority", config.authority, "The authority's public key of a ledger that is created");
  init_origin->needs(init_authority);
  init_authority->needs(init_origin);
  serve->add_option("--listen", listen, "HOST:PORT; port 0 picks a free one")->capture_default_str();
  serve->add_option("--port-file", config.port_file, "Receives HOST:PORT once the server is ready");
  CLI::Option* certificate = serve->add_option("--tls-cert", tls.certificate, "PEM file of the server's certificates");
  CLI::Option* key = serve->add_option("--tls-key", tls.key, "PEM file of its private key");
  certificate->needs(key);
  key->needs(certificate);
  serve->add_option("--tls-client-ca", tls.client_ca, "PEM file: clients must show a certificate that it signed")
      ->needs(certificate);
  serve->add_flag("--allow-insecure-remote", config.allow_insecure_remote,
                  "Takes calls from other machines without TLS");

  serve->add_option("--checkpoint-interval", interval, "How often the log's head is signed where it moved")
      ->capture_default_str();
  serve->add_option("--publish", config.publish_folder, "Folder that receives the log as static files (tlog-tiles)");
  CLI::Option* policy = serve->add_option(
      "--policy", config.policy, "File that says which witnesses must cosign (tlog-policy), and where they are");
  serve->add_option("--unwitnessed", unwitnessed, "What becomes of a checkpoint without its quorum: refuse or publish")
      ->capture_default_str()
      ->needs(policy);
  serve->add_option("--witness-timeout", witness_timeout, "How long one witness may take")
      ->capture_default_str()
      ->needs(policy);

  CLI::App* adopt = app.add_subcommand(
      "adopt-head", "Makes a lost signed head anew from the newest checkpoint that is known from elsewhere");
  AddLogFiles(*adopt, config);
  adopt
      ->add_option("--checkpoint", config.checkpoint,
                   "File of that checkpoint, from a mirror, a witness or the published folder; \"none\" where the log "
                   "never signed one")
      ->required();

  CLI::App* restore = app.add_subcommand(
      "restore", "Appends to the data what a copy of the published folder has beyond it; creates data that is lost");
  AddLogFiles(*restore, config);
  restore->add_option("--from", config.restore_from, "The folder")->required();

  // The one place where this program meets exceptions: the parser reports by them.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return {.config = std::nullopt, .exit_code = 0, .text = app.help()};
  } catch (const CLI::CallForVersion&) {
    return {.config = std::nullopt, .exit_code = 0, .text = "hattamad " HATTAMA_VERSION "\n"};
  } catch (const CLI::ParseError& error) {
    return Misuse(absl::StrCat(error.what(), " (see hattamad --help)"));
  }

  config.verb = init->parsed()      ? Config::Verb::kInit
                : adopt->parsed()   ? Config::Verb::kAdoptHead
                : restore->parsed() ? Config::Verb::kRestore
                                    : Config::Verb::kServe;
  if (config.data_directory.empty()) return Misuse("--data: names no directory");
  if (config.log_key.empty()) config.log_key = Beside(config.data_directory, ".log-key");
  if (config.signed_head.empty()) config.signed_head = Beside(config.data_directory, ".signed-head");
  if (config.verb != Config::Verb::kServe) return {.config = std::move(config), .exit_code = 0, .text = ""};

  absl::StatusOr<ListenAddress> address = ParseListenAddress(listen);
  if (!address.ok()) return Misuse(absl::StrCat("--listen: ", address.status().message()));
  config.listen = *std::move(address);
  const absl::StatusOr<absl::Duration> every = ParseInterval("--checkpoint-interval", interval);
  if (!every.ok()) return Misuse(std::string(every.status().message()));
  config.checkpoint_interval = *every;
  const absl::StatusOr<absl::Duration> timeout = ParseInterval("--witness-timeout", witness_timeout);
  if (!timeout.ok()) return Misuse(std::string(timeout.status().message()));
  config.witness_timeout = *timeout;
  if (unwitnessed != "refuse" && unwitnessed != "publish") {
    return Misuse(absl::StrCat("--unwitnessed: \"", unwitnessed, "\" is neither refuse nor publish"));
  }
  config.publish_unwitnessed = unwitnessed == "publish";
  if (!tls.certificate.empty()) config.tls = std::move(tls);
  return {.config = std::move(config), .exit_code = 0, .text = ""};
}

}  // namespace hattama::server
