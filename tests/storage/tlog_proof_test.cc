// Proofs to keep: what is written is read back, and nothing else passes.
#include "storage/merkle/tlog_proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/cosignature.h"
#include "storage/merkle/rfc6962.h"
#include "tests/storage/notes_support.h"
#include "tests/storage/stored_tree.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::hattama::testing::NoteKeyOf;
using ::hattama::testing::StoredTree;
using ::testing::HasSubstr;

constexpr char kOrigin[] = "example.org/log";

std::vector<NoteKey> LogKeys() { return {NoteKeyOf(kOrigin, kNoteEd25519, 1)}; }

TlogProof ProofOf(const StoredTree& tree, int64_t index, int64_t size) {
  return {std::nullopt, index, tree.Inclusion(index, size),
          SignCheckpoint({kOrigin, size, tree.root(size)}, KeyOf(1)).value()};
}

// A proof of warpfork/spicytool's tests under the older name of the format: the entry is not published with it, the
// signature is of the key of Tessera's tests.
TEST(ParseTlogProofTest, ReadsAProofOfAnotherImplementation) {
  const std::string text =
      "c2sp.org/tlog-proof@v1\nindex 100252\n+4IF875THRSj6IOZo2SRpgL6buVI/cawB2iLGFLgWDQ=\n"
      "nBeqO1BayYMNXX05jMGGtCfprprlSVASVTUUwA0OC9E=\nzpUmeEe94VcV/jft8wYlUcDx9yr2kff2jq9QW295vhw=\n"
      "DTWvScrZyztZdQo5YhJ2Sioo6xDCRDgnoxJJJhN5vl0=\n550NhxNMkqzfWFptIePTfVic0rHovJMectLfzaLgh5U=\n"
      "aoGmNLa5zDVavVfeWhrAxU3duQ0m2TB489dVEGmquO8=\nSbbxxj/8zvCs1q23zn+3wxE9OfJyqVtajvLlvg4FOaI=\n"
      "WuiUqI+eMKiZ4OUa9CORDO64u91gs7kbTzQYw/e/Khg=\nnxkvRAG/1vChJgwuphcHSaCBWcBXebV52Nd3sGxP2kI=\n"
      "8xVjSf6ZkYSabrgN8m3ePiWgQSpafmz8FXTCfv7guck=\nuIkQsFgLVnAeDt5KgZP6l3eJ6YzFz2p92KwlA50Ea5Q=\n"
      "8SliMOQ4QRiNiRzAt4iEDvrOC0ETwRssbnOdutGqPhA=\n\nexample.com/log/testdata\n100270\n"
      "GRV1O0dCqmjjPvYi7CtOT79zb/fPwLNsMFWsynwU8Ac=\n\n— example.com/log/testdata "
      "M9e0lkcvy5bAe7rrC8tCyAP+my+CLzswA91zOpBNWVU7qCojkUOHnfdQzDImoYeYH8G8PJSwOqsx0RkSa261OmKVwwM=\n";

  const absl::StatusOr<TlogProof> proof = ParseTlogProof(text);

  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_EQ(proof->index, 100252);
  EXPECT_EQ(proof->hashes.size(), 12u);
  EXPECT_EQ(FormatTlogProof(*proof), text);
  const std::vector<NoteKey> keys = {
      ParseVerifierKey("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx").value()};
  EXPECT_EQ(OpenCheckpoint(proof->checkpoint_note, keys)->tree_size, 100270);
}

TEST(FormatTlogProofTest, HasTheLayoutOfTheSpecification) {
  TlogProof proof = ProofOf(StoredTree::OfNumbers(3), 2, 3);
  proof.extra = "ext";

  EXPECT_EQ(FormatTlogProof(proof), absl::StrCat("c2sp.org/tlog-proof@v1\nextra ZXh0\nindex 2\n",
                                                 EncodeHash(proof.hashes[0]), "\n\n", proof.checkpoint_note));
}

