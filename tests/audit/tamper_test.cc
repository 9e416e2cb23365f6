// What somebody may do to a published log between the server and the reader, and what the operator may do who holds the
// log's key: each is found, its place is named, and nothing crashes or hangs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "services/audit/auditor.h"
#include "services/wire/event_codec.h"
#include "storage/merkle/cosignature.h"
#include "storage/merkle/tiles.h"
#include "tests/audit/trial_log.h"
#include "tests/support/seed.h"
#include "tests/support/trial_keys.h"

namespace hattama::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Ne;
using ::testing::Optional;

using audit::Fault;
using audit::Report;
using audit::Step;

const PublishedLedger& Story() {
  static const PublishedLedger ledger = WholeStory();
  return ledger;
}

// 14 records: each byte of its files can be flipped.
PublishedLedger MakeSmallLedger() {
  PublishedLedger small = DefinedLedger();
  small.RecordBatch({ToSubmission({.contest = "north", .unit = "S1", .votes = {5, 4}}),
                     ToSubmission({.contest = "north", .unit = "S2", .votes = {3, 9}})},
                    CommissionKey());
  small.Record(small.Publication(kElection, "north", {.source_id = "commission"}, small.size()), CommissionKey());
  return small;
}

const PublishedLedger& SmallLedger() {
  static const PublishedLedger ledger = MakeSmallLedger();
  return ledger;
}

// A full tile and a partial one on the lowest level, and one above them. Signed in batches, so that it is quick.
const PublishedLedger& LongLedger() {
  static const PublishedLedger ledger = [] {
    PublishedLedger log = DefinedLedger();
    std::vector<v1::Submission> batch;
    for (int64_t i = log.size(); i < 300; ++i) {
      batch.push_back(ToSubmission({.contest = "head",
                                    .unit = "S1",
                                    .votes = {i, 0, 0, 0},
                                    .supersedes = batch.empty() ? std::nullopt : std::optional<int64_t>(i - 1)}));
    }
    log.RecordBatch(batch, CommissionKey());
    return log;
  }();
  return ledger;
}

// Rejected, with a place in every fault and at least one.
void ExpectFound(const Report& report, const std::string& what) {
  EXPECT_FALSE(report.confirmed) << what;
  EXPECT_FALSE(report.faults.empty()) << what;
  for (const Fault& fault : report.faults) {
    EXPECT_TRUE(!fault.path.empty() || fault.sequence.has_value()) << what << ": " << audit::FaultText(fault);
    EXPECT_FALSE(fault.message.empty()) << what;
  }
}

void ExpectEachFlipFound(const LogFiles& files, size_t stride) {
  LogFiles flipped = files;
  for (auto& [path, bytes] : flipped) {
    for (size_t i = 0; i < bytes.size(); i += stride) {
      const char original = bytes[i];
      bytes[i] = static_cast<char>(original ^ (1 + (i * 7) % 255));
      const Report report = AuditFiles(flipped, {.thread_count = 1});
      ExpectFound(report, absl::StrCat(path, " byte ", i));
      bytes[i] = original;
    }
  }
}

TEST(TamperTest, FindsEachFlippedByteOfEachFile) { ExpectEachFlipFound(SmallLedger().Publish(), 1); }

TEST(TamperTest, FindsFlippedBytesOfALogWithFullTiles) { ExpectEachFlipFound(LongLedger().Publish(), 149); }

TEST(TamperTest, FindsFlippedBytesOfEveryKindOfRecord) { ExpectEachFlipFound(Story().Publish(), 211); }

