#include "tests/support/trial_keys.h"

#include <span>
#include <variant>

#include "hattama/v1/record.pb.h"
#include "services/domain/event.h"
#include "services/wire/event_codec.h"
#include "storage/merkle/sha256.h"

namespace hattama::testing {
namespace {

merkle::SigningKey FixedKey(uint8_t byte) {
  merkle::Seed seed;
  seed.fill(byte);
  return merkle::SigningKey::FromSeed(seed);
}

std::string GrantTo(const merkle::SigningKey& key, v1::Role role, const std::string& election_id,
                    const std::vector<std::string>& sources) {
  v1::Submission submission;
  v1::KeyGranted& granted = *submission.mutable_key_granted();
  granted.set_public_key(key.public_key().data(), key.public_key().size());
  granted.set_holder("test");
  granted.set_role(role);
  granted.set_election_id(election_id);
  for (const std::string& source : sources) granted.add_source_ids(source);
  const merkle::Hash digest = merkle::Sha256(submission.SerializeAsString());
  submission.set_submission_id(digest.data(), 16);
  return submission.SerializeAsString();
}

const merkle::SigningKey& KeyFor(const domain::Event& event) {
  if (const auto* protocol = std::get_if<domain::ProtocolSubmitted>(&event)) {
    return protocol->source_id == "monitor" ? MonitorKey() : CommissionKey();
  }
  if (const auto* roll = std::get_if<domain::RollAmended>(&event)) {
    // A part of a definition gives no reason.
    return roll->reason.empty() ? AuthorityKey() : CommissionKey();
  }
  const bool by_commission = std::holds_alternative<domain::AppealFiled>(event) ||
                             std::holds_alternative<domain::DecisionRecorded>(event) ||
                             std::holds_alternative<domain::TallyPublished>(event);
  return by_commission ? CommissionKey() : AuthorityKey();
}

}  // namespace

const merkle::SigningKey& AuthorityKey() {
  static const merkle::SigningKey key = FixedKey(1);
  return key;
}

const merkle::SigningKey& CommissionKey() {
  static const merkle::SigningKey key = FixedKey(2);
  return key;
}

const merkle::SigningKey& MonitorKey() {
  static const merkle::SigningKey key = FixedKey(3);
  return key;
}

std::vector<std::string> Grants(const std::string& election_id, const std::vector<std::string>& commissions,
                                const std::vector<std::string>& monitors) {
  std::vector<std::string> grants;
  if (!commissions.empty()) {
    grants.push_back(GrantTo(CommissionKey(), v1::ROLE_COMMISSION, election_id, commissions));
  }
  if (!monitors.empty()) grants.push_back(GrantTo(MonitorKey(), v1::ROLE_MONITOR, election_id, monitors));
  return grants;
}

wire::SubmissionSignature Sign(std::string_view submission, std::string_view origin) {
  domain::Refusals ignored;
  const domain::Event event = wire::DecodeSubmission(submission, ignored).event;
  return wire::SignSubmissions(KeyFor(event), {.origin = origin, .election_id = domain::ElectionOf(event)},
                               std::span(&submission, 1))
      .front();
}

}  // namespace hattama::testing
