// What an output means: class scores, a text, a mask, an embedding, or something else. Told by the operators that make
// it and by what the float network gives on some samples.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "src/ir/graph.h"

namespace dsq {

enum class OutputKind : uint8_t {
  scores,     // of classes: for a sample, at each position of a sequence or pixel of a map
  text,       // of characters at each step, where one of them is a blank (CTC)
  mask,       // numbers in [0, 1], each a yes or a no
  embedding,  // directions
  other,
};
std::string_view name_of(OutputKind kind);
std::optional<OutputKind> output_kind_from(std::string_view name);

struct OutputReading {
  OutputKind kind = OutputKind::other;
  std::optional<int64_t> axis;  // of classes, characters or features; none for masks and other outputs
  bool probabilities = false;   // scores are probabilities as they are; otherwise their softmax is
  int64_t blank = 0;            // of a text
};

// `told`: what the user says it is. `value`: what the float network gives for `samples` samples.
// A softmax at the end, or rows in [0, 1] that sum to one, are probabilities of scores. A sigmoid at the end, or a map of
// one channel in [0, 1] that is mostly decided, is a mask. What a layer gives is scores where there are fewer than 64, or
// where the softmax is sharp and samples differ in what is greatest; maps of as many channels as a picture that goes in
// are pictures. Scores at the steps of a sequence that is read from floats are a text where a first or last class is the
// most common choice. Rows of length one, and other rows of 16 features and more, are embeddings.
OutputReading reading_of(const Graph& graph, ValueId output, const Tensor& value, int64_t samples,
                         std::optional<OutputKind> told = std::nullopt);

}  // namespace dsq
