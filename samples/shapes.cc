// A picture is sampled 3 x 3 times in each pixel. Only +, -, *, / and square roots are used, which IEEE 754 defines
// exactly, so every machine draws the same bits.
#include "samples/shapes.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "src/support/parallel.h"
#include "src/support/rng.h"

namespace dsq::sample {
namespace {

struct Point {
  float x = 0;
  float y = 0;
};
Point operator-(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }
float dot(Point a, Point b) { return a.x * b.x + a.y * b.y; }
float length(Point a) { return std::sqrt(dot(a, a)); }

using Colour = std::array<float, kChannels>;

// Unit vectors 72 degrees apart.
constexpr std::array<Point, 5> kFive = {{{0.0F, -1.0F},
                                         {0.95105652F, -0.30901699F},
                                         {0.58778525F, 0.80901699F},
                                         {-0.58778525F, 0.80901699F},
                                         {-0.95105652F, -0.30901699F}}};

int64_t sides_passed(Point p, float distance) {
  return std::ranges::count_if(kFive, [&](Point normal) { return dot(p, normal) < distance; });
}

bool in_box(Point p, Point low, Point high) { return p.x >= low.x && p.x <= high.x && p.y >= low.y && p.y <= high.y; }

// Whether a point lies in a shape of radius about 1 round the origin.
struct ShapeDef {
  std::string_view name;
  bool (*contains)(Point);
};
constexpr auto kShapes = std::to_array<ShapeDef>({
    {"disc", [](Point p) { return length(p) < 0.85F; }},
    {"ring", [](Point p) { return length(p) < 0.95F && length(p) > 0.6F; }},
    {"triangle",
     [](Point p) {
       return p.y < 0.5F && 0.8660254F * p.x - 0.5F * p.y < 0.5F && -0.8660254F * p.x - 0.5F * p.y < 0.5F;
     }},
    {"square",
     [](Point p) {
       return in_box(p, {-0.75F, -0.75F}, {0.75F, 0.75F});
     }},
    {"pentagon", [](Point p) { return sides_passed(p, 0.75F) == 5; }},
    {"star", [](Point p) { return sides_passed(p, 0.309017F) >= 4; }},
    {"cross",
     [](Point p) {
       return in_box(p, {-0.28F, -0.95F}, {0.28F, 0.95F}) || in_box(p, {-0.95F, -0.28F}, {0.95F, 0.28F});
     }},
    {"crescent",
     [](Point p) {
       return length(p) < 0.95F && length(p - Point{0.5F, 0.0F}) > 0.75F;
     }},
    {"half disc",
     [](Point p) {
       return length(p - Point{0.0F, 0.4F}) < 0.95F && p.y < 0.4F;
     }},
    {"arrow",
     [](Point p) {
       return in_box(p, {-0.95F, -0.2F}, {0.15F, 0.2F}) || (p.x > 0.1F && std::abs(p.y) < 0.95F - p.x);
     }},
    {"tee",
     [](Point p) {
       return in_box(p, {-0.85F, -0.9F}, {0.85F, -0.45F}) || in_box(p, {-0.23F, -0.9F}, {0.23F, 0.9F});
     }},
    {"ell",
     [](Point p) {
       return in_box(p, {-0.7F, -0.9F}, {-0.25F, 0.9F}) || in_box(p, {-0.7F, 0.45F}, {0.7F, 0.9F});
     }},
});
static_assert(kShapes.size() == kClasses);

// A place, turn and size: p -> the shape's own coordinates.
struct Pose {
  Point centre;
  Point turn;  // the cosine and sine
  Point size;
  Point local(Point p) const {
    const Point d = p - centre;
    return {(turn.x * d.x + turn.y * d.y) / size.x, (turn.x * d.y - turn.y * d.x) / size.y};
  }
};

Point random_turn(Rng& rng) {
  while (true) {
    const Point p = {rng.uniform(-1, 1), rng.uniform(-1, 1)};
    const float r = length(p);
    if (r > 0.1F && r <= 1) {
      return {p.x / r, p.y / r};
    }
  }
}

// Up to 40 degrees either way.
Point slight_turn(Rng& rng) {
  const Point p = {1, rng.uniform(-0.84F, 0.84F)};
  const float r = length(p);
  return {p.x / r, p.y / r};
}

Colour random_colour(Rng& rng) {
  return {rng.uniform(-1.6F, 1.6F), rng.uniform(-1.6F, 1.6F), rng.uniform(-1.6F, 1.6F)};
}

float distance(const Colour& a, const Colour& b) {
  float sum = 0;
  for (size_t c = 0; c < a.size(); ++c) {
    sum += (a[c] - b[c]) * (a[c] - b[c]);
  }
  return std::sqrt(sum);
}

Colour random_colour_unlike(const Colour& other, Rng& rng) {
  Colour colour = random_colour(rng);
  while (distance(colour, other) < 1.0F) {
    colour = random_colour(rng);
  }
  return colour;
}

// Paints the area where `contains` holds, blended at its edges.
template <class Contains>
void paint(float* picture, const Colour& colour, const Contains& contains) {
  constexpr int kSamples = 3;
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < kSide; ++x) {
      int hits = 0;
      for (int s = 0; s < kSamples * kSamples; ++s) {
        const Point p = {static_cast<float>(x) + (static_cast<float>(s % kSamples) + 0.5F) / kSamples,
                         static_cast<float>(y) + (static_cast<float>(s / kSamples) + 0.5F) / kSamples};
        hits += contains(p) ? 1 : 0;
      }
      if (hits > 0) {
        const float cover = static_cast<float>(hits) / (kSamples * kSamples);
        for (int64_t c = 0; c < kChannels; ++c) {
          float& value = picture[(c * kSide + y) * kSide + x];
          value += cover * (colour[static_cast<size_t>(c)] - value);
        }
      }
    }
  }
}

