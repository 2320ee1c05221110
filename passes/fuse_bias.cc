// fuse_bias: a constant that is added to or subtracted from each channel of a layer's result becomes part of its bias.
//
//   layer(x, w, b) + c  ->  layer(x, w, b + c)
#include "passes/layer.h"
#include "passes/passes.h"

namespace dsq {
namespace {

struct Match {
  Layer layer;
  LayerParameters parameters;
};

std::optional<Match> match(const Graph& graph, NodeId id, Diagnostics& diag) {
  const bool subtracts = is_plain_arithmetic(graph, id, OpKind::sub);
  if (!subtracts && !is_plain_arithmetic(graph, id, OpKind::add)) {
    return std::nullopt;
  }
  const std::optional<ConstantOperand> operand = constant_operand(graph, id);
  if (!operand || (subtracts && operand->constant_first)) {
    return std::nullopt;
  }
  std::optional<Layer> layer = layer_before(graph, operand->variable);
  if (!layer) {
    return std::nullopt;
  }
  std::optional<std::vector<double>> shift =
      per_channel(*operand->constant, layer->rank, layer->channel_axis(), layer->shape.out_channels);
  if (!shift) {
    diag.note(label_of(graph, id),
              fmt::format("stays an operator of its own after '{}': its constant {} is not one number for each channel",
                          label_of(graph, layer->node), text_of(operand->constant->shape())));
    return std::nullopt;
  }
  for (double& v : *shift) {
    v = subtracts ? -v : v;
  }
  const std::vector<double> ones(shift->size(), 1.0);
  std::optional<LayerParameters> parameters = scale_output(*layer, ones, *shift);
  return parameters ? std::optional<Match>({*std::move(layer), *std::move(parameters)}) : std::nullopt;
}

}  // namespace

Result<bool> fuse_bias(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    std::optional<Match> found = match(graph, id, context.diag);
    if (found) {
      set_parameters(graph, found->layer, std::move(found->parameters));
      absorb_user(graph, found->layer.node, id);
    }
    return found.has_value();
  });
}

}  // namespace dsq
