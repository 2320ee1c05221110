#include "src/toolchain/range_choice.h"

#include <algorithm>
#include <vector>

#include "passes/marker.h"
#include "passes/match.h"
#include "passes/plan_rules.h"
#include "src/quant/fake.h"
#include "src/quant/quant_layer.h"
#include "src/runner/runner.h"

namespace dsq {
namespace {

constexpr int64_t kSamples = 8;
// Of the error with calibrated ranges. For each sample it takes more: between convolutions integers would become floats.
constexpr double kMuchLessByToken = 0.4;
constexpr double kMuchLessBySample = 0.2;

struct Candidate {
  std::string layer;
  Precision precision = Precision::int8;
  ValueId x = ValueId::none;  // in float
  QuantSpec calibrated;
  QuantParams params;
  QuantSpec at_run_time;
  int32_t axis = 1;            // of channels
  std::vector<double> energy;  // of the weights that meet each channel
  double lost_calibrated = 0;
  double lost_at_run_time = 0;
};

std::vector<double> energy_of(const Graph& graph, const QuantLayer& layer) {
  std::vector<double> energy(static_cast<size_t>(layer.in_channels), 0.0);
  const std::span<const float> weights = graph.constant(layer.w)->values<float>();
  for_each_pair(layer, [&](size_t, size_t in, int64_t first) {
    for (const float w : weights.subspan(static_cast<size_t>(first), static_cast<size_t>(layer.unit))) {
      energy[in] += static_cast<double>(w) * w;
    }
  });
  return energy;
}

std::vector<Candidate> candidates(const Graph& graph, const RunTimeRanges& judged) {
  std::vector<Candidate> found;
  for (const NodeId id : graph.topo_order()) {
    const std::optional<QuantLayer> layer = quant_layer_at(graph, id);
    if (!layer || graph.is_constant(layer->x) || !graph.is_constant(layer->w) ||
        graph.constant(layer->w)->dtype() != DType::f32) {
      continue;
    }
    const Value& marked = graph.value(layer->x);
    if (!marked.spec || marked.spec->range != RangeSource::calibrated || !marked.params) {
      continue;
    }
    const Precision precision = bits_of(marked.spec->storage) == 4 ? Precision::int4 : Precision::int8;
    if (judged.contains({label_of(graph, id), precision})) {
      continue;
    }
    QuantSpec own = *marked.spec;
    own.storage = precision == Precision::int4 ? DType::u4 : DType::u8;
    own.range = range_at_run_time(graph, *layer);
    own.granularity = {};
    const ValueId real = is_marker(graph, marked.producer) ? graph.node(marked.producer).inputs[0] : layer->x;
    found.push_back({label_of(graph, id), precision, real, *marked.spec, *marked.params, own, layer->x_axis,
                     energy_of(graph, *layer)});
  }
  return found;
}

double weighted_error(const Tensor& x, const Tensor& is, int32_t axis, const std::vector<double>& energy) {
  const auto at = static_cast<size_t>(axis);
  const int64_t outer = count_of(std::span(x.shape()).first(at));
  const int64_t inner = count_of(std::span(x.shape()).subspan(at + 1));
  const float* a = x.values<float>().data();
  const float* b = is.values<float>().data();
  double sum = 0;
  for (int64_t o = 0; o < outer; ++o) {
    for (const double weight : energy) {
      double square = 0;
      for (int64_t i = 0; i < inner; ++i, ++a, ++b) {
        const double difference = static_cast<double>(*a) - *b;
        square += difference * difference;
      }
      sum += weight * square;
    }
  }
  return sum;
}

}  // namespace

Result<void> choose_ranges(const Graph& reference, const Graph& assigned, const Dataset& data,
                           const std::string& backend, RangeChoices& choices) {
  std::vector<Candidate> layers = candidates(assigned, choices.judged);
  if (layers.empty() || data.size() == 0) {
    return {};
  }
  Graph watched = reference;
  std::vector<ValueId> values;
  std::ranges::transform(layers, std::back_inserter(values), &Candidate::x);
  std::ranges::sort(values);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  watched.set_outputs(values);
  Runner runner(watched, {backend, 1, {}});
  const int64_t step = data.step(1);
  const int64_t steps = data.size() / step;
  const int64_t taken = std::clamp<int64_t>(kSamples / step, 1, std::max<int64_t>(steps, 1));
  for (int64_t i = 0; i < taken; ++i) {
    const int64_t first = i * steps / taken * step;
    const std::vector<Tensor> inputs = DSQ_TRY(data.batch(first, std::min(step, data.size() - first)));
    const std::vector<Tensor> seen = DSQ_TRY(runner.run(inputs));
    for (Candidate& layer : layers) {
      const Tensor& x = seen[static_cast<size_t>(std::ranges::lower_bound(values, layer.x) - values.begin())];
      layer.lost_calibrated +=
          weighted_error(x, fake_quantized(x, layer.calibrated, &layer.params), layer.axis, layer.energy);
      layer.lost_at_run_time +=
          weighted_error(x, fake_quantized(x, layer.at_run_time, nullptr), layer.axis, layer.energy);
    }
  }
  for (const Candidate& layer : layers) {
    choices.judged.insert({layer.layer, layer.precision});
    const double much_less = layer.at_run_time.range == RangeSource::per_token ? kMuchLessByToken : kMuchLessBySample;
    if (layer.lost_at_run_time < much_less * layer.lost_calibrated) {
      choices.at_run_time.insert({layer.layer, layer.precision});
    }
  }
  return {};
}

}  // namespace dsq
