#include "tests/support/random_log.h"

#include <iterator>
#include <string>
#include <utility>

#include "storage/merkle/sha256.h"

namespace hattama::testing {
namespace {

constexpr char kContestId[] = "president";

}  // namespace

std::string RandomLog::Next(int64_t sequence) {
  switch (random_() % 12) {
    case 0:
      return Appeal();
    case 1:
      return Decision(sequence);
    case 2:
      return Roll();
    default:
      return Protocol(sequence);
  }
}

std::string RandomLog::Seal(v1::Submission submission) {
  submission.set_submitter("random log " + std::to_string(made_++));
  const merkle::Hash digest = merkle::Sha256(submission.SerializeAsString());
  submission.set_submission_id(digest.data(), 16);
  return submission.SerializeAsString();
}

std::string RandomLog::Protocol(int64_t sequence) {
  int station = RandomStation();
  std::string source = random_() % 3 == 0 ? "monitor" : "commission";
  v1::Stage stage = random_() % 2 == 0 ? v1::STAGE_PRELIMINARY : v1::STAGE_FINAL;
  std::optional<int64_t> decision;
  if (!ordering_decision_.empty() && random_() % 4 == 0) {
    auto ordered = ordering_decision_.begin();
    std::advance(ordered, random_() % ordering_decision_.size());
    station = ordered->first;
    source = "commission";
    stage = v1::STAGE_CORRECTED;
    decision = ordered->second;
  }
  std::optional<int64_t> supersedes;
  const auto key = std::make_tuple(station, source, static_cast<int>(stage));
  if (const auto found = current_.find(key); found != current_.end()) supersedes = found->second;
  v1::Submission submission;
  submission.ParseFromString(election_->Protocol(station, stage, static_cast<int>(random_() % 40), supersedes, source));
  v1::ProtocolSubmitted& protocol = *submission.mutable_protocol_submitted();
  if (decision.has_value()) protocol.set_decision_sequence(*decision);
  switch (random_() % 10) {
    case 0:  // A broken sum: quarantined.
      protocol.mutable_lines(1)->set_count(protocol.lines(1).count() + 1);
      break;
    case 1:  // Blank: the rules that need it say nothing.
      protocol.mutable_lines(static_cast<int>(random_() % 4))->clear_count();
      break;
    case 2:
      protocol.mutable_options(static_cast<int>(random_() % 9))->clear_count();
      break;
    default:
      break;
  }
  current_[key] = sequence;
  return Seal(std::move(submission));
}

std::string RandomLog::Appeal() {
  v1::Submission submission;
  v1::AppealFiled& appeal = *submission.mutable_appeal_filed();
  const int station = RandomStation();
  appeal.set_election_id(SyntheticElection::election_id());
  appeal.set_appeal_id("A-" + std::to_string(made_));
  appeal.set_contest_id(kContestId);
  appeal.add_unit_ids(SyntheticElection::StationId(station));
  appeal.set_filed_by("observer");
  appeal.set_grounds("copies differ");
  open_appeals_.push_back({appeal.appeal_id(), station});
  return Seal(std::move(submission));
}

std::string RandomLog::Decision(int64_t sequence) {
  if (open_appeals_.empty()) return Appeal();
  const size_t at = random_() % open_appeals_.size();
  const Appealed appealed = open_appeals_[at];
  open_appeals_.erase(open_appeals_.begin() + static_cast<int64_t>(at));
  v1::Submission submission;
  v1::DecisionRecorded& decision = *submission.mutable_decision_recorded();
  decision.set_election_id(SyntheticElection::election_id());
  decision.set_contest_id(kContestId);
  decision.set_appeal_id(appealed.id);
  decision.set_body("court");
  decision.set_act_number("act " + std::to_string(made_));
  bool& annulled = annulled_[appealed.station];
  switch (random_() % 3) {
    case 0:
      decision.set_kind(v1::DECISION_KIND_DISMISSED);
      break;
    case 1:
      decision.set_kind(v1::DECISION_KIND_RECOUNT_ORDERED);
      ordering_decision_[appealed.station] = sequence;
      break;
    default:
      decision.set_kind(annulled ? v1::DECISION_KIND_RESULTS_REINSTATED : v1::DECISION_KIND_RESULTS_ANNULLED);
      annulled = !annulled;
      break;
  }
  return Seal(std::move(submission));
}

std::string RandomLog::Roll() {
  v1::Submission submission;
  v1::RollAmended& roll = *submission.mutable_roll_amended();
  roll.set_election_id(SyntheticElection::election_id());
  roll.set_reason("late registration");
  v1::RollEntry& entry = *roll.add_entries();
  entry.set_unit_id(SyntheticElection::StationId(RandomStation()));
  entry.set_registered_voters(static_cast<int64_t>(random_() % 3000));
  return Seal(std::move(submission));
}

}  // namespace hattama::testing
