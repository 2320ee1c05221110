// Opens a model of any kind that dsquant knows. The kind is told by the content, never by the file's name.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "formats/dsq/model.h"
#include "formats/onnx/import.h"
#include "passes/pipeline.h"
#include "src/ir/graph.h"
#include "src/quant/recipe.h"
#include "src/support/diagnostics.h"
#include "src/support/result.h"
#include "src/toolchain/pass_log.h"

namespace dsq {

enum class ModelKind { onnx, dsq, dsir };
std::string_view name_of(ModelKind kind);  // "ONNX", ".dsq", ".dsir text"

struct Model {
  Graph graph;  // types inferred
  ModelKind kind = ModelKind::onnx;
  onnx_format::Source source;            // of a .dsq file: its own hash and size, the producer and opset of its source
  std::optional<Provenance> provenance;  // of a .dsq file, as is `parts`
  std::optional<DsqParts> parts;
};

// `shapes` fixes open dimensions of inputs by name. Errors: the reader's own; shape_override.
Result<Model> load_model(const std::filesystem::path& path, const std::map<std::string, Shape>& shapes,
                         Diagnostics& diagnostics);

// Whether quantize takes it: not a .dsq file, asked before anything else is done with it, and a graph at the float
// stage. Errors: pass_order, and for the file file_unreadable.
Result<void> check_quantizable(const std::filesystem::path& path);
Result<void> check_quantizable(const Graph& graph, const std::filesystem::path& path);

// A plan of precisions by layer. Errors: file_unreadable, data_unreadable.
Result<Plan> load_plan(const std::filesystem::path& path);

// The canonical form of a float graph: constants folded, layers fused, imported quantization turned into ranges. Other
// stages stay as they are. Errors: those of the passes.
Result<PassLog> canonicalize(Graph& graph, Diagnostics& diagnostics, const PipelineOptions& options = {});
// The same for a graph that is to compute what its file says: imported quantization still rounds.
Result<PassLog> make_fast(Graph& graph, Diagnostics& diagnostics);

}  // namespace dsq
