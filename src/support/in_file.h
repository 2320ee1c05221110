// The file that an error is about, for errors that know a place within it or none.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "src/support/result.h"

namespace dsq {

// The file's name goes in front of the error's place, unless the place names it already.
inline Error in_file(const std::string& file, Error error) {
  if (error.where.find(file) == std::string::npos) {
    error.where = error.where.empty() ? file : file + ": " + error.where;
  }
  return error;
}

template <class T>
Result<T> in_file(const std::string& file, Result<T> result) {
  return result ? std::move(result) : Result<T>(in_file(file, std::move(result).error()));
}

// The same for what runs a model on samples: one that lies in a file of its own is the place.
template <class T>
Result<T> in_model(const std::string& file, Result<T> result) {
  std::error_code ignored;
  const bool sample = !result && std::filesystem::exists(result.error().where, ignored);
  return sample ? std::move(result) : in_file(file, std::move(result));
}

}  // namespace dsq
