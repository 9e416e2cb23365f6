#include "services/server/witness_http.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "httplib.h"

namespace hattama::server {
namespace {

// Far beyond the signature lines of one witness.
constexpr size_t kBodyBytesMax = 64 << 10;

absl::Status Malformed(std::string_view url, std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(std::string(url), ": ", std::string(why)));
}

}  // namespace

absl::StatusOr<WitnessUrl> ParseWitnessUrl(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (url.starts_with("https://")) {
    return Malformed(url, "this server speaks plain http to witnesses; give an http URL, or a proxy that adds TLS");
  }
  if (!url.starts_with(kScheme)) return Malformed(url, "a witness's URL is http://HOST[:PORT][/PATH]");
  std::string_view rest = url.substr(kScheme.size());
  if (rest.find_first_of("?#@ ") != std::string_view::npos) {
    return Malformed(url, "a witness's URL has no query, fragment or user");
  }
  WitnessUrl parsed;
  const size_t slash = rest.find('/');
  if (slash != std::string_view::npos) {
    parsed.path = std::string(rest.substr(slash));
    while (parsed.path.ends_with('/')) parsed.path.pop_back();
  }
  std::string_view authority = rest.substr(0, slash);
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || bracket < colon)) {
    const std::string_view port = authority.substr(colon + 1);
    if (!absl::SimpleAtoi(absl::string_view(port.data(), port.size()), &parsed.port) || parsed.port < 1 ||
        parsed.port > 65'535) {
      return Malformed(url, "its port is not 1..65535");
    }
    authority = authority.substr(0, colon);
  }
  if (authority.starts_with('[') && authority.ends_with(']')) authority = authority.substr(1, authority.size() - 2);
  if (authority.empty()) return Malformed(url, "it names no host");
  parsed.host = std::string(authority);
  return parsed;
}

class WitnessHttp::Connection {
 public:
  Connection(const WitnessUrl& url, absl::Duration timeout) : client(url.host, url.port) {
    const auto each = absl::ToChronoMicroseconds(timeout);
    client.set_connection_timeout(each);
    client.set_read_timeout(each);
    client.set_write_timeout(each);
  }

  httplib::ClientImpl client;
};

WitnessHttp::WitnessHttp(WitnessUrl url, absl::Duration timeout)
    : url_(std::move(url)), timeout_(timeout), connection_(std::make_unique<Connection>(url_, timeout)) {}

WitnessHttp::~WitnessHttp() = default;

absl::StatusOr<HttpAnswer> WitnessHttp::Post(std::string_view path, const std::string& body) {
  const absl::Time deadline = absl::Now() + timeout_;
  HttpAnswer answer;
  httplib::Request request;
  request.method = "POST";
  request.path = absl::StrCat(url_.path, std::string(path));
  request.set_header("Content-Type", "text/plain; charset=utf-8");
  request.body = body;
  // The library's timeouts are those of one read each; a witness that sends a byte now and then would never end.
  request.content_receiver = [&](const char* data, size_t size, uint64_t, uint64_t) {
    if (answer.body.size() + size > kBodyBytesMax || absl::Now() > deadline) return false;
    answer.body.append(data, size);
    return true;
  };
  const httplib::Result result = connection_->client.send(request);
  if (!result) {
    return absl::UnavailableError(
        absl::StrCat("no answer within ", absl::FormatDuration(timeout_), ": ", httplib::to_string(result.error())));
  }
  answer.http_status = result->status;
  answer.content_type = result->get_header_value("Content-Type");
  return answer;
}

void WitnessHttp::Stop() { connection_->client.stop(); }

}  // namespace hattama::server
