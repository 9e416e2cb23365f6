// The log's side of witnessing over real HTTP: witnesses that answer well, slowly, wrongly, and not at all.
#include "services/server/witness_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "httplib.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/witness.h"
#include "tests/storage/notes_support.h"
#include "tests/storage/stored_tree.h"

namespace hattama::server {
namespace {

using ::hattama::testing::Entries;
using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::hattama::testing::Named;
using ::hattama::testing::NoteKeyOf;
using ::hattama::testing::StoredTree;
using ::testing::HasSubstr;

constexpr char kOrigin[] = "test.example/log";
constexpr uint8_t kLogKey = 7;

// A witness by the rules of storage/merkle/witness.h, unless a test replaces what it answers.
class HttpWitness {
 public:
  HttpWitness(std::string name, uint8_t key_number) : name_(std::move(name)), key_number_(key_number) {
    http_.Post("/prefix/add-checkpoint", [this](const httplib::Request& request, httplib::Response& response) {
      ++asked_count;
      if (answer) return answer(request, response);
      const auto parsed = merkle::ParseAddCheckpoint(request.body);
      merkle::WitnessAnswer decided;
      if (!parsed.ok()) {
        decided = merkle::BadRequest(parsed.status());
      } else {
        const merkle::NoteKey log_key = NoteKeyOf(kOrigin, merkle::kNoteEd25519, kLogKey);
        decided = merkle::DecideAddCheckpoint(*parsed, std::span(&log_key, 1), state, Named(name_, key_number_),
                                              1'700'000'000);
      }
      if (decided.store) state = decided.store;
      response.status = decided.http_status;
      response.set_content(decided.body, decided.content_type);
    });
    port_ = http_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { http_.listen_after_bind(); });
    while (!http_.is_running()) absl::SleepFor(absl::Milliseconds(1));
  }
  ~HttpWitness() {
    http_.stop();
    thread_.join();
  }

  std::string Line() const {
    return absl::StrCat("witness ", name_, " ",
                        merkle::FormatVerifierKey(NoteKeyOf(name_, merkle::kNoteCosignature, key_number_)),
                        " http://127.0.0.1:", port_, "/prefix/\n");
  }

  // Set between calls of Cosign.
  std::function<void(const httplib::Request&, httplib::Response&)> answer;
  std::optional<merkle::WitnessState> state;
  std::atomic<int> asked_count = 0;

 private:
  const std::string name_;
  const uint8_t key_number_;
  httplib::Server http_;
  int port_ = 0;
  std::thread thread_;
};

class WitnessClientTest : public ::testing::Test {
 protected:
  WitnessClientTest() : tree_(StoredTree::OfNumbers(50)) {}

  void Start(const std::string& witnesses, const std::string& quorum, absl::Duration timeout = absl::Seconds(20)) {
    policy_text_ = absl::StrCat("log ", merkle::FormatVerifierKey(NoteKeyOf(kOrigin, merkle::kNoteEd25519, kLogKey)),
                                "\n", witnesses, quorum);
    absl::StatusOr<std::unique_ptr<WitnessClient>> client = WitnessClient::Start(
        merkle::TlogPolicy::Parse(policy_text_).value(),
        {.timeout = timeout, .grace = absl::Milliseconds(50), .tell = [this](const WitnessNews& news) {
           std::lock_guard lock(mutex_);
           news_.push_back(news);
         }});
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = *std::move(client);
  }

  // The names of those who cosigned the tree at this size.
  std::vector<std::string> Cosign(int64_t size) { return Cosign(tree_, size); }
  std::vector<std::string> Cosign(const StoredTree& tree, int64_t size) {
    const merkle::Checkpoint checkpoint{kOrigin, size, tree.root(size)};
    std::vector<std::string> names;
    for (const merkle::NoteSignature& signature :
         client_->Cosign({.checkpoint = checkpoint,
         .note = merkle::SignCheckpoint(checkpoint, KeyOf(kLogKey)).value(),
         .prove = [&tree, size](int64_t first) { return merkle::ConsistencyProof(first, size, tree.reader()); }})) {
      names.push_back(signature.name);
    }
    return names;
  }

  // What was told last of any witness.
  std::optional<WitnessNews> LastNews() {
    std::lock_guard lock(mutex_);
    if (news_.empty()) return std::nullopt;
    return news_.back();
  }
  size_t NewsCount() {
    std::lock_guard lock(mutex_);
    return news_.size();
  }

