// The audit of a published log: everything that docs/format.md section 10 asks, from bytes alone.
//
// Bundles are decoded, hashed and their signatures verified on all cores; one thread takes them in order, grows the
// tree and folds the events. What is found does not depend on the number of threads.
#ifndef HATTAMA_SERVICES_AUDIT_AUDITOR_H_
#define HATTAMA_SERVICES_AUDIT_AUDITOR_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "services/audit/log_source.h"
#include "services/audit/report.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/ed25519.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tlog_policy.h"

namespace hattama::audit {

// The checkpoint of a signed note that the caller believes, or why it does not.
using CheckpointVerifier = std::function<absl::StatusOr<merkle::Checkpoint>(std::string_view note)>;

// The key must have signed under its own name.
CheckpointVerifier BelieveKey(merkle::NoteKey key);
// A log of the policy must have signed, and the quorum be met.
CheckpointVerifier BelievePolicy(merkle::TlogPolicy policy);

struct AuditOptions {
  CheckpointVerifier verify_checkpoint = {};
  // The key that the founding record must name, where it is known from elsewhere.
  std::optional<merkle::PublicKey> authority = {};
  // What an earlier audit saw: the log must begin with it.
  std::optional<merkle::Checkpoint> kept = {};
  // An alarm of an earlier audit that nobody has looked at: the log is rejected as long as it stands. Empty: none.
  std::string standing_alarm = {};
  // Threads that verify; 0: one for each core.
  int thread_count = 0;
  // Called now and then from the thread of the caller: how many of the records are done.
  std::function<void(int64_t done, int64_t total)> progress = {};
};

// Audits what `source` holds. A fault of the log is a finding in the report, whatever it is; an error means that there
// is no verdict, because the source cannot be reached now.
absl::StatusOr<Report> Audit(LogSource& source, const AuditOptions& options);

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_AUDITOR_H_
