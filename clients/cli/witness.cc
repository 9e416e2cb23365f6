#include "clients/cli/witness.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"
#include "storage/merkle/hex.h"
#include "storage/merkle/sha256.h"

namespace hattama::cli {
namespace {

constexpr size_t kStateFileBytesMax = merkle::kNoteBytesMax;
constexpr absl::Duration kQuietAfterReport = absl::Minutes(1);

std::string HexOfOrigin(const std::string& origin) { return merkle::HexOf(merkle::Sha256(origin)); }

merkle::WitnessAnswer InternalError(std::string_view what) {
  merkle::WitnessAnswer answer;
  answer.http_status = 500;
  answer.content_type = std::string(merkle::kTextContentType);
  answer.body = absl::StrCat(std::string(what), "\n");
  return answer;
}

// Makes the directory this key's memory, or finds that it is.
absl::Status Claim(const std::string& directory, const merkle::NoteKey& key) {
  const std::string path = directory + "/witness.vkey";
  const std::string vkey = merkle::FormatVerifierKey(key);
  const absl::StatusOr<std::string> found = storage::ReadSmallFile(path, kStateFileBytesMax);
  if (absl::IsNotFound(found.status())) return storage::CreateFile(path, vkey + "\n");
  if (!found.ok()) return found.status();
  const std::string owner(absl::StripAsciiWhitespace(*found));
  if (owner == vkey) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": this is the memory of the witness ", owner, ", not of ", vkey,
                   "; each witness remembers for itself, so give each a directory of its own"));
}

}  // namespace

Witness::Witness(storage::FileLock lock, merkle::NamedSigningKey key, merkle::NoteKey note_key,
                 std::vector<merkle::NoteKey> log_keys, std::function<absl::Time()> now,
                 std::function<void(const std::string&)> say)
    : lock_(std::move(lock)),
      key_(std::move(key)),
      note_key_(std::move(note_key)),
      log_keys_(std::move(log_keys)),
      now_(std::move(now)),
      say_(std::move(say)) {}

absl::StatusOr<std::unique_ptr<Witness>> Witness::Open(const std::string& state_directory, merkle::NamedSigningKey key,
                                                       std::vector<merkle::NoteKey> log_keys,
                                                       std::function<absl::Time()> now,
                                                       std::function<void(const std::string&)> say) {
  const absl::StatusOr<merkle::NoteKey> note_key =
      merkle::MakeNoteKey(key.name, merkle::kNoteCosignature, key.key.public_key());
  if (!note_key.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the witness's key: ", note_key.status().message(),
                                                   "; hattama keygen NAME --witness makes one with a name"));
  }
  for (const merkle::NoteKey& log : log_keys) {
    if (log.type != merkle::kNoteEd25519) {
      return absl::InvalidArgumentError(absl::StrCat(merkle::FormatVerifierKey(log), ": is no log's key"));
    }
    if (log.public_key == note_key->public_key) {
      return absl::InvalidArgumentError(absl::StrCat("the log ", log.name, " has the witness's own key"));
    }
  }
  if (absl::Status made = storage::MakeFolders(state_directory); !made.ok()) return made;
  absl::StatusOr<storage::FileLock> lock = storage::FileLock::Take(state_directory + "/lock");
  if (!lock.ok()) return lock.status();
  if (absl::Status claimed = Claim(state_directory, *note_key); !claimed.ok()) return claimed;
  std::unique_ptr<Witness> witness(
      new Witness(*std::move(lock), std::move(key), *note_key, std::move(log_keys), std::move(now), std::move(say)));
  for (const merkle::NoteKey& log : witness->log_keys_) {
    if (absl::Status recalled = witness->Recall(log.name, state_directory); !recalled.ok()) return recalled;
  }
  return witness;
}

absl::Status Witness::Recall(const std::string& origin, const std::string& state_directory) {
  if (by_origin_.contains(origin)) return absl::OkStatus();
  const std::string hex = HexOfOrigin(origin);
  auto memory = std::make_unique<Memory>();
  memory->path = absl::StrCat(state_directory, "/", hex);
  const std::string path = memory->path + ".checkpoint";
  absl::StatusOr<std::string> note = storage::ReadSmallFile(path, kStateFileBytesMax);
  if (note.ok()) {
    const absl::StatusOr<merkle::SignedCheckpoint> last = merkle::ParseSignedCheckpoint(*note);
    absl::Status fault = last.status();
    if (fault.ok()) fault = merkle::VerifyNote(last->note, std::span(&note_key_, 1)).status();
    if (fault.ok() && last->checkpoint.origin != origin) {
      fault = absl::InvalidArgumentError(absl::StrCat("it is of the log ", last->checkpoint.origin));
    }
    if (!fault.ok()) {
      return absl::DataLossError(absl::StrCat(
          path, ": the checkpoint of ", origin, " that was cosigned last does not verify: ", fault.message(),
          "; a witness that forgot could cosign a second history, so it does not start"));
    }
    const std::lock_guard hold(memory->mutex);
    memory->state = merkle::WitnessState{last->checkpoint.tree_size, last->checkpoint.root};
    memory->note = *std::move(note);
  } else if (!absl::IsNotFound(note.status())) {
    return note.status();
  }
  by_hex_.emplace(hex, memory.get());
  by_origin_.emplace(origin, std::move(memory));
  return absl::OkStatus();
}

