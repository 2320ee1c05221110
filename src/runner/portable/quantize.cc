// Conversions between floats and integers, and the integer operators that are not products. SEMANTICS.md, sections 3-5.
#include <limits>

#include "src/runner/portable/activation.h"
#include "src/runner/portable/kernels.h"
#include "src/runner/portable/levels.h"
#include "src/runner/portable/pool_loops.h"
#include "src/support/parallel.h"

namespace dsq::portable {
namespace {

// Scale and zero point of each element: from the value's own params, or from inputs (imported models), which may hold
// one value, one for each index of an axis, or one for each block when their rank is the tensor's.
class Parameters {
 public:
  Parameters(const Call& call, const Tensor& tensor, const QuantParams* params)
      : shape_(tensor.shape()), map_(tensor.shape(), {}) {
    if (!call.has(1)) {
      params_ = params;
      map_ = ScaleMap(shape_, params->granularity);
      return;
    }
    scale_ = to_floats(call.input(1));
    zero_ = call.has(2) ? to_ints(call.input(2)) : std::vector<int64_t>();
    const Shape& given = call.input(1).shape();
    blocked_ = given.size() == shape_.size() && given.size() > 1;
    if (blocked_) {
      block_strides_ = strides_of(given);
      for (size_t d = 0; d < given.size(); ++d) {
        block_.push_back(given[d] == 0 ? 1 : std::max<int64_t>((shape_[d] + given[d] - 1) / given[d], 1));
      }
    } else if (scale_.size() > 1) {
      const int64_t axis = call.attrs<QuantizeAttrs>().axis;
      map_ = ScaleMap(shape_, {static_cast<int32_t>(axis < 0 ? axis + tensor.rank() : axis), 0});
    }
  }

  ScaleZero at(int64_t i) const {
    if (params_ != nullptr) {
      const size_t index = map_.of(i);
      return {params_->scale[params_->scale.size() == 1 ? 0 : index], params_->zero_of(index)};
    }
    size_t index = scale_.size() == 1 ? 0 : map_.of(i);
    if (blocked_) {
      index = 0;
      for (size_t d = shape_.size(); d-- > 0;) {
        index += static_cast<size_t>(i % shape_[d] / block_[d] * block_strides_[d]);
        i /= shape_[d];
      }
    }
    return {scale_[index], zero_.empty() ? 0 : static_cast<int32_t>(zero_[zero_.size() == 1 ? 0 : index])};
  }

 private:
  Shape shape_;
  ScaleMap map_;
  const QuantParams* params_ = nullptr;
  std::vector<float> scale_;
  std::vector<int64_t> zero_;
  bool blocked_ = false;
  Shape block_;
  Shape block_strides_;
};

Error no_scale(const Call& call) {
  return fail(Code::run_failed, "{} has neither a scale as input nor a value that carries one", name_of(call.node.op));
}

}  // namespace

Result<void> quantize(const Call& call) {
  const Tensor& x = call.input(0);
  const QuantParams* params = call.out_params();
  if (!call.has(1) && params == nullptr) {
    return no_scale(call);
  }
  const Parameters parameters(call, x, params);
  const IntRange range = range_of(call.graph.value(call.node.outputs[0]).type.dtype);
  const auto low = static_cast<int32_t>(range.low);
  const auto high = static_cast<int32_t>(range.high);
  if (x.dtype() != DType::f32 && x.dtype() != DType::i32) {
    return unsupported(call, x.dtype());
  }
  const std::vector<float> floats = x.dtype() == DType::i32 ? to_floats(x) : std::vector<float>();
  const float* in = floats.empty() ? raw<float>(x) : floats.data();
  const bool table = params != nullptr && !params->levels.empty() && !call.has(1);
  const auto fill = [&]<class T>(T) -> Result<void> {
    T* out = raw<T>(call.output());
    parallel_for(x.count(), 1 << 12, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const ScaleZero p = parameters.at(i);
        const int32_t q = table ? nearest_level(in[i] / p.scale, params->levels.data())
                                : dsq::quantize(in[i], p.scale, p.zero, low, high);
        out[i] = static_cast<T>(q);
      }
    });
    return {};
  };
  return for_integer(call, call.output().dtype(), fill);
}

