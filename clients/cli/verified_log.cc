#include "clients/cli/verified_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/figures_text.h"
#include "storage/merkle/hex.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/tiles.h"
#include "storage/merkle/verify.h"

namespace hattama::cli {
namespace {

// A tree of at most 2^63-1 leaves is at most 63 nodes high, and RFC 9162 needs one hash more where sizes differ.
constexpr int kHashCountMax = 64;

absl::Status Lie(std::string what) { return absl::DataLossError(std::move(what)); }

absl::StatusOr<std::vector<merkle::Hash>> ToHashes(const google::protobuf::RepeatedPtrField<std::string>& all) {
  if (all.size() > kHashCountMax) {
    return Lie(absl::StrCat("the server's proof has ", all.size(), " hashes; none needs more than ", kHashCountMax));
  }
  std::vector<merkle::Hash> hashes;
  for (const std::string& bytes : all) {
    if (bytes.size() != merkle::kHashBytes)
      return Lie(absl::StrCat("the server sent a hash of ", bytes.size(), " bytes"));
    std::copy(bytes.begin(), bytes.end(), hashes.emplace_back().begin());
  }
  return hashes;
}

// The record itself: signed, and saying the sequence at which it stands.
absl::StatusOr<wire::SignedRecord> OpenAt(std::string_view record, int64_t sequence, const std::string& origin) {
  wire::StatementVerifier verifier;
  absl::StatusOr<wire::SignedRecord> opened = wire::OpenSignedRecord(record, origin, verifier);
  if (!opened.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the record of event ", sequence, ": ", opened.status().message()));
  }
  if (opened->sequence != sequence) {
    return absl::InvalidArgumentError(
        absl::StrCat("the record says that it is event ", opened->sequence, ", not ", sequence));
  }
  return opened;
}

absl::Status AsLie(std::string_view about, const absl::Status& status) {
  return Lie(absl::StrCat(std::string(about), ": ", status.message()));
}

}  // namespace

absl::StatusOr<VerifiedReceipt> OpenReceipt(std::string_view bytes, const LogBelief& belief) {
  absl::StatusOr<merkle::TlogProof> proof = merkle::ParseTlogProof(bytes);
  if (!proof.ok()) return proof.status();
  if (!proof->extra.has_value()) return absl::InvalidArgumentError("the receipt does not carry its record");
  if (proof->extra->size() > merkle::kBundleEntryBytesMax) {
    return absl::InvalidArgumentError(absl::StrCat("the receipt carries a record of ", proof->extra->size(),
                                                   " bytes; none has more than ", merkle::kBundleEntryBytesMax));
  }
  absl::StatusOr<SeenCheckpoint> seen = belief.Open(proof->checkpoint_note);
  if (!seen.ok()) {
    return absl::Status(seen.status().code(), absl::StrCat("the checkpoint of the receipt: ", seen.status().message()));
  }
  const merkle::Checkpoint& checkpoint = seen->checkpoint;
  if (absl::Status included = merkle::VerifyInclusion(merkle::LeafHash(*proof->extra), proof->index,
                                                      checkpoint.tree_size, proof->hashes, checkpoint.root);
      !included.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the record is not at ", proof->index,
                                                   " of the log that the checkpoint signs: ", included.message()));
  }
  absl::StatusOr<wire::SignedRecord> opened = OpenAt(*proof->extra, proof->index, checkpoint.origin);
  if (!opened.ok()) return opened.status();
  return VerifiedReceipt{.bytes = std::string(bytes),
                         .proven = {.checkpoint = *std::move(seen),
                                    .record = *std::move(proof->extra),
                                    .path = std::move(proof->hashes),
                                    .opened = *std::move(opened)}};
}

VerifiedLog::VerifiedLog(v1::AuditService::StubInterface& audit, LogBelief belief, CheckpointMemory memory,
                         absl::Duration timeout, std::function<absl::Status(const grpc::Status&)> told)
    : audit_(audit),
      belief_(std::move(belief)),
      memory_(std::move(memory)),
      timeout_(timeout),
      told_(std::move(told)) {}

template <class Request, class Response>
absl::StatusOr<Response> VerifiedLog::Call(grpc::Status (v1::AuditService::StubInterface::*method)(grpc::ClientContext*,
                                                                                                   const Request&,
                                                                                                   Response*),
                                           const Request& request) {
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout_));
  Response response;
  if (const grpc::Status status = (audit_.*method)(&context, request, &response); !status.ok()) return told_(status);
  return response;
}

absl::StatusOr<SeenCheckpoint> VerifiedLog::Refresh() {
  absl::StatusOr<v1::GetCheckpointResponse> answer =
      Call(&v1::AuditService::StubInterface::GetCheckpoint, v1::GetCheckpointRequest());
  if (!answer.ok()) return answer.status();
  absl::StatusOr<SeenCheckpoint> seen = belief_.Open(answer->note());
  if (!seen.ok()) return AsLie("the server's checkpoint does not hold", seen.status());
  if (absl::Status believed = Observe(*seen, Age::kNewest); !believed.ok()) return believed;
  return seen;
}

