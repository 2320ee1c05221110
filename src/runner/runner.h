// Runs a graph on inputs of any shapes: one executable for each set of shapes, made when first met.
#pragma once

#include <map>

#include "src/runner/executable.h"

namespace dsq {

class Runner {
 public:
  Runner(Graph graph, CompileOptions options) : graph_(std::move(graph)), options_(std::move(options)) {}

  // Errors: data_mismatch when number, types or shapes of the inputs do not fit the graph; run_failed.
  Result<std::vector<Tensor>> run(std::span<const Tensor> inputs, const OnValue& on_value = {});
  Result<Executable*> executable_for(std::span<const Tensor> inputs);

  const Graph& graph() const { return graph_; }
  void enable_profile() { profiling_ = true; }
  const std::vector<NodeProfile>& profile() const { return profile_; }  // of the shapes run last

 private:
  static constexpr size_t kMaxCached = 8;
  Graph graph_;
  CompileOptions options_;
  std::map<std::vector<Shape>, std::unique_ptr<Executable>> cache_;
  bool profiling_ = false;
  std::vector<NodeProfile> profile_;
  std::vector<Shape> profiled_;
};

}  // namespace dsq
