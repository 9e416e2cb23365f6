// hattama audit: recomputes everything of a published log, and remembers what it saw.
#include <google/protobuf/stubs/logging.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "CLI/App.hpp"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "clients/cli/audit_output.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/grpc_source.h"
#include "clients/cli/http_source.h"
#include "clients/cli/log_trust.h"
#include "clients/cli/output.h"
#include "clients/cli/progress_bar.h"
#include "clients/cli/verbs.h"
#include "services/audit/auditor.h"
#include "services/audit/directory_source.h"
#include "storage/files/small_file.h"
#include "storage/keys/key_file.h"
#include "storage/merkle/sha256.h"

namespace hattama::cli {
namespace {

constexpr int kThreadsMax = 256;

struct Flags {
  std::string source;
  LogTrust trust;
  std::string authority;
  bool no_state = false;
  std::string report;
  int threads = 0;
};

// A folder, a URL, or the address of a server: what is there decides.
absl::StatusOr<std::unique_ptr<audit::LogSource>> OpenSource(Session& session, const std::string& source) {
  if (IsHttpUrl(source)) return OpenHttpSource(source, session.globals.timeout);
  std::error_code error;
  if (std::filesystem::is_directory(source, error)) return std::make_unique<audit::DirectorySource>(source);
  absl::string_view address = source;
  const bool named = absl::ConsumePrefix(&address, "grpc://");
  if (!named && (absl::StrContains(source, "/") || !absl::StrContains(source, ":"))) {
    return UsageError(absl::StrCat(source, ": is no folder, no http:// address and no HOST:PORT of a server"));
  }
  session.globals.server = std::string(address);
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  return std::make_unique<GrpcSource>(&session);
}

// Where the checkpoint of a log is remembered when nobody says where; empty where the environment has no place for it.
absl::StatusOr<std::string> DefaultState(const std::string& origin) {
  const char* state_home = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  std::string folder;
  if (state_home != nullptr && *state_home == '/') {
    folder = state_home;
  } else if (home != nullptr && *home == '/') {
    folder = absl::StrCat(home, "/.local/state");
  } else {
    return folder;
  }
  absl::StrAppend(&folder, "/hattama");
  if (absl::Status made = storage::MakeFolders(folder); !made.ok()) return AsUsage(made);
  const merkle::Hash digest = merkle::Sha256(origin);
  return absl::StrCat(folder, "/", Hex(std::string(digest.begin(), digest.end())).substr(0, 32), ".checkpoint");
}

// The memory of earlier audits. Where an alarm stands beside it nothing is compared any more: `alarm` says what stands.
struct Memory {
  std::optional<CheckpointMemory> checkpoints;
  std::string alarm;
};

absl::StatusOr<Memory> OpenMemory(const Flags& flags, const LogBelief& belief, const std::string& origin) {
  std::string path = flags.trust.state;
  if (path.empty() && !flags.no_state) {
    absl::StatusOr<std::string> usual = DefaultState(origin);
    if (!usual.ok()) return usual.status();
    path = *std::move(usual);
  }
  absl::StatusOr<CheckpointMemory> opened = CheckpointMemory::Open(path, belief, origin);
  Memory memory;
  if (opened.ok()) {
    memory.checkpoints = *std::move(opened);
    return memory;
  }
  std::error_code error;
  if (absl::IsFailedPrecondition(opened.status()) && std::filesystem::exists(path + ".alarm", error)) {
    memory.alarm = std::string(opened.status().message());
    return memory;
  }
  return AsUsage(opened.status());
}

// Keeps what a log without fault showed, or the evidence that it shows another history.
absl::Status Remember(Memory& memory, const LogBelief& belief, const audit::Report& report) {
  if (!memory.checkpoints.has_value()) return absl::OkStatus();
  if (report.other_history) {
    for (const audit::Fault& fault : report.faults) {
      if (fault.step != audit::Step::kConsistency) continue;
      return memory.checkpoints->RaiseAlarm(audit::FaultText(fault), report.checkpoint_note);
    }
  }
  if (!report.confirmed) return absl::OkStatus();
  absl::StatusOr<SeenCheckpoint> seen = belief.Open(report.checkpoint_note);
  return seen.ok() ? memory.checkpoints->Keep(*std::move(seen)) : seen.status();
}

absl::StatusOr<ExitCode> Audit(Session& session, const Flags& flags) {
  if (absl::Status fine = RequireNoCsv(session, "audit"); !fine.ok()) return fine;
  // What is no message is told as a fault, with its place; the library would write a line of its own for each.
  google::protobuf::SetLogHandler(nullptr);
  const absl::StatusOr<LogBelief> belief = flags.trust.Load();
  if (!belief.ok()) return belief.status();
  const absl::StatusOr<std::string> origin = belief->OriginFor(session.globals.origin);
  if (!origin.ok()) return AsUsage(origin.status());
  audit::AuditOptions options;
  options.thread_count = flags.threads;
  options.verify_checkpoint = [&](std::string_view note) -> absl::StatusOr<merkle::Checkpoint> {
    absl::StatusOr<SeenCheckpoint> seen = belief->Open(note);
    if (!seen.ok()) return seen.status();
    if (seen->checkpoint.origin != *origin) {
      return absl::InvalidArgumentError(absl::StrCat("is of \"", seen->checkpoint.origin, "\", not of ", *origin));
    }
    return std::move(seen->checkpoint);
  };
  if (!flags.authority.empty()) {
    const absl::StatusOr<merkle::PublicKey> authority = storage::LoadPublicKey(flags.authority);
    if (!authority.ok()) return AsUsage(authority.status());
    options.authority = *authority;
  }
  absl::StatusOr<Memory> memory = OpenMemory(flags, *belief, *origin);
  if (!memory.ok()) return memory.status();
  options.standing_alarm = memory->alarm;
  if (memory->checkpoints.has_value() && memory->checkpoints->last().has_value()) {
    options.kept = memory->checkpoints->last()->checkpoint;
  }
  absl::StatusOr<std::unique_ptr<audit::LogSource>> source = OpenSource(session, flags.source);
  if (!source.ok()) return source.status();

  std::optional<ProgressBar> bar;
  options.progress = [&](int64_t done, int64_t total) {
    if (!bar.has_value()) bar.emplace("auditing", total, session.globals.progress);
    bar->Update(done);
  };
  const absl::StatusOr<audit::Report> report = audit::Audit(**source, options);
  bar.reset();
  if (!report.ok()) return report.status();

  const nlohmann::ordered_json document = ToAuditDocument(*report);
  if (!flags.report.empty()) {
    const absl::Status written = storage::ReplaceFile(flags.report, document.dump(2) + "\n");
    if (!written.ok()) return AsUsage(written);
  }
  const absl::Status remembered = Remember(*memory, *belief, *report);
  if (session.globals.format == Format::kJson) {
    PrintJson(document);
  } else {
    ShowAudit(session, *report);
  }
  if (!remembered.ok()) {
    // The alarm itself is a verdict; that nothing can be written is none.
    if (!report->other_history) return AsUsage(remembered);
    Print(Toned(std::string(remembered.message()), Tone::kBad, session.globals.colour) + "\n");
  }
  return report->confirmed ? ExitCode::kFine : ExitCode::kFindings;
}

}  // namespace

void AddAudit(CLI::App& app, Session& session) {
  auto flags = std::make_shared<Flags>();
  CLI::App* verb = app.add_subcommand(
      "audit",
      "Recomputes everything of a log from its bytes and says whether it holds; exit code 1 where it does not");
  verb->add_option("SOURCE", flags->source, "A published folder, the http:// address of one, or HOST:PORT of a server")
      ->required();
  flags->trust.AddWithStateTo(*verb);
  verb->add_flag("--no-state", flags->no_state, "Remembers nothing where --state names no file");
  verb->add_option("--authority", flags->authority,
                   "The authority's public key, or a file of it, as known from elsewhere");
  verb->add_option("--report", flags->report, "File that receives the report as JSON, for hattama attest");
  verb->add_option("--threads", flags->threads, "Threads that verify; 0: one for each core")
      ->check(CLI::Range(0, kThreadsMax));
  verb->footer(
      "Without --state the checkpoint is remembered under $XDG_STATE_HOME/hattama, by default ~/.local/state/hattama.\n"
      "Examples:\n  hattama audit copy --log-key log.vkey --authority authority.vkey --report report.json\n"
      "  hattama audit http://mirror.example/log --policy policy.txt\n"
      "  hattama audit 127.0.0.1:7878 --log-key log.vkey");
  verb->callback([flags, &session] { session.run = [flags, &session] { return Audit(session, *flags); }; });
}

}  // namespace hattama::cli
