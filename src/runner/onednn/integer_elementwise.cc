// Conversions between floats and integers, and the elementwise integer operators: the formulas of src/quant/math.h in
// loops that vectorize. 4-bit tensors come and go as bytes (nibbles.h).
#include <algorithm>

#include "src/quant/math.h"
#include "src/runner/onednn/integer_runs.h"
#include "src/runner/onednn/layers.h"
#include "src/runner/onednn/nibbles.h"
#include "src/runner/onednn/runs.h"
#include "src/runner/portable/dispatch.h"

namespace dsq::onednn {
namespace {

using portable::raw;

bool is_byte(DType type) { return type == DType::u8 || type == DType::i8 || bits_of(type) == 4; }

// f(C++ type of a byte tensor)
template <class F>
void for_byte(const Tensor& tensor, F f) {
  tensor.dtype() == DType::u8 ? f(uint8_t{}) : f(int8_t{});
}

// The axis whose indices have parameters of their own, -1 for none; nothing where only the portable kernel knows how.
std::optional<int64_t> params_axis(const QuantParams& params) {
  if (params.granularity.group > 0 || !params.levels.empty()) {
    return std::nullopt;
  }
  return params.granularity.axis;
}

// Scales and zero points of a conversion, one or one for each index of `axis`.
struct Affine {
  int64_t axis = -1;
  std::vector<float> scale;
  std::vector<int32_t> zero;
};

std::optional<Affine> affine_of(const Graph& graph, const Node& node, ValueId integers, int64_t rank) {
  Affine affine;
  if (node.has_input(1)) {
    const Tensor* scale = graph.constant(node.inputs[1]);
    const Tensor* zero = node.has_input(2) ? graph.constant(node.inputs[2]) : nullptr;
    if (scale == nullptr || scale->rank() > 1 || (node.has_input(2) && zero == nullptr)) {
      return std::nullopt;
    }
    affine.scale = to_floats(*scale);
    if (zero != nullptr) {
      const std::vector<int64_t> values = to_ints(*zero);
      affine.zero.assign(values.begin(), values.end());
    }
    if (affine.scale.size() > 1) {
      const int64_t axis = node.as<QuantizeAttrs>().axis;
      affine.axis = axis < 0 ? axis + rank : axis;
    }
  } else {
    const std::optional<QuantParams>& params = graph.value(integers).params;
    if (!params || !params_axis(*params)) {
      return std::nullopt;
    }
    affine.axis = *params_axis(*params);
    affine.scale = params->scale;
    affine.zero = params->zero_point;
  }
  if (affine.scale.size() == 1 && affine.zero.size() <= 1) {
    affine.axis = -1;
  }
  const size_t channels =
      affine.axis < 0 ? 1 : static_cast<size_t>(graph.value(integers).type.shape->at(static_cast<size_t>(affine.axis)));
  const auto widen = [channels](auto& values, auto missing) {
    const auto value = values.empty() ? missing : values[0];
    if (values.size() != channels) {
      values.assign(channels, value);
    }
  };
  widen(affine.scale, 1.0F);
  widen(affine.zero, 0);
  return affine;
}

Affine spread(const Affine& affine, const Runs& runs) {
  return {affine.axis, parameters_of(runs, affine.scale), parameters_of(runs, affine.zero)};
}

// The zero points of an integer input, one for each of `channels` or one in all.
std::optional<std::vector<int32_t>> zeros_of(const Graph& graph, ValueId id, int64_t axis, size_t channels) {
  const std::optional<QuantParams>& params = graph.value(id).params;
  if (!params) {
    return std::vector<int32_t>(channels, 0);
  }
  const std::optional<int64_t> own = params_axis(*params);
  if (!own || (*own >= 0 && *own != axis && params->zero_point.size() > 1)) {
    return std::nullopt;
  }
  std::vector<int32_t> zeros(channels);
  for (size_t i = 0; i < channels; ++i) {
    zeros[i] = params->zero_of(i);
  }
  return zeros;
}

// Vectors of one value a channel: of axis 1, or of the axis that their own shape names (layout_rules.cc).
std::optional<int64_t> channel_axis(const Graph& graph, std::span<const ValueId> vectors) {
  int64_t axis = -1;
  for (const ValueId id : vectors) {
    const Tensor* held = graph.constant(id);
    if (held == nullptr) {
      return std::nullopt;
    }
    if (held->count() > 1) {
      axis = held->rank() > 1 ? held->rank() - 1 : 1;
    }
  }
  return axis;
}

std::vector<float> widened(const Tensor& vector, size_t channels) {
  const std::span<const float> values = vector.values<float>();
  return values.size() == channels ? std::vector<float>(values.begin(), values.end())
                                   : std::vector<float>(channels, values[0]);
}

Limits limits_of(DType type, const Activation& act = {}) {
  const IntRange range = range_of(type);
  Limits limits{static_cast<float>(range.low), static_cast<float>(range.high)};
  if (act.kind == ActKind::clip) {
    limits = {std::max(limits.low, act.a), std::min(limits.high, act.b)};
  }
  return limits;
}

bool types_known(const Graph& graph, const Node& node) {
  const auto known = [&](ValueId id) { return id == ValueId::none || graph.value(id).type.known(); };
  return std::ranges::all_of(node.inputs, known) && std::ranges::all_of(node.outputs, known);
}

struct Range {
  float low = 0;
  float high = 0;
};

// The least and greatest element, and zero. NaN is passed over.
Range range_over(const float* x, int64_t count) {
  constexpr int64_t kLanes = 32;
  std::array<float, kLanes> low{};
  std::array<float, kLanes> high{};
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) {
      const float v = x[i + static_cast<int64_t>(k)];
      low[k] = v < low[k] ? v : low[k];
      high[k] = v > high[k] ? v : high[k];
    }
  }
  for (; i < count; ++i) {
    low[0] = x[i] < low[0] ? x[i] : low[0];
    high[0] = x[i] > high[0] ? x[i] : high[0];
  }
  return {*std::ranges::min_element(low), *std::ranges::max_element(high)};
}

