// Signed notes: the examples of the specification and of other implementations, and every way to break one.
#include "storage/merkle/signed_note.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/cosignature.h"
#include "tests/storage/notes_support.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::hattama::testing::NoteKeyOf;
using ::testing::HasSubstr;

// c2sp.org/signed-note, its example.
constexpr char kSpecKey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kSpecNote[] =
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

// golang.org/x/mod/sumdb/note, its example.
constexpr char kGoKey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr char kGoPrivateKey[] = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr char kGoText[] =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
constexpr char kGoSignature[] =
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

// transparency-dev/formats, note/note_cosigv1_test.go.
constexpr char kWitnessKey[] = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

Note ParsedNote(std::string_view bytes) {
  absl::StatusOr<Note> note = ParseNote(bytes);
  EXPECT_TRUE(note.ok()) << note.status();
  return note.ok() ? *std::move(note) : Note{};
}

std::vector<NoteKey> Keys(std::vector<std::string> vkeys) {
  std::vector<NoteKey> keys;
  for (const std::string& vkey : vkeys) keys.push_back(ParseVerifierKey(vkey).value());
  return keys;
}

TEST(ParseVerifierKeyTest, ReadsThePublishedKeys) {
  for (const char* vkey :
       {kSpecKey, kGoKey, kWitnessKey, "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
        "TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6",
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"}) {
    const absl::StatusOr<NoteKey> key = ParseVerifierKey(vkey);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(FormatVerifierKey(*key), vkey);
  }
  EXPECT_EQ(ParseVerifierKey(kSpecKey)->key_id, 0x530d903au);
  EXPECT_EQ(ParseVerifierKey(kWitnessKey)->type, kNoteCosignature);
}

TEST(ParseVerifierKeyTest, NamesWhatIsWrong) {
  const std::string spec(kSpecKey);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "wants name+keyid+base64"},
      {"example.com/foo", "wants name+keyid+base64"},
      {"example.com/foo+530d903a", "wants name+keyid+base64"},
      {"+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "the key name is empty"},
      {"example com+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "has a space in it"},
      {"example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "not 8 lower-case hex digits"},
      {"example.com/foo+530d903+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "not 8 lower-case hex digits"},
      {"example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
       "its key id is 530d903b, and that of "
       "its name and key is 530d903a"},
      {"example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", "its key id is 530d903a"},
      {"example.com/foo+530d903a+Aekye", "not base64"},
      {"example.com/foo+530d903a+", "not base64"},
      {"example.com/foo+530d903a+AwEB", "type 0x03"},
      {"example.com/foo+530d903a+AQEB", "key material of 2 bytes"},
      {spec + "AAAA", "key material of 35 bytes"},
  };
  for (const auto& [vkey, message] : cases) {
    const absl::StatusOr<NoteKey> key = ParseVerifierKey(vkey);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << vkey;
    EXPECT_THAT(MessageOf(key), HasSubstr(message)) << vkey;
  }
}

// A private key that was given for its public half once stood in the message, and so in logs.
TEST(ParseVerifierKeyTest, NeverQuotesAPrivateKey) {
  const absl::Status status = ParseVerifierKey(kGoPrivateKey).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("private key"));
  EXPECT_THAT(std::string(status.message()), ::testing::Not(HasSubstr("AYEKFALV")));
}

TEST(ParseVerifierKeyTest, NoChangedByteGivesTheSameKey) {
  const std::string vkey(kSpecKey);
  const NoteKey key = ParseVerifierKey(vkey).value();
  for (size_t i = 0; i < vkey.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = vkey;
      changed[i] = static_cast<char>(byte);
      if (changed == vkey) continue;
      const absl::StatusOr<NoteKey> other = ParseVerifierKey(changed);
      EXPECT_FALSE(other.ok()) << changed;
    }
  }
}

TEST(ParseVerifierKeyTest, RefusesAKeyUnderWhichAnybodyCanSign) {
  EXPECT_THAT(MessageOf(MakeNoteKey("log", kNoteEd25519, PublicKey{})), HasSubstr("small order"));
}

TEST(ParsePrivateKeyTest, ReadsTheKeysOfOtherImplementations) {
  // The log of Tessera's tests, and the witnesses of transparency-dev/formats, policy/tlog_policy_test.go.
  const std::vector<std::pair<std::string, std::string>> cases = {
      {kGoPrivateKey, kGoKey},
      {"PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg",
       "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"},
      {"PRIVATE+KEY+Wit1+55ee4561+AeadRiG7XM4XiieCHzD8lxysXMwcViy5nYsoXURWGrlE",
       "Wit1+55ee4561+AVhZSmQj9+SoL+p/nN0Hh76xXmF7QcHfytUrI1XfSClk"}};
  for (const auto& [text, vkey] : cases) {
    const absl::StatusOr<NamedSigningKey> key = ParsePrivateKey(text);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(FormatPrivateKey(*key), text);
    EXPECT_EQ(FormatVerifierKey(MakeNoteKey(key->name, kNoteEd25519, key->key.public_key()).value()), vkey);
  }
}

TEST(ParsePrivateKeyTest, NamesWhatIsWrongAndKeepsTheSecret) {
  const std::string good(kGoPrivateKey);
  const std::string secret = good.substr(good.size() - 44);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {good.substr(1), "begins with PRIVATE+KEY+"},
      {good.substr(0, good.size() - 4), "key material of 29 bytes"},
      {good + "!", "not base64"},
      {"PRIVATE+KEY+Peter+c74f20a3+" + secret, "is c74f20a3, and that of its name and key is"},
      {"PRIVATE+KEY+PeterNeumann+c74f20a3+BIEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz", "type 0x04"}};
  for (const auto& [text, message] : cases) {
    const absl::StatusOr<NamedSigningKey> key = ParsePrivateKey(text);
    EXPECT_EQ(key.status().code(), absl::StatusCode::kInvalidArgument) << message;
    EXPECT_THAT(MessageOf(key), HasSubstr(message));
    EXPECT_THAT(MessageOf(key), ::testing::Not(HasSubstr(secret.substr(4, 20))));
  }
}

