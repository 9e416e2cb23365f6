#include "clients/cli/definition_files.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/cli/csv_reader.h"
#include "clients/cli/failure.h"
#include "clients/cli/message_json.h"
#include "clients/cli/sealed_submission.h"
#include "clients/cli/text_file.h"
#include "services/domain/definition.h"
#include "services/wire/event_codec.h"

namespace hattama::cli {
namespace {

// Parts of one event; below the limit of a submission with room for what stands around them.
constexpr size_t kPartBytesMax = 48'000;
constexpr size_t kFaultCountMax = 200;

// Faults in the order found, and how many more there were.
class Faults {
 public:
  void Add(std::string fault) {
    if (faults_.size() < kFaultCountMax) faults_.push_back(std::move(fault));
    ++count_;
  }
  bool empty() const { return count_ == 0; }
  absl::Status ToStatus() const {
    std::string text = absl::StrJoin(faults_, "\n");
    if (count_ > faults_.size()) absl::StrAppend(&text, "\nand ", count_ - faults_.size(), " more");
    return absl::InvalidArgumentError(text);
  }

 private:
  std::vector<std::string> faults_;
  size_t count_ = 0;
};

std::optional<size_t> Need(const CsvHeader& header, const std::string& column, const std::string& path,
                           Faults& faults) {
  if (column.empty()) return std::nullopt;
  const std::optional<size_t> found = header.Find(column);
  if (!found) {
    faults.Add(absl::StrCat(path, ":1: has no column \"", column, "\"; its columns are ",
                            absl::StrJoin(header.columns(), ", ")));
  }
  return found;
}

// Adds units and roll of the stations file to a definition.
class StationsReader {
 public:
  StationsReader(const StationsMapping& mapping, const std::string& path, v1::ElectionDefinition& definition,
                 Faults& faults)
      : mapping_(mapping), path_(path), definition_(definition), faults_(faults) {
    for (const v1::Unit& unit : definition.units()) parents_[unit.unit_id()] = unit.parent_id();
    if (!parents_.contains(mapping.root.unit_id())) Add(mapping.root);
  }

  absl::Status Read() {
    return ReadCsv(
        path_, [&](const CsvHeader& header) { return TakeHeader(header); },
        [&](const CsvRow& row) { return TakeRow(row); },
        [&](int64_t line, const std::string& what) {
          faults_.Add(absl::StrCat(path_, ":", line, ": ", what));
          return absl::OkStatus();
        });
  }

 private:
  struct LevelColumns {
    size_t name = 0;
    std::optional<size_t> id;
  };

  void Add(const v1::Unit& unit) {
    parents_[unit.unit_id()] = unit.parent_id();
    *definition_.add_units() = unit;
  }

  absl::Status TakeHeader(const CsvHeader& header) {
    const auto need = [&](const std::string& column) { return Need(header, column, path_, faults_); };
    bool complete = true;
    const auto take = [&](const std::string& column, auto& into) {
      const std::optional<size_t> found = need(column);
      complete = complete && (found || column.empty());
      if (found) into = *found;
    };
    take(mapping_.id, id_);
    take(mapping_.registered, registered_);
    for (const LevelMapping& level : mapping_.levels) {
      LevelColumns& columns = levels_.emplace_back();
      take(level.column, columns.name);
      take(level.id_column, columns.id);
    }
    for (const std::string& column : mapping_.names) take(column, names_.emplace_back());
    return complete ? absl::OkStatus() : absl::CancelledError("columns are missing");
  }

