// fuse_rms_norm: a root-mean-square normalization over the last axes, taken apart.
//
//   y = x / sqrt(mean(x * x) + epsilon) * scale
#include "passes/norm_match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

struct Match {
  Normalized norm;
  ValueId y = ValueId::none;
  Tensor scale;
};

std::optional<Match> match(const Graph& graph, NodeId id, Diagnostics& diag) {
  std::string refused;
  const std::optional<Normalized> norm = normalized_by(graph, id, refused);
  if (!norm || norm->y == ValueId::none || !is_f32(graph, norm->d) || centred(graph, norm->d, norm->axes)) {
    return std::nullopt;  // centred: fuse_layer_norm's
  }
  Match found{*norm, norm->y, {}};
  std::optional<Tensor> scale = filled_parameter(graph, norm->d, norm->axis, 1);
  if (!scale) {
    diag.note(label_of(graph, id), "stays taken apart: the size of the normalized axes is not known");
    return std::nullopt;
  }
  if (const std::optional<Applied> product = applied(graph, norm->y, OpKind::mul)) {
    if (std::optional<Tensor> given = as_parameter(graph, product->constant, norm->d, norm->axis)) {
      scale = std::move(given);
      found.y = product->result;
    }
  }
  found.scale = *std::move(scale);
  return found;
}

void rewrite(Graph& graph, Match& found) {
  const std::string name = graph.node(graph.value(found.y).producer).name;
  const std::string base = name.empty() ? graph.value(found.y).name : name;
  NormAttrs attrs;
  attrs.epsilon = found.norm.epsilon;
  attrs.axis = found.norm.axis - rank_of(graph, found.norm.d);
  const ValueId scale = graph.add_constant(base + ".scale", std::move(found.scale));
  replace_value(graph, found.y, OpKind::rms_norm, name, attrs, {found.norm.d, scale});
}

}  // namespace

Result<bool> fuse_rms_norm(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    std::optional<Match> found = match(graph, id, context.diag);
    if (found) {
      rewrite(graph, *found);
    }
    return found.has_value();
  });
}

}  // namespace dsq
