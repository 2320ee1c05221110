#include "calibration/walk.h"

#include <algorithm>
#include <set>

#include "src/runner/runner.h"
#include "src/support/parallel.h"

namespace dsq {

namespace {

// Each stop behind all that it needs. Two graphs with the same stops need not have them in the same topological order.
std::vector<NodeId> order_to(const Graph& graph, std::span<const NodeId> stops) {
  const std::vector<NodeId> all = graph.topo_order();
  std::vector<NodeId> order;
  std::set<NodeId> taken;
  for (const NodeId stop : stops) {
    std::set<NodeId> needed;
    std::vector<NodeId> open = {stop};
    while (!open.empty()) {
      const NodeId id = open.back();
      open.pop_back();
      if (id != NodeId::none && !taken.contains(id) && needed.insert(id).second) {
        for (const ValueId input : graph.node(id).inputs) {
          open.push_back(input == ValueId::none ? NodeId::none : graph.value(input).producer);
        }
      }
    }
    std::ranges::copy_if(all, std::back_inserter(order), [&](NodeId id) { return needed.contains(id); });
    taken.merge(needed);
  }
  return order;
}

}  // namespace

Walk::Walk(Graph graph, std::span<const NodeId> stops, const CalibrateOptions& options)
    : graph_(std::move(graph)), options_(options) {
  order_ = order_to(graph_, stops);
  for (size_t at = 0; at < order_.size(); ++at) {
    for (const ValueId input : graph_.node(order_[at]).inputs) {
      if (input != ValueId::none && !graph_.is_constant(input)) {
        last_read_[input] = at;
      }
    }
  }
}

Result<Walk> Walk::begin(Graph graph, std::span<const NodeId> stops, std::span<const Dataset> parts,
                         const CalibrateOptions& options) {
  Walk walk(std::move(graph), stops, options);
  for (const Dataset& data : parts) {
    const int64_t step = data.step(options.batch);
    for (int64_t first = 0; first < data.size(); first += step, ++walk.batches_) {
      std::vector<Tensor> inputs = DSQ_TRY(data.batch(first, std::min(step, data.size() - first)));
      for (size_t i = 0; i < inputs.size(); ++i) {
        const ValueId id = walk.graph_.inputs()[i];
        if (walk.last_read_.contains(id)) {
          walk.kept_[id].push_back(std::move(inputs[i]));
        }
      }
    }
  }
  return walk;
}

Walk::Piece Walk::cut(size_t end) const {
  Piece piece;
  std::map<ValueId, ValueId> ids;  // of the whole graph, in the piece
  const auto taken_in = [&](ValueId id) {
    if (id == ValueId::none || ids.contains(id)) {
      return;
    }
    const Value& value = graph_.value(id);
    if (value.constant) {
      ids[id] = piece.graph.add_constant(value.name, *value.constant);
    } else {
      ids[id] = piece.graph.add_input(value.name, value.type);
      piece.inputs.push_back(id);
    }
    piece.graph.set_spec(ids[id], value.spec);
    piece.graph.set_params(ids[id], value.params);
  };
  std::vector<ValueId> results;
  for (size_t at = next_; at < end; ++at) {
    const Node& node = graph_.node(order_[at]);
    std::vector<ValueId> inputs;
    for (const ValueId id : node.inputs) {
      taken_in(id);
      inputs.push_back(id == ValueId::none ? id : ids[id]);
    }
    std::vector<std::string> names;
    for (const ValueId id : node.outputs) {
      names.push_back(id == ValueId::none ? std::string() : graph_.value(id).name);
    }
    const NodeId copy = piece.graph.add_node(node.op, node.name, node.attrs, std::move(inputs), names);
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const ValueId id = node.outputs[i];
      if (id == ValueId::none) {
        continue;
      }
      ids[id] = piece.graph.node(copy).outputs[i];
      piece.graph.set_type(ids[id], graph_.value(id).type);
      piece.graph.set_spec(ids[id], graph_.value(id).spec);
      piece.graph.set_params(ids[id], graph_.value(id).params);
      const auto read = last_read_.find(id);
      if (read != last_read_.end() && read->second >= end) {
        piece.outputs.push_back(id);
        results.push_back(ids[id]);
      }
    }
  }
  piece.graph.set_outputs(std::move(results));
  piece.graph.stage = graph_.stage;
  return piece;
}

Result<void> Walk::advance_to(NodeId node) {
  const auto end = static_cast<size_t>(std::ranges::find(order_, node) - order_.begin());
  DSQ_CHECK(end < order_.size() && end >= next_, "a walk goes forward");
  const Piece piece = cut(end);
  next_ = end;
  if (!piece.outputs.empty()) {
    for (const ValueId id : piece.outputs) {
      kept_[id].resize(batches_);
    }
    // Each batch on one thread, so that results do not depend on the number of threads (contract C3).
    const int64_t workers = std::min<int64_t>(thread_count(), static_cast<int64_t>(batches_));
    std::vector<std::optional<Error>> failures(batches_);
    parallel_for(workers, 1, [&](int64_t begin, int64_t last) {
      for (int64_t w = begin; w < last; ++w) {
        Runner runner(piece.graph, {options_.backend, 1, {}});
        for (auto b = static_cast<size_t>(w); b < batches_; b += static_cast<size_t>(workers)) {
          std::vector<Tensor> inputs;
          for (const ValueId id : piece.inputs) {
            inputs.push_back(kept_.at(id)[b]);
          }
          Result<std::vector<Tensor>> outputs = runner.run(inputs);
          if (!outputs) {
            failures[b] = outputs.error();
            continue;
          }
          for (size_t i = 0; i < outputs->size(); ++i) {
            kept_.at(piece.outputs[i])[b] = std::move((*outputs)[i]);
          }
        }
      }
    });
    for (std::optional<Error>& failure : failures) {
      if (failure) {
        return std::move(*failure);
      }
    }
  }
  std::erase_if(kept_, [&](const auto& entry) { return last_read_.at(entry.first) < next_; });
  return {};
}

}  // namespace dsq
