// Constants: where they lie, whether they can be what they are said to be, and how they are unpacked.
#include "formats/dsq/graph_reader.h"

#include <algorithm>

#include "formats/dsq/features.h"
#include "formats/dsq/header.h"
#include "formats/dsq/packing.h"
#include "formats/dsq/stored.h"
#include "formats/dsq/zstd.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

// Bytes that no element can have: what is not 0 or 1 in a bool, and a last nibble that is not used.
bool has_stray_bits(DType type, int64_t count, std::span<const std::byte> bytes) {
  if (type == DType::boolean) {
    return !are_booleans(bytes);
  }
  return bits_of(type) == 4 && count % 2 == 1 && (bytes.back() >> 4) != std::byte{0};
}

}  // namespace

Result<Tensor> GraphReader::tensor(const fb::Tensor& t) {
  const DType type = DSQ_TRY(dtype_of(t.dtype()));
  const Shape dims = DSQ_TRY(shape_of(*t.shape()));
  const Result<int64_t> count = checked_count(dims);
  if (!count) {
    return invalid("a constant has the open shape {}", text_of(dims));
  }
  const auto bytes = static_cast<uint64_t>(bytes_of(type, *count));
  if (t.small() != nullptr) {
    if (bytes != t.small()->size() || bytes > kSmallTensor || t.offset() != 0 || t.size() != 0 || t.bits() != 0 ||
        t.zstd()) {
      return invalid("a small tensor of type {}{} has {}", name_of(type), text_of(dims),
                     plural(t.small()->size(), "byte"));
    }
    const auto data = std::as_bytes(std::span(t.small()->data(), t.small()->size()));
    if (has_stray_bits(type, *count, data)) {
      return invalid("a {} tensor holds impossible values", name_of(type));
    }
    DSQ_TRY(budget_.take(kSmallTensor));
    Tensor out(type, dims);
    std::ranges::copy(data, out.mutable_bytes().begin());
    return out;
  }
  if (t.bits() != 0 && (t.bits() > 7 || t.zstd() || (type != DType::i8 && type != DType::u8))) {
    return invalid("{} tensors are not packed to {} bits", name_of(type), t.bits());
  }
  const uint64_t stored = t.zstd()        ? t.size()
                          : t.bits() == 0 ? bytes
                                          : packed_bytes(static_cast<uint64_t>(*count), t.bits());
  if (t.size() != stored || t.offset() > data_.size() || stored > data_.size() - t.offset() ||
      t.offset() % tensor_alignment(stored, t.zstd() || t.bits() != 0) != 0 ||
      (t.zstd() && (stored >= bytes || bytes / kZstdMaxRatio > stored))) {
    return invalid("a tensor of type {}{} does not lie in the data section as it must", name_of(type), text_of(dims));
  }
  const std::span<const std::byte> data = data_.subspan(t.offset(), stored);
  if (t.bits() != 0) {
    DSQ_TRY(budget_.take(bytes));
    return unpack_bits(type, dims, data, t.bits());
  }
  Tensor out;
  if (t.zstd()) {
    DSQ_TRY(budget_.take(bytes));
    out = Tensor(type, dims);
    DSQ_TRY(zstd_decompress(data, out.mutable_bytes()));
  } else {
    out = Tensor::borrow(type, dims, owner_, data.data());
  }
  if (has_stray_bits(type, *count, out.bytes())) {
    return invalid("a {} tensor holds impossible values", name_of(type));
  }
  return out;
}

Result<void> GraphReader::read_tensors() {
  for (const fb::Tensor* t : *model_.tensors()) {
    DSQ_TRY(budget_.take(sizeof(Tensor) + 8 * kMaxRank));
    tensors_.push_back(DSQ_TRY(tensor(*t)));
  }
  is_scale_.resize(tensors_.size());
  return {};
}

}  // namespace dsq
