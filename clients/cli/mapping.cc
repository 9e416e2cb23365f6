#include "clients/cli/mapping.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/message_json.h"

namespace hattama::cli {
namespace {

using nlohmann::json;

// Reads the keys of one JSON object and notices those that nobody asked for.
class ObjectReader {
 public:
  ObjectReader(const json& object, std::string path, std::vector<std::string>& faults)
      : object_(object), path_(std::move(path)), faults_(faults) {
    if (!object.is_object()) Fault("", "is no object");
  }
  ObjectReader(const ObjectReader&) = delete;
  ObjectReader& operator=(const ObjectReader&) = delete;
  ~ObjectReader() {
    if (!object_.is_object()) return;
    for (const auto& [key, value] : object_.items()) {
      if (!asked_.contains(key)) Fault(key, "unknown key");
    }
  }

  std::string Path(const std::string& key) const {
    return path_.empty() ? key : key.empty() ? path_ : absl::StrCat(path_, ".", key);
  }
  void Fault(const std::string& key, const std::string& what) {
    faults_.push_back(absl::StrCat(Path(key), ": ", what));
  }

  const json* Find(const std::string& key, bool required) {
    asked_.insert(key);
    if (object_.is_object()) {
      if (const auto found = object_.find(key); found != object_.end()) return &*found;
      if (required) Fault(key, "is missing");
    }
    return nullptr;
  }

  std::string Text(const std::string& key, bool required) {
    const json* value = Find(key, required);
    if (value == nullptr) return "";
    if (!value->is_string()) {
      Fault(key, "is no text");
      return "";
    }
    if (required && value->get<std::string>().empty()) Fault(key, "is empty");
    return value->get<std::string>();
  }

  // A list of texts; one text alone is a list of one.
  std::vector<std::string> Texts(const std::string& key, bool required) {
    const json* value = Find(key, required);
    if (value == nullptr) return {};
    if (value->is_string()) return {value->get<std::string>()};
    std::vector<std::string> texts;
    const bool list =
        value->is_array() && std::all_of(value->begin(), value->end(), [](const json& v) { return v.is_string(); });
    if (!list) {
      Fault(key, "is no list of texts");
    } else {
      for (const json& text : *value) texts.push_back(text.get<std::string>());
    }
    return texts;
  }

  absl::btree_map<std::string, std::string> TextMap(const std::string& key, bool required) {
    const json* value = Find(key, required);
    absl::btree_map<std::string, std::string> map;
    if (value == nullptr) return map;
    if (!value->is_object()) {
      Fault(key, "is no object");
      return map;
    }
    for (const auto& [name, text] : value->items()) {
      if (text.is_string()) {
        map[name] = text.get<std::string>();
      } else {
        Fault(absl::StrCat(key, ".", name), "is no text");
      }
    }
    return map;
  }

