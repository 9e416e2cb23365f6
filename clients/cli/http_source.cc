#include "clients/cli/http_source.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/cli/failure.h"
#include "httplib.h"
#include "storage/merkle/tiles.h"

namespace hattama::cli {
namespace {

constexpr int kStatusFine = 200;
constexpr int kStatusNotFound = 404;
constexpr int kStatusGone = 410;

class HttpSource : public audit::LogSource {
 public:
  HttpSource(std::string server, std::string prefix, absl::Duration timeout)
      : server_(std::move(server)), prefix_(std::move(prefix)), timeout_(timeout) {}

  absl::StatusOr<std::string> FetchCheckpoint() override { return Get("checkpoint", audit::kCheckpointBytesMax); }
  absl::StatusOr<std::string> Fetch(const merkle::TileAddress& address) override {
    return Get(merkle::PathOf(address), audit::BytesMax(address));
  }

 private:
  // Each thread has a connection while it asks, and hands it on.
  std::unique_ptr<httplib::Client> TakeClient() {
    {
      std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<httplib::Client> client = std::move(idle_.back());
        idle_.pop_back();
        return client;
      }
    }
    auto client = std::make_unique<httplib::Client>(server_);
    const int64_t micros = absl::ToInt64Microseconds(timeout_);
    const time_t seconds = micros / 1'000'000;
    client->set_connection_timeout(seconds, micros % 1'000'000);
    client->set_read_timeout(seconds, micros % 1'000'000);
    client->set_write_timeout(seconds, micros % 1'000'000);
    client->set_keep_alive(true);
    return client;
  }

  absl::StatusOr<std::string> Get(const std::string& path, size_t bytes_max) {
    const std::string target = absl::StrCat(prefix_, "/", path);
    std::unique_ptr<httplib::Client> client = TakeClient();
    std::string body;
    bool too_large = false, too_slow = false;
    const absl::Time deadline = absl::Now() + timeout_;
    const httplib::Result result = client->Get(target, [&](const char* bytes, size_t size) {
      too_large = body.size() + size > bytes_max;
      too_slow = absl::Now() > deadline;
      if (too_large || too_slow) return false;
      body.append(bytes, size);
      return true;
    });
    if (too_large) return absl::InvalidArgumentError(absl::StrCat("the file has more than ", bytes_max, " bytes"));
    if (too_slow) {
      return absl::UnavailableError(
          absl::StrCat(server_, target, ": did not come within ", absl::FormatDuration(timeout_)));
    }
    if (!result) {
      return absl::UnavailableError(
          absl::StrCat("no answer from ", server_, target, ": ", httplib::to_string(result.error())));
    }
    const int status = result->status;
    {
      std::lock_guard lock(mutex_);
      idle_.push_back(std::move(client));
    }
    if (status == kStatusNotFound || status == kStatusGone) return absl::NotFoundError("the file is not there");
    if (status != kStatusFine) {
      return absl::UnavailableError(absl::StrCat(server_, target, ": the server answers with status ", status));
    }
    return body;
  }

  const std::string server_;  // Scheme, host and port.
  const std::string prefix_;  // Path without a slash at its end.
  const absl::Duration timeout_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<httplib::Client>> idle_;
};

}  // namespace

bool IsHttpUrl(const std::string& text) {
  return absl::StartsWithIgnoreCase(text, "http://") || absl::StartsWithIgnoreCase(text, "https://");
}

absl::StatusOr<std::unique_ptr<audit::LogSource>> OpenHttpSource(const std::string& url, absl::Duration timeout) {
  const size_t host = url.find("://") + 3;
  const size_t path = std::min(url.find('/', host), url.size());
  if (path == host || url.find_first_of("?# ") != std::string::npos) {
    return UsageError(absl::StrCat(url, ": write it as http://HOST[:PORT][/PATH]"));
  }
  std::string prefix = url.substr(path);
  while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
  return std::make_unique<HttpSource>(absl::AsciiStrToLower(url.substr(0, host)) + url.substr(host, path - host),
                                      std::move(prefix), timeout);
}

}  // namespace hattama::cli
