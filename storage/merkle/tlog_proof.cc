#include "storage/merkle/tlog_proof.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/decimal.h"
#include "storage/merkle/line_reader.h"
#include "storage/merkle/verify.h"

namespace hattama::merkle {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
// A tree of at most 2^63-1 leaves is at most 63 nodes high.
constexpr size_t kHashCountMax = 63;

absl::Status Malformed(const LineReader& reader, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("tlog-proof line ", reader.number(), ": ", what));
}

absl::Status Ended(const char* missing) {
  return absl::InvalidArgumentError(absl::StrCat("the tlog-proof ends before its ", missing));
}

absl::Status VerifyLeaf(const TlogProof& proof, const Hash& leaf_hash, const Checkpoint& checkpoint) {
  return VerifyInclusion(leaf_hash, proof.index, checkpoint.tree_size, proof.hashes, checkpoint.root);
}

}  // namespace

std::string FormatTlogProof(const TlogProof& proof) {
  std::string text = absl::StrCat(std::string(kHeader), "\n");
  if (proof.extra) absl::StrAppend(&text, "extra ", EncodeBase64(*proof.extra), "\n");
  absl::StrAppend(&text, "index ", proof.index, "\n");
  for (const Hash& hash : proof.hashes) absl::StrAppend(&text, EncodeHash(hash), "\n");
  return absl::StrCat(text, "\n", proof.checkpoint_note);
}

absl::StatusOr<TlogProof> ParseTlogProof(std::string_view bytes) {
  LineReader reader(bytes);
  TlogProof proof;
  std::optional<std::string_view> line = reader.Next();
  if (!line) return Ended("first line");
  if (*line != kHeader) return Malformed(reader, absl::StrCat(Quoted(*line), " is not ", std::string(kHeader)));
  line = reader.Next();
  if (line && line->starts_with(kExtra)) {
    proof.extra = DecodeBase64(line->substr(kExtra.size()));
    if (!proof.extra) return Malformed(reader, "the extra data is not base64");
    line = reader.Next();
  }
  if (!line) return Ended("index");
  if (!line->starts_with(kIndex)) return Malformed(reader, absl::StrCat(Quoted(*line), " is not \"index <number>\""));
  const std::optional<int64_t> index = ParseDecimal(line->substr(kIndex.size()));
  if (!index) {
    return Malformed(reader, absl::StrCat(Quoted(*line), " has no decimal index of 0..2^63-1 without leading zeros"));
  }
  proof.index = *index;
  for (line = reader.Next(); line && !line->empty(); line = reader.Next()) {
    if (proof.hashes.size() == kHashCountMax) {
      return Malformed(reader, absl::StrCat("more than ", kHashCountMax, " hashes"));
    }
    const std::optional<Hash> hash = DecodeHash(*line);
    if (!hash) return Malformed(reader, absl::StrCat(Quoted(*line), " is not the base64 of 32 bytes"));
    proof.hashes.push_back(*hash);
  }
  if (!line) return Ended("checkpoint");
  const absl::StatusOr<SignedCheckpoint> checkpoint = ParseSignedCheckpoint(reader.rest());
  if (!checkpoint.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the checkpoint in the tlog-proof: ", checkpoint.status().message()));
  }
  proof.checkpoint_note = std::string(reader.rest());
  return proof;
}

absl::StatusOr<Checkpoint> VerifyTlogProof(const TlogProof& proof, const Hash& leaf_hash,
                                           std::span<const NoteKey> log_keys, std::string_view origin) {
  absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(proof.checkpoint_note, log_keys);
  if (!checkpoint.ok()) return checkpoint.status();
  if (checkpoint->origin != origin) {
    return absl::InvalidArgumentError(
        absl::StrCat("the proof is of the log ", checkpoint->origin, "; expected is ", std::string(origin)));
  }
  if (absl::Status status = VerifyLeaf(proof, leaf_hash, *checkpoint); !status.ok()) return status;
  return checkpoint;
}

absl::StatusOr<PolicyVerdict> VerifyTlogProof(const TlogProof& proof, const Hash& leaf_hash, const TlogPolicy& policy) {
  absl::StatusOr<PolicyVerdict> verdict = policy.Require(proof.checkpoint_note);
  if (!verdict.ok()) return verdict.status();
  if (absl::Status status = VerifyLeaf(proof, leaf_hash, verdict->checkpoint); !status.ok()) return status;
  return verdict;
}

}  // namespace hattama::merkle
