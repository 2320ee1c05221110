// The report in a few lines for a terminal.
#pragma once

#include <string>

#include "src/report/report.h"

namespace dsq {

// At most 25 lines: verdict, failed gates, sizes, accuracy, memory, the three worst layers with the flag that mends
// each. No line is longer than `width` (at least 40) but those of flags, which stay whole so that they can be copied.
// Plain text; control characters of the model's names are gone (markup.h), so a name cannot drive the terminal.
std::string summary_text(const Report& report, int width);

}  // namespace dsq
