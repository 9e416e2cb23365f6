#include "tests/audit/trial_log.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "google/protobuf/stubs/logging.h"
#include "tests/support/trial_keys.h"

namespace hattama::testing {
namespace {

constexpr char kHeader[] = R"(election_defined {
  election_id: "trial"
  names { language: "en" text: "Trial election" }
  poll_date: "2026-03-20"
  levels { level_id: "country" } levels { level_id: "region" } levels { level_id: "station" }
  sources { source_id: "commission" kind: SOURCE_KIND_COMMISSION }
  sources { source_id: "monitor" kind: SOURCE_KIND_MONITOR level_id: "station" }
  lines { line_id: "cast" required: true } lines { line_id: "spoiled" }
  bases { base_id: "valid" terms { aggregate: AGGREGATE_ALL_OPTIONS } }
  turnouts { turnout_id: "cast" numerator { line_id: "cast" } denominator { aggregate: AGGREGATE_ROLL } }
  rules {
    rule_id: "sum" severity: SEVERITY_HARD relation: RELATION_EQUAL
    left { line_id: "cast" } right { aggregate: AGGREGATE_ALL_OPTIONS } right { line_id: "spoiled" }
  }
  rules {
    rule_id: "within roll" severity: SEVERITY_SOFT relation: RELATION_AT_MOST
    left { line_id: "cast" } right { aggregate: AGGREGATE_ROLL }
  }
})";

constexpr char kContests[] = R"(contests_listed {
  election_id: "trial"
  contests {
    contest_id: "head" unit_id: "C" share_base_id: "valid"
    options { option_id: "Ann" kind: OPTION_KIND_CANDIDATE } options { option_id: "Ben" kind: OPTION_KIND_CANDIDATE }
    options { option_id: "Cid 50%" kind: OPTION_KIND_CANDIDATE } options { option_id: "none" kind: OPTION_KIND_AGAINST_ALL }
    absolute_majority { conditions { share { ratio { numerator: 1 denominator: 2 } base_id: "valid" } } }
  }
  contests {
    contest_id: "list" unit_id: "C" share_base_id: "valid"
    options { option_id: "P" kind: OPTION_KIND_PARTY } options { option_id: "Q" kind: OPTION_KIND_PARTY }
    options { option_id: "R" kind: OPTION_KIND_PARTY }
    party_list {
      seat_count: 5 method: ALLOCATION_METHOD_LARGEST_REMAINDER_HARE
      threshold { ratio { numerator: 1 denominator: 20 } base_id: "valid" inclusive: true }
    }
  }
  contests {
    contest_id: "north" unit_id: "N" share_base_id: "valid"
    options { option_id: "X" kind: OPTION_KIND_CANDIDATE } options { option_id: "Y" kind: OPTION_KIND_CANDIDATE }
    plurality {}
  }
  contests {
    contest_id: "south" unit_id: "Z" share_base_id: "valid"
    options { option_id: "X" kind: OPTION_KIND_CANDIDATE } options { option_id: "Y" kind: OPTION_KIND_CANDIDATE }
    plurality {}
  }
  contests {
    contest_id: "law" unit_id: "C" share_base_id: "valid"
    options { option_id: "yes" kind: OPTION_KIND_YES } options { option_id: "no" kind: OPTION_KIND_NO }
    referendum {
      condition { ratio { numerator: 1 denominator: 2 } base_id: "valid" }
      regions { level_id: "region" ratio { numerator: 1 denominator: 2 } inclusive: true }
    }
  }
})";

constexpr char kUnits[] = R"(units_listed {
  election_id: "trial"
  units { unit_id: "C" level_id: "country" }
  units { unit_id: "N" parent_id: "C" level_id: "region" } units { unit_id: "Z" parent_id: "C" level_id: "region" }
  units { unit_id: "S1" parent_id: "N" level_id: "station" } units { unit_id: "S2" parent_id: "N" level_id: "station" }
  units { unit_id: "S3" parent_id: "N" level_id: "station" } units { unit_id: "S4" parent_id: "Z" level_id: "station" }
  units { unit_id: "S5" parent_id: "Z" level_id: "station" } units { unit_id: "S6" parent_id: "Z" level_id: "station" }
})";

