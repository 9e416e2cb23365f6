#include "services/audit/chunk.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::audit {

bool IsUnreachable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

absl::StatusOr<Fetched> FetchTile(LogSource& source, const merkle::TileAddress& address) {
  absl::StatusOr<std::string> bytes = source.Fetch(address);
  if (bytes.ok()) return Fetched{*std::move(bytes), address};
  if (address.width == merkle::kTileWidth || !absl::IsNotFound(bytes.status())) return bytes.status();
  const merkle::TileAddress full{address.level, address.index, merkle::kTileWidth};
  absl::StatusOr<std::string> whole = source.Fetch(full);
  if (whole.ok()) return Fetched{*std::move(whole), full};
  return IsUnreachable(whole.status()) ? whole.status() : bytes.status();
}

absl::StatusOr<std::vector<merkle::Hash>> HashesOf(const Fetched& tile, int width) {
  absl::StatusOr<std::vector<merkle::Hash>> hashes = merkle::DecodeTile(tile.bytes, tile.address.width);
  if (hashes.ok()) hashes->resize(static_cast<size_t>(width));
  return hashes;
}

absl::Status DivideBundle(std::string_view bytes, int width, bool more_may_follow,
                          std::vector<std::string_view>& records) {
  size_t offset = 0;
  for (int i = 0; i < width; ++i) {
    if (bytes.size() - offset < 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("ends after ", bytes.size(), " bytes and ", i, " records of ", width));
    }
    const size_t length =
        static_cast<size_t>(static_cast<uint8_t>(bytes[offset])) << 8 | static_cast<uint8_t>(bytes[offset + 1]);
    offset += 2;
    if (bytes.size() - offset < length) {
      return absl::InvalidArgumentError(absl::StrCat("states ", length, " bytes for record ", i, " of its ", width,
                                                     ", and ", bytes.size() - offset, " are there"));
    }
    records.push_back(bytes.substr(offset, length));
    offset += length;
  }
  if (offset != bytes.size() && !more_may_follow) {
    return absl::InvalidArgumentError(
        absl::StrCat("has ", bytes.size() - offset, " bytes after its ", width, " records"));
  }
  return absl::OkStatus();
}

void ReadChunk(LogSource& source, int64_t index, int64_t tree_size, RecordChecker& checker, Chunk& chunk) {
  chunk.first_sequence = index * merkle::kTileWidth;
  chunk.width = static_cast<int>(std::min<int64_t>(merkle::kTileWidth, tree_size - chunk.first_sequence));
  chunk.record_hashes.clear();
  chunk.tile_hashes.clear();
  chunk.files_checked[0] = chunk.files_checked[1] = 0;
  chunk.faults.clear();
  chunk.unreachable = absl::OkStatus();
  const merkle::TileAddress bundle_address{merkle::kEntriesLevel, index, chunk.width};
  const merkle::TileAddress tile_address{0, index, chunk.width};
  chunk.bundle_path = merkle::PathOf(bundle_address);
  chunk.tile_path = merkle::PathOf(tile_address);
  const auto fault = [&chunk](Step step, const std::string& path, const absl::Status& status) {
    if (IsUnreachable(status)) {
      chunk.unreachable = status;
    } else {
      chunk.faults.push_back({.step = step, .path = path, .sequence = {}, .message = std::string(status.message())});
    }
  };

  std::vector<std::string_view> records;
  const absl::StatusOr<Fetched> bundle = FetchTile(source, bundle_address);
  if (bundle.ok()) {
    chunk.files_checked[0] = 1;
    const absl::Status divided =
        DivideBundle(bundle->bytes, chunk.width, bundle->address.width != chunk.width, records);
    if (!divided.ok()) fault(Step::kBundles, chunk.bundle_path, divided);
  } else {
    fault(Step::kBundles, chunk.bundle_path, bundle.status());
  }
  if (source.has_tiles()) {
    const absl::StatusOr<Fetched> tile = FetchTile(source, tile_address);
    if (tile.ok()) {
      chunk.files_checked[1] = 1;
      absl::StatusOr<std::vector<merkle::Hash>> hashes = HashesOf(*tile, chunk.width);
      if (hashes.ok()) {
        chunk.tile_hashes = *std::move(hashes);
      } else {
        fault(Step::kTiles, chunk.tile_path, hashes.status());
      }
    } else {
      fault(Step::kTiles, chunk.tile_path, tile.status());
    }
  }
  if (!chunk.unreachable.ok()) return;
  if (chunk.records.size() < records.size()) chunk.records.resize(records.size());
  for (size_t i = 0; i < records.size(); ++i) {
    chunk.record_hashes.push_back(merkle::LeafHash(records[i]));
    checker.Check(chunk.first_sequence + static_cast<int64_t>(i), records[i], chunk.records[i]);
  }
}

}  // namespace hattama::audit
