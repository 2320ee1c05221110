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

// Gives nested graphs the constants that they take from outside.
Result<bool> sink_constants(Graph& graph, PassContext& context);
// Does all of this to the graphs within if_else and loop.
Result<bool> canonicalize_nested(Graph& graph, PassContext& context);

// --- layers: products with constant weights take in what surrounds them
// Products with a constant matrix become `linear`.
Result<bool> normalize_linear(Graph& graph, PassContext& context);
// Batch normalizations become part of a layer next to them, else a multiplication and an addition.
Result<bool> fold_batchnorm(Graph& graph, PassContext& context);
// Constants that are added to a layer's channels become part of its bias.
Result<bool> fuse_bias(Graph& graph, PassContext& context);
// Constant factors of a layer's channels, on either side of it, become part of its weights.
Result<bool> fold_scale(Graph& graph, PassContext& context);
// Zeros laid around an input become the padding of the window after it.
Result<bool> fold_pad(Graph& graph, PassContext& context);
// Factors around a product of activations become one, in the weights of a layer where there is one.
Result<bool> fuse_attention_scale(Graph& graph, PassContext& context);
// Functions after a layer become its activation.
Result<bool> fuse_activation(Graph& graph, PassContext& context);

// --- recognise what exporters take apart
// Arithmetic with constants, written one way.
Result<bool> simplify_arith(Graph& graph, PassContext& context);
// Minima, maxima and clips with constants become one clip.
Result<bool> fuse_clip(Graph& graph, PassContext& context);
// clip(a x + b, 0, 1), scaled in any way.
Result<bool> fuse_hard_sigmoid(Graph& graph, PassContext& context);
// x * clip(x + 3, 0, 6) / 6 in any order.
Result<bool> fuse_hard_swish(Graph& graph, PassContext& context);
// x * sigmoid(x).
Result<bool> fuse_silu(Graph& graph, PassContext& context);
// Both forms of the Gaussian error linear unit.
Result<bool> fuse_gelu(Graph& graph, PassContext& context);
// x * tanh(softplus(x)).
Result<bool> fuse_mish(Graph& graph, PassContext& context);
// relu(x) - a * relu(-x), and slopes that are all alike.
Result<bool> fuse_prelu(Graph& graph, PassContext& context);
// exp(z) / sum(exp(z)).
Result<bool> fuse_softmax(Graph& graph, PassContext& context);
// Layer normalization over the last axes.
Result<bool> fuse_layer_norm(Graph& graph, PassContext& context);
// Root-mean-square normalization over the last axes.
Result<bool> fuse_rms_norm(Graph& graph, PassContext& context);

// --- plan: what is quantized, and how
// Decides the precision of every layer; markers show where it changes.
Result<bool> plan_quant(Graph& graph, PassContext& context);

// --- assign: ranges become scales and zero points
Result<bool> assign_params(Graph& graph, PassContext& context);
// Moves markers above operators that only move values, so that these work on integers.
Result<bool> hoist_markers(Graph& graph, PassContext& context);

// --- store: what lies in the file
// Stores the weights of planned layers, with the scales of their inputs absorbed.
Result<bool> quantize_weights(Graph& graph, PassContext& context);
// Stores large constants outside of layers as int8 or fp16.
Result<bool> store_constants(Graph& graph, PassContext& context);

// --- lower: what a device executes
// Integer operators and explicit conversions in place of markers.
Result<bool> lower_integer(Graph& graph, PassContext& context);

std::span<const PassDef> all_passes();  // sorted by name
// Errors: pass_unknown, with the nearest name.
Result<const PassDef*> find_pass(std::string_view name, std::span<const PassDef> table = all_passes());
std::span<const PassList> pass_lists();                         // in the order in which quantization runs them
Result<const PassList*> find_pass_list(std::string_view name);  // errors: pass_unknown

}  // namespace dsq
