#include "src/toolchain/selftest.h"

#include <chrono>
#include <cmath>

#include "formats/npy/npy.h"
#include "src/runner/backend.h"
#include "src/support/file.h"
#include "src/support/rng.h"
#include "src/toolchain/load.h"
#include "src/toolchain/quantize.h"
#include "src/toolchain/run.h"

namespace dsq {
namespace {

// y = Relu(x) on float[N,4], IR version 8, opset 13.
constexpr std::string_view kOnnx(
    "\x08\x08\x12\x00\x3a\x3d\x0a\x0c\x0a\x01\x78\x12\x01\x79\x22\x04\x52\x65\x6c\x75\x12\x01\x67\x5a\x14\x0a\x01\x78"
    "\x12\x0f\x0a\x0d\x08\x01\x12\x09\x0a\x03\x12\x01\x4e\x0a\x02\x08\x04\x62\x14\x0a\x01\x79\x12\x0f\x0a\x0d\x08\x01"
    "\x12\x09\x0a\x03\x12\x01\x4e\x0a\x02\x08\x04\x42\x04\x0a\x00\x10\x0d",
    73);

constexpr std::string_view kNetwork = R"(graph "selftest" stage=float (%x: f32[?,3,16,16]) -> (%y) {
  %w1 = const f32[16,3,3,3] rand(seed=1)
  %b1 = const f32[16] rand(seed=2)
  %w2 = const f32[16,1,3,3] rand(seed=3)
  %w3 = const f32[16,16,1,1] rand(seed=4)
  %w4 = const f32[10,16] rand(seed=5)
  %axes = const i64[2] {2, 3}
  %c1 = conv(%x, %w1, %b1) {pads=[1,1,1,1]} @"conv"
  %r1 = relu(%c1) @"relu"
  %c2 = conv(%r1, %w2) {pads=[1,1,1,1], group=16} @"depthwise"
  %c3 = conv(%c2, %w3) @"pointwise"
  %a = add(%r1, %c3) @"residual"
  %r2 = relu(%a) @"relu_2"
  %m = reduce_mean(%r2, %axes) {keepdims=false} @"pool"
  %y = linear(%m, %w4) @"classes"
}
)";

constexpr int64_t kSamples = 16;
constexpr double kLeastSqnrDb = 12;  // what 4 bits leave of random weights; measured: 19 and more

class SelfTest {
 public:
  SelfTest(std::filesystem::path folder, const OnChecked& checked) : folder_(std::move(folder)), checked_(checked) {}

  Result<void> run() {
    DSQ_TRY(import());
    DSQ_TRY(store());
    DSQ_TRY(quantize_as("dynamic.dsq", {}, 0));
    done("quantizes to 8-bit weights and 4-bit activations, and reads back what it wrote");
    DSQ_TRY(quantize_as("calibrated.dsq", folder_ / "data.npz", 0));
    done("calibrates on data");
    DSQ_TRY(same_bytes());
    done("makes the same bytes with one thread as with all");
    for (const char* model : {"dynamic.dsq", "calibrated.dsq"}) {
      DSQ_TRY(same_bits(model));
    }
    done("computes the same bits on portable and onednn");
    return {};
  }

 private:
  using Clock = std::chrono::steady_clock;

  void done(std::string_view what) {
    const Clock::time_point now = Clock::now();
    checked_(what, std::chrono::duration<double>(now - start_).count());
    start_ = now;
  }

  static Error wrong(std::string what) { return Error{Code::internal, std::move(what), "selftest", {}}; }

  Result<void> import() {
    DSQ_TRY(write_file(folder_ / "relu.onnx", kOnnx));
    const Model model = DSQ_TRY(load_model(folder_ / "relu.onnx", {}, diagnostics_));
    const std::vector<NodeId> nodes = model.graph.nodes();
    if (nodes.size() != 1 || model.graph.node(nodes[0]).op != OpKind::relu) {
      return wrong("an ONNX model is read as another one");
    }
    done("reads ONNX");
    return {};
  }

  Result<void> store() {
    DSQ_TRY(write_file(folder_ / "net.dsir", kNetwork));
    Rng rng(1);
    Tensor x(DType::f32, {kSamples, 3, 16, 16});
    for (float& value : x.mutable_values<float>()) {
      value = static_cast<float>(rng.normal());
    }
    DSQ_TRY(npy::write_npz(folder_ / "data.npz", {{"x", x}}));
    const npy::NamedTensors read = DSQ_TRY(npy::read(folder_ / "data.npz"));
    if (read.size() != 1 || read[0].second != x) {
      return wrong("arrays are not read as they were written");
    }
    done("writes and reads arrays");
    return {};
  }

  Result<void> quantize_as(const std::string& name, std::optional<std::filesystem::path> data, int threads) {
    QuantizeOptions options;
    options.model = folder_ / "net.dsir";
    options.output = folder_ / name;
    options.data = std::move(data);
    options.threads = threads;
    Progress silent;
    const Quantized made = DSQ_TRY(quantize(options, diagnostics_, silent));
    for (const OutputReport& output : made.report.outputs) {
      if (!(output.sqnr_db >= kLeastSqnrDb)) {
        return wrong(fmt::format("{}: the result is at {:.1f} dB of float", name, output.sqnr_db));
      }
    }
    return made.report.passed ? Result<void>() : Result<void>(wrong(name + ": a gate failed"));
  }

  Result<void> same_bytes() {
    DSQ_TRY(quantize_as("one.dsq", folder_ / "data.npz", 1));
    const std::shared_ptr<const MappedFile> one = DSQ_TRY(MappedFile::open(folder_ / "one.dsq"));
    const std::shared_ptr<const MappedFile> all = DSQ_TRY(MappedFile::open(folder_ / "calibrated.dsq"));
    return std::ranges::equal(one->bytes(), all->bytes()) ? Result<void>()
                                                          : Result<void>(wrong("the bytes depend on the threads"));
  }

  Result<void> same_bits(const char* name) {
    const Model model = DSQ_TRY(load_model(folder_ / name, {}, diagnostics_));
    const Dataset data = DSQ_TRY(Dataset::make(model.graph, DSQ_TRY(npy::read(folder_ / "data.npz")), diagnostics_));
    std::optional<Tensor> first;
    for (const char* backend : {"portable", "onednn"}) {
      RunOptions options;
      options.backend = backend;
      Progress silent;
      const Ran ran = DSQ_TRY(run_dataset(model.graph, data, options, silent));
      if (first && *first != ran.outputs[0].second) {
        return wrong(fmt::format("{}: the backends differ", name));
      }
      first = ran.outputs[0].second;
    }
    return {};
  }

  std::filesystem::path folder_;
  const OnChecked& checked_;
  Diagnostics diagnostics_;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

Result<void> selftest(const std::filesystem::path& folder, const OnChecked& checked) {
  return SelfTest(folder, checked).run();
}

}  // namespace dsq
