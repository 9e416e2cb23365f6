#include "services/ledger/signed_head.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/verify.h"

namespace hattama::ledger {
namespace {

// An origin has no limit of its own; this is far beyond any in use.
constexpr size_t kFileBytesMax = 64 << 10;

std::string SizeAndRoot(const merkle::Checkpoint& checkpoint) {
  return absl::StrCat("tree_size ", checkpoint.tree_size, ", root ", merkle::EncodeHash(checkpoint.root));
}

}  // namespace

SignedHead::SignedHead(std::string path, merkle::Checkpoint last, storage::FileLock lock)
    : path_(std::move(path)), lock_(std::move(lock)), last_(std::move(last)) {}

absl::Status SignedHead::Create(const std::string& path, const merkle::Checkpoint& first) {
  return storage::CreateFile(path, merkle::FormatCheckpoint(first));
}

absl::StatusOr<merkle::Checkpoint> SignedHead::Read(const std::string& path) {
  const absl::StatusOr<std::string> text = storage::ReadSmallFile(path, kFileBytesMax);
  if (!text.ok()) return text.status();
  absl::StatusOr<merkle::Checkpoint> last = merkle::ParseCheckpoint(*text);
  if (!last.ok() || merkle::FormatCheckpoint(*last) != *text) {
    return absl::DataLossError(absl::StrCat(
        path, ": no signed head: ", last.ok() ? "it has lines that do not belong there" : last.status().message()));
  }
  return last;
}

absl::StatusOr<std::unique_ptr<SignedHead>> SignedHead::Take(std::string path, std::string_view origin) {
  // Looked for before the lock is made: a mistyped path leaves nothing behind.
  if (const absl::StatusOr<merkle::Checkpoint> there = Read(path); !there.ok()) return there.status();
  absl::StatusOr<storage::FileLock> lock = storage::FileLock::Take(absl::StrCat(path, ".lock"));
  if (!lock.ok()) {
    if (lock.status().code() != absl::StatusCode::kFailedPrecondition) return lock.status();
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": another server signs for this log now and holds the signed head; stop one of the two"));
  }
  absl::StatusOr<merkle::Checkpoint> last = Read(path);
  if (!last.ok()) return last.status();
  if (last->origin != origin) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": the signed head of \"", last->origin,
                                                      "\", this log is \"", std::string(origin),
                                                      "\"; give the file of this log"));
  }
  return std::unique_ptr<SignedHead>(new SignedHead(std::move(path), *std::move(last), *std::move(lock)));
}

absl::Status SignedHead::Advance(const merkle::Checkpoint& next, const std::vector<merkle::Hash>& proof) {
  if (next.origin != last_.origin || next.tree_size < last_.tree_size) {
    return absl::FailedPreconditionError(absl::StrCat("\"", next.origin, "\" at ", SizeAndRoot(next),
                                                      " cannot follow \"", last_.origin, "\" at ", SizeAndRoot(last_),
                                                      ", which was signed"));
  }
  const absl::Status consistent =
      merkle::VerifyConsistency(last_.tree_size, next.tree_size, proof, last_.root, next.root);
  if (!consistent.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(SizeAndRoot(next), " does not begin with ", SizeAndRoot(last_),
                                                      ", which was signed: ", consistent.message()));
  }
  const absl::StatusOr<std::string> stored = storage::ReadSmallFile(path_, kFileBytesMax);
  if (!stored.ok() && stored.status().code() != absl::StatusCode::kNotFound) return stored.status();
  const std::string text = merkle::FormatCheckpoint(next);
  if (!stored.ok() || (*stored != merkle::FormatCheckpoint(last_) && *stored != doubtful_text_)) {
    return absl::AbortedError(absl::StrCat(path_, ": this server left the signed head at ", SizeAndRoot(last_),
                                           " and finds ", stored.ok() ? "something else" : "nothing",
                                           " there: another server signs for this log, or somebody changed it"));
  }
  if (*stored == text && !doubtful_text_.has_value()) return absl::OkStatus();
  doubtful_text_ = text;
  if (absl::Status written = storage::ReplaceFile(path_, text); !written.ok()) return written;
  doubtful_text_.reset();
  last_ = next;
  return absl::OkStatus();
}

}  // namespace hattama::ledger
