// A lively log of the synthetic election: protocols of both sources and every stage, superseding, broken sums, appeals,
// decisions and amended rolls, all of which the state admits where they are submitted one after another.
#ifndef HATTAMA_TESTS_SUPPORT_RANDOM_LOG_H_
#define HATTAMA_TESTS_SUPPORT_RANDOM_LOG_H_

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/synthetic_election.h"

namespace hattama::testing {

class RandomLog {
 public:
  RandomLog(const SyntheticElection* election, uint64_t seed) : election_(election), random_(seed) {}

  // The next submission, to be recorded at `sequence`.
  std::string Next(int64_t sequence);

 private:
  std::string Protocol(int64_t sequence);
  std::string Appeal();
  std::string Decision(int64_t sequence);
  std::string Roll();
  std::string Seal(v1::Submission submission);
  int RandomStation() { return static_cast<int>(random_() % election_->station_count()); }

  const SyntheticElection* election_;
  std::mt19937_64 random_;
  int64_t made_ = 0;
  // The current protocol of (station, source, stage).
  std::map<std::tuple<int, std::string, int>, int64_t> current_;
  struct Appealed {
    std::string id;
    int station;
  };
  std::vector<Appealed> open_appeals_;
  // The last decision that ordered a correction, by station.
  std::map<int, int64_t> ordering_decision_;
  std::map<int, bool> annulled_;
};

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_RANDOM_LOG_H_
