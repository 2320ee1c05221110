// Recurrent layers (rnn, gru, lstm), as the ONNX operators define them. Products accumulate in double.
#include <algorithm>
#include <cmath>

#include "src/runner/portable/activation.h"
#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"

namespace dsq::portable {
namespace {

struct Function {
  RnnFunction kind;
  float alpha = 0;
  float beta = 0;

  float operator()(float x) const {
    switch (kind) {
      case RnnFunction::sigmoid: return sigmoid_f(x);
      case RnnFunction::tanh: return tanh_f(x);
      case RnnFunction::relu: return x > 0 ? x : 0.0F;
      case RnnFunction::affine: return alpha * x + beta;
      case RnnFunction::leaky_relu: return x < 0 ? alpha * x : x;
      case RnnFunction::thresholded_relu: return x > alpha ? x : 0.0F;
      case RnnFunction::scaled_tanh: return alpha * tanh_f(beta * x);
      case RnnFunction::hard_sigmoid: return hard_sigmoid_f(x, alpha, beta);
      case RnnFunction::elu: return elu_f(x, alpha);
      case RnnFunction::softsign: return x / (1.0F + std::fabs(x));
      case RnnFunction::softplus: return softplus_f(x);
    }
    return x;
  }
};

std::vector<Function> functions_of(const Call& call, size_t directions) {
  const auto& attrs = call.attrs<RnnAttrs>();
  using enum RnnFunction;
  std::vector<RnnFunction> kinds = attrs.functions;
  if (kinds.empty()) {
    for (size_t d = 0; d < directions; ++d) {
      switch (call.node.op) {
        case OpKind::lstm: kinds.insert(kinds.end(), {sigmoid, tanh, tanh}); break;
        case OpKind::gru: kinds.insert(kinds.end(), {sigmoid, tanh}); break;
        default: kinds.push_back(tanh); break;
      }
    }
  }
  std::vector<Function> functions;
  size_t next = 0;  // parameters are listed for the functions that take them, in order
  for (const RnnFunction kind : kinds) {
    Function f{kind};
    const bool takes_alpha = kind == affine || kind == leaky_relu || kind == thresholded_relu || kind == scaled_tanh ||
                             kind == hard_sigmoid || kind == elu;
    if (takes_alpha) {
      const float fallback = kind == leaky_relu ? 0.01F : kind == hard_sigmoid ? 0.2F : 1.0F;
      f.alpha = next < attrs.alpha.size() ? attrs.alpha[next] : fallback;
      f.beta = next < attrs.beta.size() ? attrs.beta[next] : (kind == hard_sigmoid ? 0.5F : 0.0F);
      ++next;
    }
    functions.push_back(f);
  }
  return functions;
}

// y[0..rows) = w[rows, columns] * x, w transposed beforehand so that the inner loop runs over rows.
class Matrix {
 public:
  Matrix(const float* w, int64_t rows, int64_t columns)
      : rows_(rows), columns_(columns), by_column_(static_cast<size_t>(rows * columns)) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        by_column_[static_cast<size_t>(c * rows + r)] = w[r * columns + c];
      }
    }
  }
  // acc[0..count) += rows [first, first + count) times x
  void add_product(const float* x, int64_t first, int64_t count, double* acc) const {
    for (int64_t c = 0; c < columns_; ++c) {
      const float* column = by_column_.data() + c * rows_ + first;
      const double v = x[c];
      for (int64_t r = 0; r < count; ++r) {
        acc[r] += column[r] * v;
      }
    }
  }

 private:
  int64_t rows_;
  int64_t columns_;
  std::vector<float> by_column_;
};

struct Direction {
  OpKind op;
  const RnnAttrs& attrs;
  const Function* f;
  Matrix w;
  Matrix r;
  const float* bias;      // [2 * gates * hidden] or null: input biases, then recurrent ones
  const float* peephole;  // [3 * hidden] or null
  int64_t gates;

  float clipped(double x) const {
    const auto v = static_cast<float>(x);
    return attrs.clip > 0 ? clip_f(v, -attrs.clip, attrs.clip) : v;
  }

  // One step of one sample: h and c are updated in place.
  void step(const float* x, float* h, float* c, std::vector<double>& acc, std::vector<float>& scratch) const {
    const int64_t n = attrs.hidden;
    const bool split_last = op == OpKind::gru;  // the candidate's recurrent part is handled apart
    acc.assign(static_cast<size_t>(gates * n), 0.0);
    w.add_product(x, 0, gates * n, acc.data());
    r.add_product(h, 0, (split_last ? gates - 1 : gates) * n, acc.data());
    if (bias != nullptr) {
      for (int64_t i = 0; i < gates * n; ++i) {
        acc[static_cast<size_t>(i)] += bias[i] + (split_last && i >= 2 * n ? 0.0F : bias[gates * n + i]);
      }
    }
    switch (op) {
      case OpKind::lstm: return lstm(h, c, acc);
      case OpKind::gru: return gru(h, acc, scratch);
      default:
        for (int64_t i = 0; i < n; ++i) {
          h[i] = f[0](clipped(acc[static_cast<size_t>(i)]));
        }
    }
  }

