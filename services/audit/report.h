// What an audit found.
#ifndef HATTAMA_SERVICES_AUDIT_REPORT_H_
#define HATTAMA_SERVICES_AUDIT_REPORT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/domain/event.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/sha256.h"

namespace hattama::audit {

// The steps of docs/format.md section 10, with its numbers.
enum class Step {
  kNote = 1,
  kConsistency = 2,
  kBundles = 3,
  kTiles = 4,
  kRecords = 5,
  kSignatures = 6,
  kRights = 7,
  kAdmission = 8,
  kTallies = 9,
  kAttestations = 10,
};
inline constexpr int kStepCount = 10;
// One lower-case word, for example "signatures".
std::string_view StepName(Step step);

struct Fault {
  Step step = Step::kNote;
  std::string path;                 // Of the file, for example "tile/entries/000.p/17"; empty where none is at fault.
  std::optional<int64_t> sequence;  // Of the record.
  std::string message;              // What is wrong, with values.

  friend bool operator==(const Fault&, const Fault&) = default;
};
// "signatures: record 17: ..." or "tiles: tile/0/000: ...".
std::string FaultText(const Fault& fault);

struct StepCount {
  int64_t checked = 0;  // Checkpoints, files, records, publications, attestations: whatever the step is about.
  int64_t faults = 0;   // All of them, also those that the list leaves out.

  friend bool operator==(const StepCount&, const StepCount&) = default;
};

// A published tally beside its recomputation.
struct TallyReport {
  int64_t sequence = 0;  // Of the publication.
  std::string election_id;
  std::string contest_id;
  domain::View view;
  int64_t tree_size = 0;
  merkle::Hash published{};                // Digest of the statement that was published.
  std::optional<merkle::Hash> recomputed;  // Of the one that the log gives; absent where it gives none.
  std::string outcome;                     // The word of the recomputed statement, for example "runoff".
  // Where the two differ: the lines, and what explains the difference exactly. Empty where nothing was found to.
  std::vector<std::string> differences;
  std::vector<std::string> explanations;

  bool confirmed() const { return recomputed == published; }
  friend bool operator==(const TallyReport&, const TallyReport&) = default;
};

struct AttestationReport {
  int64_t sequence = 0;
  domain::PublicKey auditor{};
  int64_t tree_size = 0;
  domain::AuditVerdict verdict = domain::AuditVerdict::kConfirmed;
  bool root_holds = false;

  friend bool operator==(const AttestationReport&, const AttestationReport&) = default;
};

struct Report {
  // True where every step was gone through to the end of the log and none found a fault.
  bool confirmed = false;
  // The note as fetched, and what it says. Believed only where the step of the note has no fault.
  std::string checkpoint_note;
  merkle::Checkpoint checkpoint;
  // The log shows another history than the checkpoint kept: not a damaged copy, but a broken promise with a signature
  // under it.
  bool other_history = false;
  // How many records, from the first, were folded into the state that rights, admission and tallies rest on.
  int64_t folded_count = 0;
  // How often an Ed25519 signature was verified: once for a whole batch.
  int64_t verification_count = 0;
  std::vector<Fault> faults;                       // By step, then by place; of each step the first kFaultsListedMax.
  std::array<StepCount, kStepCount + 1> counts{};  // By Step; index 0 is unused.
  std::vector<TallyReport> tallies;
  std::vector<AttestationReport> attestations;

  const StepCount& count(Step step) const { return counts[static_cast<size_t>(step)]; }
  friend bool operator==(const Report&, const Report&) = default;
};
inline constexpr int64_t kFaultsListedMax = 20;

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_REPORT_H_
