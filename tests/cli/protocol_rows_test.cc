#include "clients/cli/protocol_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "clients/cli/sealed_submission.h"
#include "tests/cli/scratch_folder.h"

namespace hattama::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kHeader[] = "station,contest,stage,source,version,registered,A,B,X,remark\n";

// An election with options A and B in one contest and X in another.
class ProtocolRowsTest : public ::testing::Test {
 protected:
  ProtocolRowsTest() {
    for (const char* ids : {"mayor A B", "council X"}) {
      std::istringstream words(ids);
      std::string word;
      words >> word;
      v1::Contest& contest = *election_.add_contests();
      contest.set_contest_id(word);
      while (words >> word) contest.add_options()->set_option_id(word);
    }
    const auto mapping = ParseMapping(R"({"election": "e", "protocols": {"station": "station", "contest": "contest",
      "stage": "stage", "source": "source", "version": "version", "stages": {"p": "preliminary", "f": "final"},
      "sources": {"cec": "commission"}, "lines": {"registered": "registered"}, "options": "*", "ignore": ["remark"]}})",
                                      "mapping.json");
    EXPECT_TRUE(mapping.ok()) << mapping.status();
    mapping_ = *mapping;
  }

  // Reads a file of the usual header and these rows.
  ProtocolRows& Read(const std::string& rows) {
    rows_.emplace(mapping_, election_);
    status_ = rows_->Read(folder_.Write("protocols.csv", kHeader + rows));
    return *rows_;
  }
  v1::ProtocolSubmitted Protocol(size_t index) const {
    v1::ProtocolSubmitted protocol;
    EXPECT_TRUE(protocol.ParseFromString(rows_->rows()[index].protocol));
    return protocol;
  }
  std::string OnlyRefusal() const {
    EXPECT_EQ(rows_->refused().size(), 1);
    return rows_->refused().empty() ? "" : rows_->refused()[0].reason + " " + rows_->refused()[0].message;
  }

  ScratchFolder folder_;
  v1::GetElectionResponse election_;
  Mapping mapping_;
  std::optional<ProtocolRows> rows_;
  absl::Status status_;
};

TEST_F(ProtocolRowsTest, KeepsBlankApartFromZero) {
  Read("S1,mayor,f,cec,1,,0,,,\n");
  ASSERT_EQ(rows_->rows().size(), 1) << OnlyRefusal();
  const v1::ProtocolSubmitted protocol = Protocol(0);
  EXPECT_EQ(protocol.lines_size(), 0);
  EXPECT_TRUE(protocol.options(0).has_count());
  EXPECT_EQ(protocol.options(0).count(), 0);
  EXPECT_FALSE(protocol.options(1).has_count());
  EXPECT_EQ(protocol.source_id(), "commission");
  EXPECT_EQ(protocol.stage(), v1::STAGE_FINAL);
}

TEST_F(ProtocolRowsTest, RefusesCountsThatNoPaperHas) {
  for (const auto& [cell, what] : {std::pair("-5", "\"-5\" is negative"),
                                   {"1.5", "\"1.5\" is no whole number"},
                                   {"1 000", "\"1 000\" is no whole number"},
                                   {"+5", "\"+5\" is no whole number"},
                                   {"1000000000", "is above 999999999"},
                                   {"99999999999999999999999", "is above 999999999"}}) {
    Read(std::string("S1,mayor,f,cec,1,10,") + cell + ",1,,\n");
    EXPECT_THAT(OnlyRefusal(), HasSubstr(std::string("COUNT_OUT_OF_RANGE column \"A\": "))) << cell;
    EXPECT_THAT(OnlyRefusal(), HasSubstr(what)) << cell;
  }
}

