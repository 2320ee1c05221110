#include "calibration/recover.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "calibration/refit.h"
#include "calibration/round_weights.h"
#include "calibration/walk.h"
#include "src/quant/weights.h"
#include "src/support/parallel.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

constexpr double kWorthwhile = 0.98;   // of the error before: less is not worth moving weights for
constexpr int64_t kMinRows = 1 << 13;  // positions of a layer that are looked at, in all,
constexpr int64_t kRowsPerColumn = 8;  // or as many for each of its inputs

// Why a layer with integer weights of 8 bits is left as it is; nothing when it need not be.
std::optional<std::string> stays(const Graph& graph, const QuantLayer& layer, const std::vector<QuantLayer>& all) {
  const bool shared = graph.value(layer.w).users.size() > 1 || std::ranges::any_of(all, [&](const QuantLayer& other) {
                        return other.node != layer.node && graph.constant(other.w)->shares(*graph.constant(layer.w));
                      });
  if (shared) {
    return "its weights are shared";
  }
  if (layer.bias != ValueId::none &&
      (!graph.is_constant(layer.bias) || graph.value(layer.bias).users.size() > 1 || graph.is_output(layer.bias))) {
    return "its bias is not its own";
  }
  if (columns_of(layer) > kMostColumnsToRecover) {
    return fmt::format("{} inputs to each output are too many", columns_of(layer));
  }
  return std::nullopt;
}

// The layers that can be repaired, in the order of the network.
std::vector<QuantLayer> layers_of(const Graph& graph, Diagnostics& diagnostics) {
  std::vector<QuantLayer> all;
  for (const NodeId id : graph.topo_order()) {
    if (const std::optional<QuantLayer> layer = quant_layer_at(graph, id)) {
      all.push_back(*layer);
    }
  }
  std::vector<QuantLayer> layers;
  for (const QuantLayer& layer : all) {
    const std::optional<QuantSpec>& spec = graph.value(layer.w).spec;
    if (!spec || spec->storage != DType::i8 || graph.constant(layer.w)->dtype() != DType::f32 ||
        graph.is_constant(layer.x) || graph.value(layer.x).type.dtype != DType::f32) {
      continue;
    }
    if (const std::optional<std::string> reason = stays(graph, layer, all)) {
      diagnostics.note(graph.node(layer.node).name, "not repaired: " + *reason);
    } else {
      layers.push_back(layer);
    }
  }
  return layers;
}

Tensor tensor_of(const QuantLayer& layer, const LayerWeights& weights, const Shape& shape) {
  Tensor tensor(DType::f32, shape);
  const std::span<float> values = tensor.mutable_values<float>();
  for (size_t g = 0; g < weights.size(); ++g) {
    for (int64_t o = 0; o < weights[g].cols(); ++o) {
      for (int64_t k = 0; k + 1 < weights[g].rows(); ++k) {
        values[static_cast<size_t>(weight_at(layer, static_cast<int64_t>(g), k, o))] =
            static_cast<float>(weights[g](k, o));
      }
    }
  }
  return tensor;
}

std::vector<float> bias_of(const LayerWeights& weights) {
  std::vector<float> bias;
  for (const Eigen::MatrixXd& group : weights) {
    for (int64_t o = 0; o < group.cols(); ++o) {
      bias.push_back(static_cast<float>(group(group.rows() - 1, o)));
    }
  }
  return bias;
}

// Stored weights as they act on the layer's real input.
Tensor acting(const QuantLayer& layer, const StoredWeights& stored, const std::optional<QuantParams>& x) {
  return release_scales(layer, restore(stored.values, stored.params), x);
}

std::string told(const Recovered& recovered) {
  const auto decibels = [](double share) { return -10 * std::log10(std::max(share, 1e-20)); };
  return recovered.steps.empty() ? "repairing it gains nothing on held-out samples"
                                 : fmt::format("repaired ({}): {:.1f} dB on held-out samples instead of {:.1f}",
                                               recovered.steps, decibels(recovered.after), decibels(recovered.before));
}

// A layer's weights and bias, as they would be stored.
struct Attempt {
  Tensor meant;
  StoredWeights stored;     // with the scales of the input absorbed
  std::vector<float> bias;  // zeros where the layer has none
  double error = 0;         // squared, on held-out samples
  std::string steps;
};

// One layer with all that is known of it.
struct Patient {
  QuantLayer layer;
  std::optional<QuantParams> x;
  Shape shape;
  LayerWeights weights;
  bool has_bias = false;
  LayerSums fitted;
  LayerSums held;
  double limit = 0;  // of the weights' error
};

LayerWeights acting_weights(const Patient& patient, const Attempt& attempt) {
  const Tensor own = Tensor::of<float>({patient.layer.out_channels}, std::span<const float>(attempt.bias));
  return weights_of(patient.layer, acting(patient.layer, attempt.stored, patient.x), &own);
}

void judge(const Patient& patient, Attempt& attempt) {
  attempt.error = squared_error(patient.held, acting_weights(patient, attempt));
}

// Each weight at its nearest step.
Attempt plainly_stored(const Patient& patient, const LayerWeights& weights) {
  Attempt attempt;
  attempt.meant = tensor_of(patient.layer, weights, patient.shape);
  attempt.stored =
      store_within(patient.layer, absorb_scales(patient.layer, attempt.meant, patient.x), 8, patient.limit);
  attempt.bias = bias_of(weights);
  judge(patient, attempt);
  return attempt;
}

