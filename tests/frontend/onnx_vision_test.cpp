// Operators on pictures, by the formulas of their specifications.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::check_near;
using test::ModelMaker;
using test::numbers;
using test::refusal;
using test::run;
using test::Values;

namespace {

/// The plane [h, w] at a place, linear between pixels, 0 outside.
double bilinear(const double* plane, int64_t h, int64_t w, double y, double x) {
  double sum = 0;
  for (int64_t i = 0; i < h; ++i)
    for (int64_t k = 0; k < w; ++k)
      sum += plane[i * w + k] * std::max(0.0, 1 - std::fabs(y - static_cast<double>(i))) *
             std::max(0.0, 1 - std::fabs(x - static_cast<double>(k)));
  return sum;
}

}  // namespace

TEST_CASE("a volume is sampled between eight voxels, and as 0 outside") {
  const int64_t d = 3, h = 2, w = 4;
  const Values x = numbers(d * h * w, 1);
  const Values grid{-0.3, 0.2, 0.9, 0, 0, 0, 1.1, -0.4, 0.1, -1, -1, -1};
  ModelMaker m(20);
  m.input("x", {1, 1, d, h, w}).input("g", {1, 4, 1, 1, 3}).node("GridSample", {"x", "g"}, {"y"}).output("y");
  Values wanted;
  for (size_t p = 0; p < grid.size(); p += 3) {
    const double px = ((grid[p] + 1) * w - 1) / 2, py = ((grid[p + 1] + 1) * h - 1) / 2;
    const double pz = ((grid[p + 2] + 1) * d - 1) / 2;
    double sum = 0;
    for (int64_t z = 0; z < d; ++z)
      sum +=
          std::max(0.0, 1 - std::fabs(pz - static_cast<double>(z))) * bilinear(&x[z * h * w], h, w, py, px);
    wanted.push_back(sum);
  }
  check_near(run(m, {x, grid}), wanted);
}

TEST_CASE("the nearest voxel of a place that is reflected") {
  ModelMaker m(20);
  m.input("x", {1, 1, 1, 1, 4}).input("g", {1, 1, 1, 4, 3}).node("GridSample", {"x", "g"}, {"y"});
  m.set("mode", "nearest").set("padding_mode", "reflection").output("y");
  // Pixels lie at -0.75, -0.25, 0.25, 0.75; beyond 1 they come again in the opposite order.
  check_near(run(m, {{1, 2, 3, 4}, {-0.7, 0, 0, 0.3, 0, 0, 1.2, 0, 0, 1.7, 0, 0}}), {1, 3, 4, 3});
}

TEST_CASE("a region's bins are means of samples, or the largest of their weighted neighbours") {
  const int64_t h = 5, w = 6;
  const Values x = numbers(2 * h * w, 2), rois{1, 0.5, 9, 8.5, -1, 2, 5, 5};
  for (const bool half : {true, false})
    for (const bool max : {true, false}) {
      ModelMaker m(16);
      m.input("x", {2, 1, h, w}).input("rois", {2, 4}).input("of", {2}, TensorProto::INT64);
      m.node("RoiAlign", {"x", "rois", "of"}, {"y"}).output("y");
      m.set("output_height", int64_t{2}).set("output_width", int64_t{1}).set("sampling_ratio", int64_t{2});
      m.set("spatial_scale", 0.5f).set("mode", max ? "max" : "avg");
      m.set("coordinate_transformation_mode", half ? "half_pixel" : "output_half_pixel");
      Values wanted;
      for (int64_t r = 0; r < 2; ++r) {
        const double* plane = &x[(1 - r) * h * w];  // the regions are of the other picture
        const double off = half ? 0.5 : 0;
        const double x0 = rois[r * 4] * 0.5 - off, y0 = rois[r * 4 + 1] * 0.5 - off;
        double bw = rois[r * 4 + 2] * 0.5 - off - x0, bh = (rois[r * 4 + 3] * 0.5 - off - y0);
        if (!half) bw = std::max(bw, 1.0), bh = std::max(bh, 1.0);
        for (int64_t bin = 0; bin < 2; ++bin) {
          double mean = 0, largest = -INFINITY;
          for (const double sy : {0.25, 0.75})
            for (const double sx : {0.25, 0.75}) {
              const double py = y0 + bh / 2 * (static_cast<double>(bin) + sy), px = x0 + bw * sx;
              const bool inside = py >= -1 && py <= h && px >= -1 && px <= w;
              const double cy = std::clamp(py, 0.0, h - 1.0), cx = std::clamp(px, 0.0, w - 1.0);
              mean += inside ? bilinear(plane, h, w, cy, cx) / 4 : 0;
              for (const double ny : {std::floor(cy), std::floor(cy) + 1})
                for (const double nx : {std::floor(cx), std::floor(cx) + 1}) {
                  const double weight = (1 - std::fabs(cy - ny)) * (1 - std::fabs(cx - nx));
                  const double pixel = ny < h && nx < w ? plane[static_cast<int64_t>(ny * w + nx)] : 0;
                  largest = std::max(largest, inside ? weight * pixel : 0);
                }
            }
          wanted.push_back(max ? largest : mean);
        }
      }
      check_near(run(m, {x, rois, {1, 0}}), wanted);
    }
}

