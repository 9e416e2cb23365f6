// Screening: stations that state the same votes for every option.
#ifndef HATTAMA_SERVICES_DOMAIN_EQUAL_VOTES_H_
#define HATTAMA_SERVICES_DOMAIN_EQUAL_VOTES_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "services/domain/screening.h"

namespace hattama::domain {

inline constexpr ScreeningNote kEqualVotesNote = {
    .method = "equal votes",
    .source = "A comparison of whole rows; no model is behind it.",
    .conditions =
        "Stations with votes stated for every option and four options or more above zero. Small stations "
        "agree by chance, the more often the more of them there are; a long row of large figures does not. A copied "
        "protocol may be a slip of entry: look at the two sheets.",
};

inline constexpr int kEqualVotesNonZeroMin = 4;

struct EqualVotesGroup {
  std::vector<int64_t> votes;  // By option.
  int64_t vote_sum = 0;
  std::vector<size_t> stations;  // Two or more, indices into what was handed in, ascending.
  bool one_locality = false;     // All stated, and the same.
};

struct EqualVotes {
  ScreeningNote note = kEqualVotesNote;
  int64_t station_count = 0;     // All that were handed in; the sum of the three below.
  int64_t not_stated_count = 0;  // Votes for some option are missing, or there are more or fewer options.
  int64_t left_out_count = 0;    // Fewer than four options above zero.
  int64_t included_count = 0;
  std::vector<EqualVotesGroup> groups;  // By vote_sum, the largest first; then by votes, ascending.
};

// `option_count` is that of the contest. Apart from the indices the answer is the same for every order of the stations.
EqualVotes ScreenEqualVotes(std::span<const StationFigures> stations, size_t option_count);

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_EQUAL_VOTES_H_
