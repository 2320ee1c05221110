#include "src/ir/shape.h"

#include <algorithm>

#include <fmt/ranges.h>

namespace dsq {
namespace {
constexpr int64_t kMaxElements = int64_t{1} << 40;
}

bool is_known(std::span<const int64_t> shape) {
  return std::ranges::none_of(shape, [](int64_t d) { return d < 0; });
}

int64_t count_of(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t d : shape) {
    count *= d;
  }
  return count;
}

Result<int64_t> checked_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  bool empty = false;
  for (const int64_t d : shape) {
    if (d < 0) {
      return fail(Code::tensor_invalid, "negative dimension in {}", text_of(shape));
    }
    empty = empty || d == 0;
    if (d > 0 && count > kMaxElements / d) {
      return fail(Code::tensor_invalid, "{} is too large", text_of(shape));
    }
    count *= std::max<int64_t>(d, 1);
  }
  return empty ? 0 : count;
}

Shape strides_of(std::span<const int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;) {
    strides[i - 1] = strides[i] * shape[i];
  }
  return strides;
}

std::string text_of(std::span<const int64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    out += i == 0 ? "" : ",";
    out += shape[i] == kUnknown ? std::string("?") : std::to_string(shape[i]);
  }
  return out + "]";
}

Result<Shape> broadcast(std::span<const int64_t> a, std::span<const int64_t> b) {
  const size_t rank = std::max(a.size(), b.size());
  Shape out(rank);
  for (size_t i = 0; i < rank; ++i) {
    const int64_t da = i + a.size() < rank ? 1 : a[i + a.size() - rank];
    const int64_t db = i + b.size() < rank ? 1 : b[i + b.size() - rank];
    if (da == db || db == 1) {
      out[i] = da;
    } else if (da == 1 || da == kUnknown) {
      out[i] = db;
    } else if (db == kUnknown) {
      out[i] = da;
    } else {
      return fail(Code::shape_mismatch, "{} and {} cannot be broadcast", text_of(a), text_of(b));
    }
  }
  return out;
}

Result<int64_t> normalize_axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    return fail(Code::attribute_invalid, "axis {} is outside rank {}", axis, rank);
  }
  return axis < 0 ? axis + rank : axis;
}

std::string text_of(const TensorType& type) {
  return std::string(name_of(type.dtype)) + (type.shape ? text_of(*type.shape) : "[*]");
}

}  // namespace dsq
