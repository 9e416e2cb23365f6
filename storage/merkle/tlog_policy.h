// Trust policies (c2sp.org/tlog-policy): which logs are believed, and how many of which witnesses must have cosigned.
//
//   log <vkey> [<url>]
//   witness <name> <vkey> [<url>]
//   group <name> all|any|<k> <name>...
//   quorum <name>|none
//
// One definition a line, spaces and tabs between words, "#" before a comment line. A name is defined before it is used,
// is a member of one group at most, and no two logs or two witnesses share a public key. Exactly one line is the
// quorum.
#ifndef HATTAMA_STORAGE_MERKLE_TLOG_POLICY_H_
#define HATTAMA_STORAGE_MERKLE_TLOG_POLICY_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/signed_note.h"

namespace hattama::merkle {

struct PolicyLog {
  NoteKey key;      // Of type 0x01; its name is the origin.
  std::string url;  // Empty where none is given.
};

struct PolicyWitness {
  std::string name;  // In the policy alone; the key's name is in `key`.
  NoteKey key;       // Of type 0x04.
  std::string url;
};

struct PolicyGroup {
  std::string name;
  int64_t threshold = 1;  // How many members must have witnessed a checkpoint.
  std::vector<std::string> members;
};

// What a policy says of one note.
struct PolicyVerdict {
  Checkpoint checkpoint;
  NoteKey log_key;  // The first log of the policy that signed it.
  struct Cosigned {
    std::string witness;  // The name in the policy.
    int64_t time_seconds = 0;
  };
  std::vector<Cosigned> cosigned;    // In the order of the policy.
  std::vector<std::string> missing;  // Witnesses of the quorum that did not cosign, in the order of the policy.
  bool quorum_met = false;
};

class TlogPolicy {
 public:
  // At most this many logs, witnesses and groups, each.
  static constexpr size_t kDefinitionCountMax = 1'000;

  // InvalidArgument names the line, counted from 1, and what is wrong in it.
  static absl::StatusOr<TlogPolicy> Parse(std::string_view text);

  const std::vector<PolicyLog>& logs() const { return logs_; }
  const std::vector<PolicyWitness>& witnesses() const { return witnesses_; }
  const std::vector<PolicyGroup>& groups() const { return groups_; }
  // The name of a witness or a group, or "none".
  const std::string& quorum() const { return quorum_; }

  // Whether the quorum is met is in the verdict; an error is a note that says nothing: InvalidArgument where it is
  // malformed or a signature of a key of this policy is not good, Unauthenticated where no log of this policy signed it
  // under its own origin.
  absl::StatusOr<PolicyVerdict> Evaluate(std::string_view note_bytes) const;

  // Evaluate, and FailedPrecondition naming who is missing where the quorum is not met.
  absl::StatusOr<PolicyVerdict> Require(std::string_view note_bytes) const;

 private:
  friend class PolicyParser;

  TlogPolicy() = default;

  std::vector<PolicyLog> logs_;
  std::vector<PolicyWitness> witnesses_;
  std::vector<PolicyGroup> groups_;
  std::string quorum_;
};

}  // namespace hattama::merkle

#endif  // HATTAMA_STORAGE_MERKLE_TLOG_POLICY_H_
