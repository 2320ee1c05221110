#include "src/toolchain/samples.h"

#include "formats/npy/npy.h"
#include "src/data/scan.h"
#include "src/support/file.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

// Without the samples that cannot be used, as many as may be missing.
Result<Dataset> usable(Dataset data, const SampleOptions& options, Diagnostics& diagnostics) {
  if (data.streams() && options.skip_bad == 0) {
    return data;  // each is looked at when its turn comes
  }
  std::vector<BadSample> bad = bad_samples(data);
  if (static_cast<int64_t>(bad.size()) > options.skip_bad) {
    Error first = std::move(bad.front().error);
    first.what +=
        bad.size() > 1 ? fmt::format("; {} of {} cannot be used", bad.size(), plural(data.size(), "sample")) : "";
    return first;
  }
  std::vector<int64_t> good;
  for (int64_t i = 0, next = 0; i < data.size(); ++i) {
    if (next < static_cast<int64_t>(bad.size()) && bad[static_cast<size_t>(next)].index == i) {
      const Error& error = bad[static_cast<size_t>(next++)].error;
      diagnostics.warn(error.code, error.where, error.what + "; left out");
    } else {
      good.push_back(i);
    }
  }
  if (good.empty()) {
    return fail(Code::data_unreadable, "none of {} can be used", plural(data.size(), "sample"));
  }
  return bad.empty() ? data : data.select(std::move(good));
}

}  // namespace

Result<Dataset> open_samples(const Graph& graph, const std::filesystem::path& path, const SampleOptions& options,
                             Diagnostics& diagnostics) {
  Result<Dataset> data = Dataset::make(graph, DSQ_TRY(npy::read(path)), diagnostics);
  return in_file(path.string(), data ? usable(std::move(*data), options, diagnostics) : std::move(data));
}

Result<std::string> hash_of_samples(const std::filesystem::path& path) {
  return hex(sha256(DSQ_TRY(MappedFile::open(path))->bytes()));
}

}  // namespace dsq
