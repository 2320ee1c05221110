// Draws what a library reports: on a terminal one line with a bar, percent and the time left, once a phase has taken
// half a second, also while a single step takes long; in a pipe a plain line for each phase that took as long, and one in
// between every ten seconds. Nothing with --quiet.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "cli/console.h"
#include "src/support/progress.h"

namespace dsq::cli {

class StderrProgress : public Progress {
 public:
  explicit StderrProgress(const Console& console);
  ~StderrProgress() override;
  void begin(std::string_view phase, int64_t total) override;
  void step(int64_t done) override;
  void end() override;

 private:
  using Clock = std::chrono::steady_clock;
  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  void watch();
  std::string state() const;
  void draw();
  void finish();

  bool quiet_;
  bool terminal_;
  std::mutex mutex_;  // of all below
  std::condition_variable ended_;
  bool over_ = false;
  bool active_ = false;
  bool drawn_ = false;
  std::string phase_;
  int64_t total_ = 0;
  int64_t done_ = 0;
  Clock::time_point start_;
  Clock::time_point last_;
  std::thread watcher_;  // draws; steps only count
};

}  // namespace dsq::cli
