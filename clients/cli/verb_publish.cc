// hattama publish: a verified copy of the log as a folder of static files, for mirrors and audits.
#include <cstdio>
#include <memory>
#include <utility>

#include "CLI/App.hpp"
#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/log_trust.h"
#include "clients/cli/output.h"
#include "clients/cli/progress_bar.h"
#include "clients/cli/proven_output.h"
#include "clients/cli/verbs.h"
#include "services/wire/descriptor_set.h"
#include "storage/publication/publication.h"

namespace hattama::cli {
namespace {

struct Flags {
  std::string folder;
  LogTrust trust;
};

absl::StatusOr<ExitCode> Publish(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "publish"); !fine.ok()) return fine;
  const absl::StatusOr<std::unique_ptr<VerifiedLog>> log = flags.trust.Open(session);
  if (!log.ok()) return log.status();
  const absl::StatusOr<SeenCheckpoint> seen = (*log)->Refresh();
  if (!seen.ok()) return seen.status();
  const absl::StatusOr<std::unique_ptr<storage::Publication>> folder =
      storage::Publication::Open(flags.folder, seen->log_key, wire::StoredDescriptorSet());
  if (!folder.ok()) return folder.status();
  const int64_t had = (*folder)->published().tree_size;
  const int64_t first = (*folder)->first_record();
  const int64_t size = seen->checkpoint.tree_size;
  ProgressBar bar("copying", size - first, session.globals.progress);
  // The folder compares the root over these records with that of the checkpoint before it publishes any.
  const std::unique_ptr<RecordStream> records = (*log)->Stream(first, size);
  const absl::Status published =
      (*folder)->PublishRecords(seen->note, [&](int64_t index) -> absl::StatusOr<std::string> {
        bar.Update(index - first);
        return records->Next();
      });
  if (!published.ok()) return published;
  bar.Wipe();
  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json document = CheckpointJson(*seen);
    document["new_records"] = size - had;
    PrintJson(document);
    return ExitCode::kFine;
  }
  Print(absl::StrCat(flags.folder, ": ", Grouped(size - had), " new events\n", CheckpointText(*seen)));
  return ExitCode::kFine;
}

}  // namespace

void AddPublish(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand(
      "publish",
      "Copies the log into a folder that any web server can serve and hattama audit reads; again adds what is new");
  verb->add_option("DIR", flags->folder, "The folder, made where it is not there")->required();
  flags->trust.AddWithStateTo(*verb);
  verb->footer(
      "Examples:\n  hattama publish copy --log-key log.vkey\n"
      "  hattama audit copy --log-key log.vkey --authority authority.vkey");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Publish(session, *flags); }; });
}

}  // namespace hattama::cli