// Whoever holds the log's key can sign any bytes: then the records themselves give them away. Flips that leave a record
// as it was for every reader do not exist, because each is under its author's signature.
TEST(TamperTest, FindsEachFlippedByteOfRecordsEvenUnderTheLogsSignature) {
  std::vector<std::string> records = SmallLedger().records();
  // What somebody else saw: between sequence and submission stands the server's clock, which nobody signs, and only a
  // checkpoint kept shows that it was another.
  const audit::AuditOptions options{
      .kept = merkle::Checkpoint{PublishedLedger::kOrigin, SmallLedger().size(), RootOf(records)}, .thread_count = 1};
  for (size_t sequence = 0; sequence < records.size(); ++sequence) {
    std::string& record = records[sequence];
    const absl::StatusOr<wire::DecodedRecord> envelope = wire::DecodeRecord(SmallLedger().records()[sequence]);
    ASSERT_TRUE(envelope.ok());
    const size_t begin = static_cast<size_t>(envelope->submission.data() - SmallLedger().records()[sequence].data());
    for (size_t i = 0; i < record.size(); ++i) {
      const char original = record[i];
      record[i] = static_cast<char>(original ^ (1 + (i * 7) % 255));
      const Report report =
          AuditFiles(PublishRecords(records, PublishedLedger::kOrigin, PublishedLedger::LogKey()), options);
      EXPECT_TRUE(report.other_history) << sequence << " byte " << i;
      // The founding record is signed by nobody; of every other one the submission and its signature hold each other.
      if (sequence > 0 && i >= begin) {
        EXPECT_THAT(report.faults, Contains(AllOf(Field(&Fault::step, Ne(Step::kConsistency)),
                                                  Field(&Fault::sequence, Optional(static_cast<int64_t>(sequence))))))
            << "record " << sequence << " byte " << i << ", the submission begins at " << begin;
      }
      record[i] = original;
    }
  }
}

// A folder that grew keeps the partial files of earlier sizes: nobody needs them, and they may not lie either.
TEST(TamperTest, FindsFlippedBytesOfPartialFilesOfEarlierSizes) {
  LogFiles files = LongLedger().Publish();
  const std::vector<std::string> earlier(LongLedger().records().begin(), LongLedger().records().begin() + 290);
  for (const auto& [path, bytes] : PublishRecords(earlier, PublishedLedger::kOrigin, PublishedLedger::LogKey())) {
    if (path != "checkpoint") files.emplace(path, bytes);
  }
  ASSERT_GT(files.size(), LongLedger().Publish().size());
  const Report report = AuditFiles(files);
  EXPECT_TRUE(report.confirmed);
  EXPECT_EQ(report.count(Step::kBundles).checked, 3);
  EXPECT_EQ(report.count(Step::kTiles).checked, 4);
  ExpectEachFlipFound(files, 499);
  for (const auto& [path, bytes] : files) {
    if (LongLedger().Publish().contains(path)) continue;
    LogFiles cut = files;
    cut[path].pop_back();
    EXPECT_THAT(AuditFiles(cut).faults, Contains(Field(&Fault::path, path)));
  }
}

TEST(TamperTest, FindsEachFileThatIsGone) {
  for (const PublishedLedger* ledger : {&SmallLedger(), &LongLedger()}) {
    const LogFiles files = ledger->Publish();
    for (const auto& [path, bytes] : files) {
      LogFiles without = files;
      without.erase(path);
      const Report report = AuditFiles(without, {.thread_count = 1});
      ExpectFound(report, path);
      EXPECT_THAT(report.faults, Contains(Field(&Fault::path, path))) << path;
    }
  }
}

TEST(TamperTest, FindsEachFileCutShortOrGrown) {
  for (const auto& [path, bytes] : SmallLedger().Publish()) {
    for (size_t size = 0; size <= bytes.size() + 3; size += 1 + bytes.size() / 60) {
      if (size == bytes.size()) continue;
      LogFiles files = SmallLedger().Publish();
      files[path].resize(size, '\n');
      const Report report = AuditFiles(files, {.thread_count = 1});
      ExpectFound(report, absl::StrCat(path, " of ", size, " bytes"));
      EXPECT_THAT(report.faults, Contains(Field(&Fault::path, path))) << path << " of " << size << " bytes";
    }
  }
}

TEST(TamperTest, RefusesFilesThatAreTooLarge) {
  for (const auto& [path, bytes] : SmallLedger().Publish()) {
    LogFiles files = SmallLedger().Publish();
    files[path].resize(20'000'000, 'x');
    ExpectFound(AuditFiles(files), path);
  }
}

