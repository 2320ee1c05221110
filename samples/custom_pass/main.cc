// Quantizes a model with a pass of its own in the pipeline: before the list `canonicalize`, so that the passes there fold
// what it makes into the layers. Usage: sample_custom_pass MODEL.onnx OUT.dsq
#include <iostream>

#include "samples/custom_pass/bound_relus.h"
#include "src/toolchain/quantize.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: sample_custom_pass MODEL.onnx OUT.dsq\n";
    return static_cast<int>(dsq::Exit::usage);
  }
  dsq::QuantizeOptions options;
  options.model = argv[1];
  options.output = argv[2];
  options.passes.push_back({sample::kBoundRelus, "canonicalize"});

  dsq::Diagnostics diagnostics;
  dsq::Progress silent;
  const dsq::Result<dsq::Quantized> done = dsq::quantize(options, diagnostics, silent);
  if (!done) {
    const dsq::Error& error = done.error();
    std::cerr << dsq::code_name(error.code) << ": " << error.where << ": " << error.what << "\n";
    return static_cast<int>(dsq::info_of(error.code).exit);
  }
  for (const dsq::Diagnostic& each : diagnostics.items()) {
    std::cout << (each.pass == sample::kBoundRelus.name ? each.text + "\n" : "");
  }
  std::cout << done->report.headline << "\n";
  return static_cast<int>(dsq::Exit::ok);
}