  StoredTree tree_;
  std::string policy_text_;
  std::mutex mutex_;
  std::vector<WitnessNews> news_;
  std::unique_ptr<WitnessClient> client_;
};

TEST(WitnessUrlTest, IsHostPortAndPath) {
  struct Case {
    const char* url;
    const char* host;
    int port;
    const char* path;
  };
  for (const Case& one : {Case{"http://w.example", "w.example", 80, ""}, Case{"http://w.example/", "w.example", 80, ""},
                          Case{"http://10.0.0.7:8080/a/b/", "10.0.0.7", 8080, "/a/b"},
                          Case{"http://[::1]:81/x", "::1", 81, "/x"}, Case{"http://[::1]", "::1", 80, ""}}) {
    const absl::StatusOr<WitnessUrl> url = ParseWitnessUrl(one.url);
    ASSERT_TRUE(url.ok()) << url.status();
    EXPECT_EQ(url->host, one.host);
    EXPECT_EQ(url->port, one.port);
    EXPECT_EQ(url->path, one.path);
  }
}

TEST(WitnessUrlTest, RefusesWhatItCannotUse) {
  for (const char* url : {"", "w.example", "ftp://w.example", "http://", "http://:80", "http://w:0", "http://w:65536",
                          "http://w:x", "http://w/?q", "http://user@w/"}) {
    EXPECT_EQ(ParseWitnessUrl(url).status().code(), absl::StatusCode::kInvalidArgument) << url;
  }
  EXPECT_THAT(MessageOf(ParseWitnessUrl("https://w.example")), HasSubstr("plain http"));
}

TEST_F(WitnessClientTest, CollectsACosignatureOfEach) {
  HttpWitness a("a", 21), b("b", 22);
  Start(absl::StrCat(a.Line(), b.Line()), "group q all a b\nquorum q\n");

  EXPECT_THAT(Cosign(10), ::testing::UnorderedElementsAre("a", "b"));
  EXPECT_THAT(Cosign(50), ::testing::UnorderedElementsAre("a", "b"));
  EXPECT_EQ(a.asked_count, 2);
}

TEST_F(WitnessClientTest, LearnsWhereTheWitnessIs) {
  HttpWitness a("a", 21);
  a.state = merkle::WitnessState{10, tree_.root(10)};
  Start(a.Line(), "quorum a\n");

  EXPECT_THAT(Cosign(50), ::testing::ElementsAre("a"));
  EXPECT_EQ(a.asked_count, 2) << "once from nothing, once from where it says that it is";
}

TEST_F(WitnessClientTest, RaisesTheAlarmWhereTheWitnessIsAhead) {
  HttpWitness a("a", 21);
  a.state = merkle::WitnessState{50, tree_.root(50)};
  Start(a.Line(), "quorum a\n");

  EXPECT_TRUE(Cosign(40).empty());

  ASSERT_TRUE(LastNews().has_value());
  EXPECT_EQ(LastNews()->kind, WitnessNews::Kind::kAlarm);
  EXPECT_THAT(LastNews()->detail, HasSubstr("50"));
}

TEST_F(WitnessClientTest, RaisesTheAlarmWhereTheWitnessHoldsAnotherHistory) {
  const StoredTree other(Entries(30, "other"));
  HttpWitness a("a", 21);
  a.state = merkle::WitnessState{30, other.root(30)};
  Start(a.Line(), "quorum a\n");

  EXPECT_TRUE(Cosign(50).empty());

  ASSERT_TRUE(LastNews().has_value());
  EXPECT_EQ(LastNews()->kind, WitnessNews::Kind::kAlarm);
}

TEST_F(WitnessClientTest, RaisesTheAlarmWhereTheWitnessMovesWithoutIt) {
  HttpWitness a("a", 21);
  int64_t size = 1;
  a.answer = [&size](const httplib::Request&, httplib::Response& response) {
    response.status = 409;
    response.set_content(absl::StrCat(size++, "\n"), std::string(merkle::kTlogSizeContentType));
  };
  Start(a.Line(), "quorum a\n");

  EXPECT_TRUE(Cosign(50).empty());

  EXPECT_EQ(a.asked_count, 3);
  ASSERT_TRUE(LastNews().has_value());
  EXPECT_EQ(LastNews()->kind, WitnessNews::Kind::kAlarm);
}

TEST_F(WitnessClientTest, SaysOnceWhatDoesNotChange) {
  HttpWitness a("a", 21);
  a.answer = [](const httplib::Request&, httplib::Response& response) {
    response.status = 503;
    response.set_content("down\n", "text/plain");
  };
  Start(a.Line(), "quorum a\n");

  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Cosign(10).empty());
  EXPECT_EQ(NewsCount(), 1u);
  a.answer = nullptr;
  EXPECT_THAT(Cosign(10), ::testing::ElementsAre("a"));
  EXPECT_EQ(LastNews()->kind, WitnessNews::Kind::kCosigns);
}

TEST_F(WitnessClientTest, TakesNoCosignatureThatIsNotGood) {
  HttpWitness a("a", 21);
  Start(a.Line(), "quorum a\n");
  for (const std::string& body :
       {std::string("\u2014 a AAAA\n"), std::string("nonsense\n"), std::string(), std::string(1 << 20, 'x')}) {
    a.answer = [&body](const httplib::Request&, httplib::Response& response) {
      response.set_content(body, std::string(merkle::kTextContentType));
    };
    EXPECT_TRUE(Cosign(10).empty()) << body.substr(0, 20);
  }
  a.answer = [](const httplib::Request& request, httplib::Response& response) {
    const auto parsed = merkle::ParseAddCheckpoint(request.body);
    const merkle::NoteKey log_key = NoteKeyOf(kOrigin, merkle::kNoteEd25519, kLogKey);
    response.set_content(
        merkle::DecideAddCheckpoint(*parsed, std::span(&log_key, 1), std::nullopt, Named("a", 99), 1'700'000'000).body,
        std::string(merkle::kTextContentType));
  };
  EXPECT_TRUE(Cosign(10).empty()) << "of another key";
  a.answer = nullptr;
  EXPECT_THAT(Cosign(10), ::testing::ElementsAre("a"));
}

TEST_F(WitnessClientTest, WaitsForNobodyOnceTheQuorumIsMet) {
  HttpWitness quick("quick", 21), slow("slow", 22);
  slow.answer = [](const httplib::Request&, httplib::Response& response) {
    absl::SleepFor(absl::Seconds(5));
    response.status = 503;
  };
  Start(absl::StrCat(quick.Line(), slow.Line()), "group q any quick slow\nquorum q\n");
  const absl::Time start = absl::Now();

  // The slow one is busy with the first question when the second comes.
  EXPECT_THAT(Cosign(10), ::testing::ElementsAre("quick"));
  EXPECT_THAT(Cosign(20), ::testing::ElementsAre("quick"));

  EXPECT_LT(absl::Now() - start, absl::Seconds(4));
  EXPECT_EQ(slow.asked_count, 1);
}

TEST_F(WitnessClientTest, WaitsNoLongerThanTheTimeout) {
  HttpWitness silent("silent", 21);
  silent.answer = [](const httplib::Request&, httplib::Response&) { absl::SleepFor(absl::Seconds(4)); };
  Start(silent.Line(), "quorum silent\n", absl::Milliseconds(300));
  const absl::Time start = absl::Now();

  EXPECT_TRUE(Cosign(10).empty());

  EXPECT_LT(absl::Now() - start, absl::Seconds(3));
}

TEST_F(WitnessClientTest, EndsAnAnswerThatNeverEnds) {
  HttpWitness dripping("dripping", 21);
  dripping.answer = [](const httplib::Request&, httplib::Response& response) {
    response.set_chunked_content_provider("text/plain", [](size_t, httplib::DataSink& sink) {
      absl::SleepFor(absl::Milliseconds(50));
      return sink.write("x", 1);
    });
  };
  Start(dripping.Line(), "quorum dripping\n", absl::Milliseconds(300));
  const absl::Time start = absl::Now();

  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Cosign(10).empty());
  client_.reset();

  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
}

TEST_F(WitnessClientTest, GoesOnWithoutAWitnessThatIsNotThere) {
  HttpWitness here("here", 21);
  std::string gone;
  {
    HttpWitness closed("gone", 22);
    gone = closed.Line();
  }
  Start(absl::StrCat(here.Line(), gone), "group q any here gone\nquorum q\n");

  EXPECT_THAT(Cosign(10), ::testing::ElementsAre("here"));
}

TEST_F(WitnessClientTest, EndsWhileAWitnessIsBeingAsked) {
  HttpWitness quick("quick", 21), slow("slow", 22);
  slow.answer = [](const httplib::Request&, httplib::Response&) { absl::SleepFor(absl::Seconds(2)); };
  Start(absl::StrCat(quick.Line(), slow.Line()), "group q any quick slow\nquorum q\n");
  EXPECT_THAT(Cosign(10), ::testing::ElementsAre("quick"));
  const absl::Time start = absl::Now();

  client_.reset();

  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
}

TEST_F(WitnessClientTest, RefusesAWitnessThatItCannotAsk) {
  const std::string text = absl::StrCat(
      "witness w ", merkle::FormatVerifierKey(NoteKeyOf("w", merkle::kNoteCosignature, 21)), " https://w.example\n");

  const auto client = WitnessClient::Start(merkle::TlogPolicy::Parse(absl::StrCat(text, "quorum w\n")).value(), {});

  EXPECT_EQ(client.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(MessageOf(client), HasSubstr("witness w"));
}

}  // namespace
}  // namespace hattama::server
