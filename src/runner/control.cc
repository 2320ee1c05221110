#include "src/runner/control.h"

#include <algorithm>
#include <limits>

#include "src/ops/limits.h"
#include "src/runner/runner.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

std::shared_ptr<Runner> nested_runner(const GraphRef& graph, const std::string& backend,
                                      const std::shared_ptr<RunBudget>& budget) {
  Graph open = *graph;
  // Shapes come with the tensors; what the importer knew of them may be narrower than what a loop passes round.
  for (const ValueId input : open.inputs()) {
    open.set_type(input, {open.value(input).type.dtype, std::nullopt});
  }
  return std::make_shared<Runner>(std::move(open), CompileOptions{backend, thread_count(), {}, budget});
}

bool is_true(const Tensor& condition) { return condition.count() > 0 && element(condition, 0) != 0; }

Result<void> give(const Call& call, std::vector<Tensor> results) {
  for (size_t i = 0; i < call.out.size(); ++i) {
    if (call.wants(i)) {
      Tensor& to = call.output(i);
      if (to.shape() == results[i].shape() && to.dtype() == results[i].dtype()) {
        std::ranges::copy(results[i].bytes(), to.mutable_bytes().begin());
      } else {
        to = std::move(results[i]);
      }
    }
  }
  return {};
}

std::vector<Tensor> inputs_from(const Call& call, size_t first) {
  std::vector<Tensor> inputs;
  for (size_t i = first; i < call.in.size(); ++i) {
    inputs.push_back(*call.in[i]);
  }
  return inputs;
}

// The entries that a loop collects, one a round, joined along a new first axis.
Result<Tensor> stacked(const std::vector<Tensor>& rounds, const TensorType& type) {
  Shape shape =
      rounds.empty() ? (type.shape ? Shape(type.shape->begin() + 1, type.shape->end()) : Shape{}) : rounds[0].shape();
  std::ranges::replace(shape, kUnknown, int64_t{0});
  shape.insert(shape.begin(), static_cast<int64_t>(rounds.size()));
  Tensor out(rounds.empty() ? type.dtype : rounds[0].dtype(), shape);
  std::byte* to = out.mutable_bytes().data();
  for (const Tensor& each : rounds) {
    if (each.shape() != rounds[0].shape()) {
      return fail(Code::run_failed, "a loop collects {} and {}", text_of(rounds[0].shape()), text_of(each.shape()));
    }
    to = std::ranges::copy(each.bytes(), to).out;
  }
  return out;
}

Result<void> run_loop(const Call& call, Runner& body, int64_t carried, RunBudget& budget) {
  const auto carried_count = static_cast<size_t>(carried);
  if (call.has(0) && call.input(0).count() != 1) {
    return fail(Code::run_failed, "a trip count of shape {}", text_of(call.input(0).shape()));
  }
  const int64_t limit = call.has(0) ? to_ints(call.input(0))[0] : INT64_MAX;
  bool going = !call.has(1) || is_true(call.input(1));
  std::vector<Tensor> state = inputs_from(call, 2);
  for (Tensor& each : state) {
    each = each.clone();
  }
  std::vector<std::vector<Tensor>> collected(body.graph().outputs().size() - 1 - carried_count);
  if (going && limit > budget.rounds && never_stops(body.graph())) {
    return fail(Code::run_failed, "a loop does not end within the {} rounds that a run may take", budget.rounds);
  }
  int64_t kept = 0;  // bytes collected
  for (int64_t round = 0; going && round < limit; ++round) {
    if (budget.rounds == 0) {
      return fail(Code::run_failed, "its loops take more rounds than a run may");
    }
    --budget.rounds;
    std::vector<Tensor> inputs = {Tensor::scalar<int64_t>(round), Tensor::scalar<bool>(true)};
    inputs.insert(inputs.end(), state.begin(), state.end());
    std::vector<Tensor> outputs = DSQ_TRY(body.run(inputs));
    going = is_true(outputs[0]);
    for (size_t i = 0; i < carried_count; ++i) {
      state[i] = std::move(outputs[1 + i]);
    }
    for (size_t i = 0; i < collected.size(); ++i) {
      collected[i].push_back(std::move(outputs[1 + carried_count + i]));
      kept += static_cast<int64_t>(collected[i].back().bytes().size());
    }
    if (kept > budget.bytes) {
      return fail(Code::out_of_memory, "a loop collects more than {} bytes", budget.bytes);
    }
  }
  std::vector<Tensor> results(state.begin(), state.begin() + carried);
  for (size_t i = 0; i < collected.size(); ++i) {
    const ValueId output =
        carried_count + i < call.node.outputs.size() ? call.node.outputs[carried_count + i] : ValueId::none;
    results.push_back(output == ValueId::none ? Tensor()
                                              : DSQ_TRY(stacked(collected[i], call.graph.value(output).type)));
  }
  return give(call, std::move(results));
}

}  // namespace

bool is_control(OpKind op) { return op == OpKind::if_else || op == OpKind::loop; }

Result<Kernel> prepare_control(const Graph& graph, NodeId id, const std::string& backend,
                               const std::shared_ptr<RunBudget>& budget) {
  const Node& node = graph.node(id);
  if (node.op == OpKind::if_else) {
    const auto& attrs = node.as<IfAttrs>();
    const std::shared_ptr<Runner> yes = nested_runner(attrs.then_graph, backend, budget);
    const std::shared_ptr<Runner> no = nested_runner(attrs.else_graph, backend, budget);
    return Kernel([yes, no](const Call& call) -> Result<void> {
      Runner& branch = is_true(call.input(0)) ? *yes : *no;
      return give(call, DSQ_TRY(branch.run(inputs_from(call, 1))));
    });
  }
  if (node.op == OpKind::loop) {
    const auto& attrs = node.as<LoopAttrs>();
    const std::shared_ptr<Runner> body = nested_runner(attrs.body, backend, budget);
    return Kernel(
        [body, budget, carried = attrs.carried](const Call& call) { return run_loop(call, *body, carried, *budget); });
  }
  return fail(Code::op_not_runnable, "no kernel for {}", name_of(node.op));
}

}  // namespace dsq
