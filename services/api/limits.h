// What a caller may ask of the services at once. README.md publishes the same numbers.
#ifndef HATTAMA_SERVICES_API_LIMITS_H_
#define HATTAMA_SERVICES_API_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace hattama::api {

struct Limits {
  // One message of any call; gRPC answers RESOURCE_EXHAUSTED above it.
  int message_bytes_max = 8 << 20;

  // One message of SubmitStream and SubmitAtomically.
  int message_submission_count_max = 1'024;
  int64_t message_submission_bytes_max = 4 << 20;

  // What one SubmitStream may have unanswered before it is read no further.
  int stream_message_count_max = 16;
  int64_t stream_submission_count_max = 8'192;

  // What all streams and single submissions together may have queued at the ledger. Below the ledger's own queue, so
  // that a stream waits for its turn rather than being refused.
  int64_t queued_submission_count_max = 49'152;
  int64_t queued_submission_bytes_max = 256 << 20;

  // One SubmitAtomically, and all of them together.
  int64_t atomic_submission_count_max = 100'000;
  int64_t atomic_submission_bytes_max = 64 << 20;
  int64_t atomic_total_bytes_max = 256 << 20;

  // Calls that wait for a thread to be answered from.
  size_t waiting_read_count_max = 1'024;
  // Watch, StreamRecords and StreamDiscrepancies open at once.
  int64_t open_stream_count_max = 2'000;

  // How long a call waits for a checkpoint, whatever its own deadline.
  absl::Duration checkpoint_wait_max = absl::Minutes(5);

  // A page ends early once it holds so many bytes, because clients take 4 MiB unless told otherwise.
  size_t page_bytes_max = 2 << 20;

  // After this a caller that was turned away may try again.
  absl::Duration retry_delay = absl::Seconds(1);
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_LIMITS_H_
