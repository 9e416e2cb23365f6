// The way back from a decoded submission to its message, written from the contract and for tests alone: what decoding
// loses or invents shows as a difference of messages.
#ifndef HATTAMA_TESTS_WIRE_PLAIN_MESSAGE_H_
#define HATTAMA_TESTS_WIRE_PLAIN_MESSAGE_H_

#include <string>
#include <variant>

#include "hattama/v1/record.pb.h"
#include "services/wire/answer_codec.h"
#include "services/wire/event_codec.h"

namespace hattama::testing {

template <class... Cases>
struct CaseOf : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
CaseOf(Cases...) -> CaseOf<Cases...>;

inline std::string BytesOf(const domain::Digest& digest) { return {digest.begin(), digest.end()}; }

inline void SetEvent(const domain::Event& event, v1::Submission& out) {
  std::visit(CaseOf{
                 [&](const domain::LedgerFounded& from) {
                   out.mutable_ledger_founded()->set_origin(from.origin);
                   out.mutable_ledger_founded()->set_format_version(from.format_version);
                   out.mutable_ledger_founded()->set_authority_public_key(BytesOf(from.authority));
                 },
                 [&](const domain::KeyGranted& from) {
                   v1::KeyGranted& to = *out.mutable_key_granted();
                   to.set_public_key(BytesOf(from.public_key));
                   to.set_holder(from.holder);
                   to.set_role(static_cast<v1::Role>(from.role));
                   to.set_election_id(from.election_id);
                   for (const std::string& id : from.source_ids) to.add_source_ids(id);
                   to.set_unit_id(from.unit_id);
                   for (const std::string& id : from.contest_ids) to.add_contest_ids(id);
                   for (const domain::Stage stage : from.stages) to.add_stages(static_cast<v1::Stage>(stage));
                 },
                 [&](const domain::KeyRevoked& from) {
                   out.mutable_key_revoked()->set_public_key(BytesOf(from.public_key));
                   out.mutable_key_revoked()->set_election_id(from.election_id);
                   out.mutable_key_revoked()->set_reason(from.reason);
                 },
                 [&](const domain::KeyRotated& from) {
                   out.mutable_key_rotated()->set_old_public_key(BytesOf(from.old_public_key));
                   out.mutable_key_rotated()->set_new_public_key(BytesOf(from.new_public_key));
                   out.mutable_key_rotated()->set_reason(from.reason);
                 },
                 [&](const domain::TallyPublished& from) {
                   v1::TallyPublished& to = *out.mutable_tally_published();
                   to.set_election_id(from.election_id);
                   to.set_contest_id(from.contest_id);
                   to.mutable_view()->set_source_id(from.view.source_id);
                   to.mutable_view()->set_policy(static_cast<v1::Policy>(from.view.policy));
                   to.mutable_view()->set_basis(static_cast<v1::Basis>(from.view.basis));
                   to.mutable_view()->set_excluding_contested(from.view.excluding_contested);
                   to.set_tree_size(from.tree_size);
                   to.set_digest(BytesOf(from.digest));
                   to.set_statement(from.statement);
                   to.set_title(from.title);
                 },
                 [&](const domain::AuditorAttested& from) {
                   out.mutable_auditor_attested()->set_tree_size(from.tree_size);
                   out.mutable_auditor_attested()->set_root_hash(BytesOf(from.root));
                   out.mutable_auditor_attested()->set_verdict(static_cast<v1::AuditVerdict>(from.verdict));
                 },
                 [&](const domain::ElectionDefined& from) { *out.mutable_election_defined() = wire::ToAnswer(from); },
                 [&](const domain::ContestsListed& from) {
                   out.mutable_contests_listed()->set_election_id(from.election_id);
                   for (const auto& contest : from.contests) {
                     *out.mutable_contests_listed()->add_contests() = wire::ToAnswer(contest);
                   }
                 },
                 [&](const domain::UnitsListed& from) {
                   out.mutable_units_listed()->set_election_id(from.election_id);
                   for (const auto& unit : from.units) *out.mutable_units_listed()->add_units() = wire::ToAnswer(unit);
                 },
                 [&](const domain::RollAmended& from) {
                   v1::RollAmended& to = *out.mutable_roll_amended();
                   to.set_election_id(from.election_id);
                   to.set_reason(from.reason);
                   for (const auto& entry : from.entries) {
                     v1::RollEntry& added = *to.add_entries();
                     added.set_unit_id(entry.unit_id);
                     added.set_registered_voters(entry.registered_voters);
                   }
                 },
                 [&](const domain::ElectionOpened& from) {
                   v1::ElectionOpened& to = *out.mutable_election_opened();
                   to.set_election_id(from.election_id);
                   to.set_contest_count(from.contest_count);
                   to.set_unit_count(from.unit_count);
                   to.set_roll_count(from.roll_count);
                 },
                 [&](const domain::ProtocolSubmitted& from) {
                   v1::ProtocolSubmitted& to = *out.mutable_protocol_submitted();
                   to.set_election_id(from.election_id);
                   to.set_contest_id(from.contest_id);
                   to.set_unit_id(from.unit_id);
                   to.set_source_id(from.source_id);
                   to.set_stage(static_cast<v1::Stage>(from.stage));
                   for (const auto& figure : from.lines) {
                     v1::LineFigure& added = *to.add_lines();
                     added.set_line_id(figure.id);
                     if (figure.count.has_value()) added.set_count(*figure.count);
                   }
                   for (const auto& figure : from.options) {
                     v1::OptionFigure& added = *to.add_options();
                     added.set_option_id(figure.id);
                     if (figure.count.has_value()) added.set_count(*figure.count);
                   }
                   if (from.supersedes_sequence.has_value()) to.set_supersedes_sequence(*from.supersedes_sequence);
                   if (from.decision_sequence.has_value()) to.set_decision_sequence(*from.decision_sequence);
                 },
                 [&](const domain::AppealFiled& from) {
                   v1::AppealFiled& to = *out.mutable_appeal_filed();
                   to.set_election_id(from.election_id);
                   to.set_appeal_id(from.appeal_id);
                   to.set_contest_id(from.contest_id);
                   for (const auto& id : from.unit_ids) to.add_unit_ids(id);
                   to.set_filed_by(from.filed_by);
                   to.set_grounds(from.grounds);
                 },
                 [&](const domain::DecisionRecorded& from) {
                   v1::DecisionRecorded& to = *out.mutable_decision_recorded();
                   to.set_election_id(from.election_id);
                   to.set_contest_id(from.contest_id);
                   to.set_kind(static_cast<v1::DecisionKind>(from.kind));
                   to.set_appeal_id(from.appeal_id);
                   for (const auto& id : from.unit_ids) to.add_unit_ids(id);
                   to.set_body(from.body);
                   to.set_act_number(from.act_number);
                   for (const int64_t sequence : from.released_sequences) to.add_released_sequences(sequence);
                 },
             },
             event);
}

inline v1::Submission PlainMessage(const wire::DecodedSubmission& decoded) {
  v1::Submission out;
  out.set_submission_id(decoded.submission_id.data(), decoded.submission_id.size());
  out.set_submitter(decoded.submitter);
  SetEvent(decoded.event, out);
  return out;
}

// Absent means 1.
inline void ClearOnes(google::protobuf::RepeatedPtrField<v1::Term>& terms) {
  for (v1::Term& term : terms) {
    if (term.coefficient() == 1) term.clear_coefficient();
  }
}

// The message as far as the fold keeps it: people, papers, times of papers and remarks stay in the record alone.
inline v1::Submission KeptPart(v1::Submission submission) {
  if (submission.has_protocol_submitted()) {
    v1::ProtocolSubmitted& protocol = *submission.mutable_protocol_submitted();
    protocol.clear_signed_time();
    protocol.clear_signatories();
    protocol.clear_evidence();
    protocol.clear_note();
    protocol.clear_reported_time();
  }
  if (submission.has_appeal_filed()) {
    submission.mutable_appeal_filed()->clear_evidence();
    submission.mutable_appeal_filed()->clear_filed_time();
  }
  if (submission.has_decision_recorded()) {
    submission.mutable_decision_recorded()->clear_reason();
    submission.mutable_decision_recorded()->clear_evidence();
    submission.mutable_decision_recorded()->clear_decided_time();
  }
  if (submission.has_auditor_attested()) {
    submission.mutable_auditor_attested()->clear_report_digest();
    submission.mutable_auditor_attested()->clear_note();
  }
  if (submission.has_election_defined()) {
    v1::ElectionDefined& election = *submission.mutable_election_defined();
    for (v1::Base& base : *election.mutable_bases()) ClearOnes(*base.mutable_terms());
    for (v1::Turnout& turnout : *election.mutable_turnouts()) {
      ClearOnes(*turnout.mutable_numerator());
      ClearOnes(*turnout.mutable_denominator());
    }
    for (v1::Rule& rule : *election.mutable_rules()) {
      ClearOnes(*rule.mutable_left());
      ClearOnes(*rule.mutable_right());
    }
  }
  return submission;
}

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_WIRE_PLAIN_MESSAGE_H_
