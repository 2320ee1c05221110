#include "src/runner/onednn/layout_rules.h"

#include <algorithm>
#include <numeric>

#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/strided.h"

namespace dsq::onednn {
namespace {

constexpr int64_t kMaxRank = 5;  // of oneDNN's convolutions

bool is_pointwise(OpKind op) {  // one data input; further inputs are scalars
  using enum OpKind;
  switch (op) {
    // clang-format off
    case abs: case acos: case acosh: case asin: case asinh: case atan: case atanh: case bitwise_not: case cast: case ceil:
    case celu: case cos: case cosh: case elu: case erf: case exp: case floor: case gelu: case hard_sigmoid: case hard_swish:
    case identity: case is_inf: case is_nan: case leaky_relu: case log: case logical_not: case mish: case neg:
    case reciprocal: case relu: case round: case selu: case shrink: case sigmoid: case sign: case silu: case sin: case sinh:
    case softplus: case softsign: case sqrt: case tan: case tanh: case thresholded_relu: case clip: case lut: return true;
    // clang-format on
    default: return false;
  }
}

bool is_broadcasting(OpKind op) {
  using enum OpKind;
  switch (op) {
    // clang-format off
    case add: case bitwise_and: case bitwise_or: case bitwise_xor: case div: case equal: case greater: case greater_equal:
    case less: case less_equal: case logical_and: case logical_or: case logical_xor: case max: case min: case mod: case mul:
    case pow: case prelu: case sub: case where: return true;
    // clang-format on
    default: return false;
  }
}

bool is_reduction(OpKind op) {
  using enum OpKind;
  switch (op) {
    // clang-format off
    case reduce_l1: case reduce_l2: case reduce_log_sum: case reduce_log_sum_exp: case reduce_max: case reduce_mean:
    case reduce_min: case reduce_prod: case reduce_sum: case reduce_sum_square: return true;
    // clang-format on
    default: return false;
  }
}

int64_t positive(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }

const Tensor* constant(const NodeView& view, size_t i) {
  return view.node.has_input(i) ? view.graph.constant(view.node.input(i)) : nullptr;
}

Tensor moved_axes(const Tensor& axes, int64_t rank) {
  Shape moved = to_ints(axes);
  for (int64_t& axis : moved) {
    axis = axis_to_last(positive(axis, rank), rank);
  }
  return Tensor::ints(moved);
}

// A tensor that broadcasts against a first-form tensor of this rank, as one that broadcasts against its last form.
Tensor broadcast_constant(const Tensor& tensor, int64_t rank) {
  Shape shape = tensor.shape();
  shape.insert(shape.begin(), static_cast<size_t>(rank) - shape.size(), 1);
  return permute(tensor.reshaped(shape), perm_to_last(rank));
}

// One value for each channel (axis 1), as a tensor that says which axis that is now.
Tensor channel_vector(const Tensor& vector, int64_t rank) {
  Shape shape(static_cast<size_t>(rank), 1);
  shape.back() = vector.count();
  return vector.reshaped(shape);
}

Renamed same(const NodeView& view, InputForm rest = InputForm::first) {
  Renamed renamed;
  renamed.attrs = view.node.attrs;
  renamed.inputs.assign(view.node.inputs.size(), rest);
  renamed.inputs[0] = InputForm::last;
  renamed.constants.resize(view.node.inputs.size());
  return renamed;
}

void replace(Renamed& renamed, size_t i, Tensor tensor) {
  renamed.inputs[i] = InputForm::replaced;
  renamed.constants[i] = std::move(tensor);
}

std::optional<Renamed> broadcasting(const NodeView& view, int64_t rank) {
  Renamed renamed = same(view, InputForm::last);
  for (size_t i = 0; i < view.node.inputs.size(); ++i) {
    const Tensor* held = constant(view, i);
    if (view.in[i].rank() > rank ||
        (view.in[i].rank() < rank && held == nullptr && !(view.in[i].known() && count_of(*view.in[i].shape) == 1))) {
      return std::nullopt;
    }
    if (held != nullptr && bits_of(held->dtype()) < 8) {
      return std::nullopt;
    }
    renamed.inputs[i] = view.in[i].rank() == rank ? InputForm::last : InputForm::first;
    if (held != nullptr && held->count() > 1) {
      replace(renamed, i, broadcast_constant(*held, rank));
    }
  }
  return renamed;
}

std::optional<Renamed> reduction(const NodeView& view, int64_t rank) {
  const Tensor* axes = constant(view, 1);
  const auto& attrs = view.node.as<ReduceAttrs>();
  if (axes == nullptr || axes->count() == 0) {
    return std::nullopt;
  }
  Renamed renamed = same(view);
  replace(renamed, 1, moved_axes(*axes, rank));
  if (!attrs.keepdims) {
    std::vector<bool> reduced(static_cast<size_t>(rank), false);
    for (const int64_t axis : to_ints(*axes)) {
      reduced[static_cast<size_t>(positive(axis, rank))] = true;
    }
    const bool spatial = std::all_of(reduced.begin() + 2, reduced.end(), [](bool r) { return r; });
    if (!reduced[1] && !spatial) {
      return std::nullopt;  // the kept axes would come out in another order
    }
    renamed.result_is_last = false;
  }
  return renamed;
}

std::optional<Renamed> padding(const NodeView& view, int64_t rank) {
  const Tensor* pads = constant(view, 1);
  if (pads == nullptr) {
    return std::nullopt;
  }
  Renamed renamed = same(view);
  if (view.node.has_input(3)) {
    const Tensor* axes = constant(view, 3);
    if (axes == nullptr) {
      return std::nullopt;
    }
    replace(renamed, 3, moved_axes(*axes, rank));
    return renamed;
  }
  const Shape values = to_ints(*pads);
  if (static_cast<int64_t>(values.size()) != 2 * rank) {
    return std::nullopt;
  }
  Shape moved;
  for (const int64_t side : {int64_t{0}, rank}) {
    for (const int64_t axis : perm_to_last(rank)) {
      moved.push_back(values[static_cast<size_t>(side + axis)]);
    }
  }
  replace(renamed, 1, Tensor::ints(moved));
  return renamed;
}

std::optional<Renamed> resizing(const NodeView& view, int64_t rank) {
  ResizeAttrs attrs = view.node.as<ResizeAttrs>();
  Renamed renamed = same(view);
  if (!attrs.axes.empty()) {
    for (int64_t& axis : attrs.axes) {
      axis = axis_to_last(positive(axis, rank), rank);
    }
    renamed.attrs = attrs;
    return renamed;
  }
  for (size_t i = 1; i < view.node.inputs.size(); ++i) {
    if (!view.node.has_input(i)) {
      continue;
    }
    const Tensor* held = constant(view, i);
    if (held == nullptr || (held->count() != 0 && (i == 1 || held->count() != rank))) {
      return std::nullopt;
    }
    if (held->count() != 0) {
      const Tensor row = held->reshaped({rank});
      replace(renamed, i, i == 2 ? Tensor(DType::f32, {rank}) : Tensor(DType::i64, {rank}));
      const Shape perm = perm_to_last(rank);
      for (size_t d = 0; d < perm.size(); ++d) {
        if (i == 2) {
          renamed.constants[i]->mutable_values<float>()[d] = row.values<float>()[static_cast<size_t>(perm[d])];
        } else {
          renamed.constants[i]->mutable_values<int64_t>()[d] = row.values<int64_t>()[static_cast<size_t>(perm[d])];
        }
      }
    }
  }
  return renamed;
}

template <class A>
Renamed along_axis(const NodeView& view, int64_t rank) {
  Renamed renamed = same(view);
  A attrs = view.node.as<A>();
  attrs.axis = axis_to_last(positive(attrs.axis, rank), rank);
  renamed.attrs = attrs;
  return renamed;
}

// Slices and squeezes name axes in an input.
std::optional<Renamed> named_axes(const NodeView& view, int64_t rank, size_t input) {
  const Tensor* axes = constant(view, input);
  if (axes == nullptr) {
    return std::nullopt;
  }
  Renamed renamed = same(view);
  replace(renamed, input, moved_axes(*axes, rank));
  return renamed;
}

// Whether an integer input has zero points by channel, or one, and no level table: what this backend's loops know.
bool plain_channels(const NodeView& view, size_t i) {
  const std::optional<QuantParams>& params = view.in_params[i];
  if (!params) {
    return true;
  }
  const bool by_channel =
      params->granularity.axis < 0 || params->granularity.axis == 1 || params->zero_point.size() <= 1;
  return params->levels.empty() && params->granularity.group == 0 && by_channel;
}

// requantize, qadd: vectors of one value a channel.
std::optional<Renamed> channel_vectors(const NodeView& view, size_t first, int64_t rank) {
  Renamed renamed = same(view, InputForm::last);
  for (size_t i = first; i < view.node.inputs.size(); ++i) {
    const Tensor* held = constant(view, i);
    if (held == nullptr) {
      return std::nullopt;
    }
    if (held->count() > 1) {
      replace(renamed, i, channel_vector(*held, rank));
    } else {
      renamed.inputs[i] = InputForm::first;
    }
  }
  for (size_t i = 0; i < first; ++i) {
    const bool same_shape = view.in[i].known() && view.out[0].known() && view.in[i].shape == view.out[0].shape;
    if (!same_shape || constant(view, i) != nullptr || !plain_channels(view, i)) {
      return std::nullopt;
    }
  }
  return renamed;
}

bool grouped_params(const NodeView& view) {
  const auto grouped = [&](ValueId id) {
    return id != ValueId::none && view.graph.value(id).params && view.graph.value(id).params->granularity.group > 0;
  };
  return std::ranges::any_of(view.node.inputs, grouped) || std::ranges::any_of(view.node.outputs, grouped);
}

std::optional<Renamed> converting(const NodeView& view, int64_t rank) {
  Renamed renamed = same(view);
  if (view.node.op == OpKind::dynamic_quantize) {
    return view.node.as<DynamicQuantizeAttrs>().per == RangeAxis::token ? std::nullopt : std::optional(renamed);
  }
  QuantizeAttrs attrs = view.node.as<QuantizeAttrs>();
  if (view.node.has_input(1)) {
    if (view.in[1].rank() > 1) {
      return std::nullopt;
    }
    attrs.axis = axis_to_last(positive(attrs.axis, rank), rank);
    renamed.attrs = attrs;
  }
  return renamed;
}

std::optional<Renamed> windowed(const NodeView& view) {
  Renamed renamed = same(view);
  if (auto* pool = std::get_if<PoolAttrs>(&renamed.attrs)) {
    pool->layout = Layout::channels_last;
    return renamed;
  }
  auto& conv = std::get<ConvAttrs>(renamed.attrs);
  conv.layout = Layout::channels_last;
  if (conv.adds) {
    renamed.inputs[3] = InputForm::last;
  }
  return renamed;
}

}  // namespace

Shape perm_to_last(int64_t rank) {
  Shape perm{0};
  for (int64_t i = 2; i < rank; ++i) {
    perm.push_back(i);
  }
  perm.push_back(1);
  return perm;
}

Shape perm_to_first(int64_t rank) {
  Shape perm{0, rank - 1};
  for (int64_t i = 1; i + 1 < rank; ++i) {
    perm.push_back(i);
  }
  return perm;
}

std::optional<QuantParams> moved_params(std::optional<QuantParams> params, int64_t (*moved)(int64_t, int64_t),
                                        int64_t rank) {
  if (params && params->granularity.axis >= 0) {
    params->granularity.axis = static_cast<int32_t>(moved(params->granularity.axis, rank));
  }
  return params;
}

Tensor permute(const Tensor& tensor, const Shape& perm) {
  const Shape own = strides_of(tensor.shape());
  Shape shape;
  Shape strides;
  for (const int64_t axis : perm) {
    shape.push_back(tensor.shape()[static_cast<size_t>(axis)]);
    strides.push_back(own[static_cast<size_t>(axis)]);
  }
  Tensor out(tensor.dtype(), shape);
  const auto copy = [&]<class T>(T) {
    portable::copy_strided(shape, portable::raw<T>(out), strides_of(shape), portable::raw<T>(tensor), strides);
  };
  switch (bits_of(tensor.dtype())) {
    case 8: copy(uint8_t{}); break;
    case 16: copy(uint16_t{}); break;
    case 32: copy(uint32_t{}); break;
    default: copy(uint64_t{}); break;
  }
  return out;
}

bool wants_last(const NodeView& view) {
  using enum OpKind;
  const Node& node = view.node;
  const bool windowed = node.op == conv || node.op == qconv || node.op == conv_transpose || node.op == max_pool ||
                        node.op == avg_pool || node.op == qavg_pool;
  if (!windowed || !view.in[0].known() || !view.out[0].known() || view.in[0].rank() < 3 ||
      view.in[0].rank() > kMaxRank) {
    return false;
  }
  if (count_of(*view.out[0].shape) == 0 || count_of(*view.in[0].shape) == 0) {
    return false;
  }
  const DType type = view.in[0].dtype;
  const bool bytes = type == DType::u8 || type == DType::i8 || bits_of(type) == 4;
  if (node.op == max_pool) {
    return (type == DType::f32 || bytes) && (node.outputs.size() < 2 || node.outputs[1] == ValueId::none);
  }
  if (node.op == avg_pool) {
    return type == DType::f32;
  }
  if (node.op == conv || node.op == conv_transpose) {
    const bool bias_known = !node.has_input(2) || constant(view, 2) != nullptr;
    return view.in[0].dtype == DType::f32 && constant(view, 1) != nullptr && bias_known;
  }
  if (node.op == qconv) {
    return constant(view, 1) != nullptr && constant(view, 2) != nullptr &&
           (!node.has_input(3) || constant(view, 3) != nullptr);
  }
  return plain_channels(view, 0) && constant(view, 1) != nullptr && constant(view, 2) != nullptr;  // qavg_pool
}

std::optional<Renamed> renamed_for_last(const NodeView& view) {
  using enum OpKind;
  const Node& node = view.node;
  if (wants_last(view)) {
    return windowed(view);
  }
  const int64_t rank = view.out.empty() ? 0 : view.out[0].rank();
  const int64_t in_rank = view.in[0].rank();
  for (const TensorType& type : view.out) {
    if (!type.known()) {
      return std::nullopt;
    }
  }
  const bool result_leads = is_broadcasting(node.op) || node.op == qadd;
  if ((result_leads ? rank : in_rank) < 3 || grouped_params(view)) {
    return std::nullopt;
  }
  if (is_pointwise(node.op)) {
    return same(view);
  }
  if (is_broadcasting(node.op)) {
    return broadcasting(view, rank);
  }
  if (is_reduction(node.op)) {
    return reduction(view, in_rank);
  }
  switch (node.op) {
    // clang-format off
    case softmax: case log_softmax: case hardmax: return along_axis<AxisAttrs>(view, in_rank);
    case split: return along_axis<AxisAttrs>(view, in_rank);
    case concat: {
      // clang-format on
      for (size_t i = 0; i < view.in.size(); ++i) {
        const Tensor* held = constant(view, i);
        if (held != nullptr && bits_of(held->dtype()) < 8) {
          return std::nullopt;
        }
      }
      Renamed renamed = along_axis<AxisAttrs>(view, in_rank);
      renamed.inputs.assign(node.inputs.size(), InputForm::last);
      return renamed;
    }
    // clang-format off
    case arg_max: case arg_min: {
      // clang-format on
      Renamed renamed = along_axis<ArgAttrs>(view, in_rank);
      const auto& attrs = node.as<ArgAttrs>();
      if (!attrs.keepdims && positive(attrs.axis, in_rank) != 1) {
        return std::nullopt;
      }
      renamed.result_is_last = attrs.keepdims;
      return renamed;
    }
    case pad: return padding(view, in_rank);
    case resize: return resizing(view, in_rank);
    case slice: return node.has_input(3) ? named_axes(view, in_rank, 3) : std::nullopt;
    case squeeze: {
      const Tensor* axes = node.has_input(1) ? constant(view, 1) : nullptr;
      if (axes == nullptr || rank < 3) {
        return std::nullopt;
      }
      for (const int64_t axis : to_ints(*axes)) {
        if (positive(axis, in_rank) < 2) {
          return std::nullopt;
        }
      }
      return named_axes(view, in_rank, 1);
    }
    // clang-format off
    case quantize: case dequantize: case dynamic_quantize: return converting(view, in_rank);
    case requantize:
      // clang-format on
      return node.inputs.size() == 1 ? std::optional(same(view)) : channel_vectors(view, 1, in_rank);
    case qadd: return channel_vectors(view, 2, rank);
    default: return std::nullopt;
  }
}

}  // namespace dsq::onednn
