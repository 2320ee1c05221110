// What fuse_layer_norm and fuse_rms_norm have in common: a value divided by the root of its mean square,
//
//   y = d / sqrt(mean(d * d) + epsilon)
//
// over its last axes, in the ways in which exporters write the root and the quotient.
#pragma once

#include <optional>

#include "passes/match.h"

namespace dsq {

struct Normalized {
  ValueId d = ValueId::none;           // what is divided
  ValueId y = ValueId::none;           // the quotient; none when the reciprocal is not applied to d directly
  ValueId reciprocal = ValueId::none;  // 1 / sqrt(...), when it is a value of its own
  Shape axes;                          // non-negative, sorted
  int64_t axis = 0;                    // the first of the normalized axes, which run to the last one
  float epsilon = 0;
};

// Matches from the reduce_mean of the squares on. A pattern over axes that are not the last ones is no match; `refused`
// says so then.
std::optional<Normalized> normalized_by(const Graph& graph, NodeId mean_of_squares, std::string& refused);

// The x of d = x - mean(x) over these axes, and the mean.
struct Centred {
  ValueId x = ValueId::none;
  ValueId mean = ValueId::none;
};
std::optional<Centred> centred(const Graph& graph, ValueId d, const Shape& axes);

// A constant as a parameter of the shape of the normalized axes, [D] for one axis; a scalar is repeated. Null when it
// does not broadcast along exactly these axes, or when sizes are not known.
std::optional<Tensor> as_parameter(const Graph& graph, ValueId constant, ValueId x, int64_t axis);
std::optional<Tensor> filled_parameter(const Graph& graph, ValueId x, int64_t axis, float value);

// Writes the normalization of `x` in the place of `y`: `op`(x, parameters...), named after what made y.
struct NormParameter {
  std::string suffix;  // of the constant's name
  Tensor value;
};
void replace_by_norm(Graph& graph, OpKind op, ValueId x, ValueId y, int64_t axis, float epsilon,
                     std::vector<NormParameter> parameters);

// The driver of both passes: what `match`(node) finds, if anything, `rewrite`(graph, found) puts together.
template <class Match, class Rewrite>
bool fuse_norms(Graph& graph, Diagnostics& diag, Match match, Rewrite rewrite) {
  return rewrite_nodes(graph, diag, [&](NodeId id) {
    auto found = match(graph, id, diag);
    if (found) {
      rewrite(graph, *found);
    }
    return found.has_value();
  });
}

// `op`(value, constant), when that is the only use of `value`: what it makes, and the constant.
struct Applied {
  ValueId result = ValueId::none;
  ValueId constant = ValueId::none;
};
std::optional<Applied> applied(const Graph& graph, ValueId value, OpKind op);

}  // namespace dsq
