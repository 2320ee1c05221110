#include "cli/progress.h"

#include <algorithm>
#include <cstdio>
#include <system_error>

#include <fmt/format.h>

namespace dsq::cli {
namespace {

constexpr double kPatience = 0.5;  // seconds
constexpr std::chrono::milliseconds kBetween{100};
constexpr std::chrono::seconds kBetweenLines{10};

std::string clock(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

void write_stderr(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

StderrProgress::StderrProgress(const Console& console)
    : quiet_(console.quiet()), terminal_(!console.quiet() && stderr_is_terminal()) {
  if (!quiet_) {
    try {
      watcher_ = std::thread([this] { watch(); });
    } catch (const std::system_error&) {  // no thread to be had: nothing is drawn in between
      terminal_ = false;
    }
  }
}

StderrProgress::~StderrProgress() {
  {
    const std::lock_guard lock(mutex_);
    active_ = false;
    over_ = true;
    finish();
  }
  ended_.notify_all();
  if (watcher_.joinable()) {
    watcher_.join();
  }
}

void StderrProgress::watch() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kBetween, [this] { return over_; })) {
    if (!active_ || elapsed() < kPatience) {
      continue;
    }
    if (terminal_) {
      draw();
    } else if (Clock::now() - last_ >= kBetweenLines) {
      last_ = Clock::now();
      write_stderr(fmt::format("{}: {}\n", phase_, state()));
    }
  }
}

void StderrProgress::begin(std::string_view phase, int64_t total) {
  end();
  const std::lock_guard lock(mutex_);
  phase_ = phase;
  total_ = total;
  done_ = 0;
  start_ = Clock::now();
  last_ = start_;
  active_ = true;
}

void StderrProgress::step(int64_t done) {
  const std::lock_guard lock(mutex_);
  done_ = done;
}

// "42 %, 0:12 left", or how long it has taken where the end is not known.
std::string StderrProgress::state() const {
  if (total_ <= 0) {
    return clock(elapsed());
  }
  const double share = std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
  return fmt::format("{:3.0f} %{}", share * 100,
                     share > 0 ? fmt::format("  {} left", clock(elapsed() * (1 - share) / share)) : "");
}

void StderrProgress::draw() {
  constexpr int kWidth = 24;
  std::string line = fmt::format("\r\x1b[K{:<22}", phase_);
  if (total_ > 0 && terminal_width() >= 72) {
    const double share = std::clamp(static_cast<double>(done_) / static_cast<double>(total_), 0.0, 1.0);
    const int full = static_cast<int>(share * kWidth);
    line += fmt::format(" [{}{}]", std::string(static_cast<size_t>(full), '#'),
                        std::string(static_cast<size_t>(kWidth - full), '.'));
  }
  write_stderr(line + " " + state());
  drawn_ = true;
}

void StderrProgress::end() {
  const std::lock_guard lock(mutex_);
  if (!active_) {
    return;
  }
  active_ = false;
  finish();
  if (!terminal_ && !quiet_ && elapsed() >= kPatience) {
    write_stderr(fmt::format("{}: {:.1f} s\n", phase_, elapsed()));
  }
}

void StderrProgress::finish() {
  if (drawn_) {
    write_stderr("\r\x1b[K");
    drawn_ = false;
  }
}

}  // namespace dsq::cli