TEST_CASE("bins of whole pixels keep their largest, and 0 where they lie outside") {
  const int64_t h = 5, w = 6, bh = 2, bw = 3;
  const Values x = numbers(2 * 2 * h * w, 9), rois{1, 2, 1, 9, 7.4, 0, 10, 0, 13, 4, 1, 0, 0, 1, 1};
  ModelMaker m;
  m.input("x", {2, 2, h, w}).input("rois", {3, 5}).node("MaxRoiPool", {"x", "rois"}, {"y"}).output("y");
  m.list("pooled_shape", {bh, bw}).set("spatial_scale", 0.5f);
  Values wanted;
  for (int64_t r = 0; r < 3; ++r)
    for (int64_t c = 0; c < 2; ++c)
      for (int64_t i = 0; i < bh; ++i)
        for (int64_t k = 0; k < bw; ++k) {
          const double* roi = &rois[static_cast<size_t>(r * 5)];
          const double x0 = std::round(roi[1] / 2), y0 = std::round(roi[2] / 2);
          const double width = std::max(std::round(roi[3] / 2) - x0 + 1, 1.0) / static_cast<double>(bw);
          const double height = std::max(std::round(roi[4] / 2) - y0 + 1, 1.0) / static_cast<double>(bh);
          double largest = -INFINITY;
          for (int64_t y = 0; y < h; ++y)
            for (int64_t px = 0; px < w; ++px)
              if (y >= std::floor(i * height) + y0 && y < std::ceil((i + 1) * height) + y0 &&
                  px >= std::floor(k * width) + x0 && px < std::ceil((k + 1) * width) + x0)
                largest = std::max(largest, x[((static_cast<int64_t>(roi[0]) * 2 + c) * h + y) * w + px]);
          wanted.push_back(std::isinf(largest) ? 0 : largest);
        }
  check_near(run(m, {x, rois}), wanted);
}

TEST_CASE("regions without a stated number of samples are refused") {
  ModelMaker m(16);
  m.input("x", {1, 1, 4, 4}).input("rois", {1, 4}).input("of", {1}, TensorProto::INT64);
  m.node("RoiAlign", {"x", "rois", "of"}, {"y"}).output("y");
  CHECK(refusal(m).find("sampling_ratio: as many samples") != std::string::npos);
}

TEST_CASE("a deformable convolution looks where its offsets say") {
  const int64_t c = 4, h = 5, w = 4, oc = 2, oh = 3, ow = 2;
  const Values x = numbers(c * h * w, 3), weights = numbers(oc * 2 * 2 * 3, 4);
  const Values offsets = numbers(2 * 6 * 2 * oh * ow, 5), mask = numbers(2 * 6 * oh * ow, 6);
  ModelMaker m(19);
  m.input("x", {1, c, h, w})
      .input("w", {oc, 2, 2, 3})
      .input("o", {1, 24, oh, ow})
      .floats("b", {oc}, {0.5, -2});
  m.input("m", {1, 12, oh, ow}).node("DeformConv", {"x", "w", "o", "b", "m"}, {"y"}).output("y");
  m.set("group", int64_t{2})
      .set("offset_group", int64_t{2})
      .list("strides", {2, 1})
      .list("dilations", {1, 2});
  m.list("pads", {1, 1, 1, 1});
  Values wanted;
  for (int64_t o = 0; o < oc; ++o)
    for (int64_t i = 0; i < oh; ++i)
      for (int64_t k = 0; k < ow; ++k) {
        double sum = o == 0 ? 0.5 : -2;
        for (int64_t ic = 0; ic < 2; ++ic)
          for (int64_t tap = 0; tap < 6; ++tap) {
            // Group o of the weights takes channels 2o and 2o+1, which are those of group o of the offsets.
            const auto at = [&](int64_t row) { return (row * oh + i) * ow + k; };
            const double y = static_cast<double>(i * 2 - 1 + tap / 3) + offsets[at((o * 6 + tap) * 2)];
            const double px = static_cast<double>(k - 1 + tap % 3 * 2) + offsets[at((o * 6 + tap) * 2 + 1)];
            sum += weights[(o * 2 + ic) * 6 + tap] * mask[at(o * 6 + tap)] *
                   bilinear(&x[(o * 2 + ic) * h * w], h, w, y, px);
          }
        wanted.push_back(sum);
      }
  check_near(run(m, {x, weights, offsets, mask}), wanted);
}

TEST_CASE("offsets of another number than the outputs are refused") {
  ModelMaker m(19);
  m.input("x", {1, 1, 4, 4}).input("w", {1, 1, 2, 2}).input("o", {1, 8, 3, 2});
  m.node("DeformConv", {"x", "w", "o"}, {"y"}).output("y");
  CHECK(refusal(m).find("offsets [1,8,3,3] are needed") != std::string::npos);
}

