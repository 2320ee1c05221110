// Normalizations. Statistics are accumulated in double, in element order.
#include <cmath>

#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/support/parallel.h"
#include "src/support/strings.h"

namespace dsq::portable {
namespace {

struct Moments {
  double mean = 0;
  double variance = 0;
};

Moments moments(const float* x, int64_t count) {
  Moments m;
  for (int64_t i = 0; i < count; ++i) {
    m.mean += x[i];
  }
  m.mean /= static_cast<double>(count);
  for (int64_t i = 0; i < count; ++i) {
    const double d = x[i] - m.mean;
    m.variance += d * d;
  }
  m.variance /= static_cast<double>(count);
  return m;
}

Result<void> require_f32(const Call& call) {
  return call.input(0).dtype() == DType::f32 ? Result<void>() : unsupported(call, call.input(0).dtype());
}

// Elements of each channel of one sample.
int64_t plane_of(const Shape& shape) {
  int64_t plane = 1;
  for (size_t i = 2; i < shape.size(); ++i) {
    plane *= shape[i];
  }
  return plane;
}

}  // namespace

Result<void> batch_norm(const Call& call) {  // x, scale, bias, mean, variance
  DSQ_TRY(require_f32(call));
  const Shape& shape = call.input(0).shape();
  const int64_t channels = shape[1];
  const int64_t plane = plane_of(shape);
  const float epsilon = call.attrs<NormAttrs>().epsilon;
  const float* in = raw<float>(call.input(0));
  float* out = raw<float>(call.output());
  parallel_for(shape[0] * channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const auto c = static_cast<size_t>(at % channels);
      const double slope =
          call.input(1).values<float>()[c] / std::sqrt(static_cast<double>(call.input(4).values<float>()[c]) + epsilon);
      const double shift = call.input(2).values<float>()[c] - call.input(3).values<float>()[c] * slope;
      for (int64_t i = at * plane; i < (at + 1) * plane; ++i) {
        out[i] = static_cast<float>(in[i] * slope + shift);
      }
    }
  });
  return {};
}

Result<void> channel_norm(const Call& call) {
  DSQ_TRY(require_f32(call));
  const auto& attrs = call.attrs<NormAttrs>();
  const Shape& shape = call.input(0).shape();
  const int64_t channels = shape[1];
  const int64_t groups = call.node.op == OpKind::instance_norm ? channels : attrs.groups;
  if (groups < 1 || channels % groups != 0) {
    return fail(Code::run_failed, "{} cannot be cut into {}", plural(channels, "channel"), plural(groups, "group"));
  }
  const int64_t plane = plane_of(shape);
  const int64_t per_group = channels / groups;
  const std::span<const float> scale = call.input(1).values<float>();
  const std::span<const float> bias = call.input(2).values<float>();
  // group_norm before opset 21 has one scale a group, since then one a channel.
  const int64_t shared = channels / std::max<int64_t>(static_cast<int64_t>(scale.size()), 1);
  const float* in = raw<float>(call.input(0));
  float* out = raw<float>(call.output());
  parallel_for(shape[0] * groups, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t first = at * per_group * plane;
      const Moments m = moments(in + first, per_group * plane);
      const double norm = 1.0 / std::sqrt(m.variance + attrs.epsilon);
      for (int64_t i = 0; i < per_group * plane; ++i) {
        const int64_t c = at % groups * per_group + i / plane;
        const auto p = static_cast<size_t>(c / shared);
        out[first + i] = static_cast<float>((in[first + i] - m.mean) * norm * scale[p] + bias[p]);
      }
    }
  });
  return {};
}

Result<void> layer_norm(const Call& call) {  // x, scale, bias -> y, mean, 1 / deviation
  DSQ_TRY(require_f32(call));
  const auto& attrs = call.attrs<NormAttrs>();
  const Shape& shape = call.input(0).shape();
  const bool centred = call.node.op == OpKind::layer_norm;
  const int64_t axis = attrs.axis < 0 ? attrs.axis + static_cast<int64_t>(shape.size()) : attrs.axis;
  int64_t rows = 1;
  int64_t length = 1;
  for (size_t i = 0; i < shape.size(); ++i) {
    (static_cast<int64_t>(i) < axis ? rows : length) *= shape[i];
  }
  // Parameters broadcast from the right; the usual ones have exactly `length` elements.
  const std::vector<float> scale = to_floats(call.input(1));
  const std::vector<float> bias = call.has(2) ? to_floats(call.input(2)) : std::vector<float>{0.0F};
  const float* in = raw<float>(call.input(0));
  float* out = raw<float>(call.output());
  parallel_for(rows, std::max<int64_t>(1, 4096 / std::max<int64_t>(length, 1)), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const float* x = in + row * length;
      Moments m;
      if (centred) {
        m = moments(x, length);
      } else {
        for (int64_t i = 0; i < length; ++i) {
          m.variance += static_cast<double>(x[i]) * x[i];
        }
        m.variance /= static_cast<double>(length);
      }
      const double norm = 1.0 / std::sqrt(m.variance + attrs.epsilon);
      const auto mean = static_cast<float>(m.mean);
      const auto factor = static_cast<float>(norm);
      float* y = out + row * length;
      if (static_cast<int64_t>(scale.size()) == length && static_cast<int64_t>(bias.size()) == length) {
        for (int64_t i = 0; i < length; ++i) {
          y[i] = (x[i] - mean) * factor * scale[static_cast<size_t>(i)] + bias[static_cast<size_t>(i)];
        }
      } else {
        for (int64_t i = 0; i < length; ++i) {
          const auto whole = static_cast<size_t>(row * length + i);
          y[i] = (x[i] - mean) * factor * scale[whole % scale.size()] + bias[whole % bias.size()];
        }
      }
      if (call.wants(1)) {
        raw<float>(call.output(1))[row] = mean;
      }
      if (call.wants(2)) {
        raw<float>(call.output(2))[row] = factor;
      }
    }
  });
  return {};
}

