#include "cli/forecast.h"

#include <algorithm>

#include "cli/table.h"
#include "formats/report/json.h"
#include "formats/report/markup.h"
#include "src/support/strings.h"

namespace dsq::cli {
namespace {

constexpr size_t kName = 30;

std::string bytes_text(int64_t bytes) { return human_bytes(static_cast<double>(bytes)); }

std::string layers_text(const Report& report) {
  Table table({"layer", "operator", ">weights", "stored as", ">bytes", ">error", "input as", "range"});
  for (const LayerReport& layer : report.layers) {
    const bool whole = layer.granularity == "per channel" || layer.granularity == "none";
    table.add({shortened(layer.name, kName), layer.op, count_text(static_cast<double>(layer.weights)),
               layer.weight_type + (whole ? "" : ", " + layer.granularity), bytes_text(layer.stored_bytes),
               fmt::format("{:.2f} %", layer.weight_error * 100), layer.integer ? layer.act_type : "f32",
               layer.range == "none" ? "" : layer.range});
  }
  return table.empty() ? "no layer has weights of its own\n" : table.text();
}

std::string floats_text(const Report& report) {
  std::string text;
  for (const FloatPart& part : report.floats) {
    text += fmt::format("  {:>4} {:<14} {}: {}\n", part.nodes.size(), part.op, shortened(part.nodes.front(), kName),
                        part.reason);
  }
  return text.empty() ? "" : "stays in float (how many, the first one, why)\n" + text + "\n";
}

std::string memory_text(const Quantized& done) {
  const Report& report = done.report;
  if (!report.memory) {
    return "memory     not known: some shapes are open; --shape NAME=1,3,224,224 settles them\n";
  }
  std::string text =
      fmt::format("memory     {} of working memory for {}; in float {}\n", bytes_text(report.memory->quantized_peak),
                  report.memory->shapes, bytes_text(report.memory->float_peak));
  return text + fmt::format("           quantizing takes about {}\n", bytes_text(*done.forecast->process_peak));
}

}  // namespace

std::string forecast_text(const Quantized& done, const OutputPaths& files) {
  const Report& report = done.report;
  const Forecast& forecast = *done.forecast;
  std::string text = layers_text(report) + "\n" + floats_text(report);
  text += fmt::format("file       {}{} instead of {} ({})\n", forecast.exact ? "" : "about ",
                      bytes_text(forecast.file_bytes), bytes_text(report.float_file_bytes),
                      page::percent(static_cast<double>(forecast.file_bytes) /
                                    static_cast<double>(std::max<int64_t>(report.float_file_bytes, 1))));
  text += forecast.exact ? fmt::format("           {} bytes, exactly\n", forecast.file_bytes)
                         : "           near that: ranges, and weights with them, come from a few samples\n";
  text += fmt::format("integer    {} of all multiply-adds\n", page::percent(report.integer_mac_share));
  text += memory_text(done);
  text += "accuracy   not known before the real run\n";
  return text + fmt::format("\nnothing was written; without --dry-run\nmodel      {}\nreport     {}\n           {}\n",
                            files.model.string(), files.html.string(), files.json.string());
}

Json forecast_json(const Quantized& done, const OutputPaths& files) {
  const Forecast& forecast = *done.forecast;
  Json json = Json::parse(to_json(done.report));
  json["forecast"] = {{"file_bytes", forecast.file_bytes},
                      {"file_bytes_exact", forecast.exact},
                      {"process_peak_bytes", forecast.process_peak ? Json(*forecast.process_peak) : Json()}};
  json["files"] = {{"model", files.model.string()}, {"html", files.html.string()}, {"json", files.json.string()}};
  return json;
}

}  // namespace dsq::cli
