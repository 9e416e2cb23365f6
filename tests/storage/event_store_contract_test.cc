// What storage/event_store.h promises, kept by every store that there is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/event_store.h"
#include "storage/memory/memory_event_store.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/verify.h"
#include "storage/rocks/rocks_event_store.h"
#include "tests/storage/naive_merkle.h"
#include "tests/storage/records.h"
#include "tests/storage/temporary_directory.h"

namespace hattama::storage {
namespace {

using ::hattama::testing::AppendEntries;
using ::hattama::testing::DigestOf;
using ::hattama::testing::Entries;
using ::hattama::testing::EntriesOf;
using ::hattama::testing::EntryOf;
using ::hattama::testing::ExpectHolds;
using ::hattama::testing::Hex;
using ::hattama::testing::IdOf;
using ::hattama::testing::NaiveRoot;
using ::hattama::testing::Part;
using ::hattama::testing::ReaderOf;
using ::hattama::testing::RecordsOf;
using ::hattama::testing::ScanAll;
using ::hattama::testing::TemporaryDirectory;
using ::testing::HasSubstr;

struct Maker {
  std::string name;
  std::function<std::unique_ptr<EventStore>(const std::string& directory)> make;
};

// What GoogleTest prints of a parameter.
void PrintTo(const Maker& maker, std::ostream* out) { *out << maker.name; }

class EventStoreTest : public ::testing::TestWithParam<Maker> {
 protected:
  EventStoreTest() : store_(GetParam().make(directory_.path())) {}

  // Appends EntryOf(first) .. EntryOf(end - 1) at once.
  void Append(int64_t first, int64_t end) {
    const absl::StatusOr<Head> head = AppendEntries(*store_, first, EntriesOf(first, end));
    ASSERT_TRUE(head.ok()) << "append of [" << first << ", " << end << "): " << head.status();
  }

  TemporaryDirectory directory_;
  std::unique_ptr<EventStore> store_;
};

TEST_P(EventStoreTest, BeginsEmpty) { ExpectHolds(*store_, {}); }

TEST_P(EventStoreTest, HoldsWhatWasAppended) {
  Entries expected;
  for (int count = 1; count <= 9; ++count) {  // Appends of 1, 2, ... 9 records.
    const int64_t first = static_cast<int64_t>(expected.size());
    const Entries entries = EntriesOf(first, first + count);
    const absl::StatusOr<Head> head = AppendEntries(*store_, first, entries);
    ASSERT_TRUE(head.ok()) << "append of " << count << " at " << first << ": " << head.status();
    expected.insert(expected.end(), entries.begin(), entries.end());
    EXPECT_EQ(head->tree_size, static_cast<int64_t>(expected.size()));
    EXPECT_EQ(Hex(head->root), Hex(NaiveRoot(expected)));
    EXPECT_EQ(*head, store_->head()) << "Append returned another head than the store has";
  }
  ExpectHolds(*store_, expected);
}

TEST_P(EventStoreTest, HowRecordsAreGroupedLeavesNoTrace) {
  Append(0, 17);
  TemporaryDirectory other_directory;
  const std::unique_ptr<EventStore> other = GetParam().make(other_directory.path());
  for (int64_t sequence = 0; sequence < 17; ++sequence) {
    ASSERT_TRUE(AppendEntries(*other, sequence, {EntryOf(sequence)}).ok()) << "at " << sequence;
  }
  EXPECT_EQ(Hex(store_->head().root), Hex(other->head().root));
  ExpectHolds(*other, EntriesOf(0, 17));
}

TEST_P(EventStoreTest, AnAppendElsewhereThanAtTheEndIsAbortedAndChangesNothing) {
  Append(0, 5);
  const Entries entries = {"misplaced"};
  for (const int64_t first : {int64_t{-1}, int64_t{0}, int64_t{4}, int64_t{6}, int64_t{1'000'000}}) {
    const absl::Status status = store_->Append(first, {{entries[0], IdOf(99), DigestOf(99)}}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kAborted) << "at " << first << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("first sequence ", first)));
    EXPECT_THAT(std::string(status.message()), HasSubstr("tree_size 5"));
  }
  ExpectHolds(*store_, EntriesOf(0, 5));
  EXPECT_FALSE(store_->FindSubmission(IdOf(99))->has_value());
  Append(5, 7);  // And the next that fits is taken.
  ExpectHolds(*store_, EntriesOf(0, 7));
}

