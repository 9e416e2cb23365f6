// Witnesses: a transcript of another implementation, each refusal of the specification, and a log and a witness
// talking.
#include "storage/merkle/witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/rfc6962.h"
#include "tests/storage/notes_support.h"
#include "tests/storage/stored_tree.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::hattama::testing::Named;
using ::hattama::testing::NoteKeyOf;
using ::hattama::testing::StoredTree;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kOrigin[] = "example.org/log";
constexpr char kWitness[] = "witness.org/w";
constexpr int64_t kNow = 1'700'000'000;

std::vector<NoteKey> LogKeys() { return {NoteKeyOf(kOrigin, kNoteEd25519, 1)}; }
std::vector<NoteKey> WitnessKeys() { return {NoteKeyOf(kWitness, kNoteCosignature, 2)}; }

AddCheckpointRequest Parsed(std::string_view body) {
  absl::StatusOr<AddCheckpointRequest> request = ParseAddCheckpoint(body);
  EXPECT_TRUE(request.ok()) << request.status();
  return request.ok() ? *std::move(request) : AddCheckpointRequest{};
}

std::string Checkpointed(int64_t size, const Hash& root) {
  return SignCheckpoint({kOrigin, size, root}, KeyOf(1)).value();
}

std::string Body(int64_t old_size, const std::vector<Hash>& proof, const std::string& note) {
  return FormatAddCheckpoint(old_size, proof, note).value();
}

WitnessAnswer Decide(const std::string& body, const std::optional<WitnessState>& stored) {
  return DecideAddCheckpoint(Parsed(body), LogKeys(), stored, Named(kWitness, 2), kNow);
}

// FiloSottile/torchwood, internal/witness/witness_test.go: real signatures of a Sigsum log; its hashes are made up.
constexpr char kSigsumOrigin[] = "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562";

std::string SigsumBody(const char* head, const char* size, const char* root, const char* signature) {
  return absl::StrCat(head, "\n", kSigsumOrigin, "\n", size, "\n", root, "\n\n— ", kSigsumOrigin, " ", signature, "\n");
}

