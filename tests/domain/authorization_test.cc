// Who may record what: grants, scopes, revocation and rotation at their place in the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "services/domain/history.h"
#include "tests/domain/trial_history.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;
using testing::Founding;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kAuthority;
using testing::kElection;
using testing::Protocol;
using testing::Sheet;
using testing::TrialDefinition;

constexpr PublicKey kOffice = {0x01};
constexpr PublicKey kOther = {0x02};

// A ledger with the trial election, in which events are authorised, checked and applied.
class AuthorizationTest : public ::testing::Test {
 protected:
  AuthorizationTest() {
    for (const Event& event : Founding(TrialDefinition())) history_.Apply(0, event);
  }

  // The reason against the event, or nullopt.
  std::optional<RefusalReason> ReasonAgainst(const Event& event, const PublicKey& signer) const {
    const Refusals refusals = history_.Authorize(event, signer);
    EXPECT_LE(refusals.size(), 1u);
    if (refusals.empty()) return std::nullopt;
    EXPECT_EQ(refusals.front().field, "signature.public_key");
    return refusals.front().reason;
  }

  void Record(const Event& event, const PublicKey& signer = kAuthority) {
    ASSERT_THAT(history_.Authorize(event, signer), IsEmpty());
    ASSERT_THAT(history_.Check(event), IsEmpty());
    history_.Apply(0, event);
  }

  static KeyGranted Commission(PublicKey key = kOffice) {
    return {.public_key = key,
            .holder = "Office",
            .role = Role::kCommission,
            .election_id = kElection,
            .source_ids = {"pec"},
            .unit_id = "",
            .contest_ids = {},
            .stages = {}};
  }
  static KeyGranted WithRole(Role role) {
    KeyGranted grant = Commission();
    grant.role = role;
    grant.source_ids.clear();
    if (role == Role::kMonitor) grant.source_ids = {"watch"};
    return grant;
  }

  History history_;
};

TEST_F(AuthorizationTest, TheAuthorityAloneGrantsAndDefines) {
  const std::vector<Event> events = {Commission(), ElectionDefined{}, ContestsListed{}, UnitsListed{},
                                     ElectionOpened{}};
  for (const Event& event : events) {
    EXPECT_EQ(ReasonAgainst(event, kAuthority), std::nullopt) << event.index();
    EXPECT_EQ(ReasonAgainst(event, kOffice), RefusalReason::kRoleNotAdmitted) << event.index();
  }
}

TEST_F(AuthorizationTest, TheAuthorityWritesNoResults) {
  EXPECT_EQ(ReasonAgainst(Protocol(Sheet{}), kAuthority), RefusalReason::kKeyNotGranted);
}

TEST_F(AuthorizationTest, AKeyWithoutAGrantMayNothing) {
  EXPECT_EQ(ReasonAgainst(Protocol(Sheet{}), kOffice), RefusalReason::kKeyNotGranted);
  EXPECT_THAT(history_.Authorize(Protocol(Sheet{}), kOffice).front().message,
              HasSubstr("key 01000000 has no grant in election \"e\""));
}

TEST_F(AuthorizationTest, AGrantCoversItsSourceContestStageAndSubtree) {
  KeyGranted grant = Commission();
  grant.unit_id = "R1";
  grant.contest_ids = {"list"};
  grant.stages = {Stage::kPreliminary};
  Record(grant);

  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S1"}), kOffice), std::nullopt);
  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S3"}), kOffice), std::nullopt);
  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S4"}), kOffice), RefusalReason::kUnitOutsideGrant);
  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "nowhere"}), kOffice), RefusalReason::kUnitOutsideGrant);
  EXPECT_EQ(ReasonAgainst(Protocol({.source = "tec"}), kOffice), RefusalReason::kSourceOutsideGrant);
  EXPECT_EQ(ReasonAgainst(Protocol({.contest = "seat", .votes = {1, 2, 3}}), kOffice),
            RefusalReason::kContestOutsideGrant);
  EXPECT_EQ(ReasonAgainst(Protocol({.stage = Stage::kFinal}), kOffice), RefusalReason::kStageOutsideGrant);
}

