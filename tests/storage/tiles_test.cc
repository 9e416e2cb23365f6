// Tiles: the paths and contents that the specification gives, and whole logs written, read back and proved from.
#include "storage/merkle/tiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/rfc6962.h"
#include "tests/storage/naive_merkle.h"
#include "tests/storage/notes_support.h"
#include "tests/storage/stored_tree.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::Entries;
using ::hattama::testing::Hex;
using ::hattama::testing::MessageOf;
using ::hattama::testing::NaiveRoot;
using ::hattama::testing::Part;
using ::hattama::testing::StoredTree;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Files = std::map<std::string, std::string>;

std::vector<std::string> PathsBetween(int64_t old_size, int64_t new_size) {
  std::vector<std::string> paths;
  for (const TileAddress& address : TilesBetween(old_size, new_size)) paths.push_back(PathOf(address));
  return paths;
}

RecordReader RecordsOf(const StoredTree& tree) {
  return [&tree](int64_t index) -> absl::StatusOr<std::string> { return tree.entries()[index]; };
}

void Write(const StoredTree& tree, int64_t old_size, int64_t new_size, Files& files) {
  const absl::Status status =
      WriteTiles(old_size, new_size, tree.reader(), RecordsOf(tree), [&](const std::string& path, std::string bytes) {
        files[path] = std::move(bytes);
        return absl::OkStatus();
      });
  ASSERT_TRUE(status.ok()) << status;
}

TileFetcher Fetch(const Files& files) {
  return [&files](const TileAddress& address) -> absl::StatusOr<std::string> {
    const auto file = files.find(PathOf(address));
    if (file == files.end()) return absl::NotFoundError(PathOf(address));
    return file->second;
  };
}

// The examples of c2sp.org/tlog-tiles, and the edges of each group of digits.
TEST(TilePathTest, IsThatOfTheSpecification) {
  EXPECT_EQ(TilePath(0, 1234067), "tile/0/x001/x234/067");
  EXPECT_EQ(TilePath(0, 0), "tile/0/000");
  EXPECT_EQ(TilePath(3, 999), "tile/3/999");
  EXPECT_EQ(TilePath(3, 1000), "tile/3/x001/000");
  EXPECT_EQ(TilePath(63, 999999), "tile/63/x999/999");
  EXPECT_EQ(TilePath(0, 1234067890), "tile/0/x001/x234/x067/890");
  EXPECT_EQ(TilePath(0, 273, 112), "tile/0/273.p/112");
  EXPECT_EQ(EntriesPath(1234067), "tile/entries/x001/x234/067");
  EXPECT_EQ(EntriesPath(273, 112), "tile/entries/273.p/112");
}

TEST(ParseTilePathTest, ReadsWhatIsWritten) {
  testing::SeededRandom random;
  for (int i = 0; i < 20'000; ++i) {
    TileAddress address;
    address.level = static_cast<int>(random.Below(65)) - 1;
    address.index = static_cast<int64_t>(random.Below(size_t{1} << random.Below(63)));
    address.width = static_cast<int>(1 + random.Below(256));
    const absl::StatusOr<TileAddress> parsed = ParseTilePath(PathOf(address));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    ASSERT_EQ(*parsed, address) << PathOf(address);
  }
  const TileAddress largest{0, std::numeric_limits<int64_t>::max(), 256};
  EXPECT_EQ(ParseTilePath(PathOf(largest)).value(), largest);
}

