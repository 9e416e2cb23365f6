// The verbs of hattama. Each adds a subcommand that sets Session::run when it is chosen.
#ifndef HATTAMA_CLIENTS_CLI_VERBS_H_
#define HATTAMA_CLIENTS_CLI_VERBS_H_

#include "CLI/App.hpp"
#include "clients/cli/session.h"

namespace hattama::cli {

// To submit.
void AddDefine(CLI::App& app, Session& session);
void AddSubmit(CLI::App& app, Session& session);
void AddImport(CLI::App& app, Session& session);
void AddRoll(CLI::App& app, Session& session);
void AddAppeal(CLI::App& app, Session& session);
void AddDecide(CLI::App& app, Session& session);

// Keys.
void AddKeygen(CLI::App& app, Session& session);
void AddGrant(CLI::App& app, Session& session);
void AddRevoke(CLI::App& app, Session& session);
void AddRotate(CLI::App& app, Session& session);

// To ask.
void AddTally(CLI::App& app, Session& session);
void AddSeats(CLI::App& app, Session& session);
void AddDiff(CLI::App& app, Session& session);
void AddHistory(CLI::App& app, Session& session);
void AddCoverage(CLI::App& app, Session& session);
void AddWatch(CLI::App& app, Session& session);

// To audit.
void AddStatus(CLI::App& app, Session& session);
void AddExport(CLI::App& app, Session& session);
void AddProve(CLI::App& app, Session& session);
void AddReceipt(CLI::App& app, Session& session);
void AddVerify(CLI::App& app, Session& session);
void AddPublish(CLI::App& app, Session& session);
void AddAudit(CLI::App& app, Session& session);
void AddPublishTally(CLI::App& app, Session& session);
void AddAttest(CLI::App& app, Session& session);
void AddProveStation(CLI::App& app, Session& session);
void AddWitness(CLI::App& app, Session& session);

// For the shell.
void AddCompletion(CLI::App& app, Session& session);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_VERBS_H_
