#include "services/domain/apportionment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "tests/domain/seed.h"

namespace hattama::domain {
namespace {

using ::testing::ElementsAre;

using Numbers = std::vector<int64_t>;

constexpr AllocationMethod kQuotaMethods[] = {AllocationMethod::kHare,
                                        AllocationMethod::kHareRounded,
                                        AllocationMethod::kDroop,
                                        AllocationMethod::kHagenbachBischoff,
                                        AllocationMethod::kHagenbachBischoffCeiling,
                                        AllocationMethod::kHagenbachBischoffRounded,
                                        AllocationMethod::kImperiali};
constexpr AllocationMethod kDivisorMethods[] = {
    AllocationMethod::kDHondt,         AllocationMethod::kSainteLague, AllocationMethod::kModifiedSainteLague,
    AllocationMethod::kHuntingtonHill, AllocationMethod::kAdams,       AllocationMethod::kDean};

std::vector<AllocationMethod> EveryMethod() {
  std::vector<AllocationMethod> methods(std::begin(kQuotaMethods), std::end(kQuotaMethods));
  methods.insert(methods.end(), std::begin(kDivisorMethods), std::end(kDivisorMethods));
  methods.push_back(AllocationMethod::kBalinskiYoungQuota);
  return methods;
}

Numbers SeatsOf(const Apportionment& result) {
  Numbers seats;
  for (const ApportionedList& list : result.lists) seats.push_back(list.seats);
  return seats;
}

Numbers Seats(AllocationMethod method, const Numbers& votes, int64_t seat_count) {
  const Apportionment result = Apportion(method, votes, seat_count);
  EXPECT_EQ(result.undecided_seats, 0) << AllocationMethodName(method);
  return SeatsOf(result);
}

// Kazakhstan, Mazhilis 2023: lists above 5 %, 69 seats by Hare quota and largest remainders. Official: 40/8/6/6/5/4.
const Numbers kMazhilis2023 = {3'431'510, 693'938, 547'154, 535'139, 432'920, 331'058};

TEST(ApportionTest, GivesTheSeatsOfMazhilis2023) {
  const Apportionment hare = Apportion(AllocationMethod::kHare, kMazhilis2023, 69);
  EXPECT_THAT(SeatsOf(hare), ElementsAre(40, 8, 6, 6, 5, 4));
  EXPECT_EQ(hare.quota, (Fraction{5'971'719, 69}));
  Numbers quotients;
  for (const ApportionedList& list : hare.lists) quotients.push_back(list.quotient);
  EXPECT_THAT(quotients, ElementsAre(39, 8, 6, 6, 5, 3));
  // PPK clears its fifth quota by 186 51/69 votes: 432,920 - 5 x 5,971,719 / 69.
  EXPECT_EQ(static_cast<int64_t>(hare.lists[4].remainder), 186 * 69 + 51);

  EXPECT_THAT(Seats(AllocationMethod::kDHondt, kMazhilis2023, 69), ElementsAre(41, 8, 6, 6, 5, 3));
  for (const AllocationMethod method : {AllocationMethod::kDroop, AllocationMethod::kHagenbachBischoff, AllocationMethod::kSainteLague,
                                  AllocationMethod::kModifiedSainteLague}) {
    EXPECT_THAT(Seats(method, kMazhilis2023, 69), ElementsAre(40, 8, 6, 6, 5, 4)) << AllocationMethodName(method);
  }
}

// Balinski and Young, "Fair Representation": an example of how much divisor methods differ.
TEST(ApportionTest, GivesTheFirstExampleOfBalinskiAndYoung) {
  const Numbers votes = {5'117, 4'400, 162, 161, 160};
  EXPECT_THAT(Seats(AllocationMethod::kHare, votes, 100), ElementsAre(51, 44, 2, 2, 1));
  EXPECT_THAT(Seats(AllocationMethod::kBalinskiYoungQuota, votes, 100), ElementsAre(52, 44, 2, 1, 1));
  EXPECT_THAT(Seats(AllocationMethod::kDHondt, votes, 100), ElementsAre(52, 45, 1, 1, 1));
  for (const AllocationMethod method : {AllocationMethod::kSainteLague, AllocationMethod::kModifiedSainteLague,
                                  AllocationMethod::kHuntingtonHill, AllocationMethod::kAdams, AllocationMethod::kDean}) {
    EXPECT_THAT(Seats(method, votes, 100), ElementsAre(51, 43, 2, 2, 2)) << AllocationMethodName(method);
  }
}

TEST(ApportionTest, GivesTheSecondExampleOfBalinskiAndYoung) {
  const Numbers votes = {9'061, 7'179, 5'259, 3'319, 1'182};
  EXPECT_THAT(Seats(AllocationMethod::kHare, votes, 26), ElementsAre(9, 7, 5, 4, 1));
  EXPECT_THAT(Seats(AllocationMethod::kBalinskiYoungQuota, votes, 26), ElementsAre(10, 7, 5, 3, 1));
  EXPECT_THAT(Seats(AllocationMethod::kDHondt, votes, 26), ElementsAre(10, 7, 5, 3, 1));
  EXPECT_THAT(Seats(AllocationMethod::kSainteLague, votes, 26), ElementsAre(9, 8, 5, 3, 1));
  EXPECT_THAT(Seats(AllocationMethod::kHuntingtonHill, votes, 26), ElementsAre(9, 7, 6, 3, 1));
  EXPECT_THAT(Seats(AllocationMethod::kAdams, votes, 26), ElementsAre(9, 7, 5, 3, 2));
  EXPECT_THAT(Seats(AllocationMethod::kDean, votes, 26), ElementsAre(9, 7, 5, 4, 1));
}

// Austria, European Parliament 2019: 18 seats by D'Hondt.
TEST(ApportionTest, GivesTheSeatsOfAustria2019) {
  EXPECT_THAT(Seats(AllocationMethod::kDHondt, {1'305'956, 903'151, 650'114, 532'193, 319'024}, 18),
              ElementsAre(7, 5, 3, 2, 1));
}

TEST(ApportionTest, NamesQuotasExactly) {
  const auto quota = [](AllocationMethod method, int64_t votes, int64_t seats) {
    return Apportion(method, Numbers{votes}, seats).quota;
  };
  EXPECT_EQ(quota(AllocationMethod::kHare, 100, 7), (Fraction{100, 7}));
  EXPECT_EQ(quota(AllocationMethod::kHareRounded, 100, 7), (Fraction{14, 1}));  // 14.28
  EXPECT_EQ(quota(AllocationMethod::kHareRounded, 101, 2), (Fraction{51, 1}));  // 50.5, half up.
  EXPECT_EQ(quota(AllocationMethod::kDroop, 100, 7), (Fraction{13, 1}));        // floor(12.5) + 1
  EXPECT_EQ(quota(AllocationMethod::kDroop, 96, 7), (Fraction{13, 1}));         // 12 + 1
  EXPECT_EQ(quota(AllocationMethod::kHagenbachBischoff, 100, 7), (Fraction{100, 8}));
  EXPECT_EQ(quota(AllocationMethod::kHagenbachBischoffCeiling, 100, 7), (Fraction{13, 1}));
  EXPECT_EQ(quota(AllocationMethod::kHagenbachBischoffCeiling, 96, 7), (Fraction{12, 1}));
  EXPECT_EQ(quota(AllocationMethod::kHagenbachBischoffRounded, 100, 7), (Fraction{13, 1}));  // 12.5, half up.
  EXPECT_EQ(quota(AllocationMethod::kHagenbachBischoffRounded, 99, 7), (Fraction{12, 1}));   // 12.375
  EXPECT_EQ(quota(AllocationMethod::kImperiali, 100, 7), (Fraction{100, 9}));
}

TEST(ApportionTest, LeavesEqualClaimsToALot) {
  const Numbers votes = {2, 1, 1, 2, 2};
  for (const AllocationMethod method : EveryMethod()) {
    const Apportionment result = Apportion(method, votes, 2);
    if (result.exceeds_seats) continue;
    EXPECT_EQ(result.undecided_seats, 2) << AllocationMethodName(method);
    EXPECT_THAT(SeatsOf(result), ElementsAre(0, 0, 0, 0, 0)) << AllocationMethodName(method);
    for (size_t i = 0; i < votes.size(); ++i) EXPECT_EQ(result.lists[i].tied, votes[i] == 2) << AllocationMethodName(method);
  }
}

TEST(ApportionTest, ATieForThreeSeatsBetweenTwoListsIsOneSeat) {
  for (const AllocationMethod method : EveryMethod()) {
    const Apportionment result = Apportion(method, Numbers{10, 10}, 3);
    if (result.exceeds_seats) continue;
    EXPECT_THAT(SeatsOf(result), ElementsAre(1, 1)) << AllocationMethodName(method);
    EXPECT_EQ(result.undecided_seats, 1) << AllocationMethodName(method);
  }
}

TEST(ApportionTest, AQuotaBelowTheFairOneMayExceedTheSeats) {
  // Three exact quotas of 100 / 3 for two seats.
  const Apportionment exact = Apportion(AllocationMethod::kHagenbachBischoff, Numbers{100, 100, 100}, 2);
  EXPECT_TRUE(exact.exceeds_seats);
  EXPECT_THAT(SeatsOf(exact), ElementsAre(0, 0, 0));
  EXPECT_TRUE(Apportion(AllocationMethod::kImperiali, Numbers{50, 50}, 4).exceeds_seats);
  EXPECT_FALSE(Apportion(AllocationMethod::kDroop, Numbers{100, 100, 100}, 2).exceeds_seats);
}

TEST(ApportionTest, GivesFirstSeatsToTheLargestWhereSeatsAreFew) {
  const Numbers votes = {10, 40, 30, 20};
  for (const AllocationMethod method : {AllocationMethod::kAdams, AllocationMethod::kHuntingtonHill, AllocationMethod::kDean}) {
    EXPECT_THAT(Seats(method, votes, 2), ElementsAre(0, 1, 1, 0)) << AllocationMethodName(method);
    EXPECT_THAT(Seats(method, votes, 4), ElementsAre(1, 1, 1, 1)) << AllocationMethodName(method);
  }
}

TEST(ApportionTest, GivesNothingWithoutVotesOrSeats) {
  for (const AllocationMethod method : EveryMethod()) {
    EXPECT_THAT(SeatsOf(Apportion(method, Numbers{0, 0}, 5)), ElementsAre(0, 0));
    EXPECT_THAT(SeatsOf(Apportion(method, Numbers{3, 4}, 0)), ElementsAre(0, 0));
    EXPECT_TRUE(Apportion(method, Numbers{}, 5).lists.empty());
    const Apportionment alone = Apportion(method, Numbers{0, 7, 0}, 5);
    EXPECT_THAT(SeatsOf(alone), ElementsAre(0, alone.exceeds_seats ? 0 : 5, 0)) << AllocationMethodName(method);
  }
}

TEST(ApportionTest, IsExactOnTheLargestVotes) {
  // One vote in 2^61 decides the last seat, in every method; the squares of Huntington-Hill have 122 bits.
  const int64_t large = (int64_t{1} << 60) - 1;
  for (const AllocationMethod method : EveryMethod()) {
    const Apportionment result = Apportion(method, Numbers{large, large - 1}, 3);
    if (result.exceeds_seats) continue;
    EXPECT_THAT(SeatsOf(result), ElementsAre(2, 1)) << AllocationMethodName(method);
  }
}

TEST(ApportionTest, KeepsEveryStepOfADivisorMethod) {
  const Apportionment result = Apportion(AllocationMethod::kDHondt, Numbers{60, 40}, 3);
  ASSERT_EQ(result.steps.size(), 3u);
  EXPECT_EQ(result.steps[0].list, 0);  // 60/1
  EXPECT_EQ(result.steps[1].list, 1);  // 40/1
  EXPECT_EQ(result.steps[2].list, 0);  // 60/2
  EXPECT_EQ(static_cast<int64_t>(result.steps[2].numerator), 60);
  EXPECT_EQ(static_cast<int64_t>(result.steps[2].denominator), 2);
}

// ---------------------------------------------------------------------------------------------------------------------
// Properties over random inputs

class PropertyTest : public ::testing::Test {
 protected:
  static constexpr int kRounds = 2'000;

  int64_t Number(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(random_); }
  Numbers Votes() {
    // Small numbers make ties, large ones do not.
    const int64_t high = Number(0, 1) == 0 ? 12 : 1'000'000;
    Numbers votes(Number(1, 8));
    for (int64_t& v : votes) v = Number(0, high);
    return votes;
  }

  std::mt19937_64 random_{testing::Seed(41)};
};

TEST_F(PropertyTest, SeatsAndLotsTogetherAreAllSeats) {
  for (int round = 0; round < kRounds; ++round) {
    const Numbers votes = Votes();
    const int64_t seats = Number(0, 40);
    if (std::accumulate(votes.begin(), votes.end(), int64_t{0}) == 0) continue;
    for (const AllocationMethod method : EveryMethod()) {
      const Apportionment result = Apportion(method, votes, seats);
      if (result.exceeds_seats) continue;
      const Numbers given = SeatsOf(result);
      const int64_t tied =
          std::count_if(result.lists.begin(), result.lists.end(), [](const auto& list) { return list.tied; });
      ASSERT_EQ(std::accumulate(given.begin(), given.end(), int64_t{0}) + result.undecided_seats, seats)
          << AllocationMethodName(method);
      ASSERT_EQ(result.undecided_seats > 0, tied > 0) << AllocationMethodName(method);
      ASSERT_TRUE(tied == 0 || result.undecided_seats < tied) << AllocationMethodName(method);
      for (size_t i = 0; i < votes.size(); ++i) {
        ASSERT_TRUE(votes[i] > 0 || (given[i] == 0 && !result.lists[i].tied)) << AllocationMethodName(method);
      }
    }
  }
}

TEST_F(PropertyTest, AnonymityTheOrderOfListsChangesNothing) {
  for (int round = 0; round < kRounds; ++round) {
    const Numbers votes = Votes();
    const int64_t seats = Number(0, 40);
    std::vector<size_t> order(votes.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random_);
    Numbers shuffled;
    for (const size_t i : order) shuffled.push_back(votes[i]);
    for (const AllocationMethod method : EveryMethod()) {
      const Apportionment before = Apportion(method, votes, seats), after = Apportion(method, shuffled, seats);
      for (size_t i = 0; i < order.size(); ++i) {
        ASSERT_EQ(after.lists[i].seats, before.lists[order[i]].seats) << AllocationMethodName(method);
        ASSERT_EQ(after.lists[i].tied, before.lists[order[i]].tied) << AllocationMethodName(method);
      }
    }
  }
}

TEST_F(PropertyTest, MoreVotesNeverMeanFewerSeats) {
  for (int round = 0; round < kRounds; ++round) {
    const Numbers votes = Votes();
    for (const AllocationMethod method : EveryMethod()) {
      const Apportionment result = Apportion(method, votes, Number(0, 40));
      for (size_t i = 0; i < votes.size(); ++i) {
        for (size_t j = 0; j < votes.size(); ++j) {
          if (votes[i] > votes[j]) {
            ASSERT_GE(result.lists[i].seats, result.lists[j].seats) << AllocationMethodName(method);
          }
          if (votes[i] == votes[j]) {
            ASSERT_EQ(result.lists[i].seats, result.lists[j].seats) << AllocationMethodName(method);
          }
        }
      }
    }
  }
}

TEST_F(PropertyTest, HouseMonotonicityOfDivisorsAndTheQuotaMethod) {
  std::vector<AllocationMethod> methods(std::begin(kDivisorMethods), std::end(kDivisorMethods));
  methods.push_back(AllocationMethod::kBalinskiYoungQuota);
  for (int round = 0; round < kRounds; ++round) {
    const Numbers votes = Votes();
    const int64_t seats = Number(0, 40);
    for (const AllocationMethod method : methods) {
      const Apportionment fewer = Apportion(method, votes, seats), more = Apportion(method, votes, seats + 1);
      for (size_t i = 0; i < votes.size(); ++i) {
        ASSERT_LE(fewer.lists[i].seats, more.lists[i].seats) << AllocationMethodName(method) << " " << seats;
      }
    }
  }
}

// The Alabama paradox: with a Hare quota one seat more may cost a list a seat, so the property above is not for it.
TEST(ApportionTest, LargestRemaindersAreNotHouseMonotone) {
  const Numbers votes = {6, 6, 2};
  EXPECT_THAT(Seats(AllocationMethod::kHare, votes, 10), ElementsAre(4, 4, 2));
  EXPECT_THAT(Seats(AllocationMethod::kHare, votes, 11), ElementsAre(5, 5, 1));
}

TEST_F(PropertyTest, PopulationMonotonicityOfDivisors) {
  // Where one list gains votes and another loses some, the first does not lose a seat to the second.
  for (int round = 0; round < kRounds; ++round) {
    Numbers votes = Votes();
    if (votes.size() < 2) continue;
    const int64_t seats = Number(0, 40);
    Numbers changed = votes;
    changed[0] += Number(0, 100'000);
    changed[1] -= Number(0, changed[1]);
    for (const AllocationMethod method : kDivisorMethods) {
      const Apportionment before = Apportion(method, votes, seats), after = Apportion(method, changed, seats);
      if (before.undecided_seats > 0 || after.undecided_seats > 0) continue;
      ASSERT_FALSE(after.lists[0].seats < before.lists[0].seats && after.lists[1].seats > before.lists[1].seats)
          << AllocationMethodName(method);
    }
  }
}

TEST_F(PropertyTest, QuotaRuleOfHareAndOfTheQuotaMethod) {
  for (int round = 0; round < kRounds; ++round) {
    const Numbers votes = Votes();
    const int64_t sum = std::accumulate(votes.begin(), votes.end(), int64_t{0});
    if (sum == 0) continue;
    const int64_t seats = Number(0, 40);
    for (const AllocationMethod method : {AllocationMethod::kHare, AllocationMethod::kBalinskiYoungQuota, AllocationMethod::kDHondt}) {
      const Apportionment result = Apportion(method, votes, seats);
      for (size_t i = 0; i < votes.size(); ++i) {
        const ApportionedList& list = result.lists[i];
        const int64_t low = votes[i] * seats / sum, high = (votes[i] * seats + sum - 1) / sum;
        // A tied list may still get one of the seats that a lot decides.
        ASSERT_GE(list.seats + (list.tied ? 1 : 0), low) << AllocationMethodName(method);
        if (method != AllocationMethod::kDHondt) {
          ASSERT_LE(list.seats + (list.tied ? 1 : 0), high) << AllocationMethodName(method);
        }
      }
    }
  }
}

// The definition of a divisor method, slowly: seats are a divisor's rounding exactly where no seat could move to a
// larger claim (Pukelsheim, chapter 4, max-min inequality).
TEST_F(PropertyTest, NoSeatOfADivisorMethodHasALargerClaimElsewhere) {
  const auto divisor = [](AllocationMethod method, int64_t k) -> long double {
    const long double x = static_cast<long double>(k);
    switch (method) {
      case AllocationMethod::kSainteLague:
        return 2 * x + 1;
      case AllocationMethod::kModifiedSainteLague:
        return k == 0 ? 1.4L : 2 * x + 1;
      case AllocationMethod::kHuntingtonHill:
        return std::sqrt(x * (x + 1));
      case AllocationMethod::kAdams:
        return x;
      case AllocationMethod::kDean:
        return 2 * x * (x + 1) / (2 * x + 1);
      default:
        return x + 1;
    }
  };
  for (int round = 0; round < kRounds; ++round) {
    const Numbers votes = Votes();
    const int64_t seats = Number(0, 40);
    for (const AllocationMethod method : kDivisorMethods) {
      const Apportionment result = Apportion(method, votes, seats);
      for (const ApportionedList& has : result.lists) {
        if (has.seats == 0) continue;
        const long double least = has.votes / divisor(method, has.seats - 1);
        for (const ApportionedList& wants : result.lists) {
          if (wants.votes == 0) continue;
          const long double next = wants.votes / divisor(method, wants.seats);
          if (std::isinf(least) || std::isinf(next)) continue;  // First seats, tested apart.
          ASSERT_LE(next, least * (1 + 1e-15L)) << AllocationMethodName(method);
        }
      }
    }
  }
}

}  // namespace
}  // namespace hattama::domain
