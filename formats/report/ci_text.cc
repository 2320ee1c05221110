#include "formats/report/ci_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "formats/report/select.h"

namespace dsq {

std::string layer_name(const LayerReport& layer) { return layer.name.empty() ? "(no name)" : layer.name; }

std::vector<const LayerReport*> three_worst(const Report& report) {
  constexpr size_t kThree = 3;
  std::vector<const LayerReport*> out;
  for (const LayerReport& layer : report.layers) {
    out.push_back(&layer);
  }
  std::ranges::stable_sort(out, std::greater(), [](const LayerReport* layer) { return own_noise_of(*layer); });
  out.resize(std::min(out.size(), kThree));
  return out;
}

std::string noise_text(const LayerReport& layer) {
  std::string text;
  if (layer.input_sqnr_db) {
    text = fmt::format("input SQNR {:.1f} dB", *layer.input_sqnr_db);
  }
  if (layer.output_sqnr_db) {
    text += fmt::format("{}output SQNR {:.1f} dB", text.empty() ? "" : ", ", *layer.output_sqnr_db);
  }
  return text.empty() ? fmt::format("weight error {:.2f} %", 100 * layer.weight_error) : text;
}

std::string worst_layers_text(const Report& report) {
  std::string text;
  for (const LayerReport* layer : three_worst(report)) {
    text += fmt::format("  {}: {}{}{}\n", layer_name(*layer), noise_text(*layer),
                        layer->cause.empty() ? "" : "; " + layer->cause,
                        layer->mend.empty() ? "" : "; mended by " + layer->mend);
  }
  return text.empty() ? text : "worst layers:\n" + text;
}

}  // namespace dsq