TEST(DecideAddCheckpointTest, AgreesWithTheTranscriptOfAnotherWitness) {
  const std::string key = absl::HexStringToBytes("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f");
  PublicKey public_key;
  std::copy(key.begin(), key.end(), public_key.begin());
  const std::vector<NoteKey> keys = {MakeNoteKey(kSigsumOrigin, kNoteEd25519, public_key).value()};
  const NamedSigningKey witness = Named("example.com", 2);

  const std::string first =
      SigsumBody("old 0\n", "1", "KgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                 "UgIom7fPZTqpxWWhyjWduBvTvGVqsokMbqTArsQilegKoFBJQjUFAmQ0+YeSPM3wfUQMFSzVnnNuWRTYrajXpNUbIQY=");
  const WitnessAnswer one = DecideAddCheckpoint(Parsed(first), keys, std::nullopt, witness, kNow);
  ASSERT_EQ(one.http_status, 200) << one.body;

  const std::string to_five = SigsumBody(
      "old 1\nKgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n+fUDV+k970B4I3uKrqJM4aP1lloPZP8mvr2Z4wRw2LI=\n"
      "KgQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
      "5", "QrtXrQZCCvpIgsSmOsah7HdICzMLLyDfxToMql9WTjY=",
      "UgIomw/EOJmWi0i1FQsOj+etB7F8IccFam/jgd6wzRns4QPVmyEZtdvl1U2KEmLOZ/ASRcWJi0tW90dJWAShei7sDww=");
  const WitnessAnswer five = DecideAddCheckpoint(Parsed(to_five), keys, one.store, witness, kNow);
  ASSERT_EQ(five.http_status, 200) << five.body;
  EXPECT_EQ(five.store->tree_size, 5);

  // The race of the specification: a request that was consistent before the other one, and would roll back.
  const std::string to_three =
      SigsumBody("old 1\nKgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nKgIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
                 "3", "RcCI1Nk56ZcSmIEfIn0SleqtV7uvrlXNccFx595Iwl0=",
                 "UgIom2VbtIcdFbwFAy1n7s6IkAxIY6J/GQOTuZF2ORV39d75cbAj2aQYwyJre36kezNobZs4SUUdrcawfAB8WVrx6go=");
  EXPECT_EQ(DecideAddCheckpoint(Parsed(to_three), keys, one.store, witness, kNow).http_status, 200);
  const WitnessAnswer late = DecideAddCheckpoint(Parsed(to_three), keys, five.store, witness, kNow);
  EXPECT_EQ(late.http_status, 409);
  EXPECT_EQ(late.body, "5\n");
  EXPECT_EQ(late.content_type, "text/x.tlog.size");
  EXPECT_EQ(late.store, std::nullopt);
}

// The table of torchwood's TestZeroSize: what a witness that stored `known` says.
TEST(DecideAddCheckpointTest, AgreesOnTheSmallestTrees) {
  const Hash leaf = LeafHash("leaf");
  const WitnessState nothing{0, EmptyRoot()};
  const WitnessState one{1, leaf};
  struct Case {
    const char* name;
    WitnessState known;
    int64_t old_size;
    int64_t new_size;
    Hash root;
    std::vector<Hash> proof;
    int status;
  };
  const std::vector<Case> cases = {{"empty tree", nothing, 0, 0, EmptyRoot(), {}, 200},
                                   {"invalid empty root", nothing, 0, 0, leaf, {}, 422},
                                   {"zero empty root", nothing, 0, 0, Hash{}, {}, 422},
                                   {"empty tree with proof", nothing, 0, 0, EmptyRoot(), {leaf}, 422},
                                   {"first nonempty tree", nothing, 0, 1, leaf, {}, 200},
                                   {"first nonempty tree with proof", nothing, 0, 1, leaf, {leaf}, 422},
                                   {"old size mismatch", one, 0, 1, leaf, {leaf}, 409},
                                   {"old size greater than new", one, 1, 0, EmptyRoot(), {}, 400},
                                   {"the same again", one, 1, 1, leaf, {}, 200},
                                   {"the same size, another root", one, 1, 1, LeafHash("other"), {}, 422},
                                   {"the same with proof", one, 1, 1, leaf, {leaf}, 422}};
  for (const Case& one_case : cases) {
    const std::string note = Checkpointed(one_case.new_size, one_case.root);
    const WitnessAnswer answer = Decide(Body(one_case.old_size, one_case.proof, note), one_case.known);
    EXPECT_EQ(answer.http_status, one_case.status) << one_case.name << ": " << answer.body;
    EXPECT_EQ(answer.store.has_value(), one_case.status == 200) << one_case.name;
    EXPECT_EQ(answer.body.find("—") != std::string::npos, one_case.status == 200) << one_case.name;
  }
}

TEST(DecideAddCheckpointTest, CosignsWhatIsConsistent) {
  const StoredTree tree = StoredTree::OfNumbers(20);
  const std::string body = Body(7, tree.Consistency(7, 20), Checkpointed(20, tree.root(20)));

  const WitnessAnswer answer = Decide(body, WitnessState{7, tree.root(7)});

  ASSERT_EQ(answer.http_status, 200) << answer.body;
  EXPECT_EQ(answer.store, (WitnessState{20, tree.root(20)}));
  std::vector<NoteKey> keys = LogKeys();
  keys.push_back(WitnessKeys()[0]);
  const absl::StatusOr<std::vector<VerifiedSignature>> verified =
      VerifyNote(ParseNote(answer.cosigned_note).value(), keys);
  ASSERT_TRUE(verified.ok()) << verified.status();
  ASSERT_THAT(*verified, SizeIs(2));
  EXPECT_EQ((*verified)[1].time_seconds, kNow);
  EXPECT_EQ(Parsed(body).note.text, ParseNote(answer.cosigned_note)->text);
}

TEST(DecideAddCheckpointTest, RefusesAHistoryRewritten) {
  const StoredTree tree = StoredTree::OfNumbers(20);
  testing::Entries entries = tree.entries();
  entries[4] = "entry 4, as somebody would have liked it";
  const StoredTree forged{std::move(entries)};
  for (int64_t size = 5; size < 20; ++size) {
    const WitnessAnswer answer = Decide(Body(size, forged.Consistency(size, 20), Checkpointed(20, forged.root(20))),
                                        WitnessState{size, tree.root(size)});
    EXPECT_EQ(answer.http_status, 422) << size;
    EXPECT_EQ(answer.store, std::nullopt);
  }
}

TEST(DecideAddCheckpointTest, RefusesWhomItDoesNotKnow) {
  const std::string body = Body(0, {}, Checkpointed(1, LeafHash("x")));
  const auto decide = [&](const std::string& request, const std::vector<NoteKey>& keys) {
    return DecideAddCheckpoint(Parsed(request), keys, std::nullopt, Named(kWitness, 2), kNow).http_status;
  };

  EXPECT_EQ(decide(body, {}), 404);
  EXPECT_EQ(decide(body, {NoteKeyOf("example.org/other", kNoteEd25519, 1)}), 404);
  EXPECT_EQ(decide(body, {NoteKeyOf(kOrigin, kNoteEd25519, 9)}), 403);
  // A good signature beside a bad one of another key that is trusted.
  Note note = ParseNote(Checkpointed(1, LeafHash("x"))).value();
  note.signatures.push_back(SignText(note.text, kOrigin, KeyOf(9)).value());
  note.signatures.back().bytes[3] ^= 1;
  const std::vector<NoteKey> both = {NoteKeyOf(kOrigin, kNoteEd25519, 1), NoteKeyOf(kOrigin, kNoteEd25519, 9)};
  EXPECT_EQ(decide(Body(0, {}, FormatNote(note)), both), 403);
  EXPECT_EQ(decide(Body(0, {}, FormatNote(note)), {both[0]}), 200);
}

// Signatures that the witness did not check do not travel under its name.
TEST(DecideAddCheckpointTest, PassesOnNoSignatureItDidNotCheck) {
  Note note = ParseNote(Checkpointed(1, LeafHash("x"))).value();
  note.signatures.push_back({"stranger", 7, "whatever this is"});

  const WitnessAnswer answer = Decide(Body(0, {}, FormatNote(note)), std::nullopt);

  ASSERT_EQ(answer.http_status, 200);
  EXPECT_THAT(answer.cosigned_note, ::testing::Not(HasSubstr("stranger")));
  EXPECT_THAT(ParseNote(answer.cosigned_note)->signatures, SizeIs(2));
}

TEST(ParseAddCheckpointTest, NamesWhatIsMalformed) {
  const std::string note = Checkpointed(1, LeafHash("x"));
  const std::string hash = EncodeHash(LeafHash("x")) + "\n";
  std::string many;
  for (int i = 0; i < 64; ++i) many += hash;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no first line"},
      {"old 0", "no first line"},
      {"new 0\n\n" + note, "line 1: \"new 0\" is not \"old <size>\""},
      {"old\n\n" + note, "line 1"},
      {"old 00\n\n" + note, "line 1: \"old 00\" has no decimal size"},
      {"old -1\n\n" + note, "has no decimal size"},
      {"old 9223372036854775808\n\n" + note, "has no decimal size"},
      {"old 0 \n\n" + note, "has no decimal size"},
      {"old 0\nAAAA\n\n" + note, "line 2: \"AAAA\" is not the base64 of 32 bytes"},
      {"old 0\n" + many + "\n" + note, "line 65: more than 63 hashes"},
      {"old 0\n" + hash, "ends before its checkpoint"},
      {"old 0\n\n", "the note"},
      {"old 0\n" + note, "line 2"},
      {"old 0\n\n\n" + note, "checkpoint line 1"},
      {"old 0\n\nno\n\n— n AAAAAAA=\n", "checkpoint line 2"}};
  for (const auto& [body, message] : cases) {
    const absl::StatusOr<AddCheckpointRequest> request = ParseAddCheckpoint(body);
    EXPECT_EQ(request.status().code(), absl::StatusCode::kInvalidArgument) << body;
    EXPECT_THAT(MessageOf(request), HasSubstr(message)) << body;
    const WitnessAnswer answer = BadRequest(request.status());
    EXPECT_EQ(answer.http_status, 400);
    EXPECT_EQ(answer.body, MessageOf(request) + "\n");
  }
  EXPECT_TRUE(ParseAddCheckpoint("old 0\n" + many.substr(hash.size()) + "\n" + note).ok());
}

