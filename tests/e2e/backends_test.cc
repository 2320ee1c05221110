// Whole networks, in 8 and 4 bits, with ranges from data and of the run, on both backends. Every integer operator alone
// gives on `onednn`, with its layouts and packed weights, the bits that `portable` makes of the same inputs; and so does
// every value that is stored as integers when the networks run from end to end. Where float operators that sum
// (attention, normalization) stand in between, a value in the middle of two steps may be rounded to either.
#include <algorithm>
#include <filesystem>
#include <map>

#include <gtest/gtest.h>
#include <unistd.h>

#include "formats/npy/npy.h"
#include "src/runner/runner.h"
#include "src/support/rng.h"
#include "src/toolchain/quantize.h"

namespace dsq {
namespace {

struct Network {
  std::string file;
  std::string input;
  Shape shape;
  int64_t words = 0;        // inputs are integers below it; 0: they are floats
  bool float_sums = false;  // between its integers
};

const std::vector<Network>& networks() {
  static const std::vector<Network> all = {
      {"resnet_new18", "x", {6, 3, 32, 32}},
      {"mobilenet_old13", "x", {6, 3, 32, 32}},
      {"unet_new18", "x", {6, 1, 24, 32}},
      {"convnext_new20", "x", {6, 3, 32, 32}, 0, true},
      {"transformer_old17", "tokens", {6, 9}, 100, true},
  };
  return all;
}

Tensor inputs_for(const Network& network, uint64_t seed) {
  Rng rng(seed);
  Tensor tensor(network.words > 0 ? DType::i64 : DType::f32, network.shape);
  if (network.words > 0) {
    for (int64_t& word : tensor.mutable_values<int64_t>()) {
      word = rng.below(network.words);
    }
  } else {
    for (float& value : tensor.mutable_values<float>()) {
      value = rng.uniform(-2.0F, 2.0F);
    }
  }
  return tensor;
}

struct Job {
  Network network;
  Precision act = Precision::int8;
  bool calibrated = false;
};

Graph quantized(const Job& job) {
  const std::filesystem::path data =
      std::filesystem::temp_directory_path() / fmt::format("dsq_backends_test_{}.npz", ::getpid());
  QuantizeOptions options;
  options.model = "tests/onnx/models/" + job.network.file + ".onnx";
  options.recipe.act = job.act;
  options.write = false;
  if (job.calibrated) {
    EXPECT_TRUE(npy::write_npz(data, {{job.network.input, inputs_for(job.network, 1)}}).has_value());
    options.data = data;
  }
  Diagnostics diagnostics;
  Progress silent;
  Result<Quantized> done = quantize(options, diagnostics, silent);
  EXPECT_TRUE(done.has_value()) << (done ? "" : done.error().what);
  std::filesystem::remove(data);
  return done ? std::move(done->graph) : Graph();
}

// Operators of SEMANTICS.md, sections 3 to 6, and those that move stored integers: they hold bit for bit.
bool is_exact(const Graph& graph, const Node& node) {
  using enum OpKind;
  switch (node.op) {
    // clang-format off
    case quantize: case dequantize: case dynamic_quantize: case requantize: case qconv: case qconv_transpose: case qlinear:
    case qadd: case qavg_pool: case lut: return true;
    // clang-format on
    default: return !node.outputs.empty() && graph.value(node.outputs[0]).params.has_value();
  }
}

using Seen = std::map<std::string, Tensor>;

// Runs the graph and keeps the named values.
Seen values_of(const Graph& graph, const Tensor& input, const std::string& backend, std::vector<std::string> names) {
  Seen seen;
  const std::vector<std::string> wanted = names;
  Runner runner(graph, CompileOptions{backend, 1, std::move(names)});
  const Result<std::vector<Tensor>> outputs =
      runner.run(std::span(&input, 1), [&](size_t index, const Tensor& value) -> Result<void> {
        seen.emplace(wanted[index], value.clone());
        return {};
      });
  EXPECT_TRUE(outputs.has_value()) << (outputs ? "" : outputs.error().what);
  return seen;
}

// The values that nodes make; only those stored as integers, or all.
std::vector<std::string> made_values(const Graph& graph, bool integers_only) {
  std::vector<std::string> names;
  for (const NodeId id : graph.topo_order()) {
    for (const ValueId output : graph.node(id).outputs) {
      const bool integers = output != ValueId::none && bits_of(graph.value(output).type.dtype) <= 8 &&
                            graph.value(output).type.dtype != DType::boolean;
      if (output != ValueId::none && (integers || !integers_only)) {
        names.push_back(graph.value(output).name);
      }
    }
  }
  return names;
}

// The node alone, reading what the whole network had before it.
std::vector<Tensor> alone(const Graph& whole, NodeId id, const Seen& seen) {
  const Node& node = whole.node(id);
  Graph graph;
  graph.stage = whole.stage;
  std::vector<ValueId> inputs;
  std::vector<Tensor> given;
  for (const ValueId input : node.inputs) {
    if (input == ValueId::none) {
      inputs.push_back(ValueId::none);
      continue;
    }
    const Value& value = whole.value(input);
    if (value.constant) {
      inputs.push_back(graph.add_constant(value.name, *value.constant));
    } else if (const std::optional<ValueId> present = graph.find_value(value.name)) {
      inputs.push_back(*present);
      continue;
    } else {
      given.push_back(seen.at(value.name));
      inputs.push_back(graph.add_input(value.name, given.back().type()));
    }
    graph.set_params(inputs.back(), value.params);
  }
  std::vector<std::string> names;
  for (const ValueId output : node.outputs) {
    names.push_back(output == ValueId::none ? "" : whole.value(output).name);
  }
  const NodeId made = graph.add_node(node.op, node.name, node.attrs, std::move(inputs), names);
  std::vector<ValueId> outputs;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    if (node.outputs[i] != ValueId::none) {
      const ValueId output = graph.node(made).outputs[i];
      graph.set_type(output, {whole.value(node.outputs[i]).type.dtype, std::nullopt});
      graph.set_params(output, whole.value(node.outputs[i]).params);
      outputs.push_back(output);
    }
  }
  graph.set_outputs(std::move(outputs));
  Result<std::vector<Tensor>> results = Runner(graph, CompileOptions{"portable", 1, {}}).run(given);
  EXPECT_TRUE(results.has_value()) << node.name << ": " << (results ? "" : results.error().what);
  return results ? std::move(*results) : std::vector<Tensor>();
}

void each_operator_alone(const Graph& graph, const Tensor& input, const std::string& text) {
  Seen seen = values_of(graph, input, "onednn", made_values(graph, false));
  seen.emplace(graph.value(graph.inputs()[0]).name, input);
  int64_t checked = 0;
  for (const NodeId id : graph.topo_order()) {
    const Node& node = graph.node(id);
    const auto met = [&](ValueId value) {  // in the run; what follows from constants is known before it
      return value == ValueId::none || graph.is_constant(value) || seen.contains(graph.value(value).name);
    };
    if (!is_exact(graph, node) || !std::ranges::all_of(node.inputs, met) || !std::ranges::all_of(node.outputs, met)) {
      continue;
    }
    const std::vector<Tensor> results = alone(graph, id, seen);
    size_t at = 0;
    for (const ValueId output : node.outputs) {
      if (output != ValueId::none && at < results.size()) {
        const std::string& name = graph.value(output).name;
        EXPECT_TRUE(results[at++] == seen.at(name)) << text << ": " << name_of(node.op) << " '" << name << "'";
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 10) << text;
}

void from_end_to_end(const Graph& graph, const Tensor& input, bool float_sums, const std::string& text) {
  const std::vector<std::string> names = made_values(graph, true);
  const Seen a = values_of(graph, input, "portable", names);
  const Seen b = values_of(graph, input, "onednn", names);
  int64_t elements = 0;
  int64_t different = 0;
  for (const auto& [name, tensor] : b) {
    const std::vector<int64_t> x = to_ints(a.at(name));
    const std::vector<int64_t> y = to_ints(tensor);
    ASSERT_EQ(x.size(), y.size()) << text << ": " << name;
    for (size_t i = 0; i < x.size(); ++i) {
      different += x[i] == y[i] ? 0 : 1;
    }
    elements += static_cast<int64_t>(x.size());
  }
  const std::string found = fmt::format("{}: {} of {} integers differ", text, different, elements);
  std::cout << found << '\n';
  EXPECT_GT(elements, 0) << text;
  EXPECT_LE(different, float_sums ? elements / 1000 : 0) << found;
}

TEST(Backends, IntegersInWholeNetworks) {
  for (const Network& network : networks()) {
    for (const Precision act : {Precision::int8, Precision::int4}) {
      for (const bool calibrated : {true, false}) {
        const Graph graph = quantized({network, act, calibrated});
        const std::string text =
            fmt::format("{}, {}, {}", network.file, name_of(act), calibrated ? "calibrated" : "ranges of the run");
        const Tensor input = inputs_for(network, 2);
        each_operator_alone(graph, input, text);
        from_end_to_end(graph, input, network.float_sums, text);
      }
    }
  }
}

}  // namespace
}  // namespace dsq
