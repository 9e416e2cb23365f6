#include "clients/cli/stream_sender.h"

#include <algorithm>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace hattama::cli {
namespace {

// The server reads no further than 16 unanswered messages and 8,192 submissions; both are reached together. Submissions
// are at most 65,000 bytes, so a message of large ones is cut by its bytes.
constexpr size_t kMessageSubmissionCountMax = 512;
constexpr size_t kMessageBytesMax = 2 << 20;
constexpr absl::Duration kRetryPause = absl::Milliseconds(100);

}  // namespace

absl::Status StreamSender::SendOnce(std::span<const Outgoing> submissions, size_t& done,
                                    const std::function<void(size_t, const v1::SubmissionResult&)>& answered) {
  grpc::ClientContext context;
  const auto stream = session_.submissions().SubmitStream(&context);
  const size_t first = done;

  std::thread writer([&] {
    v1::SubmitStreamRequest message;
    size_t bytes = 0;
    for (size_t next = first; next < submissions.size();) {
      message.clear_submissions();
      bytes = 0;
      const size_t begin = next;
      while (next < submissions.size() && next - begin < kMessageSubmissionCountMax && bytes < kMessageBytesMax) {
        bytes += submissions[next++].submission->size();
      }
      AddSigned(submissions.subspan(begin, next - begin), scope_, message);
      if (!stream->Write(message)) return;
    }
    stream->WritesDone();
  });

  v1::SubmitStreamResponse response;
  absl::Status protocol_fault;
  while (stream->Read(&response)) {
    for (const v1::SubmissionResult& result : response.results()) {
      if (!protocol_fault.ok()) break;
      if (result.index() != static_cast<int64_t>(done - first) || done == submissions.size()) {
        protocol_fault = absl::InternalError(
            absl::StrCat("server answered submission ", result.index(), " of the stream, expected ", done - first));
        context.TryCancel();
        break;
      }
      answered(done, result);
      ++done;
    }
  }
  writer.join();
  const grpc::Status finished = stream->Finish();
  if (!protocol_fault.ok()) return protocol_fault;
  if (!finished.ok()) return session_.Told(finished);
  if (done < submissions.size()) {
    return absl::UnavailableError(
        absl::StrCat("server ended the stream with ", submissions.size() - done, " submissions unanswered"));
  }
  return absl::OkStatus();
}

absl::Status StreamSender::Send(std::span<const Outgoing> submissions,
                                const std::function<void(size_t, const v1::SubmissionResult&)>& answered) {
  size_t done = 0;
  absl::Time last_progress = absl::Now();
  while (done < submissions.size()) {
    const size_t before = done;
    const absl::Status sent = SendOnce(submissions, done, answered);
    if (sent.ok()) return sent;
    // A server that has no room now will have some; anything else than a lost connection is final.
    if (!absl::IsUnavailable(sent) && !absl::IsResourceExhausted(sent)) return sent;
    if (done > before) last_progress = absl::Now();
    if (absl::Now() - last_progress >= retry_) return sent;
    absl::SleepFor(kRetryPause);
    ++reconnect_count_;
  }
  return absl::OkStatus();
}

}  // namespace hattama::cli