Result<void> lp_norm(const Call& call) {
  DSQ_TRY(require_f32(call));
  const auto& attrs = call.attrs<NormAttrs>();
  const Shape& shape = call.input(0).shape();
  const auto axis = static_cast<size_t>(DSQ_TRY(normalize_axis(attrs.axis, static_cast<int64_t>(shape.size()))));
  const int64_t stride = strides_of(shape)[axis];
  const int64_t length = shape[axis];
  const float* in = raw<float>(call.input(0));
  float* out = raw<float>(call.output());
  for (int64_t at = 0; at < (length == 0 ? 0 : call.input(0).count() / length); ++at) {
    const int64_t first = at / stride * stride * length + at % stride;
    double sum = 0;
    for (int64_t k = 0; k < length; ++k) {
      const double x = in[first + k * stride];
      sum += attrs.p == 1 ? std::fabs(x) : x * x;
    }
    const double norm = attrs.p == 1 ? sum : std::sqrt(sum);
    for (int64_t k = 0; k < length; ++k) {
      out[first + k * stride] = norm == 0 ? 0.0F : static_cast<float>(in[first + k * stride] / norm);
    }
  }
  return {};
}

Result<void> lrn(const Call& call) {
  DSQ_TRY(require_f32(call));
  const auto& attrs = call.attrs<LrnAttrs>();
  const Shape& shape = call.input(0).shape();
  const int64_t channels = shape[1];
  const int64_t plane = plane_of(shape);
  const float* in = raw<float>(call.input(0));
  float* out = raw<float>(call.output());
  parallel_for(shape[0] * channels, 1, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; ++at) {
      const int64_t c = at % channels;
      const int64_t low = std::max<int64_t>(0, c - (attrs.size - 1) / 2);
      const int64_t high = std::min(channels - 1, c + attrs.size / 2);
      for (int64_t i = 0; i < plane; ++i) {
        double sum = 0;
        for (int64_t k = low; k <= high; ++k) {
          const double x = in[(at - c + k) * plane + i];
          sum += x * x;
        }
        const double base = attrs.bias + attrs.alpha / static_cast<double>(attrs.size) * sum;
        out[at * plane + i] = static_cast<float>(in[at * plane + i] / std::pow(base, attrs.beta));
      }
    }
  });
  return {};
}

Result<void> mean_variance_norm(const Call& call) {
  DSQ_TRY(require_f32(call));
  const Shape& shape = call.input(0).shape();
  std::vector<bool> reduced(shape.size(), false);
  for (const int64_t axis : call.attrs<NormAttrs>().axes) {
    reduced[static_cast<size_t>(DSQ_TRY(normalize_axis(axis, static_cast<int64_t>(shape.size()))))] = true;
  }
  // Each element belongs to the group that its kept coordinates name.
  Shape kept_stride(shape.size(), 0);
  int64_t groups = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    if (!reduced[i]) {
      kept_stride[i] = groups;
      groups *= shape[i];
    }
  }
  const auto group_of = [&](int64_t at) {
    int64_t group = 0;
    for (size_t i = shape.size(); i-- > 0;) {
      group += at % shape[i] * kept_stride[i];
      at /= shape[i];
    }
    return static_cast<size_t>(group);
  };
  std::vector<double> sum(static_cast<size_t>(groups), 0);
  std::vector<double> squares(static_cast<size_t>(groups), 0);
  const float* in = raw<float>(call.input(0));
  float* out = raw<float>(call.output());
  const int64_t count = call.input(0).count();
  const double each = static_cast<double>(count) / static_cast<double>(std::max<int64_t>(groups, 1));
  for (int64_t i = 0; i < count; ++i) {
    sum[group_of(i)] += in[i];
  }
  for (int64_t i = 0; i < count; ++i) {
    const double d = in[i] - sum[group_of(i)] / each;
    squares[group_of(i)] += d * d;
  }
  for (int64_t i = 0; i < count; ++i) {
    const size_t group = group_of(i);
    out[i] = static_cast<float>((in[i] - sum[group] / each) / (std::sqrt(squares[group] / each) + 1e-9));
  }
  return {};
}

}  // namespace dsq::portable
