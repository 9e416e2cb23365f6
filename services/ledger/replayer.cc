#include "services/ledger/replayer.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/ledger/ledger.h"
#include "services/wire/event_codec.h"
#include "storage/merkle/frontier.h"

namespace hattama::ledger {
namespace {

constexpr size_t kBatchCount = 1024;
constexpr size_t kBatchesAhead = 16;

// A bounded queue between two threads. Close() by the writer ends it; Abandon() by the reader makes the writer stop.
template <typename T>
class Channel {
 public:
  // False where the reader is gone.
  bool Push(T value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return queue_.size() < kBatchesAhead || abandoned_; });
    if (abandoned_) return false;
    queue_.push_back(std::move(value));
    changed_.notify_all();
    return true;
  }
  // False at the end.
  bool Pop(T& value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !queue_.empty() || closed_; });
    if (queue_.empty()) return false;
    value = std::move(queue_.front());
    queue_.pop_front();
    changed_.notify_all();
    return true;
  }
  void Close() {
    std::unique_lock lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  void Abandon() {
    std::unique_lock lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> queue_;
  bool closed_ = false;
  bool abandoned_ = false;
};

// Batches on their way back, so that their memory is used again instead of being freed by another thread than the one
// that asked for it.
template <typename T>
class Spares {
 public:
  void Give(T value) {
    std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
  }
  T Take() {
    std::lock_guard lock(mutex_);
    if (values_.empty()) return T();
    T value = std::move(values_.back());
    values_.pop_back();
    return value;
  }

 private:
  std::mutex mutex_;
  std::vector<T> values_;
};

template <typename T>
struct Stage {
  Channel<T> full;
  Spares<T> spare;
};

// Records laid end to end, so that a batch is one allocation that grows.
struct RawBatch {
  std::string bytes;
  std::vector<size_t> ends;
};

struct DecodedEvent {
  int64_t time_micros = 0;
  domain::PublicKey signer{};
  wire::DecodedSubmission submission;
};

// The first `count` events; those behind them are memory of an earlier use.
struct DecodedBatch {
  std::vector<DecodedEvent> events;
  size_t count = 0;
};

absl::Status At(int64_t sequence, const absl::Status& status) {
  return absl::DataLossError(absl::StrCat("record ", sequence, ": ", std::string(status.message())));
}

// Reads and hashes every record, and checks the root at the end.
absl::Status ReadAll(const storage::EventStore& store, const storage::Head& head, Stage<RawBatch>& out) {
  merkle::Frontier frontier;
  RawBatch batch;
  absl::Status status = store.Scan(
      0, head.tree_size, [&](int64_t, std::string_view record, const merkle::Hash& leaf_hash) -> absl::Status {
        frontier.Append(leaf_hash);
        batch.bytes.append(record);
        batch.ends.push_back(batch.bytes.size());
        if (batch.ends.size() < kBatchCount) return absl::OkStatus();
        if (!out.full.Push(std::move(batch))) return absl::CancelledError("the fold stopped");
        batch = out.spare.Take();
        batch.bytes.clear();
        batch.ends.clear();
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  if (!batch.ends.empty() && !out.full.Push(std::move(batch))) return absl::CancelledError("the fold stopped");
  if (frontier.root() != head.root) {
    return absl::DataLossError(
        absl::StrCat("the root over ", head.tree_size, " records is not the root stored with the head"));
  }
  return absl::OkStatus();
}

absl::Status Decode(int64_t sequence, std::string_view bytes, DecodedEvent& event) {
  const absl::StatusOr<wire::DecodedRecord> record = wire::DecodeRecord(bytes);
  if (!record.ok()) return At(sequence, record.status());
  if (record->sequence != sequence) {
    return At(sequence, absl::DataLossError(absl::StrCat("carries sequence ", record->sequence)));
  }
  // Whoever wrote the record verified the signature, and an audit does so again; here the bytes are held to the root.
  if (record->signature.empty() != (sequence == 0)) {
    return At(sequence, absl::DataLossError(sequence == 0 ? "the founding event is signed" : "it is not signed"));
  }
  if (sequence > 0) {
    const absl::StatusOr<domain::PublicKey> signer = wire::SignerOf(record->signature);
    if (!signer.ok()) return At(sequence, signer.status());
    event.signer = *signer;
  }
  domain::Refusals faults;
  wire::DecodeSubmissionInto(record->submission, event.submission, faults);
  if (!faults.empty()) return At(sequence, StatusOf(faults));
  event.time_micros = record->time_micros;
  return absl::OkStatus();
}

absl::Status DecodeAll(Stage<RawBatch>& in, Stage<DecodedBatch>& out) {
  int64_t sequence = 0;
  RawBatch batch;
  while (in.full.Pop(batch)) {
    DecodedBatch decoded = out.spare.Take();
    decoded.events.resize(kBatchCount);
    decoded.count = 0;
    size_t begin = 0;
    for (const size_t end : batch.ends) {
      const std::string_view record = std::string_view(batch.bytes).substr(begin, end - begin);
      DecodedEvent& event = decoded.events[decoded.count++];
      if (absl::Status status = Decode(sequence, record, event); !status.ok()) return status;
      begin = end;
      ++sequence;
    }
    in.spare.Give(std::move(batch));
    if (!out.full.Push(std::move(decoded))) return absl::CancelledError("the fold stopped");
  }
  return absl::OkStatus();
}

absl::Status FoldAll(Stage<DecodedBatch>& in, domain::History& history) {
  DecodedBatch batch;
  while (in.full.Pop(batch)) {
    for (size_t i = 0; i < batch.count; ++i) {
      const DecodedEvent& event = batch.events[i];
      const int64_t sequence = history.tree_size();
      if (sequence > 0 && event.time_micros < history.TimeMicros(sequence - 1)) {
        return At(sequence, absl::DataLossError("its record time is before that of the record before"));
      }
      const domain::Refusals refusals = sequence == 0 ? history.Check(event.submission.event)
                                                      : history.Admit(event.submission.event, event.signer);
      if (!refusals.empty()) return At(sequence, StatusOf(refusals));
      history.Apply(event.time_micros, event.submission.event);
    }
    in.spare.Give(std::move(batch));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Replay(const storage::EventStore& store, const storage::Head& head, domain::History& history) {
  Stage<RawBatch> raw;
  Stage<DecodedBatch> decoded;
  absl::Status read_status;
  absl::Status decode_status;
  std::thread reader([&] {
    read_status = ReadAll(store, head, raw);
    raw.full.Close();
  });
  std::thread decoder([&] {
    decode_status = DecodeAll(raw, decoded);
    raw.full.Abandon();
    decoded.full.Close();
  });
  const absl::Status fold_status = FoldAll(decoded, history);
  decoded.full.Abandon();
  decoder.join();
  reader.join();
  // The stage that failed first made the others stop, so a cancelled stage is never the reason.
  for (const absl::Status& status : {fold_status, decode_status, read_status}) {
    if (!status.ok() && status.code() != absl::StatusCode::kCancelled) return status;
  }
  return absl::OkStatus();
}

}  // namespace hattama::ledger
