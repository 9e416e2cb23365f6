#include "storage/publication/publication.h"

#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/verify.h"
#include "storage/publication/growing_nodes.h"

namespace hattama::storage {
namespace {

namespace fs = std::filesystem;

constexpr char kCheckpoint[] = "checkpoint";
constexpr char kTiles[] = "tile";
constexpr char kDescription[] = "hattama";
constexpr char kFormat[] = "hattama/format.json";
constexpr char kDescriptorSet[] = "hattama/descriptor-set.binpb";
constexpr char kLock[] = ".lock";
constexpr char kPartialFolder[] = ".p";

// The largest file of a folder: a bundle of 256 records with their lengths.
constexpr size_t kFileBytesMax = merkle::kTileWidth * (merkle::kBundleEntryBytesMax + 2);

std::string In(const std::string& folder, std::string_view name) {
  return absl::StrCat(folder, "/", std::string(name));
}

absl::Status About(const std::string& what, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(what, ": ", status.message()));
}

absl::Status FolderError(const std::string& folder, const std::error_code& error) {
  return absl::UnknownError(absl::StrCat(folder, ": ", error.message()));
}

// A text of JSON. Names of keys hold no control characters, so two escapes are all there is.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted.push_back('\\');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

// Whether a tree of `tree_size` has this tile or bundle whole.
bool IsFull(const merkle::TileAddress& address, int64_t tree_size) {
  int64_t count = tree_size;
  for (int level = 0; level <= address.level && count > 0; ++level) count /= merkle::kTileWidth;
  if (address.level == merkle::kEntriesLevel) count /= merkle::kTileWidth;
  return address.index < count;
}

}  // namespace

Publication::Publication(std::string folder, merkle::NoteKey log_key, std::string descriptor_set, FileLock lock)
    : folder_(std::move(folder)),
      log_key_(std::move(log_key)),
      descriptor_set_(std::move(descriptor_set)),
      lock_(std::move(lock)) {
  published_.origin = log_key_.name;
}

absl::StatusOr<std::unique_ptr<Publication>> Publication::Open(std::string folder, merkle::NoteKey log_key,
                                                               std::string descriptor_set) {
  if (absl::Status made = MakeFolders(folder); !made.ok()) return made;
  absl::StatusOr<FileLock> lock = FileLock::Take(In(folder, kLock));
  if (!lock.ok()) {
    if (lock.status().code() != absl::StatusCode::kFailedPrecondition) return lock.status();
    return absl::FailedPreconditionError(absl::StrCat(folder, ": another process publishes to this folder"));
  }
  std::unique_ptr<Publication> publication(
      new Publication(std::move(folder), std::move(log_key), std::move(descriptor_set), *std::move(lock)));
  if (absl::Status read = publication->ReadFolder(); !read.ok()) return read;
  return publication;
}

absl::Status Publication::ReadFolder() {
  const absl::StatusOr<std::string> note = ReadSmallFile(In(folder_, kCheckpoint), merkle::kNoteBytesMax);
  if (!note.ok() && note.status().code() != absl::StatusCode::kNotFound) return note.status();
  if (note.ok()) {
    absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::OpenCheckpoint(*note, std::span(&log_key_, 1));
    if (!checkpoint.ok()) {
      return absl::DataLossError(absl::StrCat(In(folder_, kCheckpoint), ": not a checkpoint of ", log_key_.name, ": ",
                                              checkpoint.status().message()));
    }
    published_ = *std::move(checkpoint);
    published_note_ = *note;
  }
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    const bool ours = name == kCheckpoint || name == kTiles || name == kDescription || name == kLock ||
                      std::string_view(name).ends_with(kDraftEnding);
    // Nothing is written beside what somebody else keeps here, unless it was so when we published.
    if (!ours && !note.ok()) {
      return absl::FailedPreconditionError(
          absl::StrCat(folder_, ": holds ", name, " and no checkpoint; publish to an empty folder"));
    }
  }
  if (error) return FolderError(folder_, error);

  std::vector<std::string> drafts;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder_, error)) {
    const std::string path = entry.path().string();
    if (std::string_view(path).ends_with(kDraftEnding) && entry.is_regular_file()) drafts.push_back(path);
    if (entry.path().extension() != kPartialFolder) continue;
    const std::string full = path.substr(0, path.size() - (sizeof kPartialFolder - 1));
    const absl::StatusOr<merkle::TileAddress> address = merkle::ParseTilePath(full.substr(folder_.size() + 1));
    if (address.ok() && IsFull(*address, published_.tree_size)) superseded_.push_back(path);
  }
  if (error) return FolderError(folder_, error);
  for (const std::string& draft : drafts) fs::remove(draft, error);
  return absl::OkStatus();
}

