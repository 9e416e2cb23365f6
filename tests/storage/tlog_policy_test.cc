// Trust policies: the specification's example, its rules one by one, and who is missing from a quorum.
#include "storage/merkle/tlog_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/merkle/cosignature.h"
#include "tests/storage/notes_support.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::hattama::testing::NoteKeyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kOrigin[] = "example.org/log";

std::string LogKey(uint8_t number = 1) { return FormatVerifierKey(NoteKeyOf(kOrigin, kNoteEd25519, number)); }
std::string WitnessKey(int number) {
  return FormatVerifierKey(NoteKeyOf(absl::StrCat("witness.org/", number), kNoteCosignature, 100 + number));
}

// The example of c2sp.org/tlog-policy, with keys.
std::string SpecPolicy() {
  return absl::StrCat(
      "log ", LogKey(), "\n\nwitness X1 ", WitnessKey(1), "\nwitness X2 ", WitnessKey(2), "\nwitness X3 ",
      WitnessKey(3), "\ngroup X-witnesses 2 X1 X2 X3\n\nwitness Y1 ", WitnessKey(4), "\nwitness Y2 ", WitnessKey(5),
      "\nwitness Y3 ", WitnessKey(6),
      "\ngroup Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n");
}

TlogPolicy Parsed(std::string_view text) {
  absl::StatusOr<TlogPolicy> policy = TlogPolicy::Parse(text);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? *std::move(policy) : TlogPolicy::Parse("quorum none").value();
}

// A checkpoint of the log, cosigned by these witnesses in this order.
std::string CosignedBy(std::vector<int> witnesses, int64_t time_seconds = 1'700'000'000) {
  Note note = ParseNote(SignCheckpoint({kOrigin, 7, Sha256("root")}, KeyOf(1)).value()).value();
  for (const int number : witnesses) {
    note.signatures.push_back(
        CosignCheckpoint(note.text, KeyOf(100 + number), absl::StrCat("witness.org/", number), time_seconds).value());
  }
  return FormatNote(note);
}

TEST(TlogPolicyTest, ReadsTheSpecificationsExample) {
  const TlogPolicy policy = Parsed(SpecPolicy());

  ASSERT_EQ(policy.logs().size(), 1u);
  EXPECT_EQ(policy.logs()[0].key.name, kOrigin);
  ASSERT_EQ(policy.witnesses().size(), 6u);
  EXPECT_EQ(policy.witnesses()[3].name, "Y1");
  ASSERT_EQ(policy.groups().size(), 3u);
  EXPECT_EQ(policy.groups()[0].threshold, 2);
  EXPECT_EQ(policy.groups()[1].threshold, 1);
  EXPECT_EQ(policy.groups()[2].threshold, 2);
  EXPECT_THAT(policy.groups()[2].members, ElementsAre("X-witnesses", "Y-witnesses"));
  EXPECT_EQ(policy.quorum(), "X-and-Y");
}

TEST(TlogPolicyTest, TakesSpacesTabsCommentsUrlsAndAnyNames) {
  const TlogPolicy policy =
      Parsed(absl::StrCat("\n# comment \xff\n\t # another\n\tlog \t", LogKey(), "  https://log.example/ \nwitness all ",
                          WitnessKey(1), "\thttps://w.example/\nwitness any ", WitnessKey(2), "\nwitness K\x80 ",
                          WitnessKey(3), "\ngroup group 2 all any K\x80\n  quorum\tgroup"));

  EXPECT_EQ(policy.logs()[0].url, "https://log.example/");
  EXPECT_EQ(policy.witnesses()[0].url, "https://w.example/");
  EXPECT_EQ(policy.witnesses()[1].url, "");
  EXPECT_THAT(policy.groups()[0].members, ElementsAre("all", "any", "K\x80"));
}

