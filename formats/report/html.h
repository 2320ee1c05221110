// The report as one HTML page: no network, no external script, style or font. Charts are inline SVG and are there
// without JavaScript; page.js adds sorting, searching, tooltips, copy buttons and the choice of light or dark.
#pragma once

#include <string>

#include "src/report/report.h"

namespace dsq {

std::string to_html(const Report& report);

}  // namespace dsq
