#include "src/report/close_calls.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <span>
#include <utility>

namespace dsq {
namespace {

constexpr int64_t kErrorsForEach = 12;  // that a sample's scores meet
constexpr std::array kMoves = {-0.75F, -0.25F, 0.25F, 0.75F};
constexpr double kNearby = 0.2;  // of the samples: what they lead by is how far leads are moved

struct Lead {
  float by = 0;
  size_t first = 0;
  size_t second = 0;
};

Lead lead_of(std::span<const float> row) {
  Lead lead{0, 0, 1};
  if (row[1] > row[0]) {
    std::swap(lead.first, lead.second);
  }
  for (size_t c = 2; c < row.size(); ++c) {
    if (row[c] > row[lead.first]) {
      lead.second = std::exchange(lead.first, c);
    } else if (row[c] > row[lead.second]) {
      lead.second = c;
    }
  }
  lead.by = row[lead.first] - row[lead.second];
  lead.by = std::isfinite(lead.by) ? lead.by : 0.0F;
  return lead;
}

struct Samples {
  std::vector<float> scores;
  std::vector<float> errors;
  std::vector<Lead> leads;
};

// Returns the mean square of what the leads lose or win.
double append(Samples& all, const ScoreRows& rows, int64_t classes) {
  double square = 0;
  int64_t counted = 0;
  for (size_t at = 0; at < rows.reference.size(); at += static_cast<size_t>(classes)) {
    const Lead lead = lead_of(std::span(rows.reference).subspan(at, static_cast<size_t>(classes)));
    const size_t begin = all.errors.size();
    for (size_t c = at; c < at + static_cast<size_t>(classes); ++c) {
      all.errors.push_back(rows.quantized[c] - rows.reference[c]);
    }
    const double change = static_cast<double>(all.errors[begin + lead.first]) - all.errors[begin + lead.second];
    if (std::isfinite(change)) {
      square += change * change;
      ++counted;
    }
    all.leads.push_back(lead);
  }
  all.scores.insert(all.scores.end(), rows.reference.begin(), rows.reference.end());
  return counted > 0 ? square / static_cast<double>(counted) : 0.0;
}

}  // namespace

Result<Loss> loss_of_close_calls(const ScoreRows& held_out, const ScoreRows& fitted, int64_t classes) {
  const auto width = static_cast<size_t>(classes);
  Samples all;
  const double held_square = append(all, held_out, classes);
  const size_t held = all.errors.size();
  const double fitted_square = append(all, fitted, classes);
  if (fitted_square > 0 && held_square > fitted_square) {
    const auto by = static_cast<float>(std::sqrt(held_square / fitted_square));
    std::for_each(all.errors.begin() + static_cast<std::ptrdiff_t>(held), all.errors.end(), [&](float& e) { e *= by; });
  }
  const size_t samples = all.leads.size();
  std::vector<std::pair<float, size_t>> by_lead;
  for (size_t s = 0; s < samples; ++s) {
    by_lead.emplace_back(all.leads[s].by, s);
  }
  std::ranges::sort(by_lead);
  const float nearby = by_lead[static_cast<size_t>(kNearby * static_cast<double>(samples - 1))].first;
  const size_t turns = std::min<size_t>(samples, kErrorsForEach);
  OutputReading reading;
  reading.kind = OutputKind::scores;
  reading.axis = 1;
  LossMeter meter(reading, false);
  for (const float move : kMoves) {
    std::vector<float> scores = all.scores;
    std::vector<size_t> first_error(samples);
    for (size_t s = 0; s < samples; ++s) {
      const float lead = std::abs(all.leads[s].by + move * nearby);
      scores[s * width + all.leads[s].first] += lead - all.leads[s].by;
      const auto place = std::ranges::lower_bound(by_lead, std::pair(lead, size_t{0})) - by_lead.begin();
      const auto begin = static_cast<int64_t>(place) - static_cast<int64_t>(turns / 2);
      first_error[s] = static_cast<size_t>(std::clamp<int64_t>(begin, 0, static_cast<int64_t>(samples - turns)));
    }
    const Tensor reference =
        Tensor::of<float>({static_cast<int64_t>(samples), classes}, std::span<const float>(scores));
    for (size_t turn = 0; turn < turns; ++turn) {
      std::vector<float> moved = scores;
      for (size_t s = 0; s < samples; ++s) {
        const float* error = all.errors.data() + by_lead[first_error[s] + turn].second * width;
        std::transform(error, error + width, &moved[s * width], &moved[s * width], std::plus<>());
      }
      DSQ_TRY(meter.add(static_cast<int64_t>(samples), reference,
                        Tensor::of<float>({static_cast<int64_t>(samples), classes}, std::span<const float>(moved))));
    }
  }
  return meter.loss();
}

}  // namespace dsq
