// dsquant: from the command line to an exit status (contract C1).
#include <clocale>

#include "cli/console.h"
#include "cli/parse.h"
#include "cli/signals.h"
#include "src/support/exceptions.h"
#include "src/support/in_file.h"

namespace dsq::cli {
namespace {

Result<Exit> dispatch(std::vector<std::string> arguments, Console& console) {
  const Parsed parsed = DSQ_TRY(parse_arguments(std::move(arguments)));
  console.set(parsed.output);
  process_works_on(parsed.file);
  try {
    return parsed.action(console);
  } catch (const std::exception& exception) {
    return in_file(parsed.file, error_of(exception));
  }
}

Exit run(std::vector<std::string> arguments) {
  Console console({.quiet = false, .verbose = false, .colour = wanted_colour(arguments)});
  const auto failed = [&](const Error& error) {
    console.error(error);
    return info_of(error.code).exit;
  };
  try {
    const Result<Exit> done = dispatch(std::move(arguments), console);
    const Result<void> closed = console.close();
    if (!done) {
      return failed(done.error());
    }
    return closed ? *done : failed(closed.error());
  } catch (const std::exception& exception) {
    return failed(error_of(exception));
  }
}

}  // namespace
}  // namespace dsq::cli

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "C.UTF-8");  // how wide characters are; nothing else follows the user's locale
  dsq::cli::guard_process();
  const dsq::Exit status = dsq::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc});
  dsq::cli::process_done();
  return static_cast<int>(status);
}
