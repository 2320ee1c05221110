// Operators that move, cut, join and create tensors.
#include <numeric>

#include "formats/onnx/converters.h"
#include "src/support/strings.h"

namespace dsq::onnx_format {

Result<void> convert_constant(NodeImport& n) {
  const auto is_value = [](const onnx::AttributeProto& each) {
    return each.name() == "sparse_value" || each.name().starts_with("value");
  };
  if (n.input_count() > 0 || std::ranges::count_if(n.proto().attribute(), is_value) > 1) {
    return n.invalid(n.input_count() > 0 ? "a constant has no inputs" : "a constant has one value");
  }
  const auto make = [&]() -> Result<Tensor> {
    for (onnx::AttributeProto& each : *n.proto().mutable_attribute()) {
      const std::string& key = each.name();
      if (key == "value") {
        return n.state().tensors.read(*each.mutable_t());
      }
      if (key == "value_float") {
        return Tensor::scalar(each.f());
      }
      if (key == "value_int") {
        return Tensor::scalar<int64_t>(each.i());
      }
      if (key == "value_floats") {
        const std::vector<float> values(each.floats().begin(), each.floats().end());
        return Tensor::of<float>({static_cast<int64_t>(values.size())}, std::span<const float>(values));
      }
      if (key == "value_ints") {
        return Tensor::ints(Shape(each.ints().begin(), each.ints().end()));
      }
    }
    return n.refuse("a constant without a dense numeric value");
  };
  Tensor tensor = DSQ_TRY(make());
  n.bind(0,
         n.scope().graph.add_constant(n.proto().output_size() > 0 ? n.proto().output(0) : n.name(), std::move(tensor)));
  return {};
}

Result<void> convert_constant_of_shape(NodeImport& n) {
  Tensor value = Tensor::of<float>({1}, {0.0F});
  for (onnx::AttributeProto& each : *n.proto().mutable_attribute()) {
    if (each.name() == "value") {
      value = DSQ_TRY(n.state().tensors.read(*each.mutable_t()));
    }
  }
  if (value.count() != 1) {
    return n.invalid("value holds more than one element");
  }
  return n.finish(OpKind::constant_of_shape, {n.in(0), n.constant(std::move(value))});
}

Result<void> convert_reshape(NodeImport& n) {
  return n.finish(OpKind::reshape, ReshapeAttrs{n.attr_int("allowzero", 0) != 0}, n.inputs());
}

Result<void> convert_flatten(NodeImport& n) {
  const int64_t given = n.attr_int("axis", 1);
  const TensorType& x = n.type(0);
  if (given == 0) {
    return n.finish(OpKind::reshape, {n.in(0), n.constant_ints({1, -1})});
  }
  if (given == 1) {
    return n.finish(OpKind::reshape, {n.in(0), n.constant_ints(x.rank() == 1 ? Shape{-1, 1} : Shape{0, -1})});
  }
  if (!x.shape) {
    return n.refuse("the input's rank is not known");
  }
  const int64_t axis = given < 0 ? given + x.rank() : given;
  if (axis < 0 || axis > x.rank()) {
    return n.invalid(fmt::format("axis {} is outside rank {}", given, x.rank()));
  }
  const ValueId head = DSQ_TRY(n.emit(OpKind::shape, ShapeAttrs{0, axis}, {n.in(0)}));
  const ValueId rows = DSQ_TRY(n.emit(OpKind::reduce_prod, ReduceAttrs{}, {head}));
  const ValueId tail = DSQ_TRY(n.emit(OpKind::shape, ShapeAttrs{axis, INT64_MAX}, {n.in(0)}));
  const ValueId columns = DSQ_TRY(n.emit(OpKind::reduce_prod, ReduceAttrs{}, {tail}));
  const ValueId shape = DSQ_TRY(n.emit(OpKind::concat, AxisAttrs{0}, {rows, columns}));
  return n.finish(OpKind::reshape, ReshapeAttrs{true}, {n.in(0), shape});
}

Result<void> convert_squeeze(NodeImport& n) {
  std::vector<ValueId> inputs = {n.in(0), n.in(1)};
  if (n.attribute("axes") != nullptr) {
    inputs[1] = n.constant_ints(n.attr_ints("axes"));
  }
  return n.finish(n.op_type() == "Squeeze" ? OpKind::squeeze : OpKind::unsqueeze, std::move(inputs));
}

Result<void> convert_transpose(NodeImport& n) {
  return n.finish(OpKind::transpose, PermAttrs{n.attr_ints("perm")}, {n.in(0)});
}

Result<void> convert_shape(NodeImport& n) {
  return n.finish(OpKind::shape, ShapeAttrs{n.attr_int("start", 0), n.attr_int("end", INT64_MAX)}, {n.in(0)});
}

Result<void> convert_split(NodeImport& n) {
  std::vector<ValueId> inputs = {n.in(0), n.in(1)};
  if (n.attribute("split") != nullptr) {
    inputs[1] = n.constant_ints(n.attr_ints("split"));
  }
  return n.finish(OpKind::split, AxisAttrs{n.attr_int("axis", 0)}, std::move(inputs));
}

Result<void> convert_slice(NodeImport& n) {
  if (n.opset() >= 10) {
    return n.finish(OpKind::slice, n.inputs());
  }
  const Shape starts = n.attr_ints("starts");
  Shape axes = n.attr_ints("axes");
  if (axes.empty()) {
    axes.resize(starts.size());
    std::iota(axes.begin(), axes.end(), 0);
  }
  return n.finish(OpKind::slice,
                  {n.in(0), n.constant_ints(starts), n.constant_ints(n.attr_ints("ends")), n.constant_ints(axes)});
}

Result<void> convert_pad(NodeImport& n) {
  const std::string mode = n.attr_string("mode", "constant");
  PadAttrs attrs;
  attrs.mode = mode == "reflect" ? PadMode::reflect
               : mode == "edge"  ? PadMode::edge
               : mode == "wrap"  ? PadMode::wrap
                                 : PadMode::constant;
  if (attrs.mode == PadMode::constant && mode != "constant") {
    return n.invalid(fmt::format("mode '{}'", mode));
  }
  if (n.opset() >= 11) {
    return n.finish(OpKind::pad, attrs, n.inputs());
  }
  return n.finish(
      OpKind::pad, attrs,
      {n.in(0), n.constant_ints(n.attr_ints("pads")), n.constant(Tensor::scalar(n.attr_float("value", 0)))});
}

namespace {

template <class E>
Result<E> enum_of(const std::string& word, const char* what) {
  const auto names = names_of(E{});
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i] == word) {
      return static_cast<E>(i);
    }
  }
  return fail(Code::ops_unsupported, "{} '{}'", what, word);
}

