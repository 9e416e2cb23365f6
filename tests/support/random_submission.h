// Submissions of every kind with every field filled at random, well formed but without sense: an id names nothing.
#ifndef HATTAMA_TESTS_SUPPORT_RANDOM_SUBMISSION_H_
#define HATTAMA_TESTS_SUPPORT_RANDOM_SUBMISSION_H_

#include <random>
#include <vector>

#include "hattama/v1/record.pb.h"

namespace hattama::testing {

// An event of a random kind.
v1::Submission RandomSubmission(std::mt19937_64& random);

// An event of kind `event`.
v1::Submission RandomSubmissionOf(v1::Submission::EventCase event, std::mt19937_64& random);

// Every kind there is.
std::vector<v1::Submission::EventCase> EveryEventCase();

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_RANDOM_SUBMISSION_H_
