#include "passes/polynomial.h"

#include <algorithm>
#include <cmath>

namespace dsq {
namespace {

constexpr int kDepth = 8;  // operators between x and y
constexpr size_t kCandidates = 24;

bool is_close(double a, double b) { return std::abs(a - b) <= 1e-4 * std::max(std::abs(b), 1e-3); }

Polynomial constant(double value) {
  Polynomial p;
  p.at(0, 0) = value;
  return p;
}

template <class F>
void for_each_term(F f) {
  for (int x = 0; x <= Polynomial::kDegreeX; ++x) {
    for (int t = 0; t <= Polynomial::kDegreeT; ++t) {
      f(x, t);
    }
  }
}

Polynomial sum(const Polynomial& a, const Polynomial& b, double sign) {
  Polynomial out;
  for_each_term([&](int x, int t) { out.at(x, t) = a.at(x, t) + sign * b.at(x, t); });
  return out;
}

std::optional<Polynomial> product(const Polynomial& a, const Polynomial& b) {
  Polynomial out;
  bool fits = true;
  for_each_term([&](int x, int t) {
    for_each_term([&](int u, int v) {
      const double factor = a.at(x, t) * b.at(u, v);
      if (factor == 0) {
        return;
      }
      if (x + u > Polynomial::kDegreeX || t + v > Polynomial::kDegreeT) {
        fits = false;
        return;
      }
      out.at(x + u, t + v) += factor;
    });
  });
  return fits ? std::optional<Polynomial>(out) : std::nullopt;
}

std::optional<Polynomial> power(const Polynomial& base, double exponent) {
  if (exponent != 1 && exponent != 2 && exponent != 3) {
    return std::nullopt;
  }
  std::optional<Polynomial> out = base;
  for (int i = 1; out && i < static_cast<int>(exponent); ++i) {
    out = product(*out, base);
  }
  return out;
}

bool is_arithmetic(const Graph& graph, NodeId id) {
  const OpKind op = graph.node(id).op;
  return op == OpKind::neg || op == OpKind::pow || is_plain_arithmetic(graph, id, OpKind::add) ||
         is_plain_arithmetic(graph, id, OpKind::sub) || is_plain_arithmetic(graph, id, OpKind::mul) ||
         is_plain_arithmetic(graph, id, OpKind::div);
}

class Expansion {
 public:
  Expansion(const Graph& graph, ValueId x, ValueId t) : graph_(graph), x_(x), t_(t), rank_(rank_of(graph, x)) {}

  std::optional<Polynomial> of(ValueId value, int depth) const {
    if (value == x_ || value == t_) {
      Polynomial p;
      p.at(value == x_ ? 1 : 0, value == x_ ? 0 : 1) = 1;
      return p;
    }
    if (const Tensor* tensor = graph_.constant(value)) {
      const std::optional<double> scalar =
          is_scalar_for(*tensor, rank_) ? constant_scalar(graph_, value) : std::nullopt;
      return scalar ? std::optional<Polynomial>(constant(*scalar)) : std::nullopt;
    }
    const NodeId producer = graph_.value(value).producer;
    if (depth == 0 || producer == NodeId::none || !is_arithmetic(graph_, producer)) {
      return std::nullopt;
    }
    return of_node(graph_.node(producer), depth - 1);
  }

 private:
  std::optional<Polynomial> of_node(const Node& node, int depth) const {
    const std::optional<Polynomial> a = of(node.inputs[0], depth);
    if (!a) {
      return std::nullopt;
    }
    if (node.op == OpKind::neg) {
      return sum(Polynomial{}, *a, -1);
    }
    const std::optional<Polynomial> b = of(node.inputs[1], depth);
    if (!b) {
      return std::nullopt;
    }
    const std::optional<Polynomial::Line> line = b->as_line();
    const bool is_number = line && line->a == 0 && b->at(0, 1) == 0;
    switch (node.op) {
      case OpKind::add: return sum(*a, *b, 1);
      case OpKind::sub: return sum(*a, *b, -1);
      case OpKind::mul: return product(*a, *b);
      case OpKind::div: return is_number && line->b != 0 ? product(*a, constant(1 / line->b)) : std::nullopt;
      case OpKind::pow: return is_number ? power(*a, line->b) : std::nullopt;
      default: return std::nullopt;
    }
  }

