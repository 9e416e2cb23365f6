#include "clients/cli/witness_http.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/failure.h"
#include "httplib.h"
#include "storage/merkle/witness.h"

namespace hattama::cli {
namespace {

// A connection is one request; what is not done after this long is not waited for.
constexpr absl::Duration kConnectionTimeout = absl::Seconds(10);
constexpr absl::Duration kAnswerTimeout = absl::Seconds(2);
constexpr size_t kConnectionBytesMax = kAddCheckpointBytesMax + (64 << 10);
// What is left of a request that was refused is taken for a moment, so that the answer is not lost with it.
constexpr absl::Duration kLinger = absl::Milliseconds(500);
constexpr size_t kThreadCount = 32;

// A connection with limits on all that comes over it and on its time: the library limits neither headers nor the
// patience with a slow sender.
class LimitedStream final : public httplib::Stream {
 public:
  LimitedStream(socket_t socket, absl::Duration timeout) : socket_(socket), deadline_(absl::Now() + timeout) {}

  bool is_readable() const override { return Wait(POLLIN); }
  bool is_writable() const override { return Wait(POLLOUT); }

  ssize_t read(char* into, size_t size) override {
    if (begin_ == end_) {
      const size_t most = std::min(sizeof buffer_, kConnectionBytesMax - taken_);
      if (most == 0 || !Wait(POLLIN)) return -1;
      const ssize_t count = recv(socket_, buffer_, most, 0);
      if (count <= 0) return count;
      taken_ += static_cast<size_t>(count);
      begin_ = 0;
      end_ = static_cast<size_t>(count);
    }
    const size_t count = std::min(size, end_ - begin_);
    std::copy_n(buffer_ + begin_, count, into);
    begin_ += count;
    return static_cast<ssize_t>(count);
  }

  // All of it, or -1.
  ssize_t write(const char* bytes, size_t size) override {
    size_t done = 0;
    while (done < size) {
      if (!Wait(POLLOUT)) return -1;
      const ssize_t count = send(socket_, bytes + done, size - done, MSG_NOSIGNAL);
      if (count <= 0) return -1;
      done += static_cast<size_t>(count);
    }
    return static_cast<ssize_t>(size);
  }

  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  bool Wait(short events) const {
    // An answer to what came too late still has a moment to leave.
    const absl::Time until = events == POLLOUT ? deadline_ + kAnswerTimeout : deadline_;
    const int64_t left = absl::ToInt64Milliseconds(until - absl::Now());
    pollfd waited{.fd = socket_, .events = events, .revents = 0};
    return left > 0 && poll(&waited, 1, static_cast<int>(left)) == 1;
  }

