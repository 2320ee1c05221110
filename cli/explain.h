// What the table of codes (src/support/codes.cc) says about each code: as text, as JSON, and all of it as one page.
#pragma once

#include <string>

#include "cli/console.h"

namespace dsq::cli {

std::string explanation_text(const CodeInfo& info, int width);
Json explanation_json(const CodeInfo& info);

// src/support/ERRORS.md.
std::string errors_page();

}  // namespace dsq::cli
