// Resize: every mode and coordinate transformation on a line of four pixels, computed by hand.
#include <limits>

#include "tests/ops_reference/run_op.h"

namespace halite::ir {
namespace {

using Coordinates = Resize::Coordinates;
using Mode = Resize::Mode;
using Nearest = Resize::Nearest;

const Tensor kLine = f32({4}, {10, 20, 30, 40});

Resize line(Mode mode, Coordinates coordinates, int64_t size, Nearest nearest = Nearest::floor) {
  Resize op;
  op.mode = mode;
  op.coordinates = coordinates;
  op.nearest = nearest;
  op.sizes = {size};
  op.scales = {static_cast<double>(size) / 4};
  return op;
}
void check_line(const Resize& op, const std::vector<double>& expected) {
  check_values(run(op, {kLine}), op.sizes, expected);
}

TEST_CASE("nearest rounds in four ways") {
  // Coordinates -0.25, 0.25, ... by half_pixel; 0, 0.5, 1, ... by asymmetric.
  check_line(line(Mode::nearest, Coordinates::half_pixel, 8, Nearest::round_prefer_floor),
             {10, 10, 20, 20, 30, 30, 40, 40});
  check_line(line(Mode::nearest, Coordinates::asymmetric, 8, Nearest::round_prefer_floor),
             {10, 10, 20, 20, 30, 30, 40, 40});
  check_line(line(Mode::nearest, Coordinates::asymmetric, 8, Nearest::round_prefer_ceil),
             {10, 20, 20, 30, 30, 40, 40, 40});
  check_line(line(Mode::nearest, Coordinates::asymmetric, 8, Nearest::floor),
             {10, 10, 20, 20, 30, 30, 40, 40});
  check_line(line(Mode::nearest, Coordinates::asymmetric, 8, Nearest::ceil),
             {10, 20, 20, 30, 30, 40, 40, 40});
}

TEST_CASE("linear interpolates between the neighbours and keeps to the edge outside") {
  check_line(line(Mode::linear, Coordinates::half_pixel, 8), {10, 12.5, 17.5, 22.5, 27.5, 32.5, 37.5, 40});
  check_line(line(Mode::linear, Coordinates::asymmetric, 8), {10, 15, 20, 25, 30, 35, 40, 40});
  check_line(line(Mode::linear, Coordinates::align_corners, 7), {10, 15, 20, 25, 30, 35, 40});
  check_line(line(Mode::linear, Coordinates::align_corners, 1), {10});
  check_line(line(Mode::linear, Coordinates::pytorch_half_pixel, 1), {10});
  check_line(line(Mode::linear, Coordinates::half_pixel, 1), {25});
  check_line(line(Mode::linear, Coordinates::tf_half_pixel_for_nn, 2), {20, 40});
  check_line(line(Mode::linear, Coordinates::half_pixel, 2), {15, 35});
}

TEST_CASE("half_pixel_symmetric centres what a fractional scale leaves over") {
  Resize op = line(Mode::linear, Coordinates::half_pixel_symmetric, 2);
  check_line(op, {15, 35});
  // 2.4 pixels long, 2 stored: the middle of the output stays the middle of the input.
  op.scales = {0.6};
  check_line(op, {25 - 10 * 0.5 / 0.6, 25 + 10 * 0.5 / 0.6});
}

TEST_CASE("cubic follows Keys' kernel") {
  // At 0.5 with A = -0.75: -0.09375, 0.59375, 0.59375, -0.09375.
  Resize op = line(Mode::cubic, Coordinates::asymmetric, 8);
  check_line(op, {10, 14.0625, 20, 25, 30, 35.9375, 40, 40.9375});
  op.exclude_outside = true;
  const double a = -0.09375, b = 0.59375;
  check_line(op, {10, (10 * b + 20 * b + 30 * a) / (2 * b + a), 20, 25, 30,
                  (20 * a + 30 * b + 40 * b) / (2 * b + a), 40, (30 * a + 40 * b) / (a + b)});
}

TEST_CASE("tf_crop_and_resize reads its region and gives the extrapolation value outside") {
  Resize op = line(Mode::linear, Coordinates::tf_crop_and_resize, 3);
  op.roi = {0.5, 1.5};
  op.extrapolation_value = -1;
  // Coordinates 1.5, 3, 4.5.
  check_line(op, {25, 40, -1});
  op.mode = Mode::nearest;
  check_line(op, {20, 40, -1});
  op.sizes = {1};
  op.roi = {0, 1};
  op.mode = Mode::linear;
  check_line(op, {25});
}

TEST_CASE("axes are independent") {
  Resize op;
  op.mode = Mode::linear;
  op.coordinates = Coordinates::align_corners;
  op.sizes = {1, 3, 3};
  op.scales = {1, 1.5, 1.5};
  check_values(run(op, {f32({1, 2, 2}, {0, 2, 4, 6})}), {1, 3, 3}, {0, 1, 2, 2, 3, 4, 4, 5, 6});
}

TEST_CASE("nearest moves any dtype") {
  Resize op = line(Mode::nearest, Coordinates::asymmetric, 2);
  op.scales = {1};
  op.sizes = {2};
  check_values(run(op, {i64({2}, {INT64_MAX, 1})}), {2}, {static_cast<double>(INT64_MAX), 1});
  op.sizes = {4};
  op.scales = {2};
  check_values(run(op, {boolean({2}, {1, 0})}), {4}, {1, 1, 0, 0});
}

TEST_CASE("resize refuses what it cannot map") {
  const Type x{DType::f32, {4}, {}};
  const Resize good = line(Mode::linear, Coordinates::half_pixel, 8);
  CHECK(complaint(good, {x}) == "");
  Resize op = good;
  op.scales = {};
  CHECK(complaint(op, {x}) == "resize: scales has 0 entries; expected one for each axis of [4]");
  for (double scale : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), 1e300, 1e-300}) {
    op.scales = {scale};
    CHECK(says(complaint(op, {x}), "the scale of axis 0 is"));
  }
  op = good;
  op.sizes = {-1};
  CHECK(says(complaint(op, {x}), "an extent cannot be negative"));
  op.sizes = {INT64_MAX};
  CHECK(says(complaint(op, {x}), "limit of 2^40"));
  CHECK(complaint(good, {{DType::f32, {0}, {}}}) == "resize: axis 0 is empty and cannot become 8 long");
  CHECK(says(complaint(good, {{DType::u8, {4}, {}}}), "expected a floating-point dtype"));
  op = good;
  op.coordinates = Coordinates::tf_crop_and_resize;
  CHECK(says(complaint(op, {x}), "roi has 0 entries"));
  op.roi = {0, std::numeric_limits<double>::infinity()};
  CHECK(says(complaint(op, {x}), "roi holds inf"));
  op = good;
  op.cubic_coefficient = std::numeric_limits<double>::quiet_NaN();
  CHECK(says(complaint(op, {x}), "not a finite number"));
}

}  // namespace
}  // namespace halite::ir
