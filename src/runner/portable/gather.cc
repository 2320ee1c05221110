// Operators that read and write by index. An index outside the data is an error, never an access.
#include <algorithm>
#include <functional>
#include <limits>

#include "src/runner/portable/convert.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/support/parallel.h"

namespace dsq::portable {
namespace {

Result<std::vector<int64_t>> checked_indices(const Tensor& tensor, int64_t size) {
  std::vector<int64_t> indices = to_ints(tensor);
  for (int64_t& index : indices) {
    if (index < -size || index >= size) {
      return fail(Code::run_failed, "index {} is outside [0, {})", index, size);
    }
    index = index < 0 ? index + size : index;
  }
  return indices;
}

// to = to (op) from
template <class T>
void combine(T& to, T from, Reduction reduction) {
  switch (reduction) {
    case Reduction::none: to = from; return;
    case Reduction::add: to = wrapping(to, from, std::plus<>()); return;
    case Reduction::mul: to = wrapping(to, from, std::multiplies<>()); return;
    case Reduction::max: to = std::max(to, from); return;
    case Reduction::min: to = std::min(to, from); return;
  }
}

// Plain scattering works on any element; reductions need numbers.
template <class F>
Result<void> for_scattered(const Call& call, Reduction reduction, F f) {
  return reduction == Reduction::none ? for_width(call, call.output().dtype(), f)
                                      : for_number(call, call.output().dtype(), f);
}

// The offsets that index tuples of nd operators point to.
Result<std::vector<int64_t>> tuple_offsets(const Tensor& indices, const Shape& data, int64_t batch_dims) {
  const int64_t depth = indices.shape().back();
  const int64_t tuples = depth == 0 ? 0 : indices.count() / depth;
  const Shape strides = strides_of(data);
  int64_t batches = 1;
  for (int64_t i = 0; i < batch_dims; ++i) {
    batches *= data[static_cast<size_t>(i)];
  }
  const int64_t batch_stride = batch_dims == 0 ? 0 : strides[static_cast<size_t>(batch_dims - 1)];
  const std::vector<int64_t> flat = to_ints(indices);
  std::vector<int64_t> offsets(static_cast<size_t>(tuples));
  for (int64_t t = 0; t < tuples; ++t) {
    int64_t offset =
        batch_dims == 0 ? 0 : t / std::max<int64_t>(tuples / std::max<int64_t>(batches, 1), 1) * batch_stride;
    for (int64_t d = 0; d < depth; ++d) {
      const int64_t size = data[static_cast<size_t>(batch_dims + d)];
      const int64_t index = flat[static_cast<size_t>(t * depth + d)];
      if (index < -size || index >= size) {
        return fail(Code::run_failed, "index {} is outside [0, {})", index, size);
      }
      offset += (index < 0 ? index + size : index) * strides[static_cast<size_t>(batch_dims + d)];
    }
    offsets[static_cast<size_t>(t)] = offset;
  }
  return offsets;
}

}  // namespace

Result<void> gather(const Call& call) {
  const Shape& data = call.input(0).shape();
  const auto axis = static_cast<size_t>(DSQ_TRY(normalize_axis(call.attrs<AxisAttrs>().axis, call.input(0).rank())));
  const std::vector<int64_t> indices = DSQ_TRY(checked_indices(call.input(1), data[axis]));
  const int64_t inner = strides_of(data)[axis];
  const int64_t outer = data[axis] * inner == 0 ? 0 : call.input(0).count() / (data[axis] * inner);
  const auto count = static_cast<int64_t>(indices.size());
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    const T* in = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    parallel_for(outer * count, std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(inner, 1)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t at = begin; at < end; ++at) {
                     std::copy_n(in + (at / count * data[axis] + indices[static_cast<size_t>(at % count)]) * inner,
                                 inner, out + at * inner);
                   }
                 });
    return {};
  });
}

Result<void> gather_elements(const Call& call) {
  const Shape& data = call.input(0).shape();
  const Shape& shape = call.input(1).shape();
  const auto axis = static_cast<size_t>(DSQ_TRY(normalize_axis(call.attrs<AxisAttrs>().axis, call.input(0).rank())));
  const std::vector<int64_t> indices = DSQ_TRY(checked_indices(call.input(1), data[axis]));
  for (size_t d = 0; d < data.size(); ++d) {
    if (d != axis && shape[d] > data[d]) {
      return fail(Code::run_failed, "indices {} reach beyond {}", text_of(shape), text_of(data));
    }
  }
  const Shape strides = strides_of(data);
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    for (int64_t at = 0; at < call.output().count(); ++at) {
      int64_t rest = at;
      int64_t offset = 0;
      for (size_t d = shape.size(); d-- > 0;) {
        offset += (d == axis ? indices[static_cast<size_t>(at)] : rest % shape[d]) * strides[d];
        rest /= shape[d];
      }
      raw<T>(call.output())[at] = raw<T>(call.input(0))[offset];
    }
    return {};
  });
}

