#include "clients/cli/table.h"

#include <gtest/gtest.h>

#include "clients/cli/progress_bar.h"

namespace hattama::cli {
namespace {

TEST(DisplayWidthTest, CountsTerminalCellsAndNotBytes) {
  EXPECT_EQ(DisplayWidth("Almaty"), 6);
  EXPECT_EQ(DisplayWidth("Алматы"), 6);
  EXPECT_EQ(DisplayWidth("Өскемен"), 7);
  // A combining breve over the letter before it takes no cell of its own.
  EXPECT_EQ(DisplayWidth("и\u0306"), 1);
  EXPECT_EQ(DisplayWidth("選挙"), 4);
  EXPECT_EQ(DisplayWidth(""), 0);
}

TEST(ShortenedTest, CutsBetweenCharactersAndSaysSo) {
  EXPECT_EQ(Shortened("Қызылорда облысы", 9), "Қызылорд…");
  EXPECT_EQ(Shortened("Қызылорда", 9), "Қызылорда");
  EXPECT_LE(DisplayWidth(Shortened("選挙管理委員会", 6)), 6);
}

TEST(OneLineTest, LetsNothingMoveTheCursor) { EXPECT_EQ(OneLine("a\nb\tc\x1b[2Jd"), "a b c [2Jd"); }

TEST(TableTest, LinesUpCyrillicAndNumbers) {
  Table table({{"party"}, {"votes", Align::kRight}});
  table.Add({"Ауыл", "693,938"});
  table.Add({"Respublica", "547"});
  EXPECT_EQ(table.Render(false),
            "party         votes\n"
            "Ауыл        693,938\n"
            "Respublica      547\n");
}

TEST(TableTest, LeavesOutColumnsThatSayNothing) {
  Table table({{"a"}, {"empty"}, {"b"}});
  table.Add({"1", "", "2"});
  EXPECT_EQ(table.Render(false), "a  b\n1  2\n");
}

TEST(TableTest, ShowsColourOnlyWhereAsked) {
  Table table({{"a"}});
  table.Add({Cell("lost", Tone::kBad)});
  EXPECT_EQ(table.Render(false).find('\x1b'), std::string::npos);
  EXPECT_NE(table.Render(true).find('\x1b'), std::string::npos);
}

TEST(ProgressLineTest, SaysRateAndTimeLeft) {
  const std::string line = ProgressLine("import", 25'000, 100'000, absl::Seconds(5), 80);
  EXPECT_NE(line.find("25,000"), std::string::npos) << line;
  EXPECT_NE(line.find("5,000"), std::string::npos) << line;
  EXPECT_NE(line.find("0:15 left"), std::string::npos) << line;
  EXPECT_LE(DisplayWidth(line), 80) << line;
}

TEST(ProgressLineTest, KeepsToANarrowTerminal) {
  EXPECT_LE(DisplayWidth(ProgressLine("import", 25'000, 100'000, absl::Seconds(5), 30)), 30);
}

}  // namespace
}  // namespace hattama::cli
