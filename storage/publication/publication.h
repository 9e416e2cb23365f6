// A log as a folder of static files (docs/format.md, section 1): written by a server or an auditor, read by everybody.
//
//   checkpoint                      replaced last
//   tile/L/N[.p/W]                  never changed
//   tile/entries/N[.p/W]            never changed
//   hattama/format.json, hattama/descriptor-set.binpb
//   .lock                           held by whoever publishes
#ifndef HATTAMA_STORAGE_PUBLICATION_PUBLICATION_H_
#define HATTAMA_STORAGE_PUBLICATION_PUBLICATION_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/files/small_file.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tiles.h"

namespace hattama::storage {

// Not thread-safe.
class Publication {
 public:
  // Opens the folder, which is made where it is not there, and takes its lock. `log_key` is of type 0x01 and named by
  // the origin; `descriptor_set` is published beside the log.
  //   FailedPrecondition  it holds something else than this log as published, or another process publishes to it.
  //   DataLoss            its checkpoint is not this log's: `message` says why.
  static absl::StatusOr<std::unique_ptr<Publication>> Open(std::string folder, merkle::NoteKey log_key,
                                                           std::string descriptor_set);

  // What is published: size 0 where nothing is.
  const merkle::Checkpoint& published() const { return published_; }

  // The first record that publishing more asks for: the beginning of the last bundle where that is not full.
  int64_t first_record() const { return published_.tree_size / merkle::kTileWidth * merkle::kTileWidth; }

  // Publishes the log at the size of `checkpoint_note`. Returns when all of it is on the disk. Records are asked for in
  // order, from first_record() on, each once.
  //   InvalidArgument, Unauthenticated  the note is malformed or not this log's.
  //   FailedPrecondition                the folder is ahead of the checkpoint, or has another root at its size.
  //   DataLoss                          records, hashes and checkpoint do not fit together; the checkpoint stays as it
  //   was.
  // A status of a reader or of the disk is passed on. After any failure the folder is whole at its checkpoint and the
  // call may be repeated.
  absl::Status Publish(std::string_view checkpoint_note, const merkle::NodeReader& read_node,
                       const merkle::RecordReader& read_record);

  // The same for a source that has only records, as a stream gives them: hashes are computed here, from the folder's
  // own and those of new records. Keeps some 64 bytes for each new record meanwhile.
  absl::Status PublishRecords(std::string_view checkpoint_note, const merkle::RecordReader& read_record);

 private:
  Publication(std::string folder, merkle::NoteKey log_key, std::string descriptor_set, FileLock lock);

  // Takes stock: whether the folder is one of ours, what it publishes, and what a crash left over.
  absl::Status ReadFolder();
  absl::StatusOr<merkle::Checkpoint> CheckNext(std::string_view checkpoint_note) const;
  absl::Status CheckRoots(const merkle::Checkpoint& next, const merkle::NodeReader& read_node) const;
  absl::Status PutDescription();
  // Puts a file on the disk, its name once SyncFolders returned.
  absl::Status Put(const std::string& path, std::string_view bytes);
  absl::Status SyncFolders();
  void RemoveSuperseded();

  const std::string folder_;
  const merkle::NoteKey log_key_;
  const std::string descriptor_set_;
  FileLock lock_;

  merkle::Checkpoint published_;
  std::string published_note_;
  // Folders of partial tiles whose full tile the published checkpoint covers, to be removed with the next one.
  std::vector<std::string> superseded_;
  absl::flat_hash_set<std::string> known_folders_;
  absl::flat_hash_set<std::string> unsynced_folders_;
};

// Reads tiles and bundles of a published folder. A partial one that is gone is cut off its full one.
merkle::TileFetcher TilesInFolder(std::string folder);

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_PUBLICATION_PUBLICATION_H_
