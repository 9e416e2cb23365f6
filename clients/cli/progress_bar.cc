#include "clients/cli/progress_bar.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "clients/cli/figures_text.h"
#include "clients/cli/table.h"

namespace hattama::cli {
namespace {

constexpr absl::Duration kQuiet = absl::Seconds(1);
constexpr absl::Duration kRedraw = absl::Milliseconds(100);

int TerminalWidth() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string ClockText(absl::Duration duration) {
  const int64_t seconds = absl::ToInt64Seconds(duration);
  return seconds < 3600 ? absl::StrFormat("%d:%02d", seconds / 60, seconds % 60)
                        : absl::StrFormat("%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

}  // namespace

std::string ProgressLine(const std::string& title, int64_t done, int64_t total, absl::Duration elapsed, int width) {
  const double seconds = std::max(absl::ToDoubleSeconds(elapsed), 1e-3);
  const double rate = static_cast<double>(done) / seconds;
  const std::string speed = absl::StrCat(Grouped(static_cast<int64_t>(rate)), "/s");
  if (total <= 0) return Shortened(absl::StrCat(title, "  ", Grouped(done), "  ", speed), width);
  const absl::Duration left = rate > 0 ? absl::Seconds(static_cast<double>(total - done) / rate) : absl::ZeroDuration();
  const std::string tail = absl::StrCat("  ", Grouped(done), " of ", Grouped(total), "  ", speed, "  ",
                                        done == 0 ? "" : ClockText(left) + " left");
  const int bar_width = std::min(40, width - DisplayWidth(title) - DisplayWidth(tail) - 3);
  if (bar_width < 5) return Shortened(title + tail, width);
  const int filled = static_cast<int>(std::min(done, total) * bar_width / total);
  std::string bar;
  for (int i = 0; i < bar_width; ++i) bar += i < filled ? "█" : "░";
  return absl::StrCat(title, "  ", bar, tail);
}

ProgressBar::ProgressBar(std::string title, int64_t total, bool enabled)
    : title_(std::move(title)), total_(total), enabled_(enabled), start_(absl::Now()), next_draw_(start_ + kQuiet) {}

ProgressBar::~ProgressBar() { Wipe(); }

void ProgressBar::Update(int64_t done) {
  if (!enabled_) return;
  const absl::Time now = absl::Now();
  if (now < next_draw_) return;
  next_draw_ = now + kRedraw;
  drawn_ = true;
  std::fprintf(stderr, "\r\x1b[K%s", ProgressLine(title_, done, total_, now - start_, TerminalWidth() - 1).c_str());
  std::fflush(stderr);
}

void ProgressBar::Wipe() {
  if (!drawn_) return;
  drawn_ = false;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

}  // namespace hattama::cli
