#include "src/quant/weights.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "src/quant/math.h"
#include "src/quant/scale_map.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

constexpr int32_t top_of(int bits) { return (1 << (bits - 1)) - 1; }

// Sums of squares in eight lanes, which compilers turn into vectors.
class Sums {
 public:
  void add(const float* is, const float* meant, int64_t n) {
    int64_t i = 0;
    for (; i + kLanes <= n; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) {
        add_at(static_cast<size_t>(lane), is[i + lane], meant[i + lane]);
      }
    }
    for (; i < n; ++i) {
      add_at(0, is[i], meant[i]);
    }
  }
  void add(const Sums& other) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      noise_[lane] += other.noise_[lane];
      signal_[lane] += other.signal_[lane];
    }
  }
  double noise() const { return std::accumulate(noise_.begin(), noise_.end(), 0.0); }
  double signal() const { return std::accumulate(signal_.begin(), signal_.end(), 0.0); }

 private:
  static constexpr int64_t kLanes = 8;
  void add_at(size_t lane, float is, float meant) {
    const double difference = static_cast<double>(is) - meant;
    noise_[lane] += difference * difference;
    signal_[lane] += static_cast<double>(meant) * meant;
  }
  std::array<double, kLanes> noise_{};
  std::array<double, kLanes> signal_{};
};

// One sum for each piece, added in order: the same for any number of threads.
Sums total(const std::vector<Sums>& pieces) {
  Sums all;
  for (const Sums& piece : pieces) {
    all.add(piece);
  }
  return all;
}

constexpr int64_t kGrain = 1 << 15;  // elements for which another thread is worth it

void for_channels(const ScaleMap& map, int64_t count, const std::function<void(int64_t channel)>& body) {
  const int64_t channels = map.channels();
  parallel_for(channels, std::max<int64_t>(kGrain * channels / std::max<int64_t>(count, 1), 1),
               [&](int64_t begin, int64_t end) {
                 for (int64_t channel = begin; channel < end; ++channel) {
                   body(channel);
                 }
               });
}

// Of finite values. Bits of magnitudes order as the magnitudes do, and integers have a vector maximum.
float largest_magnitude(const float* w, int64_t n) {
  int32_t bits = 0;
  for (int64_t i = 0; i < n; ++i) {
    bits = std::max(bits, std::bit_cast<int32_t>(w[i]) & 0x7FFFFFFF);
  }
  return std::bit_cast<float>(bits);
}

}  // namespace

StoredWeights store_weights(const Tensor& weights, const Granularity& granularity, int bits) {
  const float* w = weights.values<float>().data();
  const ScaleMap map(weights.shape(), granularity);
  const int32_t top = top_of(bits);
  StoredWeights stored;
  stored.params.granularity = granularity;
  std::vector<float>& scales = stored.params.scale;
  scales.assign(map.scales(), 0.0F);
  for_channels(map, weights.count(), [&](int64_t channel) {
    map.for_each_run(channel, [&](int64_t first, int64_t last, size_t at) {
      scales[at] = std::max(scales[at], largest_magnitude(w + first, last - first));
    });
  });
  for (float& scale : scales) {
    scale = symmetric_scale(scale, top);
  }
  Tensor bytes(DType::i8, weights.shape());
  int8_t* q = bytes.mutable_values<int8_t>().data();
  std::vector<Sums> sums(static_cast<size_t>(map.channels()));
  for_channels(map, weights.count(), [&](int64_t channel) {
    std::array<float, 256> real{};
    map.for_each_run(channel, [&](int64_t first, int64_t last, size_t at) {
      const float scale = scales[at];
      for (int64_t i = first; i < last; i += static_cast<int64_t>(real.size())) {
        const int64_t n = std::min<int64_t>(last - i, real.size());
        for (int64_t j = 0; j < n; ++j) {
          const int32_t level = quantize(w[i + j], scale, 0, -top, top);
          q[i + j] = static_cast<int8_t>(level);
          real[static_cast<size_t>(j)] = dequantize(level, scale, 0);
        }
        sums[static_cast<size_t>(channel)].add(real.data(), w + i, n);
      }
    });
  });
  const Sums all = total(sums);
  stored.error = all.signal() > 0 ? std::sqrt(all.noise() / all.signal()) : 0;
  if (bits == 4) {
    stored.values = Tensor(DType::i4, weights.shape());
    std::byte* nibbles = stored.values.mutable_bytes().data();
    for (int64_t i = 0; i < weights.count(); ++i) {
      set_nibble(nibbles, i, q[i]);
    }
  } else {
    stored.values = std::move(bytes);
  }
  return stored;
}

