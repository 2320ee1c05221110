#include "formats/onnx/old_forms.h"

#include <algorithm>
#include <array>

namespace dsq::onnx_format {
namespace {

struct Row {
  std::string_view op_type;
  int64_t since;
};

// From ONNX's Changelog.md: the oldest version whose form is the one of opset 7.
constexpr auto kTable = std::to_array<Row>({
    {"Abs", 6},
    {"AveragePool", 1},
    {"Cast", 6},
    {"Ceil", 6},
    {"Clip", 6},
    {"Concat", 4},
    {"Constant", 1},
    {"Conv", 1},
    {"ConvTranspose", 1},
    {"DepthToSpace", 1},
    {"Elu", 6},
    {"Exp", 6},
    {"Flatten", 1},
    {"Floor", 6},
    {"Gather", 1},
    {"GlobalAveragePool", 1},
    {"GlobalMaxPool", 1},
    {"HardSigmoid", 6},
    {"Hardmax", 1},
    {"Identity", 1},
    {"InstanceNormalization", 6},
    {"LRN", 1},
    {"LeakyRelu", 6},
    {"Log", 6},
    {"LogSoftmax", 1},
    {"LpNormalization", 1},
    {"MatMul", 1},
    {"Max", 6},
    {"MaxPool", 1},
    {"Mean", 6},
    {"Min", 6},
    {"Neg", 6},
    {"Not", 1},
    {"Pad", 2},
    {"Reciprocal", 6},
    {"ReduceL1", 1},
    {"ReduceL2", 1},
    {"ReduceLogSum", 1},
    {"ReduceLogSumExp", 1},
    {"ReduceMax", 1},
    {"ReduceMean", 1},
    {"ReduceMin", 1},
    {"ReduceProd", 1},
    {"ReduceSum", 1},
    {"ReduceSumSquare", 1},
    {"Relu", 6},
    {"Reshape", 5},
    {"Selu", 6},
    {"Shape", 1},
    {"Sigmoid", 6},
    {"Slice", 1},
    {"Softmax", 1},
    {"Softplus", 1},
    {"Softsign", 1},
    {"SpaceToDepth", 1},
    {"Split", 2},
    {"Sqrt", 6},
    {"Squeeze", 1},
    {"Sum", 6},
    {"Tanh", 6},
    {"Tile", 6},
    {"Transpose", 1},
    {"Unsqueeze", 1},
});
static_assert(std::ranges::is_sorted(kTable, {}, &Row::op_type));

// Operators whose forms of opset 6 renew() knows; the binary ones have had theirs since opset 1.
constexpr auto kRenewable = std::to_array<Row>({
    {"Add", 1},
    {"And", 1},
    {"BatchNormalization", 6},
    {"Div", 1},
    {"Dropout", 6},
    {"Equal", 1},
    {"Gemm", 6},
    {"Greater", 1},
    {"Less", 1},
    {"Mul", 1},
    {"Or", 1},
    {"PRelu", 6},
    {"Pow", 1},
    {"Sub", 1},
    {"Xor", 1},
});
static_assert(std::ranges::is_sorted(kRenewable, {}, &Row::op_type));

// The second input with ones behind its dimensions.
Result<void> pad_second(NodeImport& n, int64_t ones) {
  if (ones < 1) {
    return {};
  }
  Shape axes;
  for (int64_t i = 0; i < ones; ++i) {
    axes.push_back(n.type(1).rank() + i);
  }
  const ValueId padded = DSQ_TRY(n.emit(OpKind::unsqueeze, NoAttrs{}, {n.in(1), n.constant_ints(axes)}));
  n.rebind_input(1, padded);
  return {};
}

}  // namespace

bool is_renewable(std::string_view op_type, int64_t opset) {
  const auto row = std::ranges::lower_bound(kRenewable, op_type, {}, &Row::op_type);
  return row != kRenewable.end() && row->op_type == op_type && row->since <= opset;
}

Result<void> renew(NodeImport& n) {
  const std::string& op = n.op_type();
  if (op == "BatchNormalization" || op == "Dropout") {
    return n.attr_int("is_test", 0) != 0 ? Result<void>() : Result<void>(n.refuse("training mode, of before opset 7"));
  }
  if (op == "Gemm") {
    return {};  // `broadcast` only allowed what is always allowed now
  }
  if (!n.has(0) || !n.has(1) || !n.type(0).shape || !n.type(1).shape) {
    return n.refuse("its form of before opset 7, on inputs of unknown rank");
  }
  const int64_t a = n.type(0).rank();
  const int64_t b = n.type(1).rank();
  if (op == "PRelu") {  // slopes belong to the channels
    return pad_second(n, b == 1 && n.type(1).shape->front() != 1 ? a - 2 : 0);
  }
  if (n.attr_int("broadcast", 0) == 0 || n.attribute("axis") == nullptr) {
    return {};
  }
  const int64_t axis = n.attr_int("axis", 0) + (n.attr_int("axis", 0) < 0 ? a : 0);
  if (axis < 0 || axis + b > a) {
    return n.invalid(fmt::format("axis {} for {} and {}", axis, text_of(n.type(0)), text_of(n.type(1))));
  }
  return pad_second(n, a - axis - b);
}

bool keeps_its_form(std::string_view op_type, int64_t opset) {
  const auto row = std::ranges::lower_bound(kTable, op_type, {}, &Row::op_type);
  return opset >= 7 || (row != kTable.end() && row->op_type == op_type && row->since <= opset);
}

}  // namespace dsq::onnx_format
