// The samples of one input of a model, in whatever form they lie: an array, or files that are decoded when they are read.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "src/ir/tensor.h"
#include "src/support/hash.h"
#include "src/support/result.h"

namespace dsq {

// Rows are read by several threads at a time, in any order, and come out the same each time.
class Column {
 public:
  virtual ~Column() = default;
  virtual int64_t rows() const = 0;
  virtual Result<Tensor> read(int64_t row) const = 0;    // with a first dimension of 1, which counts rows
  virtual Result<Digest> digest(int64_t row) const = 0;  // of the bytes as they lie, before they are decoded
  virtual std::string place(int64_t row) const = 0;      // the file of the row; empty where it has none of its own
};

// An array whose first dimension counts rows. `make`, where there is one, turns a row into what the model takes.
class ArrayColumn : public Column {
 public:
  using Make = std::function<Result<Tensor>(const Tensor& row)>;
  explicit ArrayColumn(Tensor array, Make make = {}) : array_(std::move(array)), make_(std::move(make)) {}
  int64_t rows() const override { return array_.shape().front(); }
  Result<Tensor> read(int64_t row) const override;
  Result<Digest> digest(int64_t row) const override;
  std::string place(int64_t) const override { return {}; }

 private:
  Tensor view(int64_t row) const;
  Tensor array_;
  Make make_;
};

// A file for each row. `decode` makes the row of a file's bytes, with a first dimension of 1.
class FileColumn : public Column {
 public:
  using Decode = std::function<Result<Tensor>(std::span<const std::byte> bytes)>;
  FileColumn(std::vector<std::filesystem::path> files, Decode decode)
      : files_(std::move(files)), decode_(std::move(decode)) {}
  int64_t rows() const override { return static_cast<int64_t>(files_.size()); }
  Result<Tensor> read(int64_t row) const override;    // errors: file_unreadable, those of `decode`, at the file
  Result<Digest> digest(int64_t row) const override;  // errors: file_unreadable
  std::string place(int64_t row) const override { return files_[static_cast<size_t>(row)].string(); }

 private:
  std::vector<std::filesystem::path> files_;
  Decode decode_;
};

}  // namespace dsq
