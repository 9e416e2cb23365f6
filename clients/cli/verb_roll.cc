// hattama roll: amends the registered voters of stations; answers at older versions keep the older roll.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/receipt_output.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

struct Flags {
  std::string election, reason;
  std::vector<std::string> entries;
  std::string submitter = "hattama";
  Waiting waiting;
};

absl::StatusOr<ExitCode> Roll(Session& session, const Flags& flags) {
  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  v1::RollAmended& amended = *submission.mutable_roll_amended();
  amended.set_election_id(flags.election);
  amended.set_reason(flags.reason);
  for (const std::string& text : flags.entries) {
    const size_t equals = text.rfind('=');
    int64_t voters = 0;
    if (equals == std::string::npos || !absl::SimpleAtoi(text.substr(equals + 1), &voters)) {
      return UsageError(absl::StrCat("--entry ", text, ": write it as STATION=COUNT"));
    }
    v1::RollEntry& entry = *amended.add_entries();
    entry.set_unit_id(text.substr(0, equals));
    entry.set_registered_voters(voters);
  }
  return SubmitAndShow(session, submission, false, flags.waiting);
}

}  // namespace

void AddRoll(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("roll", "Amends the registered voters of stations");
  verb->add_option("ELECTION", flags->election, "Id of the election")->required();
  verb->add_option("--entry", flags->entries, "STATION=COUNT, any number of times")->required();
  verb->add_option("--reason", flags->reason, "Why the roll changes")->required();
  verb->add_option("--submitter", flags->submitter, "Who submits")->capture_default_str();
  flags->waiting.AddTo(*verb);
  verb->footer(
      "Example:\n  hattama roll kz-maslikhat-2023 --entry M-01=501 --reason \"three voters added on the day\"");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Roll(session, *flags); }; });
}

}  // namespace hattama::cli
