// sink_constants: constants that a nested graph takes from outside become its own.
//
//   Before  %w = const ...   %y = if_else(%c, %w) { then (%a) { conv(%x, %a) } else (%a) { ... } }
//   After   %y = if_else(%c) { then () { %a = const ...  conv(%x, %a) } else () { ... } }
//
// Passes over the nested graph then see weights as weights. The bytes are shared, and stored once in a file. Carried
// values of a loop stay inputs: they change from round to round.
#include "passes/passes.h"

namespace dsq {
namespace {

// Input `index` of the nested graph becomes this constant, under its name.
GraphRef with_constant(const GraphRef& nested, size_t index, const Tensor& tensor) {
  Graph copy = *nested;
  const ValueId input = copy.inputs()[index];
  const std::string name = copy.value(input).name;
  const ValueId constant = copy.add_constant(name, tensor);
  copy.replace_uses(input, constant);
  copy.erase_value(input);
  copy.rename(constant, name);
  copy.compact();
  return std::make_shared<const Graph>(std::move(copy));
}

bool passes_through(const Graph& nested, size_t index) { return nested.is_output(nested.inputs()[index]); }

// The node without its input at `at`, when that is a constant that nested graphs need not hand back.
bool sink_input(Graph& graph, NodeId id, size_t at) {
  const Node node = graph.node(id);
  const Tensor* tensor = graph.constant(node.inputs[at]);
  Attrs attrs = node.attrs;
  if (tensor == nullptr) {
    return false;
  }
  if (auto* branches = std::get_if<IfAttrs>(&attrs)) {
    const size_t index = at - 1;  // after the condition
    if (passes_through(*branches->then_graph, index) || passes_through(*branches->else_graph, index)) {
      return false;
    }
    branches->then_graph = with_constant(branches->then_graph, index, *tensor);
    branches->else_graph = with_constant(branches->else_graph, index, *tensor);
  } else if (auto* loop = std::get_if<LoopAttrs>(&attrs)) {
    if (passes_through(*loop->body, at)) {  // trip count and condition are inputs of the body, too
      return false;
    }
    loop->body = with_constant(loop->body, at, *tensor);
  }
  std::vector<ValueId> inputs = node.inputs;
  inputs.erase(inputs.begin() + static_cast<int64_t>(at));
  graph.set_attrs(id, std::move(attrs));
  graph.set_inputs(id, std::move(inputs));
  return true;
}

}  // namespace

Result<bool> sink_constants(Graph& graph, PassContext&) {
  bool changed = false;
  for (const NodeId id : graph.topo_order()) {
    const Node& node = graph.node(id);
    size_t first = 0;
    if (node.op == OpKind::if_else) {
      first = 1;
    } else if (node.op == OpKind::loop) {
      first = 2 + static_cast<size_t>(node.as<LoopAttrs>().carried);
    } else {
      continue;
    }
    for (size_t at = node.inputs.size(); at-- > first;) {
      changed = sink_input(graph, id, at) || changed;
    }
  }
  return changed;
}

}  // namespace dsq
