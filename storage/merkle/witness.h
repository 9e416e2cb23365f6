// The logic of witnesses (c2sp.org/tlog-witness), both sides, without network and without store. A witness cosigns a
// checkpoint only where it is consistent with the last one it cosigned for that origin.
//
//   request  = "old " decimal size "\n" *63(base64(hash) "\n") "\n" checkpoint note
//   answer   = 200: one or more signature lines
//              409: decimal size "\n", as text/x.tlog.size
//
// The witness in three steps: ParseAddCheckpoint; DecideAddCheckpoint with the state of request.checkpoint.origin; and
// where the decision has a state to store, storing it before the answer leaves, in one step that fails where the stored
// state is no longer the one that was given. Without that step a slow request could roll the witness back.
#ifndef HATTAMA_STORAGE_MERKLE_WITNESS_H_
#define HATTAMA_STORAGE_MERKLE_WITNESS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/sha256.h"
#include "storage/merkle/signed_note.h"

namespace hattama::merkle {

inline constexpr std::string_view kAddCheckpointPath = "/add-checkpoint";
inline constexpr std::string_view kTextContentType = "text/plain; charset=utf-8";
inline constexpr std::string_view kTlogSizeContentType = "text/x.tlog.size";
inline constexpr size_t kConsistencyHashCountMax = 63;

struct AddCheckpointRequest {
  int64_t old_size = 0;     // What the witness cosigned last for this origin, as far as the log knows; 0 for nothing.
  std::vector<Hash> proof;  // From old_size to the checkpoint; empty where old_size is 0.
  Note note;
  Checkpoint checkpoint;  // As in note.text.
};

// InvalidArgument for what is malformed: the witness answers BadRequest(status).
absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body);

// The body of a request. InvalidArgument where the note is no checkpoint or there are more than 63 hashes.
absl::StatusOr<std::string> FormatAddCheckpoint(int64_t old_size, std::span<const Hash> proof,
                                                std::string_view checkpoint_note);

// What a witness remembers of an origin: the last checkpoint it cosigned.
struct WitnessState {
  int64_t tree_size = 0;
  Hash root = EmptyRoot();

  friend bool operator==(const WitnessState&, const WitnessState&) = default;
};

struct WitnessAnswer {
  int http_status = 0;  // 200, 400, 403, 404, 409 or 422; 500 where the witness's own name or time cannot cosign.
  std::string content_type;
  std::string body;
  // With 200: what to store for the origin in the place of what was given, before the answer is sent.
  std::optional<WitnessState> store;
  // With 200: the note with the log's verified signatures and ours, as a monitor may read it.
  std::string cosigned_note;
};

// The answer 400 to a body that does not parse.
WitnessAnswer BadRequest(const absl::Status& status);

// The answer 409 to a request whose old size is not what is stored; also for a caller whose compare-and-store failed.
WitnessAnswer SizeConflict(int64_t stored_size);

// Decides, in this order: 404 for an origin that none of `log_keys` is named after; 403 where no such key signed, or a
// signature that names one is not good; 400 where old_size exceeds the checkpoint; 409 where old_size is not the stored
// size (0 for nothing stored); 422 where the proof does not lead from the stored root to the checkpoint's, which
// includes an unneeded proof and one size with two roots (v1.0.0 answered 409 to the last). Else 200, cosigned by
// `witness` as of `time_seconds`. `stored` is the state of request.checkpoint.origin, or nothing.
WitnessAnswer DecideAddCheckpoint(const AddCheckpointRequest& request, std::span<const NoteKey> log_keys,
                                  const std::optional<WitnessState>& stored, const NamedSigningKey& witness,
                                  int64_t time_seconds);

// What a log learns from an answer.
enum class WitnessOutcome {
  kCosigned,      // `cosignatures` are good.
  kResubmit,      // The witness is at `witness_size`: prove consistency from there.
  kWitnessAhead,  // The witness has seen a larger checkpoint than this one. The log was rolled back, or somebody else
                  // publishes it: never submit again without finding out.
  kInconsistent,  // An alarm: the witness holds another history of this log, or the proof sent was wrong.
  kUnknownLog,    // 404 or 403: the witness does not know this origin or this key.
  kRefused,       // Anything else; `detail` says what. Trying later may help.
};

struct WitnessReply {
  WitnessOutcome outcome = WitnessOutcome::kRefused;
  int64_t witness_size = 0;                 // With kResubmit and kWitnessAhead.
  std::vector<NoteSignature> cosignatures;  // With kCosigned: verified, by `witness_keys`, at least one.
  std::string detail;                       // For a person; empty with kCosigned.
};

// Reads the answer to a request for `note` (whose text is a checkpoint of `tree_size`) that named `old_size`.
// Cosignatures of other keys are ignored.
WitnessReply ReadAddCheckpointAnswer(int http_status, std::string_view content_type, std::string_view body,
                                     const AddCheckpointRequest& request, std::span<const NoteKey> witness_keys);

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_WITNESS_H_
