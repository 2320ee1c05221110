// Elementwise operators.
#include <array>

#include "formats/onnx/converters.h"

namespace dsq::onnx_format {
namespace {

struct Row {
  std::string_view onnx;
  OpKind op;
};

constexpr auto kSame = std::to_array<Row>({
    {"Abs", OpKind::abs},
    {"Acos", OpKind::acos},
    {"Acosh", OpKind::acosh},
    {"Add", OpKind::add},
    {"And", OpKind::logical_and},
    {"Asin", OpKind::asin},
    {"Asinh", OpKind::asinh},
    {"Atan", OpKind::atan},
    {"Atanh", OpKind::atanh},
    {"BitShift", OpKind::bit_shift},
    {"BitwiseAnd", OpKind::bitwise_and},
    {"BitwiseNot", OpKind::bitwise_not},
    {"BitwiseOr", OpKind::bitwise_or},
    {"BitwiseXor", OpKind::bitwise_xor},
    {"Ceil", OpKind::ceil},
    {"Celu", OpKind::celu},
    {"Cos", OpKind::cos},
    {"Cosh", OpKind::cosh},
    {"Div", OpKind::div},
    {"Elu", OpKind::elu},
    {"Equal", OpKind::equal},
    {"Erf", OpKind::erf},
    {"Exp", OpKind::exp},
    {"Expand", OpKind::expand},
    {"Floor", OpKind::floor},
    {"Gelu", OpKind::gelu},
    {"Greater", OpKind::greater},
    {"GreaterOrEqual", OpKind::greater_equal},
    {"HardSigmoid", OpKind::hard_sigmoid},
    {"HardSwish", OpKind::hard_swish},
    {"Identity", OpKind::identity},
    {"IsInf", OpKind::is_inf},
    {"IsNaN", OpKind::is_nan},
    {"LeakyRelu", OpKind::leaky_relu},
    {"Less", OpKind::less},
    {"LessOrEqual", OpKind::less_equal},
    {"Log", OpKind::log},
    {"MatMul", OpKind::matmul},
    {"MatMulInteger", OpKind::matmul_integer},
    {"Mish", OpKind::mish},
    {"Mod", OpKind::mod},
    {"Mul", OpKind::mul},
    {"Neg", OpKind::neg},
    {"NonZero", OpKind::nonzero},
    {"Not", OpKind::logical_not},
    {"Or", OpKind::logical_or},
    {"PRelu", OpKind::prelu},
    {"Pow", OpKind::pow},
    {"Range", OpKind::range},
    {"Reciprocal", OpKind::reciprocal},
    {"Relu", OpKind::relu},
    {"Round", OpKind::round},
    {"Selu", OpKind::selu},
    {"Shrink", OpKind::shrink},
    {"Sigmoid", OpKind::sigmoid},
    {"Sign", OpKind::sign},
    {"Sin", OpKind::sin},
    {"Sinh", OpKind::sinh},
    {"Size", OpKind::size},
    {"Softplus", OpKind::softplus},
    {"Softsign", OpKind::softsign},
    {"Sqrt", OpKind::sqrt},
    {"Sub", OpKind::sub},
    {"Tan", OpKind::tan},
    {"Tanh", OpKind::tanh},
    {"ThresholdedRelu", OpKind::thresholded_relu},
    {"Tile", OpKind::tile},
    {"Where", OpKind::where},
    {"Xor", OpKind::logical_xor},
});

// Names of the attributes that become alpha and beta.
std::pair<std::string_view, std::string_view> parameter_names(OpKind op) {
  switch (op) {
    case OpKind::selu: return {"alpha", "gamma"};
    case OpKind::shrink: return {"lambd", "bias"};
    default: return {"alpha", "beta"};
  }
}

}  // namespace

Result<void> convert_elementwise(NodeImport& n) {
  const auto row = std::ranges::find(kSame, std::string_view(n.op_type()), &Row::onnx);
  DSQ_CHECK(row != kSame.end(), "the table of converters sends only known operators here");
  Attrs attrs = default_attrs(row->op);
  if (auto* unary = std::get_if<UnaryAttrs>(&attrs)) {
    const auto [alpha, beta] = parameter_names(row->op);
    unary->alpha = n.attr_float(alpha, unary->alpha);
    unary->beta = n.attr_float(beta, unary->beta);
    if (row->op == OpKind::gelu) {
      unary->alpha = n.attr_string("approximate", "none") == "tanh" ? 1.0F : 0.0F;
    }
  } else if (auto* flags = std::get_if<FlagAttrs>(&attrs)) {
    switch (row->op) {
      case OpKind::mod: flags->flag = n.attr_int("fmod", 0) != 0; break;
      case OpKind::bit_shift: flags->flag = n.attr_string("direction", "") == "LEFT"; break;
      default:
        flags->flag = n.attr_int("detect_positive", 1) != 0;
        flags->other = n.attr_int("detect_negative", 1) != 0;
    }
  }
  return n.finish(row->op, std::move(attrs), n.inputs());
}

Result<void> convert_cast(NodeImport& n) {
  DType to = DType::f32;
  if (n.op_type() == "CastLike") {
    to = n.type(1).dtype;
  } else {
    const Result<DType> wanted = dtype_of_onnx(static_cast<int>(n.attr_int("to", 0)));
    if (!wanted) {
      return n.refuse("a cast to ONNX element type {}", n.attr_int("to", 0));
    }
    to = computed(*wanted);
  }
  return n.finish(OpKind::cast, CastAttrs{to}, {n.in(0)});
}

Result<void> convert_clip(NodeImport& n) {
  std::vector<ValueId> inputs = n.inputs();
  if (n.opset() < 11) {
    inputs.resize(3, ValueId::none);
    if (n.attribute("min") != nullptr) {
      inputs[1] = n.constant(Tensor::scalar(n.attr_float("min", 0)));
    }
    if (n.attribute("max") != nullptr) {
      inputs[2] = n.constant(Tensor::scalar(n.attr_float("max", 0)));
    }
  }
  return n.finish(OpKind::clip, std::move(inputs));
}

Result<void> convert_variadic(NodeImport& n) {
  const bool adds = n.op_type() == "Sum" || n.op_type() == "Mean";
  const OpKind op = adds ? OpKind::add : n.op_type() == "Max" ? OpKind::max : OpKind::min;
  if (n.input_count() == 0) {
    return n.invalid("no inputs");
  }
  ValueId sum = n.in(0);
  const bool divides = n.op_type() == "Mean";
  for (size_t i = 1; i < n.input_count(); ++i) {
    if (i + 1 == n.input_count() && !divides) {
      return n.finish(op, {sum, n.in(i)});
    }
    sum = DSQ_TRY(n.emit(op, default_attrs(op), {sum, n.in(i)}));
  }
  if (divides) {
    return n.finish(OpKind::div, {sum, n.constant(Tensor::scalar(static_cast<float>(n.input_count())))});
  }
  return n.finish(OpKind::identity, {sum});
}

Result<void> convert_swish(NodeImport& n) {
  const float alpha = n.attr_float("alpha", 1.0F);
  if (alpha == 1.0F) {
    return n.finish(OpKind::silu, {n.in(0)});
  }
  const ValueId scaled = DSQ_TRY(n.emit(OpKind::mul, ActAttrs{}, {n.in(0), n.constant(Tensor::scalar(alpha))}));
  return n.finish(OpKind::mul, {n.in(0), DSQ_TRY(n.emit(OpKind::sigmoid, NoAttrs{}, {scaled}))});
}

// Inference only: the values pass, and nothing is masked.
Result<void> convert_dropout(NodeImport& n) {
  const ValueId training = n.opset() >= 12 ? n.in(2) : ValueId::none;
  const Tensor* mode = n.scope().graph.constant(training);
  if (training != ValueId::none && (mode == nullptr || element(*mode, 0) != 0)) {
    return n.refuse("dropout in training mode");
  }
  if (n.wants(1)) {
    const ValueId shape = DSQ_TRY(n.emit(OpKind::shape, ShapeAttrs{}, {n.in(0)}));
    const ValueId yes = n.constant(Tensor::of<bool>({1}, {true}));
    const ValueId mask = DSQ_TRY(n.emit(OpKind::constant_of_shape, NoAttrs{}, {shape, yes}));
    const bool truth = n.opset() >= 10;  // before, the mask is of the input's type
    n.bind(1, truth ? mask : DSQ_TRY(n.emit(OpKind::cast, CastAttrs{n.type(0).dtype}, {mask})));
  }
  n.bind(0, DSQ_TRY(n.emit(OpKind::identity, NoAttrs{}, {n.in(0)})));
  return {};
}

}  // namespace dsq::onnx_format