  const Graph& graph_;
  ValueId x_;
  ValueId t_;
  int64_t rank_;
};

}  // namespace

bool Polynomial::is(std::initializer_list<Term> terms) const {
  Polynomial wanted;
  for (const Term& term : terms) {
    wanted.at(term.x, term.t) = term.factor;
  }
  bool same = true;
  for_each_term([&](int x, int t) { same = same && is_close(at(x, t), wanted.at(x, t)); });
  return same;
}

std::optional<Polynomial::Line> Polynomial::as_line() const {
  bool is_line = true;
  for_each_term([&](int x, int t) { is_line = is_line && (at(x, t) == 0 || (t == 0 && x <= 1)); });
  return is_line ? std::optional<Line>({at(1, 0), at(0, 0)}) : std::nullopt;
}

std::optional<Polynomial> expand(const Graph& graph, ValueId value, ValueId x, ValueId t) {
  return rank_of(graph, x) == kUnknown ? std::nullopt : Expansion(graph, x, t).of(value, kDepth);
}

std::vector<ValueId> arithmetic_sources(const Graph& graph, ValueId value) {
  std::vector<ValueId> found = {value};
  for (size_t i = 0; i < found.size() && found.size() < kCandidates; ++i) {
    const NodeId producer = graph.value(found[i]).producer;
    if (producer == NodeId::none || !is_arithmetic(graph, producer)) {
      continue;
    }
    for (const ValueId input : graph.node(producer).inputs) {
      if (!graph.is_constant(input) && std::ranges::find(found, input) == found.end()) {
        found.push_back(input);
      }
    }
  }
  return found;
}

std::vector<ValueId> arithmetic_results(const Graph& graph, ValueId value) {
  std::vector<ValueId> found = {value};
  for (size_t i = 0; i < found.size() && found.size() < kCandidates; ++i) {
    for (const NodeId user : graph.value(found[i]).users) {
      const ValueId output = is_arithmetic(graph, user) ? output_of(graph, user) : ValueId::none;
      if (output != ValueId::none && std::ranges::find(found, output) == found.end()) {
        found.push_back(output);
      }
    }
  }
  return found;
}

std::optional<Function> find_function(const Graph& graph, NodeId inner,
                                      const std::function<bool(const Polynomial&)>& is_inner,
                                      const std::function<bool(const Polynomial&)>& is_outer) {
  const ValueId t = output_of(graph, inner);
  const ValueId w = graph.node(inner).inputs[0];
  for (const ValueId x : arithmetic_sources(graph, w)) {
    const std::optional<Polynomial> below = expand(graph, w, x);
    if (!below || !is_inner(*below)) {
      continue;
    }
    for (const ValueId y : arithmetic_results(graph, t)) {
      const std::optional<Polynomial> above = expand(graph, y, x, t);
      if (above && is_outer(*above)) {
        return Function{x, y};
      }
    }
  }
  return std::nullopt;
}

bool rewrite_functions(Graph& graph, Diagnostics& diag,
                       const std::function<std::optional<Rewrite>(const Graph&, NodeId)>& find) {
  return rewrite_nodes(graph, diag, [&](NodeId id) {
    if (graph.node(id).outputs.size() != 1 || !is_f32(graph, output_of(graph, id))) {
      return false;
    }
    std::optional<Rewrite> found = find(graph, id);
    if (found) {
      const std::string name = graph.node(graph.value(found->function.y).producer).name;
      replace_value(graph, found->function.y, found->op, name, std::move(found->attrs), {found->function.x});
    }
    return found.has_value();
  });
}

}  // namespace dsq
