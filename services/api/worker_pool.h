// Threads of our own beside gRPC's.
//
// gRPC runs callbacks on a few threads (two on a small machine): a tally over a large area that ran there would hold up
// every stream, every acknowledgement and the health check. Reads therefore run here, and acknowledgements on a pool of
// their own, so that neither waits for the other.
#ifndef HATTAMA_SERVICES_API_WORKER_POOL_H_
#define HATTAMA_SERVICES_API_WORKER_POOL_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hattama::api {

// Runs tasks in the order queued, several at a time. Tasks must not throw. Thread-safe.
class WorkerPool {
 public:
  // `waiting_max` bounds the tasks that TryRun lets wait.
  WorkerPool(int thread_count, size_t waiting_max);
  // Runs what is queued, then joins. Nothing may be queued any more.
  ~WorkerPool();

  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Queues the task, or returns false where waiting_max tasks wait already.
  bool TryRun(std::function<void()> task);
  // Queues the task in any case: the next step of a call that was admitted before.
  void Run(std::function<void()> task);

 private:
  void Work();

  const size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_WORKER_POOL_H_
