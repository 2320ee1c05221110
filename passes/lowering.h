// Pieces of lower_integer: replacing nodes, and the conversions at the borders between integers and floats.
#pragma once

#include <string>
#include <vector>

#include "passes/marker.h"
#include "src/support/result.h"

namespace dsq {

// A node with one output, which gets `name` or one like it.
ValueId insert_node(Graph& graph, OpKind op, const std::string& node_name, Attrs attrs, std::vector<ValueId> inputs,
                    const std::string& name);

// Another operator in a node's place: the new output takes over name, type, users and place among the outputs.
ValueId replace_node(Graph& graph, NodeId id, OpKind op, Attrs attrs, std::vector<ValueId> inputs);

void make_integer(Graph& graph, ValueId id, const QuantSpec& spec, const QuantParams& params);

// The bounds of a clip in steps of y; no activation where they do not cut further than the storage type does.
Activation clip_in_steps(const Activation& act, const QuantParams& y, DType storage);
// Whether clip_in_steps and the saturation of y stand for the clip: with scales for each channel there is no clip in
// steps, so the range of every channel has to end within it.
bool keeps_clip(const Activation& act, const QuantParams& y, DType storage);

// A sum, a function or an average whose inputs are integers of one scale, and whose result is read through static markers
// only, becomes its integer form, one for each marker; other nodes stay (lower_between.cc). Errors: those of evaluating.
Result<void> lower_between(Graph& graph, NodeId id);

// Markers that are left become quantize (of floats) or requantize (of integers).
void lower_static_markers(Graph& graph);

// The floats that a stored value stands for: a dequantize of integers, a cast of fp16.
ValueId as_floats(Graph& graph, ValueId stored);

// Floats again where a float operator, or a graph output, reads what is stored otherwise: dequantize for integers, cast
// for fp16 constants.
void restore_floats(Graph& graph);

}  // namespace dsq