TEST(FormatAddCheckpointTest, RefusesWhatNoWitnessTakes) {
  const std::string note = Checkpointed(1, LeafHash("x"));
  EXPECT_FALSE(FormatAddCheckpoint(-1, {}, note).ok());
  EXPECT_FALSE(FormatAddCheckpoint(0, std::vector<Hash>(64), note).ok());
  EXPECT_FALSE(FormatAddCheckpoint(0, {}, "no note").ok());
}

// A witness with its store, as a server would keep it.
struct Witness {
  std::map<std::string, WitnessState> states;

  WitnessAnswer Post(const std::string& body) {
    const absl::StatusOr<AddCheckpointRequest> request = ParseAddCheckpoint(body);
    if (!request.ok()) return BadRequest(request.status());
    const auto state = states.find(request->checkpoint.origin);
    WitnessAnswer answer =
        DecideAddCheckpoint(*request, LogKeys(), state == states.end() ? std::nullopt : std::optional(state->second),
                            Named(kWitness, 2), kNow);
    if (answer.store) states[request->checkpoint.origin] = *answer.store;
    return answer;
  }
};

WitnessReply Read(const WitnessAnswer& answer, const std::string& body) {
  return ReadAddCheckpointAnswer(answer.http_status, answer.content_type, answer.body, Parsed(body), WitnessKeys());
}

