// HTTP to one witness. The one file of this room that includes the HTTP library is behind it.
#ifndef HATTAMA_SERVICES_SERVER_WITNESS_HTTP_H_
#define HATTAMA_SERVICES_SERVER_WITNESS_HTTP_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace hattama::server {

struct HttpAnswer {
  int http_status = 0;
  std::string content_type;
  std::string body;
};

// Where a witness listens, from its URL in a policy.
struct WitnessUrl {
  std::string host;
  int port = 80;
  std::string path;  // Before "/add-checkpoint"; without a slash at the end.
};

// InvalidArgument says what is wrong. Plain HTTP only: what a witness answers is signed, so that TLS would add secrecy
// to what is public.
absl::StatusOr<WitnessUrl> ParseWitnessUrl(std::string_view url);

class WitnessHttp {
 public:
  WitnessHttp(WitnessUrl url, absl::Duration timeout);
  ~WitnessHttp();

  // One POST of a text to `path` behind the URL's own. Unavailable with the reason where no whole answer came in time.
  // One call at a time.
  absl::StatusOr<HttpAnswer> Post(std::string_view path, const std::string& body);

  // Ends a Post that another thread waits for; harmless where there is none.
  void Stop();

 private:
  class Connection;

  const WitnessUrl url_;
  const absl::Duration timeout_;
  std::unique_ptr<Connection> connection_;
};

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_WITNESS_HTTP_H_
