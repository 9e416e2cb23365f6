#include "clients/cli/csv_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/cli/failure.h"
#include "tests/cli/scratch_folder.h"

namespace hattama::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Reading {
  absl::Status status;
  std::vector<std::string> columns;
  std::vector<CsvRow> rows;
  std::vector<std::string> faults;  // "line: what"
};

Reading ReadAll(const std::string& path) {
  Reading reading;
  reading.status = ReadCsv(
      path,
      [&](const CsvHeader& header) {
        reading.columns = header.columns();
        return absl::OkStatus();
      },
      [&](const CsvRow& row) {
        reading.rows.push_back(row);
        return absl::OkStatus();
      },
      [&](int64_t line, const std::string& what) {
        reading.faults.push_back(std::to_string(line) + ": " + what);
        return absl::OkStatus();
      });
  return reading;
}

class CsvReaderTest : public ::testing::Test {
 protected:
  Reading ReadText(std::string_view text) { return ReadAll(folder_.Write("file.csv", text)); }

  ScratchFolder folder_;
};

TEST_F(CsvReaderTest, ReadsRowsWithTheirLines) {
  const Reading reading = ReadText("a,b\n1,2\n3,4\n");
  ASSERT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_THAT(reading.columns, ElementsAre("a", "b"));
  ASSERT_EQ(reading.rows.size(), 2);
  EXPECT_EQ(reading.rows[1].line, 3);
  EXPECT_THAT(reading.rows[1].cells, ElementsAre("3", "4"));
}

TEST_F(CsvReaderTest, PassesOverAByteOrderMark) {
  const Reading reading = ReadText(
      "\xEF\xBB\xBF"
      "a,b\n1,2\n");
  ASSERT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_THAT(reading.columns, ElementsAre("a", "b"));
}

TEST_F(CsvReaderTest, TakesLineEndsOfEverySystem) {
  const Reading windows = ReadText("a,b\r\n1,2\r\n\r\n3,4");
  ASSERT_TRUE(windows.status.ok()) << windows.status;
  ASSERT_EQ(windows.rows.size(), 2);
  EXPECT_THAT(windows.rows[0].cells, ElementsAre("1", "2"));
  EXPECT_THAT(windows.rows[1].cells, ElementsAre("3", "4"));
  EXPECT_EQ(windows.rows[1].line, 4);
}

TEST_F(CsvReaderTest, KeepsLineEndsCommasAndQuotesInsideQuotes) {
  const Reading reading = ReadText("a,b\n\"School 5,\nsecond floor\",\"say \"\"no\"\"\"\n1,2\n");
  ASSERT_TRUE(reading.status.ok()) << reading.status;
  ASSERT_EQ(reading.rows.size(), 2);
  EXPECT_THAT(reading.rows[0].cells, ElementsAre("School 5,\nsecond floor", "say \"no\""));
  EXPECT_EQ(reading.rows[0].line, 2);
  EXPECT_EQ(reading.rows[1].line, 4);
}

TEST_F(CsvReaderTest, TellsRaggedRowsAndGoesOn) {
  const Reading reading = ReadText("a,b\n1\n1,2,3\n5,6\n");
  ASSERT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_THAT(reading.faults, ElementsAre("2: has 1 cells, the header 2", "3: has 3 cells, the header 2"));
  ASSERT_EQ(reading.rows.size(), 1);
  EXPECT_THAT(reading.rows[0].cells, ElementsAre("5", "6"));
}

TEST_F(CsvReaderTest, TellsRowsThatAreNoUtf8) {
  const Reading reading = ReadText("a,b\n\xC3\x28,2\n5,6\n");
  ASSERT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_THAT(reading.faults, ElementsAre("2: is not valid UTF-8"));
  EXPECT_EQ(reading.rows.size(), 1);
}

