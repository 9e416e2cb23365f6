#include "services/domain/definition.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "services/domain/text.h"

namespace hattama::domain {
namespace {

constexpr size_t kIdBytesMax = 256;
constexpr size_t kElectionIdBytesMax = 64;
constexpr size_t kTermCountMax = 64;
constexpr int64_t kIndexDenominatorMax = 1'000'000;

using IdSet = TextViewSet;

// Gathers faults; every method adds at most one.
class Faults {
 public:
  void Add(std::string field, std::string message) {
    refusals_.push_back(Refusal{RefusalReason::kDefinitionFault, std::move(field), std::move(message), {}, {}});
  }

  // An id is 1..256 bytes without control characters or white space at its ends.
  void CheckId(const std::string& field, std::string_view id) {
    if (id.empty()) return Add(field, "an id is required");
    if (id.size() > kIdBytesMax)
      return Add(field, absl::StrCat("the id has ", id.size(), " bytes, more than ", kIdBytesMax));
    if (id.front() == ' ' || id.back() == ' ')
      return Add(field, absl::StrCat("the id \"", Text(id), "\" begins or ends with a space"));
    for (const char c : id) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return Add(field, "the id has a control character");
    }
  }

  void CheckRatio(const std::string& field, const Fraction& ratio, bool at_most_one) {
    if (ratio.denominator <= 0) {
      return Add(absl::StrCat(field, ".denominator"), absl::StrCat(ratio.denominator, " is not positive"));
    }
    if (ratio.numerator < 0)
      return Add(absl::StrCat(field, ".numerator"), absl::StrCat(ratio.numerator, " is negative"));
    if (at_most_one && ratio.numerator > ratio.denominator) {
      Add(field, absl::StrCat(ratio.numerator, "/", ratio.denominator, " is above 100 %"));
    }
  }

  void CheckNames(const std::string& field, const Names& names) {
    IdSet languages;
    for (size_t i = 0; i < names.size(); ++i) {
      const std::string path = absl::StrCat(field, "[", i, "]");
      if (names[i].language.empty()) Add(absl::StrCat(path, ".language"), "a BCP 47 language tag is required");
      if (names[i].text.empty()) Add(absl::StrCat(path, ".text"), "a text is required");
      if (!languages.insert(names[i].language).second) {
        Add(absl::StrCat(path, ".language"), absl::StrCat("language ", names[i].language, " occurs twice"));
      }
    }
  }

  // Adds `id` to `seen`, or a fault where it is there already.
  void CheckUnique(const std::string& field, std::string_view what, std::string_view id, IdSet& seen) {
    if (!id.empty() && !seen.insert(id).second)
      Add(field, absl::StrCat(Text(what), " \"", Text(id), "\" is declared twice"));
  }

  Refusals Take() { return std::move(refusals_); }

 private:
  Refusals refusals_;
};

template <typename T>
IdSet IdsOf(const std::vector<T>& elements) {
  IdSet ids;
  for (const T& element : elements) ids.insert(element.id);
  return ids;
}

// Everything that terms may refer to.
struct Scope {
  IdSet lines;
  IdSet options;  // Of every contest.
  IdSet contests;
  bool contests_known = false;  // False while only the header is known.
};

void CheckTerms(const std::string& field, const Terms& terms, const Scope& scope, Faults& faults) {
  if (terms.empty()) return faults.Add(field, "at least one term is required");
  if (terms.size() > kTermCountMax) {
    return faults.Add(field, absl::StrCat(terms.size(), " terms, more than ", kTermCountMax));
  }
  for (size_t i = 0; i < terms.size(); ++i) {
    const std::string path = absl::StrCat(field, "[", i, "]");
    const Term& term = terms[i];
    const bool constant =
        std::holds_alternative<Aggregate>(term.operand) && std::get<Aggregate>(term.operand) == Aggregate::kOne;
    const int64_t limit = constant ? kCountMax : kCoefficientMax;
    if (term.coefficient < -limit || term.coefficient > limit) {
      faults.Add(absl::StrCat(path, ".coefficient"),
                 absl::StrCat(term.coefficient, " is outside -", limit, "..", limit));
    }
    if (const auto* line = std::get_if<LineOperand>(&term.operand); line && !scope.lines.contains(line->id)) {
      faults.Add(absl::StrCat(path, ".line_id"), absl::StrCat("line \"", line->id, "\" is not declared"));
    }
    if (const auto* option = std::get_if<OptionOperand>(&term.operand);
        option && scope.contests_known && !scope.options.contains(option->id)) {
      faults.Add(absl::StrCat(path, ".option_id"), absl::StrCat("no contest has option \"", option->id, "\""));
    }
  }
}

void CheckElectionId(std::string_view id, Faults& faults) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  bool good = !id.empty() && id.size() <= kElectionIdBytesMax;
  for (const char c : id) good = good && allowed(c);
  if (!good) {
    faults.Add("election.election_id",
               absl::StrCat("\"", Text(id), "\" is not 1..", kElectionIdBytesMax, " letters, digits, '.', '_' or '-'"));
  }
}

