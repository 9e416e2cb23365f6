#include "storage/rocks/rocks_event_store.h"

#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>
#include <sys/statvfs.h>

#include <cstring>
#include <filesystem>
#include <mutex>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/append_check.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/rfc6962.h"
#include "storage/rocks/big_endian.h"
#include "storage/rocks/rocks_status.h"

namespace hattama::storage {
namespace {

enum Family { kDefault, kRecords, kSubmissions, kNodes, kHead, kFamilyCount };
const char* const kFamilyNames[kFamilyCount] = {"default", "records", "submission_ids", "merkle_nodes", "head"};

constexpr int64_t kFormatVersion = 1;
constexpr char kFormatKey[] = "format_version";
constexpr char kHeadKey[] = "head";
// What opening a database without a log writes at most: manifest, options, an empty log.
constexpr int64_t kOpenBytes = 4 << 20;

std::string SequenceKey(int64_t sequence) {
  std::string key;
  AppendBigEndian64(key, sequence);
  return key;
}

std::string NodeKey(int level, int64_t index) {
  std::string key(1, static_cast<char>(level));
  AppendBigEndian64(key, index);
  return key;
}

rocksdb::Slice HashSlice(const merkle::Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

bool ToHash(const rocksdb::Slice& slice, merkle::Hash& hash) {
  if (slice.size() != hash.size()) return false;
  std::memcpy(hash.data(), slice.data(), hash.size());
  return true;
}

std::string EncodeHead(const Head& head) {
  std::string bytes;
  AppendBigEndian64(bytes, head.tree_size);
  bytes.append(reinterpret_cast<const char*>(head.root.data()), head.root.size());
  return bytes;
}

absl::StatusOr<Head> DecodeHead(const std::string& bytes) {
  if (bytes.size() != 8 + merkle::kHashBytes) {
    return absl::DataLossError(absl::StrCat("the stored head has ", bytes.size(), " bytes, not 40"));
  }
  Head head;
  head.tree_size = ReadBigEndian64(bytes.data());
  std::memcpy(head.root.data(), bytes.data() + 8, merkle::kHashBytes);
  return head;
}

rocksdb::ColumnFamilyOptions FamilyOptions(Family family) {
  rocksdb::ColumnFamilyOptions options;
  // Records hold names and digests that hardly compress, and a start reads them all: speed wins.
  options.compression = rocksdb::kNoCompression;
  options.write_buffer_size = 64 << 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_size = family == kRecords ? 32 << 10 : 16 << 10;
  table.format_version = 5;
  if (family == kSubmissions) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::DBOptions DatabaseOptions(bool create) {
  rocksdb::DBOptions options;
  options.create_if_missing = create;
  options.create_missing_column_families = create;
  options.error_if_exists = create;
  options.paranoid_checks = true;
  options.track_and_verify_wals_in_manifest = true;
  // A torn tail that nobody was promised may go; a tail that was acknowledged is found missing by acknowledged_head.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 4;
  // What a start has to replay of RocksDB's own log.
  options.max_total_wal_size = 64 << 20;
  return options;
}

int64_t FreeBytes(const std::string& directory) {
  struct statvfs stat;
  if (::statvfs(directory.c_str(), &stat) != 0) return -1;
  return static_cast<int64_t>(stat.f_bavail) * static_cast<int64_t>(stat.f_frsize);
}

rocksdb::ReadOptions ScanOptions() {
  rocksdb::ReadOptions options;
  options.readahead_size = 4 << 20;
  options.fill_cache = false;
  return options;
}

}  // namespace

RocksEventStore::RocksEventStore(std::string directory, Options options)
    : directory_(std::move(directory)), options_(std::move(options)) {
  if (!options_.free_bytes) options_.free_bytes = FreeBytes;
}

RocksEventStore::~RocksEventStore() {
  if (db_ == nullptr) return;
  // Everything is durable already; a flush only spares the next start the replay of RocksDB's log.
  // Not on a disk that is nearly full: a flush that fails there makes RocksDB abort the process when it closes.
  const int64_t free = options_.free_bytes(directory_);
  if (poisoned_.ok() && (free < 0 || free >= options_.free_bytes_min)) db_->Flush({}, families_);
  for (rocksdb::ColumnFamilyHandle* family : families_) db_->DestroyColumnFamilyHandle(family);
  db_->Close();
}

absl::StatusOr<std::unique_ptr<RocksEventStore>> RocksEventStore::Create(const std::string& directory,
                                                                         Options options) {
  std::error_code error;
  if (std::filesystem::exists(directory, error)) {
    if (!std::filesystem::is_directory(directory, error)) {
      return absl::FailedPreconditionError(absl::StrCat(directory, " is not a directory"));
    }
    if (!std::filesystem::is_empty(directory, error)) {
      return absl::FailedPreconditionError(
          absl::StrCat(directory, " is not empty; a new ledger needs a directory of its own"));
    }
  } else if (!std::filesystem::create_directories(directory, error)) {
    return absl::FailedPreconditionError(absl::StrCat(directory, ": ", error.message()));
  }
  std::unique_ptr<RocksEventStore> store(new RocksEventStore(directory, std::move(options)));
  // The acknowledged head comes first: a directory with a database but without it is never a store of ours.
  absl::StatusOr<std::unique_ptr<AcknowledgedHead>> acknowledged =
      AcknowledgedHead::Create(directory + "/acknowledged_head");
  if (!acknowledged.ok()) return acknowledged.status();
  store->acknowledged_ = *std::move(acknowledged);
  if (absl::Status status = store->OpenDatabase(true); !status.ok()) return status;
  rocksdb::WriteOptions sync;
  sync.sync = true;
  rocksdb::WriteBatch batch;
  batch.Put(store->families_[kHead], kFormatKey, SequenceKey(kFormatVersion));
  batch.Put(store->families_[kHead], kHeadKey, EncodeHead(Head{}));
  if (const rocksdb::Status status = store->db_->Write(sync, &batch); !status.ok()) {
    return ToAbslStatus(status, directory);
  }
  return store;
}

absl::StatusOr<std::unique_ptr<RocksEventStore>> RocksEventStore::Open(const std::string& directory, Options options) {
  std::error_code error;
  if (!std::filesystem::is_directory(directory, error)) {
    return absl::NotFoundError(absl::StrCat(directory, ": no such directory"));
  }
  std::unique_ptr<RocksEventStore> store(new RocksEventStore(directory, std::move(options)));
  if (!std::filesystem::is_directory(directory + "/events", error)) {
    return absl::NotFoundError(absl::StrCat(directory, " holds no ledger (there is no events/ in it)"));
  }
  if (absl::Status status = store->CheckRoomToOpen(); !status.ok()) return status;
  // The database first: it is what keeps a second process out.
  if (absl::Status status = store->OpenDatabase(false); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<AcknowledgedHead>> acknowledged =
      AcknowledgedHead::Open(directory + "/acknowledged_head");
  if (!acknowledged.ok()) {
    return absl::DataLossError(absl::StrCat("without the acknowledged head nobody can say whether events were lost: ",
                                            std::string(acknowledged.status().message())));
  }
  store->acknowledged_ = *std::move(acknowledged);
  if (absl::Status status = store->LoadHead(); !status.ok()) return status;
  return store;
}

absl::Status RocksEventStore::CheckRoomToOpen() const {
  // RocksDB moves its log into tables when it opens. Where the disk is full meanwhile, the packaged one does not fail
  // but ends the process by an assertion.
  int64_t needed = kOpenBytes;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/events", error)) {
    if (entry.path().extension() != ".log") continue;
    if (const auto size = entry.file_size(error); !error) needed += static_cast<int64_t>(size);
  }
  const int64_t free = options_.free_bytes(directory_);
  if (free < 0 || free >= needed) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(directory_, ": ", free, " bytes are free; opening the ledger needs ", needed));
}

absl::Status RocksEventStore::OpenDatabase(bool create) {
  std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
  for (int i = 0; i < kFamilyCount; ++i) {
    descriptors.emplace_back(kFamilyNames[i], FamilyOptions(static_cast<Family>(i)));
  }
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::Open(DatabaseOptions(create), directory_ + "/events", descriptors, &families_, &db);
  if (!status.ok()) {
    if (status.ToString().find("lock") != std::string::npos) {
      return absl::FailedPreconditionError(absl::StrCat(directory_, " is locked: another process has the ledger open"));
    }
    if (status.ToString().find("Read-only file system") != std::string::npos ||
        status.ToString().find("Permission denied") != std::string::npos) {
      return absl::FailedPreconditionError(absl::StrCat(directory_, " cannot be written: ", status.ToString()));
    }
    return ToAbslStatus(status, directory_);
  }
  db_.reset(db);
  return absl::OkStatus();
}

absl::Status RocksEventStore::LoadHead() {
  std::string bytes;
  if (const rocksdb::Status status = db_->Get({}, families_[kHead], kFormatKey, &bytes); !status.ok()) {
    return absl::DataLossError(absl::StrCat(directory_, ": the format version cannot be read: ", status.ToString()));
  }
  if (const int64_t version = bytes.size() == 8 ? ReadBigEndian64(bytes.data()) : -1; version != kFormatVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory_, " has format version ", version, "; this program reads version ", kFormatVersion));
  }
  if (const rocksdb::Status status = db_->Get({}, families_[kHead], kHeadKey, &bytes); !status.ok()) {
    return absl::DataLossError(absl::StrCat(directory_, ": the head cannot be read: ", status.ToString()));
  }
  const absl::StatusOr<Head> stored = DecodeHead(bytes);
  if (!stored.ok()) return stored.status();
  head_ = *stored;

