#include "tests/harness/quant_case.h"

#include <algorithm>
#include <charconv>

#include "calibration/calibrate.h"
#include "calibration/observer.h"
#include "passes/marker.h"
#include "src/quant/quant_layer.h"
#include "src/quant/weights.h"
#include "src/runner/runner.h"
#include "src/support/strings.h"
#include "tests/harness/numeric.h"

namespace dsq::testing {
namespace {

constexpr uint32_t kEach = 100;  // values in each bin

Result<float> number(std::string_view text) {
  float value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) {
    return fail(Code::text_syntax, "'{}' is not a number", text);
  }
  return value;
}

Result<Precision> precision(std::string_view text) {
  const std::optional<Precision> found = precision_from(text);
  if (!found) {
    return fail(Code::text_syntax, "'{}' is not a precision", text);
  }
  return *found;
}

Result<ChannelStats> channel(const std::string& text) {
  const std::vector<std::string> ends = split(text, ',');
  if (ends.size() != 2) {
    return fail(Code::text_syntax, "expected [low,high], not '[{}'", text);
  }
  const float low = DSQ_TRY(number(ends[0]));
  ChannelStats stats;
  widen(stats, low, DSQ_TRY(number(ends[1])));
  std::ranges::fill(stats.bins, kEach);
  return stats;
}

}  // namespace

Result<Recipe> read_recipe(const std::string& text) {
  Recipe recipe;
  for (const std::string& word : split(text, ' ')) {
    const size_t equals = word.find('=');
    const std::string key = word.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (key == "weights") {
      recipe.weights = DSQ_TRY(precision(value));
    } else if (key == "act") {
      recipe.act = DSQ_TRY(precision(value));
    } else if (key == "keep") {
      const size_t last = value.rfind('=');
      recipe.keep.push_back({value.substr(0, last), DSQ_TRY(precision(value.substr(last + 1)))});
    } else if (key == "max_weight_error") {
      recipe.max_weight_error = DSQ_TRY(number(value));
    } else if (word == "calibrated") {
      recipe.calibrated = true;
    } else if (word == "edges_at_act") {
      recipe.edges_at_act = true;
    } else if (!word.empty()) {
      return fail(Code::text_syntax, "'{}' is no part of a recipe", word);
    }
  }
  return recipe;
}

Result<CalibrationTable> read_stats(const std::string& text) {
  CalibrationTable table;
  for (const std::string& word : split(text, ' ')) {
    if (word.empty()) {
      continue;
    }
    const std::vector<std::string> parts = split(word, '[');
    if (parts.size() < 2 || !parts[0].ends_with('=')) {
      return fail(Code::text_syntax, "expected value=[low,high], not '{}'", word);
    }
    ValueStats& stats = table.values[parts[0].substr(0, parts[0].size() - 1)];
    stats.count = kEach * kStatsBins;
    for (size_t i = 1; i < parts.size(); ++i) {
      const std::string range = parts[i].ends_with(']') ? parts[i].substr(0, parts[i].size() - 1) : parts[i];
      stats.channels.push_back(DSQ_TRY(channel(range)));
    }
  }
  return table;
}

Result<CalibrationTable> observe_stats(const Graph& planned, uint64_t seeds) {
  CompileOptions options;
  options.backend = "portable";
  std::vector<ValueStats> stats;
  for (const Observation& each : wanted_observations(planned)) {
    options.observe.push_back(each.value);
    stats.push_back({each.axis, 0, {}});
  }
  const std::vector<std::string> names = options.observe;
  Runner runner(planned, options);
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    DSQ_TRY(runner.run(DSQ_TRY(seeded_inputs(planned, seed)),
                       [&](size_t index, const Tensor& value) { return observe(stats[index], value); }));
  }
  CalibrationTable table;
  for (size_t i = 0; i < names.size(); ++i) {
    table.values.emplace(names[i], std::move(stats[i]));
  }
  return table;
}

Graph simulated(const Graph& quantized) {
  Graph graph = quantized;
  for (const NodeId id : graph.topo_order()) {
    const std::optional<QuantLayer> layer = quant_layer_at(graph, id);
    if (layer && graph.value(layer->w).params) {
      const Tensor reals = restore(*graph.constant(layer->w), *graph.value(layer->w).params);
      const Tensor weights = release_scales(*layer, reals, graph.value(layer->x).params);
      graph.set_params(layer->w, std::nullopt);
      graph.set_spec(layer->w, std::nullopt);
      graph.set_constant(layer->w, weights);
    }
  }
  for (const ValueId id : graph.values()) {
    const Value value = graph.value(id);
    if (!graph.is_constant(id) || value.type.dtype != DType::f16) {
      continue;
    }
    const bool converted =
        std::ranges::any_of(value.users, [&](NodeId user) { return graph.node(user).op == OpKind::cast; });
    if (!converted) {
      const Tensor& constant = *graph.constant(id);
      const std::vector<float> floats = to_floats(constant);
      graph.set_constant(id, Tensor::of<float>(constant.shape(), std::span<const float>(floats)));
    }
  }
  for (const NodeId id : graph.topo_order()) {
    if (is_marker(graph, id)) {
      spell_out_marker(graph, id);
    } else if (graph.node(id).op != OpKind::quantize) {
      for (const ValueId output : graph.node(id).outputs) {
        if (output != ValueId::none) {  // moved integers: their producers see reals here
          graph.set_params(output, std::nullopt);
          graph.set_spec(output, std::nullopt);
        }
      }
    }
  }
  graph.stage = Stage::floating;
  return graph;
}

}  // namespace dsq::testing
