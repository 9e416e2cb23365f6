// Which bytes a submitter signs, and how one signature covers a batch. README.md has the grammar.
#ifndef HATTAMA_SERVICES_WIRE_SIGNATURE_CODEC_H_
#define HATTAMA_SERVICES_WIRE_SIGNATURE_CODEC_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hattama/v1/record.pb.h"
#include "storage/merkle/ed25519.h"
#include "storage/merkle/sha256.h"

namespace hattama::wire {

// Most submissions under one signature: ten hashes of a path keep the largest record below 65,535 bytes.
inline constexpr int64_t kBatchSizeMax = 1'024;

// Where a submission sits in the batch whose root was signed.
struct BatchPlace {
  int64_t index = 0;
  int64_t size = 0;
  std::vector<merkle::Hash> path;  // PATH(index, D[size]) over the submissions' bytes, the leaf's sibling first.
};

struct SubmissionSignature {
  merkle::PublicKey public_key{};
  merkle::Signature signature{};
  std::optional<BatchPlace> batch;
};

// What binds a signature to one ledger and one election, so that it vouches for nothing elsewhere.
struct SigningContext {
  std::string_view origin;
  std::string_view election_id;  // Empty for events of the ledger as a whole.
};

// The message that is signed for one submission.
std::string SubmissionMessage(const SigningContext& context, std::string_view submission);
// The message that is signed for a batch with this RFC 6962 root.
std::string BatchMessage(const SigningContext& context, int64_t size, const merkle::Hash& root);

// Signs submissions of one election: one by itself, 2..kBatchSizeMax as a batch. The result has one signature each, in
// order.
std::vector<SubmissionSignature> SignSubmissions(const merkle::SigningKey& key, const SigningContext& context,
                                                 std::span<const std::string_view> submissions);

// The signed message and signature that a submission rests on: equal for all members of one batch, so that it need be
// checked once.
struct SignedStatement {
  std::string message;
  merkle::PublicKey public_key{};
  merkle::Signature signature{};

  friend bool operator==(const SignedStatement&, const SignedStatement&) = default;
};

// Finds what was signed. InvalidArgument where the path of a batch has a hash too many or too few, or an index outside
// its size. Nothing is verified: that is StatementVerifier's office.
absl::StatusOr<SignedStatement> StatementOf(const SubmissionSignature& signature, const SigningContext& context,
                                            std::string_view submission);

// Checks whether signatures are their keys' over the messages. Takes statements in a row and remembers the last good
// one, so that members of one batch cost one verification. For one thread.
class StatementVerifier {
 public:
  bool Verify(const SignedStatement& statement);

 private:
  std::optional<SignedStatement> last_good_;
};

// Message to plain. InvalidArgument names the field whose length or value is wrong.
absl::StatusOr<SubmissionSignature> ToSignature(const v1::SubmissionSignature& message);
void FromSignature(const SubmissionSignature& signature, v1::SubmissionSignature& message);

}  // namespace hattama::wire

#endif  // HATTAMA_SERVICES_WIRE_SIGNATURE_CODEC_H_
