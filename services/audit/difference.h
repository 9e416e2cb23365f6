// The search for what makes one total out of another: stations that count otherwise, another view, another version.
#ifndef HATTAMA_SERVICES_AUDIT_DIFFERENCE_H_
#define HATTAMA_SERVICES_AUDIT_DIFFERENCE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "services/audit/log_tree.h"
#include "services/domain/tally.h"
#include "storage/merkle/sha256.h"
#include "storage/merkle/sum_tree.h"

namespace hattama::audit {

// Figures are in the order of a leaf of the sum tree (docs/format.md section 8).
using FigureSums = std::vector<int64_t>;

// What each station of a contest would add if it counted otherwise.
class StationSearch {
 public:
  // `leaves` are those of the recomputed statement. All arguments must outlive the search.
  StationSearch(const domain::Place& place, const domain::ResolvedView& view, const LogTree& tree,
                const std::vector<merkle::SumLeaf>& leaves);

  // Sentences, at most 8; see ExplainDifference. `commitment` is the published one.
  std::vector<std::string> Explain(const FigureSums& published, const FigureSums& recomputed,
                                   const std::optional<merkle::Hash>& commitment) const;

 private:
  enum class Kind { kProtocol, kState, kLeftOut, kTwice };
  // One way in which one station might have been taken.
  struct Change {
    int32_t station = 0;  // Index into leaves.
    Kind kind = Kind::kProtocol;
    int32_t protocol = -1;                                  // With kProtocol.
    domain::UnitState state = domain::UnitState::kCounted;  // With kState.
    uint64_t print = 0;                                     // Fingerprint of what it adds.
  };

  size_t width() const { return weights_.size(); }
  FigureSums RowOf(int32_t protocol) const;
  // What the change adds to the sums.
  FigureSums Added(const Change& change) const;
  // A linear fingerprint: that of a sum is the sum of those of its parts. Equal figures have equal ones; the converse
  // is checked wherever it matters.
  uint64_t Fingerprint(std::span<const int64_t> figures) const;
  bool Commits(const Change& change, const merkle::Hash& commitment) const;
  std::string Sentence(const Change& change) const;

  const domain::Place& place_;
  const domain::ResolvedView& view_;
  const LogTree& tree_;
  const std::vector<merkle::SumLeaf>& leaves_;
  std::vector<domain::UnitIndex> units_;  // By leaf.
  std::vector<uint64_t> weights_;         // By figure.
  std::vector<Change> changes_;           // By station.
};

// Says which other source, policy or treatment of contested stations has these sums at the same version, if one does.
std::optional<std::string> ExplainByView(const domain::Place& place, const domain::ResolvedView& view,
                                         const FigureSums& published);
// Says at which other version the same view has these sums, if there is one. Costs a pass over all that happened in the
// contest.
std::optional<std::string> ExplainByVersion(const domain::Place& place, const domain::ResolvedView& view,
                                            const FigureSums& published);

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_DIFFERENCE_H_
