// What a record alone shows, given the origin of its log: its form and its signature. Steps 5 and 6 of an audit.
#ifndef HATTAMA_SERVICES_AUDIT_RECORD_CHECK_H_
#define HATTAMA_SERVICES_AUDIT_RECORD_CHECK_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "services/audit/report.h"
#include "services/wire/event_codec.h"
#include "services/wire/signature_codec.h"
#include "storage/merkle/ed25519.h"

namespace hattama::audit {

// Batch roots whose signature was found good: one verification serves all members, whichever thread meets them. Holds
// the last few thousand.
//
// Thread safety: any thread.
class VerifiedBatches {
 public:
  // Whether the statement is good: known to be, or by `verify`. While one thread verifies a signature, others that meet
  // it wait, so that how often anything is verified does not depend on chance.
  bool Verify(const wire::SignedStatement& statement, const std::function<bool()>& verify);

 private:
  static constexpr size_t kCountMax = 4'096;
  static constexpr size_t kMessageBytesMax = 1'024;

  std::mutex mutex_;
  std::condition_variable verified_;
  absl::flat_hash_set<merkle::Signature> in_work_;
  // By signature; compared whole.
  absl::flat_hash_map<merkle::Signature, wire::SignedStatement> statements_;
  std::deque<merkle::Signature> order_;  // The oldest first.
};

// A record on its way to the fold.
struct CheckedRecord {
  // True where `submission` and `time_micros` hold what the record says. Faults may exist beside it: a bad signature
  // leaves the event readable.
  bool usable = false;
  int64_t time_micros = 0;
  std::optional<domain::PublicKey> signer;  // As named; absent where nobody is named.
  wire::DecodedSubmission submission;
  std::vector<Fault> faults;

  // Forgets a record and keeps its memory.
  void Clear();
};

// For one thread.
class RecordChecker {
 public:
  // `batches` must outlive the checker.
  RecordChecker(std::string origin, VerifiedBatches* batches) : origin_(std::move(origin)), batches_(batches) {}

  // Checks the record at `sequence` into `checked`, which may hold an earlier one.
  void Check(int64_t sequence, std::string_view record, CheckedRecord& checked);

  int64_t verification_count() const { return verification_count_; }

 private:
  bool Verify(const wire::SignedStatement& statement, bool batch);
  bool VerifyBytes(const wire::SignedStatement& statement);

  std::string origin_;
  VerifiedBatches* batches_;
  std::optional<wire::SignedStatement> last_batch_;
  // Keys decoded once; emptied where a log has more signers than this.
  static constexpr size_t kKeyCountMax = 4'096;
  absl::flat_hash_map<merkle::PublicKey, merkle::Verifier> keys_;
  int64_t verification_count_ = 0;
};

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_RECORD_CHECK_H_
