#include "cli/progress.h"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace dsq::cli {
namespace {

constexpr double kPatience = 0.5;  // seconds
constexpr std::chrono::milliseconds kBetween{100};

std::string clock(double seconds) {
  const auto whole = static_cast<int64_t>(seconds + 0.5);
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

void write_stderr(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace

StderrProgress::StderrProgress(const Console& console)
    : quiet_(console.quiet()), terminal_(!console.quiet() && stderr_is_terminal()) {}

void StderrProgress::begin(std::string_view phase, int64_t total) {
  end();
  phase_ = phase;
  total_ = total;
  start_ = Clock::now();
  last_ = start_;
  active_ = true;
}

void StderrProgress::step(int64_t done) {
  const Clock::time_point now = Clock::now();
  if (active_ && terminal_ && elapsed() >= kPatience && now - last_ >= kBetween) {
    last_ = now;
    draw(done);
  }
}

void StderrProgress::draw(int64_t done) {
  constexpr int kWidth = 24;
  std::string line = fmt::format("\r\x1b[K{:<20}", phase_);
  if (total_ > 0) {
    const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total_), 0.0, 1.0);
    const int full = static_cast<int>(share * kWidth);
    line += fmt::format(" [{}{}] {:3.0f} %", std::string(static_cast<size_t>(full), '#'),
                        std::string(static_cast<size_t>(kWidth - full), '.'), share * 100);
    line += share > 0 ? fmt::format("  {} left", clock(elapsed() * (1 - share) / share)) : "";
  } else {
    line += fmt::format(" {}", clock(elapsed()));
  }
  write_stderr(line);
  drawn_ = true;
}

void StderrProgress::end() {
  if (!active_) {
    return;
  }
  active_ = false;
  clear();
  if (!terminal_ && !quiet_ && elapsed() >= kPatience) {
    write_stderr(fmt::format("{}: {:.1f} s\n", phase_, elapsed()));
  }
}

void StderrProgress::clear() {
  if (drawn_) {
    write_stderr("\r\x1b[K");
    drawn_ = false;
  }
}

}  // namespace dsq::cli
