// Station proofs (docs/format.md section 9): one file from which anybody can check, without a network, that a station's
// figures with their provenance are inside a published total, and that every sum on the way is right.
#ifndef HATTAMA_SERVICES_WIRE_STATION_PROOF_H_
#define HATTAMA_SERVICES_WIRE_STATION_PROOF_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "services/wire/signed_record.h"
#include "services/wire/statement.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/sum_tree.h"
#include "storage/merkle/tlog_proof.h"

namespace hattama::wire {

inline constexpr std::string_view kStationProofFirstLine = "hattama-station-proof/v1";

struct StationProof {
  merkle::TlogProof published;                // Its extra is the record of a tally_published.
  std::optional<merkle::TlogProof> protocol;  // Its extra is the record of the protocol; absent where none counts.
  int64_t index = 0;
  int64_t count = 0;
  merkle::SumLeaf leaf;
  merkle::SumProof path;
};

std::string FormatStationProof(const StationProof& proof);
// InvalidArgument names the line that is malformed. Nothing is verified.
absl::StatusOr<StationProof> ParseStationProof(std::string_view text);

// What a verified proof shows.
struct StationFacts {
  merkle::Checkpoint checkpoint;  // Under which the publication stands.
  SignedRecord published;
  std::optional<SignedRecord> protocol;
  StationLeaf station;
  // By column: what the statement calls it, the station's figure where it is counted and states it, and the total.
  struct Figure {
    std::string id;
    std::optional<int64_t> figure;
    std::optional<int64_t> total;
  };
  std::vector<Figure> figures;
};

// Checks that a tlog-proof holds for a leaf, under keys or a policy that the caller believes.
using LogVerifier =
    std::function<absl::StatusOr<merkle::Checkpoint>(const merkle::TlogProof& proof, const merkle::Hash& leaf_hash)>;

// InvalidArgument, or what `verify_log` says, names the first thing that does not fit.
absl::StatusOr<StationFacts> VerifyStationProof(const StationProof& proof, const LogVerifier& verify_log);

}  // namespace hattama::wire

#endif  // HATTAMA_SERVICES_WIRE_STATION_PROOF_H_
