// Runs a graph over samples piece by piece, so that what a node computes with can be changed just before it runs. Of every
// batch it keeps the values that are still to be read, no more.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "calibration/calibrate.h"

namespace dsq {

class Walk {
 public:
  // Stops at these nodes, in this order: none depends on a later one. Batches of options.batch samples, as far as the
  // model allows; none holds samples of two parts.
  static Result<Walk> begin(Graph graph, std::span<const NodeId> stops, std::span<const Dataset> parts,
                            const CalibrateOptions& options);

  // Runs what this stop needs and has not been run. Errors: what running says.
  Result<void> advance_to(NodeId node);
  // A value that this stop or one behind it needs, in every batch, in the order of the parts. Constants have none.
  const std::vector<Tensor>& batches(ValueId value) const { return kept_.at(value); }

  const Graph& graph() const { return graph_; }
  void set_constant(ValueId value, Tensor tensor) { graph_.set_constant(value, std::move(tensor)); }

 private:
  Walk(Graph graph, std::span<const NodeId> stops, const CalibrateOptions& options);
  struct Piece {
    Graph graph;
    std::vector<ValueId> inputs;
    std::vector<ValueId> outputs;
  };
  Piece cut(size_t end) const;  // the nodes order_[next_ .. end)

  Graph graph_;
  CalibrateOptions options_;
  std::vector<NodeId> order_;            // of the stops and all that they need
  std::map<ValueId, size_t> last_read_;  // the place in order_ of a value's last reader
  size_t next_ = 0;
  size_t batches_ = 0;
  std::map<ValueId, std::vector<Tensor>> kept_;
};

}  // namespace dsq
