// Which notes are believed, and the last one that was: what makes a client notice that a log shows it another history
// than before.
#ifndef HATTAMA_CLIENTS_CLI_CHECKPOINT_MEMORY_H_
#define HATTAMA_CLIENTS_CLI_CHECKPOINT_MEMORY_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/files/small_file.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tlog_policy.h"

namespace hattama::cli {

// A checkpoint that was believed, and who signed it.
struct SeenCheckpoint {
  merkle::Checkpoint checkpoint;
  std::string note;
  merkle::NoteKey log_key;
  std::vector<merkle::PolicyVerdict::Cosigned>
      witnesses;  // Of the policy, in its order; none where there is no policy.
};

// A log's key, or a policy with logs and a quorum of witnesses.
class LogBelief {
 public:
  explicit LogBelief(merkle::NoteKey log_key) : trusted_(std::move(log_key)) {}
  explicit LogBelief(merkle::TlogPolicy policy) : trusted_(std::move(policy)) {}

  // The checkpoint of a note that a believed log signed and, under a policy, whose quorum is met. InvalidArgument,
  // Unauthenticated or FailedPrecondition say why not, as those of storage/merkle.
  absl::StatusOr<SeenCheckpoint> Open(std::string_view note) const;
  // The same without the quorum: for a note that was believed when it was kept, maybe under another policy.
  absl::StatusOr<SeenCheckpoint> OpenWithoutQuorum(std::string_view note) const;

  // The origin that is meant: `wanted` where it is believed, or the only one where `wanted` is empty. InvalidArgument
  // says which there are.
  absl::StatusOr<std::string> OriginFor(std::string_view wanted) const;

  // What a receipt can be asked to rest on: whether there is a quorum of witnesses to meet.
  bool asks_for_witnesses() const { return policy() != nullptr && policy()->quorum() != "none"; }

 private:
  const merkle::TlogPolicy* policy() const { return std::get_if<merkle::TlogPolicy>(&trusted_); }

  std::variant<merkle::NoteKey, merkle::TlogPolicy> trusted_;
};

// The last checkpoint of one log that was believed, in a file (the note, as it is) or for the life of the process. When
// the log breaks with it, an alarm is written to FILE.alarm, with both notes; while that file is there, the memory does
// not open. Only a person removes it.
class CheckpointMemory {
 public:
  // An empty path keeps nothing on the disk. Waits a few seconds for another process that has the file.
  // FailedPrecondition quotes an alarm, or says that the file is held; InvalidArgument where the file is no checkpoint
  // of `origin` that `belief` knows.
  static absl::StatusOr<CheckpointMemory> Open(const std::string& path, const LogBelief& belief,
                                               const std::string& origin);

  const std::string& origin() const { return origin_; }
  const std::optional<SeenCheckpoint>& last() const { return last_; }

  // Remembers a checkpoint that its caller found to extend the last one.
  absl::Status Keep(SeenCheckpoint seen);

  // Writes down that `shown` contradicts the last checkpoint, and how. Returns DataLoss that says so.
  absl::Status RaiseAlarm(std::string_view how, std::string_view shown_note);

 private:
  CheckpointMemory(std::string path, std::string origin) : path_(std::move(path)), origin_(std::move(origin)) {}

  std::string path_;
  std::string origin_;
  std::optional<storage::FileLock> lock_;
  std::optional<SeenCheckpoint> last_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_CHECKPOINT_MEMORY_H_
