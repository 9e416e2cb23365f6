// Holds a published tally against the one that the log gives (step 9 of an audit), and where they differ looks for the
// stations that explain it.
#ifndef HATTAMA_SERVICES_AUDIT_TALLY_CHECK_H_
#define HATTAMA_SERVICES_AUDIT_TALLY_CHECK_H_

#include <string_view>
#include <vector>

#include "services/audit/log_tree.h"
#include "services/audit/report.h"
#include "services/domain/history.h"
#include "services/domain/tally.h"
#include "services/wire/statement.h"

namespace hattama::audit {

// `history` is folded beyond the publication, `tree` holds its records. Reads only: several threads may call it at
// once.
TallyReport CheckPublication(const domain::History& history, const LogTree& tree,
                             const domain::Publication& publication);

// The lines that two statements do not share, each as a person reads it: what is published, what the log gives. At most
// 40, and then how many more.
std::vector<std::string> DifferingLines(std::string_view published, std::string_view recomputed);

// What explains exactly that `published` states other sums than `recomputed`, each in one sentence; the first that is
// found of
//
//   one station    counted by another of its protocols, left out, counted twice, or in another state; where several
//                  stations fit, those that lead to the commitment in the published statement, if any does
//   two stations   each of them so
//   another view   the figures are those of another source, policy or treatment of contested stations
//   another time   the figures are those of another version
//
// Empty where none of these does.
std::vector<std::string> ExplainDifference(const domain::Place& place, const domain::ResolvedView& view,
                                           const LogTree& tree, std::string_view published,
                                           const wire::Statement& recomputed);

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_TALLY_CHECK_H_
