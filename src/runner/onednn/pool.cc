// Pooling of channels-last data: vectors of channels, tap after tap in the portable kernels' order, so the results have
// the same bits.
#include <algorithm>

#include "src/quant/math.h"
#include "src/runner/onednn/layers.h"
#include "src/runner/onednn/nibbles.h"
#include "src/runner/onednn/pool_plan.h"
#include "src/runner/portable/dispatch.h"
#include "src/support/parallel.h"

namespace dsq::onednn {
namespace {

using portable::raw;

int64_t grain_of(const PoolPlan& plan) { return std::max<int64_t>(1, (1 << 13) / std::max<int64_t>(plan.channels, 1)); }

template <class T>
void max_row(T* best, const T* x, int64_t channels) {
  for (int64_t c = 0; c < channels; ++c) {
    const T v = x[c];
    best[c] = ((v > best[c]) | (v != v)) ? v : best[c];
  }
}

template <class T>
Kernel max_kernel(const PoolPlan& plan) {
  return [plan](const Call& call) -> Result<void> {
    const T* in = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    const int64_t c = plan.channels;
    parallel_for(plan.batch * plan.out_size, grain_of(plan), [&](int64_t begin, int64_t end) {
      for (int64_t at = begin; at < end; ++at) {
        const T* sample = in + at / plan.out_size * plan.in_size * c;
        T* best = out + at * c;
        bool first = true;
        for_each_covered(plan, at % plan.out_size, [&](int64_t position) {
          if (first) {
            std::copy_n(sample + position * c, c, best);
            first = false;
          } else {
            max_row(best, sample + position * c, c);
          }
        });
        if (first) {
          std::fill_n(best, c, std::numeric_limits<T>::lowest());
        }
      }
    });
    return {};
  };
}

Kernel average_kernel(const PoolPlan& plan, bool with_padding) {
  return [plan, with_padding](const Call& call) -> Result<void> {
    const float* in = raw<float>(call.input(0));
    float* out = raw<float>(call.output());
    const int64_t c = plan.channels;
    parallel_for(plan.batch * plan.out_size, grain_of(plan), [&](int64_t begin, int64_t end) {
      std::vector<double> sums(static_cast<size_t>(c));
      for (int64_t at = begin; at < end; ++at) {
        const float* sample = in + at / plan.out_size * plan.in_size * c;
        std::ranges::fill(sums, 0.0);
        const int64_t inside = for_each_covered(plan, at % plan.out_size, [&](int64_t position) {
          const float* x = sample + position * c;
          for (int64_t i = 0; i < c; ++i) {
            sums[static_cast<size_t>(i)] += x[i];
          }
        });
        const auto count = static_cast<double>(with_padding ? declared_taps(plan, at % plan.out_size) : inside);
        for (int64_t i = 0; i < c; ++i) {
          out[at * c + i] = count == 0 ? 0.0F : static_cast<float>(sums[static_cast<size_t>(i)] / count);
        }
      }
    });
    return {};
  };
}

// x, m, b: sums of levels over the window; padding counts as level 0.
struct Rescale {
  std::vector<int32_t> zero;  // one for each channel, as m and b
  std::vector<float> m;
  std::vector<float> b;
  float low;
  float high;
};

template <class X, class Y>
void average_integers(const PoolPlan& plan, const Rescale& r, const X* in, Y* out) {
  const int64_t c = plan.channels;
  parallel_for(plan.batch * plan.out_size, grain_of(plan), [&](int64_t begin, int64_t end) {
    std::vector<int32_t> sums(static_cast<size_t>(c));
    for (int64_t at = begin; at < end; ++at) {
      const X* sample = in + at / plan.out_size * plan.in_size * c;
      std::ranges::fill(sums, 0);
      const auto inside = static_cast<int32_t>(for_each_covered(plan, at % plan.out_size, [&](int64_t position) {
        const X* x = sample + position * c;
        for (int64_t i = 0; i < c; ++i) {
          sums[static_cast<size_t>(i)] += x[i];
        }
      }));
      for (int64_t i = 0; i < c; ++i) {
        const auto k = static_cast<size_t>(i);
        out[at * c + i] = static_cast<Y>(dsq::requantize(sums[k] - inside * r.zero[k], r.m[k], r.b[k], r.low, r.high));
      }
    }
  });
}

bool is_unsigned(DType type) { return type == DType::u8 || type == DType::u4; }

std::optional<Kernel> integer_average(const Graph& graph, const Node& node, const PoolPlan& plan) {
  const Tensor* m = graph.constant(node.inputs[1]);
  const Tensor* b = graph.constant(node.inputs[2]);
  const std::optional<QuantParams>& params = graph.value(node.inputs[0]).params;
  if (m == nullptr || b == nullptr) {
    return std::nullopt;
  }
  const IntRange range = range_of(graph.value(node.outputs[0]).type.dtype);
  Rescale r;
  r.low = static_cast<float>(range.low);
  r.high = static_cast<float>(range.high);
  for (int64_t c = 0; c < plan.channels; ++c) {
    r.zero.push_back(params ? params->zero_of(static_cast<size_t>(c)) : 0);
    r.m.push_back(m->values<float>()[m->count() == 1 ? 0 : static_cast<size_t>(c)]);
    r.b.push_back(b->values<float>()[b->count() == 1 ? 0 : static_cast<size_t>(c)]);
  }
  const bool from_unsigned = is_unsigned(graph.value(node.inputs[0]).type.dtype);
  const bool to_unsigned = is_unsigned(graph.value(node.outputs[0]).type.dtype);
  return unpacked(graph, node, [plan, r, from_unsigned, to_unsigned](const Call& call) -> Result<void> {
    const auto average = [&]<class X, class Y>(X, Y) {
      average_integers(plan, r, raw<X>(call.input(0)), raw<Y>(call.output()));
    };
    const auto with_input = [&]<class X>(X x) { to_unsigned ? average(x, uint8_t{}) : average(x, int8_t{}); };
    from_unsigned ? with_input(uint8_t{}) : with_input(int8_t{});
    return {};
  });
}

}  // namespace

Prepared prepare_pool(const Graph& graph, const Node& node) {
  const auto& attrs = node.as<PoolAttrs>();
  if (attrs.layout != Layout::channels_last) {
    return std::optional<Kernel>();
  }
  const TensorType& x = graph.value(node.inputs[0]).type;
  const PoolPlan plan = DSQ_TRY(plan_pool(attrs, *x.shape));
  if (node.op == OpKind::qavg_pool) {
    return integer_average(graph, node, plan);
  }
  if (node.op == OpKind::avg_pool) {
    return std::optional(average_kernel(plan, attrs.count_include_pad));
  }
  switch (x.dtype) {
    case DType::f32: return std::optional(max_kernel<float>(plan));
    case DType::i8:
    case DType::i4: return std::optional(unpacked(graph, node, max_kernel<int8_t>(plan)));
    case DType::u8:
    case DType::u4: return std::optional(unpacked(graph, node, max_kernel<uint8_t>(plan)));
    default: return std::optional<Kernel>();
  }
}

}  // namespace dsq::onednn