// Resize-10 does not say which pixel is nearest. ONNX Runtime, which defined it in practice, rounds down where an axis
// grows and up where it shrinks.
Result<NearestMode> nearest_before_11(const NodeImport& n, const Tensor* scales) {
  bool grows = false;
  bool shrinks = false;
  for (int64_t i = 0; scales != nullptr && i < scales->count(); ++i) {
    grows = grows || element(*scales, i) > 1;
    shrinks = shrinks || element(*scales, i) < 1;
  }
  if (grows && shrinks) {
    return n.refuse("a nearest resize of opset 10 that grows one axis and shrinks another");
  }
  return shrinks ? NearestMode::ceil : NearestMode::floor;
}

}  // namespace

Result<void> convert_resize(NodeImport& n) {
  ResizeAttrs attrs;
  const std::string mode = n.attr_string("mode", "nearest");
  attrs.mode = DSQ_TRY(enum_of<ResizeMode>(mode == "bilinear" || mode == "trilinear" ? "linear"
                                           : mode == "bicubic"                       ? "cubic"
                                                                                     : mode,
                                           "mode"));
  if (n.op_type() == "Upsample" || n.opset() < 11) {
    attrs.coord = CoordMode::asymmetric;
    attrs.nearest = NearestMode::floor;
    const ValueId scales = n.opset() < 9 ? n.constant([&] {
      const std::vector<float> values = n.attr_floats("scales");
      return Tensor::of<float>({static_cast<int64_t>(values.size())}, std::span<const float>(values));
    }())
                                         : n.in(1);
    if (n.op_type() == "Resize" && attrs.mode == ResizeMode::nearest) {
      attrs.nearest = DSQ_TRY(nearest_before_11(n, n.scope().graph.constant(scales)));
    }
    return n.finish(OpKind::resize, attrs, {n.in(0), ValueId::none, scales});
  }
  attrs.coord = DSQ_TRY(enum_of<CoordMode>(n.attr_string("coordinate_transformation_mode", "half_pixel"),
                                           "coordinate_transformation_mode"));
  attrs.nearest = DSQ_TRY(enum_of<NearestMode>(n.attr_string("nearest_mode", "round_prefer_floor"), "nearest_mode"));
  attrs.aspect =
      DSQ_TRY(enum_of<AspectPolicy>(n.attr_string("keep_aspect_ratio_policy", "stretch"), "keep_aspect_ratio_policy"));
  attrs.cubic_a = n.attr_float("cubic_coeff_a", -0.75F);
  attrs.exclude_outside = n.attr_int("exclude_outside", 0) != 0;
  attrs.extrapolation = n.attr_float("extrapolation_value", 0);
  attrs.antialias = n.attr_int("antialias", 0) != 0;
  attrs.axes = n.attr_ints("axes");
  std::vector<ValueId> inputs = n.inputs();
  for (size_t i = 1; i < inputs.size(); ++i) {  // exporters pass empty tensors for absent inputs
    const bool empty =
        inputs[i] != ValueId::none && n.type(inputs[i]).known() && count_of(*n.type(inputs[i]).shape) == 0;
    inputs[i] = empty ? ValueId::none : inputs[i];
  }
  inputs.resize(4, ValueId::none);
  if ((inputs[2] == ValueId::none) == (inputs[3] == ValueId::none)) {
    return n.invalid(inputs[2] == ValueId::none ? "neither scales nor sizes" : "scales and sizes");
  }
  return n.finish(OpKind::resize, std::move(attrs), std::move(inputs));
}

