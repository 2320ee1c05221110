#include "src/runner/memory_plan.h"

#include <algorithm>
#include <numeric>

namespace dsq {
namespace {

constexpr int64_t kAlignment = 64;

struct Placed {
  int64_t begin;
  int64_t end;
  Lifetime life;
};

}  // namespace

MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes) {
  MemoryPlan plan;
  plan.offset.resize(lifetimes.size(), 0);
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  std::vector<Placed> placed;  // sorted by begin
  for (const size_t i : order) {
    const Lifetime& life = lifetimes[i];
    const int64_t bytes = (life.bytes + kAlignment - 1) / kAlignment * kAlignment;
    int64_t at = 0;
    for (const Placed& other : placed) {
      const bool together = other.life.first <= life.last && life.first <= other.life.last;
      if (!together || other.end <= at) {
        continue;
      }
      if (other.begin >= at + bytes) {
        break;
      }
      at = other.end;
    }
    const Placed mine{at, at + bytes, life};
    placed.insert(std::ranges::upper_bound(placed, at, {}, &Placed::begin), mine);
    plan.offset[i] = at;
    plan.peak = std::max(plan.peak, at + bytes);
    plan.total += bytes;
  }
  return plan;
}

}  // namespace dsq
