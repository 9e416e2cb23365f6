// Bounds what all callers together have queued at the ledger, in submissions and in bytes.
#ifndef HATTAMA_SERVICES_API_QUEUE_BUDGET_H_
#define HATTAMA_SERVICES_API_QUEUE_BUDGET_H_

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

namespace hattama::api {

// Thread-safe.
class QueueBudget {
 public:
  // An amount larger than a maximum is granted while nothing else is taken.
  QueueBudget(int64_t count_max, int64_t bytes_max) : count_max_(count_max), bytes_max_(bytes_max) {}

  // Takes the amount and returns true, or returns false where it does not fit.
  bool TryTake(int64_t count, int64_t bytes);
  // The same, but where it does not fit, or others wait already, `granted` is called once the amount has been taken, in
  // the order asked, on a thread that gives back.
  bool TakeOrWait(int64_t count, int64_t bytes, std::function<void()> granted);
  void Give(int64_t count, int64_t bytes);

  // Waits until everything taken was given back.
  void AwaitIdle();

 private:
  struct Waiting {
    int64_t count = 0;
    int64_t bytes = 0;
    std::function<void()> granted;
  };

  bool Fits(int64_t count, int64_t bytes) const;

  const int64_t count_max_;
  const int64_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable idle_;
  int64_t count_ = 0;
  int64_t bytes_ = 0;
  std::deque<Waiting> waiting_;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_QUEUE_BUDGET_H_
