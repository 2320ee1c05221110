// fuse_hard_sigmoid: a straight line between 0 and 1, clip(a x + b, 0, 1), however it is scaled on the way:
//
//   clip(x + 3, 0, 6) / 6   ->  hard_sigmoid(x) {alpha = 1/6, beta = 1/2}
//
// A clip(x, 0, 1) without slope and offset stays a clip.
#include <cmath>

#include "passes/passes.h"
#include "passes/polynomial.h"

namespace dsq {
namespace {

using Line = Polynomial::Line;

bool is_close(double a, double b) { return std::abs(a - b) < 1e-5; }

std::optional<Line> line_through(const Graph& graph, ValueId from, ValueId to) {
  const std::optional<Polynomial> p = expand(graph, to, from);
  const std::optional<Line> line = p ? p->as_line() : std::nullopt;
  return line && line->a != 0 ? line : std::nullopt;
}

std::optional<Rewrite> match(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const std::optional<double> low = constant_scalar(graph, node.input(1));
  const std::optional<double> high = constant_scalar(graph, node.input(2));
  if (node.op != OpKind::clip || !low || !high || !(*low < *high)) {
    return std::nullopt;
  }
  const ValueId t = node.outputs.front();
  for (const ValueId y : arithmetic_results(graph, t)) {
    const std::optional<Line> outer = line_through(graph, t, y);
    if (!outer || outer->a < 0 || !is_close(outer->a * *low + outer->b, 0) ||
        !is_close(outer->a * *high + outer->b, 1)) {
      continue;
    }
    // The farthest source is the best: the line takes up all that lies between.
    const std::vector<ValueId> sources = arithmetic_sources(graph, node.inputs[0]);
    for (size_t i = sources.size(); i-- > 0;) {
      const std::optional<Line> inner = line_through(graph, sources[i], node.inputs[0]);
      if (!inner) {
        continue;
      }
      if (y == t && sources[i] == node.inputs[0]) {
        return std::nullopt;
      }
      return Rewrite{{sources[i], y},
                     OpKind::hard_sigmoid,
                     UnaryAttrs{.alpha = static_cast<float>(outer->a * inner->a),
                                .beta = static_cast<float>(outer->a * inner->b + outer->b)}};
    }
  }
  return std::nullopt;
}

}  // namespace

Result<bool> fuse_hard_sigmoid(Graph& graph, PassContext& context) {
  return rewrite_functions(graph, context.diag, match);
}

}  // namespace dsq