absl::Status VerifiedLog::Observe(const SeenCheckpoint& seen, Age age) {
  const merkle::Checkpoint& now = seen.checkpoint;
  if (now.origin != origin()) {
    return Lie(absl::StrCat("the server's checkpoint is of the log ", now.origin, "; ", origin(), " was asked for"));
  }
  if (now.tree_size == 0 && now.root != merkle::EmptyRoot()) {
    return Lie(absl::StrCat("the server's checkpoint of size 0 has the root ", merkle::HexOf(now.root)));
  }
  if (!memory_.last().has_value()) return memory_.Keep(seen);
  const merkle::Checkpoint& last = memory_.last()->checkpoint;
  if (now.tree_size == last.tree_size) {
    if (now.root != last.root) {
      return memory_.RaiseAlarm(absl::StrCat("two roots of size ", now.tree_size, ": ", merkle::HexOf(last.root),
                                             " before, ", merkle::HexOf(now.root), " now"),
                                seen.note);
    }
    // The same tree; the note may have gained cosignatures.
    return memory_.Keep(seen);
  }
  const bool older = now.tree_size < last.tree_size;
  if (older && age == Age::kNewest) {
    return absl::FailedPreconditionError(absl::StrCat("stale: the server shows the checkpoint of size ", now.tree_size,
                                                      " as its newest, and one of size ", last.tree_size,
                                                      " was seen before"));
  }
  const merkle::Checkpoint& first = older ? now : last;
  const merkle::Checkpoint& second = older ? last : now;
  const absl::Status consistent = ProveConsistency(first.tree_size, first.root, second.tree_size, second.root);
  if (absl::IsDataLoss(consistent)) {
    return memory_.RaiseAlarm(absl::StrCat("size ", second.tree_size, " was not shown to extend size ", first.tree_size,
                                           ": ", consistent.message()),
                              seen.note);
  }
  if (!consistent.ok() || older) return consistent;
  return memory_.Keep(seen);
}

absl::Status VerifiedLog::ProveConsistency(int64_t first, const merkle::Hash& first_root, int64_t second,
                                           const merkle::Hash& second_root) {
  std::vector<merkle::Hash> proof;
  if (first > 0 && first < second) {
    v1::GetConsistencyProofRequest request;
    request.set_first_tree_size(first);
    request.set_second_tree_size(second);
    const absl::StatusOr<v1::GetConsistencyProofResponse> answer =
        Call(&v1::AuditService::StubInterface::GetConsistencyProof, request);
    if (!answer.ok()) return answer.status();
    absl::StatusOr<std::vector<merkle::Hash>> hashes = ToHashes(answer->hashes());
    if (!hashes.ok()) return hashes.status();
    proof = *std::move(hashes);
  }
  if (first == 0 && first_root != merkle::EmptyRoot()) {
    return Lie(absl::StrCat("the tree of no records does not have the root ", merkle::HexOf(first_root)));
  }
  const absl::Status verified = merkle::VerifyConsistency(first, second, proof, first_root, second_root);
  return verified.ok() ? verified : Lie(std::string(verified.message()));
}

absl::StatusOr<SeenCheckpoint> VerifiedLog::Head() {
  if (memory_.last().has_value()) return *memory_.last();
  return Refresh();
}

absl::StatusOr<std::string> VerifiedLog::FetchRecord(int64_t sequence) {
  const std::unique_ptr<RecordStream> stream = Stream(sequence, sequence + 1);
  absl::StatusOr<std::string> record = stream->Next();
  if (!record.ok()) return record;
  // The end is asked for too: a second record would be one too many.
  if (const absl::Status end = stream->Next().status(); !absl::IsOutOfRange(end)) return end;
  return record;
}

absl::StatusOr<ProvenRecord> VerifiedLog::Record(int64_t sequence) {
  absl::StatusOr<SeenCheckpoint> seen = Head();
  if (!seen.ok()) return seen.status();
  const merkle::Checkpoint& head = seen->checkpoint;
  if (sequence < 0 || sequence >= head.tree_size) {
    return absl::OutOfRangeError(
        absl::StrCat("event ", sequence, " is not under the checkpoint, which is of size ", head.tree_size));
  }
  absl::StatusOr<std::string> record = FetchRecord(sequence);
  if (!record.ok()) return record.status();
  absl::StatusOr<wire::SignedRecord> opened = OpenAt(*record, sequence, origin());
  if (!opened.ok()) return AsLie("the server's answer does not hold", opened.status());
  v1::GetInclusionProofRequest request;
  request.set_sequence(sequence);
  request.set_tree_size(head.tree_size);
  const absl::StatusOr<v1::GetInclusionProofResponse> answer =
      Call(&v1::AuditService::StubInterface::GetInclusionProof, request);
  if (!answer.ok()) return answer.status();
  absl::StatusOr<std::vector<merkle::Hash>> path = ToHashes(answer->hashes());
  if (!path.ok()) return path.status();
  if (absl::Status included =
          merkle::VerifyInclusion(merkle::LeafHash(*record), sequence, head.tree_size, *path, head.root);
      !included.ok()) {
    return Lie(absl::StrCat("the server's proof of event ", sequence, " does not lead to the root of size ",
                            head.tree_size, ": ", included.message()));
  }
  return ProvenRecord{.checkpoint = *std::move(seen),
                      .record = *std::move(record),
                      .path = *std::move(path),
                      .opened = *std::move(opened)};
}

