// Watch: a replay from any sequence that says when it has caught up, then follows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "services/wire/event_codec.h"
#include "tests/support/trial_server.h"

namespace hattama {
namespace {

using testing::DetailsOf;
using ::testing::HasSubstr;
using testing::TrialServer;

class Follower {
 public:
  Follower(TrialServer& server, int64_t from, const std::string& election_id = "") {
    v1::WatchRequest request;
    request.set_from_sequence(from);
    request.set_election_id(election_id);
    // A stream that stalls fails its test instead of waiting for the keepalive to stir it.
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    stream_ = server.results().Watch(&context_, request);
  }
  ~Follower() {
    if (finished_) return;
    context_.TryCancel();
    Finish();
  }

  // The next message; an empty one at the end.
  v1::WatchResponse Next() {
    v1::WatchResponse response;
    stream_->Read(&response);
    return response;
  }
  // The sequences of the entries before the next CaughtUp, which goes to `caught_up`.
  std::vector<int64_t> UntilCaughtUp(v1::AsOf* caught_up) {
    std::vector<int64_t> sequences;
    while (true) {
      const v1::WatchResponse response = Next();
      if (!response.has_entry()) {
        EXPECT_TRUE(response.has_caught_up()) << "the stream ended or stalled";
        *caught_up = response.caught_up().as_of();
        return sequences;
      }
      sequences.push_back(response.entry().sequence());
    }
  }
  grpc::Status Finish() {
    finished_ = true;
    for (v1::WatchResponse rest; stream_->Read(&rest);) {
    }
    return stream_->Finish();
  }
  void Vanish() { context_.TryCancel(); }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> stream_;
  bool finished_ = false;
};

std::string Protocol(TrialServer& server, int station) {
  return server.election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt);
}

std::vector<int64_t> Range(int64_t begin, int64_t end) {
  std::vector<int64_t> range;
  for (int64_t i = begin; i < end; ++i) range.push_back(i);
  return range;
}

TEST(WatchTest, ReplaysFromAnySequenceAndSaysWhenItHasCaughtUp) {
  TrialServer server;
  server.Define();
  for (int station = 0; station < 5; ++station) server.Record(Protocol(server, station));
  const storage::Head head = server.ledger().head();
  for (int64_t from = 0; from <= head.tree_size; ++from) {
    Follower follower(server, from);
    v1::AsOf as_of;
    EXPECT_EQ(follower.UntilCaughtUp(&as_of), Range(from, head.tree_size));
    EXPECT_EQ(as_of.tree_size(), head.tree_size);
    EXPECT_EQ(as_of.root_hash(), std::string(head.root.begin(), head.root.end()));
  }
}

TEST(WatchTest, SendsWhatItHasOnAConnectionThatIsQuietOtherwise) {
  // The first message of a stream was once written with a hint that more would follow. gRPC then kept it together with
  // the headers, called it not yet written, and so nothing followed until the keepalive ping a minute later.
  TrialServer server;
  const int64_t size = server.Define();
  const auto start = std::chrono::steady_clock::now();
  Follower follower(server, 0);
  v1::AsOf as_of;
  EXPECT_EQ(follower.UntilCaughtUp(&as_of), Range(0, size));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(WatchTest, CarriesTheSubmissionsAsRecorded) {
  TrialServer server;
  server.Define();
  server.Record(Protocol(server, 0));
  Follower follower(server, 0);
  for (int64_t sequence = 0; sequence < server.ledger().head().tree_size; ++sequence) {
    const v1::WatchResponse response = follower.Next();
    const std::string record = *server.ledger().ReadRecord(sequence);
    v1::Submission submission;
    ASSERT_TRUE(submission.ParseFromString(std::string(wire::DecodeRecord(record)->submission)));
    EXPECT_EQ(response.entry().sequence(), sequence);
    EXPECT_EQ(response.entry().submission().SerializeAsString(), submission.SerializeAsString());
    EXPECT_EQ(response.entry().record_time().seconds(), testing::TrialLedger::kStartMicros / 1'000'000);
  }
}

TEST(WatchTest, FollowsWhatIsRecordedAfterwardsAndDoesNotSayCaughtUpAgain) {
  TrialServer server;
  const int64_t size = server.Define();
  Follower follower(server, size);
  v1::AsOf as_of;
  EXPECT_TRUE(follower.UntilCaughtUp(&as_of).empty());
  for (int station = 0; station < 10; ++station) {
    const int64_t sequence = server.Record(Protocol(server, station));
    const v1::WatchResponse response = follower.Next();
    ASSERT_TRUE(response.has_entry());
    EXPECT_EQ(response.entry().sequence(), sequence);
  }
}

TEST(WatchTest, MissesNothingOfALogThatGrowsMeanwhile) {
  TrialServer server(600);
  server.Define();
  std::thread writer([&] {
    const auto stream = server.OpenStream();
    for (int station = 0; station < 600; station += 20) {
      std::vector<std::string> message;
      for (int i = station; i < station + 20; ++i) message.push_back(Protocol(server, i));
      stream->Send(message);
    }
    stream->SendNoMore();
    EXPECT_TRUE(stream->Finish().ok());
  });
  Follower first(server, 0);
  Follower second(server, 3);
  const int64_t end = server.ledger().head().tree_size;
  for (auto* follower : {&first, &second}) {
    int64_t next = follower == &first ? 0 : 3;
    int caught_up_count = 0;
    while (next < end || caught_up_count == 0 || next < 600) {
      const v1::WatchResponse response = follower->Next();
      if (response.has_caught_up()) {
        ++caught_up_count;
        // Everything up to there has been sent.
        EXPECT_EQ(response.caught_up().as_of().tree_size(), next);
        continue;
      }
      ASSERT_TRUE(response.has_entry());
      ASSERT_EQ(response.entry().sequence(), next++);
    }
    EXPECT_EQ(caught_up_count, 1);
  }
  writer.join();
}

TEST(WatchTest, OfOneElectionLeavesTheOthersOut) {
  TrialServer server;
  const int64_t size = server.Define();
  std::vector<std::string> other = server.election().Definition();
  for (size_t i = 0; i < other.size(); ++i) {
    other[i] = testing::EditedUnder(static_cast<uint8_t>(100 + i), other[i], [](v1::Submission& submission) {
      if (submission.has_election_defined()) submission.mutable_election_defined()->set_election_id("second");
      if (submission.has_contests_listed()) submission.mutable_contests_listed()->set_election_id("second");
      if (submission.has_units_listed()) submission.mutable_units_listed()->set_election_id("second");
      if (submission.has_election_opened()) submission.mutable_election_opened()->set_election_id("second");
    });
  }
  ASSERT_TRUE(server.SubmitAtomically({other}).ok());
  const int64_t of_first = server.Record(Protocol(server, 0));
  v1::AsOf as_of;
  EXPECT_EQ(Follower(server, 0, "second").UntilCaughtUp(&as_of), Range(size, of_first));
  std::vector<int64_t> expected = Range(1, size);
  expected.push_back(of_first);
  EXPECT_EQ(Follower(server, 0, "synthetic").UntilCaughtUp(&as_of), expected);
  EXPECT_EQ(as_of.tree_size(), of_first + 1);
}

TEST(WatchTest, BeyondTheHeadIsOutOfRange) {
  TrialServer server;
  const int64_t size = server.Define();
  for (const int64_t from : {size + 1, INT64_MAX, int64_t{-1}}) {
    const grpc::Status status = Follower(server, from).Finish();
    EXPECT_EQ(status.error_code(), grpc::OUT_OF_RANGE) << from;
    EXPECT_THAT(status.error_message(), HasSubstr("from_sequence: " + std::to_string(from)));
  }
}

TEST(WatchTest, OfAnUnknownElectionIsNotFound) {
  TrialServer server;
  server.Define();
  const grpc::Status status = Follower(server, 0, "mars").Finish();
  EXPECT_EQ(status.error_code(), grpc::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("mars"));
}

TEST(WatchTest, EndsWithTheServiceAndSaysWhereToGoOn) {
  TrialServer server;
  const int64_t size = server.Define();
  Follower follower(server, 0);
  v1::AsOf as_of;
  follower.UntilCaughtUp(&as_of);
  server.Drain();
  const grpc::Status status = follower.Finish();
  EXPECT_EQ(status.error_code(), grpc::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("watch again from sequence " + std::to_string(size)));
  EXPECT_TRUE(DetailsOf(status).retry.has_value());
}

TEST(WatchTest, ThatVanishesMakesRoomForAnother) {
  TrialServer server(20, {.open_stream_count_max = 2});
  const int64_t size = server.Define();
  for (int round = 0; round < 5; ++round) {
    auto first = std::make_unique<Follower>(server, size);
    auto second = std::make_unique<Follower>(server, 0);
    v1::AsOf as_of;
    first->UntilCaughtUp(&as_of);
    second->UntilCaughtUp(&as_of);
    const grpc::Status third = Follower(server, 0).Finish();
    EXPECT_EQ(third.error_code(), grpc::RESOURCE_EXHAUSTED);
    EXPECT_TRUE(DetailsOf(third).retry.has_value());
    first->Vanish();
    second->Vanish();
    first.reset();
    second.reset();
    // The server hears of it a little later than the client.
    for (int attempt = 0; attempt < 500; ++attempt) {
      Follower again(server, size);
      if (again.Next().has_caught_up()) break;
      ASSERT_LT(attempt, 499) << "nobody made room";
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    // Both places are free before the next round begins.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

TEST(WatchTest, ThatReadsNothingHoldsUpNobody) {
  TrialServer server(3'000);
  server.Define();
  Follower idle(server, 0);
  const auto stream = server.OpenStream();
  for (int begin = 0; begin < 3'000; begin += 500) {
    std::vector<std::string> message;
    for (int i = begin; i < begin + 500; ++i) message.push_back(Protocol(server, i));
    ASSERT_TRUE(stream->Send(message));
  }
  stream->SendNoMore();
  EXPECT_TRUE(stream->Finish().ok());
  v1::AsOf as_of;
  EXPECT_EQ(Follower(server, 2'900).UntilCaughtUp(&as_of).size(),
            static_cast<size_t>(server.ledger().head().tree_size - 2'900));
}

TEST(WatchTest, RespectsItsDeadline) {
  TrialServer server;
  const int64_t size = server.Define();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(150));
  v1::WatchRequest request;
  request.set_from_sequence(size);
  const auto stream = server.results().Watch(&context, request);
  v1::WatchResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::DEADLINE_EXCEEDED);
}

}  // namespace
}  // namespace hattama
