// Records to append, and one look at everything a store says of them.
#ifndef HATTAMA_TESTS_STORAGE_RECORDS_H_
#define HATTAMA_TESTS_STORAGE_RECORDS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/event_store.h"
#include "storage/merkle/proofs.h"
#include "tests/storage/naive_merkle.h"

namespace hattama::testing {

// A submission id for each sequence; any 16 bytes will do as long as they differ.
inline storage::SubmissionId IdOf(int64_t sequence) {
  const merkle::Hash hash = merkle::Sha256(absl::StrCat("id ", sequence));
  storage::SubmissionId id;
  for (size_t i = 0; i < id.size(); ++i) id[i] = hash[i];
  return id;
}

inline merkle::Hash DigestOf(int64_t sequence) { return merkle::Sha256(absl::StrCat("submission ", sequence)); }

// What record `sequence` is where a test has nothing better to write.
inline std::string EntryOf(int64_t sequence) { return absl::StrCat("record ", sequence); }

// Sequences [first, end).
inline Entries EntriesOf(int64_t first, int64_t end) {
  Entries entries;
  for (int64_t sequence = first; sequence < end; ++sequence) entries.push_back(EntryOf(sequence));
  return entries;
}

// The records refer to `entries`, which has to outlive them.
inline std::vector<storage::NewRecord> RecordsOf(int64_t first, const Entries& entries) {
  std::vector<storage::NewRecord> records;
  for (const std::string& entry : entries) {
    const int64_t sequence = first + static_cast<int64_t>(records.size());
    records.push_back({entry, IdOf(sequence), DigestOf(sequence)});
  }
  return records;
}

inline absl::StatusOr<storage::Head> AppendEntries(storage::EventStore& store, int64_t first, const Entries& entries) {
  return store.Append(first, RecordsOf(first, entries));
}

// The records of [first, end) as a scan gives them, or why it stopped.
inline absl::StatusOr<Entries> ScanAll(const storage::EventStore& store, int64_t first, int64_t end) {
  Entries entries;
  const absl::Status status =
      store.Scan(first, end, [&](int64_t sequence, std::string_view record, const merkle::Hash& leaf) {
        if (sequence != first + static_cast<int64_t>(entries.size())) {
          return absl::InternalError(absl::StrCat("sequence ", sequence, " after ", entries.size(), " from ", first));
        }
        entries.emplace_back(record);
        if (leaf == NaiveLeaf(entries.back())) return absl::OkStatus();
        return absl::InternalError(absl::StrCat("record ", sequence, " comes with another leaf hash: ", Hex(leaf)));
      });
  if (!status.ok()) return status;
  return entries;
}

// Expects that the store holds `entries`, as AppendEntries wrote them, with all that belongs to them, and nothing else.
inline void ExpectHolds(const storage::EventStore& store, const Entries& entries) {
  const int64_t size = static_cast<int64_t>(entries.size());
  ASSERT_EQ(store.head().tree_size, size);
  EXPECT_EQ(Hex(store.head().root), Hex(NaiveRoot(entries)));
  const absl::StatusOr<Entries> scanned = ScanAll(store, 0, size);
  ASSERT_TRUE(scanned.ok()) << "scan of " << size << " records: " << scanned.status();
  EXPECT_TRUE(*scanned == entries) << "the scan gives other records than were appended";
  for (int64_t sequence = 0; sequence < size; ++sequence) {
    const absl::StatusOr<std::string> record = store.Read(sequence);
    ASSERT_TRUE(record.ok()) << "record " << sequence << ": " << record.status();
    EXPECT_TRUE(*record == entries[sequence]) << "record " << sequence << " reads as other bytes";
    const auto found = store.FindSubmission(IdOf(sequence));
    ASSERT_TRUE(found.ok()) << "submission " << sequence << ": " << found.status();
    ASSERT_TRUE(found->has_value()) << "submission " << sequence << " is not found";
    EXPECT_EQ((*found)->sequence, sequence);
    EXPECT_EQ(Hex((*found)->submission_digest), Hex(DigestOf(sequence))) << "submission " << sequence;
  }
  for (int level = 0; (size >> level) > 0; ++level) {
    for (int64_t index = 0; index < size >> level; ++index) {
      const absl::StatusOr<merkle::Hash> node = store.ReadNode(level, index);
      ASSERT_TRUE(node.ok()) << "node at level " << level << ", index " << index << ": " << node.status();
      EXPECT_EQ(Hex(*node), Hex(NaiveRoot(Part(entries, index << level, (index + 1) << level))))
          << "node at level " << level << ", index " << index;
    }
    EXPECT_EQ(store.ReadNode(level, size >> level).status().code(), absl::StatusCode::kOutOfRange)
        << "there is a node at level " << level << " beyond " << size << " records";
  }
  EXPECT_EQ(store.Read(size).status().code(), absl::StatusCode::kOutOfRange) << "there is a record beyond " << size;
  const auto beyond = store.FindSubmission(IdOf(size));
  ASSERT_TRUE(beyond.ok()) << beyond.status();
  EXPECT_FALSE(beyond->has_value()) << "a submission is found that belongs to no record, at sequence "
                                    << (*beyond)->sequence;
}

// Reads nodes of a store, for proofs and roots.
inline merkle::NodeReader ReaderOf(const storage::EventStore& store) {
  return [&store](int level, int64_t index) { return store.ReadNode(level, index); };
}

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_STORAGE_RECORDS_H_
