// Non-maximum suppression over boxes of each class.
#include <algorithm>

#include "src/runner/portable/dispatch.h"
#include "src/runner/portable/kernels.h"

namespace dsq::portable {
namespace {

struct Box {
  float y0, x0, y1, x1;
  float area() const { return (y1 - y0) * (x1 - x0); }
};

Box box_of(const float* p, bool centre) {
  if (centre) {  // x, y, width, height
    return {p[1] - p[3] / 2, p[0] - p[2] / 2, p[1] + p[3] / 2, p[0] + p[2] / 2};
  }
  return {std::min(p[0], p[2]), std::min(p[1], p[3]), std::max(p[0], p[2]), std::max(p[1], p[3])};
}

float overlap(const Box& a, const Box& b) {
  const float height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  const float width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  if (height <= 0 || width <= 0) {
    return 0;
  }
  const float shared = height * width;
  const float all = a.area() + b.area() - shared;
  return all <= 0 ? 0 : shared / all;
}

}  // namespace

Result<void> non_max_suppression(const Call& call) {  // boxes, scores, most per class, overlap, score
  const Shape& boxes = call.input(0).shape();
  const Shape& scores = call.input(1).shape();
  if (boxes.size() != 3 || boxes[2] != 4 || scores.size() != 3 || scores[0] != boxes[0] || scores[2] != boxes[1]) {
    return fail(Code::run_failed, "boxes {} and scores {} do not fit", text_of(boxes), text_of(scores));
  }
  const int64_t most = call.has(2) ? to_ints(call.input(2)).at(0) : 0;
  const float limit = call.has(3) ? to_floats(call.input(3)).at(0) : 0.0F;
  const bool has_threshold = call.has(4);
  const float threshold = has_threshold ? to_floats(call.input(4)).at(0) : 0.0F;
  const bool centre = call.attrs<FlagAttrs>().flag;
  std::vector<int64_t> chosen;
  for (int64_t n = 0; n < scores[0]; ++n) {
    for (int64_t c = 0; c < scores[1]; ++c) {
      const float* score = raw<float>(call.input(1)) + (n * scores[1] + c) * scores[2];
      std::vector<int64_t> order;
      for (int64_t i = 0; i < scores[2]; ++i) {
        if (!has_threshold || score[i] > threshold) {
          order.push_back(i);
        }
      }
      std::ranges::stable_sort(order, [&](int64_t a, int64_t b) { return score[a] > score[b]; });
      std::vector<Box> kept;
      for (const int64_t i : order) {
        if (static_cast<int64_t>(kept.size()) >= most) {
          break;
        }
        const Box box = box_of(raw<float>(call.input(0)) + (n * boxes[1] + i) * 4, centre);
        if (std::ranges::none_of(kept, [&](const Box& other) { return overlap(box, other) > limit; })) {
          kept.push_back(box);
          chosen.insert(chosen.end(), {n, c, i});
        }
      }
    }
  }
  call.output() = Tensor::of<int64_t>({static_cast<int64_t>(chosen.size() / 3), 3}, std::span<const int64_t>(chosen));
  return {};
}

}  // namespace dsq::portable
