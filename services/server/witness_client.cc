#include "services/server/witness_client.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "storage/merkle/witness.h"

namespace hattama::server {
namespace {

// A witness that is asked from the size it named has no reason to name another, unless somebody else publishes too.
constexpr int kAttemptCountMax = 3;

}  // namespace

WitnessClient::WitnessClient(merkle::TlogPolicy policy, Options options)
    : policy_(std::move(policy)), options_(std::move(options)) {}

absl::StatusOr<std::unique_ptr<WitnessClient>> WitnessClient::Start(merkle::TlogPolicy policy, Options options) {
  std::unique_ptr<WitnessClient> client(new WitnessClient(std::move(policy), std::move(options)));
  for (const merkle::PolicyWitness& named : client->policy_.witnesses()) {
    if (named.url.empty()) continue;
    absl::StatusOr<WitnessUrl> url = ParseWitnessUrl(named.url);
    if (!url.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("witness ", named.name, ": ", url.status().message()));
    }
    auto witness = std::make_unique<Witness>();
    witness->named = named;
    witness->http = std::make_unique<WitnessHttp>(*std::move(url), client->options_.timeout);
    client->witnesses_.push_back(std::move(witness));
  }
  for (const std::unique_ptr<Witness>& witness : client->witnesses_) {
    witness->thread = std::thread([pointer = client.get(), &witness = *witness] { pointer->Run(witness); });
  }
  return client;
}

WitnessClient::~WitnessClient() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (const std::unique_ptr<Witness>& witness : witnesses_) {
    witness->http->Stop();
    if (witness->thread.joinable()) witness->thread.join();
  }
}

std::vector<merkle::NoteSignature> WitnessClient::Cosign(const ledger::CosignRequest& request) {
  const auto round =
      std::make_shared<Round>(Round{.number = 0, .request = request, .signatures = {}, .answered_count = 0});
  const absl::Time deadline = absl::Now() + options_.timeout;
  absl::Time until = deadline;
  std::unique_lock lock(mutex_);
  round->number = ++round_number_;
  round_ = round;
  changed_.notify_all();
  bool met = false;
  while (round->answered_count < witnesses_.size() && absl::Now() < until) {
    if (!met && QuorumMet(*round)) {
      met = true;
      until = std::min(deadline, absl::Now() + options_.grace);
    }
    changed_.wait_until(lock, absl::ToChronoTime(until));
  }
  round_ = nullptr;  // Nobody begins with it any more.
  if (absl::Now() >= deadline) {
    // The library has no timeout for a whole answer.
    for (const std::unique_ptr<Witness>& witness : witnesses_) {
      if (witness->asking) witness->http->Stop();
    }
  }
  return round->signatures;
}

bool WitnessClient::QuorumMet(const Round& round) const {
  absl::StatusOr<merkle::Note> note = merkle::ParseNote(round.request.note);
  if (!note.ok()) return false;
  note->signatures.insert(note->signatures.end(), round.signatures.begin(), round.signatures.end());
  return policy_.Require(merkle::FormatNote(*note)).ok();
}

void WitnessClient::Run(Witness& witness) {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return stopping_ || (round_ != nullptr && round_->number != witness.asked_number); });
    if (stopping_) return;
    const std::shared_ptr<Round> round = round_;
    witness.asked_number = round->number;
    witness.asking = true;
    lock.unlock();
    std::vector<merkle::NoteSignature> signatures = Ask(witness, round->request);
    lock.lock();
    witness.asking = false;
    std::move(signatures.begin(), signatures.end(), std::back_inserter(round->signatures));
    ++round->answered_count;
    changed_.notify_all();
  }
}

std::vector<merkle::NoteSignature> WitnessClient::Ask(Witness& witness, const ledger::CosignRequest& request) {
  using Outcome = merkle::WitnessOutcome;
  for (int attempt = 0; attempt < kAttemptCountMax; ++attempt) {
    const absl::StatusOr<std::vector<merkle::Hash>> proof = request.prove(witness.size);
    if (!proof.ok()) {
      Tell(witness, WitnessNews::Kind::kSilent, std::string(proof.status().message()));
      return {};
    }
    const absl::StatusOr<std::string> body = merkle::FormatAddCheckpoint(witness.size, *proof, request.note);
    if (!body.ok()) {
      Tell(witness, WitnessNews::Kind::kSilent, std::string(body.status().message()));
      return {};
    }
    const absl::StatusOr<HttpAnswer> answer = witness.http->Post(merkle::kAddCheckpointPath, *body);
    if (!answer.ok()) {
      Tell(witness, WitnessNews::Kind::kSilent, std::string(answer.status().message()));
      return {};
    }
    const absl::StatusOr<merkle::AddCheckpointRequest> asked = merkle::ParseAddCheckpoint(*body);
    if (!asked.ok()) {
      Tell(witness, WitnessNews::Kind::kSilent, std::string(asked.status().message()));
      return {};
    }
    merkle::WitnessReply reply = merkle::ReadAddCheckpointAnswer(
        answer->http_status, answer->content_type, answer->body, *asked, std::span(&witness.named.key, 1));
    switch (reply.outcome) {
      case Outcome::kCosigned:
        witness.size = request.checkpoint.tree_size;
        Tell(witness, WitnessNews::Kind::kCosigns, "");
        return std::move(reply.cosignatures);
      case Outcome::kResubmit:
        witness.size = reply.witness_size;
        continue;
      case Outcome::kWitnessAhead:
      case Outcome::kInconsistent:
        Tell(witness, WitnessNews::Kind::kAlarm, std::move(reply.detail));
        return {};
      case Outcome::kUnknownLog:
      case Outcome::kRefused:
        Tell(witness, WitnessNews::Kind::kSilent, std::move(reply.detail));
        return {};
    }
  }
  Tell(witness, WitnessNews::Kind::kAlarm,
       absl::StrCat("it named another size ", kAttemptCountMax,
                    " times in a row: somebody else shows it checkpoints of this log"));
  return {};
}

void WitnessClient::Tell(Witness& witness, WitnessNews::Kind kind, std::string detail) {
  const std::string news = absl::StrCat(static_cast<int>(kind), detail);
  if (news == witness.last_news) return;
  witness.last_news = news;
  if (options_.tell) options_.tell({.witness = witness.named.name, .kind = kind, .detail = std::move(detail)});
}

}  // namespace hattama::server