TEST(ParseTlogProofTest, ReadsWhatIsWrittenAndItVerifies) {
  const StoredTree tree = StoredTree::OfNumbers(40);
  for (int64_t size = 1; size <= 40; ++size) {
    for (int64_t index = 0; index < size; ++index) {
      TlogProof proof = ProofOf(tree, index, size);
      if (index % 3 == 1) proof.extra = tree.entries()[index];
      if (index % 3 == 2) proof.extra = "";

      const absl::StatusOr<TlogProof> parsed = ParseTlogProof(FormatTlogProof(proof));

      ASSERT_TRUE(parsed.ok()) << parsed.status();
      ASSERT_EQ(*parsed, proof);
      const absl::StatusOr<Checkpoint> checkpoint = VerifyTlogProof(*parsed, tree.leaf(index), LogKeys(), kOrigin);
      ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
      ASSERT_EQ(checkpoint->tree_size, size);
    }
  }
}

TEST(ParseTlogProofTest, NamesTheLineThatIsWrong) {
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  const std::string hash = EncodeHash(LeafHash("x")) + "\n";
  const std::string note = SignCheckpoint({kOrigin, 7, LeafHash("x")}, KeyOf(1)).value();
  std::string many;
  for (int i = 0; i < 64; ++i) many += hash;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "ends before its first line"},
      {"wrong\nindex 0\n\n" + note, "line 1: \"wrong\""},
      {"c2sp.org/tlog-proof@v1", "ends before its first line"},
      {"c2sp.org/tlog-proof@v2\nindex 0\n\n" + note, "line 1"},
      {"c2sp.org/spicy-signature@v1\nindex 0\n\n" + note, "line 1"},
      {head, "ends before its index"},
      {head + "extra !!\nindex 0\n\n" + note, "line 2: the extra data is not base64"},
      {head + "extra ZXh0\nextra ZXh0\nindex 0\n\n" + note, "line 3: \"extra ZXh0\" is not \"index <number>\""},
      {head + "extra ZXh0\n", "ends before its index"},
      {head + "\n" + note, "line 2: \"\" is not \"index <number>\""},
      {head + "index 0\nextra ZXh0\n\n" + note, "line 3"},
      {head + "index -5\n\n" + note, "line 2: \"index -5\" has no decimal index"},
      {head + "index 05\n\n" + note, "has no decimal index"},
      {head + "index  5\n\n" + note, "has no decimal index"},
      {head + "index five\n\n" + note, "has no decimal index"},
      {head + "index 9223372036854775808\n\n" + note, "has no decimal index"},
      {head + "index 0\nAAAA\n\n" + note, "line 3: \"AAAA\" is not the base64 of 32 bytes"},
      {head + "index 0\n" + hash, "ends before its checkpoint"},
      {head + "index 0\n" + many + "\n" + note, "line 66: more than 63 hashes"},
      {head + "index 0\n\n", "the checkpoint in the tlog-proof"},
      {head + "index 0\n\n\n" + note, "the checkpoint in the tlog-proof: checkpoint line 1"},
      {head + "index 0\n\nno checkpoint\n\n— n AAAAAAA=\n", "the checkpoint in the tlog-proof: checkpoint line 2"}};
  for (const auto& [text, message] : cases) {
    const absl::StatusOr<TlogProof> proof = ParseTlogProof(text);
    EXPECT_EQ(proof.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(MessageOf(proof), HasSubstr(message)) << text;
  }
}

TEST(VerifyTlogProofTest, EveryChangedByteIsRefused) {
  const StoredTree tree = StoredTree::OfNumbers(11);
  const std::string text = FormatTlogProof(ProofOf(tree, 6, 11));
  for (size_t i = 0; i < text.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = text;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const absl::StatusOr<TlogProof> proof = ParseTlogProof(changed);
      if (!proof.ok()) continue;
      EXPECT_FALSE(VerifyTlogProof(*proof, tree.leaf(6), LogKeys(), kOrigin).ok()) << "byte " << i << ", bit " << bit;
    }
  }
}

TEST(VerifyTlogProofTest, RandomChangesNeverProveAnythingElse) {
  const StoredTree tree = StoredTree::OfNumbers(11);
  TlogProof proof = ProofOf(tree, 6, 11);
  proof.extra = "some bytes that nobody signed";
  const std::string text = FormatTlogProof(proof);
  testing::SeededRandom random;
  for (int i = 0; i < 20'000; ++i) {
    const std::string changed = random.Changed(text);
    const absl::StatusOr<TlogProof> parsed = ParseTlogProof(changed);
    if (!parsed.ok()) continue;
    ASSERT_EQ(FormatTlogProof(*parsed), changed);
    if (!VerifyTlogProof(*parsed, tree.leaf(6), LogKeys(), kOrigin).ok()) continue;
    // What passed still says the same; extra data and further signatures of unknown keys are free to differ.
    ASSERT_EQ(parsed->index, 6);
    ASSERT_EQ(parsed->hashes, proof.hashes);
    ASSERT_EQ(OpenCheckpoint(parsed->checkpoint_note, LogKeys())->tree_size, 11);
  }
}

