// Statements and station proofs over a small ledger whose figures are summed here by hand.
#include "services/wire/statement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "services/domain/tally.h"
#include "services/wire/station_proof.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/rfc6962.h"
#include "tests/support/trial_keys.h"
#include "tests/support/trial_ledger.h"

namespace hattama {
namespace {

using ::testing::HasSubstr;
using testing::TrialLedger;

constexpr char kElection[] = "synthetic";
constexpr char kContest[] = "president";

v1::ProtocolSubmitted ProtocolOf(const std::string& submission) {
  v1::Submission message;
  EXPECT_TRUE(message.ParseFromString(submission));
  return message.protocol_submitted();
}

class StatementTest : public ::testing::Test {
 protected:
  static constexpr int kStations = 5;

  StatementTest() : trial_(kStations) {
    trial_.Define();
    // Stations 0, 1 and 3 report; 2 and 4 do not.
    for (const int station : {0, 1, 3}) {
      const std::string submission = trial_.election().Protocol(station, v1::STAGE_FINAL, 0, std::nullopt);
      const ledger::SubmissionResult result = trial_.SubmitOne(submission);
      EXPECT_TRUE(result.status.ok()) << result.status;
      EXPECT_FALSE(result.receipt.quarantined);
      protocols_[station] = ProtocolOf(submission);
      sequences_[station] = result.receipt.sequence;
    }
  }

  static domain::View FinalOfCommission() {
    return {.source_id = "commission", .policy = domain::Policy::kFinalOnly, .basis = domain::Basis::kStations};
  }

  wire::Statement Make(int64_t tree_size) {
    const merkle::Hash root = *trial_.ledger().RootAt(tree_size);
    std::vector<merkle::Hash> leaves;
    for (int64_t i = 0; i < tree_size; ++i) leaves.push_back(*trial_.ledger().LeafHash(i));
    return trial_.ledger().WithState([&](const domain::History& history, int64_t) {
      const domain::Place place = *domain::Locate(history, kElection, kContest, {}, tree_size);
      const domain::ResolvedView view = *domain::ResolveView(*place.election, FinalOfCommission());
      return *wire::MakeStatement(
          place, view, TrialLedger::kOrigin, root,
          [&leaves](int64_t sequence) -> absl::StatusOr<merkle::Hash> { return leaves[sequence]; });
    });
  }

  // The sum over reporting stations of a line or option, as the statement writes it with how many state it.
  template <typename Figures, typename Id>
  std::string Sum(const std::string& id, Figures figures, Id id_of) const {
    int64_t sum = 0;
    int stating = 0;
    for (const auto& [station, protocol] : protocols_) {
      for (const auto& figure : figures(protocol)) {
        if (id_of(figure) != id || !figure.has_count()) continue;
        sum += figure.count();
        ++stating;
      }
    }
    return stating == 0 ? "- 0" : absl::StrCat(sum, " ", stating);
  }

  // What a commission publishes at the head, as its own event; then everything a proof file needs.
  wire::StationProof Prove(int station);
  absl::StatusOr<wire::StationFacts> Verify(const wire::StationProof& proof) const;