TEST(VerifyNoteTest, AcceptsThePublishedNotes) {
  const absl::StatusOr<std::vector<VerifiedSignature>> spec = VerifyNote(ParsedNote(kSpecNote), Keys({kSpecKey}));
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->front().key.name, "example.com/foo");

  const absl::StatusOr<std::vector<VerifiedSignature>> go =
      VerifyNote(ParsedNote(absl::StrCat(kGoText, "\n", kGoSignature)), Keys({kGoKey}));
  ASSERT_TRUE(go.ok()) << go.status();
}

TEST(SignTextTest, SignsAsOtherImplementationsDo) {
  const NamedSigningKey key = ParsePrivateKey(kGoPrivateKey).value();

  const absl::StatusOr<NoteSignature> signature = SignText(kGoText, key.name, key.key);

  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_EQ(FormatSignatureLine(*signature), kGoSignature);
}

TEST(SignTextTest, RefusesATextThatNoNoteMayHave) {
  const SigningKey key = KeyOf(1);
  for (const std::string& text :
       {std::string(""), std::string("no newline"), std::string("a\rb\n"), std::string("\x00\n", 2),
        std::string("tab\there\n"), std::string("\xff\n"), std::string("\xc0\x80\n"), std::string("\xed\xa0\x80\n"),
        std::string("\xf4\x90\x80\x80\n"), std::string("\xe2\x80\n")}) {
    EXPECT_EQ(SignText(text, "name", key).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(SignText("text\n", "two words", key).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(SignText("хаттама 1\n\n\x7f\xf0\x9f\x97\xb3\n", "name", key).ok());
}

TEST(CheckKeyNameTest, RefusesSpacesOfEveryKind) {
  for (const char* space :
       {" ", "\t", "\n", "\v", "\f", "\r", "\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x8a",
        "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"}) {
    EXPECT_THAT(MessageOf(CheckKeyName(absl::StrCat("a", space, "b"))), HasSubstr("space")) << space;
  }
  for (const char* name : {"example.com/log", "орталық.сайлау.kz",
                           "a\xe2\x80\x8b"
                           "b",
                           "—"}) {
    EXPECT_TRUE(CheckKeyName(name).ok()) << name;
  }
  EXPECT_THAT(MessageOf(CheckKeyName("a+b")), HasSubstr("'+'"));
  EXPECT_THAT(MessageOf(CheckKeyName("a\x01")), HasSubstr("control"));
  EXPECT_THAT(MessageOf(CheckKeyName("\xff")), HasSubstr("UTF-8"));
  EXPECT_THAT(MessageOf(CheckKeyName("")), HasSubstr("empty"));
}

TEST(ParseNoteTest, DividesAtTheLastEmptyLine) {
  const std::string signature = FormatSignatureLine(SignText("x\n", "n", KeyOf(1)).value());

  const Note note = ParsedNote("first\n\nsecond\n\n\nthird\n\n" + signature + signature);

  EXPECT_EQ(note.text, "first\n\nsecond\n\n\nthird\n");
  EXPECT_EQ(note.signatures.size(), 2u);
  EXPECT_EQ(ParsedNote("\n\n" + signature).text, "\n");
}

TEST(ParseNoteTest, NamesWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "ends in a newline"},
      {"text\n", "no empty line"},
      {"text\n\n", "no signature line"},
      {"\n— n AAAAAAA=\n", "no empty line"},
      {"text\n\n— n AAAAAAA=", "ends in a newline"},
      {"text\n\n- n AAAAAAA=\n", "signature line 1: \"- n AAAAAAA=\" does not begin with an em dash"},
      {"text\n\n— n AAAAAAA=\n—n AAAAAAA=\n", "signature line 2"},
      {"text\n\n— nAAAAAAA=\n", "a name and no signature"},
      {"text\n\n—  AAAAAAA=\n", "key name is empty"},
      {"text\n\n— n  AAAAAAA=\n", "not base64"},
      {"text\n\n— n AAAAAAA= \n", "not base64"},
      {"text\n\n— n AAAAAAA\n", "not base64"},
      {"text\n\n— n AAAAAAB=\n", "not base64"},
      {"text\n\n— n AAAAAA==\n", "a signature of 4 bytes"},
      {"text\n\n— a+b AAAAAAA=\n", "'+'"},
      {"te\rxt\n\n— n AAAAAAA=\n", "line 1 has the control character 0x0d"},
      {"text\nte\tt\n\n— n AAAAAAA=\n", "line 2 has the control character 0x09"},
      {"te\xfft\n\n— n AAAAAAA=\n", "line 1 is not UTF-8"}};
  for (const auto& [bytes, message] : cases) {
    const absl::StatusOr<Note> note = ParseNote(bytes);
    EXPECT_EQ(note.status().code(), absl::StatusCode::kInvalidArgument) << bytes;
    EXPECT_THAT(MessageOf(note), HasSubstr(message)) << bytes;
  }
}

// The specification asks for at least 16 signatures and advises a limit.
TEST(ParseNoteTest, TakesAHundredSignaturesAndNotOneMore) {
  std::string bytes = "text\n\n";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&bytes, "— n", i, " AAAAAAA=\n");

  EXPECT_EQ(ParsedNote(bytes).signatures.size(), 100u);
  EXPECT_THAT(MessageOf(ParseNote(bytes + "— n100 AAAAAAA=\n")), HasSubstr("more than 100 signatures"));
  EXPECT_THAT(MessageOf(ParseNote(std::string(1'000'000, 'x') + "\n")), HasSubstr("1000001 bytes"));
}