absl::StatusOr<merkle::Checkpoint> Publication::CheckNext(std::string_view checkpoint_note) const {
  absl::StatusOr<merkle::Checkpoint> next = merkle::OpenCheckpoint(checkpoint_note, std::span(&log_key_, 1));
  if (!next.ok()) return next.status();
  if (next->tree_size < published_.tree_size) {
    return absl::FailedPreconditionError(absl::StrCat(folder_, ": tree_size ", published_.tree_size,
                                                      " is published, the checkpoint is of ", next->tree_size,
                                                      "; a published log never becomes shorter"));
  }
  if (next->tree_size == published_.tree_size && !published_note_.empty() && next->root != published_.root) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder_, ": at tree_size ", next->tree_size, " root ", merkle::EncodeHash(published_.root),
                     " is published, the checkpoint has ", merkle::EncodeHash(next->root), "; keep both as evidence"));
  }
  return next;
}

absl::Status Publication::CheckRoots(const merkle::Checkpoint& next, const merkle::NodeReader& read_node) const {
  const absl::StatusOr<merkle::Hash> root = merkle::RootAt(next.tree_size, read_node);
  if (!root.ok()) return root.status();
  if (*root != next.root) {
    return absl::DataLossError(absl::StrCat("the records below tree_size ", next.tree_size, " have root ",
                                            merkle::EncodeHash(*root), ", the checkpoint says ",
                                            merkle::EncodeHash(next.root)));
  }
  const int64_t first = published_.tree_size;
  const absl::StatusOr<std::vector<merkle::Hash>> proof = merkle::ConsistencyProof(first, next.tree_size, read_node);
  if (!proof.ok()) return proof.status();
  const absl::Status consistent = merkle::VerifyConsistency(first, next.tree_size, *proof, published_.root, next.root);
  if (consistent.ok()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(folder_, ": the log of tree_size ", next.tree_size,
                                          " does not begin with the published one of ", first, ": ",
                                          consistent.message()));
}

absl::Status Publication::Publish(std::string_view checkpoint_note, const merkle::NodeReader& read_node,
                                  const merkle::RecordReader& read_record) {
  absl::StatusOr<merkle::Checkpoint> next = CheckNext(checkpoint_note);
  if (!next.ok()) return next.status();
  if (checkpoint_note == published_note_) return absl::OkStatus();

  if (absl::Status status = PutDescription(); !status.ok()) return status;
  const absl::Status written =
      merkle::WriteTiles(published_.tree_size, next->tree_size, read_node, read_record,
                         [this](const std::string& path, const std::string& bytes) { return Put(path, bytes); });
  if (!written.ok()) return written;
  if (absl::Status status = CheckRoots(*next, read_node); !status.ok()) return status;
  if (absl::Status status = SyncFolders(); !status.ok()) return status;
  // From here on the new size is published.
  if (absl::Status status = ReplaceFile(In(folder_, kCheckpoint), checkpoint_note); !status.ok()) return status;
  RemoveSuperseded();
  for (const merkle::TileAddress& address : merkle::TilesBetween(published_.tree_size, next->tree_size)) {
    if (address.width != merkle::kTileWidth) continue;
    superseded_.push_back(absl::StrCat(In(folder_, merkle::PathOf(address)), kPartialFolder));
  }
  published_ = *std::move(next);
  published_note_ = std::string(checkpoint_note);
  return absl::OkStatus();
}

