// The one interface of kernels: a call gets typed, shaped inputs and fills the outputs.
#pragma once

#include <functional>
#include <span>

#include "src/ir/graph.h"
#include "src/support/result.h"

namespace dsq {

struct Call {
  const Graph& graph;
  const Node& node;
  std::span<const Tensor* const> in;  // null: absent
  std::span<Tensor* const> out;       // of the inferred type; null: absent

  bool has(size_t i) const { return i < in.size() && in[i] != nullptr; }
  const Tensor& input(size_t i) const { return *in[i]; }
  Tensor& output(size_t i = 0) const { return *out[i]; }
  bool wants(size_t i) const { return i < out.size() && out[i] != nullptr; }
  template <class T>
  const T& attrs() const {
    return node.as<T>();
  }
  // How the integers of an input or output are to be read; null for floats.
  const QuantParams* in_params(size_t i) const { return params_of(node.inputs[i]); }
  const QuantParams* out_params(size_t i = 0) const { return params_of(node.outputs[i]); }

 private:
  const QuantParams* params_of(ValueId id) const { return graph.value(id).params ? &*graph.value(id).params : nullptr; }
};

// Errors: run_failed, op_not_runnable. May throw std::bad_alloc. An output whose shape depends on the data arrives
// with an unusable shape and is assigned whole: *call.out[i] = Tensor(...).
using Kernel = std::function<Result<void>(const Call&)>;

}  // namespace dsq
