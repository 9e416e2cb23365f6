// A published log on a web server, for an audit.
#ifndef HATTAMA_CLIENTS_CLI_HTTP_SOURCE_H_
#define HATTAMA_CLIENTS_CLI_HTTP_SOURCE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/audit/log_source.h"

namespace hattama::cli {

// True for http:// and https:// addresses.
bool IsHttpUrl(const std::string& text);

// The log under a URL, which may have a path. Connects when it is first asked. A file that the server does not have is
// NotFound; whatever else keeps it from answering within `timeout` is Unavailable. UsageError for a URL without host.
absl::StatusOr<std::unique_ptr<audit::LogSource>> OpenHttpSource(const std::string& url, absl::Duration timeout);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_HTTP_SOURCE_H_
