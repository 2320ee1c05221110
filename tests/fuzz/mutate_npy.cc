// Structure-aware mutation of .npy and .npz files: edits of an array's header or data with the header's length put right;
// archives are taken apart and made anew, so that checksums fit.
#include <algorithm>
#include <array>
#include <cstring>

#include <minizip/unzip.h>
#include <minizip/zip.h>

#include "tests/fuzz/exercise.h"
#include "tests/fuzz/mutate.h"

namespace dsq::fuzz {
namespace {

struct Entry {
  std::string name;
  std::string bytes;
};

constexpr auto kHeaders = std::to_array<const char*>(
    {"'<f4'", "'<f8'", "'<i8'", "'|b1'", "'|u1'", "'<f2'", "'|O'", "'>f4'", "True", "False", "(2, 3)", "(0,)", "()",
     "(9223372036854775807, 2)", "(-1, 4)", "(1048576, 1048576)", "'shape'", "'descr'", "'fortran_order'"});

std::vector<Entry> unpacked(const std::filesystem::path& path) {
  std::vector<Entry> entries;
  unzFile zip = unzOpen64(path.c_str());
  for (int status = zip == nullptr ? UNZ_ERRNO : unzGoToFirstFile(zip); status == UNZ_OK && entries.size() < 16;
       status = unzGoToNextFile(zip)) {
    std::array<char, 256> name{};
    std::string bytes(4096, '\0');
    if (unzGetCurrentFileInfo64(zip, nullptr, name.data(), name.size() - 1, nullptr, 0, nullptr, 0) == UNZ_OK &&
        unzOpenCurrentFile(zip) == UNZ_OK) {
      bytes.resize(
          static_cast<size_t>(std::max(unzReadCurrentFile(zip, bytes.data(), static_cast<unsigned>(bytes.size())), 0)));
      unzCloseCurrentFile(zip);
      entries.push_back({name.data(), std::move(bytes)});
    }
  }
  if (zip != nullptr) {
    unzClose(zip);
  }
  return entries;
}

void pack(const std::vector<Entry>& entries, const std::filesystem::path& path, Dice& dice) {
  zipFile zip = zipOpen64(path.c_str(), APPEND_STATUS_CREATE);
  for (const Entry& entry : entries) {
    const zip_fileinfo info{};
    const bool deflated = dice.one_in(2);
    zipOpenNewFileInZip64(zip, entry.name.c_str(), &info, nullptr, 0, nullptr, 0, nullptr, deflated ? Z_DEFLATED : 0,
                          deflated ? Z_DEFAULT_COMPRESSION : 0, 0);
    zipWriteInFileInZip(zip, entry.bytes.data(), static_cast<unsigned>(entry.bytes.size()));
    zipCloseFileInZip(zip);
  }
  zipClose(zip, nullptr);
}

void edit_array(std::string& bytes, Dice& dice) {
  uint16_t length = 0;
  if (bytes.size() < 10 || dice.one_in(8)) {
    dice.scramble(bytes);
    return;
  }
  std::memcpy(&length, bytes.data() + 8, 2);
  const size_t end = std::min(bytes.size(), size_t{10} + length);
  std::string header = bytes.substr(10, end - 10);
  std::string data = bytes.substr(end);
  switch (dice.below(4)) {
    case 0: dice.scramble(data); break;
    case 1: dice.scramble(header); break;
    default: {  // a word of the header in the place of another
      const std::string_view word = dice.pick(kHeaders);
      const size_t at = dice.below(header.size() + 1);
      const size_t from = std::min(header.find_first_of("'(TF", at), header.size());
      const size_t to = std::min(header.find_first_of(",:}", from), header.size());
      header.replace(from, to - from, word);
      break;
    }
  }
  length = static_cast<uint16_t>(header.size());
  std::memcpy(bytes.data() + 8, &length, 2);
  bytes = bytes.substr(0, 10) + header + data;
}

void edit(std::vector<Entry>& entries, Dice& dice) {
  Entry& entry = dice.pick(entries);
  switch (dice.below(6)) {
    case 0: dice.scramble(entry.name); break;
    case 1: dice.shuffle(entries); break;
    default: edit_array(entry.bytes, dice); break;
  }
}

}  // namespace
}  // namespace dsq::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  namespace fuzz = dsq::fuzz;
  fuzz::Dice dice(seed);
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (dice.one_in(8)) {
    return LLVMFuzzerMutate(data, size, max_size);
  }
  if (bytes.starts_with("PK")) {
    std::vector<fuzz::Entry> entries = fuzz::unpacked(fuzz::write("mutated.npz", {data, size}));
    if (entries.empty()) {
      return LLVMFuzzerMutate(data, size, max_size);
    }
    fuzz::edit(entries, dice);
    fuzz::pack(entries, fuzz::folder() / "mutated.npz", dice);
    bytes = fuzz::read("mutated.npz");
  } else {
    fuzz::edit_array(bytes, dice);
  }
  bytes.resize(std::min(bytes.size(), max_size));
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}
