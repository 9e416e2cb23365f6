// The answers of a ledger written again: slow and obvious. It keeps the list of events; for every question it replays
// the first n of them into maps and adds up. It shares the events and the definition with the domain, and no code.
//
// It knows the election of TrialDefinition, whose rules it states by hand.
#ifndef HATTAMA_TESTS_DOMAIN_NAIVE_MODEL_H_
#define HATTAMA_TESTS_DOMAIN_NAIVE_MODEL_H_

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "services/domain/definition.h"
#include "services/domain/event.h"
#include "services/domain/view.h"

namespace hattama::testing {

// What is compared with the domain: one tally.
struct NaiveTally {
  std::vector<std::optional<int64_t>> totals;  // Lines, then options.
  std::vector<int64_t> stated;
  std::map<std::string, int64_t> coverage;
  int64_t roll = 0;
  int64_t with_findings = 0;
  std::vector<int64_t> claims;  // Sequences of the claims for the unit: by source, then by stage.

  friend bool operator==(const NaiveTally&, const NaiveTally&) = default;
};
void PrintTo(const NaiveTally& tally, std::ostream* out);

// The state after some events, in maps.
class NaiveState {
 public:
  explicit NaiveState(const domain::Definition& definition);

  // Whether the ledger may record the event next. Protocols, rolls, appeals and decisions of the open election.
  bool Admits(const domain::Event& event) const;
  void Apply(int64_t sequence, const domain::Event& event);

  NaiveTally Tally(const std::string& contest, const std::string& unit, const domain::View& view) const;

  // The sequence of the protocol that nothing supersedes yet.
  std::optional<int64_t> Head(const domain::ProtocolSubmitted& protocol) const;
  // Sequences of every protocol, decision and id of every appeal so far.
  std::vector<int64_t> protocol_sequences() const;
  std::vector<int64_t> decision_sequences() const;
  std::vector<std::string> appeal_ids() const;

 private:
  using Key = std::tuple<std::string, std::string, std::string, domain::Stage>;  // Contest, unit, source, stage.
  using Place = std::pair<std::string, std::string>;                             // Contest, unit.

  struct Recorded {
    int64_t sequence = 0;
    domain::ProtocolSubmitted protocol;
    bool has_findings = false;
    bool hard = false;
  };
  struct AppealState {
    std::string contest;
    std::vector<std::string> units;
    bool open = true;
  };
  struct DecisionState {
    std::string contest;
    domain::DecisionKind kind;
    std::vector<std::string> units;
  };

  bool AdmitsProtocol(const domain::ProtocolSubmitted& protocol) const;
  bool AdmitsRoll(const domain::RollAmended& roll) const;
  bool AdmitsAppeal(const domain::AppealFiled& appeal) const;
  bool AdmitsDecision(const domain::DecisionRecorded& decision) const;
  // Distinct stations that vote in the contest.
  bool AreStationsOf(const std::string& contest, const std::vector<std::string>& units) const;
  bool IsBelow(const std::string& unit, const std::string& above) const;
  bool IsStation(const std::string& unit) const;
  std::optional<int64_t> RollOf(const std::string& unit) const;
  const Recorded* Find(const std::string& contest, const std::string& unit, const std::string& source,
                       domain::Stage stage) const;
  const Recorded* Chosen(const std::string& contest, const std::string& unit, const domain::View& view) const;
  bool IsContested(const Place& place) const;

  const domain::Definition* definition_;
  std::map<std::string, const domain::Unit*> units_;
  std::map<std::string, const domain::Contest*> contests_;
  std::map<std::string, const domain::Source*> sources_;
  std::map<std::string, int64_t> roll_;
  std::map<Key, std::vector<Recorded>> protocols_;
  std::map<std::string, AppealState> appeals_;
  std::map<int64_t, DecisionState> decisions_;
  std::set<int64_t> released_;
  std::set<Place> annulled_;
  std::set<Place> awaiting_;
};

class NaiveModel {
 public:
  // `definition` must outlive the model; the election opened before `first_sequence`.
  NaiveModel(const domain::Definition* definition, int64_t first_sequence)
      : definition_(definition), first_sequence_(first_sequence) {}

  void Record(domain::Event event) { events_.push_back(std::move(event)); }
  int64_t first_sequence() const { return first_sequence_; }
  int64_t tree_size() const { return first_sequence_ + static_cast<int64_t>(events_.size()); }

  // Replays the first `tree_size` events of the ledger.
  NaiveState At(int64_t tree_size) const;

 private:
  const domain::Definition* definition_;
  int64_t first_sequence_;
  std::vector<domain::Event> events_;
};

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_DOMAIN_NAIVE_MODEL_H_