  absl::Status TakeRow(const CsvRow& row) {
    const auto fault = [&](absl::string_view what) {
      faults_.Add(absl::StrCat(path_, ":", row.line, ": ", what));
      return absl::OkStatus();
    };
    std::string parent = mapping_.root.unit_id();
    for (size_t i = 0; i < levels_.size(); ++i) {
      const LevelMapping& level = mapping_.levels[i];
      std::string name = row.cells[levels_[i].name];
      if (name.empty()) name = level.if_empty;
      std::string id = levels_[i].id ? row.cells[*levels_[i].id] : "";
      if (id.empty() && name.empty()) return fault(absl::StrCat("column \"", level.column, "\" is empty"));
      if (id.empty()) id = absl::StrCat(parent, "/", name);
      if (const auto known = parents_.find(id); known == parents_.end()) {
        Add(MakeUnit(id, parent, level.level, name));
      } else if (known->second != parent) {
        return fault(absl::StrCat("unit \"", id, "\" lies below \"", parent, "\" here and below \"", known->second,
                                  "\" before"));
      }
      parent = std::move(id);
    }
    const std::string& id = row.cells[id_];
    if (id.empty()) return fault(absl::StrCat("column \"", mapping_.id, "\" is empty"));
    if (parents_.contains(id)) return fault(absl::StrCat("unit \"", id, "\" is listed twice"));
    std::vector<std::string> names;
    for (const size_t column : names_) {
      if (!row.cells[column].empty()) names.push_back(row.cells[column]);
    }
    Add(MakeUnit(id, parent, mapping_.station_level, absl::StrJoin(names, " ")));

    if (!registered_ || row.cells[*registered_].empty()) return absl::OkStatus();
    int64_t voters = 0;
    if (!absl::SimpleAtoi(row.cells[*registered_], &voters)) {
      return fault(
          absl::StrCat("\"", row.cells[*registered_], "\" in column \"", mapping_.registered, "\" is no whole number"));
    }
    v1::RollEntry& entry = *definition_.add_roll();
    entry.set_unit_id(id);
    entry.set_registered_voters(voters);
    return absl::OkStatus();
  }

  v1::Unit MakeUnit(const std::string& id, const std::string& parent, const std::string& level,
                    const std::string& name) const {
    v1::Unit unit;
    unit.set_unit_id(id);
    unit.set_parent_id(parent);
    unit.set_level_id(level);
    if (!name.empty()) {
      unit.add_names()->set_language(mapping_.language);
      unit.mutable_names(0)->set_text(name);
    }
    return unit;
  }

