// The fold: events in, a state that remembers every version out. Pure and deterministic; no clock, no I/O.
//
// Every entry carries the sequence that made it, and nothing is ever overwritten, so the state at tree_size n is read
// by leaving out entries with sequence >= n. A past version costs what the present costs.
#ifndef HATTAMA_SERVICES_DOMAIN_HISTORY_H_
#define HATTAMA_SERVICES_DOMAIN_HISTORY_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/area.h"
#include "services/domain/event.h"
#include "services/domain/key_book.h"
#include "services/domain/refusal.h"
#include "services/domain/rules.h"
#include "services/domain/text.h"
#include "services/domain/view.h"
#include "services/domain/view_index.h"

namespace hattama::domain {

inline constexpr int64_t kNever = INT64_MAX;

// One recorded protocol, without its figures.
struct ProtocolFacts {
  int64_t sequence = 0;
  UnitIndex unit = 0;
  int32_t source = 0;
  Stage stage = Stage::kPreliminary;
  bool hard = false;      // A hard rule is broken.
  int32_t previous = -1;  // The protocol that it supersedes: of the same unit, source and stage.
  int64_t superseded_sequence = kNever;
  int64_t released_sequence = kNever;
  int32_t finding_begin = 0;
  int32_t finding_count = 0;
};

// The legal state of a unit's results in one contest from `sequence` on.
struct StatusChange {
  int64_t sequence = 0;
  int32_t open_appeals = 0;
  bool annulled = false;
  bool awaiting_correction = false;
  int32_t previous = -1;
};

// One contest with everything recorded in it.
class ContestHistory {
 public:
  ContestHistory(Contest contest, const std::vector<Line>& lines, const std::vector<Rule>& rules, const AreaTree* area,
                 UnitIndex root);

  const Contest& contest() const { return contest_; }
  UnitIndex root() const { return root_; }
  int32_t column_count() const { return column_count_; }
  const RuleSet& rules() const { return rules_; }

  const ProtocolFacts& protocol(int32_t index) const { return protocols_[index]; }
  int32_t protocol_count() const { return static_cast<int32_t>(protocols_.size()); }
  FigureRow figures(int32_t protocol) const {
    return FigureRow(figures_).subspan(static_cast<size_t>(protocol) * column_count_, column_count_);
  }
  std::span<const Finding> findings(int32_t protocol) const {
    return std::span<const Finding>(findings_).subspan(protocols_[protocol].finding_begin,
                                                       protocols_[protocol].finding_count);
  }
  // The index of the protocol recorded at `sequence`, or -1.
  int32_t FindProtocol(int64_t sequence) const;

  // The protocol of (unit, source, stage) that nothing supersedes before tree_size, or -1.
  int32_t Head(UnitIndex unit, int32_t source, Stage stage, int64_t tree_size) const;
  // The legal state in force at tree_size.
  StatusChange StatusAt(UnitIndex unit, int64_t tree_size) const;
  // What the unit contributes to the view at tree_size. Reads the chain of that unit only.
  Effect EffectAt(UnitIndex unit, const ResolvedView& view, int64_t tree_size) const;

  // Sequences of every protocol and status change of the unit, in no order, possibly twice.
  std::vector<int64_t> SequencesOf(UnitIndex unit) const;

  // The index of running sums for a view on stations, or nullptr if nobody asked to keep it.
  const ViewIndex* FindViewIndex(const ResolvedView& view) const;

 private:
  friend class History;

  // What one source states for one unit.
  struct Stream {
    int32_t source = 0;
    std::array<int32_t, 4> last{-1, -1, -1, -1};  // By Stage: the protocol recorded last, or -1; index 0 is unused.
    int32_t next = -1;                            // The unit's next stream.
  };

  // The stream of the unit and source, or nullptr.
  const Stream* FindStream(UnitIndex unit, int32_t source) const;
  // The protocol in force at tree_size of those that `last` ends.
  int32_t HeadOf(int32_t last, int64_t tree_size) const;
  void AppendProtocol(const ProtocolFacts& facts, std::span<const int32_t> figures, std::span<const Finding> findings);
  void AppendStatus(UnitIndex unit, StatusChange change);
  // Tells every kept index that the effect of the unit may have changed at `sequence`.
  void Refresh(UnitIndex unit, int64_t sequence);
  const ViewIndex& KeepViewIndex(const ResolvedView& view, int64_t tree_size);

  Contest contest_;
  const AreaTree* area_;  // Owned by the ElectionHistory that owns this.
  UnitIndex root_;
  int32_t column_count_;
  RuleSet rules_;
  TextMap<int32_t> option_index_;

