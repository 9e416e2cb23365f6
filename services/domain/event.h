// The events that the fold takes, in the past tense. Plain values; proto/hattama/v1 says the same for the wire, with
// signatories, evidence and notes that the fold does not need.
#ifndef HATTAMA_SERVICES_DOMAIN_EVENT_H_
#define HATTAMA_SERVICES_DOMAIN_EVENT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "services/domain/election.h"
#include "services/domain/view.h"

namespace hattama::domain {

// An Ed25519 public key (RFC 8032). The fold compares keys; checking signatures is no business of this room.
using PublicKey = std::array<uint8_t, 32>;
using Digest = std::array<uint8_t, 32>;

struct LedgerFounded {
  std::string origin;
  int64_t format_version = 0;
  PublicKey authority{};
};

struct ElectionDefined {
  std::string election_id;
  Names names;
  std::string poll_date;
  std::string law_edition;
  std::vector<Level> levels;  // From the root down; the last is the station level.
  std::vector<Source> sources;
  std::vector<Party> parties;
  std::vector<Line> lines;
  std::vector<Base> bases;
  std::vector<Turnout> turnouts;
  std::vector<Rule> rules;
  std::string notice;
};

struct ContestsListed {
  std::string election_id;
  std::vector<Contest> contests;
};

struct UnitsListed {
  std::string election_id;
  std::vector<Unit> units;
};

struct RollAmended {
  std::string election_id;
  std::vector<RollEntry> entries;
  std::string reason;
};

struct ElectionOpened {
  std::string election_id;
  int64_t contest_count = 0;
  int64_t unit_count = 0;
  int64_t roll_count = 0;
};

// A figure as on paper: blank is nullopt, zero is zero.
struct Figure {
  std::string id;
  std::optional<int64_t> count;
};

struct ProtocolSubmitted {
  std::string election_id;
  std::string contest_id;
  std::string unit_id;
  std::string source_id;
  Stage stage = Stage::kPreliminary;
  std::vector<Figure> lines;
  std::vector<Figure> options;
  std::optional<int64_t> supersedes_sequence;
  std::optional<int64_t> decision_sequence;
};

struct AppealFiled {
  std::string election_id;
  std::string appeal_id;
  std::string contest_id;
  std::vector<std::string> unit_ids;
  std::string filed_by;
  std::string grounds;
};

enum class DecisionKind {
  kDismissed = 1,
  kFiguresCorrected = 2,
  kResultsAnnulled = 3,
  kRecountOrdered = 4,
  kResultsReinstated = 5,
  kQuarantineReleased = 6,
};

struct DecisionRecorded {
  std::string election_id;
  std::string contest_id;
  DecisionKind kind = DecisionKind::kDismissed;
  std::string appeal_id;
  std::vector<std::string> unit_ids;
  std::string body;
  std::string act_number;
  std::vector<int64_t> released_sequences;
};

// In which office a key signs.
enum class Role { kCommission = 1, kMonitor = 2, kCourtRegistry = 3, kAuditor = 4 };

struct KeyGranted {
  PublicKey public_key{};
  std::string holder;
  Role role = Role::kCommission;
  std::string election_id;              // Empty for an auditor of the whole ledger alone.
  std::vector<std::string> source_ids;  // For commissions and monitors alone.
  std::string unit_id;                  // Empty: the whole area.
  std::vector<std::string> contest_ids;  // Empty: all.
  std::vector<Stage> stages;             // Empty: all.
};

struct KeyRevoked {
  PublicKey public_key{};
  std::string election_id;  // Empty: everywhere.
  std::string reason;
};

struct KeyRotated {
  PublicKey old_public_key{};
  PublicKey new_public_key{};
  std::string reason;
};

struct TallyPublished {
  std::string election_id;
  std::string contest_id;
  View view;
  int64_t tree_size = 0;
  Digest digest{};
  std::string statement;
  std::string title;
};

enum class AuditVerdict { kConfirmed = 1, kRejected = 2 };

struct AuditorAttested {
  int64_t tree_size = 0;
  Digest root{};
  AuditVerdict verdict = AuditVerdict::kConfirmed;
};

using Event = std::variant<LedgerFounded, ElectionDefined, ContestsListed, UnitsListed, RollAmended, ElectionOpened,
                           ProtocolSubmitted, AppealFiled, DecisionRecorded, KeyGranted, KeyRevoked, KeyRotated,
                           TallyPublished, AuditorAttested>;

// The election that the event belongs to; empty for those of the ledger as a whole.
std::string_view ElectionOf(const Event& event);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_EVENT_H_
