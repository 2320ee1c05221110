// Runs one graph on several backends and thread counts, and compares what comes out.
#pragma once

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "src/runner/runner.h"
#include "src/support/rng.h"

namespace dsq::test {

inline std::vector<Tensor> run_on(const Graph& graph, const std::vector<Tensor>& inputs, const std::string& backend,
                                  int threads = 1, int rounds = 1) {
  Runner runner(graph, CompileOptions{backend, threads, {}});
  std::vector<Tensor> first;
  for (int i = 0; i < rounds; ++i) {
    Result<std::vector<Tensor>> outputs = runner.run(inputs);
    EXPECT_TRUE(outputs.has_value()) << backend << ": "
                                     << (outputs ? "" : outputs.error().what + " at " + outputs.error().where);
    if (!outputs) {
      return {};
    }
    if (i > 0) {
      EXPECT_TRUE(*outputs == first) << backend << ", run " << i;
    }
    first = std::move(*outputs);
  }
  return first;
}

inline int64_t in_range(Rng& rng, int64_t low, int64_t high) { return low + rng.below(high - low + 1); }
template <class T>
const T& one_of(Rng& rng, const std::vector<T>& values) {
  return values[static_cast<size_t>(in_range(rng, 0, static_cast<int64_t>(values.size()) - 1))];
}
inline float real(Rng& rng, float low, float high) { return rng.uniform(low, high); }

inline Tensor random_floats(Rng& rng, const Shape& shape, float low = -1, float high = 1) {
  Tensor tensor(DType::f32, shape);
  for (float& v : tensor.mutable_values<float>()) {
    v = real(rng, low, high);
  }
  return tensor;
}

// Any bytes; 4-bit tensors of odd length keep their last nibble zero.
inline Tensor random_bytes(Rng& rng, DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  for (std::byte& b : tensor.mutable_bytes()) {
    b = static_cast<std::byte>(in_range(rng, 0, 255));
  }
  if (bits_of(dtype) == 4 && tensor.count() % 2 != 0) {
    tensor.mutable_bytes().back() &= std::byte{15};
  }
  return tensor;
}

// int8 weights in [-127, 127].
inline Tensor random_weights(Rng& rng, const Shape& shape) {
  Tensor tensor(DType::i8, shape);
  for (int8_t& v : tensor.mutable_values<int8_t>()) {
    v = static_cast<int8_t>(in_range(rng, -127, 127));
  }
  return tensor;
}

// Bits are equal, except that the two zeros count as one.
inline void expect_same(const std::vector<Tensor>& a, const std::vector<Tensor>& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].type(), b[i].type()) << what;
    if (a[i].dtype() != DType::f32) {
      EXPECT_TRUE(a[i] == b[i]) << what << ", output " << i;
      continue;
    }
    const std::span<const float> x = a[i].values<float>();
    const std::span<const float> y = b[i].values<float>();
    int64_t different = 0;
    for (size_t k = 0; k < x.size(); ++k) {
      different += x[k] == y[k] || (x[k] != x[k] && y[k] != y[k]) ? 0 : 1;
    }
    EXPECT_EQ(different, 0) << what << ", output " << i;
  }
}

// |a - b| <= tolerance * the largest |a|, element by element.
inline void expect_near(const std::vector<Tensor>& a, const std::vector<Tensor>& b, float tolerance,
                        const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i].type(), b[i].type()) << what;
    const std::vector<float> x = to_floats(a[i]);
    const std::vector<float> y = to_floats(b[i]);
    float magnitude = 1e-30F;
    float difference = 0;
    for (size_t k = 0; k < x.size(); ++k) {
      magnitude = std::max(magnitude, std::fabs(x[k]));
      difference = std::max(difference, std::fabs(x[k] - y[k]));
      ASSERT_EQ(std::isnan(x[k]), std::isnan(y[k])) << what;
    }
    EXPECT_LE(difference, tolerance * magnitude) << what << ", output " << i;
  }
}

inline ValueId add_op(Graph& graph, OpKind op, Attrs attrs, std::vector<ValueId> inputs, DType type = DType::f32) {
  const std::string name = graph.unique_name(std::string(name_of(op)));
  const NodeId node = graph.add_node(op, name, std::move(attrs), std::move(inputs), {name});
  const ValueId out = graph.node(node).outputs[0];
  graph.set_type(out, {type, std::nullopt});
  return out;
}

}  // namespace dsq::test