Result<void> dequantize(const Call& call) {
  const Tensor& q = call.input(0);
  const QuantParams* params = call.in_params(0);
  if (!call.has(1) && params == nullptr) {
    return no_scale(call);
  }
  const Parameters parameters(call, q, params);
  auto* out = raw<float>(call.output());
  const bool table = params != nullptr && !params->levels.empty() && !call.has(1);
  return for_integer(call, q.dtype(), [&]<class T>(T) -> Result<void> {
    const T* in = raw<T>(q);
    if (params != nullptr && !call.has(1) && !table && params->granularity.axis == 0) {  // weights: whole rows at once
      const ScaleMap map(q.shape(), params->granularity);
      parallel_for(map.channels(), 16, [&](int64_t begin, int64_t end) {
        for (int64_t channel = begin; channel < end; ++channel) {
          map.for_each_run(channel, [&](int64_t first, int64_t last, size_t at) {
            const float scale = params->scale[params->scale.size() == 1 ? 0 : at];
            const int32_t zero = params->zero_of(at);
            for (int64_t i = first; i < last; ++i) {
              out[i] = dsq::dequantize(static_cast<int32_t>(in[i]), scale, zero);
            }
          });
        }
      });
      return {};
    }
    parallel_for(q.count(), 1 << 12, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const ScaleZero p = parameters.at(i);
        out[i] = table ? static_cast<float>(params->levels[static_cast<size_t>(in[i] & 15)]) * p.scale
                       : dsq::dequantize(static_cast<int32_t>(in[i]), p.scale, p.zero);
      }
    });
    return {};
  });
}

Result<void> dynamic_quantize(const Call& call) {
  const auto& attrs = call.attrs<DynamicQuantizeAttrs>();
  const Tensor& x = call.input(0);
  if (x.dtype() != DType::f32) {
    return unsupported(call, x.dtype());
  }
  const int64_t units = attrs.per == RangeAxis::tensor   ? 1
                        : attrs.per == RangeAxis::sample ? x.shape()[0]
                                                         : x.count() / std::max<int64_t>(x.shape().back(), 1);
  const int64_t size = units == 0 ? 0 : x.count() / units;
  const int32_t steps = bits_of(attrs.to) == 4 ? 15 : 255;
  const float* in = raw<float>(x);
  auto* out = raw<uint8_t>(call.output(0));
  float* scales = call.wants(1) ? raw<float>(call.output(1)) : nullptr;
  uint8_t* zeros = call.wants(2) ? raw<uint8_t>(call.output(2)) : nullptr;
  parallel_for(units, std::max<int64_t>(1, (1 << 12) / std::max<int64_t>(size, 1)), [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; ++u) {
      float low = 0;
      float high = 0;
      for (int64_t i = u * size; i < (u + 1) * size; ++i) {
        low = in[i] < low ? in[i] : low;
        high = in[i] > high ? in[i] : high;
      }
      const ScaleZero p = affine_range(low * attrs.clip, high * attrs.clip, steps);
      for (int64_t i = u * size; i < (u + 1) * size; ++i) {
        out[i] = static_cast<uint8_t>(dsq::quantize(in[i], p.scale, p.zero, 0, steps));
      }
      if (scales != nullptr) {
        scales[u] = p.scale;
      }
      if (zeros != nullptr) {
        zeros[u] = static_cast<uint8_t>(p.zero);
      }
    }
  });
  return {};
}

