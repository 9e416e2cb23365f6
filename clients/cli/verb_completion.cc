// hattama completion: what a shell may complete, read off the command line itself.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/output.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

std::vector<std::string> FlagsOf(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

void PrintBash(const CLI::App& app) {
  std::string verbs, cases;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    absl::StrAppend(&verbs, verbs.empty() ? "" : " ", verb->get_name());
    absl::StrAppend(&cases, "      ", verb->get_name(), ") words=\"", absl::StrJoin(FlagsOf(*verb), " "), "\" ;;\n");
  }
  Print(
      absl::StrCat("_hattama() {\n"
                   "  local word=${COMP_WORDS[COMP_CWORD]} verb= words i\n"
                   "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
                   "    case \" ",
                   verbs,
                   " \" in *\" ${COMP_WORDS[i]} \"*) verb=${COMP_WORDS[i]}; break ;; esac\n"
                   "  done\n"
                   "  case $verb in\n",
                   cases, "      *) words=\"", verbs, " ", absl::StrJoin(FlagsOf(app), " "),
                   "\" ;;\n"
                   "  esac\n"
                   "  if [[ $word == -* || -z $verb ]]; then\n"
                   "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
                   "  else\n"
                   "    COMPREPLY=($(compgen -f -- \"$word\"))\n"
                   "  fi\n"
                   "}\n"
                   "complete -o filenames -F _hattama hattama\n"));
}

void PrintFish(const CLI::App& app) {
  for (const std::string& flag : FlagsOf(app))
    Print(absl::StrCat("complete -c hattama -n __fish_use_subcommand -l ", flag.substr(2), "\n"));
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    Print(absl::StrCat("complete -c hattama -n __fish_use_subcommand -a ", verb->get_name(), " -d '",
                       verb->get_description(), "'\n"));
    for (const std::string& flag : FlagsOf(*verb)) {
      Print(absl::StrCat("complete -c hattama -n '__fish_seen_subcommand_from ", verb->get_name(), "' -l ",
                         flag.substr(2), "\n"));
    }
  }
}

}  // namespace

void AddCompletion(CLI::App& app, Session& session) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("completion", "Prints a completion script for bash, zsh or fish");
  verb->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->footer("Example:\n  hattama completion bash > ~/.local/share/bash-completion/completions/hattama");
  verb->callback([shell, &app, &session] {
    session.run = [shell, &app]() -> absl::StatusOr<ExitCode> {
      if (*shell == "zsh") Print("autoload -U +X bashcompinit && bashcompinit\n");
      if (*shell == "fish") {
        PrintFish(app);
      } else {
        PrintBash(app);
      }
      return ExitCode::kFine;
    };
  });
}

}  // namespace hattama::cli
