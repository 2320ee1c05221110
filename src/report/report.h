// The report of one quantization, as plain data. formats/report writes it as JSON and HTML; cli/ prints it.
// Fields that were not measured are empty optionals, never zeros.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/support/diagnostics.h"

namespace dsq {

inline constexpr int kReportVersion = 1;

struct SizePart {  // "int8 weights", "fp16 constants", "scales and offsets", "graph and metadata"
  std::string part;
  int64_t float_bytes = 0;  // the same values as fp32; 0 for what only the artefact has
  int64_t stored_bytes = 0;
};

struct InputReport {  // what calibration saw of a layer's input
  double low = 0;     // the extremes
  double high = 0;
  std::optional<double> clip_low;  // between which it is quantized, of all channels
  std::optional<double> clip_high;
  bool shared = false;  // all channels have one range
  int64_t channels = 1;
  int64_t dead = 0;           // channels that never vary
  double spread = 1;          // the widest channel's range, of the median's
  double tail = 1;            // the largest magnitude, of what 99.9 % of the values stay within
  std::vector<int64_t> bins;  // counts in 64 equal parts of [low, high]
};

// One layer with weights (conv, conv_transpose, linear), in execution order.
struct LayerReport {
  std::string name;  // the model's node name
  std::string op;
  std::string output_shape;       // "[1,64,56,56]"
  int64_t macs = 0;               // of one run at the reported shapes; 0 when shapes are unknown
  int64_t weights = 0;            // elements
  std::string weight_type;        // "i8", "i4", "f16", "f32"
  std::string act_type;           // of its input as it is computed: "u4", "i8", "f32"
  std::string range;              // "calibrated", "per_sample", "per_token", "none"
  std::string granularity;        // "per channel", "groups of 32"
  double weight_error = 0;        // relative L2 of the stored weights against those that they stand for
  double plain_weight_error = 0;  // the same with one scale per output channel
  int64_t float_bytes = 0;
  int64_t stored_bytes = 0;
  std::optional<double> input_sqnr_db;   // of the quantized input against the same float input, with data
  std::optional<double> output_sqnr_db;  // of the layer's output in the quantized network against the float network
  bool integer = false;                  // computed in integers
  std::optional<bool> depthwise;         // one input channel makes each output
  std::optional<InputReport> input;      // with calibrated ranges
  std::string cause;                     // why it is among the worst, or why it stayed float; may be empty
  std::string mend;                      // the flag that mends it, ready to copy; may be empty
};

struct OutputReport {  // one graph output, float against quantized on the same inputs
  std::string name;
  double sqnr_db = 0;
  double max_abs_error = 0;
  double cosine = 0;
  std::optional<double> top1_agreement;         // in [0, 1], for outputs that look like class scores [N, classes]
  std::vector<std::pair<float, float>> points;  // up to 512 (float, quantized) pairs, evenly taken, for the plot
};

struct ClassReport {  // src/report/class_counts.h
  int64_t label = 0;
  std::string name;  // where the data has names
  int64_t samples = 0;
  double float_precision = 0, float_recall = 0, float_f1 = 0;  // in [0, 1]
  double quantized_precision = 0, quantized_recall = 0, quantized_f1 = 0;
};

struct AccuracyReport {
  int64_t samples = 0;
  double float_top1 = 0;  // in [0, 1]
  double quantized_top1 = 0;
  std::optional<double> float_top5 = {};  // of more than five classes
  std::optional<double> quantized_top5 = {};
  std::optional<double> float_macro_f1 = {};
  std::optional<double> quantized_macro_f1 = {};
  std::optional<std::vector<ClassReport>> classes = {};  // that occur
};

struct SamplePoints {  // a sample that loses much
  int64_t sample = 0;  // among those that were measured
  std::string place;   // "sample 4", or its file
  double points = 0;
};

struct LossReport {     // src/report/loss.h; of what the user's own command measures, in its own unit
  std::string output;   // its name; empty where the measure is the user's command
  std::string kind;     // "scores", "text", "mask", "embedding", "other"
  std::string measure;  // "accuracy", "estimated", "text", "mask", "cosine", "noise", "command"
  int64_t samples = 0;
  double points = 0;          // lost, of 100
  std::optional<double> low;  // 95 % interval of it
  std::optional<double> high;
  std::optional<double> reference;  // the measure's own figures
  std::optional<double> quantized;
  std::optional<double> agreement;  // of choices, in [0, 1]
  double limit = 0;                 // points that it was held to: the user's, or the aim
  std::optional<int64_t> needed;    // samples that it would take to prove that limit
  std::vector<SamplePoints> worst;  // the ten that lose most
};

struct PlanReport {              // a way to mix precisions, on the hull of noise over work (src/toolchain/search.h)
  double share = 0;              // of multiplications at the asked precision, in [0, 1]
  double noise = 0;              // predicted: energy of the outputs' error over theirs
  std::optional<double> points;  // lost on held-out samples, where it was tried
  bool chosen = false;
  std::string flag;  // that gives it
};

struct FloatPart {  // operators that stayed in float, grouped by operator and reason
  std::string op;
  std::string reason;
  std::vector<std::string> nodes;
};

struct MemoryReport {
  int64_t float_peak = 0;  // arena bytes of the float network
  int64_t quantized_peak = 0;
  int64_t quantized_total = 0;  // without sharing
  std::string shapes;           // "x [1,3,224,224]"
  struct Block {                // one value of the quantized network's plan
    std::string name;
    int64_t offset = 0;
    int64_t bytes = 0;
    int32_t first = 0;  // steps
    int32_t last = 0;
  };
  std::vector<Block> blocks;  // the largest 64
};

struct Gate {
  std::string name;   // "weight error", "accuracy drop", "output SQNR", "size"
  std::string limit;  // "<= 1 %"
  std::string found;  // "0.62 % (worst: conv3)"
  bool passed = true;
};

struct Report {
  std::string tool_version;
  std::optional<std::string> libraries;     // that decided bytes of the artefact: "zstd 1.5.4, zlib 1.2.13"
  std::optional<std::string> instructions;  // that figures were measured with: "AVX-512 with VNNI"
  std::string model_name;                   // file name without folders
  std::string model_sha256;
  std::string producer;
  int64_t opset = 0;
  std::string artefact_sha256;
  std::string command;      // canonical options, no paths: "--weights int8 --act int4"
  std::string data_sha256;  // empty without data
  int64_t data_samples = 0;
  std::optional<int64_t> calibrated_samples;  // those of them that ranges came from
  std::optional<int64_t> measured_samples;    // that figures come from
  std::optional<std::string> measured_on;     // "held out", "other data", or "the same"
  std::optional<std::string> preprocess;      // of pictures, in words
  std::string data_kind;  // "calibrated", or "probe" where a synthetic input was used to compare only

  std::string headline;  // the verdict in one sentence
  std::vector<Gate> gates;
  bool passed = true;  // every gate

  int64_t float_file_bytes = 0;
  int64_t artefact_bytes = 0;
  std::vector<SizePart> size;
  std::vector<LayerReport> layers;
  std::vector<OutputReport> outputs;
  std::optional<AccuracyReport> accuracy;
  std::optional<std::vector<LossReport>> losses;  // with data; what gates look at comes first
  std::optional<std::vector<PlanReport>> plans;   // where precisions were mixed, from the most at the asked one
  std::vector<FloatPart> floats;
  std::optional<MemoryReport> memory;
  double max_weight_error = 0.01;        // the limit that int8 layers' weight_error was held to, relative
  double integer_mac_share = 0;          // in [0, 1]
  std::optional<int64_t> conversions;    // between integers and floats, in the quantized network
  std::optional<int64_t> float_islands;  // runs of operators in float with such conversions around them
  std::vector<std::pair<std::string, double>> seconds;  // by phase; never in the artefact
  std::vector<Diagnostic> diagnostics;
};

}  // namespace dsq
