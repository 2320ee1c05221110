// fuse_mish: x * tanh(softplus(x)) becomes one operator; softplus may itself be log(1 + exp(x)).
#include "passes/passes.h"
#include "passes/polynomial.h"

namespace dsq {
namespace {

// The x of softplus(x) or log(1 + exp(x)).
std::optional<ValueId> softplus_input(const Graph& graph, ValueId value) {
  if (const std::optional<NodeId> softplus = producer_of(graph, value, OpKind::softplus)) {
    return graph.node(*softplus).inputs[0];
  }
  const std::optional<NodeId> log = producer_of(graph, value, OpKind::log);
  if (!log) {
    return std::nullopt;
  }
  const ValueId sum = graph.node(*log).inputs[0];
  for (const ValueId e : arithmetic_sources(graph, sum)) {
    const std::optional<NodeId> exp = producer_of(graph, e, OpKind::exp);
    const std::optional<Polynomial> p = exp ? expand(graph, sum, e) : std::nullopt;
    if (p && p->is({{0, 0, 1.0}, {1, 0, 1.0}})) {
      return graph.node(*exp).inputs[0];
    }
  }
  return std::nullopt;
}

std::optional<Rewrite> match(const Graph& graph, NodeId id) {
  if (graph.node(id).op != OpKind::tanh) {
    return std::nullopt;
  }
  const std::optional<ValueId> x = softplus_input(graph, graph.node(id).inputs[0]);
  if (!x) {
    return std::nullopt;
  }
  const ValueId t = output_of(graph, id);
  for (const ValueId y : arithmetic_results(graph, t)) {
    const std::optional<Polynomial> p = expand(graph, y, *x, t);
    if (p && p->is({{1, 1, 1.0}})) {
      return Rewrite{{*x, y}, OpKind::mish, NoAttrs{}};
    }
  }
  return std::nullopt;
}

}  // namespace

Result<bool> fuse_mish(Graph& graph, PassContext& context) { return rewrite_functions(graph, context.diag, match); }

}  // namespace dsq
