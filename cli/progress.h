// Draws what a library reports: on a terminal one line with a bar, percent and the time left, once a phase has taken
// half a second; in a pipe one plain line for each phase that took as long; nothing with --quiet.
#pragma once

#include <chrono>
#include <string>

#include "cli/console.h"
#include "src/support/progress.h"

namespace dsq::cli {

class StderrProgress : public Progress {
 public:
  explicit StderrProgress(const Console& console);
  ~StderrProgress() override { clear(); }
  void begin(std::string_view phase, int64_t total) override;
  void step(int64_t done) override;
  void end() override;

 private:
  using Clock = std::chrono::steady_clock;
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void draw(int64_t done);
  void clear();

  bool quiet_;
  bool terminal_;
  bool active_ = false;
  bool drawn_ = false;
  std::string phase_;
  int64_t total_ = 0;
  Clock::time_point start_;
  Clock::time_point last_;
};

}  // namespace dsq::cli
