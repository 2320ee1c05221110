// The order of the passes, each with the reason for its place.
#include <algorithm>
#include <array>

#include "passes/passes.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr auto kImport = std::to_array<std::string_view>({
    "infer_shapes",    // everything below asks for ranks and sizes
    "absorb_qdq",      // before constants are folded, so that what came quantized is said
    "fold_constants",  // weights behind Identity, Cast or Reshape become plain constants; shape arithmetic goes
    "absorb_qdq",      // again: scales may have been computed
});

// Each of these makes work for the others: a folded identity brings transposes together, a merged transpose makes two
// nodes compute the same, and all leave dead ends.
constexpr auto kClean = std::to_array<std::string_view>({
    "fold_constants",
    "fold_identity",
    "fold_transpose",
    "merge_common",
    "drop_dead",
});

// What exporters take apart is put together while its pieces are still there: folding into layers, below, would take
// single factors and offsets out of a pattern. Until stable, because a recognised piece may be part of a larger one.
constexpr auto kRecognise = std::to_array<std::string_view>({
    "fuse_clip",        // a minimum of a maximum is the clip that the hard functions are made of
    "fuse_layer_norm",  // takes the scale and offset after it, before they could become a layer's
    "fuse_rms_norm",    // what is not centred
    "fuse_softmax",     // from here on in any order
    "fuse_gelu", "fuse_mish",
    "fuse_hard_sigmoid",  // before hard_swish, which may be x * hard_sigmoid(x)
    "fuse_hard_swish", "fuse_silu", "fuse_prelu",
    "simplify_arith",  // last: it would merge a pattern's own factor with one that follows it
});

// Layers take in what is linear around them. Until stable, because what one folds away lets the next one see a layer.
constexpr auto kFoldIntoLayers = std::to_array<std::string_view>({
    "normalize_linear",      // first: all that follows knows conv, conv_transpose and linear only
    "fold_batchnorm",        // before fold_scale: it prefers the layer before it and leaves plain arithmetic otherwise
    "fuse_bias",             // before fold_scale, which explains what it leaves
    "fold_scale",            // also takes in what fold_batchnorm could not place
    "fold_pad",              // after the folds into the layer after a pad, which ask for no padding
    "fuse_attention_scale",  // after normalize_linear: the queries' layer is a matmul before
});

// Last: a layer that applies an activation takes in nothing more.
constexpr auto kActivations = std::to_array<std::string_view>({
    "fuse_activation",
});

// After cleaning, when what can be a constant is one.
constexpr auto kNested = std::to_array<std::string_view>({
    "sink_constants",  // so that nested graphs know their weights
    "canonicalize_nested",
});

constexpr auto kCanonicalize = std::to_array<PassGroup>({
    {kImport},
    {kClean, true},
    {kNested},
    {kRecognise, true},
    {kFoldIntoLayers, true},
    {kActivations},
    {kClean, true},  // constants that were made on the way and are equal
});

constexpr auto kPlanPasses = std::to_array<std::string_view>({"plan_quant"});
constexpr auto kAssignPasses = std::to_array<std::string_view>({
    "assign_params",
    "hoist_markers",  // needs to know the params: only equal ones can stand on both sides of an operator
});
constexpr auto kStorePasses = std::to_array<std::string_view>({
    "quantize_weights",  // absorbs the scales of the inputs, so these must be settled
    "store_constants",   // after it: what is left in float is no layer's weights
});
constexpr auto kLowerPasses = std::to_array<std::string_view>({"lower_integer"});
constexpr auto kPlan = std::to_array<PassGroup>({{kPlanPasses}});
constexpr auto kAssign = std::to_array<PassGroup>({{kAssignPasses}});
constexpr auto kStore = std::to_array<PassGroup>({{kStorePasses}});
constexpr auto kLower = std::to_array<PassGroup>({{kLowerPasses}});

constexpr auto kLists = std::to_array<PassList>({
    {"canonicalize", "One way to say each thing: shapes known, constants folded, nothing superfluous.", kCanonicalize},
    {"plan", "What is quantized, and how.", kPlan},
    {"assign", "Ranges become scales and zero points.", kAssign},
    {"store", "What lies in the file: integers, or fp16.", kStore},
    {"lower", "What a device executes.", kLower},
});

}  // namespace

std::span<const PassList> pass_lists() { return kLists; }

Result<const PassList*> find_pass_list(std::string_view name) {
  const auto row = std::ranges::find(kLists, name, &PassList::name);
  if (row != kLists.end()) {
    return &*row;
  }
  std::vector<std::string> names;
  for (const PassList& list : kLists) {
    names.emplace_back(list.name);
  }
  return fail(Code::pass_unknown, "there is no list of passes '{}'; the nearest name is '{}'", name,
              nearest(name, names));
}

}  // namespace dsq
