// Where an audit takes the bytes of a log from: a folder, a web server, a running ledger. Nothing that a source says is
// believed.
#ifndef HATTAMA_SERVICES_AUDIT_LOG_SOURCE_H_
#define HATTAMA_SERVICES_AUDIT_LOG_SOURCE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tiles.h"

namespace hattama::audit {

// No file of a log is larger than this; a source refuses what is, before it has read it all.
constexpr size_t BytesMax(const merkle::TileAddress& address) {
  return address.level == merkle::kEntriesLevel
             ? static_cast<size_t>(merkle::kTileWidth) * (2 + merkle::kBundleEntryBytesMax)
             : static_cast<size_t>(merkle::kTileWidth) * merkle::kHashBytes;
}
inline constexpr size_t kCheckpointBytesMax = merkle::kNoteBytesMax;

// Thread safety: Fetch is called by several threads at once.
//
// Unavailable and DeadlineExceeded mean that nothing can be said now, and end an audit without a verdict. Any other
// status is a fault of the log: NotFound where the file is not there, InvalidArgument where it is too large, and so on.
class LogSource {
 public:
  virtual ~LogSource() = default;

  // The signed note, at most kCheckpointBytesMax bytes.
  virtual absl::StatusOr<std::string> FetchCheckpoint() = 0;
  // The tile or bundle at the address, at most BytesMax(address) bytes.
  virtual absl::StatusOr<std::string> Fetch(const merkle::TileAddress& address) = 0;
  // Tiles and bundles that are there besides, as far as the source can tell: partial ones of earlier sizes say the same
  // as the tree or are at fault. In any order.
  virtual absl::StatusOr<std::vector<merkle::TileAddress>> List() { return std::vector<merkle::TileAddress>(); }
  // False where only bundles can be had, as from the records of a running ledger.
  virtual bool has_tiles() const { return true; }
};

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_LOG_SOURCE_H_
