#include "services/api/watch.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "hattama/v1/record.pb.h"
#include "services/domain/history.h"
#include "services/wire/answer_codec.h"
#include "services/wire/event_codec.h"

namespace hattama::api {

WatchBell::WatchBell(ledger::Ledger* ledger, WorkerPool* pool) : ledger_(ledger), pool_(pool) {
  subscription_ = ledger_->Subscribe([this](int64_t) {
    // One task rings for all publications since the last one began.
    if (!ringing_.exchange(true)) pool_->Run([this] { Ring(); });
  });
}

WatchBell::~WatchBell() {
  if (subscription_ != 0) ledger_->Unsubscribe(subscription_);
}

int64_t WatchBell::Add(std::function<void()> wake) {
  std::lock_guard lock(mutex_);
  followers_.emplace(next_follower_, std::move(wake));
  return next_follower_++;
}

void WatchBell::Remove(int64_t follower) {
  std::lock_guard lock(mutex_);
  followers_.erase(follower);
}

void WatchBell::Stop() {
  if (stopped_.exchange(true)) return;
  ledger_->Unsubscribe(std::exchange(subscription_, 0));
  Ring();
}

void WatchBell::Ring() {
  ringing_ = false;
  std::lock_guard lock(mutex_);
  for (const auto& [follower, wake] : followers_) wake();
}

WatchSource::WatchSource(ledger::Ledger* ledger, RootBook* roots, const WatchBell* bell,
                         const v1::WatchRequest& request)
    : ledger_(ledger),
      roots_(roots),
      bell_(bell),
      election_id_(request.election_id()),
      next_sequence_(request.from_sequence()) {}

absl::Status WatchSource::Check() const {
  if (absl::Status status = CheckVersion(next_sequence_, "from_sequence", ledger_->head().tree_size); !status.ok()) {
    return status;
  }
  if (election_id_.empty()) return absl::OkStatus();
  const bool known = ledger_->WithState(
      [&](const domain::History& history, int64_t) { return history.FindElection(election_id_).has_value(); });
  if (!known) return absl::NotFoundError(absl::StrCat("no election \"", election_id_, "\" is defined"));
  return absl::OkStatus();
}

absl::StatusOr<AfterFill> WatchSource::Fill(std::deque<v1::WatchResponse>& out) {
  if (bell_->stopped()) {
    return absl::UnavailableError(absl::StrCat("the server shuts down; watch again from sequence ", next_sequence_));
  }
  if (!checked_) {
    if (absl::Status status = Check(); !status.ok()) return status;
    checked_ = true;
  }
  const int64_t head = ledger_->head().tree_size;
  if (next_sequence_ < head) {
    const int64_t end = std::min(head, next_sequence_ + kRecordCountMax);
    int64_t bytes = 0;
    const absl::Status full = absl::CancelledError("full");
    const absl::Status status = ledger_->ScanRecords(
        next_sequence_, end, [&](int64_t sequence, std::string_view record, const merkle::Hash&) -> absl::Status {
          if (bytes >= kBytesMax) return full;
          next_sequence_ = sequence + 1;
          const absl::StatusOr<wire::DecodedRecord> decoded = wire::DecodeRecord(record);
          if (!decoded.ok()) return decoded.status();
          v1::WatchResponse response;
          v1::LogEntry& entry = *response.mutable_entry();
          v1::Submission& submission = *entry.mutable_submission();
          if (!submission.ParseFromArray(decoded->submission.data(), static_cast<int>(decoded->submission.size()))) {
            return absl::DataLossError(absl::StrCat("record ", sequence, " holds no submission"));
          }
          if (!election_id_.empty() && wire::ElectionIdOf(submission) != election_id_) return absl::OkStatus();
          entry.set_sequence(sequence);
          *entry.mutable_record_time() = wire::ToTimestamp(decoded->time_micros);
          bytes += static_cast<int64_t>(record.size());
          out.push_back(std::move(response));
          return absl::OkStatus();
        });
    if (!status.ok() && status != full) return status;
    return AfterFill::kMore;
  }
  if (!caught_up_) {
    absl::StatusOr<v1::AsOf> as_of = roots_->Head();
    if (!as_of.ok()) return as_of.status();
    // The head may have moved since: then there is more to send before we may say so.
    if (as_of->tree_size() != next_sequence_) return AfterFill::kMore;
    caught_up_ = true;
    *out.emplace_back().mutable_caught_up()->mutable_as_of() = *std::move(as_of);
  }
  return AfterFill::kWait;
}

}  // namespace hattama::api
