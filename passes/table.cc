// Every pass, sorted by name. A row's name, its function and its file are the same word.
#include <algorithm>
#include <array>

#include "passes/passes.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr auto kPasses = std::to_array<PassDef>({
    {"absorb_qdq", "Turns an already quantized model into a float model that remembers its ranges.", Stage::floating,
     Stage::floating, absorb_qdq},
    {"assign_params", "Turns calibrated ranges into scales and zero points.", Stage::planned, Stage::calibrated,
     assign_params},
    {"canonicalize_nested", "Runs the list `canonicalize` on the graphs within if_else and loop.", Stage::floating,
     Stage::floating, canonicalize_nested},
    {"drop_dead", "Removes nodes and constants that no output depends on.", Stage::floating, Stage::floating,
     drop_dead},
    {"fold_batchnorm", "Makes batch normalizations part of a layer next to them.", Stage::floating, Stage::floating,
     fold_batchnorm},
    {"fold_constants", "Computes what does not depend on the inputs.", Stage::floating, Stage::floating,
     fold_constants},
    {"fold_identity", "Removes nodes that give back what they get, and merges chains of reshapes.", Stage::floating,
     Stage::floating, fold_identity},
    {"fold_pad", "Makes zeros laid around an input the padding of the window after it.", Stage::floating,
     Stage::floating, fold_pad},
    {"fold_scale", "Makes constant factors of channels part of a layer's weights.", Stage::floating, Stage::floating,
     fold_scale},
    {"fold_transpose", "Merges transposes and moves them past elementwise operators where that removes one.",
     Stage::floating, Stage::floating, fold_transpose},
    {"fuse_activation", "Makes functions after a layer its activation.", Stage::floating, Stage::floating,
     fuse_activation},
    {"fuse_attention_scale",
     "Makes the factors around a product of activations one, in a layer's weights where possible.", Stage::floating,
     Stage::floating, fuse_attention_scale},
    {"fuse_bias", "Makes constants added to a layer's channels part of its bias.", Stage::floating, Stage::floating,
     fuse_bias},
    {"fuse_clip", "Makes minima, maxima and clips with constants one clip.", Stage::floating, Stage::floating,
     fuse_clip},
    {"fuse_gelu", "Recognises both forms of the Gaussian error linear unit.", Stage::floating, Stage::floating,
     fuse_gelu},
    {"fuse_hard_sigmoid", "Recognises clip(a x + b, 0, 1), scaled in any way.", Stage::floating, Stage::floating,
     fuse_hard_sigmoid},
    {"fuse_hard_swish", "Recognises x * clip(x + 3, 0, 6) / 6 in any order.", Stage::floating, Stage::floating,
     fuse_hard_swish},
    {"fuse_layer_norm", "Recognises layer normalizations over the last axes.", Stage::floating, Stage::floating,
     fuse_layer_norm},
    {"fuse_mish", "Recognises x * tanh(softplus(x)).", Stage::floating, Stage::floating, fuse_mish},
    {"fuse_prelu", "Recognises leaky functions, and slopes that are all alike.", Stage::floating, Stage::floating,
     fuse_prelu},
    {"fuse_rms_norm", "Recognises root-mean-square normalizations over the last axes.", Stage::floating,
     Stage::floating, fuse_rms_norm},
    {"fuse_silu", "Recognises x * sigmoid(x).", Stage::floating, Stage::floating, fuse_silu},
    {"fuse_softmax", "Recognises exp(z) / sum(exp(z)).", Stage::floating, Stage::floating, fuse_softmax},
    {"hoist_markers", "Moves markers above operators that only move values.", Stage::calibrated, Stage::calibrated,
     hoist_markers},
    {"infer_shapes", "Sets the types of all values from those of the inputs.", Stage::floating, Stage::floating,
     infer_shapes},
    {"lower_integer", "Puts integer operators and explicit conversions in place of markers.", Stage::quantized,
     Stage::lowered, lower_integer},
    {"merge_common", "Merges equal constants, and nodes that compute the same of the same.", Stage::floating,
     Stage::floating, merge_common},
    {"normalize_linear", "Makes products with a constant matrix linear layers.", Stage::floating, Stage::floating,
     normalize_linear},
    {"plan_quant", "Decides the precision of every layer and marks where it changes.", Stage::floating, Stage::planned,
     plan_quant},
    {"quantize_weights", "Stores the weights of planned layers as integers or fp16.", Stage::calibrated,
     Stage::quantized, quantize_weights},
    {"simplify_arith", "Writes arithmetic with constants one way.", Stage::floating, Stage::floating, simplify_arith},
    {"sink_constants", "Gives nested graphs the constants that they take from outside.", Stage::floating,
     Stage::floating, sink_constants},
    {"store_constants", "Stores large constants outside of layers as int8 or fp16.", Stage::quantized, Stage::quantized,
     store_constants},
});
static_assert(std::ranges::is_sorted(kPasses, {}, &PassDef::name));

}  // namespace

std::span<const PassDef> all_passes() { return kPasses; }

Result<const PassDef*> find_pass(std::string_view name, std::span<const PassDef> table) {
  const auto row = std::ranges::find(table, name, &PassDef::name);
  if (row != table.end()) {
    return &*row;
  }
  std::vector<std::string> names;
  for (const PassDef& pass : table) {
    names.emplace_back(pass.name);
  }
  return fail(Code::pass_unknown, "there is no pass '{}'; the nearest name is '{}'", name, nearest(name, names));
}

}  // namespace dsq
