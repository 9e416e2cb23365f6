#include "clients/cli/table.h"

#include <algorithm>
#include <functional>

#include "absl/strings/str_cat.h"
#include "utf8proc.h"

namespace hattama::cli {
namespace {

constexpr char kEllipsis[] = "…";

// Calls `take` with each code point's bytes and cells until it answers false. False where the text is not UTF-8.
bool ForEachCodePoint(std::string_view text, const std::function<bool(std::string_view, int)>& take) {
  while (!text.empty()) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                    static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    if (bytes <= 0) return false;
    if (!take(text.substr(0, bytes), utf8proc_charwidth(code_point))) return true;
    text.remove_prefix(bytes);
  }
  return true;
}

const char* CodeOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kBold:
      return "\x1b[1m";
    case Tone::kDim:
      return "\x1b[2m";
    case Tone::kGood:
      return "\x1b[32m";
    case Tone::kBad:
      return "\x1b[31m";
  }
  return "";
}

}  // namespace

int DisplayWidth(std::string_view text) {
  int width = 0;
  const bool valid = ForEachCodePoint(text, [&](std::string_view, int cells) {
    width += cells;
    return true;
  });
  return valid ? width : static_cast<int>(text.size());
}

std::string Shortened(std::string_view text, int width_max) {
  if (DisplayWidth(text) <= width_max) return std::string(text);
  std::string kept;
  int width = 0;
  ForEachCodePoint(text, [&](std::string_view bytes, int cells) {
    if (width + cells > width_max - 1) return false;
    kept += bytes;
    width += cells;
    return true;
  });
  return kept + kEllipsis;
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return line;
}

std::string Toned(std::string_view text, Tone tone, bool colour) {
  if (!colour || tone == Tone::kPlain || text.empty()) return std::string(text);
  return absl::StrCat(CodeOf(tone), absl::string_view(text.data(), text.size()), "\x1b[0m");
}

std::string Table::Render(bool colour) const {
  std::vector<int> widths(columns_.size(), 0);
  std::vector<std::vector<std::string>> texts;
  for (const std::vector<Cell>& row : rows_) {
    std::vector<std::string>& line = texts.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      line.push_back(Shortened(OneLine(row[i].text), columns_[i].width_max));
      widths[i] = std::max(widths[i], DisplayWidth(line.back()));
    }
  }
  const std::vector<int> content = widths;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (content[i] > 0) widths[i] = std::max(widths[i], DisplayWidth(columns_[i].title));
  }

  std::string out;
  const auto add_line = [&](const std::function<std::string(size_t)>& text_of,
                            const std::function<Tone(size_t)>& tone_of) {
    std::string line;
    int pending = 0;  // Spaces owed before the next text, so that no line ends in spaces.
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (widths[i] == 0) continue;
      const std::string text = text_of(i);
      const int padding = widths[i] - DisplayWidth(text);
      if (columns_[i].align == Align::kRight) pending += padding;
      if (!text.empty()) {
        absl::StrAppend(&line, std::string(pending, ' '), Toned(text, tone_of(i), colour));
        pending = 0;
      }
      if (columns_[i].align == Align::kLeft) pending += padding;
      pending += 2;
    }
    absl::StrAppend(&out, line, "\n");
  };
  const bool has_titles =
      std::any_of(columns_.begin(), columns_.end(), [](const Column& c) { return !c.title.empty(); });
  if (has_titles) {
    add_line([&](size_t i) { return columns_[i].title; }, [](size_t) { return Tone::kBold; });
  }
  for (size_t r = 0; r < rows_.size(); ++r) {
    add_line([&](size_t i) { return i < texts[r].size() ? texts[r][i] : std::string(); },
             [&](size_t i) { return i < rows_[r].size() ? rows_[r][i].tone : Tone::kPlain; });
  }
  return out;
}

}  // namespace hattama::cli