Range range_over_all(const float* x, int64_t count) {
  constexpr int64_t kPiece = 1 << 14;
  std::vector<Range> pieces(static_cast<size_t>((count + kPiece - 1) / kPiece));
  parallel_for(static_cast<int64_t>(pieces.size()), 2, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      pieces[static_cast<size_t>(p)] = range_over(x + p * kPiece, std::min(kPiece, count - p * kPiece));
    }
  });
  Range all;
  for (const Range& piece : pieces) {
    all = {std::min(all.low, piece.low), std::max(all.high, piece.high)};
  }
  return all;
}

void quantize_some(const float* x, int64_t count, ScaleZero p, int32_t steps, uint8_t* out) {
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<uint8_t>(dsq::quantize(x[i], p.scale, p.zero, 0, steps));
  }
}

}  // namespace

Prepared prepare_quantize(const Graph& graph, const Node& node) {
  const DType type = graph.value(node.outputs[0]).type.dtype;
  if (!types_known(graph, node) || graph.value(node.inputs[0]).type.dtype != DType::f32 || !is_byte(type)) {
    return std::optional<Kernel>();
  }
  const Shape& shape = *graph.value(node.inputs[0]).type.shape;
  const std::optional<Affine> affine = affine_of(graph, node, node.outputs[0], static_cast<int64_t>(shape.size()));
  if (!affine) {
    return std::optional<Kernel>();
  }
  const IntRange range = range_of(type);
  const Runs runs = runs_of(shape, affine->axis);
  const Affine each = spread(*affine, runs);
  return std::optional(unpacked(graph, node, [each, range, runs](const Call& call) -> Result<void> {
    const float* x = raw<float>(call.input(0));
    for_byte(call.output(), [&]<class T>(T) {
      T* out = raw<T>(call.output());
      for_each_run(runs, [&]<int step>(int64_t at, int64_t count, int64_t p, std::integral_constant<int, step>) {
        quantize_run<step>(x + at, count, each.scale.data() + p, each.zero.data() + p, range, out + at);
      });
    });
    return {};
  }));
}

Prepared prepare_dequantize(const Graph& graph, const Node& node) {
  const TensorType& q = graph.value(node.inputs[0]).type;
  if (!types_known(graph, node) || !is_byte(q.dtype) || graph.value(node.outputs[0]).type.dtype != DType::f32) {
    return std::optional<Kernel>();
  }
  const std::optional<Affine> affine = affine_of(graph, node, node.inputs[0], q.rank());
  if (!affine) {
    return std::optional<Kernel>();
  }
  const Runs runs = runs_of(*q.shape, affine->axis);
  const Affine each = spread(*affine, runs);
  return std::optional(unpacked(graph, node, [each, runs](const Call& call) -> Result<void> {
    float* out = raw<float>(call.output());
    for_byte(call.input(0), [&]<class T>(T) {
      const T* in = raw<T>(call.input(0));
      for_each_run(runs, [&]<int step>(int64_t at, int64_t count, int64_t p, std::integral_constant<int, step>) {
        dequantize_run<step>(in + at, count, each.scale.data() + p, each.zero.data() + p, out + at);
      });
    });
    return {};
  }));
}

