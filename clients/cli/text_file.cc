#include "clients/cli/text_file.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"

namespace hattama::cli {
namespace {

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";

}  // namespace

absl::StatusOr<std::string> ReadBytes(const std::string& path) {
  const bool standard_input = path == "-";
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(standard_input ? stdin : std::fopen(path.c_str(), "rb"),
                                                       standard_input ? [](std::FILE*) { return 0; } : std::fclose);
  if (file == nullptr) return UsageError(absl::StrCat(path, ": ", std::strerror(errno)));
  std::string text;
  char buffer[1 << 16];
  size_t bytes = 0;
  while ((bytes = std::fread(buffer, 1, sizeof buffer, file.get())) > 0) {
    text.append(buffer, bytes);
    if (text.size() > static_cast<size_t>(kTextFileBytesMax)) {
      return UsageError(absl::StrCat(path, ": larger than ", kTextFileBytesMax, " bytes"));
    }
  }
  if (std::ferror(file.get())) return UsageError(absl::StrCat(path, ": ", std::strerror(errno)));
  return text;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  absl::StatusOr<std::string> text = ReadBytes(path);
  if (text.ok() && absl::StartsWith(*text, kByteOrderMark)) text->erase(0, 3);
  return text;
}

}  // namespace hattama::cli
