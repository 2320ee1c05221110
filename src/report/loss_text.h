// A loss in words: one way for the terminal, the page, gates and the files for CI.
#pragma once

#include <string>

#include "src/report/report.h"

namespace dsq {

std::string loss_title(const LossReport& loss);  // "estimated accuracy drop"; of an output among several, with its name
std::string loss_method(const LossReport& loss);  // what it is, in a sentence
// "0.46 points", "0.012 (the command's unit)".
std::string points_text(const LossReport& loss, double points);
// "0.46 points (95 %: -0.17 to 1.12, 2400 samples)"
std::string loss_text(const LossReport& loss);
// The measure's own figures: "92.62 % -> 92.17 %", "cosine 0.9921"; empty where there are none.
std::string figures_text(const LossReport& loss);
// Whether its interval lies within its limit.
bool is_proved(const LossReport& loss);
// Where it is not: "0.3 points cannot be proved on 30 samples: at what they show it takes 1277". Empty where it is.
std::string unproved_text(const LossReport& loss);

}  // namespace dsq
