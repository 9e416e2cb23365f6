// Takes lines off the front of a text, and knows which is which for messages.
#ifndef HATTAMA_STORAGE_MERKLE_LINE_READER_H_
#define HATTAMA_STORAGE_MERKLE_LINE_READER_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace hattama::merkle {

// A piece of somebody else's text as a message may show it: ASCII that prints, whatever bytes it has or where it is
// cut, and not longer than a line of a terminal.
inline std::string Quoted(std::string_view text) {
  constexpr size_t kShownMax = 80;
  const std::string_view shown = text.substr(0, kShownMax);
  return "\"" + absl::CHexEscape(absl::string_view(shown.data(), shown.size())) +
         (text.size() > kShownMax ? "...\"" : "\"");
}

// The text must outlive the reader.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {}

  // The next line without its newline; nothing at the end, and for a last line without a newline.
  std::optional<std::string_view> Next() {
    const size_t end = rest_.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    ++number_;
    return line;
  }

  // Of the line that Next returned last, from 1.
  int number() const { return number_; }
  std::string_view rest() const { return rest_; }
  bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  int number_ = 0;
};

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_LINE_READER_H_
