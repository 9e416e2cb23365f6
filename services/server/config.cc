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

CommandLine Misuse(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return {.config = std::nullopt, .exit_code = 2, .text = std::move(text)};
}

}  // namespace

CommandLine ParseCommandLine(int argc, const char* const* argv) {
  Config config;
  std::string listen = "127.0.0.1:7878";
  TlsFiles tls;

  CLI::App app("Records polling-station protocols in a ledger that anybody can recompute.", "hattamad");
  app.set_version_flag("--version", "hattamad " HATTAMA_VERSION);
  app.require_subcommand(1);

  CLI::App* init = app.add_subcommand("init", "Creates a ledger once; refuses a directory that holds one");
  init->add_option("--data", config.data_directory, "Directory of the ledger")->required();
  init->add_option("--origin", config.origin, "The log's name in checkpoints: a schema-less URL, for ever")->required();
  init->add_option("--authority", config.authority,
                   "The public key that grants all others: verifier key, file of one, PEM file, or 64 hex digits")
      ->required();

  CLI::App* serve = app.add_subcommand("serve", "Serves a ledger until SIGTERM or SIGINT");
  serve->add_option("--data", config.data_directory, "Directory of the ledger")->required();
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

  config.verb = init->parsed() ? Config::Verb::kInit : Config::Verb::kServe;
  if (config.data_directory.empty()) return Misuse("--data: names no directory");
  if (config.verb == Config::Verb::kInit) return {.config = std::move(config), .exit_code = 0, .text = ""};

  absl::StatusOr<ListenAddress> address = ParseListenAddress(listen);
  if (!address.ok()) return Misuse(absl::StrCat("--listen: ", address.status().message()));
  config.listen = *std::move(address);
  if (!tls.certificate.empty()) config.tls = std::move(tls);
  return {.config = std::move(config), .exit_code = 0, .text = ""};
}

}  // namespace hattama::server