Result<void> convert_blocks(NodeImport& n) {
  const BlockAttrs attrs{n.attr_int("blocksize", 1),
                         n.attr_string("mode", "DCR") == "CRD" ? DepthOrder::crd : DepthOrder::dcr};
  return n.finish(n.op_type() == "DepthToSpace" ? OpKind::depth_to_space : OpKind::space_to_depth, attrs, {n.in(0)});
}

Result<void> convert_indexed(NodeImport& n) {
  const std::string& type = n.op_type();
  const int64_t fallback = type == "OneHot" ? -1 : type == "Compress" ? INT64_MIN : 0;
  const OpKind op = type == "Concat"           ? OpKind::concat
                    : type == "Gather"         ? OpKind::gather
                    : type == "GatherElements" ? OpKind::gather_elements
                    : type == "OneHot"         ? OpKind::one_hot
                                               : OpKind::compress;
  return n.finish(op, AxisAttrs{n.attr_int("axis", fallback)}, n.inputs());
}

Result<void> convert_scatter(NodeImport& n) {
  ScatterAttrs attrs;
  attrs.axis = n.attr_int("axis", 0);
  attrs.batch_dims = n.attr_int("batch_dims", 0);
  attrs.reduction = DSQ_TRY(enum_of<Reduction>(n.attr_string("reduction", "none"), "reduction"));
  const OpKind op = n.op_type() == "GatherND"    ? OpKind::gather_nd
                    : n.op_type() == "ScatterND" ? OpKind::scatter_nd
                                                 : OpKind::scatter_elements;
  return n.finish(op, attrs, n.inputs());
}

Result<void> convert_eye_like(NodeImport& n) {
  EyeAttrs attrs{n.type(0).dtype, n.attr_int("k", 0)};
  if (n.attribute("dtype") != nullptr) {
    attrs.to = computed(DSQ_TRY(dtype_of_onnx(static_cast<int>(n.attr_int("dtype", 1)))));
  }
  return n.finish(OpKind::eye_like, attrs, {n.in(0)});
}

Result<void> convert_grid_sample(NodeImport& n) {
  GridAttrs attrs;
  const std::string mode = n.attr_string("mode", "linear");
  attrs.mode = DSQ_TRY(enum_of<GridMode>(mode == "bilinear" ? "linear" : mode == "bicubic" ? "cubic" : mode, "mode"));
  attrs.padding = DSQ_TRY(enum_of<GridPadding>(n.attr_string("padding_mode", "zeros"), "padding_mode"));
  attrs.align_corners = n.attr_int("align_corners", 0) != 0;
  return n.finish(OpKind::grid_sample, attrs, n.inputs());
}

Result<void> convert_roi_align(NodeImport& n) {
  if (n.attr_string("mode", "avg") != "avg") {
    return n.refuse("mode '{}' of RoiAlign: only avg is supported", n.attr_string("mode", "avg"));
  }
  const std::string coord =
      n.attr_string("coordinate_transformation_mode", n.opset() < 16 ? "output_half_pixel" : "half_pixel");
  if (coord != "half_pixel" && coord != "output_half_pixel") {
    return n.invalid("coordinate_transformation_mode '" + coord + "'");
  }
  return n.finish(OpKind::roi_align,
                  RoiAttrs{n.attr_int("output_height", 1), n.attr_int("output_width", 1),
                           n.attr_int("sampling_ratio", 0), n.attr_float("spatial_scale", 1), coord == "half_pixel"},
                  n.inputs());
}

Result<void> convert_reverse_sequence(NodeImport& n) {
  return n.finish(OpKind::reverse_sequence, SequenceAttrs{n.attr_int("batch_axis", 1), n.attr_int("time_axis", 0)},
                  n.inputs());
}

Result<void> convert_flagged(NodeImport& n) {
  if (n.op_type() == "Trilu") {
    return n.finish(OpKind::trilu, FlagAttrs{n.attr_int("upper", 1) != 0, false}, n.inputs());
  }
  return n.finish(OpKind::non_max_suppression, FlagAttrs{n.attr_int("center_point_box", 0) != 0, false}, n.inputs());
}

Result<void> convert_einsum(NodeImport& n) {
  return n.finish(OpKind::einsum, EinsumAttrs{n.attr_string("equation", "")}, n.inputs());
}

}  // namespace dsq::onnx_format
