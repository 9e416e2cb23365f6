#include "services/wire/event_codec.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/arena.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/message.h"

namespace hattama::wire {
namespace {

using domain::Refusals;

// Adds faults of form under a path that grows with the message.
class Faults {
 public:
  explicit Faults(Refusals* refusals) : refusals_(refusals) {}

  void Add(const std::string& field, std::string message) {
    refusals_->push_back(
        domain::Refusal{domain::RefusalReason::kMalformed, field, std::move(message), std::nullopt, std::nullopt});
  }

 private:
  Refusals* refusals_;
};

// The domain's enum of the same number; a fault where the number is 0 or unknown. `max` is the largest number declared.
template <typename To, typename From>
To ToEnum(From value, int max, const std::string& field, Faults& faults) {
  const int number = static_cast<int>(value);
  if (number < 1 || number > max) {
    faults.Add(field, number == 0 ? "is required" : absl::StrCat("has unknown value ", number));
    return static_cast<To>(1);
  }
  return static_cast<To>(number);
}

std::string At(const std::string& path, const char* field, int index) {
  return absl::StrCat(path, ".", field, "[", index, "]");
}

domain::Names ToNames(const google::protobuf::RepeatedPtrField<v1::Name>& names) {
  domain::Names result;
  result.reserve(names.size());
  for (const v1::Name& name : names) result.push_back({name.language(), name.text()});
  return result;
}

domain::Fraction ToFraction(const v1::Ratio& ratio) { return {ratio.numerator(), ratio.denominator()}; }

domain::Terms ToTerms(const google::protobuf::RepeatedPtrField<v1::Term>& terms, const std::string& path,
                      Faults& faults) {
  domain::Terms result;
  for (int i = 0; i < terms.size(); ++i) {
    const v1::Term& term = terms[i];
    const std::string field = absl::StrCat(path, "[", i, "]");
    domain::Term to;
    to.coefficient = term.has_coefficient() ? term.coefficient() : 1;
    switch (term.operand_case()) {
      case v1::Term::kLineId:
        to.operand = domain::LineOperand{term.line_id()};
        break;
      case v1::Term::kOptionId:
        to.operand = domain::OptionOperand{term.option_id()};
        break;
      case v1::Term::kAggregate:
        to.operand = ToEnum<domain::Aggregate>(term.aggregate(), 4, absl::StrCat(field, ".aggregate"), faults);
        break;
      case v1::Term::OPERAND_NOT_SET:
        faults.Add(field, "line_id, option_id or aggregate is required");
        break;
    }
    result.push_back(std::move(to));
  }
  return result;
}

domain::ElectionDefined ToElection(const v1::ElectionDefined& from, const std::string& path, Faults& faults) {
  domain::ElectionDefined to;
  to.election_id = from.election_id();
  to.names = ToNames(from.names());
  to.poll_date = from.poll_date();
  to.law_edition = from.law_edition();
  to.notice = from.notice();
  for (const v1::Level& level : from.levels()) to.levels.push_back({level.level_id(), ToNames(level.names())});
  for (int i = 0; i < from.sources_size(); ++i) {
    const v1::Source& source = from.sources(i);
    to.sources.push_back(
        {source.source_id(),
         ToEnum<domain::SourceKind>(source.kind(), 2, absl::StrCat(At(path, "sources", i), ".kind"), faults),
         source.level_id(), ToNames(source.names())});
  }
  for (const v1::Party& party : from.parties()) to.parties.push_back({party.party_id(), ToNames(party.names())});
  for (int i = 0; i < from.lines_size(); ++i) {
    const v1::Line& line = from.lines(i);
    if (line.meaning() < 0 || line.meaning() > 11) {
      faults.Add(absl::StrCat(At(path, "lines", i), ".meaning"), absl::StrCat("has unknown value ", line.meaning()));
    }
    to.lines.push_back({line.line_id(), ToNames(line.names()), static_cast<domain::LineMeaning>(line.meaning()),
                        line.required(), line.derived()});
  }
  for (int i = 0; i < from.bases_size(); ++i) {
    const v1::Base& base = from.bases(i);
    to.bases.push_back({base.base_id(), ToNames(base.names()),
                        ToTerms(base.terms(), absl::StrCat(At(path, "bases", i), ".terms"), faults)});
  }
  for (int i = 0; i < from.turnouts_size(); ++i) {
    const v1::Turnout& turnout = from.turnouts(i);
    const std::string at = At(path, "turnouts", i);
    to.turnouts.push_back({turnout.turnout_id(), ToNames(turnout.names()),
                           ToTerms(turnout.numerator(), absl::StrCat(at, ".numerator"), faults),
                           ToTerms(turnout.denominator(), absl::StrCat(at, ".denominator"), faults),
                           turnout.citation()});
  }
  for (int i = 0; i < from.rules_size(); ++i) {
    const v1::Rule& rule = from.rules(i);
    const std::string at = At(path, "rules", i);
    domain::Rule result;
    result.id = rule.rule_id();
    result.texts = ToNames(rule.texts());
    result.left = ToTerms(rule.left(), absl::StrCat(at, ".left"), faults);
    result.relation = ToEnum<domain::Relation>(rule.relation(), 5, absl::StrCat(at, ".relation"), faults);
    result.right = ToTerms(rule.right(), absl::StrCat(at, ".right"), faults);
    result.tolerance_count = rule.tolerance_count();
    if (rule.has_tolerance_ratio()) result.tolerance_ratio = ToFraction(rule.tolerance_ratio());
    result.severity = ToEnum<domain::Severity>(rule.severity(), 2, absl::StrCat(at, ".severity"), faults);
    for (int k = 0; k < rule.stages_size(); ++k) {
      result.stages.push_back(ToEnum<domain::Stage>(rule.stages(k), 3, At(at, "stages", k), faults));
    }
    result.contest_ids = {rule.contest_ids().begin(), rule.contest_ids().end()};
    result.citation = rule.citation();
    result.hides = {rule.hides().begin(), rule.hides().end()};
    to.rules.push_back(std::move(result));
  }
  return to;
}

domain::Threshold ToThreshold(const v1::Threshold& threshold) {
  return {ToFraction(threshold.ratio()), threshold.base_id(), threshold.inclusive()};
}

domain::Contest ToContest(const v1::Contest& from, const std::string& path, Faults& faults) {
  domain::Contest to;
  to.id = from.contest_id();
  to.names = ToNames(from.names());
  to.unit_id = from.unit_id();
  to.share_base_id = from.share_base_id();
  for (int i = 0; i < from.options_size(); ++i) {
    const v1::Option& option = from.options(i);
    to.options.push_back(
        {option.option_id(),
         ToEnum<domain::OptionKind>(option.kind(), 5, absl::StrCat(At(path, "options", i), ".kind"), faults),
         ToNames(option.names()), option.party_id()});
  }
  switch (from.rule_case()) {
    case v1::Contest::kPartyList: {
      domain::PartyList list;
      list.seat_count = from.party_list().seat_count();
      if (from.party_list().has_threshold()) list.threshold = ToThreshold(from.party_list().threshold());
      list.method = ToEnum<domain::AllocationMethod>(from.party_list().method(), 14,
                                                     absl::StrCat(path, ".party_list.method"), faults);
      if (from.party_list().has_second_list_index()) {
        list.second_list_index = ToFraction(from.party_list().second_list_index());
      }
      to.rule = std::move(list);
      break;
    }
    case v1::Contest::kPlurality:
      to.rule = domain::Plurality{};
      break;
    case v1::Contest::kAbsoluteMajority: {
      domain::AbsoluteMajority majority;
      for (const v1::WinningCondition& condition : from.absolute_majority().conditions()) {
        domain::WinningCondition result{.share = ToThreshold(condition.share()),
                                        .lead = std::nullopt,
                                        .lead_inclusive = condition.lead_inclusive()};
        if (condition.has_lead()) result.lead = ToFraction(condition.lead());
        majority.conditions.push_back(std::move(result));
      }
      to.rule = std::move(majority);
      break;
    }
    case v1::Contest::kReferendum: {
      domain::Referendum referendum;
      referendum.condition = ToThreshold(from.referendum().condition());
      if (from.referendum().has_regions()) {
        const v1::RegionalCondition& regions = from.referendum().regions();
        referendum.regions =
            domain::RegionalCondition{regions.level_id(), ToFraction(regions.ratio()), regions.inclusive()};
      }
      to.rule = std::move(referendum);
      break;
    }
    case v1::Contest::RULE_NOT_SET:
      faults.Add(path, "party_list, plurality, absolute_majority or referendum is required");
      break;
  }
  return to;
}

domain::Unit ToUnit(const v1::Unit& unit) {
  return {unit.unit_id(), unit.parent_id(), unit.level_id(), ToNames(unit.names())};
}

template <typename FigureList>
void ReadFigures(const FigureList& from, std::vector<domain::Figure>& to) {
  to.resize(from.size());
  for (int i = 0; i < from.size(); ++i) {
    if constexpr (requires { from[i].line_id(); }) {
      to[i].id = from[i].line_id();
    } else {
      to[i].id = from[i].option_id();
    }
    to[i].count = from[i].has_count() ? std::optional<int64_t>(from[i].count()) : std::nullopt;
  }
}

void CheckEvidence(const google::protobuf::RepeatedPtrField<v1::EvidenceDigest>& evidence, const std::string& path,
                   Faults& faults) {
  for (int i = 0; i < evidence.size(); ++i) {
    if (evidence[i].sha256().size() != 32) {
      faults.Add(absl::StrCat(At(path, "evidence", i), ".sha256"),
                 absl::StrCat("has ", evidence[i].sha256().size(), " bytes, not 32"));
    }
  }
}

// The range of a Timestamp: years 0001 to 9999.
bool IsTime(const google::protobuf::Timestamp& time) {
  return time.seconds() >= -62'135'596'800 && time.seconds() <= 253'402'300'799 && time.nanos() >= 0 &&
         time.nanos() <= 999'999'999;
}

void CheckTime(const google::protobuf::Timestamp& time, const std::string& field, Faults& faults) {
  if (!IsTime(time)) {
    faults.Add(field, absl::StrCat("seconds ", time.seconds(), ", nanos ", time.nanos(), " is no valid time"));
  }
}

// Memory that a thread parses into over and over: a protocol of usual size costs no allocation.
class ParseArena {
 public:
  // Destroys the submission that was made before.
  v1::Submission* NewSubmission() {
    arena_.Reset();
    return google::protobuf::Arena::CreateMessage<v1::Submission>(&arena_);
  }