// Rounded by covariance, with as much damping as the limit of the weights' error asks for.
std::optional<StoredWeights> by_covariance(const Patient& patient, const Attempt& plain) {
  const std::span<const float> scales = patient.x ? std::span<const float>(patient.x->scale) : std::span<const float>();
  const Tensor absorbed = absorb_scales(patient.layer, plain.meant, patient.x);
  for (const double damping : {0.01, 0.1, 0.5, 2.0}) {
    StoredWeights rounded = round_by_covariance(patient.layer, patient.fitted, absorbed, plain.stored, scales, damping);
    if (rounded.error <= patient.limit) {
      return rounded;
    }
  }
  return std::nullopt;
}

// The best way to store these weights.
Attempt well_stored(const Patient& patient, const LayerWeights& weights, std::string steps) {
  Attempt best = plainly_stored(patient, weights);
  best.steps = std::move(steps);
  const auto consider = [&](Attempt attempt, std::string_view step) {
    judge(patient, attempt);
    if (attempt.error < best.error) {
      attempt.steps += fmt::format("{}{}", attempt.steps.empty() ? "" : "; ", step);
      best = std::move(attempt);
    }
  };
  if (std::optional<StoredWeights> rounded = by_covariance(patient, best)) {
    Attempt attempt = best;
    attempt.stored = std::move(*rounded);
    consider(std::move(attempt), "rounded by covariance");
  }
  if (patient.has_bias) {
    Attempt attempt = best;
    attempt.bias = bias_of(with_refitted_bias(patient.fitted, acting_weights(patient, best)));
    consider(std::move(attempt), "bias corrected");
  }
  return best;
}

// Refitted, else only rounded well, else as it was.
Attempt repaired(const Patient& patient, const Attempt& plain) {
  const Refit refitted = refit(patient.fitted, patient.held, patient.weights, patient.has_bias);
  if (!refitted.steps.empty()) {
    Attempt attempt = well_stored(patient, refitted.weights, refitted.steps);
    if (attempt.error < kWorthwhile * plain.error) {
      return attempt;
    }
  }
  Attempt attempt = well_stored(patient, patient.weights, "");
  return attempt.error < kWorthwhile * plain.error ? attempt : plain;
}

}  // namespace

Result<std::vector<Recovered>> recover(Graph& graph, Graph simulated, const Dataset& fitted, const Dataset& held_out,
                                       const RecoverOptions& options, Diagnostics& diagnostics, Progress& progress) {
  const std::vector<QuantLayer> layers = layers_of(graph, diagnostics);
  if (layers.empty() || fitted.size() < kFewestToRecover || held_out.size() == 0) {
    diagnostics.note("", layers.empty() ? "nothing is repaired: no layer has integer weights of its own"
                                        : fmt::format("nothing is repaired: {} to fit are too few, {} are needed",
                                                      plural(fitted.size(), "sample"), kFewestToRecover));
    return std::vector<Recovered>();
  }
  const ThreadScope threads(options.run.threads);
  const std::array<Dataset, 2> parts = {fitted, held_out};
  std::vector<NodeId> stops;
  std::ranges::transform(layers, std::back_inserter(stops), &QuantLayer::node);
  Walk reference = DSQ_TRY(Walk::begin(graph, stops, parts, options.run));
  Walk quantized = DSQ_TRY(Walk::begin(std::move(simulated), stops, parts, options.run));
  const int64_t step = fitted.step(options.run.batch);
  const int64_t fitted_batches = (fitted.size() + step - 1) / step;
  std::vector<Recovered> done;
  progress.begin("repairing layers", static_cast<int64_t>(layers.size()));
  int64_t seen = 0;
  for (const QuantLayer& layer : layers) {
    DSQ_TRY(reference.advance_to(layer.node));
    DSQ_TRY(quantized.advance_to(layer.node));
    const std::vector<Tensor>& was = reference.batches(layer.x);
    const std::vector<Tensor>& is = quantized.batches(quantized.graph().node(layer.node).inputs[0]);
    Patient patient{layer,
                    graph.value(layer.x).params,
                    graph.constant(layer.w)->shape(),
                    weights_of(layer, *graph.constant(layer.w), graph.constant(layer.bias)),
                    layer.bias != ValueId::none,
                    empty_sums(layer),
                    empty_sums(layer),
                    options.max_weight_error};
    const int64_t rows = std::max(kMinRows, kRowsPerColumn * columns_of(layer)) / static_cast<int64_t>(was.size()) + 1;
    for (size_t b = 0; b < was.size(); ++b) {
      LayerSums& sums = static_cast<int64_t>(b) < fitted_batches ? patient.fitted : patient.held;
      DSQ_TRY(add_batch(sums, graph, layer, patient.weights, is[b], was[b], rows));
    }
    const Attempt plain = plainly_stored(patient, patient.weights);
    Attempt best = repaired(patient, plain);
    if (best.stored.error <= options.max_weight_error) {  // what is above it quantize_weights leaves in float
      const double square = std::max(total_square(patient.held), 1e-30);
      Recovered recovered{layer.node, plain.error / square, best.error / square, best.steps, std::move(best.meant)};
      quantized.set_constant(layer.w, acting(layer, best.stored, patient.x));
      if (patient.has_bias) {
        const Tensor bias = Tensor::of<float>({layer.out_channels}, std::span<const float>(best.bias));
        quantized.set_constant(layer.bias, bias);
        graph.set_constant(layer.bias, bias);
      }
      graph.set_constant(layer.w, best.stored.values);
      graph.set_params(layer.w, best.stored.params);
      diagnostics.note(graph.node(layer.node).name, told(recovered));
      done.push_back(std::move(recovered));
    }
    progress.step(++seen);
  }
  progress.end();
  return done;
}

}  // namespace dsq
