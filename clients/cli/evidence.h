// Digests of files that are kept elsewhere.
#ifndef HATTAMA_CLIENTS_CLI_EVIDENCE_H_
#define HATTAMA_CLIENTS_CLI_EVIDENCE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "hattama/v1/protocol.pb.h"

namespace hattama::cli {

// Appends the SHA-256 of each file, labelled by the file's name. UsageError names a file that cannot be read.
absl::Status AddEvidence(const std::vector<std::string>& paths,
                         google::protobuf::RepeatedPtrField<v1::EvidenceDigest>& evidence);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_EVIDENCE_H_