Prepared prepare_dynamic_quantize(const Graph& graph, const Node& node) {
  const TensorType& type = graph.value(node.inputs[0]).type;
  if (!types_known(graph, node) || type.dtype != DType::f32 || count_of(*type.shape) == 0) {
    return std::optional<Kernel>();
  }
  const auto& attrs = node.as<DynamicQuantizeAttrs>();
  const int64_t count = count_of(*type.shape);
  const int64_t units = attrs.per == RangeAxis::tensor   ? 1
                        : attrs.per == RangeAxis::sample ? type.shape->at(0)
                                                         : count / type.shape->back();
  const int64_t size = count / units;
  const int32_t steps = bits_of(attrs.to) == 4 ? 15 : 255;
  return std::optional(unpacked(graph, node, [units, size, steps, clip = attrs.clip](const Call& call) -> Result<void> {
    const float* x = raw<float>(call.input(0));
    auto* out = raw<uint8_t>(call.output(0));
    float* scales = call.wants(1) ? raw<float>(call.output(1)) : nullptr;
    uint8_t* zeros = call.wants(2) ? raw<uint8_t>(call.output(2)) : nullptr;
    const auto finish = [&](int64_t unit, const Range& range) {
      const ScaleZero p = affine_range(range.low * clip, range.high * clip, steps);
      if (scales != nullptr) {
        scales[unit] = p.scale;
      }
      if (zeros != nullptr) {
        zeros[unit] = static_cast<uint8_t>(p.zero);
      }
      return p;
    };
    if (size >= 1 << 15) {  // large units one after the other, each on all threads
      for (int64_t u = 0; u < units; ++u) {
        const ScaleZero p = finish(u, range_over_all(x + u * size, size));
        parallel_for(size, 1 << 13, [&](int64_t begin, int64_t end) {
          quantize_some(x + u * size + begin, end - begin, p, steps, out + u * size + begin);
        });
      }
      return {};
    }
    parallel_for(units, std::max<int64_t>(1, (1 << 13) / size), [&](int64_t begin, int64_t end) {
      for (int64_t u = begin; u < end; ++u) {
        quantize_some(x + u * size, size, finish(u, range_over(x + u * size, size)), steps, out + u * size);
      }
    });
    return {};
  }));
}

Prepared prepare_requantize(const Graph& graph, const Node& node) {  // x, m, b
  if (node.inputs.size() < 3 || !types_known(graph, node)) {
    return std::optional<Kernel>();
  }
  const Shape& shape = *graph.value(node.outputs[0]).type.shape;
  const std::optional<int64_t> axis = channel_axis(graph, std::span(node.inputs).subspan(1, 2));
  if (!axis || !is_byte(graph.value(node.inputs[0]).type.dtype) || !is_byte(graph.value(node.outputs[0]).type.dtype)) {
    return std::optional<Kernel>();
  }
  const std::optional<QuantParams>& params = graph.value(node.inputs[0]).params;
  const int64_t own = *axis >= 0 || !params ? *axis : params->granularity.axis;
  const size_t channels = own < 0 ? 1 : static_cast<size_t>(shape[static_cast<size_t>(own)]);
  const std::optional<std::vector<int32_t>> zeros = zeros_of(graph, node.inputs[0], own, channels);
  if (!zeros) {
    return std::optional<Kernel>();
  }
  const Runs runs = runs_of(shape, own);
  const std::vector<float> m = parameters_of(runs, widened(*graph.constant(node.inputs[1]), channels));
  const std::vector<float> b = parameters_of(runs, widened(*graph.constant(node.inputs[2]), channels));
  const std::vector<int32_t> zero = parameters_of(runs, *zeros);
  const Limits limits = limits_of(graph.value(node.outputs[0]).type.dtype);
  return std::optional(unpacked(graph, node, [m, b, zero, limits, runs](const Call& call) -> Result<void> {
    for_byte(call.input(0), [&]<class X>(X) {
      for_byte(call.output(), [&]<class Y>(Y) {
        const X* in = raw<X>(call.input(0));
        Y* out = raw<Y>(call.output());
        for_each_run(runs, [&]<int step>(int64_t at, int64_t count, int64_t p, std::integral_constant<int, step>) {
          requantize_run<step>(in + at, count, zero.data() + p, m.data() + p, b.data() + p, limits, out + at);
        });
      });
    });
    return {};
  }));
}

