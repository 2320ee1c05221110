// Table of contents: every pass, its place in the order in pipelines.cc, its row in table.cc.
#pragma once

#include <span>
#include <string_view>

#include "passes/pass.h"
#include "passes/pipeline.h"

namespace dsq {

// --- canonicalize: one way to say each thing
// Sets the types of all values from those of the inputs.
Result<bool> infer_shapes(Graph& graph, PassContext& context);
// Computes what does not depend on the inputs: constants, and shape arithmetic on known shapes.
Result<bool> fold_constants(Graph& graph, PassContext& context);
// Turns an already quantized model into a float model whose values remember their ranges.
Result<bool> absorb_qdq(Graph& graph, PassContext& context);
// Removes nodes that give back what they get, and merges chains of reshapes.
Result<bool> fold_identity(Graph& graph, PassContext& context);
// Merges transposes and moves them past elementwise operators where that removes one.
Result<bool> fold_transpose(Graph& graph, PassContext& context);
// Merges equal constants, and nodes that compute the same of the same.
Result<bool> merge_common(Graph& graph, PassContext& context);
// Removes nodes and constants that no output depends on.
Result<bool> drop_dead(Graph& graph, PassContext& context);

std::span<const PassDef> all_passes();  // sorted by name
// Errors: pass_unknown, with the nearest name.
Result<const PassDef*> find_pass(std::string_view name, std::span<const PassDef> table = all_passes());
std::span<const PassList> pass_lists();                         // in the order in which quantization runs them
Result<const PassList*> find_pass_list(std::string_view name);  // errors: pass_unknown

}  // namespace dsq
