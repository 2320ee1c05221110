// Pooling by maximum, average and p-norm over N,C,spatial data of any rank.
#include <cmath>
#include <limits>

#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/runner/portable/pool_loops.h"
#include "src/support/parallel.h"

namespace dsq::portable {

Result<void> max_pool(const Call& call) {
  const auto& attrs = call.attrs<PoolAttrs>();
  const PoolGeometry g = DSQ_TRY(pool_geometry(call));
  int64_t* indices = call.wants(1) ? raw<int64_t>(call.output(1)) : nullptr;
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* in = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    parallel_for(g.planes, 1, [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; ++plane) {
        for (int64_t o = 0; o < g.out_size; ++o) {
          T best = std::numeric_limits<T>::lowest();
          int64_t where = -1;
          for_each_tap(g, o, [&](int64_t at, int64_t) {
            const T x = in[plane * g.in_size + at];
            if (where < 0 || x > best || x != x) {
              best = x;
              where = at;
            }
          });
          out[plane * g.out_size + o] = best;
          if (indices != nullptr) {
            indices[plane * g.out_size + o] = plane * g.in_size + (attrs.column_major ? column_major(g, where) : where);
          }
        }
      }
    });
    return {};
  });
}

Result<void> mean_pool(const Call& call) {
  const auto& attrs = call.attrs<PoolAttrs>();
  if (call.input(0).dtype() != DType::f32) {
    return unsupported(call, call.input(0).dtype());
  }
  const PoolGeometry g = DSQ_TRY(pool_geometry(call));
  const auto* in = raw<float>(call.input(0));
  auto* out = raw<float>(call.output());
  const bool norm = call.node.op == OpKind::lp_pool;
  const auto p = static_cast<double>(attrs.p);
  parallel_for(g.planes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; ++plane) {
      for (int64_t o = 0; o < g.out_size; ++o) {
        double sum = 0;
        int64_t inside = 0;
        for_each_tap(g, o, [&](int64_t at, int64_t) {
          const double x = in[plane * g.in_size + at];
          sum += norm ? std::pow(std::fabs(x), p) : x;
          ++inside;
        });
        const int64_t count = attrs.count_include_pad ? padded_taps(g, o) : inside;
        const double mean = count == 0 ? 0.0 : sum / static_cast<double>(count);
        out[plane * g.out_size + o] = static_cast<float>(norm ? std::pow(sum, 1.0 / p) : mean);
      }
    }
  });
  return {};
}

}  // namespace dsq::portable