TEST_F(AuthorizationTest, OneGrantMustCoverTheWholeEvent) {
  KeyGranted first = Commission();
  first.unit_id = "R1";
  first.stages = {Stage::kPreliminary};
  KeyGranted second = Commission();
  second.unit_id = "R2";
  second.stages = {Stage::kFinal};
  Record(first);
  Record(second);

  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S1"}), kOffice), std::nullopt);
  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S4", .stage = Stage::kFinal}), kOffice), std::nullopt);
  // R2 of the second grant and the preliminary stage of the first make no right together; the reason is that of the
  // grant which came further.
  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S4"}), kOffice), RefusalReason::kUnitOutsideGrant);
}

TEST_F(AuthorizationTest, NamesWhatTheElectionDoesNotKnowAreCheckedElsewhere) {
  Record(Commission());
  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "nowhere"}), kOffice), std::nullopt);
  EXPECT_THAT(history_.Check(Protocol({.unit = "nowhere"})), ::testing::Not(IsEmpty()));
}

TEST_F(AuthorizationTest, EachRoleRecordsItsOwnEvents) {
  const AppealFiled appeal{.election_id = kElection,
                           .appeal_id = "A",
                           .contest_id = "list",
                           .unit_ids = {"S1"},
                           .filed_by = "somebody",
                           .grounds = "grounds"};
  const DecisionRecorded decision{.election_id = kElection,
                                  .contest_id = "list",
                                  .kind = DecisionKind::kResultsAnnulled,
                                  .appeal_id = "",
                                  .unit_ids = {"S1"},
                                  .body = "body",
                                  .act_number = "1",
                                  .released_sequences = {}};
  const TallyPublished tally{.election_id = kElection,
                             .contest_id = "list",
                             .view = {.source_id = "pec"},
                             .tree_size = 1,
                             .digest = {},
                             .statement = "s",
                             .title = ""};
  const RollAmended roll{.election_id = kElection, .entries = {{"S1", 7}}, .reason = "reason"};
  const AuditorAttested attested{.tree_size = 1, .root = {}, .verdict = AuditVerdict::kConfirmed};
  const std::vector<Event> events = {Protocol(Sheet{}), appeal, decision, tally, roll, attested};
  struct Row {
    Role role;
    std::vector<bool> admitted;  // By event.
  };
  const std::vector<Row> rows = {{Role::kCommission, {true, true, true, true, true, false}},
                                 {Role::kMonitor, {false, true, false, false, false, false}},
                                 {Role::kCourtRegistry, {false, true, true, false, false, false}},
                                 {Role::kAuditor, {false, false, false, false, false, true}}};
  for (const Row& row : rows) {
    const PublicKey key = {static_cast<uint8_t>(0x10 + static_cast<int>(row.role))};
    KeyGranted grant = WithRole(row.role);
    if (row.role == Role::kCommission) grant.source_ids = {"pec"};
    grant.public_key = key;
    Record(grant);
    for (size_t i = 0; i < events.size(); ++i) {
      const std::optional<RefusalReason> reason = ReasonAgainst(events[i], key);
      if (row.admitted[i]) {
        EXPECT_EQ(reason, std::nullopt) << static_cast<int>(row.role) << " " << i;
      } else {
        // A monitor may state protocols, but not those of a commission.
        EXPECT_EQ(reason, row.role == Role::kMonitor && i == 0 ? RefusalReason::kSourceOutsideGrant
                                                               : RefusalReason::kRoleNotAdmitted)
            << static_cast<int>(row.role) << " " << i;
      }
    }
  }
}

