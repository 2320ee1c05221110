#include "formats/dsq/write.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string_view>
#include <unordered_map>

#include <dsq_generated.h>

#include "formats/dsq/features.h"
#include "formats/dsq/header.h"
#include "formats/dsq/packing.h"
#include "formats/dsq/zstd.h"
#include "src/support/file.h"

namespace dsq {
namespace {

using flatbuffers::Offset;

static_assert(std::endian::native == std::endian::little, "bytes are written as they lie in memory");

template <class T>
bool same_bits(const T& a, const T& b) {
  if constexpr (std::is_same_v<T, float>) {
    return std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);  // tells -0 from 0
  } else {
    return a == b;
  }
}

// The data section: pieces of bytes at aligned offsets, equal ones only once.
class DataSection {
 public:
  // `owner` keeps the bytes alive until the section is written.
  uint64_t add(std::span<const std::byte> bytes, uint64_t alignment, std::shared_ptr<const void> owner) {
    const size_t hash = std::hash<std::string_view>{}({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    const auto [first, last] = by_hash_.equal_range(hash);
    for (auto at = first; at != last; ++at) {
      const Piece& piece = pieces_[at->second];
      if (piece.offset % alignment == 0 && std::ranges::equal(piece.bytes, bytes)) {
        return piece.offset;
      }
    }
    const uint64_t offset = align_up(size_, alignment);
    by_hash_.emplace(hash, pieces_.size());
    pieces_.push_back({offset, bytes, std::move(owner)});
    size_ = offset + bytes.size();
    return offset;
  }

  uint64_t size() const { return size_; }

  Result<void> emit(const Sink& sink) const {
    constexpr std::array<std::byte, 64> kZeros{};
    uint64_t at = 0;
    for (const Piece& piece : pieces_) {
      DSQ_TRY(sink(std::span(kZeros).first(piece.offset - at)));
      DSQ_TRY(sink(piece.bytes));
      at = piece.offset + piece.bytes.size();
    }
    return {};
  }

 private:
  struct Piece {
    uint64_t offset;
    std::span<const std::byte> bytes;
    std::shared_ptr<const void> owner;
  };
  std::vector<Piece> pieces_;
  std::unordered_multimap<size_t, size_t> by_hash_;
  uint64_t size_ = 0;
};

class ModelWriter {
 public:
  Result<void> write(const Graph& graph, const Provenance& p) {
    const Offset<fb::Graph> root = DSQ_TRY(this->graph(graph, 0));
    const auto text = [&](const std::string& value) {
      return value.empty() ? Offset<flatbuffers::String>() : shared(value);
    };
    const Offset<fb::Provenance> provenance = fb::CreateProvenance(
        builder_, text(p.tool), text(std::filesystem::path(p.source_name).filename().string()), text(p.source_sha256),
        text(p.producer), p.opset, text(p.options), text(p.data_sha256), p.data_samples, text(p.libraries));
    std::vector<Offset<flatbuffers::String>> required;
    for (const std::string_view feature : kFeatures) {
      if (std::ranges::find(used_, feature) != used_.end()) {
        required.push_back(shared(feature));
      }
    }
    const auto required_list = required.empty() ? 0 : builder_.CreateVector(required);
    const auto tensors = builder_.CreateVector(tensors_);
    fb::FinishModelBuffer(builder_,
                          fb::CreateModel(builder_, kDsqVersion, required_list, 0, root, tensors, provenance));
    if (builder_.GetSize() > kMaxMetadata) {
      return fail(Code::graph_invalid, "names, shapes and attributes take {} bytes, a .dsq file holds {}",
                  builder_.GetSize(), kMaxMetadata);
    }
    return {};
  }

  std::span<const std::byte> metadata() const {
    return std::as_bytes(std::span(builder_.GetBufferPointer(), builder_.GetSize()));
  }
  const DataSection& data() const { return data_; }

 private:
  Offset<flatbuffers::String> shared(std::string_view text) {
    return builder_.CreateSharedString(text.data(), text.size());
  }

  Result<Offset<fb::Graph>> graph(Graph g, int depth) {
    if (depth > kMaxNesting) {
      return fail(Code::graph_invalid, "graphs are nested more than {} deep", kMaxNesting);
    }
    if (g.topo_order().size() != g.nodes().size()) {
      return fail(Code::graph_invalid, "graph '{}' has a cycle", g.name);
    }
    g.compact();
    std::vector<Offset<fb::Value>> values;
    for (const ValueId id : g.values()) {
      values.push_back(value(g.value(id)));
    }
    std::vector<Offset<fb::Node>> nodes;
    for (const NodeId id : g.nodes()) {
      nodes.push_back(DSQ_TRY(node(g, g.node(id), depth)));
    }
    const auto name = g.name.empty() ? 0 : shared(g.name);
    const auto stage = shared(name_of(g.stage));
    const auto value_list = builder_.CreateVector(values);
    const auto node_list = builder_.CreateVector(nodes);
    const auto outputs = ids(g.outputs());
    return fb::CreateGraph(builder_, name, stage, value_list, node_list, static_cast<uint32_t>(g.inputs().size()),
                           outputs);
  }

  Offset<fb::Value> value(const Value& v) {
    Offset<fb::QuantSpec> spec;
    if (v.spec) {
      const auto storage = shared(name_of(v.spec->storage));
      const auto range = shared(name_of(v.spec->range));
      spec = fb::CreateQuantSpec(builder_, storage, v.spec->granularity.axis, v.spec->granularity.group,
                                 v.spec->symmetric, range);
    }
    const Offset<fb::QuantParams> params = v.params ? quant_params(*v.params) : Offset<fb::QuantParams>();
    const auto name = shared(v.name);
    if (v.constant) {
      const auto constant = static_cast<int32_t>(tensor(*v.constant));
      return fb::CreateValue(builder_, name, 0, 0, constant, spec, params);
    }
    const auto dtype = shared(name_of(v.type.dtype));
    const auto shape = v.type.shape ? builder_.CreateVector(*v.type.shape) : 0;
    return fb::CreateValue(builder_, name, dtype, shape, -1, spec, params);
  }

  Offset<fb::QuantParams> quant_params(const QuantParams& p) {
    const uint32_t scale = tensor(Tensor::of<float>({static_cast<int64_t>(p.scale.size())}, std::span(p.scale)));
    const auto zero_point = p.zero_point.empty() ? 0 : builder_.CreateVector(p.zero_point);
    const auto levels = p.levels.empty() ? 0 : builder_.CreateVector(p.levels);
    if (!p.levels.empty()) {
      used_.push_back(kFeatureLevels);
    }
    return fb::CreateQuantParams(builder_, p.granularity.axis, p.granularity.group, scale, zero_point, levels);
  }

  struct Place {
    int bits = 0;
    bool zstd = false;
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  // The shortest of three ways, all without loss. Floats stay as they are: little can be saved on them, and they are
  // used from the mapped file.
  Place store(const Tensor& t) {
    const auto add = [&](std::vector<std::byte> bytes, int bits, bool zstd) {
      used_.push_back(zstd ? kFeatureZstd : kFeaturePacked);
      const auto kept = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
      return Place{bits, zstd, data_.add(*kept, tensor_alignment(kept->size(), true), kept), kept->size()};
    };
    const int bits = bits_worth(t);
    const bool is_coded = is_integer(t.dtype()) && bits_of(t.dtype()) <= 8;
    std::vector<std::byte> coded = is_coded ? zstd_compress(t.bytes()) : std::vector<std::byte>();
    if (!coded.empty() && (bits == 0 || coded.size() < packed_bytes(static_cast<uint64_t>(t.count()), bits))) {
      return add(std::move(coded), 0, true);
    }
    if (bits > 0) {
      return add(pack_bits(t, bits), bits, false);
    }
    const uint64_t size = t.bytes().size();
    return {0, false, data_.add(t.bytes(), tensor_alignment(size, false), std::make_shared<const Tensor>(t)), size};
  }

  // The index of the tensor in Model.tensors; equal ones have one entry.
  uint32_t tensor(const Tensor& t) {
    const std::span<const std::byte> raw = t.bytes();
    const bool small = raw.size() <= kSmallTensor;
    const Place place = small ? Place{} : store(t);
    std::string key = std::string(name_of(t.dtype())) + text_of(t.shape());
    if (small) {
      key.append(reinterpret_cast<const char*>(raw.data()), raw.size());
    } else {
      key += fmt::format(" {}+{} {} {}", place.offset, place.size, place.bits, place.zstd);
    }
    const auto [at, is_new] = index_.emplace(key, static_cast<uint32_t>(tensors_.size()));
    if (is_new) {
      const auto dtype = shared(name_of(t.dtype()));
      const auto shape = builder_.CreateVector(t.shape());
      const auto bytes = small ? builder_.CreateVector(reinterpret_cast<const uint8_t*>(raw.data()), raw.size()) : 0;
      tensors_.push_back(fb::CreateTensor(builder_, dtype, shape, static_cast<uint8_t>(place.bits), place.offset,
                                          place.size, bytes, place.zstd));
    }
    return at->second;
  }

  Offset<flatbuffers::Vector<int32_t>> ids(const std::vector<ValueId>& list) {
    return builder_.CreateVector<int32_t>(list.size(), [&](size_t i) { return static_cast<int32_t>(list[i]); });
  }

  Result<Offset<fb::Node>> node(const Graph& g, const Node& n, int depth) {
    std::vector<Offset<fb::Attribute>> attributes;
    const Attrs defaults = default_attrs(n.op);
    if (defaults.index() != n.attrs.index()) {
      return fail(Code::graph_invalid, "node '{}' has attributes of another operator than {}", n.name, name_of(n.op));
    }
    Result<void> status;
    std::visit(
        [&](const auto& held) {
          using Held = std::remove_cvref_t<decltype(held)>;
          const auto& standard = std::get<Held>(defaults);
          const auto each = [&](const auto& field) {
            if (status && !same_bits(held.*field.member, standard.*field.member)) {
              Result<Offset<fb::Attribute>> made = attribute(field.name, held.*field.member, depth);
              if (made) {
                attributes.push_back(*made);
              } else {
                status = std::move(made).error();
              }
            }
          };
          std::apply([&](const auto&... field) { (each(field), ...); }, Held::fields);
        },
        n.attrs);
    DSQ_TRY(std::move(status));
    const bool named_by_output =
        !n.outputs.empty() && n.outputs[0] != ValueId::none && g.value(n.outputs[0]).name == n.name;
    const auto name = named_by_output ? 0 : shared(n.name);
    const auto op = shared(name_of(n.op));
    const auto attribute_list = attributes.empty() ? 0 : builder_.CreateVector(attributes);
    const auto inputs = ids(n.inputs);
    const auto outputs = ids(n.outputs);
    return fb::CreateNode(builder_, name, op, attribute_list, inputs, outputs);
  }

  template <class T>
  Result<Offset<fb::Attribute>> attribute(std::string_view name, const T& member, [[maybe_unused]] int depth) {
    const auto key = shared(name);
    const auto numbers = [&](std::span<const int64_t> list) {
      return fb::CreateAttribute(builder_, key, builder_.CreateVector(list.data(), list.size()));
    };
    const auto floats = [&](std::span<const float> list) {
      return fb::CreateAttribute(builder_, key, 0, builder_.CreateVector(list.data(), list.size()));
    };
    const auto words = [&](const std::vector<Offset<flatbuffers::String>>& list) {
      return fb::CreateAttribute(builder_, key, 0, 0, builder_.CreateVector(list));
    };
    if constexpr (std::is_same_v<T, GraphRef>) {
      const Offset<fb::Graph> nested = DSQ_TRY(graph(*member, depth + 1));
      return fb::CreateAttribute(builder_, key, 0, 0, 0, nested);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return words({shared(member)});
    } else if constexpr (std::is_same_v<T, DType>) {
      return words({shared(name_of(member))});
    } else if constexpr (std::is_enum_v<T>) {
      return words({shared(names_of(T{})[static_cast<size_t>(member)])});
    } else if constexpr (std::is_same_v<T, float>) {
      return floats({&member, 1});
    } else if constexpr (std::is_integral_v<T>) {
      const auto number = static_cast<int64_t>(member);
      return numbers({&number, 1});
    } else if constexpr (std::is_same_v<T, Shape>) {
      return numbers(member);
    } else if constexpr (std::is_same_v<T, std::vector<float>>) {
      return floats(member);
    } else {
      std::vector<Offset<flatbuffers::String>> list;
      for (const auto item : member) {
        list.push_back(shared(names_of(item)[static_cast<size_t>(item)]));
      }
      return words(list);
    }
  }

  flatbuffers::FlatBufferBuilder builder_;
  DataSection data_;
  std::vector<Offset<fb::Tensor>> tensors_;
  std::map<std::string, uint32_t> index_;
  std::vector<std::string_view> used_;
};

// The metadata deflated, or nothing where it is stored as it is.
std::vector<std::byte> deflated_metadata(const ModelWriter& writer) {
  std::vector<std::byte> deflated = deflate_bytes(writer.metadata());
  return writer.metadata().size() > deflated.size() * kMaxDeflation ? std::vector<std::byte>() : deflated;
}

// Gives the whole file to the sink, in order.
Result<void> emit(const ModelWriter& writer, const Sink& sink) {
  const std::vector<std::byte> deflated = deflated_metadata(writer);
  const std::span<const std::byte> stored = deflated.empty() ? writer.metadata() : std::span<const std::byte>(deflated);
  Sha256 hash;
  DSQ_TRY(writer.data().emit([&](std::span<const std::byte> bytes) {
    hash.add(bytes);
    return Result<void>();
  }));
  const DsqHeader header{stored.size(), writer.metadata().size(), writer.data().size(), sha256(stored), hash.finish()};
  DSQ_TRY(sink(header_bytes(header)));
  DSQ_TRY(sink(stored));
  const std::vector<std::byte> padding(header.data_offset() - kHeaderBytes - stored.size());
  DSQ_TRY(sink(padding));
  return writer.data().emit(sink);
}

}  // namespace

Result<NewFile> prepare_dsq(const Graph& graph, const Provenance& provenance, const std::filesystem::path& path) {
  ModelWriter writer;
  DSQ_TRY(writer.write(graph, provenance));
  return NewFile::write(path, [&](const Sink& sink) { return emit(writer, sink); });
}

Result<void> write_dsq(const Graph& graph, const Provenance& provenance, const std::filesystem::path& path) {
  const NewFile file = DSQ_TRY(prepare_dsq(graph, provenance, path));
  return publish(std::span(&file, 1));
}

std::string dsq_libraries() { return zstd_name() + ", " + zlib_name(); }

Result<int64_t> dsq_bytes(const Graph& graph, const Provenance& provenance) {
  ModelWriter writer;
  DSQ_TRY(writer.write(graph, provenance));
  const std::vector<std::byte> deflated = deflated_metadata(writer);
  const DsqHeader header{deflated.empty() ? writer.metadata().size() : deflated.size(),
                         writer.metadata().size(),
                         writer.data().size(),
                         {},
                         {}};
  return static_cast<int64_t>(header.file_bytes());
}

Result<std::vector<std::byte>> encode_dsq(const Graph& graph, const Provenance& provenance) {
  ModelWriter writer;
  DSQ_TRY(writer.write(graph, provenance));
  std::vector<std::byte> bytes;
  DSQ_TRY(emit(writer, [&](std::span<const std::byte> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return Result<void>();
  }));
  return bytes;
}

}  // namespace dsq
