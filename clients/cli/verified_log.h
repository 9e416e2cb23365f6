// A log behind a server that nobody believes. What comes out of here was verified: under keys that its caller brought,
// and against the checkpoint seen before. Nothing in an answer is trusted but what a signature or a hash covers.
#ifndef HATTAMA_CLIENTS_CLI_VERIFIED_LOG_H_
#define HATTAMA_CLIENTS_CLI_VERIFIED_LOG_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/cli/checkpoint_memory.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "hattama/v1/audit_service.grpc.pb.h"
#include "services/wire/signed_record.h"
#include "storage/merkle/tlog_proof.h"

namespace hattama::cli {

// A record that is in the log at `opened.sequence`, and whose signature is that of the key that it names.
struct ProvenRecord {
  SeenCheckpoint checkpoint;  // Under which it was proven.
  std::string record;         // Byte for byte as hashed.
  std::vector<merkle::Hash> path;
  wire::SignedRecord opened;
};

// A receipt and what it shows.
struct VerifiedReceipt {
  std::string bytes;  // The C2SP tlog-proof, as it goes to a file.
  ProvenRecord proven;
};

// Checks a receipt by itself, without a network. InvalidArgument, or what `belief` says, names what does not hold.
absl::StatusOr<VerifiedReceipt> OpenReceipt(std::string_view bytes, const LogBelief& belief);

// Records one after the other. Only their number and size are checked. For one thread.
class RecordStream {
 public:
  ~RecordStream();

  // The next record. OutOfRange at the end; DataLoss where the server sent fewer, more, or one that is too large.
  absl::StatusOr<std::string> Next();

 private:
  friend class VerifiedLog;
  RecordStream(v1::AuditService::StubInterface& audit, int64_t from, int64_t until, absl::Time deadline,
               const std::function<absl::Status(const grpc::Status&)>& told);

  absl::Status ReadMessage();

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderInterface<v1::StreamRecordsResponse>> stream_;
  const std::function<absl::Status(const grpc::Status&)> told_;
  const int64_t from_;
  const int64_t until_;
  int64_t next_;
  v1::StreamRecordsResponse message_;
  int taken_ = 0;  // Of the message's records.
  bool finished_ = false;
};

// For one thread. Each call is DataLoss where the server's answer does not hold, with what it would have had to be; the
// status of a call that failed is passed on.
class VerifiedLog {
 public:
  // `audit` must outlive the log. `told` turns the failure of a call into what its caller is told.
  VerifiedLog(v1::AuditService::StubInterface& audit, LogBelief belief, CheckpointMemory memory, absl::Duration timeout,
              std::function<absl::Status(const grpc::Status&)> told);

  const std::string& origin() const { return memory_.origin(); }
  const LogBelief& belief() const { return belief_; }

  // Asks for the newest checkpoint and remembers it. FailedPrecondition where it is smaller than one seen before: an
  // old one is no proof of a lie, but not what was asked for. DataLoss and an alarm where it is not the same log.
  absl::StatusOr<SeenCheckpoint> Refresh();

  // The record, proven under the checkpoint seen last; asks for one where none was seen. OutOfRange beyond it.
  absl::StatusOr<ProvenRecord> Record(int64_t sequence);

  // The receipt of an event, waiting for a checkpoint that covers it and for the witnesses of a policy: signed, under a
  // checkpoint that is consistent with those seen. It is no news where its checkpoint is older than the last one seen.
  absl::StatusOr<VerifiedReceipt> Receipt(int64_t sequence);
  // The same for a receipt that came in another answer.
  absl::StatusOr<VerifiedReceipt> CheckReceipt(std::string_view bytes, int64_t sequence);

  // The records [from, until) as the server has them: whoever takes them hashes them and compares roots, by
  // RequirePrefix or by what he publishes.
  std::unique_ptr<RecordStream> Stream(int64_t from, int64_t until);

  // Ok where the tree of `tree_size` leaves with this root is a prefix of the checkpoint seen last.
  absl::Status RequirePrefix(int64_t tree_size, const merkle::Hash& root);

 private:
  enum class Age { kNewest, kAny };

  // Believes a checkpoint that was verified, or says why it cannot be.
  absl::Status Observe(const SeenCheckpoint& seen, Age age);
  // Ok where the server shows that the larger tree extends the smaller one; DataLoss where what it shows does not.
  absl::Status ProveConsistency(int64_t first, const merkle::Hash& first_root, int64_t second,
                                const merkle::Hash& second_root);
  absl::StatusOr<std::string> FetchRecord(int64_t sequence);
  absl::StatusOr<SeenCheckpoint> Head();
  template <class Request, class Response>
  absl::StatusOr<Response> Call(grpc::Status (v1::AuditService::StubInterface::*method)(grpc::ClientContext*,
                                                                                        const Request&, Response*),
                                const Request& request);

  v1::AuditService::StubInterface& audit_;
  const LogBelief belief_;
  CheckpointMemory memory_;
  const absl::Duration timeout_;
  const std::function<absl::Status(const grpc::Status&)> told_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_VERIFIED_LOG_H_
