#include "src/runner/executable.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <new>

#include "src/ops/infer.h"
#include "src/ops/limits.h"
#include "src/runner/control.h"
#include "src/runner/fold.h"
#include "src/runner/outputs.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

// Operators whose output is their input's bytes under another shape.
bool is_view(OpKind op) {
  return op == OpKind::reshape || op == OpKind::squeeze || op == OpKind::unsqueeze || op == OpKind::identity;
}

Error memory_error(int64_t bytes) {
  return fail(Code::out_of_memory, "{} bytes of working memory cannot be had", bytes);
}

// Values of honest networks take up to some hundred times what comes in, or some times what is stored; those of small
// generators, half a gigabyte.
constexpr int64_t kLeastBytes = int64_t{1} << 29;
constexpr int64_t kTimesInputs = 256;
constexpr int64_t kTimesConstants = 16;
// Loops write more in all than is there at a time: some hundred states, some thousand times.
constexpr int64_t kLeastMade = int64_t{1} << 30;
constexpr int64_t kTimesMade = 16;

int64_t bytes_in(const Tensor& tensor) { return static_cast<int64_t>(tensor.bytes().size()); }

// The order of execution: what nothing reads comes right behind what it reads itself, so that an observed value in another
// layout does not keep the one that it is made of.
std::vector<NodeId> schedule(const Graph& graph) {
  std::map<NodeId, std::vector<NodeId>> behind;
  std::vector<NodeId> rest;
  std::map<NodeId, size_t> place;
  for (const NodeId id : graph.topo_order()) {
    const Node& node = graph.node(id);
    const auto is_read = [&](ValueId output) { return output != ValueId::none && !graph.value(output).users.empty(); };
    std::optional<NodeId> maker;  // the last one
    for (const ValueId input : node.inputs) {
      const NodeId producer = input == ValueId::none ? NodeId::none : graph.value(input).producer;
      if (producer != NodeId::none && (!maker || place.at(producer) > place.at(*maker))) {
        maker = producer;
      }
    }
    if (maker && std::ranges::none_of(node.outputs, is_read)) {
      behind[*maker].push_back(id);
    } else {
      place[id] = rest.size();
      rest.push_back(id);
    }
  }
  std::vector<NodeId> order;
  for (const NodeId id : rest) {
    order.push_back(id);
    order.insert(order.end(), behind[id].begin(), behind[id].end());
  }
  return order;
}

}  // namespace

Executable::Executable(Graph graph, CompileOptions options)
    : graph_(std::move(graph)),
      options_(std::move(options)),
      budget_(options_.budget == nullptr ? std::make_shared<RunBudget>() : options_.budget) {}

Result<std::unique_ptr<Executable>> Executable::compile(Graph graph, const std::vector<TensorType>& inputs,
                                                        const CompileOptions& options) {
  std::unique_ptr<Executable> made(new Executable(std::move(graph), options));
  try {
    DSQ_TRY(made->settle(inputs));
    DSQ_TRY(made->choose_kernels());
    made->plan_arena();
  } catch (const std::bad_alloc&) {
    return memory_error(made->plan_.peak);
  }
  return made;
}

// Fixes the input shapes, computes everything that follows from them, and lets the backend reshape the graph. Observed
// values become extra outputs, so no transformation may lose them.
Result<void> Executable::settle(const std::vector<TensorType>& inputs) {
  const Backend* backend = DSQ_TRY(find_backend(options_.backend));
  for (size_t i = 0; i < inputs.size(); ++i) {
    graph_.set_type(graph_.inputs()[i], inputs[i]);
  }
  std::vector<ValueId> outputs = graph_.outputs();
  real_outputs_ = outputs.size();
  std::unordered_map<std::string, ValueId> by_name;
  for (const ValueId id : graph_.values()) {
    by_name.emplace(graph_.value(id).name, id);
  }
  for (const std::string& name : options_.observe) {
    const auto found = by_name.find(name);
    DSQ_CHECK(found != by_name.end(), "an observed value exists");
    outputs.push_back(found->second);
  }
  graph_.set_outputs(std::move(outputs));
  DSQ_TRY(fold_constants(graph_));
  DSQ_TRY(backend->transform(graph_));
  DSQ_TRY(infer_types(graph_));
  graph_.compact();
  return {};
}

Result<void> Executable::choose_kernels() {
  const Backend* backend = DSQ_TRY(find_backend(options_.backend));
  const ThreadScope threads(options_.threads);
  for (const NodeId id : schedule(graph_)) {
    Step step;
    step.node = id;
    const Node& node = graph_.node(id);
    // What inference could not ask of an unknown shape is asked when the inputs are at hand.
    const auto is_known = [&](ValueId id) { return id == ValueId::none || graph_.value(id).type.known(); };
    step.planned = std::ranges::all_of(node.outputs, is_known) && std::ranges::all_of(node.inputs, is_known);
    DSQ_TRY(check_layer(graph_, node));
    Result<Kernel> kernel =
        is_control(node.op) ? prepare_control(graph_, id, options_.backend, budget_) : backend->prepare(graph_, id);
    if (!kernel) {
      return std::move(kernel).error().at("node '" + node.name + "'");
    }
    step.kernel = std::move(*kernel);
    steps_.push_back(std::move(step));
  }
  return {};
}

