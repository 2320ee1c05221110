#include "src/runner/memory_plan.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

namespace dsq {
namespace {

constexpr int64_t kAlignment = 64;
constexpr size_t kManyValues = 8192;  // beyond, comparing each with each takes seconds

struct Placed {
  int64_t begin;
  int64_t end;
  Lifetime life;
};

int64_t rounded_up(int64_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

// Memory that is not in use below `top`, found by size and by place.
class FreeBlocks {
 public:
  // The smallest block that holds `bytes`, or new memory at the top.
  int64_t take(int64_t bytes) {
    const auto fit = by_size_.lower_bound({bytes, 0});
    if (fit == by_size_.end()) {
      return std::exchange(top, top + bytes);
    }
    const auto [size, at] = *fit;
    by_size_.erase(fit);
    by_place_.erase(at);
    if (size > bytes) {
      add(at + bytes, size - bytes);
    }
    return at;
  }

  void give(int64_t at, int64_t bytes) {
    auto next = by_place_.lower_bound(at);
    if (next != by_place_.end() && next->first == at + bytes) {
      bytes += next->second;
      next = remove(next);
    }
    if (next != by_place_.begin() && std::prev(next)->first + std::prev(next)->second == at) {
      at = std::prev(next)->first;
      bytes += std::prev(next)->second;
      remove(std::prev(next));
    }
    add(at, bytes);
  }

  int64_t top = 0;

 private:
  using ByPlace = std::map<int64_t, int64_t>;  // place -> size
  void add(int64_t at, int64_t bytes) {
    by_place_.emplace(at, bytes);
    by_size_.emplace(bytes, at);
  }
  ByPlace::iterator remove(ByPlace::iterator block) {
    by_size_.erase({block->second, block->first});
    return by_place_.erase(block);
  }
  ByPlace by_place_;
  std::set<std::pair<int64_t, int64_t>> by_size_;
};

// For graphs of very many values, in n log n: in the order in which values are made.
MemoryPlan plan_in_order(const std::vector<Lifetime>& lifetimes) {
  MemoryPlan plan;
  plan.offset.resize(lifetimes.size(), 0);
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, {}, [&](size_t i) { return lifetimes[i].first; });
  std::multimap<int32_t, size_t> ends;
  FreeBlocks blocks;
  for (const size_t i : order) {
    while (!ends.empty() && ends.begin()->first < lifetimes[i].first) {
      const size_t done = ends.begin()->second;
      if (lifetimes[done].bytes > 0) {
        blocks.give(plan.offset[done], rounded_up(lifetimes[done].bytes));
      }
      ends.erase(ends.begin());
    }
    const int64_t bytes = rounded_up(lifetimes[i].bytes);
    plan.offset[i] = bytes == 0 ? 0 : blocks.take(bytes);
    plan.total += bytes;
    ends.emplace(lifetimes[i].last, i);
  }
  plan.peak = blocks.top;
  return plan;
}

}  // namespace

MemoryPlan plan_memory(const std::vector<Lifetime>& lifetimes) {
  if (lifetimes.size() > kManyValues) {
    return plan_in_order(lifetimes);
  }
  MemoryPlan plan;
  plan.offset.resize(lifetimes.size(), 0);
  std::vector<size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, [&](size_t a, size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  std::vector<Placed> placed;  // sorted by begin
  for (const size_t i : order) {
    const Lifetime& life = lifetimes[i];
    const int64_t bytes = rounded_up(life.bytes);
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
