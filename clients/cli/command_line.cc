#include "clients/cli/command_line.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

#include "CLI/App.hpp"
#include "CLI/Config.hpp"
#include "CLI/Formatter.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/output.h"
#include "clients/cli/table.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

constexpr char kFooter[] =
    "Exit codes: 0 fine, 1 findings or differences exist or evidence does not hold, 2 usage, 3 refused, 4 no server answered.\n"
    "Each verb has examples: hattama tally --help";

// The language of the environment: "kk_KZ.UTF-8" -> "kk". "C" and nothing mean English.
std::string EnvironmentLanguage() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string text = value;
    const std::string language = text.substr(0, text.find_first_of("_.@"));
    return language == "C" || language == "POSIX" ? "en" : language;
  }
  return "en";
}

// Help of a verb that says how it is called: with the program's name before its own.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App* app, std::string name) const override {
    return CLI::Formatter::make_usage(app,
                                      app->get_parent() == nullptr ? name : absl::StrCat("hattama ", app->get_name()));
  }
};

ExitCode Complain(const absl::Status& status) {
  const bool colour = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  for (absl::string_view line : absl::StrSplit(status.message(), '\n')) {
    std::fprintf(stderr, "%s %s\n", Toned("hattama:", Tone::kBad, colour).c_str(),
                 OneLine({line.data(), line.size()}).c_str());
  }
  return ExitCodeOf(status);
}

}  // namespace

ExitCode Run(int argc, const char* const* argv) {
  Session session;
  Globals& globals = session.globals;
  globals.language = EnvironmentLanguage();
  std::string format = "table", colour = "auto", timeout = "60s";
  bool no_progress = false;

  CLI::App app("Submits polling-station protocols to a ledger of election results, and asks it.", "hattama");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_version_flag("--version", "hattama " HATTAMA_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(kFooter);
  app.add_option("--server", globals.server, "HOST:PORT of the server")
      ->envname("HATTAMA_SERVER")
      ->capture_default_str();
  app.add_flag("--tls", globals.tls, "Connects by TLS, trusting the system's certificate authorities");
  app.add_option("--tls-ca", globals.tls_ca, "PEM file of the certificate authority to trust; means --tls");
  CLI::Option* certificate =
      app.add_option("--tls-cert", globals.tls_cert, "PEM file of the client's certificates; means --tls");
  CLI::Option* key = app.add_option("--tls-key", globals.tls_key, "PEM file of the client's private key");
  certificate->needs(key);
  key->needs(certificate);
  app.add_option("--key", globals.key, "File of the private key that signs what is submitted")->envname("HATTAMA_KEY");
  app.add_option("--origin", globals.origin, "Name of the ledger that is meant; a server with another one is refused")
      ->envname("HATTAMA_ORIGIN");
  app.add_option("--timeout", timeout, "How long to wait for an answer, like 5s")->capture_default_str();
  app.add_option("--format", format, "table, json or csv")
      ->check(CLI::IsMember({"table", "json", "csv"}))
      ->capture_default_str();
  app.add_option("--color", colour, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
  app.add_option("--language", globals.language, "Language of names, like kk, kk-Latn, ru or en")
      ->capture_default_str();
  app.add_flag("--no-progress", no_progress, "Draws no progress bar");

  AddDefine(app, session);
  AddSubmit(app, session);
  AddImport(app, session);
  AddRoll(app, session);
  AddAppeal(app, session);
  AddDecide(app, session);
  AddKeygen(app, session);
  AddGrant(app, session);
  AddRevoke(app, session);
  AddRotate(app, session);
  AddTally(app, session);
  AddSeats(app, session);
  AddDiff(app, session);
  AddHistory(app, session);
  AddCoverage(app, session);
  AddWatch(app, session);
  AddStatus(app, session);
  AddExport(app, session);
  AddProve(app, session);
  AddReceipt(app, session);
  AddVerify(app, session);
  AddPublish(app, session);
  AddAudit(app, session);
  AddPublishTally(app, session);
  AddAttest(app, session);
  AddProveStation(app, session);
  AddWitness(app, session);
  AddCompletion(app, session);

  // The parser reports by exceptions; they end here.
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const auto chosen = app.get_subcommands();
    Print(chosen.empty() ? app.help() : chosen.front()->help());
    return ExitCode::kFine;
  } catch (const CLI::CallForVersion&) {
    Print("hattama " HATTAMA_VERSION "\n");
    return ExitCode::kFine;
  } catch (const CLI::ParseError& error) {
    return Complain(UsageError(absl::StrCat(error.what(), " (see hattama --help)")));
  }

  static const std::map<std::string, Format> kFormats = {
      {"table", Format::kTable}, {"json", Format::kJson}, {"csv", Format::kCsv}};
  globals.format = kFormats.at(format);
  globals.colour =
      colour == "always" || (colour == "auto" && isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr);
  globals.progress = !no_progress && isatty(STDERR_FILENO) != 0;
  if (!absl::ParseDuration(timeout, &globals.timeout) || globals.timeout <= absl::ZeroDuration()) {
    return Complain(UsageError(absl::StrCat("--timeout ", timeout, ": is no duration like 5s")));
  }
  const absl::StatusOr<ExitCode> done = session.run();
  // What standard output did not take was not answered.
  if (std::fflush(stdout) != 0) return Complain(UsageError("standard output cannot be written"));
  return done.ok() ? *done : Complain(done.status());
}

}  // namespace hattama::cli
