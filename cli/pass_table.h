// What each pass did, for --verbose.
#pragma once

#include "cli/console.h"
#include "src/toolchain/pass_log.h"

namespace dsq::cli {

// A table on stderr: how often each pass ran and changed the graph, and the time that it took; nothing unless --verbose.
void report_passes(Console& console, const PassLog& log);

}  // namespace dsq::cli
