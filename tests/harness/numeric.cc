#include "tests/harness/numeric.h"

#include <cmath>
#include <limits>

#include "src/ir/half.h"
#include "src/runner/runner.h"
#include "src/support/rng.h"

namespace dsq::testing {
namespace {

constexpr int64_t kOpenDimension = 3;

void fill(Tensor& tensor, Rng& rng) {
  const auto integers = [&]<class T>(T) {
    for (T& value : tensor.mutable_values<T>()) {
      value = static_cast<T>(rng.below(4));
    }
  };
  const auto halves = [&](auto convert) {
    auto* bits = reinterpret_cast<uint16_t*>(tensor.mutable_bytes().data());
    for (int64_t i = 0; i < tensor.count(); ++i) {
      bits[i] = convert(rng.uniform(-1.0F, 1.0F));
    }
  };
  switch (tensor.dtype()) {
    case DType::f32:
      for (float& value : tensor.mutable_values<float>()) {
        value = rng.uniform(-1.0F, 1.0F);
      }
      return;
    case DType::f64:
      for (double& value : tensor.mutable_values<double>()) {
        value = rng.uniform(-1.0F, 1.0F);
      }
      return;
    case DType::f16: return halves(f32_to_f16);
    case DType::bf16: return halves(f32_to_bf16);
    case DType::i8: return integers(int8_t{});
    case DType::u8: return integers(uint8_t{});
    case DType::i16: return integers(int16_t{});
    case DType::u16: return integers(uint16_t{});
    case DType::i32: return integers(int32_t{});
    case DType::u32: return integers(uint32_t{});
    case DType::i64: return integers(int64_t{});
    case DType::u64: return integers(uint64_t{});
    case DType::boolean:
      for (bool& value : tensor.mutable_values<bool>()) {
        value = rng.below(2) == 1;
      }
      return;
    case DType::i4:
    case DType::u4:
      for (int64_t i = 0; i < tensor.count(); ++i) {
        set_nibble(tensor.mutable_bytes().data(), i, static_cast<int>(rng.below(4)));
      }
      return;
  }
}

}  // namespace

Result<std::vector<Tensor>> seeded_inputs(const Graph& graph, uint64_t seed) {
  Rng rng(seed);
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs()) {
    const Value& value = graph.value(id);
    if (!value.type.shape) {
      return fail(Code::data_mismatch, "its rank is not known").at("input '" + value.name + "'");
    }
    Shape shape = *value.type.shape;
    for (int64_t& dimension : shape) {
      dimension = dimension == kUnknown ? kOpenDimension : dimension;
    }
    Tensor tensor(value.type.dtype, std::move(shape));
    fill(tensor, rng);
    inputs.push_back(std::move(tensor));
  }
  return inputs;
}

Result<std::vector<Tensor>> outputs_of(const Graph& graph, const std::vector<Tensor>& inputs) {
  CompileOptions options;
  options.backend = "portable";
  return Runner(graph, options).run(inputs);
}

std::string numeric_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b, double tolerance) {
  if (a.size() != b.size()) {
    return fmt::format("{} and {} outputs", a.size(), b.size());
  }
  for (size_t o = 0; o < a.size(); ++o) {
    if (a[o].type() != b[o].type()) {
      return fmt::format("output {}: {} and {}", o, text_of(a[o].type()), text_of(b[o].type()));
    }
    double largest = 0;
    for (int64_t i = 0; i < a[o].count(); ++i) {
      const double value = std::abs(element(a[o], i));
      largest = std::isfinite(value) ? std::max(largest, value) : largest;
    }
    for (int64_t i = 0; i < a[o].count(); ++i) {
      const double x = element(a[o], i);
      const double y = element(b[o], i);
      const bool same = x == y || (std::isnan(x) && std::isnan(y));
      const double off = same ? 0 : std::abs(x - y) / (largest > 0 ? largest : 1);
      if (!(off <= tolerance)) {
        return fmt::format("output {}, element {}: {} and {}, off by {} of the largest magnitude", o, i, x, y, off);
      }
    }
  }
  return {};
}

}  // namespace dsq::testing