  TrialLedger trial_;
  std::map<int, v1::ProtocolSubmitted> protocols_;
  std::map<int, int64_t> sequences_;
};

TEST_F(StatementTest, SaysEveryFigureInTheOrderOfTheForm) {
  const int64_t tree_size = trial_.ledger().head().tree_size;
  const wire::Statement statement = Make(tree_size);
  const std::vector<std::string> lines = absl::StrSplit(statement.text, '\n');
  EXPECT_EQ(lines.back(), "");
  EXPECT_EQ(lines[0], "hattama-statement/v1");
  EXPECT_EQ(lines[1], absl::StrCat("origin ", TrialLedger::kOrigin));
  EXPECT_EQ(lines[2], absl::StrCat("tree_size ", tree_size));
  EXPECT_EQ(lines[3], absl::StrCat("root ", merkle::EncodeHash(*trial_.ledger().RootAt(tree_size))));
  EXPECT_EQ(lines[4], "election synthetic");
  EXPECT_EQ(lines[5], "contest president");
  EXPECT_EQ(lines[7], "view commission final-only all");
  EXPECT_EQ(lines[8], "stations 3 0 0 0 2");
  EXPECT_EQ(lines[9].substr(0, 18), "flags 0 0 0 3 0 0");
  const auto line_figures = [](const v1::ProtocolSubmitted& protocol) { return protocol.lines(); };
  const auto option_figures = [](const v1::ProtocolSubmitted& protocol) { return protocol.options(); };
  size_t at = 11;
  for (const char* id : {"registered", "cast", "blank", "null"}) {
    EXPECT_EQ(lines[at++],
              absl::StrCat("line ", id, " ", Sum(id, line_figures, [](const auto& f) { return f.line_id(); })));
  }
  ASSERT_GT(protocols_.at(0).options_size(), 1);
  for (const auto& option : protocols_.at(0).options()) {
    EXPECT_EQ(lines[at++],
              absl::StrCat("option ", option.option_id(), " ",
                           Sum(option.option_id(), option_figures, [](const auto& f) { return f.option_id(); })));
  }
  EXPECT_EQ(lines[lines.size() - 2], absl::StrCat("sums ", merkle::EncodeHash(statement.tree.Commitment())));
}

TEST_F(StatementTest, OfAnEarlierVersionIsWhatItWas) {
  const int64_t before = sequences_.at(3);
  const std::string text = Make(before).text;
  EXPECT_THAT(text, HasSubstr("\nstations 2 0 0 0 3\n"));
  ASSERT_TRUE(trial_.SubmitOne(trial_.election().Protocol(2, v1::STAGE_FINAL, 0, std::nullopt)).status.ok());
  EXPECT_EQ(Make(before).text, text);
}

TEST_F(StatementTest, LabelsStationsWithTheProtocolThatCounts) {
  const wire::Statement statement = Make(trial_.ledger().head().tree_size);
  ASSERT_EQ(statement.leaves.size(), size_t{kStations});
  int counted = 0;
  for (const merkle::SumLeaf& leaf : statement.leaves) {
    const absl::StatusOr<wire::StationLeaf> station = wire::ParseStationLabel(leaf.label);
    ASSERT_TRUE(station.ok()) << station.status();
    EXPECT_EQ(wire::FormatStationLabel(*station), leaf.label);
    const int number = std::stoi(station->unit_id.substr(1));
    if (!sequences_.contains(number)) {
      EXPECT_EQ(leaf.label, absl::StrCat("station S", number, " missing - -"));
      continue;
    }
    ++counted;
    EXPECT_EQ(leaf.label, absl::StrCat("station S", number, " counted ", sequences_.at(number), " ",
                                       merkle::EncodeHash(*trial_.ledger().LeafHash(sequences_.at(number)))));
  }
  EXPECT_EQ(counted, 3);
}

TEST(StationLabelTest, RefusesWhatIsNoLabel) {
  const std::string hash = merkle::EncodeHash(merkle::EmptyRoot());
  EXPECT_TRUE(wire::ParseStationLabel(absl::StrCat("station a counted 5 ", hash)).ok());
  for (const std::string& label :
       {std::string(), std::string("station"), std::string("station a missing - - "), std::string("station a gone - -"),
        absl::StrCat("station a counted - ", hash), std::string("station a counted 5 -"),
        absl::StrCat("station a counted -1 ", hash), absl::StrCat("station a counted 05 ", hash),
        absl::StrCat("station a counted 5 ", hash, "\n"), absl::StrCat("station  a counted 5 ", hash),
        absl::StrCat("station a counted 5 ", hash.substr(1))}) {
    EXPECT_EQ(wire::ParseStationLabel(label).status().code(), absl::StatusCode::kInvalidArgument) << label;
  }
}

TEST_F(StatementTest, IsReadBackLineByLine) {
  const wire::Statement statement = Make(trial_.ledger().head().tree_size);
  const absl::StatusOr<std::vector<wire::StatementLine>> lines = wire::ParseStatement(statement.text);
  ASSERT_TRUE(lines.ok()) << lines.status();
  EXPECT_EQ(*wire::CommitmentOfStatement(statement.text), statement.tree.Commitment());
  std::vector<int64_t> totals(statement.leaves[0].sums.size());
  for (const merkle::SumLeaf& leaf : statement.leaves) {
    for (size_t i = 0; i < totals.size(); ++i) totals[i] += leaf.sums[i];
  }
  EXPECT_EQ(*wire::SumsOfStatement(statement.text), totals);
  EXPECT_FALSE(wire::ParseStatement(statement.text.substr(0, statement.text.size() - 1)).ok());
  EXPECT_FALSE(wire::ParseStatement("").ok());
}

constexpr char kLogSeed[] = "log key of statement_test, 32 by";

merkle::SigningKey LogKey() {
  merkle::Seed seed;
  std::copy_n(kLogSeed, seed.size(), seed.begin());
  return merkle::SigningKey::FromSeed(seed);
}

wire::StationProof StatementTest::Prove(int station) {
  const int64_t tree_size = trial_.ledger().head().tree_size;
  const wire::Statement statement = Make(tree_size);
  v1::Submission submission;
  submission.set_submission_id(std::string(16, 'p'));
  v1::TallyPublished& published = *submission.mutable_tally_published();
  published.set_election_id(kElection);
  published.set_contest_id(kContest);
  published.mutable_view()->set_source_id("commission");
  published.mutable_view()->set_policy(v1::POLICY_FINAL_ONLY);
  published.mutable_view()->set_basis(v1::BASIS_STATIONS);
  published.set_tree_size(tree_size);
  published.set_statement(statement.text);
  const merkle::Hash digest = merkle::Sha256(statement.text);
  published.set_digest(digest.data(), digest.size());
  const ledger::SubmissionResult result = trial_.SubmitOne(submission.SerializeAsString());
  EXPECT_TRUE(result.status.ok()) << result.status;

  const int64_t size = trial_.ledger().head().tree_size;
  const std::string note = *merkle::SignCheckpoint(
      {.origin = TrialLedger::kOrigin, .tree_size = size, .root = *trial_.ledger().RootAt(size)}, LogKey());
  const auto log_proof = [&](int64_t sequence) {
    return merkle::TlogProof{.extra = *trial_.ledger().ReadRecord(sequence),
                             .index = sequence,
                             .hashes = *trial_.ledger().InclusionProof(sequence, size),
                             .checkpoint_note = note};
  };
  wire::StationProof proof;
  proof.published = log_proof(result.receipt.sequence);
  proof.count = static_cast<int64_t>(statement.leaves.size());
  for (const merkle::SumLeaf& leaf : statement.leaves) {
    if (wire::ParseStationLabel(leaf.label)->unit_id == absl::StrCat("S", station)) break;
    ++proof.index;
  }
  proof.leaf = statement.leaves[proof.index];
  const absl::StatusOr<merkle::SumTree> tree = merkle::SumTree::Make(proof.leaf.sums.size(), statement.leaves);
  proof.path = *tree->Prove(proof.index);
  if (sequences_.contains(station)) proof.protocol = log_proof(sequences_.at(station));
  return proof;
}

absl::StatusOr<wire::StationFacts> StatementTest::Verify(const wire::StationProof& proof) const {
  const merkle::NoteKey key = *merkle::MakeNoteKey(TrialLedger::kOrigin, merkle::kNoteEd25519, LogKey().public_key());
  return wire::VerifyStationProof(proof, [&key](const merkle::TlogProof& log_proof, const merkle::Hash& leaf_hash) {
    return merkle::VerifyTlogProof(log_proof, leaf_hash, std::span(&key, 1), TrialLedger::kOrigin);
  });
}

TEST_F(StatementTest, AStationProofHoldsAfterItsFileIsReadBack) {
  const wire::StationProof proof = Prove(1);
  const std::string file = wire::FormatStationProof(proof);
  const absl::StatusOr<wire::StationProof> read = wire::ParseStationProof(file);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(wire::FormatStationProof(*read), file);
  const absl::StatusOr<wire::StationFacts> facts = Verify(*read);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->station.unit_id, "S1");
  ASSERT_TRUE(facts->protocol.has_value());
  EXPECT_EQ(facts->protocol->sequence, sequences_.at(1));
  std::map<std::string, int64_t> on_paper;
  for (const auto& line : protocols_.at(1).lines()) on_paper[line.line_id()] = line.count();
  for (const auto& option : protocols_.at(1).options()) on_paper[option.option_id()] = option.count();
  ASSERT_EQ(facts->figures.size(), on_paper.size());
  for (const wire::StationFacts::Figure& figure : facts->figures) EXPECT_EQ(figure.figure, on_paper.at(figure.id));
}

TEST_F(StatementTest, AStationProofOfAMissingStationShowsThatItIsMissing) {
  const absl::StatusOr<wire::StationFacts> facts = Verify(Prove(2));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->station.state, domain::UnitState::kMissing);
  EXPECT_FALSE(facts->protocol.has_value());
}

