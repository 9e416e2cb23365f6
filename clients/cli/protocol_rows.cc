#include "clients/cli/protocol_rows.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/figures_text.h"

namespace hattama::cli {
namespace {

constexpr int64_t kCountMax = 999'999'999;
constexpr char kMalformed[] = "MALFORMED_ROW";
constexpr char kUnmapped[] = "UNMAPPED_VALUE";
constexpr char kCount[] = "COUNT_OUT_OF_RANGE";
constexpr char kConflict[] = "CONFLICTING_ROW";
constexpr char kDuplicate[] = "duplicate of another row";

// A figure as on paper: digits alone. Says what is wrong with anything else.
absl::StatusOr<std::optional<int64_t>> ParseCount(const std::string& cell) {
  if (cell.empty()) return std::optional<int64_t>();
  const auto fault = [&](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("\"", cell.substr(0, 40), "\" ", what));
  };
  const bool negative = cell[0] == '-';
  const std::string digits = negative ? cell.substr(1) : cell;
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return fault("is no whole number");
  }
  if (negative) return fault("is negative");
  int64_t count = 0;
  if (!absl::SimpleAtoi(digits, &count) || count > kCountMax) return fault(absl::StrCat("is above ", kCountMax));
  return std::optional<int64_t>(count);
}

}  // namespace

ProtocolRows::ProtocolRows(const Mapping& mapping, const v1::GetElectionResponse& election)
    : mapping_(mapping), election_(election) {}

absl::Status ProtocolRows::TakeHeader(const std::string& path, const CsvHeader& header) {
  const ProtocolsMapping& mapping = *mapping_.protocols;
  std::vector<std::string> faults;
  std::set<size_t> used;
  column_names_ = header.columns();
  const auto take = [&](const std::string& column) -> std::optional<size_t> {
    if (column.empty()) return std::nullopt;
    const std::optional<size_t> found = header.Find(column);
    if (found) {
      used.insert(*found);
    } else {
      faults.push_back(absl::StrCat("has no column \"", column, "\""));
    }
    return found;
  };
  station_ = take(mapping.station).value_or(0);
  contest_ = take(mapping.contest).value_or(0);
  stage_ = take(mapping.stage).value_or(0);
  for (const std::string& column : mapping.source) source_.push_back(take(column).value_or(0));
  version_ = take(mapping.version);
  recorded_at_ = take(mapping.recorded_at);
  for (const auto& [column, line_id] : mapping.lines) {
    if (const std::optional<size_t> found = take(column)) lines_.push_back({*found, line_id});
  }
  // Figures go out in the order of the file.
  std::sort(lines_.begin(), lines_.end(), [](const LineColumn& a, const LineColumn& b) { return a.column < b.column; });
  for (const std::string& column : mapping.ignore) {
    if (const std::optional<size_t> found = header.Find(column)) used.insert(*found);
  }

  absl::flat_hash_map<std::string, size_t> option_columns;  // By option_id.
  for (const auto& [column, option_id] : mapping.options) {
    if (const std::optional<size_t> found = take(column)) option_columns[option_id] = *found;
  }
  if (mapping.options.empty()) {
    for (const v1::Contest& contest : election_.contests()) {
      for (const v1::Option& option : contest.options()) {
        const std::optional<size_t> found = header.Find(option.option_id());
        if (found && (!used.contains(*found) || option_columns.contains(option.option_id()))) {
          option_columns[option.option_id()] = *found;
          used.insert(*found);
        }
      }
    }
  }
  for (const v1::Contest& contest : election_.contests()) {
    ContestColumns& columns = contests_[contest.contest_id()];
    columns.contest = &contest;
    std::set<size_t> own;
    for (const v1::Option& option : contest.options()) {
      const auto found = option_columns.find(option.option_id());
      columns.options.push_back(found == option_columns.end() ? std::nullopt : std::optional<size_t>(found->second));
      if (found != option_columns.end()) own.insert(found->second);
    }
    for (const auto& [option_id, column] : option_columns) {
      if (!own.contains(column)) columns.foreign.push_back(column);
    }
    std::sort(columns.foreign.begin(), columns.foreign.end());
  }
  for (size_t i = 0; i < header.columns().size(); ++i) {
    if (used.contains(i)) continue;
    faults.push_back(absl::StrCat("column \"", header.columns()[i],
                                  "\" is no line, no option and nothing else that the mapping names; add it to "
                                  "\"ignore\" where it means nothing"));
  }
  if (faults.empty()) return absl::OkStatus();
  for (std::string& fault : faults) fault = absl::StrCat(path, ":1: ", fault);
  return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
}

