// fold_transpose: fewer transposes.
//
//   chains      transpose(transpose(x, p), q) = transpose(x, p after q); gone when that is no permutation at all
//   views       a transpose that only moves dimensions of size 1 is a reshape
//   sinking     f(transpose(x)) = transpose(f(x)) for elementwise f, done only where it removes a transpose: the chain of
//               elementwise operators ends in another transpose, or f joins values that are transposed alike
//
// Constants that f takes are transposed the other way round at once.
#include <algorithm>
#include <numeric>

#include "passes/match.h"
#include "passes/passes.h"
#include "src/ops/infer.h"
#include "src/runner/fold.h"

namespace dsq {
namespace {

Shape perm_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  Shape perm = node.as<PermAttrs>().perm;
  if (perm.empty() && rank_of(graph, node.inputs[0]) != kUnknown) {
    perm.resize(static_cast<size_t>(rank_of(graph, node.inputs[0])));
    std::iota(perm.rbegin(), perm.rend(), 0);
  }
  return perm;
}

bool merge_chain(Graph& graph, NodeId id) {
  const Node outer = graph.node(id);
  const std::optional<NodeId> inner = producer_of(graph, outer.inputs[0], OpKind::transpose);
  const Shape p = inner ? perm_of(graph, *inner) : Shape{};
  const Shape q = perm_of(graph, id);
  if (p.empty() || p.size() != q.size()) {
    return false;
  }
  Shape merged(q.size());
  std::ranges::transform(q, merged.begin(), [&](int64_t axis) { return p[static_cast<size_t>(axis)]; });
  const ValueId source = graph.node(*inner).inputs[0];
  if (std::ranges::is_sorted(merged)) {
    if (!forward_value(graph, outer.outputs[0], source)) {  // between an input and an output something has to stay
      replace_value(graph, outer.outputs[0], OpKind::identity, outer.name, NoAttrs{}, {source});
    }
    return true;
  }
  replace_value(graph, outer.outputs[0], OpKind::transpose, outer.name, PermAttrs{merged}, {source});
  return true;
}

bool make_reshape(Graph& graph, NodeId id) {
  const Node node = graph.node(id);
  const TensorType& type = graph.value(node.inputs[0]).type;
  const Shape perm = perm_of(graph, id);
  if (!type.known() || std::ranges::is_sorted(perm) || std::ranges::find(*type.shape, 0) != type.shape->end()) {
    return false;
  }
  Shape moved;  // the axes of more than one element, in their new order
  std::ranges::copy_if(perm, std::back_inserter(moved),
                       [&](int64_t axis) { return (*type.shape)[static_cast<size_t>(axis)] != 1; });
  if (!std::ranges::is_sorted(moved)) {
    return false;
  }
  const ValueId target = graph.add_constant(graph.value(node.outputs[0]).name + ".shape",
                                            Tensor::ints(*graph.value(node.outputs[0]).type.shape));
  replace_value(graph, node.outputs[0], OpKind::reshape, node.name, ReshapeAttrs{}, {node.inputs[0], target});
  return true;
}

// --- sinking

bool is_unary(OpKind op) { return op <= OpKind::thresholded_relu; }
bool is_elementwise(OpKind op) { return is_unary(op) || (op >= OpKind::add && op <= OpKind::where); }

// An operand that looks the same after any permutation of `rank` axes.
bool is_scalar_like(const Graph& graph, ValueId value, int64_t rank) {
  const TensorType& type = graph.value(value).type;
  return type.known() && type.rank() <= rank && std::ranges::all_of(*type.shape, [](int64_t d) { return d == 1; });
}

// How an elementwise node with at least one transposed operand can be computed before the transpose.
struct Sink {
  Shape perm;
  int64_t transposed = 0;  // operands that are transposes used by this node only
};

std::optional<Sink> match_sink(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (!is_elementwise(node.op) || node.outputs.size() != 1) {
    return std::nullopt;
  }
  Sink sink;
  for (const ValueId input : node.inputs) {
    const std::optional<NodeId> transpose =
        input == ValueId::none ? std::nullopt : producer_of(graph, input, OpKind::transpose);
    if (!transpose) {
      continue;
    }
    const bool only_here = !graph.is_output(input) &&
                           std::ranges::all_of(graph.value(input).users, [=](NodeId user) { return user == id; });
    const Shape perm = perm_of(graph, *transpose);
    if (!only_here || perm.empty() || (!sink.perm.empty() && perm != sink.perm)) {
      return std::nullopt;
    }
    sink.perm = perm;
    ++sink.transposed;
  }
  const auto rank = static_cast<int64_t>(sink.perm.size());
  for (const ValueId input : node.inputs) {
    const bool free = input == ValueId::none || producer_of(graph, input, OpKind::transpose) ||
                      is_scalar_like(graph, input, rank) || (graph.is_constant(input) && rank_of(graph, input) <= rank);
    if (!free) {
      return std::nullopt;
    }
  }
  return sink.transposed > 0 ? std::optional<Sink>(sink) : std::nullopt;
}

// Whether the only users, one after the other, are elementwise operators that end in a transpose.
bool meets_transpose(const Graph& graph, NodeId id) {
  const ValueId start = output_of(graph, id);
  const int64_t rank = rank_of(graph, start);
  std::optional<NodeId> user = sole_user(graph, start);
  while (user) {
    const Node& node = graph.node(*user);
    if (node.op == OpKind::transpose) {
      return true;
    }
    const bool passes =
        is_elementwise(node.op) && node.outputs.size() == 1 && std::ranges::all_of(node.inputs, [&](ValueId input) {
          return input == ValueId::none || !graph.value(input).constant || rank_of(graph, input) <= rank;
        });
    const auto variables = std::ranges::count_if(node.inputs, [&](ValueId input) {
      return input != ValueId::none && !graph.is_constant(input) && !is_scalar_like(graph, input, rank);
    });
    if (!passes || variables != 1) {
      return false;
    }
    user = sole_user(graph, node.outputs[0]);
  }
  return false;
}

// The constant that becomes `constant` when it is transposed by `perm` (of at least its rank).
Result<Tensor> transposed_back(const Tensor& constant, const Shape& perm) {
  Shape shape = constant.shape();
  shape.insert(shape.begin(), perm.size() - shape.size(), 1);
  Shape inverse(perm.size());
  for (size_t i = 0; i < perm.size(); ++i) {
    inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
  }
  Graph scratch;
  const ValueId in = scratch.add_constant("c", constant.reshaped(shape));
  const NodeId node = scratch.add_node(OpKind::transpose, "t", PermAttrs{inverse}, {in}, {"y"});
  DSQ_TRY(infer_types(scratch));
  std::vector<Tensor> results = DSQ_TRY(evaluate(scratch, node));
  return std::move(results[0]);
}

Result<bool> sink_transpose(Graph& graph, NodeId id) {
  const std::optional<Sink> sink = match_sink(graph, id);
  if (!sink || (sink->transposed < 2 && !meets_transpose(graph, id))) {
    return false;
  }
  const Node node = graph.node(id);
  const auto rank = static_cast<int64_t>(sink->perm.size());
  std::vector<ValueId> inputs;
  for (const ValueId input : node.inputs) {
    const std::optional<NodeId> transpose =
        input == ValueId::none ? std::nullopt : producer_of(graph, input, OpKind::transpose);
    if (transpose) {
      inputs.push_back(graph.node(*transpose).inputs[0]);
    } else if (input == ValueId::none || is_scalar_like(graph, input, rank)) {
      inputs.push_back(input);
    } else {
      inputs.push_back(
          graph.add_constant(graph.value(input).name, DSQ_TRY(transposed_back(*graph.constant(input), sink->perm))));
    }
  }
  const ValueId old = node.outputs[0];
  const NodeId moved =
      graph.add_node(node.op, node.name, node.attrs, std::move(inputs), {graph.value(old).name + ".before"});
  KnownInts known;
  DSQ_TRY(infer_outputs(graph, moved, known));
  replace_value(graph, old, OpKind::transpose, node.name + ".transpose", PermAttrs{sink->perm},
                {output_of(graph, moved)});
  return true;
}

// Each step removes a transpose or moves one nearer to the outputs, so this ends.
Result<bool> one_step(Graph& graph) {
  for (const NodeId id : graph.topo_order()) {
    if (graph.node(id).op == OpKind::transpose && (merge_chain(graph, id) || make_reshape(graph, id))) {
      return true;
    }
    if (DSQ_TRY(sink_transpose(graph, id))) {
      return true;
    }
  }
  return false;
}

}  // namespace

Result<bool> fold_transpose(Graph& graph, PassContext& /*context*/) {
  bool changed = false;
  while (DSQ_TRY(one_step(graph))) {
    changed = true;
  }
  return changed;
}

}  // namespace dsq
