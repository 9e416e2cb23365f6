#include "services/wire/signed_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "services/domain/key_book.h"

namespace hattama::wire {

absl::StatusOr<SignedRecord> OpenSignedRecord(std::string_view record, std::string_view origin,
                                              StatementVerifier& verifier) {
  const absl::StatusOr<DecodedRecord> envelope = DecodeRecord(record);
  if (!envelope.ok()) return absl::InvalidArgumentError(envelope.status().message());
  SignedRecord opened{.sequence = envelope->sequence,
                      .time_micros = envelope->time_micros,
                      .submission = std::string(envelope->submission),
                      .decoded = {},
                      .signature = {}};
  domain::Refusals faults;
  opened.decoded = DecodeSubmission(opened.submission, faults);
  if (!faults.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(faults.front().field, ": ", faults.front().message));
  }
  if (envelope->signature.empty() != (opened.sequence == 0)) {
    return absl::InvalidArgumentError(opened.sequence == 0 ? "the founding event is signed" : "it is not signed");
  }
  if (opened.sequence == 0) return opened;
  absl::StatusOr<SubmissionSignature> signature = ParseSignature(envelope->signature);
  if (!signature.ok()) return absl::InvalidArgumentError(signature.status().message());
  const absl::StatusOr<SignedStatement> statement = StatementOf(
      *signature, {.origin = origin, .election_id = domain::ElectionOf(opened.decoded.event)}, opened.submission);
  if (!statement.ok()) return statement.status();
  if (!verifier.Verify(*statement)) {
    return absl::InvalidArgumentError(absl::StrCat("the signature is not that of key ",
                                                   domain::ShortKey(signature->public_key), " over these bytes"));
  }
  opened.signature = *std::move(signature);
  return opened;
}

}  // namespace hattama::wire
