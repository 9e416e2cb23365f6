#include "services/ledger/ledger.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "absl/base/internal/raw_logging.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/domain/text.h"
#include "services/ledger/replayer.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/verify.h"

namespace hattama::ledger {
namespace {

// Folding this many events holds the state lock for well under a millisecond, so readers hardly wait.
constexpr size_t kFoldSliceCount = 64;

using domain::Text;

absl::Status WithCode(absl::StatusCode code, std::string message) { return absl::Status(code, std::move(message)); }

// What makes two protocols depend on each other: the same text means the later supersedes the earlier.
std::string StreamKey(const domain::ProtocolSubmitted& event) {
  return absl::StrCat(event.election_id, "\n", event.contest_id, "\n", event.unit_id, "\n", event.source_id, "\n",
                      static_cast<int>(event.stage));
}

bool IsDefinitionPart(const domain::Event& event) {
  return std::holds_alternative<domain::ElectionDefined>(event) ||
         std::holds_alternative<domain::ContestsListed>(event) || std::holds_alternative<domain::UnitsListed>(event) ||
         std::holds_alternative<domain::RollAmended>(event) || std::holds_alternative<domain::ElectionOpened>(event);
}

// The fault of a definition that is not one whole, or ok. Every part's own faults go to `results`.
absl::Status CheckWhole(const std::vector<PreparedSubmission>& submissions, std::vector<SubmissionResult>& results) {
  if (submissions.empty()) return absl::InvalidArgumentError("the definition has no events");
  if (!std::holds_alternative<domain::ElectionDefined>(submissions.front().decoded.event) ||
      !std::holds_alternative<domain::ElectionOpened>(submissions.back().decoded.event)) {
    return absl::InvalidArgumentError(
        "an atomic submission is one whole election definition, from election_defined to election_opened");
  }
  absl::flat_hash_set<std::string> ids;
  domain::History trial;
  trial.Apply(0, domain::LedgerFounded{.origin = "trial", .format_version = 1, .authority = {}});
  absl::Status first_fault;
  for (size_t i = 0; i < submissions.size(); ++i) {
    const PreparedSubmission& submission = submissions[i];
    if (!IsDefinitionPart(submission.decoded.event)) {
      return absl::InvalidArgumentError(absl::StrCat("submission ", i, " is no part of an election definition"));
    }
    if (!ids.emplace(submission.decoded.submission_id.begin(), submission.decoded.submission_id.end()).second) {
      return absl::InvalidArgumentError(absl::StrCat("submission ", i, " repeats a submission_id"));
    }
    domain::Refusals refusals = trial.Check(submission.decoded.event);
    if (!refusals.empty()) {
      results[i].status = StatusOf(refusals);
      results[i].refusals = std::move(refusals);
      return results[i].status;  // Later parts would only repeat it.
    }
    trial.Apply(0, submission.decoded.event);
  }
  if (trial.election_count() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("the definition is of ", trial.election_count(), " elections, not one"));
  }
  return absl::OkStatus();
}

}  // namespace

struct Ledger::Group {
  struct Member {
    Call* call;
    size_t index;  // In the call.
    std::string record;
    int64_t time_micros;
  };
  std::vector<Member> members;
  int64_t record_bytes = 0;
  absl::flat_hash_set<std::string> stream_keys;
  absl::flat_hash_set<std::string> submission_ids;

  static std::string IdKey(const wire::SubmissionId& id) { return std::string(id.begin(), id.end()); }
};

