#include "calibration/round_weights.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <Eigen/Cholesky>

#include "src/quant/scale_map.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

constexpr int64_t kTop = 127;

// The inputs of a group in the order of their power, and U for that order.
struct Order {
  std::vector<int64_t> columns;
  Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> u;
};

Order order_of(const QuantLayer& layer, const GroupSums& sums, int64_t group, std::span<const float> x_scale,
               double damping) {
  const int64_t size = columns_of(layer);
  Eigen::VectorXd inverse(size);
  for (int64_t k = 0; k < size; ++k) {
    const int64_t channel = group * (layer.in_channels / layer.groups) + k / layer.unit;
    inverse(k) = x_scale.empty() ? 1.0 : 1.0 / x_scale[x_scale.size() == 1 ? 0 : static_cast<size_t>(channel)];
  }
  Eigen::MatrixXd full = sums.xx.topLeftCorner(size, size).selfadjointView<Eigen::Lower>();
  full = inverse.asDiagonal() * full * inverse.asDiagonal();
  Order order;
  order.columns.resize(static_cast<size_t>(size));
  std::iota(order.columns.begin(), order.columns.end(), 0);
  std::ranges::stable_sort(order.columns, std::greater(), [&](int64_t k) { return full(k, k); });
  Eigen::MatrixXd h(size, size);
  for (int64_t i = 0; i < size; ++i) {
    for (int64_t j = 0; j < size; ++j) {
      h(i, j) = full(order.columns[static_cast<size_t>(i)], order.columns[static_cast<size_t>(j)]);
    }
  }
  h.diagonal().array() += damping * h.diagonal().mean() + 1e-30;
  const Eigen::MatrixXd inverted = h.llt().solve(Eigen::MatrixXd::Identity(size, size));
  order.u = inverted.llt().matrixU();
  return order;
}

}  // namespace

StoredWeights round_by_covariance(const QuantLayer& layer, const LayerSums& sums, const Tensor& absorbed,
                                  const StoredWeights& nearest, std::span<const float> x_scale, double damping) {
  StoredWeights out{nearest.values.clone(), nearest.params, 0};
  const std::span<const float> w = absorbed.values<float>();
  const std::span<int8_t> q = out.values.mutable_values<int8_t>();
  const ScaleMap scales(absorbed.shape(), nearest.params.granularity);
  for (int64_t group = 0; group < layer.groups; ++group) {
    const Order order = order_of(layer, sums[static_cast<size_t>(group)], group, x_scale, damping);
    if (!order.u.allFinite()) {
      continue;
    }
    const auto size = static_cast<int64_t>(order.columns.size());
    parallel_for(outputs_of(layer), 4, [&](int64_t begin, int64_t end) {
      Eigen::RowVectorXd rest(size);
      for (int64_t o = begin; o < end; ++o) {
        for (int64_t i = 0; i < size; ++i) {
          rest(i) = w[static_cast<size_t>(weight_at(layer, group, order.columns[static_cast<size_t>(i)], o))];
        }
        for (int64_t i = 0; i < size; ++i) {
          const int64_t at = weight_at(layer, group, order.columns[static_cast<size_t>(i)], o);
          const double scale = nearest.params.scale[scales.of(at)];
          const double level =
              scale > 0 ? std::clamp(std::nearbyint(rest(i) / scale), -double{kTop}, double{kTop}) : 0.0;
          q[static_cast<size_t>(at)] = static_cast<int8_t>(level);
          const double lost = (rest(i) - level * scale) / order.u(i, i);
          rest.tail(size - i - 1) -= lost * order.u.row(i).tail(size - i - 1);
        }
      }
    });
  }
  out.error = relative_error(restore(out.values, out.params), absorbed);
  return out;
}

}  // namespace dsq
