#include "services/audit/directory_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace hattama::audit {
namespace {

class OpenFile {
 public:
  // Does not wait for the other end of a pipe: only regular files are read.
  explicit OpenFile(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t bytes_max) {
  const OpenFile file(path);
  struct stat state {};
  if (file.fd() < 0 || ::fstat(file.fd(), &state) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return absl::NotFoundError("the file is not there");
    return absl::UnknownError(std::strerror(errno));
  }
  if (!S_ISREG(state.st_mode)) return absl::InvalidArgumentError("it is no file");
  const auto too_large = [bytes_max](size_t size) {
    return absl::InvalidArgumentError(absl::StrCat("the file has ", size, " bytes; at most ", bytes_max));
  };
  if (static_cast<size_t>(state.st_size) > bytes_max) return too_large(static_cast<size_t>(state.st_size));
  std::string bytes(static_cast<size_t>(state.st_size), '\0');
  size_t size = 0;
  while (size < bytes.size()) {
    const ssize_t got = ::read(file.fd(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return absl::UnknownError(std::strerror(errno));
    if (got == 0) break;  // Cut short meanwhile: what is missing shows.
    size += static_cast<size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

absl::StatusOr<std::string> DirectorySource::FetchCheckpoint() {
  return ReadFile(absl::StrCat(folder_, "/checkpoint"), kCheckpointBytesMax);
}

absl::StatusOr<std::string> DirectorySource::Fetch(const merkle::TileAddress& address) {
  return ReadFile(absl::StrCat(folder_, "/", merkle::PathOf(address)), BytesMax(address));
}

absl::StatusOr<std::vector<merkle::TileAddress>> DirectorySource::List() {
  std::vector<merkle::TileAddress> addresses;
  std::error_code error;
  std::filesystem::recursive_directory_iterator files(std::filesystem::path(folder_) / "tile", error);
  while (!error && files != std::filesystem::recursive_directory_iterator()) {
    const std::string path = files->path().lexically_relative(folder_).generic_string();
    // What is named otherwise is no part of a log and says nothing.
    if (const absl::StatusOr<merkle::TileAddress> address = merkle::ParseTilePath(path); address.ok()) {
      if (std::error_code no_type; files->is_regular_file(no_type)) addresses.push_back(*address);
    }
    files.increment(error);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return absl::UnknownError(error.message());
  }
  return addresses;
}

}  // namespace hattama::audit
