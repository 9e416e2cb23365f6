// A whole tree with every node that a store keeps of it, for tests of proofs.
#ifndef HATTAMA_TESTS_STORAGE_STORED_TREE_H_
#define HATTAMA_TESTS_STORAGE_STORED_TREE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/rfc6962.h"
#include "tests/storage/naive_merkle.h"

namespace hattama::testing {

class StoredTree {
 public:
  explicit StoredTree(Entries entries) : entries_(std::move(entries)) {
    merkle::Frontier frontier;
    roots_.push_back(frontier.root());
    for (const std::string& entry : entries_) {
      leaves_.push_back(merkle::LeafHash(entry));
      frontier.Append(leaves_.back(), [this](const merkle::Node& node) {
        if (nodes_.size() <= static_cast<size_t>(node.level)) nodes_.emplace_back();
        nodes_[node.level].push_back(node.hash);
      });
      roots_.push_back(frontier.root());
    }
  }

  // Of `count` entries that all differ.
  static StoredTree OfNumbers(int64_t count) {
    Entries entries;
    for (int64_t i = 0; i < count; ++i) entries.push_back(absl::StrCat("entry ", i));
    return StoredTree(std::move(entries));
  }

  const Entries& entries() const { return entries_; }
  const merkle::Hash& leaf(int64_t index) const { return leaves_[index]; }
  const merkle::Hash& root(int64_t size) const { return roots_[size]; }
  merkle::NodeReader reader() const {
    return [this](int level, int64_t index) -> absl::StatusOr<merkle::Hash> {
      if (static_cast<size_t>(level) < nodes_.size() && static_cast<size_t>(index) < nodes_[level].size()) {
        return nodes_[level][index];
      }
      return absl::OutOfRangeError(absl::StrCat("no node at level ", level, ", index ", index));
    };
  }

  // Proofs that are there; a fault in the maker ends the test program with its status.
  std::vector<merkle::Hash> Inclusion(int64_t index, int64_t size) const {
    return merkle::InclusionProof(index, size, reader()).value();
  }
  std::vector<merkle::Hash> Consistency(int64_t first, int64_t second) const {
    return merkle::ConsistencyProof(first, second, reader()).value();
  }

 private:
  Entries entries_;
  std::vector<merkle::Hash> leaves_;
  std::vector<merkle::Hash> roots_;               // By size.
  std::vector<std::vector<merkle::Hash>> nodes_;  // By level, then index.
};

// How messages name a proof.
inline std::string InclusionOf(int64_t index, int64_t size) { return absl::StrCat("leaf ", index, " of ", size); }
inline std::string ConsistencyOf(int64_t first, int64_t second) {
  return absl::StrCat("sizes ", first, " to ", second);
}

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_STORAGE_STORED_TREE_H_
