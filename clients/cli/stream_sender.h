// Sends many submissions over SubmitStream and hands out every answer once, across lost connections.
#ifndef HATTAMA_CLIENTS_CLI_STREAM_SENDER_H_
#define HATTAMA_CLIENTS_CLI_STREAM_SENDER_H_

#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "clients/cli/session.h"
#include "clients/cli/signing.h"
#include "hattama/v1/submission_service.pb.h"

namespace hattama::cli {

class StreamSender {
 public:
  // `session` is connected and outlives the sender. `retry`: how long to go on without any answer while the server is
  // not there; zero gives up at once.
  StreamSender(Session& session, SigningScope scope, absl::Duration retry)
      : session_(session), scope_(std::move(scope)), retry_(retry) {}

  // Signs and sends `submissions` in order and calls `answered` for each on this thread, in the same order. What was sent but not
  // answered when the connection broke is sent again with the same bytes, so nothing is recorded twice. Submissions of one key in one message share a signature. Ok once all are
  // answered; else Unavailable, and the answers so far stand.
  absl::Status Send(std::span<const Outgoing> submissions,
                    const std::function<void(size_t index, const v1::SubmissionResult& result)>& answered);

  int64_t reconnect_count() const { return reconnect_count_; }

 private:
  // One connection: sends from `done` on and moves it with each answer.
  absl::Status SendOnce(std::span<const Outgoing> submissions, size_t& done,
                        const std::function<void(size_t, const v1::SubmissionResult&)>& answered);

  Session& session_;
  const SigningScope scope_;
  absl::Duration retry_;
  int64_t reconnect_count_ = 0;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_STREAM_SENDER_H_