merkle::WitnessAnswer Witness::AddCheckpoint(std::string_view body) {
  const absl::StatusOr<merkle::AddCheckpointRequest> request = merkle::ParseAddCheckpoint(body);
  if (!request.ok()) return merkle::BadRequest(request.status());
  const merkle::Checkpoint& checkpoint = request->checkpoint;
  const auto found = by_origin_.find(checkpoint.origin);
  std::optional<merkle::WitnessState> known;
  std::string known_note;
  if (found != by_origin_.end()) {
    const std::lock_guard hold(found->second->mutex);
    known = found->second->state;
    known_note = found->second->note;
  }
  // Signatures are checked and made without the lock; the comparison in Store makes up for it.
  merkle::WitnessAnswer answer =
      merkle::DecideAddCheckpoint(*request, log_keys_, known, key_, absl::ToUnixSeconds(now_()));
  if (found == by_origin_.end()) return answer;
  Memory& memory = *found->second;
  if (answer.http_status == 422) {
    Report(memory, known.value_or(merkle::WitnessState{}), known_note, *request,
           std::string(absl::StripAsciiWhitespace(answer.body)));
  }
  if (!answer.store.has_value()) return answer;
  const absl::Status stored = Store(memory, known, answer);
  if (absl::IsAborted(stored)) {
    const std::lock_guard hold(memory.mutex);
    return merkle::SizeConflict(memory.state.value_or(merkle::WitnessState{}).tree_size);
  }
  if (!stored.ok()) {
    say_(absl::StrCat("not cosigned: ", stored.message()));
    return InternalError("the witness could not store the checkpoint, so it did not cosign it");
  }
  return answer;
}

absl::Status Witness::Store(Memory& memory, const std::optional<merkle::WitnessState>& expected,
                            const merkle::WitnessAnswer& answer) {
  const std::lock_guard hold(memory.mutex);
  if (memory.state != expected) return absl::AbortedError("another checkpoint was cosigned meanwhile");
  // Where this fails, the disk may hold the old note or the new one. Nobody has seen the new cosignature, so either is
  // a true memory.
  if (absl::Status written = storage::ReplaceFile(memory.path + ".checkpoint", answer.cosigned_note); !written.ok()) {
    return written;
  }
  memory.state = answer.store;
  memory.note = answer.cosigned_note;
  return absl::OkStatus();
}

void Witness::Report(Memory& memory, const merkle::WitnessState& known, const std::string& known_note,
                     const merkle::AddCheckpointRequest& request, std::string_view why) {
  const merkle::Checkpoint& shown = request.checkpoint;
  const bool fork = known.tree_size == shown.tree_size && known.root != shown.root && !known_note.empty();
  const bool news = fork && KeepFork(memory, known_note, request.note);
  {
    // Whoever has a checkpoint of the log can send it with a wrong proof, as often as he likes.
    const std::lock_guard hold(memory.mutex);
    const absl::Time now = now_();
    if (now < memory.quiet_until && !news) return;
    memory.quiet_until = now + kQuietAfterReport;
  }
  if (fork) {
    say_(absl::StrCat("ALARM ", shown.origin, ": the log signed two roots of size ", shown.tree_size));
  } else {
    say_(absl::StrCat("refused ", shown.origin, ": size ", shown.tree_size, " was not shown to extend size ",
                      known.tree_size, " (a wrong proof, or another history): ", std::string(why)));
  }
}

bool Witness::KeepFork(const Memory& memory, const std::string& cosigned, const merkle::Note& presented) {
  const std::pair<const char*, std::string> notes[] = {{".fork-cosigned.checkpoint", cosigned},
                                                       {".fork-presented.checkpoint", merkle::FormatNote(presented)}};
  bool news = false;
  for (const auto& [ending, note] : notes) {
    // The first pair is proof enough, and a log cannot fill the disk with more.
    const absl::Status kept = storage::CreateFile(memory.path + ending, note);
    if (absl::IsAlreadyExists(kept)) continue;
    news = true;
    say_(kept.ok() ? absl::StrCat("kept as evidence: ", memory.path, ending) : std::string(kept.message()));
  }
  return news;
}

std::optional<std::string> Witness::LastCheckpoint(std::string_view origin_hex) {
  const auto found = by_hex_.find(origin_hex);
  if (found == by_hex_.end()) return std::nullopt;
  const std::lock_guard hold(found->second->mutex);
  if (!found->second->state.has_value()) return std::nullopt;
  return found->second->note;
}

}  // namespace hattama::cli