constexpr char kRoll[] = R"(roll_amended {
  election_id: "trial"
  entries { unit_id: "S1" registered_voters: 300 } entries { unit_id: "S2" registered_voters: 300 }
  entries { unit_id: "S3" registered_voters: 300 } entries { unit_id: "S4" registered_voters: 300 }
  entries { unit_id: "S5" registered_voters: 300 }
})";

constexpr char kOpened[] = R"(election_opened { election_id: "trial" contest_count: 5 unit_count: 9 roll_count: 5 })";

const std::vector<std::string>& OptionsOf(const std::string& contest) {
  static const std::map<std::string, std::vector<std::string>> options = {{"head", {"Ann", "Ben", "Cid 50%", "none"}},
                                                                          {"list", {"P", "Q", "R"}},
                                                                          {"north", {"X", "Y"}},
                                                                          {"south", {"X", "Y"}},
                                                                          {"law", {"yes", "no"}}};
  return options.at(contest);
}

v1::Submission Grant(const merkle::SigningKey& key, const std::string& rest) {
  v1::Submission submission = SubmissionOf(absl::StrCat("key_granted {", rest, "}"));
  submission.mutable_key_granted()->set_public_key(key.public_key().data(), key.public_key().size());
  return submission;
}

v1::Submission Appeal(const std::string& id, const std::string& contest, const std::string& station) {
  return SubmissionOf(absl::StrCat("appeal_filed { election_id: 'trial' appeal_id: '", id, "' contest_id: '", contest,
                                   "' unit_ids: '", station, "' filed_by: 'observer' grounds: 'copies differ' }"));
}

v1::Submission Decision(const std::string& contest, const std::string& kind, const std::string& rest) {
  return SubmissionOf(absl::StrCat("decision_recorded { election_id: 'trial' contest_id: '", contest, "' kind: ", kind,
                                   " body: 'district court' act_number: '1/2026' ", rest, "}"));
}

}  // namespace

absl::StatusOr<std::string> FilesSource::Get(const std::string& path, size_t bytes_max) const {
  const auto found = files_->find(path);
  if (found == files_->end()) return absl::NotFoundError("the file is not there");
  if (found->second.size() > bytes_max) return absl::InvalidArgumentError("the file is too large");
  return found->second;
}

absl::StatusOr<std::vector<merkle::TileAddress>> FilesSource::List() {
  std::vector<merkle::TileAddress> addresses;
  for (const auto& [path, bytes] : *files_) {
    if (const auto address = merkle::ParseTilePath(path); address.ok()) addresses.push_back(*address);
  }
  return addresses;
}

audit::Report AuditFiles(const LogFiles& files, const audit::AuditOptions& options, const std::string& origin) {
  const google::protobuf::LogSilencer silencer;  // What is no message is the point of many tests.
  FilesSource source(&files);
  audit::AuditOptions own = options;
  if (!own.verify_checkpoint) own.verify_checkpoint = audit::BelieveKey(PublishedLedger(origin).log_key());
  absl::StatusOr<audit::Report> report = audit::Audit(source, own);
  if (!report.ok()) {
    std::fprintf(stderr, "no verdict: %s\n", report.status().ToString().c_str());
    std::abort();
  }
  return *std::move(report);
}

const merkle::SigningKey& RegionKey() {
  static const merkle::SigningKey key = KeyOf(11);
  return key;
}

const merkle::SigningKey& CourtKey() {
  static const merkle::SigningKey key = KeyOf(12);
  return key;
}

const merkle::SigningKey& AuditorKey() {
  static const merkle::SigningKey key = KeyOf(13);
  return key;
}

