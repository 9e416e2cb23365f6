#include "storage/merkle/witness.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/cosignature.h"
#include "storage/merkle/decimal.h"
#include "storage/merkle/line_reader.h"
#include "storage/merkle/verify.h"

namespace hattama::merkle {
namespace {

constexpr std::string_view kOld = "old ";

absl::Status Malformed(const LineReader& reader, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", reader.number(), ": ", what));
}

WitnessAnswer Refusal(int http_status, std::string_view why) {
  WitnessAnswer answer;
  answer.http_status = http_status;
  answer.content_type = std::string(kTextContentType);
  answer.body = absl::StrCat(std::string(why), "\n");
  return answer;
}

bool SignedBy(const NoteSignature& signature, const NoteKey& key) {
  return signature.name == key.name && signature.key_id == key.key_id;
}

WitnessReply Reply(WitnessOutcome outcome, std::string detail, int64_t witness_size = 0) {
  WitnessReply reply;
  reply.outcome = outcome;
  reply.witness_size = witness_size;
  reply.detail = std::move(detail);
  return reply;
}

WitnessReply ReadCosignatures(std::string_view body, const AddCheckpointRequest& request,
                              std::span<const NoteKey> witness_keys) {
  absl::StatusOr<std::vector<NoteSignature>> lines = ParseSignatureLines(body);
  if (!lines.ok()) {
    return Reply(WitnessOutcome::kRefused, absl::StrCat("200 with a malformed body: ", lines.status().message()));
  }
  std::vector<NoteKey> keys;
  for (const NoteKey& key : witness_keys) {
    if (key.type == kNoteCosignature) keys.push_back(key);
  }
  const Note note{request.note.text, *std::move(lines)};
  if (const auto verified = VerifyNote(note, keys); !verified.ok()) {
    return Reply(WitnessOutcome::kRefused, absl::StrCat("200, but ", verified.status().message()));
  }
  WitnessReply reply;
  reply.outcome = WitnessOutcome::kCosigned;
  for (const NoteSignature& signature : note.signatures) {
    const bool known =
        std::any_of(keys.begin(), keys.end(), [&](const NoteKey& key) { return SignedBy(signature, key); });
    if (known) reply.cosignatures.push_back(signature);
  }
  return reply;
}

WitnessReply ReadConflict(std::string_view content_type, std::string_view body, const AddCheckpointRequest& request) {
  std::optional<int64_t> size;
  if (content_type == kTlogSizeContentType && body.ends_with('\n'))
    size = ParseDecimal(body.substr(0, body.size() - 1));
  const int64_t tree_size = request.checkpoint.tree_size;
  if (request.old_size == tree_size && (!size || *size == tree_size)) {
    return Reply(WitnessOutcome::kInconsistent,
                 absl::StrCat("the witness cosigned another root of size ", tree_size, " for this log"));
  }
  if (!size) {
    return Reply(WitnessOutcome::kRefused,
                 absl::StrCat("409 without a size as ", std::string(kTlogSizeContentType), ": ", Quoted(body)));
  }
  if (*size > tree_size) {
    return Reply(WitnessOutcome::kWitnessAhead,
                 absl::StrCat("the witness cosigned size ", *size, " of this log, whose checkpoint is of ", tree_size),
                 *size);
  }
  if (*size == request.old_size) {
    return Reply(WitnessOutcome::kRefused, absl::StrCat("409 at size ", *size, ", the very size that was named"));
  }
  return Reply(WitnessOutcome::kResubmit, absl::StrCat("the witness is at size ", *size, ", not ", request.old_size),
               *size);
}

}  // namespace

absl::StatusOr<AddCheckpointRequest> ParseAddCheckpoint(std::string_view body) {
  LineReader reader(body);
  AddCheckpointRequest request;
  std::optional<std::string_view> line = reader.Next();
  if (!line) return absl::InvalidArgumentError("the request has no first line");
  if (!line->starts_with(kOld)) return Malformed(reader, absl::StrCat(Quoted(*line), " is not \"old <size>\""));
  const std::optional<int64_t> old_size = ParseDecimal(line->substr(kOld.size()));
  if (!old_size) {
    return Malformed(reader, absl::StrCat(Quoted(*line), " has no decimal size of 0..2^63-1 without leading zeros"));
  }
  request.old_size = *old_size;
  for (line = reader.Next(); line && !line->empty(); line = reader.Next()) {
    if (request.proof.size() == kConsistencyHashCountMax) {
      return Malformed(reader, absl::StrCat("more than ", kConsistencyHashCountMax, " hashes"));
    }
    const std::optional<Hash> hash = DecodeHash(*line);
    if (!hash) return Malformed(reader, absl::StrCat(Quoted(*line), " is not the base64 of 32 bytes"));
    request.proof.push_back(*hash);
  }
  if (!line) return absl::InvalidArgumentError("the request ends before its checkpoint");
  absl::StatusOr<SignedCheckpoint> checkpoint = ParseSignedCheckpoint(reader.rest());
  if (!checkpoint.ok()) return checkpoint.status();
  request.note = std::move(checkpoint->note);
  request.checkpoint = std::move(checkpoint->checkpoint);
  return request;
}

absl::StatusOr<std::string> FormatAddCheckpoint(int64_t old_size, std::span<const Hash> proof,
                                                std::string_view checkpoint_note) {
  if (old_size < 0) return absl::InvalidArgumentError(absl::StrCat("old size ", old_size, " is negative"));
  if (proof.size() > kConsistencyHashCountMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("a consistency proof of ", proof.size(), " hashes; at most ", kConsistencyHashCountMax));
  }
  if (const auto checkpoint = ParseSignedCheckpoint(checkpoint_note); !checkpoint.ok()) return checkpoint.status();
  std::string body = absl::StrCat(std::string(kOld), old_size, "\n");
  for (const Hash& hash : proof) absl::StrAppend(&body, EncodeHash(hash), "\n");
  return absl::StrCat(body, "\n", std::string(checkpoint_note));
}

