#include "src/data/column.h"

#include <cstring>

#include "src/support/file.h"

namespace dsq {

Tensor ArrayColumn::view(int64_t row) const {
  Shape shape = array_.shape();
  const size_t bytes = array_.bytes().size() / static_cast<size_t>(shape.front());
  shape.front() = 1;
  Tensor out(array_.dtype(), shape);  // a copy: rows of an array need not begin where a number may
  std::memcpy(out.mutable_bytes().data(), array_.bytes().data() + static_cast<size_t>(row) * bytes, bytes);
  return out;
}

Result<Tensor> ArrayColumn::read(int64_t row) const {
  Tensor values = view(row);
  return make_ ? make_(values) : Result<Tensor>(std::move(values));
}

Result<Digest> ArrayColumn::digest(int64_t row) const { return sha256(view(row).bytes()); }

Result<Tensor> FileColumn::read(int64_t row) const {
  const std::filesystem::path& path = files_[static_cast<size_t>(row)];
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  Result<Tensor> tensor = decode_(file->bytes());
  if (!tensor) {
    return std::move(tensor).error().at(path.string());
  }
  DSQ_TRY(file->check_unchanged());
  return tensor;
}

Result<Digest> FileColumn::digest(int64_t row) const {
  return sha256(DSQ_TRY(MappedFile::open(files_[static_cast<size_t>(row)]))->bytes());
}

}  // namespace dsq