  std::vector<ProtocolFacts> protocols_;
  std::vector<int32_t> figures_;  // Row i at [i * column_count, (i + 1) * column_count).
  std::vector<Finding> findings_;
  std::vector<StatusChange> statuses_;
  std::vector<Stream> streams_;
  std::vector<int32_t> first_stream_;  // By unit - root_.
  std::vector<int32_t> last_status_;   // By unit - root_.
  std::vector<std::unique_ptr<ViewIndex>> view_indexes_;
};

// An appeal and a decision, as far as later events refer to them.
struct Appeal {
  std::string id;
  int32_t contest = 0;
  std::vector<UnitIndex> units;
  int64_t filed_sequence = 0;
  int64_t decided_sequence = kNever;
};

struct Decision {
  int64_t sequence = 0;
  int32_t contest = 0;
  DecisionKind kind = DecisionKind::kDismissed;
  std::vector<UnitIndex> units;
  int32_t appeal = -1;
};

// A tally that a commission published, to be held against a recomputation.
struct Publication {
  int64_t sequence = 0;
  TallyPublished event;
};

// One election.
class ElectionHistory {
 public:
  explicit ElectionHistory(ElectionDefined header, int64_t sequence)
      : header_(std::move(header)), defined_sequence_(sequence) {}

  const ElectionDefined& header() const { return header_; }
  bool open_at(int64_t tree_size) const { return opened_sequence_ < tree_size; }
  const AreaTree& area() const { return area_; }
  int32_t contest_count() const { return static_cast<int32_t>(contests_.size()); }
  const ContestHistory& contest(int32_t index) const { return *contests_[index]; }
  std::optional<int32_t> FindContest(std::string_view contest_id) const;
  std::optional<int32_t> FindSource(std::string_view source_id) const;
  std::optional<int32_t> FindLevel(std::string_view level_id) const;
  std::optional<int32_t> FindAppeal(std::string_view appeal_id) const;
  // The decision recorded at `sequence`, or nullptr.
  const Decision* FindDecision(int64_t sequence) const;

  // Registered voters of a station by the roll in force at tree_size; nullopt without an entry.
  std::optional<int64_t> RollAt(UnitIndex station, int64_t tree_size) const;
  // Their sum over the stations of a unit that have an entry. O(log amendments).
  int64_t RollSumAt(UnitIndex unit, int64_t tree_size) const;

  // Sequences of everything that happened to the unit in the contest before tree_size, ascending.
  std::vector<int64_t> SequencesOf(int32_t contest, UnitIndex unit, int64_t tree_size) const;

 private:
  friend class History;

  struct RollChange {
    int64_t sequence = 0;
    int64_t registered_voters = 0;
    int32_t previous = -1;
  };
  struct RollSum {
    int64_t sequence = 0;
    int64_t sum = 0;
  };

  void Open(int64_t sequence);
  void SetRoll(UnitIndex station, int64_t registered_voters, int64_t sequence);

  ElectionDefined header_;
  int64_t defined_sequence_;
  int64_t opened_sequence_ = kNever;
  // Parts of the definition until it opens.
  std::vector<Contest> listed_contests_;
  std::vector<Unit> listed_units_;
  std::vector<RollEntry> listed_roll_;

  AreaTree area_;
  std::vector<std::unique_ptr<ContestHistory>> contests_;
  TextMap<int32_t> contest_index_;
  TextMap<int32_t> source_index_;
  TextMap<int32_t> line_index_;
  std::vector<RollChange> roll_changes_;
  std::vector<int32_t> last_roll_;               // By unit; -1 without an entry.
  std::vector<std::vector<RollSum>> roll_sums_;  // By unit; the first is the sum at opening.
  std::vector<Appeal> appeals_;
  TextMap<int32_t> appeal_index_;
  std::vector<Decision> decisions_;
};

// What recording a protocol found.
struct ApplyResult {
  std::vector<Finding> findings;
  bool quarantined = false;
  // Where the findings belong; -1 for other events.
  int32_t election = -1;
  int32_t contest = -1;
};

// The state after the first tree_size events.
//
// Thread safety: as a standard container; readers beside a writer need a lock outside.
class History {
 public:
  // Every reason why `event` may not be recorded next, in order of precedence; empty where it may.
  Refusals Check(const Event& event) const;

  // Why the key `signer` may not record `event` next; empty where it may. At most one refusal, that of the grant which
  // comes closest. Precondition: the ledger is founded. A grant, revocation or rotation holds from the event after it.
  Refusals Authorize(const Event& event, const PublicKey& signer) const;

  // Both together: every reason why the key may not record the event, or the event may not be recorded, in order of
  // precedence. Rights to an election, source, contest or unit that does not exist are left out.
  Refusals Admit(const Event& event, const PublicKey& signer) const;

  // Applies the next event. Precondition: Check(event) is empty. `time_micros` is the record time since the Unix epoch
  // and never falls.
  ApplyResult Apply(int64_t time_micros, const Event& event);