 private:
  const json& object_;
  std::string path_;
  std::vector<std::string>& faults_;
  std::set<std::string> asked_;
};

StationsMapping ReadStations(const json& document, const std::string& path, std::vector<std::string>& faults) {
  StationsMapping stations;
  ObjectReader reader(document, path, faults);
  stations.id = reader.Text("id", true);
  stations.station_level = reader.Text("station_level", true);
  stations.registered = reader.Text("registered", false);
  stations.names = reader.Texts("names", false);
  stations.language = reader.Text("language", false);
  if (const json* root = reader.Find("root", true)) {
    ObjectReader inner(*root, reader.Path("root"), faults);
    stations.root.set_unit_id(inner.Text("unit_id", true));
    stations.root.set_level_id(inner.Text("level", true));
    for (const auto& [language, text] : inner.TextMap("names", false)) {
      v1::Name& name = *stations.root.add_names();
      name.set_language(language);
      name.set_text(text);
    }
  }
  if (const json* levels = reader.Find("levels", true)) {
    if (!levels->is_array()) {
      reader.Fault("levels", "is no list");
    } else {
      for (size_t i = 0; i < levels->size(); ++i) {
        ObjectReader inner((*levels)[i], reader.Path(absl::StrCat("levels[", i, "]")), faults);
        LevelMapping& level = stations.levels.emplace_back();
        level.level = inner.Text("level", true);
        level.column = inner.Text("column", true);
        level.id_column = inner.Text("id_column", false);
        level.if_empty = inner.Text("if_empty", false);
      }
    }
  }
  return stations;
}

OptionsMapping ReadOptions(const json& document, const std::string& path, std::vector<std::string>& faults) {
  OptionsMapping options;
  ObjectReader reader(document, path, faults);
  options.contest = reader.Text("contest", true);
  options.id = reader.Text("id", true);
  options.name = reader.Text("name", true);
  options.against_all = reader.Texts("against_all", false);
  options.language = reader.Text("language", false);
  const std::string kind = reader.Text("kind", true);
  if (kind == "party") options.kind = v1::OPTION_KIND_PARTY;
  if (kind == "candidate") options.kind = v1::OPTION_KIND_CANDIDATE;
  if (options.kind == v1::OPTION_KIND_UNSPECIFIED && !kind.empty()) {
    reader.Fault("kind", absl::StrCat("\"", kind, "\" is neither \"party\" nor \"candidate\""));
  }
  return options;
}

ProtocolsMapping ReadProtocols(const json& document, const std::string& path, std::vector<std::string>& faults) {
  ProtocolsMapping protocols;
  ObjectReader reader(document, path, faults);
  protocols.station = reader.Text("station", true);
  protocols.contest = reader.Text("contest", true);
  protocols.stage = reader.Text("stage", true);
  protocols.source = reader.Texts("source", true);
  for (const auto& [text, name] : reader.TextMap("stages", true)) {
    const v1::Stage stage = StageNamed(name);
    if (stage == v1::STAGE_UNSPECIFIED) {
      reader.Fault(absl::StrCat("stages.", text),
                   absl::StrCat("\"", name, "\" is none of preliminary, final, corrected"));
    }
    protocols.stages[text] = stage;
  }
  protocols.sources = reader.TextMap("sources", true);
  protocols.contests = reader.TextMap("contests", false);
  protocols.version = reader.Text("version", false);
  protocols.recorded_at = reader.Text("recorded_at", false);
  protocols.lines = reader.TextMap("lines", false);
  protocols.ignore = reader.Texts("ignore", false);
  if (const json* options = reader.Find("options", true)) {
    if (options->is_object()) {
      protocols.options = reader.TextMap("options", true);
    } else if (*options != "*") {
      reader.Fault("options", "is neither \"*\" nor an object of column: option_id");
    }
  }
  return protocols;
}

}  // namespace

v1::Stage StageNamed(std::string_view name) {
  if (name == "preliminary") return v1::STAGE_PRELIMINARY;
  if (name == "final") return v1::STAGE_FINAL;
  if (name == "corrected") return v1::STAGE_CORRECTED;
  return v1::STAGE_UNSPECIFIED;
}

absl::StatusOr<Mapping> ParseMapping(std::string_view text, std::string_view what) {
  json document;
  if (absl::Status parsed = ParseJson(text, what, document); !parsed.ok()) return parsed;
  Mapping mapping;
  std::vector<std::string> faults;
  {
    ObjectReader reader(document, "", faults);
    mapping.election = reader.Text("election", true);
    if (const json* part = reader.Find("stations", false)) mapping.stations = ReadStations(*part, "stations", faults);
    if (const json* part = reader.Find("options", false)) mapping.options = ReadOptions(*part, "options", faults);
    if (const json* part = reader.Find("protocols", false))
      mapping.protocols = ReadProtocols(*part, "protocols", faults);
  }
  if (!faults.empty()) {
    for (std::string& fault : faults) fault = absl::StrCat(absl::string_view(what.data(), what.size()), ": ", fault);
    return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
  }
  return mapping;
}

}  // namespace hattama::cli