Prepared prepare_lut(const Graph& graph, const Node& node) {
  const TensorType& x = graph.value(node.inputs[0]).type;
  const Tensor* table = graph.constant(node.inputs[1]);
  if (!is_byte(x.dtype) || !is_byte(graph.value(node.outputs[0]).type.dtype) || table == nullptr ||
      bits_of(table->dtype()) != 8 || !types_known(graph, node)) {
    return std::optional<Kernel>();
  }
  const IntRange range = range_of(x.dtype);
  std::array<uint8_t, 256> entries{};
  for (int64_t q = range.low; q <= range.high; ++q) {
    entries[static_cast<uint8_t>(q)] = static_cast<uint8_t>(table->bytes()[static_cast<size_t>(q - range.low)]);
  }
  return std::optional(unpacked(graph, node, [entries](const Call& call) -> Result<void> {
    const auto* in = raw<uint8_t>(call.input(0));
    auto* out = raw<uint8_t>(call.output());
    parallel_for(call.output().count(), 1 << 13, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        out[i] = entries[in[i]];
      }
    });
    return {};
  }));
}

Prepared prepare_qadd(const Graph& graph, const Node& node) {  // a, b, ma, mb, c
  if (!types_known(graph, node)) {
    return std::optional<Kernel>();
  }
  const Shape& shape = *graph.value(node.outputs[0]).type.shape;
  const std::optional<int64_t> axis = channel_axis(graph, std::span(node.inputs).subspan(2, 3));
  if (!axis || *graph.value(node.inputs[0]).type.shape != shape || *graph.value(node.inputs[1]).type.shape != shape) {
    return std::optional<Kernel>();
  }
  int64_t own = *axis;
  for (const size_t side : {size_t{0}, size_t{1}}) {
    const std::optional<QuantParams>& params = graph.value(node.inputs[side]).params;
    own = own < 0 && params && params->zero_point.size() > 1 ? params->granularity.axis : own;
  }
  const size_t channels = own < 0 ? 1 : static_cast<size_t>(shape[static_cast<size_t>(own)]);
  const std::optional<std::vector<int32_t>> za = zeros_of(graph, node.inputs[0], own, channels);
  const std::optional<std::vector<int32_t>> zb = zeros_of(graph, node.inputs[1], own, channels);
  if (!za || !zb) {
    return std::optional<Kernel>();
  }
  const Runs runs = runs_of(shape, own);
  const auto vector_of = [&](size_t i) {
    return parameters_of(runs, widened(*graph.constant(node.inputs[i]), channels));
  };
  const std::vector<float> ma = vector_of(2);
  const std::vector<float> mb = vector_of(3);
  const std::vector<float> shift = vector_of(4);
  const std::vector<int32_t> zero_a = parameters_of(runs, *za);
  const std::vector<int32_t> zero_b = parameters_of(runs, *zb);
  const Limits limits = limits_of(graph.value(node.outputs[0]).type.dtype, node.as<ActAttrs>().activation());
  return std::optional(
      unpacked(graph, node, [ma, mb, shift, zero_a, zero_b, limits, runs](const Call& call) -> Result<void> {
        const auto add = [&]<class A, class B, class Y>(A, B, Y) {
          const A* a = raw<A>(call.input(0));
          const B* b = raw<B>(call.input(1));
          Y* out = raw<Y>(call.output());
          for_each_run(runs, [&]<int step>(int64_t at, int64_t count, int64_t p, std::integral_constant<int, step>) {
            qadd_run<step>(Side<A>{a + at, zero_a.data() + p, ma.data() + p},
                           Side<B>{b + at, zero_b.data() + p, mb.data() + p}, count, shift.data() + p, limits,
                           out + at);
          });
        };
        for_byte(call.input(0), [&]<class A>(A x) {
          for_byte(call.input(1), [&]<class B>(B y) { for_byte(call.output(), [&]<class Y>(Y z) { add(x, y, z); }); });
        });
        return {};
      }));
}

}  // namespace dsq::onednn
