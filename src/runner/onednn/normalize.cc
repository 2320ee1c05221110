// softmax and layer_norm along the last axis, and sums and means over neighbouring axes: the portable kernels' formulas
// and bits, in loops that vectorize.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "src/quant/fmath.h"
#include "src/runner/onednn/layers.h"
#include "src/runner/onednn/rows.h"
#include "src/runner/portable/dispatch.h"
#include "src/support/parallel.h"

namespace dsq::onednn {
namespace {

using portable::raw;

constexpr int64_t kBlock = 8;  // rows worked on together

bool is_f32(const TensorType& type) { return type.known() && type.dtype == DType::f32 && count_of(*type.shape) > 0; }

float greatest(const float* x, int64_t count) {
  constexpr size_t kLanes = 16;
  std::array<float, kLanes> peak;
  peak.fill(-std::numeric_limits<float>::infinity());
  int64_t i = 0;
  for (; i + static_cast<int64_t>(kLanes) <= count; i += kLanes) {
    for (size_t k = 0; k < kLanes; ++k) {
      const float v = x[i + static_cast<int64_t>(k)];
      peak[k] = peak[k] < v ? v : peak[k];
    }
  }
  for (; i < count; ++i) {
    peak[0] = peak[0] < x[i] ? x[i] : peak[0];
  }
  return *std::ranges::max_element(peak);
}

void softmax_rows(const float* in, float* out, int64_t rows, int64_t length, bool log) {
  std::array<float, kBlock> peaks{};
  for (int64_t r = 0; r < rows; ++r) {
    const float peak = greatest(in + r * length, length);
    peaks[static_cast<size_t>(r)] = peak;
    for (int64_t k = 0; k < length; ++k) {
      out[r * length + k] = exp_f(in[r * length + k] - peak);
    }
  }
  const auto term = [&](int64_t r, int64_t k) { return static_cast<double>(out[r * length + k]); };
  sum_rows(rows, length, term, [&](int64_t r, double sum) {
    const float* x = in + r * length;
    float* y = out + r * length;
    const auto scale = static_cast<float>(1.0 / sum);
    const auto shift = static_cast<float>(std::log(sum));
    const float peak = peaks[static_cast<size_t>(r)];
    for (int64_t k = 0; k < length; ++k) {
      y[k] = log ? x[k] - peak - shift : y[k] * scale;
    }
  });
}

void normalize_rows(const float* in, float* out, int64_t rows, int64_t length, double epsilon, const float* scale,
                    const float* bias) {
  std::array<double, kBlock> mean{};
  sum_rows(
      rows, length, [&](int64_t r, int64_t i) { return static_cast<double>(in[r * length + i]); },
      [&](int64_t r, double sum) { mean[static_cast<size_t>(r)] = sum / static_cast<double>(length); });
  const auto square = [&](int64_t r, int64_t i) {
    const double d = in[r * length + i] - mean[static_cast<size_t>(r)];
    return d * d;
  };
  sum_rows(rows, length, square, [&](int64_t r, double sum) {
    const auto factor = static_cast<float>(1.0 / std::sqrt(sum / static_cast<double>(length) + epsilon));
    const auto centre = static_cast<float>(mean[static_cast<size_t>(r)]);
    const float* x = in + r * length;
    float* y = out + r * length;
    for (int64_t i = 0; i < length; ++i) {
      y[i] = (x[i] - centre) * factor * scale[i] + bias[i];
    }
  });
}

// body(first row, rows) for blocks of at most kBlock rows, on all threads.
template <class Body>
void for_each_block(int64_t rows, int64_t length, Body body) {
  const int64_t blocks = (rows + kBlock - 1) / kBlock;
  parallel_for(blocks, std::max<int64_t>(1, (1 << 12) / std::max<int64_t>(length * kBlock, 1)),
               [&](int64_t begin, int64_t end) {
                 for (int64_t b = begin; b < end; ++b) {
                   body(b * kBlock, std::min(kBlock, rows - b * kBlock));
                 }
               });
}

// The reduced axes lie side by side: outer x length x inner.
struct ReduceView {
  int64_t outer = 1;
  int64_t length = 1;
  int64_t inner = 1;
};

std::optional<ReduceView> reduce_view(const Shape& shape, const std::vector<int64_t>& axes) {
  std::vector<bool> reduced(shape.size(), false);
  for (const int64_t axis : axes) {
    reduced[static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis)] = true;
  }
  ReduceView view;
  int phase = 0;  // before, in, after the reduced axes
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 1) {
      continue;
    }
    phase = reduced[i] ? std::max(phase, 1) : (phase == 1 ? 2 : phase);
    if (reduced[i] && phase == 2) {
      return std::nullopt;
    }
    (phase == 0 ? view.outer : phase == 1 ? view.length : view.inner) *= shape[i];
  }
  return view;
}