PublishedLedger DefinedLedger(const std::string& origin) {
  PublishedLedger ledger(origin);
  ledger.RecordBatch({SubmissionOf(kHeader), SubmissionOf(kContests), SubmissionOf(kUnits), SubmissionOf(kRoll),
                      SubmissionOf(kOpened)},
                     AuthorityKey());
  const std::string in_trial = "election_id: 'trial' ";
  ledger.Record(
      Grant(CommissionKey(), in_trial + "holder: 'commission' role: ROLE_COMMISSION source_ids: 'commission'"),
      AuthorityKey());
  ledger.Record(Grant(MonitorKey(), in_trial + "holder: 'monitor' role: ROLE_MONITOR source_ids: 'monitor'"),
                AuthorityKey());
  ledger.Record(
      Grant(RegionKey(), in_trial + "holder: 'commission of N' role: ROLE_COMMISSION source_ids: 'commission' "
                                    "unit_id: 'N' contest_ids: 'head' stages: STAGE_PRELIMINARY"),
      AuthorityKey());
  ledger.Record(Grant(CourtKey(), in_trial + "holder: 'court' role: ROLE_COURT_REGISTRY"), AuthorityKey());
  ledger.Record(Grant(AuditorKey(), "holder: 'auditor' role: ROLE_AUDITOR"), AuthorityKey());
  return ledger;
}

v1::Submission ToSubmission(const TrialProtocol& from) {
  v1::Submission submission;
  v1::ProtocolSubmitted& protocol = *submission.mutable_protocol_submitted();
  protocol.set_election_id(kElection);
  protocol.set_contest_id(from.contest);
  protocol.set_unit_id(from.unit);
  protocol.set_source_id(from.source);
  protocol.set_stage(from.stage);
  if (from.supersedes.has_value()) protocol.set_supersedes_sequence(*from.supersedes);
  if (from.decision.has_value()) protocol.set_decision_sequence(*from.decision);
  int64_t cast = 2 + from.missing_ballots;
  for (size_t i = 0; i < from.votes.size(); ++i) {
    v1::OptionFigure& option = *protocol.add_options();
    option.set_option_id(OptionsOf(from.contest).at(i));
    option.set_count(from.votes[i]);
    cast += from.votes[i];
  }
  v1::LineFigure& cast_line = *protocol.add_lines();
  cast_line.set_line_id("cast");
  cast_line.set_count(cast);
  v1::LineFigure& spoiled = *protocol.add_lines();
  spoiled.set_line_id("spoiled");
  spoiled.set_count(2);
  return submission;
}

