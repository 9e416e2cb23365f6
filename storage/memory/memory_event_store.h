// An EventStore in memory, for tests and trials. Durable as long as the process.
#ifndef HATTAMA_STORAGE_MEMORY_MEMORY_EVENT_STORE_H_
#define HATTAMA_STORAGE_MEMORY_MEMORY_EVENT_STORE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/event_store.h"
#include "storage/merkle/frontier.h"

namespace hattama::storage {

class MemoryEventStore : public EventStore {
 public:
  absl::StatusOr<Head> Append(int64_t first_sequence, const std::vector<NewRecord>& records) override;
  Head head() const override;
  absl::StatusOr<std::string> Read(int64_t sequence) const override;
  absl::Status Scan(int64_t first_sequence, int64_t end_sequence, const Visitor& visit) const override;
  absl::StatusOr<std::optional<SubmissionEntry>> FindSubmission(const SubmissionId& id) const override;
  absl::StatusOr<merkle::Hash> ReadNode(int level, int64_t index) const override;

 private:
  mutable std::shared_mutex mutex_;
  std::vector<std::string> records_;
  std::vector<std::vector<merkle::Hash>> nodes_;  // By level, then index.
  std::map<SubmissionId, SubmissionEntry> submissions_;
  merkle::Frontier frontier_;
};

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_MEMORY_MEMORY_EVENT_STORE_H_
