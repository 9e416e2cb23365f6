// The last head that the log signed, in a small file of its own outside the data directory: what keeps a log from ever
// signing two histories, whatever becomes of its data.
//
//   file = the text of a checkpoint (storage/merkle/checkpoint.h): origin, tree_size, root
//
// The file moves on before a signature is made, never back. Beside it stands "<file>.lock", held while a server runs.
#ifndef HATTAMA_SERVICES_LEDGER_SIGNED_HEAD_H_
#define HATTAMA_SERVICES_LEDGER_SIGNED_HEAD_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/files/small_file.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/sha256.h"

namespace hattama::ledger {

// Not thread-safe.
class SignedHead {
 public:
  // Creates the file of a log that never signed anything beyond `first`. AlreadyExists where there is one.
  static absl::Status Create(const std::string& path, const merkle::Checkpoint& first);

  // What the file says, without taking it. NotFound where there is none; DataLoss where it is not as laid out above.
  static absl::StatusOr<merkle::Checkpoint> Read(const std::string& path);

  // Takes the file until the object is destroyed.
  //   FailedPrecondition  another process has it, or it is of another log.
  //   NotFound, DataLoss  as Read.
  static absl::StatusOr<std::unique_ptr<SignedHead>> Take(std::string path, std::string_view origin);

  const std::string& path() const { return path_; }
  const merkle::Checkpoint& last() const { return last_; }

  // Puts `next` in the place of last(), on the disk, where `proof` shows that `next` begins with it (RFC 6962 section
  // 2.1.2; empty where last() is of size 0 or equals `next`). Only then may `next` be signed.
  //   FailedPrecondition  `next` is shorter, has another root at the same size, or does not begin with last(); nothing
  //                       was written.
  //   Aborted             the file no longer says last(): somebody else signs for this log. Nothing was written, and
  //                       no later call will succeed.
  // Whatever else the disk answers: nothing may be signed, and the call may be repeated.
  absl::Status Advance(const merkle::Checkpoint& next, const std::vector<merkle::Hash>& proof);

 private:
  SignedHead(std::string path, merkle::Checkpoint last, storage::FileLock lock);

  const std::string path_;
  storage::FileLock lock_;
  merkle::Checkpoint last_;
  // What an Advance that did not end well may have left in the file.
  std::optional<std::string> doubtful_text_;
};

}  // namespace hattama::ledger

#endif  // HATTAMA_SERVICES_LEDGER_SIGNED_HEAD_H_
