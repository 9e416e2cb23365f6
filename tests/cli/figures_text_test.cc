#include "clients/cli/figures_text.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace hattama::cli {
namespace {

std::string PercentOf(int64_t numerator, int64_t denominator) {
  v1::Ratio ratio;
  ratio.set_numerator(numerator);
  ratio.set_denominator(denominator);
  return Percent(ratio);
}

TEST(PercentTest, GivesThePublishedSharesOfTheMazhilisOf2023) {
  // Votes for lists and against all, Central Election Commission of Kazakhstan, 27 March 2023.
  EXPECT_EQ(PercentOf(3'431'510, 6'366'441), "53.90 %");
  EXPECT_EQ(PercentOf(146'431, 6'366'441), "2.30 %");
  EXPECT_EQ(PercentOf(6'521'860, 12'035'578), "54.19 %");
}

TEST(PercentTest, RoundsHalvesAwayFromZeroByExactIntegers) {
  EXPECT_EQ(PercentOf(1, 20'000), "0.01 %");  // 0.005
  EXPECT_EQ(PercentOf(-1, 20'000), "-0.01 %");
  EXPECT_EQ(PercentOf(49'999, 1'000'000'000), "0.00 %");
  EXPECT_EQ(PercentOf(9'999'949, 10'000'000), "100.00 %");
  EXPECT_EQ(PercentOf(0, 7), "0.00 %");
  EXPECT_EQ(PercentOf(INT64_MAX, INT64_MAX), "100.00 %");
  EXPECT_EQ(PercentOf(INT64_MAX, 1), "922,337,203,685,477,580,700.00 %");
}

TEST(GroupedTest, PutsACommaBeforeEveryThreeDigits) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1'000), "1,000");
  EXPECT_EQ(Grouped(-33), "-33");
  EXPECT_EQ(Grouped(-12'035'578), "-12,035,578");
  EXPECT_EQ(Grouped(INT64_MIN), "-9,223,372,036,854,775,808");
  EXPECT_EQ(Signed(67), "+67");
  EXPECT_EQ(Signed(0), "0");
  EXPECT_EQ(Signed(-1'000), "-1,000");
}

TEST(GroupedTest, ShowsWhatNobodyStatedAsADashAndNotAsZero) {
  EXPECT_EQ(GroupedOrDash(std::nullopt), "-");
  EXPECT_EQ(GroupedOrDash(0), "0");
}

TEST(MomentTest, ReadsOffsetsAndFractions) {
  const auto time = ParseMoment("2019-10-20T19:40:57.5-04:00");
  ASSERT_TRUE(time.ok()) << time.status();
  EXPECT_EQ(time->seconds(), 1571614857);
  EXPECT_EQ(time->nanos(), 500'000'000);
  EXPECT_EQ(Moment(*time), "2019-10-20 23:40:57 UTC");
}

TEST(MomentTest, RefusesWhatIsNoMomentOrHasNoZone) {
  for (const char* text :
       {"", "yesterday", "2019-10-20", "2019-10-20T19:40:57", "2019-13-20T19:40:57Z", "2019-10-20T19:40:57Z tail"}) {
    EXPECT_FALSE(ParseMoment(text).ok()) << text;
  }
}

TEST(HexTest, ReadsWhatItWrote) {
  const std::string bytes("\x00\xff\x10 z", 5);
  EXPECT_EQ(Hex(bytes), "00ff10207a");
  EXPECT_EQ(FromHex("00FF10207a"), bytes);
  EXPECT_EQ(FromHex("0"), std::nullopt);
  EXPECT_EQ(FromHex("zz"), std::nullopt);
}

TEST(NameInTest, PrefersTheLanguageThenAVarietyThenEnglish) {
  google::protobuf::RepeatedPtrField<v1::Name> names;
  const auto add = [&](const char* language, const char* text) {
    names.Add()->set_language(language);
    names.rbegin()->set_text(text);
  };
  EXPECT_EQ(NameIn(names, "kk", "almaty"), "almaty");
  add("kk-Latn", "Qyzylorda");
  EXPECT_EQ(NameIn(names, "de", "id"), "Qyzylorda");
  EXPECT_EQ(NameIn(names, "kk", "id"), "Qyzylorda");
  add("kk", "Қызылорда");
  add("en", "Kyzylorda");
  EXPECT_EQ(NameIn(names, "kk", "id"), "Қызылорда");
  EXPECT_EQ(NameIn(names, "kk-Latn", "id"), "Qyzylorda");
  EXPECT_EQ(NameIn(names, "ru", "id"), "Kyzylorda");
}

TEST(EnumTextTest, ReadsLikeWords) {
  EXPECT_EQ(EnumText("POLICY_FINAL_ELSE_PRELIMINARY", "POLICY_"), "final else preliminary");
}

}  // namespace
}  // namespace hattama::cli
