#include "storage/merkle/tlog_policy.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "storage/merkle/decimal.h"
#include "storage/merkle/line_reader.h"

namespace hattama::merkle {
namespace {

constexpr std::string_view kNone = "none";

// Words between spaces and tabs.
std::vector<std::string_view> WordsOf(std::string_view line) {
  constexpr std::string_view kSpace = " \t";
  std::vector<std::string_view> words;
  size_t begin = line.find_first_not_of(kSpace);
  while (begin != std::string_view::npos) {
    const size_t end = line.find_first_of(kSpace, begin);
    words.push_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kSpace, end == std::string_view::npos ? line.size() : end);
  }
  return words;
}

absl::Status Wrong(std::string what) { return absl::InvalidArgumentError(what); }

}  // namespace

// Takes one line after the other.
class PolicyParser {
 public:
  absl::Status Take(std::string_view line) {
    for (const char c : line) {
      const auto octet = static_cast<uint8_t>(c);
      if (octet == 0x7f || (octet < 0x20 && octet != '\t')) {
        return Wrong(absl::StrCat("the control character 0x", absl::Hex(octet, absl::kZeroPad2)));
      }
    }
    const std::vector<std::string_view> words = WordsOf(line);
    if (words.empty() || words.front().starts_with('#')) return absl::OkStatus();
    if (words.front() == "log") return TakeLog(words);
    if (words.front() == "witness") return TakeWitness(words);
    if (words.front() == "group") return TakeGroup(words);
    if (words.front() == "quorum") return TakeQuorum(words);
    return Wrong(absl::StrCat(Quoted(words.front()), " is none of log, witness, group, quorum"));
  }

  absl::StatusOr<TlogPolicy> Finish() && {
    if (!quorum_seen_) return Wrong("the policy has no quorum line; without witnesses it is \"quorum none\"");
    return std::move(policy_);
  }

 private:
  absl::Status TakeLog(const std::vector<std::string_view>& words) {
    if (words.size() < 2 || words.size() > 3) return Wrong("wants: log <vkey> [<url>]");
    absl::StatusOr<NoteKey> key = ParseVerifierKey(words[1]);
    if (!key.ok()) return key.status();
    if (key->type != kNoteEd25519) {
      return Wrong(
          absl::StrCat("the key of log ", key->name, " is of type 0x04, for cosignatures; a log signs with 0x01"));
    }
    for (const PolicyLog& log : policy_.logs_) {
      if (log.key.public_key == key->public_key) {
        return Wrong(absl::StrCat("the log ", key->name, " has the public key of log ", log.key.name));
      }
    }
    if (absl::Status status = CheckCount(policy_.logs_.size(), "logs"); !status.ok()) return status;
    policy_.logs_.push_back({*std::move(key), std::string(words.size() > 2 ? words[2] : "")});
    return absl::OkStatus();
  }

  absl::Status TakeWitness(const std::vector<std::string_view>& words) {
    if (words.size() < 3 || words.size() > 4) return Wrong("wants: witness <name> <vkey> [<url>]");
    if (absl::Status status = CheckNew(words[1]); !status.ok()) return status;
    absl::StatusOr<NoteKey> key = ParseVerifierKey(words[2]);
    if (!key.ok()) return key.status();
    if (key->type != kNoteCosignature) {
      // Some tools print a witness's key as 0x01; the same key as 0x04 is what was meant.
      const absl::StatusOr<NoteKey> meant = MakeNoteKey(key->name, kNoteCosignature, key->public_key);
      return Wrong(absl::StrCat("the key of witness ", std::string(words[1]),
                                " is of type 0x01; a witness cosigns with 0x04, which for this key is ",
                                meant.ok() ? FormatVerifierKey(*meant) : ""));
    }
    for (const PolicyWitness& witness : policy_.witnesses_) {
      if (witness.key.public_key == key->public_key) {
        return Wrong(
            absl::StrCat("the witness ", std::string(words[1]), " has the public key of witness ", witness.name));
      }
    }
    if (absl::Status status = CheckCount(policy_.witnesses_.size(), "witnesses"); !status.ok()) return status;
    policy_.witnesses_.push_back(
        {std::string(words[1]), *std::move(key), std::string(words.size() > 3 ? words[3] : "")});
    defined_.emplace(words[1]);
    return absl::OkStatus();
  }

  absl::Status TakeGroup(const std::vector<std::string_view>& words) {
    if (words.size() < 4) return Wrong("wants: group <name> all|any|<k> <name>...");
    if (absl::Status status = CheckNew(words[1]); !status.ok()) return status;
    PolicyGroup group;
    group.name = std::string(words[1]);
    const auto member_count = static_cast<int64_t>(words.size()) - 3;
    if (words[2] == "all") {
      group.threshold = member_count;
    } else if (words[2] != "any") {
      const std::optional<int64_t> threshold = ParseDecimal(words[2]);
      if (!threshold || *threshold < 1 || *threshold > member_count) {
        return Wrong(absl::StrCat("the threshold ", Quoted(words[2]), " of group ", group.name,
                                  " is not all, any or a number of 1..", member_count));
      }
      group.threshold = *threshold;
    }
    for (size_t i = 3; i < words.size(); ++i) {
      const std::string member(words[i]);
      if (!defined_.contains(member)) {
        return Wrong(absl::StrCat("the member ", Quoted(member), " of group ", group.name, " is not defined above"));
      }
      // A witness that is in two groups could count twice.
      if (const auto [other, inserted] = group_of_.emplace(member, group.name); !inserted) {
        return Wrong(absl::StrCat("the member ", Quoted(member), " of group ", group.name, " is a member of group ",
                                  other->second, " already"));
      }
      group.members.push_back(member);
    }
    if (absl::Status status = CheckCount(policy_.groups_.size(), "groups"); !status.ok()) return status;
    defined_.insert(group.name);
    policy_.groups_.push_back(std::move(group));
    return absl::OkStatus();
  }

