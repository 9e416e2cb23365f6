#include "clients/cli/witness_http.h"

#include <sys/socket.h>

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

// A body that has not come after this long is not waited for: a slow sender must not hold a thread for ever.
constexpr absl::Duration kBodyTimeout = absl::Seconds(10);
constexpr int kReadTimeoutSeconds = 5;
constexpr size_t kThreadCount = 32;

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
  const absl::Time deadline = absl::Now() + kBodyTimeout;
  // Counted here and not by its length header alone: a body may come in chunks, or compressed.
  const bool whole = read([&](const char* bytes, size_t size) {
    too_large = too_large || body.size() + size > kAddCheckpointBytesMax;
    if (too_large || absl::Now() > deadline) return false;
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
  // One request for each connection: what is left of a body that was refused is then never read as a request.
  server.set_keep_alive_max_count(1);
  server.set_read_timeout(kReadTimeoutSeconds);
  server.set_write_timeout(kReadTimeoutSeconds);
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
  httplib::Server server;
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
