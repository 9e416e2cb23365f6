// The events that the fold takes, in the past tense. Plain values; proto/hattama/v1 says the same for the wire, with
// signatories, evidence and notes that the fold does not need.
#ifndef HATTAMA_SERVICES_DOMAIN_EVENT_H_
#define HATTAMA_SERVICES_DOMAIN_EVENT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "services/domain/election.h"

namespace hattama::domain {

struct LedgerFounded {
  std::string origin;
  int64_t format_version = 0;
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

using Event = std::variant<LedgerFounded, ElectionDefined, ContestsListed, UnitsListed, RollAmended, ElectionOpened,
                           ProtocolSubmitted, AppealFiled, DecisionRecorded>;

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_EVENT_H_
