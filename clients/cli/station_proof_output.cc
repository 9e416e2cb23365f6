#include "clients/cli/station_proof_output.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/output.h"
#include "services/domain/key_book.h"

namespace hattama::cli {
namespace {

const char* StateText(domain::UnitState state) {
  switch (state) {
    case domain::UnitState::kCounted:
      return "counted";
    case domain::UnitState::kQuarantined:
      return "quarantined: it adds nothing";
    case domain::UnitState::kAnnulled:
      return "annulled: it adds nothing";
    case domain::UnitState::kExcludedContested:
      return "left out as contested";
    case domain::UnitState::kMissing:
      return "missing: no protocol counts";
  }
  return "unknown";
}

nlohmann::ordered_json Number(const std::optional<int64_t>& number) {
  return number.has_value() ? nlohmann::ordered_json(*number) : nlohmann::ordered_json();
}

}  // namespace

void ShowStationFacts(const Session& session, const wire::StationFacts& facts) {
  const auto& tally = std::get<domain::TallyPublished>(facts.published.decoded.event);
  if (session.globals.format == Format::kJson) {
    nlohmann::ordered_json figures = nlohmann::ordered_json::array();
    for (const wire::StationFacts::Figure& figure : facts.figures) {
      figures.push_back({{"id", figure.id}, {"station", Number(figure.figure)}, {"total", Number(figure.total)}});
    }
    PrintJson({{"verified", true},
               {"origin", facts.checkpoint.origin},
               {"checkpoint_tree_size", facts.checkpoint.tree_size},
               {"publication", facts.published.sequence},
               {"title", tally.title},
               {"election_id", tally.election_id},
               {"contest_id", tally.contest_id},
               {"tree_size", tally.tree_size},
               {"unit_id", facts.station.unit_id},
               {"state", StateText(facts.station.state)},
               {"sequence", Number(facts.station.sequence)},
               {"figures", figures}});
    return;
  }
  PrintHeading(session, absl::StrCat(facts.station.unit_id, " in the published total of ", tally.election_id, " ",
                                     tally.contest_id, tally.title.empty() ? "" : ": ", tally.title));
  Print(absl::StrCat("verified   under the checkpoint of ", facts.checkpoint.origin, " at version ",
                     Grouped(facts.checkpoint.tree_size), "\npublished  as event ", Grouped(facts.published.sequence),
                     " by key ", domain::ShortKey(facts.published.signature->public_key), ", about version ",
                     Grouped(tally.tree_size), "\nstation    ", StateText(facts.station.state), "\n"));
  if (facts.protocol.has_value()) {
    Print(absl::StrCat("protocol   event ", Grouped(facts.protocol->sequence), ", signed by key ",
                       domain::ShortKey(facts.protocol->signature->public_key), "\n"));
  }
  Print("\n");
  Table table({{"figure"}, {"station", Align::kRight}, {"total", Align::kRight}});
  for (const wire::StationFacts::Figure& figure : facts.figures) {
    table.Add({figure.id, GroupedOrDash(figure.figure), GroupedOrDash(figure.total)});
  }
  PrintTable(session, table);
}

}  // namespace hattama::cli
