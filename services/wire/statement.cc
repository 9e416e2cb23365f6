#include "services/wire/statement.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/domain/text.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/decimal.h"

namespace hattama::wire {
namespace {

constexpr char kFirstLine[] = "hattama-statement/v1";
constexpr char kHexDigits[] = "0123456789ABCDEF";
constexpr char kNone[] = "-";

using domain::Text;

bool IsPlain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > 0x20 && byte != 0x7f && c != '%';
}

std::string Escaped(std::string_view text) {
  std::string word;
  for (const char c : text) {
    if (IsPlain(c)) {
      word += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    word += '%';
    word += kHexDigits[byte >> 4];
    word += kHexDigits[byte & 15];
  }
  return word;
}

// What Escaped wrote; nothing else reads back.
std::optional<std::string> Unescaped(std::string_view word) {
  std::string text;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '%') {
      if (!IsPlain(word[i])) return std::nullopt;
      text += word[i];
      continue;
    }
    if (i + 2 >= word.size()) return std::nullopt;
    const std::string_view digits(kHexDigits, 16);
    const size_t high = digits.find(word[i + 1]);
    const size_t low = digits.find(word[i + 2]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    const char byte = static_cast<char>(high << 4 | low);
    if (IsPlain(byte)) return std::nullopt;
    text += byte;
    i += 2;
  }
  return text;
}

std::string NumberOrNone(const std::optional<int64_t>& number) {
  return number.has_value() ? absl::StrCat(*number) : kNone;
}

const char* StateName(domain::UnitState state) {
  switch (state) {
    case domain::UnitState::kCounted:
      return "counted";
    case domain::UnitState::kQuarantined:
      return "quarantined";
    case domain::UnitState::kAnnulled:
      return "annulled";
    case domain::UnitState::kExcludedContested:
      return "excluded";
    case domain::UnitState::kMissing:
      return "missing";
  }
  return "unknown";
}

const char* OutcomeName(domain::OutcomeStatus status) {
  switch (status) {
    case domain::OutcomeStatus::kUndetermined:
      return "undetermined";
    case domain::OutcomeStatus::kDecided:
      return "decided";
    case domain::OutcomeStatus::kTie:
      return "tie";
    case domain::OutcomeStatus::kRunoff:
      return "runoff";
    case domain::OutcomeStatus::kAdopted:
      return "adopted";
    case domain::OutcomeStatus::kRejected:
      return "rejected";
  }
  return "unknown";
}

// The words of a line, which one space divides; nothing where there are two spaces or one at an end.
std::optional<std::vector<std::string>> Words(std::string_view line) {
  std::vector<std::string> words;
  while (true) {
    const size_t space = line.find(' ');
    std::optional<std::string> word = Unescaped(line.substr(0, space));
    if (!word.has_value() || (word->empty() && space == 0)) return std::nullopt;
    words.push_back(*std::move(word));
    if (space == std::string_view::npos) return words;
    line.remove_prefix(space + 1);
  }
}

}  // namespace

const char* PolicyName(domain::Policy policy) {
  switch (policy) {
    case domain::Policy::kPreliminaryOnly:
      return "preliminary-only";
    case domain::Policy::kFinalOnly:
      return "final-only";
    case domain::Policy::kFinalElsePreliminary:
      return "final-else-preliminary";
    case domain::Policy::kCorrectedFirst:
      return "corrected-first";
  }
  return "unknown";
}

std::optional<domain::Policy> ParsePolicyName(std::string_view name) {
  for (const domain::Policy policy : {domain::Policy::kPreliminaryOnly, domain::Policy::kFinalOnly,
                                      domain::Policy::kFinalElsePreliminary, domain::Policy::kCorrectedFirst}) {
    if (name == PolicyName(policy)) return policy;
  }
  return std::nullopt;
}

std::string FormatStationLabel(const StationLeaf& leaf) {
  return absl::StrCat("station ", Escaped(leaf.unit_id), " ", StateName(leaf.state), " ", NumberOrNone(leaf.sequence),
                      " ", leaf.leaf_hash.has_value() ? merkle::EncodeHash(*leaf.leaf_hash) : kNone);
}

