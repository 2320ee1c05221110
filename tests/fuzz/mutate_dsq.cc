// Structure-aware mutation of .dsq files: edits of the metadata as objects or as bytes, edits of the data; then hashes
// and sizes are put right, so that what lies behind them is reached.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>

#include <dsq_object_generated.h>

#include "formats/dsq/header.h"
#include "formats/dsq/packing.h"
#include "tests/fuzz/mutate.h"

namespace dsq::fuzz {
namespace {

using Bytes = std::vector<std::byte>;

// clang-format off
constexpr auto kWords = std::to_array<const char*>({
    "f32", "f16", "bf16", "f64", "i8", "u8", "i4", "u4", "i16", "u16", "i32", "u32", "i64", "u64", "bool",
    "float", "planned", "calibrated", "quantized", "lowered", "calibrated", "dynamic", "packed_bits", "level_tables", "zstd",
    "qconv", "qconv_transpose", "qlinear", "lut", "dynamic_quantize", "quantize", "dequantize", "requantize", "qadd", "conv", "linear", "gemm", "matmul",
    "add", "mul", "neg", "relu", "concat", "reshape", "transpose", "slice", "split", "pad", "resize", "max_pool", "avg_pool",
    "softmax", "layer_norm", "gather", "where", "if_else", "loop", "clip", "cast", "marker", "identity", "reduce", "lstm", "gru", "expand", "tile",
    "pads", "strides", "dilations", "group", "axis", "axes", "perm", "to", "act", "act_a", "act_b", "keepdims", "mode", "kernel", "body", "carried", "then", "else"});
// clang-format on

struct Sections {
  Bytes metadata;
  Bytes data;
};

std::optional<Sections> sections_of(std::span<const uint8_t> file) {
  const std::span<const std::byte> bytes = std::as_bytes(file);
  const Result<DsqHeader> header = parse_header(bytes);
  if (!header || header->metadata_bytes > (1 << 20)) {
    return std::nullopt;
  }
  const std::span<const std::byte> stored = bytes.subspan(kHeaderBytes, header->metadata_stored);
  Sections sections;
  if (header->metadata_bytes == header->metadata_stored) {
    sections.metadata.assign(stored.begin(), stored.end());
  } else {
    Result<Bytes> inflated = inflate_bytes(stored, header->metadata_bytes);
    if (!inflated) {
      return std::nullopt;
    }
    sections.metadata = std::move(*inflated);
  }
  const std::span<const std::byte> data = bytes.subspan(header->data_offset());
  sections.data.assign(data.begin(), data.end());
  return sections;
}

// The file with these sections and a header that fits; 0 when there is no room for it.
size_t store(const Sections& sections, bool deflated, uint8_t* out, size_t max_size) {
  Bytes stored = deflated ? deflate_bytes(sections.metadata) : Bytes();
  if (stored.empty()) {
    stored = sections.metadata;
  }
  const DsqHeader header{stored.size(), sections.metadata.size(), sections.data.size(), sha256(stored),
                         sha256(sections.data)};
  if (header.file_bytes() > max_size) {
    return 0;
  }
  std::fill_n(out, header.file_bytes(), uint8_t{0});
  std::memcpy(out, header_bytes(header).data(), kHeaderBytes);
  std::memcpy(out + kHeaderBytes, stored.data(), stored.size());
  if (!sections.data.empty()) {
    std::memcpy(out + header.data_offset(), sections.data.data(), sections.data.size());
  }
  return header.file_bytes();
}

class Mutator {
 public:
  explicit Mutator(Dice& dice) : dice_(dice) {}

  void edit(fb::ModelT& model) {
    switch (dice_.below(8)) {
      case 0:
        if (!model.tensors.empty()) {
          edit(*dice_.pick(model.tensors));
        }
        break;
      case 1: model.required.emplace_back(dice_.pick(kWords)); break;
      case 2: model.version = static_cast<uint32_t>(dice_.below(3)); break;
      default:
        if (model.graph != nullptr) {
          edit(*model.graph);
        }
        break;
    }
  }

 private:
  void edit(fb::TensorT& tensor) {
    switch (dice_.below(7)) {
      case 0: tensor.dtype = dice_.pick(kWords); break;
      case 1: numbers(tensor.shape); break;
      case 2: tensor.bits = static_cast<uint8_t>(dice_.below(9)); break;
      case 3: tensor.offset = static_cast<uint64_t>(dice_.integer()) * (dice_.one_in(2) ? 1U : 16U); break;
      case 4: tensor.size = static_cast<uint64_t>(dice_.integer()); break;
      case 5: dice_.scramble(tensor.small); break;
      default: tensor.zstd = !tensor.zstd; break;
    }
  }

  void edit(fb::GraphT& graph) {
    switch (dice_.below(12)) {
      case 0: graph.stage = dice_.pick(kWords); break;
      case 1: references(graph.outputs, graph.values.size()); break;
      case 2: graph.inputs = static_cast<uint32_t>(dice_.one_in(2) ? dice_.integer() : graph.inputs + 1); break;
      case 3: copies(graph.nodes); break;
      case 4: copies(graph.values); break;
      case 5:
      case 6:
      case 7:
        if (!graph.values.empty()) {
          edit(*dice_.pick(graph.values));
        }
        break;
      default:
        if (!graph.nodes.empty()) {
          edit(*dice_.pick(graph.nodes), graph.values.size());
        }
        break;
    }
  }

