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

std::vector<const LayerReport*> worst_layers(const Report& report, size_t limit) {
  std::vector<const LayerReport*> out;
  for (const LayerReport& layer : report.layers) {
    if (!layer.mend.empty() || (layer.integer && !layer.cause.empty())) {
      out.push_back(&layer);
    }
  }
  std::ranges::stable_sort(out, [](const LayerReport* a, const LayerReport* b) { return noise_of(*a) > noise_of(*b); });
  out.resize(std::min(out.size(), limit));
  return out;
}

}  // namespace dsq
