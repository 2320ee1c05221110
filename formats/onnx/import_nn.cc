// Layers: convolutions, pools, normalizations, products, recurrent layers.
#include <array>
#include <cmath>
#include <numeric>

#include "src/support/strings.h"

#include "formats/onnx/converters.h"

namespace dsq::onnx_format {

Result<AutoPad> auto_pad_of(const NodeImport& n) {
  const std::string mode = n.attr_string("auto_pad", "NOTSET");
  if (mode == "NOTSET" || mode.empty()) {
    return AutoPad::notset;
  }
  if (mode == "SAME_UPPER") {
    return AutoPad::same_upper;
  }
  if (mode == "SAME_LOWER") {
    return AutoPad::same_lower;
  }
  if (mode == "VALID") {
    return AutoPad::valid;
  }
  return fail(Code::attribute_invalid, "auto_pad '{}'", mode);
}

ConvAttrs conv_attrs_of(const NodeImport& n, AutoPad auto_pad) {
  ConvAttrs attrs;
  attrs.strides = n.attr_ints("strides");
  attrs.pads = auto_pad == AutoPad::notset ? n.attr_ints("pads") : Shape{};
  attrs.dilations = n.attr_ints("dilations");
  attrs.group = n.attr_int("group", 1);
  attrs.auto_pad = auto_pad;
  return attrs;
}

Result<void> convert_conv(NodeImport& n) {
  for (size_t i = 0; n.op_type() != "ConvInteger" && i < n.input_count(); ++i) {
    if (n.has(i) && n.type(i).dtype != DType::f32) {
      return fail(Code::type_mismatch, "{} of {}", n.op_type(), name_of(n.type(i).dtype));
    }
  }
  ConvAttrs attrs = conv_attrs_of(n, DSQ_TRY(auto_pad_of(n)));
  if (n.op_type() == "ConvTranspose") {
    attrs.output_padding = n.attr_ints("output_padding");
    attrs.output_shape = n.attr_ints("output_shape");
    return n.finish(OpKind::conv_transpose, std::move(attrs), n.inputs());
  }
  const Shape kernel = n.attr_ints("kernel_shape");
  const TensorType& w = n.type(1);
  if (!kernel.empty() && w.known() &&
      !std::equal(kernel.begin(), kernel.end(), w.shape->begin() + std::min<long>(2, w.rank()), w.shape->end())) {
    return n.invalid(fmt::format("kernel_shape {} does not fit weights {}", text_of(kernel), text_of(*w.shape)));
  }
  return n.finish(n.op_type() == "Conv" ? OpKind::conv : OpKind::conv_integer, std::move(attrs), n.inputs());
}

Result<void> convert_pool(NodeImport& n) {
  PoolAttrs attrs;
  attrs.auto_pad = DSQ_TRY(auto_pad_of(n));
  attrs.kernel = n.attr_ints("kernel_shape");
  attrs.strides = n.attr_ints("strides");
  attrs.pads = attrs.auto_pad == AutoPad::notset ? n.attr_ints("pads") : Shape{};
  attrs.dilations = n.attr_ints("dilations");
  attrs.ceil_mode = n.attr_int("ceil_mode", 0) != 0;
  attrs.count_include_pad = n.attr_int("count_include_pad", 0) != 0;
  attrs.column_major = n.attr_int("storage_order", 0) != 0;
  attrs.p = n.attr_int("p", 2);
  const OpKind op = n.op_type() == "MaxPool"  ? OpKind::max_pool
                    : n.op_type() == "LpPool" ? OpKind::lp_pool
                                              : OpKind::avg_pool;
  return n.finish(op, std::move(attrs), {n.in(0)});
}

Result<void> convert_global_pool(NodeImport& n) {
  if (!n.type(0).shape || n.type(0).rank() < 3) {
    return n.refuse("the input's rank is not known");
  }
  Shape axes(n.type(0).shape->size() - 2);
  std::iota(axes.begin(), axes.end(), 2);
  OpKind op = n.op_type() == "GlobalAveragePool" ? OpKind::reduce_mean : OpKind::reduce_max;
  if (n.op_type() == "GlobalLpPool") {
    const int64_t p = n.attr_int("p", 2);
    if (p != 1 && p != 2) {
      return n.refuse("a norm with p = {}", p);
    }
    op = p == 1 ? OpKind::reduce_l1 : OpKind::reduce_l2;
  }
  return n.finish(op, {n.in(0), n.constant_ints(axes)});
}

namespace {

// In training mode the statistics are the batch's own. Exporters write that for weights that are standardised anew in
// each run; constant folding takes it out of the network.
Result<void> convert_training_norm(NodeImport& n, const NormAttrs& attrs) {
  if (n.opset() < 14 || n.input_count() < 5 || n.type(0).rank() < 2) {
    return n.refuse("batch normalization in training mode, of {} and rank {}", plural(n.input_count(), "input"),
                    n.type(0).rank());
  }
  Shape axes(n.type(0).shape->size() - 1);
  std::iota(axes.begin(), axes.end(), 1);
  axes[0] = 0;
  const ValueId over = n.constant_ints(axes);
  const ValueId x = n.in(0);
  const auto mean = [&](ValueId value, bool keepdims) {
    return n.emit(OpKind::reduce_mean, ReduceAttrs{.keepdims = keepdims}, {value, over});
  };
  const auto product = [&](ValueId a, ValueId b) { return n.emit(OpKind::mul, default_attrs(OpKind::mul), {a, b}); };
  const ValueId away =
      DSQ_TRY(n.emit(OpKind::sub, default_attrs(OpKind::sub), {x, DSQ_TRY(mean(x, /*keepdims=*/true))}));
  const std::array now = {DSQ_TRY(mean(x, /*keepdims=*/false)),
                          DSQ_TRY(mean(DSQ_TRY(product(away, away)), /*keepdims=*/false))};
  const float momentum = n.attr_float("momentum", 0.9F);
  const std::array before = {n.in(3), n.in(4)};
  for (size_t i = 0; i < now.size() && n.wants(1 + i); ++i) {
    const ValueId old = DSQ_TRY(product(before[i], n.constant(Tensor::scalar(momentum))));
    const ValueId add = DSQ_TRY(product(now[i], n.constant(Tensor::scalar(1 - momentum))));
    n.bind(1 + i, DSQ_TRY(n.emit(OpKind::add, default_attrs(OpKind::add), {old, add})));
  }
  const std::vector<ValueId> inputs = {x, n.in(1), n.in(2), now[0], now[1]};
  n.proto().mutable_output()->DeleteSubrange(1, n.proto().output_size() - 1);
  return n.finish(OpKind::batch_norm, attrs, inputs);
}

}  // namespace

Result<void> convert_batch_norm(NodeImport& n) {
  if (n.attr_int("spatial", 1) == 0) {
    return n.refuse("batch normalization of each position (spatial = 0)");
  }
  NormAttrs attrs;
  attrs.epsilon = n.attr_float("epsilon", 1e-5F);
  if (n.attr_int("training_mode", 0) != 0) {
    return convert_training_norm(n, attrs);
  }
  const std::vector<ValueId> inputs = n.inputs();
  n.proto().mutable_output()->DeleteSubrange(1, n.proto().output_size() - 1);  // statistics of training
  return n.finish(OpKind::batch_norm, std::move(attrs), inputs);
}

Result<void> convert_norm(NodeImport& n) {
  const std::string& type = n.op_type();
  if (type == "LRN") {
    return n.finish(OpKind::lrn,
                    LrnAttrs{n.attr_float("alpha", 1e-4F), n.attr_float("beta", 0.75F), n.attr_float("bias", 1),
                             n.attr_int("size", 1)},
                    {n.in(0)});
  }
  NormAttrs attrs;
  attrs.epsilon = n.attr_float("epsilon", 1e-5F);
  attrs.axis = n.attr_int("axis", -1);
  if (type == "LpNormalization") {
    attrs.p = n.attr_int("p", 2);
    return attrs.p == 1 || attrs.p == 2 ? n.finish(OpKind::lp_norm, attrs, {n.in(0)})
                                        : n.refuse("a norm with p = {}", attrs.p);
  }
  if (type == "MeanVarianceNormalization") {
    attrs.axes = n.attr_ints("axes");
    attrs.axes = n.attribute("axes") == nullptr ? Shape{0, 2, 3} : attrs.axes;
    return n.finish(OpKind::mean_variance_norm, attrs, {n.in(0)});
  }
  const OpKind op = type == "LayerNormalization" ? OpKind::layer_norm
                    : type == "RMSNormalization" ? OpKind::rms_norm
                                                 : OpKind::instance_norm;
  return n.finish(op, attrs, n.inputs());
}

Result<void> convert_group_norm(NodeImport& n) {
  NormAttrs attrs;
  attrs.epsilon = n.attr_float("epsilon", 1e-5F);
  attrs.groups = n.attr_int("num_groups", 1);
  std::vector<ValueId> inputs = n.inputs();
  if (n.opset() >= 21) {
    return n.finish(OpKind::group_norm, attrs, std::move(inputs));
  }
  // Before opset 21 scale and bias belong to the groups, not to the channels.
  const int64_t channels = n.type(0).rank() < 2 ? kUnknown : (*n.type(0).shape)[1];
  if (channels == kUnknown || attrs.groups < 1 || channels % attrs.groups != 0) {
    return n.refuse("{} in {}", plural(channels, "channel"), plural(attrs.groups, "group"));
  }
  for (size_t i = 1; i < inputs.size(); ++i) {
    const ValueId column = DSQ_TRY(n.emit(OpKind::unsqueeze, NoAttrs{}, {inputs[i], n.constant_ints({1})}));
    const ValueId repeated =
        DSQ_TRY(n.emit(OpKind::expand, NoAttrs{}, {column, n.constant_ints({attrs.groups, channels / attrs.groups})}));
    inputs[i] = DSQ_TRY(n.emit(OpKind::reshape, ReshapeAttrs{}, {repeated, n.constant_ints({channels})}));
  }
  return n.finish(OpKind::group_norm, attrs, std::move(inputs));
}

Result<void> convert_gemm(NodeImport& n) {
  GemmAttrs attrs;
  attrs.alpha = n.attr_float("alpha", 1);
  attrs.beta = n.attr_float("beta", 1);
  attrs.trans_a = n.attr_int("transA", 0) != 0;
  attrs.trans_b = n.attr_int("transB", 0) != 0;
  return n.finish(OpKind::gemm, attrs, n.inputs());
}

// Before opset 13 the input is seen as a matrix, cut at `axis`.
Result<void> convert_softmax(NodeImport& n) {
  const OpKind op = n.op_type() == "Softmax"      ? OpKind::softmax
                    : n.op_type() == "LogSoftmax" ? OpKind::log_softmax
                                                  : OpKind::hardmax;
  if (n.opset() >= 13) {
    return n.finish(op, AxisAttrs{n.attr_int("axis", -1)}, {n.in(0)});
  }
  const int64_t axis = n.attr_int("axis", 1);
  if (!n.type(0).shape) {
    return n.refuse("the input's rank is not known");
  }
  const int64_t rank = n.type(0).rank();
  const int64_t first = DSQ_TRY(normalize_axis(axis, std::max<int64_t>(rank, 1)));
  if (first == rank - 1) {
    return n.finish(op, AxisAttrs{-1}, {n.in(0)});
  }
  const ValueId shape = DSQ_TRY(n.emit(OpKind::shape, ShapeAttrs{}, {n.in(0)}));
  const ValueId tail = DSQ_TRY(n.emit(OpKind::shape, ShapeAttrs{first, INT64_MAX}, {n.in(0)}));
  const ValueId columns = DSQ_TRY(n.emit(OpKind::reduce_prod, ReduceAttrs{}, {tail}));
  const ValueId matrix_shape = DSQ_TRY(n.emit(OpKind::concat, AxisAttrs{0}, {n.constant_ints({-1}), columns}));
  const ValueId matrix = DSQ_TRY(n.emit(OpKind::reshape, ReshapeAttrs{}, {n.in(0), matrix_shape}));
  const ValueId soft = DSQ_TRY(n.emit(op, AxisAttrs{-1}, {matrix}));
  return n.finish(OpKind::reshape, {soft, shape});
}

namespace {

Result<RnnFunction> rnn_function(const std::string& given) {
  constexpr std::array<std::pair<std::string_view, RnnFunction>, 11> kNames = {{
      {"Sigmoid", RnnFunction::sigmoid},
      {"Tanh", RnnFunction::tanh},
      {"Relu", RnnFunction::relu},
      {"Affine", RnnFunction::affine},
      {"LeakyRelu", RnnFunction::leaky_relu},
      {"ThresholdedRelu", RnnFunction::thresholded_relu},
      {"ScaledTanh", RnnFunction::scaled_tanh},
      {"HardSigmoid", RnnFunction::hard_sigmoid},
      {"Elu", RnnFunction::elu},
      {"Softsign", RnnFunction::softsign},
      {"Softplus", RnnFunction::softplus},
  }};
  const auto same = [&](std::string_view name) {
    return std::ranges::equal(name, given,
                              [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
  };
  for (const auto& [name, function] : kNames) {
    if (same(name)) {
      return function;
    }
  }
  return fail(Code::attribute_invalid, "activation '{}'", given);
}

}  // namespace

Result<void> convert_rnn(NodeImport& n) {
  RnnAttrs attrs;
  attrs.hidden = n.attr_int("hidden_size", 0);
  if (attrs.hidden == 0 && n.type(2).known() && n.type(2).rank() == 3) {
    attrs.hidden = n.type(2).shape->back();
  }
  const std::string direction = n.attr_string("direction", "forward");
  attrs.direction = direction == "reverse"         ? RnnDirection::reverse
                    : direction == "bidirectional" ? RnnDirection::bidirectional
                                                   : RnnDirection::forward;
  if (const onnx::AttributeProto* functions = n.attribute("activations")) {
    for (const std::string& name : functions->strings()) {
      attrs.functions.push_back(DSQ_TRY(rnn_function(name)));
    }
  }
  attrs.alpha = n.attr_floats("activation_alpha");
  attrs.beta = n.attr_floats("activation_beta");
  attrs.clip = n.attr_float("clip", 0);
  attrs.batch_first = n.attr_int("layout", 0) != 0;
  attrs.linear_before_reset = n.attr_int("linear_before_reset", 0) != 0;
  attrs.input_forget = n.attr_int("input_forget", 0) != 0;
  const OpKind op = n.op_type() == "LSTM" ? OpKind::lstm : n.op_type() == "GRU" ? OpKind::gru : OpKind::rnn;
  return n.finish(op, std::move(attrs), n.inputs());
}

// Scaled dot-product attention (opset 23), taken apart. Supported: four-dimensional Q, K, V with as many heads each,
// an added or boolean mask, causal or not.
Result<void> convert_attention(NodeImport& n) {
  const bool plain = n.attr_float("softcap", 0) == 0 && n.attr_int("qk_matmul_output_mode", 0) == 0 && !n.has(4) &&
                     !n.has(5) && !n.has(6) && !n.wants(1) && n.attr_int("left_window_size", -1) < 0 &&
                     n.attr_int("right_window_size", -1) < 0;
  const TensorType& q = n.type(0);
  const TensorType& k = n.type(1);
  if (!plain || q.rank() != 4 || k.rank() != 4 || (*q.shape)[1] != (*k.shape)[1] || q.shape->back() == kUnknown) {
    return n.refuse("this form of attention");
  }
  const float scale = n.attr_float("scale", 1.0F / std::sqrt(static_cast<float>(q.shape->back())));
  const ValueId scaled = DSQ_TRY(n.emit(OpKind::mul, ActAttrs{}, {n.in(0), n.constant(Tensor::scalar(scale))}));
  const ValueId keys = DSQ_TRY(n.emit(OpKind::transpose, PermAttrs{{0, 1, 3, 2}}, {n.in(1)}));
  ValueId scores = DSQ_TRY(n.emit(OpKind::matmul, NoAttrs{}, {scaled, keys}));
  const ValueId minus_inf = n.constant(Tensor::scalar(-INFINITY));
  if (n.attr_int("is_causal", 0) != 0) {
    const ValueId ones_shape = DSQ_TRY(n.emit(OpKind::shape, ShapeAttrs{2, 4}, {scores}));
    const ValueId ones =
        DSQ_TRY(n.emit(OpKind::constant_of_shape, NoAttrs{}, {ones_shape, n.constant(Tensor::of<bool>({1}, {true}))}));
    const ValueId visible = DSQ_TRY(n.emit(OpKind::trilu, FlagAttrs{}, {ones}));
    scores = DSQ_TRY(n.emit(OpKind::where, NoAttrs{}, {visible, scores, minus_inf}));
  }
  if (n.has(3)) {
    const bool boolean = n.type(3).dtype == DType::boolean;
    scores = DSQ_TRY(boolean ? n.emit(OpKind::where, NoAttrs{}, {n.in(3), scores, minus_inf})
                             : n.emit(OpKind::add, ActAttrs{}, {scores, n.in(3)}));
  }
  const ValueId weights = DSQ_TRY(n.emit(OpKind::softmax, AxisAttrs{-1}, {scores}));
  return n.finish(OpKind::matmul, {weights, n.in(2)});
}

}  // namespace dsq::onnx_format
