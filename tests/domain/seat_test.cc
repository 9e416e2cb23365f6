// Seats and winners: published elections, boundaries, ties, and properties over random votes.
#include "services/domain/seat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// ---------------------------------------------------------------------------------------------------------------------
// Largest remainder

Allocation AllocateHare(const std::vector<int64_t>& votes, int64_t seats) {
  Allocation allocation;
  allocation.seat_count = seats;
  for (size_t i = 0; i < votes.size(); ++i) {
    allocation.lists.push_back(
        ListSeats{.option = static_cast<int32_t>(i), .votes = votes[i], .passes_threshold = true});
  }
  Allocate(AllocationMethod::kHare, allocation);
  return allocation;
}

std::vector<int64_t> Seats(const Allocation& allocation) {
  std::vector<int64_t> seats;
  for (const ListSeats& list : allocation.lists) seats.push_back(list.seats);
  return seats;
}

// List vote of the Mazhilis, 19 March 2023, Central Election Commission 27 March 2023: 69 seats, lists above 5 %.
const std::vector<int64_t> kMazhilis2023 = {3'431'510, 693'938, 547'154, 535'139, 432'920, 331'058};

TEST(LargestRemainderTest, GivesTheOfficialSeatsOfTheMazhilis) {
  const Allocation allocation = AllocateHare(kMazhilis2023, 69);

  EXPECT_EQ(allocation.admitted_votes, 5'971'719);
  EXPECT_THAT(Seats(allocation), ElementsAre(40, 8, 6, 6, 5, 4));
  EXPECT_EQ(allocation.undecided_seats, 0);
}

TEST(LargestRemainderTest, KeepsQuotientsAndRemaindersForTheReader) {
  const Allocation allocation = AllocateHare(kMazhilis2023, 69);

  std::vector<int64_t> quotients;
  std::vector<int32_t> by_remainder;
  for (const ListSeats& list : allocation.lists) {
    quotients.push_back(list.quotient);
    if (list.remainder_seat) by_remainder.push_back(list.option);
    EXPECT_EQ(list.votes * 69, list.quotient * allocation.admitted_votes + list.remainder) << list.option;
    EXPECT_FALSE(list.tied);
  }
  EXPECT_THAT(quotients, ElementsAre(39, 8, 6, 6, 5, 3));
  EXPECT_THAT(by_remainder, ElementsAre(0, 5));
  // 5.0022 quotas: the fifth list clears its fifth quota by 187 votes, which is 187 x 69 less what rounding leaves.
  EXPECT_EQ(allocation.lists[4].remainder, 432'920 * int64_t{69} - 5 * int64_t{5'971'719});
  EXPECT_EQ(allocation.lists[4].remainder / 69, 186);
}

// Two examples of Balinski and Young, on which the methods of apportionment differ.
TEST(LargestRemainderTest, AgreesWithBalinskiAndYoung) {
  EXPECT_THAT(Seats(AllocateHare({5117, 4400, 162, 161, 160}, 100)), ElementsAre(51, 44, 2, 2, 1));
  EXPECT_THAT(Seats(AllocateHare({9061, 7179, 5259, 3319, 1182}, 26)), ElementsAre(9, 7, 5, 4, 1));
}

TEST(LargestRemainderTest, LeavesSeatsToALotBetweenEqualRemainders) {
  const Allocation allocation = AllocateHare({2, 1, 1, 2, 2}, 2);

  EXPECT_THAT(Seats(allocation), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_EQ(allocation.undecided_seats, 2);
  std::vector<bool> tied;
  for (const ListSeats& list : allocation.lists) tied.push_back(list.tied);
  EXPECT_THAT(tied, ElementsAre(true, false, false, true, true));
}

TEST(LargestRemainderTest, GivesSeatsAboveTheTieAndLeavesTheRest) {
  // Quotas of 3 seats over 12 votes: 1.75, 0.5, 0.5, 0.25. One whole seat, one for 0.75, one between the halves.
  const Allocation allocation = AllocateHare({7, 2, 2, 1}, 3);

  EXPECT_THAT(Seats(allocation), ElementsAre(2, 0, 0, 0));
  EXPECT_TRUE(allocation.lists[0].remainder_seat);
  EXPECT_FALSE(allocation.lists[0].tied);
  EXPECT_TRUE(allocation.lists[1].tied);
  EXPECT_TRUE(allocation.lists[2].tied);
  EXPECT_FALSE(allocation.lists[3].tied);
  EXPECT_EQ(allocation.undecided_seats, 1);
}

TEST(LargestRemainderTest, SeesNoTieWhereEqualRemaindersAllGetASeat) {
  const Allocation allocation = AllocateHare({5, 5, 2}, 2);

  EXPECT_THAT(Seats(allocation), ElementsAre(1, 1, 0));
  EXPECT_EQ(allocation.undecided_seats, 0);
  EXPECT_FALSE(allocation.lists[0].tied);
}

TEST(LargestRemainderTest, NeedsNoRemainderWhereQuotasAreWhole) {
  const Allocation allocation = AllocateHare({40, 30, 20, 10}, 10);

  EXPECT_THAT(Seats(allocation), ElementsAre(4, 3, 2, 1));
  EXPECT_FALSE(allocation.lists[0].remainder_seat);
}

TEST(LargestRemainderTest, GivesNothingToListsThatDoNotPass) {
  Allocation allocation = AllocateHare({60, 40}, 10);
  allocation.lists.push_back(ListSeats{.option = 2, .votes = 1'000, .passes_threshold = false});

  Allocate(AllocationMethod::kHare, allocation);

  EXPECT_EQ(allocation.admitted_votes, 100);
  EXPECT_THAT(Seats(allocation), ElementsAre(6, 4, 0));
}

TEST(LargestRemainderTest, HoldsTheLargestVotesAndSeatsThatALedgerCanHold) {
  // A million stations of 999,999,999 votes each, and 100,000 seats.
  constexpr int64_t kVotes = 999'999'999'000'000;
  const Allocation allocation = AllocateHare({kVotes, kVotes, kVotes, 1}, 100'000);

  EXPECT_EQ(std::accumulate(allocation.lists.begin(), allocation.lists.end(), allocation.undecided_seats,
                            [](int64_t sum, const ListSeats& list) { return sum + list.seats; }),
            100'000);
  EXPECT_EQ(allocation.lists[0].quotient, 33'333);
  EXPECT_EQ(allocation.undecided_seats, 1);
}

// Over random votes, dense with ties: seats add up, each list gets its quota rounded down or up (the quota rule), and
// the answer does not depend on the order of the ballot (anonymity).
TEST(LargestRemainderTest, KeepsSumQuotaRuleAndAnonymityOnRandomVotes) {
  std::mt19937_64 random(testing::Seed());
  int ties = 0;
  for (int round = 0; round < 5'000; ++round) {
    const int64_t largest = round % 2 == 0 ? 12 : 100'000'000;
    std::vector<int64_t> votes(1 + random() % 12);
    for (int64_t& v : votes) v = static_cast<int64_t>(random() % largest);
    votes[random() % votes.size()] += 1;
    const int64_t seats = 1 + static_cast<int64_t>(random() % 100);

    const Allocation allocation = AllocateHare(votes, seats);

    const int64_t sum = std::accumulate(votes.begin(), votes.end(), int64_t{0});
    int64_t given = 0;
    int64_t tied = 0;
    for (const ListSeats& list : allocation.lists) {
      const int64_t floor = list.votes * seats / sum;
      ASSERT_GE(list.seats, floor) << "round " << round;
      ASSERT_LE(list.seats + (list.tied ? 1 : 0), floor + (list.votes * seats % sum == 0 ? 0 : 1)) << "round " << round;
      given += list.seats;
      tied += list.tied ? 1 : 0;
    }
    ASSERT_EQ(given + allocation.undecided_seats, seats) << "round " << round;
    if (allocation.undecided_seats > 0) {
      ++ties;
      ASSERT_GT(tied, allocation.undecided_seats) << "round " << round;
    } else {
      ASSERT_EQ(tied, 0) << "round " << round;
    }
    // No list outside the tie with fewer remaining votes gets a seat before one with more.
    for (const ListSeats& a : allocation.lists) {
      for (const ListSeats& b : allocation.lists) {
        if (a.remainder_seat && !b.remainder_seat) {
          ASSERT_GT(a.remainder, b.remainder) << "round " << round;
        }
        if (a.tied && b.tied) {
          ASSERT_EQ(a.remainder, b.remainder) << "round " << round;
        }
      }
    }

    std::vector<size_t> order(votes.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<int64_t> shuffled;
    for (const size_t i : order) shuffled.push_back(votes[i]);
    const Allocation again = AllocateHare(shuffled, seats);
    for (size_t i = 0; i < order.size(); ++i) {
      ASSERT_EQ(again.lists[i].seats, allocation.lists[order[i]].seats) << "round " << round;
      ASSERT_EQ(again.lists[i].tied, allocation.lists[order[i]].tied) << "round " << round;
    }
  }
  EXPECT_GT(ties, 100) << "the random votes hold ties";
}

// ---------------------------------------------------------------------------------------------------------------------
// Decide

// Options o0, o1, ... and the base "base".
struct Question {
  ContestRule rule;
  std::vector<std::optional<int64_t>> votes;
  std::optional<int64_t> base;
  std::vector<OptionKind> kinds = {};  // Candidates where not given.
  std::vector<OutcomeInput::Region> regions = {};
};

Outcome Answer(const Question& question) {
  Contest contest;
  contest.rule = question.rule;
  for (size_t i = 0; i < question.votes.size(); ++i) {
    contest.options.push_back(
        {absl::StrCat("o", i), i < question.kinds.size() ? question.kinds[i] : OptionKind::kCandidate, {}, ""});
  }
  OutcomeInput input;
  input.contest = &contest;
  input.votes = question.votes;
  input.base = [&question](std::string_view id) { return id == "base" ? question.base : std::nullopt; };
  input.regions = question.regions;
  return Decide(input);
}

PartyList ListOf(int64_t seats, std::optional<Fraction> bar, bool inclusive) {
  PartyList rule;
  rule.seat_count = seats;
  if (bar) rule.threshold = Threshold{.ratio = *bar, .base_id = "base", .inclusive = inclusive};
  return rule;
}

TEST(DecidePartyListTest, GivesTheMazhilisWithThresholdAndAgainstAllAsTheCommissionDid) {
  std::vector<std::optional<int64_t>> votes(kMazhilis2023.begin(), kMazhilis2023.end());
  votes.push_back(248'291);  // Against all.
  votes.push_back(146'431);  // 2.30 %: below the bar.
  std::vector<OptionKind> kinds(8, OptionKind::kParty);
  kinds[6] = OptionKind::kAgainstAll;

  const Outcome outcome =
      Answer({.rule = ListOf(69, Fraction{5, 100}, true), .votes = votes, .base = 6'366'441, .kinds = kinds});

  EXPECT_EQ(outcome.status, OutcomeStatus::kDecided);
  EXPECT_THAT(outcome.options, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(Seats(*outcome.allocation), ElementsAre(40, 8, 6, 6, 5, 4, 0));
  EXPECT_FALSE(outcome.allocation->lists.back().passes_threshold);
  EXPECT_EQ(outcome.allocation->lists.back().option, 7);
  EXPECT_EQ(outcome.allocation->threshold_base, 6'366'441);
}

TEST(DecidePartyListTest, GivesAgainstAllNoSeatHoweverManyVotesItHas) {
  const Outcome outcome = Answer({.rule = ListOf(10, std::nullopt, false),
                                  .votes = {30, 900, 70},
                                  .base = 1'000,
                                  .kinds = {OptionKind::kParty, OptionKind::kAgainstAll, OptionKind::kParty}});

  EXPECT_EQ(outcome.status, OutcomeStatus::kDecided);
  EXPECT_THAT(outcome.options, ElementsAre(0, 2));
  EXPECT_THAT(Seats(*outcome.allocation), ElementsAre(3, 7));
}

TEST(DecidePartyListTest, AdmitsAListExactlyAtTheBarWhereTheBarIsInclusive) {
  for (const bool inclusive : {true, false}) {
    const Outcome outcome =
        Answer({.rule = ListOf(10, Fraction{5, 100}, inclusive), .votes = {499, 500, 501, 8'500}, .base = 10'000});
    EXPECT_FALSE(outcome.allocation->lists[0].passes_threshold);
    EXPECT_EQ(outcome.allocation->lists[1].passes_threshold, inclusive);
    EXPECT_TRUE(outcome.allocation->lists[2].passes_threshold);
  }
}

TEST(DecidePartyListTest, SaysThatALotMustBeDrawn) {
  const Outcome outcome = Answer({.rule = ListOf(2, std::nullopt, false), .votes = {2, 1, 1, 2, 2}, .base = 8});

  EXPECT_EQ(outcome.status, OutcomeStatus::kTie);
  EXPECT_THAT(outcome.options, IsEmpty());
  EXPECT_THAT(outcome.explanation, HasSubstr("o0, o3, o4 for 2 seat(s)"));
}

TEST(DecidePartyListTest, IsUndeterminedWithoutVotesOrBase) {
  const Outcome none = Answer({.rule = ListOf(2, std::nullopt, false), .votes = {0, std::nullopt}, .base = 0});
  EXPECT_EQ(none.status, OutcomeStatus::kUndetermined);
  EXPECT_EQ(none.allocation->undecided_seats, 0);

  for (const std::optional<int64_t> base : {std::optional<int64_t>(), std::optional<int64_t>(0)}) {
    const Outcome unknown = Answer({.rule = ListOf(2, Fraction{5, 100}, true), .votes = {3, 4}, .base = base});
    EXPECT_EQ(unknown.status, OutcomeStatus::kUndetermined);
    EXPECT_THAT(unknown.explanation, HasSubstr("base"));
  }
}

TEST(DecidePartyListTest, IsUndeterminedWhereNoListPasses) {
  const Outcome outcome = Answer({.rule = ListOf(2, Fraction{50, 100}, true), .votes = {30, 40}, .base = 100});

  EXPECT_EQ(outcome.status, OutcomeStatus::kUndetermined);
  EXPECT_THAT(Seats(*outcome.allocation), ElementsAre(0, 0));
}

TEST(DecidePartyListTest, AdmitsNoListWithoutVotesEvenAtABarOfZero) {
  const Outcome outcome = Answer({.rule = ListOf(3, Fraction{0, 1}, true), .votes = {3, 0}, .base = 3});

  EXPECT_FALSE(outcome.allocation->lists[1].passes_threshold);
  EXPECT_THAT(Seats(*outcome.allocation), ElementsAre(3, 0));
}

TEST(DecidePartyListTest, SharesSeatsByTheMethodOfTheContest) {
  PartyList rule = ListOf(26, std::nullopt, false);
  const std::vector<std::optional<int64_t>> votes = {9'061, 7'179, 5'259, 3'319, 1'182};
  const auto answer = [&](AllocationMethod method) {
    rule.method = method;
    return Answer({.rule = rule, .votes = votes, .base = {}});
  };

  const Outcome divisors = answer(AllocationMethod::kSainteLague);
  EXPECT_THAT(Seats(*divisors.allocation), ElementsAre(9, 8, 5, 3, 1));
  EXPECT_EQ(divisors.allocation->quota, (Fraction{0, 1}));
  EXPECT_THAT(divisors.allocation->seat_order, ::testing::SizeIs(26));
  EXPECT_EQ(divisors.allocation->seat_order.front(), 0);
  EXPECT_THAT(divisors.explanation, HasSubstr("26 seats by Sainte-Lague"));

  const Outcome droop = answer(AllocationMethod::kDroop);
  EXPECT_EQ(droop.allocation->quota, (Fraction{26'000 / 27 + 1, 1}));
  EXPECT_THAT(droop.allocation->seat_order, IsEmpty());
  EXPECT_THAT(droop.explanation, HasSubstr("Droop quota 963/1"));
}

TEST(DecidePartyListTest, IsUndeterminedWhereQuotasExceedTheSeats) {
  PartyList rule = ListOf(2, std::nullopt, false);
  rule.method = AllocationMethod::kImperiali;
  const Outcome outcome = Answer({.rule = rule, .votes = {100, 100, 100}, .base = {}});

  // The quota is 75.
  EXPECT_EQ(outcome.status, OutcomeStatus::kUndetermined);
  EXPECT_THAT(Seats(*outcome.allocation), ElementsAre(0, 0, 0));
  EXPECT_THAT(outcome.explanation, HasSubstr("300/4 come to more than 2 seats"));
}

// Mazhilis 2007 as the law read from 2009: one list above 7 %, so the next, NSDP, is admitted with the index 0.7.
// 269,310 x 98 / 5,517,030 = 4.7837 quotas, times 0.7 = 3.3486.
TEST(DecidePartyListTest, AdmitsASecondListWhereOnePassesAlone) {
  PartyList rule = ListOf(98, Fraction{7, 100}, true);
  const std::vector<std::optional<int64_t>> votes = {5'247'720, 183'346, 269'310, 89'855, 76'799, 46'436, 22'159};

  const Outcome alone = Answer({.rule = rule, .votes = votes, .base = 5'935'625});
  EXPECT_THAT(Seats(*alone.allocation), ElementsAre(98, 0, 0, 0, 0, 0, 0));

  rule.second_list_index = Fraction{7, 10};
  const Outcome outcome = Answer({.rule = rule, .votes = votes, .base = 5'935'625});
  EXPECT_EQ(outcome.status, OutcomeStatus::kDecided);
  EXPECT_THAT(outcome.options, ElementsAre(0, 2));
  EXPECT_THAT(Seats(*outcome.allocation), ElementsAre(95, 0, 3, 0, 0, 0, 0));
  EXPECT_TRUE(outcome.allocation->lists[2].admitted_second);
  EXPECT_FALSE(outcome.allocation->lists[2].passes_threshold);
  EXPECT_EQ(outcome.allocation->lists[2].quotient, 4);
  EXPECT_EQ(outcome.allocation->admitted_votes, 5'517'030);
}

TEST(DecidePartyListTest, LeavesTheSecondPlaceToALotWhereItIsTied) {
  PartyList rule = ListOf(10, Fraction{1, 2}, true);
  rule.second_list_index = Fraction{7, 10};
  const Outcome tie = Answer({.rule = rule, .votes = {60, 20, 20}, .base = 100});
  EXPECT_EQ(tie.status, OutcomeStatus::kTie);
  EXPECT_EQ(tie.allocation->undecided_seats, 10);
  EXPECT_THAT(tie.explanation, HasSubstr("o1, o2 for 10 seat(s)"));

  // Nobody else has a vote, or two pass: the index is not asked for.
  EXPECT_THAT(Seats(*Answer({.rule = rule, .votes = {60, 0}, .base = 100}).allocation), ElementsAre(10, 0));
  EXPECT_THAT(Seats(*Answer({.rule = rule, .votes = {50, 50, 20}, .base = 100}).allocation), ElementsAre(5, 5, 0));
}

TEST(DecidePluralityTest, ElectsWhoHasMostVotes) {
  const Outcome outcome = Answer({.rule = Plurality{}, .votes = {10, 12, 11}, .base = {}});

  EXPECT_EQ(outcome.status, OutcomeStatus::kDecided);
  EXPECT_THAT(outcome.options, ElementsAre(1));
}

TEST(DecidePluralityTest, NeverElectsAgainstAll) {
  const Outcome outcome = Answer({.rule = Plurality{},
                                  .votes = {10, 99, 11},
                                  .base = {},
                                  .kinds = {OptionKind::kCandidate, OptionKind::kAgainstAll, OptionKind::kCandidate}});

  EXPECT_THAT(outcome.options, ElementsAre(2));
}

TEST(DecidePluralityTest, AnswersATieWithAllWhoShareIt) {
  const Outcome outcome = Answer({.rule = Plurality{}, .votes = {12, 12, 11, 12}, .base = {}});

  EXPECT_EQ(outcome.status, OutcomeStatus::kTie);
  EXPECT_THAT(outcome.options, ElementsAre(0, 1, 3));
  EXPECT_THAT(outcome.explanation, HasSubstr("o0, o1, o3"));
}

TEST(DecidePluralityTest, IsUndeterminedWithoutVotes) {
  EXPECT_EQ(Answer({.rule = Plurality{}, .votes = {0, 0}, .base = {}}).status, OutcomeStatus::kUndetermined);
  EXPECT_EQ(Answer({.rule = Plurality{}, .votes = {std::nullopt, std::nullopt}, .base = {}}).status,
            OutcomeStatus::kUndetermined);
}

// Bolivia, Constitution art. 166: more than half of the valid votes, or at least 40 % and a lead of at least 10 points.
AbsoluteMajority Bolivia() {
  return {.conditions = {{.share = {.ratio = {50, 100}, .base_id = "base", .inclusive = false}, .lead = {}},
                         {.share = {.ratio = {40, 100}, .base_id = "base", .inclusive = true},
                          .lead = Fraction{10, 100},
                          .lead_inclusive = true}}};
}

TEST(DecideMajorityTest, ElectsByEitherConditionExactlyAtItsBoundary) {
  struct Case {
    int64_t first, second;  // Of 10,000 valid votes.
    OutcomeStatus status;
    std::vector<bool> met;
  };
  for (const Case& c : {Case{5'001, 4'999, OutcomeStatus::kDecided, {true, false}},
                        Case{5'000, 4'500, OutcomeStatus::kRunoff, {false, false}},
                        Case{4'000, 3'000, OutcomeStatus::kDecided, {false, true}},
                        Case{4'000, 3'001, OutcomeStatus::kRunoff, {false, false}},
                        Case{3'999, 2'900, OutcomeStatus::kRunoff, {false, false}},
                        Case{5'500, 4'500, OutcomeStatus::kDecided, {true, true}}}) {
    const int64_t rest = 10'000 - c.first - c.second;
    const Outcome outcome =
        Answer({.rule = Bolivia(), .votes = {c.second, c.first, rest / 2, rest - rest / 2}, .base = 10'000});
    EXPECT_EQ(outcome.status, c.status) << c.first << " against " << c.second;
    std::vector<bool> met;
    for (const ConditionResult& result : outcome.conditions) met.push_back(result.met);
    EXPECT_THAT(met, ElementsAreArray(c.met)) << c.first << " against " << c.second;
    EXPECT_THAT(outcome.options,
                c.status == OutcomeStatus::kDecided ? std::vector<int32_t>{1} : std::vector<int32_t>({0, 1}));
  }
}

// The official count of 2019: 47.08 % and 36.51 %, a lead of 10.57 points, disputed.
TEST(DecideMajorityTest, DecidesBoliviaByTheLead) {
  const Outcome outcome = Answer({.rule = Bolivia(), .votes = {2'240'920, 2'889'359}, .base = 6'137'671});

  EXPECT_EQ(outcome.status, OutcomeStatus::kDecided);
  EXPECT_THAT(outcome.options, ElementsAre(1));
  EXPECT_EQ(outcome.conditions[1].share, (Fraction{2'889'359, 6'137'671}));
  EXPECT_EQ(outcome.conditions[1].lead, (Fraction{648'439, 6'137'671}));
}

TEST(DecideMajorityTest, HonoursAStrictLead) {
  AbsoluteMajority rule = Bolivia();
  rule.conditions[1].lead_inclusive = false;

  EXPECT_EQ(Answer({.rule = rule, .votes = {4'000, 3'000, 3'000}, .base = 10'000}).status, OutcomeStatus::kTie);
  EXPECT_EQ(Answer({.rule = rule, .votes = {4'001, 3'000, 2'999}, .base = 10'000}).status, OutcomeStatus::kDecided);
}

TEST(DecideMajorityTest, LeavesOutAgainstAllFromTheRunoffAndTheLead) {
  const Outcome outcome = Answer({.rule = Bolivia(),
                                  .votes = {4'000, 3'900, 2'100},
                                  .base = 10'000,
                                  .kinds = {OptionKind::kCandidate, OptionKind::kAgainstAll, OptionKind::kCandidate}});

  EXPECT_EQ(outcome.status, OutcomeStatus::kDecided);
  EXPECT_EQ(outcome.conditions[1].lead, (Fraction{1'900, 10'000}));
}

TEST(DecideMajorityTest, AnswersATieForAPlaceInTheRunoff) {
  const Outcome second = Answer({.rule = Bolivia(), .votes = {3'000, 3'900, 3'000, 100}, .base = 10'000});
  EXPECT_EQ(second.status, OutcomeStatus::kTie);
  EXPECT_THAT(second.options, ElementsAre(0, 1, 2));

  const Outcome first = Answer({.rule = Bolivia(), .votes = {3'000, 3'000, 3'000, 1'000}, .base = 10'000});
  EXPECT_EQ(first.status, OutcomeStatus::kTie);
  EXPECT_THAT(first.options, ElementsAre(0, 1, 2));
}

TEST(DecideMajorityTest, SendsTwoEqualLeadersToTheRunoffWithoutATie) {
  const Outcome outcome = Answer({.rule = Bolivia(), .votes = {4'500, 1'000, 4'500}, .base = 10'000});

  EXPECT_EQ(outcome.status, OutcomeStatus::kRunoff);
  EXPECT_THAT(outcome.options, ElementsAre(0, 2));
  EXPECT_EQ(outcome.conditions[1].lead, (Fraction{0, 10'000}));
}

// Two leaders of exactly half each meet an inclusive bar of one half, and neither is elected.
TEST(DecideMajorityTest, ElectsNobodyOfTwoHalves) {
  AbsoluteMajority rule;
  rule.conditions = {{.share = {.ratio = {1, 2}, .base_id = "base", .inclusive = true}, .lead = {}}};

  EXPECT_EQ(Answer({.rule = rule, .votes = {50, 50}, .base = 100}).status, OutcomeStatus::kRunoff);
  EXPECT_EQ(Answer({.rule = rule, .votes = {50, 49}, .base = 100}).status, OutcomeStatus::kDecided);
}

TEST(DecideMajorityTest, RejectsTheOnlyCandidateWhoMeetsNoCondition) {
  const Outcome outcome = Answer({.rule = Bolivia(),
                                  .votes = {3'000, 7'000},
                                  .base = 10'000,
                                  .kinds = {OptionKind::kCandidate, OptionKind::kAgainstAll}});

  EXPECT_EQ(outcome.status, OutcomeStatus::kRejected);
}

TEST(DecideMajorityTest, IsUndeterminedWithoutVotesOrBase) {
  EXPECT_EQ(Answer({.rule = Bolivia(), .votes = {0, 0}, .base = 10}).status, OutcomeStatus::kUndetermined);
  EXPECT_EQ(Answer({.rule = Bolivia(), .votes = {6, 4}, .base = {}}).status, OutcomeStatus::kUndetermined);
  EXPECT_EQ(Answer({.rule = Bolivia(), .votes = {6, 4}, .base = 0}).status, OutcomeStatus::kUndetermined);
}

// ---------------------------------------------------------------------------------------------------------------------
// Referendum

// More than half of the base, in at least two thirds of the regions, as in Kazakhstan.
Referendum Regional() {
  return {.condition = {.ratio = {1, 2}, .base_id = "base", .inclusive = false},
          .regions = RegionalCondition{.level_id = "region", .ratio = {2, 3}, .inclusive = true}};
}

std::vector<OutcomeInput::Region> RegionsOf(int for_count, int against_count, int unknown_count = 0) {
  std::vector<OutcomeInput::Region> regions;
  for (int i = 0; i < for_count; ++i) regions.push_back({absl::StrCat("for-", i), 51, 100});
  for (int i = 0; i < against_count; ++i) regions.push_back({absl::StrCat("against-", i), 50, 100});
  for (int i = 0; i < unknown_count; ++i) regions.push_back({absl::StrCat("unknown-", i), std::nullopt, std::nullopt});
  return regions;
}

Outcome Ask(const Referendum& rule, std::optional<int64_t> yes, std::optional<int64_t> base,
            std::vector<OutcomeInput::Region> regions) {
  return Answer({.rule = rule,
                 .votes = {40, yes},
                 .base = base,
                 .kinds = {OptionKind::kNo, OptionKind::kYes},
                 .regions = std::move(regions)});
}

TEST(DecideReferendumTest, IsAdoptedAboveHalfAndRejectedAtHalf) {
  Referendum rule = Regional();
  rule.regions = std::nullopt;

  const Outcome adopted = Ask(rule, 51, 100, {});
  EXPECT_EQ(adopted.status, OutcomeStatus::kAdopted);
  EXPECT_THAT(adopted.options, ElementsAre(1));
  EXPECT_EQ(adopted.conditions[0].share, (Fraction{51, 100}));
  const Outcome rejected = Ask(rule, 50, 100, {});
  EXPECT_EQ(rejected.status, OutcomeStatus::kRejected);
  EXPECT_THAT(rejected.options, IsEmpty());
  rule.condition.inclusive = true;
  EXPECT_EQ(Ask(rule, 50, 100, {}).status, OutcomeStatus::kAdopted);
}

// 5 June 2022, final: 6,163,516 of 7,985,769 who took part.
TEST(DecideReferendumTest, AdoptsTheReferendumOf2022) {
  EXPECT_EQ(Ask(Regional(), 6'163'516, 7'985'769, RegionsOf(17, 0)).status, OutcomeStatus::kAdopted);
}

TEST(DecideReferendumTest, NeedsTwoThirdsOfTheRegionsExactly) {
  const Outcome at = Ask(Regional(), 60, 100, RegionsOf(12, 6));
  EXPECT_EQ(at.status, OutcomeStatus::kAdopted);
  EXPECT_EQ(at.regions->unit_count, 18);
  EXPECT_EQ(at.regions->met_unit_ids.size(), 12u);
  EXPECT_TRUE(at.regions->met);
  EXPECT_EQ(Ask(Regional(), 60, 100, RegionsOf(11, 7)).status, OutcomeStatus::kRejected);

  Referendum strict = Regional();
  strict.regions->inclusive = false;
  EXPECT_EQ(Ask(strict, 60, 100, RegionsOf(12, 6)).status, OutcomeStatus::kRejected);
  EXPECT_EQ(Ask(strict, 60, 100, RegionsOf(13, 5)).status, OutcomeStatus::kAdopted);
}

TEST(DecideReferendumTest, StaysOpenWhileUnknownRegionsCouldDecideIt) {
  EXPECT_EQ(Ask(Regional(), 60, 100, RegionsOf(11, 6, 1)).status, OutcomeStatus::kUndetermined);
  EXPECT_EQ(Ask(Regional(), 60, 100, RegionsOf(12, 5, 1)).status, OutcomeStatus::kAdopted);
  EXPECT_EQ(Ask(Regional(), 60, 100, RegionsOf(10, 7, 1)).status, OutcomeStatus::kRejected);
  EXPECT_EQ(Ask(Regional(), 60, 100, {}).status, OutcomeStatus::kUndetermined);
}

TEST(DecideReferendumTest, IsRejectedByTheWholeWhateverTheRegionsSay) {
  EXPECT_EQ(Ask(Regional(), 50, 100, RegionsOf(18, 0)).status, OutcomeStatus::kRejected);
}

TEST(DecideReferendumTest, IsUndeterminedWithoutVotesOrBase) {
  EXPECT_EQ(Ask(Regional(), std::nullopt, 100, {}).status, OutcomeStatus::kUndetermined);
  EXPECT_EQ(Ask(Regional(), 51, std::nullopt, {}).status, OutcomeStatus::kUndetermined);
  EXPECT_EQ(Ask(Regional(), 0, 0, {}).status, OutcomeStatus::kUndetermined);
}

}  // namespace
}  // namespace hattama::domain