TEST_F(ProtocolRowsTest, RefusesRowsOneByOne) {
  Read(
      "S1,mayor,f,cec,1,10,5,5,,\n"
      ",mayor,f,cec,1,10,5,5,,\n"
      "S1,king,f,cec,1,10,5,5,,\n"
      "S1,mayor,x,cec,1,10,5,5,,\n"
      "S1,mayor,f,mars,1,10,5,5,,\n"
      "S1,mayor,f,cec,one,10,5,5,,\n"
      "S1,mayor,f,cec,1,10,5,5,3,\n"
      "S1,mayor,f,cec,2\n"
      "S2,mayor,f,cec,1,10,5,5,,\n");
  EXPECT_EQ(rows_->row_count(), 9);
  EXPECT_EQ(rows_->rows().size(), 2);
  std::vector<std::string> told;
  for (const RefusedRow& row : rows_->refused()) told.push_back(std::to_string(row.line) + " " + row.message);
  EXPECT_THAT(told, ElementsAre("3 column \"station\" is empty", "4 election \"e\" has no contest \"king\"",
                                "5 stage \"x\" is not in the mapping", "6 source \"mars\" is not in the mapping",
                                "7 column \"version\": \"one\" is no version number",
                                "8 column \"X\": states \"3\", but is no option of contest \"mayor\"",
                                "9 has 5 cells, the header 10"));
}

TEST_F(ProtocolRowsTest, ChainsVersionsWhateverTheirOrderInTheFile) {
  Read(
      "S1,mayor,f,cec,3,10,7,3,,\n"
      "S1,mayor,f,cec,1,10,5,5,,\n"
      "S1,mayor,p,cec,1,10,5,5,,\n"
      "S1,mayor,f,cec,2,10,6,4,,\n");
  ASSERT_EQ(rows_->rows().size(), 4);
  EXPECT_EQ(rows_->rows()[0].predecessor, 3);
  EXPECT_EQ(rows_->rows()[0].generation, 2);
  EXPECT_EQ(rows_->rows()[1].predecessor, std::nullopt);
  EXPECT_EQ(rows_->rows()[2].predecessor, std::nullopt);
  EXPECT_EQ(rows_->rows()[3].predecessor, 1);
}

TEST_F(ProtocolRowsTest, SkipsDuplicatesAndRefusesContradictions) {
  Read(
      "S1,mayor,f,cec,1,10,5,5,,\n"
      "S1,mayor,f,cec,1,10,5,5,,another remark\n"
      "S1,mayor,f,cec,1,10,6,4,,\n");
  EXPECT_EQ(rows_->rows().size(), 1);
  EXPECT_THAT(rows_->skipped(), ElementsAre(std::pair<const std::string, int64_t>("duplicate of another row", 1)));
  EXPECT_THAT(OnlyRefusal(), HasSubstr("CONFLICTING_ROW states other figures than line 2"));
}

TEST_F(ProtocolRowsTest, RefusesAFileWithMissingOrExtraColumns) {
  ProtocolRows rows(mapping_, election_);
  const absl::Status status =
      rows.Read(folder_.Write("protocols.csv", "station,contest,stage,source,version,A,B,X,remark,weather\n"));
  EXPECT_THAT(status.message(), HasSubstr("protocols.csv:1: has no column \"registered\""));
  EXPECT_THAT(status.message(), HasSubstr("protocols.csv:1: column \"weather\" is no line"));
}

TEST_F(ProtocolRowsTest, SendsNothingOfAFileThatCannotBeReadToItsEnd) {
  std::string text = kHeader;
  for (int i = 0; i < 20'000; ++i) text += "S" + std::to_string(i * 7919 % 100'003) + ",mayor,f,cec,1,10,5,5,,\n";
  ProtocolRows rows(mapping_, election_);
  const absl::Status status = rows.Read(folder_.WriteGzip("protocols.csv.gz", text, 0.6));
  EXPECT_THAT(status.message(), HasSubstr("cut short"));
}

TEST(SealTest, GivesTheSameContentTheSameIdAndOtherContentAnother) {
  v1::Submission first, again, other;
  first.set_submitter("a");
  again.set_submitter("a");
  other.set_submitter("b");
  const std::string bytes = Seal(first, "context");
  EXPECT_EQ(Seal(again, "context"), bytes);
  EXPECT_EQ(first.submission_id().size(), 16);
  EXPECT_NE(Seal(other, "context"), bytes);
  EXPECT_NE(first.submission_id(), other.submission_id());
  v1::Submission elsewhere;
  elsewhere.set_submitter("a");
  Seal(elsewhere, "another context");
  EXPECT_NE(elsewhere.submission_id(), first.submission_id());
}

}  // namespace
}  // namespace hattama::cli