StoredWeights store_within(const Tensor& weights, int32_t axis, int64_t unit, int bits, double limit,
                           int64_t min_groups) {
  const int64_t channels = std::max<int64_t>(weights.shape()[static_cast<size_t>(axis)], 1);
  const int64_t windows = weights.count() / channels / std::max<int64_t>(unit, 1);
  const int64_t most = std::max<int64_t>((windows + min_groups - 1) / min_groups, 1);  // windows of one group
  StoredWeights stored = store_weights(weights, {axis, min_groups > 1 ? most * unit : 0}, bits);
  for (int64_t groups = 2 * min_groups; stored.error > limit; groups *= 2) {
    const int64_t each = std::max<int64_t>((windows + groups - 1) / groups, 1);
    if (groups / 2 >= windows) {
      break;  // the last round had a scale for every window
    }
    StoredWeights finer = store_weights(weights, {axis, each * unit}, bits);
    if (finer.error < stored.error) {
      stored = std::move(finer);
    }
  }
  return stored;
}

Tensor restore(const Tensor& values, const QuantParams& params) {
  const ScaleMap map(values.shape(), params.granularity);
  Tensor out(DType::f32, values.shape());
  float* to = out.mutable_values<float>().data();
  const std::byte* bytes = values.bytes().data();
  const bool is_signed = values.dtype() == DType::i4 || values.dtype() == DType::i8;
  const bool nibbles = bits_of(values.dtype()) == 4;
  const auto level_at = [&](int64_t i) {
    return nibbles     ? get_nibble(bytes, i, is_signed)
           : is_signed ? static_cast<int8_t>(bytes[i])
                       : static_cast<int32_t>(bytes[i]);
  };
  for_channels(map, values.count(), [&](int64_t channel) {
    map.for_each_run(channel, [&](int64_t first, int64_t last, size_t at) {
      const float scale = params.scale[params.scale.size() == 1 ? 0 : at];
      const int32_t zero = params.zero_of(at);
      if (!params.levels.empty()) {
        for (int64_t i = first; i < last; ++i) {
          to[i] = static_cast<float>(params.levels[static_cast<size_t>(level_at(i) & 15)]) * scale;
        }
      } else if (values.dtype() == DType::i8) {
        const auto* q = reinterpret_cast<const int8_t*>(bytes);
        for (int64_t i = first; i < last; ++i) {
          to[i] = dequantize(q[i], scale, zero);
        }
      } else {
        for (int64_t i = first; i < last; ++i) {
          to[i] = dequantize(level_at(i), scale, zero);
        }
      }
    });
  });
  return out;
}

double relative_error(const Tensor& a, const Tensor& b) {
  const float* x = a.values<float>().data();
  const float* y = b.values<float>().data();
  const int64_t count = std::min(a.count(), b.count());
  std::vector<Sums> sums(static_cast<size_t>((count + kGrain - 1) / kGrain));
  parallel_for(static_cast<int64_t>(sums.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const int64_t first = piece * kGrain;
      sums[static_cast<size_t>(piece)].add(x + first, y + first, std::min(kGrain, count - first));
    }
  });
  const Sums all = total(sums);
  if (all.signal() > 0) {
    return std::sqrt(all.noise() / all.signal());
  }
  return all.noise() > 0 ? 1.0 : 0.0;
}

}  // namespace dsq