TEST(TlogPolicyTest, NamesTheLineThatIsWrong) {
  const std::string w1 = absl::StrCat("witness w1 ", WitnessKey(1), "\n");
  const std::string w2 = absl::StrCat("witness w2 ", WitnessKey(2), "\n");
  const std::string same_key = FormatVerifierKey(NoteKeyOf("other.org", kNoteCosignature, 101));
  const std::string plain_key = FormatVerifierKey(NoteKeyOf("witness.org/1", kNoteEd25519, 101));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "no quorum line"},
      {w1, "no quorum line"},
      {"quorum none\n\x01", "line 2: the control character 0x01"},
      {"quorum none\r\n", "line 1: the control character 0x0d"},
      {"quorum none\x7f\n", "line 1: the control character 0x7f"},
      {"quibble w1\nquorum none\n", "line 1: \"quibble\" is none of"},
      {"LOG x\n", "line 1: \"LOG\" is none of"},
      {"log\n", "line 1: wants: log <vkey>"},
      {"log garbage\n", "line 1: verifier key \"garbage\""},
      {"log " + LogKey() + " a b\n", "line 1: wants: log"},
      {"log " + WitnessKey(1) + "\n", "line 1: the key of log witness.org/1 is of type 0x04"},
      {"log " + LogKey() + "\n\nlog " + LogKey() + " https://x/\n",
       "line 3: the log example.org/log has the public key"},
      {"witness w1\n", "line 1: wants: witness <name> <vkey>"},
      {"witness w1 " + WitnessKey(1) + " https://x/ # comment\n", "line 1: wants: witness"},
      {"witness w1 " + plain_key + "\n", "0x04, which for this key is " + WitnessKey(1)},
      {"witness w1 x+00000000+AgECAw==\n", "type 0x02"},
      {"witness none " + WitnessKey(1) + "\n", "line 1: the name none is taken"},
      {w1 + "witness w1 " + WitnessKey(2) + "\n", "line 2: the name \"w1\" is defined above"},
      {w1 + "witness w2 " + same_key + "\n", "line 2: the witness w2 has the public key of witness w1"},
      {w1 + "group w1 any w1\n", "line 2: the name \"w1\" is defined above"},
      {w1 + "group g 1\n", "line 2: wants: group"},
      {w1 + "group none any w1\n", "line 2: the name none is taken"},
      {w1 + "group g 0 w1\n", "line 2: the threshold \"0\" of group g is not all, any or a number of 1..1"},
      {w1 + "group g -1 w1\n", "threshold \"-1\""},
      {w1 + "group g 01 w1\n", "threshold \"01\""},
      {w1 + "group g 2 w1\n", "threshold \"2\""},
      {w1 + "group g some w1\n", "threshold \"some\""},
      {w1 + "group g any w2\n", "line 2: the member \"w2\" of group g is not defined above"},
      {"group g any w1\n" + w1, "line 1: the member \"w1\" of group g is not defined above"},
      {w1 + "group g any g\n", "line 2: the member \"g\" of group g is not defined above"},
      {w1 + "group g any none\n", "line 2: the member \"none\""},
      {w1 + "group g all w1 w1\n", "line 2: the member \"w1\" of group g is a member of group g already"},
      {w1 + w2 + "group g any w1 w2\ngroup h any w1\n", "line 4: the member \"w1\" of group h is a member of group g"},
      {w1 + "quorum w1\nquorum w1\n", "line 3: a second quorum"},
      {"quorum unknown\n", "line 1: the quorum \"unknown\" is not defined above"},
      {"quorum w1\n" + w1, "line 1: the quorum \"w1\" is not defined above"},
      {"quorum\n", "line 1: wants: quorum"},
      {w1 + "quorum w1 w1\n", "line 2: wants: quorum"}};
  for (const auto& [text, message] : cases) {
    const absl::StatusOr<TlogPolicy> policy = TlogPolicy::Parse(text);
    EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(MessageOf(policy), HasSubstr(message)) << text;
  }
}

// The specification asks for at least 32 of each.
TEST(TlogPolicyTest, TakesManyLogsWitnessesAndGroups) {
  std::string text;
  for (int i = 0; i < 64; ++i) {
    absl::StrAppend(&text, "log ", FormatVerifierKey(NoteKeyOf(absl::StrCat("log", i), kNoteEd25519, 1 + i)), "\n");
    absl::StrAppend(&text, "witness w", i, " ", WitnessKey(i), "\n");
    absl::StrAppend(&text, "group g", i, " all w", i, i > 0 ? absl::StrCat(" g", i - 1) : "", "\n");
  }

  const TlogPolicy policy = Parsed(text + "quorum g63\n");

  EXPECT_EQ(policy.logs().size(), 64u);
  EXPECT_EQ(policy.groups().size(), 64u);
}

TEST(TlogPolicyTest, DecidesTheQuorumOfTheExample) {
  const TlogPolicy policy = Parsed(SpecPolicy());
  const auto verdict = [&](std::vector<int> witnesses) {
    const absl::StatusOr<PolicyVerdict> result = policy.Evaluate(CosignedBy(std::move(witnesses)));
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(PolicyVerdict{});
  };

  EXPECT_TRUE(verdict({1, 2, 4}).quorum_met);
  EXPECT_TRUE(verdict({6, 3, 1}).quorum_met);
  EXPECT_TRUE(verdict({1, 2, 3, 4, 5, 6}).quorum_met);
  EXPECT_FALSE(verdict({}).quorum_met);
  EXPECT_FALSE(verdict({1, 4, 5, 6}).quorum_met);
  EXPECT_FALSE(verdict({1, 2, 3}).quorum_met);
  EXPECT_FALSE(verdict({4, 5, 6}).quorum_met);
  // Signing twice is signing once.
  EXPECT_FALSE(verdict({1, 1, 4}).quorum_met);
}

