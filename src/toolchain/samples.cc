#include "src/toolchain/samples.h"

#include <algorithm>
#include <cstring>

#include "formats/idx/idx.h"
#include "formats/npy/npy.h"
#include "src/data/scan.h"
#include "src/support/file.h"
#include "src/support/in_file.h"
#include "src/support/strings.h"

namespace dsq {
namespace {

// Without the samples that cannot be used, as many as may be missing.
Result<Dataset> usable(Dataset data, const SampleOptions& options, Diagnostics& diagnostics) {
  if (data.streams() && options.skip_bad == 0) {
    return data;  // each is looked at when its turn comes
  }
  std::vector<BadSample> bad = bad_samples(data);
  if (static_cast<int64_t>(bad.size()) > options.skip_bad) {
    Error first = std::move(bad.front().error);
    first.what +=
        bad.size() > 1 ? fmt::format("; {} of {} cannot be used", bad.size(), plural(data.size(), "sample")) : "";
    return first;
  }
  std::vector<int64_t> good;
  for (int64_t i = 0, next = 0; i < data.size(); ++i) {
    if (next < static_cast<int64_t>(bad.size()) && bad[static_cast<size_t>(next)].index == i) {
      const Error& error = bad[static_cast<size_t>(next++)].error;
      diagnostics.warn(error.code, error.where, error.what + "; left out");
    } else {
      good.push_back(i);
    }
  }
  if (good.empty()) {
    return fail(Code::data_unreadable, "none of {} can be used", plural(data.size(), "sample"));
  }
  return bad.empty() ? data : data.select(std::move(good));
}

Result<void> check_no_preprocessing(const SampleOptions& options) {
  if (options.preprocess == PreprocessOptions{}) {
    return {};
  }
  return fail(Code::option_conflict, "arrays are taken as they are, {} is for pictures", text_of(options.preprocess));
}

// How pictures become rows of an input.
Result<Preprocess> rules_for(const Value& input, const SampleOptions& options, std::optional<PictureSize> natural,
                             Diagnostics& diagnostics, Samples& samples) {
  Result<Preprocess> rules = preprocess_for(options.preprocess, input.type, natural);
  if (!rules) {
    return std::move(rules).error().at("input '" + input.name + "'");
  }
  if (rules->assumed) {
    diagnostics.warn(Code::preprocess_assumed, "",
                     "pictures go in as levels / 255, which is a guess; say what the model was trained with: --preset "
                     "imagenet, unit or minus1to1, or --scale, --mean and --std");
  }
  samples.preprocess += (samples.preprocess.empty() ? "" : "; ") + describe(*rules);
  return rules;
}

Result<std::vector<int64_t>> read_labels(const std::filesystem::path& path) {
  const auto wrong = [&] { return fail(Code::labels_mismatch, "labels are one array of integers").at(path.string()); };
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  if (kind_of(*file) == SampleKind::idx) {
    const Result<Tensor> labels = idx::read(file);
    return labels && is_integer(labels->dtype()) ? Result<std::vector<int64_t>>(to_ints(*labels)) : wrong();
  }
  const npy::NamedTensors arrays = DSQ_TRY(npy::read(path));
  return arrays.size() == 1 && is_integer(arrays[0].second.dtype())
             ? Result<std::vector<int64_t>>(to_ints(arrays[0].second))
             : wrong();
}

// MNIST's names: train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz. Empty without such a file.
std::filesystem::path labels_beside(const std::filesystem::path& images) {
  std::string name = images.filename().string();
  std::error_code ignored;
  for (const auto& [from, to] : {std::pair("images-idx3", "labels-idx1"), std::pair("images.idx3", "labels.idx1")}) {
    const size_t at = name.find(from);
    if (at != std::string::npos) {
      const std::filesystem::path labels = images.parent_path() / name.replace(at, std::strlen(from), to);
      return std::filesystem::exists(labels, ignored) ? labels : std::filesystem::path();
    }
  }
  return {};
}

Result<Samples> labelled(Samples samples, std::vector<int64_t> labels) {
  DSQ_TRY(samples.data.set_labels(std::move(labels)));
  return samples;
}

// ---- what the samples of a path are made of ----

using Files = std::vector<std::filesystem::path>;

// A row of one input from a file of a manifest: a picture, or an array with or without the dimension that counts rows.
Result<Tensor> row_of(std::span<const std::byte> bytes, const TensorType& input,
                      const std::optional<Preprocess>& rules) {
  if (picture::is_picture(bytes)) {
    return rules ? preprocessed(DSQ_TRY(picture::decode(bytes)), *rules)
                 : Result<Tensor>(fail(Code::data_mismatch, "the input {} takes no pictures", text_of(input)));
  }
  const bool numpy = bytes.size() > 6 && std::memcmp(bytes.data(), "\x93NUMPY", 6) == 0;
  Tensor array = DSQ_TRY(numpy ? npy::parse(bytes) : onnx_format::read_tensor(bytes));
  if (!input.shape || array.rank() == static_cast<int64_t>(input.shape->size())) {
    return array;
  }
  Shape shape = array.shape();
  shape.insert(shape.begin(), 1);
  return array.reshaped(std::move(shape));
}

bool any_picture(const Files& files) {
  return std::ranges::any_of(files, [](const std::filesystem::path& path) {
    const Result<std::shared_ptr<const MappedFile>> file = MappedFile::open(path);
    return file && picture::is_picture((*file)->bytes());
  });
}

Result<Samples> open_files(const Graph& graph, const std::vector<std::string>& names, std::vector<Files> files,
                           const SampleOptions& options, Diagnostics& diagnostics) {
  Samples samples;
  NamedColumns columns;
  bool pictures = false;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::optional<ValueId> id =
        names[i].empty() && graph.inputs().size() == 1 ? std::optional(graph.inputs()[0]) : graph.find_value(names[i]);
    if (!id) {
      columns.emplace_back(names[i], nullptr);  // Dataset::make() says what is wrong with the name
      continue;
    }
    const TensorType input = graph.value(*id).type;
    std::optional<Preprocess> rules;
    if (any_picture(files[i])) {
      rules = DSQ_TRY(rules_for(graph.value(*id), options, std::nullopt, diagnostics, samples));
      pictures = true;
    }
    const auto decode = [input, rules](std::span<const std::byte> bytes) { return row_of(bytes, input, rules); };
    columns.emplace_back(names[i], std::make_shared<FileColumn>(std::move(files[i]), decode));
  }
  if (!pictures) {
    DSQ_TRY(check_no_preprocessing(options));
  }
  samples.data = DSQ_TRY(Dataset::make(graph, std::move(columns), false));
  return samples;
}

Result<Samples> open_manifest(const Graph& graph, const manifest::Manifest& list, const SampleOptions& options,
                              Diagnostics& diagnostics) {
  Samples samples = DSQ_TRY(open_files(graph, list.inputs, list.files, options, diagnostics));
  return list.labels.empty() ? Result<Samples>(std::move(samples)) : labelled(std::move(samples), list.labels);
}

Result<Samples> open_folder(const Graph& graph, const picture::Folder& folder, const SampleOptions& options,
                            Diagnostics& diagnostics) {
  if (folder.others > 0) {
    diagnostics.note("", plural(folder.others, "file") + " left out: no pictures by their names");
  }
  if (graph.inputs().size() != 1) {
    return fail(Code::data_mismatch, "a folder of pictures serves a model with one input, this one has {}",
                graph.inputs().size())
        .hint("name a picture for each input in a manifest");
  }
  Samples samples;
  const Preprocess rules =
      DSQ_TRY(rules_for(graph.value(graph.inputs()[0]), options, std::nullopt, diagnostics, samples));
  const auto decode = [rules](std::span<const std::byte> bytes) -> Result<Tensor> {
    return preprocessed(DSQ_TRY(picture::decode(bytes)), rules);
  };
  const auto column = std::make_shared<FileColumn>(folder.files, decode);
  samples.data = DSQ_TRY(Dataset::make(graph, NamedColumns{{"", column}}, false));
  samples.classes = folder.classes;
  return folder.labels.empty() ? Result<Samples>(std::move(samples)) : labelled(std::move(samples), folder.labels);
}

Result<Samples> open_idx(const Graph& graph, const std::shared_ptr<const MappedFile>& file,
                         const SampleOptions& options, Diagnostics& diagnostics) {
  const Tensor array = DSQ_TRY(idx::read(file));
  Samples samples;
  if (array.dtype() != DType::u8 || array.rank() != 3 || graph.inputs().size() != 1) {
    DSQ_TRY(check_no_preprocessing(options));
    samples.data = DSQ_TRY(Dataset::make(graph, {{"", array}}, diagnostics));
  } else {
    const PictureSize size{array.shape()[2], array.shape()[1]};
    const Preprocess rules = DSQ_TRY(rules_for(graph.value(graph.inputs()[0]), options, size, diagnostics, samples));
    const auto make = [rules, size](const Tensor& row) -> Result<Tensor> {
      DSQ_TRY(check_picture_size(size.width, size.height));
      const std::span<const uint8_t> levels = row.values<uint8_t>();
      return preprocessed({size.width, size.height, 1, {levels.begin(), levels.end()}}, rules);
    };
    samples.data = DSQ_TRY(Dataset::make(graph, NamedColumns{{"", std::make_shared<ArrayColumn>(array, make)}}, false));
  }
  const std::filesystem::path beside = labels_beside(file->path());
  if (beside.empty() || options.labels) {
    return samples;
  }
  diagnostics.note("", "labels are those of " + beside.string());
  return labelled(std::move(samples), DSQ_TRY(read_labels(beside)));
}

Result<Samples> open_test_data(const Graph& graph, const onnx_format::TestData& sets, const SampleOptions& options,
                               Diagnostics& diagnostics) {
  DSQ_TRY(check_no_preprocessing(options));
  if (sets.inputs.size() != graph.inputs().size()) {
    return fail(Code::data_mismatch, "{} inputs for a model with {}", sets.inputs.size(), graph.inputs().size());
  }
  if (sets.outputs) {
    diagnostics.warn(Code::not_applicable, "",
                     "the expected outputs among the test data (output_0.pb) are not compared with");
  }
  const bool single = sets.inputs.front().size() == 1;
  std::vector<std::pair<std::string, Tensor>> arrays;
  NamedColumns columns;
  for (size_t i = 0; i < sets.inputs.size(); ++i) {
    const std::string& name = graph.value(graph.inputs()[i]).name;
    if (single) {
      const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(sets.inputs[i].front()));
      Result<Tensor> tensor = onnx_format::read_tensor(file->bytes());
      if (!tensor) {
        return std::move(tensor).error().at(file->path().string());
      }
      arrays.emplace_back(name, std::move(*tensor));
    } else {
      columns.emplace_back(name, std::make_shared<FileColumn>(sets.inputs[i], onnx_format::read_tensor));
    }
  }
  return Samples{DSQ_TRY(single ? Dataset::make(graph, std::move(arrays), diagnostics)
                                : Dataset::make(graph, std::move(columns), true)),
                 {},
                 {}};
}

