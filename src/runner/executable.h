// A graph made ready for one set of input shapes: shapes and constants settled, kernels chosen, memory planned.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/ops/limits.h"
#include "src/runner/backend.h"
#include "src/runner/memory_plan.h"

namespace dsq {

struct CompileOptions {
  std::string backend = "onednn";
  int threads = 0;  // 0: all cores
  // Values that `on_value` gets to see, by name. They are kept from being fused away.
  std::vector<std::string> observe;
  // What runs of this graph share with the run that they are part of. Null: each run gets a budget of its own, which
  // grows with what the graph's inputs and constants take.
  std::shared_ptr<RunBudget> budget = nullptr;
};

// Called as soon as observe[index] is computed; the tensor is valid during the call only.
using OnValue = std::function<Result<void>(size_t index, const Tensor& value)>;

struct NodeProfile {
  std::string name;
  OpKind op;
  double seconds = 0;
};

struct PlannedValue {  // one value's place in the arena
  std::string name;
  int64_t offset = 0;
  Lifetime life;
};

class Executable {
 public:
  // Errors: whatever inference says, op_not_runnable, out_of_memory.
  static Result<std::unique_ptr<Executable>> compile(Graph graph, const std::vector<TensorType>& inputs,
                                                     const CompileOptions& options);
  // Not re-entrant: the arena is the executable's own. Errors: run_failed, out_of_memory.
  Result<std::vector<Tensor>> run(std::span<const Tensor> inputs, const OnValue& on_value = {},
                                  std::vector<NodeProfile>* profile = nullptr);

  const MemoryPlan& memory() const { return plan_; }
  std::vector<PlannedValue> planned() const;
  int64_t constant_bytes() const;
  const Graph& graph() const { return graph_; }  // as it runs, after the backend's transformations

 private:
  struct Step {
    NodeId node;
    Kernel kernel;
    bool planned = true;       // all output types are known beforehand
    std::vector<size_t> ends;  // unplanned values to release afterwards
    std::vector<std::pair<size_t, ValueId>> observed;
  };

  Executable(Graph graph, CompileOptions options);
  Result<void> settle(const std::vector<TensorType>& inputs);
  Result<void> choose_kernels();
  void plan_arena();
  Result<std::vector<Tensor>> run_steps(const OnValue& on_value, std::vector<NodeProfile>* profile);
  Result<void> run_step(Step& step, const OnValue& on_value);
  Result<void> allocate_outputs(const Node& node);
  Result<void> check_size(int64_t more) const;
  Result<void> count_made(const Node& node);

  Graph graph_;
  CompileOptions options_;
  std::shared_ptr<RunBudget> budget_;
  size_t real_outputs_ = 0;  // graph_.outputs() beyond these are observed values
  std::vector<Step> steps_;
  std::vector<Tensor> values_;  // by ValueId
  std::vector<const Tensor*> in_;
  std::vector<Tensor*> out_;
  MemoryPlan plan_;
  int64_t unplanned_ = 0;                             // bytes of living values outside the arena
  std::vector<std::pair<ValueId, Lifetime>> placed_;  // in the order of plan_.offset
  std::shared_ptr<std::byte> arena_;
};

}  // namespace dsq
