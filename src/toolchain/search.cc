#include "src/toolchain/search.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "passes/match.h"
#include "passes/plan_rules.h"
#include "src/ops/infer.h"
#include "src/support/strings.h"
#include "src/toolchain/macs.h"
#include "src/toolchain/sensitivity.h"

namespace dsq {
namespace {

constexpr int kMostTries = 5;
constexpr int kMoreTries = 9;          // of networks that run through all samples that teach
constexpr double kQuickly = 2e10;      // with so many multiplications
constexpr double kMargin = 0.75;       // of the aim: what few samples say is not what others will
constexpr double kMostAim = 0.8;       // points, unless told: some measures are held to more, by what they overstate
constexpr double kMostAimOfMasks = 2;  // whose edges are wide
constexpr double kMostChanged = 0.06;  // of a classifier's choices, unless told: changes among equals cost no points
constexpr double kMuchTooMuch = 100;   // times what may be lost, where nothing may
constexpr double kDearer = 0.1;        // work in fp16 beyond that at 8 bits
constexpr double kWorthTrying = 1.4;   // times the noise: a step between two plans that is worth an attempt

// What a layer's input may be, from the least work to the most, and the noise that each makes.
struct Option {
  Precision precision = Precision::int4;
  double work = 0;  // moved away from the asked precision
  double noise = 0;
};
struct Choice {
  std::string layer;
  double macs = 0;
  std::vector<Option> options;
};

// Multiplications by layer, for one sample.
Result<std::map<std::string, double>> macs_by_layer(const Graph& reference, const Dataset& data) {
  Graph sized = reference;
  const std::vector<Tensor> sample = DSQ_TRY(data.batch(0, data.step(1)));
  for (size_t i = 0; i < sample.size(); ++i) {
    sized.set_type(sized.inputs()[i], sample[i].type());
  }
  DSQ_TRY(infer_types(sized));
  std::map<std::string, double> macs;
  for (const NodeId id : sized.nodes()) {
    if (quant_layer_at(sized, id)) {
      macs[label_of(sized, id)] += static_cast<double>(std::max<int64_t>(macs_of(sized, sized.node(id)), 1));
    }
  }
  return macs;
}

// Leaves the lower hull: each step takes less noise away for the work than the one before.
void keep_hull(std::vector<Option>& options) {
  std::vector<Option> hull;
  const auto gain = [](const Option& a, const Option& b) { return (a.noise - b.noise) / (b.work - a.work); };
  for (const Option& option : options) {
    while (hull.size() > 1 && gain(hull.back(), option) >= gain(hull[hull.size() - 2], hull.back())) {
      hull.pop_back();
    }
    if (hull.empty() || option.noise < hull.back().noise) {
      hull.push_back(option);
    }
  }
  options = std::move(hull);
}

struct Move {
  size_t choice = 0;
  size_t option = 0;
  double gain = 0;  // noise for work
};

class Search {
 public:
  Search(Attempts& attempts, Attempt start) : attempts_(attempts), asked_(start.recipe) {
    best_.attempt = std::move(start);
  }

  Result<Found> run() {
    const MixedOptions& mixed = attempts_.options().mixed;
    const Rehearsed first = DSQ_TRY(attempts_.judge(best_.attempt));
    const double used = used_up(first.loss);
    if (!mixed.target_share && used <= 1) {
      const double share = asked_share(DSQ_TRY(macs_by_layer(attempts_.reference(), attempts_.fitted())));
      best_.front.push_back({asked_.plan, share, 0, first});
      return std::move(best_);
    }
    DSQ_TRY(find_front());
    best_.front[0].seen = first;
    if (mixed.target_share) {
      return hit(*mixed.target_share);
    }
    DSQ_TRY(approach(used));
    return std::move(best_);
  }

 private:
  // Of all multiplications, those whose inputs have the asked precision where nothing is mixed.
  double asked_share(const std::map<std::string, double>& macs) const {
    const Graph& graph = best_.attempt.graph;
    double all = 0;
    double asked = 0;
    for (const NodeId id : graph.nodes()) {
      const std::optional<QuantLayer> layer = quant_layer_at(graph, id);
      const auto own = layer ? macs.find(label_of(graph, id)) : macs.end();
      if (own == macs.end()) {
        continue;
      }
      const std::optional<QuantSpec>& spec = graph.value(layer->x).spec;
      all += own->second;
      asked += spec && bits_of(spec->storage) == (asked_.act == Precision::int4 ? 4 : 8) ? own->second : 0;
    }
    return all > 0 ? asked / all : 0;
  }

