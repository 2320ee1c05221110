// Lists of passes on a graph and on the graphs within it (branches of if_else, bodies of loop).
#pragma once

#include <string_view>

#include "passes/pass.h"

namespace dsq {

// Runs the list of this name. Nested graphs never see data: their recipe takes ranges at run time.
// Errors: those of the passes.
Result<void> run_list(std::string_view name, Graph& graph, PassContext& context);

}  // namespace dsq
