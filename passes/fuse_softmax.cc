// fuse_softmax: exp(z) / sum(exp(z)) along one axis is softmax(z). A maximum along that axis that was subtracted
// before, against overflow, goes too: softmax does not change when its inputs are shifted.
#include "passes/match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

// The one axis that a reduction with kept dimensions works on.
std::optional<int64_t> axis_of(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const int64_t rank = rank_of(graph, node.inputs[0]);
  const std::optional<Shape> axes = constant_ints(graph, node.input(1));
  if (!node.as<ReduceAttrs>().keepdims || !axes || axes->size() != 1 || rank == kUnknown) {
    return std::nullopt;
  }
  return (*axes)[0] + ((*axes)[0] < 0 ? rank : 0);
}

struct Match {
  ValueId z = ValueId::none;
  int64_t axis = 0;
};

std::optional<Match> match(const Graph& graph, NodeId id) {
  if (!is_plain_arithmetic(graph, id, OpKind::div)) {
    return std::nullopt;
  }
  const Node& quotient = graph.node(id);
  const std::optional<NodeId> exp = producer_of(graph, quotient.inputs[0], OpKind::exp);
  const std::optional<NodeId> sum = producer_of(graph, quotient.inputs[1], OpKind::reduce_sum);
  if (!exp || !sum || graph.node(*sum).inputs[0] != quotient.inputs[0]) {
    return std::nullopt;
  }
  const std::optional<int64_t> axis = axis_of(graph, *sum);
  if (!axis) {
    return std::nullopt;
  }
  Match found{graph.node(*exp).inputs[0], *axis};
  const std::optional<NodeId> difference = producer_of(graph, found.z, OpKind::sub);
  const std::optional<NodeId> maximum =
      difference ? producer_of(graph, graph.node(*difference).inputs[1], OpKind::reduce_max) : std::nullopt;
  if (maximum && is_plain_arithmetic(graph, *difference, OpKind::sub) &&
      graph.node(*maximum).inputs[0] == graph.node(*difference).inputs[0] && axis_of(graph, *maximum) == axis) {
    found.z = graph.node(*difference).inputs[0];
  }
  return found;
}

}  // namespace

Result<bool> fuse_softmax(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    const std::optional<Match> found = match(graph, id);
    if (found) {
      const std::string name = graph.node(id).name;
      replace_value(graph, output_of(graph, id), OpKind::softmax, name, AxisAttrs{found->axis}, {found->z});
    }
    return found.has_value();
  });
}

}  // namespace dsq
