// What hattamad is asked to do: its command line, checked as far as words can be.
#ifndef HATTAMA_SERVICES_SERVER_CONFIG_H_
#define HATTAMA_SERVICES_SERVER_CONFIG_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "services/server/listen_address.h"

namespace hattama::server {

struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;  // Empty: clients show no certificate.
};

struct Config {
  enum class Verb { kInit, kServe, kAdoptHead, kRestore };

  Verb verb = Verb::kServe;
  std::string data_directory;
  std::string origin;        // Of init; of serve where the directory holds no ledger yet. Empty: none.
  std::string authority;     // The public key that grants all others, as text or path; goes with `origin`.
  std::string log_key;       // File of the log's private key.
  std::string signed_head;   // File of the last head that was signed.
  std::string checkpoint;    // Of adopt-head: file of a checkpoint, or "none".
  std::string restore_from;  // Of restore: a published folder.
  absl::Duration checkpoint_interval = absl::Seconds(1);
  std::string publish_folder;  // Empty: none.
  std::string policy;          // File of a policy. Empty: none.
  bool publish_unwitnessed = false;
  absl::Duration witness_timeout = absl::Seconds(2);
  ListenAddress listen;
  std::string port_file;  // Empty: none.
  std::optional<TlsFiles> tls;
  bool allow_insecure_remote = false;
};

// The command line as a config; or what to print and the exit code to end with: 0 for help and version, 2 for misuse.
struct CommandLine {
  std::optional<Config> config;
  int exit_code = 0;
  std::string text;  // One line for misuse.
};

CommandLine ParseCommandLine(int argc, const char* const* argv);

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_CONFIG_H_
