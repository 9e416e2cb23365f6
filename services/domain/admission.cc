// History::Check: every reason why an event may not be recorded next. authorization.cc says who may record it.
#include <algorithm>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/str_cat.h"
#include "services/domain/definition.h"
#include "services/domain/figure_columns.h"
#include "services/domain/history.h"

namespace hattama::domain {
namespace {

constexpr int64_t kFormatVersion = 1;
constexpr size_t kOriginBytesMax = 255;

void Refuse(Refusals& refusals, RefusalReason reason, std::string field, std::string message) {
  refusals.push_back(Refusal{reason, std::move(field), std::move(message), {}, {}});
}

std::string SequenceText(std::optional<int64_t> sequence) {
  return sequence.has_value() ? absl::StrCat("sequence ", *sequence) : "none";
}

}  // namespace

Refusals History::Check(const Event& event) const {
  Refusals refusals;
  if (const bool founding = std::holds_alternative<LedgerFounded>(event); founding != (tree_size() == 0)) {
    Refuse(refusals, RefusalReason::kMalformed, "event",
           founding ? absl::StrCat("the ledger was founded as ", origin_) : "the ledger is not founded");
    return refusals;
  }
  refusals = std::visit([this](const auto& of_type) { return CheckEvent(of_type); }, event);
  std::stable_sort(refusals.begin(), refusals.end(),
                   [](const Refusal& a, const Refusal& b) { return a.reason < b.reason; });
  return refusals;
}

const ElectionHistory* History::FindUnopened(std::string_view id, Refusals& refusals) const {
  const std::optional<int32_t> index = FindElection(id);
  if (!index.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownElection, "election_id",
           absl::StrCat("no election \"", Text(id), "\" is defined"));
    return nullptr;
  }
  if (elections_[*index]->open_at(tree_size())) {
    Refuse(refusals, RefusalReason::kElectionOpen, "election_id",
           absl::StrCat("election \"", Text(id), "\" is open; its definition is complete"));
    return nullptr;
  }
  return elections_[*index].get();
}

const ElectionHistory* History::FindOpen(std::string_view id, Refusals& refusals) const {
  const std::optional<int32_t> index = FindElection(id);
  if (!index.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownElection, "election_id",
           absl::StrCat("no election \"", Text(id), "\" is defined"));
    return nullptr;
  }
  if (!elections_[*index]->open_at(tree_size())) {
    Refuse(refusals, RefusalReason::kElectionNotOpen, "election_id",
           absl::StrCat("the definition of election \"", Text(id), "\" is not complete"));
    return nullptr;
  }
  return elections_[*index].get();
}

const ContestHistory* History::FindContest(const ElectionHistory& election, std::string_view id,
                                           Refusals& refusals) const {
  const std::optional<int32_t> index = election.FindContest(id);
  if (!index.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownContest, "contest_id",
           absl::StrCat("election \"", election.header().election_id, "\" has no contest \"", Text(id), "\""));
    return nullptr;
  }
  return &election.contest(*index);
}

UnitIndex History::FindStation(const ElectionHistory& election, const ContestHistory& contest, const std::string& field,
                               std::string_view id, Refusals& refusals) const {
  const std::optional<UnitIndex> unit = election.area().Find(id);
  if (!unit.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownUnit, field,
           absl::StrCat("election \"", election.header().election_id, "\" has no unit \"", Text(id), "\""));
    return -1;
  }
  if (!election.area().Contains(contest.root(), *unit)) {
    Refuse(refusals, RefusalReason::kUnitOutsideContest, field,
           absl::StrCat("unit \"", Text(id), "\" does not vote in contest \"", contest.contest().id, "\""));
    return -1;
  }
  if (!election.area().IsStation(*unit)) {
    Refuse(refusals, RefusalReason::kNotAStation, field, absl::StrCat("unit \"", Text(id), "\" is not a station"));
    return -1;
  }
  return *unit;
}

