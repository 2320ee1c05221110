#include "src/report/rows.h"

#include <algorithm>
#include <cmath>

namespace dsq {

Rows::Rows(const Tensor& tensor, int64_t samples, std::optional<int64_t> axis) {
  const Shape& shape = tensor.shape();
  const auto rank = static_cast<int64_t>(shape.size());
  std::optional<int64_t> first;  // the axis of the samples
  for (int64_t a = 0; a < rank && !first; ++a) {
    if (a != axis && shape[static_cast<size_t>(a)] == samples) {
      first = a;
    }
  }
  samples_ = first ? samples : 1;
  length_ = axis ? shape[static_cast<size_t>(*axis)] : 1;
  const int64_t rows = samples_ * length_;
  positions_ = rows > 0 ? tensor.count() / rows : 0;
  const bool in_order = (!first || *first == 0 || samples_ == 1) && (!axis || *axis == rank - 1);
  if (in_order && tensor.dtype() == DType::f32) {
    kept_ = tensor;
    return;
  }
  const std::vector<float> values = to_floats(tensor);
  if (in_order) {
    own_ = values;
    return;
  }
  std::vector<int64_t> order;  // axes, as they are to lie
  order.insert(order.end(), first ? 1 : 0, first.value_or(0));
  for (int64_t a = 0; a < rank; ++a) {
    if (a != first && a != axis) {
      order.push_back(a);
    }
  }
  order.insert(order.end(), axis ? 1 : 0, axis.value_or(0));
  std::vector<int64_t> stride(shape.size(), 1);
  for (int64_t a = rank - 2; a >= 0; --a) {
    stride[static_cast<size_t>(a)] = stride[static_cast<size_t>(a + 1)] * shape[static_cast<size_t>(a + 1)];
  }
  own_.resize(values.size());
  std::vector<int64_t> at(shape.size(), 0);
  int64_t from = 0;
  for (float& value : own_) {
    value = values[static_cast<size_t>(from)];
    for (auto a = order.rbegin(); a != order.rend(); ++a) {
      const auto i = static_cast<size_t>(*a);
      from += stride[i];
      if (++at[i] < shape[i]) {
        break;
      }
      from -= stride[i] * shape[i];
      at[i] = 0;
    }
  }
}

int64_t choice_of(std::span<const float> row) {
  int64_t best = -1;
  for (size_t c = 0; c < row.size(); ++c) {
    if (!std::isnan(row[c]) && (best < 0 || row[c] > row[static_cast<size_t>(best)])) {
      best = static_cast<int64_t>(c);
    }
  }
  return best;
}

}  // namespace dsq
