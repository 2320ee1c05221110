#include "formats/dsq/read.h"

#include <algorithm>
#include <bit>

#include "formats/dsq/features.h"
#include "formats/dsq/graph_reader.h"
#include "formats/dsq/header.h"
#include "formats/dsq/packing.h"
#include "src/ops/infer.h"
#include "src/ops/verify.h"

namespace dsq {
namespace {

static_assert(std::endian::native == std::endian::little, "bytes are used as they lie in the file");

// Graph, node and attribute tables for each level of nesting, and some below them.
constexpr flatbuffers::uoffset_t kMaxDepth = 3 * kMaxNesting + 16;

std::string string_of(const flatbuffers::String* text) { return text == nullptr ? std::string() : text->str(); }

Provenance provenance_of(const fb::Provenance* p) {
  if (p == nullptr) {
    return {};
  }
  return {string_of(p->tool()),
          string_of(p->source_name()),
          string_of(p->source_sha256()),
          string_of(p->producer()),
          p->opset(),
          string_of(p->options()),
          string_of(p->data_sha256()),
          p->data_samples(),
          string_of(p->libraries())};
}

Result<void> check_features(const fb::Model& model) {
  const std::string tool = model.provenance() == nullptr ? "" : string_of(model.provenance()->tool());
  if (model.version() > kDsqVersion) {
    return fail(Code::dsq_newer, "the file has version {}, this dsquant reads up to {} (written by {})",
                model.version(), kDsqVersion, tool);
  }
  if (model.version() == 0) {
    return fail(Code::dsq_invalid, "the file has no version");
  }
  if (model.required() != nullptr) {
    for (const flatbuffers::String* feature : *model.required()) {
      if (std::ranges::find(kFeatures, feature->string_view()) == kFeatures.end()) {
        return fail(Code::dsq_newer,
                    "the file needs the feature '{}', which this dsquant does not have (written by {})",
                    feature->string_view(), tool);
      }
    }
  }
  return {};
}

// Whether the types that the file declares can be those that follow from its operators. Open dimensions may have become
// known since: inference learns.
bool compatible(const TensorType& declared, const TensorType& inferred) {
  if (declared.dtype != inferred.dtype) {
    return false;
  }
  if (!declared.shape || !inferred.shape) {
    return !declared.shape;
  }
  return std::ranges::equal(*declared.shape, *inferred.shape,
                            [](int64_t a, int64_t b) { return a == b || a == kUnknown; });
}

Result<void> verify_graph(Graph& graph) {
  DSQ_TRY(verify_structure(graph));
  const Graph declared = graph;
  DSQ_TRY(infer_types(graph));
  for (const ValueId id : graph.values()) {
    if (!compatible(declared.value(id).type, graph.value(id).type)) {
      return fail(Code::dsq_invalid, "'{}' is declared {} and inferred {}", graph.value(id).name,
                  text_of(declared.value(id).type), text_of(graph.value(id).type));
    }
  }
  return verify(graph);
}

}  // namespace

Result<DsqModel> decode_dsq(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, bool verified) {
  DSQ_CHECK(reinterpret_cast<uintptr_t>(bytes.data()) % 64 == 0, "a .dsq in memory is aligned to 64 bytes");
  const DsqHeader header = DSQ_TRY(parse_header(bytes));
  const std::span<const std::byte> stored = bytes.subspan(header.metadata_offset(), header.metadata_stored);
  const std::span<const std::byte> data = bytes.subspan(header.data_offset(), header.data_bytes);
  if (sha256(stored) != header.metadata_sha256) {
    return fail(Code::dsq_corrupt, "the metadata does not match its hash");
  }
  if (sha256(data) != header.data_sha256) {
    return fail(Code::dsq_corrupt, "the data does not match its hash");
  }
  std::vector<std::byte> inflated;
  std::span<const std::byte> metadata = stored;
  if (header.metadata_bytes != header.metadata_stored) {
    inflated = DSQ_TRY(inflate_bytes(stored, header.metadata_bytes));
    metadata = inflated;
  }
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(metadata.data()), metadata.size(), kMaxDepth);
  if (!fb::VerifyModelBuffer(verifier)) {
    return fail(Code::dsq_invalid, "the metadata is not a FlatBuffer of this schema");
  }
  const fb::Model& model = *fb::GetModel(metadata.data());
  DSQ_TRY(check_features(model));
  GraphReader reader(model, data, std::move(owner));
  Graph graph = DSQ_TRY(reader.read());
  if (verified) {
    Result<void> sound = verify_graph(graph);
    if (!sound) {
      Error error = std::move(sound).error();
      const std::string place = error.where.empty() ? "" : error.where + ": ";
      return fail(Code::dsq_invalid, "{}{}", place, error.what);
    }
  }
  DsqParts parts = reader.parts();
  parts.metadata = static_cast<int64_t>(bytes.size()) - parts.total();
  return DsqModel{std::move(graph), provenance_of(model.provenance()), parts};
}

Result<DsqModel> read_dsq(std::shared_ptr<const MappedFile> file) {
  Result<DsqModel> model = decode_dsq(file->bytes(), file);
  DSQ_TRY(file->check_unchanged());
  if (!model) {
    return std::move(model).error().at(file->path().string());
  }
  return model;
}

Result<DsqModel> read_dsq(const std::filesystem::path& path) { return read_dsq(DSQ_TRY(MappedFile::open(path))); }

}  // namespace dsq
