// Checkpoints and cosignatures: those of logs and witnesses in use, and every way to break one.
#include "storage/merkle/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/cosignature.h"
#include "storage/merkle/rfc6962.h"
#include "tests/storage/notes_support.h"

namespace hattama::merkle {
namespace {

using ::hattama::testing::KeyOf;
using ::hattama::testing::MessageOf;
using ::hattama::testing::NoteKeyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kRoot[] = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";

std::string SpecText() { return absl::StrCat("example.com/behind-the-sofa\n20852163\n", kRoot, "\n"); }

// The example of c2sp.org/tlog-checkpoint.
TEST(ParseCheckpointTest, ReadsTheSpecificationsExample) {
  std::vector<std::string> extensions;

  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(SpecText(), &extensions);

  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->tree_size, 20852163);
  EXPECT_EQ(EncodeHash(checkpoint->root), kRoot);
  EXPECT_TRUE(extensions.empty());
  EXPECT_EQ(FormatCheckpoint(*checkpoint), SpecText());
}

TEST(ParseCheckpointTest, ReportsExtensionLines) {
  std::vector<std::string> extensions;

  const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(SpecText() + "Timestamp: 1\nother\n", &extensions);

  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_THAT(extensions, ElementsAre("Timestamp: 1", "other"));
  EXPECT_EQ(FormatCheckpoint(*checkpoint), SpecText());
}

TEST(ParseCheckpointTest, NamesTheLineThatIsWrong) {
  const std::string root(kRoot);
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "ends in a newline"},
      {"o\n1\n" + root, "ends in a newline"},
      {"\n1\n" + root + "\n", "line 1: the origin is empty"},
      {"o\n", "line 2: the tree size is missing"},
      {"o\n1\n", "line 3: the root hash is missing"},
      {"o\n01\n" + root + "\n", "line 2: \"01\""},
      {"o\n-1\n" + root + "\n", "line 2: \"-1\""},
      {"o\n+1\n" + root + "\n", "line 2: \"+1\""},
      {"o\n 1\n" + root + "\n", "line 2: \" 1\""},
      {"o\n0x10\n" + root + "\n", "line 2: \"0x10\""},
      {"o\n9223372036854775808\n" + root + "\n", "line 2: \"9223372036854775808\""},
      {"o\n\n" + root + "\n", "line 2: \"\""},
      {"o\n1\n\n", "line 3: \"\""},
      {"o\n1\nAAAA\n", "line 3: \"AAAA\" is not the base64 of 32 bytes"},
      {"o\n1\n" + root + "A\n", "line 3"},
      {"o\n1\n" + root + "\n\n", "line 4: an extension line is empty"},
      {"o\n1\n" + root + "\next\n\nmore\n", "line 5: an extension line is empty"},
      {"o\n1\r\n" + root + "\n", "control character 0x0d"}};
  for (const auto& [text, message] : cases) {
    const absl::StatusOr<Checkpoint> checkpoint = ParseCheckpoint(text);
    EXPECT_EQ(checkpoint.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(MessageOf(checkpoint), HasSubstr(message)) << text;
  }
  EXPECT_EQ(ParseCheckpoint("o\n9223372036854775807\n" + root + "\n")->tree_size, std::numeric_limits<int64_t>::max());
}

// The log in Tessera's testdata/log, whose private key is published with it. Ed25519 is deterministic, so the same
// checkpoints signed here are the same bytes.
TEST(SignCheckpointTest, SignsTheTesseraLogByteForByte) {
  const NamedSigningKey key =
      ParsePrivateKey("PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg")
          .value();
  const std::vector<std::array<std::string, 3>> checkpoints = {
      {"0", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
       "M9e0lhxJACzE1KoUdqKuPa+9p6R7dSW8BlEvrg/noo8FkGg6PbJoRNOcdjqjOq89wVvTA60eubCc4oufo5BvIVEgtQc="},
      {"7", "IrSXADBqJ7EQoUODSDKROySgNveeL6CFhik2w/+fS7U=",
       "M9e0luA5JhTRUki/BBQD0QNiH6AEJ2pdtsA5CQjqJErViuuKrN6513RCTL2640wXJv0dCed3neRGI6dMzBq9uANf2Qc="},
      {"8", "bC+VwvrJbalNVjfkdI8kUgs7mJoXrqiXCE7bgnD28pY=",
       "M9e0lq1EK37dHtgv9O3UzPxisw5vwIPcJsX9ab0xt4mvVfbdUR1fbMjN6sBFYpBoBEmD4+cWhj/AVgI5MitCO5+mews="},
      {"15", "rKbDipCvhuX1GZ7g5BBe8sA6BbJ7ja/1nk427v383cs=",
       "M9e0luh4jTG+UMBqOUo9/q+yAEvx1ilBEniMvjf1zfcBOhg+CKubMt53MvIt/uEWP6zdkdIQzd/fmwlM/dlPWF74ewI="}};
  const std::vector<NoteKey> log_keys = {MakeNoteKey(key.name, kNoteEd25519, key.key.public_key()).value()};
  for (const auto& [size, root, signature] : checkpoints) {
    const std::string published = absl::StrCat("example.com/log/testdata\n", size, "\n", root,
                                               "\n\n— example.com/log/testdata ", signature, "\n");

    const absl::StatusOr<Checkpoint> checkpoint = OpenCheckpoint(published, log_keys);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    const absl::StatusOr<std::string> signed_here = SignCheckpoint(*checkpoint, key.key);
    ASSERT_TRUE(signed_here.ok()) << signed_here.status();
    EXPECT_EQ(*signed_here, published);
  }
}

