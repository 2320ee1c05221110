// Everything that the program says: results on stdout, the rest on stderr. Colour only where a terminal shows it.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "src/support/diagnostics.h"
#include "src/support/result.h"

namespace dsq::cli {

using Json = nlohmann::ordered_json;

// Columns of the terminal that stdout is; 100 where it is none.
int terminal_width();

// Whether stderr is a terminal that shows colour (NO_COLOR and TERM=dumb are respected).
bool stderr_has_colour();

class Console {
 public:
  Console();

  // To stdout, buffered; failures are kept for close().
  void print(std::string_view text);
  void print_json(const Json& json);
  // Flushes stdout. Errors: write_failed, e.g. for a full disk. A reader that went away (`| head -1`) has what it wanted.
  Result<void> close();

  // `error[E101]: where: what` and `help: next step`.
  void error(const Error& error);
  // Warnings, and with `notes` also notes; otherwise one line says how many notes there are.
  void report(const Diagnostics& diagnostics, bool notes);
  void hint(std::string_view text);  // `help: ...` on stderr

 private:
  void say(std::string_view colour, std::string_view label, std::string_view text);
  bool colour_;
  int failed_ = 0;  // errno of the first write that failed
};

}  // namespace dsq::cli
