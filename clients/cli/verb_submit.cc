// hattama submit: one protocol, from a JSON document or from flags.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/evidence.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/mapping.h"
#include "clients/cli/message_json.h"
#include "clients/cli/receipt_output.h"
#include "clients/cli/text_file.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

struct Flags {
  std::string file;
  std::string election, contest, unit, source, stage, signed_at, note;
  std::vector<std::string> lines, votes, evidence;
  std::optional<int64_t> supersedes, decision;
  std::string submitter = "hattama";
  bool check_only = false;
  Waiting waiting;
};

// "id=12" or "id=" for a figure that is blank on paper.
template <class FigureMessage, class SetId>
absl::Status AddFigures(const std::vector<std::string>& texts, const char* flag, const SetId& set_id,
                        google::protobuf::RepeatedPtrField<FigureMessage>& figures) {
  for (const std::string& text : texts) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0)
      return UsageError(absl::StrCat(flag, " ", text, ": write it as ID=COUNT"));
    FigureMessage& figure = *figures.Add();
    set_id(figure, text.substr(0, equals));
    const std::string count_text = text.substr(equals + 1);
    if (count_text.empty()) continue;
    int64_t count = 0;
    if (!absl::SimpleAtoi(count_text, &count)) {
      return UsageError(absl::StrCat(flag, " ", text, ": \"", count_text, "\" is no whole number"));
    }
    figure.set_count(count);
  }
  return absl::OkStatus();
}

absl::Status Fill(const Flags& flags, v1::ProtocolSubmitted& protocol) {
  if (!flags.file.empty()) {
    absl::StatusOr<std::string> text = ReadTextFile(flags.file);
    if (!text.ok()) return text.status();
    if (absl::Status parsed = FromJson(*text, flags.file, protocol); !parsed.ok()) return parsed;
  }
  if (!flags.election.empty()) protocol.set_election_id(flags.election);
  if (!flags.contest.empty()) protocol.set_contest_id(flags.contest);
  if (!flags.unit.empty()) protocol.set_unit_id(flags.unit);
  if (!flags.source.empty()) protocol.set_source_id(flags.source);
  if (!flags.stage.empty()) {
    protocol.set_stage(StageNamed(flags.stage));
    if (protocol.stage() == v1::STAGE_UNSPECIFIED) {
      return UsageError(absl::StrCat("--stage ", flags.stage, ": is none of preliminary, final, corrected"));
    }
  }
  if (!flags.signed_at.empty()) {
    absl::StatusOr<google::protobuf::Timestamp> time = ParseMoment(flags.signed_at);
    if (!time.ok()) return UsageError(absl::StrCat("--signed-at: ", std::string(time.status().message())));
    *protocol.mutable_signed_time() = *time;
  }
  if (!flags.note.empty()) protocol.set_note(flags.note);
  if (flags.supersedes) protocol.set_supersedes_sequence(*flags.supersedes);
  if (flags.decision) protocol.set_decision_sequence(*flags.decision);
  const auto set_line = [](v1::LineFigure& figure, const std::string& id) { figure.set_line_id(id); };
  const auto set_option = [](v1::OptionFigure& figure, const std::string& id) { figure.set_option_id(id); };
  if (absl::Status added = AddFigures(flags.lines, "--line", set_line, *protocol.mutable_lines()); !added.ok())
    return added;
  if (absl::Status added = AddFigures(flags.votes, "--vote", set_option, *protocol.mutable_options()); !added.ok())
    return added;
  return AddEvidence(flags.evidence, *protocol.mutable_evidence());
}

absl::StatusOr<ExitCode> Submit(Session& session, const Flags& flags) {
  if (flags.file.empty() && flags.election.empty())
    return UsageError("submit wants a FILE or --election and its other flags");
  v1::Submission submission;
  submission.set_submitter(flags.submitter);
  if (absl::Status filled = Fill(flags, *submission.mutable_protocol_submitted()); !filled.ok()) return filled;
  return SubmitAndShow(session, submission, flags.check_only, flags.waiting);
}

}  // namespace

void AddSubmit(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("submit", "Submits one protocol and prints its receipt");
  verb->add_option("FILE", flags->file,
                   "JSON of hattama.v1.ProtocolSubmitted; - reads standard input; flags add to it");
  verb->add_option("--election", flags->election, "Id of the election");
  verb->add_option("--contest", flags->contest, "Id of the contest");
  verb->add_option("--unit,--station", flags->unit, "Id of the station, or of the area that a claim is about");
  verb->add_option("--source", flags->source, "Id of the commission or monitor that states the figures");
  verb->add_option("--stage", flags->stage, "preliminary, final or corrected");
  verb->add_option("--line", flags->lines, "LINE=COUNT, any number of times; LINE= where the paper is blank");
  verb->add_option("--vote", flags->votes, "OPTION=COUNT, once for each option of the ballot");
  verb->add_option("--signed-at", flags->signed_at, "When the paper was signed, like 2023-03-19T23:40:00+06:00");
  verb->add_option("--evidence", flags->evidence, "File whose SHA-256 is recorded, any number of times");
  verb->add_option("--note", flags->note, "For people");
  verb->add_option("--supersedes", flags->supersedes, "Sequence of the protocol that this one replaces");
  verb->add_option("--decision", flags->decision, "Sequence of the decision that ordered a corrected protocol");
  verb->add_option("--submitter", flags->submitter, "Who submits")->capture_default_str();
  verb->add_flag("--check-only", flags->check_only,
                 "Asks the server whether it would be admitted, and records nothing");
  flags->waiting.AddTo(*verb);
  verb->footer(
      "Examples:\n"
      "  hattama submit protocol.json\n"
      "  hattama submit protocol.json --receipt protocol.tlog-proof --log-key log.vkey\n"
      "  hattama submit --election kz-maslikhat-2023 --contest deputy --station M-01 --source monitor --stage final "
      "\\\n"
      "      --line registered=498 --line issued=232 --vote A=120 --vote B=104 --evidence acta-M-01.jpg");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Submit(session, *flags); }; });
}

}  // namespace hattama::cli
