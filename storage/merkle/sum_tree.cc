#include "storage/merkle/sum_tree.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "storage/merkle/line_reader.h"

namespace hattama::merkle {
namespace {

constexpr char kLeafPrefix = 0x02;
constexpr char kNodePrefix = 0x03;
constexpr char kCommitmentPrefix = 0x04;

void AppendBigEndian(std::string& bytes, uint64_t value, int byte_count) {
  for (int shift = 8 * (byte_count - 1); shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(value >> shift));
}

void AppendSums(std::string& bytes, const std::vector<int64_t>& sums) {
  for (const int64_t sum : sums) AppendBigEndian(bytes, static_cast<uint64_t>(sum), 8);
}

void AppendNode(std::string& bytes, const SumNode& node) {
  bytes.append(node.hash.begin(), node.hash.end());
  AppendSums(bytes, node.sums);
}

SumNode LeafNode(const SumLeaf& leaf) {
  std::string bytes(1, kLeafPrefix);
  AppendBigEndian(bytes, leaf.label.size(), 4);
  bytes += leaf.label;
  AppendBigEndian(bytes, leaf.sums.size(), 4);
  AppendSums(bytes, leaf.sums);
  return {Sha256(bytes), leaf.sums};
}

// Figures of another number than `width`, or outside 0..2^62.
absl::Status CheckSums(const std::vector<int64_t>& sums, size_t width, const std::string& whose) {
  if (sums.size() != width) {
    return absl::InvalidArgumentError(absl::StrCat(whose, " has ", sums.size(), " figures; ", width, " are expected"));
  }
  for (size_t column = 0; column < width; ++column) {
    if (sums[column] < 0 || sums[column] > kSumMax) {
      return absl::InvalidArgumentError(
          absl::StrCat("figure ", column, " of ", whose, " is ", sums[column], ", which is not in 0..2^62"));
    }
  }
  return absl::OkStatus();
}

// Both sides have passed CheckSums, so their sum fits in 64 bits and only the bound is left to check.
absl::StatusOr<SumNode> Join(const SumNode& left, const SumNode& right) {
  std::string bytes(1, kNodePrefix);
  AppendNode(bytes, left);
  AppendNode(bytes, right);
  SumNode node{Sha256(bytes), left.sums};
  for (size_t column = 0; column < node.sums.size(); ++column) {
    if (__builtin_add_overflow(node.sums[column], right.sums[column], &node.sums[column]) ||
        node.sums[column] > kSumMax) {
      return absl::OutOfRangeError(absl::StrCat("figure ", column, ": the sum of ", left.sums[column], " and ",
                                                right.sums[column], " exceeds 2^62"));
    }
  }
  return node;
}

}  // namespace

absl::StatusOr<SumTree> SumTree::Make(size_t width, const std::vector<SumLeaf>& leaves) {
  SumTree tree;
  tree.width_ = width;
  tree.root_ = {EmptyRoot(), std::vector<int64_t>(width, 0)};
  tree.levels_.emplace_back();
  for (size_t i = 0; i < leaves.size(); ++i) {
    const std::string whose = absl::StrCat("leaf ", i, " (", Quoted(leaves[i].label), ")");
    if (absl::Status status = CheckSums(leaves[i].sums, width, whose); !status.ok()) return status;
    tree.levels_.front().push_back(LeafNode(leaves[i]));
  }
  // Pairing neighbours and carrying a lone last node up gives the shape of RFC 6962.
  while (tree.levels_.back().size() > 1) {
    const std::vector<SumNode>& below = tree.levels_.back();
    std::vector<SumNode> above;
    above.reserve((below.size() + 1) / 2);
    for (size_t i = 0; i + 1 < below.size(); i += 2) {
      absl::StatusOr<SumNode> node = Join(below[i], below[i + 1]);
      if (!node.ok()) return node.status();
      above.push_back(*std::move(node));
    }
    if (below.size() % 2 == 1) above.push_back(below.back());
    tree.levels_.push_back(std::move(above));
  }
  if (!leaves.empty()) tree.root_ = tree.levels_.back().front();
  return tree;
}

Hash SumTree::Commitment() const { return SumCommitment(leaf_count(), root_); }

absl::StatusOr<SumProof> SumTree::Prove(int64_t index) const {
  if (index < 0 || index >= leaf_count()) {
    return absl::OutOfRangeError(absl::StrCat("index ", index, " is not in a tree of ", leaf_count()));
  }
  SumProof proof;
  for (const std::vector<SumNode>& level : levels_) {
    const int64_t sibling = index ^ 1;
    if (sibling < static_cast<int64_t>(level.size())) proof.push_back(level[sibling]);
    index >>= 1;
  }
  return proof;
}

Hash SumCommitment(int64_t leaf_count, const SumNode& root) {
  std::string bytes(1, kCommitmentPrefix);
  AppendBigEndian(bytes, static_cast<uint64_t>(leaf_count), 8);
  AppendBigEndian(bytes, root.sums.size(), 4);
  AppendNode(bytes, root);
  return Sha256(bytes);
}

absl::StatusOr<std::vector<int64_t>> VerifySum(const SumLeaf& leaf, int64_t index, int64_t leaf_count,
                                               const SumProof& proof, const Hash& commitment) {
  if (index < 0 || index >= leaf_count) {
    return absl::InvalidArgumentError(absl::StrCat("index ", index, " is not in a tree of ", leaf_count));
  }
  const size_t width = leaf.sums.size();
  if (absl::Status status = CheckSums(leaf.sums, width, absl::StrCat("the leaf ", Quoted(leaf.label))); !status.ok()) {
    return status;
  }
  SumNode node = LeafNode(leaf);
  size_t used = 0;
  // At each level the node is at `position` of `last` + 1 nodes; the lone last node of a level has no sibling there.
  int64_t position = index;
  for (int64_t last = leaf_count - 1; last > 0; last >>= 1, position >>= 1) {
    if (position % 2 == 0 && position == last) continue;
    if (used == proof.size()) {
      return absl::InvalidArgumentError(absl::StrCat("the proof of ", proof.size(), " nodes is too short"));
    }
    const SumNode& sibling = proof[used];
    if (absl::Status status = CheckSums(sibling.sums, width, absl::StrCat("node ", used, " of the proof"));
        !status.ok()) {
      return status;
    }
    absl::StatusOr<SumNode> parent = position % 2 == 1 ? Join(sibling, node) : Join(node, sibling);
    if (!parent.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("node ", used, " of the proof: ", parent.status().message()));
    }
    node = *std::move(parent);
    ++used;
  }
  if (used != proof.size()) {
    return absl::InvalidArgumentError(absl::StrCat("the proof of ", proof.size(), " nodes is too long; leaf ", index,
                                                   " of ", leaf_count, " has ", used));
  }
  if (SumCommitment(leaf_count, node) != commitment) {
    return absl::InvalidArgumentError(absl::StrCat("the row ", Quoted(leaf.label), " at ", index, " of ", leaf_count,
                                                   " does not lead to the commitment"));
  }
  return std::move(node.sums);
}

}  // namespace hattama::merkle
