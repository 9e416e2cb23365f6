#include "storage/merkle/tiles.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "storage/merkle/decimal.h"
#include "storage/merkle/line_reader.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::merkle {
namespace {

constexpr int kTileHeight = 8;  // 2^8 = kTileWidth.
constexpr int kLevelMax = 63;

// How many complete subtrees of 256^level leaves a tree has.
int64_t HashCount(int level, int64_t tree_size) {
  const int shift = kTileHeight * level;
  return shift >= 63 ? 0 : tree_size >> shift;
}

std::string IndexText(int64_t index) {
  std::string text = absl::StrFormat("%03d", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) text = absl::StrFormat("x%03d/%s", index % 1000, text);
  return text;
}

std::string Suffixed(std::string path, int width) {
  if (width != kTileWidth) absl::StrAppend(&path, ".p/", width);
  return path;
}

// Groups of three digits; whether there are as few of them as may be is for the caller to see.
std::optional<int64_t> ParseIndex(std::string_view text) {
  int64_t index = 0;
  while (true) {
    const size_t slash = text.find('/');
    std::string_view group = text.substr(0, slash);
    const bool last = slash == std::string_view::npos;
    if (!last) {
      if (!group.starts_with('x')) return std::nullopt;
      group.remove_prefix(1);
    }
    if (group.size() != 3) return std::nullopt;
    for (const char digit : group) {
      if (digit < '0' || digit > '9') return std::nullopt;
      if (__builtin_mul_overflow(index, 10, &index) || __builtin_add_overflow(index, digit - '0', &index)) {
        return std::nullopt;
      }
    }
    if (last) return index;
    text.remove_prefix(slash + 1);
  }
}

// The tiles of one level, or the bundles, which are as the tiles of level 0.
void AddBetween(int address_level, int64_t old_size, int64_t new_size, std::vector<TileAddress>& addresses) {
  const int level = std::max(address_level, 0);
  const int64_t old_full = HashCount(level + 1, old_size);
  const int64_t new_full = HashCount(level + 1, new_size);
  for (int64_t index = old_full; index < new_full; ++index) addresses.push_back({address_level, index, kTileWidth});
  const int width = PartialWidth(level, new_size);
  const bool unchanged = old_full == new_full && PartialWidth(level, old_size) == width;
  if (width > 0 && !unchanged) addresses.push_back({address_level, new_full, width});
}

absl::StatusOr<std::string> ReadBundle(const TileAddress& address, const NodeReader& read_node,
                                       const RecordReader& read_record) {
  std::vector<std::string> records;
  records.reserve(address.width);
  for (int i = 0; i < address.width; ++i) {
    const int64_t index = address.index * kTileWidth + i;
    absl::StatusOr<std::string> record = read_record(index);
    if (!record.ok()) return record.status();
    const absl::StatusOr<Hash> stored = read_node(0, index);
    if (!stored.ok()) return stored.status();
    if (LeafHash(*record) != *stored) {
      return absl::DataLossError(absl::StrCat("record ", index, " of ", record->size(),
                                              " bytes does not have the leaf hash that is stored for it"));
    }
    if (record->size() > kBundleEntryBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat("record ", index, " has ", record->size(),
                                                     " bytes; a bundle takes at most ", kBundleEntryBytesMax));
    }
    records.push_back(*std::move(record));
  }
  return EncodeEntryBundle(records);
}

absl::StatusOr<std::string> ReadTile(const TileAddress& address, const NodeReader& read_node) {
  std::vector<Hash> hashes;
  hashes.reserve(address.width);
  for (int i = 0; i < address.width; ++i) {
    const absl::StatusOr<Hash> hash = read_node(kTileHeight * address.level, address.index * kTileWidth + i);
    if (!hash.ok()) return hash.status();
    hashes.push_back(*hash);
  }
  return EncodeTile(hashes);
}

}  // namespace

std::string TilePath(int level, int64_t index, int width) {
  return Suffixed(absl::StrCat("tile/", level, "/", IndexText(index)), width);
}

std::string EntriesPath(int64_t index, int width) {
  return Suffixed(absl::StrCat("tile/entries/", IndexText(index)), width);
}

std::string PathOf(const TileAddress& address) {
  return address.level == kEntriesLevel ? EntriesPath(address.index, address.width)
                                        : TilePath(address.level, address.index, address.width);
}

absl::StatusOr<TileAddress> ParseTilePath(std::string_view path) {
  const absl::Status malformed = absl::InvalidArgumentError(
      absl::StrCat(Quoted(path), " is no path of a tile, as tile/0/x001/234, tile/entries/000 or tile/1/000.p/17"));
  constexpr std::string_view kTile = "tile/";
  constexpr std::string_view kPartial = ".p/";
  if (!path.starts_with(kTile)) return malformed;
  std::string_view rest = path.substr(kTile.size());
  const size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return malformed;
  TileAddress address;
  if (const std::string_view level = rest.substr(0, slash); level == "entries") {
    address.level = kEntriesLevel;
  } else {
    const std::optional<int64_t> number = ParseDecimal(level);
    if (!number || *number > kLevelMax) return malformed;
    address.level = static_cast<int>(*number);
  }
  rest.remove_prefix(slash + 1);
  if (const size_t partial = rest.find(kPartial); partial != std::string_view::npos) {
    const std::optional<int64_t> width = ParseDecimal(rest.substr(partial + kPartial.size()));
    if (!width || *width < 1 || *width >= kTileWidth) return malformed;
    address.width = static_cast<int>(*width);
    rest = rest.substr(0, partial);
  }
  const std::optional<int64_t> index = ParseIndex(rest);
  if (!index) return malformed;
  address.index = *index;
  if (PathOf(address) != path) return malformed;  // Leading groups of zeros.
  return address;
}