Refusals History::CheckEvent(const LedgerFounded& event) const {
  Refusals refusals;
  bool good = !event.origin.empty() && event.origin.size() <= kOriginBytesMax;
  for (const char c : event.origin) good = good && static_cast<unsigned char>(c) > 0x20 && c != '+' && c != 0x7f;
  if (!good) {
    Refuse(refusals, RefusalReason::kMalformed, "ledger_founded.origin",
           absl::StrCat("\"", event.origin, "\" is not 1..", kOriginBytesMax,
                        " bytes without spaces, control characters and plus signs"));
  }
  if (event.format_version != kFormatVersion) {
    Refuse(refusals, RefusalReason::kMalformed, "ledger_founded.format_version",
           absl::StrCat("format version ", event.format_version, " is not ", kFormatVersion));
  }
  if (event.authority == PublicKey{}) {
    Refuse(refusals, RefusalReason::kMalformed, "ledger_founded.authority_public_key", "is required");
  }
  return refusals;
}

Refusals History::CheckEvent(const ElectionDefined& event) const {
  Refusals refusals = CheckHeader(event);
  if (FindElection(event.election_id).has_value()) {
    Refuse(refusals, RefusalReason::kElectionExists, "election.election_id",
           absl::StrCat("election \"", event.election_id, "\" is defined already"));
  }
  return refusals;
}

Refusals History::CheckEvent(const ContestsListed& event) const {
  Refusals refusals;
  FindUnopened(event.election_id, refusals);
  return refusals;
}

Refusals History::CheckEvent(const UnitsListed& event) const {
  Refusals refusals;
  const ElectionHistory* election = FindUnopened(event.election_id, refusals);
  if (election != nullptr &&
      static_cast<int64_t>(election->listed_units_.size() + event.units.size()) > kUnitCountMax) {
    Refuse(refusals, RefusalReason::kDefinitionFault, "units", absl::StrCat("more than ", kUnitCountMax, " units"));
  }
  return refusals;
}

Refusals History::CheckEvent(const RollAmended& event) const {
  Refusals refusals;
  if (event.entries.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "roll_amended.entries", "at least one entry is required");
  }
  const std::optional<int32_t> index = FindElection(event.election_id);
  if (!index.has_value()) {
    FindUnopened(event.election_id, refusals);
    return refusals;
  }
  const ElectionHistory& election = *elections_[*index];
  const bool open = election.open_at(tree_size());
  if (open && event.reason.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "roll_amended.reason", "a reason is required");
  }
  TextViewSet seen;
  for (size_t i = 0; i < event.entries.size(); ++i) {
    const RollEntry& entry = event.entries[i];
    const std::string path = absl::StrCat("roll_amended.entries[", i, "]");
    if (!IsCount(entry.registered_voters)) {
      Refuse(refusals, RefusalReason::kCountOutOfRange, absl::StrCat(path, ".registered_voters"),
             absl::StrCat(entry.registered_voters, " is outside 0..", kCountMax));
    }
    if (!seen.insert(entry.unit_id).second) {
      Refuse(refusals, RefusalReason::kDuplicateFigure, absl::StrCat(path, ".unit_id"),
             absl::StrCat("unit \"", entry.unit_id, "\" occurs twice"));
    }
    if (!open) continue;  // Units are checked when the election opens.
    const std::optional<UnitIndex> unit = election.area().Find(entry.unit_id);
    if (!unit.has_value()) {
      Refuse(refusals, RefusalReason::kUnknownUnit, absl::StrCat(path, ".unit_id"),
             absl::StrCat("election \"", event.election_id, "\" has no unit \"", entry.unit_id, "\""));
    } else if (!election.area().IsStation(*unit)) {
      Refuse(refusals, RefusalReason::kNotAStation, absl::StrCat(path, ".unit_id"),
             absl::StrCat("unit \"", entry.unit_id, "\" is not a station"));
    }
  }
  return refusals;
}

