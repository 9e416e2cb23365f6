// Submissions over gRPC: receipts, refusals with their details, limits, streams, and the end of the service.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "services/server/log_line.h"
#include "services/wire/event_codec.h"
#include "tests/support/trial_server.h"

namespace hattama {
namespace {

using ::testing::AllOf;
using testing::AppendFault;
using testing::Details;
using testing::DetailsOf;
using testing::Edited;
using testing::EditedUnder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::TrialServer;

std::string Protocol(TrialServer& server, int station, int round = 0,
                     std::optional<int64_t> supersedes = std::nullopt) {
  return server.election().Protocol(station, v1::STAGE_FINAL, round, supersedes);
}

std::vector<std::string> Protocols(TrialServer& server, int begin, int end) {
  std::vector<std::string> protocols;
  for (int station = begin; station < end; ++station) protocols.push_back(Protocol(server, station));
  return protocols;
}

// A protocol of a station that there is not.
std::string Stray(TrialServer& server) {
  return EditedUnder(5, Protocol(server, 0), [](v1::Submission& submission) {
    submission.mutable_protocol_submitted()->set_unit_id("nowhere");
  });
}

// ---------------------------------------------------------------------------------------------------------------------
// Submit

TEST(SubmitCallTest, AnswersWithTheReceiptOfTheLedger) {
  TrialServer server;
  const int64_t size = server.Define();
  v1::SubmitResponse response;
  const grpc::Status status = server.SubmitOne(Protocol(server, 0), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.receipt().sequence(), size);
  EXPECT_EQ(response.receipt().tree_size(), size + 1);
  EXPECT_EQ(response.receipt().submission_id().size(), 16u);
  EXPECT_EQ(response.receipt().leaf_hash().size(), 32u);
  EXPECT_FALSE(response.receipt().replayed());

  ASSERT_TRUE(server.SubmitOne(Protocol(server, 0), &response).ok());
  EXPECT_TRUE(response.receipt().replayed());
  EXPECT_EQ(response.receipt().sequence(), size);
  EXPECT_EQ(server.ledger().head().tree_size, size + 1);
}

TEST(SubmitCallTest, RecordsFiguresThatDoNotAddUpAndNamesTheRule) {
  TrialServer server;
  server.Define();
  v1::SubmitResponse response;
  const grpc::Status status = server.SubmitOne(
      Edited(
          Protocol(server, 0),
          [](v1::Submission& submission) { submission.mutable_protocol_submitted()->mutable_lines(1)->set_count(1); }),
      &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_TRUE(response.receipt().quarantined());
  ASSERT_EQ(response.receipt().findings_size(), 1);
  EXPECT_EQ(response.receipt().findings(0).rule_id(), "cast-is-sum");
  EXPECT_EQ(response.receipt().findings(0).left(), 1);
}

TEST(SubmitCallTest, ValidatesWithoutRecording) {
  TrialServer server;
  server.Define();
  const storage::Head head = server.ledger().head();
  v1::SubmitResponse response;
  ASSERT_TRUE(server.SubmitOne(Protocol(server, 0), &response, /*validate_only=*/true).ok());
  EXPECT_EQ(response.receipt().sequence(), head.tree_size);
  EXPECT_TRUE(response.receipt().leaf_hash().empty());
  EXPECT_EQ(server.SubmitOne(Stray(server), nullptr, /*validate_only=*/true).error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(server.ledger().head(), head);

  ASSERT_TRUE(server.SubmitOne(Protocol(server, 0)).ok());
  ASSERT_TRUE(server.SubmitOne(Protocol(server, 0), &response, /*validate_only=*/true).ok());
  EXPECT_TRUE(response.receipt().replayed());
  EXPECT_EQ(response.receipt().leaf_hash().size(), 32u);
}

TEST(SubmitCallTest, RefusesAnEmptySubmissionAndOneThatIsTooLong) {
  TrialServer server;
  server.Define();
  for (const size_t size : {size_t{0}, wire::kSubmissionBytesMax + 1, size_t{1} << 20}) {
    const grpc::Status status = server.SubmitOne(std::string(size, 'x'));
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr(std::to_string(size) + " bytes, expected 1..65000"));
    EXPECT_THAT(DetailsOf(status).Violations(), ElementsAre(HasSubstr("submission: ")));
  }
}

TEST(SubmitCallTest, RefusesAMessageOfAHundredMebibytes) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "gRPC's own copies of the message are false races, one for each of its words";
#endif
  TrialServer server;
  server.Define();
  const grpc::Status status = server.SubmitOne(std::string(100 << 20, 'x'));
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_THAT(status.error_message(), HasSubstr("larger than max"));
  EXPECT_TRUE(server.SubmitOne(Protocol(server, 0)).ok());
}

struct Refused {
  const char* description;
  std::function<void(v1::Submission&)> make;
  grpc::StatusCode code;
  std::string reason;
  std::string violation;
};

TEST(SubmitCallTest, SaysWhatIsWrongWhereForPeopleAndForPrograms) {
  TrialServer server;
  server.Define();
  const auto protocol = [](v1::Submission& s) -> v1::ProtocolSubmitted& { return *s.mutable_protocol_submitted(); };
  const std::vector<Refused> cases = {
      {"id of five bytes", [=](auto& s) { s.set_submission_id("short"); }, grpc::INVALID_ARGUMENT, "MALFORMED",
       "submission_id: has 5 bytes, not 16"},
      {"unknown election", [=](auto& s) { protocol(s).set_election_id("mars"); }, grpc::NOT_FOUND, "UNKNOWN_ELECTION",
       "election_id: no election \"mars\" is defined"},
      {"unknown contest", [=](auto& s) { protocol(s).set_contest_id("mayor"); }, grpc::NOT_FOUND, "UNKNOWN_CONTEST",
       "contest_id: election \"synthetic\" has no contest \"mayor\""},
      {"unknown unit", [=](auto& s) { protocol(s).set_unit_id("S-1"); }, grpc::NOT_FOUND, "UNKNOWN_UNIT",
       "unit_id: election \"synthetic\" has no unit \"S-1\""},
      {"unknown source", [=](auto& s) { protocol(s).set_source_id("nobody"); }, grpc::NOT_FOUND, "UNKNOWN_SOURCE",
       "source_id: election \"synthetic\" has no source \"nobody\""},
      {"unknown option", [=](auto& s) { protocol(s).add_options()->set_option_id("O9"); }, grpc::INVALID_ARGUMENT,
       "UNKNOWN_OPTION", "options[9].option_id: contest \"president\" has no option \"O9\""},
      {"unknown line", [=](auto& s) { protocol(s).mutable_lines(0)->set_line_id("spoilt"); }, grpc::INVALID_ARGUMENT,
       "UNKNOWN_LINE", "lines[0].line_id: the form has no line \"spoilt\""},
      {"duplicate option", [=](auto& s) { *protocol(s).add_options() = protocol(s).options(3); },
       grpc::INVALID_ARGUMENT, "DUPLICATE_FIGURE", "options[9]: \"O3\" is stated twice"},
      {"missing option", [=](auto& s) { protocol(s).mutable_options()->RemoveLast(); }, grpc::INVALID_ARGUMENT,
       "MISSING_OPTION", "options: option \"O8\" is not on the protocol"},
      {"negative count", [=](auto& s) { protocol(s).mutable_options(2)->set_count(-1); }, grpc::INVALID_ARGUMENT,
       "COUNT_OUT_OF_RANGE", "options[2].count: \"O2\": -1 is outside 0..999999999"},
      {"count of ten digits", [=](auto& s) { protocol(s).mutable_lines(1)->set_count(1'000'000'000); },
       grpc::INVALID_ARGUMENT, "COUNT_OUT_OF_RANGE", "lines[1].count: \"cast\": 1000000000 is outside 0..999999999"},
      {"largest number there is", [=](auto& s) { protocol(s).mutable_options(0)->set_count(INT64_MAX); },
       grpc::INVALID_ARGUMENT, "COUNT_OUT_OF_RANGE", "9223372036854775807 is outside 0..999999999"},
  };
  const storage::Head head = server.ledger().head();
  for (const Refused& refused : cases) {
    const grpc::Status status = server.SubmitOne(Edited(Protocol(server, 0), refused.make));
    EXPECT_EQ(status.error_code(), refused.code) << refused.description << ": " << status.error_message();
    const Details details = DetailsOf(status);
    EXPECT_EQ(details.status.code(), refused.code);
    EXPECT_EQ(details.status.message(), status.error_message());
    ASSERT_TRUE(details.error.has_value()) << refused.description;
    EXPECT_EQ(details.error->reason(), refused.reason) << refused.description;
    EXPECT_EQ(details.error->domain(), "hattama");
    EXPECT_THAT(details.Violations(), ElementsAre(HasSubstr(refused.violation))) << refused.description;
    EXPECT_FALSE(details.retry.has_value());
  }
  EXPECT_EQ(server.ledger().head(), head);
}

TEST(SubmitCallTest, TakesTheLargestCountsWhoseSumsNeedMoreThanThirtyTwoBits) {
  TrialServer server;
  server.Define();
  for (int station = 0; station < 5; ++station) {
    server.Record(Edited(Protocol(server, station), [](v1::Submission& submission) {
      v1::ProtocolSubmitted& protocol = *submission.mutable_protocol_submitted();
      protocol.clear_lines();
      for (v1::OptionFigure& option : *protocol.mutable_options()) option.set_count(999'999'999);
    }));
  }
  v1::GetTallyRequest request;
  request.set_election_id("synthetic");
  v1::Tally tally;
  ASSERT_TRUE(testing::Call(server.results(), &v1::ResultsService::Stub::GetTally, request, &tally).ok());
  EXPECT_EQ(tally.options(0).votes(), 5 * int64_t{999'999'999});
  EXPECT_EQ(tally.share_base(), 9 * 5 * int64_t{999'999'999});
}

TEST(SubmitCallTest, NamesExpectedAndActualPredecessor) {
  TrialServer server;
  server.Define();
  Details details = DetailsOf(server.SubmitOne(Protocol(server, 0, 1, 2)));
  EXPECT_EQ(details.status.code(), grpc::ABORTED);
  EXPECT_EQ(details.error->reason(), "WRONG_PREDECESSOR");
  EXPECT_EQ(details.error->metadata().at("expected_sequence"), "none");
  EXPECT_EQ(details.error->metadata().at("actual_sequence"), "2");

  const int64_t current = server.Record(Protocol(server, 0));
  details = DetailsOf(server.SubmitOne(EditedUnder(9, Protocol(server, 0), [](v1::Submission&) {})));
  EXPECT_EQ(details.error->metadata().at("expected_sequence"), std::to_string(current));
  EXPECT_EQ(details.error->metadata().at("actual_sequence"), "none");
}

TEST(SubmitCallTest, ReportsEveryReasonOfOneSubmission) {
  TrialServer server;
  server.Define();
  const grpc::Status status = server.SubmitOne(Edited(Protocol(server, 0), [](v1::Submission& submission) {
    v1::ProtocolSubmitted& protocol = *submission.mutable_protocol_submitted();
    protocol.set_unit_id("nowhere");
    protocol.set_source_id("nobody");
    protocol.mutable_options(1)->set_count(-7);
  }));
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(DetailsOf(status).Violations(), ElementsAre(HasSubstr("nowhere"), HasSubstr("nobody"), HasSubstr("-7")));
}

TEST(SubmitCallTest, RefusesTextThatIsNoUtf8) {
  TrialServer server;
  server.Define();
  std::string bytes = Edited(Protocol(server, 0), [](v1::Submission& submission) { submission.set_submitter("@@@@"); });
  bytes.replace(bytes.find("@@@@"), 4, "\xff\xfe\xfd\xfc");
  const grpc::Status status = server.SubmitOne(bytes);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("UTF-8"));
}

TEST(SubmitCallTest, WritesNothingToTheLogForWhatClientsSend) {
  server::RouteGrpcLog();
  TrialServer server;
  server.Define();
  std::string bytes = Edited(Protocol(server, 0), [](v1::Submission& submission) { submission.set_submitter("@@@@"); });
  bytes.replace(bytes.find("@@@@"), 4, "\xff\xfe\xfd\xfc");
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(server.SubmitOne(bytes).error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST(SubmitCallTest, SameIdWithOtherBytesIsAlreadyExists) {
  TrialServer server;
  server.Define();
  const int64_t sequence = server.Record(Protocol(server, 0));
  const grpc::Status status = server.SubmitOne(
      Edited(Protocol(server, 0), [](v1::Submission& submission) { submission.set_submitter("another"); }));
  EXPECT_EQ(status.error_code(), grpc::ALREADY_EXISTS);
  EXPECT_THAT(status.error_message(), HasSubstr("sequence " + std::to_string(sequence)));
  EXPECT_EQ(DetailsOf(status).error->reason(), "ALREADY_EXISTS");
}

TEST(SubmitCallTest, OnAFullDiskSaysWhenToTryAgain) {
  TrialServer server;
  server.Define();
  server.trial().store().FailNextAppend(AppendFault::kOutOfRoom);
  const grpc::Status status = server.SubmitOne(Protocol(server, 0));
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  const Details details = DetailsOf(status);
  ASSERT_TRUE(details.retry.has_value());
  EXPECT_EQ(details.retry->retry_delay().seconds(), 1);
  EXPECT_TRUE(server.SubmitOne(Protocol(server, 0)).ok());
}

TEST(SubmitCallTest, BeyondTheBudgetIsResourceExhaustedAtOnce) {
  TrialServer server(20, {.queued_submission_count_max = 1});
  server.Define();
  server.trial().store().HoldAppends();
  v1::SubmitResponse first_response;
  grpc::Status first;
  std::thread caller([&] { first = server.SubmitOne(Protocol(server, 0), &first_response); });
  server.trial().store().AwaitHeldAppend();
  const grpc::Status status = server.SubmitOne(Protocol(server, 1));
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(DetailsOf(status).retry.has_value());
  server.trial().store().Release();
  caller.join();
  EXPECT_TRUE(first.ok()) << first.error_message();
}

TEST(SubmitCallTest, WhoseDeadlinePassesIsRecordedAndARetryGetsItsReceipt) {
  TrialServer server;
  const int64_t size = server.Define();
  server.trial().store().HoldAppends();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  v1::SubmitResponse response;
  EXPECT_EQ(
      server.submissions().Submit(&context, testing::SubmitRequestOf(Protocol(server, 0)), &response).error_code(),
      grpc::DEADLINE_EXCEEDED);
  server.trial().store().AwaitHeldAppend();
  server.trial().store().Release();
  ASSERT_TRUE(server.SubmitOne(Protocol(server, 0), &response).ok());
  EXPECT_EQ(response.receipt().sequence(), size);
  EXPECT_TRUE(response.receipt().replayed());
}

// ---------------------------------------------------------------------------------------------------------------------
// SubmitStream

TEST(SubmitStreamTest, AnswersInTheOrderSentAndGoesOnAfterRefusals) {
  TrialServer server(60);
  const int64_t size = server.Define();
  const auto stream = server.OpenStream();
  std::vector<std::string> sent = Protocols(server, 0, 50);
  sent[10] = Stray(server);
  sent[20] = "no submission";
  sent[30] = "";
  for (size_t i = 0; i < sent.size(); i += 5) {
    ASSERT_TRUE(stream->Send({sent.begin() + static_cast<int64_t>(i), sent.begin() + static_cast<int64_t>(i) + 5}));
  }
  stream->SendNoMore();
  std::vector<v1::SubmissionResult> results;
  const grpc::Status status = stream->Finish(&results);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_THAT(results, SizeIs(50));
  int64_t sequence = size;
  for (int64_t i = 0; i < 50; ++i) {
    EXPECT_EQ(results[i].index(), i);
    if (i == 10 || i == 20 || i == 30) {
      ASSERT_TRUE(results[i].has_refusal()) << i;
      continue;
    }
    ASSERT_TRUE(results[i].has_receipt()) << i << results[i].refusal().message();
    EXPECT_EQ(results[i].receipt().sequence(), sequence++);
  }
  EXPECT_EQ(results[10].refusal().code(), grpc::NOT_FOUND);
  EXPECT_EQ(DetailsOf(results[10].refusal()).error->reason(), "UNKNOWN_UNIT");
  EXPECT_EQ(results[20].refusal().code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(results[30].refusal().message(), HasSubstr("0 bytes"));
  EXPECT_EQ(server.ledger().head().tree_size, sequence);
}

TEST(SubmitStreamTest, AnswersWhileItIsOpen) {
  TrialServer server;
  server.Define();
  const auto stream = server.OpenStream();
  for (int station = 0; station < 5; ++station) {
    ASSERT_TRUE(stream->Send({Protocol(server, station)}));
    const std::vector<v1::SubmissionResult> results = stream->Receive(1);
    ASSERT_THAT(results, SizeIs(1));
    EXPECT_EQ(results[0].index(), station);
    EXPECT_TRUE(results[0].has_receipt());
  }
  stream->SendNoMore();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST(SubmitStreamTest, OfNothingEndsWell) {
  TrialServer server;
  const auto empty = server.OpenStream();
  empty->SendNoMore();
  EXPECT_TRUE(empty->Finish().ok());
  const auto of_empty_messages = server.OpenStream();
  EXPECT_TRUE(of_empty_messages->Send({}));
  EXPECT_TRUE(of_empty_messages->Send({}));
  of_empty_messages->SendNoMore();
  EXPECT_TRUE(of_empty_messages->Finish().ok());
}

TEST(SubmitStreamTest, TakesAThousandAndTwentyFourInOneMessage) {
  TrialServer server(1'100);
  const int64_t size = server.Define();
  const auto stream = server.OpenStream();
  ASSERT_TRUE(stream->Send(Protocols(server, 0, 1'024)));
  stream->SendNoMore();
  std::vector<v1::SubmissionResult> results;
  EXPECT_TRUE(stream->Finish(&results).ok());
  EXPECT_THAT(results, SizeIs(1'024));
  EXPECT_EQ(server.ledger().head().tree_size, size + 1'024);
}

TEST(SubmitStreamTest, EndsAtAMessageOfOneMoreAfterAnsweringWhatCameBefore) {
  TrialServer server(1'100);
  const int64_t size = server.Define();
  const auto stream = server.OpenStream();
  ASSERT_TRUE(stream->Send(Protocols(server, 0, 3)));
  stream->Send(Protocols(server, 3, 1'028));
  std::vector<v1::SubmissionResult> results;
  const grpc::Status status = stream->Finish(&results);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("1025 submissions"));
  EXPECT_THAT(status.error_message(), HasSubstr("1024"));
  EXPECT_THAT(DetailsOf(status).Violations(), ElementsAre(HasSubstr("submissions: ")));
  EXPECT_THAT(results, SizeIs(3));
  EXPECT_EQ(server.ledger().head().tree_size, size + 3);
}

TEST(SubmitStreamTest, EndsAtAMessageAboveFourMebibytes) {
  TrialServer server;
  server.Define();
  const auto stream = server.OpenStream();
  stream->Send(std::vector<std::string>(65, std::string(64'600, 'x')));
  const grpc::Status status = stream->Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("4199000 bytes"));
}

TEST(SubmitStreamTest, EndsAtAMessageOfAHundredMebibytes) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "gRPC's own copies of the message are false races, one for each of its words";
#endif
  TrialServer server;
  server.Define();
  const auto stream = server.OpenStream();
  stream->Send({std::string(100 << 20, 'x')});
  EXPECT_EQ(stream->Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(server.SubmitOne(Protocol(server, 0)).ok());
}

TEST(SubmitStreamTest, ThatVanishesLeavesWholeEventsAndTheServiceInOrder) {
  // A budget of one message: what a vanished stream held must come back for the next one to be taken.
  TrialServer server(200, {.queued_submission_count_max = 20});
  const int64_t size = server.Define();
  for (int round = 0; round < 5; ++round) {
    server.trial().store().HoldAppends();
    {
      const auto stream = server.OpenStream();
      ASSERT_TRUE(stream->Send(Protocols(server, round * 20, round * 20 + 20)));
      server.trial().store().AwaitHeldAppend();
      stream->Send(Protocols(server, 100, 120));  // Waits for its share of the budget.
      stream->Vanish();
    }
    server.trial().store().Release();
  }
  const auto stream = server.OpenStream();
  for (int begin = 0; begin < 200; begin += 20) ASSERT_TRUE(stream->Send(Protocols(server, begin, begin + 20)));
  stream->SendNoMore();
  std::vector<v1::SubmissionResult> results;
  ASSERT_TRUE(stream->Finish(&results).ok());
  ASSERT_THAT(results, SizeIs(200));
  for (const v1::SubmissionResult& result : results) EXPECT_TRUE(result.has_receipt());
  EXPECT_EQ(server.ledger().head().tree_size, size + 200);
}

TEST(SubmitStreamTest, WaitsForItsTurnInsteadOfBeingRefused) {
  TrialServer server(100, {.queued_submission_count_max = 10});
  server.Define();
  std::vector<std::unique_ptr<testing::TrialStream>> streams;
  for (int s = 0; s < 5; ++s) {
    streams.push_back(server.OpenStream());
    ASSERT_TRUE(streams.back()->Send(Protocols(server, s * 20, s * 20 + 10)));
    ASSERT_TRUE(streams.back()->Send(Protocols(server, s * 20 + 10, s * 20 + 20)));
    streams.back()->SendNoMore();
  }
  for (const auto& stream : streams) {
    std::vector<v1::SubmissionResult> results;
    const grpc::Status status = stream->Finish(&results);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_THAT(results, SizeIs(20));
  }
}

TEST(SubmitStreamTest, OnAFullDiskEndsAfterTheAnswersBeforeIt) {
  TrialServer server;
  const int64_t size = server.Define();
  const auto stream = server.OpenStream();
  ASSERT_TRUE(stream->Send({Protocol(server, 0)}));
  ASSERT_THAT(stream->Receive(1), SizeIs(1));
  server.trial().store().FailNextAppend(AppendFault::kOutOfRoom);
  ASSERT_TRUE(stream->Send({Protocol(server, 1), Protocol(server, 2)}));
  std::vector<v1::SubmissionResult> results;
  const grpc::Status status = stream->Finish(&results);
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(DetailsOf(status).retry.has_value());
  EXPECT_THAT(results, SizeIs(0));
  EXPECT_EQ(server.ledger().head().tree_size, size + 1);
}

TEST(SubmitStreamTest, AfterAnAppendOfUnknownOutcomeEndsWithUnavailable) {
  TrialServer server;
  server.Define();
  server.trial().store().FailNextAppend(AppendFault::kUnknownWritten);
  const auto stream = server.OpenStream();
  ASSERT_TRUE(stream->Send({Protocol(server, 1)}));
  std::vector<v1::SubmissionResult> results;
  EXPECT_EQ(stream->Finish(&results).error_code(), grpc::UNAVAILABLE);
  EXPECT_THAT(results, SizeIs(0));
  // The same again is no receipt either, until the ledger is opened anew.
  EXPECT_EQ(server.SubmitOne(Protocol(server, 1)).error_code(), grpc::UNAVAILABLE);
}

// ---------------------------------------------------------------------------------------------------------------------
// SubmitAtomically

TEST(SubmitAtomicallyTest, RecordsAWholeDefinitionOverSeveralMessages) {
  TrialServer server;
  const std::vector<std::string> parts = server.election().Definition();
  std::vector<std::vector<std::string>> messages;
  for (const std::string& part : parts) messages.push_back({part});
  v1::SubmitAtomicallyResponse response;
  const grpc::Status status = server.SubmitAtomically(messages, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.receipts_size(), static_cast<int>(parts.size()));
  for (int i = 0; i < response.receipts_size(); ++i) EXPECT_EQ(response.receipts(i).sequence(), 1 + i);
}

TEST(SubmitAtomicallyTest, RecordsNothingOfAFaultyDefinitionAndNamesThePart) {
  TrialServer server;
  const storage::Head head = server.ledger().head();
  std::vector<std::string> parts = server.election().Definition();
  parts[2] = Edited(parts[2], [](v1::Submission& submission) {
    submission.mutable_units_listed()->mutable_units(5)->set_parent_id("nowhere");
  });
  const grpc::Status status = server.SubmitAtomically({parts});
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), AllOf(HasSubstr("submissions[3]"), HasSubstr("nowhere")));
  EXPECT_THAT(DetailsOf(status).Violations(), ::testing::Contains(HasSubstr("submissions[3].units[5].parent_id")));
  EXPECT_EQ(server.ledger().head(), head);
  EXPECT_TRUE(server.SubmitAtomically({server.election().Definition()}).ok());
}

TEST(SubmitAtomicallyTest, NamesThePartThatIsMalformed) {
  TrialServer server;
  std::vector<std::string> parts = server.election().Definition();
  parts[1] = Edited(parts[1], [](v1::Submission& submission) { submission.set_submission_id("short"); });
  const grpc::Status status = server.SubmitAtomically({{parts[0]}, {parts[1]}});
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(DetailsOf(status).Violations(), ElementsAre("submissions[1].submission_id: has 5 bytes, not 16"));
}

TEST(SubmitAtomicallyTest, RefusesNothingAtAllAndProtocols) {
  TrialServer server;
  server.Define();
  const storage::Head head = server.ledger().head();
  EXPECT_THAT(server.SubmitAtomically({}).error_message(), HasSubstr("the stream holds none"));
  EXPECT_EQ(server.SubmitAtomically({{}}).error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(server.SubmitAtomically({Protocols(server, 0, 3)}).error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(server.ledger().head(), head);
}

TEST(SubmitAtomicallyTest, RefusesAnotherDefinitionOfTheSameElection) {
  TrialServer server;
  server.Define();
  std::vector<std::string> parts = server.election().Definition();
  for (size_t i = 0; i < parts.size(); ++i) {
    parts[i] = EditedUnder(static_cast<uint8_t>(100 + i), parts[i], [](v1::Submission&) {});
  }
  const grpc::Status status = server.SubmitAtomically({parts});
  EXPECT_EQ(status.error_code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(DetailsOf(status).error->reason(), "ELECTION_EXISTS");
}

TEST(SubmitAtomicallyTest, IsBoundedInCountBytesAndAltogether) {
  const auto refused_by = [](const api::Limits& limits) {
    TrialServer server(20, limits);
    const grpc::Status status = server.SubmitAtomically({server.election().Definition()});
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(server.ledger().head().tree_size, 1);
    return status;
  };
  EXPECT_THAT(refused_by({.atomic_submission_count_max = 3}).error_message(), HasSubstr("4 submissions"));
  EXPECT_EQ(refused_by({.atomic_submission_bytes_max = 100}).error_code(), grpc::INVALID_ARGUMENT);
  TrialServer server(20, {.message_submission_count_max = 1'024, .atomic_total_bytes_max = 3'000});
  // One that is alone is taken however large it is; so the first message is, and the second is too much.
  const std::vector<std::string> parts = server.election().Definition();
  const grpc::Status status = server.SubmitAtomically({{parts[0], parts[1]}, {parts[2], parts[2]}});
  EXPECT_EQ(status.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(DetailsOf(status).retry.has_value());
  // What it held is given back.
  EXPECT_TRUE(server.SubmitAtomically({parts}).ok());
}

// ---------------------------------------------------------------------------------------------------------------------
// The end

TEST(DrainedServiceTest, AnswersWhatIsQueuedEndsStreamsAndRefusesMore) {
  TrialServer server;
  const int64_t size = server.Define();
  server.trial().store().HoldAppends();
  const auto stream = server.OpenStream();
  ASSERT_TRUE(stream->Send({Protocol(server, 0)}));
  server.trial().store().AwaitHeldAppend();
  std::thread drain([&] { server.Drain(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  server.trial().store().Release();
  std::vector<v1::SubmissionResult> results;
  const grpc::Status status = stream->Finish(&results);
  drain.join();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_TRUE(DetailsOf(status).retry.has_value());
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].receipt().sequence(), size);

  EXPECT_EQ(server.SubmitOne(Protocol(server, 1)).error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(server.OpenStream()->Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(server.SubmitAtomically({server.election().Definition()}).error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(server.ledger().head().tree_size, size + 1);
}

}  // namespace
}  // namespace hattama
