// dsquant inspect: what a model holds.
#include <algorithm>
#include <memory>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "formats/report/markup.h"
#include "src/support/strings.h"
#include "src/toolchain/inspect.h"
#include "src/toolchain/load.h"

namespace dsq::cli {
namespace {

struct Options {
  Common common;
  std::filesystem::path model;
  RecipeOptions recipe;
};

using Ports = std::vector<std::pair<std::string, TensorType>>;

Json ports_json(const Ports& ports) {
  Json json = Json::array();
  for (const auto& [name, type] : ports) {
    json.push_back({{"name", name}, {"type", name_of(type.dtype)}, {"shape", type.shape ? Json(*type.shape) : Json()}});
  }
  return json;
}

Json to_json(const Options& options, const Model& model, const Inspection& facts) {
  Json json = {{"model", options.model.string()},
               {"kind", name_of(model.kind)},
               {"stage", name_of(model.graph.stage)},
               {"sha256", model.source.sha256},
               {"producer", model.source.producer},
               {"opset", model.source.opset},
               {"file_bytes", model.source.file_bytes},
               {"weight_bytes", model.source.weight_bytes},
               {"parameters", facts.parameters},
               {"constant_bytes", facts.constant_bytes},
               {"macs", facts.macs},
               {"integer_macs", facts.integer_macs},
               {"assumed_shapes", facts.assumed},
               {"open_shapes", facts.open_shapes},
               {"nodes", facts.nodes},
               {"inputs", ports_json(facts.inputs)},
               {"outputs", ports_json(facts.outputs)}};
  if (model.provenance) {
    const Provenance& from = *model.provenance;
    json["provenance"] = {
        {"tool", from.tool},       {"source_name", from.source_name}, {"source_sha256", from.source_sha256},
        {"options", from.options}, {"data_sha256", from.data_sha256}, {"data_samples", from.data_samples}};
    json["parts"] = {{"integers", model.parts->integers},
                     {"scales", model.parts->scales},
                     {"fp16", model.parts->fp16},
                     {"floats", model.parts->floats},
                     {"metadata", model.parts->metadata}};
  }
  if (facts.seams) {
    json["conversions"] = facts.seams->conversions;
    json["float_islands"] = facts.seams->islands;
  }
  for (const auto& [op, count] : facts.ops) {
    json["ops"][std::string(name_of(op))] = count;
  }
  json["layers"] = Json::array();
  for (const LayerFacts& layer : facts.layers) {
    json["layers"].push_back({{"name", layer.name},
                              {"op", name_of(layer.op)},
                              {"output", text_of(layer.output)},
                              {"macs", layer.macs},
                              {"weights", layer.weights},
                              {"weight_bytes", layer.weight_bytes},
                              {"weight_type", name_of(layer.weight_type)},
                              {"input_type", name_of(layer.input_type)},
                              {"range", layer.range}});
    if (!layer.plan.empty()) {
      json["layers"].back()["plan"] = layer.plan;
    }
  }
  return json;
}

std::string ports_text(std::string_view heading, const Ports& ports) {
  Table table({std::string(heading), "type"});
  for (const auto& [name, type] : ports) {
    table.add({name, text_of(type)});
  }
  return table.text();
}

std::string layers_text(const Inspection& facts) {
  const bool planned = std::ranges::any_of(facts.layers, [](const LayerFacts& layer) { return !layer.plan.empty(); });
  std::vector<std::string> columns = {"layer", "operator", "output", ">MACs", ">weights", ">bytes", "stored as"};
  columns.insert(columns.end(), planned ? 0 : 1, "input as");
  columns.emplace_back(planned ? "quantized" : "range");
  Table table(std::move(columns));
  for (const LayerFacts& layer : facts.layers) {
    std::vector<std::string> row = {shortened(layer.name, 30),
                                    std::string(name_of(layer.op)),
                                    text_of(layer.output),
                                    layer.macs == 0 ? "?" : count_text(static_cast<double>(layer.macs)),
                                    count_text(static_cast<double>(layer.weights)),
                                    human_bytes(static_cast<double>(layer.weight_bytes)),
                                    std::string(name_of(layer.weight_type))};
    row.insert(row.end(), planned ? 0 : 1, std::string(name_of(layer.input_type)));
    row.push_back(planned ? layer.plan : layer.range);
    table.add(std::move(row));
  }
  return (planned ? "what quantizing would make of its layers, without data (--dry-run measures it)\n" : "") +
         table.text();
}

std::string costs_text(const Inspection& facts) {
  std::string text = fmt::format("{} parameters, {} of constants in memory, {}{} MACs a run\n",
                                 count_text(static_cast<double>(facts.parameters)),
                                 human_bytes(static_cast<double>(facts.constant_bytes)),
                                 facts.open_shapes ? "at least " : "", count_text(static_cast<double>(facts.macs)));
  if (!facts.assumed.empty()) {
    text += fmt::format("open dimensions are taken as 1: {}; --shape NAME=1,3,224,224 settles them\n",
                        visible(fmt::format("{}", fmt::join(facts.assumed, ", "))));
  } else if (facts.open_shapes) {
    text += "some shapes are open: --shape NAME=1,3,224,224 settles them\n";
  }
  if (facts.seams) {
    const double share =
        facts.macs > 0 ? static_cast<double>(facts.integer_macs) / static_cast<double>(facts.macs) : 0.0;
    text +=
        fmt::format("{:.1f} % of the MACs in integers; {} and {} of operators in float\n", share * 100,
                    page::plural(facts.seams->conversions, "conversion"), page::plural(facts.seams->islands, "island"));
  }
  return text;
}

std::string provenance_text(const Provenance& from, const DsqParts& parts) {
  std::string text = fmt::format("written by {} from {} (sha256 {})\n  with {}\n", visible(from.tool),
                                 visible(from.source_name), from.source_sha256, visible(from.options));
  if (from.data_samples > 0) {
    text += fmt::format("  on {} (sha256 {})\n", plural(from.data_samples, "sample"), from.data_sha256);
  }
  const auto bytes = [](int64_t n) { return human_bytes(static_cast<double>(n)); };
  return text + fmt::format("holds {} of integer weights, {} of scales, {} fp16, {} floats, {} for the graph\n",
                            bytes(parts.integers), bytes(parts.scales), bytes(parts.fp16), bytes(parts.floats),
                            bytes(parts.metadata));
}

std::string to_text(const Options& options, const Model& model, const Inspection& facts) {
  const onnx_format::Source& source = model.source;
  std::string text = fmt::format("{}: {}, {} stage, {}", options.model.string(), name_of(model.kind),
                                 name_of(model.graph.stage), human_bytes(static_cast<double>(source.file_bytes)));
  text += source.producer.empty() ? "" : ", from " + visible(source.producer);
  text += source.opset == 0 ? "" : fmt::format(", opset {}", source.opset);
  text += fmt::format("\nsha256 {}\n", source.sha256);
  text += model.provenance ? provenance_text(*model.provenance, *model.parts) : "";
  text += costs_text(facts);
  text += "\n" + ports_text("input", facts.inputs) + "\n" + ports_text("output", facts.outputs);
  text += fmt::format("\n{}:", plural(facts.nodes, "node"));
  for (const auto& [op, count] : facts.ops) {
    text += fmt::format(" {} {}{}", count, name_of(op), &op == &facts.ops.back().first ? "\n" : ",");
  }
  return text + (facts.layers.empty() ? "" : "\n" + layers_text(facts));
}

Result<Exit> run(const Options& options, Console& console) {
  Diagnostics diagnostics;
  const Model model = DSQ_TRY(load_model(options.model, options.common.shapes, diagnostics));
  Inspection facts = inspect(model.graph);
  if (model.graph.stage == Stage::floating) {
    const Recipe recipe = DSQ_TRY(recipe_of(options.recipe));
    Result<std::vector<LayerFacts>> planned = plan_layers(model.graph, recipe, diagnostics);
    if (planned) {
      facts.layers = std::move(*planned);
    } else if (planned.error().code == Code::selector_unmatched) {
      return std::move(planned).error();
    } else {
      diagnostics.note("", "quantizing would refuse it: " + planned.error().what);
    }
  } else if (options.recipe.given()) {
    return fail(Code::option_conflict, "there is nothing to plan at stage {}", name_of(model.graph.stage))
        .at(options.model.string())
        .hint("leave --weights, --act and --keep out");
  }
  console.report(diagnostics, options.common.explain);
  options.common.json ? console.print_json(to_json(options, model, facts))
                      : console.print(fitted(to_text(options, model, facts)));
  return Exit::ok;
}

}  // namespace

Action define_inspect(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  add_model(app, options->model);
  add_recipe(app, options->recipe);
  add_shapes(app, options->common);
  add_explain(app, options->common);
  add_json(app, options->common);
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace dsq::cli