TEST_CASE("blocks are added where their windows lie") {
  // Windows of 2x2 pixels with a gap of one between them, from column -1 on, two columns apart.
  const int64_t h = 3, w = 5;
  const Values x = numbers(2 * 4 * 3, 7);
  ModelMaker m(18);
  m.input("x", {1, 8, 3}).integers("image", {h, w}).integers("block", {2, 2});
  m.node("Col2Im", {"x", "image", "block"}, {"y"}).output("y");
  m.list("strides", {1, 2}).list("dilations", {2, 2}).list("pads", {0, 1, 0, 1});
  Values wanted(2 * h * w);
  for (int64_t c = 0; c < 2; ++c)
    for (int64_t tap = 0; tap < 4; ++tap)
      for (int64_t window = 0; window < 3; ++window) {
        const int64_t row = tap / 2 * 2, column = window * 2 - 1 + tap % 2 * 2;
        if (column >= 0 && column < w) wanted[(c * h + row) * w + column] += x[(c * 4 + tap) * 3 + window];
      }
  check_near(run(m, {x}), wanted);
}

TEST_CASE("blocks in three dimensions, and blocks that do not fit") {
  ModelMaker m(18);
  m.input("x", {1, 8, 1}).integers("image", {3, 2, 3}).integers("block", {2, 2, 2});
  m.node("Col2Im", {"x", "image", "block"}, {"y"}).list("dilations", {2, 1, 2}).output("y");
  check_near(run(m, {{1, 2, 3, 4, 5, 6, 7, 8}}), {1, 0, 2, 3, 0, 4, 0, 0, 0, 0, 0, 0, 5, 0, 6, 7, 0, 8});
  ModelMaker wrong(18);
  wrong.input("x", {1, 8, 2}).integers("image", {3, 2, 3}).integers("block", {2, 2, 2});
  wrong.node("Col2Im", {"x", "image", "block"}, {"y"}).output("y");
  CHECK(refusal(wrong).find("does not hold blocks of 8 pixels in windows [2,1,2]") != std::string::npos);
}

TEST_CASE("antialiasing counts every pixel, with its kernel as wide as what a result covers") {
  const auto resize = [](const char* mode, std::vector<float> scales, std::vector<int64_t> shape) {
    ModelMaker m(18);
    m.input("x", shape).floats("scales", {static_cast<int64_t>(scales.size())}, scales);
    m.node("Resize", {"x", "", "scales"}, {"y"}).set("mode", mode).set("antialias", int64_t{1}).output("y");
    return m;
  };
  // The example of ONNX's documentation.
  Values x(16);
  for (size_t i = 0; i < 16; ++i) x[i] = static_cast<double>(i + 1);
  check_near(run(resize("linear", {1, 1, 0.6f, 0.6f}, {1, 1, 4, 4}), {x}), {2.875, 4.5, 9.375, 11});
  // Halves: results lie at 0.5 and 2.5, and a triangle of half-width 2 has 0.75 and 0.25 on each side.
  const Values row{8, 0, 16, 80};
  check_near(run(resize("linear", {0.5}, {4}), {row}),
             {(8 + 0.75 * 0 + 0.25 * 16) / 2, (0.75 * 96 + 0.25 * 80) / 2});
  ModelMaker inside = resize("linear", {0.5}, {4});
  inside.set("exclude_outside", int64_t{1});
  check_near(run(inside, {row}), {(0.75 * 8 + 0.25 * 16) / 1.75, 0.75 * 96 / 1.75});
}

TEST_CASE("cubic antialiasing, along the axes that shrink") {
  ModelMaker m(18);
  m.input("x", {2, 8}).integers("sizes", {4});
  m.node("Resize", {"x", "", "", "sizes"}, {"y"})
      .set("mode", "cubic")
      .set("antialias", int64_t{1})
      .output("y");
  m.list("axes", {1});
  // Keys' kernel with a = -0.75 at 0.25, 0.75, 1.25 and 1.75.
  const Values kernel{0.87890625, 0.26171875, -0.10546875, -0.03515625};
  const Values x = numbers(16, 8);
  Values wanted;
  for (int64_t r = 0; r < 2; ++r)
    for (int64_t i = 0; i < 4; ++i) {
      double sum = 0;
      for (int64_t side = 0; side < 4; ++side)
        for (const int64_t k : {2 * i - side, 2 * i + 1 + side})
          sum += kernel[static_cast<size_t>(side)] / 2 * x[r * 8 + std::clamp<int64_t>(k, 0, 7)];
      wanted.push_back(sum);
    }
  check_near(run(m, {x}), wanted);
}

TEST_CASE("antialiasing refuses what it does not know") {
  ModelMaker m(18);
  m.input("x", {4}, TensorProto::DOUBLE).floats("scales", {1}, {0.5});
  m.node("Resize", {"x", "", "scales"}, {"y"}).set("mode", "linear").set("antialias", int64_t{1});
  m.output("y", TensorProto::DOUBLE);
  CHECK(refusal(m).find("antialias: its input is f64[4]") != std::string::npos);
}