Refusals History::CheckEvent(const ElectionOpened& event) const {
  Refusals refusals;
  const ElectionHistory* election = FindUnopened(event.election_id, refusals);
  if (election == nullptr) return refusals;
  const auto check_count = [&refusals](std::string_view what, int64_t stated, size_t listed) {
    if (stated == static_cast<int64_t>(listed)) return;
    Refuse(refusals, RefusalReason::kDefinitionIncomplete, absl::StrCat("election_opened.", Text(what), "_count"),
           absl::StrCat(stated, " stated, ", listed, " listed"));
  };
  check_count("contest", event.contest_count, election->listed_contests_.size());
  check_count("unit", event.unit_count, election->listed_units_.size());
  check_count("roll", event.roll_count, election->listed_roll_.size());
  if (!refusals.empty()) return refusals;
  return CheckDefinition(
      Definition{election->header_, election->listed_contests_, election->listed_units_, election->listed_roll_});
}

void History::CheckFigures(const ElectionHistory& election, const ContestHistory& contest,
                           const ProtocolSubmitted& event, Refusals& refusals) const {
  const std::vector<Line>& lines = election.header().lines;
  const std::vector<Option>& options = contest.contest().options;
  absl::InlinedVector<bool, 64> seen(contest.column_count(), false);
  const auto check = [&](const char* list, size_t i, const Figure& figure, int32_t column) {
    if (figure.count.has_value() && !IsCount(*figure.count)) {
      Refuse(refusals, RefusalReason::kCountOutOfRange, absl::StrCat("protocol_submitted.", list, "[", i, "].count"),
             absl::StrCat("\"", figure.id, "\": ", *figure.count, " is outside 0..", kCountMax));
    }
    if (column < 0) return;
    if (seen[column]) {
      Refuse(refusals, RefusalReason::kDuplicateFigure, absl::StrCat("protocol_submitted.", list, "[", i, "]"),
             absl::StrCat("\"", figure.id, "\" is stated twice"));
    }
    seen[column] = true;
  };
  for (size_t i = 0; i < event.lines.size(); ++i) {
    const int32_t column = ColumnOf(lines, election.line_index_, i, event.lines[i].id);
    if (column < 0) {
      Refuse(refusals, RefusalReason::kUnknownLine, absl::StrCat("protocol_submitted.lines[", i, "].line_id"),
             absl::StrCat("the form has no line \"", event.lines[i].id, "\""));
    }
    check("lines", i, event.lines[i], column);
  }
  for (size_t i = 0; i < event.options.size(); ++i) {
    const int32_t option = ColumnOf(options, contest.option_index_, i, event.options[i].id);
    if (option < 0) {
      Refuse(refusals, RefusalReason::kUnknownOption, absl::StrCat("protocol_submitted.options[", i, "].option_id"),
             absl::StrCat("contest \"", contest.contest().id, "\" has no option \"", event.options[i].id, "\""));
    }
    check("options", i, event.options[i], option < 0 ? -1 : static_cast<int32_t>(lines.size()) + option);
  }
  for (size_t i = 0; i < options.size(); ++i) {
    if (seen[lines.size() + i]) continue;
    Refuse(refusals, RefusalReason::kMissingOption, "protocol_submitted.options",
           absl::StrCat("option \"", options[i].id, "\" is not on the protocol"));
  }
}

