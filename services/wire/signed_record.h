// A record of the log with everything in it checked that the record alone can show.
#ifndef HATTAMA_SERVICES_WIRE_SIGNED_RECORD_H_
#define HATTAMA_SERVICES_WIRE_SIGNED_RECORD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/wire/event_codec.h"
#include "services/wire/signature_codec.h"

namespace hattama::wire {

struct SignedRecord {
  int64_t sequence = 0;
  int64_t time_micros = 0;
  std::string submission;  // As signed.
  DecodedSubmission decoded;
  std::optional<SubmissionSignature> signature;  // Verified; absent at sequence 0 alone.
};

// Decodes a record of the ledger `origin` and verifies its signature. InvalidArgument says what is malformed, missing
// or not signed by the key that it names; whether that key may is for an audit of the whole log to say.
absl::StatusOr<SignedRecord> OpenSignedRecord(std::string_view record, std::string_view origin,
                                              StatementVerifier& verifier);

}  // namespace hattama::wire

#endif  // HATTAMA_SERVICES_WIRE_SIGNED_RECORD_H_
