// sample_accuracy SCORES.npz LABELS.npy: prints the share of rows whose highest score is the label, in percent.
#include <algorithm>
#include <cstdio>

#include "formats/npy/npy.h"

namespace dsq::sample {
namespace {

Result<double> accuracy_percent(const char* scores_path, const char* labels_path) {
  const npy::NamedTensors scores = DSQ_TRY(npy::read(scores_path));
  const npy::NamedTensors labels = DSQ_TRY(npy::read(labels_path));
  const Tensor& score = scores.front().second;
  const std::vector<int64_t> label = to_ints(labels.front().second);
  const int64_t rows = static_cast<int64_t>(label.size());
  if (score.rank() != 2 || score.dtype() != DType::f32 || score.shape()[0] != rows || rows == 0) {
    return fail(Code::labels_mismatch, "scores are [{}, classes] in f32, these are {}", rows, text_of(score.type()))
        .at(scores_path);
  }
  const std::span<const float> values = score.values<float>();
  const size_t classes = static_cast<size_t>(score.shape()[1]);
  int64_t right = 0;
  for (size_t i = 0; i < label.size(); ++i) {
    const std::span<const float> row = values.subspan(i * classes, classes);
    right += std::ranges::max_element(row) - row.begin() == label[i] ? 1 : 0;
  }
  return 100.0 * static_cast<double>(right) / static_cast<double>(rows);
}

}  // namespace
}  // namespace dsq::sample

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: sample_accuracy SCORES.npz LABELS.npy\n", stderr);
    return 2;
  }
  const dsq::Result<double> percent = dsq::sample::accuracy_percent(arguments[1], arguments[2]);
  if (!percent) {
    const dsq::Error& error = percent.error();
    std::fprintf(stderr, "error[%s]: %s: %s\n", dsq::code_name(error.code).c_str(), error.where.c_str(),
                 error.what.c_str());
    return 3;
  }
  std::printf("%.2f\n", *percent);
}
