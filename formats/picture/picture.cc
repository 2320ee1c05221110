#include "formats/picture/picture.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "formats/bmp/bmp.h"
#include "formats/jpeg/jpeg.h"
#include "formats/png/png.h"
#include "src/support/file.h"
#include "src/support/strings.h"

namespace dsq::picture {
namespace {

namespace fs = std::filesystem;

bool begins(std::span<const std::byte> bytes, std::string_view signature) {
  return bytes.size() >= signature.size() && std::memcmp(bytes.data(), signature.data(), signature.size()) == 0;
}

constexpr std::string_view kJpeg = "\xFF\xD8\xFF";
constexpr std::string_view kPng = "\x89PNG\r\n\x1A\n";
constexpr std::string_view kBmp = "BM";

bool named_as_picture(const fs::path& path) {
  const std::string extension = lower(path.extension().string());
  return extension == ".jpg" || extension == ".jpeg" || extension == ".png" || extension == ".bmp";
}

// Pictures in a folder and all below it, in the order of their paths; counts the other files.
Result<std::vector<fs::path>> pictures_below(const fs::path& path, bool deep, int64_t& others) {
  std::vector<fs::path> files;
  std::error_code error;
  const auto add = [&](const fs::directory_entry& entry) {
    if (entry.is_regular_file(error)) {
      named_as_picture(entry.path()) ? files.push_back(entry.path()) : void(++others);
    }
  };
  if (deep) {
    for (fs::recursive_directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      add(*it);
    }
  } else {
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
      add(*it);
    }
  }
  if (error) {
    return fail(Code::file_unreadable, "cannot list the folder: {}", error.message()).at(path.string());
  }
  std::ranges::sort(files, {}, [](const fs::path& file) { return file.native(); });
  return files;
}

Result<std::vector<std::string>> listed_classes(const fs::path& path) {
  const std::shared_ptr<const MappedFile> file = DSQ_TRY(MappedFile::open(path));
  std::vector<std::string> names =
      split({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()}, '\n');
  for (std::string& name : names) {
    name.resize(name.ends_with('\r') ? name.size() - 1 : name.size());
  }
  while (!names.empty() && names.back().empty()) {
    names.pop_back();
  }
  return names;
}

Result<std::vector<std::string>> sub_folders(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored) && !it->path().filename().native().starts_with('.')) {
      names.push_back(it->path().filename().string());
    }
  }
  if (error) {
    return fail(Code::file_unreadable, "cannot list the folder: {}", error.message()).at(path.string());
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

bool is_picture(std::span<const std::byte> bytes) {
  return begins(bytes, kJpeg) || begins(bytes, kPng) || begins(bytes, kBmp);
}

Result<Picture> decode(std::span<const std::byte> bytes) {
  if (begins(bytes, kJpeg)) {
    return jpeg::decode(bytes);
  }
  if (begins(bytes, kPng)) {
    return png::decode(bytes);
  }
  if (begins(bytes, kBmp)) {
    return bmp::decode(bytes);
  }
  return fail(Code::data_unreadable, "{}", bytes.empty() ? "the file is empty" : "not a JPEG, PNG or BMP picture");
}

Result<Folder> list_folder(const fs::path& path) {
  Folder folder;
  std::vector<fs::path> top = DSQ_TRY(pictures_below(path, false, folder.others));
  const std::vector<std::string> found = DSQ_TRY(sub_folders(path));
  std::error_code error;
  const bool listed = fs::exists(path / "classes.txt", error);
  folder.others -= listed ? 1 : 0;
  folder.classes = listed ? DSQ_TRY(listed_classes(path / "classes.txt")) : found;
  for (const std::string& name : found) {
    const auto at = std::ranges::find(folder.classes, name);
    if (at == folder.classes.end()) {
      return fail(Code::data_mismatch, "classes.txt does not name the folder '{}'", name).at(path.string());
    }
    const std::vector<fs::path> files = DSQ_TRY(pictures_below(path / name, true, folder.others));
    folder.files.insert(folder.files.end(), files.begin(), files.end());
    folder.labels.insert(folder.labels.end(), files.size(), at - folder.classes.begin());
  }
  if (!top.empty() && !folder.files.empty()) {
    return fail(Code::data_mismatch, "'{}' lies beside the folders of the classes, so it has no label",
                top.front().filename().string())
        .at(path.string())
        .hint("put each picture into the folder of its class, or none");
  }
  if (folder.files.empty()) {
    folder.files = std::move(top);
    folder.classes.clear();
  }
  if (folder.files.empty()) {
    return fail(Code::data_mismatch, "the folder holds no pictures named .jpg, .jpeg, .png or .bmp").at(path.string());
  }
  return folder;
}

}  // namespace dsq::picture