void paint_bar(float* picture, const Colour& colour, const Pose& pose) {
  paint(picture, colour, [&](Point p) { return in_box(pose.local(p), {-1, -1}, {1, 1}); });
}

Point random_place(Rng& rng) { return {rng.uniform(0, kSide), rng.uniform(0, kSide)}; }

// A colour that slopes across the picture.
void fill_background(float* picture, const Colour& colour, Rng& rng) {
  const Point slope = {rng.uniform(-0.03F, 0.03F), rng.uniform(-0.03F, 0.03F)};
  for (int64_t i = 0; i < kPixels; ++i) {
    const Point p = {static_cast<float>(i % kSide - kSide / 2), static_cast<float>(i / kSide % kSide - kSide / 2)};
    picture[i] = colour[static_cast<size_t>(i / (kSide * kSide))] + dot(slope, p);
  }
}

void draw_picture(float* picture, const ShapeDef& shape, Rng& rng) {
  const Colour background = random_colour(rng);
  fill_background(picture, background, rng);
  const int64_t clutter = rng.below(5);
  for (int64_t i = 0; i < clutter; ++i) {
    paint_bar(picture, random_colour(rng),
              {random_place(rng), random_turn(rng), {rng.uniform(2, 8), rng.uniform(0.4F, 1.2F)}});
  }
  const float radius = rng.uniform(7.0F, 13.0F);
  const float room = static_cast<float>(kSide) / 2 - radius + 2;  // the shape may stick out by two pixels
  const Point centre = {kSide / 2.0F + rng.uniform(-room, room), kSide / 2.0F + rng.uniform(-room, room)};
  const Pose pose = {centre, slight_turn(rng), {radius * rng.uniform(0.8F, 1.0F), radius}};
  paint(picture, random_colour_unlike(background, rng), [&](Point p) { return shape.contains(pose.local(p)); });
  if (rng.uniform() < 0.5F) {  // something lies on top of it
    const Point place = {centre.x + radius * rng.uniform(-1, 1), centre.y + radius * rng.uniform(-1, 1)};
    paint_bar(picture, random_colour(rng), {place, random_turn(rng), {rng.uniform(2, 6), rng.uniform(1, 2.5F)}});
  }
  const float noise = rng.uniform(0.05F, 0.5F);
  for (int64_t i = 0; i < kPixels; ++i) {
    picture[i] += noise * rng.normal();
  }
}

}  // namespace

Pictures draw_pictures(uint64_t seed, int64_t count) {
  Pictures pictures;
  pictures.values.resize(static_cast<size_t>(count * kPixels));
  pictures.labels.resize(static_cast<size_t>(count));
  parallel_for(count, 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t label = i % kClasses;
      pictures.labels[static_cast<size_t>(i)] = label;
      Rng rng(Rng(seed * 0x100000000ULL + static_cast<uint64_t>(i)).next());
      draw_picture(&pictures.values[static_cast<size_t>(i * kPixels)], kShapes[static_cast<size_t>(label)], rng);
    }
  });
  return pictures;
}

std::string_view class_name(int64_t label) { return kShapes[static_cast<size_t>(label)].name; }

}  // namespace dsq::sample