absl::StatusOr<PreparedSubmission> Prepare(std::string bytes, const std::optional<wire::SubmissionSignature>& signature,
                                           std::string_view origin, wire::StatementVerifier& verifier,
                                           domain::Refusals& faults) {
  PreparedSubmission prepared;
  prepared.decoded = wire::DecodeSubmission(bytes, faults);
  if (!faults.empty()) return StatusOf(faults);
  const auto refuse = [&faults](domain::RefusalReason reason, std::string message) {
    faults.push_back(domain::Refusal{reason, "signature", std::move(message), {}, {}});
    return StatusOf(faults);
  };
  if (!signature.has_value()) {
    return refuse(domain::RefusalReason::kSignatureMissing, "the submission is not signed");
  }
  const std::string_view election_id = domain::ElectionOf(prepared.decoded.event);
  const absl::StatusOr<wire::SignedStatement> statement =
      wire::StatementOf(*signature, {.origin = origin, .election_id = election_id}, bytes);
  if (!statement.ok())
    return refuse(domain::RefusalReason::kSignatureInvalid, std::string(statement.status().message()));
  if (!verifier.Verify(*statement)) {
    return refuse(
        domain::RefusalReason::kSignatureInvalid,
        absl::StrCat("it is not that of key ", domain::ShortKey(signature->public_key),
                     " over these bytes in ledger \"", Text(origin), "\", election \"", Text(election_id), "\""));
  }
  prepared.digest = merkle::Sha256(bytes);
  prepared.bytes = std::move(bytes);
  prepared.signature = *signature;
  return prepared;
}

absl::Status StatusOf(const domain::Refusals& refusals) {
  if (refusals.empty()) return absl::OkStatus();
  // A definition may have thousands of faults; the message shows the first few, the details carry more.
  constexpr size_t kShown = 5;
  std::string message =
      absl::StrJoin(refusals.begin(), refusals.begin() + static_cast<int64_t>(std::min(kShown, refusals.size())), "; ",
                    [](std::string* out, const domain::Refusal& refusal) {
                      absl::StrAppend(out, refusal.field, ": ", refusal.message);
                    });
  if (refusals.size() > kShown) absl::StrAppend(&message, "; and ", refusals.size() - kShown, " more");
  switch (refusals.front().reason) {
    case domain::RefusalReason::kSignatureMissing:
    case domain::RefusalReason::kSignatureInvalid:
      return WithCode(absl::StatusCode::kUnauthenticated, std::move(message));
    case domain::RefusalReason::kKeyNotGranted:
    case domain::RefusalReason::kKeyRevoked:
    case domain::RefusalReason::kRoleNotAdmitted:
    case domain::RefusalReason::kSourceOutsideGrant:
    case domain::RefusalReason::kContestOutsideGrant:
    case domain::RefusalReason::kStageOutsideGrant:
    case domain::RefusalReason::kUnitOutsideGrant:
      return WithCode(absl::StatusCode::kPermissionDenied, std::move(message));
    case domain::RefusalReason::kUnknownElection:
    case domain::RefusalReason::kUnknownContest:
    case domain::RefusalReason::kUnknownUnit:
    case domain::RefusalReason::kUnknownSource:
    case domain::RefusalReason::kUnknownAppeal:
    case domain::RefusalReason::kUnknownKey:
      return WithCode(absl::StatusCode::kNotFound, std::move(message));
    case domain::RefusalReason::kElectionExists:
    case domain::RefusalReason::kAppealExists:
    case domain::RefusalReason::kKeyExists:
      return WithCode(absl::StatusCode::kAlreadyExists, std::move(message));
    case domain::RefusalReason::kElectionNotOpen:
    case domain::RefusalReason::kElectionOpen:
    case domain::RefusalReason::kDefinitionIncomplete:
    case domain::RefusalReason::kAppealDecided:
    case domain::RefusalReason::kUnknownDecision:
    case domain::RefusalReason::kNotAnnulled:
    case domain::RefusalReason::kAlreadyAnnulled:
    case domain::RefusalReason::kNotQuarantined:
      return WithCode(absl::StatusCode::kFailedPrecondition, std::move(message));
    case domain::RefusalReason::kVersionBeyondLog:
      return WithCode(absl::StatusCode::kOutOfRange, std::move(message));
    case domain::RefusalReason::kWrongPredecessor:
      return WithCode(absl::StatusCode::kAborted, std::move(message));
    case domain::RefusalReason::kMalformed:
    case domain::RefusalReason::kDefinitionFault:
    case domain::RefusalReason::kUnitOutsideContest:
    case domain::RefusalReason::kSourceLevelMismatch:
    case domain::RefusalReason::kUnknownLine:
    case domain::RefusalReason::kUnknownOption:
    case domain::RefusalReason::kDuplicateFigure:
    case domain::RefusalReason::kMissingOption:
    case domain::RefusalReason::kCountOutOfRange:
    case domain::RefusalReason::kNotAStation:
    case domain::RefusalReason::kUnitOutsideAppeal:
      return WithCode(absl::StatusCode::kInvalidArgument, std::move(message));
  }
  return WithCode(absl::StatusCode::kInternal, std::move(message));
}

