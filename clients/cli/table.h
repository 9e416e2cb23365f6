// A table of text that lines up in a terminal, whatever its script. Widths are counted in terminal cells, not bytes.
#ifndef HATTAMA_CLIENTS_CLI_TABLE_H_
#define HATTAMA_CLIENTS_CLI_TABLE_H_

#include <string>
#include <string_view>
#include <vector>

namespace hattama::cli {

// How many terminal cells `text` takes: combining marks none, wide characters two. Not valid UTF-8: its bytes.
int DisplayWidth(std::string_view text);

// `text` cut to `width_max` cells, with an ellipsis where something was cut.
std::string Shortened(std::string_view text, int width_max);

// One line without control characters, which could move a terminal's cursor; each becomes a space.
std::string OneLine(std::string_view text);

enum class Align { kLeft, kRight };
enum class Tone { kPlain, kBold, kDim, kGood, kBad };

// `text` in a tone for a terminal that shows colours; as it is for others.
std::string Toned(std::string_view text, Tone tone, bool colour);

struct Cell {
  std::string text;
  Tone tone = Tone::kPlain;

  Cell(std::string value, Tone as = Tone::kPlain) : text(std::move(value)), tone(as) {}
  Cell(const char* value) : text(value) {}
};

struct Column {
  std::string title;
  Align align = Align::kLeft;
  int width_max = 60;  // Cells; longer texts are shortened.
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // A row may be shorter than the header; it is never longer.
  void Add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }

  // Header and rows, two spaces apart, every line ended and without spaces at its end. Columns empty in every row are
  // left out.
  std::string Render(bool colour) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_TABLE_H_
