#include "services/wire/station_proof.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "services/domain/text.h"
#include "storage/merkle/base64.h"
#include "storage/merkle/decimal.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::wire {
namespace {

// A leaf has two figures for each column; no form has so many.
constexpr size_t kWidthMax = 100'000;
constexpr size_t kPathMax = 63;

using domain::Text;

void AppendNumbers(const std::vector<int64_t>& numbers, std::string& text) {
  for (const int64_t number : numbers) absl::StrAppend(&text, " ", number);
  text += '\n';
}

bool ToNumber(absl::string_view word, int64_t& number) {
  const std::optional<int64_t> read = merkle::ParseDecimal({word.data(), word.size()});
  number = read.value_or(0);
  return read.has_value();
}

// The words behind the key of a line.
bool ToNumbers(const std::vector<absl::string_view>& words, size_t first, std::vector<int64_t>& numbers) {
  for (size_t i = first; i < words.size(); ++i) {
    int64_t number = 0;
    if (!ToNumber(words[i], number)) return false;
    numbers.push_back(number);
  }
  return numbers.size() <= kWidthMax;
}

absl::StatusOr<merkle::TlogProof> ToTlogProof(absl::string_view base64) {
  const std::optional<std::string> bytes = merkle::DecodeBase64({base64.data(), base64.size()});
  if (!bytes.has_value()) return absl::InvalidArgumentError("no base64");
  absl::StatusOr<merkle::TlogProof> proof = merkle::ParseTlogProof(*bytes);
  if (proof.ok() && !proof->extra.has_value()) return absl::InvalidArgumentError("the tlog-proof carries no record");
  return proof;
}

// One line of the file into `proof`; false where it is malformed.
absl::Status TakeLine(absl::string_view line, size_t number, StationProof& proof) {
  const std::vector<absl::string_view> words = absl::StrSplit(line, ' ');
  const absl::Status malformed =
      absl::InvalidArgumentError(absl::StrCat("line ", number + 1, " of the station proof is malformed"));
  const auto is = [&words](absl::string_view key, size_t count) {
    return words.front() == key && words.size() == count;
  };
  switch (number) {
    case 0:
      return line == Text(kStationProofFirstLine) ? absl::OkStatus()
                                                  : absl::InvalidArgumentError(absl::StrCat(
                                                        "the file does not begin with ", Text(kStationProofFirstLine)));
    case 1:
    case 2: {
      if (!is(number == 1 ? "published" : "protocol", 2)) return malformed;
      if (number == 2 && words[1] == "-") return absl::OkStatus();
      absl::StatusOr<merkle::TlogProof> log_proof = ToTlogProof(words[1]);
      if (!log_proof.ok()) {
        return absl::InvalidArgumentError(
            absl::StrCat("line ", number + 1, " of the station proof: ", log_proof.status().message()));
      }
      if (number == 1) {
        proof.published = *std::move(log_proof);
      } else {
        proof.protocol = *std::move(log_proof);
      }
      return absl::OkStatus();
    }
    case 3:
      return is("station", 3) && ToNumber(words[1], proof.index) && ToNumber(words[2], proof.count) ? absl::OkStatus()
                                                                                                    : malformed;
    case 4: {
      if (!is("label", 2)) return malformed;
      std::optional<std::string> label = merkle::DecodeBase64({words[1].data(), words[1].size()});
      if (!label.has_value()) return malformed;
      proof.leaf.label = *std::move(label);
      return absl::OkStatus();
    }
    case 5:
      return words.front() == "sums" && ToNumbers(words, 1, proof.leaf.sums) ? absl::OkStatus() : malformed;
    default: {
      merkle::SumNode node;
      if (words.front() != "node" || words.size() < 2 || proof.path.size() == kPathMax) return malformed;
      const std::optional<merkle::Hash> hash = merkle::DecodeHash({words[1].data(), words[1].size()});
      if (!hash.has_value() || !ToNumbers(words, 2, node.sums)) return malformed;
      node.hash = *hash;
      proof.path.push_back(std::move(node));
      return absl::OkStatus();
    }
  }
}

absl::Status Invalid(std::string message) { return absl::InvalidArgumentError(std::move(message)); }

// A record under a tlog-proof: in the log at its own sequence, and signed.
absl::StatusOr<SignedRecord> OpenProven(const merkle::TlogProof& proof, std::string_view what,
                                        const LogVerifier& verify_log, merkle::Checkpoint& checkpoint) {
  const absl::StatusOr<merkle::Checkpoint> verified = verify_log(proof, merkle::LeafHash(*proof.extra));
  if (!verified.ok()) {
    return absl::Status(verified.status().code(), absl::StrCat(Text(what), ": ", verified.status().message()));
  }
  checkpoint = *verified;
  StatementVerifier verifier;
  absl::StatusOr<SignedRecord> record = OpenSignedRecord(*proof.extra, checkpoint.origin, verifier);
  if (!record.ok()) return Invalid(absl::StrCat(Text(what), ": ", record.status().message()));
  if (record->sequence != proof.index) {
    return Invalid(
        absl::StrCat(Text(what), ": the record says sequence ", record->sequence, ", the proof index ", proof.index));
  }
  return record;
}

std::optional<int64_t> FigureNamed(const std::vector<domain::Figure>& figures, std::string_view id) {
  for (const domain::Figure& figure : figures) {
    if (figure.id == id) return figure.count;
  }
  return std::nullopt;
}

}  // namespace

