#include "services/ledger/node_cache.h"

#include <gtest/gtest.h>

#include "storage/merkle/sha256.h"

namespace hattama::ledger {
namespace {

TEST(NodeCacheTest, KeepsNodesByLevelAndIndex) {
  NodeCache cache;

  cache.Keep(6, 1, merkle::Sha256("a"));
  cache.Keep(7, 1, merkle::Sha256("b"));

  EXPECT_EQ(cache.Find(6, 1), merkle::Sha256("a"));
  EXPECT_EQ(cache.Find(7, 1), merkle::Sha256("b"));
  EXPECT_EQ(cache.Find(6, 2), std::nullopt);
  EXPECT_EQ(cache.Find(8, 1), std::nullopt);
}

TEST(NodeCacheTest, BeginsAnewWhereItIsFull) {
  NodeCache cache;
  constexpr int64_t kMore = (1 << 18) + 10;

  for (int64_t index = 0; index < kMore; ++index) cache.Keep(6, index, merkle::Sha256("x"));

  EXPECT_EQ(cache.Find(6, 0), std::nullopt);
  EXPECT_EQ(cache.Find(6, kMore - 1), merkle::Sha256("x"));
}

}  // namespace
}  // namespace hattama::ledger
