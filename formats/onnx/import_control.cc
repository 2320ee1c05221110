// If, Loop and Scan: nested graphs whose captured values become inputs.
#include <algorithm>

#include "formats/onnx/converters.h"
#include "formats/onnx/import_graph.h"

namespace dsq::onnx_format {
namespace {

onnx::GraphProto* nested_graph(NodeImport& n, std::string_view key) {
  for (onnx::AttributeProto& each : *n.proto().mutable_attribute()) {
    if (each.name() == key && each.has_g()) {
      return each.mutable_g();
    }
  }
  return nullptr;
}

Result<std::vector<ValueId>> captured_values(const NodeImport& n, const std::vector<std::string>& names) {
  std::vector<ValueId> values;
  for (const std::string& name : names) {
    values.push_back(DSQ_TRY(n.lookup(name)));
  }
  return values;
}

}  // namespace

Result<void> convert_if(NodeImport& n) {
  onnx::GraphProto* yes = nested_graph(n, "then_branch");
  onnx::GraphProto* no = nested_graph(n, "else_branch");
  if (yes == nullptr || no == nullptr) {
    return n.invalid("a branch is missing");
  }
  if (yes->input_size() > 0 || no->input_size() > 0) {
    return n.invalid("a branch has inputs of its own");
  }
  const std::vector<std::string> captured = captures_of({yes, no}, n.scope());
  IfAttrs attrs;
  attrs.then_graph = DSQ_TRY(import_nested(*yes, {}, captured, n.scope(), n.state()));
  attrs.else_graph = DSQ_TRY(import_nested(*no, {}, captured, n.scope(), n.state()));
  std::vector<ValueId> inputs = {n.in(0)};
  const std::vector<ValueId> values = DSQ_TRY(captured_values(n, captured));
  inputs.insert(inputs.end(), values.begin(), values.end());
  return n.finish(OpKind::if_else, std::move(attrs), std::move(inputs));
}

Result<void> convert_loop(NodeImport& n) {
  onnx::GraphProto* body = nested_graph(n, "body");
  if (body == nullptr || body->input_size() < 2 || n.input_count() < 2) {
    return n.invalid("the body is missing or has fewer than two inputs");
  }
  LoopAttrs attrs;
  attrs.carried = static_cast<int64_t>(n.input_count()) - 2;
  if (body->input_size() != attrs.carried + 2 || body->output_size() < attrs.carried + 1) {
    return n.invalid("the body does not fit the carried values");
  }
  const std::vector<std::string> captured = captures_of({body}, n.scope());
  std::vector<TensorType> passed = {{DType::i64, Shape{}}, {DType::boolean, Shape{}}};
  for (size_t i = 2; i < n.input_count(); ++i) {
    passed.push_back(n.type(i));
  }
  attrs.body = DSQ_TRY(import_nested(*body, passed, captured, n.scope(), n.state()));
  std::vector<ValueId> inputs = n.inputs();
  const std::vector<ValueId> values = DSQ_TRY(captured_values(n, captured));
  inputs.insert(inputs.end(), values.begin(), values.end());
  return n.finish(OpKind::loop, std::move(attrs), std::move(inputs));
}

// A scan is a loop over the length of its sequences: round i takes slice i of each, and collects its results.
Result<void> convert_scan(NodeImport& n) {
  onnx::GraphProto* body = nested_graph(n, "body");
  const int64_t sequences = n.attr_int("num_scan_inputs", 0);
  const auto total = static_cast<int64_t>(n.input_count());
  if (body == nullptr || n.opset() < 9 || sequences < 1 || sequences > total || body->input_size() != total) {
    return n.refuse("this form of scan");
  }
  const int64_t states = total - sequences;
  const Shape in_axes = n.attr_ints("scan_input_axes");
  const Shape in_reversed = n.attr_ints("scan_input_directions");
  const Shape out_axes = n.attr_ints("scan_output_axes");
  const Shape out_reversed = n.attr_ints("scan_output_directions");
  const auto non_zero = [](const Shape& list) { return std::ranges::any_of(list, [](int64_t v) { return v != 0; }); };
  const auto count = static_cast<size_t>(sequences);
  const bool fits =
      (in_axes.empty() || in_axes.size() == count) && (in_reversed.empty() || in_reversed.size() == count);
  if (!fits || std::ranges::any_of(in_reversed, [](int64_t v) { return v != 0 && v != 1; })) {
    return n.invalid("scan_input_axes and scan_input_directions (0 or 1) need an entry for each sequence");
  }
  if (non_zero(out_axes) || non_zero(out_reversed)) {
    return n.refuse("a scan with transposed or reversed outputs");
  }
  const std::vector<std::string> captured = captures_of({body}, n.scope());
  const std::vector<ValueId> extra = DSQ_TRY(captured_values(n, captured));

  Scope scope;
  scope.outer = &n.scope();
  scope.graph.name = body->name();
  const ValueId round = scope.graph.add_input(scope.graph.unique_name("scan.round"), {DType::i64, Shape{}});
  scope.graph.add_input(scope.graph.unique_name("scan.condition"), {DType::boolean, Shape{}});
  for (int64_t i = 0; i < states; ++i) {
    const std::string& name = body->input(static_cast<int>(i)).name();
    scope.names[name] = scope.graph.add_input(name, n.type(static_cast<size_t>(i)));
  }
  const int64_t first_axis = in_axes.empty() ? 0 : in_axes[0];
  const ShapeAttrs length{first_axis, first_axis == -1 ? INT64_MAX : first_axis + 1};
  std::vector<ValueId> inputs = {DSQ_TRY(n.emit(OpKind::shape, length, {n.in(static_cast<size_t>(states))})),
                                 ValueId::none};
  for (int64_t i = 0; i < states; ++i) {
    inputs.push_back(n.in(static_cast<size_t>(i)));
  }
  for (int64_t i = 0; i < sequences; ++i) {
    const auto at = static_cast<size_t>(i);
    const std::string& name = body->input(static_cast<int>(states + i)).name();
    const ValueId whole = scope.graph.add_input(name + ".sequence", n.type(static_cast<size_t>(states + i)));
    const int64_t axis = in_axes.empty() ? 0 : in_axes[at];
    ValueId index = round;
    if (!in_reversed.empty() && in_reversed[at] != 0) {  // -1 - round counts from the end
      const ValueId minus_one =
          scope.graph.add_constant(scope.graph.unique_name("scan.minus_one"), Tensor::scalar<int64_t>(-1));
      const NodeId sub = scope.graph.add_node(OpKind::sub, n.name(), ActAttrs{}, {minus_one, round},
                                              {scope.graph.unique_name("scan.index")});
      DSQ_TRY(infer_outputs(scope.graph, sub, scope.known));
      index = scope.graph.node(sub).outputs[0];
    }
    const NodeId gather = scope.graph.add_node(OpKind::gather, n.name(), AxisAttrs{axis}, {whole, index}, {name});
    DSQ_TRY(infer_outputs(scope.graph, gather, scope.known));
    scope.names[name] = scope.graph.node(gather).outputs[0];
    inputs.push_back(n.in(static_cast<size_t>(states + i)));
  }
  for (size_t i = 0; i < captured.size(); ++i) {
    scope.names[captured[i]] = scope.graph.add_input(captured[i], n.type(extra[i]));
    inputs.push_back(extra[i]);
  }
  DSQ_TRY(import_body(*body, scope, n.state()));
  std::vector<ValueId> outputs = scope.graph.outputs();
  outputs.insert(outputs.begin(),
                 scope.graph.add_constant(scope.graph.unique_name("scan.go_on"), Tensor::scalar<bool>(true)));
  scope.graph.set_outputs(std::move(outputs));
  scope.graph.compact();
  LoopAttrs attrs;
  attrs.carried = states;
  attrs.body = std::make_shared<const Graph>(std::move(scope.graph));
  return n.finish(OpKind::loop, std::move(attrs), std::move(inputs));
}

}  // namespace dsq::onnx_format
