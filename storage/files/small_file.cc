#include "storage/files/small_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace hattama::storage {
namespace {

absl::Status SystemError(const std::string& path, int error) {
  const std::string message = absl::StrCat(path, ": ", std::strerror(error));
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(message);
    case EEXIST:
      return absl::AlreadyExistsError(message);
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(message);
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(message);
    default:
      return absl::UnknownError(message);
  }
}

// Closes what it holds.
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile() {
    if (fd_ >= 0) close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<std::string> ReadOpen(const std::string& path, int fd, size_t bytes_max) {
  std::string bytes;
  char buffer[1 << 16];
  while (true) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SystemError(path, errno);
    if (count == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(count));
    if (bytes.size() > bytes_max) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": larger than ", bytes_max, " bytes"));
    }
  }
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  return SyncFolder(folder.empty() ? "." : folder);
}

// A file beside `path` with the bytes, on the disk; `draft` is its name.
absl::Status WriteDraft(const std::string& path, std::string_view bytes, mode_t mode, std::string& draft) {
  static std::atomic<int> count{0};
  draft = absl::StrCat(path, ".", getpid(), "-", count.fetch_add(1), std::string(kDraftEnding));
  const OpenFile file(open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (file.fd() < 0) return SystemError(draft, errno);
  int error = 0;
  for (size_t done = 0; done < bytes.size() && error == 0;) {
    const ssize_t count_written = write(file.fd(), bytes.data() + done, bytes.size() - done);
    if (count_written >= 0) {
      done += static_cast<size_t>(count_written);
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  // The mode as asked for, whatever the mask of the process is: a public file is for everybody to read.
  if (error == 0 && (fchmod(file.fd(), mode) != 0 || fsync(file.fd()) != 0)) error = errno;
  if (error == 0) return absl::OkStatus();
  std::remove(draft.c_str());
  return SystemError(draft, error);
}

}  // namespace

absl::StatusOr<std::string> ReadSmallFile(const std::string& path, size_t bytes_max) {
  const OpenFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return SystemError(path, errno);
  return ReadOpen(path, file.fd(), bytes_max);
}

absl::StatusOr<std::string> ReadSecretFile(const std::string& path, size_t bytes_max) {
  const OpenFile file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd() < 0) return SystemError(path, errno);
  struct stat facts {};
  if (fstat(file.fd(), &facts) != 0) return SystemError(path, errno);
  if ((facts.st_mode & 077) != 0) {
    char mode[8];
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(facts.st_mode & 07777));
    return absl::PermissionDeniedError(
        absl::StrCat(path, ": others may read this private key (mode ", mode, "); chmod 600 it"));
  }
  return ReadOpen(path, file.fd(), bytes_max);
}

absl::Status PlaceFile(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string draft;
  if (absl::Status written = WriteDraft(path, bytes, mode, draft); !written.ok()) return written;
  if (std::rename(draft.c_str(), path.c_str()) != 0) {
    const int error = errno;
    std::remove(draft.c_str());
    return SystemError(path, error);
  }
  return absl::OkStatus();
}

absl::Status SyncFolder(const std::string& folder) {
  const OpenFile open_folder(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (open_folder.fd() < 0 || fsync(open_folder.fd()) != 0) return SystemError(folder, errno);
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, std::string_view bytes, mode_t mode) {
  if (absl::Status placed = PlaceFile(path, bytes, mode); !placed.ok()) return placed;
  return SyncFolderOf(path);
}

absl::Status CreateFile(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string draft;
  if (absl::Status written = WriteDraft(path, bytes, mode, draft); !written.ok()) return written;
  // A link fails where the name is taken; a rename would put ours in its place.
  const int error = link(draft.c_str(), path.c_str()) == 0 ? 0 : errno;
  std::remove(draft.c_str());
  return error == 0 ? SyncFolderOf(path) : SystemError(path, error);
}

absl::Status MakeFolders(const std::string& path) {
  const std::filesystem::path folder(path);
  std::error_code error;
  if (path.empty() || std::filesystem::is_directory(folder, error)) return absl::OkStatus();
  const std::string trimmed = folder.has_filename() ? path : folder.parent_path().string();
  const std::filesystem::path parent = std::filesystem::path(trimmed).parent_path();
  if (absl::Status made = MakeFolders(parent.string()); !made.ok()) return made;
  std::filesystem::create_directory(trimmed, error);
  if (error) return SystemError(path, error.value());
  return SyncFolderOf(trimmed);
}

absl::StatusOr<FileLock> FileLock::Take(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return SystemError(path, errno);
  FileLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return SystemError(path, errno);
    return absl::FailedPreconditionError(absl::StrCat(path, ": another process holds it"));
  }
  return lock;
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace hattama::storage
