// What passes ask of a graph before they rewrite it, and the few rewrites that they share. Questions never change the
// graph; rewrites keep names: a value that stands for what an old value stood for takes the old value's name.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "src/ir/graph.h"
#include "src/support/diagnostics.h"

namespace dsq {

// --- questions

// The node that makes `value`, when it is of this kind.
std::optional<NodeId> producer_of(const Graph& graph, ValueId value, OpKind op);
// The only user of `value`, when it uses it once and the value is not an output of the graph.
std::optional<NodeId> sole_user(const Graph& graph, ValueId value);
// As sole_user(), when it is of this kind.
std::optional<NodeId> sole_user(const Graph& graph, ValueId value, OpKind op);
bool is_f32(const Graph& graph, ValueId value);
int64_t rank_of(const Graph& graph, ValueId value);  // kUnknown when it is not known
// The only output of a node that has one.
ValueId output_of(const Graph& graph, NodeId node);

// A constant of exactly one element, of any rank and numeric type.
std::optional<double> constant_scalar(const Graph& graph, ValueId value);
// A constant integer tensor of rank 0 or 1.
std::optional<Shape> constant_ints(const Graph& graph, ValueId value);

// The operands of a binary node of which exactly one is a constant.
struct ConstantOperand {
  ValueId variable = ValueId::none;
  const Tensor* constant = nullptr;
  bool constant_first = false;
};
std::optional<ConstantOperand> constant_operand(const Graph& graph, NodeId node);

// The elements of a constant that broadcasts along `axis` alone of a value of this rank: one for each of `channels`.
// A scalar is repeated.
std::optional<std::vector<double>> per_channel(const Tensor& constant, int64_t rank, int64_t axis, int64_t channels);
// Whether a constant broadcasts over a value of this rank without changing the value's shape, because all its
// dimensions are 1.
bool is_scalar_for(const Tensor& constant, int64_t rank);
// Whether a node is of this kind and applies no activation to its result.
bool is_plain_arithmetic(const Graph& graph, NodeId node, OpKind op);
bool all_close(const std::vector<double>& values, double wanted);
bool all_finite(const Tensor& f32);

// What a rewrite calls a node in a note: its name, or its output's where it has none.
std::string label_of(const Graph& graph, NodeId node);

// --- rewrites

// Calls f for every living node, producers first, and again for all of them as long as one call returned true: whether
// any did. f rewrites and says so; what it makes is seen by the next round. The notes of the last round remain.
bool rewrite_nodes(Graph& graph, Diagnostics& diag, const std::function<bool(NodeId)>& f);
// Erases `value` and, node by node, what made it, as far as nothing else uses it.
void erase_unused(Graph& graph, ValueId value);
// `layer` computes now what `user`, the sole user of its output, computed: its output takes the name and the uses of
// user's output, and `user` goes.
void absorb_user(Graph& graph, NodeId layer, NodeId user);
// A new node makes what `old` stood for, under old's name and type. What lost its last use is erased.
NodeId replace_value(Graph& graph, ValueId old, OpKind op, const std::string& node_name, Attrs attrs,
                     std::vector<ValueId> inputs);
// Uses of `old` become uses of `by`, its equal. False, and nothing done, when an output of the graph would have to share
// a value with an input, a constant or another output.
bool forward_value(Graph& graph, ValueId old, ValueId by);
// The node's input becomes this constant: in place when nothing else uses the present one.
void replace_constant(Graph& graph, NodeId node, size_t index, const std::string& name, Tensor tensor);

}  // namespace dsq