  void lstm(float* h, float* c, const std::vector<double>& acc) const {  // gates i, o, f, c; peepholes i, o, f
    const int64_t n = attrs.hidden;
    for (int64_t i = 0; i < n; ++i) {
      const auto gate = [&](int64_t g, int64_t peep, float cell) {
        const double extra = peephole == nullptr ? 0.0 : static_cast<double>(peephole[peep * n + i]) * cell;
        return f[0](clipped(acc[static_cast<size_t>(g * n + i)] + extra));
      };
      const float in = gate(0, 0, c[i]);
      const float forget = attrs.input_forget ? 1.0F - in : gate(2, 2, c[i]);
      c[i] = forget * c[i] + in * f[1](clipped(acc[static_cast<size_t>(3 * n + i)]));
      h[i] = gate(1, 1, c[i]) * f[2](c[i]);
    }
  }

  void gru(float* h, std::vector<double>& acc, std::vector<float>& scratch) const {  // gates z, r, h
    const int64_t n = attrs.hidden;
    scratch.resize(static_cast<size_t>(n));
    std::vector<double> recurrent(static_cast<size_t>(n), 0.0);
    const auto reset = [&](int64_t i) { return f[0](clipped(acc[static_cast<size_t>(n + i)])); };
    for (int64_t i = 0; i < n; ++i) {
      scratch[static_cast<size_t>(i)] = attrs.linear_before_reset ? h[i] : reset(i) * h[i];
    }
    r.add_product(scratch.data(), 2 * n, n, recurrent.data());
    for (int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<size_t>(i);
      double part = recurrent[at] + (bias == nullptr ? 0.0 : static_cast<double>(bias[gates * n + 2 * n + i]));
      part = attrs.linear_before_reset ? part * reset(i) : part;
      const float candidate = f[1](clipped(acc[static_cast<size_t>(2 * n + i)] + part));
      const float z = f[0](clipped(acc[at]));
      scratch[at] = (1.0F - z) * candidate + z * h[i];
    }
    std::copy_n(scratch.begin(), n, h);
  }
};

}  // namespace

Result<void> recurrent(const Call& call) {  // x, w, r, bias, lengths, h0, (c0, peepholes)
  const auto& attrs = call.attrs<RnnAttrs>();
  if (call.input(0).dtype() != DType::f32) {
    return unsupported(call, call.input(0).dtype());
  }
  const Shape& xs = call.input(0).shape();
  const int64_t time = xs[attrs.batch_first ? 1 : 0];
  const int64_t batch = xs[attrs.batch_first ? 0 : 1];
  const int64_t features = xs[2];
  const int64_t n = attrs.hidden;
  const int64_t gates = call.node.op == OpKind::lstm ? 4 : call.node.op == OpKind::gru ? 3 : 1;
  const int64_t directions = attrs.direction == RnnDirection::bidirectional ? 2 : 1;
  const std::vector<Function> functions = functions_of(call, static_cast<size_t>(directions));
  const size_t per_direction = call.node.op == OpKind::lstm ? 3 : call.node.op == OpKind::gru ? 2 : 1;
  if (functions.size() != per_direction * static_cast<size_t>(directions)) {
    return fail(Code::run_failed, "{} activation functions for {} directions", functions.size(), directions);
  }
  const std::vector<int64_t> lengths =
      call.has(4) ? to_ints(call.input(4)) : std::vector<int64_t>(static_cast<size_t>(batch), time);
  const auto in = [&](size_t i, int64_t d, int64_t size) {
    return call.has(i) ? raw<float>(call.input(i)) + d * size : nullptr;
  };
  std::vector<double> acc;
  std::vector<float> scratch;
  std::vector<float> h(static_cast<size_t>(n));
  std::vector<float> c(static_cast<size_t>(n));
  if (call.wants(0)) {
    std::ranges::fill(call.output(0).mutable_bytes(), std::byte{0});
  }
  for (int64_t d = 0; d < directions; ++d) {
    const Direction direction{call.node.op,
                              attrs,
                              functions.data() + per_direction * static_cast<size_t>(d),
                              Matrix(in(1, d, gates * n * features), gates * n, features),
                              Matrix(in(2, d, gates * n * n), gates * n, n),
                              in(3, d, 2 * gates * n),
                              in(7, d, 3 * n),
                              gates};
    const bool backwards = attrs.direction == RnnDirection::reverse || d == 1;
    for (int64_t b = 0; b < batch; ++b) {
      const int64_t state = attrs.batch_first ? (b * directions + d) * n : (d * batch + b) * n;
      const auto load = [&](size_t i, std::vector<float>& to) {
        call.has(i) ? std::copy_n(raw<float>(call.input(i)) + state, n, to.begin()) : std::ranges::fill(to, 0.0F);
      };
      load(5, h);
      load(6, c);
      const int64_t length = std::clamp<int64_t>(lengths.at(static_cast<size_t>(b)), 0, time);
      for (int64_t s = 0; s < length; ++s) {
        const int64_t t = backwards ? length - 1 - s : s;
        const int64_t row = attrs.batch_first ? b * time + t : t * batch + b;
        direction.step(raw<float>(call.input(0)) + row * features, h.data(), c.data(), acc, scratch);
        if (call.wants(0)) {
          const int64_t at =
              attrs.batch_first ? ((b * time + t) * directions + d) * n : ((t * directions + d) * batch + b) * n;
          std::ranges::copy(h, raw<float>(call.output(0)) + at);
        }
      }
      if (call.wants(1)) {
        std::ranges::copy(h, raw<float>(call.output(1)) + state);
      }
      if (call.wants(2)) {
        std::ranges::copy(c, raw<float>(call.output(2)) + state);
      }
    }
  }
  return {};
}

}  // namespace dsq::portable
