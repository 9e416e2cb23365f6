// Linear expressions over the figures of a protocol or a tally, and the rules made of them.
#ifndef HATTAMA_SERVICES_DOMAIN_RULES_H_
#define HATTAMA_SERVICES_DOMAIN_RULES_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "services/domain/election.h"

namespace hattama::domain {

// The figures of one protocol: lines in form order, then options in ballot order. kBlank where the paper is blank.
inline constexpr int32_t kBlank = -1;
using FigureRow = std::span<const int32_t>;

// A Terms compiled to columns of one contest.
class Expression {
 public:
  Expression() = default;
  // Operands that the contest does not have (an option of another contest) make the expression absent for it.
  Expression(const Terms& terms, const std::vector<Line>& lines, const std::vector<Option>& options);

  // The value over one protocol; nullopt where a figure it needs is blank, or `roll` is needed and absent.
  std::optional<int64_t> Evaluate(FigureRow row, std::optional<int64_t> roll) const;
  // The value over totals, in the same column order. nullopt likewise, or where it does not fit 64 bits.
  std::optional<int64_t> Evaluate(std::span<const std::optional<int64_t>> totals, std::optional<int64_t> roll) const;

  // Columns it reads, in order of the terms.
  std::vector<int32_t> Columns() const;

 private:
  struct Compiled {
    enum class Kind : uint8_t { kColumn, kColumns, kRoll, kOne, kAbsent };
    int64_t coefficient = 1;
    Kind kind = Kind::kOne;
    std::vector<int32_t> columns;
  };
  template <typename Get>
  std::optional<int64_t> EvaluateWith(Get get, std::optional<int64_t> roll) const;

  std::vector<Compiled> terms_;
};

// What a rule found. rule_index -1: a required figure is blank, and `column` says which.
struct Finding {
  int32_t rule_index = -1;
  int32_t column = -1;
  int64_t left = 0;
  int64_t right = 0;
};

// The rules of an election compiled for one contest.
class RuleSet {
 public:
  RuleSet() = default;
  RuleSet(const std::vector<Rule>& rules, const std::vector<Line>& lines, const Contest& contest);

  // Every finding, blank figures first, then in order of the rules; findings hidden by another that fired are left out.
  std::vector<Finding> Check(FigureRow row, Stage stage, std::optional<int64_t> roll) const;
  // True where one of the findings belongs to a hard rule.
  bool AnyHard(std::span<const Finding> findings) const;

  // Columns that the rule reads, for marking them.
  std::vector<int32_t> RuleColumns(int32_t rule_index) const;

 private:
  struct CompiledRule {
    int32_t index = 0;
    Expression left;
    Expression right;
    Relation relation = Relation::kEqual;
    int64_t tolerance_count = 0;
    std::optional<Fraction> tolerance_ratio;
    Severity severity = Severity::kSoft;
    uint8_t stage_mask = 0;
    std::vector<int32_t> hides;  // Rule indexes.
  };
  std::vector<CompiledRule> rules_;
  std::vector<int32_t> required_columns_;
};

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_RULES_H_