  const Head& promised = acknowledged_->head();
  if (head_.tree_size < promised.tree_size) {
    return absl::DataLossError(absl::StrCat(directory_, ": the database recovered ", head_.tree_size, " events, but ",
                                            promised.tree_size,
                                            " were acknowledged. Acknowledged events are lost. Do not serve or append; "
                                            "keep this directory as it is and restore the",
                                            " events from a copy, or from those who hold receipts"));
  }
  const auto read = [this](int level, int64_t index) { return ReadNode(level, index); };
  const absl::StatusOr<merkle::Hash> promised_root = merkle::RootAt(promised.tree_size, read);
  if (!promised_root.ok()) return promised_root.status();
  if (*promised_root != promised.root) {
    return absl::DataLossError(absl::StrCat(directory_,
                                            ": the database has another history: its root at the acknowledged size ",
                                            promised.tree_size, " is not the acknowledged root"));
  }
  // The frontier is the complete subtrees of [0, tree_size), largest first.
  std::vector<merkle::Hash> roots;
  int64_t begin = 0;
  for (int level = 62; level >= 0; --level) {
    if ((head_.tree_size >> level & 1) == 0) continue;
    const absl::StatusOr<merkle::Hash> root = ReadNode(level, begin >> level);
    if (!root.ok()) return root.status();
    roots.push_back(*root);
    begin += int64_t{1} << level;
  }
  frontier_ = merkle::Frontier(head_.tree_size, std::move(roots));
  if (frontier_.root() != head_.root) {
    return absl::DataLossError(
        absl::StrCat(directory_, ": the Merkle nodes do not lead to the root of the head at size ", head_.tree_size));
  }
  return absl::OkStatus();
}