absl::StatusOr<StationLeaf> ParseStationLabel(std::string_view label) {
  const auto malformed = [label] {
    return absl::InvalidArgumentError(absl::StrCat("\"", absl::CHexEscape(Text(label)), "\" is no label of a station"));
  };
  const std::optional<std::vector<std::string>> words = Words(label);
  if (!words.has_value() || words->size() != 5 || words->front() != "station") return malformed();
  StationLeaf leaf;
  leaf.unit_id = (*words)[1];
  const auto state = std::find_if(kUnitStates.begin(), kUnitStates.end(),
                                  [&](domain::UnitState known) { return (*words)[2] == StateName(known); });
  if (state == kUnitStates.end() || ((*words)[3] == kNone) != ((*words)[4] == kNone)) return malformed();
  leaf.state = *state;
  if ((*words)[3] != kNone) {
    leaf.sequence = merkle::ParseDecimal((*words)[3]);
    leaf.leaf_hash = merkle::DecodeHash((*words)[4]);
    if (!leaf.sequence.has_value() || !leaf.leaf_hash.has_value()) return malformed();
  }
  // One spelling for each label.
  if (FormatStationLabel(leaf) != label) return malformed();
  return leaf;
}

absl::StatusOr<std::vector<merkle::SumLeaf>> StationLeaves(const domain::Place& place, const domain::ResolvedView& view,
                                                           const LeafHashReader& leaf_hash) {
  const domain::AreaTree& area = place.election->area();
  const domain::ContestHistory& contest = *place.contest;
  const size_t columns = static_cast<size_t>(contest.column_count());
  std::vector<merkle::SumLeaf> leaves;
  for (domain::UnitIndex unit = place.unit; unit < area.node(place.unit).end; ++unit) {
    if (!area.IsStation(unit)) continue;
    const domain::Effect effect = contest.EffectAt(unit, view, place.tree_size);
    StationLeaf station{.unit_id = area.node(unit).unit.id, .state = effect.state, .sequence = {}, .leaf_hash = {}};
    if (effect.protocol >= 0) {
      station.sequence = contest.protocol(effect.protocol).sequence;
      const absl::StatusOr<merkle::Hash> hash = leaf_hash(*station.sequence);
      if (!hash.ok()) return hash.status();
      station.leaf_hash = *hash;
    }
    merkle::SumLeaf leaf{.label = FormatStationLabel(station), .sums = std::vector<int64_t>(2 * columns, 0)};
    if (effect.counted()) {
      const domain::FigureRow row = contest.figures(effect.protocol);
      for (size_t column = 0; column < columns; ++column) {
        if (row[column] == domain::kBlank) continue;
        leaf.sums[column] = row[column];
        leaf.sums[columns + column] = 1;
      }
    }
    for (const domain::UnitState known : kUnitStates) leaf.sums.push_back(known == effect.state ? 1 : 0);
    leaves.push_back(std::move(leaf));
  }
  return leaves;
}

std::string FormatStatement(const domain::Tally& tally, std::string_view origin, const merkle::Hash& root,
                            const merkle::Hash& sums) {
  const domain::Place& place = tally.place;
  const domain::ElectionDefined& header = place.election->header();
  const domain::Contest& contest = place.contest->contest();
  const domain::Coverage& coverage = tally.coverage;
  const domain::Outcome& outcome = *tally.outcome;
  std::string text = absl::StrCat(kFirstLine, "\norigin ", Escaped(origin), "\ntree_size ", place.tree_size, "\nroot ",
                                  merkle::EncodeHash(root), "\nelection ", Escaped(header.election_id), "\ncontest ",
                                  Escaped(contest.id), "\nunit ", Escaped(contest.unit_id), "\n");
  absl::StrAppend(&text, "view ", Escaped(header.sources[tally.view.source].id), " ", PolicyName(tally.view.policy),
                  " ", tally.view.excluding_contested ? "without-contested" : "all", "\n");
  absl::StrAppend(&text, "stations ", coverage.counted, " ", coverage.quarantined, " ", coverage.annulled, " ",
                  coverage.excluded_contested, " ", coverage.missing, "\n");
  absl::StrAppend(&text, "flags ", coverage.contested, " ", coverage.awaiting_correction, " ",
                  coverage.counted_preliminary, " ", coverage.counted_final, " ");
  absl::StrAppend(&text, coverage.counted_corrected, " ", tally.with_findings, "\nroll ", tally.roll, "\n");
  const size_t lines = header.lines.size();
  for (size_t i = 0; i < tally.totals.size(); ++i) {
    const bool line = i < lines;
    absl::StrAppend(&text, line ? "line " : "option ",
                    Escaped(line ? header.lines[i].id : contest.options[i - lines].id), " ",
                    NumberOrNone(tally.totals[i]), " ", tally.stated[i], "\n");
  }
  absl::StrAppend(&text, "base ", Escaped(contest.share_base_id), " ", NumberOrNone(tally.share_base), "\n");
  for (const domain::TurnoutValue& turnout : tally.turnouts) {
    absl::StrAppend(&text, "turnout ", Escaped(header.turnouts[turnout.turnout].id), " ",
                    turnout.ratio.has_value() ? absl::StrCat(turnout.ratio->numerator, " ", turnout.ratio->denominator)
                                              : absl::StrCat(kNone, " ", kNone),
                    "\n");
  }
  absl::StrAppend(&text, "outcome ", OutcomeName(outcome.status), "\n");
  for (const int32_t option : outcome.options) {
    absl::StrAppend(&text, "chosen ", Escaped(contest.options[option].id), "\n");
  }
  if (outcome.allocation.has_value() && outcome.allocation->admitted_votes > 0) {
    for (const domain::ListSeats& list : outcome.allocation->lists) {
      absl::StrAppend(&text, "seats ", Escaped(contest.options[list.option].id), " ", list.seats, "\n");
    }
    absl::StrAppend(&text, "undecided_seats ", outcome.allocation->undecided_seats, "\n");
  }
  absl::StrAppend(&text, "sums ", merkle::EncodeHash(sums), "\n");
  return text;
}