Refusals History::CheckEvent(const ProtocolSubmitted& event) const {
  Refusals refusals;
  if (event.stage != Stage::kCorrected && event.decision_sequence.has_value()) {
    Refuse(refusals, RefusalReason::kMalformed, "protocol_submitted.decision_sequence",
           "only a corrected protocol names a decision");
  }
  const ElectionHistory* election = FindOpen(event.election_id, refusals);
  if (election == nullptr) return refusals;
  const std::optional<int32_t> source = election->FindSource(event.source_id);
  const bool by_monitor = source.has_value() && election->header().sources[*source].kind == SourceKind::kMonitor;
  if (!source.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownSource, "protocol_submitted.source_id",
           absl::StrCat("election \"", event.election_id, "\" has no source \"", event.source_id, "\""));
  } else if (by_monitor && event.stage == Stage::kCorrected) {
    Refuse(
        refusals, RefusalReason::kMalformed, "protocol_submitted.stage",
        absl::StrCat("monitor \"", event.source_id, "\" corrects its own copy by superseding it, not by a decision"));
  }
  const AreaTree& area = election->area();
  const std::optional<UnitIndex> unit = area.Find(event.unit_id);
  if (!unit.has_value()) {
    Refuse(refusals, RefusalReason::kUnknownUnit, "protocol_submitted.unit_id",
           absl::StrCat("election \"", event.election_id, "\" has no unit \"", event.unit_id, "\""));
  }
  const ContestHistory* contest = FindContest(*election, event.contest_id, refusals);
  if (contest == nullptr) return refusals;
  CheckFigures(*election, *contest, event, refusals);
  if (!unit.has_value()) return refusals;
  if (!area.Contains(contest->root(), *unit)) {
    Refuse(refusals, RefusalReason::kUnitOutsideContest, "protocol_submitted.unit_id",
           absl::StrCat("unit \"", event.unit_id, "\" does not vote in contest \"", event.contest_id, "\""));
    return refusals;
  }
  if (!source.has_value()) return refusals;
  const Source& by = election->header().sources[*source];
  if (const std::string& level = election->header().levels[area.node(*unit).level].id;
      !by.level_id.empty() && by.level_id != level) {
    Refuse(refusals, RefusalReason::kSourceLevelMismatch, "protocol_submitted.source_id",
           absl::StrCat("source \"", by.id, "\" states protocols of level \"", by.level_id, "\", and unit \"",
                        event.unit_id, "\" is of level \"", level, "\""));
  }

  if (event.stage == Stage::kCorrected && !by_monitor && area.IsStation(*unit)) {
    const Decision* decision =
        event.decision_sequence.has_value() ? election->FindDecision(*event.decision_sequence) : nullptr;
    const bool admits =
        decision != nullptr && &election->contest(decision->contest) == contest &&
        (decision->kind == DecisionKind::kFiguresCorrected || decision->kind == DecisionKind::kRecountOrdered) &&
        std::find(decision->units.begin(), decision->units.end(), *unit) != decision->units.end();
    if (!admits) {
      Refuse(refusals, RefusalReason::kUnknownDecision, "protocol_submitted.decision_sequence",
             absl::StrCat("a corrected protocol names the decision that corrects the figures of unit \"", event.unit_id,
                          "\" or orders its recount; given: ", SequenceText(event.decision_sequence)));
    }
  }

  const int32_t head = contest->Head(*unit, *source, event.stage, kNever);
  const std::optional<int64_t> expected =
      head < 0 ? std::nullopt : std::optional<int64_t>(contest->protocol(head).sequence);
  if (event.supersedes_sequence != expected) {
    refusals.push_back(Refusal{
        RefusalReason::kWrongPredecessor, "protocol_submitted.supersedes_sequence",
        absl::StrCat("unit \"", event.unit_id, "\", source \"", by.id, "\": the current protocol of this stage is ",
                     SequenceText(expected), ", the submission supersedes ", SequenceText(event.supersedes_sequence)),
        expected, event.supersedes_sequence});
  }
  return refusals;
}

