// normalize_linear: products with a constant matrix become the layer `linear`, y = x * transpose(w) + b.
//
//   gemm(x, w, c)      alpha goes into w; beta * c becomes b where it is one number for each column, else is added
//   matmul(x, w)       w is a matrix, or has leading dimensions of 1
//   matmul(w, x)       as transpose(linear(transpose(x))), where x is a transpose already, so that only one remains
#include <algorithm>

#include "passes/match.h"
#include "passes/passes.h"

namespace dsq {
namespace {

// [rows, columns] -> [columns, rows], times alpha.
Tensor transposed(const Tensor& matrix, double alpha) {
  const int64_t rows = matrix.shape()[0];
  const int64_t columns = matrix.shape()[1];
  Tensor out(DType::f32, {columns, rows});
  const std::span<const float> from = matrix.values<float>();
  const std::span<float> to = out.mutable_values<float>();
  constexpr int64_t kTile = 32;  // keeps both sides in the cache
  for (int64_t top = 0; top < rows; top += kTile) {
    for (int64_t left = 0; left < columns; left += kTile) {
      for (int64_t r = top; r < std::min(top + kTile, rows); ++r) {
        for (int64_t c = left; c < std::min(left + kTile, columns); ++c) {
          to[static_cast<size_t>(c * rows + r)] =
              static_cast<float>(from[static_cast<size_t>(r * columns + c)] * alpha);
        }
      }
    }
  }
  return out;
}

Tensor scaled(const Tensor& tensor, double factor) {
  if (factor == 1) {
    return tensor;
  }
  Tensor out = tensor.clone();
  for (float& v : out.mutable_values<float>()) {
    v = static_cast<float>(v * factor);
  }
  return out;
}

bool is_f32_constant(const Tensor* tensor) { return tensor != nullptr && tensor->dtype() == DType::f32; }

// Whether a transpose swaps the last two axes and nothing else.
bool swaps_last_two(const Graph& graph, NodeId id) {
  Shape perm = graph.node(id).as<PermAttrs>().perm;
  const int64_t rank = rank_of(graph, graph.node(id).inputs[0]);
  if (perm.empty()) {
    return rank == 2;
  }
  if (perm.size() < 2) {
    return false;
  }
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  for (size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<int64_t>(i)) {
      return false;
    }
  }
  return true;
}

// The input of a transpose of the last two axes that makes `value`.
std::optional<ValueId> before_swap(const Graph& graph, ValueId value) {
  const std::optional<NodeId> transpose = producer_of(graph, value, OpKind::transpose);
  return transpose && swaps_last_two(graph, *transpose) ? std::optional<ValueId>(graph.node(*transpose).inputs[0])
                                                        : std::nullopt;
}

// A constant under the name of the one that it stands for, which usually goes.
class Successor {
 public:
  Successor(Graph& graph, ValueId old, Tensor tensor)
      : name_(graph.value(old).name), id_(graph.add_constant(name_, std::move(tensor))) {}
  ValueId id() const { return id_; }
  void take_name(Graph& graph) const { graph.rename(id_, name_); }