// Entries of the bundle, while tiles and checkpoint stay as they are.
void ExpectRecordsDiffer(const std::function<void(std::vector<std::string>&)>& change, const std::string& what,
                         int64_t first_changed) {
  std::vector<std::string> records = SmallLedger().records();
  change(records);
  LogFiles files = SmallLedger().Publish();
  const std::string path = merkle::EntriesPath(0, static_cast<int>(SmallLedger().size()));
  const absl::StatusOr<std::string> bundle = merkle::EncodeEntryBundle(records);
  ASSERT_TRUE(bundle.ok());
  files[path] = *bundle;
  const Report report = AuditFiles(files, {.thread_count = 1});
  ExpectFound(report, what);
  // The checkpoint is on the side of the tiles, so the bundle is named, and the first record that is not its own.
  EXPECT_THAT(report.faults, Contains(AllOf(Field(&Fault::step, Step::kBundles), Field(&Fault::path, path)))) << what;
  if (first_changed < static_cast<int64_t>(std::min(records.size(), SmallLedger().records().size()))) {
    EXPECT_THAT(report.faults, Contains(Field(&Fault::sequence, Optional(first_changed)))) << what;
  }
}

TEST(TamperTest, FindsEntriesDroppedRepeatedAndSwapped) {
  const int64_t size = SmallLedger().size();
  for (int64_t i = 0; i < size; ++i) {
    ExpectRecordsDiffer([i](auto& records) { records.erase(records.begin() + i); }, absl::StrCat("dropped ", i), i);
    ExpectRecordsDiffer([i](auto& records) { records.insert(records.begin() + i, records[static_cast<size_t>(i)]); },
                        absl::StrCat("repeated ", i), i + 1);
    for (int64_t j = i + 1; j < size; ++j) {
      ExpectRecordsDiffer(
          [i, j](auto& records) { std::swap(records[static_cast<size_t>(i)], records[static_cast<size_t>(j)]); },
          absl::StrCat("swapped ", i, " and ", j), i);
    }
  }
}

TEST(TamperTest, FindsSwappedTilesAndBundles) {
  const LogFiles files = LongLedger().Publish();
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : files) paths.push_back(path);
  for (size_t i = 0; i < paths.size(); ++i) {
    for (size_t j = i + 1; j < paths.size(); ++j) {
      LogFiles swapped = files;
      std::swap(swapped[paths[i]], swapped[paths[j]]);
      ExpectFound(AuditFiles(swapped, {.thread_count = 1}), absl::StrCat(paths[i], " and ", paths[j]));
    }
  }
}

// Damage without a plan, several bytes at a time, under several threads: there is always a verdict.
TEST(TamperTest, SurvivesRandomDamage) {
  constexpr int kRounds = 200;
  std::mt19937_64 random(Seed(20191020));
  const LogFiles files = Story().Publish();
  std::vector<std::string> paths;
  for (const auto& [path, bytes] : files) paths.push_back(path);
  for (int round = 0; round < kRounds; ++round) {
    LogFiles damaged = files;
    std::string& bytes = damaged[paths[random() % paths.size()]];
    const std::string before = bytes;
    const size_t at = random() % bytes.size();
    const size_t length = std::min<size_t>(1 + random() % 300, bytes.size() - at);
    switch (random() % 4) {
      case 0:  // Noise.
        for (size_t i = at; i < at + length; ++i) bytes[i] = static_cast<char>(random());
        break;
      case 1:  // A piece is gone.
        bytes.erase(at, length);
        break;
      case 2:  // A piece is there twice.
        bytes.insert(at, bytes.substr(at, length));
        break;
      default:  // Zeros, as a disk leaves them.
        std::fill(bytes.begin() + static_cast<int64_t>(at), bytes.begin() + static_cast<int64_t>(at + length), '\0');
        break;
    }
    if (bytes == before) continue;
    ExpectFound(AuditFiles(damaged, {.thread_count = 3}), absl::StrCat("round ", round));
    // The same under the log's signature: whatever the records are now, the audit ends, and the same way each time.
    const int width = static_cast<int>(Story().size());
    const auto records = merkle::DecodeEntryBundle(damaged[merkle::EntriesPath(0, width)], width);
    if (!records.ok()) continue;
    const LogFiles resigned = PublishRecords(*records, PublishedLedger::kOrigin, PublishedLedger::LogKey());
    EXPECT_EQ(AuditFiles(resigned, {.thread_count = 3}), AuditFiles(resigned, {.thread_count = 1})) << round;
  }
}

