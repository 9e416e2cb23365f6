#include "services/audit/tally_check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/audit/difference.h"
#include "services/domain/text.h"

namespace hattama::audit {
namespace {

constexpr size_t kLinesShownMax = 40;

// Lines of which a statement has one for each id.
constexpr std::string_view kKeyedLines[] = {"line", "option", "base", "turnout", "chosen", "seats"};

// What a line is about: its first word, or two where there is one line for each id.
std::string_view SubjectOf(std::string_view line) {
  const size_t space = line.find(' ');
  if (space == std::string_view::npos) return line;
  const std::string_view key = line.substr(0, space);
  if (std::find(std::begin(kKeyedLines), std::end(kKeyedLines), key) == std::end(kKeyedLines)) return key;
  return line.substr(0, line.find(' ', space + 1));
}

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

using domain::Text;

}  // namespace

std::vector<std::string> DifferingLines(std::string_view published, std::string_view recomputed) {
  std::multimap<std::string_view, std::string_view> right;
  for (const std::string_view line : LinesOf(recomputed)) right.emplace(SubjectOf(line), line);
  std::vector<std::string> differences;
  for (const std::string_view line : LinesOf(published)) {
    const std::string_view subject = SubjectOf(line);
    const auto found = right.find(subject);
    if (found == right.end()) {
      differences.push_back(absl::StrCat("published \"", Text(line), "\", which the log does not give"));
      continue;
    }
    if (found->second != line) {
      differences.push_back(
          absl::StrCat("published \"", Text(line), "\", the log gives \"", Text(found->second), "\""));
    }
    right.erase(found);
  }
  for (const auto& [subject, line] : right) {
    differences.push_back(absl::StrCat("the log gives \"", Text(line), "\", which is not published"));
  }
  if (differences.empty() && published != recomputed) {
    differences.push_back("the lines are the same, in another order or divided otherwise");
  }
  if (differences.size() > kLinesShownMax) {
    const size_t more = differences.size() - kLinesShownMax;
    differences.resize(kLinesShownMax);
    differences.push_back(absl::StrCat("and ", more, " more"));
  }
  return differences;
}

TallyReport CheckPublication(const domain::History& history, const LogTree& tree,
                             const domain::Publication& publication) {
  const domain::TallyPublished& event = publication.event;
  TallyReport report{.sequence = publication.sequence,
                     .election_id = event.election_id,
                     .contest_id = event.contest_id,
                     .view = event.view,
                     .tree_size = event.tree_size,
                     .published = event.digest,
                     .recomputed = {},
                     .outcome = {},
                     .differences = {},
                     .explanations = {}};
  const auto cannot = [&report](const absl::Status& status) {
    report.differences.push_back(absl::StrCat("the log gives no such tally: ", status.message()));
    return report;
  };
  const absl::StatusOr<domain::Place> place =
      domain::Locate(history, event.election_id, event.contest_id, {}, event.tree_size);
  if (!place.ok()) return cannot(place.status());
  const absl::StatusOr<domain::ResolvedView> view = domain::ResolveView(*place->election, event.view);
  if (!view.ok()) return cannot(view.status());
  const absl::StatusOr<merkle::Hash> root = tree.RootAt(event.tree_size);
  if (!root.ok()) return cannot(root.status());
  const absl::StatusOr<wire::Statement> statement =
      wire::MakeStatement(*place, *view, history.origin(), *root,
                          [&tree](int64_t sequence) -> absl::StatusOr<merkle::Hash> { return tree.leaf(sequence); });
  if (!statement.ok()) return cannot(statement.status());
  report.recomputed = merkle::Sha256(statement->text);
  for (const std::string_view line : LinesOf(statement->text)) {
    if (line.starts_with("outcome ")) report.outcome = line.substr(line.find(' ') + 1);
  }
  if (report.confirmed()) return report;
  report.differences = DifferingLines(event.statement, statement->text);
  report.explanations = ExplainDifference(*place, *view, tree, event.statement, *statement);
  return report;
}

std::vector<std::string> ExplainDifference(const domain::Place& place, const domain::ResolvedView& view,
                                           const LogTree& tree, std::string_view published,
                                           const wire::Statement& recomputed) {
  const absl::StatusOr<std::vector<int64_t>> sums = wire::SumsOfStatement(published);
  const absl::StatusOr<std::vector<int64_t>> right = wire::SumsOfStatement(recomputed.text);
  if (!sums.ok() || !right.ok() || sums->size() != right->size()) return {};
  const absl::StatusOr<merkle::Hash> commitment = wire::CommitmentOfStatement(published);
  const StationSearch stations(place, view, tree, recomputed.leaves);
  std::vector<std::string> found =
      stations.Explain(*sums, *right, commitment.ok() ? std::optional<merkle::Hash>(*commitment) : std::nullopt);
  if (!found.empty() || *sums == *right) return found;
  if (std::optional<std::string> other = ExplainByView(place, view, *sums)) return {*std::move(other)};
  if (std::optional<std::string> other = ExplainByVersion(place, view, *sums)) return {*std::move(other)};
  return {};
}

}  // namespace hattama::audit