 private:
  std::string name_;
  ValueId id_;
};

bool normalize_gemm(Graph& graph, NodeId id, Diagnostics& diag) {
  const Node node = graph.node(id);
  const auto& attrs = node.as<GemmAttrs>();
  const Tensor* b = graph.constant(node.inputs[1]);
  if (!is_f32_constant(b) || b->rank() != 2) {
    diag.note(label_of(graph, id), "stays a gemm: its second factor is not a constant matrix");
    return false;
  }
  ValueId x = node.inputs[0];
  if (attrs.trans_a) {
    const std::optional<ValueId> before = before_swap(graph, x);
    if (!before) {
      diag.note(label_of(graph, id), "stays a gemm: its first factor is read transposed");
      return false;
    }
    x = *before;
  }
  const Tensor weights = attrs.trans_b ? scaled(*b, attrs.alpha) : transposed(*b, attrs.alpha);
  const int64_t n = weights.shape()[0];
  const Tensor* c = graph.constant(node.input(2));
  const std::optional<std::vector<double>> bias = c != nullptr ? per_channel(*c, 2, 1, n) : std::nullopt;
  const bool adds = node.has_input(2) && !bias;
  if (adds && attrs.beta != 1) {
    diag.note(label_of(graph, id), "stays a gemm: what it adds has a factor and is not one number for each column");
    return false;
  }
  std::vector<Successor> constants = {Successor(graph, node.inputs[1], weights)};
  if (bias) {
    std::vector<float> rounded(bias->size());
    std::ranges::transform(*bias, rounded.begin(), [&](double v) { return static_cast<float>(v * attrs.beta); });
    constants.emplace_back(graph, node.inputs[2], Tensor::of<float>({n}, std::span<const float>(rounded)));
  }
  std::vector<ValueId> inputs = {x};
  for (const Successor& each : constants) {
    inputs.push_back(each.id());
  }
  const ValueId output = node.outputs[0];
  if (adds) {
    const NodeId linear =
        graph.add_node(OpKind::linear, node.name, LinearAttrs{}, inputs, {graph.value(output).name + ".product"});
    graph.set_type(output_of(graph, linear), graph.value(output).type);
    replace_value(graph, output, OpKind::add, node.name, ActAttrs{}, {output_of(graph, linear), node.inputs[2]});
  } else {
    replace_value(graph, output, OpKind::linear, node.name, LinearAttrs{}, inputs);
  }
  for (const Successor& each : constants) {
    each.take_name(graph);
  }
  return true;
}

// A matrix, or one under leading dimensions of 1 that do not enlarge the result.
std::optional<Tensor> as_matrix(const Tensor& constant, int64_t other_rank) {
  const Shape& shape = constant.shape();
  const bool flat = shape.size() >= 2 && std::all_of(shape.begin(), shape.end() - 2, [](int64_t d) { return d == 1; });
  if (!flat || (shape.size() > 2 && constant.rank() > other_rank)) {
    return std::nullopt;
  }
  return constant.reshaped({shape[shape.size() - 2], shape.back()});
}

bool normalize_right(Graph& graph, NodeId id, const Tensor& constant, Diagnostics& diag) {
  const Node node = graph.node(id);
  const std::optional<Tensor> matrix = as_matrix(constant, rank_of(graph, node.inputs[0]));
  if (!matrix) {
    diag.note(label_of(graph, id),
              fmt::format("stays a matmul: its constant factor {} is not one matrix", text_of(constant.shape())));
    return false;
  }
  const Successor weights(graph, node.inputs[1], transposed(*matrix, 1));
  replace_value(graph, node.outputs[0], OpKind::linear, node.name, LinearAttrs{}, {node.inputs[0], weights.id()});
  weights.take_name(graph);
  return true;
}

// w[M,K] * x[...,K,N]: the layer sees transpose(x), whose last axis is K, and gives [...,N,M].
bool normalize_left(Graph& graph, NodeId id, const Tensor& constant, Diagnostics& diag) {
  const Node node = graph.node(id);
  const int64_t rank = rank_of(graph, node.inputs[1]);
  const std::optional<Tensor> matrix = as_matrix(constant, rank);
  const std::optional<ValueId> before = before_swap(graph, node.inputs[1]);
  if (!matrix || rank < 2 || !before) {
    diag.note(
        label_of(graph, id),
        "stays a matmul: its constant factor is on the left, and the other one would have to be transposed first");
    return false;
  }
  const Successor weights(graph, node.inputs[0], *matrix);
  const std::string name = graph.value(node.outputs[0]).name;
  TensorType type = graph.value(node.outputs[0]).type;
  if (type.shape && type.shape->size() >= 2) {
    std::swap((*type.shape)[type.shape->size() - 1], (*type.shape)[type.shape->size() - 2]);
  }
  const NodeId linear =
      graph.add_node(OpKind::linear, node.name, LinearAttrs{}, {*before, weights.id()}, {name + ".transposed"});
  graph.set_type(output_of(graph, linear), std::move(type));
  Shape perm(static_cast<size_t>(rank));
  for (size_t i = 0; i < perm.size(); ++i) {
    perm[i] = static_cast<int64_t>(i);
  }
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  replace_value(graph, node.outputs[0], OpKind::transpose, node.name, PermAttrs{perm}, {output_of(graph, linear)});
  weights.take_name(graph);
  return true;
}

bool normalize_matmul(Graph& graph, NodeId id, Diagnostics& diag) {
  const std::optional<ConstantOperand> operand = constant_operand(graph, id);
  if (!operand || !is_f32_constant(operand->constant)) {
    return false;  // two activations, as in attention
  }
  return operand->constant_first ? normalize_left(graph, id, *operand->constant, diag)
                                 : normalize_right(graph, id, *operand->constant, diag);
}

}  // namespace

Result<bool> normalize_linear(Graph& graph, PassContext& context) {
  return rewrite_nodes(graph, context.diag, [&](NodeId id) {
    const OpKind op = graph.node(id).op;
    if ((op != OpKind::gemm && op != OpKind::matmul) || !is_f32(graph, output_of(graph, id))) {
      return false;
    }
    return op == OpKind::gemm ? normalize_gemm(graph, id, context.diag) : normalize_matmul(graph, id, context.diag);
  });
}

}  // namespace dsq
