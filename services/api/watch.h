// Watch: a replay of the log that says when it has caught up, then follows.
#ifndef HATTAMA_SERVICES_API_WATCH_H_
#define HATTAMA_SERVICES_API_WATCH_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hattama/v1/results_service.pb.h"
#include "services/api/response_stream.h"
#include "services/api/versions.h"
#include "services/api/worker_pool.h"
#include "services/ledger/ledger.h"

namespace hattama::api {

// Wakes those who follow the log. The writer pays for one queued task at each publication, however many follow.
// Thread-safe.
class WatchBell {
 public:
  // `ledger` and `pool` must outlive the bell.
  WatchBell(ledger::Ledger* ledger, WorkerPool* pool);
  ~WatchBell();

  WatchBell(const WatchBell&) = delete;
  WatchBell& operator=(const WatchBell&) = delete;

  // Calls `wake` after each publication and after Stop, from the pool, until Remove returns.
  int64_t Add(std::function<void()> wake);
  void Remove(int64_t follower);

  // From here on the followers find out that the service ends, and the ledger rings no more.
  void Stop();
  bool stopped() const { return stopped_.load(); }

 private:
  void Ring();

  ledger::Ledger* ledger_;
  WorkerPool* pool_;
  int64_t subscription_ = 0;  // 0 once stopped.
  std::atomic<bool> ringing_ = false;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;
  int64_t next_follower_ = 1;
  absl::flat_hash_map<int64_t, std::function<void()>> followers_;
};

// The responses of one Watch.
class WatchSource final : public ResponseSource<v1::WatchResponse> {
 public:
  // All must outlive the source.
  WatchSource(ledger::Ledger* ledger, RootBook* roots, const WatchBell* bell, const v1::WatchRequest& request);

  absl::StatusOr<AfterFill> Fill(std::deque<v1::WatchResponse>& out) override;

 private:
  // OutOfRange where from_sequence is not within 0..head, NotFound for an election that nobody has defined.
  absl::Status Check() const;

  // What one filling may read and hold.
  static constexpr int64_t kRecordCountMax = 1'024;
  static constexpr int64_t kBytesMax = 1 << 20;

  ledger::Ledger* ledger_;
  RootBook* roots_;
  const WatchBell* bell_;
  std::string election_id_;
  int64_t next_sequence_;
  bool checked_ = false;
  bool caught_up_ = false;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_WATCH_H_
