#include "src/toolchain/noise.h"

#include <cmath>

#include "src/report/rows.h"

namespace dsq {
namespace {

constexpr float kLeastProbability = 1e-10F;

// Of every row, the logarithms less their mean.
std::vector<float> logits_of(const Tensor& probabilities, int64_t samples, std::optional<int64_t> axis) {
  const Rows rows(probabilities, samples, axis);
  std::vector<float> logits;
  logits.reserve(static_cast<size_t>(probabilities.count()));
  for (int64_t s = 0; s < rows.samples(); ++s) {
    for (int64_t p = 0; p < rows.positions(); ++p) {
      double sum = 0;
      for (const float value : rows.row(s, p)) {
        logits.push_back(std::log(value < kLeastProbability ? kLeastProbability : value));
        sum += logits.back();
      }
      const auto mean = static_cast<float>(sum / static_cast<double>(rows.length()));
      for (size_t i = logits.size() - static_cast<size_t>(rows.length()); i < logits.size(); ++i) {
        logits[i] -= mean;
      }
    }
  }
  return logits;
}

}  // namespace

void NoiseMeter::add(int64_t samples, const std::vector<Tensor>& reference, const std::vector<Tensor>& quantized) {
  for (size_t o = 0; o < meters_.size(); ++o) {
    const OutputReading& reading = readings_[o];
    if (reading.probabilities && reference[o].dtype() == DType::f32) {
      meters_[o].add(logits_of(reference[o], samples, reading.axis), logits_of(quantized[o], samples, reading.axis));
    } else {
      meters_[o].add(reference[o], quantized[o]);
    }
  }
}

double NoiseMeter::noise() const {
  double noise = 0;
  for (const ErrorMeter& meter : meters_) {
    noise += std::pow(10.0, -meter.sqnr_db() / 10) / static_cast<double>(meters_.size());
  }
  return noise;
}

}  // namespace dsq
