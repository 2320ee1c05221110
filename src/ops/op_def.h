// The meaning of an operator as far as types go: how many inputs and outputs it has and how their shapes follow.
// One record per operator, in op_table.cc. What it computes is in src/runner/portable: kernels.h there says in which file.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "src/ir/graph.h"
#include "src/support/result.h"

namespace dsq {

// The contents of a small integer tensor of rank 0 or 1, as far as they are known.
inline constexpr int64_t kAnyInt = INT64_MIN;
using Ints = std::vector<int64_t>;

// What shape inference knows of one node. Functions set the outputs' types; what cannot be known stays open: an absent
// shape, or kUnknown dimensions. Errors: type_mismatch, shape_mismatch, attribute_invalid.
class InferContext {
 public:
  struct Input {
    bool present = false;
    TensorType type;
    const Tensor* constant = nullptr;
    std::optional<Ints> ints;
  };
  // `declared` are the outputs' present element types: integer operators keep them, all others decide for themselves.
  InferContext(const Node& node, std::vector<Input> inputs, std::vector<DType> declared)
      : node_(node), inputs_(std::move(inputs)), declared_(std::move(declared)), outputs_(node.outputs.size()) {}

  const Node& node() const { return node_; }
  template <class T>
  const T& attrs() const {
    return node_.as<T>();
  }
  size_t input_count() const { return inputs_.size(); }
  size_t output_count() const { return outputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i].present; }
  DType dtype(size_t i) const { return inputs_[i].type.dtype; }
  DType declared(size_t output) const { return declared_[output]; }
  const TensorType& type(size_t i) const { return inputs_[i].type; }
  const Tensor* constant(size_t i) const { return has(i) ? inputs_[i].constant : nullptr; }
  // Null when the rank is unknown.
  const Shape* shape(size_t i) const { return has(i) && inputs_[i].type.shape ? &*inputs_[i].type.shape : nullptr; }
  const Ints* ints(size_t i) const { return has(i) && inputs_[i].ints ? &*inputs_[i].ints : nullptr; }
  // As ints(), when every element is known.
  const Ints* known_ints(size_t i) const;

  void set(size_t output, DType dtype, std::optional<Shape> shape);
  void set_ints(size_t output, Ints ints) {
    output_ints_.resize(outputs_.size());
    output_ints_[output] = std::move(ints);
  }
  const std::vector<TensorType>& outputs() const { return outputs_; }
  std::optional<Ints> output_ints(size_t output) const {
    return output < output_ints_.size() ? output_ints_[output] : std::nullopt;
  }

 private:
  const Node& node_;
  std::vector<Input> inputs_;
  std::vector<DType> declared_;
  std::vector<TensorType> outputs_;
  std::vector<std::optional<Ints>> output_ints_;
};

// The contents of an integer tensor. INT64_MIN, which is kAnyInt here, becomes its neighbour: in models it is the bound
// of a slice that lies before every element.
Ints ints_in(const Tensor& tensor);

// How an operator behaves under quantization (passes/plan_quant.cc and plan_between.cc apply it).
enum class QuantRule : uint8_t {
  none,        // stays in float
  layer,       // multiplies an activation by stored weights: conv, linear, ...
  same_scale,  // moves values without changing them: the result keeps the input's scale
  rescale,     // has an integer form with scales of its own: add, averages, concat
  table,       // a function of one value: a look-up once its input is quantized
};

struct OpDef {
  OpKind kind;
  int min_inputs;
  int max_inputs;  // -1: any number
  int min_outputs;
  int max_outputs;
  QuantRule rule;
  Result<void> (*infer)(InferContext&);
};

const OpDef& op_def(OpKind kind);

// Types of one node's outputs. Errors carry the node's name.
Result<void> infer_node(InferContext& context);

}  // namespace dsq
