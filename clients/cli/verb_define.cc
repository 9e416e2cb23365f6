// hattama define: checks a whole election and records it, or nothing.
#include <memory>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/definition_files.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/output.h"
#include "clients/cli/signing.h"
#include "clients/cli/verbs.h"

namespace hattama::cli {
namespace {

// The server takes 1,024 submissions and 4 MiB in a message.
constexpr size_t kMessageSubmissionCountMax = 64;

struct Flags {
  DefinitionFiles files;
  std::string submitter = "hattama";
  bool check_only = false;
};

absl::StatusOr<ExitCode> Define(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "define"); !fine.ok()) return fine;
  absl::StatusOr<v1::ElectionDefinition> definition = LoadDefinition(flags.files);
  if (!definition.ok()) return definition.status();
  const std::string& election_id = definition->election().election_id();
  const std::string parts =
      absl::StrCat(Grouped(definition->contests_size()), " contests, ", Grouped(definition->units_size()), " units, ",
                   Grouped(definition->roll_size()), " roll entries");
  if (flags.check_only) {
    Print(absl::StrCat(election_id, ": no fault found (", parts, ")\n"));
    return ExitCode::kFine;
  }
  const std::vector<std::string> submissions = DefinitionSubmissions(*definition, flags.submitter);
  const absl::StatusOr<merkle::SigningKey> key = SigningKeyOf(session);
  if (!key.ok()) return key.status();
  absl::StatusOr<std::string> origin = OriginOf(session);
  if (!origin.ok()) return origin.status();
  const SigningScope scope{.origin = *std::move(origin), .election_id = election_id};

  grpc::ClientContext context;
  session.SetDeadline(context);
  v1::SubmitAtomicallyResponse response;
  const auto writer = session.submissions().SubmitAtomically(&context, &response);
  std::vector<Outgoing> outgoing;
  for (size_t i = 0; i < submissions.size(); ++i) {
    outgoing.push_back({.submission = &submissions[i], .key = &*key});
    if (outgoing.size() < kMessageSubmissionCountMax && i + 1 < submissions.size()) continue;
    v1::SubmitStreamRequest message;
    AddSigned(outgoing, scope, message);
    outgoing.clear();
    // A write that fails tells why in Finish.
    if (!writer->Write(message)) break;
  }
  writer->WritesDone();
  if (grpc::Status finished = writer->Finish(); !finished.ok()) {
    const absl::Status told = session.Told(finished);
    return absl::Status(told.code(), absl::StrCat("election \"", election_id, "\": ", told.message()));
  }
  bool replayed = response.receipts_size() > 0;
  int64_t tree_size = 0;
  for (const v1::Receipt& receipt : response.receipts()) {
    replayed = replayed && receipt.replayed();
    tree_size = std::max(tree_size, receipt.tree_size());
  }
  if (session.globals.format == Format::kJson) {
    PrintJson({{"election_id", election_id},
               {"already_defined", replayed},
               {"contest_count", definition->contests_size()},
               {"unit_count", definition->units_size()},
               {"roll_count", definition->roll_size()},
               {"tree_size", tree_size}});
  } else if (replayed) {
    Print(absl::StrCat(election_id, ": already defined, the same in every part\n"));
  } else {
    Print(absl::StrCat(election_id, ": defined in ", response.receipts_size(), " events (", parts, "); version ",
                       Grouped(tree_size), "\n"));
  }
  return ExitCode::kFine;
}

}  // namespace

void AddDefine(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand("define", "Checks an election and records it whole, or reports every fault");
  verb->add_option("DEFINITION", flags->files.definition,
                   "JSON of hattama.v1.ElectionDefinition; - reads standard input")
      ->required();
  verb->add_option("--mapping", flags->files.mapping, "JSON that says which CSV column is what");
  verb->add_option("--stations", flags->files.stations, "CSV (or .csv.gz) of stations, added to the units");
  verb->add_option("--options", flags->files.options, "CSV of options, added to the contests");
  verb->add_option("--submitter", flags->submitter, "Who submits")->capture_default_str();
  verb->add_flag("--check-only", flags->check_only, "Checks the files and records nothing; needs no server");
  verb->footer(
      "Examples:\n"
      "  hattama define definition.json\n"
      "  hattama define definition.json --mapping mapping.json --stations stations.csv.gz --options options.csv");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Define(session, *flags); }; });
}

}  // namespace hattama::cli
