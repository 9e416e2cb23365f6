#include "storage/publication/publication.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "storage/merkle/checkpoint.h"
#include "storage/merkle/tiles.h"
#include "tests/storage/notes_support.h"
#include "tests/storage/stored_tree.h"
#include "tests/storage/temporary_directory.h"

namespace hattama::storage {
namespace {

namespace fs = std::filesystem;

using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::hattama::testing::NoteKeyOf;
using ::hattama::testing::StoredTree;
using ::hattama::testing::TemporaryDirectory;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr char kOrigin[] = "test.example/log";
constexpr uint8_t kLogKey = 7;
constexpr char kSchema[] = "the schema";

merkle::NoteKey LogKey() { return NoteKeyOf(kOrigin, merkle::kNoteEd25519, kLogKey); }

std::string NoteOf(int64_t tree_size, const merkle::Hash& root) {
  return merkle::SignCheckpoint({kOrigin, tree_size, root}, KeyOf(kLogKey)).value();
}

std::string NoteOf(const StoredTree& tree, int64_t tree_size) { return NoteOf(tree_size, tree.root(tree_size)); }

merkle::RecordReader RecordsOf(const StoredTree& tree) {
  return [&tree](int64_t index) -> absl::StatusOr<std::string> { return tree.entries()[index]; };
}

std::unique_ptr<Publication> OpenOrDie(const std::string& folder) {
  absl::StatusOr<std::unique_ptr<Publication>> opened = Publication::Open(folder, LogKey(), kSchema);
  if (!opened.ok()) {
    std::cerr << opened.status() << std::endl;
    std::abort();
  }
  return *std::move(opened);
}

absl::Status Publish(Publication& publication, const StoredTree& tree, int64_t tree_size) {
  return publication.Publish(NoteOf(tree, tree_size), tree.reader(), RecordsOf(tree));
}

std::string Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void Overwrite(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

// Every file by its path within the folder, the lock left out.
std::map<std::string, std::string> Files(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || entry.path().filename() == ".lock") continue;
    files.emplace(entry.path().string().substr(folder.size() + 1), Contents(entry.path()));
  }
  return files;
}

std::set<std::string> Names(const std::string& folder) {
  std::set<std::string> names;
  for (const auto& [name, bytes] : Files(folder)) names.insert(name);
  return names;
}

// Expects that the folder has, at its checkpoint, everything that a reader needs, computed here from the entries.
void ExpectWhole(const std::string& folder, const StoredTree& tree) {
  const merkle::NoteKey key = LogKey();
  const absl::StatusOr<merkle::Checkpoint> checkpoint =
      merkle::OpenCheckpoint(Contents(folder + "/checkpoint"), std::span(&key, 1));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const int64_t size = checkpoint->tree_size;
  ASSERT_EQ(testing::Hex(checkpoint->root), testing::Hex(tree.root(size)));
  const merkle::TileFetcher fetch = TilesInFolder(folder);
  for (const merkle::TileAddress& address : merkle::TilesBetween(0, size)) {
    const absl::StatusOr<std::string> bytes = fetch(address);
    ASSERT_TRUE(bytes.ok()) << "at " << size << ": " << bytes.status();
    if (address.level != merkle::kEntriesLevel) continue;
    const absl::StatusOr<std::vector<std::string>> records = merkle::DecodeEntryBundle(*bytes, address.width);
    ASSERT_TRUE(records.ok()) << merkle::PathOf(address) << ": " << records.status();
    for (int i = 0; i < address.width; ++i) {
      EXPECT_EQ((*records)[i], tree.entries()[address.index * merkle::kTileWidth + i]);
    }
  }
  EXPECT_EQ(testing::Hex(merkle::RootAt(size, merkle::NodesFromTiles(size, fetch)).value()),
            testing::Hex(tree.root(size)));
}

// 600 leaves: two full tiles and a partial one, at two levels.
class PublicationTest : public ::testing::Test {
 protected:
  PublicationTest() : tree_(StoredTree::OfNumbers(600)), folder_(scratch_ / "published") {}

  TemporaryDirectory scratch_;
  StoredTree tree_;
  std::string folder_;
};

TEST_F(PublicationTest, WritesTheLayoutOfTlogTiles) {
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 600).ok());

  EXPECT_THAT(Names(folder_),
              ::testing::ElementsAre("checkpoint", "hattama/descriptor-set.binpb", "hattama/format.json", "tile/0/000",
                                     "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/000",
                                     "tile/entries/001", "tile/entries/002.p/88"));
  EXPECT_EQ(Contents(folder_ + "/checkpoint"), NoteOf(tree_, 600));
  EXPECT_EQ(Contents(folder_ + "/hattama/descriptor-set.binpb"), kSchema);
  EXPECT_EQ(Contents(folder_ + "/hattama/format.json"),
            "{\n  \"format_version\": 1,\n  \"origin\": \"test.example/log\",\n  \"verifier_key\": \"" +
                merkle::FormatVerifierKey(LogKey()) + "\"\n}\n");
  ExpectWhole(folder_, tree_);
}

