#include "storage/rocks/acknowledged_head.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "absl/strings/str_cat.h"
#include "storage/rocks/big_endian.h"

namespace hattama::storage {
namespace {

constexpr size_t kSlotBytes = 512;
constexpr char kMagic[] = "hattama-head-1\n";  // 15 characters and the zero that ends them.
constexpr size_t kGenerationAt = 16;
constexpr size_t kSizeAt = 24;
constexpr size_t kRootAt = 32;
constexpr size_t kChecksumAt = 64;

struct Slot {
  int64_t generation = 0;
  Head head;
};

std::string EncodeSlot(const Slot& slot) {
  std::string bytes(kMagic, sizeof(kMagic));
  AppendBigEndian64(bytes, slot.generation);
  AppendBigEndian64(bytes, slot.head.tree_size);
  bytes.append(reinterpret_cast<const char*>(slot.head.root.data()), merkle::kHashBytes);
  const merkle::Hash checksum = merkle::Sha256(bytes);
  bytes.append(reinterpret_cast<const char*>(checksum.data()), checksum.size());
  bytes.resize(kSlotBytes, '\0');
  return bytes;
}

std::optional<Slot> DecodeSlot(std::string_view bytes) {
  if (bytes.size() != kSlotBytes || bytes.substr(0, sizeof(kMagic)) != std::string_view(kMagic, sizeof(kMagic))) {
    return std::nullopt;
  }
  const merkle::Hash checksum = merkle::Sha256(bytes.substr(0, kChecksumAt));
  if (std::memcmp(checksum.data(), bytes.data() + kChecksumAt, checksum.size()) != 0) return std::nullopt;
  Slot slot;
  slot.generation = ReadBigEndian64(bytes.data() + kGenerationAt);
  slot.head.tree_size = ReadBigEndian64(bytes.data() + kSizeAt);
  std::memcpy(slot.head.root.data(), bytes.data() + kRootAt, merkle::kHashBytes);
  return slot;
}

std::string ErrnoText() { return std::strerror(errno); }

}  // namespace

absl::StatusOr<std::unique_ptr<AcknowledgedHead>> AcknowledgedHead::Create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return absl::FailedPreconditionError(absl::StrCat(path, ": ", ErrnoText()));
  std::unique_ptr<AcknowledgedHead> file(new AcknowledgedHead(path, fd));
  // Both slots, so that the file has its full length before the first real head.
  for (int i = 0; i < 2; ++i) {
    if (absl::Status status = file->Store(Head{}); !status.ok()) return status;
  }
  return file;
}

absl::StatusOr<std::unique_ptr<AcknowledgedHead>> AcknowledgedHead::Open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) {
    const absl::StatusCode code = errno == ENOENT ? absl::StatusCode::kNotFound : absl::StatusCode::kFailedPrecondition;
    return absl::Status(code, absl::StrCat(path, ": ", ErrnoText()));
  }
  std::unique_ptr<AcknowledgedHead> file(new AcknowledgedHead(path, fd));
  bool found = false;
  for (int i = 0; i < 2; ++i) {
    std::string bytes(kSlotBytes, '\0');
    const ssize_t count = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(i * kSlotBytes));
    bytes.resize(std::max<ssize_t>(count, 0));
    const std::optional<Slot> slot = DecodeSlot(bytes);
    if (!slot.has_value() || (found && slot->generation < file->generation_)) continue;
    file->generation_ = slot->generation;
    file->head_ = slot->head;
    found = true;
  }
  if (!found) return absl::DataLossError(absl::StrCat(path, ": neither slot holds a whole acknowledged head"));
  return file;
}

AcknowledgedHead::~AcknowledgedHead() { ::close(fd_); }

absl::Status AcknowledgedHead::Store(const Head& head) {
  const Slot slot{generation_ + 1, head};
  const std::string bytes = EncodeSlot(slot);
  const off_t offset = static_cast<off_t>((slot.generation % 2) * kSlotBytes);
  if (::pwrite(fd_, bytes.data(), bytes.size(), offset) != static_cast<ssize_t>(bytes.size()) ||
      ::fdatasync(fd_) != 0) {
    return absl::UnavailableError(absl::StrCat(path_, ": ", ErrnoText()));
  }
  generation_ = slot.generation;
  head_ = head;
  return absl::OkStatus();
}

}  // namespace hattama::storage
