#include "src/runner/onednn/nibbles.h"

#include <immintrin.h>

#include <algorithm>
#include <vector>

#include "src/support/parallel.h"

namespace dsq::onednn {
namespace {

constexpr int64_t kGrain = 1 << 15;  // bytes; even, so that pieces begin with whole bytes

void unpack_some(const uint8_t* packed, int64_t bytes, const NibbleTable& table, int8_t* out) {
  int64_t i = 0;
#if defined(__AVX2__)
  const __m256i lookup = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data())));
  const __m256i mask = _mm256_set1_epi8(15);
  for (; i + 32 <= bytes; i += 32) {
    const __m256i pair = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(packed + i));
    const __m256i low = _mm256_shuffle_epi8(lookup, _mm256_and_si256(pair, mask));
    const __m256i high = _mm256_shuffle_epi8(lookup, _mm256_and_si256(_mm256_srli_epi16(pair, 4), mask));
    const __m256i even = _mm256_unpacklo_epi8(low, high);
    const __m256i odd = _mm256_unpackhi_epi8(low, high);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 2 * i), _mm256_permute2x128_si256(even, odd, 0x20));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 2 * i + 32), _mm256_permute2x128_si256(even, odd, 0x31));
  }
#endif
  for (; i < bytes; ++i) {
    out[2 * i] = table[packed[i] & 15];
    out[2 * i + 1] = table[packed[i] >> 4];
  }
}

void pack_some(const uint8_t* from, int64_t bytes, uint8_t* packed) {
  int64_t i = 0;
#if defined(__AVX2__)
  const __m256i mask = _mm256_set1_epi8(15);
  const __m256i weights = _mm256_set1_epi16(0x1001);  // low + 16 * high
  for (; i + 32 <= bytes; i += 32) {
    const auto join = [&](int64_t at) {
      return _mm256_maddubs_epi16(
          _mm256_and_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + at)), mask), weights);
    };
    const __m256i both = _mm256_packus_epi16(join(2 * i), join(2 * i + 32));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(packed + i), _mm256_permute4x64_epi64(both, 0xD8));
  }
#endif
  for (; i < bytes; ++i) {
    packed[i] = static_cast<uint8_t>((from[2 * i] & 15) | (from[2 * i + 1] << 4));
  }
}

struct Widened {
  bool input;
  size_t index;
  NibbleTable table;
  Tensor bytes;
};

}  // namespace

NibbleTable plain_table(DType dtype) {
  NibbleTable table;
  for (int i = 0; i < 16; ++i) {
    table[static_cast<size_t>(i)] = static_cast<int8_t>(dtype == DType::i4 && i > 7 ? i - 16 : i);
  }
  return table;
}

void unpack(const std::byte* packed, int64_t count, const NibbleTable& table, int8_t* out) {
  const auto* from = reinterpret_cast<const uint8_t*>(packed);
  parallel_for(count / 2, kGrain,
               [&](int64_t begin, int64_t end) { unpack_some(from + begin, end - begin, table, out + 2 * begin); });
  if (count % 2 != 0) {
    out[count - 1] = table[from[count / 2] & 15];
  }
}

void pack(const uint8_t* bytes, int64_t count, std::byte* packed) {
  auto* to = reinterpret_cast<uint8_t*>(packed);
  parallel_for(count / 2, kGrain,
               [&](int64_t begin, int64_t end) { pack_some(bytes + 2 * begin, end - begin, to + begin); });
  if (count % 2 != 0) {
    to[count / 2] = bytes[count - 1] & 15;
  }
}

Kernel unpacked(const Graph& graph, const Node& node, Kernel kernel) {
  auto widened = std::make_shared<std::vector<Widened>>();
  const auto widen = [&](ValueId id, bool input, size_t index) {
    if (id != ValueId::none && bits_of(graph.value(id).type.dtype) == 4) {
      const TensorType& type = graph.value(id).type;
      widened->push_back({input, index, plain_table(type.dtype),
                          Tensor(type.dtype == DType::i4 ? DType::i8 : DType::u8, *type.shape)});
    }
  };
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    widen(node.inputs[i], true, i);
  }
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    widen(node.outputs[i], false, i);
  }
  if (widened->empty()) {
    return kernel;
  }
  return [widened, kernel = std::move(kernel)](const Call& call) -> Result<void> {
    std::vector<const Tensor*> in(call.in.begin(), call.in.end());
    std::vector<Tensor*> out(call.out.begin(), call.out.end());
    for (Widened& each : *widened) {
      if (each.input) {
        unpack(in[each.index]->bytes().data(), each.bytes.count(), each.table,
               reinterpret_cast<int8_t*>(each.bytes.mutable_bytes().data()));
        in[each.index] = &each.bytes;
      } else {
        out[each.index] = &each.bytes;
      }
    }
    DSQ_TRY(kernel(Call{call.graph, call.node, in, out}));
    for (Widened& each : *widened) {
      if (!each.input) {
        pack(reinterpret_cast<const uint8_t*>(each.bytes.bytes().data()), each.bytes.count(),
             call.output(each.index).mutable_bytes().data());
      }
    }
    return {};
  };
}

}  // namespace dsq::onednn