TEST_F(PublicationTest, KeepsThePartialTilesOfEveryPublishedSizeUntilTheyAreFull) {
  const std::unique_ptr<Publication> publication = OpenOrDie(folder_);
  for (const int64_t size : {5, 9, 200}) ASSERT_TRUE(Publish(*publication, tree_, size).ok());

  EXPECT_THAT(Names(folder_), IsSupersetOf({"tile/0/000.p/5", "tile/0/000.p/9", "tile/0/000.p/200",
                                            "tile/entries/000.p/5", "tile/entries/000.p/200"}));
  ASSERT_TRUE(Publish(*publication, tree_, 300).ok());
  // Whoever reads at 200 goes on doing so.
  EXPECT_THAT(Names(folder_), IsSupersetOf({"tile/0/000.p/200", "tile/0/000", "tile/0/001.p/44"}));
  ASSERT_TRUE(Publish(*publication, tree_, 301).ok());
  EXPECT_THAT(Names(folder_), Not(::testing::Contains("tile/0/000.p/200")));
  EXPECT_THAT(Names(folder_), Not(::testing::Contains("tile/entries/000.p/5")));
  EXPECT_THAT(Names(folder_), IsSupersetOf({"tile/0/001.p/44", "tile/0/001.p/45", "tile/1/000.p/1"}));
  ExpectWhole(folder_, tree_);
}

TEST_F(PublicationTest, EndsWithTheSameFilesInOneStepAndInMany) {
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 600).ok());
  const std::string other = scratch_ / "other";
  for (const int64_t size : {1, 255, 256, 257, 511, 512, 599, 600}) {
    ASSERT_TRUE(Publish(*OpenOrDie(other), tree_, size).ok()) << size;
    ExpectWhole(other, tree_);
  }

  std::map<std::string, std::string> in_steps = Files(other);
  for (const auto& [name, bytes] : Files(folder_)) {
    EXPECT_EQ(in_steps[name], bytes) << name;
  }
}

TEST_F(PublicationTest, TakesRecordsAlone) {
  const std::string other = scratch_ / "other";
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 600).ok());
  std::vector<int64_t> asked;
  for (const int64_t size : {3, 300, 600}) {
    const std::unique_ptr<Publication> publication = OpenOrDie(other);
    const int64_t first = publication->first_record();
    asked.clear();
    ASSERT_TRUE(publication
                    ->PublishRecords(NoteOf(tree_, size),
                                     [&](int64_t index) -> absl::StatusOr<std::string> {
                                       asked.push_back(index);
                                       return tree_.entries()[index];
                                     })
                    .ok());
    ASSERT_EQ(asked.front(), first);
    for (size_t i = 0; i < asked.size(); ++i) EXPECT_EQ(asked[i], first + static_cast<int64_t>(i));
    EXPECT_EQ(asked.back(), size - 1);
  }

  std::map<std::string, std::string> by_records = Files(other);
  for (const auto& [name, bytes] : Files(folder_)) {
    EXPECT_EQ(by_records[name], bytes) << name;
  }
}

// A source that stops answering stands for the process that is killed: whatever was written by then is there.
TEST_F(PublicationTest, IsWholeAfterAStopAtAnyFile) {
  const std::vector<int64_t> sizes = {10, 300, 600};
  for (int64_t reads_left = 0;; reads_left += 83) {
    const std::string folder = scratch_ / ("cut-" + std::to_string(reads_left));
    int64_t left = reads_left;
    bool was_cut = false;
    for (const int64_t size : sizes) {
      const auto read_node = [&](int level, int64_t index) -> absl::StatusOr<merkle::Hash> {
        if (left-- <= 0) return absl::AbortedError("cut");
        return tree_.reader()(level, index);
      };
      const absl::Status cut = OpenOrDie(folder)->Publish(NoteOf(tree_, size), read_node, RecordsOf(tree_));
      if (cut.ok()) continue;
      ASSERT_EQ(cut.code(), absl::StatusCode::kAborted);
      was_cut = true;
      if (fs::exists(folder + "/checkpoint")) ExpectWhole(folder, tree_);
      ASSERT_TRUE(Publish(*OpenOrDie(folder), tree_, size).ok()) << reads_left;
      ExpectWhole(folder, tree_);
      left = 1'000'000;
    }
    fs::remove_all(folder);
    if (!was_cut) break;
  }
}

TEST_F(PublicationTest, RemovesWhatACrashLeftOver) {
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 200).ok());
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 300).ok());
  Overwrite(folder_ + "/tile/0/001.p/50.4711-3.new", "half a ti");
  Overwrite(folder_ + "/checkpoint.4711-9.new", "half a no");

  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 301).ok());

  for (const std::string& name : Names(folder_)) {
    EXPECT_THAT(name, Not(::testing::EndsWith(".new")));
    EXPECT_THAT(name, Not(HasSubstr("000.p/200")));
  }
  ExpectWhole(folder_, tree_);
}

