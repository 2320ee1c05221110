// Transposes that change which axis is the fastest: tiles of 16 x 16, so that both sides use whole cache lines.
#include <algorithm>

#include "src/runner/onednn/layers.h"
#include "src/runner/portable/dispatch.h"
#include "src/support/parallel.h"

namespace dsq::onednn {
namespace {

using portable::raw;

constexpr int64_t kTile = 16;

// Elements out[i + j * out_step] = in[i * in_step + j], for each of the outer offsets.
struct TransposePlan {
  int64_t rows = 1;     // i: the output's last axis
  int64_t columns = 1;  // j: the input's last axis
  int64_t in_step = 1;
  int64_t out_step = 1;
  std::vector<int64_t> in_offset;
  std::vector<int64_t> out_offset;
};

// Axes of length 1 dropped, and those merged that stay neighbours.
struct Merged {
  Shape in;    // input shape
  Shape perm;  // output axis -> input axis
};

Merged merge_axes(const Shape& shape, const Shape& perm) {
  std::vector<Shape> groups;  // in output order, each a run of input axes
  for (const int64_t axis : perm) {
    if (shape[static_cast<size_t>(axis)] == 1) {
      continue;
    }
    bool joins = false;
    if (!groups.empty()) {
      int64_t next = groups.back().back() + 1;
      while (next < axis && shape[static_cast<size_t>(next)] == 1) {
        ++next;
      }
      joins = next == axis;
    }
    if (joins) {
      groups.back().push_back(axis);
    } else {
      groups.push_back({axis});
    }
  }
  std::vector<size_t> order(groups.size());
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::ranges::sort(order, {}, [&](size_t g) { return groups[g][0]; });
  Merged merged;
  merged.perm.resize(groups.size());
  for (size_t i = 0; i < order.size(); ++i) {
    int64_t size = 1;
    for (const int64_t axis : groups[order[i]]) {
      size *= shape[static_cast<size_t>(axis)];
    }
    merged.in.push_back(size);
    merged.perm[order[i]] = static_cast<int64_t>(i);
  }
  return merged;
}

TransposePlan plan_transpose(const Merged& merged) {
  const Shape in_strides = strides_of(merged.in);
  const size_t rank = merged.perm.size();
  Shape out_shape;
  for (const int64_t axis : merged.perm) {
    out_shape.push_back(merged.in[static_cast<size_t>(axis)]);
  }
  const Shape out_strides = strides_of(out_shape);
  TransposePlan plan;
  const auto fastest = static_cast<int64_t>(rank) - 1;
  plan.rows = out_shape.back();
  plan.in_step = in_strides[static_cast<size_t>(merged.perm.back())];
  std::vector<size_t> outer;
  for (size_t i = 0; i + 1 < rank; ++i) {
    if (merged.perm[i] == fastest) {
      plan.columns = out_shape[i];
      plan.out_step = out_strides[i];
    } else {
      outer.push_back(i);
    }
  }
  plan.in_offset = {0};
  plan.out_offset = {0};
  for (const size_t i : outer) {
    std::vector<int64_t> in;
    std::vector<int64_t> out;
    for (size_t k = 0; k < plan.in_offset.size(); ++k) {
      for (int64_t at = 0; at < out_shape[i]; ++at) {
        in.push_back(plan.in_offset[k] + at * in_strides[static_cast<size_t>(merged.perm[i])]);
        out.push_back(plan.out_offset[k] + at * out_strides[i]);
      }
    }
    plan.in_offset = std::move(in);
    plan.out_offset = std::move(out);
  }
  return plan;
}

template <class T>
void move_tile(const TransposePlan& plan, const T* in, T* out, int64_t i0, int64_t j0) {
  const int64_t rows = std::min(kTile, plan.rows - i0);
  const int64_t columns = std::min(kTile, plan.columns - j0);
  const T* from = in + i0 * plan.in_step + j0;
  T* to = out + j0 * plan.out_step + i0;
  if (rows == kTile && columns == kTile) {
    T tile[kTile][kTile];
    for (int64_t i = 0; i < kTile; ++i) {
      for (int64_t j = 0; j < kTile; ++j) {
        tile[i][j] = from[i * plan.in_step + j];
      }
    }
    for (int64_t j = 0; j < kTile; ++j) {
      for (int64_t i = 0; i < kTile; ++i) {
        to[j * plan.out_step + i] = tile[i][j];
      }
    }
    return;
  }
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i) {
      to[j * plan.out_step + i] = from[i * plan.in_step + j];
    }
  }
}

template <class T>
Kernel tiled(TransposePlan plan) {
  auto shared = std::make_shared<const TransposePlan>(std::move(plan));
  return [shared](const Call& call) -> Result<void> {
    const TransposePlan& p = *shared;
    const T* in = raw<T>(call.input(0));
    T* out = raw<T>(call.output());
    const int64_t strips = (p.columns + kTile - 1) / kTile;
    parallel_for(static_cast<int64_t>(p.in_offset.size()) * strips, std::max<int64_t>(1, (1 << 13) / (p.rows * kTile)),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t at = begin; at < end; ++at) {
                     const auto o = static_cast<size_t>(at / strips);
                     for (int64_t i0 = 0; i0 < p.rows; i0 += kTile) {
                       move_tile(p, in + p.in_offset[o], out + p.out_offset[o], i0, at % strips * kTile);
                     }
                   }
                 });
    return {};
  };
}

}  // namespace

Prepared prepare_transpose(const Graph& graph, const Node& node) {
  const TensorType& type = graph.value(node.inputs[0]).type;
  if (!type.known() || count_of(*type.shape) == 0 || bits_of(type.dtype) < 8) {
    return std::optional<Kernel>();
  }
  Shape perm = node.as<PermAttrs>().perm;
  for (int64_t i = type.rank(); perm.size() < type.shape->size();) {
    perm.push_back(--i);
  }
  for (int64_t& axis : perm) {
    axis = axis < 0 ? axis + type.rank() : axis;
  }
  const Merged merged = merge_axes(*type.shape, perm);
  constexpr int64_t kManyOffsets = 1 << 16;
  const auto fastest = static_cast<int64_t>(merged.perm.size()) - 1;
  if (merged.perm.size() < 2 || merged.perm.back() == fastest) {
    return std::optional<Kernel>();
  }
  const int64_t inner = merged.in.back() * merged.in[static_cast<size_t>(merged.perm.back())];
  if (count_of(merged.in) / inner > kManyOffsets) {
    return std::optional<Kernel>();
  }
  switch (bits_of(type.dtype)) {
    case 8: return std::optional(tiled<uint8_t>(plan_transpose(merged)));
    case 16: return std::optional(tiled<uint16_t>(plan_transpose(merged)));
    case 32: return std::optional(tiled<uint32_t>(plan_transpose(merged)));
    default: return std::optional(tiled<uint64_t>(plan_transpose(merged)));
  }
}

}  // namespace dsq::onednn
