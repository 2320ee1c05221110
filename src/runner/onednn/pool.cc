// Pooling of channels-last data: vectors of channels, tap after tap in the portable kernels' order, so the results have
// the same bits.
#include <algorithm>

#include "src/runner/onednn/layers.h"
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
    best[c] = (v > best[c]) | (v != v) ? v : best[c];
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

}  // namespace

Prepared prepare_pool(const Graph& graph, const Node& node) {
  const auto& attrs = node.as<PoolAttrs>();
  if (attrs.layout != Layout::channels_last) {
    return std::optional<Kernel>();
  }
  const TensorType& x = graph.value(node.inputs[0]).type;
  const PoolPlan plan = DSQ_TRY(plan_pool(attrs, *x.shape));
  if (node.op == OpKind::avg_pool) {
    return std::optional(average_kernel(plan, attrs.count_include_pad));
  }
  switch (x.dtype) {
    case DType::f32: return std::optional(max_kernel<float>(plan));
    case DType::i8: return std::optional(max_kernel<int8_t>(plan));
    case DType::u8: return std::optional(max_kernel<uint8_t>(plan));
    default: return std::optional<Kernel>();
  }
}

}  // namespace dsq::onednn