TEST_F(PublicationTest, TakesMoreCosignaturesAtTheSameSize) {
  const std::unique_ptr<Publication> publication = OpenOrDie(folder_);
  ASSERT_TRUE(Publish(*publication, tree_, 300).ok());
  const std::string cosigned = NoteOf(tree_, 300) + "\u2014 witness.example " + "AAAAAAAAAAAA" + "\n";

  ASSERT_TRUE(publication->Publish(cosigned, tree_.reader(), RecordsOf(tree_)).ok());

  EXPECT_EQ(Contents(folder_ + "/checkpoint"), cosigned);
}

TEST_F(PublicationTest, RefusesAnotherRootAtTheSameSize) {
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 300).ok());
  StoredTree other(testing::Entries(300, "other"));

  const absl::Status refused = Publish(*OpenOrDie(folder_), other, 300);

  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(refused), HasSubstr("keep both as evidence"));
  EXPECT_EQ(Contents(folder_ + "/checkpoint"), NoteOf(tree_, 300));
}

TEST_F(PublicationTest, RefusesALogThatDoesNotBeginWithThePublishedOne) {
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 300).ok());
  StoredTree other(testing::Entries(400, "other"));

  const absl::Status refused = Publish(*OpenOrDie(folder_), other, 400);

  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(refused), HasSubstr("does not begin with the published one of 300"));
  ExpectWhole(folder_, tree_);
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 600).ok());
  ExpectWhole(folder_, tree_);
}

TEST_F(PublicationTest, RefusesAShorterLog) {
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 300).ok());

  const absl::Status refused = Publish(*OpenOrDie(folder_), tree_, 299);

  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(refused), HasSubstr("tree_size 300 is published, the checkpoint is of 299"));
}

TEST_F(PublicationTest, RefusesACheckpointThatTheRecordsDoNotGive) {
  const absl::Status refused =
      OpenOrDie(folder_)->Publish(NoteOf(300, tree_.root(299)), tree_.reader(), RecordsOf(tree_));

  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_FALSE(fs::exists(folder_ + "/checkpoint"));
}

TEST_F(PublicationTest, RefusesARecordThatIsNotTheHashedOne) {
  const absl::Status refused = OpenOrDie(folder_)->Publish(
      NoteOf(tree_, 300), tree_.reader(),
      [&](int64_t index) -> absl::StatusOr<std::string> { return index == 270 ? "forged" : tree_.entries()[index]; });

  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(refused), HasSubstr("record 270"));
  EXPECT_FALSE(fs::exists(folder_ + "/checkpoint"));
}

TEST_F(PublicationTest, RefusesANoteOfAnotherKey) {
  const std::string forged = merkle::SignCheckpoint({kOrigin, 300, tree_.root(300)}, KeyOf(8)).value();

  const absl::Status refused = OpenOrDie(folder_)->Publish(forged, tree_.reader(), RecordsOf(tree_));

  EXPECT_EQ(refused.code(), absl::StatusCode::kUnauthenticated);
}

TEST_F(PublicationTest, RefusesTheFolderOfAnotherLog) {
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 300).ok());

  const auto opened = Publication::Open(folder_, NoteKeyOf("other.example/log", merkle::kNoteEd25519, 9), kSchema);

  EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(MessageOf(opened), HasSubstr("not a checkpoint of other.example/log"));
}

TEST_F(PublicationTest, RefusesAFolderOfSomethingElse) {
  fs::create_directories(folder_);
  Overwrite(folder_ + "/thesis.txt", "Chapter one");

  const auto opened = Publication::Open(folder_, LogKey(), kSchema);

  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(opened), HasSubstr("holds thesis.txt"));
}

TEST_F(PublicationTest, HasOnePublisherAtATime) {
  const std::unique_ptr<Publication> first = OpenOrDie(folder_);

  const auto second = Publication::Open(folder_, LogKey(), kSchema);

  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(second), HasSubstr("another process publishes"));
}

TEST_F(PublicationTest, RemakesWhatItReadsFromAFullBundle) {
  ASSERT_TRUE(Publish(*OpenOrDie(folder_), tree_, 600).ok());

  const absl::StatusOr<std::string> bundle = TilesInFolder(folder_)({merkle::kEntriesLevel, 1, 17});

  ASSERT_TRUE(bundle.ok()) << bundle.status();
  const absl::StatusOr<std::vector<std::string>> records = merkle::DecodeEntryBundle(*bundle, 17);
  ASSERT_TRUE(records.ok()) << records.status();
  EXPECT_EQ(records->back(), tree_.entries()[272]);
}

}  // namespace
}  // namespace hattama::storage
