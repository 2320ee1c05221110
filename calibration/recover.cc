#include "calibration/recover.h"

#include <algorithm>
#include <cmath>

#include "calibration/refit.h"
#include "calibration/round_weights.h"
#include "calibration/walk.h"
#include "src/quant/weights.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

constexpr int64_t kMinSamples = 16;    // fewer say too little of a layer's inputs
constexpr size_t kHeldOut = 4;         // every fourth batch
constexpr int64_t kMinRows = 1 << 14;  // positions of a layer that are looked at, in all,
constexpr int64_t kRowsPerColumn = 8;  // or as many for each of its inputs
constexpr int64_t kMaxColumns = 4608;  // beyond that, sums of products get too large

// The layers that can be repaired, in the order of the network.
std::vector<QuantLayer> layers_of(const Graph& graph) {
  std::vector<QuantLayer> all;
  for (const NodeId id : graph.topo_order()) {
    if (const std::optional<QuantLayer> layer = quant_layer_at(graph, id)) {
      all.push_back(*layer);
    }
  }
  std::vector<QuantLayer> layers;
  for (const QuantLayer& layer : all) {
    // What several layers share is stored once, and stays so.
    const bool shared = std::ranges::any_of(all, [&](const QuantLayer& other) {
      return other.node != layer.node && graph.constant(other.w)->shares(*graph.constant(layer.w));
    });
    const std::optional<QuantSpec>& spec = graph.value(layer.w).spec;
    const bool integer = spec && spec->storage == DType::i8 && graph.constant(layer.w)->dtype() == DType::f32;
    const bool own_bias =
        layer.bias == ValueId::none || (graph.is_constant(layer.bias) && graph.value(layer.bias).users.size() == 1);
    if (integer && own_bias && !shared && graph.value(layer.w).users.size() == 1 && columns_of(layer) <= kMaxColumns &&
        !graph.is_constant(layer.x) && graph.value(layer.x).type.dtype == DType::f32) {
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

// One layer with all that is known of it.
class Repair {
 public:
  Repair(const Graph& graph, const QuantLayer& layer, LayerWeights start, LayerSums fitted, LayerSums held,
         double limit)
      : layer_(layer),
        x_(graph.value(layer.x).params),
        weights_(*graph.constant(layer.w)),
        bias_(graph.constant(layer.bias)),
        start_(std::move(start)),
        fitted_(std::move(fitted)),
        held_(std::move(held)),
        limit_(limit) {}

  Recovered run() {
    Recovered done;
    done.node = layer_.node;
    const double square = std::max(total_square(held_), 1e-30);
    bias = bias_of(start_);
    done.before = error_of(store_within(layer_, absorb_scales(layer_, weights_, x_), 8, limit_)) / square;

    const Refit refitted = refit(fitted_, held_, std::move(start_), bias_ != nullptr);
    done.steps = refitted.steps;
    done.meant = tensor_of(layer_, refitted.weights, weights_.shape());
    bias = bias_of(refitted.weights);

    const Tensor absorbed = absorb_scales(layer_, done.meant, x_);
    stored = store_within(layer_, absorbed, 8, limit_);
    double error = error_of(stored);
    if (const std::optional<StoredWeights> rounded = by_covariance(absorbed, stored)) {
      const double less = error_of(*rounded);
      if (less < error) {
        error = less;
        stored = *rounded;
        done.steps += done.steps.empty() ? "rounded by covariance" : "; rounded by covariance";
      }
    }
    if (bias_ != nullptr) {
      const std::vector<float> before = bias;
      bias = bias_of(with_refitted_bias(fitted_, acting_weights(stored)));
      const double less = error_of(stored);
      bias = less < error ? bias : before;
      error = std::min(error, less);
    }
    done.after = error / square;
    return done;
  }

  StoredWeights stored;     // with the scales of the input absorbed
  std::vector<float> bias;  // zeros where the layer has none

 private:
  // Rounded by covariance, with as much damping as the limit of the weights' error asks for.
  std::optional<StoredWeights> by_covariance(const Tensor& absorbed, const StoredWeights& plain) const {
    const std::span<const float> scales = x_ ? std::span<const float>(x_->scale) : std::span<const float>();
    for (const double damping : {0.01, 0.1, 0.5, 2.0}) {
      StoredWeights rounded = round_by_covariance(layer_, fitted_, absorbed, plain, scales, damping);
      if (rounded.error <= limit_) {
        return rounded;
      }
    }
    return std::nullopt;
  }

  LayerWeights acting_weights(const StoredWeights& weights) const {
    const Tensor own = Tensor::of<float>({layer_.out_channels}, std::span<const float>(bias));
    return weights_of(layer_, acting(layer_, weights, x_), &own);
  }
  double error_of(const StoredWeights& weights) const { return squared_error(held_, acting_weights(weights)); }

  QuantLayer layer_;
  std::optional<QuantParams> x_;
  Tensor weights_;
  const Tensor* bias_;
  LayerWeights start_;
  LayerSums fitted_;
  LayerSums held_;
  double limit_;
};

}  // namespace

Result<std::vector<Recovered>> recover(Graph& graph, Graph simulated, const Dataset& data,
                                       const RecoverOptions& options, Diagnostics& diagnostics, Progress& progress) {
  const std::vector<QuantLayer> layers = layers_of(graph);
  CalibrateOptions run = options.run;
  run.batch = std::clamp<int64_t>(data.size() / 16, 1, run.batch);
  const int64_t batches = (data.size() + data.step(run.batch) - 1) / data.step(run.batch);
  if (layers.empty() || data.size() < kMinSamples || batches < static_cast<int64_t>(kHeldOut)) {
    diagnostics.note("", layers.empty()
                             ? "nothing to repair: no layer has integer weights of its own"
                             : fmt::format("nothing is repaired: {} samples are too few, {} are needed in four batches",
                                           data.size(), kMinSamples));
    return std::vector<Recovered>();
  }
  const ThreadScope threads(options.run.threads);
  Walk reference = DSQ_TRY(Walk::begin(graph, data, run));
  Walk quantized = DSQ_TRY(Walk::begin(std::move(simulated), data, run));
  std::vector<Recovered> done;
  progress.begin("repairing layers", static_cast<int64_t>(layers.size()));
  for (const QuantLayer& layer : layers) {
    DSQ_TRY(reference.advance_to(layer.node));
    DSQ_TRY(quantized.advance_to(layer.node));
    const std::vector<Tensor>& was = reference.batches(layer.x);
    const std::vector<Tensor>& is = quantized.batches(quantized.graph().node(layer.node).inputs[0]);
    LayerWeights weights = weights_of(layer, *graph.constant(layer.w), graph.constant(layer.bias));
    const int64_t rows = std::max(kMinRows, kRowsPerColumn * columns_of(layer)) / batches + 1;
    LayerSums fitted = empty_sums(layer);
    LayerSums held = empty_sums(layer);
    for (size_t b = 0; b < was.size(); ++b) {
      DSQ_TRY(add_batch(b % kHeldOut == kHeldOut - 1 ? held : fitted, graph, layer, weights, is[b], was[b], rows));
    }
    Repair repair(graph, layer, std::move(weights), std::move(fitted), std::move(held), options.max_weight_error);
    Recovered recovered = repair.run();
    if (repair.stored.error <= options.max_weight_error) {  // what is above it quantize_weights leaves in float
      quantized.set_constant(layer.w, acting(layer, repair.stored, graph.value(layer.x).params));
      if (layer.bias != ValueId::none) {
        const Tensor bias = Tensor::of<float>({layer.out_channels}, std::span<const float>(repair.bias));
        quantized.set_constant(layer.bias, bias);
        graph.set_constant(layer.bias, bias);
      }
      graph.set_constant(layer.w, repair.stored.values);
      graph.set_params(layer.w, repair.stored.params);
      diagnostics.note(graph.node(layer.node).name, told(recovered));
      done.push_back(std::move(recovered));
    }
    progress.step(static_cast<int64_t>(done.size()));
  }
  progress.end();
  return done;
}

}  // namespace dsq
