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
  replace_by_norm(graph, OpKind::rms_norm, found.norm.d, found.y, found.norm.axis, found.norm.epsilon,
                  {{".scale", std::move(found.scale)}});
}

}  // namespace

Result<bool> fuse_rms_norm(Graph& graph, PassContext& context) {
  return fuse_norms(graph, context.diag, match, rewrite);
}

}  // namespace dsq