  void edit(fb::ValueT& value) {
    switch (dice_.below(6)) {
      case 0: value.name = dice_.one_in(2) ? std::string() : value.name + "x"; break;
      case 1: value.dtype = dice_.pick(kWords); break;
      case 2: numbers(value.shape); break;
      case 3: value.constant = static_cast<int32_t>(dice_.integer()); break;
      case 4:
        value.spec = value.spec != nullptr && dice_.one_in(4) ? nullptr : std::make_unique<fb::QuantSpecT>();
        if (value.spec != nullptr) {
          value.spec->storage = dice_.pick(kWords);
          value.spec->range = dice_.pick(kWords);
          value.spec->axis = static_cast<int32_t>(dice_.integer());
          value.spec->group = dice_.integer();
        }
        break;
      default: params(value); break;
    }
  }

  void params(fb::ValueT& value) {
    if (value.params == nullptr) {
      value.params = std::make_unique<fb::QuantParamsT>();
    }
    fb::QuantParamsT& params = *value.params;
    switch (dice_.below(6)) {
      case 0: value.params = nullptr; break;
      case 1: params.axis = static_cast<int32_t>(dice_.integer()); break;
      case 2: params.group = dice_.integer(); break;
      case 3: params.scale = static_cast<uint32_t>(dice_.integer()); break;
      case 4:
        dice_.one_in(2) ? params.zero_point.push_back(static_cast<int32_t>(dice_.integer()))
                        : dice_.shuffle(params.zero_point);
        break;
      default: dice_.one_in(2) ? params.levels.resize(16, 1) : dice_.shuffle(params.levels); break;
    }
  }

  void edit(fb::NodeT& node, size_t values) {
    switch (dice_.below(8)) {
      case 0: node.op = dice_.pick(kWords); break;
      case 1:
      case 2: references(node.inputs, values); break;
      case 3: references(node.outputs, values); break;
      case 4: copies(node.attributes); break;
      default:
        if (node.attributes.empty() || dice_.one_in(6)) {
          node.attributes.push_back(std::make_unique<fb::AttributeT>());
          node.attributes.back()->name = dice_.pick(kWords);
        }
        edit(*dice_.pick(node.attributes));
        break;
    }
  }

  void edit(fb::AttributeT& attribute) {
    if (attribute.graph != nullptr && !dice_.one_in(8)) {
      edit(*attribute.graph);
      return;
    }
    switch (dice_.below(6)) {
      case 0: attribute.name = dice_.pick(kWords); break;
      case 1: attribute.floats.push_back(dice_.real()); break;
      case 2: attribute.words.emplace_back(dice_.pick(kWords)); break;
      case 3: attribute.graph = nullptr; break;
      case 4: attribute.floats.clear(); break;
      default: numbers(attribute.ints); break;
    }
  }

  void numbers(std::vector<int64_t>& values) {
    if (values.empty() || dice_.one_in(4)) {
      values.push_back(dice_.integer());
    } else if (dice_.one_in(4)) {
      dice_.shuffle(values);
    } else {
      dice_.pick(values) = dice_.integer();
    }
  }

  void references(std::vector<int32_t>& values, size_t count) {
    const auto any =
        static_cast<int32_t>(dice_.one_in(16) ? dice_.integer() : static_cast<int64_t>(dice_.below(count + 2)) - 1);
    if (values.empty() || dice_.one_in(4)) {
      values.push_back(any);
    } else if (dice_.one_in(3)) {
      dice_.shuffle(values);
    } else {
      dice_.pick(values) = any;
    }
  }

  template <class T>
  void copies(std::vector<std::unique_ptr<T>>& items) {
    if (items.empty()) {
      return;
    }
    const size_t at = dice_.below(items.size());
    switch (dice_.below(3)) {
      case 0: items.erase(items.begin() + static_cast<long>(at)); break;
      case 1: std::swap(items[at], items[dice_.below(items.size())]); break;
      default: items.push_back(std::make_unique<T>(*items[at])); break;
    }
  }

  Dice& dice_;
};

void edit_objects(Bytes& metadata, Dice& dice) {
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(metadata.data()), metadata.size(), 64);
  if (!fb::VerifyModelBuffer(verifier)) {
    dice.scramble(metadata);
    return;
  }
  const std::unique_ptr<fb::ModelT> model = fb::UnPackModel(metadata.data());
  Mutator mutator(dice);
  for (size_t edits = 1 + dice.below(3); edits > 0; --edits) {
    mutator.edit(*model);
  }
  flatbuffers::FlatBufferBuilder builder;
  fb::FinishModelBuffer(builder, fb::Model::Pack(builder, model.get()));
  const auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  metadata.assign(begin, begin + builder.GetSize());
}

}  // namespace
}  // namespace dsq::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  dsq::fuzz::Dice dice(seed);
  std::optional<dsq::fuzz::Sections> sections;
  if (!dice.one_in(16)) {
    sections = dsq::fuzz::sections_of({data, size});
  }
  if (!sections) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  switch (dice.below(8)) {
    case 0: dice.scramble(sections->data); break;
    case 1: dice.scramble(sections->metadata); break;
    default: dsq::fuzz::edit_objects(sections->metadata, dice); break;
  }
  const size_t stored = dsq::fuzz::store(*sections, dice.one_in(4), data, max_size);
  return stored > 0 ? stored : LLVMFuzzerMutate(data, size, max_size);
}
