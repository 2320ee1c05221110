// Mixed precision: which layers' inputs get 4 bits, which 8, which stay in fp16.
//
// What each layer costs the network's outputs at each precision is measured, one layer at a time (sensitivity.h). Taken as
// energies they add up, so plans along the lower hull of noise over work moved out of 4 bits are found by sorting. How much
// noise is too much is found by trying: plans on that hull are made, repaired and judged on held-out samples, and the one
// that leaves most work at 4 bits within the aim is kept.
#pragma once

#include <vector>

#include "src/toolchain/attempt.h"

namespace dsq {

// A plan on the hull.
struct PlanPoint {
  Plan plan;
  double share = 0;               // of multiplications with inputs of the asked precision
  double noise = 0;               // predicted
  std::optional<Rehearsed> seen;  // where it was tried
};

struct Found {
  Attempt attempt;
  std::vector<PlanPoint> front;  // from all at the asked precision to all in fallbacks
  size_t chosen = 0;             // of front
  bool within_aim = true;
};

// Of the report.
std::vector<PlanReport> plan_reports(const Found& found);
// What was chosen, in words.
std::string text_of(const Found& found);

// `start`: with the recipe as the user asked for it, repaired. Errors: those of attempts.
Result<Found> search_plan(Attempts& attempts, Attempt start);

}  // namespace dsq
