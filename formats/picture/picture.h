// Pictures of any format that is read, and folders of them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "src/data/picture.h"

namespace dsq::picture {

// Whether these bytes begin as a JPEG, PNG or BMP picture does.
bool is_picture(std::span<const std::byte> bytes);
// The format is told by the content. Errors: data_unreadable.
Result<Picture> decode(std::span<const std::byte> bytes);

struct Folder {
  std::vector<std::filesystem::path> files;  // in the order of their names, folder by folder
  std::vector<int64_t> labels;               // one for each file, or none
  std::vector<std::string> classes;          // names by label
  int64_t others = 0;                        // files that are no pictures by their names
};

// Files named .jpg, .jpeg, .png or .bmp. Where they lie in sub-folders, these are the classes, numbered in the order of
// their names (bytes, as torchvision and Keras do), or in the order of the lines of `classes.txt` in the folder.
// Folders within these belong to them. Errors: file_unreadable; data_mismatch (no pictures, some of them in no class, a
// class that classes.txt does not name).
Result<Folder> list_folder(const std::filesystem::path& path);

}  // namespace dsq::picture
