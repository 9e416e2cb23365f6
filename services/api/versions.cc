#include "services/api/versions.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "services/domain/text.h"
#include "services/wire/answer_codec.h"

namespace hattama::api {
namespace {

using domain::Text;

// Bounds of google.protobuf.Timestamp: 0001-01-01 to 9999-12-31.
constexpr int64_t kSecondsMin = -62'135'596'800;
constexpr int64_t kSecondsMax = 253'402'300'799;

void SetRoot(const merkle::Hash& root, v1::AsOf& as_of) {
  as_of.set_root_hash(reinterpret_cast<const char*>(root.data()), root.size());
}

}  // namespace

absl::StatusOr<domain::View> ToView(const v1::View& view, std::string_view field) {
  domain::View out;
  out.source_id = view.source_id();
  out.excluding_contested = view.excluding_contested();
  const int policy = static_cast<int>(view.policy());
  const int basis = static_cast<int>(view.basis());
  if (policy < 0 || policy > v1::POLICY_CORRECTED_FIRST) {
    return absl::InvalidArgumentError(absl::StrCat(Text(field), ".policy: has unknown value ", policy));
  }
  if (basis < 0 || basis > v1::BASIS_CLAIMS) {
    return absl::InvalidArgumentError(absl::StrCat(Text(field), ".basis: has unknown value ", basis));
  }
  if (policy != v1::POLICY_UNSPECIFIED) out.policy = static_cast<domain::Policy>(policy);
  if (basis != v1::BASIS_UNSPECIFIED) out.basis = static_cast<domain::Basis>(basis);
  return out;
}

absl::Status CheckVersion(int64_t tree_size, std::string_view field, int64_t published_tree_size) {
  if (tree_size < 0) return absl::OutOfRangeError(absl::StrCat(Text(field), ": ", tree_size, " is below 0"));
  if (tree_size > published_tree_size) {
    return absl::OutOfRangeError(
        absl::StrCat(Text(field), ": ", tree_size, " is beyond the head at tree_size ", published_tree_size));
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SelectVersion(const v1::VersionSelector& selector, std::string_view field,
                                      const domain::History& history, int64_t published_tree_size) {
  switch (selector.version_case()) {
    case v1::VersionSelector::kTreeSize: {
      const std::string path = absl::StrCat(Text(field), ".tree_size");
      if (absl::Status status = CheckVersion(selector.tree_size(), path, published_tree_size); !status.ok()) {
        return status;
      }
      return selector.tree_size();
    }
    case v1::VersionSelector::kTime: {
      const int64_t seconds = selector.time().seconds();
      const int32_t nanos = selector.time().nanos();
      if (seconds < kSecondsMin || seconds > kSecondsMax || nanos < 0 || nanos > 999'999'999) {
        return absl::InvalidArgumentError(absl::StrCat(Text(field), ".time: ", seconds, " seconds and ", nanos,
                                                       " nanoseconds are no timestamp of years 1..9999"));
      }
      // Events beyond the published head may be folded already, but are not durable yet.
      return std::min(history.TreeSizeAt(seconds * 1'000'000 + nanos / 1'000), published_tree_size);
    }
    case v1::VersionSelector::VERSION_NOT_SET:
      break;
  }
  return published_tree_size;
}

v1::AsOf StampVersion(const domain::History& history, int64_t tree_size) {
  v1::AsOf as_of;
  as_of.set_tree_size(tree_size);
  if (tree_size > 0) *as_of.mutable_record_time() = wire::ToTimestamp(history.TimeMicros(tree_size - 1));
  return as_of;
}

absl::Status RootBook::Complete(v1::AsOf& as_of) {
  const int64_t tree_size = as_of.tree_size();
  const auto head = ledger_->head();
  if (head.tree_size == tree_size) {
    SetRoot(head.root, as_of);
    return absl::OkStatus();
  }
  {
    std::lock_guard lock(mutex_);
    if (const auto found = roots_.find(tree_size); found != roots_.end()) {
      SetRoot(found->second, as_of);
      return absl::OkStatus();
    }
  }
  const absl::StatusOr<merkle::Hash> root = ledger_->RootAt(tree_size);
  if (!root.ok()) return root.status();
  SetRoot(*root, as_of);
  std::lock_guard lock(mutex_);
  if (roots_.size() >= kRootCountMax) roots_.clear();
  roots_.emplace(tree_size, *root);
  return absl::OkStatus();
}

absl::StatusOr<v1::AsOf> RootBook::Head() {
  v1::AsOf as_of = ledger_->WithState(
      [](const domain::History& history, int64_t published) { return StampVersion(history, published); });
  if (absl::Status status = Complete(as_of); !status.ok()) return status;
  return as_of;
}

}  // namespace hattama::api
