// Reductions, arg_max, topk, cumulative sums.
#include <array>

#include "formats/onnx/converters.h"

namespace dsq::onnx_format {
namespace {

constexpr std::array<std::pair<std::string_view, OpKind>, 10> kReductions = {{
    {"ReduceL1", OpKind::reduce_l1},
    {"ReduceL2", OpKind::reduce_l2},
    {"ReduceLogSum", OpKind::reduce_log_sum},
    {"ReduceLogSumExp", OpKind::reduce_log_sum_exp},
    {"ReduceMax", OpKind::reduce_max},
    {"ReduceMean", OpKind::reduce_mean},
    {"ReduceMin", OpKind::reduce_min},
    {"ReduceProd", OpKind::reduce_prod},
    {"ReduceSum", OpKind::reduce_sum},
    {"ReduceSumSquare", OpKind::reduce_sum_square},
}};

}  // namespace

Result<void> convert_reduce(NodeImport& n) {
  const auto row = std::ranges::find(kReductions, std::string_view(n.op_type()), [](const auto& r) { return r.first; });
  ReduceAttrs attrs;
  attrs.keepdims = n.attr_int("keepdims", 1) != 0;
  attrs.noop_with_empty_axes = n.attr_int("noop_with_empty_axes", 0) != 0;
  std::vector<ValueId> inputs = {n.in(0), n.in(1)};
  if (n.attribute("axes") != nullptr) {
    inputs[1] = n.constant_ints(n.attr_ints("axes"));
  }
  return n.finish(row->second, attrs, std::move(inputs));
}

Result<void> convert_arg(NodeImport& n) {
  const ArgAttrs attrs{n.attr_int("axis", 0), n.attr_int("keepdims", 1) != 0, n.attr_int("select_last_index", 0) != 0};
  return n.finish(n.op_type() == "ArgMax" ? OpKind::arg_max : OpKind::arg_min, attrs, {n.in(0)});
}

Result<void> convert_topk(NodeImport& n) {
  const TopKAttrs attrs{n.attr_int("axis", -1), n.attr_int("largest", 1) != 0, n.attr_int("sorted", 1) != 0};
  const ValueId k = n.opset() < 10 ? n.constant_ints({n.attr_int("k", 1)}) : n.in(1);
  return n.finish(OpKind::topk, attrs, {n.in(0), k});
}

Result<void> convert_cumsum(NodeImport& n) {
  return n.finish(OpKind::cumsum, CumSumAttrs{n.attr_int("exclusive", 0) != 0, n.attr_int("reverse", 0) != 0},
                  n.inputs());
}

}  // namespace dsq::onnx_format
