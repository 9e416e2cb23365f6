#include "services/server/restore.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/wire/event_codec.h"
#include "storage/files/small_file.h"
#include "storage/keys/key_file.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/sha256.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tiles.h"
#include "storage/publication/publication.h"
#include "storage/rocks/rocks_event_store.h"

namespace hattama::server {
namespace {

using Store = storage::RocksEventStore;

// Bundles in one synced write.
constexpr int64_t kBundleCountMax = 4;

// The checkpoint of the folder, under the log's key.
absl::StatusOr<merkle::Checkpoint> CheckpointIn(const std::string& folder, const std::string& log_key_path) {
  const absl::StatusOr<merkle::NamedSigningKey> key = storage::LoadPrivateKey(log_key_path);
  if (!key.ok()) return absl::Status(key.status().code(), absl::StrCat("the log's key: ", key.status().message()));
  const std::string path = absl::StrCat(folder, "/checkpoint");
  const absl::StatusOr<std::string> note = storage::ReadSmallFile(path, merkle::kNoteBytesMax);
  if (!note.ok()) return note.status();
  const absl::StatusOr<merkle::SignedCheckpoint> parsed = merkle::ParseSignedCheckpoint(*note);
  if (!parsed.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", parsed.status().message()));
  // A key in PEM has no name; the signature binds the one of the checkpoint.
  const absl::StatusOr<merkle::NoteKey> log_key = merkle::MakeNoteKey(
      key->name.empty() ? parsed->checkpoint.origin : key->name, merkle::kNoteEd25519, key->key.public_key());
  if (!log_key.ok()) return log_key.status();
  absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::OpenCheckpoint(*note, std::span(&*log_key, 1));
  if (!checkpoint.ok()) return absl::InvalidArgumentError(absl::StrCat(path, ": ", checkpoint.status().message()));
  return checkpoint;
}

absl::StatusOr<std::vector<std::string>> BundleIn(const std::string& folder, int64_t index, int64_t tree_size) {
  merkle::TileAddress address{.level = merkle::kEntriesLevel, .index = index};
  if ((index + 1) * merkle::kTileWidth > tree_size) address.width = merkle::PartialWidth(0, tree_size);
  const absl::StatusOr<std::string> bytes = storage::TilesInFolder(folder)(address);
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<std::vector<std::string>> records = merkle::DecodeEntryBundle(*bytes, address.width);
  if (records.ok()) return records;
  return absl::DataLossError(absl::StrCat(folder, "/", merkle::PathOf(address), ": ", records.status().message()));
}

absl::Status AppendRecords(Store& store, int64_t first, const std::vector<std::string>& records) {
  std::vector<storage::NewRecord> fresh;
  for (const std::string& record : records) {
    const int64_t sequence = first + static_cast<int64_t>(fresh.size());
    const absl::StatusOr<wire::DecodedRecord> decoded = wire::DecodeRecord(record);
    if (!decoded.ok() || decoded->sequence != sequence) {
      return absl::DataLossError(absl::StrCat("record ", sequence, " of the folder: ",
                                              decoded.ok() ? absl::StrCat("carries sequence ", decoded->sequence)
                                                           : std::string(decoded.status().message())));
    }
    domain::Refusals faults;
    const wire::DecodedSubmission submission = wire::DecodeSubmission(decoded->submission, faults);
    if (!faults.empty()) {
      return absl::DataLossError(absl::StrCat("record ", sequence, " of the folder: ", faults.front().message));
    }
    fresh.push_back({record, submission.submission_id, merkle::Sha256(decoded->submission)});
  }
  return store.Append(first, fresh).status();
}

}  // namespace

absl::StatusOr<Restored> RestoreFrom(const LedgerPlaces& places, const std::string& folder) {
  const absl::StatusOr<merkle::Checkpoint> checkpoint = CheckpointIn(folder, places.log_key);
  if (!checkpoint.ok()) return checkpoint.status();
  const int64_t end = checkpoint->tree_size;

  // First all of the folder, against its checkpoint: nothing of a bad copy gets in.
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(places.directory, {});
  if (!store.ok() && store.status().code() != absl::StatusCode::kNotFound) return store.status();
  const storage::Head held = store.ok() ? (*store)->head() : storage::Head();
  if (held.tree_size > end) {
    return absl::FailedPreconditionError(absl::StrCat(places.directory, ": holds ", held.tree_size, " events, ", folder,
                                                      " only ", end, "; there is nothing to restore from it"));
  }
  merkle::Frontier frontier;
  merkle::Hash root_at_held = merkle::EmptyRoot();
  for (int64_t index = 0; index * merkle::kTileWidth < end; ++index) {
    const absl::StatusOr<std::vector<std::string>> records = BundleIn(folder, index, end);
    if (!records.ok()) return records.status();
    for (const std::string& record : *records) {
      frontier.Append(merkle::LeafHash(record));
      if (frontier.size() == held.tree_size) root_at_held = frontier.root();
    }
  }
  if (frontier.root() != checkpoint->root) {
    return absl::DataLossError(absl::StrCat(folder, ": its ", end, " records have root ",
                                            merkle::EncodeHash(frontier.root()), ", its checkpoint says ",
                                            merkle::EncodeHash(checkpoint->root)));
  }
  if (root_at_held != held.root) {
    return absl::FailedPreconditionError(absl::StrCat(places.directory, ": its ", held.tree_size,
                                                      " events are not those with which ", folder,
                                                      " begins: two histories of this log; keep both"));
  }

  if (!store.ok()) store = Store::Create(places.directory, {});
  if (!store.ok()) return store.status();
  for (int64_t next = held.tree_size; next < end;) {
    std::vector<std::string> group;
    for (int64_t index = next / merkle::kTileWidth, count = 0; count < kBundleCountMax; ++index, ++count) {
      if (index * merkle::kTileWidth >= end) break;
      absl::StatusOr<std::vector<std::string>> records = BundleIn(folder, index, end);
      if (!records.ok()) return records.status();
      const int64_t skip = std::max<int64_t>(0, next - index * merkle::kTileWidth);
      std::move(records->begin() + skip, records->end(), std::back_inserter(group));
    }
    if (absl::Status appended = AppendRecords(**store, next, group); !appended.ok()) return appended;
    next += static_cast<int64_t>(group.size());
  }
  if ((*store)->head().root != checkpoint->root) {
    return absl::DataLossError(absl::StrCat(folder, " changed while it was read; give a copy that stands still"));
  }
  return Restored{.held = held.tree_size, .tree_size = end};
}

}  // namespace hattama::server
