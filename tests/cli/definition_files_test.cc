#include "clients/cli/definition_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "clients/cli/failure.h"
#include "hattama/v1/record.pb.h"
#include "tests/cli/scratch_folder.h"

namespace hattama::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kDefinition[] = R"({
  "election": {"election_id": "e", "names": [{"language": "en", "text": "Election"}], "poll_date": "2023-03-19",
    "levels": [{"level_id": "country", "names": [{"language": "en", "text": "Country"}]},
               {"level_id": "region", "names": [{"language": "en", "text": "Region"}]},
               {"level_id": "station", "names": [{"language": "en", "text": "Station"}]}],
    "sources": [{"source_id": "commission", "kind": "SOURCE_KIND_COMMISSION", "names": [{"language": "en", "text": "Commission"}]}],
    "lines": [{"line_id": "registered", "names": [{"language": "en", "text": "Voters"}], "meaning": "LINE_MEANING_REGISTERED_VOTERS"}],
    "bases": [{"base_id": "votes", "names": [{"language": "en", "text": "votes"}], "terms": [{"aggregate": "AGGREGATE_ALL_OPTIONS"}]}]},
  "contests": [{"contest_id": "mayor", "names": [{"language": "en", "text": "Mayor"}], "unit_id": "KZ",
    "share_base_id": "votes", "plurality": {}}]})";
constexpr char kMapping[] = R"({"election": "e",
  "stations": {"id": "id", "root": {"unit_id": "KZ", "level": "country", "names": {"en": "Kazakhstan"}},
    "levels": [{"level": "region", "column": "region"}], "station_level": "station", "registered": "voters", "language": "en"},
  "options": {"contest": "contest", "id": "option", "name": "name", "kind": "candidate", "language": "en"}})";
constexpr char kStations[] = "id,region,voters\nS1,North,100\nS2,North,\nS3,South,300\n";
constexpr char kOptions[] = "contest,option,name\nmayor,A,Aigul\nmayor,B,Bolat\n";

class DefinitionFilesTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::ElectionDefinition> Load(std::string_view definition = kDefinition,
                                              std::string_view stations = kStations,
                                              std::string_view options = kOptions,
                                              std::string_view mapping = kMapping) {
    return LoadDefinition({.definition = folder_.Write("definition.json", definition),
                           .mapping = folder_.Write("mapping.json", mapping),
                           .stations = folder_.Write("stations.csv", stations),
                           .options = folder_.Write("options.csv", options)});
  }
  std::string FaultsOf(const absl::StatusOr<v1::ElectionDefinition>& loaded) {
    return std::string(loaded.status().message());
  }

  ScratchFolder folder_;
};

TEST_F(DefinitionFilesTest, JoinsTheDocumentWithItsTables) {
  const auto definition = Load();
  ASSERT_TRUE(definition.ok()) << definition.status();
  ASSERT_EQ(definition->units_size(), 6);
  EXPECT_EQ(definition->units(0).unit_id(), "KZ");
  EXPECT_EQ(definition->units(1).unit_id(), "KZ/North");
  EXPECT_EQ(definition->units(1).parent_id(), "KZ");
  // An empty cell of the roll is no entry; it is not zero voters.
  ASSERT_EQ(definition->roll_size(), 2);
  EXPECT_EQ(definition->roll(1).unit_id(), "S3");
  EXPECT_EQ(definition->contests(0).options_size(), 2);
}

TEST_F(DefinitionFilesTest, ReportsFaultsOfAllFilesAtOnce) {
  std::string definition = kDefinition;
  definition.replace(definition.find("\"share_base_id\": \"votes\""), 24, "\"share_base_id\": \"voters\"");
  const auto loaded = Load(definition, "id,region,voters\nS1,North,many\nS1,South,5\n,North,5\n",
                           "contest,option,name\nking,A,Aigul\nmayor,B,Bolat\n");
  EXPECT_THAT(FaultsOf(loaded), AllOf(HasSubstr("stations.csv:2: \"many\" in column \"voters\" is no whole number"),
                                      HasSubstr("stations.csv:3: unit \"S1\" is listed twice"),
                                      HasSubstr("stations.csv:4: column \"id\" is empty"),
                                      HasSubstr("options.csv:2: the definition has no contest \"king\""),
                                      HasSubstr("definition.json: contests[0].share_base_id")));
}

TEST_F(DefinitionFilesTest, RefusesAStationInTwoRegions) {
  EXPECT_THAT(FaultsOf(Load(kDefinition, "id,region,voters\nKZ/South,North,1\nS3,South,300\n")),
              HasSubstr("unit \"KZ/South\" lies below \"KZ\" here and below \"KZ/North\" before"));
}

TEST_F(DefinitionFilesTest, NamesColumnsThatAreMissing) {
  EXPECT_THAT(FaultsOf(Load(kDefinition, "id,oblast,voters\nS1,North,1\n")),
              HasSubstr("stations.csv:1: has no column \"region\"; its columns are id, oblast, voters"));
}

TEST_F(DefinitionFilesTest, RefusesAMappingOfAnotherElection) {
  std::string mapping = kMapping;
  mapping.replace(mapping.find("\"e\""), 3, "\"f\"");
  EXPECT_THAT(FaultsOf(Load(kDefinition, kStations, kOptions, mapping)),
              HasSubstr("is for election \"f\", the definition is of \"e\""));
}

TEST_F(DefinitionFilesTest, TellsUsageFromFaults) {
  EXPECT_EQ(ExitCodeOf(LoadDefinition(
                           {.definition = folder_.Path("absent.json"), .mapping = "", .stations = "", .options = ""})
                           .status()),
            ExitCode::kUsage);
  EXPECT_EQ(ExitCodeOf(Load("{}").status()), ExitCode::kRefused);
}

TEST_F(DefinitionFilesTest, MakesTheSameSubmissionsFromTheSameFiles) {
  const std::vector<std::string> first = DefinitionSubmissions(*Load(), "me");
  EXPECT_EQ(DefinitionSubmissions(*Load(), "me"), first);
  // A definition that differs anywhere differs in every id, so that it can never be recorded half.
  const std::vector<std::string> other =
      DefinitionSubmissions(*Load(kDefinition, "id,region,voters\nS1,North,101\nS2,North,\nS3,South,300\n"), "me");
  ASSERT_EQ(first.size(), other.size());
  std::set<std::string> ids;
  for (const std::vector<std::string>* all : {&first, &other}) {
    for (const std::string& bytes : *all) {
      v1::Submission submission;
      ASSERT_TRUE(submission.ParseFromString(bytes));
      EXPECT_TRUE(ids.insert(submission.submission_id()).second);
    }
  }
}

TEST_F(DefinitionFilesTest, CutsALargeDefinitionIntoEventsThatFit) {
  std::string stations = "id,region,voters\n";
  for (int i = 0; i < 10'000; ++i)
    stations += "S" + std::to_string(i) + ",Region number " + std::to_string(i % 17) + ",500\n";
  const auto definition = Load(kDefinition, stations);
  ASSERT_TRUE(definition.ok()) << definition.status();
  int units = 0;
  for (const std::string& bytes : DefinitionSubmissions(*definition, "me")) {
    EXPECT_LE(bytes.size(), 65'000);
    v1::Submission submission;
    ASSERT_TRUE(submission.ParseFromString(bytes));
    units += submission.units_listed().units_size();
  }
  EXPECT_EQ(units, definition->units_size());
}

}  // namespace
}  // namespace hattama::cli
