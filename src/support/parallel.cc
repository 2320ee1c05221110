#include "src/support/parallel.h"

#include <algorithm>

#include <omp.h>

namespace dsq {

void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t, int64_t)>& body) {
  if (n <= 0) {
    return;
  }
  const int64_t pieces = std::min<int64_t>(omp_get_max_threads(), (n + grain - 1) / std::max<int64_t>(grain, 1));
  if (pieces <= 1 || omp_in_parallel() != 0) {
    body(0, n);
    return;
  }
#pragma omp parallel for num_threads(static_cast <int>(pieces)) schedule(static, 1)
  for (int64_t i = 0; i < pieces; ++i) {
    body(n * i / pieces, n * (i + 1) / pieces);
  }
}

ThreadScope::ThreadScope(int threads) : previous_(omp_get_max_threads()) {
  omp_set_num_threads(threads > 0 ? threads : omp_get_num_procs());
}

ThreadScope::~ThreadScope() { omp_set_num_threads(previous_); }

int thread_count() { return omp_get_max_threads(); }

}  // namespace dsq
