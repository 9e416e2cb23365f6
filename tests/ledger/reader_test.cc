// Readers: any version at any time, beside the writer, is the fold of the events before it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "services/domain/tally.h"
#include "services/ledger/ledger.h"
#include "services/wire/answer_codec.h"
#include "services/wire/event_codec.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/verify.h"
#include "tests/support/random_log.h"
#include "tests/support/seed.h"
#include "tests/support/trial_ledger.h"

namespace hattama {
namespace {

using ledger::SubmissionResult;
using ::testing::HasSubstr;
using testing::RandomLog;
using testing::SyntheticElection;
using testing::TrialLedger;

std::vector<domain::View> Views() {
  std::vector<domain::View> views;
  for (const char* source : {"commission", "monitor"}) {
    for (const domain::Policy policy : {domain::Policy::kPreliminaryOnly, domain::Policy::kFinalOnly,
                                        domain::Policy::kFinalElsePreliminary, domain::Policy::kCorrectedFirst}) {
      views.push_back(
          {.source_id = source, .policy = policy, .excluding_contested = policy == domain::Policy::kFinalOnly});
    }
  }
  return views;
}

// The tally of `unit_id` by a state that holds the version.
std::string TallyBy(const domain::History& history, int64_t tree_size, const domain::View& view,
                    const std::string& unit_id) {
  const auto place = domain::Locate(history, SyntheticElection::election_id(), "", unit_id, tree_size);
  if (!place.ok()) return place.status().ToString();
  const auto resolved = domain::ResolveView(*place->election, view);
  if (!resolved.ok()) return resolved.status().ToString();
  return wire::ToAnswer(domain::ComputeTally(*place, *resolved)).SerializeAsString();
}

// The events of the ledger, decoded anew from its records.
struct Recorded {
  std::vector<domain::Event> events;
  std::vector<int64_t> times;
};

Recorded ReadAll(const ledger::Ledger& ledger) {
  Recorded recorded;
  const absl::Status status = ledger.ScanRecords(
      0, ledger.head().tree_size, [&](int64_t, std::string_view bytes, const merkle::Hash&) -> absl::Status {
        const auto record = wire::DecodeRecord(bytes);
        if (!record.ok()) return record.status();
        domain::Refusals faults;
        recorded.events.push_back(wire::DecodeSubmission(record->submission, faults).event);
        recorded.times.push_back(record->time_micros);
        return absl::OkStatus();
      });
  EXPECT_TRUE(status.ok()) << status;
  return recorded;
}

domain::History FoldOf(const Recorded& recorded, int64_t tree_size) {
  domain::History history;
  for (int64_t i = 0; i < tree_size; ++i) history.Apply(recorded.times[i], recorded.events[i]);
  return history;
}

// Grows the log to `size` events, in calls of random length.
void Grow(TrialLedger& trial, RandomLog& log, int64_t size, std::mt19937_64& random) {
  int64_t sequence = trial.ledger().head().tree_size;
  while (sequence < size) {
    std::vector<std::string> call;
    for (uint64_t left = 1 + random() % 100; left > 0 && sequence < size; --left) call.push_back(log.Next(sequence++));
    for (const SubmissionResult& result : trial.Submit(call)) ASSERT_TRUE(result.status.ok()) << result.status;
  }
}

TEST(VersionTest, IsTheFreshFoldOfTheEventsBeforeItAtAThousandRandomVersions) {
  const uint64_t seed = testing::Seed(51);
  std::mt19937_64 random(seed);
  TrialLedger trial(60);
  trial.Define();
  RandomLog log(&trial.election(), seed);
  constexpr int64_t kSize = 1'200;
  const std::vector<domain::View> views = Views();
  // Half of the views keep running sums from the middle of the log on; the others sum stations at each question.
  Grow(trial, log, kSize / 2, random);
  for (size_t i = 0; i < views.size(); i += 2) {
    trial.ledger().KeepViewIndex(0, 0, trial.ledger().WithState([&](const domain::History& history, int64_t) {
      return *domain::ResolveView(history.election(0), views[i]);
    }));
  }
  Grow(trial, log, kSize, random);
  const Recorded recorded = ReadAll(trial.ledger());
  ASSERT_EQ(recorded.events.size(), static_cast<size_t>(kSize));

  for (int round = 0; round < 1'000; ++round) {
    const int64_t tree_size = static_cast<int64_t>(random() % (kSize + 1));
    const domain::View& view = views[random() % views.size()];
    const std::string unit_id = round % 3 == 0   ? ""
                                : round % 3 == 1 ? "R" + std::to_string(random() % 10)
                                                 : SyntheticElection::StationId(random() % 60);
    const domain::History fresh = FoldOf(recorded, tree_size);
    const std::string answer = trial.ledger().WithState(
        [&](const domain::History& history, int64_t) { return TallyBy(history, tree_size, view, unit_id); });
    ASSERT_EQ(answer, TallyBy(fresh, tree_size, view, unit_id))
        << "round " << round << ", tree_size " << tree_size << ", unit \"" << unit_id << "\"";
  }
}

TEST(VersionTest, HasTheRootOfTheRecordsBeforeIt) {
  TrialLedger trial;
  std::mt19937_64 random(testing::Seed(52));
  RandomLog log(&trial.election(), 52);
  trial.Define();
  Grow(trial, log, 200, random);
  merkle::Frontier frontier;
  for (int64_t tree_size = 0; tree_size <= 200; ++tree_size) {
    const auto root = trial.ledger().RootAt(tree_size);
    ASSERT_TRUE(root.ok()) << root.status();
    EXPECT_EQ(*root, frontier.root()) << tree_size;
    if (tree_size < 200) frontier.Append(merkle::LeafHash(*trial.ledger().ReadRecord(tree_size)));
  }
}

TEST(VersionTest, BeyondTheHeadIsOutOfRangeWithBothNumbers) {
  TrialLedger trial;
  const int64_t size = trial.Define();
  const std::string head = std::to_string(size);
  const auto expect = [&](const absl::Status& status, const std::string& asked) {
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(asked));
  };
  expect(trial.ledger().RootAt(size + 1).status(), std::to_string(size + 1));
  expect(trial.ledger().RootAt(-1).status(), "-1");
  expect(trial.ledger().InclusionProof(0, size + 1).status(), std::to_string(size + 1));
  expect(trial.ledger().InclusionProof(size, size).status(), head);
  expect(trial.ledger().InclusionProof(-1, size).status(), "-1");
  expect(trial.ledger().ConsistencyProof(1, size + 1).status(), std::to_string(size + 1));
  expect(trial.ledger().ConsistencyProof(size, 1).status(), head);
  expect(trial.ledger().ReadRecord(size).status(), head);
  expect(trial.ledger().ReadRecord(-1).status(), "-1");
  const auto visit = [](int64_t, std::string_view, const merkle::Hash&) { return absl::OkStatus(); };
  expect(trial.ledger().ScanRecords(0, size + 1, visit), std::to_string(size + 1));
  expect(trial.ledger().ScanRecords(2, 1, visit), "[2, 1)");
}

TEST(ProofTest, OfEveryVersionToEveryLaterOneHolds) {
  TrialLedger trial;
  std::mt19937_64 random(53);
  RandomLog log(&trial.election(), 53);
  trial.Define();
  Grow(trial, log, 40, random);
  for (int64_t second = 1; second <= 40; ++second) {
    for (int64_t first = 1; first <= second; ++first) {
      const auto proof = trial.ledger().ConsistencyProof(first, second);
      ASSERT_TRUE(proof.ok()) << proof.status();
      const absl::Status verified = merkle::VerifyConsistency(first, second, *proof, *trial.ledger().RootAt(first),
                                                              *trial.ledger().RootAt(second));
      EXPECT_TRUE(verified.ok()) << first << " to " << second << ": " << verified;
    }
  }
}

TEST(SubscriptionTest, HearsEveryPublicationInOrderUntilItEnds) {
  TrialLedger trial;
  std::mutex mutex;
  std::vector<int64_t> heard;
  const int64_t subscription = trial.ledger().Subscribe([&](int64_t tree_size) {
    std::lock_guard lock(mutex);
    heard.push_back(tree_size);
  });
  const int64_t size = trial.Define();
  for (int station = 0; station < 3; ++station) {
    ASSERT_TRUE(trial.SubmitOne(trial.election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt)).status.ok());
  }
  trial.ledger().Unsubscribe(subscription);
  ASSERT_TRUE(trial.SubmitOne(trial.election().Protocol(3, v1::STAGE_FINAL, 0, std::nullopt)).status.ok());
  std::lock_guard lock(mutex);
  // The definition as a whole, its two grants, three protocols.
  EXPECT_THAT(heard, ::testing::ElementsAre(size - 2, size - 1, size, size + 1, size + 2, size + 3));
}

