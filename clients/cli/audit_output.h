// How the report of an audit is shown: to people, and as a document for programs and for hattama attest.
#ifndef HATTAMA_CLIENTS_CLI_AUDIT_OUTPUT_H_
#define HATTAMA_CLIENTS_CLI_AUDIT_OUTPUT_H_

#include <string>

#include "clients/cli/session.h"
#include "nlohmann/json.hpp"
#include "services/audit/report.h"

namespace hattama::cli {

// Fields: verdict ("confirmed" or "rejected"), origin, tree_size, root (hex), folded, verified_signatures,
// other_history, counts by step; faults with step, number, place (a path or "record N"), sequence and message; tallies
// with sequence, election, contest, source, policy, stations, tree_size, ok, digest, recomputed, outcome, lines that
// differ and explanations; attestations. It says nothing of when or where the audit was made, so two audits of one log
// write the same bytes.
nlohmann::ordered_json ToAuditDocument(const audit::Report& report);

// Faults line by line, and the verdict as the last line.
void ShowAudit(const Session& session, const audit::Report& report);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_AUDIT_OUTPUT_H_
