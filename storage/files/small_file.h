// Small files that a crash must not tear: keys, checkpoints, tiles, receipts. Not for anything that grows.
#ifndef HATTAMA_STORAGE_FILES_SMALL_FILE_H_
#define HATTAMA_STORAGE_FILES_SMALL_FILE_H_

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hattama::storage {

// The whole file. NotFound where there is none; InvalidArgument where it is larger than `bytes_max`; else what the
// system said, as Unknown. Each message names the path.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t bytes_max);

// The same for a secret: PermissionDenied where others than its owner may read or write it.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path, size_t bytes_max);

// Puts `bytes` in the place of whatever `path` held. A reader or a crash sees the old file or the new one, whole; on
// return the new one is on the disk. ResourceExhausted where the disk is full.
absl::Status ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode = 0644);

// The first half of it: the bytes are on the disk, their name is once SyncFolder returned for the file's folder. For
// whoever writes many files of few folders.
absl::Status PlaceFile(const std::string& path, std::string_view bytes, mode_t mode = 0644);
absl::Status SyncFolder(const std::string& folder);

// ReplaceFile for a file that must not exist yet: AlreadyExists where it does.
absl::Status CreateFile(const std::string& path, std::string_view bytes, mode_t mode = 0644);

// The ending of the drafts from which the files above are made. A process that was killed may leave some behind.
inline constexpr std::string_view kDraftEnding = ".new";

// Makes the folder and those above it; ok where they exist. On return those that were made are on the disk.
absl::Status MakeFolders(const std::string& path);

// Holds a lock file that one process may have at a time; the system lets go of it when the process ends.
class FileLock {
 public:
  // Waits for nobody: FailedPrecondition where another process has it.
  static absl::StatusOr<FileLock> Take(const std::string& path);

  FileLock(FileLock&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}

  int fd_;
};

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_FILES_SMALL_FILE_H_