absl::Status Publication::PublishRecords(std::string_view checkpoint_note, const merkle::RecordReader& read_record) {
  GrowingNodes nodes(published_.tree_size, merkle::NodesFromTiles(published_.tree_size, TilesInFolder(folder_)));
  // A bundle's records are all read before their hashes are asked for, so a hash is there when it is compared.
  return Publish(
      checkpoint_note, [&nodes](int level, int64_t index) { return nodes.Read(level, index); },
      [&](int64_t index) -> absl::StatusOr<std::string> {
        absl::StatusOr<std::string> record = read_record(index);
        if (!record.ok() || index < nodes.size()) return record;
        if (absl::Status appended = nodes.Append(merkle::LeafHash(*record)); !appended.ok()) return appended;
        return record;
      });
}

absl::Status Publication::PutDescription() {
  const std::string format =
      absl::StrCat("{\n  \"format_version\": 1,\n  \"origin\": ", Quoted(log_key_.name),
                   ",\n  \"verifier_key\": ", Quoted(merkle::FormatVerifierKey(log_key_)), "\n}\n");
  for (const auto& [path, bytes] : {std::pair<const char*, const std::string&>(kFormat, format),
                                    std::pair<const char*, const std::string&>(kDescriptorSet, descriptor_set_)}) {
    const absl::StatusOr<std::string> there = ReadSmallFile(In(folder_, path), kFileBytesMax);
    if (there.ok() && *there == bytes) continue;
    if (absl::Status status = Put(path, bytes); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Publication::Put(const std::string& path, std::string_view bytes) {
  const fs::path full = In(folder_, path);
  const std::string folder = full.parent_path().string();
  if (!known_folders_.contains(folder)) {
    if (absl::Status made = MakeFolders(folder); !made.ok()) return made;
    // A folder that was made is a name in the one above.
    for (fs::path above = fs::path(path).parent_path(); !above.empty(); above = above.parent_path()) {
      unsynced_folders_.insert(In(folder_, above.string()));
    }
    unsynced_folders_.insert(folder_);
    known_folders_.insert(folder);
  }
  unsynced_folders_.insert(folder);
  return PlaceFile(full.string(), bytes);
}

absl::Status Publication::SyncFolders() {
  for (const std::string& folder : unsynced_folders_) {
    if (absl::Status synced = SyncFolder(folder); !synced.ok()) return synced;
  }
  unsynced_folders_.clear();
  return absl::OkStatus();
}

// Nobody misses what stays, so that this fails is nobody's failure.
void Publication::RemoveSuperseded() {
  std::error_code ignored;
  for (const std::string& folder : superseded_) {
    fs::remove_all(folder, ignored);
    known_folders_.erase(folder);
  }
  superseded_.clear();
}

merkle::TileFetcher TilesInFolder(std::string folder) {
  return [folder = std::move(folder)](const merkle::TileAddress& address) -> absl::StatusOr<std::string> {
    absl::StatusOr<std::string> bytes = ReadSmallFile(In(folder, merkle::PathOf(address)), kFileBytesMax);
    if (bytes.status().code() != absl::StatusCode::kNotFound || address.width == merkle::kTileWidth) return bytes;
    merkle::TileAddress full = address;
    full.width = merkle::kTileWidth;
    const absl::StatusOr<std::string> whole = ReadSmallFile(In(folder, merkle::PathOf(full)), kFileBytesMax);
    if (!whole.ok()) return bytes;
    if (address.level != merkle::kEntriesLevel) return whole->substr(0, address.width * merkle::kHashBytes);
    absl::StatusOr<std::vector<std::string>> records = merkle::DecodeEntryBundle(*whole, merkle::kTileWidth);
    if (!records.ok()) return About(merkle::PathOf(full), records.status());
    records->resize(address.width);
    return merkle::EncodeEntryBundle(*records);
  };
}

}  // namespace hattama::storage
