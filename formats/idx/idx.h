// MNIST's idx files: one array of numbers, gzipped or not.
#pragma once

#include <memory>
#include <span>

#include "src/ir/tensor.h"
#include "src/support/file.h"

namespace dsq::idx {

bool is_idx(std::span<const std::byte> bytes);  // gzipped bytes may turn out to be something else

// Bytes stay mapped where they lie; what is gzipped or wider than a byte is copied.
// Errors: data_unreadable (damage, an early end, more than 2 GB).
Result<Tensor> read(const std::shared_ptr<const MappedFile>& file);

}  // namespace dsq::idx
