#include "clients/cli/checkpoint_memory.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace hattama::cli {
namespace {

constexpr absl::Duration kLockPatience = absl::Seconds(5);
constexpr absl::Duration kLockRetry = absl::Milliseconds(50);
constexpr size_t kAlarmBytesMax = 4 * merkle::kNoteBytesMax;

absl::StatusOr<storage::FileLock> TakePatiently(const std::string& path) {
  const absl::Time deadline = absl::Now() + kLockPatience;
  while (true) {
    absl::StatusOr<storage::FileLock> lock = storage::FileLock::Take(path);
    if (lock.ok() || !absl::IsFailedPrecondition(lock.status()) || absl::Now() > deadline) return lock;
    absl::SleepFor(kLockRetry);
  }
}

SeenCheckpoint Seen(std::string_view note, merkle::PolicyVerdict verdict) {
  return {.checkpoint = std::move(verdict.checkpoint),
          .note = std::string(note),
          .log_key = std::move(verdict.log_key),
          .witnesses = std::move(verdict.cosigned)};
}

absl::Status About(const std::string& path, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", status.message()));
}

}  // namespace

absl::StatusOr<SeenCheckpoint> LogBelief::Open(std::string_view note) const {
  if (policy() == nullptr) return OpenWithoutQuorum(note);
  absl::StatusOr<merkle::PolicyVerdict> verdict = policy()->Require(note);
  if (!verdict.ok()) return verdict.status();
  return Seen(note, *std::move(verdict));
}

absl::StatusOr<SeenCheckpoint> LogBelief::OpenWithoutQuorum(std::string_view note) const {
  if (const auto* key = std::get_if<merkle::NoteKey>(&trusted_)) {
    absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::OpenCheckpoint(note, std::span(key, 1));
    if (!checkpoint.ok()) return checkpoint.status();
    return SeenCheckpoint{
        .checkpoint = *std::move(checkpoint), .note = std::string(note), .log_key = *key, .witnesses = {}};
  }
  absl::StatusOr<merkle::PolicyVerdict> verdict = policy()->Evaluate(note);
  if (!verdict.ok()) return verdict.status();
  return Seen(note, *std::move(verdict));
}

absl::StatusOr<std::string> LogBelief::OriginFor(std::string_view wanted) const {
  std::vector<std::string> origins;
  if (const auto* key = std::get_if<merkle::NoteKey>(&trusted_)) {
    origins.push_back(key->name);
  } else {
    for (const merkle::PolicyLog& log : policy()->logs()) origins.push_back(log.key.name);
  }
  std::sort(origins.begin(), origins.end());
  origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
  const std::string all = absl::StrJoin(origins, ", ");
  if (wanted.empty()) {
    if (origins.size() == 1) return origins.front();
    return absl::InvalidArgumentError(
        absl::StrCat("the policy names ", origins.size(), " logs; say with --origin which is meant: ", all));
  }
  if (std::find(origins.begin(), origins.end(), wanted) != origins.end()) return std::string(wanted);
  return absl::InvalidArgumentError(absl::StrCat("--origin ", std::string(wanted), ": the key or policy is of ", all));
}

absl::StatusOr<CheckpointMemory> CheckpointMemory::Open(const std::string& path, const LogBelief& belief,
                                                        const std::string& origin) {
  CheckpointMemory memory(path, origin);
  if (path.empty()) return memory;
  absl::StatusOr<storage::FileLock> lock = TakePatiently(path + ".lock");
  if (!lock.ok()) return lock.status();
  memory.lock_ = *std::move(lock);
  const std::string alarm_path = path + ".alarm";
  const absl::StatusOr<std::string> alarm = storage::ReadSmallFile(alarm_path, kAlarmBytesMax);
  if (!absl::IsNotFound(alarm.status())) {
    const std::string said = alarm.ok() ? alarm->substr(0, alarm->find("\n\n")) : std::string(alarm.status().message());
    return absl::FailedPreconditionError(absl::StrCat(
        said, "\nnothing of this log is believed here until a person has looked at ", alarm_path, " and removed it"));
  }
  absl::StatusOr<std::string> note = storage::ReadSmallFile(path, merkle::kNoteBytesMax);
  if (absl::IsNotFound(note.status())) return memory;
  if (!note.ok()) return note.status();
  absl::StatusOr<SeenCheckpoint> last = belief.OpenWithoutQuorum(*note);
  if (!last.ok()) return About(path, last.status());
  if (last->checkpoint.origin != origin) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": remembers the log ", last->checkpoint.origin, ", not ",
                                                   origin, "; each log has its own file"));
  }
  memory.last_ = *std::move(last);
  return memory;
}

absl::Status CheckpointMemory::Keep(SeenCheckpoint seen) {
  if (!path_.empty() && (!last_.has_value() || last_->note != seen.note)) {
    if (absl::Status written = storage::ReplaceFile(path_, seen.note); !written.ok()) return written;
  }
  last_ = std::move(seen);
  return absl::OkStatus();
}

absl::Status CheckpointMemory::RaiseAlarm(std::string_view how, std::string_view shown_note) {
  const std::string what =
      absl::StrCat("ALARM: the log ", origin_, " shows another history than before: ", std::string(how));
  if (path_.empty()) return absl::DataLossError(what);
  const std::string path = path_ + ".alarm";
  const std::string moment = absl::FormatTime(absl::RFC3339_sec, absl::Now(), absl::UTCTimeZone());
  const absl::Status written = storage::ReplaceFile(
      path,
      absl::StrCat(
          what, "\nnoticed ", moment,
          "\n\nThe log signed both checkpoints below; keep them. Two roots of one size are proof of two histories.\n"
          "Where the sizes differ, ask other copies of the log for a consistency proof between them.\n\n"
          "--- believed before\n",
          last_.has_value() ? last_->note : std::string(), "--- shown now\n", std::string(shown_note)));
  return absl::DataLossError(absl::StrCat(
      what, "\n", written.ok() ? absl::StrCat("both checkpoints are kept in ", path) : std::string(written.message())));
}

}  // namespace hattama::cli
