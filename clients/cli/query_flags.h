// Flags that questions share: what is asked about, by which view, at which version.
#ifndef HATTAMA_CLIENTS_CLI_QUERY_FLAGS_H_
#define HATTAMA_CLIENTS_CLI_QUERY_FLAGS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "CLI/App.hpp"
#include "absl/status/statusor.h"
#include "hattama/v1/tally.pb.h"

namespace hattama::cli {

struct SubjectFlags {
  std::string election;
  std::string contest;
  std::string unit;

  void AddTo(CLI::App& verb);
};

struct ViewFlags {
  std::string source;
  std::string policy;
  bool claims = false;
  bool excluding_contested = false;

  void AddTo(CLI::App& verb);
  absl::StatusOr<v1::View> ToView() const;
};

struct VersionFlag {
  std::string at;

  void AddTo(CLI::App& verb);
  absl::StatusOr<v1::VersionSelector> ToVersion() const;
};

// A version as people write it: a tree_size, or a moment in RFC 3339; empty is the head. UsageError for anything else.
absl::StatusOr<v1::VersionSelector> ParseVersion(std::string_view text);

// "preliminary", "final", "final-else-preliminary", "corrected-first"; empty leaves it to the server.
absl::StatusOr<v1::Policy> ParsePolicy(std::string_view text);

// One side of a diff: [SOURCE:]POLICY[/claims][/uncontested][@VERSION], for example "monitor:final@52000".
absl::StatusOr<v1::DiffSide> ParseSide(std::string_view text);

// "commission, corrected first, stations".
std::string ViewText(const v1::View& view);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_QUERY_FLAGS_H_