  const socket_t socket_;
  const absl::Time deadline_;
  char buffer_[4096];
  size_t begin_ = 0, end_ = 0;
  size_t taken_ = 0;
};

class LimitedServer final : public httplib::Server {
 private:
  bool process_and_close_socket(socket_t socket) override {
    bool closed = false;
    bool answered = false;
    {
      LimitedStream stream(socket, kConnectionTimeout);
      answered = process_request(stream, /*close_connection=*/true, closed, nullptr);
    }
    shutdown(socket, SHUT_WR);
    LimitedStream rest(socket, kLinger);
    char ignored[4096];
    while (rest.read(ignored, sizeof ignored) > 0) continue;
    close(socket);
    return answered;
  }
};

void Answer(int status, const std::string& body, const std::string& content_type, httplib::Response& response) {
  response.status = status;
  response.set_content(body, content_type.c_str());
}

void AnswerText(int status, const std::string& line, httplib::Response& response) {
  Answer(status, line + "\n", std::string(merkle::kTextContentType), response);
}

void AnswerTooLarge(httplib::Response& response) {
  AnswerText(413, absl::StrCat("the request is larger than ", kAddCheckpointBytesMax, " bytes"), response);
}

void AddCheckpoint(Witness& witness, const httplib::Request& request, httplib::Response& response,
                   const httplib::ContentReader& read) {
  std::string body;
  // The library would read all of a body that says it is too large before it answered.
  bool too_large = request.get_header_value<uint64_t>("Content-Length") > kAddCheckpointBytesMax;
  if (too_large) return AnswerTooLarge(response);
  // Counted here and not by its length header alone: a body may come in chunks, or compressed.
  const bool whole = read([&](const char* bytes, size_t size) {
    too_large = too_large || body.size() + size > kAddCheckpointBytesMax;
    if (too_large) return false;
    body.append(bytes, size);
    return true;
  });
  if (too_large) return AnswerTooLarge(response);
  if (!whole) return AnswerText(400, "the request ended early, or came too slowly", response);
  const merkle::WitnessAnswer answer = witness.AddCheckpoint(body);
  Answer(answer.http_status, answer.body, answer.content_type, response);
}

void ShowCheckpoint(Witness& witness, const std::string& hex, httplib::Response& response) {
  const std::optional<std::string> note = witness.LastCheckpoint(hex);
  if (!note.has_value()) return AnswerText(404, "nothing was cosigned for such a log", response);
  response.set_header("Cache-Control", "max-age=5");
  Answer(200, *note, std::string(merkle::kTextContentType), response);
}

sigset_t EndingSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

void Prepare(httplib::Server& server, Witness& witness) {
  server.set_tcp_nodelay(true);
  server.set_payload_max_length(kAddCheckpointBytesMax);
  // The library would let a second process listen on the same port, and the system would share the calls out.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreadCount); };
  server.set_exception_handler([](const httplib::Request&, httplib::Response& response, std::exception_ptr) {
    AnswerText(500, "the witness could not answer", response);
  });
  server.Post(std::string(merkle::kAddCheckpointPath),
              [&witness](const httplib::Request& request, httplib::Response& response,
                         const httplib::ContentReader& read) { AddCheckpoint(witness, request, response, read); });
  server.Get("/([0-9a-f]{64})/checkpoint", [&witness](const httplib::Request& request, httplib::Response& response) {
    ShowCheckpoint(witness, request.matches[1], response);
  });
}

}  // namespace

absl::StatusOr<HttpAddress> ParseHttpAddress(const std::string& text) {
  const size_t colon = text.rfind(':');
  HttpAddress address;
  if (colon != std::string::npos && colon > 0) {
    address.host = text.substr(0, colon);
    if (address.host.front() == '[' && address.host.back() == ']') {
      address.host = address.host.substr(1, address.host.size() - 2);
    }
  }
  if (address.host.empty() || !absl::SimpleAtoi(text.substr(colon + 1), &address.port) || address.port < 0 ||
      address.port > 65'535) {
    return UsageError(absl::StrCat(text, ": write it as HOST:PORT"));
  }
  return address;
}

absl::Status ServeWitness(Witness& witness, const HttpAddress& address,
                          const std::function<absl::Status(const std::string& address)>& ready) {
  // Blocked before any thread begins, so that all inherit it and the signals come to sigwait alone.
  const sigset_t signals = EndingSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  LimitedServer server;
  Prepare(server, witness);
  int port = address.port;
  const bool bound =
      port == 0 ? (port = server.bind_to_any_port(address.host)) > 0 : server.bind_to_port(address.host, port);
  const bool v6 = absl::StrContains(address.host, ":");
  if (!bound) {
    return UsageError(absl::StrCat("--listen ", address.host, ":", address.port, ": it cannot be listened on"));
  }
  if (absl::Status told = ready(absl::StrCat(v6 ? "[" : "", address.host, v6 ? "]:" : ":", port)); !told.ok()) {
    return told;
  }
  bool listened = true;
  std::thread listener([&] {
    listened = server.listen_after_bind();
    // Where it ends by itself, nobody else would wake the thread below.
    if (!listened) kill(getpid(), SIGTERM);
  });
  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();
  listener.join();
  return listened ? absl::OkStatus() : absl::UnavailableError("the system takes no connections any more");
}

}  // namespace hattama::cli
