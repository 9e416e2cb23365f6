// Tiles (c2sp.org/tlog-tiles@v0.1.0): a log as files that never change, for any web server or cache to serve.
//
//   path  = "tile/" level "/" index [".p/" width]       256 hashes of complete subtrees of 256^level leaves each
//         | "tile/entries/" index [".p/" width]         256 records, each as u16be length || bytes
//   level = "0".."63"
//   index = groups of three digits, all but the last with an "x" before: 1234067 is "x001/x234/067"
//   width = "1".."255", of a partial tile: how much of it a tree of some size has
//
// For example, 70,000 records are at level 0 the full tiles 0..272 and tile/0/273.p/112, at level 1 the full tile 0 and
// tile/1/001.p/17, at level 2 tile/2/000.p/1; and the bundles of entries as at level 0.
#ifndef HATTAMA_STORAGE_MERKLE_TILES_H_
#define HATTAMA_STORAGE_MERKLE_TILES_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/sha256.h"

namespace hattama::merkle {

inline constexpr int kTileWidth = 256;
// In the place of a level: a bundle of entries.
inline constexpr int kEntriesLevel = -1;
// The length of a record is two bytes in a bundle.
inline constexpr size_t kBundleEntryBytesMax = 65'535;

struct TileAddress {
  int level = 0;  // 0..63, or kEntriesLevel.
  int64_t index = 0;
  int width = kTileWidth;  // 1..256; less than 256 is a partial tile.

  friend bool operator==(const TileAddress&, const TileAddress&) = default;
};

std::string TilePath(int level, int64_t index, int width = kTileWidth);
std::string EntriesPath(int64_t index, int width = kTileWidth);
std::string PathOf(const TileAddress& address);

// The address that PathOf writes as `path`; any other spelling is InvalidArgument.
absl::StatusOr<TileAddress> ParseTilePath(std::string_view path);

// How many hashes the last tile of a level has at this size, if it is not full: floor(size / 256^level) mod 256. 0
// where there is no partial tile. Bundles of entries are as level 0.
int PartialWidth(int level, int64_t tree_size);

// What a log of `new_size` has and one of `old_size` has not, bundles first, then level by level, each in order. From
// 0, all of it. Needs 0 <= old_size <= new_size. For 10 million records, some 78,000 addresses.
std::vector<TileAddress> TilesBetween(int64_t old_size, int64_t new_size);

// A bundle of 1 to 256 records. InvalidArgument names a record that is too long.
absl::StatusOr<std::string> EncodeEntryBundle(std::span<const std::string> records);
// Exactly `width` records and nothing behind them.
absl::StatusOr<std::vector<std::string>> DecodeEntryBundle(std::string_view bytes, int width);

std::string EncodeTile(std::span<const Hash> hashes);
// Exactly `width` hashes.
absl::StatusOr<std::vector<Hash>> DecodeTile(std::string_view bytes, int width);

using RecordReader = std::function<absl::StatusOr<std::string>(int64_t index)>;
using TilePut = std::function<absl::Status(const std::string& path, std::string bytes)>;

// Puts every file of TilesBetween(old_size, new_size); the checkpoint of new_size may be published when it returned ok.
// Each record is hashed and compared with its stored leaf hash: DataLoss names one that differs. A status of a reader
// or of `put` is passed on. Files that are put again have the same bytes, so an interrupted call may be repeated.
absl::Status WriteTiles(int64_t old_size, int64_t new_size, const NodeReader& read_node,
                        const RecordReader& read_record, const TilePut& put);

// The bytes at an address. A log may have deleted a partial tile whose full one exists; falling back to that one and
// cutting it off is the fetcher's choice.
using TileFetcher = std::function<absl::StatusOr<std::string>(const TileAddress& address)>;

// Reads nodes out of the tiles of a log of `tree_size`, for proofs.h. Nothing is verified: whoever uses the nodes
// compares a root or verifies a proof. Each call fetches one tile and hashes up to 255 nodes of it. `fetch` is kept.
NodeReader NodesFromTiles(int64_t tree_size, TileFetcher fetch);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_TILES_H_
