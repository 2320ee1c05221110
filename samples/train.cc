// sample_train MODEL.onnx: trains the sample network with LibTorch on pictures drawn afresh for every epoch, prints its
// accuracy on the test set, and writes it as an exporter in training mode would: batch normalization kept as nodes.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>

#include <torch/torch.h>

#include "samples/onnx_writer.h"
#include "samples/shapes.h"

namespace dsq::sample {
namespace {

constexpr int64_t kEpochs = 9;
constexpr int64_t kPicturesPerEpoch = 19200;
constexpr int64_t kBatch = 64;
constexpr int64_t kTestCount = 2400;
constexpr double kPeakRate = 4e-3;

struct LayerDef {
  const char* name;
  int64_t in, out, kernel, stride, groups;
  bool relu;
};
// stem, down | a depthwise block | max pool | a residual block | widen | average pool | linear
constexpr LayerDef kStem = {"stem", kChannels, 16, 3, 1, 1, true};
constexpr LayerDef kDown = {"down", 16, 32, 3, 2, 1, true};
constexpr LayerDef kDepthwise = {"depthwise", 32, 32, 3, 1, 32, true};
constexpr LayerDef kPointwise = {"pointwise", 32, 48, 1, 1, 1, true};
constexpr LayerDef kFirst = {"residual1", 48, 48, 3, 1, 1, true};
constexpr LayerDef kSecond = {"residual2", 48, 48, 3, 1, 1, false};
constexpr LayerDef kWiden = {"widen", 48, 64, 1, 1, 1, true};

struct LayerImpl : torch::nn::Module {
  explicit LayerImpl(const LayerDef& layer)
      : def(layer),
        conv(torch::nn::Conv2dOptions(def.in, def.out, def.kernel)
                 .stride(def.stride)
                 .padding(def.kernel / 2)
                 .groups(def.groups)
                 .bias(false)),
        norm(def.out) {
    register_module("conv", conv);
    register_module("norm", norm);
  }
  torch::Tensor forward(torch::Tensor x) {
    x = norm(conv(x));
    return def.relu ? torch::relu(x) : x;
  }
  LayerDef def;
  torch::nn::Conv2d conv;
  torch::nn::BatchNorm2d norm;
};
TORCH_MODULE(Layer);

struct Net : torch::nn::Module {
  Net() {
    for (const Layer& layer : {stem, down, depthwise, pointwise, first, second, widen}) {
      register_module(layer->def.name, layer);
    }
    register_module("linear", linear);
  }
  torch::Tensor forward(torch::Tensor x) {
    x = pointwise(depthwise(down(stem(x))));
    x = torch::max_pool2d(x, 2);
    x = torch::relu(x + second(first(x)));
    x = widen(x).mean({2, 3});
    return linear(x);
  }
  Layer stem{kStem}, down{kDown}, depthwise{kDepthwise}, pointwise{kPointwise}, first{kFirst}, second{kSecond},
      widen{kWiden};
  torch::nn::Linear linear{64, kClasses};
};

struct Batches {
  torch::Tensor images;
  torch::Tensor labels;
};

Batches make_batches(uint64_t seed, int64_t count) {
  const Pictures pictures = draw_pictures(seed, count);
  const torch::Tensor images = torch::tensor(pictures.values).reshape({count, kChannels, kSide, kSide});
  return {images, torch::tensor(pictures.labels)};
}

double accuracy_percent(Net& net, const Batches& test) {
  const torch::NoGradGuard no_grad;
  net.eval();
  return 100 * net.forward(test.images).argmax(1).eq(test.labels).to(torch::kFloat64).mean().item<double>();
}

// AdamW; the rate rises over the first twentieth and then falls along a cosine.
void train(Net& net) {
  torch::optim::AdamW optimizer(net.parameters(), torch::optim::AdamWOptions(kPeakRate).weight_decay(1e-2));
  const int64_t steps = kEpochs * kPicturesPerEpoch / kBatch;
  int64_t step = 0;
  for (int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    const Batches set = make_batches(kTrainSeed + 1000 * static_cast<uint64_t>(epoch), kPicturesPerEpoch);
    const torch::Tensor order = torch::randperm(kPicturesPerEpoch);
    net.train();
    double total = 0;
    for (int64_t first = 0; first < kPicturesPerEpoch; first += kBatch, ++step) {
      const double done = static_cast<double>(step) / static_cast<double>(steps);
      const double rate = kPeakRate * std::min(done / 0.05, 0.5 * (1 + std::cos(M_PI * done)));
      static_cast<torch::optim::AdamWOptions&>(optimizer.param_groups()[0].options()).lr(rate);
      const torch::Tensor rows = order.slice(0, first, first + kBatch);
      const torch::Tensor loss =
          torch::cross_entropy_loss(net.forward(set.images.index_select(0, rows)), set.labels.index_select(0, rows));
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      total += loss.item<double>();
    }
    std::printf("epoch %2ld of %ld: mean loss %.3f\n", epoch + 1, kEpochs, total * kBatch / kPicturesPerEpoch);
    std::fflush(stdout);
  }
}

std::string add_tensor(OnnxWriter& writer, const std::string& name, const torch::Tensor& tensor) {
  const torch::Tensor values = tensor.detach().contiguous();
  return writer.add_weight(name, {values.sizes().data(), values.sizes().size()},
                           {values.data_ptr<float>(), static_cast<size_t>(values.numel())});
}

std::string add_layer(OnnxWriter& writer, const Layer& layer, const std::string& input) {
  const LayerDef& def = layer->def;
  const std::string name = def.name;
  const int64_t pad = def.kernel / 2;
  std::string x =
      writer.add_node("Conv", name + "/conv", {input, add_tensor(writer, name + ".conv.weight", layer->conv->weight)},
                      {{"kernel_shape", std::vector<int64_t>{def.kernel, def.kernel}},
                       {"strides", std::vector<int64_t>{def.stride, def.stride}},
                       {"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                       {"group", def.groups}});
  const torch::nn::BatchNorm2d& norm = layer->norm;
  x = writer.add_node(
      "BatchNormalization", name + "/norm",
      {x, add_tensor(writer, name + ".norm.weight", norm->weight), add_tensor(writer, name + ".norm.bias", norm->bias),
       add_tensor(writer, name + ".norm.mean", norm->running_mean),
       add_tensor(writer, name + ".norm.var", norm->running_var)},
      {{"epsilon", static_cast<float>(norm->options.eps())}});
  return def.relu ? writer.add_node("Relu", name + "/relu", {x}) : x;
}

bool export_onnx(Net& net, const std::string& path) {
  OnnxWriter writer("shapes", 13);
  writer.add_input("image", {"batch", kChannels, kSide, kSide});
  std::string x = "image";
  for (const Layer& layer : {net.stem, net.down, net.depthwise, net.pointwise}) {
    x = add_layer(writer, layer, x);
  }
  x = writer.add_node("MaxPool", "pool", {x},
                      {{"kernel_shape", std::vector<int64_t>{2, 2}}, {"strides", std::vector<int64_t>{2, 2}}});
  const std::string y = add_layer(writer, net.second, add_layer(writer, net.first, x));
  x = writer.add_node("Relu", "residual/relu", {writer.add_node("Add", "residual/add", {x, y})});
  x = writer.add_node("GlobalAveragePool", "mean", {add_layer(writer, net.widen, x)});
  x = writer.add_node("Flatten", "flatten", {x}, {{"axis", int64_t{1}}});
  writer.add_node(
      "Gemm", "scores",
      {x, add_tensor(writer, "linear.weight", net.linear->weight), add_tensor(writer, "linear.bias", net.linear->bias)},
      {{"transB", int64_t{1}}});
  writer.add_output("scores", {"batch", kClasses});
  return writer.save(path);
}

int run(const std::string& path) {
  const auto start = std::chrono::steady_clock::now();
  torch::manual_seed(0);
  torch::set_num_threads(1);  // the same sums on every machine, and no waiting where cores are shared
  Net net;
  train(net);
  const double accuracy = accuracy_percent(net, make_batches(kTestSeed, kTestCount));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::printf("float accuracy on %ld test pictures: %.2f %%; trained in %.0f s\n", kTestCount, accuracy, seconds);
  if (!export_onnx(net, path)) {
    std::fprintf(stderr, "%s cannot be written\n", path.c_str());
    return 3;
  }
  std::printf("wrote %s\n", path.c_str());
  return 0;
}

}  // namespace
}  // namespace dsq::sample

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: sample_train MODEL.onnx\n", stderr);
    return 2;
  }
  return dsq::sample::run(arguments[1]);
}
