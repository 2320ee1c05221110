#include "src/ir/tensor.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "src/ir/half.h"

namespace dsq {
namespace {

constexpr size_t kAlignment = 64;

std::shared_ptr<std::byte> allocate(size_t bytes) {
  const size_t rounded = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, std::max(rounded, kAlignment));
  if (memory == nullptr) {
    throw std::bad_alloc();
  }
  return {static_cast<std::byte*>(memory), [](std::byte* p) { std::free(p); }};
}

}  // namespace

Tensor::Tensor(DType dtype, Shape shape) : dtype_(dtype), shape_(std::move(shape)), count_(count_of(shape_)) {
  const auto bytes = static_cast<size_t>(bytes_of(dtype_, count_));
  std::shared_ptr<std::byte> memory = allocate(bytes);
  std::memset(memory.get(), 0, bytes);
  data_ = memory.get();
  owner_ = std::move(memory);
}

Tensor Tensor::borrow(DType dtype, Shape shape, std::shared_ptr<const void> owner, const void* data) {
  Tensor tensor = over(dtype, std::move(shape), const_cast<void*>(data));
  tensor.owner_ = std::move(owner);
  tensor.read_only_ = true;
  return tensor;
}

Tensor Tensor::over(DType dtype, Shape shape, void* memory) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.shape_ = std::move(shape);
  tensor.count_ = count_of(tensor.shape_);
  tensor.owner_ = nullptr;
  tensor.data_ = static_cast<std::byte*>(memory);
  return tensor;
}

std::span<std::byte> Tensor::mutable_bytes() {
  if (read_only_ || owner_.use_count() > 1) {
    *this = clone();
  }
  return {data_, static_cast<size_t>(bytes_of(dtype_, count_))};
}

Tensor Tensor::reshaped(Shape shape) const {
  DSQ_CHECK(count_of(shape) == count_, "reshaping keeps the number of elements");
  Tensor tensor = *this;
  tensor.shape_ = std::move(shape);
  return tensor;
}

Tensor Tensor::clone() const {
  Tensor copy(dtype_, shape_);
  std::memcpy(copy.data_, data_, bytes().size());
  return copy;
}

bool Tensor::operator==(const Tensor& other) const {
  if (dtype_ != other.dtype_ || shape_ != other.shape_) {
    return false;
  }
  return data_ == other.data_ || std::memcmp(data_, other.data_, bytes().size()) == 0;
}

int get_nibble(const std::byte* packed, int64_t index, bool is_signed) {
  const int nibble = (static_cast<int>(packed[index / 2]) >> (index % 2 * 4)) & 15;
  return is_signed && nibble > 7 ? nibble - 16 : nibble;
}

void set_nibble(std::byte* packed, int64_t index, int value) {
  const int shift = static_cast<int>(index % 2 * 4);
  const int kept = static_cast<int>(packed[index / 2]) & ~(15 << shift);
  packed[index / 2] = static_cast<std::byte>(kept | ((value & 15) << shift));
}

namespace {

// Calls f(i, value) for each element, the value as its natural arithmetic type.
template <class F>
void visit(const Tensor& tensor, F f) {
  const auto each = [&]<class T>(T) {
    const std::span<const T> values = tensor.values<T>();
    for (size_t i = 0; i < values.size(); ++i) {
      f(i, values[i]);
    }
  };
  const auto each_half = [&](auto convert) {
    const auto* bits = reinterpret_cast<const uint16_t*>(tensor.bytes().data());
    for (int64_t i = 0; i < tensor.count(); ++i) {
      f(static_cast<size_t>(i), convert(bits[i]));
    }
  };
  const auto each_nibble = [&](bool is_signed) {
    for (int64_t i = 0; i < tensor.count(); ++i) {
      f(static_cast<size_t>(i), get_nibble(tensor.bytes().data(), i, is_signed));
    }
  };
  switch (tensor.dtype()) {
    case DType::f32: return each(float{});
    case DType::f64: return each(double{});
    case DType::i8: return each(int8_t{});
    case DType::u8: return each(uint8_t{});
    case DType::i16: return each(int16_t{});
    case DType::u16: return each(uint16_t{});
    case DType::i32: return each(int32_t{});
    case DType::u32: return each(uint32_t{});
    case DType::i64: return each(int64_t{});
    case DType::u64: return each(uint64_t{});
    case DType::boolean: return each(bool{});
    case DType::f16: return each_half(f16_to_f32);
    case DType::bf16: return each_half(bf16_to_f32);
    case DType::i4: return each_nibble(true);
    case DType::u4: return each_nibble(false);
  }
}

}  // namespace

bool are_booleans(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b <= std::byte{1}; });
}

std::vector<int64_t> to_ints(const Tensor& tensor) {
  std::vector<int64_t> out(static_cast<size_t>(tensor.count()));
  visit(tensor, [&](size_t i, auto value) { out[i] = static_cast<int64_t>(value); });
  return out;
}

std::vector<float> to_floats(const Tensor& tensor) {
  std::vector<float> out(static_cast<size_t>(tensor.count()));
  visit(tensor, [&](size_t i, auto value) { out[i] = static_cast<float>(value); });
  return out;
}

double element(const Tensor& tensor, int64_t index) {
  const auto at = [&]<class T>(T) { return static_cast<double>(tensor.values<T>()[static_cast<size_t>(index)]); };
  const auto bits = [&] { return reinterpret_cast<const uint16_t*>(tensor.bytes().data())[index]; };
  switch (tensor.dtype()) {
    case DType::f32: return at(float{});
    case DType::f64: return at(double{});
    case DType::i8: return at(int8_t{});
    case DType::u8: return at(uint8_t{});
    case DType::i16: return at(int16_t{});
    case DType::u16: return at(uint16_t{});
    case DType::i32: return at(int32_t{});
    case DType::u32: return at(uint32_t{});
    case DType::i64: return at(int64_t{});
    case DType::u64: return at(uint64_t{});
    case DType::boolean: return at(bool{});
    case DType::f16: return f16_to_f32(bits());
    case DType::bf16: return bf16_to_f32(bits());
    case DType::i4: return get_nibble(tensor.bytes().data(), index, true);
    case DType::u4: return get_nibble(tensor.bytes().data(), index, false);
  }
  return 0;
}

}  // namespace dsq
