// dsquant version: touches no library, so it answers in milliseconds (contract C4).
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/options.h"
#include "cli/table.h"
#include "formats/onnx/import.h"
#include "src/runner/backend.h"

namespace dsq::cli {
namespace {

Json features() {
  Json json = {{"version", DSQ_VERSION}};
  json["backends"] = Json::array();
  for (const Backend& backend : backends()) {
    json["backends"].push_back(backend.name);
  }
  json["cuda"] = false;
  json["qat"] = false;
  json["onnx_opsets"] = {onnx_format::kMinOpset, onnx_format::kMaxOpset};
  json["libraries"] = {
      {"oneDNN", DSQ_DNNL_VERSION},
      {"protobuf", DSQ_PROTOBUF_VERSION},
      {"FlatBuffers", DSQ_FLATBUFFERS_VERSION},
      {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"CLI11", CLI11_VERSION}};
  json["compiler"] = "g++ " __VERSION__;
  return json;
}

std::string to_text(const Json& json) {
  std::string text = fmt::format("dsquant {}\nbackends:", DSQ_VERSION);
  for (const Json& backend : json["backends"]) {
    text += " " + backend.get<std::string>();
  }
  text +=
      fmt::format("\nbuilt without CUDA, without training\nONNX opsets: {} to {}\nlibraries:", onnx_format::kMinOpset,
                  onnx_format::kMaxOpset);
  for (const auto& [name, version] : json["libraries"].items()) {
    text += fmt::format(" {} {}", name, version.get<std::string>());
  }
  return text + "\ncompiler: " + json["compiler"].get<std::string>() + "\n";
}

}  // namespace

Action define_version(CLI::App& app) {
  const auto common = std::make_shared<Common>();
  add_json(app, *common);
  return [common](Console& console) -> Result<Exit> {
    common->json ? console.print_json(features()) : console.print(fitted(to_text(features())));
    return Exit::ok;
  };
}

}  // namespace dsq::cli
