// Recognising functions that exporters take apart. Whatever order its factors and constants come in, a piece of scalar
// arithmetic is a polynomial in the value x that it starts from and in one value t = f(x) on the way, e.g.
//
//   gelu(x)       = 0.5 x + 0.5 x t     with t = erf(0.7071 x)
//   hard_swish(x) = x t / 6             with t = clip(x + 3, 0, 6)
//
// so that comparing coefficients replaces a pattern for every way of writing it.
#pragma once

#include <array>
#include <functional>
#include <initializer_list>
#include <optional>
#include <vector>

#include "passes/match.h"

namespace dsq {

class Polynomial {
 public:
  static constexpr int kDegreeX = 3;
  static constexpr int kDegreeT = 1;
  struct Term {
    int x;
    int t;
    double factor;
  };

  double& at(int x, int t) { return factors_[static_cast<size_t>(x)][static_cast<size_t>(t)]; }
  double at(int x, int t) const { return factors_[static_cast<size_t>(x)][static_cast<size_t>(t)]; }
  // Whether these terms, and no others, make it up: each factor within 1e-4 of what it should be, since exporters
  // write 0.044715 and 1.702 with few digits.
  bool is(std::initializer_list<Term> terms) const;
  // a * x + b
  struct Line {
    double a = 0;
    double b = 0;
  };
  std::optional<Line> as_line() const;

 private:
  std::array<std::array<double, kDegreeT + 1>, kDegreeX + 1> factors_{};
};

// `value` in terms of x and t (which may be none), through add, sub, mul, div, neg and pow with constant scalars. Null
// when another value enters, when the degree is too high, or when broadcasting could change the shape of x.
std::optional<Polynomial> expand(const Graph& graph, ValueId value, ValueId x, ValueId t = ValueId::none);

// `value` and the values that it is computed from by such arithmetic, nearest first.
std::vector<ValueId> arithmetic_sources(const Graph& graph, ValueId value);
// `value` and the values that are computed from it by such arithmetic, nearest first.
std::vector<ValueId> arithmetic_results(const Graph& graph, ValueId value);

struct Function {
  ValueId x = ValueId::none;
  ValueId y = ValueId::none;
};
// For a node t = f(w): a value x and a value y such that w is a polynomial in x that `is_inner` accepts, and y one in x
// and t that `is_outer` accepts. y = f'(x) then, whatever lies between; x and y have the same shape.
std::optional<Function> find_function(const Graph& graph, NodeId inner,
                                      const std::function<bool(const Polynomial&)>& is_inner,
                                      const std::function<bool(const Polynomial&)>& is_outer);

// Rewrites every function that `find` recognises from one of its nodes; the new node is called like the one that made y.
struct Rewrite {
  Function function;
  OpKind op = OpKind::identity;
  Attrs attrs;
};
bool rewrite_functions(Graph& graph, Diagnostics& diag,
                       const std::function<std::optional<Rewrite>(const Graph&, NodeId)>& find);

}  // namespace dsq
