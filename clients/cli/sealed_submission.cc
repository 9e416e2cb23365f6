#include "clients/cli/sealed_submission.h"

#include "storage/merkle/sha256.h"

namespace hattama::cli {

std::string Seal(v1::Submission& submission, std::string_view context) {
  submission.clear_submission_id();
  std::string bytes(context);
  bytes += '\0';
  submission.AppendToString(&bytes);
  const merkle::Hash digest = merkle::Sha256(bytes);
  submission.set_submission_id(digest.data(), 16);
  return submission.SerializeAsString();
}

}  // namespace hattama::cli
