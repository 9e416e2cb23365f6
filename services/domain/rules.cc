#include "services/domain/rules.h"

#include <algorithm>
#include <string_view>
#include <type_traits>

namespace hattama::domain {
namespace {

// The index of the element with this id, or -1. Forms and ballots are short.
template <typename T>
int32_t IndexOf(const std::vector<T>& elements, std::string_view id) {
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].id == id) return static_cast<int32_t>(i);
  }
  return -1;
}

bool Holds(Relation relation, Wide left, Wide right, Wide tolerance) {
  const Wide over = left - right;  // By how much the left side exceeds the right.
  switch (relation) {
    case Relation::kEqual:
      return over <= tolerance && -over <= tolerance;
    case Relation::kAtMost:
      return over <= tolerance;
    case Relation::kAtLeast:
      return -over <= tolerance;
    case Relation::kLessThan:
      return over < tolerance;
    case Relation::kGreaterThan:
      return -over < tolerance;
  }
  return false;
}

}  // namespace

Expression::Expression(const Terms& terms, const std::vector<Line>& lines, const std::vector<Option>& options) {
  const int32_t option_begin = static_cast<int32_t>(lines.size());
  for (const Term& term : terms) {
    Compiled compiled;
    compiled.coefficient = term.coefficient;
    if (const auto* line = std::get_if<LineOperand>(&term.operand)) {
      const int32_t index = IndexOf(lines, line->id);
      compiled.kind = index < 0 ? Compiled::Kind::kAbsent : Compiled::Kind::kColumn;
      compiled.columns = {index};
    } else if (const auto* option = std::get_if<OptionOperand>(&term.operand)) {
      const int32_t index = IndexOf(options, option->id);
      compiled.kind = index < 0 ? Compiled::Kind::kAbsent : Compiled::Kind::kColumn;
      compiled.columns = {option_begin + index};
    } else {
      switch (std::get<Aggregate>(term.operand)) {
        case Aggregate::kAllOptions:
        case Aggregate::kAllOptionsExceptAgainstAll: {
          const bool all = std::get<Aggregate>(term.operand) == Aggregate::kAllOptions;
          compiled.kind = Compiled::Kind::kColumns;
          for (size_t i = 0; i < options.size(); ++i) {
            if (all || options[i].kind != OptionKind::kAgainstAll) {
              compiled.columns.push_back(option_begin + static_cast<int32_t>(i));
            }
          }
          break;
        }
        case Aggregate::kRoll:
          compiled.kind = Compiled::Kind::kRoll;
          break;
        case Aggregate::kOne:
          compiled.kind = Compiled::Kind::kOne;
          break;
      }
    }
    terms_.push_back(std::move(compiled));
  }
}

template <typename Get>
std::optional<int64_t> Expression::EvaluateWith(Get get, std::optional<int64_t> roll) const {
  Wide sum = 0;
  for (const Compiled& term : terms_) {
    switch (term.kind) {
      case Compiled::Kind::kColumn:
      case Compiled::Kind::kColumns:
        for (const int32_t column : term.columns) {
          const std::optional<int64_t> count = get(column);
          if (!count.has_value()) return std::nullopt;
          sum += static_cast<Wide>(term.coefficient) * *count;
        }
        break;
      case Compiled::Kind::kRoll:
        if (!roll.has_value()) return std::nullopt;
        sum += static_cast<Wide>(term.coefficient) * *roll;
        break;
      case Compiled::Kind::kOne:
        sum += term.coefficient;
        break;
      case Compiled::Kind::kAbsent:
        return std::nullopt;
    }
  }
  return Narrow(sum);
}

std::optional<int64_t> Expression::Evaluate(FigureRow row, std::optional<int64_t> roll) const {
  return EvaluateWith(
      [row](int32_t column) -> std::optional<int64_t> {
        if (row[column] == kBlank) return std::nullopt;
        return row[column];
      },
      roll);
}

std::optional<int64_t> Expression::Evaluate(std::span<const std::optional<int64_t>> totals,
                                            std::optional<int64_t> roll) const {
  return EvaluateWith([totals](int32_t column) { return totals[column]; }, roll);
}

