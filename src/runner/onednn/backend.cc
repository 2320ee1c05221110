#include "src/runner/onednn/backend.h"

#include <array>

#include <dnnl.hpp>

#include "src/runner/onednn/layers.h"
#include "src/runner/onednn/passes.h"
#include "src/runner/portable/backend.h"

namespace dsq::onednn {
namespace {

Prepared prepare_fast(const Graph& graph, const Node& node) {
  switch (node.op) {
    case OpKind::conv: return prepare_conv(graph, node);
    case OpKind::conv_transpose: return prepare_conv_transpose(graph, node);
    case OpKind::linear: return prepare_linear(graph, node);
    case OpKind::matmul: return prepare_matmul(graph, node);
    case OpKind::gemm: return prepare_gemm(graph, node);
    case OpKind::softmax:
    case OpKind::log_softmax: return prepare_softmax(graph, node);
    case OpKind::layer_norm: return prepare_layer_norm(graph, node);
    case OpKind::reduce_sum:
    case OpKind::reduce_mean: return prepare_sum(graph, node);
    case OpKind::transpose: return prepare_transpose(graph, node);
    case OpKind::max_pool:
    case OpKind::avg_pool:
    case OpKind::qavg_pool: return prepare_pool(graph, node);
    case OpKind::qconv: return prepare_qconv(graph, node);
    case OpKind::qlinear: return prepare_qlinear(graph, node);
    case OpKind::quantize: return prepare_quantize(graph, node);
    case OpKind::dequantize: return prepare_dequantize(graph, node);
    case OpKind::dynamic_quantize: return prepare_dynamic_quantize(graph, node);
    case OpKind::requantize: return prepare_requantize(graph, node);
    case OpKind::lut: return prepare_lut(graph, node);
    case OpKind::qadd: return prepare_qadd(graph, node);
    default: return std::optional<Kernel>();
  }
}

// Operators that lie in channels-last form have no other kernel than this backend's.
bool is_channels_last(const Node& node) {
  const auto* conv = std::get_if<ConvAttrs>(&node.attrs);
  const auto* pool = std::get_if<PoolAttrs>(&node.attrs);
  return (conv != nullptr && conv->layout == Layout::channels_last) ||
         (pool != nullptr && pool->layout == Layout::channels_last);
}

}  // namespace

Result<void> transform(Graph& graph) {
  DSQ_TRY(fuse_epilogues(graph));
  return choose_layouts(graph);
}

Result<Kernel> prepare(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  try {
    std::optional<Kernel> fast = DSQ_TRY(prepare_fast(graph, node));
    if (fast) {
      return std::move(*fast);
    }
  } catch (const dnnl::error& error) {
    if (error.status == dnnl_out_of_memory) {
      throw std::bad_alloc();
    }
    if (is_channels_last(node)) {
      return fail(Code::op_not_runnable, "oneDNN has no primitive for this {}: {}", name_of(node.op), error.what());
    }
  }
  if (is_channels_last(node)) {
    return fail(Code::op_not_runnable, "no channels-last kernel for {}", name_of(node.op));
  }
  return portable::prepare(graph, id);
}

std::string instructions() {
  const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  constexpr auto kNames = std::to_array<std::pair<dnnl::cpu_isa, std::string_view>>({
      {dnnl::cpu_isa::avx512_core_amx, "AVX-512 with AMX"},
      {dnnl::cpu_isa::avx512_core_bf16, "AVX-512 with VNNI and BF16"},
      {dnnl::cpu_isa::avx512_core_vnni, "AVX-512 with VNNI"},
      {dnnl::cpu_isa::avx512_core, "AVX-512"},
      {dnnl::cpu_isa::avx2_vnni, "AVX2 with VNNI"},
      {dnnl::cpu_isa::avx2, "AVX2"},
  });
  for (const auto& [each, name] : kNames) {
    if ((isa & static_cast<unsigned>(each)) == static_cast<unsigned>(each)) {
      return std::string(name);
    }
  }
  return "SSE4.1 or AVX";
}

std::string library() {
  const dnnl::version_t* version = dnnl::version();
  return fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
}

}  // namespace dsq::onednn
