// What each operator needs in order to work on channels-last data; for layout.cc only.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "src/ir/graph.h"

namespace dsq::onednn {

// Axes of N,C,spatial and where they lie in N,spatial,C.
inline int64_t axis_to_last(int64_t axis, int64_t rank) { return axis == 0 ? 0 : axis == 1 ? rank - 1 : axis - 1; }
inline int64_t axis_from_last(int64_t axis, int64_t rank) { return axis == 0 ? 0 : axis == rank - 1 ? 1 : axis + 1; }
Shape perm_to_last(int64_t rank);   // 0, 2, 3, ..., 1
Shape perm_to_first(int64_t rank);  // 0, rank - 1, 1, 2, ...
std::optional<QuantParams> moved_params(std::optional<QuantParams> params, int64_t (*moved)(int64_t, int64_t),
                                        int64_t rank);
Tensor permute(const Tensor& tensor, const Shape& perm);  // whole-byte types

// A node with its types as they were before any layout changed.
struct NodeView {
  const Graph& graph;
  const Node& node;
  std::span<const TensorType> in;
  std::span<const TensorType> out;
  std::span<const std::optional<QuantParams>> in_params;
};

enum class InputForm : uint8_t { first, last, replaced };
struct Renamed {
  Attrs attrs;
  std::vector<InputForm> inputs;                 // one for each input
  std::vector<std::optional<Tensor>> constants;  // where `replaced`
  bool result_is_last = true;                    // or the result is the same in both forms
};

// Convolutions and pools, which are faster on channels-last data by enough to pay for a transpose.
bool wants_last(const NodeView& view);
// How the node computes the same on channels-last data; nothing when it cannot.
std::optional<Renamed> renamed_for_last(const NodeView& view);

}  // namespace dsq::onednn