TEST_P(EventStoreTest, AnAppendOfNothingIsInvalid) {
  Append(0, 3);
  const absl::Status status = store_->Append(3, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  ExpectHolds(*store_, EntriesOf(0, 3));
}

// One fault anywhere refuses the whole append: the records before it must not be there either.
TEST_P(EventStoreTest, AnAppendWithOneFaultyRecordIsInvalidAndChangesNothing) {
  Append(0, 5);
  const std::string too_long(EventStore::kRecordBytesMax + 1, 'x');
  const NewRecord good_a{"good a", IdOf(5), DigestOf(5)};
  const NewRecord good_b{"good b", IdOf(6), DigestOf(6)};
  const std::vector<std::pair<std::string, NewRecord>> faulty = {
      {"record 2 has 0 bytes, not 1..65535", {"", IdOf(7), DigestOf(7)}},
      {"record 2 has 65536 bytes, not 1..65535", {too_long, IdOf(7), DigestOf(7)}},
      {"record 2 repeats a submission id", {"same id as the one before", IdOf(6), DigestOf(7)}},
      {"stored already, at sequence 3", {"same id as an old one", IdOf(3), DigestOf(7)}}};
  for (const auto& [message, record] : faulty) {
    const absl::Status status = store_->Append(5, {good_a, good_b, record}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
    ExpectHolds(*store_, EntriesOf(0, 5));
    EXPECT_FALSE(store_->FindSubmission(IdOf(6))->has_value()) << message;
    EXPECT_FALSE(store_->FindSubmission(IdOf(7))->has_value()) << message;
  }
  const absl::Status status = store_->Append(5, {good_a, good_b}).status();
  EXPECT_TRUE(status.ok()) << "the good ones alone: " << status;
}

// Only the id is unique. Two stations may well report the same figures.
TEST_P(EventStoreTest, EqualBytesUnderTwoIdsAreTwoRecords) {
  ASSERT_TRUE(AppendEntries(*store_, 0, {"the same", "the same", "the same"}).ok());
  ExpectHolds(*store_, {"the same", "the same", "the same"});
}

TEST_P(EventStoreTest, FindsNoSubmissionByAnIdThatNobodyUsed) {
  Append(0, 4);
  for (SubmissionId id : {SubmissionId{}, IdOf(4), IdOf(-1)}) {
    const auto found = store_->FindSubmission(id);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_FALSE(found->has_value());
  }
  SubmissionId nearly = IdOf(2);
  nearly[15] ^= 1;
  EXPECT_FALSE(store_->FindSubmission(nearly)->has_value()) << "an id that differs in its last bit alone";
}

TEST_P(EventStoreTest, ReadingOutsideTheLogIsOutOfRange) {
  Append(0, 5);
  for (const int64_t sequence : {int64_t{-1}, int64_t{5}, int64_t{6}, INT64_MAX, INT64_MIN}) {
    const absl::Status status = store_->Read(sequence).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << sequence << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("sequence ", sequence, " is outside [0, 5)")));
  }
}

TEST_P(EventStoreTest, NodesOfIncompleteSubtreesAreOutOfRange) {
  Append(0, 6);  // Complete: six leaves, three pairs, one subtree of four.
  for (const auto& [level, index] : {std::pair<int, int64_t>{0, 6},
                                     {1, 3},
                                     {2, 1},
                                     {3, 0},
                                     {62, 0},
                                     {63, 0},
                                     {64, 0},
                                     {-1, 0},
                                     {0, -1},
                                     {0, INT64_MAX},
                                     {INT32_MAX, 0},
                                     {INT32_MIN, 0}}) {
    const absl::Status status = store_->ReadNode(level, index).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << level << ", " << index << ": " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("level ", level, ", index ", index)));
  }
}

TEST_P(EventStoreTest, ScansEveryRange) {
  Append(0, 12);
  for (int64_t first = 0; first <= 12; ++first) {
    for (int64_t end = first; end <= 12; ++end) {
      const absl::StatusOr<Entries> scanned = ScanAll(*store_, first, end);
      ASSERT_TRUE(scanned.ok()) << "[" << first << ", " << end << "): " << scanned.status();
      EXPECT_EQ(*scanned, EntriesOf(first, end)) << "[" << first << ", " << end << ")";
    }
  }
}

