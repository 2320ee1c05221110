// Reads the batches of a data set in order, the next one while the last one is used.
#pragma once

#include <future>
#include <optional>
#include <vector>

#include "src/data/dataset.h"

namespace dsq {

// Samples that are files are decoded on as many threads as there are, one batch ahead, so two batches are in memory at
// any time. Arrays are cut when their turn comes. What comes out never depends on threads.
class Prefetch {
 public:
  Prefetch(const Dataset& data, int64_t step);
  Prefetch(const Prefetch&) = delete;
  Prefetch& operator=(const Prefetch&) = delete;
  // The batch of samples [i * step, (i + 1) * step) at the i-th call, the last one as small as it is; `data` must have
  // it. Errors: those of Dataset::batch.
  Result<std::vector<Tensor>> next();

 private:
  using Batch = Result<std::vector<Tensor>>;
  Batch read(int64_t first) const;
  const Dataset& data_;
  int64_t step_;
  int64_t at_ = 0;
  std::optional<std::future<Batch>> ahead_;
};

}  // namespace dsq
