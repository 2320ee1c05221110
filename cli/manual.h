// The man page dsquant(1), made from the tables of options and of error codes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/describe.h"

namespace dsq::cli {

std::string manual(const std::vector<CommandFacts>& commands, std::string_view version);

}  // namespace dsq::cli
