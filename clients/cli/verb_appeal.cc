// hattama appeal and hattama decide: what is disputed, and what was decided.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/evidence.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/receipt_output.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

struct Flags {
  std::string election, contest, appeal_id, at;
  std::vector<std::string> stations, evidence;
  std::string filed_by, grounds;        // Of an appeal.
  std::string kind, body, act, reason;  // Of a decision.
  std::vector<int64_t> released;
  std::string submitter = "hattama";
  Waiting waiting;
};

absl::Status ParseFlagMoment(const std::string& text, google::protobuf::Timestamp& time) {
  absl::StatusOr<google::protobuf::Timestamp> parsed = ParseMoment(text);
  if (!parsed.ok()) return UsageError(absl::StrCat("--time: ", std::string(parsed.status().message())));
  time = *parsed;
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> Appeal(Session& session, const Flags& flags) {
  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  v1::AppealFiled& appeal = *submission.mutable_appeal_filed();
  appeal.set_election_id(flags.election);
  appeal.set_contest_id(flags.contest);
  appeal.set_appeal_id(flags.appeal_id);
  for (const std::string& station : flags.stations) appeal.add_unit_ids(station);
  appeal.set_filed_by(flags.filed_by);
  appeal.set_grounds(flags.grounds);
  if (!flags.at.empty()) {
    if (absl::Status parsed = ParseFlagMoment(flags.at, *appeal.mutable_filed_time()); !parsed.ok()) return parsed;
  }
  if (absl::Status added = AddEvidence(flags.evidence, *appeal.mutable_evidence()); !added.ok()) return added;
  return SubmitAndShow(session, submission, false, flags.waiting);
}

absl::StatusOr<v1::DecisionKind> KindNamed(const std::string& name) {
  if (name == "dismissed") return v1::DECISION_KIND_DISMISSED;
  if (name == "figures-corrected") return v1::DECISION_KIND_FIGURES_CORRECTED;
  if (name == "annulled") return v1::DECISION_KIND_RESULTS_ANNULLED;
  if (name == "recount") return v1::DECISION_KIND_RECOUNT_ORDERED;
  if (name == "reinstated") return v1::DECISION_KIND_RESULTS_REINSTATED;
  if (name == "released") return v1::DECISION_KIND_QUARANTINE_RELEASED;
  return UsageError(absl::StrCat("--kind ", name,
                                 ": is none of dismissed, figures-corrected, annulled, recount, reinstated, released"));
}

absl::StatusOr<ExitCode> Decide(Session& session, const Flags& flags) {
  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  v1::DecisionRecorded& decision = *submission.mutable_decision_recorded();
  absl::StatusOr<v1::DecisionKind> kind = KindNamed(flags.kind);
  if (!kind.ok()) return kind.status();
  decision.set_kind(*kind);
  decision.set_election_id(flags.election);
  decision.set_contest_id(flags.contest);
  decision.set_appeal_id(flags.appeal_id);
  for (const std::string& station : flags.stations) decision.add_unit_ids(station);
  decision.set_body(flags.body);
  decision.set_act_number(flags.act);
  decision.set_reason(flags.reason);
  for (const int64_t sequence : flags.released) decision.add_released_sequences(sequence);
  if (!flags.at.empty()) {
    if (absl::Status parsed = ParseFlagMoment(flags.at, *decision.mutable_decided_time()); !parsed.ok()) return parsed;
  }
  if (absl::Status added = AddEvidence(flags.evidence, *decision.mutable_evidence()); !added.ok()) return added;
  return SubmitAndShow(session, submission, false, flags.waiting);
}

void AddShared(CLI::App& verb, Flags& flags) {
  flags.waiting.AddTo(verb);
  verb.add_option("ELECTION", flags.election, "Id of the election")->required();
  verb.add_option("--contest", flags.contest, "Id of the contest")->required();
  verb.add_option("--station", flags.stations, "Id of a station, any number of times");
  verb.add_option("--evidence", flags.evidence, "File whose SHA-256 is recorded, any number of times");
  verb.add_option("--time", flags.at, "When it happened, like 2023-03-21T10:00:00+06:00");
  verb.add_option("--submitter", flags.submitter, "Who submits")->capture_default_str();
}

}  // namespace

void AddAppeal(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb =
      app.add_subcommand("appeal", "Files an appeal against stations; they are contested until it is decided");
  AddShared(*verb, *flags);
  verb->add_option("--id", flags->appeal_id, "Id of the appeal, unique in the election")->required();
  verb->add_option("--filed-by", flags->filed_by, "Who appeals")->required();
  verb->add_option("--grounds", flags->grounds, "Why")->required();
  verb->footer(
      "Example:\n"
      "  hattama appeal kz-maslikhat-2023 --contest deputy --id A-1 --station M-03 --station M-07 \\\n"
      "      --filed-by \"Candidate A\" --grounds \"copies differ from the published figures\" --evidence M-03.jpg");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Appeal(session, *flags); }; });
}

void AddDecide(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("decide", "Records what a commission or court decided");
  AddShared(*verb, *flags);
  verb->add_option("--kind", flags->kind, "dismissed, figures-corrected, annulled, recount, reinstated or released")
      ->required();
  verb->add_option("--appeal", flags->appeal_id, "The appeal that it decides");
  verb->add_option("--body", flags->body, "The commission or court")->required();
  verb->add_option("--act", flags->act, "Number of the act")->required();
  verb->add_option("--reason", flags->reason, "Why");
  verb->add_option("--release", flags->released, "Sequence of a quarantined protocol, any number of times");
  verb->footer(
      "Example:\n"
      "  hattama decide kz-maslikhat-2023 --contest deputy --kind annulled --appeal A-1 --body \"District court\" "
      "--act 2-117/2023");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Decide(session, *flags); }; });
}

}  // namespace hattama::cli
