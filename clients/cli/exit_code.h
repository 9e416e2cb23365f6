// What the exit code of hattama says. Scripts depend on the numbers.
#ifndef HATTAMA_CLIENTS_CLI_EXIT_CODE_H_
#define HATTAMA_CLIENTS_CLI_EXIT_CODE_H_

namespace hattama::cli {

enum class ExitCode {
  kFine = 0,
  kFindings = 1,     // It worked; findings or differences exist, or evidence does not hold.
  kUsage = 2,        // The command line makes no sense, or names a file that cannot be read.
  kRefused = 3,      // The server, or a check before it, refused what was asked.
  kUnreachable = 4,  // No server answered in time.
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_EXIT_CODE_H_
