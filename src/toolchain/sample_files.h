// What lies at a path of samples: of which kind it is, and which files it is made of. Each folder and manifest is read once.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "formats/manifest/manifest.h"
#include "formats/onnx/test_data.h"
#include "formats/picture/picture.h"
#include "src/support/file.h"

namespace dsq {

enum class SampleKind { arrays, picture, idx, manifest, folder, test_data };

// The kind of a file is told by its content, never by its name.
SampleKind kind_of(const MappedFile& file);
std::string_view text_in(const MappedFile& file);

struct SampleFiles {
  std::filesystem::path path;
  SampleKind kind = SampleKind::arrays;
  std::shared_ptr<const MappedFile> file;  // unless it is a folder
  picture::Folder folder;                  // of pictures
  onnx_format::TestData sets;
  manifest::Manifest manifest;
};

// Errors: file_unreadable, data_unreadable, data_mismatch.
Result<SampleFiles> list_samples(const std::filesystem::path& path);

// One hash of all files that the samples are read from, and of their names. `missing`: a file that cannot be read counts
// as such, because samples may be left out. Errors: those of reading.
Result<std::string> hash_of(const SampleFiles& samples, bool missing);

}  // namespace dsq
