#include "formats/onnx/test_data.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <optional>

#include "formats/onnx/tensors.h"

namespace dsq::onnx_format {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSet = "test_data_set_";

std::optional<int64_t> number_after(std::string_view name, std::string_view prefix) {
  int64_t number = 0;
  if (!name.starts_with(prefix)) {
    return std::nullopt;
  }
  name.remove_prefix(prefix.size());
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(number) : std::nullopt;
}

std::vector<std::pair<int64_t, fs::path>> sets_in(const fs::path& folder) {
  std::vector<std::pair<int64_t, fs::path>> sets;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (const std::optional<int64_t> number = number_after(it->path().filename().string(), kSet)) {
      sets.emplace_back(*number, it->path());
    }
  }
  std::ranges::sort(sets);
  if (sets.empty() && fs::exists(folder / "input_0.pb", error)) {
    sets.emplace_back(0, folder);
  }
  return sets;
}

}  // namespace

bool is_test_data(const fs::path& folder) { return !sets_in(folder).empty(); }

Result<TestData> list_test_data(const fs::path& folder) {
  TestData data;
  std::error_code ignored;
  const std::vector<std::pair<int64_t, fs::path>> sets = sets_in(folder);
  for (const auto& [number, set] : sets) {
    size_t count = 0;
    for (fs::path file; fs::exists(file = set / fmt::format("input_{}.pb", count), ignored); ++count) {
      if (&set == &sets.front().second) {
        data.inputs.emplace_back();
      }
      if (count < data.inputs.size()) {
        data.inputs[count].push_back(file);
      }
    }
    if (count == 0 || count != data.inputs.size()) {
      return fail(Code::data_unreadable, "it has {} inputs, the first set has {}", count, data.inputs.size())
          .at(set.string());
    }
    data.outputs = data.outputs || fs::exists(set / "output_0.pb", ignored);
  }
  return data;
}

Result<Tensor> read_tensor(std::span<const std::byte> bytes) {
  onnx::TensorProto proto;
  if (bytes.size() > INT_MAX || !proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return fail(Code::data_unreadable, "not an ONNX tensor (TensorProto)");
  }
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    return fail(Code::data_unreadable, "a tensor whose data lie in another file is not read here");
  }
  return TensorReader({}).read(proto);
}

}  // namespace dsq::onnx_format