bool IsIsoDate(std::string_view date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return false;
  for (const size_t i : {0, 1, 2, 3, 5, 6, 8, 9}) {
    if (date[i] < '0' || date[i] > '9') return false;
  }
  const int month = (date[5] - '0') * 10 + (date[6] - '0');
  const int day = (date[8] - '0') * 10 + (date[9] - '0');
  return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// Checks what all declared things have, then by `check_rest` of (path, element) what this kind has.
template <typename T, typename CheckRest>
void CheckDeclarations(const std::string& field, std::string_view what, std::string_view id_field,
                       const std::vector<T>& elements, Faults& faults, CheckRest check_rest) {
  IdSet seen;
  for (size_t i = 0; i < elements.size(); ++i) {
    const std::string path = absl::StrCat(field, "[", i, "]");
    faults.CheckId(absl::StrCat(path, ".", Text(id_field)), elements[i].id);
    faults.CheckUnique(absl::StrCat(path, ".", Text(id_field)), what, elements[i].id, seen);
    if constexpr (std::is_same_v<T, Rule>) {
      faults.CheckNames(absl::StrCat(path, ".texts"), elements[i].texts);
    } else {
      faults.CheckNames(absl::StrCat(path, ".names"), elements[i].names);
    }
    check_rest(path, elements[i]);
  }
}

// Rules by id, each the first of its id.
using RulesById = TextViewMap<const Rule*>;

// True where following what rules hide leads from `from` to `to`.
bool HidesInTheEnd(const RulesById& rules, std::string_view from, std::string_view to) {
  std::vector<std::string_view> open = {from};
  IdSet seen;
  while (!open.empty()) {
    const std::string_view at = open.back();
    open.pop_back();
    if (at == to) return true;
    const auto it = rules.find(at);
    if (it == rules.end() || !seen.insert(at).second) continue;
    open.insert(open.end(), it->second->hides.begin(), it->second->hides.end());
  }
  return false;
}

void CheckHides(const std::string& path, const Rule& rule, const RulesById& rules, Faults& faults) {
  for (size_t i = 0; i < rule.hides.size(); ++i) {
    const std::string field = absl::StrCat(path, ".hides[", i, "]");
    const auto hidden = rules.find(rule.hides[i]);
    if (hidden == rules.end()) {
      faults.Add(field, absl::StrCat("rule \"", rule.hides[i], "\" is not declared"));
    } else if (rule.hides[i] == rule.id) {
      faults.Add(field, absl::StrCat("rule \"", rule.id, "\" hides itself"));
    } else if (hidden->second->severity == Severity::kHard && rule.severity != Severity::kHard) {
      faults.Add(field, absl::StrCat("soft rule \"", rule.id, "\" may not hide hard rule \"", rule.hides[i], "\""));
    } else if (HidesInTheEnd(rules, rule.hides[i], rule.id)) {
      // Where both fired, neither finding would be left, and a hard one would not quarantine.
      faults.Add(field, absl::StrCat("rule \"", rule.hides[i], "\", in the end, hides rule \"", rule.id, "\""));
    }
  }
}

void CheckRules(const ElectionDefined& header, const Scope& scope, Faults& faults) {
  RulesById rules;
  for (const Rule& rule : header.rules) rules.emplace(rule.id, &rule);
  CheckDeclarations("election.rules", "rule", "rule_id", header.rules, faults,
                    [&](const std::string& path, const Rule& rule) {
                      CheckTerms(absl::StrCat(path, ".left"), rule.left, scope, faults);
                      CheckTerms(absl::StrCat(path, ".right"), rule.right, scope, faults);
                      if (!IsCount(rule.tolerance_count)) {
                        faults.Add(absl::StrCat(path, ".tolerance_count"),
                                   absl::StrCat(rule.tolerance_count, " is outside 0..", kCountMax));
                      }
                      if (rule.tolerance_ratio)
                        faults.CheckRatio(absl::StrCat(path, ".tolerance_ratio"), *rule.tolerance_ratio, true);
                      for (size_t i = 0; scope.contests_known && i < rule.contest_ids.size(); ++i) {
                        if (!scope.contests.contains(rule.contest_ids[i])) {
                          faults.Add(absl::StrCat(path, ".contest_ids[", i, "]"),
                                     absl::StrCat("contest \"", rule.contest_ids[i], "\" is not declared"));
                        }
                      }
                      CheckHides(path, rule, rules, faults);
                    });
}

void CheckHeaderWith(const ElectionDefined& header, const Scope& scope, Faults& faults) {
  const auto nothing = [](const std::string&, const auto&) {};
  CheckElectionId(header.election_id, faults);
  faults.CheckNames("election.names", header.names);
  if (!header.poll_date.empty() && !IsIsoDate(header.poll_date)) {
    faults.Add("election.poll_date", absl::StrCat("\"", header.poll_date, "\" is no date of the form YYYY-MM-DD"));
  }
  if (header.levels.empty()) faults.Add("election.levels", "at least one level is required");
  CheckDeclarations("election.levels", "level", "level_id", header.levels, faults, nothing);
  if (header.sources.empty()) faults.Add("election.sources", "at least one source is required");
  const IdSet levels = IdsOf(header.levels);
  CheckDeclarations("election.sources", "source", "source_id", header.sources, faults,
                    [&](const std::string& path, const Source& source) {
                      if (!source.level_id.empty() && !levels.contains(source.level_id)) {
                        faults.Add(absl::StrCat(path, ".level_id"),
                                   absl::StrCat("level \"", source.level_id, "\" is not declared"));
                      }
                    });
  CheckDeclarations("election.parties", "party", "party_id", header.parties, faults, nothing);
  CheckDeclarations("election.lines", "line", "line_id", header.lines, faults, nothing);
  if (header.bases.empty()) faults.Add("election.bases", "at least one base is required");
  CheckDeclarations("election.bases", "base", "base_id", header.bases, faults,
                    [&](const std::string& path, const Base& base) {
                      CheckTerms(absl::StrCat(path, ".terms"), base.terms, scope, faults);
                    });
  CheckDeclarations("election.turnouts", "turnout", "turnout_id", header.turnouts, faults,
                    [&](const std::string& path, const Turnout& turnout) {
                      CheckTerms(absl::StrCat(path, ".numerator"), turnout.numerator, scope, faults);
                      CheckTerms(absl::StrCat(path, ".denominator"), turnout.denominator, scope, faults);
                    });
  CheckRules(header, scope, faults);
}

// The id of the station level, whose bytes are the header's; empty without levels.
std::string_view StationLevel(const ElectionDefined& header) {
  return header.levels.empty() ? std::string_view() : std::string_view(header.levels.back().id);
}

class ContestChecker {
 public:
  ContestChecker(const ElectionDefined& header, const IdSet& unit_ids, Faults& faults)
      : bases_(IdsOf(header.bases)),
        parties_(IdsOf(header.parties)),
        levels_(IdsOf(header.levels)),
        station_level_(StationLevel(header)),
        lines_(IdsOf(header.lines)),
        unit_ids_(unit_ids),
        faults_(faults) {}

  void Check(const std::string& path, const Contest& contest) {
    faults_.CheckNames(absl::StrCat(path, ".names"), contest.names);
    if (!unit_ids_.contains(contest.unit_id)) {
      faults_.Add(absl::StrCat(path, ".unit_id"), absl::StrCat("unit \"", contest.unit_id, "\" is not declared"));
    }
    CheckOptions(path, contest);
    CheckBase(absl::StrCat(path, ".share_base_id"), contest.share_base_id);
    if (const auto* list = std::get_if<PartyList>(&contest.rule)) {
      if (list->seat_count < 1 || list->seat_count > kSeatCountMax) {
        faults_.Add(absl::StrCat(path, ".party_list.seat_count"),
                    absl::StrCat(list->seat_count, " is outside 1..", kSeatCountMax));
      }
      if (list->threshold) CheckThreshold(absl::StrCat(path, ".party_list.threshold"), *list->threshold);
      if (list->second_list_index) CheckSecondListIndex(absl::StrCat(path, ".party_list"), *list);
    } else if (const auto* majority = std::get_if<AbsoluteMajority>(&contest.rule)) {
      CheckMajority(absl::StrCat(path, ".absolute_majority"), *majority);
    } else if (const auto* referendum = std::get_if<Referendum>(&contest.rule)) {
      CheckReferendum(absl::StrCat(path, ".referendum"), *referendum);
    }
  }

 private:
  void CheckBase(const std::string& field, const std::string& base_id) {
    if (!bases_.contains(base_id)) faults_.Add(field, absl::StrCat("base \"", base_id, "\" is not declared"));
  }

  void CheckThreshold(const std::string& field, const Threshold& threshold) {
    faults_.CheckRatio(absl::StrCat(field, ".ratio"), threshold.ratio, true);
    CheckBase(absl::StrCat(field, ".base_id"), threshold.base_id);
  }

  void CheckSecondListIndex(const std::string& path, const PartyList& list) {
    const std::string field = absl::StrCat(path, ".second_list_index");
    const Fraction& index = *list.second_list_index;
    faults_.CheckRatio(field, index, true);
    if (index.numerator == 0) faults_.Add(absl::StrCat(field, ".numerator"), "0 is not positive");
    if (index.denominator > kIndexDenominatorMax) {
      faults_.Add(absl::StrCat(field, ".denominator"),
                  absl::StrCat(index.denominator, " is above ", kIndexDenominatorMax));
    }
    if (list.method != AllocationMethod::kHare || !list.threshold) {
      faults_.Add(field, "goes with a threshold and the method LARGEST_REMAINDER_HARE alone");
    }
  }

  void CheckOptions(const std::string& path, const Contest& contest) {
    IdSet seen;
    bool electable = false;
    for (size_t i = 0; i < contest.options.size(); ++i) {
      const Option& option = contest.options[i];
      const std::string field = absl::StrCat(path, ".options[", i, "]");
      faults_.CheckId(absl::StrCat(field, ".option_id"), option.id);
      faults_.CheckUnique(absl::StrCat(field, ".option_id"), "option", option.id, seen);
      faults_.CheckNames(absl::StrCat(field, ".names"), option.names);
      electable = electable || option.kind != OptionKind::kAgainstAll;
      if (lines_.contains(option.id)) {
        faults_.Add(absl::StrCat(field, ".option_id"), absl::StrCat("\"", option.id, "\" is also the id of a line"));
      }
      if (!option.party_id.empty() && !parties_.contains(option.party_id)) {
        faults_.Add(absl::StrCat(field, ".party_id"), absl::StrCat("party \"", option.party_id, "\" is not declared"));
      }
    }
    if (!electable) faults_.Add(absl::StrCat(path, ".options"), "at least one option besides against all is required");
    if (!std::holds_alternative<Referendum>(contest.rule)) return;
    int yes_count = 0;
    for (const Option& option : contest.options) yes_count += option.kind == OptionKind::kYes ? 1 : 0;
    if (yes_count != 1) {
      faults_.Add(absl::StrCat(path, ".options"),
                  absl::StrCat("a referendum has exactly one option of kind YES, not ", yes_count));
    }
  }

  void CheckMajority(const std::string& field, const AbsoluteMajority& majority) {
    if (majority.conditions.empty()) {
      faults_.Add(absl::StrCat(field, ".conditions"), "at least one condition is required");
    }
    for (size_t i = 0; i < majority.conditions.size(); ++i) {
      const std::string condition = absl::StrCat(field, ".conditions[", i, "]");
      CheckThreshold(absl::StrCat(condition, ".share"), majority.conditions[i].share);
      if (majority.conditions[i].lead)
        faults_.CheckRatio(absl::StrCat(condition, ".lead"), *majority.conditions[i].lead, true);
    }
  }

  void CheckReferendum(const std::string& path, const Referendum& referendum) {
    CheckThreshold(absl::StrCat(path, ".condition"), referendum.condition);
    if (!referendum.regions) return;
    const std::string field = absl::StrCat(path, ".regions");
    if (!levels_.contains(referendum.regions->level_id) || referendum.regions->level_id == station_level_) {
      faults_.Add(absl::StrCat(field, ".level_id"),
                  absl::StrCat("\"", referendum.regions->level_id, "\" is no level above the stations"));
    }
    faults_.CheckRatio(absl::StrCat(field, ".ratio"), referendum.regions->ratio, true);
  }

  IdSet bases_;
  IdSet parties_;
  IdSet levels_;
  std::string_view station_level_;  // Of the header, which outlives the checker.
  IdSet lines_;
  const IdSet& unit_ids_;
  Faults& faults_;
};

// Marks one unit of each cycle of parents: the one at which a walk from the first unit listed above or in it closes.
std::vector<bool> CycleMarks(const std::vector<int32_t>& parent) {
  std::vector<bool> marks(parent.size(), false);
  std::vector<int32_t> seen(parent.size(), 0);  // 0 unseen, otherwise the walk that saw the unit.
  for (size_t i = 0; i < parent.size(); ++i) {
    int32_t at = static_cast<int32_t>(i);
    const int32_t walk = static_cast<int32_t>(i) + 1;
    while (at >= 0 && seen[at] == 0) {
      seen[at] = walk;
      at = parent[at];
    }
    if (at >= 0 && seen[at] == walk) marks[at] = true;
  }
  return marks;
}

// Checks that units form one tree whose levels descend.
void CheckUnits(const Definition& definition, Faults& faults) {
  const std::vector<Unit>& units = definition.units;
  if (units.empty()) return faults.Add("units", "at least the root is required");
  if (static_cast<int64_t>(units.size()) > kUnitCountMax) {
    return faults.Add("units", absl::StrCat(units.size(), " units, more than ", kUnitCountMax));
  }
  TextViewMap<int32_t> level_index;
  for (size_t i = 0; i < definition.election.levels.size(); ++i) {
    level_index.emplace(definition.election.levels[i].id, static_cast<int32_t>(i));
  }
  TextViewMap<int32_t> by_id;
  by_id.reserve(units.size());
  for (size_t i = 0; i < units.size(); ++i) by_id.emplace(units[i].id, static_cast<int32_t>(i));
  std::vector<int32_t> parent(units.size(), -1);
  for (size_t i = 0; i < units.size(); ++i) {
    if (units[i].parent_id.empty()) continue;
    if (const auto it = by_id.find(units[i].parent_id); it != by_id.end()) parent[i] = it->second;
  }
  const std::vector<bool> closes_cycle = CycleMarks(parent);

  const auto root = std::find_if(units.begin(), units.end(), [](const Unit& unit) { return unit.parent_id.empty(); });
  if (root == units.end()) faults.Add("units", "no unit is the root: one must have no parent_id");
  for (size_t i = 0; i < units.size(); ++i) {
    const Unit& unit = units[i];
    const std::string path = absl::StrCat("units[", i, "]");
    faults.CheckId(absl::StrCat(path, ".unit_id"), unit.id);
    if (!unit.id.empty() && by_id.at(unit.id) != static_cast<int32_t>(i)) {
      faults.Add(absl::StrCat(path, ".unit_id"), absl::StrCat("unit \"", unit.id, "\" is declared twice"));
    }
    if (unit.parent_id.empty() && root != units.begin() + static_cast<int64_t>(i)) {
      faults.Add(absl::StrCat(path, ".parent_id"),
                 absl::StrCat("unit \"", unit.id, "\" is a second root beside \"", root->id, "\""));
    } else if (!unit.parent_id.empty() && parent[i] < 0) {
      faults.Add(absl::StrCat(path, ".parent_id"),
                 absl::StrCat("parent \"", unit.parent_id, "\" of unit \"", unit.id, "\" is not declared"));
    } else if (closes_cycle[i]) {
      faults.Add(absl::StrCat(path, ".parent_id"), absl::StrCat("unit \"", unit.id, "\" lies in a cycle of parents"));
    }
    const auto level = level_index.find(unit.level_id);
    if (level == level_index.end()) {
      faults.Add(absl::StrCat(path, ".level_id"), absl::StrCat("level \"", unit.level_id, "\" is not declared"));
    } else if (parent[i] >= 0) {
      const auto above = level_index.find(units[parent[i]].level_id);
      if (above != level_index.end() && level->second <= above->second) {
        faults.Add(absl::StrCat(path, ".level_id"),
                   absl::StrCat("level \"", unit.level_id, "\" of unit \"", unit.id, "\" is not below level \"",
                                Text(above->first), "\" of its parent \"", unit.parent_id, "\""));
      }
    }
    faults.CheckNames(absl::StrCat(path, ".names"), unit.names);
  }
}

void CheckRoll(const Definition& definition, Faults& faults) {
  TextViewSet stations;
  const std::string_view station_level = StationLevel(definition.election);
  for (const Unit& unit : definition.units) {
    if (unit.level_id == station_level) stations.insert(unit.id);
  }
  IdSet seen;
  for (size_t i = 0; i < definition.roll.size(); ++i) {
    const RollEntry& entry = definition.roll[i];
    const std::string path = absl::StrCat("roll[", i, "]");
    if (!stations.contains(entry.unit_id)) {
      faults.Add(absl::StrCat(path, ".unit_id"), absl::StrCat("\"", entry.unit_id, "\" is no declared station"));
    }
    faults.CheckUnique(absl::StrCat(path, ".unit_id"), "the roll of station", entry.unit_id, seen);
    if (!IsCount(entry.registered_voters)) {
      faults.Add(absl::StrCat(path, ".registered_voters"),
                 absl::StrCat(entry.registered_voters, " is outside 0..", kCountMax));
    }
  }
}

}  // namespace