TEST(ReadAddCheckpointAnswerTest, ALogFindsItsWayToACosignature) {
  testing::SeededRandom random;
  const StoredTree tree = StoredTree::OfNumbers(500);
  Witness witness;
  int64_t believed = 0;
  for (int64_t size = 0; size <= 500; size += 1 + static_cast<int64_t>(random.Below(40))) {
    const std::string note = Checkpointed(size, tree.root(size));
    if (random.Below(4) == 0) believed = 0;  // The log forgot what the witness has.
    std::string body = Body(believed, tree.Consistency(believed, size), note);
    WitnessReply reply = Read(witness.Post(body), body);
    if (reply.outcome == WitnessOutcome::kResubmit) {
      believed = reply.witness_size;
      body = Body(believed, tree.Consistency(believed, size), note);
      reply = Read(witness.Post(body), body);
    }

    ASSERT_EQ(reply.outcome, WitnessOutcome::kCosigned) << size << ": " << reply.detail;
    ASSERT_THAT(reply.cosignatures, SizeIs(1));
    believed = size;
  }
}

TEST(ReadAddCheckpointAnswerTest, RaisesAnAlarmOverTwoRootsOfOneSize) {
  const std::string body = Body(5, {}, Checkpointed(5, LeafHash("x")));
  Witness witness;
  witness.states[kOrigin] = {5, LeafHash("y")};

  // As at the head of the specification, and as in its version 1.0.0, with and without the size.
  EXPECT_EQ(Read(witness.Post(body), body).outcome, WitnessOutcome::kInconsistent);
  EXPECT_EQ(Read(SizeConflict(5), body).outcome, WitnessOutcome::kInconsistent);
  WitnessAnswer bare;
  bare.http_status = 409;
  EXPECT_EQ(Read(bare, body).outcome, WitnessOutcome::kInconsistent);
}

