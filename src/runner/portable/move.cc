// Operators that move elements without changing them.
#include <algorithm>
#include <cstring>

#include "src/ops/slice_range.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"
#include "src/runner/portable/strided.h"
#include "src/support/strings.h"

namespace dsq::portable {
namespace {

// The whole output, row-major, from `src` read with `strides` starting at `first`.
Result<void> gather_view(const Call& call, const Shape& shape, const Shape& strides, int64_t first = 0) {
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    copy_strided(shape, raw<T>(call.output()), strides_of(shape), raw<T>(call.input(0)) + first, strides);
    return {};
  });
}

size_t axis_of(const Call& call, int64_t axis) {
  return static_cast<size_t>(axis < 0 ? axis + call.input(0).rank() : axis);
}

}  // namespace

Result<void> copy(const Call& call) {
  const std::span<const std::byte> from = call.input(0).bytes();
  const std::span<std::byte> to = call.output().mutable_bytes();
  if (to.size() != from.size()) {
    return fail(Code::run_failed, "{} has {}, {} wanted", text_of(call.input(0).shape()),
                plural(call.input(0).count(), "element"), call.output().count());
  }
  if (!from.empty() && from.data() != to.data()) {  // a view in the arena is its source
    std::memcpy(to.data(), from.data(), from.size());
  }
  return {};
}

Result<void> transpose(const Call& call) {
  const Shape own = strides_of(call.input(0).shape());
  const Shape& perm = call.attrs<PermAttrs>().perm;
  Shape strides;
  for (size_t i = 0; i < own.size(); ++i) {
    strides.push_back(own[perm.empty() ? own.size() - 1 - i : axis_of(call, perm[i])]);
  }
  return gather_view(call, call.output().shape(), strides);
}

Result<void> expand(const Call& call) {
  const Shape& in = call.input(0).shape();
  const Shape own = strides_of(in);
  Shape strides(call.output().shape().size(), 0);
  for (size_t i = 0; i < in.size(); ++i) {
    strides[strides.size() - in.size() + i] = in[i] == 1 ? 0 : own[i];
  }
  return gather_view(call, call.output().shape(), strides);
}

Result<void> tile(const Call& call) {  // each axis becomes (repeats, size)
  const Shape& in = call.input(0).shape();
  const Shape own = strides_of(in);
  Shape shape;
  Shape strides;
  for (size_t i = 0; i < in.size(); ++i) {
    shape.insert(shape.end(), {in[i] == 0 ? 0 : call.output().shape()[i] / in[i], in[i]});
    strides.insert(strides.end(), {0, own[i]});
  }
  return gather_view(call, shape, strides);
}

Result<void> slice(const Call& call) {
  const Shape& in = call.input(0).shape();
  const auto ints = [&](size_t i) { return call.has(i) ? ints_in(call.input(i)) : Ints{}; };
  const Ints axes = ints(3);
  const Ints steps = ints(4);
  const std::vector<SliceRange> ranges =
      DSQ_TRY(slice_ranges(in, ints(1), ints(2), call.has(3) ? &axes : nullptr, call.has(4) ? &steps : nullptr));
  Shape strides = strides_of(in);
  int64_t first = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    first += ranges[i].start * strides[i];
    strides[i] *= ranges[i].step;
  }
  return gather_view(call, call.output().shape(), strides, first);
}

Result<void> depth_to_space(const Call& call) {
  const auto& attrs = call.attrs<BlockAttrs>();
  const Shape& in = call.input(0).shape();
  const int64_t b = attrs.block;
  const int64_t depth = in[1] / (b * b);
  const Shape own = strides_of(in);
  // Output axes n, c, h, block row, w, block column; their strides in the input's channel axis depend on the order.
  const int64_t channel = attrs.order == DepthOrder::dcr ? 1 : b * b;
  const int64_t row = attrs.order == DepthOrder::dcr ? b * depth : b;
  const int64_t column = attrs.order == DepthOrder::dcr ? depth : 1;
  return gather_view(call, {in[0], depth, in[2], b, in[3], b},
                     {own[0], channel * own[1], own[2], row * own[1], own[3], column * own[1]});
}

Result<void> space_to_depth(const Call& call) {
  const Shape& in = call.input(0).shape();
  const auto& attrs = call.attrs<BlockAttrs>();
  const int64_t b = attrs.block;
  const Shape own = strides_of(in);
  if (attrs.order == DepthOrder::crd) {
    return gather_view(call, {in[0], in[1], b, b, in[2] / b, in[3] / b},
                       {own[0], own[1], own[2], own[3], b * own[2], b * own[3]});
  }
  return gather_view(call, {in[0], b, b, in[1], in[2] / b, in[3] / b},
                     {own[0], own[2], own[3], own[1], b * own[2], b * own[3]});
}

Result<void> concat(const Call& call) {
  const size_t axis = axis_of(call, call.attrs<AxisAttrs>().axis);
  const Shape strides = strides_of(call.output().shape());
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    T* to = raw<T>(call.output());
    for (const Tensor* part : call.in) {
      copy_strided(part->shape(), to, strides, raw<T>(*part), strides_of(part->shape()));
      to += part->shape()[axis] * strides[axis];
    }
    return {};
  });
}

