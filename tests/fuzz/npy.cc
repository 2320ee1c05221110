// Fuzz target: .npy and .npz files. What can be read is written and read again, and cut into samples.
#include "formats/npy/npy.h"

#include "src/data/dataset.h"
#include "tests/fuzz/exercise.h"

namespace {

using namespace dsq;  // NOLINT: a test program

void cut_into_samples(const npy::NamedTensors& arrays) {
  Graph graph;
  for (const auto& [name, tensor] : arrays) {
    TensorType type = tensor.type();
    if (!type.shape->empty()) {
      type.shape->front() = kUnknown;
    }
    if (graph.find_value(name.empty() ? "x" : name)) {
      return;
    }
    graph.add_input(name.empty() ? "x" : name, std::move(type));
  }
  Diagnostics diagnostics;
  const Result<Dataset> data = Dataset::make(graph, arrays, diagnostics);
  if (!data) {
    fuzz::expect_refusal(data.error());
  } else if (data->size() > 0) {
    const Result<std::vector<Tensor>> batch = data->batch(0, data->step(1));
    if (!batch) {
      fuzz::expect_refusal(batch.error());
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Result<npy::NamedTensors> arrays = npy::read(fuzz::write("data.npz", {data, size}));
  if (!arrays) {
    fuzz::expect_refusal(arrays.error());
    return 0;
  }
  const std::filesystem::path copy = fuzz::folder() / "copy.npz";
  if (!npy::write_npz(copy, *arrays)) {
    return 0;  // a name that is too long for an archive
  }
  const Result<npy::NamedTensors> again = npy::read(copy);
  if (!again) {
    fuzz::find("what was written cannot be read back: " + again.error().what);
  }
  if (*again != *arrays) {
    fuzz::find("arrays that were written are read differently");
  }
  cut_into_samples(*arrays);
  return 0;
}
