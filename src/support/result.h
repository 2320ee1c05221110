// Result<T>: a value or an Error, with the member names of std::expected so that it can be swapped later.
// DSQ_TRY(expression) yields the value or returns the error to the caller.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "src/support/codes.h"

namespace dsq {

// What went wrong, where (a file, a node, a flag) and what to do next. `next` may be empty: the code's own advice
// (codes.cc) is printed then.
struct Error {
  Code code = Code::internal;
  std::string what;
  std::string where;
  std::string next;

  // Adds context on the way up: "while folding bn_3: ...".
  Error with(const std::string& context) && {
    what = context + ": " + what;
    return std::move(*this);
  }
  Error at(std::string place) && {
    if (where.empty()) {
      where = std::move(place);
    }
    return std::move(*this);
  }
  Error hint(std::string advice) && {
    next = std::move(advice);
    return std::move(*this);
  }
};

template <class... Args>
Error fail(Code code, fmt::format_string<Args...> format, Args&&... args) {
  return Error{code, fmt::format(format, std::forward<Args>(args)...), {}, {}};
}

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  void operator*() const {}
  Error& error() & { return *error_; }
  const Error& error() const& { return *error_; }
  Error&& error() && { return std::move(*error_); }

 private:
  std::optional<Error> error_;
};

}  // namespace dsq

// A GNU statement expression (g++, clang and nvcc have it): one macro serves values and void alike.
#define DSQ_TRY(expression)                 \
  __extension__({                           \
    auto dsq_result = (expression);         \
    if (!dsq_result) [[unlikely]] {         \
      return std::move(dsq_result).error(); \
    }                                       \
    *std::move(dsq_result);                 \
  })