// What one reader saw of one version.
struct Seen {
  storage::Head head;
  std::string tally;
};

TEST(ReaderTest, BesideTheWriterSeesWholeVersionsAndNothingBetween) {
  const uint64_t seed = testing::Seed(54);
  TrialLedger trial(200);
  trial.Define();
  std::atomic<bool> stop = false;
  std::vector<std::vector<Seen>> seen(3);
  const domain::View view{.source_id = "commission"};
  std::vector<std::thread> readers;
  for (size_t r = 0; r < seen.size(); ++r) {
    readers.emplace_back([&, r] {
      int64_t last = -1;
      while (!stop) {
        Seen now;
        now.head = trial.ledger().head();
        // The head never goes back, its root is provable, and its last record is there.
        ASSERT_GE(now.head.tree_size, last);
        if (now.head.tree_size == last) continue;
        last = now.head.tree_size;
        ASSERT_EQ(*trial.ledger().RootAt(last), now.head.root);
        ASSERT_TRUE(trial.ledger().ReadRecord(last - 1).ok());
        ASSERT_TRUE(trial.ledger().InclusionProof(last - 1, last).ok());
        now.tally = trial.ledger().WithState([&](const domain::History& history, int64_t published) {
          EXPECT_GE(published, last);
          // The writer may have folded part of the next group; the version does not show it.
          return TallyBy(history, last, view, "");
        });
        seen[r].push_back(std::move(now));
      }
    });
  }
  std::thread keeper([&] {
    // Running sums begin at moments of their own choice, beside readers and writer.
    for (const domain::View& kept : Views()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      trial.ledger().KeepViewIndex(0, 0, trial.ledger().WithState([&](const domain::History& history, int64_t) {
        return *domain::ResolveView(history.election(0), kept);
      }));
    }
  });
  std::mt19937_64 random(seed);
  RandomLog log(&trial.election(), seed);
  Grow(trial, log, 2'500, random);
  stop = true;
  for (std::thread& reader : readers) reader.join();
  keeper.join();

  const Recorded recorded = ReadAll(trial.ledger());
  std::map<int64_t, std::string> expected;
  size_t version_count = 0;
  for (const std::vector<Seen>& by_reader : seen) {
    version_count += by_reader.size();
    for (const Seen& one : by_reader) {
      EXPECT_EQ(*trial.ledger().RootAt(one.head.tree_size), one.head.root) << one.head.tree_size;
      if (!expected.contains(one.head.tree_size)) {
        expected[one.head.tree_size] = TallyBy(FoldOf(recorded, one.head.tree_size), one.head.tree_size, view, "");
      }
      EXPECT_EQ(one.tally, expected[one.head.tree_size]) << one.head.tree_size;
    }
  }
  EXPECT_GE(version_count, seen.size());
  // What the indexes kept beside the writer is what a fresh fold sums up.
  const domain::History fresh = FoldOf(recorded, 2'500);
  for (const domain::View& kept : Views()) {
    for (const int64_t tree_size : {int64_t{100}, int64_t{1'000}, int64_t{2'499}, int64_t{2'500}}) {
      EXPECT_EQ(trial.ledger().WithState(
                    [&](const domain::History& history, int64_t) { return TallyBy(history, tree_size, kept, ""); }),
                TallyBy(fresh, tree_size, kept, ""))
          << tree_size;
    }
  }
}

}  // namespace
}  // namespace hattama
