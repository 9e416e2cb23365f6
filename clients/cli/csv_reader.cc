#include "clients/cli/csv_reader.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/failure.h"
#include "csv.h"
#include "utf8proc.h"
#include "zlib.h"

namespace hattama::cli {
namespace {

constexpr char kByteOrderMark[] = "\xEF\xBB\xBF";
constexpr size_t kBufferBytes = 1 << 16;

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    utf8proc_int32_t code_point = 0;
    const utf8proc_ssize_t bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                    static_cast<utf8proc_ssize_t>(text.size()), &code_point);
    if (bytes <= 0 || code_point == 0) return false;
    text.remove_prefix(bytes);
  }
  return true;
}

// Lines of a file, plain or gzip, each with its end.
class LineReader {
 public:
  explicit LineReader(std::string path) : path_(std::move(path)) {}
  ~LineReader() {
    if (file_ != nullptr) gzclose(file_);
  }

  absl::Status Open() {
    file_ = gzopen(path_.c_str(), "rb");
    if (file_ == nullptr) return UsageError(absl::StrCat(path_, ": ", std::strerror(errno)));
    gzbuffer(file_, kBufferBytes);
    // zlib passes other bytes through; a file that says it is gzip must be.
    if (absl::EndsWith(path_, ".gz") && gzdirect(file_)) {
      return absl::InvalidArgumentError(absl::StrCat(path_, ": is no gzip file"));
    }
    return absl::OkStatus();
  }

  // The next line; false at the end. InvalidArgument where the gzip is damaged or a line does not end.
  absl::StatusOr<bool> Next(std::string& line) {
    line.clear();
    ++line_;
    while (true) {
      if (at_ == end_) {
        const int bytes = gzread(file_, buffer_, sizeof buffer_);
        int error = Z_OK;
        const char* told = gzerror(file_, &error);
        if (bytes < 0 || error == Z_BUF_ERROR || error == Z_DATA_ERROR) {
          return absl::InvalidArgumentError(
              absl::StrCat(path_, ":", line_, ": gzip is damaged or cut short (", told, ")"));
        }
        if (bytes == 0) return !line.empty();
        at_ = 0;
        end_ = bytes;
      }
      const char* begin = buffer_ + at_;
      const void* newline = std::memchr(begin, '\n', end_ - at_);
      const size_t length = newline != nullptr ? static_cast<const char*>(newline) - begin + 1 : end_ - at_;
      line.append(begin, length);
      at_ += length;
      if (newline != nullptr) return true;
      if (line.size() > kCsvRowBytesMax) {
        return absl::InvalidArgumentError(
            absl::StrCat(path_, ":", line_, ": line is longer than ", kCsvRowBytesMax, " bytes"));
      }
    }
  }

 private:
  std::string path_;
  gzFile file_ = nullptr;
  int64_t line_ = 0;
  char buffer_[kBufferBytes];
  size_t at_ = 0;
  size_t end_ = 0;
};

// What the parser of libcsv hands out: cells of the row under way, and whole rows.
struct Parsed {
  std::vector<std::string> cells;
  std::vector<std::vector<std::string>> rows;
};

void OnCell(void* bytes, size_t size, void* parsed) {
  static_cast<Parsed*>(parsed)->cells.emplace_back(static_cast<const char*>(bytes), size);
}

void OnRow(int, void* parsed) {
  auto* all = static_cast<Parsed*>(parsed);
  all->rows.push_back(std::move(all->cells));
  all->cells.clear();
}

struct Parser {
  csv_parser state;
  Parser() { csv_init(&state, CSV_STRICT | CSV_STRICT_FINI); }
  ~Parser() { csv_free(&state); }
};

}  // namespace

absl::StatusOr<CsvHeader> CsvHeader::Make(std::vector<std::string> columns) {
  CsvHeader header;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].empty()) return absl::InvalidArgumentError(absl::StrCat("column ", i + 1, " has no name"));
    if (!header.by_name_.emplace(columns[i], i).second) {
      return absl::InvalidArgumentError(absl::StrCat("column \"", columns[i], "\" occurs twice"));
    }
  }
  header.columns_ = std::move(columns);
  return header;
}

std::optional<size_t> CsvHeader::Find(std::string_view column) const {
  const auto found = by_name_.find(absl::string_view(column.data(), column.size()));
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

absl::Status ReadCsv(const std::string& path, const std::function<absl::Status(const CsvHeader&)>& header,
                     const std::function<absl::Status(const CsvRow&)>& row,
                     const std::function<absl::Status(int64_t, const std::string&)>& faulty) {
  auto reader = std::make_unique<LineReader>(path);
  if (absl::Status opened = reader->Open(); !opened.ok()) return opened;
  Parser parser;
  Parsed parsed;
  size_t column_count = 0;
  int64_t line_number = 0;
  int64_t row_line = 1;
  size_t row_bytes = 0;
  const auto at = [&](int64_t line, absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(path, ":", line, ": ", what));
  };

  const auto take_rows = [&]() -> absl::Status {
    for (std::vector<std::string>& cells : parsed.rows) {
      absl::Status taken;
      if (column_count == 0) {
        absl::StatusOr<CsvHeader> made = CsvHeader::Make(std::move(cells));
        if (!made.ok()) return at(row_line, made.status().message());
        column_count = made->columns().size();
        taken = header(*made);
      } else if (cells.size() != column_count) {
        taken = faulty(row_line, absl::StrCat("has ", cells.size(), " cells, the header ", column_count));
      } else if (!IsUtf8(absl::StrJoin(cells, ""))) {
        taken = faulty(row_line, "is not valid UTF-8");
      } else {
        taken = row(CsvRow{.line = row_line, .cells = std::move(cells)});
      }
      if (!taken.ok()) return taken;
    }
    if (!parsed.rows.empty()) {
      parsed.rows.clear();
      row_line = line_number + 1;
      row_bytes = 0;
    }
    return absl::OkStatus();
  };

  std::string line;
  while (true) {
    absl::StatusOr<bool> more = reader->Next(line);
    if (!more.ok()) return more.status();
    if (!*more) break;
    ++line_number;
    std::string_view bytes = line;
    if (line_number == 1 && absl::StartsWith(line, kByteOrderMark)) bytes.remove_prefix(3);
    // The parser passes over blank lines between rows; the next row does not begin on them.
    const bool blank = bytes.find_first_not_of("\r\n") == std::string_view::npos;
    if (blank && parsed.cells.empty() && row_bytes == 0) {
      row_line = line_number + 1;
      continue;
    }
    row_bytes += bytes.size();
    if (row_bytes > kCsvRowBytesMax) return at(row_line, "row does not end; a quote that is never closed?");
    if (csv_parse(&parser.state, bytes.data(), bytes.size(), OnCell, OnRow, &parsed) != bytes.size()) {
      return at(line_number, absl::StrCat("is no CSV: ", csv_strerror(csv_error(&parser.state))));
    }
    if (absl::Status taken = take_rows(); !taken.ok()) return taken;
  }
  if (csv_fini(&parser.state, OnCell, OnRow, &parsed) != 0) return at(row_line, "a quote is never closed");
  if (absl::Status taken = take_rows(); !taken.ok()) return taken;
  if (column_count == 0) return at(1, "is empty; a header line is needed");
  return absl::OkStatus();
}

}  // namespace hattama::cli
