// History::Authorize: whether the key that signed an event may record it. What the event itself must be is Check's.
#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/domain/history.h"

namespace hattama::domain {
namespace {

std::string_view RoleName(Role role) {
  switch (role) {
    case Role::kCommission:
      return "commission";
    case Role::kMonitor:
      return "monitor";
    case Role::kCourtRegistry:
      return "court registry";
    case Role::kAuditor:
      return "auditor";
  }
  return "unknown";
}

std::string_view StageName(Stage stage) {
  switch (stage) {
    case Stage::kPreliminary:
      return "preliminary";
    case Stage::kFinal:
      return "final";
    case Stage::kCorrected:
      return "corrected";
  }
  return "unknown";
}

// What an event asks of the grant that admits it. Empty and absent parts ask nothing.
struct Demand {
  std::vector<Role> roles;
  std::string_view election_id;
  std::string_view source_id;
  std::string_view contest_id;
  std::vector<std::string_view> unit_ids;
  // A commission decides on units below its own and never on its own: nobody judges in their own cause.
  bool units_below = false;
  std::optional<Stage> stage;
};

bool Lists(const std::vector<std::string>& listed, std::string_view id) {
  return std::find(listed.begin(), listed.end(), id) != listed.end();
}

// The first thing that the grant does not admit, or nullopt where it admits the whole. `election` is nullptr for what
// belongs to none.
std::optional<Refusal> FirstViolation(const Grant& grant, const Demand& demand, const ElectionHistory* election) {
  const KeyGranted& terms = grant.terms;
  const auto violation = [&grant](RefusalReason reason, std::string message) {
    return Refusal{reason, "signature.public_key", absl::StrCat("key ", ShortKey(grant.key), " ", message), {}, {}};
  };
  if (std::find(demand.roles.begin(), demand.roles.end(), terms.role) == demand.roles.end()) {
    return violation(RefusalReason::kRoleNotAdmitted, absl::StrCat("signs as ", Text(RoleName(terms.role)), " (",
                                                                   terms.holder, "), which may not record this event"));
  }
  if (!demand.source_id.empty() && !Lists(terms.source_ids, demand.source_id)) {
    return violation(RefusalReason::kSourceOutsideGrant,
                     absl::StrCat("speaks for ", absl::StrJoin(terms.source_ids, ", "), ", not for \"",
                                  Text(demand.source_id), "\""));
  }
  if (!demand.contest_id.empty() && !terms.contest_ids.empty() && !Lists(terms.contest_ids, demand.contest_id)) {
    return violation(RefusalReason::kContestOutsideGrant,
                     absl::StrCat("may act in ", absl::StrJoin(terms.contest_ids, ", "), ", not in contest \"",
                                  Text(demand.contest_id), "\""));
  }
  if (demand.stage.has_value() && !terms.stages.empty() &&
      std::find(terms.stages.begin(), terms.stages.end(), *demand.stage) == terms.stages.end()) {
    return violation(RefusalReason::kStageOutsideGrant,
                     absl::StrCat("may not state ", Text(StageName(*demand.stage)), " protocols"));
  }
  if (election == nullptr || demand.unit_ids.empty()) return std::nullopt;
  const AreaTree& area = election->area();
  const UnitIndex scope = terms.unit_id.empty() ? 0 : area.Find(terms.unit_id).value_or(-1);
  const bool below = demand.units_below && terms.role == Role::kCommission;
  if (scope == 0 && !below) return std::nullopt;
  for (const std::string_view id : demand.unit_ids) {
    const std::optional<UnitIndex> unit = area.Find(id);
    if (!unit.has_value() && scope == 0) continue;  // Check names it.
    if (!unit.has_value() || scope < 0 || !area.Contains(scope, *unit) || (below && *unit == scope)) {
      return violation(RefusalReason::kUnitOutsideGrant,
                       absl::StrCat("may ", below ? "decide below" : "act in", " unit \"", area.node(scope).unit.id,
                                    "\", not on \"", Text(id), "\""));
    }
  }
  return std::nullopt;
}

std::vector<std::string_view> Views(const std::vector<std::string>& ids) { return {ids.begin(), ids.end()}; }

// One refusal, for events that the authority alone may record.
Refusals NotTheAuthority(const PublicKey& signer, std::string_view what) {
  return {Refusal{RefusalReason::kRoleNotAdmitted,
                  "signature.public_key",
                  absl::StrCat("key ", ShortKey(signer), " is not the authority's, which alone may ", Text(what)),
                  {},
                  {}}};
}

}  // namespace

Refusals History::Admit(const Event& event, const PublicKey& signer) const {
  Refusals refusals = Check(event);
  const auto is_unknown = [&refusals](RefusalReason reason) {
    return std::any_of(refusals.begin(), refusals.end(), [&](const Refusal& known) { return known.reason == reason; });
  };
  for (Refusal& right : Authorize(event, signer)) {
    // Whose a thing is that does not exist is no question.
    if (is_unknown(RefusalReason::kUnknownElection)) break;
    if ((right.reason == RefusalReason::kSourceOutsideGrant && is_unknown(RefusalReason::kUnknownSource)) ||
        (right.reason == RefusalReason::kContestOutsideGrant && is_unknown(RefusalReason::kUnknownContest)) ||
        (right.reason == RefusalReason::kUnitOutsideGrant && is_unknown(RefusalReason::kUnknownUnit))) {
      continue;
    }
    refusals.push_back(std::move(right));
  }
  std::stable_sort(refusals.begin(), refusals.end(),
                   [](const Refusal& a, const Refusal& b) { return a.reason < b.reason; });
  return refusals;
}

Refusals History::Authorize(const Event& event, const PublicKey& signer) const {
  const bool is_authority = signer == keys_.authority();
  const auto by_authority = [&](std::string_view what) {
    return is_authority ? Refusals{} : NotTheAuthority(signer, what);
  };
  Demand demand;
  demand.election_id = ElectionOf(event);
  const std::optional<int32_t> index = FindElection(demand.election_id);
  const ElectionHistory* election =
      index.has_value() && elections_[*index]->open_at(tree_size()) ? elections_[*index].get() : nullptr;

  if (std::holds_alternative<LedgerFounded>(event)) return {};  // Signed by nobody; Check admits it once.
  if (std::holds_alternative<KeyGranted>(event)) return by_authority("grant keys");
  if (const auto* revoked = std::get_if<KeyRevoked>(&event)) {
    if (signer == revoked->public_key && keys_.Holds(signer, {})) return {};
    return by_authority("revoke another's key");
  }
  if (const auto* rotated = std::get_if<KeyRotated>(&event)) {
    if (signer == rotated->old_public_key && keys_.Holds(signer, {})) return {};
    return by_authority("rotate another's key");
  }
  if (std::holds_alternative<ElectionDefined>(event) || std::holds_alternative<ContestsListed>(event) ||
      std::holds_alternative<UnitsListed>(event) || std::holds_alternative<ElectionOpened>(event)) {
    return by_authority("define elections");
  }
  if (const auto* amended = std::get_if<RollAmended>(&event)) {
    if (is_authority) return {};
    if (election == nullptr) return by_authority("define elections");
    demand.roles = {Role::kCommission};
    for (const RollEntry& entry : amended->entries) demand.unit_ids.push_back(entry.unit_id);
  } else if (const auto* protocol = std::get_if<ProtocolSubmitted>(&event)) {
    demand.roles = {Role::kCommission, Role::kMonitor};
    demand.source_id = protocol->source_id;
    demand.contest_id = protocol->contest_id;
    demand.unit_ids = {protocol->unit_id};
    demand.stage = protocol->stage;
  } else if (const auto* appeal = std::get_if<AppealFiled>(&event)) {
    demand.roles = {Role::kCommission, Role::kMonitor, Role::kCourtRegistry};
    demand.contest_id = appeal->contest_id;
    demand.unit_ids = Views(appeal->unit_ids);
  } else if (const auto* decision = std::get_if<DecisionRecorded>(&event)) {
    demand.roles = {Role::kCommission, Role::kCourtRegistry};
    demand.contest_id = decision->contest_id;
    demand.unit_ids = Views(decision->unit_ids);
    demand.units_below = true;
    if (election != nullptr) {
      // The units that the decision touches without naming them.
      if (const std::optional<int32_t> filed = election->FindAppeal(decision->appeal_id)) {
        for (const UnitIndex unit : election->appeals_[*filed].units) {
          demand.unit_ids.push_back(election->area().node(unit).unit.id);
        }
      }
      if (const std::optional<int32_t> contest = election->FindContest(decision->contest_id)) {
        for (const int64_t sequence : decision->released_sequences) {
          const int32_t released = election->contest(*contest).FindProtocol(sequence);
          if (released < 0) continue;
          demand.unit_ids.push_back(election->area().node(election->contest(*contest).protocol(released).unit).unit.id);
        }
      }
    }
  } else if (const auto* published = std::get_if<TallyPublished>(&event)) {
    demand.roles = {Role::kCommission};
    demand.contest_id = published->contest_id;
    if (election != nullptr) {
      if (const std::optional<int32_t> contest = election->FindContest(published->contest_id)) {
        demand.unit_ids = {election->contest(*contest).contest().unit_id};
      }
    }
  } else if (std::holds_alternative<AuditorAttested>(event)) {
    demand.roles = {Role::kAuditor};
  }

  // The refusal of the grant that comes closest: reasons are ordered by how far a grant got.
  std::optional<Refusal> closest;
  bool ended = false;
  for (const int32_t held : keys_.GrantsOf(signer)) {
    const Grant& grant = keys_.grants()[held];
    if (!demand.election_id.empty() && grant.terms.election_id != demand.election_id) continue;
    if (grant.ended_sequence != INT64_MAX) {
      ended = true;
      continue;
    }
    std::optional<Refusal> violation = FirstViolation(grant, demand, election);
    if (!violation.has_value()) return {};
    if (!closest.has_value() || violation->reason > closest->reason) closest = std::move(violation);
  }
  if (closest.has_value()) return {*std::move(closest)};
  const std::string where = demand.election_id.empty() ? std::string("in this ledger")
                                                       : absl::StrCat("in election \"", Text(demand.election_id), "\"");
  return {Refusal{ended ? RefusalReason::kKeyRevoked : RefusalReason::kKeyNotGranted,
                  "signature.public_key",
                  absl::StrCat("key ", ShortKey(signer), ended ? " was revoked or replaced " : " has no grant ", where),
                  {},
                  {}}};
}

}  // namespace hattama::domain
