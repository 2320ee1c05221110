#include "src/toolchain/sample_files.h"

#include <algorithm>
#include <optional>

#include "formats/idx/idx.h"
#include "src/support/hash.h"
#include "src/support/in_file.h"
#include "src/support/parallel.h"

namespace dsq {
namespace {

using Files = std::vector<std::filesystem::path>;

std::vector<const std::filesystem::path*> all_files(const SampleFiles& samples) {
  std::vector<const std::filesystem::path*> all;
  const auto add = [&](const Files& files) {
    for (const std::filesystem::path& file : files) {
      all.push_back(&file);
    }
  };
  if (samples.file) {
    all.push_back(&samples.path);
  }
  add(samples.folder.files);
  for (const std::vector<Files>* columns : {&samples.sets.inputs, &samples.manifest.files}) {
    std::ranges::for_each(*columns, add);
  }
  return all;
}

Result<SampleFiles> list(const std::filesystem::path& path) {
  SampleFiles samples;
  samples.path = path;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    if (onnx_format::is_test_data(path)) {
      samples.kind = SampleKind::test_data;
      samples.sets = DSQ_TRY(onnx_format::list_test_data(path));
    } else {
      samples.kind = SampleKind::folder;
      samples.folder = DSQ_TRY(picture::list_folder(path));
    }
    return samples;
  }
  samples.file = DSQ_TRY(MappedFile::open(path));
  samples.kind = kind_of(*samples.file);
  if (samples.kind == SampleKind::manifest) {
    samples.manifest = DSQ_TRY(manifest::parse(text_in(*samples.file), path.parent_path()));
  }
  return samples;
}

}  // namespace

std::string_view text_in(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

SampleKind kind_of(const MappedFile& file) {
  const std::string_view text = text_in(file);
  if (text.starts_with("PK") || text.starts_with("\x93NUMPY")) {
    return SampleKind::arrays;
  }
  if (picture::is_picture(file.bytes())) {
    return SampleKind::picture;
  }
  if (idx::is_idx(file.bytes())) {
    return SampleKind::idx;
  }
  const std::string_view head = text.substr(0, 4096);
  const bool readable =
      std::ranges::none_of(head, [](char c) { return c >= 0 && c < ' ' && c != '\n' && c != '\r' && c != '\t'; });
  return readable && head.find_first_of(",{\n") != std::string_view::npos ? SampleKind::manifest : SampleKind::arrays;
}

Result<SampleFiles> list_samples(const std::filesystem::path& path) { return in_file(path.string(), list(path)); }

Result<std::string> hash_of(const SampleFiles& samples, bool missing) {
  const std::vector<const std::filesystem::path*> files = all_files(samples);
  std::vector<std::optional<Result<Digest>>> digests(files.size());
  parallel_for(static_cast<int64_t>(files.size()), 1, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const Result<std::shared_ptr<const MappedFile>> file = MappedFile::open(*files[i]);
      digests[i] = file ? Result<Digest>(sha256((*file)->bytes())) : Result<Digest>(file.error());
    }
  });
  Sha256 all;
  for (size_t i = 0; i < files.size(); ++i) {
    const Result<Digest>& digest = *digests[i];
    if (!digest && !missing) {
      return digest.error();
    }
    if (files.size() == 1 && digest) {
      return hex(*digest);  // what sha256sum prints
    }
    const std::string line = fmt::format("{}  {}\n", digest ? hex(*digest) : "none",
                                         files[i]->lexically_relative(samples.path).generic_string());
    all.add(std::as_bytes(std::span(line)));
  }
  return hex(all.finish());
}

}  // namespace dsq
