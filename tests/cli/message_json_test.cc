#include "clients/cli/message_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hattama/v1/election.pb.h"
#include "hattama/v1/protocol.pb.h"

namespace hattama::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string FaultsOf(std::string_view text, google::protobuf::Message& message) {
  return std::string(FromJson(text, "file.json", message).message());
}

TEST(FromJsonTest, ReadsBothSpellingsAndBothWaysToWriteANumber) {
  v1::ProtocolSubmitted protocol;
  const absl::Status read = FromJson(
      R"({"election_id": "e", "contestId": "c", "lines": [{"line_id": "a", "count": 5}, {"lineId": "b", "count": "7"}, {"line_id": "c"}]})",
      "file.json", protocol);
  ASSERT_TRUE(read.ok()) << read;
  EXPECT_EQ(protocol.election_id(), "e");
  EXPECT_EQ(protocol.contest_id(), "c");
  EXPECT_EQ(protocol.lines(0).count(), 5);
  EXPECT_EQ(protocol.lines(1).count(), 7);
  EXPECT_FALSE(protocol.lines(2).has_count());
}

TEST(FromJsonTest, NamesEveryFaultWithItsPath) {
  v1::ElectionDefinition definition;
  EXPECT_THAT(
      FaultsOf(R"({"election": {"election_id": 5, "colour": "red", "lines": {"a": 1}},
                           "contests": [{"contest_id": "c", "options": [{"kind": "OPTION_KIND_CAT"}]}]})",
               definition),
      AllOf(HasSubstr("file.json: election.election_id: 5 is no text"),
            HasSubstr("election.colour: unknown field of ElectionDefined"), HasSubstr("election.lines: is no list"),
            HasSubstr("contests[0].options[0].kind: \"OPTION_KIND_CAT\" is no value of OptionKind")));
}

TEST(FromJsonTest, RefusesCountsThatAreNoWholeNumbers) {
  v1::ProtocolSubmitted protocol;
  for (const char* count : {"1.5", "\"twelve\"", "true", "99999999999999999999", "1e400"}) {
    const std::string text = std::string(R"({"lines": [{"line_id": "a", "count": )") + count + "}]}";
    EXPECT_FALSE(FromJson(text, "file.json", protocol).ok()) << count;
  }
}

TEST(FromJsonTest, SaysWhereTextIsNoJson) {
  v1::ProtocolSubmitted protocol;
  EXPECT_THAT(FaultsOf("{\n  \"election_id\": \"e\",,\n}", protocol),
              HasSubstr("file.json:2:22: is no JSON"));
  EXPECT_THAT(FaultsOf("", protocol), HasSubstr("file.json"));
  EXPECT_THAT(FaultsOf("[]", protocol), HasSubstr("the document: is no object"));
  EXPECT_FALSE(FromJson("{\"election_id\": \"\xC3\x28\"}", "file.json", protocol).ok());
}

TEST(ToJsonTest, WritesZeroAndLeavesOutBlank) {
  v1::ProtocolSubmitted protocol;
  protocol.add_lines()->set_line_id("zero");
  protocol.mutable_lines(0)->set_count(0);
  protocol.add_lines()->set_line_id("blank");
  const nlohmann::ordered_json document = ToJsonDocument(protocol);
  EXPECT_EQ(document["lines"][0]["count"], "0");
  EXPECT_FALSE(document["lines"][1].contains("count"));
}

}  // namespace
}  // namespace hattama::cli