  // The loss as a share of what may be lost.
  double used_up(const Loss& loss) const {
    const std::optional<double>& told = attempts_.options().mixed.aim;
    const double aim = told.value_or(std::min(loss.aim(), loss.measure == Measure::mask ? kMostAimOfMasks : kMostAim));
    const double points = aim > 0 ? loss.points / (kMargin * aim) : loss.points > 0 ? kMuchTooMuch : 0.0;
    const bool choices = !told && loss.measure == Measure::estimated && loss.agreement;
    return choices ? std::max(points, (1 - *loss.agreement) / kMostChanged) : points;
  }

  Result<void> find_front() {
    std::map<std::string, double> macs = DSQ_TRY(macs_by_layer(attempts_.reference(), attempts_.fitted()));
    double all = 0;
    for (const auto& [layer, own] : macs) {
      all += own * static_cast<double>(attempts_.fitted().size());
    }
    tries_ = all < kQuickly ? kMoreTries : kMostTries;
    const Graph& reference = attempts_.reference();
    for (const NodeId id : reference.nodes()) {
      if (quant_layer_at(reference, id) && is_kept(asked_, reference, reference.node(id))) {
        kept_.insert(label_of(reference, id));
      }
    }
    std::map<std::string, std::map<Precision, double>> noise;
    const Attempt plain = DSQ_TRY(attempts_.make(asked_));
    for (const Sensitivity& each : DSQ_TRY(sensitivities(attempts_, plain))) {
      noise[each.layer][each.precision] += each.noise;
    }
    Recipe coarse = asked_;  // all that may be at 8 bits
    for (const auto& [layer, seen] : noise) {
      if (is_free(layer) && seen.contains(Precision::int4)) {
        coarse.plan[layer] = Precision::int8;
      }
    }
    if (coarse.plan != asked_.plan && attempts_.options().mixed.fallback != Fallback::fp16) {
      const Attempt at_eight = DSQ_TRY(attempts_.make(coarse));
      for (const Sensitivity& each : DSQ_TRY(sensitivities(attempts_, at_eight))) {
        noise[each.layer].emplace(each.precision, each.noise);
      }
    }
    std::vector<Choice> choices;
    for (const auto& [layer, seen] : noise) {
      choices.push_back(choice_of(layer, macs[layer], seen));
    }
    lay_out(choices);
    return {};
  }

  // Layers that the user did not decide.
  bool is_free(const std::string& layer) const { return !asked_.plan.contains(layer) && !kept_.contains(layer); }

  Choice choice_of(const std::string& layer, double macs, const std::map<Precision, double>& seen) const {
    Choice choice{layer, macs, {}};
    const bool narrow = seen.contains(Precision::int4);
    for (const auto& [precision, noise] : seen) {
      choice.options.push_back({precision, precision == Precision::int8 && narrow ? macs : 0.0, noise});
    }
    if (!is_free(layer)) {
      choice.options.resize(1);
      return choice;
    }
    if (attempts_.options().mixed.fallback != Fallback::int8) {
      const bool leaves = choice.options[0].precision == asked_.act;
      choice.options.push_back({Precision::fp16, (leaves ? macs : 0.0) + kDearer * macs, 0});
    }
    keep_hull(choice.options);
    return choice;
  }

  // All plans on the hull, in order.
  void lay_out(const std::vector<Choice>& choices) {
    std::vector<Move> moves;
    double all = 0;
    PlanPoint point{asked_.plan, 0, 0, {}};
    for (size_t c = 0; c < choices.size(); ++c) {
      const std::vector<Option>& options = choices[c].options;
      all += choices[c].macs;
      point.share += options[0].precision == asked_.act ? choices[c].macs : 0;
      point.noise += options[0].noise;
      for (size_t o = 1; o < options.size(); ++o) {
        moves.push_back({c, o, (options[o - 1].noise - options[o].noise) / (options[o].work - options[o - 1].work)});
      }
    }
    std::ranges::stable_sort(moves, std::greater(), &Move::gain);
    best_.front = {point};
    for (const Move& move : moves) {
      const Choice& choice = choices[move.choice];
      const Option& from = choice.options[move.option - 1];
      const Option& to = choice.options[move.option];
      point.plan[choice.layer] = to.precision;
      point.share -= from.precision == asked_.act ? choice.macs : 0;
      point.noise = std::max(point.noise + to.noise - from.noise, 0.0);
      best_.front.push_back(point);
    }
    for (PlanPoint& each : best_.front) {
      each.share = all > 0 ? each.share / all : 0;
    }
  }