TEST(ReadAddCheckpointAnswerTest, NoticesAWitnessThatIsAhead) {
  const StoredTree tree = StoredTree::OfNumbers(20);
  const std::string body = Body(7, tree.Consistency(7, 10), Checkpointed(10, tree.root(10)));

  const WitnessReply reply = Read(SizeConflict(15), body);

  EXPECT_EQ(reply.outcome, WitnessOutcome::kWitnessAhead);
  EXPECT_EQ(reply.witness_size, 15);
}

TEST(ReadAddCheckpointAnswerTest, BelievesNoAnswerItCannotCheck) {
  const StoredTree tree = StoredTree::OfNumbers(20);
  const std::string body = Body(7, tree.Consistency(7, 10), Checkpointed(10, tree.root(10)));
  const auto outcome = [&](int status, const char* type, std::string text) {
    WitnessAnswer answer;
    answer.http_status = status;
    answer.content_type = type;
    answer.body = std::move(text);
    const WitnessReply reply = Read(answer, body);
    EXPECT_EQ(reply.cosignatures.empty(), reply.outcome != WitnessOutcome::kCosigned);
    EXPECT_EQ(reply.detail.empty(), reply.outcome == WitnessOutcome::kCosigned);
    return reply.outcome;
  };
  Witness witness;
  witness.states[kOrigin] = {7, tree.root(7)};
  const std::string good = witness.Post(body).body;
  ASSERT_EQ(outcome(200, "text/plain", good), WitnessOutcome::kCosigned);

  std::string flipped = good;
  flipped[flipped.size() - 6] = flipped[flipped.size() - 6] == 'A' ? 'B' : 'A';
  EXPECT_EQ(outcome(200, "text/plain", flipped), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(200, "text/plain", ""), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(200, "text/html", "<html>\n"), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(200, "text/plain", "— stranger AAAAAAA=\n"), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(200, "text/plain", "— stranger AAAAAAA=\n" + good), WitnessOutcome::kCosigned);
  EXPECT_EQ(outcome(409, "text/plain", "8\n"), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(409, "text/x.tlog.size", "8"), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(409, "text/x.tlog.size", "08\n"), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(409, "text/x.tlog.size", "7\n"), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(409, "text/x.tlog.size", "8\n"), WitnessOutcome::kResubmit);
  EXPECT_EQ(outcome(404, "text/plain", "?\n"), WitnessOutcome::kUnknownLog);
  EXPECT_EQ(outcome(403, "text/plain", "?\n"), WitnessOutcome::kUnknownLog);
  EXPECT_EQ(outcome(422, "text/plain", "?\n"), WitnessOutcome::kInconsistent);
  EXPECT_EQ(outcome(500, "text/plain", "?\n"), WitnessOutcome::kRefused);
  EXPECT_EQ(outcome(302, "", ""), WitnessOutcome::kRefused);
}

TEST(ParseAddCheckpointTest, RandomChangesAreNeverCosignedUnlessTheCheckpointIsTheSame) {
  const StoredTree tree = StoredTree::OfNumbers(20);
  const std::string note = Checkpointed(20, tree.root(20));
  const std::string body = Body(7, tree.Consistency(7, 20), note);
  testing::SeededRandom random;
  for (int i = 0; i < 10'000; ++i) {
    const absl::StatusOr<AddCheckpointRequest> request = ParseAddCheckpoint(random.Changed(body));
    if (!request.ok()) continue;
    const WitnessAnswer answer =
        DecideAddCheckpoint(*request, LogKeys(), WitnessState{7, tree.root(7)}, Named(kWitness, 2), kNow);
    if (answer.http_status != 200) continue;
    ASSERT_EQ(request->note.text, ParseNote(note)->text);
    ASSERT_EQ(request->proof, tree.Consistency(7, 20));
  }
}

}  // namespace
}  // namespace hattama::merkle
