// The rows of a protocols file as submissions, before any is sent: which go, which are skipped, which are refused and
// why.
#ifndef HATTAMA_CLIENTS_CLI_PROTOCOL_ROWS_H_
#define HATTAMA_CLIENTS_CLI_PROTOCOL_ROWS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "clients/cli/csv_reader.h"
#include "clients/cli/mapping.h"
#include "hattama/v1/results_service.pb.h"

namespace hattama::cli {

// A row to send.
struct ProtocolRow {
  int64_t line = 0;
  // The row of the same contest, unit, source and stage that this one supersedes; an index into `rows`.
  std::optional<size_t> predecessor;
  std::string source_id;
  std::string unit_id;
  // How many rows of the same stream precede it.
  int32_t generation = 0;
  // Serialised ProtocolSubmitted, without supersedes_sequence.
  std::string protocol;
};

struct RefusedRow {
  int64_t line = 0;
  std::string reason;  // UPPER_SNAKE_CASE.
  std::string message;
};

class ProtocolRows {
 public:
  // `election` is the definition as the server has it; it and `mapping` outlive this object.
  ProtocolRows(const Mapping& mapping, const v1::GetElectionResponse& election);

  // Reads a whole file. An error means that the file cannot be imported at all; faulty rows are refused one by one.
  absl::Status Read(const std::string& path);

  int64_t row_count() const { return row_count_; }
  // In the order of the file.
  const std::vector<ProtocolRow>& rows() const { return rows_; }
  const std::vector<RefusedRow>& refused() const { return refused_; }
  // Reason -> how many rows.
  const absl::btree_map<std::string, int64_t>& skipped() const { return skipped_; }

 private:
  struct ContestColumns {
    const v1::Contest* contest = nullptr;
    std::vector<std::optional<size_t>> options;  // By ballot order.
    std::vector<size_t> foreign;                 // Option columns of other contests.
  };
  struct LineColumn {
    size_t column = 0;
    std::string line_id;
  };
  // Where a stream of protocols stands: its rows by version.
  struct Stream {
    absl::btree_map<int64_t, size_t> by_version;
  };

  absl::Status TakeHeader(const std::string& path, const CsvHeader& header);
  // Empty where the row was taken or skipped; else why it is refused.
  std::optional<RefusedRow> TakeRow(const CsvRow& row);
  std::optional<RefusedRow> SetFigures(const CsvRow& row, const ContestColumns& contest,
                                       v1::ProtocolSubmitted& protocol) const;
  void LinkStreams();

  const Mapping& mapping_;
  const v1::GetElectionResponse& election_;
  std::vector<std::string> column_names_;
  size_t station_ = 0;
  size_t contest_ = 0;
  size_t stage_ = 0;
  std::vector<size_t> source_;
  std::optional<size_t> version_;
  std::optional<size_t> recorded_at_;
  std::vector<LineColumn> lines_;
  absl::flat_hash_map<std::string, ContestColumns> contests_;

  int64_t row_count_ = 0;
  std::vector<ProtocolRow> rows_;
  std::vector<RefusedRow> refused_;
  absl::btree_map<std::string, int64_t> skipped_;
  absl::flat_hash_map<std::string, Stream> streams_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_PROTOCOL_ROWS_H_
