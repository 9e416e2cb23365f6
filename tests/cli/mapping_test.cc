#include "clients/cli/mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace hattama::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string FaultsOf(std::string_view text) {
  return std::string(ParseMapping(text, "mapping.json").status().message());
}

TEST(ParseMappingTest, ReadsEveryMappingOfTheTree) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(HATTAMA_SOURCE_DIR "/tests/data")) {
    const std::filesystem::path path = entry.path() / "mapping.json";
    if (!std::filesystem::exists(path)) continue;
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    EXPECT_TRUE(ParseMapping(text.str(), path.string()).ok()) << FaultsOf(text.str());
    ++count;
  }
  EXPECT_GE(count, 4);
}

TEST(ParseMappingTest, NamesWhatIsMissingUnknownOrOfAnotherType) {
  EXPECT_THAT(
      FaultsOf(
          R"({"stations": {"id": 5, "colour": "red", "levels": [{"level": "region"}], "station_level": "station"}})"),
      AllOf(HasSubstr("mapping.json: election: is missing"), HasSubstr("stations.id: is no text"),
            HasSubstr("stations.root: is missing"), HasSubstr("stations.levels[0].column: is missing"),
            HasSubstr("stations.colour: unknown key")));
}

TEST(ParseMappingTest, KnowsThreeStages) {
  EXPECT_THAT(FaultsOf(R"({"election": "e", "protocols": {"station": "s", "contest": "c", "stage": "p", "source": "q",
                           "stages": {"x": "last"}, "sources": {}, "options": "all"}})"),
              AllOf(HasSubstr("protocols.stages.x: \"last\" is none of preliminary, final, corrected"),
                    HasSubstr("protocols.options: is neither \"*\" nor an object")));
}

}  // namespace
}  // namespace hattama::cli
