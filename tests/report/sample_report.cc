#include "tests/report/sample_report.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "src/support/rng.h"

namespace dsq::sample {
namespace {

constexpr char kHash[] = "3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea";

LayerReport layer(int index, int layers, Rng& rng) {
  const int stage = std::min(3, index * 4 / layers);
  const int64_t channels = 64 << stage;
  const int64_t side = 56 >> stage;
  LayerReport out;
  out.name = index == 0
                 ? "/stem/conv1/Conv"
                 : fmt::format("/layer{}/layer{}.{}/conv{}/Conv", stage + 1, stage + 1, index / 3, index % 3 + 1);
  out.op = index % 3 == 1 && index % 2 == 0 ? "conv (depthwise)" : "conv";
  out.output_shape = fmt::format("[1,{},{},{}]", channels, side, side);
  const int64_t kernel = index % 3 == 1 ? 9 : 1;
  out.weights = channels * channels * kernel;
  out.macs = out.weights * side * side;
  if (index + 1 == layers) {
    out.name = "/head/fc/Gemm";
    out.op = "linear";
    out.output_shape = "[1,1000]";
    out.weights = 512000;
    out.macs = 512000;
  }
  const bool edge = index == 0 || index + 1 == layers;
  out.weight_type = "i8";
  out.act_type = edge ? "u8" : index % 5 == 4 ? "i4" : "u4";
  out.range = "calibrated";
  out.integer = true;
  out.plain_weight_error = 0.0042 + 0.0058 * rng.uniform();
  out.weight_error = out.plain_weight_error;
  out.granularity = "per channel";
  if (index % 11 == 7) {
    out.plain_weight_error = 0.0104 + 0.02 * rng.uniform();
    out.weight_error = 0.0061 + 0.003 * rng.uniform();
    out.granularity = "groups of 32";
  }
  out.float_bytes = out.weights * 4;
  out.stored_bytes = out.weights + channels * 8;
  out.input_sqnr_db = (edge ? 41.0 : 21.0) + rng.normal();
  out.output_sqnr_db = 32.0 - 14.0 * index / layers + 1.5 * rng.normal();
  if (index % 17 == 9) {
    out.integer = false;
    out.weight_type = "f16";
    out.act_type = "f32";
    out.range = "none";
    out.weight_error = out.plain_weight_error = 0.00021;
    out.cause = "kept at fp16 by --keep '*fp16*'";
    out.input_sqnr_db.reset();
    out.stored_bytes = out.weights * 2;
  } else if (index % 13 == 5) {
    *out.output_sqnr_db -= 9;
    *out.input_sqnr_db -= 6;
    out.cause = "the input has a tail: 0.1 % of its values lie beyond 12 times its standard deviation";
    out.mend = fmt::format("--keep '{}=int8'", out.name);
    out.depthwise = true;
    InputReport& input = out.input.emplace();
    input.low = -1;
    input.high = 12;
    input.clip_low = -1;
    input.clip_high = 6;
    input.channels = channels;
    for (int64_t bin = 0; bin < 64; ++bin) {
      input.bins.push_back(40000 / (1 + bin * bin));
    }
  }
  return out;
}

OutputReport output(std::string name, int points, Rng& rng) {
  OutputReport out;
  out.name = std::move(name);
  out.sqnr_db = 19.347;
  out.max_abs_error = 1.2043;
  out.cosine = 0.99421;
  out.top1_agreement = 0.982;
  for (int i = 0; i < points; ++i) {
    const float x = 4.0F * rng.normal();
    out.points.emplace_back(x, x + 0.35F * rng.normal());
  }
  return out;
}

LossReport loss(std::string output, std::string kind, std::string measure, double points) {
  LossReport out;
  out.output = std::move(output);
  out.kind = std::move(kind);
  out.measure = std::move(measure);
  out.samples = 512;
  out.points = points;
  out.low = points - 0.9;
  out.high = points + 1.1;
  out.agreement = 0.982;
  out.limit = 0.3;
  out.worst = {{17, "cats/17.jpg", 100}, {400, "sample 400", 62.5}};
  return out;
}

MemoryReport memory(int layers, Rng& rng) {
  MemoryReport out;
  out.float_peak = 6422528;
  out.shapes = "input [1,3,224,224]";
  int64_t offset = 0;
  for (int i = 0; i < std::min(64, layers); ++i) {
    const int64_t bytes = (401408 >> (i * 4 / std::min(64, layers))) / (i % 3 == 0 ? 1 : 2);
    offset = i % 3 == 0 ? 0 : i % 3 == 1 ? 401408 : 401408 + 200704;
    out.blocks.push_back({fmt::format("/layer{}/relu_{}_output", i * 4 / layers + 1, i), offset, bytes, i,
                          i + 1 + static_cast<int>(rng.below(2))});
    out.quantized_total += bytes;
    out.quantized_peak = std::max(out.quantized_peak, offset + bytes);
  }
  return out;
}

}  // namespace

Report bare(int layers) {
  Rng rng(7);
  Report out;
  out.tool_version = "0.1.0";
  out.model_name = "resnet_small.onnx";
  out.model_sha256 = kHash;
  out.artefact_sha256 = std::string(kHash).replace(0, 4, "9a0b");
  out.producer = "pytorch 2.9.0";
  out.opset = 17;
  out.command = "--weights int8 --act int4";
  out.headline = fmt::format("{} of {} layers run in integers; the file is 25.9 % of the float model.", layers, layers);
  for (int i = 0; i < layers; ++i) {
    LayerReport row = layer(i, layers, rng);
    row.range = row.integer ? "per_sample" : "none";
    row.input_sqnr_db.reset();
    row.output_sqnr_db.reset();
    row.input.reset();
    row.depthwise.reset();
    out.float_file_bytes += row.float_bytes;
    out.artefact_bytes += row.stored_bytes;
    out.layers.push_back(std::move(row));
  }
  out.integer_mac_share = 1.0;
  out.size = {{"int8 weights", out.float_file_bytes, out.artefact_bytes}};
  return out;
}

Report full(int layers) {
  Rng rng(7);
  Report out = bare(layers);
  out.layers.clear();
  int64_t integer_macs = 0;
  int64_t macs = 0;
  int64_t bytes[2][2] = {};
  for (int i = 0; i < layers; ++i) {
    out.layers.push_back(layer(i, layers, rng));
    const LayerReport& row = out.layers.back();
    macs += row.macs;
    integer_macs += row.integer ? row.macs : 0;
    bytes[row.integer ? 0 : 1][0] += row.float_bytes;
    bytes[row.integer ? 0 : 1][1] += row.stored_bytes;
  }
  out.size = {{"int8 weights", bytes[0][0], bytes[0][1]},
              {"fp16 weights", bytes[1][0], bytes[1][1]},
              {"biases and constants", 48200, 48200},
              {"scales and offsets", 0, 61300},
              {"graph and metadata", 0, 31800}};
  out.float_file_bytes = bytes[0][0] + bytes[1][0] + 48200 + 9000;
  out.artefact_bytes = bytes[0][1] + bytes[1][1] + 48200 + 61300 + 31800;
  out.integer_mac_share = static_cast<double>(integer_macs) / static_cast<double>(macs);
  out.data_sha256 = std::string(kHash).replace(0, 4, "77c1");
  out.data_samples = 512;
  out.data_kind = "calibrated";
  out.headline =
      fmt::format("W8A4 loses 0.59 points of top-1; the file is {:.1f} % of the float model.",
                  100.0 * static_cast<double>(out.artefact_bytes) / static_cast<double>(out.float_file_bytes));
  out.gates = {{"weight error", "\xE2\x89\xA4 1 %", "0.98 % (worst: /layer3/layer3.11/conv2/Conv)", true},
               {"accuracy drop", "\xE2\x89\xA4 0.5 points", "0.59 points", false},
               {"output SQNR", "\xE2\x89\xA5 15 dB", "19.3 dB (logits)", true}};
  out.passed = false;
  out.outputs = {output("logits", 512, rng), output("embedding", 400, rng)};
  out.outputs[1].top1_agreement.reset();
  out.outputs[1].sqnr_db = 23.81;
  out.accuracy = AccuracyReport{512, 0.9336, 0.9277, 0.991, 0.989, 0.9301, 0.9233, {}};
  out.accuracy->classes = {{0, "cat", 250, 0.94, 0.93, 0.935, 0.92, 0.91, 0.915},
                           {7, "dog", 262, 0.93, 0.94, 0.935, 0.91, 0.93, 0.92}};
  out.plans = {{0.97, 0.09, 1.5, false, "--mixed off"},
               {0.6, 0.01, std::nullopt, false, "--target-a4 60.00%"},
               {0.4, 0.004, 0.12, true, "--target-a4 40.00%"},
               {0.0, 0.0, std::nullopt, false, "--target-a4 0.00%"}};
  out.losses = {loss("logits", "scores", "accuracy", 0.59), loss("logits", "scores", "estimated", 0.48),
                loss("embedding", "embedding", "cosine", 0.31)};
  out.losses->front().limit = 0.5;
  out.losses->front().reference = 0.9336;
  out.losses->front().quantized = 0.9277;
  out.floats = {{"softmax", "no integer form: its result is a probability", {"/head/Softmax"}},
                {"conv", "kept at fp16 by --keep '*fp16*'", {}},
                {"resize", "linear interpolation is computed in float", {"/up/Resize", "/up/Resize_1"}}};
  for (const LayerReport& row : out.layers) {
    if (!row.integer) {
      out.floats[1].nodes.push_back(row.name);
    }
  }
  out.memory = memory(layers, rng);
  out.seconds = {{"import", 0.041},      {"passes", 0.083},   {"calibration", 3.92},
                 {"quantization", 0.61}, {"comparison", 4.4}, {"writing", 0.012}};
  out.diagnostics = {
      {Severity::warning, Code::gate_failed, "", "accuracy drop: 0.59 points exceed the limit of 0.5", ""},
      {Severity::note, Code::not_applicable, "/layer1/layer1.0/bn2", "its input has a second reader", "fold_batchnorm"},
      {Severity::note, Code::not_applicable, "/head/Softmax", "stays in float: no integer form", "plan_quant"}};
  return out;
}

Report hostile() {
  const std::string bad =
      "</script><script>document.title='owned'</script>\"'><img src=x "
      "onerror=alert(1)>&amp;\x01\x1b[31m\xff\xc3(\xed\xa0\x80";
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  Report out = full(12);
  for (std::string* text : {&out.tool_version, &out.model_name, &out.model_sha256, &out.producer, &out.artefact_sha256,
                            &out.command, &out.data_sha256, &out.data_kind, &out.headline}) {
    *text = bad;
  }
  for (Gate& gate : out.gates) {
    gate.name = gate.limit = gate.found = bad;
  }
  for (SizePart& part : out.size) {
    part.part = bad;
  }
  for (LayerReport& row : out.layers) {
    for (std::string* text : {&row.name, &row.op, &row.output_shape, &row.weight_type, &row.act_type, &row.range,
                              &row.granularity, &row.cause, &row.mend}) {
      *text = bad;
    }
  }
  out.layers[1].name = "";
  out.layers[2].name = std::string(4000, 'n');
  out.layers[3].weight_error = nan;
  out.layers[3].input = InputReport{nan, inf, nan, -inf, true, 3, 0, inf, nan, {1, 2, 3}};
  out.layers[4].weight_error = inf;
  out.layers[5].plain_weight_error = nan;
  out.layers[6].output_sqnr_db = nan;
  out.layers[7].output_sqnr_db = -inf;
  out.layers[8].input_sqnr_db = inf;
  out.layers[9].stored_bytes = -5;
  out.layers[10].name =
      "\xE5\xB1\x82/\xD7\xA9\xD7\x9B\xD7\x91\xD7\x94/\xE2\x80\xAE reversed";  // other scripts, bidi override
  for (LossReport& row : *out.losses) {
    row.output = row.kind = row.measure = row.worst[0].place = bad;
    row.points = nan;
    row.high = inf;
  }
  out.accuracy->classes->front().name = bad;
  out.outputs[0].name = bad;
  out.outputs[0].sqnr_db = -200;
  out.outputs[0].points = {
      {std::numeric_limits<float>::quiet_NaN(), 1.0F}, {std::numeric_limits<float>::infinity(), 2.0F}, {1.0F, 1.0F}};
  out.outputs[1].points.clear();
  out.outputs[1].cosine = nan;
  for (FloatPart& part : out.floats) {
    part.op = part.reason = bad;
    part.nodes.push_back(bad);
  }
  out.memory->shapes = bad;
  out.memory->blocks[0].name = bad;
  out.memory->blocks[1].last = -7;
  out.memory->float_peak = 0;
  out.seconds.emplace_back(bad, nan);
  out.diagnostics.push_back({Severity::warning, Code::internal, bad, bad, bad});
  out.integer_mac_share = nan;
  return out;
}

}  // namespace dsq::sample
