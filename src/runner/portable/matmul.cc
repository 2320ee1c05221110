// Matrix products in floats, accumulated in double and rounded once, and in other numbers.
#include <algorithm>

#include "src/ops/einsum.h"
#include "src/runner/portable/activation.h"
#include "src/runner/portable/broadcast.h"
#include "src/runner/portable/convert.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"

namespace dsq::portable {
namespace {

// out[m, n] = a[m, k] * b[k, n], all row-major; row strides as given, columns of b may be strided instead.
template <class T>
void multiply(const T* a, int64_t a_row, int64_t a_col, const T* b, int64_t b_row, int64_t b_col, T* out, int64_t m,
              int64_t n, int64_t k) {
  parallel_for(m, std::max<int64_t>(1, (1 << 16) / std::max<int64_t>(n * k, 1)), [&](int64_t begin, int64_t end) {
    std::vector<Sum<T>> acc(static_cast<size_t>(n));
    for (int64_t i = begin; i < end; ++i) {
      std::ranges::fill(acc, Sum<T>{0});
      for (int64_t p = 0; p < k; ++p) {
        const auto x = static_cast<Sum<T>>(a[i * a_row + p * a_col]);
        const T* row = b + p * b_row;
        for (int64_t j = 0; j < n; ++j) {
          acc[static_cast<size_t>(j)] += x * static_cast<Sum<T>>(row[j * b_col]);
        }
      }
      for (int64_t j = 0; j < n; ++j) {
        out[i * n + j] = static_cast<T>(acc[static_cast<size_t>(j)]);
      }
    }
  });
}

}  // namespace

Result<void> matmul(const Call& call) {
  Shape a = call.input(0).shape();
  Shape b = call.input(1).shape();
  if (a.size() == 1) {
    a.insert(a.begin(), 1);
  }
  if (b.size() == 1) {
    b.push_back(1);
  }
  const int64_t m = a[a.size() - 2];
  const int64_t k = a.back();
  const int64_t n = b.back();
  const Shape a_batch(a.begin(), a.end() - 2);
  const Shape b_batch(b.begin(), b.end() - 2);
  const Shape batch = DSQ_TRY(broadcast(a_batch, b_batch));
  const BroadcastPlan<2> plan = plan_broadcast<2>(batch, {&a_batch, &b_batch});
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    const T* x = raw<T>(call.input(0));
    const T* y = raw<T>(call.input(1));
    T* out = raw<T>(call.output());
    for_each_row(plan, [&](int64_t at, const std::array<int64_t, 2>& offset) {
      for (int64_t i = 0; i < plan.inner(); ++i) {
        const int64_t from_a = offset[0] + i * plan.inner_stride(0);
        const int64_t from_b = offset[1] + i * plan.inner_stride(1);
        multiply(x + from_a * m * k, k, int64_t{1}, y + from_b * k * n, n, int64_t{1}, out + (at + i) * m * n, m, n, k);
      }
    });
    return {};
  });
}

Result<void> gemm(const Call& call) {
  const auto& attrs = call.attrs<GemmAttrs>();
  const Shape& a = call.input(0).shape();
  const Shape& b = call.input(1).shape();
  const int64_t m = a[attrs.trans_a ? 1 : 0];
  const int64_t k = a[attrs.trans_a ? 0 : 1];
  const int64_t n = b[attrs.trans_b ? 0 : 1];
  return for_number(call, call.input(0).dtype(), [&]<class T>(T) -> Result<void> {
    T* out = raw<T>(call.output());
    multiply(raw<T>(call.input(0)), attrs.trans_a ? 1 : k, attrs.trans_a ? m : 1, raw<T>(call.input(1)),
             attrs.trans_b ? 1 : n, attrs.trans_b ? k : 1, out, m, n, k);
    const auto scaled = [](float by, T v) { return wrapping(converted<T>(by), v, std::multiplies<>()); };
    if (!call.has(2)) {
      std::for_each_n(out, m * n, [&](T& v) { v = scaled(attrs.alpha, v); });
      return {};
    }
    const Tensor product = call.output().clone();
    map_binary(call.output().shape(), call.output().shape(), call.input(2).shape(), raw<T>(product),
               raw<T>(call.input(2)), out,
               [&](T v, T c) { return wrapping(scaled(attrs.alpha, v), scaled(attrs.beta, c), std::plus<>()); });
    return {};
  });
}

Result<void> linear(const Call& call) {
  const auto& attrs = call.attrs<LinearAttrs>();
  if (call.input(0).dtype() != DType::f32) {
    return unsupported(call, call.input(0).dtype());
  }
  const Shape& w = call.input(1).shape();
  const int64_t n = w[0];
  const int64_t k = w[1];
  const int64_t m = n == 0 ? 0 : call.output().count() / n;
  const float* bias = call.has(2) ? raw<float>(call.input(2)) : nullptr;
  const float* added = attrs.adds ? raw<float>(call.input(3)) : nullptr;
  float* out = raw<float>(call.output());
  multiply(raw<float>(call.input(0)), k, int64_t{1}, raw<float>(call.input(1)), int64_t{1}, k, out, m, n, k);
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t j = 0; j < n; ++j) {
      out[i * n + j] += (bias == nullptr ? 0.0F : bias[j]) + (added == nullptr ? 0.0F : added[i * n + j]);
    }
  }
  apply(attrs.activation(), out, m * n);
  return {};
}

// By definition: for each output element, the sum over all labels that the output lacks.
Result<void> einsum(const Call& call) {
  std::vector<Shape> shapes;
  for (const Tensor* in : call.in) {
    shapes.push_back(in->shape());
  }
  const EinsumPlan plan = DSQ_TRY(plan_einsum(call.attrs<EinsumAttrs>().equation, shapes));
  std::string labels = plan.output;
  for (const auto& [label, size] : plan.sizes) {
    if (plan.output.find(label) == std::string::npos) {
      labels += label;
    }
  }
  Shape sizes;
  for (const char label : labels) {
    sizes.push_back(plan.sizes.at(label));
  }
  std::vector<Shape> strides;  // of each operand, by label
  for (size_t i = 0; i < shapes.size(); ++i) {
    const Shape own = strides_of(shapes[i]);
    Shape by_label(labels.size(), 0);
    for (size_t axis = 0; axis < own.size(); ++axis) {
      by_label[labels.find(plan.operands[i][axis])] += shapes[i][axis] == 1 ? 0 : own[axis];
    }
    strides.push_back(std::move(by_label));
  }
  const int64_t results = call.output().count();
  int64_t terms = 1;
  for (size_t i = plan.output.size(); i < sizes.size(); ++i) {
    terms *= sizes[i];
  }
  return for_number(call, call.output().dtype(), [&]<class T>(T) -> Result<void> {
    T* out = raw<T>(call.output());
    parallel_for(results, std::max<int64_t>(1, 4096 / std::max<int64_t>(terms, 1)), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o) {
        Sum<T> sum{0};
        for (int64_t t = 0; t < terms; ++t) {
          Sum<T> product{1};
          for (size_t i = 0; i < shapes.size(); ++i) {
            int64_t rest = t;
            int64_t offset = 0;
            for (size_t d = labels.size(); d-- > 0;) {
              if (d + 1 == plan.output.size()) {
                rest = o;
              }
              offset += rest % sizes[d] * strides[i][d];
              rest /= sizes[d];
            }
            product *= static_cast<Sum<T>>(raw<T>(*call.in[i])[offset]);
          }
          sum += product;
        }
        out[o] = static_cast<T>(sum);
      }
    });
    return {};
  });
}

}  // namespace dsq::portable
