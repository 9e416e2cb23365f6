// The keys of test ledgers: an authority, the commissions and the monitors of an election. Made from fixed seeds, so
// that two runs sign the same bytes.
#ifndef HATTAMA_TESTS_SUPPORT_TRIAL_KEYS_H_
#define HATTAMA_TESTS_SUPPORT_TRIAL_KEYS_H_

#include <string>
#include <string_view>
#include <vector>

#include "services/wire/signature_codec.h"
#include "storage/merkle/ed25519.h"

namespace hattama::testing {

const merkle::SigningKey& AuthorityKey();
const merkle::SigningKey& CommissionKey();
const merkle::SigningKey& MonitorKey();

// Submissions of the authority that grant CommissionKey and MonitorKey their sources in an election.
std::vector<std::string> Grants(const std::string& election_id, const std::vector<std::string>& commissions,
                                const std::vector<std::string>& monitors);

// Signs a submission with the key that may record it: the authority's for definitions and keys, the monitors' for
// protocols of a source named "monitor", else the commissions'. Bytes that are no submission are signed too.
wire::SubmissionSignature Sign(std::string_view submission, std::string_view origin);

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_TRIAL_KEYS_H_