TEST_F(CsvReaderTest, RefusesColumnsThatOccurTwiceOrHaveNoName) {
  EXPECT_THAT(ReadText("a,b,a\n").status.message(), HasSubstr("file.csv:1: column \"a\" occurs twice"));
  EXPECT_THAT(ReadText("a,,c\n").status.message(), HasSubstr("file.csv:1: column 2 has no name"));
}

TEST_F(CsvReaderTest, RefusesAQuoteThatIsNeverClosed) {
  const Reading reading = ReadText("a,b\n1,2\n\"open,2\n3,4\n");
  EXPECT_THAT(reading.status.message(), HasSubstr("file.csv:3: a quote is never closed"));
  EXPECT_EQ(reading.rows.size(), 1);
}

TEST_F(CsvReaderTest, RefusesTextAfterAClosedQuote) {
  EXPECT_THAT(ReadText("a,b\n\"x\"y,2\n").status.message(), HasSubstr("file.csv:2: is no CSV"));
}

TEST_F(CsvReaderTest, RefusesAnEmptyFile) {
  EXPECT_THAT(ReadText("").status.message(), HasSubstr("file.csv:1: is empty; a header line is needed"));
}

TEST_F(CsvReaderTest, RefusesARowWithoutEnd) {
  std::string text = "a,b\n\"";
  while (text.size() <= kCsvRowBytesMax) text += "line after line\n";
  EXPECT_THAT(ReadText(text).status.message(), HasSubstr("file.csv:2: row does not end"));
}

TEST_F(CsvReaderTest, NamesAFileThatIsNotThere) {
  const Reading reading = ReadAll(folder_.Path("absent.csv"));
  EXPECT_EQ(ExitCodeOf(reading.status), ExitCode::kUsage);
  EXPECT_THAT(reading.status.message(), HasSubstr("absent.csv: No such file"));
}

TEST_F(CsvReaderTest, ReadsGzip) {
  const Reading reading = ReadAll(folder_.WriteGzip("file.csv.gz", "a,b\n1,2\n"));
  ASSERT_TRUE(reading.status.ok()) << reading.status;
  EXPECT_EQ(reading.rows.size(), 1);
}

TEST_F(CsvReaderTest, NoticesAGzipThatWasCutShort) {
  std::string text = "a,b\n";
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919 % 100'003) + "," + std::to_string(i) + "\n";
  const Reading reading = ReadAll(folder_.WriteGzip("file.csv.gz", text, 0.5));
  EXPECT_EQ(reading.status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(reading.status.message(), HasSubstr("gzip is damaged or cut short"));
  // Nothing that a cut cell could have made: every row handed out is one that was written.
  for (size_t i = 0; i < reading.rows.size(); ++i) {
    ASSERT_THAT(reading.rows[i].cells, ElementsAre(std::to_string(i * 7919 % 100'003), std::to_string(i)));
  }
}

TEST_F(CsvReaderTest, NoticesAGzipWhoseEndAloneIsMissing) {
  const std::string path = folder_.WriteGzip("file.csv.gz", "a,b\n1,2\n");
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 4);
  EXPECT_THAT(ReadAll(path).status.message(), HasSubstr("gzip is damaged or cut short"));
}

TEST_F(CsvReaderTest, RefusesAPlainFileThatSaysItIsGzip) {
  EXPECT_THAT(ReadAll(folder_.Write("file.csv.gz", "a,b\n1,2\n")).status.message(), HasSubstr("is no gzip file"));
}

TEST_F(CsvReaderTest, EndsWhereTheCallerSaysSo) {
  int rows = 0;
  const absl::Status status = ReadCsv(
      folder_.Write("file.csv", "a\n1\n2\n3\n"), [](const CsvHeader&) { return absl::OkStatus(); },
      [&](const CsvRow&) { return ++rows == 2 ? absl::CancelledError("enough") : absl::OkStatus(); },
      [](int64_t, const std::string&) { return absl::OkStatus(); });
  EXPECT_EQ(status, absl::CancelledError("enough"));
  EXPECT_EQ(rows, 2);
}

}  // namespace
}  // namespace hattama::cli