void sum_columns(const ReduceView& view, const float* in, float* out, double divisor) {
  constexpr int64_t kPart = 256;  // columns summed at once
  const int64_t parts = (view.inner + kPart - 1) / kPart;
  parallel_for(view.outer * parts, std::max<int64_t>(1, (1 << 13) / (view.length * std::min(view.inner, kPart))),
               [&](int64_t begin, int64_t end) {
                 std::array<double, kPart> sums;
                 for (int64_t at = begin; at < end; ++at) {
                   const int64_t first = at % parts * kPart;
                   const int64_t width = std::min(kPart, view.inner - first);
                   const float* x = in + at / parts * view.length * view.inner + first;
                   sums.fill(0);
                   for (int64_t k = 0; k < view.length; ++k) {
                     for (int64_t i = 0; i < width; ++i) {
                       sums[static_cast<size_t>(i)] += x[k * view.inner + i];
                     }
                   }
                   for (int64_t i = 0; i < width; ++i) {
                     out[at / parts * view.inner + first + i] =
                         static_cast<float>(sums[static_cast<size_t>(i)] / divisor);
                   }
                 }
               });
}

}  // namespace

Prepared prepare_softmax(const Graph& graph, const Node& node) {
  const TensorType& type = graph.value(node.inputs[0]).type;
  const int64_t axis = node.as<AxisAttrs>().axis;
  if (!is_f32(type) || (axis != -1 && axis != type.rank() - 1)) {
    return std::optional<Kernel>();
  }
  const int64_t length = type.shape->back();
  const int64_t rows = count_of(*type.shape) / length;
  return std::optional<Kernel>([length, rows, log = node.op == OpKind::log_softmax](const Call& call) -> Result<void> {
    const float* in = raw<float>(call.input(0));
    float* out = raw<float>(call.output());
    for_each_block(rows, length, [&](int64_t row, int64_t count) {
      softmax_rows(in + row * length, out + row * length, count, length, log);
    });
    return {};
  });
}

Prepared prepare_layer_norm(const Graph& graph, const Node& node) {
  const TensorType& type = graph.value(node.inputs[0]).type;
  const auto& attrs = node.as<NormAttrs>();
  const auto fits = [&](size_t i) {  // parameters kept in fp16 come through a cast, so they need not be constants
    const TensorType& own = graph.value(node.inputs[i]).type;
    return is_f32(own) && count_of(*own.shape) == type.shape->back();
  };
  const bool more_outputs = node.outputs.size() > 1 && (node.outputs[1] != ValueId::none || node.outputs.size() > 2);
  if (!is_f32(type) || (attrs.axis != -1 && attrs.axis != type.rank() - 1) || !fits(1) ||
      (node.has_input(2) && !fits(2)) || more_outputs) {
    return std::optional<Kernel>();
  }
  const int64_t length = type.shape->back();
  const int64_t rows = count_of(*type.shape) / length;
  const std::vector<float> zeros(node.has_input(2) ? 0 : static_cast<size_t>(length), 0.0F);
  return std::optional<Kernel>(
      [length, rows, zeros, epsilon = static_cast<double>(attrs.epsilon)](const Call& call) -> Result<void> {
        const float* in = raw<float>(call.input(0));
        const float* scale = raw<float>(call.input(1));
        const float* bias = zeros.empty() ? raw<float>(call.input(2)) : zeros.data();
        float* out = raw<float>(call.output());
        for_each_block(rows, length, [&](int64_t row, int64_t count) {
          normalize_rows(in + row * length, out + row * length, count, length, epsilon, scale, bias);
        });
        return {};
      });
}

Prepared prepare_sum(const Graph& graph, const Node& node) {  // reduce_sum, reduce_mean
  const TensorType& type = graph.value(node.inputs[0]).type;
  const Tensor* axes = node.has_input(1) ? graph.constant(node.inputs[1]) : nullptr;
  if (!is_f32(type) || axes == nullptr || axes->count() == 0) {
    return std::optional<Kernel>();
  }
  const std::optional<ReduceView> view = reduce_view(*type.shape, to_ints(*axes));
  if (!view) {
    return std::optional<Kernel>();
  }
  const double divisor = node.op == OpKind::reduce_mean ? static_cast<double>(view->length) : 1.0;
  return std::optional<Kernel>([view = *view, divisor](const Call& call) -> Result<void> {
    const float* in = raw<float>(call.input(0));
    float* out = raw<float>(call.output());
    if (view.inner > 1) {
      sum_columns(view, in, out, divisor);
      return {};
    }
    for_each_block(view.outer, view.length, [&](int64_t row, int64_t count) {
      const float* x = in + row * view.length;
      sum_rows(
          count, view.length, [&](int64_t r, int64_t i) { return static_cast<double>(x[r * view.length + i]); },
          [&](int64_t r, double sum) { out[row + r] = static_cast<float>(sum / divisor); });
    });
    return {};
  });
}

}  // namespace dsq::onednn
