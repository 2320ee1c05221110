// The checked way from a verified FlatBuffer to a graph. Internal to formats/dsq.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include <dsq_generated.h>

#include "formats/dsq/model.h"
#include "src/support/result.h"

namespace dsq {

// What reading may allocate: in proportion to the file. References can be repeated, so a small file could otherwise
// ask for any amount.
class Budget {
 public:
  explicit Budget(uint64_t file_bytes) : left_((uint64_t{256} << 20) + 16 * file_bytes) {}
  Result<void> take(uint64_t bytes);

 private:
  uint64_t left_;
};

class GraphReader {
 public:
  GraphReader(const fb::Model& model, std::span<const std::byte> data, std::shared_ptr<const void> owner)
      : model_(model), data_(data), owner_(std::move(owner)), budget_(data.size()) {}

  // Errors: dsq_invalid, dsq_newer (an operator or a word that this version does not know).
  Result<Graph> read();
  // Of the data section: `metadata` is left at zero. After read().
  DsqParts parts() const;

 private:
  Result<void> read_tensors();
  Result<Tensor> tensor(const fb::Tensor& t);
  Result<Graph> graph(const fb::Graph& stored, int depth);
  Result<void> nodes(const fb::Graph& stored, int depth, Graph& g);
  Result<void> constant(const fb::Graph& stored, Graph& g);
  Result<Attrs> attributes(OpKind op, const fb::Node& stored, int depth);
  template <class T>
  Result<void> attribute(const fb::Attribute& stored, int depth, T& member);
  Result<void> annotate(const fb::Value& stored, Graph& g, ValueId id);
  Result<QuantParams> quant_params(const fb::QuantParams& stored, const TensorType& type, std::optional<DType> storage);
  Result<std::string> text(const flatbuffers::String* stored);

  const fb::Model& model_;
  std::span<const std::byte> data_;
  std::shared_ptr<const void> owner_;
  Budget budget_;
  std::vector<Tensor> tensors_;
  std::vector<bool> is_scale_;  // by tensor: it scales integers
};

}  // namespace dsq
