// Domain answers -> protobuf answers: definitions, tallies, outcomes, coverage, diffs, findings.
// Nothing here is stored or hashed; see event_codec.h for what is. Which version an answer belongs to (AsOf) is set by the
// caller, who knows the root.
#ifndef HATTAMA_SERVICES_WIRE_ANSWER_CODEC_H_
#define HATTAMA_SERVICES_WIRE_ANSWER_CODEC_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "google/protobuf/timestamp.pb.h"
#include "hattama/v1/election.pb.h"
#include "hattama/v1/results_service.pb.h"
#include "hattama/v1/tally.pb.h"
#include "services/domain/diff.h"
#include "services/domain/event.h"
#include "services/domain/history.h"
#include "services/domain/seat.h"
#include "services/domain/tally.h"
#include "services/domain/view.h"

namespace hattama::wire {

// A finding about a required figure that is blank carries this instead of a rule's id.
inline constexpr char kBlankFigureRuleId[] = "blank-figure";

// `micros` since the Unix epoch, before it if negative.
google::protobuf::Timestamp ToTimestamp(int64_t micros);

// Definitions. Reading them back with event_codec.h gives the same values.
v1::ElectionDefined ToAnswer(const domain::ElectionDefined& election);
v1::Contest ToAnswer(const domain::Contest& contest);
v1::Unit ToAnswer(const domain::Unit& unit);
v1::Ratio ToAnswer(const domain::Fraction& fraction);
// An election without its contests and units; the counts are those of the opened election.
v1::ElectionSummary ToSummary(const domain::ElectionHistory& election);

// Nothing is left unspecified.
v1::View ToAnswer(const domain::View& view);
v1::Stage ToAnswer(domain::Stage stage);
v1::StationState ToAnswer(domain::UnitState state);
v1::Coverage ToAnswer(const domain::Coverage& coverage);
// `station_count` is how many stations are expected.
v1::Coverage ToAnswer(const domain::Sums& sums, int64_t station_count);
// `votes` by option, in ballot order, tell who leads; without them a condition tried on one of several is left unnamed.
v1::Outcome ToAnswer(const domain::Outcome& outcome, const domain::Contest& contest,
                     std::span<const std::optional<int64_t>> votes = {});
v1::Tally ToAnswer(const domain::Tally& tally);
v1::ContestOutcome ToContestOutcome(const domain::Tally& tally);
v1::PartySeats ToAnswer(const domain::PartySeats& seats, const domain::ElectionDefined& election);

// `contest` is a contest of `election`: together they name columns and rules.
v1::Finding ToAnswer(const domain::Finding& finding, const domain::ElectionDefined& election,
                     const domain::ContestHistory& contest);
// The id of a column: lines in form order, then options in ballot order.
const std::string& ColumnId(int32_t column, const domain::ElectionDefined& election, const domain::Contest& contest);

// The station's state, flags and protocol at `tree_size`.
v1::StationCoverage ToStationCoverage(const domain::ElectionHistory& election, const domain::ContestHistory& contest,
                                      domain::UnitIndex station, const domain::Effect& effect, int64_t tree_size);

// The sums, without the rows.
v1::DiffSummary ToAnswer(const domain::Diff& diff);
// One row of `diff`.
v1::Discrepancy ToAnswer(const domain::Discrepancy& discrepancy, const domain::Diff& diff);

}  // namespace hattama::wire

#endif  // HATTAMA_SERVICES_WIRE_ANSWER_CODEC_H_