Refusals History::CheckEvent(const AppealFiled& event) const {
  Refusals refusals;
  const auto require = [&refusals](const char* field, const std::string& value) {
    if (value.empty()) Refuse(refusals, RefusalReason::kMalformed, absl::StrCat("appeal_filed.", field), "is required");
  };
  require("appeal_id", event.appeal_id);
  require("filed_by", event.filed_by);
  require("grounds", event.grounds);
  if (event.unit_ids.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "appeal_filed.unit_ids", "at least one station is required");
  }
  const ElectionHistory* election = FindOpen(event.election_id, refusals);
  if (election == nullptr) return refusals;
  if (election->FindAppeal(event.appeal_id).has_value()) {
    Refuse(refusals, RefusalReason::kAppealExists, "appeal_filed.appeal_id",
           absl::StrCat("appeal \"", event.appeal_id, "\" is filed already"));
  }
  const ContestHistory* contest = FindContest(*election, event.contest_id, refusals);
  if (contest == nullptr) return refusals;
  TextViewSet seen;
  for (size_t i = 0; i < event.unit_ids.size(); ++i) {
    const std::string field = absl::StrCat("appeal_filed.unit_ids[", i, "]");
    FindStation(*election, *contest, field, event.unit_ids[i], refusals);
    if (!seen.insert(event.unit_ids[i]).second) {
      Refuse(refusals, RefusalReason::kDuplicateFigure, field,
             absl::StrCat("station \"", event.unit_ids[i], "\" is named twice"));
    }
  }
  return refusals;
}

Refusals History::CheckEvent(const DecisionRecorded& event) const {
  Refusals refusals;
  const auto require = [&refusals](const char* field, bool present) {
    if (!present) Refuse(refusals, RefusalReason::kMalformed, absl::StrCat("decision_recorded.", field), "is required");
  };
  const bool releases = event.kind == DecisionKind::kQuarantineReleased;
  require("body", !event.body.empty());
  require("act_number", !event.act_number.empty());
  require("appeal_id", event.kind != DecisionKind::kDismissed || !event.appeal_id.empty());
  require("unit_ids", releases || !event.appeal_id.empty() || !event.unit_ids.empty());
  require("released_sequences", !releases || !event.released_sequences.empty());
  if (!releases && !event.released_sequences.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "decision_recorded.released_sequences",
           "only a release from quarantine names protocols");
  }
  const ElectionHistory* election = FindOpen(event.election_id, refusals);
  if (election == nullptr) return refusals;
  const ContestHistory* contest = FindContest(*election, event.contest_id, refusals);
  if (contest == nullptr) return refusals;

  const Appeal* appeal = nullptr;
  if (!event.appeal_id.empty()) {
    const std::optional<int32_t> index = election->FindAppeal(event.appeal_id);
    if (!index.has_value() || &election->contest(election->appeals_[*index].contest) != contest) {
      Refuse(refusals, RefusalReason::kUnknownAppeal, "decision_recorded.appeal_id",
             absl::StrCat("contest \"", event.contest_id, "\" has no appeal \"", event.appeal_id, "\""));
    } else if (appeal = &election->appeals_[*index]; appeal->decided_sequence != kNever) {
      Refuse(refusals, RefusalReason::kAppealDecided, "decision_recorded.appeal_id",
             absl::StrCat("appeal \"", event.appeal_id, "\" was decided at sequence ", appeal->decided_sequence));
    }
  }
  const auto check_annulment = [&](const std::string& field, UnitIndex unit) {
    const bool annulled = contest->StatusAt(unit, kNever).annulled;
    const std::string& id = election->area().node(unit).unit.id;
    if (event.kind == DecisionKind::kResultsReinstated && !annulled) {
      Refuse(refusals, RefusalReason::kNotAnnulled, field,
             absl::StrCat("results of station \"", id, "\" are not annulled"));
    }
    if (event.kind == DecisionKind::kResultsAnnulled && annulled) {
      Refuse(refusals, RefusalReason::kAlreadyAnnulled, field,
             absl::StrCat("results of station \"", id, "\" are annulled already"));
    }
  };
  TextViewSet seen;
  for (size_t i = 0; i < event.unit_ids.size(); ++i) {
    const std::string field = absl::StrCat("decision_recorded.unit_ids[", i, "]");
    const UnitIndex unit = FindStation(*election, *contest, field, event.unit_ids[i], refusals);
    if (!seen.insert(event.unit_ids[i]).second) {
      Refuse(refusals, RefusalReason::kDuplicateFigure, field,
             absl::StrCat("station \"", event.unit_ids[i], "\" is named twice"));
    }
    if (unit < 0) continue;
    if (appeal != nullptr && std::find(appeal->units.begin(), appeal->units.end(), unit) == appeal->units.end()) {
      Refuse(refusals, RefusalReason::kUnitOutsideAppeal, field,
             absl::StrCat("appeal \"", event.appeal_id, "\" does not name station \"", event.unit_ids[i], "\""));
    }
    check_annulment(field, unit);
  }
  if (appeal != nullptr && event.unit_ids.empty()) {
    for (const UnitIndex unit : appeal->units) check_annulment("decision_recorded.appeal_id", unit);
  }
  for (size_t i = 0; i < event.released_sequences.size(); ++i) {
    const int32_t protocol = contest->FindProtocol(event.released_sequences[i]);
    const bool quarantined = protocol >= 0 && contest->protocol(protocol).hard &&
                             contest->protocol(protocol).released_sequence == kNever &&
                             contest->protocol(protocol).superseded_sequence == kNever;
    if (!quarantined) {
      Refuse(refusals, RefusalReason::kNotQuarantined, absl::StrCat("decision_recorded.released_sequences[", i, "]"),
             absl::StrCat("sequence ", event.released_sequences[i], " is no quarantined protocol of contest \"",
                          event.contest_id, "\""));
    }
  }
  return refusals;
}