TEST(TamperTest, SaysWhichOfRecordAndTileTheCheckpointCovers) {
  LogFiles files = SmallLedger().Publish();
  const std::string tile = merkle::TilePath(0, 0, static_cast<int>(SmallLedger().size()));
  files[tile][5 * 32] ^= 1;

  const Report report = AuditFiles(files);

  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_EQ(report.faults[0].step, Step::kTiles);
  EXPECT_EQ(report.faults[0].path, tile);
  EXPECT_EQ(report.faults[0].sequence, 5);
  EXPECT_EQ(report.folded_count, SmallLedger().size());
}

TEST(TamperTest, IsTheSameForAnyNumberOfThreads) {
  for (const size_t at : {size_t{40}, size_t{7'000}, size_t{20'000}}) {
    LogFiles files = LongLedger().Publish();
    files["tile/entries/000"][at] ^= 4;
    const Report one = AuditFiles(files, {.thread_count = 1});
    EXPECT_EQ(AuditFiles(files, {.thread_count = 2}), one);
    EXPECT_EQ(AuditFiles(files, {.thread_count = 7}), one);
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The operator's lies, under the log's good signature.

Report AuditRecords(const std::vector<std::string>& records, const audit::AuditOptions& options = {}) {
  return AuditFiles(PublishRecords(records, PublishedLedger::kOrigin, PublishedLedger::LogKey()), options);
}

void ExpectOnlyFault(const Report& report, Step step, int64_t sequence, const std::string& part) {
  EXPECT_FALSE(report.confirmed);
  ASSERT_FALSE(report.faults.empty());
  for (const Fault& fault : report.faults) {
    EXPECT_EQ(fault.step, step) << audit::FaultText(fault);
    EXPECT_EQ(fault.sequence, sequence) << audit::FaultText(fault);
  }
  EXPECT_THAT(report.faults.front().message, HasSubstr(part));
}

v1::Record Parsed(const std::string& record) {
  v1::Record message;
  EXPECT_TRUE(message.ParseFromString(record));
  return message;
}

merkle::Checkpoint Kept(const PublishedLedger& ledger, int64_t size) {
  return {ledger.origin(), size, RootOf({ledger.records().begin(), ledger.records().begin() + size})};
}

TEST(LyingLogTest, CannotTakeASignatureFromAnotherEvent) {
  PublishedLedger ledger = DefinedLedger();
  const v1::Submission first = ToSubmission({.contest = "north", .unit = "S1", .votes = {5, 4}});
  const v1::Submission second = ToSubmission({.contest = "north", .unit = "S2", .votes = {5, 4}});
  ledger.Record(first, CommissionKey());
  const int64_t sequence = ledger.Record(second, CommissionKey());
  std::vector<std::string> records = ledger.records();
  v1::Record forged = Parsed(records.back());
  *forged.mutable_signature() = Parsed(records[records.size() - 2]).signature();
  records.back() = forged.SerializeAsString();

  ExpectOnlyFault(AuditRecords(records), Step::kSignatures, sequence, "the signature is not that of key");
}

TEST(LyingLogTest, CannotTakeAPathFromAnotherMemberOfABatch) {
  std::vector<std::string> records = LongLedger().records();
  for (const int64_t other : {int64_t{100}, int64_t{298}}) {
    std::vector<std::string> forged_records = records;
    v1::Record forged = Parsed(records[299]);
    *forged.mutable_signature() = Parsed(records[static_cast<size_t>(other)]).signature();
    forged_records[299] = forged.SerializeAsString();
    const Report report = AuditRecords(forged_records);
    EXPECT_EQ(report.count(Step::kSignatures).faults, 1);
    ExpectOnlyFault(report, Step::kSignatures, 299, "");
  }
}

TEST(LyingLogTest, CannotReplayAnEventOfAnotherLog) {
  PublishedLedger here = DefinedLedger();
  const PublishedLedger there = DefinedLedger("elsewhere.example/log");
  const int64_t sequence = here.size();
  ASSERT_EQ(there.size(), sequence);
  here.ForceRecord(
      there.MakeRecord(ToSubmission({.contest = "north", .unit = "S1", .votes = {5, 4}}), CommissionKey()));

  ExpectOnlyFault(AuditFiles(here.Publish()), Step::kSignatures, sequence, "the signature is not that of key");
}

TEST(LyingLogTest, CannotBeOfAnotherOriginThanItsCheckpoint) {
  const PublishedLedger there = DefinedLedger("elsewhere.example/log");

  ExpectOnlyFault(AuditRecords(there.records()), Step::kRecords, 0, "founds the ledger \"elsewhere.example/log\"");
}

TEST(LyingLogTest, CannotBeFoundedByAnotherAuthority) {
  const Report report = AuditFiles(SmallLedger().Publish(), {.authority = KeyOf(77).public_key()});

  ExpectOnlyFault(report, Step::kRights, 0, "as the authority's key; it is known to be");
}

TEST(LyingLogTest, CannotForkAfterACheckpointThatSomebodyKept) {
  const PublishedLedger& honest = Story();
  for (int64_t n = 11; n < honest.size(); n += 7) {
    // The log as it was up to n, then another protocol than everybody saw, and on.
    PublishedLedger fork = DefinedLedger();
    for (int64_t i = fork.size(); i < n; ++i) fork.ForceRecord(honest.records()[static_cast<size_t>(i)]);
    for (int64_t i = n; i <= honest.size(); ++i) {
      fork.Force(ToSubmission({.contest = "north", .unit = "S3", .votes = {i, 0}}), CommissionKey());
    }
    const Report report = AuditFiles(fork.Publish(), {.kept = Kept(honest, honest.size()), .thread_count = 1});
    EXPECT_TRUE(report.other_history) << n;
    EXPECT_THAT(report.faults, Contains(AllOf(Field(&Fault::step, Step::kConsistency),
                                              Field(&Fault::message, HasSubstr("another history")))));
    // What is before the fork is the same, and kept checkpoints of then hold.
    EXPECT_FALSE(AuditFiles(fork.Publish(), {.kept = Kept(honest, n), .thread_count = 1}).other_history) << n;
  }
}

TEST(LyingLogTest, CannotRollBackToAnOlderCheckpoint) {
  const PublishedLedger& ledger = Story();
  for (int64_t size = 1; size < ledger.size(); size += 5) {
    const std::vector<std::string> older(ledger.records().begin(), ledger.records().begin() + size);
    const Report report = AuditRecords(older, {.kept = Kept(ledger, ledger.size())});
    EXPECT_FALSE(report.confirmed);
    EXPECT_TRUE(report.other_history);
    EXPECT_THAT(report.faults, Contains(AllOf(Field(&Fault::step, Step::kConsistency),
                                              Field(&Fault::message, HasSubstr("rolled back")))));
  }
}

TEST(LyingLogTest, CannotShowTwoRootsForOneSize) {
  std::vector<std::string> records = SmallLedger().records();
  records.pop_back();
  PublishedLedger other = DefinedLedger();
  for (int64_t i = other.size(); i + 1 < SmallLedger().size(); ++i) {
    other.ForceRecord(SmallLedger().records()[static_cast<size_t>(i)]);
  }
  other.Force(ToSubmission({.contest = "north", .unit = "S3", .votes = {1, 0}}), CommissionKey());
  ASSERT_EQ(other.size(), SmallLedger().size());

  const Report report = AuditFiles(other.Publish(), {.kept = Kept(SmallLedger(), SmallLedger().size())});

  EXPECT_TRUE(report.other_history);
}

TEST(LyingLogTest, ADamagedCopyIsNotCalledAnotherHistory) {
  LogFiles files = SmallLedger().Publish();
  files[merkle::EntriesPath(0, static_cast<int>(SmallLedger().size()))][900] ^= 1;

  const Report report = AuditFiles(files, {.kept = Kept(SmallLedger(), 5)});

  EXPECT_FALSE(report.confirmed);
  EXPECT_FALSE(report.other_history);
  EXPECT_THAT(report.faults, Contains(AllOf(Field(&Fault::step, Step::kConsistency),
                                            Field(&Fault::message, HasSubstr("cannot be told")))));
}

TEST(LyingLogTest, CannotAddTrustedSignaturesOfItsOwn) {
  const LogFiles files = PublishRecords(SmallLedger().records(), PublishedLedger::kOrigin, KeyOf(99));

  const Report report = AuditFiles(files);

  ASSERT_EQ(report.faults.size(), 1u);
  EXPECT_EQ(report.faults[0].step, Step::kNote);
  EXPECT_EQ(report.faults[0].path, "checkpoint");
}

TEST(LyingLogTest, NeedsTheQuorumOfThePolicy) {
  const auto vkey = [](const char* name, uint8_t type, const merkle::SigningKey& key) {
    return merkle::FormatVerifierKey(*merkle::MakeNoteKey(name, type, key.public_key()));
  };
  const std::string text = absl::StrCat("log ", merkle::FormatVerifierKey(SmallLedger().log_key()), "\nwitness w1 ",
                                        vkey("w1.example", merkle::kNoteCosignature, KeyOf(61)), "\nquorum w1\n");
  const absl::StatusOr<merkle::TlogPolicy> policy = merkle::TlogPolicy::Parse(text);
  ASSERT_TRUE(policy.ok()) << policy.status();
  LogFiles files = SmallLedger().Publish();
  const audit::AuditOptions options{.verify_checkpoint = audit::BelievePolicy(*policy)};

  const Report alone = AuditFiles(files, options);
  merkle::Note note = *merkle::ParseNote(files["checkpoint"]);
  note.signatures.push_back(*merkle::CosignCheckpoint(note.text, KeyOf(61), "w1.example", 1'700'000'000));
  files["checkpoint"] = merkle::FormatNote(note);
  const Report cosigned = AuditFiles(files, options);

  ASSERT_EQ(alone.faults.size(), 1u);
  EXPECT_EQ(alone.faults[0].step, Step::kNote);
  EXPECT_THAT(alone.faults[0].message, HasSubstr("w1"));
  EXPECT_TRUE(cosigned.confirmed);
  // Every byte of the note counts now.
  for (size_t i = 0; i < files["checkpoint"].size(); ++i) {
    LogFiles flipped = files;
    flipped["checkpoint"][i] ^= 2;
    EXPECT_FALSE(AuditFiles(flipped, options).confirmed) << i;
  }
}

TEST(LyingLogTest, DoesNotMakeAnAuditHangByClaimingAHugeSize) {
  for (const int64_t size : {INT64_MAX, INT64_MAX - 254, int64_t{1} << 62, int64_t{1'000'000'000}}) {
    LogFiles files = SmallLedger().Publish();
    files["checkpoint"] =
        *merkle::SignCheckpoint({PublishedLedger::kOrigin, size, merkle::EmptyRoot()}, PublishedLedger::LogKey());
    const Report report = AuditFiles(files);
    ExpectFound(report, absl::StrCat(size));
  }
}

TEST(LyingLogTest, CannotUseAKeyThatWasNeverGranted) {
  PublishedLedger ledger = DefinedLedger();
  const int64_t sequence = ledger.Force(ToSubmission({.contest = "north", .unit = "S1", .votes = {5, 4}}), KeyOf(50));

  ExpectOnlyFault(AuditFiles(ledger.Publish()), Step::kRights, sequence, "KEY_NOT_GRANTED");
}

TEST(LyingLogTest, CannotUseAKeyOutsideItsGrant) {
  struct Case {
    TrialProtocol protocol;
    const merkle::SigningKey* key;
    const char* reason;
  };
  const Case cases[] = {
      {{.contest = "head", .unit = "S4", .votes = {1, 2, 3, 0}}, &RegionKey(), "UNIT_OUTSIDE_GRANT"},
      {{.contest = "north", .unit = "S1", .votes = {1, 2}}, &RegionKey(), "CONTEST_OUTSIDE_GRANT"},
      {{.contest = "head", .unit = "S1", .votes = {1, 2, 3, 0}, .stage = v1::STAGE_FINAL},
       &RegionKey(),
       "STAGE_OUTSIDE_GRANT"},
      {{.contest = "head", .unit = "S1", .votes = {1, 2, 3, 0}}, &MonitorKey(), "SOURCE_OUTSIDE_GRANT"},
      {{.contest = "head", .unit = "S1", .votes = {1, 2, 3, 0}}, &CourtKey(), "ROLE_NOT_ADMITTED"},
  };
  for (const Case& each : cases) {
    PublishedLedger ledger = DefinedLedger();
    const int64_t sequence = ledger.Force(ToSubmission(each.protocol), *each.key);
    ExpectOnlyFault(AuditFiles(ledger.Publish()), Step::kRights, sequence, each.reason);
  }
}

TEST(LyingLogTest, CannotUseAKeyAfterItsEnd) {
  PublishedLedger ledger = WholeStory();
  const int64_t sequence =
      ledger.Force(ToSubmission({.contest = "head", .unit = "S2", .votes = {1, 2, 3, 0}, .supersedes = 13}), KeyOf(14));

  const Report report = AuditFiles(ledger.Publish());

  EXPECT_THAT(report.faults,
              Contains(AllOf(Field(&Fault::step, Step::kRights), Field(&Fault::sequence, Optional(sequence)),
                             Field(&Fault::message, HasSubstr("KEY_REVOKED")))));
}

// A right that was missing does not end the fold: what follows is audited too.
TEST(LyingLogTest, IsAuditedBeyondARecordWithoutRight) {
  PublishedLedger ledger = DefinedLedger();
  const int64_t first = ledger.Force(ToSubmission({.contest = "north", .unit = "S1", .votes = {5, 4}}), KeyOf(50));
  const int64_t second = ledger.Force(ToSubmission({.contest = "north", .unit = "S2", .votes = {5, 4}}), KeyOf(51));

  const Report report = AuditFiles(ledger.Publish());

  EXPECT_EQ(report.count(Step::kRights).faults, 2);
  EXPECT_EQ(report.folded_count, ledger.size());
  EXPECT_EQ(report.faults[0].sequence, first);
  EXPECT_EQ(report.faults[1].sequence, second);
}

TEST(LyingLogTest, CannotRecordWhatMakesNoSense) {
  struct Case {
    v1::Submission submission;
    const char* reason;
  };
  const Case cases[] = {
      {ToSubmission({.contest = "north", .unit = "S4", .votes = {1, 2}}), "UNIT_OUTSIDE_CONTEST"},
      {ToSubmission({.contest = "north", .unit = "S1", .votes = {1}}), "MISSING_OPTION"},
      {ToSubmission({.contest = "north", .unit = "S1", .votes = {1, 2}, .supersedes = 3}), "WRONG_PREDECESSOR"},
      {ToSubmission({.contest = "north", .unit = "S1", .votes = {1, -2}}), "COUNT_OUT_OF_RANGE"},
  };
  for (const Case& each : cases) {
    PublishedLedger ledger = DefinedLedger();
    const int64_t sequence = ledger.Force(each.submission, CommissionKey());
    const Report report = AuditFiles(ledger.Publish());
    EXPECT_THAT(report.faults,
                Contains(AllOf(Field(&Fault::step, Step::kAdmission), Field(&Fault::sequence, Optional(sequence)),
                               Field(&Fault::message, HasSubstr(each.reason)))));
    EXPECT_EQ(report.folded_count, sequence);
  }
}

TEST(LyingLogTest, CannotRepeatASubmission) {
  PublishedLedger ledger = DefinedLedger();
  v1::Submission appeal = SubmissionOf(
      "appeal_filed { election_id: 'trial' appeal_id: 'A' contest_id: 'north' unit_ids: 'S1' filed_by: 'x' grounds: "
      "'y' }");
  appeal.set_submission_id("0123456789abcdef");
  ledger.Record(appeal, CommissionKey());
  appeal.mutable_appeal_filed()->set_appeal_id("B");
  const int64_t sequence = ledger.Record(appeal, CommissionKey());

  ExpectOnlyFault(AuditFiles(ledger.Publish()), Step::kRecords, sequence, "an earlier record has the submission id");
}

// Changes the envelope, which the server writes, and keeps the submission and its signature.
void ExpectEnvelopeFault(const std::function<void(v1::Record&)>& change, const std::string& part) {
  std::vector<std::string> records = SmallLedger().records();
  v1::Record record = Parsed(records.back());
  change(record);
  records.back() = record.SerializeAsString();
  const Report report = AuditRecords(records);
  ExpectOnlyFault(report, Step::kRecords, SmallLedger().size() - 1, part);
}

TEST(LyingLogTest, CannotGiveARecordAnotherEnvelope) {
  ExpectEnvelopeFault([](v1::Record& record) { record.set_sequence(3); }, "carries sequence 3");
  ExpectEnvelopeFault([](v1::Record& record) { record.mutable_record_time()->set_seconds(1); }, "before that of");
  ExpectEnvelopeFault([](v1::Record& record) { record.clear_signature(); }, "is not signed");
  ExpectEnvelopeFault([](v1::Record& record) { record.mutable_record_time()->set_nanos(-1); }, "is no valid time");
}

TEST(LyingLogTest, CannotRecordBytesThatAreNoRecord) {
  for (const std::string& bytes : {std::string(), std::string(1, '\0'), std::string(60'000, '\xff'),
                                   SmallLedger().records()[3] + "x", SmallLedger().records()[3].substr(0, 100)}) {
    PublishedLedger ledger = DefinedLedger();
    const int64_t sequence = ledger.ForceRecord(bytes);
    const Report report = AuditFiles(ledger.Publish());
    EXPECT_FALSE(report.confirmed);
    EXPECT_EQ(report.faults.at(0).sequence, sequence);
    EXPECT_EQ(report.faults.at(0).step, Step::kRecords);
    EXPECT_EQ(report.folded_count, sequence);
  }
}

TEST(LyingLogTest, CannotMoveTheFoundingRecord) {
  std::vector<std::string> records = SmallLedger().records();
  std::swap(records[0], records[1]);
  ExpectFound(AuditRecords(records), "moved");
  records = SmallLedger().records();
  records.push_back(records.front());
  ExpectFound(AuditRecords(records), "repeated");
  records = {records.begin() + 1, records.end()};
  ExpectFound(AuditRecords(records), "gone");
}

TEST(LyingLogTest, CannotCarryAFalseAttestation) {
  PublishedLedger ledger = MakeSmallLedger();
  v1::Submission attested;
  attested.mutable_auditor_attested()->set_tree_size(7);
  attested.mutable_auditor_attested()->set_root_hash(std::string(32, 'r'));
  attested.mutable_auditor_attested()->set_verdict(v1::AUDIT_VERDICT_REJECTED);
  const int64_t sequence = ledger.Record(attested, AuditorKey());

  const Report report = AuditFiles(ledger.Publish());

  ExpectOnlyFault(report, Step::kAttestations, sequence, "at version 7");
  ASSERT_EQ(report.attestations.size(), 1u);
  EXPECT_FALSE(report.attestations[0].root_holds);
}

}  // namespace
}  // namespace hattama::testing