std::optional<RefusedRow> ProtocolRows::SetFigures(const CsvRow& row, const ContestColumns& contest,
                                                   v1::ProtocolSubmitted& protocol) const {
  const auto column_fault = [&](size_t column, const char* reason, absl::string_view what) {
    return RefusedRow{row.line, reason, absl::StrCat("column \"", column_names_[column], "\": ", what)};
  };
  for (const LineColumn& line : lines_) {
    absl::StatusOr<std::optional<int64_t>> count = ParseCount(row.cells[line.column]);
    if (!count.ok()) return column_fault(line.column, kCount, count.status().message());
    if (!count->has_value()) continue;
    v1::LineFigure& figure = *protocol.add_lines();
    figure.set_line_id(line.line_id);
    figure.set_count(**count);
  }
  for (int i = 0; i < contest.contest->options_size(); ++i) {
    const std::string& option_id = contest.contest->options(i).option_id();
    const std::optional<size_t> column = contest.options[i];
    if (!column) {
      return RefusedRow{row.line, kMalformed,
                        absl::StrCat("no column states option \"", option_id, "\" of contest \"",
                                     contest.contest->contest_id(), "\"")};
    }
    absl::StatusOr<std::optional<int64_t>> count = ParseCount(row.cells[*column]);
    if (!count.ok()) return column_fault(*column, kCount, count.status().message());
    v1::OptionFigure& figure = *protocol.add_options();
    figure.set_option_id(option_id);
    if (count->has_value()) figure.set_count(**count);
  }
  for (const size_t column : contest.foreign) {
    if (row.cells[column].empty()) continue;
    return column_fault(column, kMalformed,
                        absl::StrCat("states \"", row.cells[column], "\", but is no option of contest \"",
                                     contest.contest->contest_id(), "\""));
  }
  return std::nullopt;
}

std::optional<RefusedRow> ProtocolRows::TakeRow(const CsvRow& row) {
  const ProtocolsMapping& mapping = *mapping_.protocols;
  const auto refuse = [&](const char* reason, std::string message) {
    return RefusedRow{row.line, reason, std::move(message)};
  };
  v1::ProtocolSubmitted protocol;
  protocol.set_election_id(mapping_.election);
  if (row.cells[station_].empty()) return refuse(kMalformed, absl::StrCat("column \"", mapping.station, "\" is empty"));
  protocol.set_unit_id(row.cells[station_]);

  const std::string& contest_text = row.cells[contest_];
  const auto mapped = mapping.contests.find(contest_text);
  protocol.set_contest_id(mapped == mapping.contests.end() ? contest_text : mapped->second);
  const auto contest = contests_.find(protocol.contest_id());
  if (contest == contests_.end()) {
    return refuse(kUnmapped,
                  absl::StrCat("election \"", mapping_.election, "\" has no contest \"", protocol.contest_id(), "\""));
  }

  std::vector<std::string> source_texts;
  for (const size_t column : source_) source_texts.push_back(row.cells[column]);
  const std::string source_text = absl::StrJoin(source_texts, "|");
  const auto source = mapping.sources.find(source_text);
  if (source == mapping.sources.end())
    return refuse(kUnmapped, absl::StrCat("source \"", source_text, "\" is not in the mapping"));
  protocol.set_source_id(source->second);

  const auto stage = mapping.stages.find(row.cells[stage_]);
  if (stage == mapping.stages.end())
    return refuse(kUnmapped, absl::StrCat("stage \"", row.cells[stage_], "\" is not in the mapping"));
  protocol.set_stage(stage->second);

  int64_t version = 0;
  if (version_ && !row.cells[*version_].empty() && (!absl::SimpleAtoi(row.cells[*version_], &version) || version < 0)) {
    return refuse(kMalformed, absl::StrCat("column \"", mapping.version, "\": \"", row.cells[*version_],
                                           "\" is no version number"));
  }
  if (recorded_at_ && !row.cells[*recorded_at_].empty()) {
    absl::StatusOr<google::protobuf::Timestamp> time = ParseMoment(row.cells[*recorded_at_]);
    if (!time.ok())
      return refuse(kMalformed, absl::StrCat("column \"", mapping.recorded_at, "\": ", time.status().message()));
    *protocol.mutable_reported_time() = *time;
  }
  if (std::optional<RefusedRow> refused = SetFigures(row, contest->second, protocol)) return refused;

  const std::string key =
      absl::StrJoin({protocol.contest_id(), protocol.unit_id(), protocol.source_id(), std::to_string(protocol.stage())},
                    std::string("\0", 1));
  ProtocolRow planned;
  planned.line = row.line;
  planned.source_id = protocol.source_id();
  planned.unit_id = protocol.unit_id();
  planned.protocol = protocol.SerializeAsString();
  const auto [known, added] = streams_[key].by_version.try_emplace(version, rows_.size());
  if (!added) {
    const ProtocolRow& other = rows_[known->second];
    if (other.protocol != planned.protocol) {
      return refuse(kConflict, absl::StrCat("states other figures than line ", other.line,
                                            " for the same contest, unit, source, stage and version"));
    }
    ++skipped_[kDuplicate];
    return std::nullopt;
  }
  rows_.push_back(std::move(planned));
  return std::nullopt;
}

void ProtocolRows::LinkStreams() {
  for (const auto& [key, stream] : streams_) {
    std::optional<size_t> before;
    int32_t generation = 0;
    for (const auto& [version, row] : stream.by_version) {
      rows_[row].predecessor = before;
      rows_[row].generation = generation++;
      before = row;
    }
  }
  streams_.clear();
}

absl::Status ProtocolRows::Read(const std::string& path) {
  const absl::Status read = ReadCsv(
      path, [&](const CsvHeader& header) { return TakeHeader(path, header); },
      [&](const CsvRow& row) {
        ++row_count_;
        if (std::optional<RefusedRow> refused = TakeRow(row)) refused_.push_back(*std::move(refused));
        return absl::OkStatus();
      },
      [&](int64_t line, const std::string& what) {
        ++row_count_;
        refused_.push_back({line, kMalformed, what});
        return absl::OkStatus();
      });
  if (!read.ok()) return read;
  LinkStreams();
  return absl::OkStatus();
}

}  // namespace hattama::cli