  absl::Status TakeQuorum(const std::vector<std::string_view>& words) {
    if (words.size() != 2) return Wrong("wants: quorum <name>|none");
    if (quorum_seen_) return Wrong(absl::StrCat("a second quorum; the first is ", policy_.quorum_));
    const std::string name(words[1]);
    if (name != kNone && !defined_.contains(name)) {
      return Wrong(absl::StrCat("the quorum ", Quoted(name), " is not defined above"));
    }
    policy_.quorum_ = name;
    quorum_seen_ = true;
    return absl::OkStatus();
  }

  absl::Status CheckNew(std::string_view name) const {
    if (name == kNone) return Wrong("the name none is taken: it is the quorum of a policy without witnesses");
    if (defined_.contains(std::string(name)))
      return Wrong(absl::StrCat("the name ", Quoted(name), " is defined above"));
    return absl::OkStatus();
  }

  static absl::Status CheckCount(size_t count, const char* what) {
    if (count < TlogPolicy::kDefinitionCountMax) return absl::OkStatus();
    return Wrong(absl::StrCat("more than ", TlogPolicy::kDefinitionCountMax, " ", what));
  }

  TlogPolicy policy_;
  std::set<std::string> defined_;
  std::map<std::string, std::string> group_of_;  // By member.
  bool quorum_seen_ = false;
};

absl::StatusOr<TlogPolicy> TlogPolicy::Parse(std::string_view text) {
  PolicyParser parser;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (absl::Status status = parser.Take(text.substr(0, end)); !status.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("policy line ", number, ": ", status.message()));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::move(parser).Finish();
}

absl::StatusOr<PolicyVerdict> TlogPolicy::Evaluate(std::string_view note_bytes) const {
  absl::StatusOr<SignedCheckpoint> parsed = ParseSignedCheckpoint(note_bytes);
  if (!parsed.ok()) return parsed.status();
  std::vector<NoteKey> keys;
  for (const PolicyLog& log : logs_) keys.push_back(log.key);
  for (const PolicyWitness& witness : witnesses_) keys.push_back(witness.key);
  const absl::StatusOr<std::vector<VerifiedSignature>> verified = VerifyNote(parsed->note, keys);
  if (!verified.ok()) return verified.status();

  PolicyVerdict verdict;
  verdict.checkpoint = std::move(parsed->checkpoint);
  const auto log = std::find_if(verified->begin(), verified->end(), [&](const VerifiedSignature& signature) {
    return signature.key.type == kNoteEd25519 && signature.key.name == verdict.checkpoint.origin;
  });
  if (log == verified->end()) {
    return absl::UnauthenticatedError(
        absl::StrCat("no log of the policy signed the checkpoint of ", verdict.checkpoint.origin, " under that name"));
  }
  verdict.log_key = log->key;

  // A member is defined before its group, so one pass up decides each group, and one pass down finds who belongs.
  std::set<std::string> witnessed;
  for (const PolicyWitness& witness : witnesses_) {
    const auto signature = std::find_if(verified->begin(), verified->end(),
                                        [&](const VerifiedSignature& other) { return other.key == witness.key; });
    if (signature == verified->end()) continue;
    witnessed.insert(witness.name);
    verdict.cosigned.push_back({witness.name, signature->time_seconds});
  }
  for (const PolicyGroup& group : groups_) {
    const int64_t count = std::count_if(group.members.begin(), group.members.end(),
                                        [&](const std::string& member) { return witnessed.contains(member); });
    if (count >= group.threshold) witnessed.insert(group.name);
  }
  verdict.quorum_met = quorum_ == kNone || witnessed.contains(quorum_);
  std::set<std::string> belongs = {quorum_};
  for (auto group = groups_.rbegin(); group != groups_.rend(); ++group) {
    if (belongs.contains(group->name)) belongs.insert(group->members.begin(), group->members.end());
  }
  for (const PolicyWitness& witness : witnesses_) {
    if (belongs.contains(witness.name) && !witnessed.contains(witness.name)) verdict.missing.push_back(witness.name);
  }
  return verdict;
}

absl::StatusOr<PolicyVerdict> TlogPolicy::Require(std::string_view note_bytes) const {
  absl::StatusOr<PolicyVerdict> verdict = Evaluate(note_bytes);
  if (!verdict.ok() || verdict->quorum_met) return verdict;
  return absl::FailedPreconditionError(absl::StrCat("the checkpoint of ", verdict->checkpoint.origin, " at size ",
                                                    verdict->checkpoint.tree_size, " lacks the quorum ", quorum_,
                                                    ": not cosigned by ", absl::StrJoin(verdict->missing, ", ")));
}

}  // namespace hattama::merkle