 private:
  static google::protobuf::ArenaOptions OptionsWith(std::array<char, 32 << 10>& block) {
    google::protobuf::ArenaOptions options;
    options.initial_block = block.data();
    options.initial_block_size = block.size();
    return options;
  }

  alignas(std::max_align_t) std::array<char, 32 << 10> block_;
  google::protobuf::Arena arena_{OptionsWith(block_)};
};

// Sets every field of `to`, which may hold an earlier protocol: its texts and lists keep their memory.
void ReadProtocol(const v1::ProtocolSubmitted& from, domain::ProtocolSubmitted& to, Faults& faults) {
  to.election_id = from.election_id();
  to.contest_id = from.contest_id();
  to.unit_id = from.unit_id();
  to.source_id = from.source_id();
  to.stage = ToEnum<domain::Stage>(from.stage(), 3, "protocol_submitted.stage", faults);
  ReadFigures(from.lines(), to.lines);
  ReadFigures(from.options(), to.options);
  to.supersedes_sequence =
      from.has_supersedes_sequence() ? std::optional<int64_t>(from.supersedes_sequence()) : std::nullopt;
  to.decision_sequence = from.has_decision_sequence() ? std::optional<int64_t>(from.decision_sequence()) : std::nullopt;
  CheckEvidence(from.evidence(), "protocol_submitted", faults);
  if (from.has_signed_time()) CheckTime(from.signed_time(), "protocol_submitted.signed_time", faults);
  if (from.has_reported_time()) CheckTime(from.reported_time(), "protocol_submitted.reported_time", faults);
}

// A key or digest of 32 bytes.
domain::Digest ToDigest(const std::string& bytes, const char* field, Faults& faults) {
  domain::Digest digest{};
  if (bytes.size() != digest.size()) {
    faults.Add(field, absl::StrCat("has ", bytes.size(), " bytes, not ", digest.size()));
  } else {
    std::copy(bytes.begin(), bytes.end(), digest.begin());
  }
  return digest;
}

domain::PublicKey ToKey(const std::string& bytes, const char* field, Faults& faults) {
  return ToDigest(bytes, field, faults);
}

domain::TallyPublished ToPublished(const v1::TallyPublished& event, Faults& faults) {
  domain::TallyPublished to{
      .election_id = event.election_id(),
      .contest_id = event.contest_id(),
      .view = {.source_id = event.view().source_id(),
               .policy = ToEnum<domain::Policy>(event.view().policy(), 4, "tally_published.view.policy", faults),
               .basis = ToEnum<domain::Basis>(event.view().basis(), 2, "tally_published.view.basis", faults),
               .excluding_contested = event.view().excluding_contested()},
      .tree_size = event.tree_size(),
      .digest = ToDigest(event.digest(), "tally_published.digest", faults),
      .statement = event.statement(),
      .title = event.title()};
  if (merkle::Sha256(to.statement) != to.digest) {
    faults.Add("tally_published.digest", "is not the SHA-256 of the statement");
  }
  return to;
}

domain::Event ToEventWith(const v1::Submission& from, Faults& faults) {
  switch (from.event_case()) {
    case v1::Submission::kLedgerFounded:
      return domain::LedgerFounded{
          from.ledger_founded().origin(), from.ledger_founded().format_version(),
          ToKey(from.ledger_founded().authority_public_key(), "ledger_founded.authority_public_key", faults)};
    case v1::Submission::kElectionDefined:
      return ToElection(from.election_defined(), "election", faults);
    case v1::Submission::kContestsListed: {
      const v1::ContestsListed& event = from.contests_listed();
      domain::ContestsListed to{.election_id = event.election_id(), .contests = {}};
      for (int i = 0; i < event.contests_size(); ++i) {
        to.contests.push_back(ToContest(event.contests(i), At("contests_listed", "contests", i), faults));
      }
      return to;
    }
    case v1::Submission::kUnitsListed: {
      domain::UnitsListed to{.election_id = from.units_listed().election_id(), .units = {}};
      for (const v1::Unit& unit : from.units_listed().units()) to.units.push_back(ToUnit(unit));
      return to;
    }
    case v1::Submission::kRollAmended: {
      domain::RollAmended to{
          .election_id = from.roll_amended().election_id(), .entries = {}, .reason = from.roll_amended().reason()};
      for (const v1::RollEntry& entry : from.roll_amended().entries()) {
        to.entries.push_back({entry.unit_id(), entry.registered_voters()});
      }
      return to;
    }
    case v1::Submission::kElectionOpened: {
      const v1::ElectionOpened& event = from.election_opened();
      return domain::ElectionOpened{event.election_id(), event.contest_count(), event.unit_count(), event.roll_count()};
    }
    case v1::Submission::kProtocolSubmitted: {
      domain::ProtocolSubmitted to;
      ReadProtocol(from.protocol_submitted(), to, faults);
      return to;
    }
    case v1::Submission::kAppealFiled: {
      const v1::AppealFiled& event = from.appeal_filed();
      CheckEvidence(event.evidence(), "appeal_filed", faults);
      if (event.has_filed_time()) CheckTime(event.filed_time(), "appeal_filed.filed_time", faults);
      return domain::AppealFiled{.election_id = event.election_id(),
                                 .appeal_id = event.appeal_id(),
                                 .contest_id = event.contest_id(),
                                 .unit_ids = {event.unit_ids().begin(), event.unit_ids().end()},
                                 .filed_by = event.filed_by(),
                                 .grounds = event.grounds()};
    }
    case v1::Submission::kDecisionRecorded: {
      const v1::DecisionRecorded& event = from.decision_recorded();
      CheckEvidence(event.evidence(), "decision_recorded", faults);
      if (event.has_decided_time()) CheckTime(event.decided_time(), "decision_recorded.decided_time", faults);
      return domain::DecisionRecorded{
          .election_id = event.election_id(),
          .contest_id = event.contest_id(),
          .kind = ToEnum<domain::DecisionKind>(event.kind(), 6, "decision_recorded.kind", faults),
          .appeal_id = event.appeal_id(),
          .unit_ids = {event.unit_ids().begin(), event.unit_ids().end()},
          .body = event.body(),
          .act_number = event.act_number(),
          .released_sequences = {event.released_sequences().begin(), event.released_sequences().end()}};
    }
    case v1::Submission::kKeyGranted: {
      const v1::KeyGranted& event = from.key_granted();
      domain::KeyGranted to{.public_key = ToKey(event.public_key(), "key_granted.public_key", faults),
                            .holder = event.holder(),
                            .role = ToEnum<domain::Role>(event.role(), 4, "key_granted.role", faults),
                            .election_id = event.election_id(),
                            .source_ids = {event.source_ids().begin(), event.source_ids().end()},
                            .unit_id = event.unit_id(),
                            .contest_ids = {event.contest_ids().begin(), event.contest_ids().end()},
                            .stages = {}};
      for (int i = 0; i < event.stages_size(); ++i) {
        to.stages.push_back(ToEnum<domain::Stage>(event.stages(i), 3, At("key_granted", "stages", i), faults));
      }
      return to;
    }
    case v1::Submission::kKeyRevoked:
      return domain::KeyRevoked{ToKey(from.key_revoked().public_key(), "key_revoked.public_key", faults),
                                from.key_revoked().election_id(), from.key_revoked().reason()};
    case v1::Submission::kKeyRotated:
      return domain::KeyRotated{ToKey(from.key_rotated().old_public_key(), "key_rotated.old_public_key", faults),
                                ToKey(from.key_rotated().new_public_key(), "key_rotated.new_public_key", faults),
                                from.key_rotated().reason()};
    case v1::Submission::kTallyPublished:
      return ToPublished(from.tally_published(), faults);
    case v1::Submission::kAuditorAttested: {
      const v1::AuditorAttested& event = from.auditor_attested();
      if (!event.report_digest().empty()) ToDigest(event.report_digest(), "auditor_attested.report_digest", faults);
      return domain::AuditorAttested{
          .tree_size = event.tree_size(),
          .root = ToDigest(event.root_hash(), "auditor_attested.root_hash", faults),
          .verdict = ToEnum<domain::AuditVerdict>(event.verdict(), 2, "auditor_attested.verdict", faults)};
    }
    case v1::Submission::EVENT_NOT_SET:
      faults.Add("event", "is required, or of a kind that this version does not know");
      return domain::LedgerFounded{};
  }
  return domain::LedgerFounded{};
}

}  // namespace

DecodedSubmission DecodeSubmission(std::string_view bytes, Refusals& refusals) {
  DecodedSubmission decoded;
  DecodeSubmissionInto(bytes, decoded, refusals);
  return decoded;
}

void DecodeSubmissionInto(std::string_view bytes, DecodedSubmission& decoded, Refusals& refusals) {
  Faults faults(&refusals);
  if (bytes.empty() || bytes.size() > kSubmissionBytesMax) {
    faults.Add("submission", absl::StrCat("has ", bytes.size(), " bytes, not 1..", kSubmissionBytesMax));
    return;
  }
  thread_local ParseArena scratch;
  v1::Submission* submission = scratch.NewSubmission();
  if (!submission->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    faults.Add("submission", absl::StrCat("its ", bytes.size(),
                                          " bytes are no Submission: not protobuf, or a text that is not UTF-8"));
    return;
  }
  if (submission->submission_id().size() != decoded.submission_id.size()) {
    faults.Add("submission_id", absl::StrCat("has ", submission->submission_id().size(), " bytes, not 16"));
  } else {
    std::copy(submission->submission_id().begin(), submission->submission_id().end(), decoded.submission_id.begin());
  }
  decoded.submitter = submission->submitter();
  auto* protocol = std::get_if<domain::ProtocolSubmitted>(&decoded.event);
  if (protocol != nullptr && submission->has_protocol_submitted()) {
    ReadProtocol(submission->protocol_submitted(), *protocol, faults);
  } else {
    decoded.event = ToEventWith(*submission, faults);
  }
}

std::string ElectionIdOf(const v1::Submission& submission) {
  // Every event that belongs to an election has the field, and no other has.
  const google::protobuf::Reflection& of_submission = *submission.GetReflection();
  const google::protobuf::OneofDescriptor* event = submission.GetDescriptor()->FindOneofByName("event");
  const google::protobuf::FieldDescriptor* set = of_submission.GetOneofFieldDescriptor(submission, event);
  if (set == nullptr) return {};
  const google::protobuf::Message& message = of_submission.GetMessage(submission, set);
  const google::protobuf::FieldDescriptor* id = message.GetDescriptor()->FindFieldByName("election_id");
  return id == nullptr ? std::string() : message.GetReflection()->GetString(message, id);
}

domain::Event ToEvent(const v1::Submission& submission, Refusals& refusals) {
  Faults faults(&refusals);
  return ToEventWith(submission, faults);
}

domain::Definition ToDefinition(const v1::ElectionDefinition& from, Refusals& refusals) {
  Faults faults(&refusals);
  domain::Definition to;
  to.election = ToElection(from.election(), "election", faults);
  for (int i = 0; i < from.contests_size(); ++i) {
    to.contests.push_back(ToContest(from.contests(i), absl::StrCat("contests[", i, "]"), faults));
  }
  for (const v1::Unit& unit : from.units()) to.units.push_back(ToUnit(unit));
  for (const v1::RollEntry& entry : from.roll()) to.roll.push_back({entry.unit_id(), entry.registered_voters()});
  return to;
}

std::string EncodeRecord(int64_t sequence, int64_t time_micros, std::string_view submission,
                         const std::optional<SubmissionSignature>& signature) {
  v1::Record record;
  record.set_sequence(sequence);
  record.mutable_record_time()->set_seconds(time_micros / 1'000'000);
  record.mutable_record_time()->set_nanos(static_cast<int32_t>(time_micros % 1'000'000) * 1'000);
  record.set_submission(submission.data(), submission.size());
  if (signature.has_value()) FromSignature(*signature, *record.mutable_signature());
  return record.SerializeAsString();
}

absl::StatusOr<DecodedRecord> DecodeRecord(std::string_view bytes) {
  // Read by hand so that the submission is a view, not a copy: replay reads millions of these.
  DecodedRecord record;
  google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                            static_cast<int>(bytes.size()));
  const auto malformed = [&bytes] {
    return absl::DataLossError(absl::StrCat("the ", bytes.size(), " bytes are no Record"));
  };
  const int size = static_cast<int>(bytes.size());
  // A length-delimited field as a view. The readers of the stream take numbers modulo 2^32 and a zero byte for the end.
  const auto read_bytes = [&](std::string_view& field) {
    int length = 0;
    if (!in.ReadVarintSizeAsInt(&length) || length > size - in.CurrentPosition()) return false;
    field = bytes.substr(in.CurrentPosition(), length);
    return in.Skip(length);
  };
  uint32_t last_field = 0;
  while (in.CurrentPosition() < size) {
    const int tag_position = in.CurrentPosition();
    const uint32_t tag = in.ReadTag();
    if (tag == 0 || in.CurrentPosition() - tag_position > 5) return malformed();
    // Records have one form only: fields in order, none twice.
    if (tag >> 3 <= last_field) return malformed();
    last_field = tag >> 3;
    uint64_t number = 0;
    switch (tag) {
      case (v1::Record::kSequenceFieldNumber << 3) | 0:
        if (!in.ReadVarint64(&number)) return malformed();
        record.sequence = static_cast<int64_t>(number);
        break;
      case (v1::Record::kRecordTimeFieldNumber << 3) | 2: {
        std::string_view field;
        google::protobuf::Timestamp time;
        if (!read_bytes(field) || !time.ParseFromArray(field.data(), static_cast<int>(field.size())))
          return malformed();
        if (!IsTime(time)) {
          return absl::DataLossError(absl::StrCat("the record's time, seconds ", time.seconds(), ", nanos ",
                                                  time.nanos(), ", is no valid time"));
        }
        record.time_micros = time.seconds() * 1'000'000 + time.nanos() / 1'000;
        break;
      }
      case (v1::Record::kSubmissionFieldNumber << 3) | 2:
        if (!read_bytes(record.submission)) return malformed();
        break;
      case (v1::Record::kSignatureFieldNumber << 3) | 2:
        if (!read_bytes(record.signature)) return malformed();
        break;
      default:
        return absl::DataLossError(absl::StrCat("the record has an unknown field (tag ", tag, ")"));
    }
  }
  return record;
}

absl::StatusOr<SubmissionSignature> ParseSignature(std::string_view bytes) {
  v1::SubmissionSignature message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(absl::StrCat("the ", bytes.size(), " bytes are no SubmissionSignature"));
  }
  absl::StatusOr<SubmissionSignature> signature = ToSignature(message);
  if (!signature.ok()) return absl::DataLossError(signature.status().message());
  return signature;
}

absl::StatusOr<domain::PublicKey> SignerOf(std::string_view bytes) {
  domain::PublicKey key;
  constexpr char kTag = (v1::SubmissionSignature::kPublicKeyFieldNumber << 3) | 2;
  if (bytes.size() < key.size() + 2 || bytes[0] != kTag || static_cast<size_t>(bytes[1]) != key.size()) {
    return absl::DataLossError(absl::StrCat("the ", bytes.size(), " bytes of the signature do not begin with a key"));
  }
  std::copy_n(bytes.begin() + 2, key.size(), key.begin());
  return key;
}

}  // namespace hattama::wire