Result<Samples> open_any(const Graph& graph, const SampleFiles& files, const SampleOptions& options,
                         Diagnostics& diagnostics) {
  switch (files.kind) {
    case SampleKind::folder: return open_folder(graph, files.folder, options, diagnostics);
    case SampleKind::test_data: return open_test_data(graph, files.sets, options, diagnostics);
    case SampleKind::picture: return open_files(graph, {""}, {{files.path}}, options, diagnostics);
    case SampleKind::idx: return open_idx(graph, files.file, options, diagnostics);
    case SampleKind::manifest: return open_manifest(graph, files.manifest, options, diagnostics);
    case SampleKind::arrays: break;
  }
  DSQ_TRY(check_no_preprocessing(options));
  return Samples{DSQ_TRY(Dataset::make(graph, DSQ_TRY(npy::read(files.path)), diagnostics)), {}, {}};
}

}  // namespace

Result<Samples> find_samples(const Graph& graph, const SampleFiles& files, const SampleOptions& options,
                             Diagnostics& diagnostics) {
  Result<Samples> samples = in_file(files.path.string(), open_any(graph, files, options, diagnostics));
  if (samples && options.labels) {
    std::vector<int64_t> labels = DSQ_TRY(read_labels(*options.labels));
    DSQ_TRY(in_file(options.labels->string(), samples->data.set_labels(std::move(labels))));
  }
  return samples;
}

Result<Samples> open_samples(const Graph& graph, const SampleFiles& files, const SampleOptions& options,
                             Diagnostics& diagnostics) {
  Samples samples = DSQ_TRY(find_samples(graph, files, options, diagnostics));
  samples.data = DSQ_TRY(in_file(files.path.string(), usable(std::move(samples.data), options, diagnostics)));
  return samples;
}

Result<Samples> open_samples(const Graph& graph, const std::filesystem::path& path, const SampleOptions& options,
                             Diagnostics& diagnostics) {
  return open_samples(graph, DSQ_TRY(list_samples(path)), options, diagnostics);
}

}  // namespace dsq
