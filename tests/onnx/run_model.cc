// Runs a float model on the arrays of a .npz as they are (no batching), for comparisons with ONNX Runtime.
//
//   run_model MODEL INPUTS.npz OUTPUTS.npz [--backend NAME] [--threads N] [--shape name=1,2,3]...
#include <algorithm>
#include <iostream>
#include <sstream>

#include "formats/npy/npy.h"
#include "formats/onnx/import.h"
#include "src/runner/runner.h"
#include "src/support/strings.h"

namespace {

using namespace dsq;  // NOLINT: a test program

struct Options {
  std::vector<std::string> files;
  CompileOptions compile{"portable", 1, {}};
  onnx_format::ImportOptions import;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--backend") {
      options.compile.backend = argv[++i];
    } else if (argument == "--threads") {
      options.compile.threads = std::stoi(argv[++i]);
    } else if (argument == "--shape") {
      const std::string pair = argv[++i];
      std::istringstream numbers(pair.substr(pair.find('=') + 1));
      Shape& shape = options.import.shapes[pair.substr(0, pair.find('='))];
      for (std::string number; std::getline(numbers, number, ',');) {
        shape.push_back(std::stoll(number));
      }
    } else {
      options.files.push_back(argument);
    }
  }
  return options;
}

Result<void> run(const Options& options) {
  Diagnostics diagnostics;
  onnx_format::Imported imported = DSQ_TRY(onnx_format::import_onnx(options.files[0], options.import, diagnostics));
  const npy::NamedTensors arrays = DSQ_TRY(npy::read(options.files[1]));
  std::vector<Tensor> inputs;
  for (const ValueId id : imported.graph.inputs()) {
    const std::string& name = imported.graph.value(id).name;
    const auto found = std::ranges::find_if(arrays, [&](const auto& each) { return each.first == name; });
    if (found == arrays.end()) {
      return fail(Code::data_mismatch, "no array is named '{}'", name);
    }
    inputs.push_back(found->second);
  }
  Runner runner(std::move(imported.graph), options.compile);
  const std::vector<Tensor> outputs = DSQ_TRY(runner.run(inputs));
  npy::NamedTensors named;
  for (size_t i = 0; i < outputs.size(); ++i) {
    named.emplace_back(runner.graph().value(runner.graph().outputs()[i]).name, outputs[i]);
  }
  return npy::write_npz(options.files[2], named);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (options.files.size() != 3) {
    std::cerr
        << "usage: run_model MODEL INPUTS.npz OUTPUTS.npz [--backend NAME] [--threads N] [--shape name=1,2,3]...\n";
    return 2;
  }
  const Result<void> done = run(options);
  if (!done) {
    std::cerr << "error[" << code_name(done.error().code) << "]: " << done.error().what << ", " << done.error().where
              << '\n';
    return 3;
  }
  return 0;
}