  // What Apply would find in the protocol now, recording nothing. Precondition: Check(event) is empty.
  ApplyResult Examine(const ProtocolSubmitted& event) const;

  int64_t tree_size() const { return static_cast<int64_t>(times_.size()); }
  const std::string& origin() const { return origin_; }
  // Record time of event `sequence`.
  int64_t TimeMicros(int64_t sequence) const { return times_[sequence]; }
  // How many events were recorded at or before the moment.
  int64_t TreeSizeAt(int64_t time_micros) const;

  const KeyBook& keys() const { return keys_; }
  // Every published tally, in the order of the log.
  const std::vector<Publication>& publications() const { return publications_; }

  int32_t election_count() const { return static_cast<int32_t>(elections_.size()); }
  const ElectionHistory& election(int32_t index) const { return *elections_[index]; }
  std::optional<int32_t> FindElection(std::string_view election_id) const;

  // Keeps running sums for the view from now on, so that tallies of any version cost O(log n). The first call for a
  // view costs one pass over the contest.
  void KeepViewIndex(int32_t election, int32_t contest, const ResolvedView& view);

 private:
  ElectionHistory& mutable_election(std::string_view id) { return *elections_[election_index_.find(id)->second]; }

  // An admitted protocol on its way into the contest.
  struct Draft {
    ProtocolFacts facts;
    std::vector<int32_t> row;
    ApplyResult result;
  };
  Draft MakeDraft(const ProtocolSubmitted& event) const;

  // Adds a refusal for every figure that is unknown, double, missing or out of range.
  void CheckFigures(const ElectionHistory& election, const ContestHistory& contest, const ProtocolSubmitted& event,
                    Refusals& refusals) const;

  Refusals CheckEvent(const LedgerFounded& event) const;
  Refusals CheckEvent(const ElectionDefined& event) const;
  Refusals CheckEvent(const ContestsListed& event) const;
  Refusals CheckEvent(const UnitsListed& event) const;
  Refusals CheckEvent(const RollAmended& event) const;
  Refusals CheckEvent(const ElectionOpened& event) const;
  Refusals CheckEvent(const ProtocolSubmitted& event) const;
  Refusals CheckEvent(const AppealFiled& event) const;
  Refusals CheckEvent(const DecisionRecorded& event) const;
  Refusals CheckEvent(const KeyGranted& event) const;
  Refusals CheckEvent(const KeyRevoked& event) const;
  Refusals CheckEvent(const KeyRotated& event) const;
  Refusals CheckEvent(const TallyPublished& event) const;
  Refusals CheckEvent(const AuditorAttested& event) const;

  // The election a part of a definition belongs to, or a refusal.
  const ElectionHistory* FindUnopened(std::string_view id, Refusals& refusals) const;
  const ElectionHistory* FindOpen(std::string_view id, Refusals& refusals) const;
  // The contest of an open election, or nullptr and a refusal.
  const ContestHistory* FindContest(const ElectionHistory& election, std::string_view id, Refusals& refusals) const;
  // The station of a contest that `field` names, or -1 and a refusal.
  UnitIndex FindStation(const ElectionHistory& election, const ContestHistory& contest, const std::string& field,
                        std::string_view id, Refusals& refusals) const;

  ApplyResult ApplyEvent(int64_t sequence, const LedgerFounded& event);
  ApplyResult ApplyEvent(int64_t sequence, const ElectionDefined& event);
  ApplyResult ApplyEvent(int64_t sequence, const ContestsListed& event);
  ApplyResult ApplyEvent(int64_t sequence, const UnitsListed& event);
  ApplyResult ApplyEvent(int64_t sequence, const RollAmended& event);
  ApplyResult ApplyEvent(int64_t sequence, const ElectionOpened& event);
  ApplyResult ApplyEvent(int64_t sequence, const ProtocolSubmitted& event);
  ApplyResult ApplyEvent(int64_t sequence, const AppealFiled& event);
  ApplyResult ApplyEvent(int64_t sequence, const DecisionRecorded& event);
  ApplyResult ApplyEvent(int64_t sequence, const KeyGranted& event);
  ApplyResult ApplyEvent(int64_t sequence, const KeyRevoked& event);
  ApplyResult ApplyEvent(int64_t sequence, const KeyRotated& event);
  ApplyResult ApplyEvent(int64_t sequence, const TallyPublished& event);
  ApplyResult ApplyEvent(int64_t sequence, const AuditorAttested& event);

  std::string origin_;
  KeyBook keys_;
  std::vector<Publication> publications_;
  std::vector<int64_t> times_;  // By sequence.
  std::vector<std::unique_ptr<ElectionHistory>> elections_;
  TextMap<int32_t> election_index_;
};

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_HISTORY_H_
