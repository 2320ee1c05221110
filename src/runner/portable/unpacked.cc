#include "src/runner/portable/unpacked.h"

namespace dsq::portable {

Tensor unpack(const Tensor& packed) {
  const bool is_signed = packed.dtype() == DType::i4;
  Tensor bytes(is_signed ? DType::i8 : DType::u8, packed.shape());
  std::byte* to = bytes.mutable_bytes().data();
  const std::byte* from = packed.bytes().data();
  for (int64_t i = 0; i < packed.count(); ++i) {
    to[i] = static_cast<std::byte>(get_nibble(from, i, is_signed));
  }
  return bytes;
}

void pack(const Tensor& bytes, Tensor& packed) {
  const std::byte* from = bytes.bytes().data();
  const std::span<std::byte> to = packed.mutable_bytes();
  for (size_t i = 0; i < to.size(); ++i) {
    const int low = static_cast<int>(from[2 * i]) & 15;
    const bool has_high = static_cast<int64_t>(2 * i + 1) < bytes.count();
    const int high = has_high ? static_cast<int>(from[2 * i + 1]) & 15 : 0;
    to[i] = static_cast<std::byte>(low | (high << 4));
  }
}

Kernel unpacked(Kernel kernel) {
  return [kernel = std::move(kernel)](const Call& call) -> Result<void> {
    std::vector<Tensor> widened(call.in.size() + call.out.size());
    std::vector<const Tensor*> in(call.in.begin(), call.in.end());
    std::vector<Tensor*> out(call.out.begin(), call.out.end());
    const auto is_nibble = [](const Tensor* t) { return t != nullptr && bits_of(t->dtype()) == 4; };
    for (size_t i = 0; i < in.size(); ++i) {
      if (is_nibble(in[i])) {
        widened[i] = unpack(*in[i]);
        in[i] = &widened[i];
      }
    }
    for (size_t i = 0; i < out.size(); ++i) {
      if (is_nibble(out[i])) {
        Tensor& wide = widened[in.size() + i];
        wide = Tensor(out[i]->dtype() == DType::i4 ? DType::i8 : DType::u8, out[i]->shape());
        out[i] = &wide;
      }
    }
    DSQ_TRY(kernel(Call{call.graph, call.node, in, out}));
    for (size_t i = 0; i < out.size(); ++i) {
      if (out[i] != call.out[i]) {
        pack(*out[i], *call.out[i]);
      }
    }
    return {};
  };
}

}  // namespace dsq::portable