absl::StatusOr<Statement> CompleteStatement(const domain::Tally& tally, std::vector<merkle::SumLeaf> leaves,
                                            std::string_view origin, const merkle::Hash& root) {
  absl::StatusOr<merkle::SumTree> tree =
      merkle::SumTree::Make(StationLeafWidth(tally.place.contest->column_count()), leaves);
  if (!tree.ok()) return tree.status();
  std::string text = FormatStatement(tally, origin, root, tree->Commitment());
  return Statement{.text = std::move(text), .leaves = std::move(leaves), .tree = *std::move(tree)};
}

absl::StatusOr<Statement> MakeStatement(const domain::Place& place, const domain::ResolvedView& view,
                                        std::string_view origin, const merkle::Hash& root,
                                        const LeafHashReader& leaf_hash) {
  absl::StatusOr<std::vector<merkle::SumLeaf>> leaves = StationLeaves(place, view, leaf_hash);
  if (!leaves.ok()) return leaves.status();
  return CompleteStatement(domain::ComputeTally(place, view), *std::move(leaves), origin, root);
}

absl::StatusOr<std::vector<StatementLine>> ParseStatement(std::string_view text) {
  std::vector<StatementLine> lines;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::optional<std::vector<std::string>> words;
    if (end != std::string_view::npos) words = Words(text.substr(0, end));
    if (!words.has_value() || (lines.empty() && (words->size() != 1 || words->front() != kFirstLine))) {
      return absl::InvalidArgumentError(absl::StrCat("line ", lines.size() + 1, " of the statement is malformed"));
    }
    StatementLine line{.key = words->front(), .words = {}};
    line.words.assign(words->begin() + 1, words->end());
    lines.push_back(std::move(line));
    text.remove_prefix(end + 1);
  }
  if (lines.empty()) return absl::InvalidArgumentError("the statement is empty");
  return lines;
}

absl::StatusOr<std::vector<int64_t>> SumsOfStatement(std::string_view text) {
  const absl::StatusOr<std::vector<StatementLine>> lines = ParseStatement(text);
  if (!lines.ok()) return lines.status();
  std::vector<int64_t> values, stated, states;
  for (const StatementLine& line : *lines) {
    const auto number = [&line](size_t word) { return merkle::ParseDecimal(line.words[word]).value_or(-1); };
    if ((line.key == "line" || line.key == "option") && line.words.size() == 3) {
      // What nobody states adds nothing.
      values.push_back(line.words[1] == kNone && number(2) == 0 ? 0 : number(1));
      stated.push_back(number(2));
    } else if (line.key == "stations" && line.words.size() == kUnitStates.size()) {
      for (size_t i = 0; i < kUnitStates.size(); ++i) states.push_back(number(i));
    }
  }
  std::vector<int64_t> sums = std::move(values);
  sums.insert(sums.end(), stated.begin(), stated.end());
  sums.insert(sums.end(), states.begin(), states.end());
  if (states.size() != kUnitStates.size() ||
      std::any_of(sums.begin(), sums.end(), [](int64_t sum) { return sum < 0; })) {
    return absl::InvalidArgumentError("the statement does not state every figure");
  }
  return sums;
}

absl::StatusOr<merkle::Hash> CommitmentOfStatement(std::string_view text) {
  const absl::StatusOr<std::vector<StatementLine>> lines = ParseStatement(text);
  if (!lines.ok()) return lines.status();
  const std::optional<merkle::Hash> hash =
      !lines->empty() && lines->back().key == "sums" && lines->back().words.size() == 1
          ? merkle::DecodeHash(lines->back().words.front())
          : std::nullopt;
  if (!hash.has_value()) return absl::InvalidArgumentError("the statement does not end in a commitment of sums");
  return *hash;
}

}  // namespace hattama::wire
