#include "services/audit/record_check.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/domain/key_book.h"

namespace hattama::audit {

bool VerifiedBatches::Verify(const wire::SignedStatement& statement, const std::function<bool()>& verify) {
  // An election's id is a few dozen bytes; whoever makes one of many thousand pays for it each time.
  if (statement.message.size() > kMessageBytesMax) return verify();
  std::unique_lock lock(mutex_);
  while (true) {
    const auto found = statements_.find(statement.signature);
    if (found != statements_.end() && found->second == statement) return true;
    if (in_work_.insert(statement.signature).second) break;
    verified_.wait(lock);
  }
  lock.unlock();
  const bool good = verify();
  lock.lock();
  in_work_.erase(statement.signature);
  verified_.notify_all();
  if (!good || !statements_.emplace(statement.signature, statement).second) return good;
  order_.push_back(statement.signature);
  if (order_.size() > kCountMax) {
    statements_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

void CheckedRecord::Clear() {
  usable = false;
  time_micros = 0;
  signer.reset();
  faults.clear();
}

void RecordChecker::Check(int64_t sequence, std::string_view record, CheckedRecord& checked) {
  checked.Clear();
  const auto fault = [&](Step step, std::string message) {
    checked.faults.push_back({.step = step, .path = {}, .sequence = sequence, .message = std::move(message)});
  };
  const absl::StatusOr<wire::DecodedRecord> envelope = wire::DecodeRecord(record);
  if (!envelope.ok()) {
    fault(Step::kRecords, std::string(envelope.status().message()));
    return;
  }
  if (envelope->sequence != sequence) {
    fault(Step::kRecords, absl::StrCat("carries sequence ", envelope->sequence));
  }
  if (envelope->signature.empty() != (sequence == 0)) {
    fault(Step::kRecords, sequence == 0 ? "the founding record is signed" : "is not signed");
  }
  domain::Refusals refusals;
  wire::DecodeSubmissionInto(envelope->submission, checked.submission, refusals);
  for (const domain::Refusal& refusal : refusals) {
    fault(Step::kRecords, absl::StrCat(refusal.field, ": ", refusal.message));
  }
  checked.time_micros = envelope->time_micros;
  checked.usable = refusals.empty();
  if (envelope->signature.empty()) return;

  const absl::StatusOr<wire::SubmissionSignature> signature = wire::ParseSignature(envelope->signature);
  if (!signature.ok()) {
    fault(Step::kSignatures, std::string(signature.status().message()));
    return;
  }
  checked.signer = signature->public_key;
  if (!checked.usable) return;  // Which election was signed for is not known.
  const absl::StatusOr<wire::SignedStatement> statement =
      wire::StatementOf(*signature, {.origin = origin_, .election_id = domain::ElectionOf(checked.submission.event)},
                        envelope->submission);
  if (!statement.ok()) {
    fault(Step::kSignatures, std::string(statement.status().message()));
  } else if (!Verify(*statement, signature->batch.has_value())) {
    fault(Step::kSignatures,
          absl::StrCat("the signature is not that of key ", domain::ShortKey(signature->public_key), " over ",
                       signature->batch.has_value() ? absl::StrCat("a batch of ", signature->batch->size,
                                                                   " with this submission at ", signature->batch->index)
                                                    : "this submission"));
  }
}

bool RecordChecker::Verify(const wire::SignedStatement& statement, bool batch) {
  if (!batch) return VerifyBytes(statement);
  if (last_batch_ == statement) return true;
  if (!batches_->Verify(statement, [&] { return VerifyBytes(statement); })) return false;
  last_batch_ = statement;
  return true;
}

bool RecordChecker::VerifyBytes(const wire::SignedStatement& statement) {
  ++verification_count_;
  auto found = keys_.find(statement.public_key);
  if (found == keys_.end()) {
    if (keys_.size() >= kKeyCountMax) keys_.clear();
    found = keys_.emplace(statement.public_key, merkle::Verifier(statement.public_key)).first;
  }
  return found->second.Verify(statement.message, statement.signature);
}

}  // namespace hattama::audit