Result<void> split(const Call& call) {
  const size_t axis = axis_of(call, call.attrs<AxisAttrs>().axis);
  const Shape strides = strides_of(call.input(0).shape());
  return for_width(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* from = raw<T>(call.input(0));
    const int64_t chunk = (call.input(0).shape()[axis] + static_cast<int64_t>(call.out.size()) - 1) /
                          static_cast<int64_t>(call.out.size());
    const std::vector<int64_t> sizes = call.has(1) ? to_ints(call.input(1)) : std::vector<int64_t>();
    int64_t at = 0;
    for (size_t i = 0; i < call.out.size(); ++i) {
      if (call.wants(i)) {
        const Shape& shape = call.output(i).shape();
        copy_strided(shape, raw<T>(call.output(i)), strides_of(shape), from + at * strides[axis], strides);
      }
      at += sizes.empty() ? chunk : sizes[i];
      at = std::min(at, call.input(0).shape()[axis]);
    }
    return {};
  });
}

namespace {

// Where a padded coordinate reads; -1 for the constant.
int64_t source_of(int64_t at, int64_t size, PadMode mode) {
  if (at >= 0 && at < size) {
    return at;
  }
  switch (mode) {
    case PadMode::constant: return -1;
    case PadMode::edge: return at < 0 ? 0 : size - 1;
    case PadMode::wrap: return ((at % size) + size) % size;
    case PadMode::reflect: {
      if (size == 1) {
        return 0;
      }
      const int64_t period = 2 * (size - 1);
      const int64_t folded = ((at % period) + period) % period;
      return folded < size ? folded : period - folded;
    }
  }
  return -1;
}

}  // namespace

Result<void> pad(const Call& call) {
  const Shape& in = call.input(0).shape();
  const Shape& out = call.output().shape();
  const PadMode mode = call.attrs<PadAttrs>().mode;
  const Ints axes = call.has(3) ? to_ints(call.input(3)) : Ints{};
  const Ints pads = DSQ_TRY(full_pads(call.input(0).rank(), to_ints(call.input(1)), call.has(3) ? &axes : nullptr));
  if (mode != PadMode::constant && call.input(0).count() == 0 && call.output().count() > 0) {
    return fail(Code::run_failed, "nothing to pad {} with", text_of(in));
  }
  return for_width(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    const T constant = call.has(2) ? raw<T>(call.input(2))[0] : T{0};
    const T* from = raw<T>(call.input(0));
    T* to = raw<T>(call.output());
    const Shape strides = strides_of(in);
    // Offsets by axis, then one pass over the output: an axis that reads the constant makes the whole element so.
    std::vector<std::vector<int64_t>> offsets(out.size());
    for (size_t d = 0; d < out.size(); ++d) {
      for (int64_t i = 0; i < out[d]; ++i) {
        const int64_t source = source_of(i - pads[d], in[d], mode);
        offsets[d].push_back(source < 0 ? -1 : source * strides[d]);
      }
    }
    const int64_t inner = out.empty() ? 1 : out.back();
    const int64_t rows = inner == 0 ? 0 : call.output().count() / inner;
    parallel_for(rows, std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(inner, 1)), [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        int64_t rest = row;
        int64_t base = 0;
        for (size_t d = out.empty() ? 0 : out.size() - 1; d-- > 0;) {
          const int64_t offset = offsets[d][static_cast<size_t>(rest % out[d])];
          rest /= out[d];
          base = base < 0 || offset < 0 ? -1 : base + offset;
        }
        T* line = to + row * inner;
        for (int64_t i = 0; i < inner; ++i) {
          const int64_t offset = out.empty() ? 0 : offsets.back()[static_cast<size_t>(i)];
          line[i] = base < 0 || offset < 0 ? constant : from[base + offset];
        }
      }
    });
    return {};
  });
}

Result<void> trilu(const Call& call) {
  const Shape& shape = call.input(0).shape();
  if (shape.size() < 2) {
    return fail(Code::run_failed, "{} is not a matrix", text_of(shape));
  }
  const int64_t rows = shape[shape.size() - 2];
  const int64_t columns = shape.back();
  const int64_t k = call.has(1) ? to_ints(call.input(1)).at(0) : 0;
  const bool upper = call.attrs<FlagAttrs>().flag;
  return for_width(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* in = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    for (int64_t at = 0; at < call.input(0).count(); ++at) {
      const int64_t diagonal = at % columns - at / columns % rows;
      out[at] = (upper ? diagonal >= k : diagonal <= k) ? in[at] : T{0};
    }
    return {};
  });
}

Result<void> reverse_sequence(const Call& call) {
  const auto& attrs = call.attrs<SequenceAttrs>();
  const Shape& shape = call.input(0).shape();
  const Shape strides = strides_of(shape);
  const size_t batch = axis_of(call, attrs.batch_axis);
  const size_t time = axis_of(call, attrs.time_axis);
  const std::vector<int64_t> lengths = to_ints(call.input(1));
  if (static_cast<int64_t>(lengths.size()) != shape.at(batch) || shape.size() <= time) {
    return fail(Code::run_failed, "{} lengths for {}", lengths.size(), text_of(shape));
  }
  return for_width(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* in = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    for (int64_t at = 0; at < call.input(0).count(); ++at) {
      const int64_t b = at / strides[batch] % shape[batch];
      const int64_t t = at / strides[time] % shape[time];
      const int64_t length = std::clamp<int64_t>(lengths[static_cast<size_t>(b)], 0, shape[time]);
      const int64_t from = t < length ? length - 1 - t : t;
      out[at] = in[at + (from - t) * strides[time]];
    }
    return {};
  });
}

}  // namespace dsq::portable
