#include "cli/console.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/table.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

constexpr std::string_view kRed = "\x1b[1;31m";
constexpr std::string_view kYellow = "\x1b[1;33m";
constexpr std::string_view kCyan = "\x1b[1;36m";
constexpr std::string_view kPlain = "\x1b[0m";

// Names come from models: control characters must not reach the terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F ? '?' : c;
  }
  return out;
}

std::string located(const std::string& where, const std::string& what) {
  return where.empty() ? what : where + ": " + what;
}

}  // namespace

int screen_width() {
  winsize size{};
  return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40
             ? size.ws_col
             : 0;
}

int terminal_width() { return screen_width() > 0 ? screen_width() : 100; }

int help_width() { return screen_width() > 0 ? std::min(screen_width(), 100) : 80; }

bool stderr_is_terminal() {
  const char* term = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && (term == nullptr || std::strcmp(term, "dumb") != 0);
}

std::optional<Colour> colour_from(std::string_view when) {
  return when == "auto"     ? std::optional(Colour::automatic)
         : when == "always" ? std::optional(Colour::always)
         : when == "never"  ? std::optional(Colour::never)
                            : std::nullopt;
}

void Console::set(Output output) {
  output_ = output;
  const char* no_colour = std::getenv("NO_COLOR");
  colour_ = output.colour == Colour::always || (output.colour == Colour::automatic && stderr_is_terminal() &&
                                                (no_colour == nullptr || *no_colour == '\0'));
}

void Console::summary(std::string_view text) {
  if (!output_.quiet) {
    print(fitted(text));
  }
}

void Console::print(std::string_view text) {
  const std::string clean = printable(text);
  if (std::fwrite(clean.data(), 1, clean.size(), stdout) != clean.size() && failed_ == 0) {
    failed_ = errno;
  }
}

// Text that is not UTF-8 is replaced, numbers that are not finite become null.
void Console::print_json(const Json& json) { print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"); }

Result<void> Console::close() {
  if (std::fflush(stdout) != 0 && failed_ == 0) {
    failed_ = errno;
  }
  if (failed_ != 0 && failed_ != EPIPE) {
    return fail(Code::write_failed, "cannot write: {}", std::strerror(failed_))
        .at("standard output")
        .hint("check where the output goes");
  }
  return {};
}

void Console::say(std::string_view colour, std::string_view label, std::string_view text) {
  const std::string line = colour_ ? fmt::format("{}{}:{} {}\n", colour, label, kPlain, printable(text))
                                   : fmt::format("{}: {}\n", label, printable(text));
  std::fwrite(line.data(), 1, line.size(), stderr);
}

void Console::error(const Error& error) {
  say(kRed, fmt::format("error[{}]", code_name(error.code)), located(visible(error.where), error.what));
  say(kCyan, "help", error.next.empty() ? std::string(info_of(error.code).next) : error.next);
}

void Console::report(const Diagnostics& diagnostics, bool notes) {
  if (output_.quiet) {
    return;
  }
  int64_t hidden = 0;
  for (const Diagnostic& item : diagnostics.items()) {
    const std::string pass = item.pass.empty() ? "" : " (" + item.pass + ")";
    if (item.severity == Severity::warning) {
      say(kYellow, fmt::format("warning[{}]", code_name(item.code)), located(visible(item.where), item.text) + pass);
    } else if (notes || output_.verbose) {
      say(kCyan, fmt::format("note[{}]", code_name(item.code)), located(visible(item.where), item.text) + pass);
    } else {
      ++hidden;
    }
  }
  if (hidden > 0) {
    say(kCyan, "note", fmt::format("{} more; --explain shows {}", plural(hidden, "note"), hidden == 1 ? "it" : "them"));
  }
}

void Console::aside(std::string_view text) {
  if (!output_.quiet) {
    const std::string clean = printable(text);
    std::fwrite(clean.data(), 1, clean.size(), stderr);
  }
}

void Console::hint(std::string_view text) { say(kCyan, "help", text); }

}  // namespace dsq::cli
