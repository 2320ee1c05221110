#include "formats/idx/idx.h"

#include <algorithm>
#include <array>
#include <vector>

#include <zlib.h>

namespace dsq::idx {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 31;

struct Row {
  int code;
  DType dtype;
};
constexpr auto kTypes = std::to_array<Row>(
    {{8, DType::u8}, {9, DType::i8}, {11, DType::i16}, {12, DType::i32}, {13, DType::f32}, {14, DType::f64}});

struct Header {
  DType dtype = DType::u8;
  Shape shape;
  size_t start = 0;
  size_t end = 0;  // of the values
};

Error damaged(std::string_view why) { return fail(Code::data_unreadable, "not an idx file: {}", why); }

int number(std::byte b) { return std::to_integer<int>(b); }

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() > 2 && number(bytes[0]) == 0x1F && number(bytes[1]) == 0x8B;
}

// Two zeros, the type, the number of dimensions; then each dimension, the most significant byte first.
Result<Header> header_of(std::span<const std::byte> bytes) {
  if (bytes.size() < 4 || number(bytes[0]) != 0 || number(bytes[1]) != 0) {
    return damaged("another signature");
  }
  const auto row = std::ranges::find(kTypes, number(bytes[2]), &Row::code);
  const auto rank = static_cast<size_t>(number(bytes[3]));
  if (row == kTypes.end() || rank == 0 || rank > 8) {
    return damaged("no such type or number of dimensions");
  }
  Header header{row->dtype, {}, 4 + 4 * rank, 0};
  if (bytes.size() < header.start) {
    return damaged("it ends early");
  }
  for (size_t d = 0; d < rank; ++d) {
    int64_t size = 0;
    for (size_t i = 0; i < 4; ++i) {
      size = size * 256 + number(bytes[4 + 4 * d + i]);
    }
    header.shape.push_back(size);
  }
  const Result<int64_t> count = checked_count(header.shape);
  if (!count || static_cast<size_t>(bytes_of(header.dtype, *count)) > kMaxBytes) {
    return damaged(fmt::format("{} elements are too many", text_of(header.shape)));
  }
  header.end = header.start + static_cast<size_t>(bytes_of(header.dtype, *count));
  return header;
}

// As much as the header promises, and no more: a few bytes can claim to become any number.
Result<std::vector<std::byte>> inflated(std::span<const std::byte> bytes) {
  constexpr size_t kHead = 4 + 4 * 8;
  constexpr size_t kChunk = size_t{1} << 22;
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) {
    return fail(Code::out_of_memory, "memory ran out");
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(std::min<size_t>(bytes.size(), UINT32_MAX));
  std::vector<std::byte> out;
  size_t wanted = kHead;
  for (int status = Z_OK; status == Z_OK && out.size() < wanted;) {
    const size_t before = out.size();
    out.resize(std::min(wanted, before + kChunk));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(out.size() - before);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (status != Z_OK && status != Z_STREAM_END) {
      return damaged("what is gzipped is damaged or ends early");
    }
    if (wanted == kHead && (out.size() == kHead || status == Z_STREAM_END)) {
      wanted = std::max(DSQ_TRY(header_of(out)).end, out.size()) + 1;  // one more: the end holds a checksum
    }
  }
  return out;
}

// Values lie with the most significant byte first.
Tensor swapped(const Header& header, std::span<const std::byte> values) {
  Tensor tensor(header.dtype, header.shape);
  const auto width = static_cast<size_t>(bits_of(header.dtype) / 8);
  std::byte* to = tensor.mutable_bytes().data();
  for (size_t i = 0; i < values.size(); i += width) {
    std::ranges::reverse_copy(values.subspan(i, width), to + i);
  }
  return tensor;
}

}  // namespace

bool is_idx(std::span<const std::byte> bytes) { return is_gzip(bytes) || header_of(bytes).has_value(); }

Result<Tensor> read(const std::shared_ptr<const MappedFile>& file) {
  std::shared_ptr<const void> owner = file;
  std::span<const std::byte> bytes = file->bytes();
  if (is_gzip(bytes)) {
    const auto plain = std::make_shared<const std::vector<std::byte>>(DSQ_TRY(inflated(bytes)));
    bytes = *plain;
    owner = plain;
  }
  const Header header = DSQ_TRY(header_of(bytes));
  if (bytes.size() < header.end) {
    return damaged(fmt::format("it ends early: {} bytes of {}", bytes.size(), header.end));
  }
  const std::span<const std::byte> values = bytes.subspan(header.start, header.end - header.start);
  return bits_of(header.dtype) == 8 ? Tensor::borrow(header.dtype, header.shape, owner, values.data())
                                    : swapped(header, values);
}

}  // namespace dsq::idx