  const StationsMapping& mapping_;
  const std::string& path_;
  v1::ElectionDefinition& definition_;
  Faults& faults_;
  absl::flat_hash_map<std::string, std::string> parents_;  // By unit.
  size_t id_ = 0;
  std::optional<size_t> registered_;
  std::vector<LevelColumns> levels_;
  std::vector<size_t> names_;
};

absl::Status ReadOptions(const OptionsMapping& mapping, const Mapping& whole, const std::string& path,
                         v1::ElectionDefinition& definition, Faults& faults) {
  std::optional<size_t> contest_column, id_column, name_column;
  const auto header = [&](const CsvHeader& found) -> absl::Status {
    contest_column = Need(found, mapping.contest, path, faults);
    id_column = Need(found, mapping.id, path, faults);
    name_column = Need(found, mapping.name, path, faults);
    return contest_column && id_column && name_column ? absl::OkStatus() : absl::CancelledError("columns are missing");
  };
  const auto row = [&](const CsvRow& cells) {
    std::string contest_id = cells.cells[*contest_column];
    if (whole.protocols) {
      const auto mapped = whole.protocols->contests.find(contest_id);
      if (mapped != whole.protocols->contests.end()) contest_id = mapped->second;
    }
    const auto contest = std::find_if(definition.mutable_contests()->begin(), definition.mutable_contests()->end(),
                                      [&](const v1::Contest& known) { return known.contest_id() == contest_id; });
    if (contest == definition.mutable_contests()->end()) {
      faults.Add(absl::StrCat(path, ":", cells.line, ": the definition has no contest \"", contest_id, "\""));
      return absl::OkStatus();
    }
    v1::Option& option = *contest->add_options();
    option.set_option_id(cells.cells[*id_column]);
    const bool against = std::find(mapping.against_all.begin(), mapping.against_all.end(), option.option_id()) !=
                         mapping.against_all.end();
    option.set_kind(against ? v1::OPTION_KIND_AGAINST_ALL : mapping.kind);
    option.add_names()->set_language(mapping.language);
    option.mutable_names(0)->set_text(cells.cells[*name_column]);
    return absl::OkStatus();
  };
  return ReadCsv(path, header, row, [&](int64_t line, const std::string& what) {
    faults.Add(absl::StrCat(path, ":", line, ": ", what));
    return absl::OkStatus();
  });
}

// Cancelled means that the reason is among the faults already.
absl::Status Collected(const absl::Status& status, Faults& faults) {
  if (status.ok() || absl::IsCancelled(status)) return absl::OkStatus();
  if (ExitCodeOf(status) == ExitCode::kUsage) return status;
  faults.Add(std::string(status.message()));
  return absl::OkStatus();
}

// Cuts `items` into parts that fit into an event each; `add` makes an event and gives the field to fill.
template <class Items, class Add>
void AddParts(const Items& items, const Add& add) {
  size_t bytes = kPartBytesMax + 1;
  google::protobuf::RepeatedPtrField<typename Items::value_type>* part = nullptr;
  for (const auto& item : items) {
    const size_t size = item.ByteSizeLong() + 8;
    if (bytes + size > kPartBytesMax) {
      part = add();
      bytes = 0;
    }
    *part->Add() = item;
    bytes += size;
  }
}

}  // namespace

absl::StatusOr<Mapping> LoadMapping(const std::string& path) {
  absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return text.status();
  return ParseMapping(*text, path);
}

absl::StatusOr<v1::ElectionDefinition> LoadDefinition(const DefinitionFiles& files) {
  absl::StatusOr<std::string> text = ReadTextFile(files.definition);
  if (!text.ok()) return text.status();
  v1::ElectionDefinition definition;
  if (absl::Status parsed = FromJson(*text, files.definition, definition); !parsed.ok()) return parsed;

  Faults faults;
  Mapping mapping;
  if (!files.mapping.empty()) {
    absl::StatusOr<Mapping> loaded = LoadMapping(files.mapping);
    if (!loaded.ok()) return loaded.status();
    mapping = *std::move(loaded);
    if (mapping.election != definition.election().election_id()) {
      faults.Add(absl::StrCat(files.mapping, ": is for election \"", mapping.election, "\", the definition is of \"",
                              definition.election().election_id(), "\""));
    }
  }
  if (!files.stations.empty()) {
    if (!mapping.stations) return UsageError("--stations needs a --mapping that has \"stations\"");
    StationsReader reader(*mapping.stations, files.stations, definition, faults);
    if (absl::Status read = Collected(reader.Read(), faults); !read.ok()) return read;
  }
  if (!files.options.empty()) {
    if (!mapping.options) return UsageError("--options needs a --mapping that has \"options\"");
    const absl::Status read = ReadOptions(*mapping.options, mapping, files.options, definition, faults);
    if (absl::Status collected = Collected(read, faults); !collected.ok()) return collected;
  }
  domain::Refusals refusals;
  const domain::Definition plain = wire::ToDefinition(definition, refusals);
  for (domain::Refusal& refusal : domain::CheckDefinition(plain)) refusals.push_back(std::move(refusal));
  for (const domain::Refusal& refusal : refusals) {
    faults.Add(absl::StrCat(files.definition, ": ", refusal.field, refusal.field.empty() ? "" : ": ", refusal.message));
  }
  if (!faults.empty()) return faults.ToStatus();
  return definition;
}

std::vector<std::string> DefinitionSubmissions(const v1::ElectionDefinition& definition, const std::string& submitter) {
  const std::string& election_id = definition.election().election_id();
  std::vector<v1::Submission> submissions;
  const auto next = [&]() -> v1::Submission& {
    submissions.emplace_back().set_submitter(submitter);
    return submissions.back();
  };
  *next().mutable_election_defined() = definition.election();
  AddParts(definition.contests(), [&] {
    v1::ContestsListed& listed = *next().mutable_contests_listed();
    listed.set_election_id(election_id);
    return listed.mutable_contests();
  });
  AddParts(definition.units(), [&] {
    v1::UnitsListed& listed = *next().mutable_units_listed();
    listed.set_election_id(election_id);
    return listed.mutable_units();
  });
  AddParts(definition.roll(), [&] {
    v1::RollAmended& amended = *next().mutable_roll_amended();
    amended.set_election_id(election_id);
    return amended.mutable_entries();
  });
  v1::ElectionOpened& opened = *next().mutable_election_opened();
  opened.set_election_id(election_id);
  opened.set_contest_count(definition.contests_size());
  opened.set_unit_count(definition.units_size());
  opened.set_roll_count(definition.roll_size());

  // A part of another definition is another submission even where its own bytes are equal.
  const std::string whole = definition.SerializeAsString();
  std::vector<std::string> sealed;
  for (size_t i = 0; i < submissions.size(); ++i) {
    sealed.push_back(Seal(submissions[i], absl::StrCat("definition ", i, "\n", whole)));
  }
  return sealed;
}

}  // namespace hattama::cli
