// What the outside world does to the process: interrupts, closed pipes, closed standard streams.
#pragma once

#include <string_view>

namespace dsq::cli {

// Ctrl-C prints one line and exits with 130 at once; a closed pipe becomes a write error instead of a signal; standard
// streams that are closed are opened on nothing, so that no file of ours takes their place; a file that is cut off while
// it is read is E101. Exceptions that escape a thread end the process with E901 and status 4. A library that calls exit(),
// as libgomp does where no thread can be started, is E703.
void guard_process();
// The file that errors which know no place are about.
void process_works_on(std::string_view file);
// For main(), before it returns: from here on the process may end.
void process_done();

}  // namespace dsq::cli
