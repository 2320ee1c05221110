#include "tests/harness/random_graph.h"

#include <algorithm>
#include <numeric>

#include "src/ops/infer.h"
#include "src/support/rng.h"

namespace dsq::testing {
namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : rng_(seed) { graph_.name = fmt::format("random {}", seed); }

  Graph make() {
    const int64_t inputs = 1 + rng_.below(2);
    for (int64_t i = 0; i < inputs; ++i) {
      static const std::vector<Shape> kShapes = {{1, 4, 6, 6}, {2, 3, 4, 4}, {kUnknown, 4, 4, 4},
                                                 {2, 5, 8},    {3, 8},       {kUnknown, 6}};
      values_.push_back(graph_.add_input(fmt::format("x{}", i), {DType::f32, pick(kShapes)}));
    }
    const int64_t steps = 4 + rng_.below(12);
    for (int64_t i = 0; i < steps; ++i) {
      step();
    }
    finish();
    return std::move(graph_);
  }

 private:
  template <class T>
  const T& pick(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(rng_.below(static_cast<int64_t>(choices.size())))];
  }
  ValueId any() {
    // Newer values are likelier, so that chains get long.
    const auto n = static_cast<int64_t>(values_.size());
    return values_[static_cast<size_t>(n - 1 - std::min(rng_.below(n), rng_.below(n)))];
  }
  const Shape& shape(ValueId id) const { return *graph_.value(id).type.shape; }
  int64_t rank(ValueId id) const { return graph_.value(id).type.rank(); }

  ValueId floats(Shape dims, float low = -1, float high = 1) {
    Tensor tensor(DType::f32, std::move(dims));
    for (float& value : tensor.mutable_values<float>()) {
      value = rng_.uniform(low, high);
    }
    return graph_.add_constant("c", std::move(tensor));
  }
  ValueId scalar(float value) { return graph_.add_constant("c", Tensor::scalar(value)); }
  ValueId ints(const Shape& values) { return graph_.add_constant("i", Tensor::ints(values)); }

  ValueId emit(OpKind op, std::vector<ValueId> inputs, Attrs attrs) {
    const std::string name = fmt::format("{}_{}", name_of(op), count_++);
    const NodeId node = graph_.add_node(op, name, std::move(attrs), std::move(inputs), {name});
    const Result<void> inferred = infer_outputs(graph_, node, known_);
    DSQ_CHECK(inferred, "the generator makes valid nodes");
    return graph_.node(node).outputs[0];
  }
  ValueId emit(OpKind op, std::vector<ValueId> inputs) { return emit(op, std::move(inputs), default_attrs(op)); }

  void keep(ValueId id) {
    // Values of open rank or with several open dimensions end a chain: most operators here want to know.
    const TensorType& type = graph_.value(id).type;
    if (type.shape && std::ranges::count(*type.shape, kUnknown) <= 1 &&
        std::ranges::find(*type.shape, 0) == type.shape->end()) {
      values_.push_back(id);
    }
  }

  void step() {
    const ValueId x = any();
    switch (rng_.below(12)) {
      case 0: return unary(x);
      case 1: return with_constant(x);
      case 2: return with_other(x);
      case 3: return transpose(x);
      case 4: return view(x);
      case 5: return move(x);
      case 6: return convolution(x);
      case 7: return product(x);
      case 8: return pool(x);
      case 9: return function(x);
      case 10: return normalization(x);
      default: return cast(x);
    }
  }

  void unary(ValueId x) {
    static const std::vector<OpKind> kOps = {
        OpKind::relu,         OpKind::sigmoid,    OpKind::tanh,       OpKind::neg, OpKind::abs, OpKind::identity,
        OpKind::hard_sigmoid, OpKind::hard_swish, OpKind::leaky_relu, OpKind::elu, OpKind::erf};
    if (rng_.below(4) == 0) {
      return keep(
          emit(OpKind::clip, {x, scalar(rng_.below(2) == 0 ? 0.0F : -0.5F), scalar(rng_.below(2) == 0 ? 6.0F : 0.5F)}));
    }
    keep(emit(pick(kOps), {x}));
  }

  void with_constant(ValueId x) {
    static const std::vector<OpKind> kOps = {OpKind::add, OpKind::sub, OpKind::mul, OpKind::div};
    const OpKind op = pick(kOps);
    ValueId c = ValueId::none;
    const int64_t how = rng_.below(4);
    if (how == 0) {
      c = scalar(op == OpKind::mul || op == OpKind::div ? 1.0F : 0.0F);
    } else if (how == 1) {
      c = scalar(rng_.uniform(0.5F, 2.0F));
    } else {
      Shape dims(static_cast<size_t>(rank(x)), 1);
      const size_t axis = rank(x) == 4 ? 1 : dims.size() - 1;
      dims[axis] = std::max<int64_t>(shape(x)[axis], 1);
      c = floats(std::move(dims), 0.5F, 2.0F);
    }
    const bool first = rng_.below(3) == 0 && op != OpKind::div;
    keep(emit(op, first ? std::vector{c, x} : std::vector{x, c}));
  }

  void with_other(ValueId x) {
    std::vector<ValueId> fitting;
    std::ranges::copy_if(values_, std::back_inserter(fitting), [&](ValueId id) {
      return graph_.value(id).type == graph_.value(x).type && graph_.value(x).type.known();
    });
    const ValueId other = fitting.empty() ? x : pick(fitting);
    if (rng_.below(4) == 0 && rank(x) > 1) {
      return keep(emit(OpKind::concat, {x, other}, AxisAttrs{rng_.below(2) == 0 ? 1 : -1}));
    }
    static const std::vector<OpKind> kOps = {OpKind::add, OpKind::sub, OpKind::mul, OpKind::max};
    keep(emit(pick(kOps), {x, other}));
  }

  void transpose(ValueId x) {
    Shape perm(static_cast<size_t>(rank(x)));
    std::iota(perm.begin(), perm.end(), 0);
    for (size_t i = perm.size(); i > 1; --i) {
      std::swap(perm[i - 1], perm[static_cast<size_t>(rng_.below(static_cast<int64_t>(i)))]);
    }
    const ValueId y = emit(OpKind::transpose, {x}, PermAttrs{perm});
    keep(y);
    if (rng_.below(2) == 0) {
      Shape inverse(perm.size());
      for (size_t i = 0; i < perm.size(); ++i) {
        inverse[static_cast<size_t>(perm[i])] = static_cast<int64_t>(i);
      }
      keep(emit(OpKind::transpose, {rng_.below(2) == 0 ? emit(OpKind::relu, {y}) : y}, PermAttrs{inverse}));
    }
  }

  void view(ValueId x) {
    switch (rng_.below(4)) {
      case 0: return keep(emit(OpKind::reshape, {x, ints({shape(x)[0] == kUnknown ? 0 : shape(x)[0], -1})}));
      case 1: return keep(emit(OpKind::reshape, {x, ints({-1})}));
      case 2: {
        const ValueId wide = emit(OpKind::unsqueeze, {x, ints({rng_.below(rank(x) + 1)})});
        keep(wide);
        return keep(emit(OpKind::reshape, {wide, ints({1, -1})}));
      }
      default: {  // flatten as exporters write it: [shape[0], -1]
        const ValueId first = emit(OpKind::gather, {emit(OpKind::shape, {x}), ints({0})});
        return keep(emit(OpKind::reshape, {x, emit(OpKind::concat, {first, ints({-1})})}));
      }
    }
  }

  void move(ValueId x) {
    const auto last = static_cast<size_t>(rank(x) - 1);
    if (rng_.below(2) == 0) {
      const bool whole = rng_.below(2) == 0 || shape(x)[last] < 2;
      return keep(emit(OpKind::slice, {x, ints({whole ? 0 : 1}), ints({INT64_MAX}), ints({-1})}));
    }
    Shape pads(static_cast<size_t>(rank(x)) * 2, 0);
    pads.back() = rng_.below(2);
    keep(emit(OpKind::pad, {x, ints(pads)}));
  }

  ValueId batch_norm(ValueId x) {
    const int64_t channels = shape(x)[1];
    return emit(OpKind::batch_norm, {x, floats({channels}, 0.5F, 1.5F), floats({channels}), floats({channels}),
                                     floats({channels}, 0.5F, 1.5F)});
  }

  void convolution(ValueId x) {
    if (rank(x) != 4 || shape(x)[1] < 1 || shape(x)[2] < 3 || shape(x)[3] < 3) {
      return unary(x);
    }
    const int64_t channels = shape(x)[1];
    const bool depthwise = rng_.below(3) == 0;
    const int64_t filters = depthwise ? channels : 2 + rng_.below(3);
    ConvAttrs attrs;
    attrs.group = depthwise ? channels : 1;
    attrs.pads = rng_.below(2) == 0 ? Shape{1, 1, 1, 1} : Shape{};
    attrs.strides = rng_.below(3) == 0 ? Shape{2, 2} : Shape{};
    std::vector<ValueId> inputs = {rng_.below(5) == 0 ? batch_norm(x) : x,
                                   floats({filters, depthwise ? 1 : channels, 3, 3})};
    if (rng_.below(2) == 0) {
      inputs.push_back(floats({filters}));
    }
    ValueId y = emit(OpKind::conv, std::move(inputs), attrs);
    if (rng_.below(2) == 0) {
      y = batch_norm(y);
    }
    keep(y);
    if (rng_.below(2) == 0) {
      unary(y);
    }
  }

  void product(ValueId x) {
    const int64_t depth = rank(x) > 1 ? shape(x).back() : kUnknown;
    if (depth < 1) {
      return unary(x);
    }
    const int64_t wide = 2 + rng_.below(4);
    if (rank(x) == 2 && rng_.below(2) == 0) {
      GemmAttrs attrs;
      attrs.trans_b = rng_.below(2) == 0;
      attrs.alpha = rng_.below(2) == 0 ? 1.0F : 0.5F;
      const ValueId w = attrs.trans_b ? floats({wide, depth}) : floats({depth, wide});
      return keep(emit(OpKind::gemm, {x, w, floats({wide})}, attrs));
    }
    ValueId y = emit(OpKind::matmul, {x, floats({depth, wide})});
    if (rng_.below(2) == 0) {
      y = emit(OpKind::add, {y, floats({wide})});
    }
    keep(y);
  }

  void pool(ValueId x) {
    if (rank(x) == 4 && shape(x)[2] >= 2 && shape(x)[3] >= 2 && rng_.below(3) != 0) {
      PoolAttrs attrs;
      attrs.kernel = {2, 2};
      attrs.strides = {2, 2};
      return keep(emit(rng_.below(2) == 0 ? OpKind::max_pool : OpKind::avg_pool, {x}, attrs));
    }
    keep(emit(OpKind::reduce_mean, {x, ints({-1})}, ReduceAttrs{.keepdims = rng_.below(2) == 0 || rank(x) < 2}));
  }

  // Functions as exporters take them apart.
  void function(ValueId x) {
    switch (rng_.below(5)) {
      case 0: return keep(emit(OpKind::mul, {x, emit(OpKind::sigmoid, {x})}));
      case 1: {  // x * clip(x + 3, 0, 6) / 6
        const ValueId gate = emit(OpKind::clip, {emit(OpKind::add, {x, scalar(3)}), scalar(0), scalar(6)});
        return keep(emit(OpKind::div, {emit(OpKind::mul, {x, gate}), scalar(6)}));
      }
      case 2: {  // x * 0.5 * (1 + erf(x / sqrt 2))
        const ValueId e = emit(OpKind::erf, {emit(OpKind::div, {x, scalar(1.41421356F)})});
        return keep(emit(OpKind::mul, {emit(OpKind::mul, {x, emit(OpKind::add, {e, scalar(1)})}), scalar(0.5F)}));
      }
      case 3: return keep(emit(OpKind::softmax, {x}));
      default: return keep(emit(OpKind::mul, {x, emit(OpKind::tanh, {emit(OpKind::softplus, {x})})}));
    }
  }

  void normalization(ValueId x) {
    const int64_t depth = shape(x).back();
    if (depth < 2 || rank(x) < 2) {
      return unary(x);
    }
    const ValueId axes = ints({-1});
    const bool centre = rng_.below(2) == 0;
    const ValueId d = centre ? emit(OpKind::sub, {x, emit(OpKind::reduce_mean, {x, axes})}) : x;
    const ValueId square = rng_.below(2) == 0 ? emit(OpKind::mul, {d, d}) : emit(OpKind::pow, {d, scalar(2)});
    const ValueId variance = emit(OpKind::add, {emit(OpKind::reduce_mean, {square, axes}), scalar(1e-3F)});
    const ValueId y =
        emit(OpKind::mul, {emit(OpKind::div, {d, emit(OpKind::sqrt, {variance})}), floats({depth}, 0.5F, 1.5F)});
    keep(rng_.below(2) == 0 ? emit(OpKind::add, {y, floats({depth})}) : y);
  }

  void cast(ValueId x) {
    const ValueId wide = emit(OpKind::cast, {x}, CastAttrs{rng_.below(2) == 0 ? DType::f64 : DType::f32});
    keep(emit(OpKind::cast, {wide}, CastAttrs{DType::f32}));
  }

  void finish() {
    std::vector<ValueId> candidates;
    std::ranges::copy_if(values_, std::back_inserter(candidates),
                         [&](ValueId id) { return graph_.value(id).producer != NodeId::none; });
    if (candidates.empty()) {
      candidates.push_back(emit(OpKind::relu, {values_[0]}));
    }
    std::vector<ValueId> outputs = {candidates.back()};
    for (int64_t i = rng_.below(3); i > 0; --i) {
      const ValueId more = pick(candidates);
      if (std::ranges::find(outputs, more) == outputs.end()) {
        outputs.push_back(more);
      }
    }
    graph_.set_outputs(std::move(outputs));
  }

  Rng rng_;
  Graph graph_;
  KnownInts known_;
  std::vector<ValueId> values_;  // f32, at most one open dimension, no empty one
  int count_ = 0;
};

}  // namespace

Graph random_graph(uint64_t seed) { return Maker(seed).make(); }

}  // namespace dsq::testing