std::vector<int32_t> Expression::Columns() const {
  std::vector<int32_t> columns;
  for (const Compiled& term : terms_) {
    if (term.kind == Compiled::Kind::kAbsent) continue;
    columns.insert(columns.end(), term.columns.begin(), term.columns.end());
  }
  return columns;
}

RuleSet::RuleSet(const std::vector<Rule>& rules, const std::vector<Line>& lines, const Contest& contest) {
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].required) required_columns_.push_back(static_cast<int32_t>(i));
  }
  for (size_t i = 0; i < contest.options.size(); ++i) {
    required_columns_.push_back(static_cast<int32_t>(lines.size() + i));
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    const Rule& rule = rules[i];
    if (!rule.contest_ids.empty() &&
        std::find(rule.contest_ids.begin(), rule.contest_ids.end(), contest.id) == rule.contest_ids.end()) {
      continue;
    }
    CompiledRule compiled;
    compiled.index = static_cast<int32_t>(i);
    compiled.left = Expression(rule.left, lines, contest.options);
    compiled.right = Expression(rule.right, lines, contest.options);
    compiled.relation = rule.relation;
    compiled.tolerance_count = rule.tolerance_count;
    compiled.tolerance_ratio = rule.tolerance_ratio;
    compiled.severity = rule.severity;
    for (const Stage stage : rule.stages) compiled.stage_mask |= 1u << static_cast<int>(stage);
    if (rule.stages.empty()) compiled.stage_mask = 0xff;
    for (const std::string& hidden : rule.hides) {
      if (const int32_t index = IndexOf(rules, hidden); index >= 0) compiled.hides.push_back(index);
    }
    rules_.push_back(std::move(compiled));
  }
}

std::vector<Finding> RuleSet::Check(FigureRow row, Stage stage, std::optional<int64_t> roll) const {
  std::vector<Finding> findings;
  for (const int32_t column : required_columns_) {
    if (row[column] == kBlank) findings.push_back(Finding{.rule_index = -1, .column = column});
  }
  std::vector<int32_t> hidden;
  for (const CompiledRule& rule : rules_) {
    if ((rule.stage_mask & (1u << static_cast<int>(stage))) == 0) continue;
    const std::optional<int64_t> left = rule.left.Evaluate(row, roll);
    if (!left.has_value()) continue;
    const std::optional<int64_t> right = rule.right.Evaluate(row, roll);
    if (!right.has_value()) continue;
    Wide tolerance = rule.tolerance_count;
    if (rule.tolerance_ratio.has_value()) {
      // |left - right| <= ratio x right with whole counts on the left is the same as with the floor of the right side.
      const Wide relative = static_cast<Wide>(rule.tolerance_ratio->numerator) * (*right < 0 ? -*right : *right) /
                            rule.tolerance_ratio->denominator;
      tolerance = std::max(tolerance, relative);
    }
    if (Holds(rule.relation, *left, *right, tolerance)) continue;
    findings.push_back(Finding{.rule_index = rule.index, .left = *left, .right = *right});
    hidden.insert(hidden.end(), rule.hides.begin(), rule.hides.end());
  }
  if (!hidden.empty()) {
    std::erase_if(findings, [&hidden](const Finding& finding) {
      return finding.rule_index >= 0 && std::find(hidden.begin(), hidden.end(), finding.rule_index) != hidden.end();
    });
  }
  return findings;
}

bool RuleSet::AnyHard(std::span<const Finding> findings) const {
  for (const Finding& finding : findings) {
    for (const CompiledRule& rule : rules_) {
      if (rule.index == finding.rule_index && rule.severity == Severity::kHard) return true;
    }
  }
  return false;
}

std::vector<int32_t> RuleSet::RuleColumns(int32_t rule_index) const {
  for (const CompiledRule& rule : rules_) {
    if (rule.index != rule_index) continue;
    std::vector<int32_t> columns = rule.left.Columns();
    const std::vector<int32_t> right = rule.right.Columns();
    columns.insert(columns.end(), right.begin(), right.end());
    return columns;
  }
  return {};
}

}  // namespace hattama::domain