TEST(VerifyTlogProofTest, RefusesAnotherRecordIndexSizeLogOrKey) {
  const StoredTree tree = StoredTree::OfNumbers(11);
  const TlogProof good = ProofOf(tree, 6, 11);
  const auto code = [&](const TlogProof& proof, const Hash& leaf, const std::vector<NoteKey>& keys,
                        const char* origin) { return VerifyTlogProof(proof, leaf, keys, origin).status().code(); };
  ASSERT_EQ(code(good, tree.leaf(6), LogKeys(), kOrigin), absl::StatusCode::kOk);

  EXPECT_EQ(code(good, tree.leaf(5), LogKeys(), kOrigin), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(good, tree.leaf(6), LogKeys(), "example.org/other"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(good, tree.leaf(6), {NoteKeyOf(kOrigin, kNoteEd25519, 2)}, kOrigin),
            absl::StatusCode::kUnauthenticated);
  TlogProof other_index = good;
  other_index.index = 7;
  EXPECT_EQ(code(other_index, tree.leaf(6), LogKeys(), kOrigin), absl::StatusCode::kInvalidArgument);
  TlogProof other_size = good;
  other_size.checkpoint_note = ProofOf(tree, 6, 10).checkpoint_note;
  EXPECT_EQ(code(other_size, tree.leaf(6), LogKeys(), kOrigin), absl::StatusCode::kInvalidArgument);
  TlogProof short_proof = good;
  short_proof.hashes.pop_back();
  EXPECT_EQ(code(short_proof, tree.leaf(6), LogKeys(), kOrigin), absl::StatusCode::kInvalidArgument);
  TlogProof long_proof = good;
  long_proof.hashes.push_back(LeafHash("x"));
  EXPECT_EQ(code(long_proof, tree.leaf(6), LogKeys(), kOrigin), absl::StatusCode::kInvalidArgument);
}

TEST(VerifyTlogProofTest, AsksForTheQuorumOfThePolicy) {
  const StoredTree tree = StoredTree::OfNumbers(11);
  const NoteKey witness = NoteKeyOf("witness.org", kNoteCosignature, 2);
  const TlogPolicy policy = TlogPolicy::Parse(absl::StrCat("log ", FormatVerifierKey(LogKeys()[0]), "\nwitness w ",
                                                           FormatVerifierKey(witness), "\nquorum w\n"))
                                .value();
  TlogProof proof = ProofOf(tree, 6, 11);
  EXPECT_EQ(VerifyTlogProof(proof, tree.leaf(6), policy).status().code(), absl::StatusCode::kFailedPrecondition);

  Note note = ParseNote(proof.checkpoint_note).value();
  note.signatures.push_back(CosignCheckpoint(note.text, KeyOf(2), "witness.org", 1'700'000'000).value());
  proof.checkpoint_note = FormatNote(note);

  const absl::StatusOr<PolicyVerdict> verdict = VerifyTlogProof(proof, tree.leaf(6), policy);
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->cosigned[0].time_seconds, 1'700'000'000);
  EXPECT_EQ(VerifyTlogProof(proof, tree.leaf(5), policy).status().code(), absl::StatusCode::kInvalidArgument);
}

// A changed byte may break a character, and a message that is cut may cut one. Such a message once broke whatever read
// the verdict as text.
TEST(ParseTlogProofTest, MessagesArePrintableWhateverIsInTheText) {
  for (const std::string& line :
       {std::string("\xef\x94 x"), std::string(79, 'x') + "\xe2\x80\x94", std::string("\x1b[2J")}) {
    const absl::Status status = ParseTlogProof("c2sp.org/tlog-proof@v1\nindex 0\n" + line + "\n").status();

    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    for (const char c : std::string(status.message())) EXPECT_TRUE(c >= ' ' && c <= '~') << status.message();
  }
}

}  // namespace
}  // namespace hattama::merkle
