// Markers: requantize nodes with one input, which only say "from here on in this precision". Values pass through them
// until lowering; their output carries the QuantSpec, and later the QuantParams.
#pragma once

#include <map>
#include <optional>
#include <tuple>

#include "src/ir/graph.h"

namespace dsq {

bool is_marker(const Graph& graph, NodeId id);

// The output of a new marker on x, named after both.
ValueId add_marker(Graph& graph, ValueId x, const QuantSpec& spec, std::optional<QuantParams> params);

// Puts what a marker does to the numbers in its place: quantize and dequantize for integers whose range is known or taken
// at run time, nothing for others.
void spell_out_marker(Graph& graph, NodeId marker);
// Puts nothing in its place.
void drop_marker(Graph& graph, NodeId marker);

// Markers made so far, so that readers with the same wish share one. At 8 bits one reader that asks for one scale has all
// others use it: a value is stored once.
class Markers {
 public:
  explicit Markers(Graph& graph) : graph_(graph) {}

  // The output of the marker on x with this spec. Fixed ranges take their params from x.
  ValueId on(ValueId x, const QuantSpec& spec);
  // The same at 8 bits, calibrated, with one scale.
  ValueId on(ValueId x);

 private:
  Graph& graph_;
  std::map<std::tuple<ValueId, DType, int32_t, RangeSource>, ValueId> made_;
};

// Whether the value is to be integers of a range known beforehand.
bool is_static_integer(const Graph& graph, ValueId id);

// Operators that move or choose elements within the indices of an axis, so that scales for them pass.
bool keeps_channels(OpKind op, int32_t axis);

// The marker with the most bits, when every user of the value is a static marker and it is no graph output.
std::optional<NodeId> finest_static_marker(const Graph& graph, ValueId id);

}  // namespace dsq
