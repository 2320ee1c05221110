// How the small parts of a file are read, and how it is refused. Internal to formats/dsq.
#pragma once

#include <string_view>
#include <utility>

#include <dsq_generated.h>

#include "src/ir/tensor.h"
#include "src/support/result.h"

namespace dsq {

template <class... Args>
Error invalid(fmt::format_string<Args...> format, Args&&... args) {
  return fail(Code::dsq_invalid, format, std::forward<Args>(args)...);
}
// The hashes fit, so a word that is not known comes from a newer writer.
Error unknown(std::string_view what, std::string_view word);

// Empty where nothing is stored.
std::string_view text_of(const flatbuffers::String* stored);
Result<DType> dtype_of(const flatbuffers::String* stored);
// What FlatBuffers' verifier leaves out: that the elements of a vector of 64 bits lie where such numbers may be read.
bool is_aligned(const flatbuffers::Vector<int64_t>& stored);
// Every known dimension >= 0, and a count of elements that fits.
Result<Shape> shape_of(const flatbuffers::Vector<int64_t>& stored);

}  // namespace dsq
