// The rules behind plan_quant: which precision a layer gets, and which layers stay as they are.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "passes/marker.h"
#include "src/quant/quant_layer.h"
#include "src/quant/recipe.h"
#include "src/support/result.h"

namespace dsq {

// Layers with no other layer before them, or none behind them, on any path.
using Edges = std::set<NodeId>;
Edges edges_of(const Graph& graph);

struct Decision {
  Precision weights = Precision::int8;
  Precision act = Precision::int4;
};
Decision decide(const Recipe& recipe, const Graph& graph, const Node& node, bool edge);

// Whether a --keep rule decides about this layer.
bool is_kept(const Recipe& recipe, const Graph& graph, const Node& node);

// Where a layer's range is taken at run time: for each token where a linear layer sees sequences, else for each sample.
RangeSource range_at_run_time(const Graph& graph, const QuantLayer& layer);

// The stored bits of a layer's integer weights: 8, 6 or 4.
int weight_bits(const Recipe& recipe, const Graph& graph, const Node& node, DType storage);

// Of a plan's layers the first that the graph has not, in quotes and with the nearest that it has.
std::optional<std::string> unknown_layer(const Graph& graph, const Plan& plan);

// Every --keep pattern matches the name or the operator of some layer, nested graphs included, and every planned layer is
// there, outside of nested graphs. Errors: selector_unmatched, naming the nearest.
Result<void> check_selectors(const Graph& graph, const Recipe& recipe);

// The recipe for a nested graph: ranges are taken at run time, for it is run piecemeal; patterns that match nothing in
// it are left out.
Recipe recipe_within(const Recipe& recipe, const Graph& nested);

// Why this layer cannot be quantized; nothing when it can.
std::optional<std::string> stays_float(const Graph& graph, const QuantLayer& layer);

// Which operators between integer layers work on integers too (plan_between.cc): their inputs get markers.
// `integer_nodes`: layers whose results can be integers. For calibrated ranges only.
void plan_between(Graph& graph, Markers& markers, std::set<NodeId> integer_nodes);

// The window of an average over spatial axes, when it counts the same number of elements everywhere, known before the
// run; also of a reduce_mean over all of them.
std::optional<PoolAttrs> average_window(const Graph& graph, NodeId id);

// No activation, or one that an integer result expresses by its bounds.
bool activation_is_clip(const Activation& act);

}  // namespace dsq
