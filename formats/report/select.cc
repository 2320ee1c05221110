#include "formats/report/select.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dsq {

double noise_of_db(double sqnr_db) { return std::pow(10.0, -sqnr_db / 20.0); }

double noise_of(const LayerReport& layer) {
  const double noise = layer.output_sqnr_db  ? noise_of_db(*layer.output_sqnr_db)
                       : layer.input_sqnr_db ? noise_of_db(*layer.input_sqnr_db)
                                             : layer.weight_error;
  return std::isnan(noise) ? std::numeric_limits<double>::infinity() : noise;
}

double own_noise_of(const LayerReport& layer) {
  const double noise = layer.input_sqnr_db ? noise_of_db(*layer.input_sqnr_db) : noise_of(layer);
  return std::isnan(noise) ? std::numeric_limits<double>::infinity() : noise;
}

namespace {

bool is_held(const LayerReport& layer) { return layer.weight_type == "i8"; }

}  // namespace

bool misses_limit(const Report& report, const LayerReport& layer) {
  return is_held(layer) && !(layer.weight_error <= report.max_weight_error);
}

bool has_weight_limit(const Report& report) { return std::ranges::any_of(report.layers, is_held); }

const LayerReport* worst_weights(const Report& report) {
  const bool held_only = has_weight_limit(report);
  const auto size = [](const LayerReport& layer) {
    return std::isnan(layer.weight_error) ? HUGE_VAL : layer.weight_error;
  };
  const LayerReport* worst = nullptr;
  for (const LayerReport& layer : report.layers) {
    if ((!held_only || is_held(layer)) && (worst == nullptr || size(layer) > size(*worst))) {
      worst = &layer;
    }
  }
  return worst;
}

std::vector<const LayerReport*> worst_layers(const Report& report, size_t limit) {
  std::vector<const LayerReport*> out;
  for (const LayerReport& layer : report.layers) {
    if (!layer.mend.empty() || (layer.integer && !layer.cause.empty())) {
      out.push_back(&layer);
    }
  }
  std::ranges::stable_sort(out, std::greater(), [](const LayerReport* layer) { return own_noise_of(*layer); });
  out.resize(std::min(out.size(), limit));
  return out;
}

}  // namespace dsq
