#include "src/toolchain/sensitivity.h"

#include <algorithm>
#include <atomic>

#include "passes/marker.h"
#include "passes/match.h"
#include "src/runner/runner.h"
#include "src/support/parallel.h"
#include "src/toolchain/noise.h"

namespace dsq {
namespace {

constexpr int64_t kSamples = 24;

struct Marked {
  NodeId layer;
  ValueId x;       // before the marker, or the input that operators behind a marker hand on
  ValueId marked;  // what holds its spec and params
};

std::vector<Marked> marked_layers(const Graph& graph) {
  std::vector<Marked> layers;
  for (const NodeId id : graph.topo_order()) {
    const std::optional<QuantLayer> layer = quant_layer_at(graph, id);
    if (!layer || graph.is_constant(layer->x)) {
      continue;
    }
    const Value& x = graph.value(layer->x);
    if (x.spec && is_integer(x.spec->storage) && (is_marker(graph, x.producer) || x.params)) {
      const ValueId real = is_marker(graph, x.producer) ? graph.node(x.producer).inputs[0] : layer->x;
      layers.push_back({id, real, layer->x});
    }
  }
  return layers;
}

// The float graph with the one input as it would be.
Graph with_one(const Graph& planned, const Marked& one) {
  Graph graph = planned;
  const ValueId own = add_marker(graph, one.x, *planned.value(one.marked).spec, planned.value(one.marked).params);
  graph.set_input(one.layer, 0, own);
  const NodeId kept = graph.value(own).producer;
  for (const NodeId id : graph.topo_order()) {
    if (is_marker(graph, id) && id != kept) {
      drop_marker(graph, id);
    }
  }
  for (const ValueId id : graph.values()) {
    if (id != own) {
      graph.set_spec(id, std::nullopt);
      graph.set_params(id, std::nullopt);
    }
  }
  spell_out_marker(graph, kept);
  graph.stage = Stage::floating;
  return graph;
}

// The same samples for every layer, as one batch where the model takes any.
Result<std::vector<std::vector<Tensor>>> batches_of(const Dataset& data) {
  std::vector<std::vector<Tensor>> batches;
  const int64_t step = data.step(1);
  const int64_t steps = data.size() / step;
  const int64_t taken = std::clamp<int64_t>(kSamples / step, 1, std::max<int64_t>(steps, 1));
  for (int64_t i = 0; i < taken; ++i) {
    const int64_t first = i * steps / taken * step;
    batches.push_back(DSQ_TRY(data.batch(first, std::min(step, data.size() - first))));
  }
  return batches;
}

Result<double> noise_of(const Graph& graph, const std::vector<std::vector<Tensor>>& inputs,
                        const std::vector<std::vector<Tensor>>& wanted, const Attempts& attempts) {
  Runner runner(graph, {attempts.how_to_run().backend, 1, {}});
  NoiseMeter meter(attempts.readings());
  const int64_t step = attempts.fitted().step(1);
  for (size_t b = 0; b < inputs.size(); ++b) {
    meter.add(step, wanted[b], DSQ_TRY(runner.run(inputs[b])));
  }
  return meter.noise();
}

Precision precision_of(DType storage) { return bits_of(storage) == 4 ? Precision::int4 : Precision::int8; }

}  // namespace

Result<std::vector<Sensitivity>> sensitivities(Attempts& attempts, const Attempt& attempt) {
  const ThreadScope threads(attempts.options().threads);
  const CalibrateOptions how = attempts.how_to_run();
  const std::vector<std::vector<Tensor>> inputs = DSQ_TRY(batches_of(attempts.fitted()));
  std::vector<std::vector<Tensor>> wanted;
  Runner reference(attempts.reference(), {how.backend, 1, {}});
  for (const std::vector<Tensor>& batch : inputs) {
    wanted.emplace_back();
    for (const Tensor& output : DSQ_TRY(reference.run(batch))) {
      wanted.back().push_back(output.clone());
    }
  }
  const std::vector<Marked> layers = marked_layers(attempt.graph);
  std::vector<Result<double>> noise(layers.size(), 0.0);
  std::atomic<int64_t> done = 0;
  attempts.progress().begin("measuring what layers cost", static_cast<int64_t>(layers.size()));
  const int64_t workers = std::min<int64_t>(thread_count(), static_cast<int64_t>(layers.size()));
  parallel_for(workers, 1, [&](int64_t begin, int64_t end) {
    for (int64_t w = begin; w < end; ++w) {
      for (auto i = static_cast<size_t>(w); i < layers.size(); i += static_cast<size_t>(workers)) {
        noise[i] = noise_of(with_one(attempt.graph, layers[i]), inputs, wanted, attempts);
        ++done;
        if (w == 0) {
          attempts.progress().step(done);
        }
      }
    }
  });
  attempts.progress().end();
  std::vector<Sensitivity> found;
  for (size_t i = 0; i < layers.size(); ++i) {
    found.push_back({label_of(attempt.graph, layers[i].layer),
                     precision_of(attempt.graph.value(layers[i].marked).spec->storage), DSQ_TRY(std::move(noise[i]))});
  }
  return found;
}

}  // namespace dsq
