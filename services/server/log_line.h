// Log lines on stderr: `2026-03-01T12:00:00.123Z info serving address=127.0.0.1:7878 tree_size=1`.
// Values with anything but printable ASCII, a blank or a quote stand in quotes, escaped, so that a line is always one.
#ifndef HATTAMA_SERVICES_SERVER_LOG_LINE_H_
#define HATTAMA_SERVICES_SERVER_LOG_LINE_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace hattama::server {

enum class LogLevel { kInfo, kWarning, kError };

struct LogField {
  std::string_view key;
  std::string value;
};

// The line, with its newline.
std::string FormatLogLine(absl::Time time, LogLevel level, std::string_view event, const std::vector<LogField>& fields);

// Writes the line now. Thread-safe.
void LogLine(LogLevel level, std::string_view event, const std::vector<LogField>& fields = {});

// Sends gRPC's own errors the same way. Before `on` they are dropped: whoever starts a server reports the reason
// himself, in one line. What protobuf says of bytes from clients is dropped for good: their sender is told.
void RouteGrpcLog();
void SetGrpcLogOn(bool on);

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_LOG_LINE_H_
