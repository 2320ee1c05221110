// fuse_layer_norm: a layer normalization over the last axes, taken apart.
//
//   d = x - mean(x)     y = d / sqrt(mean(d * d) + epsilon) * scale + bias
//
// and TensorFlow's form of the same, y = x * r + (bias - mean(x) * r) with r = scale / sqrt(...).
#include "passes/norm_match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

struct Match {
  ValueId x = ValueId::none;
  ValueId y = ValueId::none;
  int64_t axis = 0;
  float epsilon = 0;
  Tensor scale;
  std::optional<Tensor> bias;
};

// y * scale + bias, as far as they follow.
bool take_parameters(const Graph& graph, Match& match) {
  std::optional<Tensor> scale = filled_parameter(graph, match.x, match.axis, 1);
  if (!scale) {
    return false;
  }
  if (const std::optional<Applied> product = applied(graph, match.y, OpKind::mul)) {
    if (std::optional<Tensor> given = as_parameter(graph, product->constant, match.x, match.axis)) {
      scale = std::move(given);
      match.y = product->result;
    }
  }
  match.scale = *std::move(scale);
  if (const std::optional<Applied> sum = applied(graph, match.y, OpKind::add)) {
    match.bias = as_parameter(graph, sum->constant, match.x, match.axis);
    match.y = match.bias ? sum->result : match.y;
  }
  return true;
}

// The user of `value` that is `op`(value, other) in either order, or in this order for sub: what it makes.
ValueId combined(const Graph& graph, ValueId value, OpKind op, ValueId other) {
  for (const NodeId user : graph.value(value).users) {
    const std::vector<ValueId>& inputs = graph.node(user).inputs;
    if (is_plain_arithmetic(graph, user, op) &&
        ((inputs[0] == value && inputs[1] == other) || (inputs[1] == value && inputs[0] == other))) {
      return output_of(graph, user);
    }
  }
  return ValueId::none;
}

// x * r + (bias - mean * r), r = reciprocal * scale or the reciprocal alone.
bool take_tensorflow_form(const Graph& graph, Match& match, const Normalized& norm, ValueId mean) {
  ValueId r = norm.reciprocal;
  std::optional<Tensor> scale = filled_parameter(graph, match.x, match.axis, 1);
  if (const std::optional<Applied> product = applied(graph, r, OpKind::mul)) {
    r = product->result;
    scale = as_parameter(graph, product->constant, match.x, match.axis);
  }
  const ValueId scaled_x = combined(graph, match.x, OpKind::mul, r);
  const ValueId scaled_mean = combined(graph, mean, OpKind::mul, r);
  if (!scale || scaled_x == ValueId::none || scaled_mean == ValueId::none) {
    return false;
  }
  const std::optional<Applied> rest = applied(graph, scaled_mean, OpKind::sub);
  const bool subtracts = rest && graph.node(graph.value(rest->result).producer).inputs[1] == scaled_mean;
  match.bias = subtracts ? as_parameter(graph, rest->constant, match.x, match.axis) : std::nullopt;
  match.y = match.bias ? combined(graph, scaled_x, OpKind::add, rest->result) : ValueId::none;
  match.scale = *std::move(scale);
  return match.y != ValueId::none;
}

std::optional<Match> match(const Graph& graph, NodeId id, Diagnostics& diag) {
  std::string refused;
  const std::optional<Normalized> norm = normalized_by(graph, id, refused);
  if (!refused.empty()) {
    diag.note(label_of(graph, id), refused);
  }
  const std::optional<Centred> source = norm ? centred(graph, norm->d, norm->axes) : std::nullopt;
  if (!source || !is_f32(graph, source->x)) {
    return std::nullopt;
  }
  Match found;
  found.x = source->x;
  found.y = norm->y;
  found.axis = norm->axis;
  found.epsilon = norm->epsilon;
  const bool taken = found.y != ValueId::none ? take_parameters(graph, found)
                                              : take_tensorflow_form(graph, found, *norm, source->mean);
  if (!taken && found.y != ValueId::none) {
    diag.note(label_of(graph, id), "stays taken apart: the size of the normalized axes is not known");
  }
  return taken ? std::optional<Match>(std::move(found)) : std::nullopt;
}

void rewrite(Graph& graph, Match& found) {
  std::vector<NormParameter> parameters = {{".scale", std::move(found.scale)}};
  if (found.bias) {
    parameters.push_back({".bias", *std::move(found.bias)});
  }
  replace_by_norm(graph, OpKind::layer_norm, found.x, found.y, found.axis, found.epsilon, std::move(parameters));
}

}  // namespace

Result<bool> fuse_layer_norm(Graph& graph, PassContext& context) {
  return fuse_norms(graph, context.diag, match, rewrite);
}

}  // namespace dsq