TEST_F(StatementTest, AStationProofFailsOnEveryLie) {
  const wire::StationProof good = Prove(1);
  ASSERT_TRUE(Verify(good).ok()) << Verify(good).status();
  const auto fault = [&](auto change) {
    wire::StationProof bad = good;
    change(bad);
    return std::string(Verify(bad).status().message());
  };
  // Its figures, or those of the others.
  EXPECT_THAT(fault([](auto& p) { p.leaf.sums[0] += 1; }), HasSubstr("the path of sums"));
  EXPECT_THAT(fault([](auto& p) { p.path[0].sums[0] += 1; }), HasSubstr("the path of sums"));
  EXPECT_THAT(fault([](auto& p) { p.path.back().hash[3] ^= 1; }), HasSubstr("the path of sums"));
  EXPECT_THAT(fault([](auto& p) { p.path.pop_back(); }), HasSubstr("the path of sums"));
  EXPECT_THAT(fault([](auto& p) { p.path.push_back(p.path[0]); }), HasSubstr("the path of sums"));
  EXPECT_THAT(fault([](auto& p) { p.index += 1; }), HasSubstr("the path of sums"));
  EXPECT_THAT(fault([](auto& p) { p.count += 1; }), HasSubstr("the path of sums"));
  EXPECT_THAT(fault([](auto& p) { p.leaf.label[8] = 'X'; }), HasSubstr("the path of sums"));
  // Its provenance.
  EXPECT_THAT(fault([](auto& p) { p.protocol.reset(); }), HasSubstr("lacks the protocol"));
  EXPECT_THAT(fault([&](auto& p) { p.protocol = p.published; }), HasSubstr("is not the one that the label names"));
  EXPECT_THAT(fault([](auto& p) { (*p.protocol->extra)[30] ^= 1; }), HasSubstr("the protocol"));
  EXPECT_THAT(fault([](auto& p) { p.protocol->index += 1; }), HasSubstr("the protocol"));
  EXPECT_THAT(fault([](auto& p) { p.protocol->hashes.pop_back(); }), HasSubstr("the protocol"));
  // The publication.
  EXPECT_THAT(fault([](auto& p) { p.published = *p.protocol; }), HasSubstr("publishes no tally"));
  EXPECT_THAT(fault([](auto& p) { p.published.extra->back() ^= 1; }), HasSubstr("the publication"));
  EXPECT_THAT(fault([](auto& p) { p.published.checkpoint_note[3] ^= 1; }), HasSubstr("the publication"));
}

