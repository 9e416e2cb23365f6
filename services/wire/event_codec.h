// Bytes of submissions and records <-> plain events. The only room that parses what is stored in the log.
#ifndef HATTAMA_SERVICES_WIRE_EVENT_CODEC_H_
#define HATTAMA_SERVICES_WIRE_EVENT_CODEC_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hattama/v1/election.pb.h"
#include "hattama/v1/record.pb.h"
#include "services/domain/definition.h"
#include "services/domain/event.h"
#include "services/domain/refusal.h"
#include "services/wire/signature_codec.h"

namespace hattama::wire {

// Largest serialised Submission in bytes: with the record's own fields it stays below 65,535.
inline constexpr size_t kSubmissionBytesMax = 65'000;

using SubmissionId = std::array<uint8_t, 16>;

struct DecodedSubmission {
  SubmissionId submission_id{};
  std::string submitter;
  domain::Event event;
};

// Parses a serialised Submission. Faults of form (an enum out of range, a digest that is not 32 bytes, an id that is
// not 16 bytes, no event, invalid UTF-8, bytes that are no Submission) are appended to `faults` with their field paths;
// the result is usable only where none was added. Domain rules are checked by History::Check, not here.
DecodedSubmission DecodeSubmission(std::string_view bytes, domain::Refusals& faults);

// The same into `decoded`, which may hold an earlier submission: a protocol after a protocol costs no allocation.
void DecodeSubmissionInto(std::string_view bytes, DecodedSubmission& decoded, domain::Refusals& faults);

// The election that the event belongs to, as domain::ElectionOf says it, without making the plain event; empty for
// those of the ledger as a whole.
std::string ElectionIdOf(const v1::Submission& submission);

// The plain event of a parsed Submission.
domain::Event ToEvent(const v1::Submission& submission, domain::Refusals& faults);

// The plain definition of a file, for CheckDefinition.
domain::Definition ToDefinition(const v1::ElectionDefinition& definition, domain::Refusals& faults);

// Serialises a Record around submission bytes. `time_micros` since the Unix epoch. Without a signature at sequence 0
// alone.
std::string EncodeRecord(int64_t sequence, int64_t time_micros, std::string_view submission,
                         const std::optional<SubmissionSignature>& signature);

// The envelope of a record; `submission` points into `record`.
struct DecodedRecord {
  int64_t sequence = 0;
  int64_t time_micros = 0;
  std::string_view submission;
  // A serialised SubmissionSignature; empty where there is none. ParseSignature reads it.
  std::string_view signature;
};

// Parses the envelope. DataLoss where the bytes are no Record, or hold a field twice or one that no record has.
absl::StatusOr<DecodedRecord> DecodeRecord(std::string_view record);

// The signature of a record. DataLoss where the bytes are no SubmissionSignature.
absl::StatusOr<SubmissionSignature> ParseSignature(std::string_view bytes);
// The key alone, which a replay needs for every record. DataLoss where the bytes do not begin with it.
absl::StatusOr<domain::PublicKey> SignerOf(std::string_view signature);

}  // namespace hattama::wire

#endif  // HATTAMA_SERVICES_WIRE_EVENT_CODEC_H_