int PartialWidth(int level, int64_t tree_size) { return static_cast<int>(HashCount(level, tree_size) % kTileWidth); }

std::vector<TileAddress> TilesBetween(int64_t old_size, int64_t new_size) {
  std::vector<TileAddress> addresses;
  AddBetween(kEntriesLevel, old_size, new_size, addresses);
  for (int level = 0; HashCount(level, new_size) > 0; ++level) AddBetween(level, old_size, new_size, addresses);
  return addresses;
}

absl::StatusOr<std::string> EncodeEntryBundle(std::span<const std::string> records) {
  if (records.empty() || records.size() > kTileWidth) {
    return absl::InvalidArgumentError(
        absl::StrCat("a bundle of ", records.size(), " records; it takes 1 to ", kTileWidth));
  }
  size_t size = 0;
  for (const std::string& record : records) size += 2 + record.size();
  std::string bytes;
  bytes.reserve(size);
  for (size_t i = 0; i < records.size(); ++i) {
    const size_t length = records[i].size();
    if (length > kBundleEntryBytesMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("record ", i, " of the bundle has ", length, " bytes; at most ", kBundleEntryBytesMax));
    }
    bytes.push_back(static_cast<char>(length >> 8));
    bytes.push_back(static_cast<char>(length & 0xff));
    bytes += records[i];
  }
  return bytes;
}

absl::StatusOr<std::vector<std::string>> DecodeEntryBundle(std::string_view bytes, int width) {
  std::vector<std::string> records;
  size_t offset = 0;
  for (int i = 0; i < width; ++i) {
    if (bytes.size() - offset < 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("the bundle of ", bytes.size(), " bytes ends before record ", i, " of ", width));
    }
    const size_t length =
        static_cast<size_t>(static_cast<uint8_t>(bytes[offset])) << 8 | static_cast<uint8_t>(bytes[offset + 1]);
    offset += 2;
    if (bytes.size() - offset < length) {
      return absl::InvalidArgumentError(absl::StrCat("record ", i, " of the bundle has ", length, " bytes and only ",
                                                     bytes.size() - offset, " are there"));
    }
    records.emplace_back(bytes.substr(offset, length));
    offset += length;
  }
  if (offset != bytes.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the bundle has ", bytes.size() - offset, " bytes after its ", width, " records"));
  }
  return records;
}

std::string EncodeTile(std::span<const Hash> hashes) {
  std::string bytes;
  bytes.reserve(hashes.size() * kHashBytes);
  for (const Hash& hash : hashes) bytes.append(hash.begin(), hash.end());
  return bytes;
}

absl::StatusOr<std::vector<Hash>> DecodeTile(std::string_view bytes, int width) {
  if (width < 1 || width > kTileWidth || bytes.size() != width * kHashBytes) {
    return absl::InvalidArgumentError(absl::StrCat("a tile of ", bytes.size(), " bytes; ", width, " hashes of ",
                                                   kHashBytes, " bytes are ", width * int64_t{kHashBytes}));
  }
  std::vector<Hash> hashes(width);
  for (int i = 0; i < width; ++i) {
    const auto begin = bytes.begin() + i * kHashBytes;
    std::copy(begin, begin + kHashBytes, hashes[i].begin());
  }
  return hashes;
}

absl::Status WriteTiles(int64_t old_size, int64_t new_size, const NodeReader& read_node,
                        const RecordReader& read_record, const TilePut& put) {
  if (old_size < 0 || old_size > new_size) {
    return absl::OutOfRangeError(absl::StrCat("old size ", old_size, " is not in 0..", new_size));
  }
  for (const TileAddress& address : TilesBetween(old_size, new_size)) {
    absl::StatusOr<std::string> bytes =
        address.level == kEntriesLevel ? ReadBundle(address, read_node, read_record) : ReadTile(address, read_node);
    if (!bytes.ok()) return bytes.status();
    if (absl::Status status = put(PathOf(address), *std::move(bytes)); !status.ok()) return status;
  }
  return absl::OkStatus();
}

NodeReader NodesFromTiles(int64_t tree_size, TileFetcher fetch) {
  return [tree_size, fetch = std::move(fetch)](int level, int64_t index) -> absl::StatusOr<Hash> {
    // Within a tree of tree_size there are tree_size >> level complete subtrees of a level.
    if (level < 0 || level > 62 || index < 0 || index >= tree_size >> level) {
      return absl::OutOfRangeError(
          absl::StrCat("a tree of ", tree_size, " has no complete subtree at level ", level, ", index ", index));
    }
    const int within = level % kTileHeight;
    TileAddress address;
    address.level = level / kTileHeight;
    address.index = index >> (kTileHeight - within);
    if (address.index >= HashCount(address.level + 1, tree_size))
      address.width = PartialWidth(address.level, tree_size);
    const absl::StatusOr<std::string> bytes = fetch(address);
    if (!bytes.ok()) return bytes.status();
    absl::StatusOr<std::vector<Hash>> tile = DecodeTile(*bytes, address.width);
    if (!tile.ok()) {
      return absl::DataLossError(absl::StrCat(PathOf(address), ": ", tile.status().message()));
    }
    const int64_t begin = (index << within) % kTileWidth;
    std::vector<Hash> hashes(tile->begin() + begin, tile->begin() + begin + (1 << within));
    for (; hashes.size() > 1; hashes.resize(hashes.size() / 2)) {
      for (size_t i = 0; i < hashes.size() / 2; ++i) hashes[i] = NodeHash(hashes[2 * i], hashes[2 * i + 1]);
    }
    return hashes.front();
  };
}

}  // namespace hattama::merkle