absl::Status RocksEventStore::CheckRoom(int64_t bytes) const {
  const int64_t free = options_.free_bytes(directory_);
  // An append is written to the log, then to a table, then compacted: three copies at the worst moment.
  if (free < 0 || free >= options_.free_bytes_min + 3 * bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(directory_, ": ", free, " bytes are free; an append of ", bytes,
                                                   " bytes needs ", options_.free_bytes_min, " to be left"));
}

absl::StatusOr<Head> RocksEventStore::Append(int64_t first_sequence, const std::vector<NewRecord>& records) {
  if (!poisoned_.ok()) return poisoned_;
  if (absl::Status status = CheckAppend(frontier_.size(), first_sequence, records); !status.ok()) return status;
  for (const NewRecord& record : records) {
    const absl::StatusOr<std::optional<SubmissionEntry>> found = FindSubmission(record.submission_id);
    if (!found.ok()) return found.status();
    if (found->has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("a submission id is stored already, at sequence ", (*found)->sequence));
    }
  }
  merkle::Frontier frontier = frontier_;
  rocksdb::WriteBatch batch;
  for (const NewRecord& record : records) {
    const std::string sequence = SequenceKey(frontier.size());
    batch.Put(families_[kRecords], sequence, rocksdb::Slice(record.record.data(), record.record.size()));
    const rocksdb::Slice id(reinterpret_cast<const char*>(record.submission_id.data()), record.submission_id.size());
    batch.Put(families_[kSubmissions], id, absl::StrCat(sequence, HashSlice(record.submission_digest).ToString()));
    frontier.Append(merkle::LeafHash(record.record), [&](const merkle::Node& node) {
      batch.Put(families_[kNodes], NodeKey(node.level, node.index), HashSlice(node.hash));
    });
  }
  const Head head{frontier.size(), frontier.root()};
  batch.Put(families_[kHead], kHeadKey, EncodeHead(head));
  if (absl::Status status = CheckRoom(static_cast<int64_t>(batch.GetDataSize())); !status.ok()) return status;

  rocksdb::WriteOptions sync;
  sync.sync = true;
  absl::Status written = ToAbslStatus(db_->Write(sync, &batch), directory_);
  if (written.ok()) written = acknowledged_->Store(head);
  if (!written.ok()) {
    poisoned_ = absl::UnavailableError(absl::StrCat("whether the append at sequence ", first_sequence,
                                                    " is on the disk is not known: ", std::string(written.message())));
    return poisoned_;
  }
  frontier_ = std::move(frontier);
  std::unique_lock lock(head_mutex_);
  head_ = head;
  return head;
}