// Every subset of the six witnesses against the sentence of the specification: two of X and one of Y.
TEST(TlogPolicyTest, AgreesWithTheSentenceOnEverySubset) {
  const TlogPolicy policy = Parsed(SpecPolicy());
  for (int subset = 0; subset < 64; ++subset) {
    std::vector<int> witnesses;
    for (int i = 0; i < 6; ++i) {
      if (subset >> i & 1) witnesses.push_back(i + 1);
    }
    const bool expected = __builtin_popcount(subset & 7) >= 2 && (subset >> 3) != 0;

    const absl::StatusOr<PolicyVerdict> verdict = policy.Evaluate(CosignedBy(witnesses));

    ASSERT_TRUE(verdict.ok()) << verdict.status();
    EXPECT_EQ(verdict->quorum_met, expected) << subset;
    EXPECT_EQ(verdict->cosigned.size() + verdict->missing.size(), 6u);
  }
}

TEST(TlogPolicyTest, SaysWhoCosignedWhenAndWhoIsMissing) {
  const TlogPolicy policy = Parsed(SpecPolicy());

  const absl::StatusOr<PolicyVerdict> verdict = policy.Evaluate(CosignedBy({4, 2}, 1'700'000'123));

  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->checkpoint.tree_size, 7);
  EXPECT_EQ(verdict->log_key.name, kOrigin);
  ASSERT_EQ(verdict->cosigned.size(), 2u);
  EXPECT_EQ(verdict->cosigned[0].witness, "X2");
  EXPECT_EQ(verdict->cosigned[1].witness, "Y1");
  EXPECT_EQ(verdict->cosigned[1].time_seconds, 1'700'000'123);
  EXPECT_THAT(verdict->missing, ElementsAre("X1", "X3", "Y2", "Y3"));
  const absl::Status status = policy.Require(CosignedBy({4, 2})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(MessageOf(status), HasSubstr("lacks the quorum X-and-Y: not cosigned by X1, X3, Y2, Y3"));
}

TEST(TlogPolicyTest, AsksOnlyWitnessesOfTheQuorum) {
  const std::string witnesses =
      absl::StrCat("log ", LogKey(), "\nwitness a ", WitnessKey(1), "\nwitness b ", WitnessKey(2), "\n");

  const absl::StatusOr<PolicyVerdict> one = Parsed(witnesses + "quorum b\n").Evaluate(CosignedBy({2}));
  const absl::StatusOr<PolicyVerdict> none = Parsed(witnesses + "quorum none\n").Evaluate(CosignedBy({}));

  ASSERT_TRUE(one.ok() && none.ok());
  EXPECT_TRUE(one->quorum_met);
  EXPECT_THAT(one->missing, IsEmpty());
  EXPECT_TRUE(none->quorum_met);
  EXPECT_THAT(none->missing, IsEmpty());
}

TEST(TlogPolicyTest, RefusesANoteThatNoLogOfThePolicySigned) {
  const TlogPolicy policy = Parsed(SpecPolicy());
  Note note = ParseNote(CosignedBy({1, 2, 4})).value();

  Note unsigned_by_log = note;
  unsigned_by_log.signatures.erase(unsigned_by_log.signatures.begin());
  EXPECT_EQ(policy.Evaluate(FormatNote(unsigned_by_log)).status().code(), absl::StatusCode::kUnauthenticated);

  Note other_origin = ParseNote(SignCheckpoint({"other.org", 7, Sha256("root")}, KeyOf(1)).value()).value();
  other_origin.signatures.push_back(SignText(other_origin.text, kOrigin, KeyOf(1)).value());
  const absl::Status status = policy.Evaluate(FormatNote(other_origin)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(MessageOf(status), HasSubstr("signed the checkpoint of other.org under that name"));

  Note bad_witness = note;
  bad_witness.signatures.back().bytes.back() ^= 1;
  EXPECT_EQ(policy.Evaluate(FormatNote(bad_witness)).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(policy.Evaluate("no note").status().code(), absl::StatusCode::kInvalidArgument);
}

// A plain signature of a witness's key is no cosignature: it says nothing about what the witness saw.
TEST(TlogPolicyTest, CountsNoPlainSignatureOfAWitness) {
  const TlogPolicy policy = Parsed(absl::StrCat("log ", LogKey(), "\nwitness a ", WitnessKey(1), "\nquorum a\n"));
  Note note = ParseNote(CosignedBy({})).value();
  note.signatures.push_back(SignText(note.text, "witness.org/1", KeyOf(101)).value());

  const absl::StatusOr<PolicyVerdict> verdict = policy.Evaluate(FormatNote(note));

  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_FALSE(verdict->quorum_met);
}

TEST(TlogPolicyTest, RandomChangesAreReadOrRefusedWithALine) {
  testing::SeededRandom random;
  const std::string text = SpecPolicy();
  int refused = 0;
  for (int i = 0; i < 3'000; ++i) {
    const absl::StatusOr<TlogPolicy> policy = TlogPolicy::Parse(random.Changed(text));
    if (policy.ok()) continue;
    ++refused;
    ASSERT_THAT(MessageOf(policy), HasSubstr("line"));
  }
  EXPECT_GT(refused, 1'000);
}

}  // namespace
}  // namespace hattama::merkle
