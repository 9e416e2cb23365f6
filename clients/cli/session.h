// What every verb shares: where the server is, how answers are shown, and the calls to it.
#ifndef HATTAMA_CLIENTS_CLI_SESSION_H_
#define HATTAMA_CLIENTS_CLI_SESSION_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/failure.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "hattama/v1/audit_service.grpc.pb.h"
#include "hattama/v1/results_service.grpc.pb.h"
#include "hattama/v1/submission_service.grpc.pb.h"

namespace hattama::cli {

enum class Format { kTable, kJson, kCsv };

// The flags before the verb.
struct Globals {
  std::string server = "127.0.0.1:7878";
  bool tls = false;
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  std::string key;     // File of the private key that signs submissions; empty: none.
  std::string origin;  // The ledger that is meant; empty: whichever the server holds.
  absl::Duration timeout = absl::Seconds(60);
  Format format = Format::kTable;
  bool colour = false;
  bool progress = false;
  std::string language = "en";
};

class Session {
 public:
  Globals globals;

  // What the chosen verb does, set by the command line.
  std::function<absl::StatusOr<ExitCode>()> run;

  // One unary call, given up after --timeout.
  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Call(Stub& stub,
                                grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                                const Request& request) {
    grpc::ClientContext context;
    SetDeadline(context);
    Response response;
    if (grpc::Status status = (stub.*method)(&context, request, &response); !status.ok()) return Told(status);
    return response;
  }

  void SetDeadline(grpc::ClientContext& context) const;
  // The failure of a call, with the server's address where it was not reached.
  absl::Status Told(const grpc::Status& status) const;

  // Connect on first use. UsageError where TLS files cannot be read.
  absl::Status Connect();
  // After Connect.
  v1::SubmissionService::Stub& submissions() { return *submissions_; }
  v1::ResultsService::Stub& results() { return *results_; }
  v1::AuditService::Stub& audit() { return *audit_; }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::SubmissionService::Stub> submissions_;
  std::unique_ptr<v1::ResultsService::Stub> results_;
  std::unique_ptr<v1::AuditService::Stub> audit_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_SESSION_H_
