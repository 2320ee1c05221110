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
constexpr int64_t kPanel = 32;  // outputs that are rounded together, by one thread
constexpr int64_t kBlock = 64;  // inputs whose errors reach the rest at once

// The inputs of a group, the weakest first, and the triangle of H in that order: rounding goes through it from its end.
struct Order {
  std::vector<int64_t> columns;
  Eigen::MatrixXd lower;  // H = L L^T, each column of L divided by its diagonal
};

// Nothing where H has no such factors.
std::optional<Order> order_of(const QuantLayer& layer, const GroupSums& sums, int64_t group,
                              std::span<const float> x_scale, double damping) {
  const int64_t size = columns_of(layer);
  Eigen::VectorXd inverse(size);
  for (int64_t k = 0; k < size; ++k) {
    const int64_t channel = group * (layer.in_channels / layer.groups) + k / layer.unit;
    inverse(k) = x_scale.empty() ? 1.0 : 1.0 / x_scale[x_scale.size() == 1 ? 0 : static_cast<size_t>(channel)];
  }
  const auto power = [&](int64_t k) { return sums.xx(k, k) * inverse(k) * inverse(k); };
  Order order;
  order.columns.resize(static_cast<size_t>(size));
  std::iota(order.columns.begin(), order.columns.end(), 0);
  std::ranges::stable_sort(order.columns, std::less(), power);
  Eigen::MatrixXd h(size, size);
  for (int64_t j = 0; j < size; ++j) {
    const int64_t b = order.columns[static_cast<size_t>(j)];
    for (int64_t i = j; i < size; ++i) {
      const int64_t a = order.columns[static_cast<size_t>(i)];
      h(i, j) = sums.xx(std::max(a, b), std::min(a, b)) * inverse(a) * inverse(b);
    }
  }
  h.diagonal().array() += damping * h.diagonal().mean() + 1e-30;
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> factor(h);
  if (factor.info() != Eigen::Success) {
    return std::nullopt;
  }
  for (int64_t j = 0; j < size; ++j) {
    h.col(j).tail(size - j) /= h(j, j);
  }
  order.lower = std::move(h);
  return order;
}

// Rounds the weights of one panel of outputs, a column each, in the order of `order`. round(k, o, w): what is stored for
// w, as a real.
template <class Round>
void round_panel(const Order& order, Eigen::MatrixXd& w, Round round) {
  const Eigen::MatrixXd& lower = order.lower;
  Eigen::MatrixXd lost = Eigen::MatrixXd::Zero(w.rows(), w.cols());
  for (int64_t end = w.rows(); end > 0; end -= kBlock) {
    const int64_t begin = std::max<int64_t>(end - kBlock, 0);
    const int64_t behind = w.rows() - end;
    Eigen::MatrixXd wanted = w.middleRows(begin, end - begin);
    if (behind > 0) {
      wanted.noalias() += lower.block(end, begin, behind, end - begin).transpose() * lost.bottomRows(behind);
    }
    for (int64_t o = 0; o < w.cols(); ++o) {
      for (int64_t k = end; k-- > begin;) {
        const int64_t within = end - k - 1;  // rows of this block that were rounded before
        const double target =
            wanted(k - begin, o) + lower.col(k).segment(k + 1, within).dot(lost.col(o).segment(k + 1, within));
        lost(k, o) = w(k, o) - round(k, o, target);
      }
    }
  }
}

}  // namespace

StoredWeights round_by_covariance(const QuantLayer& layer, const LayerSums& sums, const Tensor& absorbed,
                                  const StoredWeights& nearest, std::span<const float> x_scale, double damping) {
  StoredWeights out{nearest.values.clone(), nearest.params, 0};
  const std::span<const float> values = absorbed.values<float>();
  const std::span<int8_t> q = out.values.mutable_values<int8_t>();
  const ScaleMap scales(absorbed.shape(), nearest.params.granularity);
  const int64_t outputs = outputs_of(layer);
  for (int64_t group = 0; group < layer.groups; ++group) {
    const std::optional<Order> order = order_of(layer, sums[static_cast<size_t>(group)], group, x_scale, damping);
    if (!order) {
      continue;
    }
    parallel_for((outputs + kPanel - 1) / kPanel, 1, [&](int64_t begin, int64_t end) {
      for (int64_t panel = begin; panel < end; ++panel) {
        const int64_t first = panel * kPanel;
        const auto place = [&](int64_t k, int64_t o) {
          return static_cast<size_t>(weight_at(layer, group, order->columns[static_cast<size_t>(k)], first + o));
        };
        Eigen::MatrixXd w(columns_of(layer), std::min(kPanel, outputs - first));
        for (int64_t o = 0; o < w.cols(); ++o) {
          for (int64_t k = 0; k < w.rows(); ++k) {
            w(k, o) = values[place(k, o)];
          }
        }
        round_panel(*order, w, [&](int64_t k, int64_t o, double wanted) {
          const size_t at = place(k, o);
          const double scale = nearest.params.scale[scales.of(static_cast<int64_t>(at))];
          const double level =
              scale > 0 ? std::clamp(std::nearbyint(wanted / scale), -double{kTop}, double{kTop}) : 0.0;
          q[at] = static_cast<int8_t>(level);
          return level * scale;
        });
      }
    });
  }
  out.error = relative_error(restore(out.values, out.params), absorbed);
  return out;
}

}  // namespace dsq