TEST_P(EventStoreTest, AScanOutsideTheLogIsOutOfRangeAndVisitsNothing) {
  Append(0, 5);
  int visits = 0;
  for (const auto& [first, end] :
       {std::pair<int64_t, int64_t>{-1, 3}, {0, 6}, {6, 6}, {4, 3}, {-2, -1}, {0, INT64_MAX}}) {
    const absl::Status status = store_->Scan(first, end, [&](int64_t, std::string_view, const merkle::Hash&) {
      ++visits;
      return absl::OkStatus();
    });
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << "[" << first << ", " << end << "): " << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(absl::StrCat("[", first, ", ", end, ") are outside [0, 5)")));
  }
  EXPECT_EQ(visits, 0);
}

TEST_P(EventStoreTest, AScanStopsAtTheFirstVisitThatFailsAndReturnsItsStatus) {
  Append(0, 10);
  std::vector<int64_t> visited;
  const absl::Status status = store_->Scan(2, 10, [&](int64_t sequence, std::string_view, const merkle::Hash&) {
    visited.push_back(sequence);
    return sequence == 5 ? absl::CancelledError("enough of it") : absl::OkStatus();
  });
  EXPECT_EQ(status, absl::CancelledError("enough of it"));
  EXPECT_EQ(visited, (std::vector<int64_t>{2, 3, 4, 5}));
}

TEST_P(EventStoreTest, ProvesEveryPastSizeFromItsNodes) {
  const int64_t size = 41;
  for (int64_t first = 0; first < size; first += 3) Append(first, std::min(first + 3, size));
  const Entries entries = EntriesOf(0, size);
  const Head head = store_->head();
  for (int64_t past = 0; past <= size; ++past) {
    const absl::StatusOr<merkle::Hash> root = merkle::RootAt(past, ReaderOf(*store_));
    ASSERT_TRUE(root.ok()) << "size " << past << ": " << root.status();
    EXPECT_EQ(Hex(*root), Hex(NaiveRoot(Part(entries, 0, past)))) << "size " << past;
    const absl::StatusOr<std::vector<merkle::Hash>> proof = merkle::ConsistencyProof(past, size, ReaderOf(*store_));
    ASSERT_TRUE(proof.ok()) << "from size " << past << ": " << proof.status();
    const absl::Status status = merkle::VerifyConsistency(past, size, *proof, *root, head.root);
    EXPECT_TRUE(status.ok()) << "from size " << past << ": " << status;
  }
  EXPECT_EQ(merkle::RootAt(size + 1, ReaderOf(*store_)).status().code(), absl::StatusCode::kOutOfRange);
}

// An entry bundle gives a record's length 16 bits, so the largest record is 65,535 bytes, and many of them fit in one
// append.
TEST_P(EventStoreTest, HoldsTheLargestRecords) {
  Entries entries;
  for (int i = 0; i < 40; ++i)
    entries.push_back(std::string(EventStore::kRecordBytesMax - i, static_cast<char>('a' + i)));
  const absl::StatusOr<Head> head = AppendEntries(*store_, 0, entries);
  ASSERT_TRUE(head.ok()) << head.status();
  ExpectHolds(*store_, entries);
}

TEST_P(EventStoreTest, HoldsAnyBytesWhatever) {
  constexpr unsigned kSeed = 20'240'728;
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  std::mt19937 random(kSeed);
  Entries entries = {std::string(1, '\0'), std::string(3, '\0'), std::string("a\0b", 3), "\xff\xfe", "\n", "\r\n\x1a"};
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte.push_back(static_cast<char>(byte));
  entries.push_back(every_byte);
  while (entries.size() < 60) {
    std::string entry(1 + random() % 500, '\0');
    for (char& c : entry) c = static_cast<char>(random());
    entries.push_back(std::move(entry));
  }
  ASSERT_TRUE(AppendEntries(*store_, 0, Part(entries, 0, 30)).ok());
  ASSERT_TRUE(AppendEntries(*store_, 30, Part(entries, 30, 60)).ok());
  ExpectHolds(*store_, entries);
}

