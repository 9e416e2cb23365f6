#include "services/server/log_line.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "services/domain/text.h"

namespace hattama::server {
namespace {

using domain::Text;

std::atomic<bool> grpc_log_on = false;

std::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string Value(const std::string& value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(),
                                                   [](char c) { return c > ' ' && c < 0x7F && c != '"' && c != '\\'; });
  return plain ? value : absl::StrCat("\"", absl::CHexEscape(value), "\"");
}

void TakeGrpcLine(gpr_log_func_args* args) {
  if (!grpc_log_on) return;
  const LogLevel level = args->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kError : LogLevel::kInfo;
  LogLine(level, "grpc", {{"message", args->message}});
}

}  // namespace

std::string FormatLogLine(absl::Time time, LogLevel level, std::string_view event,
                          const std::vector<LogField>& fields) {
  std::string line = absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone()), " ",
                                  Text(LevelName(level)), " ", Text(event));
  for (const LogField& field : fields) absl::StrAppend(&line, " ", Text(field.key), "=", Value(field.value));
  line += '\n';
  return line;
}

void LogLine(LogLevel level, std::string_view event, const std::vector<LogField>& fields) {
  const std::string line = FormatLogLine(absl::Now(), level, event, fields);
  // One write, so that lines of several threads do not mix. Nobody can be told where it does not succeed.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, line.data(), line.size());
}

void RouteGrpcLog() {
  gpr_set_log_function(TakeGrpcLine);
  // protobuf writes a line for every text that is no UTF-8. Its sender is told already, and whoever sends many would
  // fill the disk of the log.
  google::protobuf::SetLogHandler(nullptr);
}

void SetGrpcLogOn(bool on) { grpc_log_on = on; }

}  // namespace hattama::server
