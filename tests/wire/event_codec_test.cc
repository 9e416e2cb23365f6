// Submissions: what decoding keeps, and what it refuses at which path.
#include "services/wire/event_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/message_differencer.h"
#include "services/domain/refusal.h"
#include "tests/support/random_submission.h"
#include "tests/support/seed.h"
#include "tests/support/synthetic_election.h"
#include "tests/wire/plain_message.h"

namespace hattama {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::ElementsAre;
using testing::EveryEventCase;
using ::testing::HasSubstr;
using testing::KeptPart;
using testing::PlainMessage;
using testing::RandomSubmission;
using testing::RandomSubmissionOf;

// "field: message" of each fault.
std::vector<std::string> FaultsOf(const std::string& bytes) {
  domain::Refusals refusals;
  wire::DecodeSubmission(bytes, refusals);
  std::vector<std::string> faults;
  for (const domain::Refusal& refusal : refusals) {
    EXPECT_EQ(refusal.reason, domain::RefusalReason::kMalformed);
    faults.push_back(refusal.field + ": " + refusal.message);
  }
  return faults;
}

v1::Submission Protocol() {
  v1::Submission submission;
  EXPECT_TRUE(submission.ParseFromString(testing::SyntheticElection(20).Protocol(0, v1::STAGE_FINAL, 0, std::nullopt)));
  return submission;
}

TEST(DecodeSubmissionTest, KeepsEveryFieldOfEveryEventThatTheFoldNeeds) {
  std::mt19937_64 random(testing::Seed(11));
  for (const v1::Submission::EventCase event : EveryEventCase()) {
    for (int round = 0; round < 100; ++round) {
      const v1::Submission submission = RandomSubmissionOf(event, random);
      domain::Refusals faults;
      const wire::DecodedSubmission decoded = wire::DecodeSubmission(submission.SerializeAsString(), faults);
      ASSERT_TRUE(faults.empty()) << faults[0].field << ": " << faults[0].message << "\n" << submission.DebugString();
      std::string difference;
      MessageDifferencer differencer;
      differencer.ReportDifferencesToString(&difference);
      ASSERT_TRUE(differencer.Compare(KeptPart(submission), PlainMessage(decoded)))
          << difference << submission.DebugString();
    }
  }
}

TEST(ElectionIdOfTest, IsThatOfThePlainEventForEveryKindOfEvent) {
  std::mt19937_64 random(testing::Seed(12));
  int with_election = 0;
  for (const v1::Submission::EventCase event : EveryEventCase()) {
    const v1::Submission submission = RandomSubmissionOf(event, random);
    domain::Refusals faults;
    const domain::Event plain = wire::ToEvent(submission, faults);
    EXPECT_EQ(wire::ElectionIdOf(submission), domain::ElectionOf(plain)) << submission.DebugString();
    with_election += wire::ElectionIdOf(submission).empty() ? 0 : 1;
  }
  EXPECT_GT(with_election, 5);
  EXPECT_EQ(wire::ElectionIdOf(v1::Submission()), "");
}

TEST(DecodeSubmissionTest, TellsBlankFromZero) {
  v1::Submission submission = Protocol();
  submission.mutable_protocol_submitted()->mutable_lines(0)->clear_count();
  submission.mutable_protocol_submitted()->mutable_options(0)->set_count(0);
  submission.mutable_protocol_submitted()->set_supersedes_sequence(0);
  domain::Refusals faults;
  const wire::DecodedSubmission decoded = wire::DecodeSubmission(submission.SerializeAsString(), faults);
  const auto& protocol = std::get<domain::ProtocolSubmitted>(decoded.event);
  EXPECT_EQ(protocol.lines[0].count, std::nullopt);
  EXPECT_EQ(protocol.options[0].count, 0);
  EXPECT_EQ(protocol.supersedes_sequence, 0);
  EXPECT_EQ(protocol.decision_sequence, std::nullopt);
}

TEST(DecodeSubmissionTest, WantsAnIdOfSixteenBytes) {
  for (const size_t size : {0, 1, 15, 17, 32}) {
    v1::Submission submission = Protocol();
    submission.set_submission_id(std::string(size, 'x'));
    EXPECT_THAT(FaultsOf(submission.SerializeAsString()),
                ElementsAre("submission_id: has " + std::to_string(size) + " bytes, not 16"));
  }
}

TEST(DecodeSubmissionTest, WantsAnEvent) {
  v1::Submission submission = Protocol();
  submission.clear_event();
  EXPECT_THAT(FaultsOf(submission.SerializeAsString()), ElementsAre(HasSubstr("event: is required")));
  // An event of a later version is no event to this one: field 99, an empty message.
  EXPECT_THAT(FaultsOf(submission.SerializeAsString() + std::string("\x9a\x06\x00", 3)),
              ElementsAre(HasSubstr("event: is required, or of a kind that this version does not know")));
}

TEST(DecodeSubmissionTest, TakesOneToSixtyFiveThousandBytes) {
  v1::Submission submission = Protocol();
  const auto of_size = [&](size_t size) {
    submission.mutable_protocol_submitted()->clear_note();
    // A note of n bytes, 128..16,383 and more, brings its lengths with it; so the rest is found by trying.
    std::string note(size - submission.ByteSizeLong() - 16, 'n');
    submission.mutable_protocol_submitted()->set_note(note);
    while (submission.ByteSizeLong() < size) submission.mutable_protocol_submitted()->set_note(note += 'n');
    EXPECT_EQ(submission.ByteSizeLong(), size);
    return submission.SerializeAsString();
  };
  EXPECT_THAT(FaultsOf(""), ElementsAre("submission: has 0 bytes, not 1..65000"));
  EXPECT_THAT(FaultsOf(of_size(64'999)), ElementsAre());
  EXPECT_THAT(FaultsOf(of_size(65'000)), ElementsAre());
  EXPECT_THAT(FaultsOf(of_size(65'001)), ElementsAre("submission: has 65001 bytes, not 1..65000"));
  EXPECT_THAT(FaultsOf(std::string(100 << 20, 'x')), ElementsAre("submission: has 104857600 bytes, not 1..65000"));
}

TEST(DecodeSubmissionTest, RefusesTextThatIsNoUtf8WhereverItStands) {
  const google::protobuf::LogSilencer silencer;
  const auto spoil = [](v1::Submission submission, const std::function<void(v1::Submission&, const char*)>& set) {
    // Written as text of the same length first: the setters are for UTF-8 alone.
    set(submission, "@@@@");
    std::string bytes = submission.SerializeAsString();
    const size_t at = bytes.find("@@@@");
    EXPECT_NE(at, std::string::npos);
    bytes.replace(at, 4, "a\xc3\x28z");
    return bytes;
  };
  const std::vector<std::function<void(v1::Submission&, const char*)>> places = {
      [](v1::Submission& submission, const char* text) { submission.set_submitter(text); },
      [](v1::Submission& submission, const char* text) { submission.mutable_protocol_submitted()->set_unit_id(text); },
      [](v1::Submission& submission, const char* text) { submission.mutable_protocol_submitted()->set_note(text); },
      [](v1::Submission& submission, const char* text) {
        submission.mutable_protocol_submitted()->mutable_options(2)->set_option_id(text);
      },
      [](v1::Submission& submission, const char* text) {
        submission.mutable_protocol_submitted()->add_signatories()->set_name(text);
      },
      [](v1::Submission& submission, const char* text) {
        submission.mutable_election_defined()->add_names()->set_text(text);
      },
  };
  for (size_t i = 0; i < places.size(); ++i) {
    EXPECT_THAT(FaultsOf(spoil(Protocol(), places[i])), ElementsAre(HasSubstr("UTF-8"))) << "place " << i;
  }
}

struct FormFault {
  const char* description;
  std::function<void(v1::Submission&)> make;
  std::string field;
  std::string message;
};

std::vector<FormFault> FormFaults() {
  const auto protocol = [](v1::Submission& s) -> v1::ProtocolSubmitted& { return *s.mutable_protocol_submitted(); };
  const auto election = [](v1::Submission& s) -> v1::ElectionDefined& { return *s.mutable_election_defined(); };
  const auto rule = [](v1::Submission& s) -> v1::Rule& {
    v1::Rule& added = *s.mutable_election_defined()->add_rules();
    added.set_relation(v1::RELATION_EQUAL);
    added.set_severity(v1::SEVERITY_SOFT);
    return added;
  };
  const auto contest = [](v1::Submission& s) -> v1::Contest& {
    v1::Contest& added = *s.mutable_contests_listed()->add_contests();
    added.mutable_plurality();
    return added;
  };
  const std::string unknown = "has unknown value 77";
  return {
      {"stage 0", [=](auto& s) { protocol(s).clear_stage(); }, "protocol_submitted.stage", "is required"},
      {"stage 4", [=](auto& s) { protocol(s).set_stage(v1::Stage(4)); }, "protocol_submitted.stage",
       "has unknown value 4"},
      {"stage -1", [=](auto& s) { protocol(s).set_stage(v1::Stage(-1)); }, "protocol_submitted.stage",
       "has unknown value -1"},
      {"evidence of 31 bytes",
       [=](auto& s) {
         protocol(s).add_evidence()->set_sha256(std::string(32, 'e'));
         protocol(s).add_evidence()->set_sha256(std::string(31, 'e'));
       },
       "protocol_submitted.evidence[1].sha256", "has 31 bytes, not 32"},
      {"evidence without digest", [=](auto& s) { protocol(s).add_evidence()->set_label("scan"); },
       "protocol_submitted.evidence[0].sha256", "has 0 bytes, not 32"},
      {"evidence of an appeal", [](auto& s) { s.mutable_appeal_filed()->add_evidence()->set_sha256("short"); },
       "appeal_filed.evidence[0].sha256", "has 5 bytes, not 32"},
      {"evidence of a decision",
       [](auto& s) {
         s.mutable_decision_recorded()->set_kind(v1::DECISION_KIND_DISMISSED);
         s.mutable_decision_recorded()->add_evidence()->set_sha256(std::string(33, 'e'));
       },
       "decision_recorded.evidence[0].sha256", "has 33 bytes, not 32"},
      {"kind of decision", [](auto& s) { s.mutable_decision_recorded()->set_kind(v1::DecisionKind(7)); },
       "decision_recorded.kind", "has unknown value 7"},
      {"no kind of decision", [](auto& s) { s.mutable_decision_recorded(); }, "decision_recorded.kind", "is required"},
      {"year 0", [=](auto& s) { protocol(s).mutable_signed_time()->set_seconds(-62'135'596'801); },
       "protocol_submitted.signed_time", "seconds -62135596801, nanos 0 is no valid time"},
      {"year 10,000", [=](auto& s) { protocol(s).mutable_reported_time()->set_seconds(253'402'300'800); },
       "protocol_submitted.reported_time", "seconds 253402300800, nanos 0 is no valid time"},
      {"nanos -1", [](auto& s) { s.mutable_appeal_filed()->mutable_filed_time()->set_nanos(-1); },
       "appeal_filed.filed_time", "seconds 0, nanos -1 is no valid time"},
      {"nanos 10^9",
       [](auto& s) {
         s.mutable_decision_recorded()->set_kind(v1::DECISION_KIND_DISMISSED);
         s.mutable_decision_recorded()->mutable_decided_time()->set_nanos(1'000'000'000);
       },
       "decision_recorded.decided_time", "seconds 0, nanos 1000000000 is no valid time"},
      {"source kind", [=](auto& s) { election(s).add_sources()->set_kind(v1::SourceKind(77)); },
       "election.sources[0].kind", unknown},
      {"no source kind", [=](auto& s) { election(s).add_sources(); }, "election.sources[0].kind", "is required"},
      {"meaning of a line",
       [=](auto& s) {
         election(s).add_lines();
         election(s).add_lines()->set_meaning(v1::LineMeaning(77));
       },
       "election.lines[1].meaning", unknown},
      {"aggregate", [=](auto& s) { election(s).add_bases()->add_terms()->set_aggregate(v1::Aggregate(77)); },
       "election.bases[0].terms[0].aggregate", unknown},
      {"term without operand", [=](auto& s) { election(s).add_bases()->add_terms()->set_coefficient(2); },
       "election.bases[0].terms[0]", "line_id, option_id or aggregate is required"},
      {"numerator of turnout", [=](auto& s) { election(s).add_turnouts()->add_numerator(); },
       "election.turnouts[0].numerator[0]", "line_id, option_id or aggregate is required"},
      {"denominator of turnout", [=](auto& s) { election(s).add_turnouts()->add_denominator(); },
       "election.turnouts[0].denominator[0]", "line_id, option_id or aggregate is required"},
      {"left of a rule", [=](auto& s) { rule(s).add_left(); }, "election.rules[0].left[0]",
       "line_id, option_id or aggregate is required"},
      {"right of a rule", [=](auto& s) { rule(s).add_right(); }, "election.rules[0].right[0]",
       "line_id, option_id or aggregate is required"},
      {"relation", [=](auto& s) { rule(s).set_relation(v1::Relation(77)); }, "election.rules[0].relation", unknown},
      {"severity", [=](auto& s) { rule(s).clear_severity(); }, "election.rules[0].severity", "is required"},
      {"stage of a rule",
       [=](auto& s) {
         v1::Rule& added = rule(s);
         added.add_stages(v1::STAGE_FINAL);
         added.add_stages(v1::Stage(77));
       },
       "election.rules[0].stages[1]", unknown},
      {"contest without rule", [](auto& s) { s.mutable_contests_listed()->add_contests(); },
       "contests_listed.contests[0]", "party_list, plurality, absolute_majority or referendum is required"},
      {"kind of option", [=](auto& s) { contest(s).add_options()->set_kind(v1::OptionKind(6)); },
       "contests_listed.contests[0].options[0].kind", "has unknown value 6"},
      {"no kind of option", [=](auto& s) { contest(s).add_options(); }, "contests_listed.contests[0].options[0].kind",
       "is required"},
      {"method", [=](auto& s) { contest(s).mutable_party_list()->set_method(v1::AllocationMethod(77)); },
       "contests_listed.contests[0].party_list.method", unknown},
      {"no method", [=](auto& s) { contest(s).mutable_party_list(); }, "contests_listed.contests[0].party_list.method",
       "is required"},
  };
}

TEST(DecodeSubmissionTest, NamesTheFieldOfEveryFaultOfForm) {
  for (const FormFault& fault : FormFaults()) {
    v1::Submission submission = Protocol();
    fault.make(submission);
    EXPECT_THAT(FaultsOf(submission.SerializeAsString()), ElementsAre(fault.field + ": " + fault.message))
        << fault.description;
  }
}

TEST(DecodeSubmissionTest, ReportsAllFaultsAndNotTheFirstAlone) {
  v1::Submission submission = Protocol();
  submission.set_submission_id("short");
  submission.mutable_protocol_submitted()->clear_stage();
  submission.mutable_protocol_submitted()->add_evidence();
  submission.mutable_protocol_submitted()->mutable_signed_time()->set_nanos(-5);
  EXPECT_THAT(
      FaultsOf(submission.SerializeAsString()),
      ElementsAre(HasSubstr("submission_id"), HasSubstr("stage"), HasSubstr("evidence[0]"), HasSubstr("signed_time")));
}

// What must hold of arbitrary bytes: refused where protobuf cannot read them, and what is accepted is well formed: it
// decodes from its plain message to itself.
void ExpectRefusedOrWellFormed(const std::string& bytes) {
  domain::Refusals faults;
  const wire::DecodedSubmission decoded = wire::DecodeSubmission(bytes, faults);
  if (!v1::Submission().ParseFromString(bytes)) {
    EXPECT_FALSE(faults.empty());
  }
  if (!faults.empty()) return;
  const v1::Submission plain = PlainMessage(decoded);
  domain::Refusals again;
  const std::string round_trip =
      PlainMessage(wire::DecodeSubmission(plain.SerializeAsString(), again)).SerializeAsString();
  EXPECT_TRUE(again.empty()) << again[0].field << ": " << again[0].message;
  EXPECT_EQ(round_trip, plain.SerializeAsString());
}

TEST(DecodeSubmissionTest, SurvivesEveryPrefixOfASubmission) {
  const google::protobuf::LogSilencer silencer;
  std::mt19937_64 random(testing::Seed(12));
  for (const v1::Submission::EventCase event : EveryEventCase()) {
    const std::string bytes = RandomSubmissionOf(event, random).SerializeAsString();
    for (size_t size = 0; size < bytes.size(); ++size) ExpectRefusedOrWellFormed(bytes.substr(0, size));
  }
}

TEST(DecodeSubmissionTest, SurvivesAlteredSubmissionsAndGarbage) {
  const google::protobuf::LogSilencer silencer;
  std::mt19937_64 random(testing::Seed(13));
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = RandomSubmission(random).SerializeAsString();
    if (round % 10 == 0) {
      bytes.assign(1 + random() % 200, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random());
    }
    for (uint64_t changes = 1 + random() % 4; changes > 0; --changes) {
      const size_t at = random() % bytes.size();
      switch (random() % 3) {
        case 0:
          bytes[at] = static_cast<char>(random());
          break;
        case 1:
          bytes.erase(at, 1 + random() % 8);
          break;
        default:
          bytes.insert(at, 1 + random() % 8, static_cast<char>(random()));
          break;
      }
      if (bytes.empty()) bytes = "x";
    }
    ExpectRefusedOrWellFormed(bytes);
    if (HasFailure()) FAIL() << "round " << round;
  }
}

TEST(DecodeSubmissionIntoTest, AUsedSubmissionDecodesAsAFreshOne) {
  const google::protobuf::LogSilencer silencer;
  std::mt19937_64 random(testing::Seed(14));
  wire::DecodedSubmission reused;
  for (int round = 0; round < 20'000; ++round) {
    // Protocols mostly, whose memory is used again; refused ones in between, which leave anything behind.
    v1::Submission submission =
        random() % 3 == 0 ? RandomSubmission(random) : RandomSubmissionOf(v1::Submission::kProtocolSubmitted, random);
    if (random() % 8 == 0) submission.set_submission_id("short");
    if (random() % 8 == 0 && submission.has_protocol_submitted()) {
      submission.mutable_protocol_submitted()->set_stage(v1::Stage(9));
    }
    std::string bytes = submission.SerializeAsString();
    if (random() % 8 == 0) bytes.resize(bytes.size() / 2);
    domain::Refusals reused_faults;
    wire::DecodeSubmissionInto(bytes, reused, reused_faults);
    domain::Refusals fresh_faults;
    const wire::DecodedSubmission fresh = wire::DecodeSubmission(bytes, fresh_faults);
    ASSERT_EQ(reused_faults.size(), fresh_faults.size()) << "round " << round;
    if (!fresh_faults.empty()) continue;
    ASSERT_EQ(PlainMessage(reused).SerializeAsString(), PlainMessage(fresh).SerializeAsString()) << "round " << round;
  }
}

TEST(ToDefinitionTest, NamesFaultsByThePathsOfTheFile) {
  v1::ElectionDefinition definition;
  definition.mutable_election()->add_sources();
  definition.add_contests()->mutable_plurality();
  definition.add_contests();
  definition.mutable_contests(0)->add_options();
  domain::Refusals faults;
  wire::ToDefinition(definition, faults);
  std::vector<std::string> fields;
  for (const domain::Refusal& fault : faults) fields.push_back(fault.field);
  EXPECT_THAT(fields, ElementsAre("election.sources[0].kind", "contests[0].options[0].kind", "contests[1]"));
}

TEST(ToDefinitionTest, KeepsUnitsAndRoll) {
  v1::ElectionDefinition definition;
  v1::Unit& unit = *definition.add_units();
  unit.set_unit_id("0412");
  unit.set_parent_id("04");
  unit.set_level_id("station");
  v1::RollEntry& entry = *definition.add_roll();
  entry.set_unit_id("0412");
  entry.set_registered_voters(0);
  domain::Refusals faults;
  const domain::Definition plain = wire::ToDefinition(definition, faults);
  EXPECT_TRUE(faults.empty());
  ASSERT_EQ(plain.units.size(), 1u);
  EXPECT_TRUE(MessageDifferencer::Equals(wire::ToAnswer(plain.units[0]), unit));
  ASSERT_EQ(plain.roll.size(), 1u);
  EXPECT_EQ(plain.roll[0].unit_id, "0412");
  EXPECT_EQ(plain.roll[0].registered_voters, 0);
}

}  // namespace
}  // namespace hattama