// A checkpoint of the log arche2025h1 of transparency.dev (staging) as it was served in 2026, with the signatures of
// log and witnesses; the two keys are published by their owners.
constexpr char kArche[] =
    "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n"
    "— arche2025h1.staging.ct.transparency.dev "
    "zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt"
    "0=\n"
    "— arche2025h1.staging.ct.transparency.dev "
    "ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=\n"
    "— transparency.dev/DEV:witness-little-garden "
    "2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n"
    "— witness1.smartit.nu/witness1 "
    "pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==\n"
    "— remora.n621.de "
    "2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n"
    "— witness.stagemole.eu "
    "Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==\n";
constexpr char kArcheKey[] =
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f";
constexpr char kRemoraKey[] = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2";

TEST(VerifyNoteTest, AcceptsALogAndAWitnessInUse) {
  const std::vector<NoteKey> keys = {ParseVerifierKey(kArcheKey).value(), ParseVerifierKey(kRemoraKey).value()};
  const absl::StatusOr<SignedCheckpoint> parsed = ParseSignedCheckpoint(kArche);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(FormatNote(parsed->note), kArche);

  const absl::StatusOr<std::vector<VerifiedSignature>> verified = VerifyNote(parsed->note, keys);

  ASSERT_TRUE(verified.ok()) << verified.status();
  ASSERT_EQ(verified->size(), 2u);
  EXPECT_EQ((*verified)[1].time_seconds, 0x6a122120);
  EXPECT_EQ(OpenCheckpoint(kArche, keys)->tree_size, 1432088532);
}

TEST(VerifyNoteTest, RefusesALogInUseAtAnotherSize) {
  std::string changed(kArche);
  changed.replace(changed.find("1432088532"), 10, "1432088533");

  for (const char* vkey : {kArcheKey, kRemoraKey}) {
    const std::vector<NoteKey> keys = {ParseVerifierKey(vkey).value()};
    EXPECT_EQ(VerifyNote(ParseNote(changed).value(), keys).status().code(), absl::StatusCode::kInvalidArgument) << vkey;
  }
}

TEST(OpenCheckpointTest, RefusesACheckpointOfAnotherOrigin) {
  const std::string text = SpecText();
  const std::string note = FormatNote({text, {SignText(text, "example.com/other", KeyOf(1)).value()}});

  const absl::Status status =
      OpenCheckpoint(note, std::vector<NoteKey>{NoteKeyOf("example.com/other", kNoteEd25519, 1)}).status();

  EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_THAT(MessageOf(status), HasSubstr("example.com/behind-the-sofa is signed by example.com/other"));
}

TEST(OpenCheckpointTest, ACosignatureUnderTheOriginsNameIsNotTheLogs) {
  const std::string text = SpecText();
  const std::string note =
      FormatNote({text, {CosignCheckpoint(text, KeyOf(1), "example.com/behind-the-sofa", 5).value()}});

  const std::vector<NoteKey> keys = {NoteKeyOf("example.com/behind-the-sofa", kNoteCosignature, 1)};

  EXPECT_EQ(OpenCheckpoint(note, keys).status().code(), absl::StatusCode::kUnauthenticated);
}