void Executable::plan_arena() {
  values_.resize(graph_.value_slots());
  std::vector<int32_t> made(graph_.value_slots(), -1);
  std::vector<int32_t> last(graph_.value_slots(), -1);
  // A view shares its source's memory when that lies in the arena.
  std::vector<ValueId> home(graph_.value_slots());
  std::vector<bool> in_arena(graph_.value_slots(), false);
  const auto end = static_cast<int32_t>(steps_.size());
  for (const ValueId id : graph_.values()) {
    home[static_cast<size_t>(id)] = id;
    if (graph_.is_constant(id)) {
      values_[static_cast<size_t>(id)] = *graph_.value(id).constant;
    }
  }
  for (int32_t s = 0; s < end; ++s) {
    Step& step = steps_[static_cast<size_t>(s)];
    const Node& node = graph_.node(step.node);
    for (const ValueId input : node.inputs) {
      if (input != ValueId::none) {
        last[static_cast<size_t>(home[static_cast<size_t>(input)])] = s;
      }
    }
    for (const ValueId output : node.outputs) {
      if (output == ValueId::none) {
        continue;
      }
      const auto slot = static_cast<size_t>(output);
      const bool view = is_view(node.op) && step.planned && in_arena[static_cast<size_t>(node.inputs[0])];
      home[slot] = view ? home[static_cast<size_t>(node.inputs[0])] : output;
      in_arena[slot] = step.planned;
      made[slot] = s;
      int32_t& last_use = last[static_cast<size_t>(home[slot])];
      last_use = std::max(last_use, s);
    }
  }
  for (size_t i = 0; i < graph_.outputs().size(); ++i) {
    const ValueId id = graph_.outputs()[i];
    const auto slot = static_cast<size_t>(id);
    if (i < real_outputs_) {
      last[static_cast<size_t>(home[slot])] = end;
    } else if (made[slot] >= 0) {
      steps_[static_cast<size_t>(made[slot])].observed.emplace_back(i - real_outputs_, id);
    }
  }
  std::vector<Lifetime> lifetimes;
  std::vector<size_t> slots;
  for (size_t slot = 0; slot < home.size(); ++slot) {
    if (!in_arena[slot]) {
      if (made[slot] >= 0 && last[slot] < end) {
        steps_[static_cast<size_t>(last[slot])].ends.push_back(slot);
      }
      continue;
    }
    if (home[slot] == static_cast<ValueId>(slot)) {
      const TensorType& type = graph_.value(static_cast<ValueId>(slot)).type;
      lifetimes.push_back({bytes_of(type.dtype, count_of(*type.shape)), made[slot], last[slot]});
      slots.push_back(slot);
    }
  }
  plan_ = plan_memory(lifetimes);
  for (size_t i = 0; i < slots.size(); ++i) {
    placed_.emplace_back(static_cast<ValueId>(slots[i]), lifetimes[i]);
  }
  const auto size = static_cast<size_t>(std::max<int64_t>(plan_.peak, 64));
  void* memory = std::aligned_alloc(64, size);
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  arena_ = {static_cast<std::byte*>(memory), [](std::byte* p) { std::free(p); }};
  std::vector<int64_t> offset(home.size(), 0);
  for (size_t i = 0; i < slots.size(); ++i) {
    offset[slots[i]] = plan_.offset[i];
  }
  for (size_t slot = 0; slot < home.size(); ++slot) {
    if (in_arena[slot]) {
      const TensorType& type = graph_.value(static_cast<ValueId>(slot)).type;
      values_[slot] = Tensor::over(type.dtype, *type.shape, arena_.get() + offset[static_cast<size_t>(home[slot])]);
    }
  }
}

// The types of a node whose outputs depend on data: inferred again from the tensors at hand.
Result<void> Executable::allocate_outputs(const Node& node) {
  std::vector<InferContext::Input> inputs;
  for (const ValueId input : node.inputs) {
    if (input == ValueId::none) {
      inputs.emplace_back();
      continue;
    }
    const Tensor& tensor = values_[static_cast<size_t>(input)];
    std::optional<Ints> ints;
    if ((tensor.dtype() == DType::i64 || tensor.dtype() == DType::i32) && tensor.rank() <= 1) {
      ints = ints_in(tensor);
    }
    inputs.push_back({true, tensor.type(), &tensor, std::move(ints)});
  }
  std::vector<DType> declared;
  for (const ValueId output : node.outputs) {
    declared.push_back(output == ValueId::none ? DType::f32 : graph_.value(output).type.dtype);
  }
  InferContext context(node, std::move(inputs), std::move(declared));
  DSQ_TRY(infer_node(context));
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != ValueId::none) {
      const TensorType& type = context.outputs()[i];
      if (type.known()) {
        DSQ_TRY(check_size(bytes_of(type.dtype, DSQ_TRY(checked_count(*type.shape)))));
      }
      Tensor& value = values_[static_cast<size_t>(node.outputs[i])];
      value = DSQ_TRY(allocated(node, i, type));
      unplanned_ += bytes_in(value);
    }
  }
  return {};
}

