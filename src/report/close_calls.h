// What a classifier would lose on samples that nobody has seen, from few. Seldom does one of a few samples change its
// class, so:
//   - the float scores of every sample meet the errors of several: of those whose first choice leads by about as much,
//     for errors grow with the lead;
//   - every lead is moved a little, by less than a fifth of the samples lead by: it is chance which of them are close.
//     Leads are taken back into the positive, so that as many come near to zero as there are nearby;
//   - errors on samples that something was fitted to are enlarged to the size of those on samples held out.
#pragma once

#include <vector>

#include "src/report/loss.h"

namespace dsq {

// One row for each sample, as logits.
struct ScoreRows {
  std::vector<float> reference;
  std::vector<float> quantized;
};

// At least one row of two classes is held out. Errors: those of LossMeter::add().
Result<Loss> loss_of_close_calls(const ScoreRows& held_out, const ScoreRows& fitted, int64_t classes);

}  // namespace dsq
