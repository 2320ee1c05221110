// parallel_for over [0, n): the body gets disjoint ranges. Results must not depend on how the range is cut
// (contract C3), so bodies write disjoint outputs and never accumulate across indices.
#pragma once

#include <cstdint>
#include <functional>

namespace dsq {

// Ranges hold at least `grain` indices, so small loops stay on the calling thread.
void parallel_for(int64_t n, int64_t grain, const std::function<void(int64_t begin, int64_t end)>& body);

// The number of threads for parallel_for and oneDNN, on this thread, until the scope ends. 0 means all cores.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  int previous_;
};

int thread_count();  // of this thread's scope

}  // namespace dsq
