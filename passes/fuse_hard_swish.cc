// fuse_hard_swish: x * clip(x + 3, 0, 6) / 6 in any order, and x * hard_sigmoid(x) with slope 1/6 and offset 1/2.
#include <cmath>

#include "passes/passes.h"
#include "passes/polynomial.h"

namespace dsq {
namespace {

// The slope 1/6 is often written with four digits.
bool is_close(double a, double b) { return std::abs(a - b) <= 1e-4; }

// t = clip(alpha * w + beta, low, high)
struct Clip {
  double low = 0;
  double high = 0;
  double alpha = 1;
  double beta = 0;
};

std::optional<Clip> clip_of(const Graph& graph, const Node& node) {
  if (node.op == OpKind::hard_sigmoid) {
    const auto& attrs = node.as<UnaryAttrs>();
    return Clip{0, 1, attrs.alpha, attrs.beta};
  }
  const std::optional<double> low = constant_scalar(graph, node.input(1));
  const std::optional<double> high = constant_scalar(graph, node.input(2));
  return node.op == OpKind::clip && low && high ? std::optional<Clip>({*low, *high, 1, 0}) : std::nullopt;
}

std::optional<Rewrite> match(const Graph& graph, NodeId id) {
  const std::optional<Clip> clip = clip_of(graph, graph.node(id));
  if (!clip) {
    return std::nullopt;
  }
  // y = x * factor * t, with factor * t = clip(x / 6 + 1/2, 0, 1)
  Polynomial::Line line;
  const auto is_line = [&](const Polynomial& p) {
    const std::optional<Polynomial::Line> inner = p.as_line();
    line = inner.value_or(Polynomial::Line{});
    return inner && inner->a != 0;
  };
  const auto is_product = [&](const Polynomial& p) {
    const double factor = p.at(1, 1);
    return factor > 0 && p.is({{1, 1, factor}}) && is_close(factor * clip->low, 0) &&
           is_close(factor * clip->high, 1) && is_close(factor * clip->alpha * line.a, 1.0 / 6) &&
           is_close(factor * (clip->alpha * line.b + clip->beta), 0.5);
  };
  const std::optional<Function> found = find_function(graph, id, is_line, is_product);
  return found ? std::optional<Rewrite>({*found, OpKind::hard_swish, NoAttrs{}}) : std::nullopt;
}

}  // namespace

Result<bool> fuse_hard_swish(Graph& graph, PassContext& context) {
  return rewrite_functions(graph, context.diag, match);
}

}  // namespace dsq
