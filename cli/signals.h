// What the outside world does to the process: interrupts, closed pipes, closed standard streams.
#pragma once

namespace dsq::cli {

// Ctrl-C prints one line and exits with 130 at once; a closed pipe becomes a write error instead of a signal; standard
// streams that are closed are opened on nothing, so that no file of ours takes their place. Exceptions that escape a
// thread end the process with E901 and status 4.
void guard_process();

}  // namespace dsq::cli
