#include "calibration/refit.h"

#include <fmt/format.h>
#include <Eigen/Cholesky>

#include "src/support/parallel.h"

namespace dsq {
namespace {

constexpr double kRidges[] = {3.0, 1.0, 0.3, 0.1, 0.03, 0.01, 0.003};
constexpr double kWorthwhile = 0.995;  // of the error before: less is not worth moving weights for

LayerWeights ridge_regression(const LayerSums& sums, const LayerWeights& start, double ridge, bool has_bias) {
  LayerWeights out(start.size());
  parallel_for(static_cast<int64_t>(start.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto g = static_cast<size_t>(begin); g < static_cast<size_t>(end); ++g) {
      const int64_t size = sums[g].xx.rows() - (has_bias ? 0 : 1);
      const int64_t columns = sums[g].xx.rows() - 1;
      Eigen::MatrixXd a = sums[g].xx.topLeftCorner(size, size);
      Eigen::MatrixXd rest = sums[g].xy.topRows(size);
      rest.noalias() -= a.selfadjointView<Eigen::Lower>() * start[g].topRows(size);
      const double floor = 1e-6 * a.diagonal().head(columns).mean() + 1e-30;  // for inputs that were always zero
      a.diagonal().head(columns) += ridge * a.diagonal().head(columns) + Eigen::VectorXd::Constant(columns, floor);
      out[g] = start[g];
      out[g].topRows(size) += a.selfadjointView<Eigen::Lower>().llt().solve(rest);
    }
  });
  return out;
}

bool is_finite(const LayerWeights& weights) {
  return std::ranges::all_of(weights, [](const Eigen::MatrixXd& group) { return group.allFinite(); });
}

}  // namespace

LayerWeights with_refitted_bias(const LayerSums& sums, LayerWeights weights) {
  for (size_t g = 0; g < sums.size(); ++g) {
    const int64_t last = sums[g].xx.rows() - 1;
    const double count = sums[g].xx(last, last);
    if (count > 0) {
      const Eigen::RowVectorXd found = sums[g].xx.row(last) * weights[g];
      weights[g].row(last) += (sums[g].xy.row(last) - found) / count;
    }
  }
  return weights;
}

Refit refit(const LayerSums& fitted, const LayerSums& held, LayerWeights start, bool has_bias) {
  Refit best{std::move(start), 0, ""};
  best.error = squared_error(held, best.weights);
  const LayerWeights first = best.weights;
  double limit = best.error * kWorthwhile;
  const auto consider = [&](LayerWeights weights, std::string steps) {
    const double error = squared_error(held, weights);
    if (error < limit && is_finite(weights)) {
      limit = error;
      best = {std::move(weights), error, std::move(steps)};
    }
  };
  if (has_bias) {
    consider(with_refitted_bias(fitted, first), "bias");
  }
  for (const double ridge : kRidges) {
    consider(ridge_regression(fitted, first, ridge, has_bias),
             fmt::format("weights{}, ridge {}", has_bias ? " and bias" : "", ridge));
  }
  return best;
}

}  // namespace dsq
