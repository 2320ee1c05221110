#include "formats/dsq/stored.h"

#include "formats/dsq/features.h"

namespace dsq {

Error unknown(std::string_view what, std::string_view word) {
  return fail(Code::dsq_newer, "{} '{}' is not known to this version", what, word);
}

std::string_view text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view() : std::string_view(text->data(), text->size());
}

Result<DType> dtype_of(const flatbuffers::String* stored) {
  const std::optional<DType> found = dtype_from(text_of(stored));
  if (!found) {
    return unknown("element type", text_of(stored));
  }
  return *found;
}

bool is_aligned(const flatbuffers::Vector<int64_t>& stored) {
  return stored.size() == 0 || reinterpret_cast<uintptr_t>(stored.Data()) % alignof(int64_t) == 0;
}

Result<Shape> shape_of(const flatbuffers::Vector<int64_t>& stored) {
  if (stored.size() > kMaxRank) {
    return invalid("a shape has {} dimensions", stored.size());
  }
  if (!is_aligned(stored)) {
    return invalid("a shape lies at an odd place");
  }
  Shape out(stored.begin(), stored.end());
  Shape known;
  for (const int64_t d : out) {
    if (d < kUnknown) {
      return invalid("negative dimension in a shape");
    }
    known.push_back(d == kUnknown ? 1 : d);
  }
  if (!checked_count(known)) {
    return invalid("{} is too large", text_of(out));
  }
  return out;
}

}  // namespace dsq
