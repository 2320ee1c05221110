#include "src/data/scan.h"

#include <optional>

#include "src/support/exceptions.h"
#include "src/support/parallel.h"

namespace dsq {

std::vector<BadSample> bad_samples(const Dataset& data) {
  std::vector<std::optional<Error>> found(static_cast<size_t>(data.size()));
  parallel_for(data.size(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      try {
        const Result<std::vector<Tensor>> sample = data.batch(i, 1);
        if (!sample) {
          found[static_cast<size_t>(i)] = sample.error();
        }
      } catch (const std::exception& exception) {
        found[static_cast<size_t>(i)] = error_of(exception).at(data.place(i));
      }
    }
  });
  std::vector<BadSample> bad;
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i]) {
      bad.push_back({static_cast<int64_t>(i), std::move(*found[i])});
    }
  }
  return bad;
}

}  // namespace dsq