TEST(ParseTilePathTest, RefusesEveryOtherSpelling) {
  for (const char* path : {"",
                           "tile",
                           "tile/",
                           "tile/0",
                           "tile/0/",
                           "/tile/0/000",
                           "tile/0/000/",
                           "tile//000",
                           "tile/00/000",
                           "tile/64/000",
                           "tile/-1/000",
                           "tile/a/000",
                           "tile/8/0/000",
                           "tile/0/0",
                           "tile/0/0000",
                           "tile/0/x000/000",
                           "tile/0/x000/x001/000",
                           "tile/0/x001",
                           "tile/0/001/000",
                           "tile/0/X001/000",
                           "tile/0/x1/000",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/0/000.p/1/2",
                           "tile/0/000.p/1.p/2",
                           "tile/0/000.P/1",
                           "tile/entries",
                           "tile/entries/",
                           "tile/Entries/000",
                           "tile/data/000",
                           "tile/entries/000.p/300",
                           "tile/0/00a",
                           "tile/0/x009/x223/x372/x036/x854/x775/808",
                           "tile/0/../../secret",
                           "tile/0/%30%30%30",
                           "tile/0/000?a"}) {
    const absl::StatusOr<TileAddress> address = ParseTilePath(path);
    EXPECT_EQ(address.status().code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_THAT(MessageOf(address), HasSubstr("is no path of a tile")) << path;
  }
}

TEST(ParseTilePathTest, RandomChangesParseToWhatTheySay) {
  testing::SeededRandom random;
  for (int i = 0; i < 50'000; ++i) {
    const std::string path = random.Changed(i % 2 ? "tile/0/x001/x234/067.p/112" : "tile/entries/x012/345");
    const absl::StatusOr<TileAddress> address = ParseTilePath(path);
    if (!address.ok()) continue;
    ASSERT_EQ(PathOf(*address), path);
  }
}

// The examples of the specification: 70,000 entries and 256.
TEST(TilesBetweenTest, HasTheTilesOfTheSpecificationsExamples) {
  const std::vector<std::string> paths = PathsBetween(0, 70'000);
  EXPECT_EQ(paths.size(), 2 * 274u + 2 + 1);
  EXPECT_EQ(paths[273], "tile/entries/273.p/112");
  EXPECT_EQ(paths[274], "tile/0/000");
  EXPECT_EQ(paths[547], "tile/0/273.p/112");
  EXPECT_THAT(std::vector<std::string>(paths.begin() + 548, paths.end()),
              ElementsAre("tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"));
  EXPECT_THAT(PathsBetween(0, 256), ElementsAre("tile/entries/000", "tile/0/000", "tile/1/000.p/1"));
  EXPECT_THAT(PathsBetween(0, 0), ElementsAre());
  EXPECT_THAT(PathsBetween(0, 1), ElementsAre("tile/entries/000.p/1", "tile/0/000.p/1"));
  EXPECT_THAT(PathsBetween(255, 257), ElementsAre("tile/entries/000", "tile/entries/001.p/1", "tile/0/000",
                                                  "tile/0/001.p/1", "tile/1/000.p/1"));
  EXPECT_THAT(PathsBetween(257, 258), ElementsAre("tile/entries/001.p/2", "tile/0/001.p/2"));
  EXPECT_THAT(PathsBetween(70'000, 70'000), ElementsAre());
}

TEST(TilesBetweenTest, IsWhatTheLargerLogHasAndTheSmallerHasNot) {
  testing::SeededRandom random;
  const auto tiles_of = [](int64_t size) {
    std::set<std::string> paths;
    int64_t hashes = size;  // How many subtrees of 256^level leaves there are.
    for (int level = 0; hashes > 0; ++level, hashes /= 256) {
      for (int64_t index = 0; index * 256 < hashes; ++index) {
        const int width = static_cast<int>(std::min<int64_t>(256, hashes - index * 256));
        paths.insert(TilePath(level, index, width));
        if (level == 0) paths.insert(EntriesPath(index, width));
      }
    }
    return paths;
  };
  for (int i = 0; i < 60; ++i) {
    const auto new_size = static_cast<int64_t>(random.Below(i < 30 ? 1'000 : 200'000));
    const auto old_size = static_cast<int64_t>(random.Below(new_size + 1));
    std::set<std::string> expected = tiles_of(new_size);
    for (const std::string& path : tiles_of(old_size)) expected.erase(path);

    const std::vector<std::string> paths = PathsBetween(old_size, new_size);

    EXPECT_EQ(std::set<std::string>(paths.begin(), paths.end()), expected) << old_size << " to " << new_size;
    EXPECT_EQ(paths.size(), expected.size());
  }
}

TEST(PartialWidthTest, IsNeverNegativeAndEndsWithTheTree) {
  EXPECT_EQ(PartialWidth(0, 70'000), 112);
  EXPECT_EQ(PartialWidth(1, 70'000), 17);
  EXPECT_EQ(PartialWidth(2, 70'000), 1);
  EXPECT_EQ(PartialWidth(3, 70'000), 0);
  EXPECT_EQ(PartialWidth(7, std::numeric_limits<int64_t>::max()), 127);
  EXPECT_EQ(PartialWidth(8, std::numeric_limits<int64_t>::max()), 0);
  EXPECT_EQ(PartialWidth(63, std::numeric_limits<int64_t>::max()), 0);
}

// The whole log in Tessera's testdata/log at its last size: one bundle, one tile.
TEST(WriteTilesTest, WritesTheTesseraLog) {
  const StoredTree tree(Entries{"one", "two", "three", "four", "five", "six", "seven", "eit", "nain", "ten", "ileven",
                                "twelf", "threeten", "fourten", "fivten"});
  Files files;

  Write(tree, 0, 15, files);

  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files.at("tile/entries/000.p/15").substr(0, 17), std::string("\0\3one\0\3two\0\5three", 17));
  const std::vector<Hash> tile = DecodeTile(files.at("tile/0/000.p/15"), 15).value();
  Frontier frontier;
  for (const Hash& hash : tile) frontier.Append(hash);
  EXPECT_EQ(Hex(frontier.root()), Hex(tree.root(15)));
}

// The definition word for word: hash i of tile n at level l is the root of the leaves from (256n + i) 256^l on.
TEST(WriteTilesTest, EveryHashIsTheRootOfItsLeaves) {
  constexpr int64_t kSize = 66'400;
  const StoredTree tree = StoredTree::OfNumbers(kSize);
  Files files;

  Write(tree, 0, kSize, files);

  for (const auto& [path, bytes] : files) {
    const TileAddress address = ParseTilePath(path).value();
    if (address.level == kEntriesLevel) {
      const std::vector<std::string> records = DecodeEntryBundle(bytes, address.width).value();
      for (int i = 0; i < address.width; ++i) ASSERT_EQ(records[i], tree.entries()[address.index * 256 + i]);
      continue;
    }
    const std::vector<Hash> hashes = DecodeTile(bytes, address.width).value();
    const int64_t leaves = int64_t{1} << (8 * address.level);
    for (int i = 0; i < address.width; ++i) {
      if (address.level == 1 && i % 29 != 0) continue;  // The naive root of 256 leaves takes its time.
      const int64_t begin = (address.index * 256 + i) * leaves;
      ASSERT_LE(begin + leaves, kSize) << path;
      ASSERT_EQ(Hex(hashes[i]), Hex(NaiveRoot(Part(tree.entries(), begin, begin + leaves)))) << path << ", hash " << i;
    }
  }
}

TEST(WriteTilesTest, StepByStepWritesWhatOneStepWrites) {
  testing::SeededRandom random;
  const StoredTree tree = StoredTree::OfNumbers(1'500);
  for (int run = 0; run < 10; ++run) {
    Files files;
    for (int64_t size = 0; size < 1'500;) {
      const int64_t next = std::min<int64_t>(1'500, size + static_cast<int64_t>(random.Below(300)));
      Write(tree, size, next, files);
      size = next;
      Files whole;
      Write(tree, 0, size, whole);
      for (const auto& [path, bytes] : whole) ASSERT_EQ(files[path], bytes) << path << " at size " << size;
    }
  }
}

TEST(NodesFromTilesTest, GivesRootsAndProofsOfTheLog) {
  testing::SeededRandom random;
  const StoredTree tree = StoredTree::OfNumbers(67'000);
  std::vector<int64_t> sizes = {1, 2, 255, 256, 257, 511, 512, 513, 65'535, 65'536, 65'537, 67'000};
  for (int i = 0; i < 10; ++i) sizes.push_back(static_cast<int64_t>(1 + random.Below(67'000)));
  for (const int64_t size : sizes) {
    Files files;
    Write(tree, 0, size, files);
    const NodeReader read = NodesFromTiles(size, Fetch(files));

    EXPECT_EQ(Hex(RootAt(size, read).value()), Hex(tree.root(size)));
    for (int i = 0; i < 5; ++i) {
      const auto index = static_cast<int64_t>(random.Below(size));
      EXPECT_EQ(InclusionProof(index, size, read).value(), tree.Inclusion(index, size)) << index << " of " << size;
      EXPECT_EQ(ConsistencyProof(index, size, read).value(), tree.Consistency(index, size)) << index << " to " << size;
    }
  }
}

TEST(NodesFromTilesTest, RefusesNodesThatTheTreeHasNot) {
  const StoredTree tree = StoredTree::OfNumbers(300);
  Files files;
  Write(tree, 0, 300, files);
  const NodeReader read = NodesFromTiles(300, Fetch(files));

  EXPECT_TRUE(read(8, 0).ok());
  for (const auto& [level, index] :
       std::vector<std::pair<int, int64_t>>{{0, 300}, {8, 1}, {9, 0}, {0, -1}, {-1, 0}, {63, 0}, {2, 75}}) {
    EXPECT_EQ(read(level, index).status().code(), absl::StatusCode::kOutOfRange) << level << ", " << index;
  }
  files["tile/0/001.p/44"].pop_back();
  EXPECT_EQ(read(0, 299).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(read(0, 299)), HasSubstr("tile/0/001.p/44"));
  files.erase("tile/0/000");
  EXPECT_EQ(read(0, 5).status().code(), absl::StatusCode::kNotFound);
}

// What is published is hashed once more: a flipped bit on a disk must not reach the readers of a signed log.
TEST(WriteTilesTest, StopsAtARecordThatIsNotTheOneThatWasHashed) {
  const StoredTree tree = StoredTree::OfNumbers(300);
  Files files;
  const RecordReader changed = [&](int64_t index) -> absl::StatusOr<std::string> {
    return index == 290 ? std::string("entry 290, as somebody would have liked it") : tree.entries()[index];
  };

  const absl::Status status =
      WriteTiles(0, 300, tree.reader(), changed, [&](const std::string& path, std::string bytes) {
        files[path] = std::move(bytes);
        return absl::OkStatus();
      });

  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(status), HasSubstr("record 290"));
  EXPECT_EQ(files.count("tile/entries/001.p/44"), 0u);
}

TEST(WriteTilesTest, PassesOnWhateverFailed) {
  const StoredTree tree = StoredTree::OfNumbers(300);
  const TilePut put = [](const std::string&, std::string) { return absl::OkStatus(); };
  const absl::Status full = absl::ResourceExhaustedError("the disk is full");

  EXPECT_EQ(WriteTiles(0, 300, tree.reader(), RecordsOf(tree), [&](const std::string&, std::string) { return full; }),
            full);
  EXPECT_EQ(WriteTiles(
                0, 300, tree.reader(), [&](int64_t) -> absl::StatusOr<std::string> { return full; }, put),
            full);
  EXPECT_EQ(WriteTiles(
                0, 300,
                [&](int level, int64_t index) -> absl::StatusOr<Hash> {
                  if (level == 8) return full;
                  return tree.reader()(level, index);
                },
                RecordsOf(tree), put),
            full);
  EXPECT_EQ(WriteTiles(5, 4, tree.reader(), RecordsOf(tree), put).code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(WriteTiles(-1, 4, tree.reader(), RecordsOf(tree), put).code(), absl::StatusCode::kOutOfRange);
}

TEST(EntryBundleTest, TakesRecordsUpToTheLargest) {
  const std::vector<std::string> records = {"", std::string(65'535, 'x'), "\0"};

  const absl::StatusOr<std::string> bytes = EncodeEntryBundle(records);

  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes->size(), 6 + 65'535u);
  EXPECT_EQ(DecodeEntryBundle(*bytes, 3).value(), records);
}

TEST(EntryBundleTest, NamesWhatDoesNotFit) {
  EXPECT_THAT(MessageOf(EncodeEntryBundle(std::vector<std::string>{"a", std::string(65'536, 'x')})),
              HasSubstr("record 1 of the bundle has 65536 bytes"));
  EXPECT_THAT(MessageOf(EncodeEntryBundle({})), HasSubstr("a bundle of 0 records"));
  EXPECT_THAT(MessageOf(EncodeEntryBundle(std::vector<std::string>(257))), HasSubstr("a bundle of 257 records"));

  const std::string bytes = EncodeEntryBundle(std::vector<std::string>{"one", "two"}).value();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeEntryBundle(bytes.substr(0, size), 2).status().code(), absl::StatusCode::kInvalidArgument) << size;
  }
  EXPECT_THAT(MessageOf(DecodeEntryBundle(bytes, 3)), HasSubstr("ends before record 2 of 3"));
  EXPECT_THAT(MessageOf(DecodeEntryBundle(bytes, 1)), HasSubstr("5 bytes after its 1 records"));
  EXPECT_THAT(MessageOf(DecodeEntryBundle(bytes.substr(0, 9), 2)),
              HasSubstr("record 1 of the bundle has 3 bytes and only 2"));
}

TEST(DecodeTileTest, TakesExactlyItsWidth) {
  const std::string bytes = EncodeTile(std::vector<Hash>{LeafHash("a"), LeafHash("b")});

  EXPECT_EQ(DecodeTile(bytes, 2).value()[1], LeafHash("b"));
  for (const int width : {-1, 0, 1, 3, 257}) {
    EXPECT_EQ(DecodeTile(bytes, width).status().code(), absl::StatusCode::kInvalidArgument) << width;
  }
  EXPECT_FALSE(DecodeTile(bytes + "x", 2).ok());
}

}  // namespace
}  // namespace hattama::merkle