absl::StatusOr<VerifiedReceipt> VerifiedLog::Receipt(int64_t sequence) {
  v1::GetReceiptRequest request;
  request.set_sequence(sequence);
  request.set_wait_for(belief_.asks_for_witnesses() ? v1::WAIT_FOR_WITNESSED : v1::WAIT_FOR_CHECKPOINTED);
  const absl::StatusOr<v1::GetReceiptResponse> answer = Call(&v1::AuditService::StubInterface::GetReceipt, request);
  if (!answer.ok()) return answer.status();
  return CheckReceipt(answer->proof(), sequence);
}

absl::StatusOr<VerifiedReceipt> VerifiedLog::CheckReceipt(std::string_view bytes, int64_t sequence) {
  absl::StatusOr<VerifiedReceipt> receipt = OpenReceipt(bytes, belief_);
  if (!receipt.ok()) return AsLie("the server's receipt does not hold", receipt.status());
  if (receipt->proven.opened.sequence != sequence) {
    return Lie(absl::StrCat("the server's receipt is of event ", receipt->proven.opened.sequence, "; ", sequence,
                            " was asked for"));
  }
  if (absl::Status believed = Observe(receipt->proven.checkpoint, Age::kAny); !believed.ok()) return believed;
  return receipt;
}

std::unique_ptr<RecordStream> VerifiedLog::Stream(int64_t from, int64_t until) {
  // A long stream may take its time, a record may not.
  const absl::Time deadline = until - from == 1 ? absl::Now() + timeout_ : absl::InfiniteFuture();
  return std::unique_ptr<RecordStream>(new RecordStream(audit_, from, until, deadline, told_));
}

RecordStream::RecordStream(v1::AuditService::StubInterface& audit, int64_t from, int64_t until, absl::Time deadline,
                           const std::function<absl::Status(const grpc::Status&)>& told)
    : told_(told), from_(from), until_(until), next_(from) {
  // To the server an end of 0 means its head.
  if (from >= until) return;
  if (deadline != absl::InfiniteFuture()) context_.set_deadline(absl::ToChronoTime(deadline));
  v1::StreamRecordsRequest request;
  request.set_from_sequence(from);
  request.set_until_sequence(until);
  stream_ = audit.StreamRecords(&context_, request);
}

RecordStream::~RecordStream() {
  if (stream_ == nullptr || finished_) return;
  context_.TryCancel();
  stream_->Finish();
}

absl::Status RecordStream::ReadMessage() {
  taken_ = 0;
  message_.Clear();
  if (stream_->Read(&message_)) {
    if (message_.records_size() > 0) return absl::OkStatus();
    // Else it could go on for ever.
    return Lie("the server sent a message without records");
  }
  finished_ = true;
  if (const grpc::Status status = stream_->Finish(); !status.ok()) return told_(status);
  if (next_ != until_) return Lie(absl::StrCat("the server sent ", next_ - from_, " of ", until_ - from_, " records"));
  return absl::OutOfRangeError("no more records");
}

absl::StatusOr<std::string> RecordStream::Next() {
  if (stream_ == nullptr || finished_) return absl::OutOfRangeError("no more records");
  if (taken_ == message_.records_size()) {
    if (absl::Status read = ReadMessage(); !read.ok()) return read;
  }
  std::string& record = *message_.mutable_records(taken_++);
  if (next_ == until_) {
    return Lie(absl::StrCat("the server sent more records than the ", until_ - from_, " from ", from_, " on"));
  }
  if (record.size() > merkle::kBundleEntryBytesMax) {
    return Lie(absl::StrCat("the server sent ", record.size(), " bytes as event ", next_, "; no record has more than ",
                            merkle::kBundleEntryBytesMax));
  }
  ++next_;
  return std::move(record);
}

absl::Status VerifiedLog::RequirePrefix(int64_t tree_size, const merkle::Hash& root) {
  const absl::StatusOr<SeenCheckpoint> seen = Head();
  if (!seen.ok()) return seen.status();
  const merkle::Checkpoint& head = seen->checkpoint;
  if (tree_size > head.tree_size) {
    return absl::OutOfRangeError(
        absl::StrCat(tree_size, " records are more than the ", head.tree_size, " of the checkpoint"));
  }
  const absl::Status consistent = ProveConsistency(tree_size, root, head.tree_size, head.root);
  if (!absl::IsDataLoss(consistent)) return consistent;
  return Lie(absl::StrCat("the first ", tree_size, " records, with root ", merkle::HexOf(root),
                          ", are not those of the checkpoint of size ", head.tree_size, ": ", consistent.message()));
}

}  // namespace hattama::cli