Result<void> Executable::check_size(int64_t more) const {
  const int64_t bytes = plan_.peak + unplanned_ + more;
  if (bytes > budget_->bytes) {
    return fail(Code::out_of_memory,
                "{} bytes of working memory are needed; {} are allowed for what comes in and is stored", bytes,
                budget_->bytes);
  }
  return {};
}

// Graphs within graphs may be run many times: what they write is limited in all.
Result<void> Executable::count_made(const Node& node) {
  if (options_.budget == nullptr) {
    return {};
  }
  for (const ValueId output : node.outputs) {
    budget_->made -= output == ValueId::none ? 0 : bytes_in(values_[static_cast<size_t>(output)]);
  }
  return budget_->made < 0 ? Result<void>(fail(Code::run_failed, "its loops write more than a run may"))
                           : Result<void>();
}

Result<void> Executable::run_step(Step& step, const OnValue& on_value) {
  const Node& node = graph_.node(step.node);
  if (!step.planned) {
    DSQ_TRY(allocate_outputs(node));
  }
  in_.clear();
  out_.clear();
  for (const ValueId input : node.inputs) {
    in_.push_back(input == ValueId::none ? nullptr : &values_[static_cast<size_t>(input)]);
  }
  for (const ValueId output : node.outputs) {
    out_.push_back(output == ValueId::none ? nullptr : &values_[static_cast<size_t>(output)]);
  }
  // Kernels whose outputs' shapes depend on the data make these themselves.
  const auto unplanned_outputs = [&] {
    int64_t bytes = 0;
    for (const ValueId output : node.outputs) {
      bytes += step.planned || output == ValueId::none ? 0 : bytes_in(values_[static_cast<size_t>(output)]);
    }
    return bytes;
  };
  const int64_t before = unplanned_outputs();
  DSQ_TRY(step.kernel(Call{graph_, node, in_, out_}));
  unplanned_ += unplanned_outputs() - before;
  DSQ_TRY(count_made(node));
  if (on_value) {
    for (const auto& [index, id] : step.observed) {
      DSQ_TRY(on_value(index, values_[static_cast<size_t>(id)]));
    }
  }
  for (const size_t slot : step.ends) {
    unplanned_ -= bytes_in(values_[slot]);
    values_[slot] = Tensor();
  }
  return {};
}

Result<std::vector<Tensor>> Executable::run_steps(const OnValue& on_value, std::vector<NodeProfile>* profile) {
  using Clock = std::chrono::steady_clock;
  for (size_t s = 0; s < steps_.size(); ++s) {
    const Clock::time_point start = profile != nullptr ? Clock::now() : Clock::time_point();
    Result<void> done = run_step(steps_[s], on_value);
    if (!done) {
      return std::move(done).error().at("node '" + graph_.node(steps_[s].node).name + "'");
    }
    if (profile != nullptr) {
      (*profile)[s].seconds += std::chrono::duration<double>(Clock::now() - start).count();
    }
  }
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < real_outputs_; ++i) {
    const Tensor& value = values_[static_cast<size_t>(graph_.outputs()[i])];
    DSQ_TRY(check_size(bytes_in(value)));
    outputs.push_back(value.clone());
  }
  return outputs;
}

Result<std::vector<Tensor>> Executable::run(std::span<const Tensor> inputs, const OnValue& on_value,
                                            std::vector<NodeProfile>* profile) {
  const ThreadScope threads(options_.threads);
  int64_t incoming = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    values_[static_cast<size_t>(graph_.inputs()[i])] = inputs[i];
    incoming += bytes_in(inputs[i]);
  }
  if (profile != nullptr && profile->empty()) {
    for (const Step& step : steps_) {
      profile->push_back({graph_.node(step.node).name, graph_.node(step.node).op, 0});
    }
  }
  if (options_.budget == nullptr) {
    const int64_t held = incoming * kTimesInputs + constant_bytes() * kTimesConstants;
    *budget_ = {std::max(kLeastBytes, held), kMaxLoopRounds, std::max(kLeastMade, held * kTimesMade)};
  }
  unplanned_ = 0;
  try {
    DSQ_TRY(check_size(0));
    return run_steps(on_value, profile);
  } catch (const std::bad_alloc&) {
    return memory_error(plan_.peak);
  }
}

std::vector<PlannedValue> Executable::planned() const {
  std::vector<PlannedValue> values;
  for (size_t i = 0; i < placed_.size(); ++i) {
    values.push_back({graph_.value(placed_[i].first).name, plan_.offset[i], placed_[i].second});
  }
  return values;
}

int64_t Executable::constant_bytes() const {
  int64_t bytes = 0;
  for (const ValueId id : graph_.values()) {
    bytes += graph_.is_constant(id) ? static_cast<int64_t>(graph_.value(id).constant->bytes().size()) : 0;
  }
  return bytes;
}

}  // namespace dsq
