// One bundle of records on its way through an audit: fetched, divided, hashed and its records checked, on any thread.
#ifndef HATTAMA_SERVICES_AUDIT_CHUNK_H_
#define HATTAMA_SERVICES_AUDIT_CHUNK_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "services/audit/log_source.h"
#include "services/audit/record_check.h"
#include "services/audit/report.h"
#include "storage/merkle/sha256.h"

namespace hattama::audit {

// True where the source cannot be asked now, so that nothing follows about the log.
bool IsUnreachable(const absl::Status& status);

// The file at an address, or the beginning of the full one in the place of a partial one that is not there: a log may
// have deleted it.
struct Fetched {
  std::string bytes;
  merkle::TileAddress address;  // Of the file that the bytes are from.
};
absl::StatusOr<Fetched> FetchTile(LogSource& source, const merkle::TileAddress& address);

// The first `width` hashes of a tile. InvalidArgument where its bytes are not as many hashes as its address says.
absl::StatusOr<std::vector<merkle::Hash>> HashesOf(const Fetched& tile, int width);

// Divides a bundle of `width` records; the views are into `bytes`. Where it is malformed, InvalidArgument says how, and
// `records` has those before. Bytes after the last record are a fault unless `more_may_follow`.
absl::Status DivideBundle(std::string_view bytes, int width, bool more_may_follow,
                          std::vector<std::string_view>& records);

struct Chunk {
  int64_t first_sequence = 0;
  int width = 0;  // How many records the log has here.
  std::string bundle_path, tile_path;

  // Leaf hashes of the records that the bundle has, from the first; fewer than `width` where it is at fault.
  std::vector<merkle::Hash> record_hashes;
  // What the tile says; empty where there is none, or it is at fault.
  std::vector<merkle::Hash> tile_hashes;
  // As many as record_hashes. Those behind them are memory of an earlier use.
  std::vector<CheckedRecord> records;

  int64_t files_checked[2] = {0, 0};  // Bundles and tiles that were there.
  std::vector<Fault> faults;          // Of the files.
  absl::Status unreachable;
};

// Fills `chunk` with the bundle `index` of a log of `tree_size` records.
void ReadChunk(LogSource& source, int64_t index, int64_t tree_size, RecordChecker& checker, Chunk& chunk);

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_CHUNK_H_
