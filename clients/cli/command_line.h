// The command line of hattama as a whole.
#ifndef HATTAMA_CLIENTS_CLI_COMMAND_LINE_H_
#define HATTAMA_CLIENTS_CLI_COMMAND_LINE_H_

#include "clients/cli/exit_code.h"

namespace hattama::cli {

// Parses the arguments, runs the verb, writes its answer to standard output and what went wrong to standard error.
ExitCode Run(int argc, const char* const* argv);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_COMMAND_LINE_H_