TEST_F(AuthorizationTest, ACommissionDecidesOnUnitsBelowItsOwnAndNeverOnItself) {
  KeyGranted precinct = Commission(kOther);
  precinct.unit_id = "S1";
  Record(precinct);
  KeyGranted region = Commission(kOffice);
  region.unit_id = "R1";
  Record(region);
  DecisionRecorded decision{.election_id = kElection,
                            .contest_id = "list",
                            .kind = DecisionKind::kResultsAnnulled,
                            .appeal_id = "",
                            .unit_ids = {"S1"},
                            .body = "body",
                            .act_number = "1",
                            .released_sequences = {}};

  EXPECT_EQ(ReasonAgainst(decision, kOffice), std::nullopt);
  EXPECT_EQ(ReasonAgainst(decision, kOther), RefusalReason::kUnitOutsideGrant);
  decision.unit_ids = {"S1", "S4"};
  EXPECT_EQ(ReasonAgainst(decision, kOffice), RefusalReason::kUnitOutsideGrant);
}

TEST_F(AuthorizationTest, ADecisionAlsoTouchesTheStationsOfItsAppealAndOfWhatItReleases) {
  Record(Commission(kOther));
  Record(Protocol({.unit = "S4", .found_off = 1}), kOther);
  const int64_t quarantined = history_.tree_size() - 1;
  Record(AppealFiled{.election_id = kElection,
                     .appeal_id = "A",
                     .contest_id = "list",
                     .unit_ids = {"S4"},
                     .filed_by = "somebody",
                     .grounds = "grounds"},
         kOther);
  KeyGranted region = Commission(kOffice);
  region.unit_id = "R1";
  Record(region);
  DecisionRecorded decision{.election_id = kElection,
                            .contest_id = "list",
                            .kind = DecisionKind::kDismissed,
                            .appeal_id = "A",
                            .unit_ids = {},
                            .body = "body",
                            .act_number = "1",
                            .released_sequences = {}};
  EXPECT_EQ(ReasonAgainst(decision, kOffice), RefusalReason::kUnitOutsideGrant);

  decision.appeal_id = "";
  decision.kind = DecisionKind::kQuarantineReleased;
  decision.released_sequences = {quarantined};
  EXPECT_EQ(ReasonAgainst(decision, kOffice), RefusalReason::kUnitOutsideGrant);
}

TEST_F(AuthorizationTest, ARevocationHoldsFromTheNextEventAndTakesNothingBack) {
  Record(Commission());
  Record(Protocol({.unit = "S1"}), kOffice);
  const int64_t size = history_.tree_size();
  Record(KeyRevoked{.public_key = kOffice, .election_id = "", .reason = "stolen"});

  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S2"}), kOffice), RefusalReason::kKeyRevoked);
  EXPECT_EQ(history_.election(0).contest(0).FindProtocol(size - 1), 0);
  EXPECT_THAT(history_.Check(Commission()), ElementsAre(::testing::Field(&Refusal::reason, RefusalReason::kKeyExists)));
}

TEST_F(AuthorizationTest, AKeyRevokedInOneElectionMayBeGrantedAnew) {
  Record(Commission());
  Record(KeyRevoked{.public_key = kOffice, .election_id = kElection, .reason = "leave"});
  EXPECT_EQ(ReasonAgainst(Protocol(Sheet{}), kOffice), RefusalReason::kKeyRevoked);
  Record(Commission());
  EXPECT_EQ(ReasonAgainst(Protocol(Sheet{}), kOffice), std::nullopt);
}

TEST_F(AuthorizationTest, AKeyRevokesItselfAndNobodyElse) {
  Record(Commission(kOffice));
  Record(Commission(kOther));
  EXPECT_EQ(ReasonAgainst(KeyRevoked{kOther, "", "why"}, kOffice), RefusalReason::kRoleNotAdmitted);
  Record(KeyRevoked{kOffice, "", "stolen"}, kOffice);
  // A retired key revokes nothing any more.
  EXPECT_EQ(ReasonAgainst(KeyRevoked{kOffice, "", "again"}, kOffice), RefusalReason::kRoleNotAdmitted);
}

TEST_F(AuthorizationTest, ARotationCarriesEveryGrantOver) {
  KeyGranted grant = Commission();
  grant.unit_id = "R1";
  Record(grant);
  Record(KeyRotated{kOffice, kOther, "yearly"}, kOffice);

  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S1"}), kOffice), RefusalReason::kKeyRevoked);
  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S1"}), kOther), std::nullopt);
  EXPECT_EQ(ReasonAgainst(Protocol({.unit = "S4"}), kOther), RefusalReason::kUnitOutsideGrant);
}