Result<void> gather_nd(const Call& call) {
  const int64_t batch_dims = call.attrs<ScatterAttrs>().batch_dims;
  const std::vector<int64_t> offsets = DSQ_TRY(tuple_offsets(call.input(1), call.input(0).shape(), batch_dims));
  const int64_t inner = offsets.empty() ? 0 : call.output().count() / static_cast<int64_t>(offsets.size());
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    T* out = raw<T>(call.output());
    for (const int64_t offset : offsets) {
      out = std::copy_n(raw<T>(call.input(0)) + offset, inner, out);
    }
    return {};
  });
}

Result<void> scatter_elements(const Call& call) {
  const auto& attrs = call.attrs<ScatterAttrs>();
  const Shape& data = call.input(0).shape();
  const Shape& shape = call.input(1).shape();
  const auto axis = static_cast<size_t>(DSQ_TRY(normalize_axis(attrs.axis, call.input(0).rank())));
  const std::vector<int64_t> indices = DSQ_TRY(checked_indices(call.input(1), data[axis]));
  const Shape strides = strides_of(data);
  for (size_t d = 0; d < data.size(); ++d) {
    if ((d != axis && shape[d] > data[d]) || call.input(2).shape() != shape) {
      return fail(Code::run_failed, "indices {} and updates {} do not fit {}", text_of(shape),
                  text_of(call.input(2).shape()), text_of(data));
    }
  }
  return for_scattered(call, attrs.reduction, [&]<class T>(T) -> Result<void> {
    T* out = raw<T>(call.output());
    std::copy_n(raw<T>(call.input(0)), call.input(0).count(), out);
    for (size_t at = 0; at < indices.size(); ++at) {
      auto rest = static_cast<int64_t>(at);
      int64_t offset = 0;
      for (size_t d = shape.size(); d-- > 0;) {
        offset += (d == axis ? indices[at] : rest % shape[d]) * strides[d];
        rest /= shape[d];
      }
      combine(out[offset], raw<T>(call.input(2))[at], attrs.reduction);
    }
    return {};
  });
}

Result<void> scatter_nd(const Call& call) {
  const Reduction reduction = call.attrs<ScatterAttrs>().reduction;
  const std::vector<int64_t> offsets = DSQ_TRY(tuple_offsets(call.input(1), call.input(0).shape(), 0));
  const int64_t inner = offsets.empty() ? 0 : call.input(2).count() / static_cast<int64_t>(offsets.size());
  int64_t expected = 1;
  for (int64_t d = call.input(1).shape().back(); d < call.input(0).rank(); ++d) {
    expected *= call.input(0).shape()[static_cast<size_t>(d)];
  }
  if (!offsets.empty() && (inner != expected || call.input(2).count() % static_cast<int64_t>(offsets.size()) != 0)) {
    return fail(Code::run_failed, "updates {} do not fit {}", text_of(call.input(2).shape()),
                text_of(call.input(0).shape()));
  }
  return for_scattered(call, reduction, [&]<class T>(T) -> Result<void> {
    T* out = raw<T>(call.output());
    std::copy_n(raw<T>(call.input(0)), call.input(0).count(), out);
    const T* update = raw<T>(call.input(2));
    for (const int64_t offset : offsets) {
      for (int64_t i = 0; i < inner; ++i) {
        combine(out[offset + i], *update++, reduction);
      }
    }
    return {};
  });
}

Result<void> nonzero(const Call& call) {
  const Shape& shape = call.input(0).shape();
  const Shape strides = strides_of(shape);
  std::vector<int64_t> found;
  for (int64_t i = 0; i < call.input(0).count(); ++i) {
    if (element(call.input(0), i) != 0) {
      found.push_back(i);
    }
  }
  Tensor out(DType::i64, {static_cast<int64_t>(shape.size()), static_cast<int64_t>(found.size())});
  auto* to = raw<int64_t>(out);
  for (size_t d = 0; d < shape.size(); ++d) {
    for (const int64_t at : found) {
      *to++ = at / strides[d] % shape[d];
    }
  }
  call.output() = std::move(out);
  return {};
}

Result<void> compress(const Call& call) {
  const Shape& data = call.input(0).shape();
  const int64_t given = call.attrs<AxisAttrs>().axis;
  const bool flat = given == std::numeric_limits<int64_t>::min();
  const int64_t axis = flat ? 0 : DSQ_TRY(normalize_axis(given, call.input(0).rank()));
  const int64_t length = flat ? call.input(0).count() : data[static_cast<size_t>(axis)];
  const int64_t inner = flat ? 1 : strides_of(data)[static_cast<size_t>(axis)];
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < std::min(call.input(1).count(), length); ++i) {
    if (element(call.input(1), i) != 0) {
      kept.push_back(i);
    }
  }
  Shape shape = flat ? Shape{0} : data;
  shape[static_cast<size_t>(axis)] = static_cast<int64_t>(kept.size());
  Tensor out(call.input(0).dtype(), std::move(shape));
  const int64_t outer = length * inner == 0 ? 0 : call.input(0).count() / (length * inner);
  DSQ_TRY(for_width(call, out.dtype(), [&]<class T>(T) -> Result<void> {
    T* to = raw<T>(out);
    for (int64_t o = 0; o < outer; ++o) {
      for (const int64_t k : kept) {
        to = std::copy_n(raw<T>(call.input(0)) + (o * length + k) * inner, inner, to);
      }
    }
    return {};
  }));
  call.output() = std::move(out);
  return {};
}

}  // namespace dsq::portable
