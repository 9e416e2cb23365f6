// An election from its files: one JSON document, and optional CSVs of stations and options read by a mapping.
#ifndef HATTAMA_CLIENTS_CLI_DEFINITION_FILES_H_
#define HATTAMA_CLIENTS_CLI_DEFINITION_FILES_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "clients/cli/mapping.h"
#include "hattama/v1/election.pb.h"

namespace hattama::cli {

struct DefinitionFiles {
  std::string definition;
  std::string mapping;   // Empty: none.
  std::string stations;  // Empty: none; else a mapping is needed.
  std::string options;   // The same.
};

// Reads and joins the files and checks the whole. InvalidArgument lists every fault, a line each, with its path in the
// JSON document or file and line of the CSV; UsageError where a file cannot be read.
absl::StatusOr<v1::ElectionDefinition> LoadDefinition(const DefinitionFiles& files);

// Reads a mapping file.
absl::StatusOr<Mapping> LoadMapping(const std::string& path);

// The events that make the election, serialised submissions in order. Their ids are digests of the whole definition, so
// the same files make the same submissions.
std::vector<std::string> DefinitionSubmissions(const v1::ElectionDefinition& definition, const std::string& submitter);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_DEFINITION_FILES_H_