TEST_F(AuthorizationTest, TheAuthorityRotatesItself) {
  Record(KeyRotated{kAuthority, kOther, "ceremony"});
  EXPECT_EQ(ReasonAgainst(Commission(), kAuthority), RefusalReason::kRoleNotAdmitted);
  EXPECT_EQ(ReasonAgainst(Commission(), kOther), std::nullopt);
  EXPECT_THAT(history_.Check(KeyRotated{kOther, kAuthority, "back"}),
              ElementsAre(::testing::Field(&Refusal::reason, RefusalReason::kKeyExists)));
}

TEST_F(AuthorizationTest, GrantsAreCheckedLikeAnyEvent) {
  KeyGranted grant = Commission();
  grant.holder = "";
  grant.source_ids = {"pec", "watch", "nobody"};
  grant.unit_id = "nowhere";
  grant.contest_ids = {"nothing"};
  EXPECT_THAT(history_.Check(grant), ElementsAre(::testing::Field(&Refusal::field, "key_granted.holder"),
                                                 ::testing::Field(&Refusal::field, "key_granted.source_ids[1]"),
                                                 ::testing::Field(&Refusal::reason, RefusalReason::kUnknownContest),
                                                 ::testing::Field(&Refusal::reason, RefusalReason::kUnknownUnit),
                                                 ::testing::Field(&Refusal::reason, RefusalReason::kUnknownSource)));
  grant = WithRole(Role::kCourtRegistry);
  grant.election_id = "";
  EXPECT_THAT(history_.Check(grant), ElementsAre(::testing::Field(&Refusal::field, "key_granted.election_id")));
  grant.role = Role::kAuditor;
  EXPECT_THAT(history_.Check(grant), IsEmpty());
  grant.unit_id = "R1";
  EXPECT_THAT(history_.Check(grant), ElementsAre(::testing::Field(&Refusal::field, "key_granted.election_id")));
}

TEST_F(AuthorizationTest, OnlyWhatHoldsSomethingIsRevokedOrRotated) {
  EXPECT_THAT(history_.Check(KeyRevoked{kOffice, "", ""}),
              ElementsAre(::testing::Field(&Refusal::field, "key_revoked.reason"),
                          ::testing::Field(&Refusal::reason, RefusalReason::kUnknownKey)));
  EXPECT_THAT(history_.Check(KeyRotated{kOffice, kOther, "why"}),
              ElementsAre(::testing::Field(&Refusal::reason, RefusalReason::kUnknownKey)));
}

TEST_F(AuthorizationTest, PublicationsAndAttestationsSpeakOfVersionsThatExist) {
  TallyPublished tally{.election_id = kElection,
                       .contest_id = "list",
                       .view = {.source_id = "pec"},
                       .tree_size = history_.tree_size(),
                       .digest = {},
                       .statement = "s",
                       .title = ""};
  EXPECT_THAT(history_.Check(tally), IsEmpty());
  tally.tree_size += 1;
  EXPECT_THAT(history_.Check(tally), ElementsAre(::testing::Field(&Refusal::reason, RefusalReason::kVersionBeyondLog)));
  tally.tree_size = 1;
  EXPECT_THAT(history_.Check(tally), ElementsAre(::testing::Field(&Refusal::reason, RefusalReason::kElectionNotOpen)));
  tally.tree_size = history_.tree_size();
  tally.view.basis = Basis::kClaims;
  EXPECT_THAT(history_.Check(tally), ElementsAre(::testing::Field(&Refusal::field, "tally_published.view.basis")));

  AuditorAttested attested{.tree_size = history_.tree_size() + 1, .root = {}, .verdict = AuditVerdict::kRejected};
  EXPECT_THAT(history_.Check(attested),
              ElementsAre(::testing::Field(&Refusal::reason, RefusalReason::kVersionBeyondLog)));
}

TEST_F(AuthorizationTest, ShortKeysTellKeysApart) { EXPECT_EQ(ShortKey(kOther), "02000000"); }

}  // namespace
}  // namespace hattama::domain