Refusals History::CheckEvent(const KeyGranted& event) const {
  Refusals refusals;
  const bool speaks = event.role == Role::kCommission || event.role == Role::kMonitor;
  if (event.holder.empty()) Refuse(refusals, RefusalReason::kMalformed, "key_granted.holder", "is required");
  if (event.public_key == keys_.authority() || keys_.IsRetired(event.public_key)) {
    Refuse(refusals, RefusalReason::kKeyExists, "key_granted.public_key",
           absl::StrCat("key ", ShortKey(event.public_key),
                        event.public_key == keys_.authority() ? " is the authority's" : " was revoked or replaced"));
  }
  if (speaks == event.source_ids.empty()) {
    Refuse(refusals, RefusalReason::kMalformed, "key_granted.source_ids",
           speaks ? "a commission or monitor speaks for at least one source" : "this role speaks for no source");
  }
  if (event.election_id.empty()) {
    if (event.role != Role::kAuditor) {
      Refuse(refusals, RefusalReason::kMalformed, "key_granted.election_id", "is required for all but auditors");
    } else if (!event.unit_id.empty() || !event.contest_ids.empty() || !event.stages.empty()) {
      Refuse(refusals, RefusalReason::kMalformed, "key_granted.election_id",
             "is required where units, contests or stages are named");
    }
    return refusals;
  }
  const ElectionHistory* election = FindOpen(event.election_id, refusals);
  if (election == nullptr) return refusals;
  const SourceKind kind = event.role == Role::kMonitor ? SourceKind::kMonitor : SourceKind::kCommission;
  for (size_t i = 0; i < event.source_ids.size(); ++i) {
    const std::string field = absl::StrCat("key_granted.source_ids[", i, "]");
    const std::optional<int32_t> source = election->FindSource(event.source_ids[i]);
    if (!source.has_value()) {
      Refuse(refusals, RefusalReason::kUnknownSource, field,
             absl::StrCat("election \"", event.election_id, "\" has no source \"", event.source_ids[i], "\""));
    } else if (speaks && election->header().sources[*source].kind != kind) {
      Refuse(refusals, RefusalReason::kMalformed, field,
             absl::StrCat("source \"", event.source_ids[i], "\" is not of the kind of the role"));
    }
  }
  if (!event.unit_id.empty() && !election->area().Find(event.unit_id).has_value()) {
    Refuse(refusals, RefusalReason::kUnknownUnit, "key_granted.unit_id",
           absl::StrCat("election \"", event.election_id, "\" has no unit \"", event.unit_id, "\""));
  }
  for (size_t i = 0; i < event.contest_ids.size(); ++i) {
    if (election->FindContest(event.contest_ids[i]).has_value()) continue;
    Refuse(refusals, RefusalReason::kUnknownContest, absl::StrCat("key_granted.contest_ids[", i, "]"),
           absl::StrCat("election \"", event.election_id, "\" has no contest \"", event.contest_ids[i], "\""));
  }
  return refusals;
}

