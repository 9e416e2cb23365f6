// A bar on standard error for work that lasts. Draws nothing in the first second, so that quick work stays quiet.
#ifndef HATTAMA_CLIENTS_CLI_PROGRESS_BAR_H_
#define HATTAMA_CLIENTS_CLI_PROGRESS_BAR_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace hattama::cli {

// The line of a bar: done of total, rate since the start and time left. `width` in terminal cells.
std::string ProgressLine(const std::string& title, int64_t done, int64_t total, absl::Duration elapsed, int width);

// Thread-compatible. The line is wiped when the bar goes away.
class ProgressBar {
 public:
  // `enabled` false: draws nothing ever. `total` 0: unknown, a count without a bar.
  ProgressBar(std::string title, int64_t total, bool enabled);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Cheap: draws ten times a second at most.
  void Update(int64_t done);
  // Takes the line away, before something else is printed; the next Update draws it again.
  void Wipe();

 private:
  std::string title_;
  int64_t total_;
  bool enabled_;
  bool drawn_ = false;
  absl::Time start_;
  absl::Time next_draw_;
};

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_PROGRESS_BAR_H_