// ---------------------------------------------------------------------------------------------------------------------
// Opening

absl::Status Ledger::Found(storage::EventStore& store, std::string_view origin, const merkle::PublicKey& authority,
                           const Clock& clock) {
  if (const int64_t size = store.head().tree_size; size != 0) {
    return absl::FailedPreconditionError(absl::StrCat("the store holds a ledger of ", size, " events already"));
  }
  v1::Submission submission;
  submission.mutable_ledger_founded()->set_origin(std::string(origin));
  submission.mutable_ledger_founded()->set_format_version(1);
  submission.mutable_ledger_founded()->set_authority_public_key(authority.data(), authority.size());
  // The one submission that no client names: its id is the digest of its content.
  const merkle::Hash content = merkle::Sha256(submission.SerializeAsString());
  submission.set_submission_id(content.data(), 16);
  const std::string bytes = submission.SerializeAsString();
  domain::Refusals refusals;
  const wire::DecodedSubmission decoded = wire::DecodeSubmission(bytes, refusals);
  if (refusals.empty()) refusals = domain::History().Check(decoded.event);
  if (!refusals.empty()) return StatusOf(refusals);
  const std::string record = wire::EncodeRecord(0, clock(), bytes, std::nullopt);
  return store.Append(0, {{record, decoded.submission_id, merkle::Sha256(bytes)}}).status();
}

absl::StatusOr<std::unique_ptr<Ledger>> Ledger::Open(storage::EventStore& store, Clock clock, Options options) {
  if (store.head().tree_size == 0) {
    return absl::FailedPreconditionError("the store is empty: found the ledger first");
  }
  std::unique_ptr<Ledger> ledger(new Ledger(store, std::move(clock), options));
  ledger->published_ = store.head();
  if (absl::Status status = Replay(store, ledger->published_, ledger->history_); !status.ok()) return status;
  ledger->origin_ = ledger->history_.origin();
  ledger->writer_ = std::thread([raw = ledger.get()] { raw->Run(); });
  return ledger;
}

Ledger::Ledger(storage::EventStore& store, Clock clock, Options options)
    : store_(&store), clock_(std::move(clock)), options_(options) {}

