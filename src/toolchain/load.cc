#include "src/toolchain/load.h"

#include <algorithm>

#include "formats/dsq/read.h"
#include "formats/plan/plan.h"
#include "passes/match.h"
#include "src/ir/nested.h"
#include "src/ir/parse.h"
#include "src/ops/infer.h"
#include "src/ops/verify.h"
#include "src/support/file.h"
#include "src/support/hash.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"
#include "src/toolchain/inputs.h"
#include "src/toolchain/nested.h"

namespace dsq {
namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The magic number of .dsq files, also when the rest of it was damaged in transfer.
bool is_dsq(std::string_view bytes) {
  return bytes.starts_with(
      "\x89"
      "DSQ");
}

// A .dsir text begins with the word `graph`, after blanks and comments.
bool is_dsir(std::string_view text) {
  for (;;) {
    const size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) {
      return false;
    }
    text.remove_prefix(start);
    if (!text.starts_with("//")) {
      return text.starts_with("graph ");
    }
    const size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
  }
}

// What a name promises and the file does not hold.
Result<void> check_not_named_otherwise(const std::filesystem::path& path) {
  const std::string ending = lower(path.extension().string());
  if (ending == ".dsir") {
    return fail(Code::not_a_model, "a .dsir text begins with the word `graph`, after comments; this one does not")
        .hint("write it again with `dsquant dump --full`");
  }
  if (ending == ".dsq") {
    return fail(Code::not_a_model, "does not begin like a .dsq file").hint("copy it again, or write it again");
  }
  return {};
}

// --shape for graphs that do not come from the ONNX importer, which has its own.
Result<void> override_shapes(Graph& graph, const std::map<std::string, Shape>& shapes) {
  std::vector<std::string> names;
  for (const ValueId id : graph.inputs()) {
    names.push_back(graph.value(id).name);
  }
  for (const auto& [name, shape] : shapes) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
      return fail(Code::shape_override, "the model has no input '{}'; nearest is '{}'", name, nearest(name, names))
          .at("--shape");
    }
    const ValueId id = graph.inputs()[static_cast<size_t>(found - names.begin())];
    TensorType type = graph.value(id).type;
    bool fits = !type.shape || type.shape->size() == shape.size();
    for (size_t d = 0; fits && type.shape && d < shape.size(); ++d) {
      fits = (*type.shape)[d] == kUnknown || (*type.shape)[d] == shape[d];
    }
    if (!fits) {
      return fail(Code::shape_override, "{} does not fit {}", text_of(shape), text_of(type)).at("input '" + name + "'");
    }
    type.shape = shape;
    graph.set_type(id, std::move(type));
  }
  DSQ_TRY(infer_types(graph));
  return {};
}

// Types that follow from the inputs', and what must hold of every graph, of those within nodes too.
Result<void> settle(Graph& graph) {
  DSQ_TRY(verify_structure(graph));
  DSQ_TRY(infer_types(graph));
  DSQ_TRY(verify(graph));
  for (const NodeId id : graph.nodes()) {
    for (const GraphRef* nested : nested_graphs(graph.node(id).attrs)) {
      Graph own = **nested;
      const Result<void> sound = settle(own);
      if (!sound) {
        return Error(sound.error()).with("in a graph of '" + label_of(graph, id) + "'");
      }
    }
  }
  return {};
}

Result<Model> load_dsir(std::string_view text) {
  Model model;
  model.graph = DSQ_TRY(parse(text));
  DSQ_TRY(settle(model.graph));
  model.kind = ModelKind::dsir;
  for (const ValueId id : model.graph.values()) {
    const Tensor* constant = model.graph.constant(id);
    model.source.weight_bytes += constant == nullptr ? 0 : static_cast<int64_t>(constant->bytes().size());
  }
  return model;
}

Result<Model> load_dsq(std::shared_ptr<const MappedFile> file) {
  DsqModel read = DSQ_TRY(read_dsq(std::move(file)));
  Model model;
  model.graph = std::move(read.graph);
  model.kind = ModelKind::dsq;
  model.source.producer = read.provenance.producer;
  model.source.opset = read.provenance.opset;
  model.source.weight_bytes = read.parts.total() - read.parts.metadata;
  model.provenance = std::move(read.provenance);
  model.parts = read.parts;
  return model;
}

Result<PassLog> canonicalize(Graph& graph, const Recipe& recipe, Diagnostics& diagnostics,
                             const PipelineOptions& options) {
  if (graph.stage != Stage::floating) {
    return PassLog();
  }
  PassContext context{recipe, nullptr, diagnostics};
  PassLog log = DSQ_TRY(run_list("canonicalize", graph, context, options));
  DSQ_TRY(check_finite_weights(graph));  // again: now that constants are folded and layers have taken in what they can
  return log;
}

Result<Model> load(const std::filesystem::path& path, const std::map<std::string, Shape>& shapes,
                   Diagnostics& diagnostics) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  if (file->bytes().empty()) {
    return fail(Code::not_a_model, "the file is empty");
  }
  const std::string_view bytes = as_text(file->bytes());
  if (!is_dsq(bytes) && !is_dsir(bytes)) {
    DSQ_TRY(check_not_named_otherwise(path));
    onnx_format::Imported imported = DSQ_TRY(onnx_format::import_onnx(path, {shapes}, diagnostics));
    return Model{std::move(imported.graph), ModelKind::onnx, std::move(imported.source), {}, {}};
  }
  Model model = DSQ_TRY(is_dsq(bytes) ? load_dsq(file) : load_dsir(bytes));
  model.source.sha256 = hex(sha256(file->bytes()));
  model.source.file_bytes = static_cast<int64_t>(file->bytes().size());
  DSQ_TRY(file->check_unchanged());
  DSQ_TRY(override_shapes(model.graph, shapes));
  return model;
}

Error not_float(const std::filesystem::path& path, const std::string& what) {
  return fail(Code::pass_order, "{}, quantized already; only float models can be quantized", what)
      .at(path.string())
      .hint("give the .onnx file that it was made from; `dsquant inspect` names it");
}

}  // namespace

Result<Plan> load_plan(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  return in_file(path.string(), parse_plan(as_text(file->bytes())));
}

std::string_view name_of(ModelKind kind) {
  switch (kind) {
    case ModelKind::onnx: return "ONNX";
    case ModelKind::dsq: return ".dsq";
    case ModelKind::dsir: return ".dsir text";
  }
  return {};
}

Result<Model> load_model(const std::filesystem::path& path, const std::map<std::string, Shape>& shapes,
                         Diagnostics& diagnostics) {
  return in_file(path.string(), load(path, shapes, diagnostics));
}

Result<void> check_quantizable(const std::filesystem::path& path) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  return is_dsq(as_text(file->bytes())) ? Result<void>(not_float(path, "it is a .dsq file")) : Result<void>();
}

Result<void> check_quantizable(const Graph& graph, const std::filesystem::path& path) {
  return graph.stage == Stage::floating
             ? Result<void>()
             : Result<void>(not_float(path, fmt::format("it is at stage {}", name_of(graph.stage))));
}

Result<PassLog> canonicalize(Graph& graph, Diagnostics& diagnostics, const PipelineOptions& options) {
  return canonicalize(graph, Recipe(), diagnostics, options);
}

Result<PassLog> make_fast(Graph& graph, Diagnostics& diagnostics) {
  Recipe recipe;
  recipe.weights = Precision::floating;
  recipe.act = Precision::floating;
  return canonicalize(graph, recipe, diagnostics, {});
}

}  // namespace dsq
