// Everything that the program says: results on stdout, the rest on stderr. Colour only where a terminal shows it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "src/support/diagnostics.h"
#include "src/support/result.h"

namespace dsq::cli {

using Json = nlohmann::ordered_json;

// Columns of the terminal that stdout is; 100 where it is none.
int terminal_width();
int screen_width();  // the same, and 0 where it is none
int help_width();    // for paragraphs: no wider than is read with ease, 80 where there is no terminal

// Whether stderr is a terminal that does what it is told: not where TERM=dumb.
bool stderr_is_terminal();

enum class Colour { automatic, always, never };
std::optional<Colour> colour_from(std::string_view when);  // "auto", "always", "never"

// --quiet, --verbose and --color.
struct Output {
  bool quiet = false;
  bool verbose = false;
  Colour colour = Colour::automatic;  // a terminal that shows it, unless NO_COLOR is set
};

class Console {
 public:
  explicit Console(Output output = {}) { set(output); }
  void set(Output output);
  bool quiet() const { return output_.quiet; }
  bool verbose() const { return output_.verbose; }

  // To stdout, buffered; failures are kept for close().
  void print(std::string_view text);
  void print_json(const Json& json);
  // What a command says of work that it has done, rather than what it was asked to show: nothing with --quiet.
  void summary(std::string_view text);
  // Flushes stdout. Errors: write_failed, e.g. for a full disk. A reader that went away (`| head -1`) has what it wanted.
  Result<void> close();

  // `error[E101]: where: what` and `help: next step`.
  void error(const Error& error);
  // Warnings, and with `notes` or --verbose also notes; otherwise one line says how many notes there are. Nothing with
  // --quiet.
  void report(const Diagnostics& diagnostics, bool notes);
  void aside(std::string_view text);  // to stderr as it is, unless --quiet
  void hint(std::string_view text);   // `help: ...` on stderr

 private:
  void say(std::string_view colour, std::string_view label, std::string_view text);
  Output output_;
  bool colour_ = false;
  int failed_ = 0;  // errno of the first write that failed
};

}  // namespace dsq::cli
