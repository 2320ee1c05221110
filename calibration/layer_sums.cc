#include "calibration/layer_sums.h"

#include <algorithm>

#include "src/support/parallel.h"

namespace dsq {
namespace {

constexpr int64_t kChunk = 1024;  // rows multiplied at a time in single precision, added up in double
constexpr int64_t kPanel = 128;   // columns of a sum that one thread makes
constexpr int64_t kBlock = 128;   // rows of outputs that one thread makes

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

void multiply(GroupSums& sums, const Rows& x, const Rows& y) {
  const int64_t columns = x.cols();
  parallel_for((columns + kPanel - 1) / kPanel, 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel) {
      const int64_t first = panel * kPanel;
      const int64_t width = std::min(kPanel, columns - first);
      const Eigen::MatrixXf xx = x.rightCols(columns - first).transpose() * x.middleCols(first, width);
      sums.xx.block(first, first, columns - first, width) += xx.cast<double>();
      const Eigen::MatrixXf xy = x.middleCols(first, width).transpose() * y;
      sums.xy.middleRows(first, width) += xy.cast<double>();
    }
  });
  sums.yy += y.cast<double>().squaredNorm();
}

}  // namespace

LayerWeights weights_of(const QuantLayer& layer, const Tensor& weights, const Tensor* bias) {
  const int64_t columns = columns_of(layer);
  const int64_t outputs = outputs_of(layer);
  const std::span<const float> w = weights.values<float>();
  LayerWeights out;
  for (int64_t g = 0; g < layer.groups; ++g) {
    Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(columns + 1, outputs);
    for (int64_t o = 0; o < outputs; ++o) {
      for (int64_t k = 0; k < columns; ++k) {
        matrix(k, o) = w[static_cast<size_t>(weight_at(layer, g, k, o))];
      }
      matrix(columns, o) = bias == nullptr ? 0.0 : bias->values<float>()[static_cast<size_t>(g * outputs + o)];
    }
    out.push_back(std::move(matrix));
  }
  return out;
}

LayerSums empty_sums(const QuantLayer& layer) {
  const int64_t size = columns_of(layer) + 1;
  return LayerSums(static_cast<size_t>(layer.groups),
                   {Eigen::MatrixXd::Zero(size, size), Eigen::MatrixXd::Zero(size, outputs_of(layer)), 0});
}

Result<void> add_batch(LayerSums& sums, const Graph& graph, const QuantLayer& layer, const LayerWeights& weights,
                       const Tensor& quantized, const Tensor& reference, int64_t rows) {
  const Patches patches = DSQ_TRY(Patches::make(graph, layer, quantized.shape()));
  const int64_t columns = columns_of(layer);
  const int64_t stride = std::max<int64_t>((patches.rows() + rows - 1) / std::max<int64_t>(rows, 1), 1);
  const int64_t taken = (patches.rows() + stride - 1) / stride;
  std::vector<Eigen::MatrixXf> w;
  for (const Eigen::MatrixXd& group : weights) {
    w.push_back(group.cast<float>());
  }
  for (int64_t first = 0; first < taken; first += kChunk) {
    const int64_t count = std::min(kChunk, taken - first);
    const Patches::Places places = patches.places(first * stride, stride, count);
    Rows x(count, columns + 1);
    Rows was(count, columns + 1);
    Rows y(count, outputs_of(layer));
    x.col(columns).setOnes();
    was.col(columns).setOnes();
    for (size_t group = 0; group < sums.size(); ++group) {
      parallel_for((count + kBlock - 1) / kBlock, 1, [&](int64_t begin, int64_t end) {
        for (int64_t block = begin; block < end; ++block) {
          const int64_t row = block * kBlock;
          const int64_t height = std::min(kBlock, count - row);
          const auto fill = [&](const Tensor& from, Rows& to) {
            patches.fill(from, static_cast<int64_t>(group), places, row, row + height, to.row(row).data(), columns + 1);
          };
          fill(quantized, x);
          fill(reference, was);
          y.middleRows(row, height).noalias() = was.middleRows(row, height) * w[group];
        }
      });
      multiply(sums[group], x, y);
    }
  }
  return {};
}

void add(LayerSums& sums, const LayerSums& more) {
  for (size_t g = 0; g < sums.size(); ++g) {
    sums[g].xx += more[g].xx;
    sums[g].xy += more[g].xy;
    sums[g].yy += more[g].yy;
  }
}

double squared_error(const LayerSums& sums, const LayerWeights& weights) {
  double error = 0;
  for (size_t g = 0; g < sums.size(); ++g) {
    const Eigen::MatrixXd& w = weights[g];
    const Eigen::MatrixXd xxw = sums[g].xx.selfadjointView<Eigen::Lower>() * w;
    error += (w.array() * (xxw - 2 * sums[g].xy).array()).sum() + sums[g].yy;
  }
  return std::max(error, 0.0);
}

double total_square(const LayerSums& sums) {
  double square = 0;
  for (const GroupSums& group : sums) {
    square += group.yy;
  }
  return square;
}

}  // namespace dsq
