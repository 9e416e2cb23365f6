// Questions over gRPC: which version is meant, what is not found, and pages that agree while the log grows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "services/api/page_token.h"
#include "services/domain/tally.h"
#include "services/wire/answer_codec.h"
#include "tests/support/trial_server.h"

namespace hattama {
namespace {

using ::testing::AllOf;
using testing::Call;
using testing::DetailsOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::SyntheticElection;
using testing::TrialLedger;
using testing::TrialServer;
using Stub = v1::ResultsService::Stub;

std::string BytesOf(const merkle::Hash& hash) { return std::string(hash.begin(), hash.end()); }

v1::GetTallyRequest TallyRequest() {
  v1::GetTallyRequest request;
  request.set_election_id(SyntheticElection::election_id());
  return request;
}

// The synthetic election with final protocols of the first `count` stations; one second between two events.
class ResultsTest : public ::testing::Test {
 protected:
  void Start(int station_count, int count) {
    server_ = std::make_unique<TrialServer>(station_count);
    defined_size_ = server_->Define();
    for (int station = 0; station < count; ++station) Record(station);
  }
  int64_t Record(int station, const std::string& source = "commission") {
    server_->trial().SetTime(TrialLedger::kStartMicros + ++ticks_ * 1'000'000);
    return server_->Record(server_->election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt, source));
  }
  grpc::Status GetTally(const v1::GetTallyRequest& request, v1::Tally* tally) {
    return Call(server_->results(), &Stub::GetTally, request, tally);
  }
  grpc::Status StatusOfTally(const v1::GetTallyRequest& request) {
    v1::Tally tally;
    return GetTally(request, &tally);
  }