Refusals History::CheckEvent(const KeyRevoked& event) const {
  Refusals refusals;
  if (event.reason.empty()) Refuse(refusals, RefusalReason::kMalformed, "key_revoked.reason", "is required");
  if (!keys_.Holds(event.public_key, event.election_id)) {
    Refuse(refusals, RefusalReason::kUnknownKey, "key_revoked.public_key",
           absl::StrCat("key ", ShortKey(event.public_key), " holds no grant",
                        event.election_id.empty() ? "" : absl::StrCat(" in election \"", event.election_id, "\"")));
  }
  return refusals;
}

Refusals History::CheckEvent(const KeyRotated& event) const {
  Refusals refusals;
  if (event.reason.empty()) Refuse(refusals, RefusalReason::kMalformed, "key_rotated.reason", "is required");
  if (event.old_public_key != keys_.authority() && !keys_.Holds(event.old_public_key, {})) {
    Refuse(refusals, RefusalReason::kUnknownKey, "key_rotated.old_public_key",
           absl::StrCat("key ", ShortKey(event.old_public_key), " holds no grant"));
  }
  if (keys_.Knows(event.new_public_key)) {
    Refuse(refusals, RefusalReason::kKeyExists, "key_rotated.new_public_key",
           absl::StrCat("key ", ShortKey(event.new_public_key), " is known to this ledger"));
  }
  return refusals;
}

Refusals History::CheckEvent(const TallyPublished& event) const {
  Refusals refusals;
  if (event.statement.empty()) Refuse(refusals, RefusalReason::kMalformed, "tally_published.statement", "is required");
  if (event.view.basis != Basis::kStations) {
    Refuse(refusals, RefusalReason::kMalformed, "tally_published.view.basis",
           "a published tally is a sum of stations; a claim is a protocol of its own");
  }
  if (event.tree_size < 1 || event.tree_size > tree_size()) {
    Refuse(refusals, RefusalReason::kVersionBeyondLog, "tally_published.tree_size",
           absl::StrCat(event.tree_size, " is outside 1..", tree_size()));
  }
  const ElectionHistory* election = FindOpen(event.election_id, refusals);
  if (election == nullptr) return refusals;
  FindContest(*election, event.contest_id, refusals);
  if (!election->FindSource(event.view.source_id).has_value()) {
    Refuse(refusals, RefusalReason::kUnknownSource, "tally_published.view.source_id",
           absl::StrCat("election \"", event.election_id, "\" has no source \"", event.view.source_id, "\""));
  }
  if (event.tree_size <= tree_size() && !election->open_at(event.tree_size)) {
    Refuse(refusals, RefusalReason::kElectionNotOpen, "tally_published.tree_size",
           absl::StrCat("election \"", event.election_id, "\" was not open at version ", event.tree_size));
  }
  return refusals;
}

Refusals History::CheckEvent(const AuditorAttested& event) const {
  Refusals refusals;
  if (event.tree_size < 1 || event.tree_size > tree_size()) {
    Refuse(refusals, RefusalReason::kVersionBeyondLog, "auditor_attested.tree_size",
           absl::StrCat(event.tree_size, " is outside 1..", tree_size()));
  }
  return refusals;
}

}  // namespace hattama::domain
