// A .dsq in memory, as a mapped file would give it.
#pragma once

#include <algorithm>
#include <memory>
#include <span>

#include "formats/dsq/read.h"
#include "src/ir/tensor.h"

namespace dsq {

inline Result<DsqModel> decode_aligned(std::span<const std::byte> bytes, bool verified = true) {
  const auto memory = std::make_shared<Tensor>(DType::u8, Shape{static_cast<int64_t>(bytes.size())});
  std::ranges::copy(bytes, memory->mutable_bytes().begin());
  return decode_dsq(memory->bytes(), memory, verified);
}

}  // namespace dsq