WitnessAnswer BadRequest(const absl::Status& status) {
  return Refusal(400, std::string_view(status.message().data(), status.message().size()));
}

WitnessAnswer SizeConflict(int64_t stored_size) {
  WitnessAnswer answer = Refusal(409, absl::StrCat(stored_size));
  answer.content_type = std::string(kTlogSizeContentType);
  return answer;
}

WitnessAnswer DecideAddCheckpoint(const AddCheckpointRequest& request, std::span<const NoteKey> log_keys,
                                  const std::optional<WitnessState>& stored, const NamedSigningKey& witness,
                                  int64_t time_seconds) {
  const Checkpoint& checkpoint = request.checkpoint;
  std::vector<NoteKey> keys;
  for (const NoteKey& key : log_keys) {
    if (key.type == kNoteEd25519 && key.name == checkpoint.origin) keys.push_back(key);
  }
  if (keys.empty()) return Refusal(404, absl::StrCat("the log ", Quoted(checkpoint.origin), " is not known here"));
  const absl::StatusOr<std::vector<VerifiedSignature>> verified = VerifyNote(request.note, keys);
  if (!verified.ok()) {
    return Refusal(403, std::string_view(verified.status().message().data(), verified.status().message().size()));
  }
  if (request.old_size > checkpoint.tree_size) {
    return Refusal(400, absl::StrCat("the old size ", request.old_size, " exceeds that of the checkpoint, ",
                                     checkpoint.tree_size));
  }
  const WitnessState last = stored.value_or(WitnessState{});
  if (request.old_size != last.tree_size) return SizeConflict(last.tree_size);
  if (const absl::Status consistent =
          VerifyConsistency(last.tree_size, checkpoint.tree_size, request.proof, last.root, checkpoint.root);
      !consistent.ok()) {
    return Refusal(422, std::string_view(consistent.message().data(), consistent.message().size()));
  }
  const absl::StatusOr<NoteSignature> cosignature =
      CosignCheckpoint(request.note.text, witness.key, witness.name, time_seconds);
  if (!cosignature.ok()) return Refusal(500, "the witness cannot cosign: its name or its clock is not as it should be");

  WitnessAnswer answer;
  answer.http_status = 200;
  answer.content_type = std::string(kTextContentType);
  answer.body = FormatSignatureLine(*cosignature);
  answer.store = WitnessState{checkpoint.tree_size, checkpoint.root};
  Note cosigned{request.note.text, {}};
  for (const NoteSignature& signature : request.note.signatures) {
    const bool good = std::any_of(verified->begin(), verified->end(),
                                  [&](const VerifiedSignature& one) { return SignedBy(signature, one.key); });
    if (good) cosigned.signatures.push_back(signature);
  }
  cosigned.signatures.push_back(*cosignature);
  answer.cosigned_note = FormatNote(cosigned);
  return answer;
}

WitnessReply ReadAddCheckpointAnswer(int http_status, std::string_view content_type, std::string_view body,
                                     const AddCheckpointRequest& request, std::span<const NoteKey> witness_keys) {
  switch (http_status) {
    case 200:
      return ReadCosignatures(body, request, witness_keys);
    case 403:
    case 404:
      return Reply(WitnessOutcome::kUnknownLog, absl::StrCat(http_status, ": ", Quoted(body)));
    case 409:
      return ReadConflict(content_type, body, request);
    case 422:
      return Reply(
          WitnessOutcome::kInconsistent,
          absl::StrCat("the witness holds another history of this log, or the proof was wrong: ", Quoted(body)));
    default:
      return Reply(WitnessOutcome::kRefused, absl::StrCat(http_status, ": ", Quoted(body)));
  }
}

}  // namespace hattama::merkle