TEST_F(StatementTest, NoBitOfAStationProofFileCanBeTurned) {
  const std::string file = wire::FormatStationProof(Prove(3));
  ASSERT_TRUE(Verify(*wire::ParseStationProof(file)).ok());
  for (size_t at = 0; at < file.size(); ++at) {
    std::string bad = file;
    bad[at] ^= 1 << (at % 7);
    const absl::StatusOr<wire::StationProof> proof = wire::ParseStationProof(bad);
    if (!proof.ok()) continue;
    const absl::StatusOr<wire::StationFacts> facts = Verify(*proof);
    EXPECT_FALSE(facts.ok()) << "byte " << at << " of " << file.size();
  }
}

TEST(ParseStationProofTest, RefusesRubbishAndFilesThatEndEarly) {
  EXPECT_FALSE(wire::ParseStationProof("").ok());
  EXPECT_FALSE(wire::ParseStationProof("hattama-station-proof/v1").ok());
  EXPECT_FALSE(wire::ParseStationProof("hattama-station-proof/v1\n").ok());
  EXPECT_FALSE(wire::ParseStationProof("hattama-station-proof/v1\npublished -\nprotocol -\n").ok());
  EXPECT_FALSE(wire::ParseStationProof(std::string(1 << 20, '\n')).ok());
}

}  // namespace
}  // namespace hattama