  std::unique_ptr<TrialServer> server_;
  int64_t defined_size_ = 0;
  int64_t ticks_ = 0;
};

// ---------------------------------------------------------------------------------------------------------------------
// Versions

TEST_F(ResultsTest, AnswersAtEveryVersionAndSaysByWhich) {
  Start(20, 10);
  for (int64_t tree_size = defined_size_; tree_size <= defined_size_ + 10; ++tree_size) {
    v1::GetTallyRequest request = TallyRequest();
    request.mutable_version()->set_tree_size(tree_size);
    v1::Tally tally;
    const grpc::Status status = GetTally(request, &tally);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(tally.as_of().tree_size(), tree_size);
    EXPECT_EQ(tally.as_of().root_hash(), BytesOf(*server_->ledger().RootAt(tree_size)));
    EXPECT_EQ(tally.coverage().counted_count(), tree_size - defined_size_);
    // But for the version, it is the tally of the fold.
    tally.clear_as_of();
    EXPECT_EQ(tally.SerializeAsString(), server_->trial().TallyAt(tree_size));
  }
}

TEST_F(ResultsTest, AnswersByTheHeadWhereNoVersionIsNamed) {
  Start(20, 3);
  v1::Tally tally;
  ASSERT_TRUE(GetTally(TallyRequest(), &tally).ok());
  EXPECT_EQ(tally.as_of().tree_size(), defined_size_ + 3);
  Record(3);
  ASSERT_TRUE(GetTally(TallyRequest(), &tally).ok());
  EXPECT_EQ(tally.as_of().tree_size(), defined_size_ + 4);
}

TEST_F(ResultsTest, BeyondTheHeadIsOutOfRangeWithBothNumbers) {
  Start(20, 3);
  const int64_t head = defined_size_ + 3;
  for (const int64_t tree_size : {head + 1, INT64_MAX}) {
    v1::GetTallyRequest request = TallyRequest();
    request.mutable_version()->set_tree_size(tree_size);
    const grpc::Status status = StatusOfTally(request);
    EXPECT_EQ(status.error_code(), grpc::OUT_OF_RANGE);
    EXPECT_THAT(status.error_message(),
                AllOf(HasSubstr("version.tree_size: " + std::to_string(tree_size)), HasSubstr(std::to_string(head))));
    EXPECT_EQ(DetailsOf(status).error->reason(), "OUT_OF_RANGE");
  }
  v1::GetTallyRequest negative = TallyRequest();
  negative.mutable_version()->set_tree_size(-1);
  EXPECT_EQ(StatusOfTally(negative).error_code(), grpc::OUT_OF_RANGE);
}

TEST_F(ResultsTest, OfAMomentCountsWhatWasRecordedAtOrBeforeIt) {
  Start(20, 5);
  const auto version_at = [&](int64_t micros, int32_t more_nanos = 0) {
    v1::GetTallyRequest request = TallyRequest();
    *request.mutable_version()->mutable_time() = wire::ToTimestamp(micros);
    request.mutable_version()->mutable_time()->set_nanos(request.version().time().nanos() + more_nanos);
    v1::Tally tally;
    const grpc::Status status = GetTally(request, &tally);
    return status.ok() ? tally.as_of().tree_size() : -static_cast<int64_t>(status.error_code());
  };
  const int64_t third = TrialLedger::kStartMicros + 3'000'000;
  EXPECT_EQ(version_at(third - 1), defined_size_ + 2);
  EXPECT_EQ(version_at(third - 1, 999), defined_size_ + 2);
  EXPECT_EQ(version_at(third), defined_size_ + 3);
  EXPECT_EQ(version_at(third + 1), defined_size_ + 3);
  EXPECT_EQ(version_at(TrialLedger::kStartMicros + 3'600'000'000), defined_size_ + 5);
  // Before the ledger there was no such election.
  EXPECT_EQ(version_at(TrialLedger::kStartMicros - 1), -static_cast<int64_t>(grpc::NOT_FOUND));
  EXPECT_EQ(version_at(-5), -static_cast<int64_t>(grpc::NOT_FOUND));
}

TEST_F(ResultsTest, RefusesMomentsOutsideTheCalendar) {
  Start(20, 1);
  for (const auto& [seconds, nanos] : std::vector<std::pair<int64_t, int32_t>>{
           {INT64_MAX, 0}, {INT64_MIN, 0}, {253'402'300'800, 0}, {0, -1}, {0, 1'000'000'000}}) {
    v1::GetTallyRequest request = TallyRequest();
    request.mutable_version()->mutable_time()->set_seconds(seconds);
    request.mutable_version()->mutable_time()->set_nanos(nanos);
    const grpc::Status status = StatusOfTally(request);
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << seconds << " " << nanos;
    EXPECT_THAT(DetailsOf(status).Violations(), ElementsAre(HasSubstr("version.time: ")));
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Names and values

TEST_F(ResultsTest, NamesWhatIsNotFound) {
  Start(20, 1);
  const auto expect = [&](const std::function<void(v1::GetTallyRequest&)>& change, const std::string& name) {
    v1::GetTallyRequest request = TallyRequest();
    change(request);
    const grpc::Status status = StatusOfTally(request);
    EXPECT_EQ(status.error_code(), grpc::NOT_FOUND) << name;
    EXPECT_THAT(status.error_message(), HasSubstr("\"" + name + "\""));
  };
  expect([](auto& request) { request.set_election_id("mars"); }, "mars");
  expect([](auto& request) { request.set_contest_id("mayor"); }, "mayor");
  expect([](auto& request) { request.set_unit_id("S99"); }, "S99");
  expect([](auto& request) { request.mutable_view()->set_source_id("nobody"); }, "nobody");
  expect([](auto& request) { request.mutable_version()->set_tree_size(0); }, "synthetic");

  v1::ListTalliesRequest tallies;
  tallies.set_election_id("synthetic");
  tallies.set_level_id("galaxy");
  v1::ListTalliesResponse tallies_response;
  grpc::Status status = Call(server_->results(), &Stub::ListTallies, tallies, &tallies_response);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("\"galaxy\""));

  v1::GetElectionRequest election;
  election.set_election_id("mars");
  v1::GetElectionResponse election_response;
  status = Call(server_->results(), &Stub::GetElection, election, &election_response);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("\"mars\""));

  v1::ListUnitsRequest units;
  units.set_election_id("synthetic");
  units.set_unit_id("X");
  v1::ListUnitsResponse units_response;
  status = Call(server_->results(), &Stub::ListUnits, units, &units_response);
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("\"X\""));
}

TEST_F(ResultsTest, RefusesValuesThatMeanNothingAndNamesTheirFields) {
  Start(20, 1);
  const auto expect = [](const grpc::Status& status, const std::string& field) {
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << field << ": " << status.error_message();
    EXPECT_THAT(DetailsOf(status).Violations(), ElementsAre(HasSubstr(field + ": ")));
  };
  v1::GetTallyRequest tally;
  expect(StatusOfTally(tally), "election_id");
  tally = TallyRequest();
  tally.mutable_view()->set_policy(v1::Policy(77));
  expect(StatusOfTally(tally), "view.policy");
  tally = TallyRequest();
  tally.mutable_view()->set_basis(v1::Basis(-1));
  expect(StatusOfTally(tally), "view.basis");

  v1::ListCoverageRequest coverage;
  v1::ListCoverageResponse coverage_response;
  const auto of_coverage = [&](const std::function<void(v1::ListCoverageRequest&)>& change) {
    coverage.Clear();
    coverage.set_election_id("synthetic");
    change(coverage);
    return Call(server_->results(), &Stub::ListCoverage, coverage, &coverage_response);
  };
  expect(of_coverage([](auto& request) { request.set_page_size(-1); }), "page_size");
  expect(of_coverage([](auto& request) { request.set_page_size(5'001); }), "page_size");
  expect(of_coverage([](auto& request) { request.set_state(v1::StationState(6)); }), "state");
  expect(of_coverage([](auto& request) { request.mutable_view()->set_basis(v1::BASIS_CLAIMS); }), "view.basis");

  v1::ListDiscrepanciesRequest rows;
  v1::ListDiscrepanciesResponse rows_response;
  expect(Call(server_->results(), &Stub::ListDiscrepancies, rows, &rows_response), "diff");
  rows.mutable_diff()->set_election_id("synthetic");
  expect(Call(server_->results(), &Stub::ListDiscrepancies, rows, &rows_response), "diff.left");
  rows.mutable_diff()->mutable_left();
  expect(Call(server_->results(), &Stub::ListDiscrepancies, rows, &rows_response), "diff.right");
  rows.mutable_diff()->mutable_right()->mutable_view()->set_policy(v1::Policy(9));
  expect(Call(server_->results(), &Stub::ListDiscrepancies, rows, &rows_response), "diff.right.view.policy");
  rows.mutable_diff()->mutable_right()->Clear();
  rows.add_kinds(v1::DISCREPANCY_KIND_ONLY_LEFT);
  rows.add_kinds(v1::DiscrepancyKind(77));
  expect(Call(server_->results(), &Stub::ListDiscrepancies, rows, &rows_response), "kinds[1]");

  v1::ListTalliesRequest tallies;
  tallies.set_election_id("synthetic");
  v1::ListTalliesResponse tallies_response;
  expect(Call(server_->results(), &Stub::ListTallies, tallies, &tallies_response), "level_id");
  tallies.set_unit_id("R1");
  tallies.set_level_id("country");
  expect(Call(server_->results(), &Stub::ListTallies, tallies, &tallies_response), "level_id");

  v1::ListHistoryRequest history;
  history.set_election_id("synthetic");
  v1::ListHistoryResponse history_response;
  expect(Call(server_->results(), &Stub::ListHistory, history, &history_response), "unit_id");
}

TEST_F(ResultsTest, FillsInTheViewAndEchoesIt) {
  Start(20, 1);
  v1::Tally tally;
  ASSERT_TRUE(GetTally(TallyRequest(), &tally).ok());
  EXPECT_EQ(tally.view().source_id(), "commission");
  EXPECT_EQ(tally.view().policy(), v1::POLICY_CORRECTED_FIRST);
  EXPECT_EQ(tally.view().basis(), v1::BASIS_STATIONS);
}

TEST_F(ResultsTest, GivesTheDefinitionBack) {
  Start(20, 0);
  v1::GetElectionRequest request;
  request.set_election_id("synthetic");
  v1::GetElectionResponse response;
  ASSERT_TRUE(Call(server_->results(), &Stub::GetElection, request, &response).ok());
  v1::Submission header;
  ASSERT_TRUE(header.ParseFromString(server_->election().Definition()[0]));
  EXPECT_EQ(response.election().SerializeAsString(), header.election_defined().SerializeAsString());
  EXPECT_EQ(response.station_count(), 20);
  EXPECT_EQ(response.unit_count(), 131);
  EXPECT_EQ(response.root_unit_id(), "C");
}

// ---------------------------------------------------------------------------------------------------------------------
// Pages

// Reads pages one by one, with an event recorded between two of them, and expects what one page at the first version
// holds. `rows` gives the rows of a response as texts.
template <typename Request, typename Response>
void ExpectPagesAgree(TrialServer& server,
                      grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), Request request,
                      int32_t page_size, const std::function<void()>& grow,
                      const std::function<std::vector<std::string>(const Response&)>& rows,
                      const std::function<std::string(const Response&)>& versions) {
  Response whole;
  ASSERT_TRUE(Call(server.results(), method, request, &whole).ok());
  ASSERT_TRUE(whole.next_page_token().empty());
  ASSERT_GT(rows(whole).size(), static_cast<size_t>(page_size));

  std::vector<std::string> found;
  request.set_page_size(page_size);
  int page_count = 0;
  do {
    Response page;
    const grpc::Status status = Call(server.results(), method, request, &page);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(versions(page), versions(whole)) << "page " << page_count;
    const std::vector<std::string> more = rows(page);
    EXPECT_LE(more.size(), static_cast<size_t>(page_size));
    found.insert(found.end(), more.begin(), more.end());
    request.set_page_token(page.next_page_token());
    // Only the size may change between pages.
    request.set_page_size(page_size + page_count % 2);
    page_size += page_count++ % 2;
    grow();
  } while (!request.page_token().empty());
  EXPECT_GT(page_count, 1);
  EXPECT_EQ(found, rows(whole));
}

template <typename List>
std::vector<std::string> TextsOf(const List& list) {
  std::vector<std::string> texts;
  for (const auto& element : list) texts.push_back(element.SerializeAsString());
  return texts;
}

TEST_F(ResultsTest, PagesOfCoverageAgreeWhileTheLogGrows) {
  Start(30, 10);
  v1::ListCoverageRequest request;
  request.set_election_id("synthetic");
  int next = 10;
  ExpectPagesAgree<v1::ListCoverageRequest, v1::ListCoverageResponse>(
      *server_, &Stub::ListCoverage, request, 4, [&] { Record(next++); },
      [](const auto& response) { return TextsOf(response.stations()); },
      [](const auto& response) {
        return response.as_of().SerializeAsString() + response.coverage().SerializeAsString();
      });
}

TEST_F(ResultsTest, PagesOfTalliesAgreeWhileTheLogGrows) {
  Start(30, 10);
  v1::ListTalliesRequest request;
  request.set_election_id("synthetic");
  request.set_level_id("region");
  int next = 10;
  ExpectPagesAgree<v1::ListTalliesRequest, v1::ListTalliesResponse>(
      *server_, &Stub::ListTallies, request, 2, [&] { Record(next++); },
      [](const auto& response) { return TextsOf(response.tallies()); },
      [](const auto& response) { return response.as_of().SerializeAsString(); });
}

TEST_F(ResultsTest, PagesOfUnitsAgreeWhileTheLogGrows) {
  Start(30, 1);
  v1::ListUnitsRequest request;
  request.set_election_id("synthetic");
  int next = 1;
  ExpectPagesAgree<v1::ListUnitsRequest, v1::ListUnitsResponse>(
      *server_, &Stub::ListUnits, request, 20, [&] { Record(next++); },
      [](const auto& response) { return TextsOf(response.units()); },
      [](const auto& response) { return response.as_of().SerializeAsString(); });
}

TEST_F(ResultsTest, PagesOfDiscrepanciesAgreeWhileTheLogGrows) {
  Start(60, 20);
  v1::ListDiscrepanciesRequest request;
  request.mutable_diff()->set_election_id("synthetic");
  request.mutable_diff()->mutable_left()->mutable_view()->set_source_id("commission");
  request.mutable_diff()->mutable_right()->mutable_view()->set_source_id("monitor");
  int next = 20;
  ExpectPagesAgree<v1::ListDiscrepanciesRequest, v1::ListDiscrepanciesResponse>(
      *server_, &Stub::ListDiscrepancies, request, 3, [&] { Record(next++, "monitor"); },
      [](const auto& response) { return TextsOf(response.discrepancies()); },
      [](const auto& response) {
        return response.left_as_of().SerializeAsString() + response.right_as_of().SerializeAsString();
      });
}

TEST_F(ResultsTest, PagesOfAHistoryAgreeWhileTheLogGrows) {
  Start(20, 1);
  int64_t current = defined_size_;
  const auto supersede = [&] {
    current = server_->Record(server_->election().Protocol(0, v1::STAGE_FINAL, 1, current));
  };
  for (int round = 0; round < 9; ++round) supersede();
  v1::ListHistoryRequest request;
  request.set_election_id("synthetic");
  request.set_unit_id("S0");
  ExpectPagesAgree<v1::ListHistoryRequest, v1::ListHistoryResponse>(
      *server_, &Stub::ListHistory, request, 2, supersede,
      [](const auto& response) { return TextsOf(response.entries()); },
      [](const auto& response) { return response.as_of().SerializeAsString(); });
}

TEST_F(ResultsTest, TheStreamOfDiscrepanciesIsTheList) {
  Start(60, 30);
  v1::ListDiscrepanciesRequest request;
  request.mutable_diff()->set_election_id("synthetic");
  request.mutable_diff()->mutable_left()->mutable_view()->set_source_id("commission");
  request.mutable_diff()->mutable_right()->mutable_view()->set_source_id("monitor");
  v1::ListDiscrepanciesResponse list;
  ASSERT_TRUE(Call(server_->results(), &Stub::ListDiscrepancies, request, &list).ok());
  grpc::ClientContext context;
  const auto stream = server_->results().StreamDiscrepancies(&context, request.diff());
  std::vector<std::string> rows;
  for (v1::ListDiscrepanciesResponse response; stream->Read(&response);) {
    EXPECT_EQ(response.left_as_of().SerializeAsString(), list.left_as_of().SerializeAsString());
    const std::vector<std::string> more = TextsOf(response.discrepancies());
    rows.insert(rows.end(), more.begin(), more.end());
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(rows.size(), 30u);
  EXPECT_EQ(rows, TextsOf(list.discrepancies()));
}

class PageTokenTest : public ResultsTest {
 protected:
  void SetUp() override {
    Start(30, 10);
    request_.set_election_id("synthetic");
    request_.set_page_size(5);
    v1::ListCoverageResponse first;
    ASSERT_TRUE(Call(server_->results(), &Stub::ListCoverage, request_, &first).ok());
    token_ = first.next_page_token();
    ASSERT_FALSE(token_.empty());
  }
  grpc::Status StatusWith(const std::string& token, const std::function<void(v1::ListCoverageRequest&)>& change = {}) {
    v1::ListCoverageRequest request = request_;
    request.set_page_token(token);
    if (change) change(request);
    v1::ListCoverageResponse response;
    return Call(server_->results(), &Stub::ListCoverage, request, &response);
  }
  static void ExpectRefused(const grpc::Status& status, const std::string& words) {
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(words));
    EXPECT_THAT(DetailsOf(status).Violations(), ElementsAre(HasSubstr("page_token: ")));
  }

  v1::ListCoverageRequest request_;
  std::string token_;
};

TEST_F(PageTokenTest, OfAnotherQueryIsRefused) {
  EXPECT_TRUE(StatusWith(token_).ok());
  EXPECT_TRUE(StatusWith(token_, [](auto& request) { request.set_page_size(7); }).ok());
  const std::string words = "belongs to another query";
  ExpectRefused(StatusWith(token_, [](auto& request) { request.set_unit_id("R1"); }), words);
  ExpectRefused(StatusWith(token_, [](auto& request) { request.mutable_view()->set_source_id("monitor"); }), words);
  ExpectRefused(StatusWith(token_, [](auto& request) { request.set_state(v1::STATION_STATE_MISSING); }), words);
  ExpectRefused(StatusWith(token_, [](auto& request) { request.mutable_version()->set_tree_size(5); }), words);
  ExpectRefused(StatusWith(token_, [](auto& request) { request.set_contested_only(true); }), words);
}

TEST_F(PageTokenTest, OfAnotherMethodIsRefused) {
  v1::ListUnitsRequest units;
  units.set_election_id("synthetic");
  units.set_page_token(token_);
  v1::ListUnitsResponse response;
  ExpectRefused(Call(server_->results(), &Stub::ListUnits, units, &response), "belongs to another query");
}

TEST_F(PageTokenTest, ThatIsGarbageOrDamagedIsRefused) {
  for (const std::string& garbage : {std::string("x"), std::string("not a token"), std::string(5'000, 'A'),
                                     std::string("===="), token_ + "A", token_.substr(1)}) {
    ExpectRefused(StatusWith(garbage), "page_token");
  }
  for (size_t i = 0; i < token_.size(); ++i) {
    std::string damaged = token_;
    damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
    if (damaged != token_) {
      EXPECT_EQ(StatusWith(damaged).error_code(), grpc::INVALID_ARGUMENT) << "character " << i;
    }
  }
}

TEST_F(PageTokenTest, OfALongerLogIsOutOfRange) {
  // As after the loss of a tail: the token knows a version that this ledger does not have.
  const uint64_t query = api::QueryFingerprint("ListCoverage", request_);
  const grpc::Status status = StatusWith(api::EncodePageToken(query, {.tree_size = 1'000, .offset = 5}));
  EXPECT_EQ(status.error_code(), grpc::OUT_OF_RANGE);
  EXPECT_THAT(status.error_message(), HasSubstr("1000"));
}

TEST_F(PageTokenTest, WithAnyOffsetEndsWellOrIsRefused) {
  // The checksum is no signature: whoever makes a token of his own gets a page or a refusal, never another's memory.
  const uint64_t query = api::QueryFingerprint("ListCoverage", request_);
  const int64_t head = server_->ledger().head().tree_size;
  for (const int64_t offset : {int64_t{0}, int64_t{1'000}, INT64_MAX - 1, INT64_MAX}) {
    EXPECT_TRUE(StatusWith(api::EncodePageToken(query, {.tree_size = head, .offset = offset})).ok()) << offset;
  }
  ExpectRefused(StatusWith(api::EncodePageToken(query, {.tree_size = head, .offset = -1})), "negative");
  ExpectRefused(StatusWith(api::EncodePageToken(query, {.tree_size = -1})), "negative");

  v1::ListHistoryRequest history;
  history.set_election_id("synthetic");
  history.set_unit_id("S0");
  const uint64_t history_query = api::QueryFingerprint("ListHistory", history);
  for (const int64_t offset : {int64_t{5}, INT64_MAX}) {
    history.set_page_token(api::EncodePageToken(history_query, {.tree_size = head, .offset = offset}));
    v1::ListHistoryResponse response;
    EXPECT_TRUE(Call(server_->results(), &Stub::ListHistory, history, &response).ok());
    EXPECT_EQ(response.entries_size(), 0);
  }
  v1::ListElectionsRequest elections;
  const uint64_t elections_query = api::QueryFingerprint("ListElections", elections);
  elections.set_page_token(api::EncodePageToken(elections_query, {.tree_size = head, .offset = INT64_MAX}));
  v1::ListElectionsResponse response;
  EXPECT_TRUE(Call(server_->results(), &Stub::ListElections, elections, &response).ok());
  EXPECT_EQ(response.elections_size(), 0);

  v1::ListDiscrepanciesRequest rows;
  rows.mutable_diff()->set_election_id("synthetic");
  rows.mutable_diff()->mutable_left();
  rows.mutable_diff()->mutable_right();
  const uint64_t rows_query = api::QueryFingerprint("ListDiscrepancies", rows);
  rows.set_page_token(
      api::EncodePageToken(rows_query, {.tree_size = head, .right_tree_size = head, .offset = INT64_MAX}));
  v1::ListDiscrepanciesResponse rows_response;
  EXPECT_TRUE(Call(server_->results(), &Stub::ListDiscrepancies, rows, &rows_response).ok());
  EXPECT_EQ(rows_response.discrepancies_size(), 0);
  EXPECT_TRUE(rows_response.next_page_token().empty());
}

// ---------------------------------------------------------------------------------------------------------------------
// Calls

TEST_F(ResultsTest, RespectsADeadlineWhileTheStoreIsSlow) {
  Start(20, 5);
  server_->trial().store().HoldNodeReads();
  v1::GetTallyRequest request = TallyRequest();
  request.mutable_version()->set_tree_size(defined_size_ + 2);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  v1::Tally tally;
  EXPECT_EQ(server_->results().GetTally(&context, request, &tally).error_code(), grpc::DEADLINE_EXCEEDED);
  server_->trial().store().Release();
  EXPECT_TRUE(GetTally(request, &tally).ok());
}

TEST(ReadQueueTest, BeyondItsLimitIsResourceExhausted) {
  TrialServer server(20, {.waiting_read_count_max = 1});
  const int64_t size = server.Define();
  server.Record(server.election().Protocol(0, v1::STAGE_FINAL, 0, std::nullopt));
  server.trial().store().HoldNodeReads();
  v1::GetTallyRequest request = TallyRequest();
  request.mutable_version()->set_tree_size(size);
  // As many as there are threads are held, one waits, and the next is turned away.
  std::vector<std::thread> callers;
  std::atomic<int> turned_away = 0;
  std::atomic<int> answered = 0;
  for (int i = 0; i < 20; ++i) {
    callers.emplace_back([&] {
      v1::Tally tally;
      const grpc::Status status = Call(server.results(), &Stub::GetTally, request, &tally);
      if (status.error_code() == grpc::RESOURCE_EXHAUSTED && DetailsOf(status).retry.has_value()) ++turned_away;
      if (status.ok()) ++answered;
    });
  }
  while (turned_away == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  server.trial().store().Release();
  for (std::thread& caller : callers) caller.join();
  EXPECT_GT(turned_away, 0);
  EXPECT_GT(answered, 0);
  EXPECT_EQ(turned_away + answered, 20);
}

TEST_F(ResultsTest, SumsSeatsOverContestsAtAVersion) {
  Start(20, 20);
  v1::GetSeatsRequest request;
  request.set_election_id("synthetic");
  request.mutable_version()->set_tree_size(defined_size_ + 20);
  v1::GetSeatsResponse response;
  ASSERT_TRUE(Call(server_->results(), &Stub::GetSeats, request, &response).ok());
  ASSERT_EQ(response.contests_size(), 1);
  EXPECT_NE(response.contests(0).outcome().status(), v1::OUTCOME_STATUS_UNDETERMINED);
  EXPECT_EQ(response.as_of().tree_size(), defined_size_ + 20);
}

TEST_F(ResultsTest, ComparesTwoVersionsOfOneView) {
  Start(20, 10);
  v1::GetDiffRequest request;
  request.set_election_id("synthetic");
  request.mutable_left()->mutable_version()->set_tree_size(defined_size_ + 4);
  request.mutable_right();
  v1::DiffSummary summary;
  ASSERT_TRUE(Call(server_->results(), &Stub::GetDiff, request, &summary).ok());
  EXPECT_EQ(summary.left_as_of().tree_size(), defined_size_ + 4);
  EXPECT_EQ(summary.right_as_of().tree_size(), defined_size_ + 10);
  EXPECT_EQ(summary.common_count(), 4);
  EXPECT_EQ(summary.only_right_count(), 6);
  EXPECT_EQ(summary.only_left_count(), 0);
}

}  // namespace
}  // namespace hattama
