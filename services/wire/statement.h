// The canonical text of a tally, byte for byte as docs/format.md section 7 has it, and the sum tree of its stations
// (section 8): what a commission publishes and what an audit recomputes.
#ifndef HATTAMA_SERVICES_WIRE_STATEMENT_H_
#define HATTAMA_SERVICES_WIRE_STATEMENT_H_

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/domain/tally.h"
#include "storage/merkle/sha256.h"
#include "storage/merkle/sum_tree.h"

namespace hattama::wire {

// A policy in a statement's view line, and back; nullopt for any other word.
const char* PolicyName(domain::Policy policy);
std::optional<domain::Policy> ParsePolicyName(std::string_view name);

// In the order in which leaves and statements count them.
inline constexpr std::array<domain::UnitState, 5> kUnitStates = {
    domain::UnitState::kCounted, domain::UnitState::kQuarantined, domain::UnitState::kAnnulled,
    domain::UnitState::kExcludedContested, domain::UnitState::kMissing};

// Of the record of this sequence.
using LeafHashReader = std::function<absl::StatusOr<merkle::Hash>(int64_t sequence)>;

// A station as a leaf of the sum tree.
struct StationLeaf {
  std::string unit_id;
  domain::UnitState state = domain::UnitState::kMissing;
  std::optional<int64_t> sequence;  // Of the protocol that counts or would count.
  std::optional<merkle::Hash> leaf_hash;

  friend bool operator==(const StationLeaf&, const StationLeaf&) = default;
};

std::string FormatStationLabel(const StationLeaf& leaf);
// InvalidArgument where the text is no label.
absl::StatusOr<StationLeaf> ParseStationLabel(std::string_view label);

// The leaves of a contest at its own unit, in tree order: `place.unit` is the contest's. Passes on what the reader
// says.
absl::StatusOr<std::vector<merkle::SumLeaf>> StationLeaves(const domain::Place& place, const domain::ResolvedView& view,
                                                           const LeafHashReader& leaf_hash);

// How many figures a leaf has over `column_count` columns.
constexpr size_t StationLeafWidth(int32_t column_count) { return 2 * static_cast<size_t>(column_count) + 5; }

// The statement of a tally at the contest's own unit on stations. `root` is over the first tally.place.tree_size
// records.
std::string FormatStatement(const domain::Tally& tally, std::string_view origin, const merkle::Hash& root,
                            const merkle::Hash& sums);

// A statement with the leaves and the tree that it commits to.
struct Statement {
  std::string text;
  std::vector<merkle::SumLeaf> leaves;
  merkle::SumTree tree;
};

// Hashes the tree and writes the text: what takes long, and needs of the state only what a definition fixes.
absl::StatusOr<Statement> CompleteStatement(const domain::Tally& tally, std::vector<merkle::SumLeaf> leaves,
                                            std::string_view origin, const merkle::Hash& root);

// The same with leaves and tally in one call.
absl::StatusOr<Statement> MakeStatement(const domain::Place& place, const domain::ResolvedView& view,
                                        std::string_view origin, const merkle::Hash& root,
                                        const LeafHashReader& leaf_hash);

// A statement as lines of words, their escapes undone: for whoever compares two of them or reads a figure.
struct StatementLine {
  std::string key;                 // For example "option".
  std::vector<std::string> words;  // What follows.
};
// InvalidArgument names the line that is malformed.
absl::StatusOr<std::vector<StatementLine>> ParseStatement(std::string_view text);

// The figures that a statement and the root of its sum tree both have, in the order of a leaf.
//   InvalidArgument where the text lacks one.
absl::StatusOr<std::vector<int64_t>> SumsOfStatement(std::string_view text);
// The commitment in a statement.
absl::StatusOr<merkle::Hash> CommitmentOfStatement(std::string_view text);

}  // namespace hattama::wire

#endif  // HATTAMA_SERVICES_WIRE_STATEMENT_H_