PublishedLedger WholeStory() {
  PublishedLedger ledger = DefinedLedger();
  const domain::View view{.source_id = "commission"};
  const auto record = [&ledger](const TrialProtocol& protocol, const merkle::SigningKey& key) {
    return ledger.Record(ToSubmission(protocol), key);
  };
  const auto publish = [&ledger](const std::string& contest, const domain::View& of) {
    return ledger.Record(ledger.Publication(kElection, contest, of, ledger.size()), CommissionKey());
  };
  publish("head", view);  // Undetermined: nothing is counted yet.

  // The head of state: some one by one, some in a batch; S2 is corrected by a second preliminary protocol.
  const int64_t first = record({.contest = "head", .unit = "S1", .votes = {100, 80, 20, 5}}, RegionKey());
  const int64_t wrong = record({.contest = "head", .unit = "S2", .votes = {70, 90, 31, 5}}, RegionKey());
  record({.contest = "head", .unit = "S2", .votes = {90, 70, 31, 5}, .supersedes = wrong}, RegionKey());
  ledger.RecordBatch({ToSubmission({.contest = "head", .unit = "S4", .votes = {60, 60, 40, 1}}),
                      ToSubmission({.contest = "head", .unit = "S5", .votes = {61, 60, 40, 0}}),
                      ToSubmission({.contest = "head", .unit = "S6", .votes = {50, 75, 30, 2}})},
                     CommissionKey());
  record({.contest = "head", .unit = "C", .votes = {400, 360, 170, 13}}, CommissionKey());  // A claim.
  publish("head", view);                                                                    // Runoff.

  // A protocol that does not add up, released by the court.
  const int64_t broken =
      record({.contest = "head", .unit = "S3", .votes = {40, 40, 10, 1}, .missing_ballots = -1}, RegionKey());
  ledger.Record(Decision("head", "DECISION_KIND_QUARANTINE_RELEASED", absl::StrCat("released_sequences: ", broken)),
                CourtKey());
  // Appeals: one dismissed, one that ends in a recount, one annulment that is reversed, one left open.
  ledger.Record(Appeal("A1", "head", "S1"), MonitorKey());
  ledger.Record(Decision("head", "DECISION_KIND_DISMISSED", "appeal_id: 'A1'"), CourtKey());
  ledger.Record(Appeal("A2", "head", "S4"), MonitorKey());
  const int64_t recount =
      ledger.Record(Decision("head", "DECISION_KIND_RECOUNT_ORDERED", "appeal_id: 'A2'"), CourtKey());
  record({.contest = "head", .unit = "S4", .votes = {62, 58, 40, 1}, .stage = v1::STAGE_CORRECTED, .decision = recount},
         CommissionKey());
  ledger.Record(Decision("head", "DECISION_KIND_RESULTS_ANNULLED", "unit_ids: 'S6'"), CourtKey());
  publish("head", view);
  ledger.Record(Decision("head", "DECISION_KIND_RESULTS_REINSTATED", "unit_ids: 'S6'"), CourtKey());
  ledger.Record(Appeal("A3", "head", "S5"), MonitorKey());
  ledger.Record(SubmissionOf("roll_amended { election_id: 'trial' entries { unit_id: 'S6' registered_voters: 290 } "
                             "reason: 'late registration' }"),
                CommissionKey());
  publish("head", {.source_id = "commission", .excluding_contested = true});

  // The list: six stations in one batch; S5 and S6 state the same figures.
  std::vector<v1::Submission> lists;
  for (int station = 1; station <= 6; ++station) {
    const int64_t votes = station == 6 ? 5 : station;
    lists.push_back(ToSubmission({.contest = "list",
                                  .unit = absl::StrCat("S", station),
                                  .votes = {100 + 7 * votes, 60 + votes, 3},
                                  .stage = v1::STAGE_FINAL}));
  }
  ledger.RecordBatch(lists, CommissionKey());
  publish("list", view);  // Decided.
  for (const char* unit : {"S4", "S5"}) {
    record({.contest = "south", .unit = unit, .votes = {90, 90}}, CommissionKey());
  }
  publish("south", view);  // Tie.

  // The referendum: the commission's figures adopt it, the monitor's reject it.
  std::vector<v1::Submission> yes, no;
  for (int station = 1; station <= 6; ++station) {
    const std::string unit = absl::StrCat("S", station);
    yes.push_back(ToSubmission({.contest = "law", .unit = unit, .votes = {120, 60}}));
    no.push_back(ToSubmission({.contest = "law", .unit = unit, .votes = {60, 120}, .source = "monitor"}));
  }
  ledger.RecordBatch(yes, CommissionKey());
  ledger.RecordBatch(no, MonitorKey());
  publish("law", view);                      // Adopted.
  publish("law", {.source_id = "monitor"});  // Rejected.

  // Keys come and go.
  v1::Submission rotated;
  rotated.mutable_key_rotated()->set_old_public_key(RegionKey().public_key().data(), 32);
  rotated.mutable_key_rotated()->set_new_public_key(KeyOf(14).public_key().data(), 32);
  rotated.mutable_key_rotated()->set_reason("new office");
  ledger.Record(rotated, RegionKey());
  record({.contest = "head", .unit = "S1", .votes = {101, 80, 20, 5}, .supersedes = first}, KeyOf(14));
  v1::Submission revoked;
  revoked.mutable_key_revoked()->set_public_key(KeyOf(14).public_key().data(), 32);
  revoked.mutable_key_revoked()->set_reason("lost");
  ledger.Record(revoked, AuthorityKey());

  v1::Submission attested;
  const merkle::Hash root = RootOf(ledger.records());
  attested.mutable_auditor_attested()->set_tree_size(ledger.size());
  attested.mutable_auditor_attested()->set_root_hash(root.data(), root.size());
  attested.mutable_auditor_attested()->set_verdict(v1::AUDIT_VERDICT_CONFIRMED);
  ledger.Record(attested, AuditorKey());
  return ledger;
}

}  // namespace hattama::testing