Result<void> requantize(const Call& call) {  // x, m, b
  const std::vector<int16_t> levels = levels_of(call.input(0), call.in_params(0));
  const std::span<const float> m = call.input(1).values<float>();
  const std::span<const float> b = call.input(2).values<float>();
  const ScaleMap channels(call.output().shape(), {channel_axis({&call.input(1), &call.input(2)}), 0});
  const Bounds bounds = bounds_of(call);
  for (int64_t i = 0; i < call.output().count(); ++i) {
    const size_t c = channels.channel_of(i);
    put_byte(
        call.output(), i,
        dsq::requantize(levels[static_cast<size_t>(i)], shared_or(m, c), shared_or(b, c), bounds.low, bounds.high));
  }
  return {};
}

Result<void> lut(const Call& call) {  // x, table; the index is the distance from the lowest value of x's type
  const IntRange range = range_of(call.graph.value(call.node.inputs[0]).type.dtype);
  const Tensor& table = call.input(1);
  for (int64_t i = 0; i < call.output().count(); ++i) {
    put_byte(call.output(), i, byte_at(table, byte_at(call.input(0), i) - range.low));
  }
  return {};
}

Result<void> qadd(const Call& call) {  // a, b, ma, mb, c
  const std::vector<int16_t> a = levels_of(call.input(0), call.in_params(0));
  const std::vector<int16_t> b = levels_of(call.input(1), call.in_params(1));
  const std::span<const float> ma = call.input(2).values<float>();
  const std::span<const float> mb = call.input(3).values<float>();
  const std::span<const float> shift = call.input(4).values<float>();
  const Bounds bounds = bounds_of(call, call.attrs<ActAttrs>().activation());
  const Shape& out = call.output().shape();
  const ScaleMap channels(out, {channel_axis({&call.input(2), &call.input(3), &call.input(4)}), 0});
  const auto offset_in = [&](const Shape& shape, int64_t i) {  // broadcasting, axis by axis from the right
    int64_t offset = 0;
    int64_t stride = 1;
    for (size_t d = 0; d < shape.size(); ++d) {
      const int64_t size = shape[shape.size() - 1 - d];
      offset += size == 1 ? 0 : i % out[out.size() - 1 - d] * stride;
      i /= out[out.size() - 1 - d];
      stride *= size;
    }
    return static_cast<size_t>(offset);
  };
  const bool aligned = call.input(0).shape() == out && call.input(1).shape() == out;
  for (int64_t i = 0; i < call.output().count(); ++i) {
    const size_t c = channels.channel_of(i);
    const size_t ia = aligned ? static_cast<size_t>(i) : offset_in(call.input(0).shape(), i);
    const size_t ib = aligned ? static_cast<size_t>(i) : offset_in(call.input(1).shape(), i);
    const float v = (static_cast<float>(a[ia]) * shared_or(ma, c) + static_cast<float>(b[ib]) * shared_or(mb, c)) +
                    shared_or(shift, c);
    put_byte(call.output(), i, saturate(v, bounds.low, bounds.high));
  }
  return {};
}

Result<void> qavg_pool(const Call& call) {  // x, m, b; padding counts as level 0
  const std::vector<int16_t> levels = levels_of(call.input(0), call.in_params(0));
  const std::span<const float> m = call.input(1).values<float>();
  const std::span<const float> b = call.input(2).values<float>();
  const PoolGeometry g = DSQ_TRY(pool_geometry(call));
  const Bounds bounds = bounds_of(call);
  const int64_t channels = call.output().shape()[1];
  for (int64_t plane = 0; plane < g.planes; ++plane) {
    const auto c = static_cast<size_t>(plane % channels);
    for (int64_t o = 0; o < g.out_size; ++o) {
      int32_t acc = 0;
      for_each_tap(g, o, [&](int64_t at, int64_t) { acc += levels[static_cast<size_t>(plane * g.in_size + at)]; });
      put_byte(call.output(), plane * g.out_size + o,
               dsq::requantize(acc, shared_or(m, c), shared_or(b, c), bounds.low, bounds.high));
    }
  }
  return {};
}

}  // namespace dsq::portable
