#include "src/runner/onednn/primitive.h"

namespace dsq::onednn {

dnnl::memory::data_type data_type_of(DType dtype) {
  using enum dnnl::memory::data_type;
  switch (dtype) {
    case DType::f32: return f32;
    case DType::i32: return s32;
    case DType::i8: return s8;
    case DType::u8: return u8;
    default: return undef;
  }
}

Md channels_last_desc(const Shape& shape, DType dtype) {
  dnnl::memory::dims dims{shape[0], shape.back()};
  dims.insert(dims.end(), shape.begin() + 1, shape.end() - 1);
  dnnl::memory::dims strides(dims.size(), 1);
  int64_t stride = shape.back();
  for (size_t d = dims.size(); d-- > 2;) {
    strides[d] = stride;
    stride *= dims[d];
  }
  strides[0] = stride;
  return {dims, data_type_of(dtype), strides};
}

Md row_major_desc(const Shape& shape, DType dtype) { return {shape, data_type_of(dtype), strides_of(shape)}; }

size_t Primitive::bind(int argument, const Md& desc) {
  memories_.emplace_back(desc, engine_, static_cast<void*>(DNNL_MEMORY_NONE));
  arguments_.push_back({argument, memories_.back().get()});
  return memories_.size() - 1;
}

void Primitive::bind(int argument, dnnl::memory constant) {
  memories_.push_back(std::move(constant));
  arguments_.push_back({argument, memories_.back().get()});
}

dnnl::memory Primitive::packed(const void* data, const Md& from, const Md& to) {
  dnnl::memory source(from, engine_, const_cast<void*>(data));
  dnnl::memory result(to, engine_);
  dnnl::reorder(source, result).execute(stream_, source, result);
  stream_.wait();
  return result;
}

void Primitive::set(size_t slot, const void* data) { memories_[slot].set_data_handle(const_cast<void*>(data)); }

void Primitive::execute() {
  dnnl::error::wrap_c_api(
      dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()), arguments_.data()),
      "the primitive could not be executed");
}

}  // namespace dsq::onednn
