// A small election in a history of its own, for tests of the domain: its definition, its protocols, and a trial that
// records them.
#ifndef HATTAMA_TESTS_DOMAIN_TRIAL_HISTORY_H_
#define HATTAMA_TESTS_DOMAIN_TRIAL_HISTORY_H_

#include <gmock/gmock.h>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "services/domain/definition.h"
#include "services/domain/event.h"
#include "services/domain/history.h"
#include "services/domain/refusal.h"
#include "services/domain/tally.h"
#include "services/domain/view.h"

namespace hattama::domain {
// For GoogleTest: the reason by its name, the field and the message.
void PrintTo(const Refusal& refusal, std::ostream* out);
void PrintTo(const Fraction& fraction, std::ostream* out);
}  // namespace hattama::domain

namespace hattama::testing {

inline constexpr char kElection[] = "e";
// The authority's key in a trial: domain code compares keys and never signs.
inline constexpr domain::PublicKey kAuthority = {0xa1};

// Units: C > R1 (S1, S2, S3), R2 (S4, S5), R3 (S6), of levels country, region and station.
// Roll: S1 100, S2 200, S3 300, S4 400, S5 500; S6 has no entry.
// Sources: pec (stations), tec (regions), cec (any level), and the monitors watch (stations) and observer (any level).
// Lines: registered, issued (required), found (derived), valid (derived), invalid.
// Bases: valid (all options), found (the line). Turnouts: issued / roll, found / registered.
// Rules: "sum" hard valid = all options; "balance" hard found = valid + invalid; "carried" soft found <= issued;
// "roll" soft issued <= roll.
// Contests: "list" at C, options a, b, c of parties and d against all, 10 seats, bar 5 % of valid, inclusive;
// "seat" at R1, options x, y and z, plurality; "question" at C, options yes and no, more than half of valid, in at
// least two thirds of the regions.
domain::Definition TrialDefinition();

// The events that found a ledger and record the definition, opening included.
std::vector<domain::Event> Founding(const domain::Definition& definition);
// The events of the definition alone.
std::vector<domain::Event> Defining(const domain::Definition& definition);

// What a test wants to say of a protocol; the rest follows so that no rule fires.
struct Sheet {
  std::string contest = "list";
  std::string unit = "S1";
  std::string source = "pec";
  domain::Stage stage = domain::Stage::kPreliminary;
  std::vector<int64_t> votes = {30, 20, 10, 5};  // In ballot order.
  int64_t invalid = 2;
  int64_t found_off = 0;   // Added to the line found, which then breaks the hard rule "balance".
  int64_t issued_off = 0;  // Added to the line issued; where negative the soft rule "carried" is broken.
  std::optional<int64_t> supersedes = {};
  std::optional<int64_t> decision = {};
};
domain::ProtocolSubmitted Protocol(const Sheet& sheet);

struct Filing {
  std::string id = "appeal-1";
  std::string contest = "list";
  std::vector<std::string> units = {"S1"};
};
domain::AppealFiled Appeal(const Filing& filing);

struct Act {
  std::string contest = "list";
  domain::DecisionKind kind = domain::DecisionKind::kFiguresCorrected;
  std::string appeal = {};
  std::vector<std::string> units = {};
  std::vector<int64_t> released = {};
};
domain::DecisionRecorded Decision(const Act& act);

domain::RollAmended Amendment(std::vector<domain::RollEntry> entries);

// A history with the definition opened, and shorthands to go on from there.
class Trial {
 public:
  Trial() : Trial(TrialDefinition()) {}
  explicit Trial(const domain::Definition& definition);

  // Records the event and returns its sequence. Fails the test and returns -1 where it is refused.
  int64_t Record(const domain::Event& event);
  domain::Refusals Check(const domain::Event& event) const { return history_.Check(event); }

  domain::History& history() { return history_; }
  const domain::History& history() const { return history_; }
  int64_t tree_size() const { return history_.tree_size(); }
  const domain::ElectionHistory& election() const { return history_.election(0); }

  // The place at the head, or at `tree_size`.
  domain::Place At(const std::string& unit, const std::string& contest = "list",
                   std::optional<int64_t> tree_size = std::nullopt) const;
  domain::ResolvedView Resolve(const domain::View& view) const;
  domain::Effect EffectOf(const std::string& unit, const domain::View& view,
                          std::optional<int64_t> tree_size = std::nullopt) const;
  domain::Tally TallyOf(const std::string& unit, const domain::View& view = {.source_id = "pec"},
                        const std::string& contest = "list", std::optional<int64_t> tree_size = std::nullopt) const;
  // The sequence of the protocol that counts for the unit, or -1 where none is counted.
  int64_t Counted(const std::string& unit, const domain::View& view,
                  std::optional<int64_t> tree_size = std::nullopt) const;

 private:
  domain::History history_;
};

// Matches a refusal by its reason and the whole path of its field.
inline auto Refused(domain::RefusalReason reason, const std::string& field) {
  return ::testing::AllOf(::testing::Field("reason", &domain::Refusal::reason, reason),
                          ::testing::Field("field", &domain::Refusal::field, field));
}

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_DOMAIN_TRIAL_HISTORY_H_