TEST(SignCheckpointTest, RefusesAnOriginThatIsNoKeyName) {
  for (const char* origin : {"", "two words", "a+b", "line\nbreak", "\xff"}) {
    EXPECT_EQ(SignCheckpoint({origin, 0, EmptyRoot()}, KeyOf(1)).status().code(), absl::StatusCode::kInvalidArgument)
        << origin;
  }
  EXPECT_EQ(SignCheckpoint({"log", -1, EmptyRoot()}, KeyOf(1)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(OpenCheckpointTest, EveryChangedByteIsRefused) {
  const std::string note = SignCheckpoint({"example.org/log", 42, LeafHash("root")}, KeyOf(1)).value();
  const std::vector<NoteKey> keys = {NoteKeyOf("example.org/log", kNoteEd25519, 1)};
  ASSERT_TRUE(OpenCheckpoint(note, keys).ok());
  for (size_t i = 0; i < note.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = note;
      changed[i] = static_cast<char>(byte);
      if (changed == note) continue;
      EXPECT_FALSE(OpenCheckpoint(changed, keys).ok()) << "byte " << i << " as " << byte;
    }
  }
}

TEST(CosignatureTest, HasTheLayoutOfTheSpecification) {
  const std::string text = SpecText();
  const SigningKey key = KeyOf(4);

  const absl::StatusOr<NoteSignature> cosignature = CosignCheckpoint(text, key, "witness.example/w1", 1'679'315'147);

  ASSERT_TRUE(cosignature.ok()) << cosignature.status();
  ASSERT_EQ(cosignature->bytes.size(), 72u);
  EXPECT_EQ(cosignature->bytes.substr(0, 8), std::string("\0\0\0\0\x64\x18\x50\xcb", 8));
  Signature signature;
  std::copy(cosignature->bytes.begin() + 8, cosignature->bytes.end(), signature.begin());
  EXPECT_TRUE(VerifySignature(key.public_key(), "cosignature/v1\ntime 1679315147\n" + text, signature));
  EXPECT_EQ(VerifyCosignature(text, NoteKeyOf("witness.example/w1", kNoteCosignature, 4), *cosignature).value(),
            1'679'315'147);
}

TEST(CosignatureTest, CoversExtensionLines) {
  const NoteKey key = NoteKeyOf("w", kNoteCosignature, 4);
  const NoteSignature cosignature = CosignCheckpoint(SpecText() + "ext\n", KeyOf(4), "w", 9).value();

  EXPECT_TRUE(VerifyCosignature(SpecText() + "ext\n", key, cosignature).ok());
  EXPECT_FALSE(VerifyCosignature(SpecText(), key, cosignature).ok());
  EXPECT_FALSE(VerifyCosignature(SpecText() + "exT\n", key, cosignature).ok());
}

TEST(CosignatureTest, RefusesWhatIsNotItsOwn) {
  const NoteKey key = NoteKeyOf("w", kNoteCosignature, 4);
  const NoteSignature good = CosignCheckpoint(SpecText(), KeyOf(4), "w", 9).value();
  const auto message = [&](const NoteKey& with, const NoteSignature& signature) {
    const absl::Status status = VerifyCosignature(SpecText(), with, signature).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return MessageOf(status);
  };

  NoteSignature later = good;
  later.bytes[7] = 10;
  EXPECT_THAT(message(key, later), HasSubstr("is not good"));
  NoteSignature timeless = good;
  timeless.bytes[7] = 0;
  EXPECT_THAT(message(key, timeless), HasSubstr("time 0"));
  NoteSignature negative = good;
  negative.bytes[0] = static_cast<char>(0x80);
  EXPECT_THAT(message(key, negative), HasSubstr("not in 1..2^63-1"));
  NoteSignature plain = good;
  plain.bytes.resize(64);
  EXPECT_THAT(message(key, plain), HasSubstr("has 64 bytes"));
  EXPECT_THAT(message(NoteKeyOf("w", kNoteEd25519, 4), good), HasSubstr("another type"));
  EXPECT_THAT(message(NoteKeyOf("other", kNoteCosignature, 4), good), HasSubstr("is signed by w"));
  EXPECT_EQ(CosignCheckpoint(SpecText(), KeyOf(4), "w", 0).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CosignCheckpoint("no checkpoint\n", KeyOf(4), "w", 1).status().code(), absl::StatusCode::kInvalidArgument);
}

// The signed bytes do not name the witness, but its key id does.
TEST(CosignatureTest, OfTwoNamesWithOneKeyAreTwo) {
  const NoteSignature first = CosignCheckpoint(SpecText(), KeyOf(4), "w1", 9).value();
  const NoteSignature second = CosignCheckpoint(SpecText(), KeyOf(4), "w2", 9).value();

  EXPECT_NE(first.key_id, second.key_id);
}

}  // namespace
}  // namespace hattama::merkle
