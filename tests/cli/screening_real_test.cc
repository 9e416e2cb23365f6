// Screening of two real elections against published figures, and figures computed a second time outside this program.
// Reads $HATTAMA_DATA (default: ../shared/data beside the repository); skipped where it is not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "clients/cli/csv_reader.h"
#include "services/domain/digits.h"
#include "services/domain/equal_votes.h"
#include "services/domain/integer_percentages.h"
#include "services/domain/late_shift.h"
#include "services/domain/record_bursts.h"
#include "services/domain/turnout_share.h"

namespace hattama::cli {
namespace {

using domain::ShareBase;
using domain::StationFigures;
using ::testing::ElementsAre;

std::filesystem::path FolderOf(const std::string& election) {
  const char* given = std::getenv("HATTAMA_DATA");
  const std::filesystem::path data = given != nullptr ? given : HATTAMA_SOURCE_DIR "/../shared/data";
  return data / election;
}

// All rows of a file.
struct Rows {
  CsvHeader header;
  std::vector<std::vector<std::string>> rows;

  const std::string& Text(size_t row, const std::string& column) const { return rows[row][*header.Find(column)]; }
  std::optional<int64_t> Count(size_t row, const std::string& column) const {
    const std::string& text = Text(row, column);
    int64_t count = 0;
    if (text.empty()) return std::nullopt;
    EXPECT_TRUE(absl::SimpleAtoi(text, &count)) << column << ": " << text;
    return count;
  }
};

Rows ReadAll(const std::filesystem::path& path) {
  Rows all;
  const absl::Status read = ReadCsv(
      path.string(),
      [&](const CsvHeader& header) {
        all.header = header;
        return absl::OkStatus();
      },
      [&](const CsvRow& row) {
        all.rows.push_back(row.cells);
        return absl::OkStatus();
      },
      [&](int64_t line, const std::string& what) {
        return absl::InvalidArgumentError(absl::StrCat(path.string(), ":", line, ": ", what));
      });
  EXPECT_TRUE(read.ok()) << read;
  return all;
}

// ---------------------------------------------------------------------------------------------------------------------
// Russia, State Duma, 4 December 2011: 95,225 precincts. Digits, observed and included counts and the expectation:
// Kobak, Shpilkin, Pshenichnikov 2016 and its data. The rest was computed with fractions in another language.

constexpr size_t kLeader = 5;  // P06

class Duma2011Test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::filesystem::path path = FolderOf("russia-2011-duma") / "protocols.csv.gz";
    if (!std::filesystem::exists(path)) return;
    const Rows rows = ReadAll(path);
    stations_ = new std::vector<StationFigures>();
    for (size_t row = 0; row < rows.rows.size(); ++row) {
      StationFigures station = {.registered = rows.Count(row, "registered"),
                                .issued = *rows.Count(row, "issued_early") + *rows.Count(row, "issued_inside") +
                                          *rows.Count(row, "issued_outside"),
                                .valid = rows.Count(row, "valid"),
                                .invalid = rows.Count(row, "invalid")};
      for (int option = 1; option <= 7; ++option) station.votes.push_back(rows.Count(row, absl::StrCat("P0", option)));
      stations_->push_back(std::move(station));
    }
  }
  static void TearDownTestSuite() {
    delete stations_;
    stations_ = nullptr;
  }
  void SetUp() override {
    if (stations_ == nullptr) GTEST_SKIP() << "no data: " << FolderOf("russia-2011-duma") << " (set HATTAMA_DATA)";
    ASSERT_EQ(stations_->size(), 95'225u);
  }

  static std::vector<StationFigures>* stations_;
};

std::vector<StationFigures>* Duma2011Test::stations_ = nullptr;

TEST_F(Duma2011Test, HasThePublishedExcessOfIntegerPercentages) {
  const domain::IntegerPercentages result = domain::ScreenIntegerPercentages(*stations_, kLeader);

  EXPECT_EQ(result.station_count, 95'225);
  EXPECT_EQ(result.not_stated_count, 0);
  EXPECT_EQ(result.included_count, 86'718);
  EXPECT_EQ(result.either.observed, 17'803);
  EXPECT_EQ(result.share.observed, 9'708);
  EXPECT_EQ(result.turnout.observed, 9'216);
  EXPECT_NEAR(result.either.expected, 16'800.43, 0.005);
  EXPECT_NEAR(result.either.anomaly, 1'002.57, 0.005);
  // The published mean of 1,000 random runs is 1,003.477: within their error, 115 / root of 1,000 = 3.6.
  EXPECT_NEAR(result.either.anomaly, 1'003.477, 3 * result.either.deviation / 31.6);
  // The second computation.
  EXPECT_NEAR(result.either.expected, 16'800.432934549, 1e-7);
  EXPECT_NEAR(result.share.expected, 8'941.453220465, 1e-7);
  EXPECT_NEAR(result.turnout.expected, 8'767.156889487, 1e-7);
  EXPECT_NEAR(result.either.deviation, 114.716006922, 1e-7);
}

TEST_F(Duma2011Test, GivesTheSameBitsInAnotherOrder) {
  std::vector<StationFigures> shuffled = *stations_;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(2011));

  const domain::IntegerPercentages first = domain::ScreenIntegerPercentages(*stations_, kLeader);
  const domain::IntegerPercentages again = domain::ScreenIntegerPercentages(shuffled, kLeader);

  EXPECT_EQ(again.either.expected, first.either.expected);
  EXPECT_EQ(again.either.deviation, first.either.deviation);
}

TEST_F(Duma2011Test, HasThePublishedDigits) {
  const domain::DigitTest last = domain::ScreenLastDigits(*stations_, kLeader);
  const domain::DigitTest second = domain::ScreenSecondDigits(*stations_, kLeader);

  EXPECT_THAT(last.observed, ElementsAre(7939, 7798, 7803, 7595, 7731, 7711, 7636, 7681, 7531, 7462));
  EXPECT_NEAR(last.chi_square, 23.13, 0.005);
  EXPECT_THAT(second.observed, ElementsAre(10986, 10615, 10090, 9815, 9620, 9107, 8947, 8825, 8402, 8225));
  EXPECT_NEAR(second.mean, 4.2370, 0.00005);
}

TEST_F(Duma2011Test, ReachesTheCornerOfTheHistogram) {
  const domain::TurnoutShareHistogram histogram = domain::ScreenTurnoutShare(*stations_, kLeader, ShareBase::kValid);

  EXPECT_EQ(histogram.included_count, 95'223);
  EXPECT_EQ(histogram.left_out_count, 2);
  EXPECT_EQ(histogram.above_one_count, 0);
  EXPECT_EQ(histogram.At(99, 99), 1'072);
  EXPECT_EQ(histogram.At(99, 98), 479);
  EXPECT_EQ(histogram.At(54, 34), 68);
  EXPECT_EQ(histogram.At(75, 75), 59);
  EXPECT_EQ(*std::max_element(histogram.cells.begin(), histogram.cells.end()), 1'072);
}

TEST_F(Duma2011Test, CurveRisesFromThirtyFiveToFiftyPerCent) {
  const domain::TurnoutCurve curve = domain::ScreenTurnoutCurve(*stations_, 7, ShareBase::kValid);

  const domain::TurnoutCurvePoint& half = curve.points[50];
  EXPECT_EQ(half.station_count, 19'726);
  EXPECT_EQ(half.registered, 31'575'254);
  EXPECT_EQ(half.issued, 14'025'268);
  EXPECT_EQ(half.base, 13'739'190);
  EXPECT_EQ(half.votes[kLeader], 4'769'232);
  EXPECT_EQ(curve.points[75].station_count, 66'877);
  EXPECT_EQ(curve.points[75].votes[kLeader], 19'200'454);
  EXPECT_EQ(curve.points[100].station_count, 95'223);
  EXPECT_THAT(curve.points[100].votes,
              ElementsAre(8'695'458, 7'664'516, 639'067, 12'599'420, 2'252'327, 32'371'737, 392'727));
}

TEST_F(Duma2011Test, HasTwoNeighboursWithOneRowOfTwelveHundredVotes) {
  const domain::EqualVotes result = domain::ScreenEqualVotes(*stations_, 7);

  EXPECT_EQ(result.left_out_count, 4'235);
  ASSERT_EQ(result.groups.size(), 24u);
  EXPECT_THAT(result.groups[0].votes, ElementsAre(1, 0, 1, 44, 0, 1174, 0));
  EXPECT_THAT(result.groups[0].stations, ElementsAre(46'259, 46'282));
  EXPECT_EQ(result.groups[1].vote_sum, 407);
  for (const domain::EqualVotesGroup& group : result.groups) EXPECT_EQ(group.stations.size(), 2u);
}

// ---------------------------------------------------------------------------------------------------------------------
// Bolivia, 20 October 2019: 34,555 stations, each at the first moment at which an export of the electoral body has it.
// Computed a second time with fractions in another language.

constexpr size_t kMas = 4;
constexpr size_t kCc = 0;

class Bolivia2019Test : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const std::filesystem::path folder = FolderOf("bolivia-2019-trep-computo");
    if (!std::filesystem::exists(folder)) return;
    const Rows units = ReadAll(folder / "stations.csv.gz");
    std::map<std::string, std::pair<std::string, std::string>> places;
    for (size_t row = 0; row < units.rows.size(); ++row) {
      std::string locality;
      for (const char* column : {"country", "region", "province", "municipality", "locality"}) {
        absl::StrAppend(&locality, units.Text(row, column), "\n");
      }
      places[units.Text(row, "station_id")] = {locality, absl::StrCat(locality, units.Text(row, "polling_place"))};
    }
    const Rows rows = ReadAll(folder / "protocols.csv.gz");
    std::map<std::string, StationFigures> first;
    std::map<std::string, int32_t> localities;
    std::map<std::string, int32_t> polling_places;
    by_locality_ = new std::vector<StationFigures>();
    by_polling_place_ = new std::vector<StationFigures>();
    for (size_t row = 0; row < rows.rows.size(); ++row) {
      absl::Time time;
      std::string error;
      EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, rows.Text(row, "recorded_at"), &time, &error)) << error;
      StationFigures& station = first[rows.Text(row, "station_id")];
      if (station.recorded_at_micros.has_value() && *station.recorded_at_micros <= absl::ToUnixMicros(time)) continue;
      station = {.registered = rows.Count(row, "registered"),
                 .issued = rows.Count(row, "ballots_cast"),
                 .valid = rows.Count(row, "valid"),
                 .invalid = *rows.Count(row, "blank") + *rows.Count(row, "null"),
                 .recorded_at_micros = absl::ToUnixMicros(time)};
      for (const char* option : {"CC", "FPV", "MTS", "UCS", "MAS_IPSP", "21F", "PDC", "MNR", "PAN_BOL"}) {
        station.votes.push_back(rows.Count(row, option));
      }
    }
    for (auto& [id, station] : first) {
      const auto& [locality, polling_place] = places[id];
      station.locality = localities.emplace(locality, static_cast<int32_t>(localities.size())).first->second;
      by_locality_->push_back(station);
      station.locality =
          polling_places.emplace(polling_place, static_cast<int32_t>(polling_places.size())).first->second;
      by_polling_place_->push_back(station);
    }
  }
  static void TearDownTestSuite() {
    delete by_locality_;
    delete by_polling_place_;
    by_locality_ = by_polling_place_ = nullptr;
  }
  void SetUp() override {
    if (by_locality_ == nullptr) GTEST_SKIP() << "no data: " << FolderOf("bolivia-2019-trep-computo");
    ASSERT_EQ(by_locality_->size(), 34'555u);
  }

  // The night's stop at 83.85 %.
  static int64_t Cut() {
    return absl::ToUnixMicros(
        absl::FromCivil(absl::CivilSecond(2019, 10, 20, 19, 40, 57), absl::FixedTimeZone(-4 * 3600)));
  }

  static std::vector<StationFigures>* by_locality_;
  static std::vector<StationFigures>* by_polling_place_;
};

std::vector<StationFigures>* Bolivia2019Test::by_locality_ = nullptr;
std::vector<StationFigures>* Bolivia2019Test::by_polling_place_ = nullptr;

// Late stations lie elsewhere: the margin is 7.9 points before the cut and 24.6 after it, 16.7 more. Within
// localities 6.6 are left, and within polling places half a point.
TEST_F(Bolivia2019Test, LateShiftShrinksWithinLocalitiesAndFurtherWithinPollingPlaces) {
  const domain::LateShift localities = domain::ScreenLateShift(*by_locality_, kMas, kCc, ShareBase::kValid, Cut());
  const domain::LateShift places = domain::ScreenLateShift(*by_polling_place_, kMas, kCc, ShareBase::kValid, Cut());

  EXPECT_EQ(localities.early.station_count, 28'975);
  EXPECT_EQ(localities.early.leader_votes, 2'355'644);
  EXPECT_EQ(localities.early.second_votes, 1'950'000);
  EXPECT_EQ(localities.early.base, 5'152'979);
  EXPECT_EQ(localities.late.station_count, 5'580);
  EXPECT_EQ(localities.late.leader_votes, 529'919);
  EXPECT_EQ(localities.late.base, 980'515);
  EXPECT_EQ(localities.localities.size(), 677u);
  EXPECT_EQ(localities.unpaired_late.station_count, 991);
  EXPECT_NEAR(localities.excess, 55'690.72403460184, 1e-8);
  EXPECT_NEAR(localities.shift, 0.06558377400872144, 1e-14);
  EXPECT_NEAR(localities.standard_error, 0.03146477814099409, 1e-12);

  EXPECT_EQ(places.localities.size(), 1'495u);
  EXPECT_EQ(places.paired_late.station_count, 4'462);
  EXPECT_NEAR(places.excess, 3'932.56881519388, 1e-8);
  EXPECT_NEAR(places.shift, 0.004756648686902336, 1e-14);
  EXPECT_NEAR(places.standard_error, 0.002075646294074052, 1e-12);
}

// Three files were written, so all records lie in three moments: the method says so, and its conditions why it means
// nothing.
TEST_F(Bolivia2019Test, RecordsComeInThreeBursts) {
  const absl::StatusOr<domain::RecordBursts> result =
      domain::ScreenRecordBursts(*by_locality_, domain::kMicrosPerMinute, 100);

  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->bursts.size(), 3u);
  EXPECT_EQ(result->bursts[0].record_count, 28'975);
  EXPECT_EQ(result->bursts[0].first_micros, Cut());
  EXPECT_EQ(result->bursts[1].record_count, 3'831);
  EXPECT_EQ(result->bursts[2].record_count, 1'749);
}

}  // namespace
}  // namespace hattama::cli
