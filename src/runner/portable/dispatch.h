// Calls a generic function with the C++ type of an element type.
#pragma once

#include "src/runner/kernel.h"

namespace dsq::portable {

inline Error unsupported(const Call& call, DType dtype) {
  return fail(Code::op_not_runnable, "{} of {} is not supported", name_of(call.node.op), name_of(dtype));
}

// f32, f64 and every whole-byte integer.
template <class F>
Result<void> for_number(const Call& call, DType dtype, F f) {
  switch (dtype) {
    case DType::f32: return f(float{});
    case DType::f64: return f(double{});
    case DType::i8: return f(int8_t{});
    case DType::u8: return f(uint8_t{});
    case DType::i16: return f(int16_t{});
    case DType::u16: return f(uint16_t{});
    case DType::i32: return f(int32_t{});
    case DType::u32: return f(uint32_t{});
    case DType::i64: return f(int64_t{});
    case DType::u64: return f(uint64_t{});
    case DType::boolean:
    case DType::f16:
    case DType::bf16:
    case DType::i4:
    case DType::u4: break;
  }
  return unsupported(call, dtype);
}

template <class F>
Result<void> for_integer(const Call& call, DType dtype, F f) {
  if (is_float(dtype)) {
    return unsupported(call, dtype);
  }
  return for_number(call, dtype, [&]<class T>(T zero) -> Result<void> {
    if constexpr (std::is_integral_v<T>) {
      return f(zero);
    } else {
      return {};
    }
  });
}

// For operators that only move elements: an unsigned type of the element's width. 4-bit tensors are not handled here
// (the table unpacks them around the kernel).
template <class F>
Result<void> for_width(const Call& call, DType dtype, F f) {
  switch (bits_of(dtype)) {
    case 8: return f(uint8_t{});
    case 16: return f(uint16_t{});
    case 32: return f(uint32_t{});
    case 64: return f(uint64_t{});
    default: return unsupported(call, dtype);
  }
}

template <class T>
const T* raw(const Tensor& tensor) {
  return reinterpret_cast<const T*>(tensor.bytes().data());
}
template <class T>
T* raw(Tensor& tensor) {
  return reinterpret_cast<T*>(tensor.mutable_bytes().data());
}

}  // namespace dsq::portable
