#include "src/runner/fold.h"

#include <algorithm>

#include "src/ops/infer.h"
#include "src/runner/control.h"
#include "src/runner/outputs.h"
#include "src/runner/portable/backend.h"

namespace dsq {
namespace {

// Folding makes files and memory grow when the result is larger than what it comes from: up to kMaxGrowth times, and
// kMaxTotal bytes in one go. A result of as many elements as its inputs have is always fine, and so is what is tiny.
constexpr int64_t kMaxGrowth = 16;
constexpr int64_t kAlwaysFine = 1 << 16;  // bytes
constexpr int64_t kTiny = 1 << 10;
constexpr int64_t kMaxTotal = 1 << 25;

struct Amount {
  int64_t elements = 0;
  int64_t bytes = 0;
};

// Of all inputs, each once.
Amount inputs_of(const Graph& graph, const Node& node) {
  Amount in;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    const bool again = std::find(node.inputs.begin(), node.inputs.begin() + static_cast<long>(i), node.inputs[i]) !=
                       node.inputs.begin() + static_cast<long>(i);
    if (node.inputs[i] != ValueId::none && !again) {
      in.elements += graph.constant(node.inputs[i])->count();
      in.bytes += static_cast<int64_t>(graph.constant(node.inputs[i])->bytes().size());
    }
  }
  return in;
}

// `grown` counts the bytes of all results that are larger than what they come from.
bool growth_is_fine(const Graph& graph, const Node& node, int64_t& grown) {
  const Amount in = inputs_of(graph, node);
  Amount out;
  for (const ValueId output : node.outputs) {
    if (output == ValueId::none) {
      continue;
    }
    const TensorType& type = graph.value(output).type;
    if (!type.known()) {  // nonzero and friends: never much larger than their inputs
      out.elements += in.elements;
      continue;
    }
    const Result<int64_t> count = checked_count(*type.shape);
    if (!count) {
      return false;
    }
    out.elements += *count;
    out.bytes += bytes_of(type.dtype, *count);
  }
  if (out.elements <= in.elements || out.bytes <= kTiny) {
    return true;
  }
  if (out.bytes > std::max(kAlwaysFine, in.bytes * kMaxGrowth) || grown + out.bytes > kMaxTotal) {
    return false;
  }
  grown += out.bytes;
  return true;
}

bool is_foldable(const Graph& graph, const Node& node, int64_t& grown) {
  const bool all_constant =
      std::ranges::all_of(node.inputs, [&](ValueId id) { return id == ValueId::none || graph.is_constant(id); });
  return all_constant && !is_control(node.op) && growth_is_fine(graph, node, grown);
}

// Output `i` of the node becomes a constant of the same name.
void replace_output(Graph& graph, NodeId id, size_t i, Tensor tensor) {
  const ValueId output = graph.node(id).outputs[i];
  const std::optional<QuantSpec> spec = graph.value(output).spec;
  const std::optional<QuantParams> params = graph.value(output).params;
  const ValueId constant = graph.add_constant(graph.value(output).name, std::move(tensor));
  graph.set_spec(constant, spec);
  graph.set_params(constant, params);
  graph.replace_uses(output, constant);
}

}  // namespace

Result<std::vector<Tensor>> evaluate(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  std::vector<const Tensor*> in;
  for (const ValueId input : node.inputs) {
    in.push_back(graph.constant(input));
  }
  std::vector<Tensor> results(node.outputs.size());
  std::vector<Tensor*> out;
  for (size_t i = 0; i < results.size(); ++i) {
    if (node.outputs[i] == ValueId::none) {
      out.push_back(nullptr);
      continue;
    }
    results[i] = DSQ_TRY(allocated(node, i, graph.value(node.outputs[i]).type));
    out.push_back(&results[i]);
  }
  DSQ_TRY(check_layer(graph, node));
  const Kernel kernel = DSQ_TRY(portable::prepare(graph, id));
  DSQ_TRY(kernel(Call{graph, node, in, out}));
  return results;
}

Result<bool> fold_constants(Graph& graph) {
  bool changed = false;
  const std::vector<NodeId> order = graph.topo_order();
  if (order.size() != graph.nodes().size()) {
    return fail(Code::graph_invalid, "the graph has a cycle").at(graph.name);
  }
  KnownInts known;
  int64_t grown = 0;
  for (const NodeId id : order) {
    DSQ_TRY(infer_outputs(graph, id, known));
    const Node node = graph.node(id);
    std::vector<Tensor> results;
    if (is_foldable(graph, node, grown)) {
      Result<std::vector<Tensor>> evaluated = evaluate(graph, id);
      if (!evaluated) {
        continue;  // left as it is: running it will say why it cannot run
      }
      results = std::move(*evaluated);
    } else {
      const ValueId output = node.outputs.empty() ? ValueId::none : node.outputs[0];
      if (output == ValueId::none || node.outputs.size() != 1 || graph.value(output).type.dtype != DType::i64) {
        continue;
      }
      const std::optional<Ints>& ints = known[static_cast<size_t>(output)];
      const TensorType& type = graph.value(output).type;
      if (!ints || std::ranges::find(*ints, kAnyInt) != ints->end() || !type.known() ||
          count_of(*type.shape) != static_cast<int64_t>(ints->size())) {
        continue;
      }
      results.push_back(Tensor::ints(*ints).reshaped(*type.shape));
    }
    for (size_t i = 0; i < results.size(); ++i) {
      if (node.outputs[i] != ValueId::none) {
        replace_output(graph, id, i, std::move(results[i]));
      }
    }
    known.resize(graph.value_slots());
    changed = true;
    graph.erase_node(id);
  }
  return drop_dead(graph) || changed;
}

bool drop_dead(Graph& graph) {
  bool changed = false;
  std::vector<NodeId> order = graph.topo_order();
  std::ranges::reverse(order);
  for (const NodeId id : order) {
    const bool used = std::ranges::any_of(graph.node(id).outputs, [&](ValueId output) {
      return output != ValueId::none && (!graph.value(output).users.empty() || graph.is_output(output));
    });
    if (!used) {
      graph.erase_node(id);
      changed = true;
    }
  }
  for (const ValueId id : graph.values()) {
    if (graph.is_constant(id) && graph.value(id).users.empty() && !graph.is_output(id)) {
      graph.erase_value(id);
      changed = true;
    }
  }
  return changed;
}

}  // namespace dsq
