#include "tests/fuzz/exercise.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <new>

#include <unistd.h>

#include "formats/dsq/read.h"
#include "formats/dsq/write.h"
#include "formats/npy/npy.h"
#include "src/ir/parse.h"
#include "src/ir/print.h"
#include "src/ops/infer.h"
#include "src/runner/runner.h"
#include "src/support/file.h"
#include "src/support/rng.h"
#include "src/toolchain/load.h"
#include "src/toolchain/macs.h"
#include "src/toolchain/quantize.h"

namespace dsq::fuzz {
namespace {

// What a single input may cost: beyond it a network is legal and merely large.
constexpr int64_t kMaxNodes = 200;
constexpr int64_t kMaxElements = 1 << 14;  // of one value
constexpr int64_t kMaxMacs = 1 << 20;
constexpr int64_t kMaxRounds = 3;  // of a loop
constexpr int kMaxNesting = 3;

// Adds up nodes and multiplications; false beyond the budget.
bool is_small(const Graph& graph, int64_t& nodes, int64_t& macs, int depth = 0) {
  for (const ValueId id : graph.values()) {
    const TensorType& type = graph.value(id).type;
    const Result<int64_t> count = type.known() ? checked_count(*type.shape) : Result<int64_t>(0);
    if (!count || *count > kMaxElements) {
      return false;
    }
  }
  for (const NodeId id : graph.nodes()) {
    const Node& node = graph.node(id);
    macs += macs_of(graph, node);
    if (++nodes > kMaxNodes || macs > kMaxMacs || depth > kMaxNesting) {
      return false;
    }
    const auto* branches = std::get_if<IfAttrs>(&node.attrs);
    const auto* loop = std::get_if<LoopAttrs>(&node.attrs);
    if ((branches != nullptr && !(is_small(*branches->then_graph, nodes, macs, depth + 1) &&
                                  is_small(*branches->else_graph, nodes, macs, depth + 1))) ||
        (loop != nullptr && !is_small(*loop->body, nodes, macs, depth + 1))) {
      return false;
    }
  }
  return true;
}

// Loops end after a few rounds: how long a loop runs is the model's own business.
Graph with_short_loops(Graph graph) {
  const auto within = [](GraphRef& nested) { nested = std::make_shared<const Graph>(with_short_loops(*nested)); };
  for (const NodeId id : graph.nodes()) {
    Attrs attrs = graph.node(id).attrs;
    if (auto* branches = std::get_if<IfAttrs>(&attrs)) {
      within(branches->then_graph);
      within(branches->else_graph);
    } else if (auto* loop = std::get_if<LoopAttrs>(&attrs)) {
      within(loop->body);
      const Tensor* rounds = graph.constant(graph.node(id).input(0));
      if (rounds == nullptr || rounds->count() != 1 || to_ints(*rounds)[0] > kMaxRounds) {
        graph.set_input(id, 0, graph.add_constant("rounds", Tensor::scalar<int64_t>(kMaxRounds)));
      }
    } else {
      continue;
    }
    graph.set_attrs(id, std::move(attrs));
  }
  return graph;
}

Tensor made_up(const TensorType& type, Rng& rng) {
  Tensor tensor(type.dtype, *type.shape);
  const auto fill = [&](auto values, auto next) { std::ranges::generate(values, next); };
  switch (type.dtype) {
    case DType::f32: fill(tensor.mutable_values<float>(), [&] { return rng.normal(); }); break;
    case DType::i64: fill(tensor.mutable_values<int64_t>(), [&] { return rng.below(4) - 1; }); break;
    case DType::i32: fill(tensor.mutable_values<int32_t>(), [&] { return static_cast<int32_t>(rng.below(4)); }); break;
    case DType::boolean: fill(tensor.mutable_values<bool>(), [&] { return rng.below(2) == 1; }); break;
    default: break;  // zeros
  }
  return tensor;
}

// Empty when an input has no known rank.
npy::NamedTensors made_up_inputs(const Graph& graph) {
  Rng rng(1);
  npy::NamedTensors inputs;
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    if (!value.type.known()) {
      return {};
    }
    inputs.emplace_back(value.name, made_up(value.type, rng));
  }
  return inputs;
}

void run(const Graph& graph, const npy::NamedTensors& named) {
  if (named.size() != graph.inputs().size()) {
    return;
  }
  std::vector<Tensor> inputs;
  for (const auto& [name, tensor] : named) {
    inputs.push_back(tensor);
  }
  Runner runner(graph, {"portable", 1, {}});
  const Result<std::vector<Tensor>> outputs = runner.run(inputs);
  if (!outputs) {
    expect_refusal(outputs.error());
    return;
  }
  for (size_t i = 0; i < outputs->size(); ++i) {
    const TensorType& said = graph.value(graph.outputs()[i]).type;
    if ((*outputs)[i].dtype() != said.dtype || (said.known() && (*outputs)[i].shape() != *said.shape)) {
      find(fmt::format("inference says {}, running gives {}", text_of(said), text_of((*outputs)[i].type())));
    }
  }
}

// Text and file give back what they got.
void round_trips(const Graph& graph) {
  const Result<std::vector<std::byte>> bytes = encode_dsq(graph, {});
  if (!bytes) {
    expect_refusal(bytes.error());
    return;
  }
  const auto memory = std::make_shared<Tensor>(DType::u8, Shape{static_cast<int64_t>(bytes->size())});
  std::ranges::copy(*bytes, memory->mutable_bytes().begin());
  const Result<DsqModel> read = decode_dsq(memory->bytes(), memory);
  if (!read) {
    find("what was written cannot be read back: " + read.error().what);
  }
  const Result<std::vector<std::byte>> again = encode_dsq(read->graph, {});
  if (!again || *again != *bytes) {
    find("a graph that was read is written differently");
  }
  const std::string text = print(read->graph);
  const Result<Graph> parsed = parse(text);
  if (!parsed) {
    find("what was printed cannot be parsed: " + parsed.error().what);
  }
  if (print(*parsed) != text) {
    find("a graph that was parsed is printed differently");
  }
}

// Open dimensions become 2; false for what does not fit then.
bool settle(Graph& graph) {
  for (const ValueId id : graph.inputs()) {
    TensorType type = graph.value(id).type;
    if (type.shape) {
      std::ranges::replace(*type.shape, kUnknown, int64_t{2});
      graph.set_type(id, std::move(type));
    }
  }
  const Result<KnownInts> inferred = infer_types(graph);
  if (!inferred) {
    expect_refusal(inferred.error());
  }
  return inferred.has_value();
}

// The whole job on a float graph; `choice` decides how.
void quantize_small(const Graph& graph, const npy::NamedTensors& inputs, uint64_t choice) {
  const std::string text = print(graph);
  QuantizeOptions options;
  options.model = write("small.dsir", {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  options.backend = "portable";
  options.threads = 1;
  options.write = false;
  Rng rng(choice);
  options.recipe.act = rng.below(4) == 0 ? Precision::int8 : Precision::int4;
  options.recipe.edges_at_act = rng.below(2) == 0;
  options.recipe.max_weight_error = rng.below(4) == 0 ? 0.001 : 0.01;
  if (rng.below(2) == 0 && !inputs.empty()) {
    options.data = folder() / "data.npz";
    if (!npy::write_npz(*options.data, inputs)) {
      options.data.reset();
    }
  }
  Diagnostics diagnostics;
  Progress unseen;
  const Result<Quantized> done = quantize(options, diagnostics, unseen);
  if (!done) {
    expect_refusal(done.error());
    return;
  }
  round_trips(done->graph);
  run(done->graph, inputs);
}

}  // namespace

const std::filesystem::path& folder() {
  struct Folder {
    std::filesystem::path path;
    Folder() {
      std::string name = (std::filesystem::temp_directory_path() / "dsquant-fuzz-XXXXXX").string();
      if (::mkdtemp(name.data()) == nullptr) {
        find("no folder for temporary files");
      }
      path = name;
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
  };
  static const Folder made;
  return made.path;
}

std::filesystem::path write(const char* name, std::span<const uint8_t> bytes) {
  std::filesystem::path path = folder() / name;
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path;
}

std::string read(const char* name) {
  std::ifstream file(folder() / name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void find(std::string_view what) {
  std::fprintf(stderr, "FIND: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

void expect_refusal(const Error& error) {
  if (info_of(error.code).exit == Exit::internal) {
    find(fmt::format("{} {}: {}", code_name(error.code), error.where, error.what));
  }
}

void exercise(const std::filesystem::path& path) {
  Diagnostics diagnostics;
  Result<Model> model = load_model(path, {}, diagnostics);
  if (!model) {
    expect_refusal(model.error());
    return;
  }
  int64_t nodes = 0;
  int64_t macs = 0;
  if (!settle(model->graph) || !is_small(model->graph, nodes, macs)) {
    return;
  }
  const Graph graph = with_short_loops(std::move(model->graph));
  const npy::NamedTensors inputs = made_up_inputs(graph);
  try {
    run(graph, inputs);
    round_trips(graph);
    if (graph.stage == Stage::floating) {
      quantize_small(graph, inputs, graph.value_slots() + static_cast<uint64_t>(macs));
    }
  } catch (const std::bad_alloc&) {
    return;  // a refusal: error[E703]
  }
}

}  // namespace dsq::fuzz