Head RocksEventStore::head() const {
  std::shared_lock lock(head_mutex_);
  return head_;
}

absl::StatusOr<std::string> RocksEventStore::Read(int64_t sequence) const {
  if (const int64_t size = head().tree_size; sequence < 0 || sequence >= size) return OutsideLog(sequence, size);
  std::string record;
  if (const rocksdb::Status status = db_->Get({}, families_[kRecords], SequenceKey(sequence), &record); !status.ok()) {
    return absl::DataLossError(absl::StrCat("record ", sequence, ": ", status.ToString()));
  }
  const absl::StatusOr<merkle::Hash> leaf = ReadNode(0, sequence);
  if (!leaf.ok()) return leaf.status();
  if (merkle::LeafHash(record) != *leaf) {
    return absl::DataLossError(absl::StrCat("record ", sequence, " does not match its leaf hash"));
  }
  return record;
}

absl::Status RocksEventStore::Scan(int64_t first_sequence, int64_t end_sequence, const Visitor& visit) const {
  if (absl::Status status = CheckScan(head().tree_size, first_sequence, end_sequence); !status.ok()) return status;
  const std::unique_ptr<rocksdb::Iterator> records(db_->NewIterator(ScanOptions(), families_[kRecords]));
  const std::unique_ptr<rocksdb::Iterator> leaves(db_->NewIterator(ScanOptions(), families_[kNodes]));
  records->Seek(SequenceKey(first_sequence));
  leaves->Seek(NodeKey(0, first_sequence));
  for (int64_t sequence = first_sequence; sequence < end_sequence; ++sequence) {
    if (!records->Valid() || records->key() != SequenceKey(sequence)) {
      return absl::DataLossError(absl::StrCat("record ", sequence, " cannot be read: ", records->status().ToString()));
    }
    if (!leaves->Valid() || leaves->key() != NodeKey(0, sequence)) {
      return absl::DataLossError(
          absl::StrCat("leaf hash ", sequence, " cannot be read: ", leaves->status().ToString()));
    }
    const std::string_view record(records->value().data(), records->value().size());
    const merkle::Hash leaf_hash = merkle::LeafHash(record);
    if (leaves->value() != HashSlice(leaf_hash)) {
      return absl::DataLossError(absl::StrCat("record ", sequence, " does not match its leaf hash"));
    }
    if (absl::Status status = visit(sequence, record, leaf_hash); !status.ok()) return status;
    records->Next();
    leaves->Next();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<SubmissionEntry>> RocksEventStore::FindSubmission(const SubmissionId& id) const {
  std::string value;
  const rocksdb::Slice key(reinterpret_cast<const char*>(id.data()), id.size());
  const rocksdb::Status status = db_->Get({}, families_[kSubmissions], key, &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return ToAbslStatus(status, "submission id");
  if (value.size() != 8 + merkle::kHashBytes) {
    return absl::DataLossError(absl::StrCat("a submission id's entry has ", value.size(), " bytes, not 40"));
  }
  SubmissionEntry entry;
  entry.sequence = ReadBigEndian64(value.data());
  std::memcpy(entry.submission_digest.data(), value.data() + 8, merkle::kHashBytes);
  // Written, but its append is not complete: the head does not reach it yet, or nobody knows whether it ever will.
  if (entry.sequence >= head().tree_size) return std::nullopt;
  return entry;
}

absl::StatusOr<merkle::Hash> RocksEventStore::ReadNode(int level, int64_t index) const {
  const int64_t size = head().tree_size;
  if (level < 0 || level > 62 || index < 0 || index >= size >> level) return IncompleteSubtree(level, index, size);
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db_->Get({}, families_[kNodes], NodeKey(level, index), &value);
  merkle::Hash hash;
  if (!status.ok() || !ToHash(value, hash)) {
    return absl::DataLossError(
        absl::StrCat("Merkle node at level ", level, ", index ", index, ": ", status.ToString()));
  }
  return hash;
}

}  // namespace hattama::storage
