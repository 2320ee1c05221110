// Lists of passes on a graph and on the graphs within it (branches of if_else, bodies of loop).
#pragma once

#include <string_view>

#include "passes/pipeline.h"
#include "src/toolchain/pass_log.h"

namespace dsq {

// Runs the list of this name, and says what its passes did. Nested graphs never see data: their recipe takes ranges at
// run time. `canonicalize` has a pass of its own for them. Errors: those of the passes.
Result<PassLog> run_list(std::string_view name, Graph& graph, PassContext& context,
                         const PipelineOptions& options = {});

}  // namespace dsq
