// Which view and version a question is about, and how an answer says by which version it was made.
#ifndef HATTAMA_SERVICES_API_VERSIONS_H_
#define HATTAMA_SERVICES_API_VERSIONS_H_

#include <cstdint>
#include <mutex>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hattama/v1/tally.pb.h"
#include "services/domain/history.h"
#include "services/domain/view.h"
#include "services/ledger/ledger.h"
#include "storage/merkle/sha256.h"

namespace hattama::api {

// The view that a question asks for, with what it leaves open as the server answers it. InvalidArgument, with a message
// that begins with `field`, for a policy or basis that this version does not know.
absl::StatusOr<domain::View> ToView(const v1::View& view, std::string_view field);

// The tree_size that `selector` names: published_tree_size where it names none.
//   OutOfRange       a tree_size below 0 or beyond the head; the message has both.
//   InvalidArgument  the time is no valid timestamp; the message begins with `field`.
absl::StatusOr<int64_t> SelectVersion(const v1::VersionSelector& selector, std::string_view field,
                                      const domain::History& history, int64_t published_tree_size);

// OutOfRange where `tree_size` is not within 0..published_tree_size.
absl::Status CheckVersion(int64_t tree_size, std::string_view field, int64_t published_tree_size);

// Sets tree_size and record_time; the root follows outside the lock, by RootBook.
v1::AsOf StampVersion(const domain::History& history, int64_t tree_size);

// Completes stamps with roots, and remembers roots: the log only grows, so they never change. Thread-safe.
class RootBook {
 public:
  // `ledger` must outlive the book.
  explicit RootBook(const ledger::Ledger* ledger) : ledger_(ledger) {}

  // Sets root_hash by tree_size. May read the store: call it with the state unlocked.
  absl::Status Complete(v1::AsOf& as_of);

  // The published head, complete.
  absl::StatusOr<v1::AsOf> Head();

 private:
  static constexpr size_t kRootCountMax = 4'096;

  const ledger::Ledger* ledger_;
  std::mutex mutex_;
  absl::flat_hash_map<int64_t, merkle::Hash> roots_;
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_VERSIONS_H_
