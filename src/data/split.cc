#include "src/data/split.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "src/support/parallel.h"
#include "src/support/rng.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

// Samples with the same bytes, each group in the place of its first one.
Result<std::vector<std::vector<int64_t>>> groups_of(const Dataset& data) {
  const std::vector<Digest> digests = DSQ_TRY(digests_of(data));
  std::map<Digest, size_t> known;
  std::vector<std::vector<int64_t>> groups;
  for (int64_t i = 0; i < data.size(); ++i) {
    const auto [at, fresh] = known.emplace(digests[static_cast<size_t>(i)], groups.size());
    fresh ? groups.push_back({i}) : groups[at->second].push_back(i);
  }
  return groups;
}

Split not_parted(std::string reason) { return {{}, {}, 0, std::move(reason)}; }

}  // namespace

Result<std::vector<Digest>> digests_of(const Dataset& data) {
  std::vector<Result<Digest>> read(static_cast<size_t>(data.size()), Digest{});
  parallel_for(data.size(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      read[static_cast<size_t>(i)] = data.digest(i);
    }
  });
  std::vector<Digest> digests;
  for (Result<Digest>& digest : read) {
    digests.push_back(DSQ_TRY(std::move(digest)));
  }
  return digests;
}

uint64_t short_digest(const Digest& digest) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof value; ++i) {
    value = value << 8 | digest[i];
  }
  return value;
}

Result<Split> split_samples(const Dataset& data, double share, uint64_t seed) {
  const int64_t batch = std::max<int64_t>(data.fixed_batch(), 1);
  const int64_t batches = data.size() / batch;
  if (!data.divisible()) {
    return not_parted("a state of the model holds them together");
  }
  if (data.size() < kFewestSamples || batches < 2) {
    return not_parted(plural(data.size(), "sample") + (data.size() == 1 ? " is" : " are") + " too few to part");
  }
  std::vector<std::vector<int64_t>> groups = DSQ_TRY(groups_of(data));
  Rng rng(seed);
  for (size_t i = groups.size(); i > 1; --i) {
    std::swap(groups[i - 1], groups[static_cast<size_t>(rng.below(static_cast<int64_t>(i)))]);
  }
  const int64_t wanted = batch * std::clamp<int64_t>(std::lrint(share * static_cast<double>(batches)), 1, batches - 1);
  Split split;
  for (const std::vector<int64_t>& group : groups) {
    const bool room = static_cast<int64_t>(split.evaluation.size() + group.size()) <= wanted;
    std::vector<int64_t>& side = room ? split.evaluation : split.calibration;
    side.insert(side.end(), group.begin(), group.end());
  }
  for (std::vector<int64_t>* side : {&split.calibration, &split.evaluation}) {
    std::ranges::sort(*side);
    const size_t over = side->size() % static_cast<size_t>(batch);
    split.unused += static_cast<int64_t>(over);
    side->resize(side->size() - over);
  }
  if (split.calibration.empty() || split.evaluation.empty()) {
    return not_parted("they are copies of each other");
  }
  return split;
}

Result<std::vector<int64_t>> shared_samples(const Dataset& data, const Dataset& others) {
  const std::vector<Digest> there = DSQ_TRY(digests_of(others));
  const std::set<Digest> known(there.begin(), there.end());
  const std::vector<Digest> here = DSQ_TRY(digests_of(data));
  std::vector<int64_t> shared;
  for (int64_t i = 0; i < data.size(); ++i) {
    if (known.contains(here[static_cast<size_t>(i)])) {
      shared.push_back(i);
    }
  }
  return shared;
}

}  // namespace dsq