Refusals CheckHeader(const ElectionDefined& header) {
  Faults faults;
  CheckHeaderWith(header, Scope{.lines = IdsOf(header.lines), .options = {}, .contests = {}}, faults);
  return faults.Take();
}

Refusals CheckDefinition(const Definition& definition) {
  Faults faults;
  Scope scope{.lines = IdsOf(definition.election.lines), .options = {}, .contests = {}, .contests_known = true};
  for (const Contest& contest : definition.contests) {
    scope.contests.insert(contest.id);
    for (const Option& option : contest.options) scope.options.insert(option.id);
  }
  CheckHeaderWith(definition.election, scope, faults);

  IdSet unit_ids;
  for (const Unit& unit : definition.units) unit_ids.insert(unit.id);
  if (definition.contests.empty()) faults.Add("contests", "at least one contest is required");
  IdSet contest_ids;
  ContestChecker checker(definition.election, unit_ids, faults);
  for (size_t i = 0; i < definition.contests.size(); ++i) {
    const std::string path = absl::StrCat("contests[", i, "]");
    faults.CheckId(absl::StrCat(path, ".contest_id"), definition.contests[i].id);
    faults.CheckUnique(absl::StrCat(path, ".contest_id"), "contest", definition.contests[i].id, contest_ids);
    checker.Check(path, definition.contests[i]);
  }
  CheckUnits(definition, faults);
  CheckRoll(definition, faults);
  return faults.Take();
}

}  // namespace hattama::domain