  // Makes and judges a plan.
  Result<Attempt> attempt(size_t k) {
    Recipe recipe = asked_;
    recipe.plan = best_.front[k].plan;
    Attempt attempt = DSQ_TRY(attempts_.make(recipe));
    DSQ_TRY(attempts_.repair(attempt));
    best_.front[k].seen = DSQ_TRY(attempts_.judge(attempt));
    return attempt;
  }

  // The last plan that leaves this share where it is asked to be.
  Result<Found> hit(double share) {
    size_t k = 0;
    while (k + 1 < best_.front.size() && best_.front[k + 1].share >= share) {
      ++k;
    }
    if (k > 0) {
      best_.attempt = DSQ_TRY(attempt(k));
      best_.chosen = k;
    }
    return std::move(best_);
  }

  // Between the last plan that loses too much and the first that does not. `used`: by the plan without mixing.
  Result<void> approach(double used) {
    size_t too_much = 0;
    size_t enough = best_.front.size();  // none yet
    double least = used;
    double noise = best_.front[0].noise * std::clamp(1 / used, 0.02, 0.8);
    for (int tries = 1; tries < tries_ && too_much + 1 < enough; ++tries) {
      size_t k = too_much + 1;
      while (k + 1 < std::min(enough, best_.front.size()) && best_.front[k].noise > noise) {
        ++k;
      }
      Attempt made = DSQ_TRY(attempt(k));
      const double now = used_up(best_.front[k].seen->loss);
      const bool within = now <= 1;
      if (within || now < least) {
        best_.attempt = std::move(made);
        best_.chosen = k;
        least = std::min(now, least);
      }
      if (within) {
        enough = k;
      } else {
        too_much = k;
      }
      if (enough < best_.front.size()) {
        const double upper = best_.front[too_much].noise;
        const double lower = std::max(best_.front[enough].noise, 1e-12);
        if (upper < kWorthTrying * lower) {
          break;
        }
        noise = std::sqrt(upper * lower);
      } else {
        noise = best_.front[k].noise * std::clamp(1 / now, 0.05, 0.7);
      }
    }
    best_.within_aim = least <= 1;
    return {};
  }

  Attempts& attempts_;
  Recipe asked_;
  int tries_ = kMostTries;
  std::set<std::string> kept_;
  Found best_;
};

}  // namespace

std::vector<PlanReport> plan_reports(const Found& found) {
  std::vector<PlanReport> reports;
  for (size_t k = 0; k < found.front.size(); ++k) {
    const PlanPoint& point = found.front[k];
    PlanReport report{point.share, point.noise, std::nullopt, k == found.chosen, ""};
    if (point.seen) {
      report.points = point.seen->loss.points;
    }
    report.flag = k == 0 ? "--mixed off" : fmt::format("--target-a4 {:.2f}%", std::floor(point.share * 1e4) / 100);
    reports.push_back(std::move(report));
  }
  return reports;
}

std::string text_of(const Found& found) {
  const PlanPoint& point = found.front[found.chosen];
  const std::string_view asked = name_of(found.attempt.recipe.act);
  std::map<Precision, int> layers;
  for (const auto& [layer, precision] : point.plan) {
    layers[precision] += 1;
  }
  std::string text = fmt::format("{:.1f} % of multiplications at {}", point.share * 100, asked);
  for (const auto& [precision, count] : layers) {
    text += fmt::format(", {} at {}", plural(count, "layer"), name_of(precision));
  }
  if (point.seen && point.seen->loss.samples == 0) {
    text += "; no output holds floats, so nothing is judged or searched for";
  } else if (point.seen) {
    text += fmt::format("; {:.2f} points lost ({}) on held-out samples, {:.2f} without mixing", point.seen->loss.points,
                        name_of(point.seen->loss.measure), found.front[0].seen->loss.points);
  }
  return text;
}

Result<Found> search_plan(Attempts& attempts, Attempt start) { return Search(attempts, std::move(start)).run(); }

}  // namespace dsq
