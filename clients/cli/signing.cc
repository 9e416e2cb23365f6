#include "clients/cli/signing.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/cli/failure.h"
#include "services/wire/event_codec.h"
#include "services/wire/signature_codec.h"
#include "storage/keys/key_file.h"

namespace hattama::cli {

absl::StatusOr<std::string> OriginOf(Session& session) {
  if (absl::Status connected = session.Connect(); !connected.ok()) return connected;
  absl::StatusOr<v1::GetHeadResponse> head =
      session.Call(session.audit(), &v1::AuditService::Stub::GetHead, v1::GetHeadRequest());
  if (!head.ok()) return head.status();
  if (!session.globals.origin.empty() && session.globals.origin != head->origin()) {
    return UsageError(absl::StrCat("--origin ", session.globals.origin, ": the server at ", session.globals.server,
                                   " holds the ledger \"", head->origin(), "\""));
  }
  return head->origin();
}

absl::StatusOr<merkle::SigningKey> SigningKeyOf(const Session& session) {
  if (session.globals.key.empty()) {
    return UsageError(
        "a submission is signed: name the private key with --key or HATTAMA_KEY (hattama keygen makes one)");
  }
  absl::StatusOr<merkle::NamedSigningKey> key = storage::LoadPrivateKey(session.globals.key);
  if (!key.ok()) return AsUsage(key.status());
  return std::move(key->key);
}

void AddSigned(std::span<const Outgoing> outgoing, const SigningScope& scope, v1::SubmitStreamRequest& message) {
  std::map<const merkle::SigningKey*, std::vector<size_t>> by_key;
  for (size_t i = 0; i < outgoing.size(); ++i) by_key[outgoing[i].key].push_back(i);
  const int first = message.submissions_size();
  for (const Outgoing& one : outgoing) *message.add_submissions()->mutable_submission() = *one.submission;
  for (const auto& [key, members] : by_key) {
    std::vector<std::string_view> submissions;
    for (const size_t i : members) submissions.push_back(*outgoing[i].submission);
    const std::vector<wire::SubmissionSignature> signatures =
        wire::SignSubmissions(*key, {.origin = scope.origin, .election_id = scope.election_id}, submissions);
    for (size_t i = 0; i < members.size(); ++i) {
      v1::SignedSubmission& submission = *message.mutable_submissions(first + static_cast<int>(members[i]));
      wire::FromSignature(signatures[i], *submission.mutable_signature());
    }
  }
}

v1::SignedSubmission SignOne(std::string submission, const SigningScope& scope, const merkle::SigningKey& key) {
  v1::SignedSubmission message;
  const std::string_view bytes = submission;
  const std::vector<wire::SubmissionSignature> signatures =
      wire::SignSubmissions(key, {.origin = scope.origin, .election_id = scope.election_id}, {&bytes, 1});
  wire::FromSignature(signatures.front(), *message.mutable_signature());
  message.set_submission(std::move(submission));
  return message;
}

}  // namespace hattama::cli
