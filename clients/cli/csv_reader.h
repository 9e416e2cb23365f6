// Rows of a CSV file, plain or gzip, one at a time. UTF-8 with or without a byte order mark, any line ends, quoted
// cells that hold line ends. What a faulty row costs is the caller's choice: it is told, and reading goes on.
#ifndef HATTAMA_CLIENTS_CLI_CSV_READER_H_
#define HATTAMA_CLIENTS_CLI_CSV_READER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace hattama::cli {

// Longest row in bytes; beyond it the file is taken for no CSV.
inline constexpr size_t kCsvRowBytesMax = 1 << 20;

struct CsvRow {
  int64_t line = 0;  // 1-based line on which the row begins; the header's is 1.
  std::vector<std::string> cells;
};

// The header: columns by name.
class CsvHeader {
 public:
  CsvHeader() = default;
  // InvalidArgument names a column that occurs twice or has no name.
  static absl::StatusOr<CsvHeader> Make(std::vector<std::string> columns);

  const std::vector<std::string>& columns() const { return columns_; }
  std::optional<size_t> Find(std::string_view column) const;

 private:
  std::vector<std::string> columns_;
  absl::flat_hash_map<std::string, size_t> by_name_;
};

// Reads `path`. `header` is called once, then `row` for each row, then nothing more. Either ends the reading by a
// status that is not ok. A row with another number of cells than the header, or with bytes that are no UTF-8, goes to
// `faulty` with what is wrong with it. UsageError where the file cannot be opened; InvalidArgument with path and line
// where it is no CSV or its gzip is damaged or cut short: rows before that place were already handed out.
absl::Status ReadCsv(const std::string& path, const std::function<absl::Status(const CsvHeader&)>& header,
                     const std::function<absl::Status(const CsvRow&)>& row,
                     const std::function<absl::Status(int64_t line, const std::string& what)>& faulty);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_CSV_READER_H_