Ledger::~Ledger() {
  if (writer_.joinable()) {
    Drain();
    writer_.join();
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The queue

void Ledger::Submit(std::vector<PreparedSubmission> submissions, bool atomic, Done done) {
  auto call = std::make_unique<Call>();
  call->submissions = std::move(submissions);
  call->atomic = atomic;
  call->done = std::move(done);
  call->results.resize(call->submissions.size());

  absl::Status status;
  if (atomic) {
    status = CheckWhole(call->submissions, call->results);
    if (!status.ok()) {
      // A fault of one is its own answer and the others are Aborted because of it; a fault of the whole is the first's.
      const bool of_one = std::any_of(call->results.begin(), call->results.end(),
                                      [](const SubmissionResult& result) { return !result.refusals.empty(); });
      for (size_t i = 0; i < call->results.size(); ++i) {
        SubmissionResult& result = call->results[i];
        if (!result.status.ok()) continue;
        result.status = i == 0 && !of_one ? status : absl::AbortedError(std::string(status.message()));
      }
    }
  }
  if (status.ok()) {
    std::unique_lock lock(queue_mutex_);
    if (!writable_.ok()) {
      status = writable_;
    } else if (draining_) {
      status = absl::UnavailableError("the server is shutting down");
    } else if (queued_count_ + static_cast<int64_t>(call->submissions.size()) > options_.queue_count_max) {
      status = absl::ResourceExhaustedError(
          absl::StrCat(queued_count_, " submissions are waiting, at most ", options_.queue_count_max, " may"));
    } else if (!call->submissions.empty()) {
      queued_count_ += static_cast<int64_t>(call->submissions.size());
      ++unanswered_call_count_;
      queue_.push_back(std::move(call));
      queue_changed_.notify_all();
      return;
    }
    for (SubmissionResult& result : call->results) result.status = status;
  }
  call->done(std::move(call->results));
}

void Ledger::Drain() {
  std::unique_lock lock(queue_mutex_);
  draining_ = true;
  queue_changed_.notify_all();
  queue_changed_.wait(lock, [this] { return unanswered_call_count_ == 0; });
}

void Ledger::Run() {
  while (true) {
    std::deque<std::unique_ptr<Call>> calls;
    {
      std::unique_lock lock(queue_mutex_);
      queue_changed_.wait(lock, [this] { return !queue_.empty() || draining_; });
      if (queue_.empty()) return;
      calls.swap(queue_);
    }
    Process(calls);
  }
}

void Ledger::Process(std::deque<std::unique_ptr<Call>>& calls) {
  // Answers calls whose every submission is answered; a call may span groups.
  const auto answer = [this](Call& call) {
    {
      // Before the answer, so that whoever has it finds room for more.
      std::lock_guard lock(queue_mutex_);
      queued_count_ -= static_cast<int64_t>(call.submissions.size());
    }
    call.done(std::move(call.results));
    std::lock_guard lock(queue_mutex_);
    --unanswered_call_count_;
    queue_changed_.notify_all();
  };
  while (!calls.empty()) {
    if (calls.front()->atomic) {
      ProcessDefinition(*calls.front());
      answer(*calls.front());
      calls.pop_front();
      continue;
    }
    Group group;
    bool cut = false;
    for (size_t c = 0; c < calls.size() && !cut && !calls[c]->atomic; ++c) {
      Call& call = *calls[c];
      for (; call.next < call.submissions.size(); ++call.next) {
        const PreparedSubmission& submission = call.submissions[call.next];
        const auto* protocol = std::get_if<domain::ProtocolSubmitted>(&submission.decoded.event);
        const bool full = static_cast<int>(group.members.size()) >= options_.batch_count_max ||
                          group.record_bytes >= options_.batch_bytes_max;
        const bool depends =
            group.submission_ids.contains(Group::IdKey(submission.decoded.submission_id)) ||
            (protocol == nullptr ? !group.members.empty() : group.stream_keys.contains(StreamKey(*protocol)));
        if (full || depends) {
          cut = true;
          break;
        }
        AddToGroup(group, call, call.next);
        if (protocol == nullptr && !group.members.empty()) {
          ++call.next;
          cut = true;
          break;
        }
      }
    }
    Commit(group);
    while (!calls.empty() && !calls.front()->atomic && calls.front()->next == calls.front()->submissions.size()) {
      answer(*calls.front());
      calls.pop_front();
    }
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// The writer

Receipt Ledger::FirstReceipt(const PreparedSubmission& submission, int64_t sequence) const {
  Receipt receipt;
  receipt.submission_id = submission.decoded.submission_id;
  receipt.sequence = sequence;
  receipt.tree_size = sequence + 1;
  receipt.replayed = true;
  const auto* event = std::get_if<domain::ProtocolSubmitted>(&submission.decoded.event);
  if (event == nullptr) return receipt;
  std::shared_lock lock(state_mutex_);
  receipt.election = history_.FindElection(event->election_id).value_or(-1);
  if (receipt.election < 0) return receipt;
  receipt.contest = history_.election(receipt.election).FindContest(event->contest_id).value_or(-1);
  if (receipt.contest < 0) return receipt;
  const domain::ContestHistory& contest = history_.election(receipt.election).contest(receipt.contest);
  const int32_t protocol = contest.FindProtocol(sequence);
  if (protocol < 0) return receipt;
  const std::span<const domain::Finding> findings = contest.findings(protocol);
  receipt.findings.assign(findings.begin(), findings.end());
  receipt.quarantined = contest.protocol(protocol).hard;
  return receipt;
}

std::optional<SubmissionResult> Ledger::AnswerWithoutAppend(const PreparedSubmission& submission) const {
  SubmissionResult result;
  const absl::StatusOr<std::optional<storage::SubmissionEntry>> found =
      store_->FindSubmission(submission.decoded.submission_id);
  if (!found.ok()) {
    result.status = found.status();
    return result;
  }
  if (found->has_value()) {
    const storage::SubmissionEntry& entry = **found;
    if (entry.sequence >= head().tree_size) {
      // What an append of unknown outcome may have left behind is neither a receipt nor a conflict.
      result.status = writable();
      if (result.status.ok()) result.status = absl::UnavailableError("the submission is being recorded; ask again");
      return result;
    }
    if (entry.submission_digest != submission.digest) {
      result.status = absl::AlreadyExistsError(
          absl::StrCat("submission_id was recorded at sequence ", entry.sequence, " with other bytes"));
      return result;
    }
    const absl::StatusOr<merkle::Hash> leaf = store_->ReadNode(0, entry.sequence);
    if (!leaf.ok()) {
      result.status = leaf.status();
      return result;
    }
    result.receipt = FirstReceipt(submission, entry.sequence);
    result.receipt.leaf_hash = *leaf;
    return result;
  }
  std::shared_lock lock(state_mutex_);
  result.refusals = history_.Admit(submission.decoded.event, submission.signature.public_key);
  if (result.refusals.empty()) return std::nullopt;
  result.status = StatusOf(result.refusals);
  return result;
}

SubmissionResult Ledger::Validate(const PreparedSubmission& submission) const {
  if (std::optional<SubmissionResult> answer = AnswerWithoutAppend(submission)) return *std::move(answer);
  SubmissionResult result;
  result.status = writable();
  if (!result.status.ok()) return result;
  result.receipt.submission_id = submission.decoded.submission_id;
  std::shared_lock lock(state_mutex_);
  result.receipt.sequence = published_.tree_size;
  result.receipt.tree_size = published_.tree_size;
  const auto* event = std::get_if<domain::ProtocolSubmitted>(&submission.decoded.event);
  if (event == nullptr) return result;
  domain::ApplyResult found = history_.Examine(*event);
  result.receipt.findings = std::move(found.findings);
  result.receipt.quarantined = found.quarantined;
  result.receipt.election = found.election;
  result.receipt.contest = found.contest;
  return result;
}

void Ledger::AddToGroup(Group& group, Call& call, size_t index) {
  const PreparedSubmission& submission = call.submissions[index];
  if (std::optional<SubmissionResult> answer = AnswerWithoutAppend(submission)) {
    call.results[index] = *std::move(answer);
    return;
  }
  group.submission_ids.insert(Group::IdKey(submission.decoded.submission_id));
  if (const auto* protocol = std::get_if<domain::ProtocolSubmitted>(&submission.decoded.event)) {
    group.stream_keys.insert(StreamKey(*protocol));
  }
  AddMember(group, call, index);
}

void Ledger::AddMember(Group& group, Call& call, size_t index) const {
  const int64_t sequence = published_.tree_size + static_cast<int64_t>(group.members.size());
  const int64_t last =
      group.members.empty() ? history_.TimeMicros(published_.tree_size - 1) : group.members.back().time_micros;
  const int64_t time = std::max(clock_(), last);  // The clock may step back; record times never do.
  const PreparedSubmission& submission = call.submissions[index];
  Group::Member member{&call, index, wire::EncodeRecord(sequence, time, submission.bytes, submission.signature), time};
  group.record_bytes += static_cast<int64_t>(member.record.size());
  group.members.push_back(std::move(member));
}

void Ledger::Commit(Group& group) {
  if (group.members.empty()) return;
  std::vector<storage::NewRecord> records;
  records.reserve(group.members.size());
  for (const Group::Member& member : group.members) {
    const PreparedSubmission& submission = member.call->submissions[member.index];
    records.push_back({member.record, submission.decoded.submission_id, submission.digest});
  }
  const int64_t first = published_.tree_size;
  const absl::StatusOr<storage::Head> head = store_->Append(first, records);
  if (!head.ok()) {
    // Whatever the store's trouble is, it is no fault of the submissions.
    absl::Status told = head.status();
    if (told.code() != absl::StatusCode::kResourceExhausted) {
      // Nobody can say what the disk holds, or somebody else wrote to it: only a fresh replay can tell.
      told = absl::UnavailableError(absl::StrCat("the ledger takes no submissions until it is restarted: ",
                                                 std::string(head.status().message())));
      std::unique_lock lock(queue_mutex_);
      writable_ = told;
    }
    for (const Group::Member& member : group.members) member.call->results[member.index].status = told;
    return;
  }

  for (size_t begin = 0; begin < group.members.size(); begin += kFoldSliceCount) {
    const size_t end = std::min(begin + kFoldSliceCount, group.members.size());
    std::unique_lock lock(state_mutex_);
    for (size_t i = begin; i < end; ++i) {
      const Group::Member& member = group.members[i];
      const PreparedSubmission& submission = member.call->submissions[member.index];
      domain::ApplyResult applied = history_.Apply(member.time_micros, submission.decoded.event);
      Receipt& receipt = member.call->results[member.index].receipt;
      receipt.submission_id = submission.decoded.submission_id;
      receipt.sequence = first + static_cast<int64_t>(i);
      receipt.tree_size = head->tree_size;
      receipt.findings = std::move(applied.findings);
      receipt.quarantined = applied.quarantined;
      receipt.election = applied.election;
      receipt.contest = applied.contest;
    }
    if (end == group.members.size()) published_ = *head;
  }
  for (const Group::Member& member : group.members) {
    member.call->results[member.index].receipt.leaf_hash = merkle::LeafHash(member.record);
  }
  std::unique_lock lock(subscribers_mutex_);
  for (const auto& [id, advanced] : subscribers_) advanced(head->tree_size);
}

void Ledger::ProcessDefinition(Call& call) {
  Group group;
  size_t recorded = 0;
  std::optional<size_t> refused;
  for (size_t i = 0; i < call.submissions.size() && !refused.has_value(); ++i) {
    // The trial found no fault of its own; what is left is whether this ledger knows the ids or the election already,
    // and whether the keys may define.
    const PreparedSubmission& submission = call.submissions[i];
    const absl::StatusOr<std::optional<storage::SubmissionEntry>> found =
        store_->FindSubmission(submission.decoded.submission_id);
    if (!found.ok() || found->has_value() || i == 0) {
      if (std::optional<SubmissionResult> answer = AnswerWithoutAppend(submission)) {
        call.results[i] = *std::move(answer);
        if (!call.results[i].status.ok()) {
          refused = i;
        } else {
          ++recorded;
        }
        continue;
      }
    }
    std::shared_lock lock(state_mutex_);
    call.results[i].refusals = history_.Authorize(submission.decoded.event, submission.signature.public_key);
    lock.unlock();
    if (!call.results[i].refusals.empty()) {
      call.results[i].status = StatusOf(call.results[i].refusals);
      refused = i;
      continue;
    }
    AddMember(group, call, i);
  }
  call.next = call.submissions.size();
  if (recorded == call.submissions.size()) return;  // A replay of the whole.
  std::string why;
  if (refused.has_value()) {
    why = std::string(call.results[*refused].status.message());
  } else if (recorded > 0) {
    why = absl::StrCat(recorded, " of ", call.submissions.size(), " events are recorded already");
  } else {
    Commit(group);
    return;
  }
  for (size_t i = 0; i < call.results.size(); ++i) {
    if (refused == i) continue;
    call.results[i] = SubmissionResult{.status = absl::AbortedError(why), .refusals = {}, .receipt = {}};
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Readers

void Ledger::KeepViewIndex(int32_t election, int32_t contest, const domain::ResolvedView& view) {
  {
    std::shared_lock lock(state_mutex_);
    if (history_.election(election).contest(contest).FindViewIndex(view) != nullptr) return;
  }
  std::unique_lock lock(state_mutex_);
  history_.KeepViewIndex(election, contest, view);
}

storage::Head Ledger::head() const {
  std::shared_lock lock(state_mutex_);
  return published_;
}

absl::Status Ledger::writable() const {
  std::unique_lock lock(queue_mutex_);
  return writable_;
}

void Ledger::StopRecording(absl::Status why) {
  std::unique_lock lock(queue_mutex_);
  if (writable_.ok()) writable_ = std::move(why);
}

absl::StatusOr<merkle::Hash> Ledger::RootAt(int64_t tree_size) const {
  const storage::Head now = head();
  if (tree_size == now.tree_size) return now.root;
  if (tree_size < 0 || tree_size > now.tree_size) {
    return absl::OutOfRangeError(absl::StrCat("tree_size ", tree_size, " is outside 0..", now.tree_size));
  }
  return merkle::RootAt(tree_size, [this](int level, int64_t index) { return FindNode(level, index); });
}

absl::StatusOr<merkle::Hash> Ledger::FindNode(int level, int64_t index) const {
  if (std::optional<merkle::Hash> kept = nodes_.Find(level, index)) return *kept;
  absl::StatusOr<merkle::Hash> hash = store_->ReadNode(level, index);
  // What is not acknowledged yet may still be another's place.
  if (hash.ok() && level >= NodeCache::kLevelMin && index < head().tree_size >> level) nodes_.Keep(level, index, *hash);
  return hash;
}

absl::StatusOr<merkle::Hash> Ledger::LeafHash(int64_t sequence) const {
  if (const int64_t size = head().tree_size; sequence < 0 || sequence >= size) {
    return absl::OutOfRangeError(absl::StrCat("sequence ", sequence, " is outside 0..", size - 1));
  }
  return store_->ReadNode(0, sequence);
}

absl::StatusOr<std::vector<merkle::Hash>> Ledger::InclusionProof(int64_t sequence, int64_t tree_size) const {
  const absl::StatusOr<merkle::Hash> root = RootAt(tree_size);
  if (!root.ok()) return root.status();
  if (sequence < 0 || sequence >= tree_size) {
    return absl::OutOfRangeError(absl::StrCat("sequence ", sequence, " is outside 0..", tree_size - 1));
  }
  const auto read = [this](int level, int64_t index) { return FindNode(level, index); };
  absl::StatusOr<std::vector<merkle::Hash>> proof = merkle::InclusionProof(sequence, tree_size, read);
  if (!proof.ok()) return proof;
  const absl::StatusOr<merkle::Hash> leaf = store_->ReadNode(0, sequence);
  if (!leaf.ok()) return leaf.status();
  if (const absl::Status status = merkle::VerifyInclusion(*leaf, sequence, tree_size, *proof, *root); !status.ok()) {
    return absl::DataLossError(
        absl::StrCat("stored Merkle nodes contradict the root: ", std::string(status.message())));
  }
  return proof;
}

absl::StatusOr<std::vector<merkle::Hash>> Ledger::ConsistencyProof(int64_t first, int64_t second) const {
  const absl::StatusOr<merkle::Hash> second_root = RootAt(second);
  if (!second_root.ok()) return second_root.status();
  if (first < 0 || first > second) {
    return absl::OutOfRangeError(absl::StrCat("first_tree_size ", first, " is outside 0..", second));
  }
  const absl::StatusOr<merkle::Hash> first_root = RootAt(first);
  if (!first_root.ok()) return first_root.status();
  const auto read = [this](int level, int64_t index) { return FindNode(level, index); };
  absl::StatusOr<std::vector<merkle::Hash>> proof = merkle::ConsistencyProof(first, second, read);
  if (!proof.ok()) return proof;
  if (const absl::Status status = merkle::VerifyConsistency(first, second, *proof, *first_root, *second_root);
      !status.ok()) {
    return absl::DataLossError(
        absl::StrCat("stored Merkle nodes contradict the root: ", std::string(status.message())));
  }
  return proof;
}

absl::StatusOr<std::string> Ledger::ReadRecord(int64_t sequence) const {
  if (const int64_t size = head().tree_size; sequence < 0 || sequence >= size) {
    return absl::OutOfRangeError(absl::StrCat("sequence ", sequence, " is outside 0..", size - 1));
  }
  return store_->Read(sequence);
}

absl::Status Ledger::ScanRecords(int64_t first, int64_t end, const storage::EventStore::Visitor& visit) const {
  if (const int64_t size = head().tree_size; first < 0 || first > end || end > size) {
    return absl::OutOfRangeError(absl::StrCat("sequences [", first, ", ", end, ") are outside [0, ", size, ")"));
  }
  return store_->Scan(first, end, visit);
}

int64_t Ledger::Subscribe(std::function<void(int64_t)> advanced) {
  std::unique_lock lock(subscribers_mutex_);
  subscribers_.emplace(next_subscription_, std::move(advanced));
  return next_subscription_++;
}

void Ledger::Unsubscribe(int64_t subscription) {
  std::unique_lock lock(subscribers_mutex_);
  subscribers_.erase(subscription);
}

}  // namespace hattama::ledger