std::string FormatStationProof(const StationProof& proof) {
  std::string text = absl::StrCat(
      Text(kStationProofFirstLine), "\npublished ", merkle::EncodeBase64(merkle::FormatTlogProof(proof.published)),
      "\nprotocol ",
      proof.protocol.has_value() ? merkle::EncodeBase64(merkle::FormatTlogProof(*proof.protocol)) : std::string("-"),
      "\nstation ", proof.index, " ", proof.count, "\n");
  absl::StrAppend(&text, "label ", merkle::EncodeBase64(proof.leaf.label), "\nsums");
  AppendNumbers(proof.leaf.sums, text);
  for (const merkle::SumNode& node : proof.path) {
    absl::StrAppend(&text, "node ", merkle::EncodeHash(node.hash));
    AppendNumbers(node.sums, text);
  }
  return text;
}

absl::StatusOr<StationProof> ParseStationProof(std::string_view text) {
  StationProof proof;
  constexpr size_t kFixedLines = 6;
  size_t number = 0;
  for (; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return Invalid("the station proof does not end in a newline");
    if (absl::Status taken = TakeLine(Text(text.substr(0, end)), number, proof); !taken.ok()) return taken;
    text.remove_prefix(end + 1);
  }
  if (number < kFixedLines) return Invalid("the station proof ends too early");
  return proof;
}

absl::StatusOr<StationFacts> VerifyStationProof(const StationProof& proof, const LogVerifier& verify_log) {
  StationFacts facts;
  absl::StatusOr<SignedRecord> published = OpenProven(proof.published, "the publication", verify_log, facts.checkpoint);
  if (!published.ok()) return published.status();
  const auto* tally = std::get_if<domain::TallyPublished>(&published->decoded.event);
  if (tally == nullptr) return Invalid("the publication: the record publishes no tally");

  const absl::StatusOr<std::vector<StatementLine>> lines = ParseStatement(tally->statement);
  if (!lines.ok()) return lines.status();
  const absl::StatusOr<merkle::Hash> commitment = CommitmentOfStatement(tally->statement);
  if (!commitment.ok()) return commitment.status();
  const absl::StatusOr<std::vector<int64_t>> stated = SumsOfStatement(tally->statement);
  if (!stated.ok()) return stated.status();
  const absl::StatusOr<std::vector<int64_t>> sums =
      merkle::VerifySum(proof.leaf, proof.index, proof.count, proof.path, *commitment);
  if (!sums.ok()) return Invalid(absl::StrCat("the path of sums: ", sums.status().message()));
  if (*sums != *stated) return Invalid("the sums of all stations are not the figures of the statement");

  absl::StatusOr<StationLeaf> station = ParseStationLabel(proof.leaf.label);
  if (!station.ok()) return station.status();
  if (station->sequence.has_value() != proof.protocol.has_value()) {
    return Invalid("the file lacks the protocol that the label names, or has one that it does not name");
  }
  const domain::ProtocolSubmitted* protocol = nullptr;
  if (proof.protocol.has_value()) {
    merkle::Checkpoint of_protocol;
    absl::StatusOr<SignedRecord> record = OpenProven(*proof.protocol, "the protocol", verify_log, of_protocol);
    if (!record.ok()) return record.status();
    if (record->sequence != *station->sequence || merkle::LeafHash(*proof.protocol->extra) != *station->leaf_hash ||
        of_protocol.origin != facts.checkpoint.origin || record->sequence >= tally->tree_size) {
      return Invalid(
          absl::StrCat("the protocol at sequence ", record->sequence, " is not the one that the label names"));
    }
    facts.protocol = *std::move(record);
    protocol = std::get_if<domain::ProtocolSubmitted>(&facts.protocol->decoded.event);
    if (protocol == nullptr || protocol->election_id != tally->election_id ||
        protocol->contest_id != tally->contest_id || protocol->unit_id != station->unit_id ||
        protocol->source_id != tally->view.source_id) {
      return Invalid("the protocol is of another election, contest, unit or source than the publication");
    }
  }

  const bool counted = station->state == domain::UnitState::kCounted;
  if (counted && protocol == nullptr) return Invalid("the station is counted without a protocol");
  const size_t columns = (stated->size() - 5) / 2;
  for (const StatementLine& line : *lines) {
    if (line.key != "line" && line.key != "option") continue;
    const size_t column = facts.figures.size();
    StationFacts::Figure figure{.id = line.words[0], .figure = {}, .total = {}};
    if (line.words[1] != "-") figure.total = (*sums)[column];
    if (proof.leaf.sums[columns + column] == 1) figure.figure = proof.leaf.sums[column];
    const std::optional<int64_t> on_paper =
        counted ? FigureNamed(line.key == "line" ? protocol->lines : protocol->options, figure.id) : std::nullopt;
    if (on_paper != figure.figure) {
      return Invalid(absl::StrCat("the figure of \"", figure.id, "\" is not the one of the protocol"));
    }
    facts.figures.push_back(std::move(figure));
  }
  facts.station = *std::move(station);
  facts.published = *std::move(published);
  return facts;
}

}  // namespace hattama::wire
