// The library on one screen: reads a model, quantizes it to 8-bit weights and activations, writes the three files and
// says what it cost. Usage: sample_quantize MODEL.onnx OUT.dsq [CALIBRATION.npz]
#include <iostream>

#include "src/toolchain/quantize.h"

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: sample_quantize MODEL.onnx OUT.dsq [CALIBRATION.npz]\n";
    return static_cast<int>(dsq::Exit::usage);
  }
  dsq::QuantizeOptions options;
  options.model = argv[1];
  options.output = argv[2];
  options.recipe.act = dsq::Precision::int8;
  if (argc > 3) {
    options.data = argv[3];
  }

  dsq::Diagnostics diagnostics;  // what the library wants to say without failing
  dsq::Progress silent;
  const dsq::Result<dsq::Quantized> done = dsq::quantize(options, diagnostics, silent);
  if (!done) {
    const dsq::Error& error = done.error();
    std::cerr << dsq::code_name(error.code) << ": " << error.where << ": " << error.what << "\n";
    return static_cast<int>(dsq::info_of(error.code).exit);
  }
  for (const dsq::Diagnostic& each : diagnostics.items()) {
    std::cerr << (each.where.empty() ? "" : each.where + ": ") << each.text << "\n";
  }
  const dsq::Report& report = done->report;
  std::cout << report.headline << "\n";
  for (const dsq::LayerReport& layer : report.layers) {
    std::cout << layer.name << ": " << layer.weight_type << " x " << layer.act_type << ", weights within "
              << layer.weight_error * 100 << " %\n";
  }
  return static_cast<int>(report.passed ? dsq::Exit::ok : dsq::Exit::gate);
}
