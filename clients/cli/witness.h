// A witness of logs: cosigns a checkpoint only where it extends the one cosigned before, and never forgets that one.
// The rules of the protocol are storage/merkle/witness.h, HTTP is witness_http.h; here is what is remembered, and how.
//
// The state directory holds, for each log, HEX.checkpoint: the note that was cosigned last (HEX is the SHA-256 of the
// origin). Its own cosignature is verified when it is read. `witness.vkey` says whose memory it is, `lock` is held by
// the one process that may use it. Where a log signs two roots of one size, both notes are kept beside it, as
// HEX.fork-cosigned.checkpoint and HEX.fork-presented.checkpoint: whoever holds both can show anybody what that log
// did.
#ifndef HATTAMA_CLIENTS_CLI_WITNESS_H_
#define HATTAMA_CLIENTS_CLI_WITNESS_H_

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "storage/files/small_file.h"
#include "storage/merkle/witness.h"

namespace hattama::cli {

// Thread-safe.
class Witness {
 public:
  // Opens the state directory, made where it is not there. `log_keys` are of type 0x01; several may bear one name.
  // `now` is called by several threads, `say` takes a line for the operator.
  // FailedPrecondition where another process has the directory or it is another key's memory, InvalidArgument where the
  // key has no name or a log's key cannot sign checkpoints, DataLoss where what is remembered does not verify.
  static absl::StatusOr<std::unique_ptr<Witness>> Open(const std::string& state_directory, merkle::NamedSigningKey key,
                                                       std::vector<merkle::NoteKey> log_keys,
                                                       std::function<absl::Time()> now,
                                                       std::function<void(const std::string&)> say);

  // The answer to add-checkpoint. With 200, what it says is on the disk.
  merkle::WitnessAnswer AddCheckpoint(std::string_view body);

  // The note cosigned last for the log whose origin has this SHA-256 in lower-case hex; nothing where there is none.
  std::optional<std::string> LastCheckpoint(std::string_view origin_hex);

  const merkle::NoteKey& note_key() const { return note_key_; }

 private:
  // What is remembered of one origin.
  struct Memory {
    std::string path;  // Without ending.
    std::mutex mutex;  // Guards what follows.
    std::optional<merkle::WitnessState> state;
    std::string note;
    absl::Time quiet_until = absl::InfinitePast();
  };

  Witness(storage::FileLock lock, merkle::NamedSigningKey key, merkle::NoteKey note_key,
          std::vector<merkle::NoteKey> log_keys, std::function<absl::Time()> now,
          std::function<void(const std::string&)> say);

  absl::Status Recall(const std::string& origin, const std::string& state_directory);
  // Compares and stores in one step. Aborted where the state moved since `expected` was read.
  absl::Status Store(Memory& memory, const std::optional<merkle::WitnessState>& expected,
                     const merkle::WitnessAnswer& answer);
  // Tells the operator of a checkpoint that does not follow what was cosigned, and keeps both notes where that is
  // proof.
  void Report(Memory& memory, const merkle::WitnessState& known, const std::string& known_note,
              const merkle::AddCheckpointRequest& request, std::string_view why);
  // True where this is the first one.
  bool KeepFork(const Memory& memory, const std::string& cosigned, const merkle::Note& presented);

  const storage::FileLock lock_;
  const merkle::NamedSigningKey key_;
  const merkle::NoteKey note_key_;
  const std::vector<merkle::NoteKey> log_keys_;
  const std::function<absl::Time()> now_;
  const std::function<void(const std::string&)> say_;
  std::map<std::string, std::unique_ptr<Memory>> by_origin_;  // Fixed once opened.
  std::map<std::string, Memory*, std::less<>> by_hex_;        // The same, by digest.
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_WITNESS_H_
