// Tensor: typed, shaped, row-major data. Copies share their bytes; writing to shared bytes copies them first, so a
// tensor that is held anywhere never changes under its holder.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "src/ir/dtype.h"
#include "src/ir/shape.h"
#include "src/support/check.h"

namespace dsq {

class Tensor {
 public:
  Tensor() : Tensor(DType::f32, {0}) {}
  // Zero-filled, aligned to 64 bytes. The shape has been checked (checked_count). Throws std::bad_alloc.
  Tensor(DType dtype, Shape shape);

  // Read-only bytes that `owner` keeps alive, e.g. a mapped file.
  static Tensor borrow(DType dtype, Shape shape, std::shared_ptr<const void> owner, const void* data);
  // Memory of the caller's that outlives the tensor and is written in place, e.g. a slot of the runner's arena.
  static Tensor over(DType dtype, Shape shape, void* memory);
  template <class T>
  static Tensor of(Shape shape, std::span<const T> values);
  template <class T>
  static Tensor of(Shape shape, std::initializer_list<T> values) {
    return of<T>(std::move(shape), std::span<const T>(values.begin(), values.size()));
  }
  template <class T>
  static Tensor scalar(T value) {
    return of<T>({}, {value});
  }
  static Tensor ints(const Shape& values) {  // an i64 vector
    return of<int64_t>({static_cast<int64_t>(values.size())}, std::span<const int64_t>(values));
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t rank() const { return static_cast<int64_t>(shape_.size()); }
  int64_t count() const { return count_; }
  TensorType type() const { return {dtype_, shape_}; }
  std::span<const std::byte> bytes() const { return {data_, static_cast<size_t>(bytes_of(dtype_, count_))}; }
  std::span<std::byte> mutable_bytes();

  template <class T>
  std::span<const T> values() const {
    DSQ_CHECK(dtype_of<T>() == dtype_, "tensor read as another type");
    return {reinterpret_cast<const T*>(data_), static_cast<size_t>(count_)};
  }
  template <class T>
  std::span<T> mutable_values() {
    DSQ_CHECK(dtype_of<T>() == dtype_, "tensor written as another type");
    return {reinterpret_cast<T*>(mutable_bytes().data()), static_cast<size_t>(count_)};
  }

  // The same bytes under another shape of as many elements.
  Tensor reshaped(Shape shape) const;
  Tensor clone() const;
  // Same type and bytes.
  bool operator==(const Tensor& other) const;
  // Whether both share the same bytes in memory.
  bool shares(const Tensor& other) const { return data_ == other.data_ && count_ == other.count_; }

 private:
  DType dtype_;
  Shape shape_;
  int64_t count_ = 0;
  std::shared_ptr<const void> owner_;  // null: memory of the caller's
  std::byte* data_ = nullptr;
  bool read_only_ = false;
};

template <class T>
Tensor Tensor::of(Shape shape, std::span<const T> values) {
  Tensor tensor(dtype_of<T>(), std::move(shape));
  DSQ_CHECK(tensor.count() == static_cast<int64_t>(values.size()), "as many values as the shape has elements");
  std::ranges::copy(values, tensor.mutable_values<T>().begin());
  return tensor;
}

// Element access for tools, tests and small tensors: any integer or boolean type as int64, any numeric type as double.
std::vector<int64_t> to_ints(const Tensor& tensor);
std::vector<float> to_floats(const Tensor& tensor);  // f64 is rounded, integers are converted
double element(const Tensor& tensor, int64_t index);

// Whether each byte is one that a boolean can have: 0 or 1.
bool are_booleans(std::span<const std::byte> bytes);

// 4-bit access within packed bytes. `signed_` tells i4 from u4.
int get_nibble(const std::byte* packed, int64_t index, bool is_signed);
void set_nibble(std::byte* packed, int64_t index, int value);

}  // namespace dsq
