// fuse_silu: x * sigmoid(x), also called swish, becomes one operator.
#include "passes/passes.h"
#include "passes/polynomial.h"

namespace dsq {
namespace {

std::optional<Rewrite> match(const Graph& graph, NodeId id) {
  if (graph.node(id).op != OpKind::sigmoid) {
    return std::nullopt;
  }
  const auto is_x = [](const Polynomial& p) { return p.is({{1, 0, 1.0}}); };
  const auto is_product = [](const Polynomial& p) { return p.is({{1, 1, 1.0}}); };
  const std::optional<Function> found = find_function(graph, id, is_x, is_product);
  return found ? std::optional<Rewrite>({*found, OpKind::silu, NoAttrs{}}) : std::nullopt;
}

}  // namespace

Result<bool> fuse_silu(Graph& graph, PassContext& context) { return rewrite_functions(graph, context.diag, match); }

}  // namespace dsq
