// The mapping file of an import: which column of which CSV is what. README.md has every key.
#ifndef HATTAMA_CLIENTS_CLI_MAPPING_H_
#define HATTAMA_CLIENTS_CLI_MAPPING_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/statusor.h"
#include "hattama/v1/election.pb.h"
#include "hattama/v1/protocol.pb.h"

namespace hattama::cli {

// One level between root and stations.
struct LevelMapping {
  std::string level;
  std::string column;     // Names the unit of this level; its text is the unit's name.
  std::string id_column;  // Holds the unit's id. Empty: the id is the parent's id, a slash, and the name.
  std::string if_empty;   // Stands for an empty cell.
};

struct StationsMapping {
  std::string id;  // Column of the station's id.
  v1::Unit root;   // Its level_id, unit_id and names.
  std::vector<LevelMapping> levels;
  std::string station_level;
  std::string registered;          // Column of the roll; empty: there is none.
  std::vector<std::string> names;  // Columns that make the station's name, joined by a space.
  std::string language;            // Of all names read from columns.
};

struct OptionsMapping {
  std::string contest;
  std::string id;
  std::string name;
  v1::OptionKind kind = v1::OPTION_KIND_UNSPECIFIED;
  std::vector<std::string> against_all;  // Ids of options that are against all.
  std::string language;
};

struct ProtocolsMapping {
  std::string station;
  std::string contest;
  std::string stage;
  std::vector<std::string> source;  // Columns; their texts joined by '|' are looked up in `sources`.
  absl::btree_map<std::string, v1::Stage> stages;
  absl::btree_map<std::string, std::string> sources;
  absl::btree_map<std::string, std::string> contests;  // A text that is not here is the contest_id itself.
  std::string version;                                 // Column that orders protocols of one stream; may be empty.
  std::string recorded_at;                             // Column of reported_time; may be empty.
  absl::btree_map<std::string, std::string> lines;     // Column -> line_id.
  absl::btree_map<std::string, std::string> options;   // Column -> option_id; empty: columns are named by option_id.
  std::vector<std::string> ignore;                     // Columns that mean nothing here.
};

struct Mapping {
  std::string election;
  std::optional<StationsMapping> stations;
  std::optional<OptionsMapping> options;
  std::optional<ProtocolsMapping> protocols;
};

// Parses a mapping. InvalidArgument names `what` and each key that is missing, unknown or of another type.
absl::StatusOr<Mapping> ParseMapping(std::string_view text, std::string_view what);

// "preliminary", "final" or "corrected"; UNSPECIFIED for anything else.
v1::Stage StageNamed(std::string_view name);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_MAPPING_H_
