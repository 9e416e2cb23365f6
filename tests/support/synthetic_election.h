// A made-up election of any size, as submissions: for benchmarks and load, where the figures do not matter.
#ifndef HATTAMA_TESTS_SUPPORT_SYNTHETIC_ELECTION_H_
#define HATTAMA_TESTS_SUPPORT_SYNTHETIC_ELECTION_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hattama/v1/record.pb.h"

namespace hattama::testing {

// Country > 10 regions > 10 districts each > stations; one contest "president" with 9 options; lines registered, cast,
// blank, null; one source "commission" and one "monitor"; two rules.
class SyntheticElection {
 public:
  explicit SyntheticElection(int station_count) : station_count_(station_count) {}

  int station_count() const { return station_count_; }
  static std::string election_id() { return "synthetic"; }
  static std::string StationId(int station);

  // The whole definition, to be submitted atomically.
  std::vector<std::string> Definition() const;

  // A protocol with figures derived from (station, stage, round). `supersedes` is the sequence of the one before.
  std::string Protocol(int station, v1::Stage stage, int round, std::optional<int64_t> supersedes,
                       const std::string& source = "commission") const;

 private:
  int station_count_;
};

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_SYNTHETIC_ELECTION_H_
