#include "services/wire/signature_codec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/domain/text.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/proofs.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/verify.h"

namespace hattama::wire {
namespace {

constexpr absl::string_view kSubmissionLabel = "hattama/submission/v1\n";
constexpr absl::string_view kBatchLabel = "hattama/batch/v1\n";

using domain::Text;

// Every complete subtree of a small tree, by level.
class SmallTree {
 public:
  explicit SmallTree(std::span<const std::string_view> leaves) {
    levels_.emplace_back();
    for (const std::string_view leaf : leaves) levels_.back().push_back(merkle::LeafHash(leaf));
    while (levels_.back().size() > 1) {
      const std::vector<merkle::Hash>& below = levels_.back();
      std::vector<merkle::Hash> level;
      for (size_t i = 0; i + 1 < below.size(); i += 2) level.push_back(merkle::NodeHash(below[i], below[i + 1]));
      levels_.push_back(std::move(level));
    }
  }
  merkle::NodeReader reader() const {
    return [this](int level, int64_t index) -> absl::StatusOr<merkle::Hash> { return levels_[level][index]; };
  }
  int64_t size() const { return static_cast<int64_t>(levels_.front().size()); }

 private:
  std::vector<std::vector<merkle::Hash>> levels_;
};

template <typename Array>
bool ToArray(const std::string& bytes, Array& array) {
  if (bytes.size() != array.size()) return false;
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return true;
}

template <typename Array>
std::string ToBytes(const Array& array) {
  return std::string(array.begin(), array.end());
}

}  // namespace

std::string SubmissionMessage(const SigningContext& context, std::string_view submission) {
  return absl::StrCat(kSubmissionLabel, Text(context.origin), "\n", Text(context.election_id), "\n", Text(submission));
}

std::string BatchMessage(const SigningContext& context, int64_t size, const merkle::Hash& root) {
  return absl::StrCat(kBatchLabel, Text(context.origin), "\n", Text(context.election_id), "\n", size, "\n",
                      merkle::EncodeHash(root), "\n");
}

std::vector<SubmissionSignature> SignSubmissions(const merkle::SigningKey& key, const SigningContext& context,
                                                 std::span<const std::string_view> submissions) {
  std::vector<SubmissionSignature> signatures(submissions.size());
  for (SubmissionSignature& signature : signatures) signature.public_key = key.public_key();
  if (submissions.size() == 1) {
    signatures.front().signature = key.Sign(SubmissionMessage(context, submissions.front()));
    return signatures;
  }
  const SmallTree tree(submissions);
  // A tree in memory has every node that its root and paths need.
  const merkle::Hash root = *merkle::RootAt(tree.size(), tree.reader());
  const merkle::Signature signed_root = key.Sign(BatchMessage(context, tree.size(), root));
  for (size_t i = 0; i < signatures.size(); ++i) {
    const int64_t index = static_cast<int64_t>(i);
    signatures[i].signature = signed_root;
    signatures[i].batch = BatchPlace{index, tree.size(), *merkle::InclusionProof(index, tree.size(), tree.reader())};
  }
  return signatures;
}

absl::StatusOr<SignedStatement> StatementOf(const SubmissionSignature& signature, const SigningContext& context,
                                            std::string_view submission) {
  SignedStatement statement{.message = {}, .public_key = signature.public_key, .signature = signature.signature};
  if (!signature.batch.has_value()) {
    statement.message = SubmissionMessage(context, submission);
    return statement;
  }
  const BatchPlace& place = *signature.batch;
  const absl::StatusOr<merkle::Hash> root =
      merkle::RootFromInclusion(merkle::LeafHash(submission), place.index, place.size, place.path);
  if (!root.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the path of the batch: ", root.status().message()));
  }
  statement.message = BatchMessage(context, place.size, *root);
  return statement;
}

bool StatementVerifier::Verify(const SignedStatement& statement) {
  if (last_good_ == statement) return true;
  if (!merkle::VerifySignature(statement.public_key, statement.message, statement.signature)) return false;
  last_good_ = statement;
  return true;
}

absl::StatusOr<SubmissionSignature> ToSignature(const v1::SubmissionSignature& message) {
  SubmissionSignature signature;
  if (!ToArray(message.public_key(), signature.public_key)) {
    return absl::InvalidArgumentError(
        absl::StrCat("public_key: has ", message.public_key().size(), " bytes, not ", signature.public_key.size()));
  }
  if (!ToArray(message.signature(), signature.signature)) {
    return absl::InvalidArgumentError(
        absl::StrCat("signature: has ", message.signature().size(), " bytes, not ", signature.signature.size()));
  }
  if (!message.has_batch()) return signature;
  BatchPlace place{.index = message.batch().index(), .size = message.batch().size(), .path = {}};
  if (place.size < 1 || place.size > kBatchSizeMax || place.index < 0 || place.index >= place.size) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch: index ", place.index, " of ", place.size, " is outside a batch of 1..", kBatchSizeMax));
  }
  for (const std::string& bytes : message.batch().hashes()) {
    merkle::Hash hash;
    if (!ToArray(bytes, hash)) {
      return absl::InvalidArgumentError(
          absl::StrCat("batch.hashes[", place.path.size(), "]: has ", bytes.size(), " bytes, not ", hash.size()));
    }
    place.path.push_back(hash);
  }
  signature.batch = std::move(place);
  return signature;
}

void FromSignature(const SubmissionSignature& signature, v1::SubmissionSignature& message) {
  message.set_public_key(ToBytes(signature.public_key));
  message.set_signature(ToBytes(signature.signature));
  if (!signature.batch.has_value()) {
    message.clear_batch();
    return;
  }
  message.mutable_batch()->set_index(signature.batch->index);
  message.mutable_batch()->set_size(signature.batch->size);
  message.mutable_batch()->clear_hashes();
  for (const merkle::Hash& hash : signature.batch->path) message.mutable_batch()->add_hashes(ToBytes(hash));
}

}  // namespace hattama::wire