// A note of a log and two witnesses, one of whose keys the reader does not know.
struct Signed {
  Note note;
  std::vector<NoteKey> known;
};

Signed ThreeSignatures() {
  Signed made;
  made.note.text = "example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
  made.note.signatures = {SignText(made.note.text, "example.org/log", KeyOf(1)).value(),
                          CosignCheckpoint(made.note.text, KeyOf(2), "witness.org/a", 1'700'000'000).value(),
                          CosignCheckpoint(made.note.text, KeyOf(3), "witness.org/b", 1'700'000'001).value()};
  made.known = {NoteKeyOf("witness.org/a", kNoteCosignature, 2), NoteKeyOf("example.org/log", kNoteEd25519, 1)};
  return made;
}

TEST(VerifyNoteTest, NamesTheKnownKeysInTheirOrder) {
  const Signed made = ThreeSignatures();

  const absl::StatusOr<std::vector<VerifiedSignature>> verified = VerifyNote(made.note, made.known);

  ASSERT_TRUE(verified.ok()) << verified.status();
  ASSERT_EQ(verified->size(), 2u);
  EXPECT_EQ((*verified)[0], (VerifiedSignature{made.known[0], 1'700'000'000}));
  EXPECT_EQ((*verified)[1], (VerifiedSignature{made.known[1], 0}));
}

TEST(VerifyNoteTest, OneBadSignatureOfAKnownKeySpoilsTheNote) {
  for (size_t which : {0, 1}) {
    Signed made = ThreeSignatures();
    made.note.signatures[which].bytes.back() ^= 1;
    const absl::Status status = VerifyNote(made.note, made.known).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << which;
    EXPECT_THAT(MessageOf(status), HasSubstr(made.note.signatures[which].name));
  }
  Signed shorter = ThreeSignatures();
  shorter.note.signatures[0].bytes.pop_back();
  EXPECT_EQ(VerifyNote(shorter.note, shorter.known).status().code(), absl::StatusCode::kInvalidArgument);
}

// A name or an id alone does not make a key known.
TEST(VerifyNoteTest, IgnoresSignaturesOfUnknownKeys) {
  Signed made = ThreeSignatures();
  made.note.signatures[2].bytes = "not even a signature";
  NoteSignature same_name = made.note.signatures[0];
  same_name.key_id ^= 1;
  NoteSignature same_id = made.note.signatures[0];
  same_id.name = "example.org/other";
  made.note.signatures.push_back(same_name);
  made.note.signatures.push_back(same_id);

  EXPECT_TRUE(VerifyNote(made.note, made.known).ok());
}

TEST(VerifyNoteTest, IsUnauthenticatedWhereNoKnownKeySigned) {
  const Signed made = ThreeSignatures();
  const std::vector<NoteKey> others = {NoteKeyOf("example.org/log", kNoteEd25519, 9)};

  const absl::Status status = VerifyNote(made.note, others).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(MessageOf(status), HasSubstr("none of 1 known keys"));
  EXPECT_EQ(VerifyNote(made.note, {}).status().code(), absl::StatusCode::kUnauthenticated);
}

// The type is part of the key id, so a plain signature is none of a witness, whatever its key.
TEST(VerifyNoteTest, AWitnessIsNotTakenForALog) {
  Signed made = ThreeSignatures();
  made.note.signatures = {SignText(made.note.text, "witness.org/a", KeyOf(2)).value()};

  EXPECT_EQ(VerifyNote(made.note, made.known).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST(VerifyNoteTest, EveryChangedByteIsRefusedOrChangesNothingThatIsTrusted) {
  const Signed made = ThreeSignatures();
  const std::string bytes = FormatNote(made.note);
  const std::vector<NoteKey> log = {made.known[1]};
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = bytes;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const absl::StatusOr<Note> note = ParseNote(changed);
      if (!note.ok()) continue;
      EXPECT_EQ(FormatNote(*note), changed);
      if (VerifyNote(*note, log).ok()) {
        EXPECT_EQ(note->text, made.note.text) << "byte " << i << ", bit " << bit;
        EXPECT_EQ(note->signatures[0], made.note.signatures[0]) << "byte " << i << ", bit " << bit;
      }
    }
  }
}

TEST(ParseNoteTest, RandomChangesNeverPassForTheSignedText) {
  const Signed made = ThreeSignatures();
  const std::string bytes = FormatNote(made.note);
  testing::SeededRandom random;
  int parsed = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string changed = random.Changed(bytes);
    const absl::StatusOr<Note> note = ParseNote(changed);
    if (!note.ok()) continue;
    ++parsed;
    ASSERT_EQ(FormatNote(*note), changed);
    if (!VerifyNote(*note, made.known).ok()) continue;
    ASSERT_EQ(note->text, made.note.text) << changed;
  }
  EXPECT_GT(parsed, 100);
}

}  // namespace
}  // namespace hattama::merkle
