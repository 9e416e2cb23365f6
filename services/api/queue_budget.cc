#include "services/api/queue_budget.h"

#include <utility>
#include <vector>

namespace hattama::api {

bool QueueBudget::Fits(int64_t count, int64_t bytes) const {
  if (count_ == 0 && bytes_ == 0) return true;
  return count_ + count <= count_max_ && bytes_ + bytes <= bytes_max_;
}

bool QueueBudget::TryTake(int64_t count, int64_t bytes) {
  std::lock_guard lock(mutex_);
  if (!Fits(count, bytes)) return false;
  count_ += count;
  bytes_ += bytes;
  return true;
}

bool QueueBudget::TakeOrWait(int64_t count, int64_t bytes, std::function<void()> granted) {
  std::lock_guard lock(mutex_);
  if (!waiting_.empty() || !Fits(count, bytes)) {
    waiting_.push_back({count, bytes, std::move(granted)});
    return false;
  }
  count_ += count;
  bytes_ += bytes;
  return true;
}

void QueueBudget::Give(int64_t count, int64_t bytes) {
  std::vector<std::function<void()>> granted;
  {
    std::lock_guard lock(mutex_);
    count_ -= count;
    bytes_ -= bytes;
    while (!waiting_.empty() && Fits(waiting_.front().count, waiting_.front().bytes)) {
      count_ += waiting_.front().count;
      bytes_ += waiting_.front().bytes;
      granted.push_back(std::move(waiting_.front().granted));
      waiting_.pop_front();
    }
    // Under the lock: whoever awaits this may destroy us as soon as it is released.
    if (count_ == 0 && bytes_ == 0) idle_.notify_all();
  }
  for (const std::function<void()>& grant : granted) grant();
}

void QueueBudget::AwaitIdle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return count_ == 0 && bytes_ == 0; });
}

}  // namespace hattama::api
