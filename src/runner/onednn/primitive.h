// A oneDNN primitive with its memory objects: made once, given data pointers at each call.
#pragma once

#include <vector>

#include <dnnl.hpp>

#include "src/ir/tensor.h"

namespace dsq::onednn {

using Md = dnnl::memory::desc;

dnnl::memory::data_type data_type_of(DType dtype);  // f32, i32, i8, u8
// N,C,spatial dimensions of data that lie in memory as N,spatial,C. `shape` is in memory order.
Md channels_last_desc(const Shape& shape, DType dtype);
Md row_major_desc(const Shape& shape, DType dtype);

class Primitive {
 public:
  Primitive() : engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {}
  Primitive(const Primitive&) = delete;
  Primitive& operator=(const Primitive&) = delete;

  const dnnl::engine& engine() const { return engine_; }
  void create(const dnnl::primitive& primitive) { primitive_ = primitive; }
  // An argument whose data come with each call. Returns its slot for set().
  size_t bind(int argument, const Md& desc);
  // A constant, kept by the primitive.
  void bind(int argument, dnnl::memory constant);
  // `data` in the order of `from`, repacked as `to`.
  dnnl::memory packed(const void* data, const Md& from, const Md& to);

  void set(size_t slot, const void* data);
  void execute();

 private:
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

}  // namespace dsq::onednn