// Ids are bytes too, and a store that took them for text would mix these up.
TEST_P(EventStoreTest, TellsIdsApartByAnyByte) {
  std::vector<SubmissionId> ids = {SubmissionId{}};
  for (size_t i = 0; i < 16; ++i) {
    SubmissionId id{};
    id[i] = 1;
    ids.push_back(id);
    id[i] = 0xff;
    ids.push_back(id);
  }
  std::vector<NewRecord> records;
  for (const SubmissionId& id : ids) records.push_back({"record", id, DigestOf(records.size())});
  ASSERT_TRUE(store_->Append(0, records).ok());
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto found = store_->FindSubmission(ids[i]);
    ASSERT_TRUE(found.ok()) << "id " << i << ": " << found.status();
    ASSERT_TRUE(found->has_value()) << "id " << i;
    EXPECT_EQ((*found)->sequence, static_cast<int64_t>(i));
    EXPECT_EQ(Hex((*found)->submission_digest), Hex(DigestOf(i))) << "id " << i;
  }
}

// Appends of 1, 2, .. 7, 1, 2, .. records: a reader may meet only the sizes between two of them, and whatever it finds
// of an append, all the rest of it must be there too.
TEST_P(EventStoreTest, ReadersBesideTheWriterSeeAppendsWholeOrNotAtAll) {
  std::vector<int64_t> sizes = {0};
  for (int append = 0; append < 60; ++append) sizes.push_back(sizes.back() + 1 + append % 7);
  std::vector<std::string> roots;
  for (const int64_t size : sizes) roots.push_back(Hex(NaiveRoot(EntriesOf(0, size))));
  std::atomic<bool> done = false;
  std::atomic<int64_t> appended = 0;  // Appends that were answered.

  const auto read = [&] {
    for (bool last = false; !last;) {
      last = done;  // One more round after the end, so that no reader comes away without having read.
      const int64_t answered = appended;
      const Head head = store_->head();
      const auto at = std::lower_bound(sizes.begin(), sizes.end(), head.tree_size);
      ASSERT_TRUE(at != sizes.end() && *at == head.tree_size) << "half an append is visible at " << head.tree_size;
      EXPECT_EQ(Hex(head.root), roots[at - sizes.begin()]) << "at size " << head.tree_size;
      EXPECT_GE(head.tree_size, sizes[answered]) << "an append that was answered is not visible";
      const absl::StatusOr<merkle::Hash> root = merkle::RootAt(head.tree_size, ReaderOf(*store_));
      ASSERT_TRUE(root.ok()) << "at size " << head.tree_size << ": " << root.status();
      EXPECT_EQ(Hex(*root), Hex(head.root)) << "at size " << head.tree_size;
      const int64_t first = std::max<int64_t>(0, head.tree_size - 10);
      const absl::StatusOr<Entries> scanned = ScanAll(*store_, first, head.tree_size);
      ASSERT_TRUE(scanned.ok()) << "at size " << head.tree_size << ": " << scanned.status();
      EXPECT_EQ(*scanned, EntriesOf(first, head.tree_size));
      if (head.tree_size > 0) {
        EXPECT_EQ(store_->Read(head.tree_size - 1).value_or("nothing"), EntryOf(head.tree_size - 1));
        EXPECT_TRUE(store_->FindSubmission(IdOf(head.tree_size - 1))->has_value()) << "at size " << head.tree_size;
      }
      // A submission that is found is an event: whoever retries it is told so, and so it must be in the head.
      for (int64_t sequence = head.tree_size; sequence < sizes.back(); ++sequence) {
        if (!store_->FindSubmission(IdOf(sequence))->has_value()) break;
        ASSERT_GT(store_->head().tree_size, sequence) << "a submission is found before its record is";
      }
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  for (size_t append = 0; append + 1 < sizes.size(); ++append) {
    const absl::StatusOr<Head> head =
        AppendEntries(*store_, sizes[append], EntriesOf(sizes[append], sizes[append + 1]));
    EXPECT_TRUE(head.ok()) << "append " << append << ": " << head.status();
    if (!head.ok()) break;
    ++appended;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  ExpectHolds(*store_, EntriesOf(0, sizes.back()));
}

const Maker kMakers[] = {
    {"Memory", [](const std::string&) { return std::make_unique<MemoryEventStore>(); }},
    {"Rocks", [](const std::string& directory) { return RocksEventStore::Create(directory, {}).value(); }}};

INSTANTIATE_TEST_SUITE_P(AllStores, EventStoreTest, ::testing::ValuesIn(kMakers),
                         [](const ::testing::TestParamInfo<Maker>& info) { return info.param.name; });

}  // namespace
}  // namespace hattama::storage
