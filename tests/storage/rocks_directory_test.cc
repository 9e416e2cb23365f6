// The directory of a ledger: what is no ledger of this program, or has no room, is refused and left as it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "storage/rocks/rocks_event_store.h"
#include "tests/storage/temporary_directory.h"

namespace hattama {
namespace {

using storage::RocksEventStore;
using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::TemporaryDirectory;

storage::NewRecord RecordOf(const std::string& bytes) {
  storage::SubmissionId id{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.size()), id.begin());
  return {bytes, id, merkle::Sha256(bytes)};
}

// A store of one record in `directory`.
void MakeStore(const std::string& directory) {
  auto store = RocksEventStore::Create(directory, {});
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->Append(0, {RecordOf("first")}).ok());
}

// Writes `version`, eight bytes big-endian, over the format version, as another program version would have.
void SetFormatVersion(const std::string& directory, const std::string& version) {
  std::filesystem::path path;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.path().filename() == "CURRENT") path = entry.path().parent_path();
  }
  ASSERT_FALSE(path.empty());
  std::vector<std::string> names;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, path, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.push_back({name, {}});
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open({}, path, families, &handles, &db);
  ASSERT_TRUE(opened.ok()) << opened.ToString();
  for (rocksdb::ColumnFamilyHandle* handle : handles) {
    if (handle->GetName() == "head") {
      EXPECT_TRUE(db->Put({}, handle, "format_version", version).ok());
    }
    db->DestroyColumnFamilyHandle(handle);
  }
  delete db;
}

TEST(RocksDirectoryTest, OfAnotherFormatVersionIsRefusedWithBothNumbers) {
  const TemporaryDirectory folder;
  const std::string directory = folder / "data";
  MakeStore(directory);
  SetFormatVersion(directory, std::string("\0\0\0\0\0\0\0\x02", 8));
  const absl::Status status = RocksEventStore::Open(directory, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(directory), HasSubstr("format version 2"), HasSubstr("reads version 1")));

  SetFormatVersion(directory, std::string("\0\0\0\0\0\0\0\x01", 8));
  const auto again = RocksEventStore::Open(directory, {});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ((*again)->head().tree_size, 1);
}

TEST(RocksDirectoryTest, WithAFormatVersionThatIsNoNumberIsRefused) {
  const TemporaryDirectory folder;
  const std::string directory = folder / "data";
  MakeStore(directory);
  SetFormatVersion(directory, "one");
  EXPECT_EQ(RocksEventStore::Open(directory, {}).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST(RocksDirectoryTest, InUseIsRefusedAndTheUserGoesOn) {
  const TemporaryDirectory folder;
  const std::string directory = folder / "data";
  MakeStore(directory);
  const auto first = RocksEventStore::Open(directory, {});
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = RocksEventStore::Open(directory, {}).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition) << second;
  EXPECT_THAT(std::string(second.message()), HasSubstr(directory));
  EXPECT_TRUE((*first)->Append(1, {RecordOf("second")}).ok());
}

TEST(RocksDirectoryTest, WithoutRoomRefusesAppendsWithTheNumbersAndGoesOnOnceThereIs) {
  const TemporaryDirectory folder;
  int64_t free_bytes = int64_t{1} << 30;
  const auto store = RocksEventStore::Create(
      folder / "data", {.free_bytes_min = 1'000'000, .free_bytes = [&](const std::string&) { return free_bytes; }});
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->Append(0, {RecordOf("first")}).ok());
  const storage::Head head = (*store)->head();

  free_bytes = 1'000'000;
  const absl::Status status = (*store)->Append(1, {RecordOf("second")}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("1000000 bytes are free"), HasSubstr("to be left")));
  EXPECT_EQ((*store)->head(), head);
  EXPECT_TRUE((*store)->Read(0).ok());

  // Where the disk does not say, the append is tried.
  free_bytes = -1;
  EXPECT_TRUE((*store)->Append(1, {RecordOf("second")}).ok());
  free_bytes = int64_t{1} << 30;
  EXPECT_TRUE((*store)->Append(2, {RecordOf("third")}).ok());
}

TEST(RocksDirectoryTest, OnAFullDiskIsNotOpenedAndSaysWhatItNeeds) {
  const TemporaryDirectory folder;
  const std::string directory = folder / "data";
  MakeStore(directory);
  const auto open_with = [&](int64_t free_bytes) {
    return RocksEventStore::Open(directory, {.free_bytes = [=](const std::string&) { return free_bytes; }}).status();
  };
  const absl::Status status = open_with(1'000);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(directory), HasSubstr("1000 bytes are free")));
  EXPECT_TRUE(open_with(64 << 20).ok());
  EXPECT_TRUE(open_with(-1).ok());
}

}  // namespace
}  // namespace hattama
