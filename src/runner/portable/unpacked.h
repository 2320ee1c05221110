// Lets a kernel that works on whole bytes take and give 4-bit tensors.
#pragma once

#include "src/runner/kernel.h"

namespace dsq::portable {

// 4-bit inputs are widened to i8 or u8 before the call and 4-bit outputs narrowed after it.
Kernel unpacked(Kernel kernel);

Tensor unpack(const Tensor& packed);             // i4 -> i8, u4 -> u8
void pack(const Tensor& bytes, Tensor& packed);  // the low nibble of each byte

}  // namespace dsq::portable
