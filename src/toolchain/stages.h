// The lists of passes that quantization runs on a graph, with the caller's own passes in front of each.
#pragma once

#include <string_view>

#include "src/toolchain/pass_log.h"
#include "src/toolchain/quantize.h"

namespace dsq {

// The caller's passes that come in front of this list.
Result<PassLog> run_own(const QuantizeOptions& options, std::string_view list, Graph& graph, PassContext& context);
// These and the list itself.
Result<PassLog> run_stage(const QuantizeOptions& options, std::string_view list, Graph& graph, PassContext& context,
                          const PipelineOptions& pipeline);

}  // namespace dsq
