// fuse_gelu: the Gaussian error linear unit, taken apart.
//
//   gelu(x)  = x / 2 * (1 + erf(x / sqrt 2))
//   tanh form  x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
//
// in any order of factors (torch's exporters, TensorFlow and ONNX Runtime all write it differently).
#include <cmath>
#include <numbers>

#include "passes/passes.h"
#include "passes/polynomial.h"

namespace dsq {
namespace {

bool is_half_of_one_plus(const Polynomial& p) { return p.is({{1, 0, 0.5}, {1, 1, 0.5}}); }

std::optional<Rewrite> match(const Graph& graph, NodeId id) {
  const OpKind op = graph.node(id).op;
  if (op == OpKind::erf) {
    const auto is_scaled = [](const Polynomial& p) { return p.is({{1, 0, 1 / std::numbers::sqrt2}}); };
    const std::optional<Function> found = find_function(graph, id, is_scaled, is_half_of_one_plus);
    return found ? std::optional<Rewrite>({*found, OpKind::gelu, UnaryAttrs{}}) : std::nullopt;
  }
  if (op == OpKind::tanh) {
    const double factor = std::sqrt(2 / std::numbers::pi);
    const auto is_cubic = [factor](const Polynomial& p) { return p.is({{1, 0, factor}, {3, 0, factor * 0.044715}}); };
    const std::optional<Function> found = find_function(graph, id, is_cubic, is_half_of_one_plus);
    return found ? std::optional<Rewrite>({*found, OpKind::gelu, UnaryAttrs{.alpha = 1, .beta = 0}}) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Result<bool> fuse_gelu(Graph& graph, PassContext& context) { return rewrite_functions(graph, context.diag, match); }

}  // namespace dsq
